"""check_invariants finds what it is for: each promise is broken behind the back of the constraints."""

from datetime import timedelta

import pytest
from django.core.management import call_command
from django.db import connection

from attendance.actions.needs import set_access_need
from attendance.invariants import every_check, findings
from attendance.models import AccessNeed, CalendarEntry, Engagement, Place, SeatCount
from briefings.models import Session
from tests.attendance.places import NOW, a_place, a_session, another_day, fill

pytestmark = pytest.mark.django_db


def wrong() -> list[str]:
    return [check.promise for check, found in findings() if found]


def without(table: str, *constraints: str) -> None:
    """Take constraints (or unique indexes) of ``table`` away inside this test's transaction."""
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        for name in constraints:
            cursor.execute(f'ALTER TABLE {table} DROP CONSTRAINT IF EXISTS "{name}"')
            cursor.execute(f'DROP INDEX IF EXISTS "{name}"')


@pytest.fixture
def session():
    """A full session of two seats with two people in line."""
    session = a_session(capacity=2)
    fill(session)
    a_place(session)
    a_place(session)
    return session


def test_all_is_well_after_ordinary_days(session, capsys):
    call_command("check_invariants")
    said = capsys.readouterr().out
    assert sum(line.startswith("kept ") for line in said.splitlines()) == len(every_check())
    assert said.endswith("Everything is kept.\n")


def test_a_finding_is_named_and_the_exit_status_is_two(session, capsys):
    SeatCount.objects.update(taken=1)
    with pytest.raises(SystemExit) as ended:
        call_command("check_invariants")
    assert ended.value.code == 2
    assert f"session {session.pk}: the counter says 1, the places say 2" in capsys.readouterr().out


def overbooked(session):
    without("attendance_seatcount", "seats_taken_within_capacity")
    SeatCount.objects.update(capacity=1)
    Session.objects.update(capacity=1)


def other_capacity(session):
    Session.objects.update(capacity=3)


def no_counter(session):
    SeatCount.objects.filter(session=another_day(session.programme)).delete()


def twice_in_one_session(session):
    without("attendance_place", "place_once_per_session")
    first, second = Place.objects.in_line()
    Place.objects.filter(pk=second.pk).update(person=first.person)


def two_seats_in_a_programme(session):
    place = a_place(another_day(session.programme))
    Place.objects.filter(pk=place.pk).update(person=Place.objects.seated().first().person)


def in_two_places(session):
    without("attendance_engagement", "nobody_in_two_places")
    other = a_session()
    person = Place.objects.seated().first().person
    Engagement.objects.create(person=person, session=other, during=other.during)


def not_engaged(session):
    Engagement.objects.all().delete()


def two_sessions_in_a_room(session):
    without("briefings_session", "room_in_one_session_at_a_time")
    a_session(room=session.room)


def number_twice(session):
    without("attendance_place", "place_line_in_order")
    Place.objects.in_line().update(number_in_line=1)


def line_turned_round(session):
    without("attendance_place", "place_line_in_order")
    first, second = Place.objects.in_line()
    Place.objects.filter(pk=first.pk).update(number_in_line=2)
    Place.objects.filter(pk=second.pk).update(number_in_line=1)


def waits_with_a_seat(session):
    place = a_place(another_day(session.programme, capacity=1))
    Place.objects.filter(pk=Place.objects.in_line().last().pk).update(person=place.person)


def places_in_a_cancelled_session(session):
    Session.objects.update(state="cancelled")


def no_entry(session):
    CalendarEntry.objects.update(is_cancelled=True)


def message_twice(session):
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT conname FROM pg_constraint WHERE conrelid = 'messaging_message'::regclass AND contype = 'u'"
        )
        names = [row[0] for row in cursor.fetchall()]
        without("messaging_message", *names)
        cursor.execute("UPDATE messaging_message SET key = 'the same'")


def need_left_behind(session):
    place = Place.objects.seated().first()
    set_access_need(place=place, words="Hearing loop", welsh=False, by=place.person, now=NOW)
    AccessNeed.objects.update(delete_on=NOW.date() - timedelta(days=400))
    Place.objects.filter(pk=place.pk).update(state="ended", closed_at=NOW, limit_key=None)


@pytest.mark.parametrize(
    ("break_it", "promise"),
    [
        (overbooked, "No session has more taken seats than it has seats"),
        (other_capacity, "A session and its counter have the same number of seats"),
        (no_counter, "Every open session has a counter"),
        (twice_in_one_session, "Nobody has two places in one session"),
        (two_seats_in_a_programme, "Nobody has two seats in a programme of one place"),
        (in_two_places, "Nobody is in two places at the same time"),
        (not_engaged, "Whoever holds a booked place is engaged then"),
        (two_sessions_in_a_room, "No room is in two sessions at the same time"),
        (number_twice, "The waiting list has each number once and knows its last"),
        (line_turned_round, "The waiting list keeps the order in which people came"),
        (waits_with_a_seat, "Nobody waits in a programme of one place in which they have a seat"),
        (places_in_a_cancelled_session, "A cancelled session has no places"),
        (no_entry, "A booked place has a calendar entry that stands"),
        (message_twice, "Each message has one key"),
        (need_left_behind, "What is needed to take part belongs to a place that lives"),
    ],
)
def test_each_broken_promise_is_found(session, break_it, promise):
    assert wrong() == []
    break_it(session)
    assert promise in wrong()
