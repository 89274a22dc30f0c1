"""Locks of answers from calendars, of cover and of colleagues who take over, on real connections; with what goes wrong
without each: counters first, then people by id and all at once, then anything else (attendance/actions/engagements.py).
"""

import contextlib
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import IntegrityError, OperationalError, connection, transaction
from django.db.models import QuerySet

from accounts.models import Person
from attendance.actions import answers, cover, handovers
from attendance.actions.engagements import lock_people, lock_seats
from attendance.actions.handovers import ask_colleague
from attendance.actions.line import promote
from attendance.models import CalendarAnswer, CalendarEntry, CoverState, Place, PlaceState, SeatCount, SeniorAttendance
from history.refusals import Refused
from messaging.receiving import receive
from tests.attendance.places import NOW, a_place, a_practitioner, a_programme, a_session, another_day
from tests.attendance.test_cover import Cast, whoever
from tests.attendance.test_places_race import wait_until_somebody_waits
from tests.messaging.incoming import AUTHSERV, answer, calendar
from tests.organisations.factories import AffiliationFactory

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def our_server(settings):
    settings.INBOUND_AUTHSERV_ID = AUTHSERV


def at_once(*calls) -> list[str]:
    """Do all at once, each on a connection of its own; return how each ended."""

    def make(call) -> str:
        try:
            call()
        except (Refused, OperationalError, IntegrityError) as error:
            return type(error).__name__
        finally:
            connection.close()
        return "done"

    with ThreadPoolExecutor(len(calls)) as pool:
        return list(pool.map(make, calls))


def declined(person, session) -> None:
    """Let the mail come by which ``person`` declines the entry of ``session``."""
    entry = CalendarEntry.objects.get(person=person, session=session)
    words = calendar(str(entry.uid), person.email, "DECLINED", SEQUENCE=entry.sequence)
    number = f"<{person.pk}.{session.pk}@example.org>"
    receive(raw=answer(words, sender=person.email, message_id=number), now=NOW)


# Answers from calendars: the counter, then everybody at once.


def declined_while_the_counter_is_held() -> list[str]:
    """Take the answer of somebody who comes as a senior manager and holds a place, while another has the counter."""
    cast = Cast()
    AffiliationFactory(person=cast.senior, organisation=cast.organisation)
    a_place(cast.session, cast.senior)
    cast.coming()
    declined(cast.senior, cast.session)
    held = threading.Event()

    def book() -> None:
        with transaction.atomic():
            lock_seats(cast.session)
            held.set()
            wait_until_somebody_waits()
            lock_people([cast.senior.pk])

    def take() -> None:
        assert held.wait(10)
        answers.take_answers(now=NOW)

    return at_once(book, take)


def test_an_answer_waits_for_the_counter_before_it_locks_anybody():
    assert declined_while_the_counter_is_held() == ["done", "done"]
    assert CalendarAnswer.objects.get().outcome == CalendarAnswer.Outcome.GAVE_UP
    assert not Place.objects.live().exists()


def test_without_it_the_answer_and_a_booking_wait_in_a_circle(monkeypatch):
    monkeypatch.setattr(answers, "_lock", lambda entry, now: None)
    assert "OperationalError" in declined_while_the_counter_is_held()


def test_an_answer_locks_at_once_also_whom_it_would_ask_next(monkeypatch):
    """Whoever of the organisation is free now is asked when a yes is taken back: also they are locked in one go."""
    cast = Cast()
    first, _ = whoever(cast)
    cover.answer_coming(attendance=first, by=first.person, now=NOW)
    free = cast.a_mandate().person
    declined(first.person, cast.session)
    first_locks: list[set[int]] = []
    monkeypatch.setattr(answers, "lock_people", lambda ids: first_locks.append(set(ids)))
    answers.take_answers(now=NOW)
    asked = set(SeniorAttendance.objects.filter(session=cast.session).values_list("person", flat=True))
    assert first_locks == [asked | {free.pk}]


def taken_by_two_workers(monkeypatch, seconds: float) -> list[str]:
    """Let two workers read one answer that has come; each waits ``seconds`` for the other. Return how each ended."""
    place = a_place(a_session())
    declined(place.person, place.session)
    both, parse = threading.Barrier(2), answers.parse

    def read(words: str):
        with contextlib.suppress(threading.BrokenBarrierError):  # the other passes over the row: the guard at work
            both.wait(seconds)
        return parse(words)

    monkeypatch.setattr(answers, "parse", read)
    return at_once(*[lambda: answers.take_answers(now=NOW)] * 2)


def test_two_workers_take_one_answer_once(monkeypatch):
    assert taken_by_two_workers(monkeypatch, 0.5) == ["done", "done"]
    assert CalendarAnswer.objects.get().outcome == CalendarAnswer.Outcome.GAVE_UP


def test_without_the_lock_on_the_mail_both_do_what_it_says_and_the_database_stops_one(monkeypatch):
    monkeypatch.setattr(QuerySet, "select_for_update", lambda rows, **options: rows)
    assert sorted(taken_by_two_workers(monkeypatch, 10)) == ["IntegrityError", "done"]


# Cover: everybody who was asked for the same, by id and at once.


def both_say_yes(monkeypatch, seconds: float) -> list[str]:
    """Let two who were asked together say yes; each waits ``seconds`` for the other. Return how each ended."""
    cast = Cast()
    asked, both, real = whoever(cast), threading.Barrier(2), cover._locked

    def loaded(*arguments):
        own = real(*arguments)
        with contextlib.suppress(threading.BrokenBarrierError):  # the other waits for our lock: the guard at work
            both.wait(seconds)
        return own

    monkeypatch.setattr(cover, "_locked", loaded)
    return at_once(*(lambda own=own: cover.answer_coming(attendance=own, by=own.person, now=NOW) for own in asked))


def test_the_second_yes_waits_for_the_first_and_is_told(monkeypatch):
    assert sorted(both_say_yes(monkeypatch, 0.5)) == ["NotAskedAnyMore", "done"]
    assert SeniorAttendance.objects.filter(state=CoverState.COMING).count() == 1


def test_with_only_themselves_locked_they_wait_in_a_circle(monkeypatch):
    monkeypatch.setattr(cover, "_lock_together", lambda attendance, *others: None)
    assert "OperationalError" in both_say_yes(monkeypatch, 10)


# A colleague who takes over while another session seats them.


def taken_over_while_seated_elsewhere() -> tuple[list[str], Person]:
    """Let a colleague who waits in two sessions take over a place in one while the other seats them."""
    programme = a_programme()
    here, there = a_session(programme, capacity=1), another_day(programme, capacity=1)
    holder, _ = a_place(here), a_place(there)
    colleague = a_practitioner(programme)
    waits = [a_place(session, colleague) for session in (here, there)]
    asked = ask_colleague(place=holder, email=colleague.email, by=holder.person, now=NOW)
    SeatCount.objects.filter(session=there).update(capacity=2)
    held = threading.Event()

    def move_up() -> None:
        with transaction.atomic():
            seats = lock_seats(there)
            lock_people([colleague.pk])
            list(Place.objects.filter(pk=waits[1].pk).select_for_update(no_key=True, of=("self",)))
            held.set()
            wait_until_somebody_waits()
            promote(there, seats, NOW)

    def take() -> None:
        assert held.wait(10)
        handovers.take_over(handover=asked, by=colleague, now=NOW)

    return at_once(move_up, take), colleague


def test_who_is_seated_meanwhile_does_not_take_over():
    ended, colleague = taken_over_while_seated_elsewhere()
    assert ended == ["done", "HoldsAnother"]
    assert Place.objects.live().get(person=colleague).state == PlaceState.BOOKED


def test_without_the_lock_on_the_colleague_both_wait_in_a_circle(monkeypatch):
    monkeypatch.setattr(handovers, "lock_people", lambda ids: None)
    assert "OperationalError" in taken_over_while_seated_elsewhere()[0]
