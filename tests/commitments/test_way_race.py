"""Two things done to questions at the same moment, on two real connections; and the same with the lock taken out."""

import contextlib
import threading
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import pytest
from django.db import IntegrityError, OperationalError, connection

from commitments.actions import questions as actions
from commitments.actions.policies import name_holder
from commitments.actions.questions import merging, moving, way
from commitments.models import MOVES, Answer, Commission, GovernanceRole, Question, QuestionState
from history.refusals import Refused
from tests.briefings.factories import MandateFactory, PartnerFactory
from tests.commitments.factories import NOW, Cast
from tests.organisations.factories import OrganisationFactory, PersonFactory

pytestmark = pytest.mark.django_db(transaction=True)


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
        except IntegrityError:
            return "refused by the database"
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
def test_without_the_lock_both_are_joined_with_one_another_or_wait_for_each_other(both_have_read, monkeypatch):
    cast = Cast()
    acts = joins_crosswise(cast)
    Question.objects.update(state=QuestionState.OPEN)
    monkeypatch.setattr(merging, "locked_all", lambda ids: list(moving.everything().filter(pk__in=ids).order_by("pk")))
    assert at_once(*acts) in (["", ""], ["", "deadlock"])


def parts_while_the_whole_is_joined(monkeypatch) -> tuple[list, Question]:
    """Return a parting that holds its question for a moment, and a joining of the whole that begins in that moment."""
    cast, is_held, begin = Cast(), threading.Event(), merging.start_answer_clock
    common = {"by": cast.coordinator, "now": NOW}
    own, whole, into = (cast.question(words) for words in ("One?", "Two?", "Three?"))
    for each in (whole, into):
        actions.open_question(question=each, **common)
    actions.merge(question=own, into=whole, **common)

    def begin_and_wait(*args, **options):
        is_held.set()
        threading.Event().wait(0.4)
        return begin(*args, **options)

    def join() -> None:
        assert is_held.wait(timeout=20)
        actions.merge(question=whole, into=into, **common)

    monkeypatch.setattr(merging, "start_answer_clock", begin_and_wait)
    return [partial(actions.part, question=own, **common), join], own


def test_what_is_parted_at_the_moment_does_not_go_along(monkeypatch):
    acts, own = parts_while_the_whole_is_joined(monkeypatch)
    assert at_once(*acts) == ["", ""]
    own.refresh_from_db()
    assert (own.state, own.merged_into) == (QuestionState.OPEN, None)


def test_without_the_lock_the_database_refuses_the_joining(monkeypatch):
    acts, own = parts_while_the_whole_is_joined(monkeypatch)
    monkeypatch.setattr(
        merging,
        "locked_all",
        lambda ids: [*moving.locked_all({*ids} - {own.pk}), *moving.everything().filter(pk=own.pk)],
    )
    assert at_once(*acts) == ["", "refused by the database"]


def test_what_goes_along_is_held_in_one_order_with_the_two_and_what_came_between_refuses(monkeypatch):
    cast, calls = Cast(), []
    common = {"by": cast.coordinator, "now": NOW}
    own, whole, into, late = (cast.question(words) for words in ("One?", "Two?", "Three?", "Four?"))
    actions.merge(question=own, into=whole, **common)
    locked_all = merging.locked_all

    def one_is_joined_first(ids):
        calls.append({*ids})
        if len(calls) == 1:
            actions.merge(question=late, into=whole, **common)
        return locked_all(ids)

    monkeypatch.setattr(merging, "locked_all", one_is_joined_first)
    with pytest.raises(actions.NotNow):
        actions.merge(question=whole, into=into, **common)
    assert calls.pop(0) == {own.pk, whole.pk, into.pk}
    actions.merge(question=whole, into=into, **common)
    assert Question.objects.filter(merged_into=into).count() == 2


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


def another_senior(cast: Cast):
    organisation = OrganisationFactory()
    PartnerFactory(programme=cast.programme, organisation=organisation)
    return MandateFactory(programme=cast.programme, organisation=organisation, person=PersonFactory())


def passes_on_twice(cast: Cast) -> list:
    question = cast.commissioned().question
    to = [another_senior(cast) for _ in range(2)]
    common = {"question": question, "reason": "Theirs", "by": cast.coordinator, "now": NOW}
    return [partial(actions.transfer, organisation=each.organisation, person=each.person, **common) for each in to]


def test_a_question_passed_on_to_two_at_the_same_moment_has_one_owner_who_is_asked():
    assert at_once(*passes_on_twice(Cast())) == ["", ""], "one after the other: the later stands"
    live = Commission.objects.get(state="asked")
    own = Question.objects.get()
    assert (own.owner, own.organisation) == (live.person, live.organisation)
    assert Commission.objects.filter(state="ended").count() == 2


def test_without_the_lock_only_the_database_keeps_two_from_being_asked(monkeypatch):
    def unlocked(question, verb):
        found = moving.everything().get(pk=question.pk)
        assert found.state in MOVES[verb].sources
        return found

    both_come, barrier, end = threading.Barrier(2), threading.Barrier(2), way.end_commissions

    def end_and_wait(*args):
        both_come.wait(timeout=20)
        end(*args)
        with contextlib.suppress(threading.BrokenBarrierError):  # the other cannot come: it waits for what we ended
            barrier.wait(timeout=1)

    acts = passes_on_twice(Cast())  # first, for what makes the question goes the same way
    monkeypatch.setattr(way, "locked", unlocked)
    monkeypatch.setattr(way, "end_commissions", end_and_wait)
    assert at_once(*acts) == ["", "refused by the database"]
    assert Commission.objects.filter(state="asked").count() == 1


def test_two_who_assign_the_same_questions_in_another_order_do_not_wait_for_each_other_for_ever():
    cast = Cast()
    questions = [cast.question(words) for words in ("One?", "Two?", "Three?")]
    common = {"reason": "Theirs", "by": cast.coordinator, "now": NOW}
    acts = [
        partial(actions.assign_several, questions=rows, mandate=another_senior(cast), **common)
        for rows in (questions, questions[::-1])
    ]
    assert at_once(*acts) == ["", ""]
    assert Commission.objects.filter(state="asked").count() == 3
    for own in Question.objects.all():
        assert own.owner == own.commissions.get(state="asked").person
