"""check_invariants finds what it is for: each promise about questions, promises and actions is broken behind the back
of the constraints.
"""

from datetime import date, timedelta

import pytest
from django.db import transaction
from django.db.models import F

from attendance.invariants import findings
from briefings.models import SessionKind
from commitments.actions import assurances, policies
from commitments.actions import questions as actions
from commitments.actions.outputs import note_output
from commitments.invariants import CHECKS
from commitments.models import Asker, Assurance, AssuranceState, Clearance, ClockChange, Commission, Output, Question
from commitments.queries.counting import recountable
from tests.attendance.test_invariants import without
from tests.briefings.factories import SessionFactory
from tests.commitments.factories import NOW, Cast
from tests.organisations.factories import PersonFactory

pytestmark = pytest.mark.django_db
LATER = NOW + timedelta(days=1)


def wrong() -> set[str]:
    return {check.promise for check, found in findings() if found}


class Town:
    """One of everything as it stands after ordinary days."""

    def __init__(self) -> None:
        self.cast = cast = Cast()
        by = {"by": cast.coordinator, "now": NOW}
        self.raised = cast.question()
        made = cast.commissioned()
        actions.accept_commission(commission=made, by=cast.senior, now=NOW)
        self.accepted = made.question
        self.moved = cast.commissioned().question
        actions.extend(question=self.moved, due_on=date(2026, 12, 1), reason="Longer", **by)
        actions.pause_clock(question=self.moved, until=date(2026, 11, 20), reason="We wait", **by)
        actions.resume_clock(question=self.moved, by=cast.coordinator, now=LATER)
        self.paused = cast.commissioned().question
        actions.pause_clock(question=self.paused, until=date(2026, 11, 20), reason="We wait", **by)
        policies.name_holder(
            programme=cast.programme, organisation=cast.organisation, role="dpo", person=PersonFactory(), **by
        )
        self.clearing = cast.commissioned().question
        words = {"words": "Yes", "audience": "public", "now": NOW}
        actions.send_to_clearance(question=self.clearing, roles=["dpo"], by=cast.senior, **words)
        self.answered = cast.commissioned().question
        actions.publish_answer(question=self.answered, by=cast.coordinator, **words)
        asker = Asker.objects.get(question=self.answered)
        actions.say_unanswered(asker=asker, by=asker.person, now=NOW)
        actions.publish_answer(question=self.answered, by=cast.senior, **words)
        self.merged = cast.question()
        actions.merge(question=self.merged, into=self.accepted, **by)
        parted = cast.commissioned().question
        actions.extend(question=parted, due_on=date(2026, 12, 1), reason="Longer", **by)
        actions.merge(question=parted, into=self.accepted, **by)
        actions.part(question=parted, **by)
        self.anonymous = cast.question(asked_as="nobody")
        promise = {"mandate": cast.mandate, "due_on": date(2026, 12, 1), "for_everybody": True, "now": NOW}
        first = assurances.note_assurance(words="We will", by=cast.senior, **promise)
        self.promised = assurances.note_assurance(words="We shall", replaces=first, by=cast.senior, **promise)
        kept = assurances.note_assurance(words="We do", by=cast.senior, **promise)
        assurances.propose_kept(assurance=kept, evidence="The rota", by=cast.senior, now=NOW)
        self.kept = assurances.confirm_kept(assurance=kept, **by)
        session = SessionFactory(programme=cast.programme, kind=SessionKind.WORKSHOP, state="held")
        note_output(session=session, kind="action", words="Ask", owner=cast.senior, due_on=date(2026, 12, 1), **by)


def of(row):
    return type(row).objects.filter(pk=row.pk)


def no_reminder(town):
    without("commitments_question", "question_never_silent")
    of(town.raised).update(next_reminder_on=None)


def no_owner(town):
    without("commitments_question", "question_has_owner")
    of(town.accepted).update(owner=None)


def asked_of_another(town):
    Commission.objects.filter(question=town.accepted).update(person=PersonFactory())


def another_date(town):
    of(town.moved).update(due_on=date(2026, 12, 24))


def a_gap_in_the_ledger(town):
    ClockChange.objects.filter(question=town.moved, kind="paused").update(due_before=date(2026, 11, 3))


def miscounted(town):
    of(town.accepted).update(due_on=F("due_on") + timedelta(days=1))


def a_holiday_that_was_not_left_out(town):
    of(town.accepted).update(due_left_out=["2026-11-11"])


def paused_for_ever(town):
    of(town.paused).update(next_reminder_on=date(2027, 11, 20))


def joined_in_a_row(town):
    of(town.accepted).update(state="merged", merged_into=town.moved.pk, next_reminder_on=None)


def joined_in_a_circle(town):
    of(town.accepted).update(state="merged", merged_into=town.merged.pk, next_reminder_on=None)


def joined_elsewhere(town):
    of(town.merged).update(merged_into=Cast().question().pk)


def answered_by_nothing(town):
    town.answered.answers.all().delete()


def nobody_to_tell(town):
    Asker.objects.filter(question=town.accepted).delete()


def somebody_anonymous(town):
    Asker.objects.create(question=town.anonymous, person=PersonFactory())


def nobody_clears(town):
    Clearance.objects.update(state="ended")


def nobody_keeps(town):
    without("commitments_assurance", "assurance_kept_by_somebody_or_asked_for")
    of(town.promised).update(keeper=None)


def confirmed_alone(town):
    without("commitments_assurance", "assurance_kept_confirmed_by_another")
    of(town.kept).update(confirmed_by=F("proposed_by"))


def replaced_by_nothing(town):
    Assurance.objects.filter(pk=town.promised.pk).update(replaces=None)


def replaced_and_standing(town):
    Assurance.objects.filter(state="superseded").update(state=AssuranceState.GIVEN, next_reminder_on=date(2026, 12, 1))


def action_without_reminder(town):
    without("commitments_output", "output_action_never_silent")
    Output.objects.update(next_reminder_on=None)


OWED, OWNER, ASKED, LEDGER, CHAIN, COUNT, PAUSED, JOINED, ANSWER, TOLD, CLEARS, KEEPER, KEPT, VERSIONS, ACTION = (
    check.promise for check in CHECKS
)


BROKEN = [
    (no_reminder, OWED),
    (no_owner, OWNER),
    (asked_of_another, ASKED),
    (another_date, LEDGER),
    (a_gap_in_the_ledger, CHAIN),
    (miscounted, COUNT),
    (a_holiday_that_was_not_left_out, COUNT),
    (paused_for_ever, PAUSED),
    (joined_in_a_row, JOINED),
    (joined_in_a_circle, JOINED),
    (joined_elsewhere, JOINED),
    (answered_by_nothing, ANSWER),
    (nobody_to_tell, TOLD),
    (somebody_anonymous, TOLD),
    (nobody_clears, CLEARS),
    (nobody_keeps, KEEPER),
    (confirmed_alone, KEPT),
    (replaced_by_nothing, VERSIONS),
    (replaced_and_standing, VERSIONS),
    (action_without_reminder, ACTION),
]


def test_each_broken_promise_is_found():
    town = Town()
    assert wrong() == set()
    for break_it, promise in BROKEN:
        with transaction.atomic():
            break_it(town)
            assert promise in wrong(), break_it.__name__
            transaction.set_rollback(True)
    assert {promise for _, promise in BROKEN} == {check.promise for check in CHECKS}


def test_an_extension_from_before_it_was_joined_counts_no_more_once_it_is_parted():
    """It begins anew from the day it was asked: today's calendar must not offer the old extension again."""
    town = Town()
    parted = Question.objects.get(clock_changes__kind="begun")
    assert (parted.due_on, parted.state) == (date(2026, 11, 16), "open")
    assert parted not in recountable(town.cast.programme)


def test_who_gets_a_question_back_that_somebody_else_had_answered_for_them_may_still_decline_it():
    cast = Cast()
    made = cast.commissioned()
    actions.publish_answer(question=made.question, words="Yes", audience="asker", by=cast.coordinator, now=NOW)
    asker = Asker.objects.get(question=made.question)
    assert actions.say_unanswered(asker=asker, by=asker.person, now=NOW).state == "accepted"
    made.refresh_from_db()
    actions.decline_commission(commission=made, reason="Not mine", by=cast.senior, now=LATER)
    assert Question.objects.get(pk=made.question_id).state == "open"
