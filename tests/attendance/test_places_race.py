"""Locks on places in the order of the house, on real connections: counters by id, then people, then places."""

import contextlib
import threading
import time
import uuid
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta

import pytest
from django.db import IntegrityError, OperationalError, connection, transaction

from accounts.models import Person
from attendance.actions import handovers, moves, places, register, replacing, sessions, swaps, teams
from attendance.actions.engagements import lock_people, lock_seats
from attendance.actions.line import promote
from attendance.models import BookingRules, Handover, Place, PlaceState, SeatCount, Team, TeamRule
from attendance.queries.sessions import people_of
from history.refusals import Refused
from messaging.models import Message
from tests.attendance.places import NOW, a_place, a_practitioner, a_programme, a_session, another_day, partner_of
from tests.attendance.registers import half_way

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def waiting_twice():
    """The two places of somebody who waits in two sessions, as a colleague does; a seat is free in each by now."""
    programme = a_programme()
    here, there = a_session(programme, capacity=1), another_day(programme, capacity=1)
    a_place(here)
    a_place(there)
    one, colleague = a_practitioner(programme), a_practitioner(programme)
    waits = [a_place(session, one) for session in (here, there)]
    for session in (here, there):
        a_place(session, colleague)
    SeatCount.objects.update(capacity=2)
    return waits


def give_up_while_seated(here: Place, there: Place) -> list[str]:
    """Give up ``here`` while ``there`` moves up, and return how each ended."""
    return while_seated(there, lambda: places.give_up_place(place=here, by=here.person, now=NOW))


def while_seated(there: Place, act) -> list[str]:
    """Do ``act`` while ``there`` moves up, and return how each ended."""
    locked = threading.Event()

    def move_up() -> None:
        with transaction.atomic():
            seats = lock_seats(there.session)
            lock_people(Place.objects.in_line().filter(session=there.session).values_list("person", flat=True))
            locked.set()
            wait_until_somebody_waits()
            promote(there.session, seats, NOW)

    def meanwhile() -> None:
        assert locked.wait(10)
        act()

    def make(call) -> str:
        try:
            call()
        except (Refused, OperationalError) as error:
            return type(error).__name__
        finally:
            connection.close()
        return "done"

    with ThreadPoolExecutor(2) as pool:
        return list(pool.map(make, (move_up, meanwhile)))


def wait_until_somebody_waits() -> None:
    limit = time.monotonic() + 10
    with connection.cursor() as cursor:
        while time.monotonic() < limit:
            cursor.execute(
                "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
            )
            if cursor.fetchone()[0]:
                return
            cursor.execute("SELECT pg_stat_clear_snapshot()")
            time.sleep(0.02)
    raise AssertionError("nobody waits for a lock")


def test_who_gives_up_waiting_while_they_are_seated_elsewhere_has_that_seat(waiting_twice):
    here, there = waiting_twice
    assert give_up_while_seated(here, there) == ["done", "PlaceHasEnded"]
    here.refresh_from_db()
    there.refresh_from_db()
    assert (there.state, here.state, here.closed_reason) == (PlaceState.BOOKED, PlaceState.ENDED, "seated_elsewhere")


def test_with_the_place_locked_before_the_people_both_wait_for_ever(waiting_twice, monkeypatch):
    monkeypatch.setattr(places, "lock_with_line", lambda session, *people: None)
    assert "OperationalError" in give_up_while_seated(*waiting_twice)


def told_of_the_end(here: Place, there: Place) -> bool:
    """Cancel the session of ``here`` while ``there`` moves up; return whether its person is told of the end."""

    def cancel() -> None:
        sessions.cancel_session(session=here.session, reason="Flood", by="clock", now=NOW)

    assert while_seated(there, cancel) == ["done", "done"]
    return Message.objects.filter(kind="attendance.session_cancelled", person=here.person).exists()


def test_who_is_seated_elsewhere_meanwhile_is_not_told_that_what_they_waited_for_is_cancelled(waiting_twice):
    assert not told_of_the_end(*waiting_twice)


def test_asked_before_the_locks_alone_they_are(waiting_twice, monkeypatch):
    def once(session):
        people = people_of(session)
        lock_people(people.everybody)
        return people

    monkeypatch.setattr(sessions, "lock_everybody", once)
    assert told_of_the_end(*waiting_twice)


def reopened_while_choosing() -> list[str]:
    """Reopen a register while somebody who was absent takes another date; return how each ended."""
    programme = a_programme()
    session, other = a_session(programme), another_day(programme)
    place, day = a_place(session), half_way(session)
    register.close_register(session=session, by="clock", now=day)
    booked = threading.Event()

    def choose() -> None:
        with transaction.atomic():
            a_place(other, place.person, now=day)
            booked.set()
            wait_until_somebody_waits()

    def reopen() -> None:
        assert booked.wait(10)
        register.reopen_register(session=session, reason="A mistake", by="clock", now=day)

    def make(act) -> str:
        try:
            act()
        except IntegrityError as error:
            return error.__cause__.diag.constraint_name
        finally:
            connection.close()
        return "done"

    with ThreadPoolExecutor(2) as pool:
        return list(pool.map(make, (choose, reopen)))


def test_who_chooses_another_date_while_the_register_is_reopened_keeps_that_one():
    assert reopened_while_choosing() == ["done", "done"]
    assert Place.objects.get(limit_key__isnull=False).session.date > Place.objects.order_by("pk")[0].session.date


def test_without_the_lock_on_who_was_absent_it_cannot_be_reopened(monkeypatch):
    monkeypatch.setattr(register, "lock_people", lambda people: None)
    assert reopened_while_choosing() == ["done", "attendance_place_limit_key_key"]


def test_a_late_yes_and_the_clock_pass_the_seat_on_once():
    programme = a_programme()
    BookingRules.objects.create(programme=programme, offer_days=365, offer_hours=24)
    session = a_session(programme, capacity=1)
    seated, late, following, last = (a_place(session) for _ in range(4))
    places.give_up_place(place=seated, by=seated.person, now=NOW)
    limit = NOW + timedelta(hours=24)
    both = threading.Barrier(2)

    def make(act) -> str:
        both.wait(10)
        try:
            return str(act(place=late, by="clock", now=limit))
        except Refused as refusal:
            return type(refusal).__name__
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as pool:
        said, _ = pool.map(make, (places.accept_offer, places.lapse_offer))
    assert said == "OfferIsOver"
    states = [Place.objects.get(pk=place.pk).state for place in (late, following, last)]
    assert states == [PlaceState.ENDED, PlaceState.OFFERED, PlaceState.WAITING]
    assert Message.objects.filter(kind="attendance.place_offered").count() == 2
    assert SeatCount.objects.get(session=session).taken == 1


def test_a_swap_locks_the_counter_of_the_lower_id_first_whatever_the_dates():
    programme = a_programme()
    lower, higher = another_day(programme), a_session(programme)
    assert lower.pk < higher.pk
    assert lower.date > higher.date
    place = a_place(lower)

    def swap() -> None:
        try:
            swaps.change_place(place=place, to=higher, by=place.person, now=NOW)
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            lock_seats(lower)
            swapping = pool.submit(swap)
            wait_until_somebody_waits()
            # Nobody holds the other one yet: else two swaps could wait for each other.
            SeatCount.objects.select_for_update(nowait=True).get(session=higher)
        swapping.result(20)
    assert Place.objects.seated().get(person=place.person).session == higher


def locks_while_an_offer_ends(act=lambda session, person, now: a_place(session, person, now=now)) -> None:
    """Book another date while holding an offer that is over, whose counter is held; raises where the new one is too.

    ``act`` books the session for the person.
    """
    programme = a_programme()
    BookingRules.objects.create(programme=programme, offer_days=365, offer_hours=24)
    lower, higher = a_session(programme, capacity=1), another_day(programme)
    assert lower.pk < higher.pk
    seated, late, following = (a_place(lower) for _ in range(3))
    third = another_day(programme, capacity=1, date=higher.date + timedelta(days=7))
    a_place(third)
    a_place(third, late.person)
    places.give_up_place(place=seated, by=seated.person, now=NOW)

    def book() -> None:
        try:
            act(higher, late.person, NOW + timedelta(hours=24))
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            lock_seats(lower)
            booking = pool.submit(book)
            wait_until_somebody_waits()
            SeatCount.objects.select_for_update(nowait=True).get(session=higher)
            list(Place.objects.select_for_update(nowait=True, of=("self",)).filter(pk__in=[late.pk, following.pk]))
            lock_people([late.person_id, following.person_id])
        booking.result(20)
    assert Place.objects.seated().get(person=late.person).session == higher
    assert Place.objects.get(pk=following.pk).state == PlaceState.OFFERED


def test_who_books_while_an_offer_of_theirs_ends_locks_both_counters_in_the_order_of_their_ids():
    locks_while_an_offer_ends()


def book_with_a_team(session, person, now) -> None:
    teams.book_team(
        session=session, organisation=partner_of(session.programme), people=[person], unnamed=0, rule=TeamRule.FIT,
        names_until=None, press=uuid.uuid4(), by="clock", now=now,
    )  # fmt: skip


def name_by_the_lead(session, person, now) -> None:
    team = teams.book_team(
        session=session, organisation=partner_of(session.programme), people=[], unnamed=1, rule=TeamRule.FIT,
        names_until=session.date, press=uuid.uuid4(), by="clock", now=NOW,
    )  # fmt: skip
    teams.name_places(team=team, people=[person], by="clock", now=now)


def move_by_the_coordinator(session, person, now) -> None:
    waits = Place.objects.select_related("session").get(person=person, state=PlaceState.WAITING)
    moves.move_people(
        session=waits.session, to=session, places=[waits], all_or_nobody=True, from_reserve=False, fewer=False,
        words="", by="clock", now=now,
    )  # fmt: skip


@pytest.mark.parametrize("act", [book_with_a_team, name_by_the_lead, move_by_the_coordinator])
def test_who_is_booked_while_an_offer_of_theirs_ends_has_every_counter_locked_in_the_order_of_their_ids(act):
    locks_while_an_offer_ends(act)


@pytest.mark.parametrize("act", [book_with_a_team, name_by_the_lead, move_by_the_coordinator])
def test_with_the_counter_of_the_offer_left_for_later_the_new_one_is_held_first(monkeypatch, act):
    module = moves if act is move_by_the_coordinator else teams
    locks, own = module.lock_both, 2 if act is move_by_the_coordinator else 1
    monkeypatch.setattr(module, "lock_both", lambda *ids: locks(*ids[:own]))
    with pytest.raises(OperationalError):
        locks_while_an_offer_ends(act)


def test_without_letting_go_the_new_counter_is_held_first(monkeypatch):
    monkeypatch.setattr(places, "let_go", lambda: None)
    with pytest.raises(OperationalError):
        locks_while_an_offer_ends()


def locks_while_an_offer_ends_by_a_handover(monkeypatch, end_offer_first) -> None:
    """Take over a place while holding an offer that is over; somebody holds the holder as soon as that is found.

    Raises where the one who takes holds others by then.
    """
    found, held = threading.Event(), threading.Event()

    def end_when_held(*args, **how) -> None:
        found.set()
        assert held.wait(10)
        end_offer_first(*args, **how)

    monkeypatch.setattr(handovers, "end_offer_first", end_when_held)
    programme = a_programme()
    BookingRules.objects.create(programme=programme, offer_days=365, offer_hours=24)
    here, there = a_session(programme, capacity=1), a_session(programme, date=date(2026, 12, 10))
    holder, seated = a_place(there), a_place(here)
    late, following = a_place(here), a_place(here)
    places.give_up_place(place=seated, by=seated.person, now=NOW)
    asked = handovers.ask_colleague(place=holder, email=late.person.email, by=holder.person, now=NOW)

    def take() -> None:
        try:
            with transaction.atomic():  # as a press does
                handovers.take_over(handover=asked, by=late.person, now=NOW + timedelta(hours=24))
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as pool:
        taking = pool.submit(take)
        assert found.wait(10)
        with transaction.atomic():
            lock_people([holder.person_id])
            held.set()
            wait_until_somebody_waits()
            others = Person.objects.filter(pk__in=[late.person_id, following.person_id])
            list(others.select_for_update(nowait=True, no_key=True, of=("self",)))
        taking.result(20)
    assert Place.objects.seated().get(person=late.person).session == there
    assert Place.objects.get(pk=following.pk).state == PlaceState.OFFERED


def test_who_takes_over_while_an_offer_of_theirs_ends_locks_everybody_together(monkeypatch):
    locks_while_an_offer_ends_by_a_handover(monkeypatch, places.end_offer_first)


def test_with_the_holder_locked_for_themselves_others_are_held_before(monkeypatch):
    def without_others(*args, others, **how) -> None:
        places.end_offer_first(*args, **how)

    with pytest.raises(OperationalError):
        locks_while_an_offer_ends_by_a_handover(monkeypatch, without_others)


def replaced_at_once(monkeypatch) -> list[str]:
    """Let two leads replace one colleague by two others at the same moment; return how each ended."""
    session = a_session(capacity=1)
    place = a_place(session)
    team = Team.objects.create(
        session=session, organisation=place.organisation, rule=TeamRule.FIT, press=uuid.uuid4(), made_at=NOW
    )
    Place.objects.update(team=team)
    others = [a_practitioner(session.programme) for _ in range(2)]
    both, first = threading.Barrier(2), replacing.lock_place

    def look_together(place: Place) -> Place:
        found = first(place)
        with contextlib.suppress(threading.BrokenBarrierError):  # the other waits for our lock: the guard at work
            both.wait(1)
        return found

    monkeypatch.setattr(replacing, "lock_place", look_together)

    def replace(colleague: Person) -> str:
        try:
            replacing.replace_colleague(place=place, colleague=colleague, by="clock", now=NOW)
        except (Refused, IntegrityError) as error:
            return type(error).__name__
        finally:
            connection.close()
        return "done"

    with ThreadPoolExecutor(2) as pool:
        return sorted(pool.map(replace, others))


def test_of_two_who_replace_one_colleague_at_once_the_second_is_told(monkeypatch):
    assert replaced_at_once(monkeypatch) == ["PlaceHasEnded", "done"]
    assert Place.objects.seated().count() == 1


def test_without_the_locks_both_find_the_place_there(monkeypatch):
    monkeypatch.setattr(replacing, "lock_both", lambda *ids: {pk: SeatCount.objects.get(pk=pk) for pk in ids})
    monkeypatch.setattr(replacing, "lock_people", lambda ids: None)
    monkeypatch.setattr(replacing, "lock_place", lambda own: Place.objects.select_related("session").get(pk=own.pk))
    assert replaced_at_once(monkeypatch) != ["PlaceHasEnded", "done"]


def declined_meanwhile() -> str:
    """Take a request back while the colleague declines it; return how it ended."""
    place = a_place(a_session())
    colleague = a_practitioner(place.session.programme)
    asked = handovers.ask_colleague(place=place, email=colleague.email, by=place.person, now=NOW)
    declined = threading.Event()

    def withdraw() -> None:
        assert declined.wait(10)
        try:
            handovers.withdraw_request(place=place, by=place.person, now=NOW)
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as pool:
        withdrawing = pool.submit(withdraw)
        with transaction.atomic():
            handovers.decline_handover(handover=asked, by=colleague, now=NOW)
            declined.set()
            wait_until_somebody_waits()
        withdrawing.result(20)
    asked.refresh_from_db()
    return asked.ended_reason


def test_a_request_that_is_declined_at_that_moment_is_not_taken_back():
    assert declined_meanwhile() == "declined"


def test_without_its_lock_what_was_declined_is_taken_back_too(monkeypatch):
    def unlocked(place: Place) -> Handover | None:
        return Handover.objects.filter(place=place, taken_at=None, ended_at=None).select_related("colleague").first()

    monkeypatch.setattr(handovers, "open_request", unlocked)
    assert declined_meanwhile() == "withdrawn"
