"""Two stages for the same days at once, on two real connections; and the same with the guard taken out."""

import contextlib
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import date

import pytest
from django.db import IntegrityError, connection

from briefings.models import Programme
from communications.actions import stages as actions
from communications.actions.stages import StagesOverlap
from communications.models import Stage
from tests.briefings.factories import NOW, ProgrammeFactory

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def both_have_looked(monkeypatch):
    """Hold each, after it has looked for an overlap, until the other has looked too or cannot come."""
    barrier, check = threading.Barrier(2), actions._check

    def check_and_wait(stage) -> None:
        check(stage)
        with contextlib.suppress(threading.BrokenBarrierError):  # the other waits for our lock: the guard at work
            barrier.wait(timeout=0.5)

    monkeypatch.setattr(actions, "_check", check_and_wait)


def add_two_at_once(programme) -> set[str]:
    def add(name: str) -> str:
        try:
            actions.add_stage(
                programme=programme, kind="own", name=name, starts_on=date(2026, 11, 2), ends_on=date(2026, 11, 30),
                by="clock", now=NOW,
            )  # fmt: skip
        except (StagesOverlap, IntegrityError) as refusal:
            return type(refusal).__name__
        finally:
            connection.close()
        return "added"

    with ThreadPoolExecutor(2) as pool:
        return set(pool.map(add, ["One", "Another"]))


def test_the_second_is_refused_in_words(both_have_looked):
    assert add_two_at_once(ProgrammeFactory()) == {"added", "StagesOverlap"}
    assert Stage.objects.count() == 1


def test_without_the_lock_the_database_still_lets_none_overlap(both_have_looked, monkeypatch):
    monkeypatch.setattr(actions, "locked", lambda programme: Programme.objects.get(pk=programme.pk))
    assert add_two_at_once(ProgrammeFactory()) == {"added", "IntegrityError"}
    assert Stage.objects.count() == 1
