"""One calendar for all that is owed in a programme; and no change of it moves a date that was counted."""

from datetime import date, timedelta

import pytest

from commitments.actions import assurances
from commitments.actions import questions as actions
from commitments.actions.outputs import note_output
from commitments.actions.policies import close_on
from commitments.models import Assurance, Question
from commitments.queries.questions import clock_steps
from commitments.tasks import remind_due
from messaging import working_days
from tests.briefings.factories import SessionFactory
from tests.commitments.factories import NOW, Cast

pytestmark = pytest.mark.django_db
CLOSED = (date(2026, 11, 19), date(2026, 11, 20))
"""A Thursday and a Friday. Without them two working days before Monday the 23rd is Thursday the 19th."""


@pytest.fixture
def cast() -> Cast:
    made = Cast()
    for day in CLOSED:
        close_on(programme=made.programme, day=day, why="Moving house", by=made.coordinator, now=NOW)
    return made


def test_promises_and_actions_are_reminded_of_by_the_programmes_own_closure_days(cast):
    own = assurances.note_assurance(
        mandate=cast.mandate, words="We will", due_on=date(2026, 11, 23), for_everybody=True, by=cast.senior, now=NOW
    )
    session = SessionFactory(programme=cast.programme, kind="workshop", state="held")
    action = note_output(
        session=session, kind="action", words="Ask", owner=cast.senior, due_on=date(2026, 11, 23), by=cast.coordinator,
        now=NOW,
    )  # fmt: skip
    assert (own.next_reminder_on, action.next_reminder_on) == (date(2026, 11, 17), date(2026, 11, 17))


def test_what_a_scribe_noted_waits_ten_days_on_which_offices_are_open(cast, time_machine):
    noted = NOW + timedelta(days=7)  # Monday the 9th: ten working days later is the 23rd, here the 25th
    time_machine.move_to(noted, tick=False)
    own = assurances.note_assurance(
        mandate=cast.mandate, words="We will", due_on=date(2027, 3, 1), for_everybody=True, by=cast.coordinator,
        now=noted,
    )  # fmt: skip
    for day, state in ((24, "noted"), (25, "noted"), (26, "lapsed")):
        time_machine.move_to(noted.replace(day=day), tick=False)
        for _ in range(3):  # a reminder of each day that has passed
            remind_due()
        assert Assurance.objects.get(pk=own.pk).state == state, day


@pytest.mark.parametrize("change", ["another holiday", "a holiday less", "no holidays at all"])
def test_what_is_past_keeps_its_dates_whatever_is_known_of_holidays_later(cast, monkeypatch, time_machine, change):
    """Answered late over St Andrew's Day in Scotland: late it stays, and how it was counted is still shown."""
    cast.programme.nation = "scotland"
    cast.programme.save()
    asked = NOW.replace(day=17)
    time_machine.move_to(asked, tick=False)
    question = cast.commissioned(now=asked).question
    question.refresh_from_db()
    assert (question.due_on, question.due_left_out) == (
        date(2026, 12, 4), ["2026-11-19", "2026-11-20", "2026-11-30"]
    )  # fmt: skip
    late = NOW.replace(month=12, day=7)
    time_machine.move_to(late, tick=False)
    actions.publish_answer(question=question, words="Yes", audience="asker", by=cast.senior, now=late)
    before = Question.objects.filter(pk=question.pk).values()[0]
    steps = clock_steps(Question.objects.get(pk=question.pk))
    known = working_days.holidays

    def other(year: int, nation: str) -> frozenset[date]:
        if change == "no holidays at all":
            return frozenset()
        moved = {date(2026, 12, 1)} if change == "another holiday" else set()
        return known(year, nation) | moved if moved else known(year, nation) - {date(2026, 11, 30)}

    monkeypatch.setattr(working_days, "holidays", other)
    remind_due()
    assert Question.objects.filter(pk=question.pk).values()[0] == before
    assert before["answered_on"] > before["due_on"]
    shown = clock_steps(Question.objects.get(pk=question.pk))
    assert [step for step in shown if step.startswith(("Day", "Counted"))] == [
        step for step in steps if step.startswith(("Day", "Counted"))
    ]
