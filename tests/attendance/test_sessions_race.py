"""Two coordinators at once, on two real connections; and the same with the guards taken out."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import date

import pytest
from django.db import connection, transaction
from django.urls import reverse

import attendance.actions.sessions as actions
import attendance.actions.venues as venues
import briefings.actions.sessions as rows
from attendance.messages import sessions as messages
from attendance.models import CalendarEntry, Engagement
from attendance.views import sessions as views
from briefings.models import Part, Session, Slot
from history.refusals import Refused
from messaging.models import Message
from tests.attendance.places import NOW, a_place, a_programme, a_session
from tests.briefings.factories import AppointmentFactory, RoomFactory, VenueFactory
from tests.commitments.pages import signed_in
from tests.organisations.factories import PersonFactory

pytestmark = pytest.mark.django_db(transaction=True)
WITH = {"by": "clock", "now": NOW}


def at_once(*calls) -> list[str]:
    """Make ``calls`` on connections of their own, started together; return "done" or the refusal's name of each."""
    start = threading.Barrier(len(calls))

    def make(call) -> str:
        try:
            start.wait()
            call()
        except Refused as refusal:
            return refusal.code
        finally:
            connection.close()
        return "done"

    with ThreadPoolExecutor(len(calls)) as pool:
        return sorted(pool.map(make, calls))


def planning(room, programme):
    plan = actions.SessionPlan(date=date(2026, 11, 26), slot=Slot.MORNING, capacity=20, room=room)
    return lambda: actions.plan_session(programme=programme, plan=plan, **WITH)


def test_one_room_is_given_to_one_of_six():
    room, programme = RoomFactory(), a_programme()
    assert at_once(*[planning(room, programme)] * 6) == ["RoomTaken"] * 5 + ["done"]
    assert Session.objects.filter(room=room).count() == 1


def test_the_database_alone_keeps_a_room_from_two_sessions(monkeypatch):
    monkeypatch.setattr(rows, "room_in_use", lambda session: None)  # nobody looks first
    room, programme = RoomFactory(), a_programme()
    assert at_once(*[planning(room, programme)] * 4) == ["RoomTaken"] * 3 + ["done"]


@pytest.fixture
def without_constraint():
    """Take a constraint away for one test: ``without_constraint(table, name)``."""
    taken = []

    def take(table: str, name: str) -> None:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conname = %s", [name])
            taken.append((table, name, cursor.fetchone()[0]))
            cursor.execute(f"ALTER TABLE {table} DROP CONSTRAINT {name}")

    yield take
    Engagement.objects.all().delete()
    Session.objects.all().delete()
    for table, name, definition in taken:
        with connection.cursor() as cursor:
            cursor.execute(f"ALTER TABLE {table} ADD CONSTRAINT {name} {definition}")


def test_without_look_and_constraint_a_room_is_given_twice(monkeypatch, without_constraint):
    without_constraint("briefings_session", "room_in_one_session_at_a_time")
    monkeypatch.setattr(rows, "room_in_use", lambda session: None)
    room, programme = RoomFactory(), a_programme()
    assert at_once(*[planning(room, programme)] * 3) == ["done"] * 3


def giving(person, session):
    return lambda: actions.give_part(session=session, person=person, part=Part.PRESENTER, **WITH)


def two_sessions():
    programme = a_programme()
    return a_session(programme), a_session(programme)


def test_one_presenter_is_given_to_one_of_two_sessions():
    person, sessions = PersonFactory(), two_sessions()
    assert at_once(*(giving(person, session) for session in sessions)) == ["RunsAnotherSession", "done"]
    assert Engagement.objects.filter(person=person).count() == 1


def test_the_database_alone_keeps_a_presenter_from_two_sessions(monkeypatch):
    monkeypatch.setattr(actions, "elsewhere", lambda session, people: [])
    monkeypatch.setattr(actions, "lock_people", lambda ids: None)
    person, sessions = PersonFactory(), two_sessions()
    assert at_once(*(giving(person, session) for session in sessions)) == ["RunsAnotherSession", "done"]


def test_without_look_lock_and_constraint_a_presenter_is_in_two_places(monkeypatch, without_constraint):
    without_constraint("attendance_engagement", "nobody_in_two_places")
    monkeypatch.setattr(actions, "elsewhere", lambda session, people: [])
    monkeypatch.setattr(actions, "lock_people", lambda ids: None)
    person, sessions = PersonFactory(), two_sessions()
    assert at_once(*(giving(person, session) for session in sessions)) == ["done", "done"]


def test_a_move_and_a_new_part_at_the_same_time_leave_nobody_in_two_places():
    person, (here, there) = PersonFactory(), two_sessions()
    actions.change_session(session=there, date=date(2026, 12, 3), **WITH)
    actions.give_part(session=here, person=person, part=Part.PRESENTER, **WITH)
    moves = lambda: actions.change_session(session=here, date=date(2026, 12, 3), **WITH)  # noqa: E731
    assert at_once(moves, giving(person, there)) == ["RunsAnotherSession", "done"]
    with transaction.atomic():
        times = list(Engagement.objects.filter(person=person).values_list("during", flat=True))
    assert len(times) == len(set(times))


# --- a session comes into a venue while that has another address


@pytest.fixture
def coming():
    """Somebody with a place in a session that is about to come into the room of a venue, and that room."""
    place = a_place(a_session())
    return place, RoomFactory(venue=VenueFactory(address="1 Example Street"))


def _comes_in(place, room):
    try:
        actions.change_session(session=Session.objects.get(pk=place.session_id), room=room, **WITH)
    finally:
        connection.close()


def _entry(place) -> tuple[int, str]:
    """The number of the entry, and where the last news that would leave says the session is."""
    mails = Message.objects.filter(kind=messages.CHANGED, person=place.person).order_by("pk")
    told = [mail for mail in mails if not messages.not_wanted([mail], NOW)]
    return CalendarEntry.objects.get(person=place.person).sequence, messages.render(told[-1]).text if told else ""


@pytest.mark.parametrize("is_guarded", [True, False])
def test_a_session_that_came_in_while_people_were_being_locked_is_told_too(monkeypatch, coming, is_guarded):
    place, room = coming
    real, done = venues.lock_people, []

    def lock(people):
        real(people)
        if not done:  # the sessions there have been read, and this one was not among them
            done.append(True)
            with ThreadPoolExecutor(1) as pool:
                pool.submit(_comes_in, place, room).result(timeout=30)

    monkeypatch.setattr(venues, "lock_people", lock)
    if not is_guarded:  # what was read first is taken for all there is
        monkeypatch.setattr(venues, "_has_more", lambda sessions, known: False)
    told = venues.change_venue(venue=room.venue, changes={"address": "9 High Street"}, **WITH)
    assert (told, _entry(place)[0]) == ((1, 2) if is_guarded else (0, 1)), "the calendar keeps the old address without"
    if is_guarded:
        assert "9 High Street" in _entry(place)[1]


@pytest.mark.parametrize("is_guarded", [True, False])
def test_a_session_waits_to_come_in_until_the_new_address_stands(monkeypatch, coming, is_guarded):
    place, room = coming
    if not is_guarded:
        monkeypatch.setattr(rows, "stay_put", lambda room: None)
    real, seen = venues.rows.change_venue, []
    with ThreadPoolExecutor(1) as pool:

        def change(**own):
            real(**own)
            coming_in = pool.submit(_comes_in, place, room)
            last = time.monotonic() + 30
            while not (coming_in.done() or _somebody_waits_for_us() or time.monotonic() > last):
                pass
            assert time.monotonic() < last
            seen.append(coming_in.done())

        monkeypatch.setattr(venues.rows, "change_venue", change)
        assert venues.change_venue(venue=room.venue, changes={"address": "9 High Street"}, **WITH) == 0
    assert seen == [not is_guarded], "who is told of the old address meanwhile would keep it"
    assert "9 High Street" in _entry(place)[1]


@pytest.mark.parametrize("is_guarded", [True, False], ids=["as_it_is", "merged_before_the_lock"])
def test_of_two_who_change_the_places_each_keeps_their_answer(monkeypatch, is_guarded):
    session = a_session(capacity=10)
    second = AppointmentFactory(programme=session.programme, role="coordinator").person
    client, address = signed_in(second, fresh=True), reverse("attendance:session-seats", args=[session.pk])
    marks = client.get(address).context["form"]["was"].value()
    if not is_guarded:
        resize = actions.resize_session
        merged = {"capacity": 10, "reserved": 0}
        monkeypatch.setattr(views, "resize_session", lambda **given: resize(**merged | given))
    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            actions.lock_session(session)
            pressed = pool.submit(_post, client, address, {"capacity": "10", "reserved": "2", "was": marks})
            last = time.monotonic() + 30
            while not (pressed.done() or _somebody_waits_for_us() or time.monotonic() > last):
                pass
            actions.resize_session(session=session, capacity=12, **WITH)
        assert pressed.result().status_code == 302
    session.refresh_from_db()
    assert (session.capacity, session.reserved) == (12 if is_guarded else 10, 2)


def test_of_two_who_change_the_places_the_second_is_held_to_the_rule():
    session = a_session(capacity=10)
    fewer = lambda: actions.resize_session(session=session, capacity=2, **WITH)  # noqa: E731
    kept = lambda: actions.resize_session(session=session, reserved=5, **WITH)  # noqa: E731
    assert at_once(fewer, kept) == ["ReserveTooLarge", "done"]


def _post(client, address: str, said: dict):
    try:
        return client.post(address, said)
    finally:
        connection.close()


def _somebody_waits_for_us() -> bool:
    with connection.cursor() as cursor:
        # pg_stat_activity is read once in a transaction.
        cursor.execute("SELECT bool_or(pg_backend_pid() = ANY (pg_blocking_pids(pid))) FROM pg_locks WHERE NOT granted")
        return cursor.fetchone()[0]
