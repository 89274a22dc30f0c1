"""Two who take a whole series at once, on real connections, beginning with different sessions of it."""

import contextlib
import threading
from datetime import date

import pytest

from attendance.actions import series
from attendance.actions.places import take_place
from attendance.invariants import findings
from attendance.models import Place
from briefings.actions.series import settle_group, start_series
from briefings.models import PlacesRule
from tests.attendance.places import NOW, a_practitioner, a_programme, a_session
from tests.attendance.test_answers_race import at_once

pytestmark = pytest.mark.django_db(transaction=True)


def both_take_it_all(seconds: float) -> list[str]:
    """Let one begin with the first session and another with the second, both held once they have a place there.

    They wait ``seconds`` for one who cannot come.
    """
    programme = a_programme(places_rule=PlacesRule.ONE_PER_SESSION)
    sessions = [a_session(programme, date=day) for day in (date(2026, 11, 26), date(2026, 12, 3))]
    made = start_series(programme=programme, name="Wren House", by="clock", now=NOW)
    settle_group(series=made, group="", sessions=sessions, by="clock", now=NOW)
    for session in sessions:
        session.refresh_from_db()
    people, both = [a_practitioner(programme) for _ in sessions], threading.Barrier(2)

    def take(session, person) -> Place:
        place = take_place(session=session, person=person, by=person, now=NOW)
        with contextlib.suppress(threading.BrokenBarrierError):  # the other waits for our locks: the guard at work
            both.wait(seconds)
        return place

    def take_all(session, person):
        own = {"session": session, "person": person, "by": person, "now": NOW}
        return lambda: series.take_series(take=lambda: take(session, person), whole=True, **own)

    return at_once(*map(take_all, sessions, people))


def test_both_have_a_place_in_each():
    assert both_take_it_all(0.5) == ["done", "done"]
    assert Place.objects.seated().count() == 4
    assert [found for _, found in findings() if found] == []


def test_without_the_locks_taken_first_they_wait_in_a_circle(monkeypatch):
    monkeypatch.setattr(series, "_lock", lambda sessions, person: None)
    assert sorted(both_take_it_all(10)) == ["OperationalError", "done"]
