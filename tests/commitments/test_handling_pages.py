"""What coordinators, owners, leads and governance roles do with questions, on their pages and in their lists."""

from datetime import UTC, datetime

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.models import Person
from commitments.actions import policies
from commitments.actions import questions as actions
from commitments.models import (
    AskedAs,
    Asker,
    Audience,
    ClosureDay,
    GovernanceHolder,
    OwnTheme,
    Question,
    QuestionPolicy,
)
from tests.briefings.factories import MandateFactory, PartnerFactory
from tests.commitments.factories import NOW, TODAY, Cast
from tests.commitments.pages import opened, signed_in, words
from tests.organisations.factories import OrganisationFactory, OrganisationLeadFactory, PersonFactory

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def monday(time_machine):
    time_machine.move_to(NOW, tick=False)


@pytest.fixture
def cast() -> Cast:
    return Cast()


@pytest.fixture
def coordinator(cast):
    return signed_in(cast.coordinator, fresh=True)


def accepted(cast: Cast, **options) -> Question:
    made = cast.commissioned(**options)
    actions.accept_commission(commission=made, by=cast.senior, now=NOW)
    return fresh(made.question)


def fresh(question: Question) -> Question:
    return Question.objects.select_related("programme", "owner", "organisation").get(pk=question.pk)


def of(name: str, question: Question, *more) -> str:
    return reverse(f"commitments:question-{name}", args=[question.pk, *more])


def rules(name: str, cast: Cast, *more) -> str:
    return reverse(f"commitments:{name}", args=[cast.programme.slug, *more])


def listed(cast: Cast) -> str:
    return reverse("commitments:programme-questions", args=[cast.programme.slug])


def date_in(name: str, day: str) -> dict:
    year, month, number = day.split("-")
    return {f"{name}_day": number, f"{name}_month": month, f"{name}_year": year}


def test_a_question_is_passed_on_by_its_owner_with_a_reason(cast):
    question = accepted(cast)
    organisation = OrganisationFactory()
    PartnerFactory(programme=cast.programme, organisation=organisation)
    mandate = MandateFactory(programme=cast.programme, organisation=organisation)
    client = signed_in(cast.senior)
    assert "Say why: one sentence is enough" in words(client.post(of("transfer", question), {"mandate": mandate.pk}))
    same = cast.mandate.pk
    page = client.post(of("transfer", question), {"mandate": same, "reason": "Theirs"})
    assert "with this person already" in words(page)
    client.post(of("transfer", question), {"mandate": mandate.pk, "reason": "Theirs"})
    assert fresh(question).owner == mandate.person


def test_questions_are_joined_from_those_that_look_alike_or_by_reference_and_parted(cast, coordinator):
    whole, other = accepted(cast), cast.question("Who may read the plans?")
    page = words(coordinator.get(of("show", other)))
    assert "Was it asked already?" in page
    assert whole.reference in page
    missing = coordinator.post(of("merge", other), {"into": "other", "reference": "XX-1"})
    assert "There is no other question with this reference" in words(missing)
    coordinator.post(of("merge", other), {"into": "other", "reference": whole.reference.lower()})
    assert fresh(other).merged_into == whole
    assert other.reference in words(coordinator.get(of("show", whole)))
    asker = Asker.objects.get(question=other)
    own = words(opened(asker.link).get(reverse("commitments:asker-show", args=[asker.link_id])))
    assert f"answered together with question {whole.reference}" in own
    coordinator.post(of("part", other))
    assert fresh(other).merged_into is None


def test_words_are_redacted_on_the_page_and_the_page_says_so(cast, coordinator):
    question = accepted(cast, words="About Mrs Smallwood")
    answer = actions.publish_answer(
        question=question, words="Ask Mrs Smallwood", audience=Audience.ASKER, by=cast.senior, now=NOW
    )
    coordinator.post(of("redact", question), {"words": "About [removed]"})
    coordinator.post(of("redact-part", question, "answer", answer.pk), {"words": "Ask [removed]"})
    page = words(coordinator.get(of("show", question)))
    assert "Smallwood" not in page
    assert page.count("Redacted on 2 November 2026") == 2
    assert coordinator.get(of("redact-part", question, "secret", 1)).status_code == 404


def test_a_draft_is_kept_and_seen_by_who_writes_and_triages_alone(cast):
    question = accepted(cast)
    client = signed_in(cast.senior, fresh=True)
    client.post(of("answer", question), {"words": "Not yet", "audience": "asker", "promise": "no", "draft": "1"})
    assert fresh(question).state == "drafting"
    assert "Not yet" in words(client.get(of("show", question)))
    assert "Not yet" in words(client.get(of("answer", question)))
    lead = OrganisationLeadFactory(organisation=cast.organisation).person
    page = words(signed_in(lead).get(of("show", question)))
    assert "Who may read the plan?" in page
    assert "Not yet" not in page


def test_clearance_is_asked_given_and_refused_on_pages(cast):
    question, guardian = accepted(cast), PersonFactory()
    policies.name_holder(
        programme=cast.programme, organisation=cast.organisation, role="caldicott_guardian", person=guardian,
        by=cast.coordinator, now=NOW,
    )  # fmt: skip
    senior, reader = signed_in(cast.senior, fresh=True), signed_in(guardian, fresh=True)
    said = {"words": "Yes", "audience": "public", "promise": "no", "clear": "1"}
    assert "No role was chosen" in words(senior.post(of("answer", question), said))
    senior.post(of("answer", question), {**said, "roles": ["caldicott_guardian"]})
    first = question.drafts.get().clearances.get()
    assert "Answers that wait for your clearance" in words(reader.get(reverse("commitments:question-list")))
    reader.post(of("send-back", question, first.pk), {"reason": "Say since when"})
    assert "Say since when" in words(senior.get(of("answer", question)))
    senior.post(of("answer", question), {**said, "words": "Yes, since May", "roles": ["caldicott_guardian"]})
    second = question.drafts.first().clearances.get()
    assert "Yes, since May" in words(reader.get(of("clear", question, second.pk)))
    reader.post(of("clear", question, second.pk))
    assert question.answers.get().words == "Yes, since May"
    assert reader.get(of("clear", question, second.pk)).status_code == 404
    assert reader.post(of("clear", question, second.pk), follow=True).status_code == 200, "clearing twice is once"
    assert question.answers.count() == 1


def test_the_date_is_paused_extended_and_corrected_on_the_page(cast, coordinator, time_machine):
    question = accepted(cast)
    assert "Choose a day after today" in words(
        coordinator.post(of("pause", question), {"reason": "We wait", **date_in("until", "2026-11-02")})
    )
    coordinator.post(of("pause", question), {"reason": "We wait", **date_in("until", "2026-11-09")})
    page = words(coordinator.get(of("show", question)))
    assert "The clock stands still since Monday 2 November 2026" in page
    coordinator.post(of("resume", question))
    coordinator.post(of("extend", question), {"reason": "The supplier", **date_in("due_on", "2026-11-27")})
    assert fresh(question).due_on.isoformat() == "2026-11-27"
    assert "The reason: The supplier." in words(coordinator.get(of("show", question)))
    time_machine.move_to(datetime(2026, 12, 1, 9, tzinfo=UTC), tick=False)
    coordinator = signed_in(cast.coordinator)
    assert "Write a note" in words(coordinator.post(of("not-late", question), follow=True))
    actions.publish_answer(
        question=question, words="Yes", audience="public", by=cast.senior, now=datetime(2026, 12, 1, 9, tzinfo=UTC)
    )
    assert "Answered on Tuesday 1 December 2026, after its day" in words(coordinator.get(of("show", question)))
    coordinator.post(of("not-late", question), {"reason": "Told by telephone"})
    page = words(coordinator.get(of("show", question)))
    assert "“Late” was corrected with a note" in page
    assert "Told by telephone" in page


def test_no_page_says_that_somebody_is_told_where_nobody_can_be(cast, coordinator):
    anonymous = cast.question("Who may?", asked_as=AskedAs.NOBODY)
    actions.open_question(question=anonymous, by=cast.coordinator, now=NOW)
    pause = {"reason": "The law changes", **date_in("until", "2026-11-20")}
    assert of("hold", anonymous) not in coordinator.get(of("show", anonymous)).content.decode()
    pages = [
        coordinator.get(of("pause", anonymous)),
        coordinator.get(of("extend", anonymous)),
        coordinator.get(of("out-of-scope", anonymous)),
        coordinator.post(of("pause", anonymous), pause, follow=True),
        coordinator.post(of("out-of-scope", anonymous), {"reason": "Ask the officer"}, follow=True),
    ]
    assert not any("hoever asked" in words(page) for page in pages)
    named = accepted(cast)
    assert of("hold", named) in coordinator.get(of("show", named)).content.decode()
    assert "Whoever asked is told" in words(coordinator.post(of("pause", named), pause, follow=True))


def test_who_asked_and_has_no_address_is_said_not_to_be_written_to(cast, coordinator):
    Person.objects.filter(pk=cast.practitioner.pk).update(email=None)
    question = accepted(cast)
    page = coordinator.get(of("show", question))
    assert f"{cast.practitioner.name} (who has no e-mail address and is not written to)" in words(page)
    assert of("hold", question) not in page.content.decode()


def test_the_rules_of_a_programme_are_set_on_one_page(cast, coordinator):
    wrong = {"repeat_days": "5", "days_1": "-2", "days_2": "-2", "tells_2": ["owner"]}
    page = words(coordinator.post(rules("question-rules-change", cast), wrong))
    assert "Choose who is told" in page
    right = {"repeat_days": "4", "themes": ["trust"], "days_1": "1", "tells_1": ["owner", "board"]}
    coordinator.post(rules("question-rules-change", cast), right)
    policy = QuestionPolicy.objects.get()
    assert (policy.repeat_days, policy.themes, list(policy.rungs.values_list("days", flat=True))) == (4, ["trust"], [1])
    assert "Enter at least one reminder" in words(
        coordinator.post(rules("question-rules-change", cast), {"repeat_days": "4"})
    )
    for _ in range(2):
        page = coordinator.post(rules("theme-add", cast), {"name": "Rotas"})
    assert "This is here already" in words(page)
    coordinator.post(rules("closure-day-add", cast), {**date_in("day", "2026-12-24"), "why": "Closed"})
    who = {"role": "dpo", "organisation": cast.organisation.pk, "person": cast.senior.name}
    coordinator.post(rules("governance-holder-add", cast), who)
    page = words(coordinator.get(rules("question-rules", cast)))
    for said in ("1 working day after: the owner, the programme board", "Rotas", "24 December 2026", cast.senior.name):
        assert said in page
    coordinator.post(rules("theme-end", cast, OwnTheme.objects.get().pk))
    coordinator.post(rules("closure-day-remove", cast, ClosureDay.objects.get().pk))
    coordinator.post(rules("governance-holder-end", cast, GovernanceHolder.objects.get().pk))
    page = words(coordinator.get(rules("question-rules", cast)))
    assert "Rotas" not in page
    assert "Nobody holds a governance role" in page


def test_a_role_that_every_answer_needs_and_nobody_holds_is_named(cast, coordinator):
    page, need = rules("question-rules", cast), {"clearance_roles": ["dpo"], "days_1": "1", "tells_1": ["owner"]}
    coordinator.post(rules("question-rules-change", cast), {"repeat_days": "4", **need})
    vacant = "No answer can be published now. Every answer is cleared by Data protection officer, and nobody holds"
    assert vacant in words(coordinator.get(page))
    who = {"role": "dpo", "organisation": cast.organisation.pk, "person": cast.senior.name}
    coordinator.post(rules("governance-holder-add", cast), who)
    assert "No answer can be published now" not in words(coordinator.get(page))


def test_what_only_a_screen_can_tick_is_not_printed(cast, coordinator):
    cast.question("One?")
    page = coordinator.get(reverse("commitments:programme-questions", args=[cast.programme.slug])).content.decode()
    for end in ('<input type="checkbox" name="chosen"', '<span class="vh">Choose</span>', "For the questions ticked"):
        before = page[: page.index(end)].removesuffix("<label>")
        assert "no-print" in before[before.rindex("<") :]


def test_several_are_asked_of_somebody_joined_and_filed_at_once(cast, coordinator):
    address = reverse("commitments:question-several", args=[cast.programme.slug])
    one, two, three = cast.question("One?"), accepted(cast, words="Two?"), cast.question("Three?")
    elsewhere = Cast().question()
    chosen = [str(each.pk) for each in (one, two, elsewhere)] + ["nonsense"]
    page = words(coordinator.get(address, {"do": "assign", "chosen": chosen}))
    assert "One?" in page
    assert "Two?" in page
    assert "Why are they theirs?" in page
    assert "Three?" not in page
    organisation = OrganisationFactory()
    PartnerFactory(programme=cast.programme, organisation=organisation)
    mandate = MandateFactory(programme=cast.programme, organisation=organisation)
    coordinator.post(address, {"do": "assign", "chosen": chosen, "mandate": mandate.pk, "reason": "Theirs"})
    assert [fresh(each).owner for each in (one, two, elsewhere)] == [mandate.person, mandate.person, None]
    coordinator.post(address, {"do": "file", "chosen": chosen, "theme": "risk"})
    assert set(Question.objects.filter(theme="risk")) == {one, two}
    actions.put_out_of_scope(question=three, reason="Not ours", by=cast.coordinator, now=NOW)
    chosen = [str(each.pk) for each in (one, two, three)]
    said = words(coordinator.post(address, {"do": "join", "chosen": chosen, "into": str(one.pk)}, follow=True))
    assert fresh(two).merged_into == one
    assert f"1 question is joined. {three.reference} is not:" in said
    assert "Choose a question first" in words(coordinator.get(address, {"do": "join"}, follow=True))
    assert coordinator.get(address, {"do": "burn", "chosen": chosen}).status_code == 404


def test_the_list_is_filtered_by_owner_and_theme_in_its_address_and_downloaded_so(cast, coordinator):
    mine, nobodys = accepted(cast, words="Mine?"), cast.question("Nobody’s?")
    policies.file_under(questions=[mine], theme="trust", by=cast.coordinator, now=NOW)
    senior = signed_in(cast.senior)
    assert "Nobody’s?" not in words(senior.get(listed(cast), {"whose": "mine"}))
    page = words(coordinator.get(listed(cast), {"whose": "nobody"}))
    assert "Nobody’s?" in page
    assert "Mine?" not in page
    assert "Nobody’s?" not in words(coordinator.get(listed(cast), {"theme": "trust"}))
    export = reverse("commitments:programme-questions-export", args=[cast.programme.slug])
    rows = b"".join(coordinator.get(export, {"theme": "trust"}).streaming_content).decode()
    assert mine.reference in rows
    assert "Trust" in rows
    assert nobodys.reference not in rows


def test_a_lead_reads_the_questions_of_the_own_organisation_alone(cast):
    own = accepted(cast, words="Ours?")
    cast.question("Whose?")
    lead = signed_in(OrganisationLeadFactory(organisation=cast.organisation).person)
    page = words(lead.get(listed(cast)))
    assert "Ours?" in page
    assert "Whose?" not in page
    assert lead.get(of("show", own)).status_code == 200


def test_one_mail_a_day_is_chosen_on_a_page(cast):
    client, address = signed_in(cast.senior), reverse("commitments:question-reminders")
    assert "You get one e-mail a day" in words(client.post(address, {"how": "digest"}, follow=True))
    assert "You get one e-mail for each question" in words(client.post(address, {"how": "each"}, follow=True))


def test_a_list_of_ten_thousand_asks_no_more_than_a_list_of_three(cast, coordinator):
    def asked_for(address: str) -> int:
        with CaptureQueriesContext(
            connection,
        ) as captured:
            assert coordinator.get(address).status_code == 200
        return len(captured)

    for _ in range(3):
        accepted(cast)
    coordinator.get(listed(cast))
    few = {
        address: asked_for(address) for address in (listed(cast), f"{listed(cast)}?q=plan", f"{listed(cast)}?late=on")
    }
    same = {"programme": cast.programme, "asked_as": AskedAs.NOBODY, "state": "accepted", "raised_on": TODAY}
    same |= {"due_on": TODAY, "due_from": TODAY, "due_days": 1, "next_reminder_on": TODAY}
    same |= {"owner": cast.senior, "organisation": cast.organisation}
    rows = (Question(reference=f"TT-{number}", words=f"Plan {number}?", **same) for number in range(10_000))
    Question.objects.bulk_create(rows, batch_size=5_000)
    assert {address: asked_for(address) for address in few} == few
    assert max(few.values()) <= 10


def test_a_role_that_nobody_else_holds_is_named_and_cannot_be_chosen(cast):
    question, senior = accepted(cast), signed_in(cast.senior, fresh=True)
    page = senior.get(of("answer", question))
    assert 'name="roles"' not in page.content.decode()
    assert "Send it to clearance first" not in words(page)
    assert "It cannot be sent to clearance first: nobody else holds a governance role." in words(page)
    said = {"words": "Yes", "audience": "public", "promise": "no", "clear": "1"}
    assert "No role was chosen" in words(senior.post(of("answer", question), said))
    common = {"programme": cast.programme, "organisation": cast.organisation, "by": cast.coordinator, "now": NOW}
    policies.name_holder(role="dpo", person=cast.senior, **common)  # they cannot clear their own words
    policies.name_holder(role="caldicott_guardian", person=PersonFactory(), **common)
    page = senior.get(of("answer", question)).content.decode()
    assert page.count('name="roles"') == 1
    assert 'value="caldicott_guardian"' in page
    assert (
        "Nobody else holds: Information governance lead, Senior information risk owner (SIRO), Data protection" in page
    )
    refused = senior.post(of("answer", question), {**said, "roles": ["dpo"]})
    assert "Choose from the options shown" in words(refused)
    assert not question.drafts.exists()


def test_who_must_have_it_cleared_by_a_role_that_nobody_holds_reads_so_before_they_write(cast):
    QuestionPolicy.objects.create(programme=cast.programme, clearance_roles=["dpo"])
    question, senior = accepted(cast), signed_in(cast.senior, fresh=True)
    page = words(senior.get(of("answer", question)))
    assert "This answer cannot be cleared now. Nobody else holds: Data protection officer." in page
    assert "Keep it as a draft" in page
    assert "Send it to clearance" not in page, "no button leads to a refusal that is known before"
    said = {"words": "Yes", "audience": "public", "clear": "1"}
    assert "Nobody else holds the role Data protection officer" in words(senior.post(of("answer", question), said))


def test_who_ticks_a_role_and_presses_publish_publishes_nothing_uncleared(cast):
    question, senior = accepted(cast), signed_in(cast.senior, fresh=True)
    policies.name_holder(
        programme=cast.programme, organisation=cast.organisation, role="dpo", person=PersonFactory(),
        by=cast.coordinator, now=NOW,
    )  # fmt: skip
    said = {"words": "Yes", "audience": "public", "promise": "no", "roles": ["dpo"]}
    assert "or choose nobody here to publish it now" in words(senior.post(of("answer", question), said))
    assert not question.answers.exists()
