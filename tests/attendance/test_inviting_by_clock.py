"""What the timetable does for inviting."""

from datetime import UTC, datetime

import pytest

from attendance.actions import invitations as actions
from attendance.models import Invitation, InvitationRound, RoundState
from attendance.tasks import remind_invited, write_rounds
from messaging.models import Message
from tests.attendance.inviting import a_programme, a_round, a_written_round, has_left
from tests.briefings.factories import NOW
from tests.desk.test_reach import walk_in

pytestmark = pytest.mark.django_db


@pytest.fixture
def invited():
    """A programme whose one invitation left on 2 November 2026; its first reminder is due on the 9th, a Monday."""
    programme = a_programme(people=1)
    a_written_round(programme)
    has_left(Invitation.objects.get())
    return programme


@pytest.mark.parametrize(
    ("moment", "count"),
    [
        (datetime(2026, 11, 9, 8, 59, tzinfo=UTC), 0),
        (datetime(2026, 11, 9, 9, 0, tzinfo=UTC), 1),
        (datetime(2026, 11, 9, 16, 59, tzinfo=UTC), 1),
        (datetime(2026, 11, 9, 17, 0, tzinfo=UTC), 0),
        (datetime(2026, 11, 14, 10, 0, tzinfo=UTC), 0),  # a Saturday
        (datetime(2026, 11, 11, 3, 0, tzinfo=UTC), 0),
    ],
)
def test_reminders_come_in_working_hours(invited, moment, count):
    assert actions.remind_where_at_work(now=moment) == count


def test_hours_and_holidays_are_those_of_the_programme(invited):
    invited.zone, invited.nation = "America/New_York", "scotland"
    invited.save(update_fields=["zone", "nation"])
    assert actions.remind_where_at_work(now=datetime(2026, 11, 9, 9, 0, tzinfo=UTC)) == 0
    assert actions.remind_where_at_work(now=datetime(2026, 11, 9, 14, 0, tzinfo=UTC)) == 1
    # St Andrew's Day moves to Monday 30 November 2026; a person invited meanwhile waits a day longer.
    Invitation.objects.update(reminded_step=0)
    Message.objects.filter(kind="attendance.invitation_reminder").delete()
    invited.sessions.update(date=datetime(2026, 12, 18, tzinfo=UTC).date())
    session = invited.sessions.get()
    session.save()
    assert actions.remind_where_at_work(now=datetime(2026, 11, 30, 15, 0, tzinfo=UTC)) == 0
    assert actions.remind_where_at_work(now=datetime(2026, 12, 1, 15, 0, tzinfo=UTC)) == 1


def test_every_waiting_round_is_written(monkeypatch):
    monkeypatch.setattr("django.utils.timezone.now", lambda: NOW)
    for programme in (a_programme(people=2), a_programme(people=1)):
        a_round(programme)
    assert write_rounds() == 3
    assert set(InvitationRound.objects.values_list("state", flat=True)) == {RoundState.SENDING}
    assert write_rounds() == 0


def test_the_task_reminds_now(invited, monkeypatch):
    monkeypatch.setattr("django.utils.timezone.now", lambda: datetime(2026, 11, 9, 10, 0, tzinfo=UTC))
    assert remind_invited() == 1
    assert remind_invited() == 0


def test_who_walked_in_meanwhile_is_not_reminded(invited):
    own = Invitation.objects.get()
    came = walk_in(invited.sessions.get(), invited.partners.get().organisation, own.person)
    assert actions.remind_where_at_work(now=datetime(2026, 11, 9, 10, 0, tzinfo=UTC)) == 0
    came.delete()
    assert actions.remind_where_at_work(now=datetime(2026, 11, 9, 10, 0, tzinfo=UTC)) == 1
