"""Agreements: every move and every refusal, who is asked and reminded, what lapses."""

from datetime import date, timedelta

import pytest
import time_machine
from django.db import IntegrityError
from django.urls import reverse

from accounts.models import Person
from briefings.actions.appointments import end_mandate
from briefings.models import Mandate, Partner, SessionKind
from commitments.actions import agreements as actions
from commitments.actions.endorsements import OtherOrganisation, pass_on
from commitments.actions.outputs import BecameAgreement, note_output, remove_output
from commitments.models import (
    VERSION_MOVES,
    Agreement,
    AgreementVersion,
    PartnerAsked,
    QuestionPolicy,
    SeniorAsked,
    VersionState,
)
from commitments.queries import agreements as queries
from commitments.tasks import remind_due
from history.models import Entry
from messaging import kinds
from messaging.models import Message
from tests.briefings.factories import SessionFactory
from tests.commitments.agreeing import ANSWER, REVIEW, WORDS, Partners
from tests.commitments.factories import NOW, TODAY, Cast
from tests.commitments.pages import signed_in, words
from tests.organisations.factories import OrganisationLeadFactory

pytestmark = pytest.mark.django_db
YESTERDAY = TODAY - timedelta(days=1)


@pytest.fixture(autouse=True)
def _today():
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def cast():
    return Partners()


def mails(kind: str) -> list[Message]:
    return list(Message.objects.filter(kind=f"commitments.{kind}").order_by("pk"))


def told(kind: str) -> set[str]:
    return {message.person.name for message in mails(kind)}


def mail(message: Message) -> kinds.Content:
    return kinds.find(message.kind).render(message)


def on(day: date) -> time_machine.travel:
    return time_machine.travel(NOW.replace(year=day.year, month=day.month, day=day.day), tick=False)


# Drafting


def test_an_agreement_begins_as_a_draft_of_which_nobody_is_told(cast):
    made = cast.drafted("  We share.\r\nAlways. ")
    version = made.versions.get()
    assert (version.number, version.state, version.words) == (1, "draft", "We share.\nAlways.")
    assert made.reference.startswith("WV-AGR")
    assert Message.objects.count() == 0


def test_what_a_workshop_noted_becomes_one_agreement(cast):
    workshop = SessionFactory(programme=cast.programme, kind=SessionKind.WORKSHOP)
    noted = note_output(session=workshop, kind="agreement", words=WORDS, by=cast.coordinator, now=NOW)
    made = cast.drafted(output=noted)
    assert (made.session, made.output) == (workshop, noted)
    assert cast.drafted(output=noted) == made
    with pytest.raises(BecameAgreement):
        remove_output(output=noted, by=cast.coordinator, now=NOW)


def test_only_what_was_noted_as_an_agreement_here_becomes_one(cast):
    workshop = SessionFactory(programme=cast.programme, kind=SessionKind.WORKSHOP)
    quotation = note_output(session=workshop, kind="quotation", words="We try.", by=cast.coordinator, now=NOW)
    other = Cast()
    elsewhere = SessionFactory(programme=other.programme, kind=SessionKind.WORKSHOP)
    foreign = note_output(session=elsewhere, kind="agreement", words=WORDS, by=other.coordinator, now=NOW)
    for more in ({"output": quotation}, {"output": foreign}, {"session": elsewhere}):
        with pytest.raises(actions.NoAgreement):
            cast.drafted(**more)
    assert Agreement.objects.count() == 0


def test_a_draft_is_changed_and_a_later_one_dropped(cast):
    made = cast.drafted()
    draft = made.versions.get()
    changed = actions.change_draft(
        version=draft, seen=actions.seal_of_draft(draft), words="Other words.", review_on=REVIEW, title="Keys",
        by=cast.coordinator, now=NOW,
    )  # fmt: skip
    made.refresh_from_db()
    assert (changed.words, made.title) == ("Other words.", "Keys")
    with pytest.raises(actions.NotNow):
        actions.drop_draft(version=draft, by=cast.coordinator, now=NOW)
    cast.propose(made)
    later = actions.draft_version(agreement=made, words="Later.", review_on=REVIEW, by=cast.coordinator, now=NOW)
    assert later.number == 2
    with pytest.raises(actions.HasDraft):
        actions.draft_version(agreement=made, words="More.", review_on=REVIEW, by=cast.coordinator, now=NOW)
    actions.drop_draft(version=later, by=cast.coordinator, now=NOW)
    assert [each.number for each in made.versions.all()] == [1]


# Proposing


def test_proposing_asks_everybody_with_a_mandate_by_their_own_link(cast):
    version = cast.proposed()
    assert (version.state, version.proposed_by, version.endorse_by) == ("proposed", cast.coordinator, ANSWER)
    assert told("agreement_to_endorse") == {cast.senior.name, "Chief Chen", "Deputy Dee"}
    assert set(version.partners_asked.values_list("organisation__name", "outcome")) == {
        (cast.organisation.name, ""), ("Police", ""), ("Fire", ""),
    }  # fmt: skip
    links = {senior.link.person.name: senior.link for senior in SeniorAsked.objects.all()}
    content = mail(next(each for each in mails("agreement_to_endorse") if each.person.name == "Chief Chen"))
    assert content.subject == f"Will Police endorse agreement {version.agreement.reference}?"
    assert WORDS in content.text
    assert f"/endorse/{links['Chief Chen'].pk}-" in content.text
    assert f"/endorse/{links['Chief Chen'].pk}-" in content.html
    assert "16 November 2026" in content.text


def test_the_coordinator_is_told_of_a_partner_with_nobody(cast):
    cast.proposed()
    assert told("agreement_nobody_to_ask") == {cast.coordinator.name}
    content = mail(mails("agreement_nobody_to_ask")[0])
    assert "Fire has nobody with a mandate" in content.subject
    assert "Fire has nobody with a mandate" in content.text


def test_who_has_no_address_cannot_be_asked_and_that_is_told(cast):
    Person.objects.filter(pk=cast.senior.pk).update(email=None)
    cast.proposed()
    assert cast.senior.name not in told("agreement_to_endorse")
    assert len(mails("agreement_nobody_to_ask")) == 2


def test_without_a_coordinator_an_administrator_is_told(cast):
    version = cast.proposed()
    assert [person.name for person in actions.messages.keepers(version, NOW)] == [cast.coordinator.name]


def test_a_partner_of_another_time_and_an_ended_mandate_are_left_out(cast):
    Partner.objects.filter(organisation=cast.fire).update(until=TODAY)
    end_mandate(mandate=cast.deputy, by=cast.coordinator, now=NOW)
    version = cast.proposed()
    assert version.partners_asked.count() == 2
    assert told("agreement_to_endorse") == {cast.senior.name, "Chief Chen"}


def test_a_programme_without_partners_has_nobody_to_ask(cast):
    Partner.objects.all().delete()
    made = cast.drafted()
    with pytest.raises(actions.NobodyToAsk):
        cast.propose(made)
    assert made.versions.get().state == "draft"


@pytest.mark.parametrize(("endorse_by", "refusal"), [(TODAY, actions.DateHasPassed), (REVIEW, actions.ReviewTooSoon)])
def test_the_days_of_a_proposal_follow_each_other(cast, endorse_by, refusal):
    made = cast.drafted()
    with pytest.raises(refusal):
        cast.propose(made, endorse_by=endorse_by)


# A new version


def a_second(cast, version, words="We share one plan within ten working days.", review=REVIEW):
    actions.draft_version(
        agreement=version.agreement, words=words, review_on=review, by=cast.coordinator, now=NOW
    )  # fmt: skip
    return cast.propose(version.agreement)


def test_a_new_version_reopens_every_endorsement(cast):
    first = cast.proposed()
    cast.signed(first)
    old_links = list(SeniorAsked.objects.filter(asked__version=first))
    second = a_second(cast, first)
    first.refresh_from_db()
    assert (first.state, second.state) == ("superseded", "proposed")
    shown = queries.shown_versions(Agreement.objects.all()).get()
    assert (shown, shown.endorsed, shown.needed) == (second, 0, 3)
    assert all(SeniorAsked.objects.get(pk=each.pk).link.revoked_at for each in old_links)
    assert set(second.partners_asked.values_list("outcome", flat=True)) == {""}
    last = [each for each in mails("agreement_to_endorse") if each.person == cast.senior][-1]
    assert "It takes the place of version 1" in mail(last).text
    assert "<ins>" in mail(last).html
    assert first.partners_asked.filter(next_reminder_on__isnull=False).count() == 0


def test_the_mail_about_a_replaced_version_is_not_wanted_any_more(cast):
    first = cast.proposed()
    old = mails("agreement_to_endorse")
    a_second(cast, first)
    assert actions.messages.not_wanted(old, NOW) == {each.pk: "version_has_moved_on" for each in old}


def test_the_same_words_with_the_same_review_date_are_no_new_version(cast):
    first = cast.proposed()
    with pytest.raises(actions.NothingNew):
        a_second(cast, first, words=WORDS)
    assert a_second_date(cast, first).review_on == REVIEW + timedelta(days=365)


def a_second_date(cast, first):
    draft = first.agreement.versions.filter(state="draft").first()
    if draft is not None:
        actions.drop_draft(version=draft, by=cast.coordinator, now=NOW)
    return a_second(cast, first, words=WORDS, review=REVIEW + timedelta(days=365))


# Every action in every state


def states(cast, state: str) -> Agreement:
    """Return an agreement whose one version is in ``state``."""
    made = cast.drafted()
    if state == "draft":
        return made
    version = cast.propose(made)
    if state == "lapsed":
        AgreementVersion.objects.filter(pk=version.pk).update(state="lapsed", next_review_reminder_on=None)
    elif state == "superseded":
        replacement = cast.proposed(title="The other")
        actions.replace_agreement(
            agreement=made, replacement=replacement.agreement, reason="Merged", by=cast.coordinator, now=NOW
        )
    elif state == "withdrawn":
        actions.withdraw_agreement(agreement=made, reason="Not needed", by=cast.coordinator, now=NOW)
    return made


def draft_of(own: Agreement) -> dict:
    version = own.versions.first()
    return {"version": version, "seen": actions.seal_of_draft(version)}


ACTIONS = {
    "change": lambda own, cast: actions.change_draft(
        **draft_of(own), words="New.", review_on=REVIEW, by=cast.coordinator, now=NOW
    ),
    "propose": lambda own, cast: actions.propose_version(
        **draft_of(own), endorse_by=ANSWER, by=cast.coordinator, now=NOW
    ),
    "draft": lambda own, cast: actions.draft_version(
        agreement=own, words="New.", review_on=REVIEW, by=cast.coordinator, now=NOW
    ),
    "use": lambda own, cast: actions.put_in_use(agreement=own, since=TODAY, by=cast.coordinator, now=NOW),
    "out": lambda own, cast: actions.take_out_of_use(agreement=own, by=cast.coordinator, now=NOW),
    "withdraw": lambda own, cast: actions.withdraw_agreement(
        agreement=own, reason="No", by=cast.coordinator, now=NOW
    ),
    "replace": lambda own, cast: actions.replace_agreement(
        agreement=own, replacement=cast.proposed().agreement, reason="No", by=cast.coordinator, now=NOW
    ),
}  # fmt: skip
CAN = {
    "draft": {"change", "propose", "out", "withdraw"},
    "proposed": {"draft", "use", "out", "withdraw", "replace"},
    "lapsed": {"draft", "use", "out", "withdraw", "replace"},
    "superseded": set(),
    "withdrawn": set(),
}


@pytest.mark.parametrize("action", ACTIONS)
@pytest.mark.parametrize("state", VersionState.values)
def test_every_action_in_every_state(cast, state, action):
    own = states(cast, state)
    if action in CAN[state]:
        ACTIONS[action](own, cast)
    else:
        with pytest.raises((actions.NotNow, actions.HasDraft)):
            ACTIONS[action](own, cast)


@pytest.mark.parametrize("action", ACTIONS)
def test_nobody_but_a_coordinator_does_any_of_it(cast, action):
    own = states(cast, "draft" if action in ("change", "propose") else "proposed")
    cast.proposed_before = cast.proposed()
    for person in (cast.senior, cast.practitioner, Cast().coordinator):
        acting = Cast.__new__(Partners)
        acting.__dict__ = {**cast.__dict__, "coordinator": person}
        acting.proposed = lambda: cast.proposed_before
        with pytest.raises(actions.NotTheirs):
            ACTIONS[action](own, acting)


def test_the_moves_of_a_version_have_ends():
    assert set(VERSION_MOVES) == set(VersionState)
    assert [state for state, to in VERSION_MOVES.items() if not to] == ["superseded", "withdrawn"]


def test_days_that_have_passed_are_refused(cast):
    by = {"by": cast.coordinator, "now": NOW}
    with pytest.raises(actions.DateHasPassed):
        cast.drafted(review_on=TODAY)
    own = states(cast, "draft")
    with pytest.raises(actions.DateHasPassed):
        actions.change_draft(**draft_of(own), words="New.", review_on=TODAY, **by)
    own = states(cast, "proposed")
    with pytest.raises(actions.DateHasPassed):
        actions.draft_version(agreement=own, words="New.", review_on=TODAY, **by)
    with pytest.raises(actions.DateToCome):
        actions.put_in_use(agreement=own, since=TODAY + timedelta(days=1), **by)


def test_a_review_lies_within_five_years(cast):
    by, furthest = {"by": cast.coordinator, "now": NOW}, TODAY + timedelta(days=5 * 366)
    too_far = furthest + timedelta(days=1)
    with pytest.raises(actions.DateTooFar):
        cast.drafted(review_on=too_far)
    own = cast.drafted(review_on=furthest)
    with pytest.raises(actions.DateTooFar):
        actions.change_draft(**draft_of(own), words="New.", review_on=too_far, **by)
    own = states(cast, "proposed")
    with pytest.raises(actions.DateTooFar):
        actions.draft_version(agreement=own, words="New.", review_on=too_far, **by)


def elsewhere() -> Agreement:
    other = Cast()
    made = actions.make_agreement(
        programme=other.programme, title="Theirs", words=WORDS, review_on=REVIEW, by=other.coordinator, now=NOW
    )
    actions.propose_version(**draft_of(made), endorse_by=ANSWER, by=other.coordinator, now=NOW)
    return made


@pytest.mark.parametrize("which", ["itself", "elsewhere", "ended", "a draft"])
def test_only_another_that_goes_on_here_takes_its_place(cast, which):
    own = states(cast, "proposed")
    replacement = {
        "itself": lambda: own,
        "elsewhere": elsewhere,
        "ended": lambda: states(cast, "withdrawn"),
        "a draft": lambda: states(cast, "draft"),
    }[which]()
    with pytest.raises(actions.NoReplacement):
        actions.replace_agreement(agreement=own, replacement=replacement, reason="Merged", by=cast.coordinator, now=NOW)


def test_what_was_withdrawn_keeps_its_words_and_who_was_asked_is_told(cast):
    version = cast.proposed()
    cast.signed(version)
    ended = actions.withdraw_agreement(
        agreement=version.agreement, reason="A law has changed.", by=cast.coordinator, now=NOW
    )
    version.refresh_from_db()
    assert (ended.end_reason, version.state, version.words) == ("A law has changed.", "withdrawn", WORDS)
    assert told("agreement_ended") == {cast.senior.name, "Chief Chen", "Deputy Dee", cast.coordinator.name}
    assert "A law has changed." in mail(mails("agreement_ended")[0]).text
    assert version.endorsements.count() == 1
    with pytest.raises(IntegrityError):
        Agreement.objects.filter(pk=ended.pk).update(end_reason="")


def test_a_draft_beside_what_is_withdrawn_goes(cast):
    version = cast.proposed()
    actions.draft_version(
        agreement=version.agreement, words="New.", review_on=REVIEW, by=cast.coordinator, now=NOW
    )  # fmt: skip
    actions.withdraw_agreement(agreement=version.agreement, reason="No", by=cast.coordinator, now=NOW)
    assert [each.state for each in version.agreement.versions.all()] == ["withdrawn"]


def test_a_withdrawn_draft_is_told_to_nobody(cast):
    actions.withdraw_agreement(agreement=cast.drafted(), reason="No", by=cast.coordinator, now=NOW)
    assert mails("agreement_ended") == []


# In use before endorsed


@pytest.mark.parametrize(("who", "early"), [((), True), (("own",), True), (("own", "police", "fire"), False)])
def test_in_use_before_endorsed(cast, who, early):
    version = cast.proposed()
    actions.put_in_use(agreement=version.agreement, since=YESTERDAY, by=cast.coordinator, now=NOW)
    mandates = {"own": cast.mandate, "police": cast.chief, "fire": cast.mandate_at(cast.fire, "Fiona Fire")}
    for each in who:
        cast.signed(version, mandates[each])
    shown = queries.shown_versions(Agreement.objects.all()).get()
    assert queries.is_early(shown, TODAY) is early
    assert queries.is_early(shown, YESTERDAY - timedelta(days=1)) is False
    found = queries.versions_found(queries.shown_versions(Agreement.objects.all()), on=TODAY, standing="early")
    assert found.exists() is early


def test_the_filter_by_standing_says_what_the_page_says(cast):
    """Every standing in SQL and in Python: the two must never differ."""
    for state in VersionState.values:
        states(cast, state)
    in_part, full, over = cast.proposed(), cast.proposed(), cast.proposed(review_on=TODAY + timedelta(days=20))
    cast.signed(in_part)
    Partner.objects.filter(organisation=cast.fire).update(until=TODAY)
    remind_due()
    cast.signed(full)
    cast.signed(full, cast.chief)
    assert over.pk
    for day in (TODAY, TODAY + timedelta(days=21)):
        shown = queries.shown_versions(Agreement.objects.all())
        by_python = {each.pk: queries.standing_of(each, day) for each in shown}
        for standing in queries.Standing:
            found = set(queries.versions_found(shown, on=day, standing=standing).values_list("pk", flat=True))
            assert found == {pk for pk, said in by_python.items() if said == standing}, standing
    assert set(by_python.values()) >= {"draft", "in_part", "full", "lapsed", "superseded", "withdrawn"}


# The clock


def test_reminders_climb_the_ladder_and_end_with_the_answer(cast):
    lead = OrganisationLeadFactory(organisation=cast.police).person
    version = cast.proposed()
    with on(date(2026, 11, 11)):
        assert remind_due() == 0
    with on(date(2026, 11, 12)):
        assert remind_due() == 3
        assert remind_due() == 0
    assert told("agreement_reminder") == {cast.senior.name, "Chief Chen", "Deputy Dee"}
    cast.signed(version)
    with on(date(2026, 11, 16)):
        remind_due()
    assert [each.person.name for each in mails("agreement_reminder")].count(cast.senior.name) == 1
    assert mails("agreement_late") == []
    with on(date(2026, 11, 17)):
        remind_due()
    assert told("agreement_late") == {lead.name, cast.coordinator.name}
    late = [mail(each).text for each in mails("agreement_late")]
    assert any("Police was asked to endorse" in each and "1 of 3 partners" in each for each in late)
    assert any("Fire was asked to endorse" in each for each in late)
    assert not any(f"{cast.organisation.name} was asked" in each for each in late)


def test_partners_are_reminded_by_the_ladder_of_the_programme(cast):
    QuestionPolicy.objects.create(programme=cast.programme).rungs.create(days=-5, tells=["owner"])
    version = cast.proposed()
    assert {each.next_reminder_on for each in version.partners_asked.all()} == {date(2026, 11, 9)}


def test_a_reminder_that_was_planned_before_the_answer_is_not_sent(cast):
    version = cast.proposed()
    with on(date(2026, 11, 12)):
        remind_due()
    planned = [each for each in mails("agreement_reminder") if each.person == cast.senior]
    cast.signed(version)
    assert actions.messages.not_wanted(planned, NOW) == {planned[0].pk: "partner_has_answered"}


def test_who_gets_a_mandate_later_is_asked_and_who_leaves_is_not_needed(cast):
    version = cast.proposed()
    cast.mandate_at(cast.fire, "Fiona Fire")
    remind_due()
    assert "Fiona Fire" in told("agreement_to_endorse")
    Partner.objects.filter(organisation=cast.fire).update(until=TODAY)
    remind_due()
    shown = queries.counted(AgreementVersion.objects.all()).get()
    assert shown.needed == 2
    asked = PartnerAsked.objects.get(organisation=cast.fire)
    assert (asked.is_needed, asked.next_reminder_on) == (False, None)
    Partner.objects.filter(organisation=cast.fire).update(until=None)
    remind_due()
    asked.refresh_from_db()
    assert asked.is_needed
    assert asked.next_reminder_on is not None
    assert version.partners_asked.count() == 3


def test_a_partner_that_joins_later_is_asked(cast):
    version = cast.proposed()
    Partner.objects.filter(organisation=cast.fire).update(since=TODAY + timedelta(days=3))
    PartnerAsked.objects.filter(organisation=cast.fire).delete()
    with on(TODAY + timedelta(days=3)):
        remind_due()
    assert version.partners_asked.filter(organisation=cast.fire, is_needed=True).exists()


def test_a_partner_that_joins_after_the_day_has_as_long_as_others_had(cast):
    version = cast.proposed()
    Partner.objects.filter(organisation=cast.fire).update(since=date(2026, 11, 20))
    PartnerAsked.objects.filter(organisation=cast.fire).delete()
    cast.mandate_at(cast.fire, "Fiona Fire")
    with on(date(2026, 11, 20)):
        remind_due()
    asked = version.partners_asked.get(organisation=cast.fire)
    assert (asked.answer_by, asked.next_reminder_on) == (date(2026, 12, 4), date(2026, 12, 2))
    assert queries.said_by(asked, version, date(2026, 12, 4)).words == "Waits"
    assert queries.said_by(asked, version, date(2026, 12, 5)).words == "Late"
    with on(date(2026, 11, 23)):
        remind_due()
    assert not any("Fire was asked" in mail(each).text for each in mails("agreement_late"))
    (to_fiona,) = (each for each in mails("agreement_to_endorse") if each.person.name == "Fiona Fire")
    assert "Please answer by Friday 4 December 2026." in mail(to_fiona).text
    assert version.partners_asked.get(organisation=cast.police).answer_by is None
    page = words(signed_in(cast.coordinator).get(reverse("commitments:agreement-show", args=[version.agreement_id])))
    assert page.count("Joined later: answers by 4 December 2026") == 1


def test_the_coordinator_is_reminded_of_the_review_and_then_it_lapses(cast):
    version = cast.proposed(review_on=date(2027, 6, 30))
    days = []
    for day in [date(2027, month, number) for month in (6, 7) for number in (1, 2, 3, 22, 23, 24, 30)]:
        with on(day):
            before = len(mails("agreement_review"))
            remind_due()
            if len(mails("agreement_review")) > before:
                days.append(day)
    assert days == [date(2027, 6, 2), date(2027, 6, 23), date(2027, 7, 1)]
    version.refresh_from_db()
    assert version.state == "lapsed"
    assert "has lapsed" in mail(mails("agreement_review")[-1]).text
    assert Entry.objects.filter(verb="agreement_lapsed").count() == 1
    assert version.partners_asked.filter(next_reminder_on__isnull=False).count() == 0


def test_before_the_clock_has_run_it_has_lapsed_all_the_same(cast):
    cast.proposed(review_on=date(2026, 12, 1))
    shown = queries.shown_versions(Agreement.objects.all()).get()
    assert queries.standing_of(shown, date(2026, 12, 1)) == "proposed"
    assert queries.standing_of(shown, date(2026, 12, 2)) == "lapsed"


def test_how_long_partners_have_is_the_programmes_own(cast):
    assert actions.usual_endorse_by(cast.programme, NOW) == date(2026, 11, 16)
    actions.set_agreement_policy(
        programme=cast.programme, needs_second_step=True, endorse_days=3, by=cast.coordinator, now=NOW
    )
    assert actions.usual_endorse_by(cast.programme, NOW) == date(2026, 11, 5)
    assert queries.policy_of(cast.programme).needs_second_step
    with pytest.raises(actions.NotTheirs):
        actions.set_agreement_policy(
            programme=cast.programme, needs_second_step=False, endorse_days=3, by=cast.senior, now=NOW
        )


def test_every_mail_of_agreements_reads_well(cast):
    """Each kind is rendered once, as text and as page, and leaves no gap where a word should stand."""
    version = cast.proposed(review_on=date(2026, 12, 31))
    cast.signed(version, outcome="declined", note="Too fast for us.")
    for day in (date(2026, 11, 12), date(2026, 11, 17), date(2026, 12, 2)):
        with on(day):
            remind_due()
    actions.withdraw_agreement(agreement=version.agreement, reason="No more", by=cast.coordinator, now=NOW)
    seen = {}
    for message in Message.objects.filter(kind__startswith="commitments."):
        content = mail(message)
        seen[message.kind] = content
        assert "None" not in content.text + content.subject
        assert "  " not in content.subject
        assert version.agreement.reference in content.text
    assert len(seen) == 8


def test_what_was_passed_on_comes_back_where_the_colleague_may_not_speak_any_more(cast):
    version = cast.proposed()
    asked = SeniorAsked.objects.get(person=cast.chief.person)
    pass_on(senior=asked, mandate=cast.deputy, by=cast.chief.person, now=NOW)
    remind_due()
    assert not queries.waits_for(cast.chief.person, TODAY).exists()
    before = len([each for each in mails("agreement_to_endorse") if each.person == cast.chief.person])
    Mandate.objects.filter(pk=cast.deputy.pk).update(until=TODAY)
    with on(TODAY + timedelta(days=1)):
        remind_due()
        remind_due()
    assert [each.asked.version for each in queries.waits_for(cast.chief.person, TODAY)] == [version]
    asked_again = [each for each in mails("agreement_to_endorse") if each.person == cast.chief.person]
    assert len(asked_again) == before + 1


def test_it_is_not_passed_to_who_cannot_be_written_to(cast):
    cast.proposed()
    Person.objects.filter(pk=cast.deputy.person_id).update(email=None)
    assert not queries.colleagues_with_mandate(cast.chief, TODAY).exists()
    with pytest.raises(OtherOrganisation):
        pass_on(
            senior=SeniorAsked.objects.get(person=cast.chief.person), mandate=cast.deputy, by=cast.chief.person, now=NOW
        )


def test_no_mail_goes_to_whose_mandate_has_ended_nor_of_a_partner_that_has_answered(cast):
    version = cast.proposed()
    (to_chief,) = (each for each in mails("agreement_to_endorse") if each.person == cast.chief.person)
    (nobody,) = mails("agreement_nobody_to_ask")
    assert actions.messages.not_wanted([to_chief, nobody], NOW) == {}
    Mandate.objects.filter(pk=cast.chief.pk).update(until=TODAY)
    cast.signed(version, cast.mandate_at(cast.fire, "Fiona Fire"))
    assert actions.messages.not_wanted([to_chief, nobody], NOW) == {
        to_chief.pk: "mandate_has_ended", nobody.pk: "partner_has_answered",
    }  # fmt: skip
