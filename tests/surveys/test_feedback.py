"""Feedback: what is asked, tickets that are used once, answers that lead back to nobody, and what is published."""

import contextlib
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.apps import apps
from django.db import connection

from surveys.actions import feedback
from surveys.actions.editions import answers_wanted, make_all_editions, make_editions
from surveys.actions.feedback import (
    NotTheStatements,
    TicketEnded,
    TicketUnknown,
    TicketUsed,
    find_ticket,
    forget_tickets,
    give_feedback,
    give_tickets,
)
from surveys.actions.questionnaires import (
    NothingToAsk,
    TooManyStatements,
    choose_feedback,
    end_feedback,
    standing_feedback,
)
from surveys.models import Edition, Questionnaire, Tally, Ticket
from surveys.queries import feedback_bars, with_answers
from surveys.suppression import Row
from surveys.tickets import token_for
from tests.briefings.factories import NOW

TODAY = NOW.date()
ABOUT = "briefings.programme:7"
WORDS = ["I know whom to ask.", "It was worth the time."]
pytestmark = pytest.mark.django_db


def count_feedback(questionnaire) -> int:
    return with_answers(Questionnaire.objects.filter(pk=questionnaire.pk)).get().answered


def asked(words=WORDS, about=ABOUT) -> Questionnaire:
    return choose_feedback(about=about, title="One Family Plan", words=words, by="clock", now=NOW)


def tokens(questionnaire: Questionnaire, number: int, first: int = 0) -> list[str]:
    holders = [f"attendance.place:{each}" for each in range(first, first + number)]
    give_tickets(questionnaire=questionnaire, holders=holders, until=TODAY)
    return [token_for(questionnaire.pk, holder) for holder in holders]


def counts_of(questionnaire: Questionnaire) -> list[dict[int, int]]:
    return [
        dict(each.tallies.filter(number__gt=0).values_list("answer", "number"))
        for each in questionnaire.statements.all()
    ]


def test_other_statements_begin_a_new_count_and_the_same_do_not():
    first = asked()
    assert asked() == first
    second = asked(["It was worth the time."])
    first.refresh_from_db()
    assert (first.ended_on, second.ended_on) == (TODAY, None)
    assert standing_feedback(ABOUT) == second
    assert [each.words for each in first.statements.all()] == WORDS
    end_feedback(about=ABOUT, by="clock", now=NOW)
    end_feedback(about=ABOUT, by="clock", now=NOW)
    assert standing_feedback(ABOUT) is None


@pytest.mark.parametrize(("words", "refusal"), [([], NothingToAsk), (list("abcdefghi"), TooManyStatements)])
def test_a_form_is_neither_empty_nor_long(words, refusal):
    with pytest.raises(refusal):
        asked(words)
    assert not Questionnaire.objects.exists()


def test_answers_are_counted_once_for_a_ticket():
    questionnaire = asked()
    one, two = tokens(questionnaire, 2)
    give_feedback(token=one, answers=[5, 0], today=TODAY)
    give_feedback(token=two, answers=[4, 0], today=TODAY)
    assert counts_of(questionnaire) == [{5: 1, 4: 1}, {0: 2}]
    with pytest.raises(TicketUsed):
        give_feedback(token=one, answers=[1, 1], today=TODAY)
    give_tickets(
        questionnaire=questionnaire, holders=["attendance.place:0"], until=TODAY
    )  # closed again: no second one
    with pytest.raises(TicketUsed):
        find_ticket(one, TODAY)
    assert count_feedback(questionnaire) == 2


def test_what_is_no_ticket_or_no_answer_counts_nothing():
    questionnaire = asked()
    (one,) = tokens(questionnaire, 1)
    with pytest.raises(TicketUnknown):
        give_feedback(token="x" * 27, answers=[5, 5], today=TODAY)
    with pytest.raises(TicketUnknown):
        find_ticket("", TODAY)
    with pytest.raises(TicketEnded):
        give_feedback(token=one, answers=[5, 5], today=TODAY + timedelta(days=1))
    for answers in ([5], [5, 6], [5, 5, 5]):
        with pytest.raises(NotTheStatements):
            give_feedback(token=one, answers=answers, today=TODAY)
    assert count_feedback(questionnaire) == 0
    assert find_ticket(one, TODAY).questionnaire == questionnaire
    assert forget_tickets(today=TODAY) == 0
    assert forget_tickets(today=TODAY + timedelta(days=1)) == 1


def test_no_row_says_who_answered_what_or_when():
    """The attack: two people answer, each otherwise; every row of the database is compared with the other way round."""

    def everything() -> list:
        rows = []
        for model in apps.get_app_config("surveys").get_models():
            rows += sorted(str(sorted(row.items())) for row in model.objects.values())
        return rows

    questionnaire = asked()
    one, two = tokens(questionnaire, 2)
    dumps = []
    for first, second in ((5, 1), (1, 5)):
        Tally.objects.update(number=0)
        Ticket.objects.update(is_used=False)
        give_feedback(token=one, answers=[first, 3], today=TODAY)
        give_feedback(token=two, answers=[second, 3], today=TODAY)
        dumps.append(everything())
    assert dumps[0] == dumps[1]
    assert not [
        field.name
        for model in apps.get_app_config("surveys").get_models()
        for field in model._meta.fields
        if field.get_internal_type() == "DateTimeField"
    ]


def test_editions_are_made_from_ten_answers_on_and_stand():
    questionnaire = asked()
    for token in tokens(questionnaire, 9):
        give_feedback(token=token, answers=[5, 4], today=TODAY)
    assert make_all_editions(today=TODAY) == 0
    assert feedback_bars(questionnaire, []) == []
    for token in tokens(questionnaire, 5, first=9):
        give_feedback(token=token, answers=[5, 1], today=TODAY)
    assert make_all_editions(today=TODAY) == 1
    assert make_all_editions(today=TODAY) == 0
    first, second = feedback_bars(questionnaire, Edition.objects.all())
    assert first.row.cells == (14, 0, 0, 0, 0, 0)
    assert second.row.cells == (0, 9, 0, 0, 5, 0)
    assert second.parts == [("b1", 0), ("b2", 9), ("b3", 0), ("b5", 0), ("b6", 5), ("b7", 0), ("b8", 0)]


def test_the_next_edition_counts_newcomers_alone_and_as_many_as_before():
    questionnaire = asked(["It was worth the time."])
    for number, token in enumerate(tokens(questionnaire, 15)):
        give_feedback(token=token, answers=[5 if number < 9 else 4], today=TODAY)
    make_editions(questionnaire=questionnaire, today=TODAY)
    for number, token in enumerate(tokens(questionnaire, 14, first=15)):
        give_feedback(token=token, answers=[5 if number < 12 else 4], today=TODAY)
    assert make_editions(questionnaire=questionnaire, today=TODAY) == []
    for token in tokens(questionnaire, 1, first=29):
        give_feedback(token=token, answers=[4], today=TODAY)
    make_editions(questionnaire=questionnaire, today=TODAY)
    first, second = Edition.objects.order_by("number")
    assert (first.table, second.table) == ([[9, 6, 0, 0, 0, 0]], [[12, None, None, None, None, None]])
    assert (first.counted, second.counted) == ([[9, 6, 0, 0, 0, 0]], [[21, 9, 0, 0, 0, 0]])
    (bar,) = feedback_bars(questionnaire, [first, second])
    assert bar.row == Row(30, (21, None, None, None, None, None))
    assert [answers_wanted(counted) for counted in (0, 15, 30, 400)] == [10, 15, 30, 50]


@pytest.fixture
def both_have_read(monkeypatch):
    """Hold each who answers, after the ticket was read, until the other has read it too or cannot."""
    barrier, usable = threading.Barrier(2), feedback._usable

    def wait_and_go_on(*args):
        with contextlib.suppress(threading.BrokenBarrierError):  # the other waits for our lock: the guard at work
            barrier.wait(timeout=0.5)
        return usable(*args)

    monkeypatch.setattr(feedback, "_usable", wait_and_go_on)


def answer_at_once(token: str) -> list[str]:
    def answer(_) -> str:
        try:
            give_feedback(token=token, answers=[5, 5], today=TODAY)
        except TicketUsed:
            return "used"
        finally:
            connection.close()
        return "counted"

    with ThreadPoolExecutor(2) as pool:
        return sorted(pool.map(answer, range(2)))


@pytest.mark.django_db(transaction=True)
def test_two_presses_at_once_count_once(both_have_read):
    questionnaire = asked()
    (one,) = tokens(questionnaire, 1)
    assert answer_at_once(one) == ["counted", "used"]
    assert count_feedback(questionnaire) == 1


@pytest.mark.django_db(transaction=True)
def test_without_the_lock_they_count_twice(both_have_read, monkeypatch):
    class Unlocked:
        class objects:
            select_for_update = staticmethod(lambda **kwargs: Ticket.objects.all())

    questionnaire = asked()
    (one,) = tokens(questionnaire, 1)
    monkeypatch.setattr(feedback, "Ticket", Unlocked)
    assert answer_at_once(one) == ["counted", "counted"]
