"""Attitudes: points and codes, sheets that lead nowhere, pairs, and the attack on everything that is published."""

import contextlib
import threading
from concurrent.futures import ThreadPoolExecutor
from fractions import Fraction
from itertools import count
from random import Random
from types import SimpleNamespace

import pytest
from django.db import IntegrityError, connection

from surveys import suppression
from surveys.actions import attitudes
from surveys.actions.attitudes import (
    CodeUnknown,
    CodeUsed,
    Full,
    NotAPoint,
    NotOpen,
    NotTheStatements,
    close_point,
    fill_in,
    is_pair_code,
    new_pair_code,
    open_point,
)
from surveys.actions.editions import OPTIONS
from surveys.actions.questionnaires import AnsweredAlready, NothingToAsk, change_statements, start_attitudes
from surveys.models import Edition, Method, Opening, Sheet
from surveys.queries import changes_too_few, shown_of
from tests.briefings.factories import NOW

pytestmark = pytest.mark.django_db
WORDS = ["I know how to ask.", "I trust the others."]


def asked(method=Method.PAIRED, words=WORDS):
    return start_attitudes(about="briefings.programme:7", method=method, title="Hub", words=words, by="clock", now=NOW)


def opened(questionnaire, point="before", most=100) -> Opening:
    return open_point(questionnaire=questionnaire, point=point, most=most, by="clock", now=NOW)


def close(opening: Opening) -> None:
    close_point(opening=opening, by="clock", now=NOW)


def answer(opening: Opening, answers, pair="", **more) -> str:
    pair = pair or new_pair_code()
    fill_in(code=opening.code, pair=pair, answers=answers, **more)
    return pair


def test_a_point_opens_under_a_code_closes_and_opens_again_under_the_same():
    questionnaire = asked()
    opening = opened(questionnaire)
    answer(opening, [5, 4])
    close(opening)
    close(opening)
    with pytest.raises(NotOpen):
        answer(opening, [5, 4])
    assert opened(questionnaire).code == opening.code
    answer(opening, [5, 4])
    with pytest.raises(NotOpen):
        fill_in(code="NOCODE", pair=new_pair_code(), answers=[5, 4])
    with pytest.raises(NotAPoint):
        opened(questionnaire, "once")


def test_what_is_refused_leaves_no_sheet():
    opening = opened(asked(), most=1)
    for answers in ([5], [5, 4, 3], [5, 6]):
        with pytest.raises(NotTheStatements):
            answer(opening, answers)
    with pytest.raises(CodeUnknown):
        answer(opening, [5, 4], is_known=True)
    pair = answer(opening, [5, 4])
    with pytest.raises(CodeUsed):
        answer(opening, [5, 4], pair.lower().replace("-", " "))
    with pytest.raises(Full):
        answer(opening, [5, 4])
    assert Sheet.objects.count() == 1


def test_words_stand_once_somebody_has_answered():
    questionnaire = asked()
    with pytest.raises(NothingToAsk):
        change_statements(questionnaire=questionnaire, words=[], by="clock", now=NOW)
    change_statements(questionnaire=questionnaire, words=["One."], by="clock", now=NOW)
    answer(opened(questionnaire), [5])
    with pytest.raises(AnsweredAlready):
        change_statements(questionnaire=questionnaire, words=["Two."], by="clock", now=NOW)
    assert [each.words for each in questionnaire.statements.all()] == ["One."]


def test_neither_place_nor_transaction_of_a_row_tells_which_came_when():
    """The attack: rows read as they lie on the disk, with the transaction that wrote each."""
    opening = opened(asked())
    for number in range(12):
        answer(opening, [number % 6, 5])
    with connection.cursor() as cursor:
        cursor.execute("SELECT id, xmin::text FROM surveys_sheet ORDER BY ctid")
        rows = cursor.fetchall()
    assert [row[0] for row in rows] == sorted(row[0] for row in rows)  # random ids: an order of chance
    assert len({row[1] for row in rows}) == 1
    assert {field.name for field in Sheet._meta.fields} == {"id", "opening", "pair", "answers"}


def test_a_pair_code_is_random_and_kept_as_a_digest():
    opening = opened(asked())
    pair = answer(opening, [5, 5])
    assert is_pair_code(pair)
    assert not is_pair_code("K7QM")
    assert not is_pair_code("K7QM-2XT0")
    assert pair not in repr(list(Sheet.objects.values()))
    assert len({new_pair_code() for _ in range(50)}) == 50


def pairs(questionnaire, moves, points=("before", "after")) -> None:
    """Let people answer at two points, each as ``moves`` says, and close both."""
    first, second = (opened(questionnaire, point, most=1000) for point in points)
    codes = [answer(first, before) for before, _ in moves]
    for code, (_, after) in zip(codes, moves, strict=True):
        if after is not None:
            answer(second, after, code, is_known=True)
    close(first)
    close(second)


def test_before_and_after_stand_side_by_side_with_the_change_of_each_pair():
    questionnaire = asked()
    moves = [([2, 4], [4, 4])] * 8 + [([4, 4], [2, 4])] * 5 + [([3, 3], [3, 0])] * 5 + [([5, 5], None)] * 2
    pairs(questionnaire, moves)
    first, second = shown_of(questionnaire)
    assert [(bar.words, bar.row.total) for bar in first.bars] == [("Before", 20), ("After", 18)]
    (change, said), *_ = first.changes
    assert change.words == "From before to after"
    assert change.row == suppression.Row(18, (8, 5, 5, 0))
    assert "(p = 0.581)" in said
    assert said.startswith("The median change is none")
    assert second.changes[0][0].row == suppression.Row(18, (0, 13, 0, 5))


def test_then_and_now_are_asked_on_one_sheet():
    questionnaire = asked(Method.RETROSPECTIVE, ["I know how to ask."])
    opening = opened(questionnaire, "once")
    for _ in range(12):
        answer(opening, [2, 4])
    close(opening)
    (shown,) = shown_of(questionnaire)
    assert [bar.words for bar in shown.bars] == ["Then", "Now"]
    assert shown.changes[0][0].row.cells == (12, 0, 0, 0)


def test_nothing_is_shown_of_nine_and_pairs_need_ten_of_their_own():
    questionnaire = asked()
    pairs(questionnaire, [([2, 4], [4, 4])] * 9)
    assert shown_of(questionnaire) == []
    pairs(questionnaire, [([5, 5], None)] * 1)
    assert [edition.block for edition in Edition.objects.all()] == ["before"]
    assert changes_too_few(questionnaire) == ["From before to after"]


def test_a_point_that_opens_again_is_published_in_tens():
    questionnaire = asked()
    opening = opened(questionnaire)
    for _ in range(12):
        answer(opening, [5, 5])
    close(opening)
    for more, editions in ((9, 1), (3, 2)):
        opened(questionnaire)
        for _ in range(more):
            answer(opening, [4, 4])
        close(opening)
        assert Edition.objects.count() == editions
    assert [edition.table[0][:2] for edition in Edition.objects.order_by("number")] == [[12, 0], [0, 12]]


# The attack by differencing: everything that is published of one statement as one linear system


def published_equations(questionnaire) -> tuple[list[list[int]], list[list[int]]]:
    """Return what is known and what is held back of the first statement, each as a row over the hidden unknowns.

    The unknowns are how many people answered what at both points (36), at the first alone (6), at the second alone (6),
    anew for those whom each edition of a block counts. Blocks of the same edition count the same people.
    """
    size, known, hidden = 48, [], []
    for edition in questionnaire.editions.order_by("block", "number"):
        functionals = functionals_of(edition.block)
        known.append([sum(column) for column in zip(*functionals, strict=True)])
        for cell, functional in zip(edition.table[0], functionals, strict=True):
            (hidden if cell is None else known).append(functional)
    assert all(len(row) == size for row in [*known, *hidden])
    return known, hidden


def functionals_of(block: str) -> list[list[int]]:
    """Return, for each number of a row of ``block``, which of the unknowns it adds up."""

    def picks(wanted) -> list[int]:
        both = [int(wanted(first, second)) for first in OPTIONS for second in OPTIONS]
        return both + [int(wanted(first, None)) for first in OPTIONS] + [int(wanted(None, each)) for each in OPTIONS]

    if block == "before":
        return [picks(lambda first, second, own=own: first == own) for own in OPTIONS]
    if block == "after":
        return [picks(lambda first, second, own=own: second == own) for own in OPTIONS]

    def change(first, second) -> int | None:
        if first is None or second is None:
            return None
        return 3 if 0 in (first, second) else 0 if second > first else 1 if second == first else 2

    return [picks(lambda first, second, own=own: change(first, second) == own) for own in range(4)]


def determined(known: list[list[int]], wanted: list[int]) -> bool:
    """Return whether ``wanted`` is a combination of the rows of ``known``: then its number follows from theirs."""
    return rank([*known, wanted]) == rank(known)


def rank(rows: list[list[int]]) -> int:
    rows, found = [[Fraction(cell) for cell in row] for row in rows], 0
    for column in range(len(rows[0])):
        pivot = next((each for each in range(found, len(rows)) if rows[each][column]), None)
        if pivot is None:
            continue
        rows[found], rows[pivot] = rows[pivot], rows[found]
        for each in range(found + 1, len(rows)):
            if rows[each][column]:
                factor = rows[each][column] / rows[found][column]
                rows[each] = [cell - factor * top for cell, top in zip(rows[each], rows[found], strict=True)]
        found += 1
    return found


def some_moves(seed: int) -> list:
    """Return answers of some people at two points, most of them in pairs, with small numbers here and there."""
    random = Random(seed)  # noqa: S311 (chance, no secret)
    likely = [random.choice((0, 1, 2, 3, 4, 5)) for _ in range(4)] + [4] * 6
    answers = [(random.choice(likely), min(5, random.choice(likely) + 1)) for _ in range(random.randint(11, 26))]
    return [([first, 5], [second, 5] if random.random() < 0.8 else None) for first, second in answers]


@pytest.mark.parametrize("seed", range(5))
def test_no_number_held_back_follows_from_all_that_is_published(seed):
    questionnaire = asked()
    pairs(questionnaire, some_moves(seed))
    known, hidden = published_equations(questionnaire)
    assert hidden, "nothing is held back: this seed proves nothing"
    assert [row for row in hidden if determined(known, row)] == []


ONE_SMALL = [([each, 5], [5, 5]) for each in (1, 2, 3, 4, 5) for _ in range(5)] + [([0, 5], [5, 5])] * 3
"""Answers of which one number alone is small: of those before, who prefer not to say."""


def test_one_small_number_alone_takes_another_with_it():
    questionnaire = asked()
    pairs(questionnaire, ONE_SMALL)
    known, hidden = published_equations(questionnaire)
    assert hidden
    assert [row for row in hidden if determined(known, row)] == []


def test_without_holding_back_a_second_number_one_follows(monkeypatch):
    monkeypatch.setattr(suppression, "gives_away", lambda *args: False)
    questionnaire = asked()
    pairs(questionnaire, ONE_SMALL)
    known, hidden = published_equations(questionnaire)
    assert [row for row in hidden if determined(known, row)] != []


@pytest.fixture
def both_have_counted(monkeypatch, request):
    """Hold each who answers until the other has read the sheets too or cannot."""
    seconds = getattr(request, "param", 0.5)
    barrier, wanted = threading.Barrier(2), attitudes.answers_wanted

    def wait_and_go_on(*args):
        with contextlib.suppress(threading.BrokenBarrierError):  # the other waits for our lock: the guard at work
            barrier.wait(timeout=seconds)
        return wanted(*args)

    monkeypatch.setattr(attitudes, "answers_wanted", wait_and_go_on)


@pytest.mark.django_db(transaction=True)
def test_two_who_answer_at_once_are_both_kept_and_no_more_than_expected(both_have_counted):
    opening = opened(asked(), most=1)
    numbers = count()

    def answer_it(_) -> str:
        try:
            answer(opening, [next(numbers) % 5, 5])
        except Full:
            return "full"
        finally:
            connection.close()
        return "kept"

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(answer_it, range(2))) == ["full", "kept"]
    assert Sheet.objects.count() == 1


def sent_twice_at_once(opening: Opening) -> list[str]:
    """Send one sheet under one code twice at the same moment; return what each came to."""
    pair = new_pair_code()

    def send_it(_) -> str:
        try:
            answer(opening, [4, 5], pair)
        except CodeUsed:
            return "used"
        except IntegrityError:
            return "refused by the database"
        finally:
            connection.close()
        return "kept"

    with ThreadPoolExecutor(2) as pool:
        return sorted(pool.map(send_it, range(2)))


@pytest.mark.django_db(transaction=True)
def test_one_sheet_that_is_sent_twice_at_once_counts_once(both_have_counted):
    assert sent_twice_at_once(opened(asked())) == ["kept", "used"]
    assert Sheet.objects.count() == 1


class Unlocked:
    """The openings as they are read, without a lock on them."""

    objects = SimpleNamespace(select_for_update=lambda **options: Opening.objects.all())


def take_the_lock_out(monkeypatch) -> None:
    """Both go on together, also from emptying the point to filling it: else the later empties what the first wrote."""
    barrier, create = threading.Barrier(2), Sheet.objects.bulk_create

    def wait_and_create(*args, **options):
        barrier.wait(timeout=20)
        return create(*args, **options)

    monkeypatch.setattr(attitudes, "Opening", Unlocked)
    monkeypatch.setattr(Sheet.objects, "bulk_create", wait_and_create)


@pytest.mark.parametrize("both_have_counted", [20], indirect=True)
@pytest.mark.django_db(transaction=True)
def test_without_the_lock_only_the_database_is_left_to_refuse_it(both_have_counted, monkeypatch):
    opening = opened(asked())
    take_the_lock_out(monkeypatch)
    assert sent_twice_at_once(opening) == ["kept", "refused by the database"]


@pytest.mark.parametrize("both_have_counted", [20], indirect=True)
@pytest.mark.django_db(transaction=True)
def test_without_the_lock_more_answer_than_were_expected(both_have_counted, monkeypatch):
    opening = opened(asked(), most=1)
    take_the_lock_out(monkeypatch)

    def answer_it(number: int) -> None:
        answer(opening, [number, 5])
        connection.close()

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(answer_it, range(2)))
    assert Sheet.objects.count() == 2
