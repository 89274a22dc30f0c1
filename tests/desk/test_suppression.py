"""That nothing hidden can be calculated back: every table small enough is attacked by trying all that fits."""

from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from desk.suppression import hidden_lines

LEAST = 3
lines = st.lists(st.tuples(st.integers(0, 6), st.integers(0, 6)), max_size=4)


def possible(lines, hidden):
    """Return, for each hidden line and column, all values that fit what is published: the shown lines and the sums."""
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
    for (number, column), values in possible(table, hidden).items():
        assert table[number][column] in values
        assert len(values) >= LEAST + 1, "whether it is under the limit stays open"


def test_without_the_second_step_it_can_be_worked_out():
    """The control: only what is small hidden, one line falls out of the sum."""
    table = [(1, 5), (5, 5), (6, 6)]
    assert possible(table, {0}) == {(0, 0): {1}, (0, 1): {5}}
    assert hidden_lines(table, LEAST) == {0, 1}


@pytest.mark.parametrize(
    ("table", "hidden"),
    [
        ([], None),
        ([(9, 9)], set()),
        ([(9, 4)], None),
        ([(9, 9), (5, 5)], set()),
        ([(0, 9), (9, 9), (20, 20)], {0, 1}),
        ([(0, 9), (0, 9), (20, 20), (8, 8)], {0, 1, 3}),
        ([(1, 1), (1, 1)], None),
    ],
)
def test_which_lines_are_hidden(table, hidden):
    assert hidden_lines(table) == hidden
