"""REL-01 under a database that is set to REPEATABLE READ: the product asks for what it needs by itself."""

import threading

import pytest
from django.db import connection, connections, transaction

from attendance.actions.engagements import lock_seats
from attendance.actions.places import take_place
from attendance.invariants import findings
from attendance.models import Place, SeatCount
from tests.attendance.places import NOW, a_practitioner, a_session
from tests.attendance.test_answers_race import at_once
from tests.attendance.test_places_race import wait_until_somebody_waits

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def repeatable_read():
    """Whoever connects to the database gets REPEATABLE READ unless they ask for something else."""
    name = connection.ops.quote_name(connection.settings_dict["NAME"])
    with connection.cursor() as cursor:
        cursor.execute(f"ALTER DATABASE {name} SET default_transaction_isolation = 'repeatable read'")
        try:
            yield
        finally:
            cursor.execute(f"ALTER DATABASE {name} RESET default_transaction_isolation")


def both_take_the_last_seat() -> list[str]:
    """Let one book the last seat while another has read and waits for the counter; return how each ended."""
    session = a_session(capacity=1)
    people, held = [a_practitioner(session.programme) for _ in range(2)], threading.Event()

    def first() -> None:
        with transaction.atomic():
            lock_seats(session)
            held.set()
            wait_until_somebody_waits()
            take_place(session=session, person=people[0], by=people[0], now=NOW)

    def second() -> None:
        assert held.wait(10)
        take_place(session=session, person=people[1], by=people[1], now=NOW)

    return at_once(first, second)


def test_rel_01_whoever_waited_for_the_counter_reads_what_was_committed_meanwhile():
    assert both_take_the_last_seat() == ["done", "done"]
    assert list(Place.objects.order_by("pk").values_list("state", flat=True)) == ["booked", "waiting"]
    assert SeatCount.objects.get().taken == 1
    assert [found for _, found in findings() if found] == []


def test_rel_01_without_it_the_second_is_thrown_out(monkeypatch):
    monkeypatch.setitem(connections.settings["default"], "OPTIONS", {})
    assert both_take_the_last_seat() == ["done", "OperationalError"]
