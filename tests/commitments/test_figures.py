"""The questions of a programme in figures: checked against a count by hand, in few queries, for those who may."""

from collections import Counter
from datetime import date, timedelta

import pytest
from django.urls import reverse

from commitments.actions import questions as actions
from commitments.actions.policies import close_on
from commitments.clocks import Calendar
from commitments.figures import Figures, Line, Worked, centile, figures_of
from commitments.models import Asker, Question
from commitments.queries.figures import lines_of
from commitments.queries.standards import calendar_of
from tests.briefings.factories import AppointmentFactory
from tests.commitments.factories import NOW, TODAY, Cast
from tests.commitments.pages import signed_in, words
from tests.organisations.factories import PersonFactory

ENGLAND = Calendar("england-and-wales", frozenset({date(2026, 11, 5)}))


@pytest.mark.parametrize(
    ("values", "median", "slow"),
    [
        ([], None, None),
        ([(3, 1)], 3, 3),
        ([(1, 1), (2, 1)], 1, 2),  # nearest rank: half of two is one
        ([(1, 1), (2, 1), (9, 1)], 2, 9),
        ([(5, 9), (40, 1)], 5, 5),  # nine of ten took five at the most
        ([(5, 8), (40, 2)], 5, 40),
        ([(0, 4)], 0, 0),
    ],
)
def test_half_and_nine_of_ten_by_nearest_rank(values, median, slow):
    counted = Counter(dict(values))
    assert (centile(counted, 50), centile(counted, 90)) == (median, slow)


def test_the_days_laid_out_once_are_the_days_of_the_calendar():
    first, last = date(2026, 10, 20), date(2027, 1, 15)
    laid_out = Worked(ENGLAND, first, last)
    for start in range(0, 60, 3):
        for length in range(0, 25, 2):
            begin = first + timedelta(days=start)
            end = begin + timedelta(days=length)
            assert laid_out.between(begin, end) == ENGLAND.between(begin, end)


def test_lines_are_counted_in_all_by_theme_and_by_organisation():
    late = Line("Trust", "", True, True, False, date(2026, 11, 2), None, None)
    done = Line("Trust", "Council", False, False, False, date(2026, 11, 3), date(2026, 11, 6), date(2026, 11, 9))
    total, by_theme, by_organisation = figures_of([late] * 3 + [done] * 2, ENGLAND)
    assert (total.raised, total.owed, total.late, total.answered) == (5, 3, 3, 2)
    assert (total.reply_median, total.answer_median) == (2, 3), "the 5th is a closure day"
    assert by_theme == {"Trust": total}
    assert [each.raised for each in by_organisation.values()] == [3, 2]
    assert figures_of([], ENGLAND) == (Figures(), {}, {})


def town() -> Cast:
    """Six questions: answered at once, after a holding reply, opened again, open, joined, taken back."""
    cast = Cast()
    by = {"by": cast.coordinator}
    own = {"words": "Yes", "audience": "public", "by": cast.senior}
    first = cast.commissioned().question
    actions.publish_answer(question=first, now=NOW + timedelta(days=1), **own)
    second = cast.commissioned().question
    actions.send_holding_reply(question=second, words="Soon", by=cast.senior, now=NOW + timedelta(days=2))
    actions.publish_answer(question=second, now=NOW + timedelta(days=8), **own)
    asker = Asker.objects.get(question=first)
    actions.say_unanswered(asker=asker, by=asker.person, now=NOW + timedelta(days=3))
    cast.question()
    actions.merge(question=cast.question(), into=second, now=NOW, **by)
    gone = Asker.objects.get(question=cast.question())
    actions.withdraw_question(asker=gone, by=gone.person, now=NOW)
    return cast


@pytest.mark.django_db
def test_figures_are_what_one_counts_by_hand(django_assert_num_queries):
    cast = town()
    close_on(programme=cast.programme, day=date(2026, 11, 4), why="Flood", by=cast.coordinator, now=NOW)
    with django_assert_num_queries(1):
        lines = list(lines_of(cast.programme, TODAY + timedelta(days=9)))
    total, _, by_organisation = figures_of(lines, calendar_of(cast.programme))
    assert (total.raised, total.owed, total.late, total.answered) == (3, 2, 1, 2)
    assert total.to_reply == {1: 2}, "Tuesday, and the Wednesday on which nobody worked"
    assert total.to_answer == {1: 1, 5: 1}
    assert total.oldest == TODAY
    assert [(name, each.raised) for name, each in by_organisation.items()] == [("", 1), (cast.organisation.name, 2)]


@pytest.mark.django_db
def test_the_board_reads_them_and_comes_to_them_from_its_list(django_assert_max_num_queries):
    cast = town()
    board = PersonFactory()
    AppointmentFactory(programme=cast.programme, person=board, role="board", since=TODAY)
    client = signed_in(board)
    address = reverse("commitments:question-figures", args=[cast.programme.slug])
    assert (
        address in client.get(reverse("commitments:programme-questions", args=[cast.programme.slug])).content.decode()
    )
    page = words(client.get(address))
    assert "half within 1 working day, 9 of 10 within 6" in page
    oldest = Question.objects.get(state="raised")
    assert "Open for longest" in page
    assert oldest.reference in page
    with django_assert_max_num_queries(7):
        client.get(address)


@pytest.mark.django_db
def test_who_answers_alone_reads_no_figures_and_an_empty_programme_says_so():
    cast = Cast()
    address = reverse("commitments:question-figures", args=[cast.programme.slug])
    assert signed_in(cast.senior).get(address).status_code == 404
    assert "Nothing was asked yet" in words(signed_in(cast.coordinator).get(address))
