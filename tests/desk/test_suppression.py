"""That nothing hidden can be calculated back: every table small enough is attacked by trying all that fits."""

from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from desk.suppression import hidden_lines

LEAST = 3
lines = st.lists(st.tuples(st.integers(0, 6), st.integers(0, 6)), max_size=4)


def possible(lines, hidden):
    """Return, for each hidden line and column, all values that fit what is known: the shown lines and the sums."""
    found = {}
    for column in (0, 1):
        total = sum(line[column] for line in lines)
        left = total - sum(line[column] for number, line in enumerate(lines) if number not in hidden)
        for values in product(range(left + 1), repeat=len(hidden)):
            if sum(values) == left:
                for number, value in zip(sorted(hidden), values, strict=True):
                    found.setdefault((number, column), set()).add(value)
    return found


@settings(max_examples=200, deadline=None)
@given(lines)
def test_no_hidden_number_can_be_worked_out(table):
    hidden = hidden_lines(table, LEAST)
    if hidden is None:
        return
    for number, line in enumerate(table):
        assert number in hidden or min(line) >= LEAST
    for known in (None, *hidden):
        own = {number: line for number, line in enumerate(table) if number == known}
        for (number, column), values in possible(table, hidden - own.keys()).items():
            assert table[number][column] in values
            assert len(values) >= LEAST + 1, f"who knows line {known} works out line {number}"


def test_without_the_second_step_it_can_be_worked_out():
    """The control: only what is small hidden, one line falls out of the sum."""
    table = [(1, 5), (5, 5), (6, 6)]
    assert possible(table, {0}) == {(0, 0): {1}, (0, 1): {5}}
    assert hidden_lines(table, LEAST) == {0, 1, 2}


def test_with_two_lines_hidden_who_knows_one_works_out_the_other():
    """The control: the lead of a partner knows its own line exactly."""
    table = [(1, 5), (5, 5), (6, 6), (7, 7)]
    assert possible(table, {0, 1} - {1}) == {(0, 0): {1}, (0, 1): {5}}
    assert hidden_lines(table, LEAST) == {0, 1, 2}


@pytest.mark.parametrize(
    ("table", "hidden"),
    [
        ([], None),
        ([(9, 9)], set()),
        ([(9, 4)], None),
        ([(9, 9), (5, 5)], set()),
        ([(0, 9), (9, 9)], None),
        ([(0, 9), (9, 9), (20, 20)], {0, 1, 2}),
        ([(0, 9), (9, 9), (20, 20), (30, 30)], {0, 1, 2}),
        ([(0, 9), (0, 9), (20, 20), (8, 8), (30, 30)], {0, 1, 2, 3}),
        ([(0, 9), (0, 9), (5, 5), (8, 8), (30, 30)], {0, 1, 2, 3}),
        ([(4, 9), (4, 9), (4, 9), (9, 9)], {0, 1, 2}),
        ([(1, 1), (1, 1)], None),
    ],
)
def test_which_lines_are_hidden(table, hidden):
    assert hidden_lines(table) == hidden
