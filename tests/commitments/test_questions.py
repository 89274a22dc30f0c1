"""The way of a question: each exit of each action, and that it never falls silent."""

from datetime import date, timedelta

import pytest
from django.db import IntegrityError, transaction

from commitments.actions import policies
from commitments.actions import questions as actions
from commitments.messages import questions as messages
from commitments.models import (
    UNANSWERED,
    AskedAs,
    Asker,
    Audience,
    CommissionState,
    GovernanceHolder,
    Question,
    QuestionState,
)
from history.models import Entry
from messaging import kinds
from messaging.models import Message
from tests.briefings.factories import MandateFactory, PartnerFactory
from tests.commitments.factories import NOW, TODAY, Cast
from tests.organisations.factories import OrganisationFactory, OrganisationLeadFactory, PersonFactory

pytestmark = pytest.mark.django_db
LATER = NOW + timedelta(hours=2)


@pytest.fixture
def cast():
    return Cast()


def mails(kind: str) -> list[Message]:
    return list(Message.objects.filter(kind=kind).order_by("pk"))


def addressed(kind: str) -> set[int]:
    return set(Message.objects.filter(kind=kind).values_list("person_id", flat=True))


def words_of(message: Message) -> str:
    """Return what ``message`` says, rendered as at the moment of sending."""
    content = kinds.find(message.kind).render(message)
    assert content.html
    return content.text


# raising


def test_a_raised_question_is_the_coordinators_on_the_triage_clock(cast):
    question = cast.question()
    assert (question.state, question.owner, question.due_on) == (QuestionState.RAISED, None, date(2026, 11, 4))
    assert question.next_reminder_on == TODAY
    assert messages.reminded_people(question, ("owner",), NOW) == [cast.coordinator]


def test_who_asks_by_name_is_told_and_stands_in_the_history(cast):
    question = cast.question()
    assert addressed(messages.RECEIVED) == {cast.practitioner.pk}
    assert "We look at it by Wednesday 4 November 2026" in words_of(mails(messages.RECEIVED)[0])
    assert Entry.objects.filter(object_id=str(question.pk), actor=f"accounts.person:{cast.practitioner.pk}").exists()


def test_nobody_reads_anywhere_who_asked_by_pseudonym(cast):
    question = cast.question(asked_as=AskedAs.PSEUDONYM)
    assert not Entry.objects.filter(object_id=str(question.pk)).exists()
    message = mails(messages.RECEIVED)[0]
    assert kinds.find(message.kind).private
    assert (message.about, kinds.label(message.kind)) == (None, "Private message")
    assert "no member of staff sees who you are" in words_of(message)


def test_an_anonymous_question_leaves_no_trace_of_anybody(cast):
    before = Entry.objects.count()
    question = cast.question(asked_as=AskedAs.NOBODY)
    assert (question.askers.count(), Message.objects.count(), Entry.objects.count()) == (0, 0, before)


def test_an_asker_without_address_is_not_mailed(cast):
    cast.practitioner = PersonFactory(email=None)
    cast.question()
    assert mails(messages.RECEIVED) == []


@pytest.mark.parametrize("asked_as", [AskedAs.NAME, AskedAs.PSEUDONYM])
def test_a_mode_that_does_not_fit_is_a_fault_of_ours(cast, asked_as):
    with pytest.raises(ValueError, match="exactly where"):
        actions.raise_question(programme=cast.programme, words="?", asked_as=asked_as, by="stranger", now=NOW)


# triage


def test_opening_starts_the_clock_of_the_answer_from_the_day_it_was_asked(cast):
    question = actions.open_question(question=cast.question(), by=cast.coordinator, now=NOW + timedelta(days=1))
    assert (question.state, question.due_from, question.due_days) == (QuestionState.OPEN, TODAY, 10)
    assert question.due_on == date(2026, 11, 16)


def test_opening_twice_is_refused(cast):
    question = actions.open_question(question=cast.question(), by=cast.coordinator, now=NOW)
    with pytest.raises(actions.NotNow):
        actions.open_question(question=question, by=cast.coordinator, now=NOW)


def test_commissioning_gives_it_an_owner_who_is_told_with_a_link(cast):
    own = cast.commissioned()
    assert (own.question.state, own.question.owner, own.question.organisation) == (
        QuestionState.COMMISSIONED,
        cast.senior,
        cast.organisation,
    )
    said = words_of(mails(messages.COMMISSIONED)[0])
    assert "/commission/" in said
    assert "due on Monday 16 November 2026. That is 10 working days from 2 November 2026." in said


def test_only_who_has_a_mandate_can_be_asked(cast):
    with pytest.raises(actions.NoMandate):
        actions.commission(
            question=cast.question(),
            organisation=cast.organisation,
            person=PersonFactory(),
            by=cast.coordinator,
            now=NOW,
        )
    assert Question.objects.get().state == QuestionState.RAISED


def test_asking_somebody_else_ends_the_first_commission(cast):
    first = cast.commissioned()
    other = MandateFactory(programme=cast.programme, organisation=cast.organisation).person
    second = actions.commission(
        question=first.question, organisation=cast.organisation, person=other, by=cast.coordinator, now=LATER
    )
    first.refresh_from_db()
    assert (first.state, second.state) == (CommissionState.ENDED, CommissionState.ASKED)
    assert second.question.owner == other
    assert set(messages.commission_not_wanted(mails(messages.COMMISSIONED), LATER).values()) == {"commission_decided"}


def test_accepting(cast):
    own = actions.accept_commission(commission=cast.commissioned(), by=cast.senior, now=LATER)
    assert (own.state, own.question.state) == (CommissionState.ACCEPTED, QuestionState.ACCEPTED)
    again = actions.accept_commission(commission=own, by=cast.senior, now=LATER)
    assert again.decided_at == LATER


def test_declining_gives_it_back_with_the_reason(cast):
    own = actions.decline_commission(
        commission=cast.commissioned(), reason="Fire must answer this", by=cast.senior, now=LATER
    )
    question = Question.objects.get()
    assert (own.state, question.state, question.owner) == (CommissionState.DECLINED, QuestionState.OPEN, None)
    assert addressed(messages.DECLINED) == {cast.coordinator.pk}
    assert "Fire must answer this" in words_of(mails(messages.DECLINED)[0])
    assert actions.decline_commission(commission=own, reason="twice", by=cast.senior, now=LATER).reason == own.reason


@pytest.mark.parametrize("action", [actions.accept_commission, actions.decline_commission])
def test_a_commission_that_went_to_somebody_else_cannot_be_decided(cast, action):
    first = cast.commissioned()
    other = MandateFactory(programme=cast.programme, organisation=cast.organisation).person
    actions.commission(
        question=first.question, organisation=cast.organisation, person=other, by=cast.coordinator, now=LATER
    )
    more = {"reason": "no"} if action is actions.decline_commission else {}
    with pytest.raises(actions.NotNow):
        action(commission=first, by=cast.senior, now=LATER, **more)


# answering


def answered(cast, **options):
    own = actions.accept_commission(commission=cast.commissioned(**options), by=cast.senior, now=NOW)
    return actions.publish_answer(
        question=own.question,
        words="All who work with the family.",
        audience=Audience.PUBLIC,
        by=cast.senior,
        now=LATER,
    )


@pytest.mark.parametrize("asked_as", [AskedAs.NAME, AskedAs.PSEUDONYM])
def test_the_owner_answers_and_who_asked_is_told(cast, asked_as):
    answer = answered(cast, asked_as=asked_as)
    question = Question.objects.get()
    assert (answer.version, answer.organisation, answer.given_as) == (1, cast.organisation, cast.mandate.job_title)
    assert (question.state, question.next_reminder_on) == (QuestionState.ANSWERED, date(2026, 11, 16))
    assert "All who work with the family." in words_of(mails(messages.ANSWERED)[0])


def test_an_anonymous_question_is_answered_and_nobody_mailed(cast):
    answered(cast, asked_as=AskedAs.NOBODY)
    assert mails(messages.ANSWERED) == []


def test_a_better_answer_is_another_version_and_told_again(cast):
    question = answered(cast).question
    second = actions.publish_answer(
        question=question, words="And the family.", audience=Audience.PUBLIC, by=cast.senior, now=LATER
    )
    assert (second.version, question.answers.count(), len(mails(messages.ANSWERED))) == (2, 2, 2)


def test_a_coordinator_may_answer_without_asking_anybody(cast):
    question = actions.open_question(question=cast.question(), by=cast.coordinator, now=NOW)
    answer = actions.publish_answer(
        question=question, words="Yes.", audience=Audience.ASKER, by=cast.coordinator, now=LATER
    )
    assert (answer.organisation, answer.given_as) == (cast.organisation, "Coordinator")


def test_nobody_else_may_answer(cast):
    own = cast.commissioned()
    other = MandateFactory(programme=cast.programme, organisation=cast.organisation).person
    with pytest.raises(actions.NotYours):
        actions.publish_answer(question=own.question, words="Yes.", audience=Audience.ASKER, by=other, now=LATER)


def test_an_owner_whose_mandate_has_ended_may_not_answer(cast):
    own = cast.commissioned()
    cast.mandate.until = TODAY
    cast.mandate.save()
    with pytest.raises(actions.NotYours):
        actions.publish_answer(question=own.question, words="Yes.", audience=Audience.ASKER, by=cast.senior, now=LATER)


# not answered


def test_an_asker_may_say_once_that_it_is_not_answered(cast):
    asker = answered(cast).question.askers.get()
    question = actions.say_unanswered(asker=asker, by=cast.practitioner, now=NOW + timedelta(days=3))
    assert (question.state, question.owner, question.is_reopened) == (QuestionState.ACCEPTED, cast.senior, True)
    assert question.due_on == date(2026, 11, 19)
    assert addressed(messages.REOPENED) == {cast.senior.pk, cast.coordinator.pk}
    with pytest.raises(actions.SaidBefore):
        actions.say_unanswered(asker=asker, by=cast.practitioner, now=NOW + timedelta(days=3))
    assert not Entry.objects.filter(verb="reopened", actor=f"accounts.person:{cast.practitioner.pk}").exists()


def test_reopened_without_a_mandate_it_is_the_coordinators(cast):
    asker = answered(cast).question.askers.get()
    cast.mandate.until = TODAY
    cast.mandate.save()
    question = actions.say_unanswered(asker=asker, by=cast.practitioner, now=NOW + timedelta(days=3))
    assert (question.state, question.owner) == (QuestionState.OPEN, None)


def test_what_is_not_answered_yet_cannot_be_called_unanswered(cast):
    cast.commissioned()
    with pytest.raises(actions.NotNow):
        actions.say_unanswered(asker=Asker.objects.get(), by=cast.practitioner, now=LATER)


# ends


def test_out_of_scope_is_told_with_its_reason(cast):
    question = actions.put_out_of_scope(
        question=cast.question(), reason="This is about pay.", by=cast.coordinator, now=LATER
    )
    assert (question.state, question.next_reminder_on) == (QuestionState.OUT_OF_SCOPE, None)
    assert "This is about pay." in words_of(mails(messages.OUT_OF_SCOPE)[0])


def test_an_answered_question_cannot_be_put_out_of_scope(cast):
    question = answered(cast).question
    with pytest.raises(actions.NotNow):
        actions.put_out_of_scope(question=question, reason="late", by=cast.coordinator, now=LATER)


@pytest.mark.parametrize("asked_as", [AskedAs.NAME, AskedAs.PSEUDONYM])
def test_who_asked_may_take_it_back(cast, asked_as):
    asker = cast.question(asked_as=asked_as).askers.get()
    question = actions.withdraw_question(asker=asker, by=cast.practitioner, now=LATER)
    assert question.state == QuestionState.WITHDRAWN
    named = Entry.objects.filter(verb="withdrew", actor=f"accounts.person:{cast.practitioner.pk}").exists()
    assert named == (asked_as == AskedAs.NAME)


# the clock


def test_the_ladder_of_a_commissioned_question(cast):
    lead = OrganisationLeadFactory(organisation=cast.organisation).person
    question = cast.commissioned().question
    told = {}
    for days in range(60):
        now = NOW + timedelta(days=days)
        if actions.remind_about(question_id=question.pk, now=now):
            found = Message.objects.filter(kind=messages.REMINDER, refs__step=Question.objects.get().reminded_step)
            told[now.date()] = set(found.values_list("person_id", flat=True))
    owner, all_three = {cast.senior.pk}, {cast.senior.pk, lead.pk, cast.coordinator.pk}
    assert list(told.items())[:5] == [
        (date(2026, 11, 12), owner),
        (date(2026, 11, 16), owner),
        (date(2026, 11, 17), all_three),
        (date(2026, 11, 19), all_three),
        (date(2026, 11, 23), all_three),
    ]
    assert max(told) > date(2026, 12, 20)


def test_a_reminder_is_sent_once_however_often_the_clock_asks(cast):
    question = cast.question()
    assert actions.remind_about(question_id=question.pk, now=NOW) is True
    assert actions.remind_about(question_id=question.pk, now=LATER) is False
    assert len(mails(messages.REMINDER)) == 1


def test_a_reminder_is_not_wanted_once_it_is_answered_or_has_another_date(cast):
    question = cast.question()
    actions.remind_about(question_id=question.pk, now=NOW)
    batch = mails(messages.REMINDER)
    assert messages.reminder_not_wanted(batch, NOW) == {}
    actions.open_question(question=question, by=cast.coordinator, now=NOW)
    assert set(messages.reminder_not_wanted(batch, NOW).values()) == {"another_due_date"}
    actions.put_out_of_scope(question=question, reason="No.", by=cast.coordinator, now=NOW)
    assert set(messages.reminder_not_wanted(batch, NOW).values()) == {"question_has_ended"}


def test_what_a_reminder_says(cast):
    question = cast.commissioned().question
    actions.remind_about(question_id=question.pk, now=NOW + timedelta(days=15))
    said = {message.person_id: words_of(message) for message in mails(messages.REMINDER)}
    assert "was due on Monday 16 November 2026 and is late" in said[cast.senior.pk]
    assert "It is yours to answer" in said[cast.senior.pk]
    assert f"{cast.senior.name} answers it for" in said[cast.coordinator.pk]


def test_a_reminder_of_an_answer_in_clearance_says_for_whom_it_waits(cast):
    question, roles = cast.commissioned().question, ["ig_lead", "dpo"]
    second = OrganisationFactory()
    PartnerFactory(programme=cast.programme, organisation=second)
    for role, organisation in zip(roles, (cast.organisation, second), strict=True):
        policies.name_holder(
            programme=cast.programme, organisation=organisation, role=role, person=PersonFactory(),
            by=cast.coordinator, now=NOW,
        )  # fmt: skip
    draft = actions.send_to_clearance(
        question=question, words="Yes", audience="public", roles=roles, by=cast.senior, now=NOW
    )
    holder = GovernanceHolder.objects.get(role="dpo").person
    actions.clear(clearance=draft.clearances.get(role="dpo"), by=holder, now=NOW)
    lead = OrganisationLeadFactory(organisation=cast.organisation).person
    actions.remind_about(question_id=question.pk, now=NOW + timedelta(days=15))
    said = {message.person_id: words_of(message) for message in mails(messages.REMINDER)}
    waits = f"waits to be cleared by: Information governance lead, {cast.organisation.name}. They are reminded too."
    assert f"Your answer is written, and {waits}" in said[cast.senior.pk]
    assert "It is yours to answer" not in said[cast.senior.pk]
    assert f"{waits} If somebody is away, name another holder" in said[cast.coordinator.pk]
    assert second.name not in said[cast.senior.pk], "who has cleared it is not waited for"
    assert waits in said[lead.pk]
    assert "name another holder" not in said[lead.pk], "who cannot do it is not told to"


def test_an_answered_question_is_closed_when_nobody_objects(cast):
    question = answered(cast).question
    assert actions.remind_about(question_id=question.pk, now=NOW + timedelta(days=13)) is False
    assert actions.remind_about(question_id=question.pk, now=NOW + timedelta(days=14)) is True
    question.refresh_from_db()
    assert (question.state, question.next_reminder_on) == (QuestionState.CLOSED, None)


@pytest.mark.parametrize("state", UNANSWERED)
def test_the_database_lets_no_question_fall_silent(cast, state):
    question = cast.commissioned().question
    with pytest.raises(IntegrityError), transaction.atomic():
        Question.objects.filter(pk=question.pk).update(state=state, next_reminder_on=None)


def test_the_database_wants_an_owner(cast):
    question = cast.commissioned().question
    with pytest.raises(IntegrityError), transaction.atomic():
        Question.objects.filter(pk=question.pk).update(owner=None)
