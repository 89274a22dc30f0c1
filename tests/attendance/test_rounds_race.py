"""Two rounds written at once, on two real connections; and the same with the guard taken out."""

import contextlib
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection

from attendance.actions import invitations as actions
from attendance.models import Invitation
from briefings.models import Programme
from messaging.models import Message
from tests.attendance.inviting import a_programme, a_round
from tests.briefings.factories import NOW

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def both_have_read(monkeypatch):
    """Hold each writer, after it has read whom to invite, until the other has read too or cannot come."""
    barrier, links_end = threading.Barrier(2), actions._links_end

    def wait_and_go_on(*args):
        with contextlib.suppress(threading.BrokenBarrierError):  # the other waits for our lock: the guard at work
            barrier.wait(timeout=0.5)
        return links_end(*args)

    monkeypatch.setattr(actions, "_links_end", wait_and_go_on)


def write_at_once(*rounds) -> list[int]:
    def write(made) -> int:
        try:
            return actions.write_round(round_id=made.pk, now=NOW)
        finally:
            connection.close()

    with ThreadPoolExecutor(len(rounds)) as pool:
        return sorted(pool.map(write, rounds))


def test_two_rounds_at_once_invite_nobody_twice(both_have_read):
    programme = a_programme(people=3)
    assert write_at_once(a_round(programme), a_round(programme)) == [0, 3]
    assert Invitation.objects.count() == Message.objects.count() == 3


def test_without_the_lock_on_the_programme_they_do(both_have_read, monkeypatch):
    class Unlocked:
        class objects:
            select_for_update = staticmethod(lambda **kwargs: Programme.objects.all())

    programme = a_programme(people=3)
    rounds = a_round(programme), a_round(programme)
    monkeypatch.setattr(actions, "Programme", Unlocked)
    assert write_at_once(*rounds) == [3, 3]
    assert Message.objects.count() == 6


def test_one_round_by_two_workers_is_written_once(both_have_read):
    made = a_round(a_programme(people=3))
    assert write_at_once(made, made) == [0, 3]
    assert Message.objects.count() == 3
