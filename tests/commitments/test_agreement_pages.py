"""The pages of agreements: from a note in a workshop to a signature, and what each role reads of it."""

import csv
import io
from datetime import date, timedelta

import pytest
import time_machine
from allauth.account.internal.flows.login import record_authentication
from allauth.mfa.models import Authenticator
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from briefings.models import Mandate, ProgrammeRole, SessionKind
from commitments.actions import agreements as actions
from commitments.actions.outputs import note_output
from commitments.models import (
    Agreement,
    AgreementPolicy,
    AgreementVersion,
    Endorsement,
    EndorsementChain,
    EndorsementName,
    PartnerAsked,
    SeniorAsked,
    digest_of,
)
from commitments.queries.endorsements import findings
from history.models import Look
from messaging.models import Message
from tests.briefings.factories import AppointmentFactory, MandateFactory, SessionFactory
from tests.commitments.agreeing import REVIEW, WORDS, Partners
from tests.commitments.factories import NOW, TODAY
from tests.commitments.pages import opened, signed_in, words
from tests.hostile import WORDS as HOSTILE
from tests.organisations.factories import OrganisationLeadFactory, PersonFactory

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _today():
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def cast():
    cast = Partners(is_public=True)
    cast.client = signed_in(cast.coordinator)
    return cast


def page(name: str, *args) -> str:
    return reverse(f"commitments:{name}", args=args)


def boxes(name: str, day: date) -> dict[str, str]:
    return {f"{name}_{part}": str(getattr(day, part)) for part in ("day", "month", "year")}


# Coordinators


def seen_of(own: Agreement) -> dict[str, str]:
    return {"seen": actions.seal_of_draft(AgreementVersion.objects.get(agreement=own, state="draft"))}


def test_one_press_makes_an_agreement_of_what_was_noted(cast):
    workshop = SessionFactory(programme=cast.programme, kind=SessionKind.WORKSHOP)
    noted = note_output(session=workshop, kind="agreement", words=WORDS, by=cast.coordinator, now=NOW)
    outputs = page("programme-outputs", cast.programme.slug)
    assert "Make an agreement of it" in words(cast.client.get(outputs))
    pressed = cast.client.post(page("output-agreement", cast.programme.slug, noted.pk))
    made = Agreement.objects.get()
    assert pressed["Location"] == page("agreement-show", made.pk)
    assert (made.title, made.session) == (WORDS, workshop)
    cast.client.post(page("output-agreement", cast.programme.slug, noted.pk))
    assert Agreement.objects.count() == 1
    said = words(cast.client.get(outputs))
    assert "Make an agreement of it" not in said
    assert "The agreement that was made of it" in said


def test_an_agreement_is_drafted_changed_proposed_and_put_in_use(cast):
    made = cast.client.post(
        page("agreement-make", cast.programme.slug), {"title": "Keys", "words": WORDS, **boxes("review_on", REVIEW)}
    )
    own = Agreement.objects.get()
    assert made["Location"] == page("agreement-show", own.pk)
    said = words(cast.client.get(page("agreement-show", own.pk)))
    assert "Propose it to every partner" in said
    cast.client.post(
        page("agreement-change", own.pk),
        {"title": "Door keys", "words": "Better.", **seen_of(own), **boxes("review_on", REVIEW)},
    )
    own.refresh_from_db()
    assert (own.title, own.versions.get().words) == ("Door keys", "Better.")
    asked = words(cast.client.get(page("agreement-propose", own.pk)))
    assert "Fire has nobody with a mandate" in asked
    assert "Chief Chen" in asked
    cast.client.post(
        page("agreement-propose", own.pk), {**seen_of(own), **boxes("endorse_by", TODAY + timedelta(days=14))}
    )
    assert own.versions.get().state == "proposed"
    assert "Fire Waits Nobody there has a mandate" in words(cast.client.get(page("agreement-show", own.pk)))
    cast.client.post(page("agreement-in-use", own.pk), boxes("since", TODAY))
    for address in (
        page("agreement-show", own.pk),
        page("agreement-list"),
        page("programme-agreements", cast.programme.slug),
        page("agreement-matrix", cast.programme.slug),
        page("agreed-list", cast.programme.slug),
    ):
        assert "In use before endorsed" in words(cast.client.get(address)), address
    cast.client.post(page("agreement-out-of-use", own.pk))
    own.refresh_from_db()
    assert own.in_use_since is None


def test_nobody_proposes_or_overwrites_words_that_somebody_changed_meanwhile(cast):
    own = cast.drafted()
    seen = seen_of(own)
    change, propose = page("agreement-change", own.pk), page("agreement-propose", own.pk)
    assert seen["seen"] in cast.client.get(change).content.decode()
    theirs = {"title": "Door keys", "words": "What B says.", **seen, **boxes("review_on", REVIEW)}
    assert cast.client.post(change, theirs).status_code == 302
    asked = {**seen, **boxes("endorse_by", TODAY + timedelta(days=14))}
    refused = cast.client.post(propose, asked)
    assert "Somebody has changed this draft" in words(refused)
    assert "What B says." in words(refused)
    mine = {**theirs, "words": "What A says."}
    refused = cast.client.post(change, mine)
    assert "What the draft says now Door keys What B says." in words(refused)
    assert "What A says." in refused.content.decode()
    now_seen = seen_of(own)
    assert now_seen["seen"] in refused.content.decode()
    assert own.versions.get().words == "What B says."
    cast.client.post(change, {**mine, **now_seen})
    assert own.versions.get().words == "What A says."
    assert cast.client.post(propose, asked | now_seen).status_code == 200
    assert own.versions.get().state == "draft"
    assert not Message.objects.exists()


def test_the_next_version_shows_what_is_different(cast):
    version = cast.proposed()
    cast.signed(version)
    own = version.agreement
    assert "Draft the next version" in words(cast.client.get(page("agreement-show", own.pk)))
    cast.client.post(
        page("agreement-draft", own.pk), {"words": WORDS.replace("five", "ten"), **boxes("review_on", REVIEW)}
    )
    asked = cast.client.get(page("agreement-propose", own.pk))
    assert "Every endorsement of version 1 ends" in words(asked)
    assert "<ins>" in asked.content.decode()
    cast.client.post(
        page("agreement-propose", own.pk), {**seen_of(own), **boxes("endorse_by", TODAY + timedelta(days=14))}
    )
    shown = words(cast.client.get(page("agreement-show", own.pk)))
    assert "Proposed, endorsed by nobody yet" in shown
    assert "Version 1 Proposed on 2 November 2026" in shown
    assert "endorsed by 1 of 3" in shown
    assert "[taken out: five ] [put in: ten ]" in shown


def test_a_draft_is_dropped_an_agreement_withdrawn_and_replaced(cast):
    version, other = cast.proposed(), cast.proposed(title="The other one")
    own = version.agreement
    actions.draft_version(agreement=own, words="New.", review_on=REVIEW, by=cast.coordinator, now=NOW)
    cast.client.post(page("agreement-drop", own.pk))
    assert own.versions.count() == 1
    cast.client.post(page("agreement-replace", own.pk), {"replacement": other.agreement_id, "reason": "Joined."})
    own.refresh_from_db()
    assert own.superseded_by == other.agreement
    assert "Replaced by The other one . Joined." in words(cast.client.get(page("agreement-show", own.pk)))
    cast.client.post(page("agreement-withdraw", other.agreement_id), {"reason": "A law has changed."})
    assert "Withdrawn. A law has changed." in words(cast.client.get(page("agreement-show", other.agreement_id)))
    assert cast.client.post(page("agreement-withdraw", own.pk), {"reason": "Again"}).status_code == 404


@pytest.mark.parametrize(
    ("data", "said"),
    [
        ({"words": ""}, "Enter the words that are endorsed"),
        ({"title": ""}, "Enter a few words to find it by"),
        (boxes("review_on", TODAY), "The review date must be"),
        ({"words": "x" * 2001}, "2000 characters"),
    ],
)
def test_what_is_wrong_is_said_and_nothing_is_lost(cast, data, said):
    whole = {"title": "Keys", "words": WORDS, **boxes("review_on", REVIEW), **data}
    response = cast.client.post(page("agreement-make", cast.programme.slug), whole)
    assert response.status_code == 200
    assert said in words(response)
    assert Agreement.objects.count() == 0


def test_a_programme_says_how_its_agreements_are_endorsed(cast):
    rules = page("agreement-rules", cast.programme.slug)
    cast.client.post(rules, {"endorse_days": "5", "needs_second_step": "on"})
    policy = AgreementPolicy.objects.get()
    assert (policy.endorse_days, policy.needs_second_step) == (5, True)
    assert cast.client.post(rules, {"endorse_days": "0"}).status_code == 200
    policy.refresh_from_db()
    assert policy.endorse_days == 5


# Signing


def link_of(person) -> SeniorAsked:
    return SeniorAsked.objects.get(person=person)


def form_of(version, **data) -> dict:
    mandate = Mandate.objects.order_by("pk").first().pk  # the senior manager's of the cast
    seen = digest_of(version.words)
    return {"mandate": mandate, "seen": seen, "outcome": "endorsed", "statement": "on", "note": "", **data}


def test_the_mailed_link_shows_the_words_and_signs_nothing(cast):
    version = cast.proposed()
    before = Message.objects.count()
    client = opened(link_of(cast.senior).link)
    asked = page("endorsement-asked", link_of(cast.senior).link_id)
    said = words(client.get(asked))
    assert WORDS in said
    assert f"Say what {cast.organisation.name} says" in said
    assert "Pass it to a colleague" not in said
    for method in (client.get, client.head):
        assert method(asked).status_code == 200
    assert client.post(asked).status_code == 405
    sign = client.get(page("endorsement-sign", version.agreement_id))
    assert sign["Location"].startswith(reverse("account_login"))
    assert (Endorsement.objects.count(), Message.objects.count()) == (0, before)


def test_without_a_fresh_code_nobody_signs(cast):
    version = cast.proposed()
    client = signed_in(cast.senior)
    sign = page("endorsement-sign", version.agreement_id)
    assert client.get(sign).status_code == 302
    client.post(sign, form_of(version))
    assert Endorsement.objects.count() == 0


def test_a_senior_manager_ticks_the_statement_and_signs(cast):
    version = cast.proposed()
    client = signed_in(cast.senior, fresh=True)
    sign = page("endorsement-sign", version.agreement_id)
    shown = words(client.get(sign))
    assert f"I endorse these words for {cast.organisation.name}" in shown
    assert WORDS in shown
    assert Endorsement.objects.count() == 0
    assert "Tick the statement" in words(client.post(sign, form_of(version, statement="")))
    done = client.post(sign, form_of(version))
    assert done["Location"] == page("agreement-show", version.agreement_id)
    assert Endorsement.objects.get().outcome == "endorsed"
    after = words(client.get(done["Location"]))
    assert "We sent you a receipt" in after
    assert f"Signed by {cast.senior.name}" in after or cast.senior.name in after
    assert "has answered already: endorsed" in words(client.get(sign))


@pytest.mark.parametrize(
    ("data", "said"),
    [
        ({"outcome": "noted"}, "Enter the note"),
        ({"outcome": "declined", "statement": ""}, "Enter the reason for declining"),
        ({"outcome": ""}, "What does it say"),
        ({"outcome": "maybe"}, "Choose"),
        ({"seen": digest_of("Other words")}, "The words are not those that you read"),
        ({"note": "x" * 2001, "outcome": "noted"}, "2000 characters"),
    ],
)
def test_what_is_missing_is_said_and_nothing_is_signed(cast, data, said):
    version = cast.proposed()
    response = signed_in(cast.senior, fresh=True).post(
        page("endorsement-sign", version.agreement_id), form_of(version, **data)
    )
    assert response.status_code == 200
    assert said.lower() in words(response).lower()
    assert Endorsement.objects.count() == 0


def test_who_speaks_for_two_partners_chooses_one(cast):
    MandateFactory(programme=cast.programme, organisation=cast.fire, person=cast.senior)
    version = cast.proposed()
    client = signed_in(cast.senior, fresh=True)
    sign = page("endorsement-sign", version.agreement_id)
    assert "For which organisation do you sign" in words(client.get(sign))
    client.post(sign, form_of(version, mandate=cast.chief.pk))
    assert Endorsement.objects.count() == 0
    client.post(sign, form_of(version, mandate=cast.mandate.pk, outcome="declined", note="Not yet."))
    assert Endorsement.objects.get().organisation == cast.organisation


def test_whoever_ticked_for_one_partner_never_signs_for_another(cast):
    MandateFactory(programme=cast.programme, organisation=cast.fire, person=cast.senior)
    version = cast.proposed()
    client = signed_in(cast.senior, fresh=True)
    sign = page("endorsement-sign", version.agreement_id)
    chosen = form_of(version, mandate=cast.mandate.pk)
    Mandate.objects.filter(pk=cast.mandate.pk).update(until=TODAY - timedelta(days=1))
    for data in (chosen, {**chosen, "mandate": ""}):
        refused = client.post(sign, data)
        assert "You may not sign any more for the organisation" in words(refused)
        assert "I endorse these words for Fire" in words(refused)
        assert "checked" not in refused.content.decode().partition('name="statement"')[2].partition(">")[0]
    assert Endorsement.objects.count() == 0
    client.post(sign, form_of(version, mandate=refused.context["form"].only[0].pk))
    assert Endorsement.objects.get().organisation == cast.fire


def test_what_was_declined_may_later_be_endorsed_and_both_stay(cast):
    version = cast.proposed()
    client = signed_in(cast.senior, fresh=True)
    sign = page("endorsement-sign", version.agreement_id)
    client.post(sign, form_of(version, outcome="declined", note="Too fast."))
    assert "Too fast." in words(client.get(page("agreement-show", version.agreement_id)))
    client.post(sign, form_of(version))
    assert [made.outcome for made in Endorsement.objects.all()] == ["declined", "endorsed"]


def test_a_programme_may_ask_for_the_authenticator_app(cast):
    version = cast.proposed()
    AgreementPolicy.objects.create(programme=cast.programme, needs_second_step=True)
    sign = page("endorsement-sign", version.agreement_id)
    client = signed_in(cast.senior, fresh=True)
    assert "Add an authenticator app" in words(client.get(sign))
    client.post(sign, form_of(version))
    assert Endorsement.objects.count() == 0
    Authenticator.objects.create(user=cast.senior, type=Authenticator.Type.TOTP, data={"secret": "x"})
    assert client.get(sign)["Location"].startswith(reverse("mfa_reauthenticate"))
    used_app(client, cast.senior)
    assert client.post(sign, form_of(version))["Location"] == page("agreement-show", version.agreement_id)
    assert Endorsement.objects.count() == 1


def used_app(client: Client, person) -> None:
    """Note in the session of ``client`` what allauth notes when a code of the app was entered just now."""
    from types import SimpleNamespace

    session = client.session
    record_authentication(SimpleNamespace(session=session), person, "mfa", type="totp", reauthenticated=True)
    session.save()


def test_it_is_passed_to_a_colleague(cast):
    version = cast.proposed()
    client = signed_in(cast.chief.person)
    asked = opened(link_of(cast.chief.person).link).get(page("endorsement-asked", link_of(cast.chief.person).link_id))
    assert "Pass it to a colleague" in words(asked)
    on = page("endorsement-pass-on", version.agreement_id)
    assert "Deputy Dee" in words(client.get(on))
    assert "Choose who is asked instead" in words(client.post(on, {}))
    assert "Choose" in words(client.post(on, {"mandate": cast.mandate.pk}))
    done = client.post(on, {"mandate": cast.deputy.pk})
    assert done["Location"] == page("agreement-show", version.agreement_id)
    assert "Chief Chen passed it on to Deputy Dee (Police)" in words(client.get(done["Location"]))
    assert client.get(on).status_code == 404
    deputy = opened(link_of(cast.deputy.person).link)
    assert "Chief Chen passed this on to you" in words(
        deputy.get(page("endorsement-asked", link_of(cast.deputy.person).link_id))
    )


def test_who_has_no_colleague_is_told_so(cast):
    version = cast.proposed()
    said = words(signed_in(cast.senior).get(page("endorsement-pass-on", version.agreement_id)))
    assert "Nobody else has a mandate for your organisation" in said


def test_an_old_link_says_where_it_went(cast):
    version = cast.proposed()
    link = link_of(cast.senior).link
    client = opened(link)
    actions.withdraw_agreement(agreement=version.agreement, reason="No", by=cast.coordinator, now=NOW)
    assert client.get(page("endorsement-asked", link.pk)).status_code == 403
    assert signed_in(cast.senior).get(page("endorsement-sign", version.agreement_id)).status_code == 404


# Who reads what


def test_a_lead_reads_what_the_own_organisation_says_and_no_other(cast):
    lead = OrganisationLeadFactory(organisation=cast.police).person
    version = cast.proposed()
    cast.signed(version)
    cast.signed(version, cast.chief, "noted", note="From May on.")
    client = signed_in(lead)
    said = words(client.get(page("agreement-show", version.agreement_id)))
    assert "Chief Chen" in said
    assert "From May on." in said
    assert cast.senior.name not in said
    assert cast.organisation.name not in said
    matrix = words(client.get(page("agreement-matrix", cast.programme.slug)))
    assert "With a note" in matrix
    assert cast.organisation.name not in matrix
    rows = exported(client, page("programme-agreements-export", cast.programme.slug))
    assert [row["Partner"] for row in rows] == ["Police"]


def test_whoever_looks_at_names_leaves_a_trace(cast):
    version = cast.proposed()
    cast.signed(version, cast.chief)
    cast.client.get(page("agreement-show", version.agreement_id))
    traced = Look.objects.filter(page="commitments:agreement-show", person=f"accounts.person:{cast.chief.person_id}")
    assert traced.count() == 1


def test_a_name_that_is_gone_is_said(cast):
    version = cast.proposed()
    cast.signed(version)
    EndorsementName.objects.all().delete()
    assert "A name that is not kept any more" in words(cast.client.get(page("agreement-show", version.agreement_id)))


def exported(client: Client, address: str) -> list[dict]:
    text = b"".join(client.get(address).streaming_content).decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(text)))


def test_the_spreadsheet_has_a_line_for_each_partner(cast):
    version = cast.proposed()
    cast.signed(version, cast.chief, "declined", note="=1+1 is too fast")
    rows = exported(cast.client, page("programme-agreements-export", cast.programme.slug))
    says = {row["Partner"]: row["Says"] for row in rows}
    assert says == {"Fire": "Waits", cast.organisation.name: "Waits", "Police": "Declined"}
    declined = next(row for row in rows if row["Says"] == "Declined")
    assert declined["Note or reason"].startswith("'=1+1")
    assert declined["Words"] == WORDS
    assert len(exported(cast.client, page("agreement-export"))) == 3


def test_who_joined_later_reads_their_own_day_everywhere(cast):
    version, day = cast.proposed(), TODAY + timedelta(days=40)
    PartnerAsked.objects.filter(organisation=cast.organisation).update(answer_by=day)
    client = signed_in(cast.senior, fresh=True)
    sign = words(client.get(page("endorsement-sign", version.agreement_id)))
    assert "Answer by Saturday 12 December 2026" in sign
    with time_machine.travel(NOW + timedelta(days=20), tick=False):
        assert "Answer by 12 December 2026" in words(signed_in(cast.senior).get("/"))
        late = words(signed_in(cast.coordinator).get(page("agreement-show", version.agreement_id)))
        assert f"{cast.organisation.name} Waits" in late
    rows = exported(cast.client, page("programme-agreements-export", cast.programme.slug))
    assert {row["Partner"]: row["Answer by"] for row in rows}[cast.organisation.name] == day.isoformat()
    assert {row["Partner"]: row["Answer by"] for row in rows}["Police"] == version.endorse_by.isoformat()


def test_the_chain_is_exported_as_the_lines_that_were_hashed(cast):
    version = cast.proposed()
    made = cast.signed(version, cast.chief)
    response = cast.client.get(page("endorsement-export", cast.programme.slug))
    lines = b"".join(response.streaming_content).decode().splitlines()
    assert lines[0] == made.canonical()
    assert made.own_hash in lines[1]
    assert response["Content-Disposition"].endswith('-endorsements.jsonl"')
    names = exported(cast.client, page("endorsement-names", cast.programme.slug))
    assert names == [{"Position": "1", "Name": "Chief Chen", "Salt": made.signed_by.salt}]
    head = EndorsementChain.objects.get().head
    for name, arg in (("agreement-show", version.agreement_id), ("agreement-matrix", cast.programme.slug)):
        assert head in words(cast.client.get(page(name, arg)))


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("q=plan", 3), ("q=nothing", 0), ("standing=draft", 1), ("standing=in_part", 1), ("standing=proposed", 1),
        ("standing=early", 0), ("outcome=declined", 1), ("outcome=waits", 2), ("standing=%00", 3), ("page=99", 3),
        ("organisation=x", 3),
    ],
)  # fmt: skip
def test_lists_are_filtered(cast, query, found):
    cast.drafted()
    cast.proposed()
    cast.signed(version := cast.proposed())
    cast.signed(version, cast.chief, "declined", note="No")
    response = cast.client.get(f"{page('programme-agreements', cast.programme.slug)}?{query}")
    assert response.context["page"].total == found
    assert cast.client.get(f"{page('agreement-matrix', cast.programme.slug)}?{query}").status_code == 200


def test_the_public_page_names_organisations_and_nobody(cast):
    version, unseen = cast.proposed(), cast.proposed("Nobody has endorsed this.")
    cast.drafted("Still a draft.")
    cast.signed(version, cast.chief, "noted", note="Ask Chief Chen about May.")
    cast.signed(version, outcome="declined", note="Too fast.")
    said = words(Client().get(page("agreed-list", cast.programme.slug)))
    assert WORDS in said
    assert "Endorsed by Police" in said
    assert "Endorsed by 1 of 3" in said
    for hidden in (unseen.words, "Still a draft.", "Chief Chen", "Too fast.", "May", cast.organisation.name):
        assert hidden not in said
    cast.programme.is_public = False
    cast.programme.save()
    assert Client().get(page("agreed-list", cast.programme.slug)).status_code == 404


def test_the_published_steps_stand_on_a_page_for_everybody():
    said = words(Client().get(page("endorsement-steps")))
    assert "How to check endorsements without us" in said
    assert "sys.exit" in said


# Cost, and hostile words


@pytest.mark.parametrize("name", ["programme-agreements", "agreement-matrix", "agreed-list"])
def test_one_or_three_cost_the_same(cast, name):
    def cost() -> int:
        with CaptureQueriesContext(
            connection,
        ) as queries:
            assert cast.client.get(page(name, cast.programme.slug)).status_code == 200
        return len(queries)

    cast.signed(cast.proposed())
    cost()
    first = cost()
    for _ in range(2):
        cast.signed(cast.proposed())
    assert cost() == first
    assert first <= 9


def test_hostile_words_are_only_words(cast):
    for number, evil in HOSTILE.items():
        text = evil[:1900]
        form = {"title": text[:100].replace("\n", " "), "words": text, **boxes("review_on", REVIEW)}
        made = cast.client.post(page("agreement-make", cast.programme.slug), form)
        assert made.status_code in (200, 302), number
    for own in Agreement.objects.all():
        version = cast.propose(own)
        signed_in(cast.senior, fresh=True).post(
            page("endorsement-sign", own.pk), form_of(version, outcome="noted", note=version.words)
        )
        for address in (page("agreement-show", own.pk), page("endorsement-sign", own.pk)):
            shown = signed_in(cast.senior, fresh=True).get(address).content.decode()
            assert "<script>alert" not in shown
            assert "<img src=x" not in shown
    assert Endorsement.objects.count() == AgreementVersion.objects.count() > 5
    from commitments.queries.endorsements import findings

    assert findings(cast.programme) == []


def test_a_board_member_reads_and_does_nothing(cast):
    board = PersonFactory()
    AppointmentFactory(programme=cast.programme, person=board, role=ProgrammeRole.BOARD)
    version = cast.proposed()
    said = words(signed_in(board).get(page("agreement-show", version.agreement_id)))
    assert "What you can do" not in said
    assert "Read and sign" not in said


# Where it is told that something waits


def test_the_first_page_says_what_waits_for_a_senior_manager(cast):
    version = cast.proposed()
    said = words(signed_in(cast.senior).get("/"))
    assert "Agreements for you to endorse" in said
    assert f"For {cast.organisation.name}. Answer by 16 November 2026." in said
    cast.signed(version)
    assert "Agreements for you to endorse" not in words(signed_in(cast.senior).get("/"))


def test_the_overview_counts_what_is_endorsed_and_what_waits(cast):
    from briefings.models import Partner

    overview = reverse("desk:programme-show", args=[cast.programme.slug])
    assert "fully endorsed" not in words(cast.client.get(overview))
    Partner.objects.filter(organisation=cast.fire).update(until=TODAY)
    full, waits = cast.proposed(), cast.proposed()
    cast.signed(full)
    cast.signed(full, cast.chief)
    cast.signed(waits, cast.chief, "declined", note="No")
    actions.put_in_use(agreement=waits.agreement, since=TODAY, by=cast.coordinator, now=NOW)
    cast.drafted()
    said = words(cast.client.get(overview))
    assert "1 of 2 fully endorsed ; the oldest that waits was proposed on 2 November 2026" in said
    assert "1 is in use before endorsed." in said
    assert "One partner has declined an agreement" in said
    assert "One agreement is drafted and not proposed" in said
    with time_machine.travel(NOW + timedelta(days=15), tick=False):
        client = signed_in(cast.coordinator)
        assert "One endorsement is late" in words(client.get(overview))
    AgreementVersion.objects.filter(pk=waits.pk).update(state="lapsed", next_review_reminder_on=None)
    assert "One agreement has lapsed" in words(cast.client.get(overview))


def test_the_public_page_of_a_programme_leads_to_what_is_agreed(cast):
    public = reverse("desk:programme-show", args=[cast.programme.slug])
    assert "What partners have agreed" not in words(Client().get(public))
    cast.signed(cast.proposed())
    assert page("agreed-list", cast.programme.slug) in Client().get(public).content.decode()


def test_filters_tell_a_lead_nothing_of_other_partners(cast):
    lead = OrganisationLeadFactory(organisation=cast.police).person
    version = cast.proposed()
    cast.signed(version, outcome="declined", note="No")
    client = signed_in(lead)
    for address in (page("agreement-list"), page("programme-agreements", cast.programme.slug)):
        assert client.get(address).context["page"].total == 1
        offered = client.get(address).context["filter"].fields["organisation"].queryset
        assert [each.name for each in offered] == ["Police"]
        for query, found in (("outcome=declined", 0), ("outcome=waits", 1)):
            assert client.get(f"{address}?{query}").context["page"].total == found, query
            others = client.get(f"{address}?{query}&organisation={cast.organisation.pk}")
            assert others.context["page"].total == found, query
            assert cast.client.get(f"{address}?{query}").context["page"].total == 1


def test_who_presses_after_a_colleague_is_told_who_had_signed(cast):
    version = cast.proposed()
    cast.signed(version, cast.chief)
    client = signed_in(cast.deputy.person, fresh=True)
    done = client.post(page("endorsement-sign", version.agreement_id), form_of(version, mandate=cast.deputy.pk))
    said = words(client.get(done["Location"]))
    assert "Chief Chen had already answered for Police: endorsed. Nothing was added to it" in said
    assert "We sent you a receipt" not in said


def test_whoever_is_forgotten_is_named_nowhere_beside_what_they_signed(cast):
    version = cast.proposed()
    cast.signed(version, cast.chief)
    cast.signed(version)
    shown, names = page("agreement-show", version.agreement_id), page("endorsement-names", cast.programme.slug)
    assert words(cast.client.get(shown)).count("Chief Chen") == 2  # beside the outcome, and in the history
    call_command("forget_endorser", cast.chief.person.email, stdout=(said := io.StringIO()))
    assert "beside 1 endorsement." in said.getvalue()
    after = words(cast.client.get(shown))
    assert "Chief Chen" not in after
    assert after.count("A name that is not kept any more") == 2
    assert "A name beside an endorsement was deleted" in after
    assert cast.senior.name in after
    assert [each["Name"] for each in exported(cast.client, names)] == [cast.senior.name]
    assert findings(cast.programme) == []
    with pytest.raises(CommandError):
        call_command("forget_endorser", "nobody@example.org")


def test_the_names_are_for_who_looks_after_the_programme(cast):
    cast.signed(cast.proposed())
    names, matrix = page("endorsement-names", cast.programme.slug), page("agreement-matrix", cast.programme.slug)
    board = AppointmentFactory(programme=cast.programme, role=ProgrammeRole.BOARD).person
    for person, status in ((cast.coordinator, 200), (board, 404)):
        client = signed_in(person)
        assert client.get(names).status_code == status
        assert (names in client.get(matrix).content.decode()) == (status == 200)
