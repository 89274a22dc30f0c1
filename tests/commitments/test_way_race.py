"""Two things done to questions at the same moment, on two real connections; and the same with the lock taken out."""

import contextlib
import threading
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import pytest
from django.db import OperationalError, connection

from commitments.actions import questions as actions
from commitments.actions.policies import name_holder
from commitments.actions.questions import merging
from commitments.models import Answer, GovernanceRole, Question, QuestionState
from history.refusals import Refused
from tests.commitments.factories import NOW, Cast
from tests.organisations.factories import PersonFactory

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def nobody_is_woken(monkeypatch):
    monkeypatch.setattr("messaging.wake._nudger.nudge", lambda: None)


@pytest.fixture
def both_have_read(monkeypatch, request):
    """Hold each who joins, after the questions were read, until the other has read too or cannot come."""
    seconds = getattr(request, "param", 0.5)
    barrier, end = threading.Barrier(2), merging.end_commissions

    def wait_and_go_on(*args):
        with contextlib.suppress(threading.BrokenBarrierError):  # the other waits for our lock: the guard at work
            barrier.wait(timeout=seconds)
        return end(*args)

    monkeypatch.setattr(merging, "end_commissions", wait_and_go_on)


def at_once(*acts) -> list[str]:
    """Do ``acts`` at the same moment; return what each came to: "", the code of its refusal or "deadlock"."""

    def do(act) -> str:
        try:
            act()
        except Refused as refusal:
            return refusal.code
        except OperationalError:
            return "deadlock"
        finally:
            connection.close()
        return ""

    with ThreadPoolExecutor(len(acts)) as pool:
        return sorted(pool.map(do, acts))


def joins_crosswise(cast: Cast) -> tuple:
    one, two = cast.question("One?"), cast.question("Two?")
    common = {"by": cast.coordinator, "now": NOW}
    return (
        partial(actions.merge, question=one, into=two, **common),
        partial(actions.merge, question=two, into=one, **common),
    )


def test_two_questions_are_not_joined_with_one_another(both_have_read):
    assert at_once(*joins_crosswise(Cast())) == ["", "NotNow"]
    assert sorted(Question.objects.values_list("state", flat=True)) == [QuestionState.MERGED, QuestionState.OPEN]


@pytest.mark.parametrize("both_have_read", [20], indirect=True)
def test_without_the_lock_in_one_order_each_waits_for_the_other(both_have_read, monkeypatch):
    class Unlocked:
        """The questions as they are read, without a lock on them."""

        def __init__(self, found) -> None:
            self.found = found

        def filter(self, **where):
            return Unlocked(self.found.filter(**where))

        def order_by(self, *names):
            return Unlocked(self.found.order_by(*names))

        def select_for_update(self, **options):
            return self.found

    everything = merging.everything
    cast = Cast()
    acts = joins_crosswise(cast)
    Question.objects.update(state=QuestionState.OPEN)
    monkeypatch.setattr(merging, "everything", lambda: Unlocked(everything()))
    assert "deadlock" in at_once(*acts)


def test_two_roles_that_clear_at_the_same_moment_publish_once():
    cast = Cast()
    made = cast.commissioned()
    holders = {
        role: name_holder(
            programme=cast.programme, organisation=cast.organisation, role=role, person=PersonFactory(),
            by=cast.coordinator, now=NOW,
        ).person
        for role in (GovernanceRole.DPO, GovernanceRole.SIRO)
    }  # fmt: skip
    draft = actions.send_to_clearance(
        question=made.question, words="Yes", audience="public", roles=list(holders), by=cast.senior, now=NOW
    )
    acts = [
        partial(actions.clear, clearance=each, by=holders[each.role], now=NOW)
        for each in draft.clearances.select_related("draft__question")
    ]
    assert at_once(*acts) == ["", ""]
    assert Answer.objects.count() == 1
    assert Question.objects.get().state == QuestionState.ANSWERED
