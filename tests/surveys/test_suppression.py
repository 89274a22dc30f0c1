"""Small numbers: the rule, and an attack on everything that could be published, by trying every table there is."""

from collections import defaultdict
from itertools import product

import pytest

from surveys import suppression
from surveys.suppression import Row, published, together


@pytest.mark.parametrize(
    ("counts", "shown"),
    [
        ((9, 0, 0), None),
        ((10, 0, 0), (10, 0, 0)),
        ((6, 5, 0), (6, 5, 0)),
        ((8, 1, 1), (8, None, None)),
        ((9, 3, 0), (9, None, None)),  # the nought goes with it: else it would be known which of the two it is
        ((12, 8, 3), (12, None, None)),  # the next lowest goes with the only one
        ((8, 4, 4), (None, None, None)),  # two that hold eight are four each
        ((4, 4, 4), (None, None, None)),
        ((5, 4, 3), (None, None, None)),
        ((5, 5, 4), (None, None, None)),  # of two that are next lowest both: a choice would tell
        ((20, 3, 12, 8, 2, 1), (20, None, 12, 8, None, None)),
    ],
)
def test_what_is_shown_of_one_row(counts, shown):
    row = published(counts)
    assert (row and row.cells) == shown
    assert row is None or row.total == sum(counts)


def test_rows_together_tell_what_each_tells():
    first, second = published((12, 8, 3)), published((9, 6, 0))
    assert together([first, second]) == Row(38, (21, None, None))
    assert together([second]) == second


def tables(total: int, options: int):
    """Yield every row of ``options`` numbers that add up to ``total``."""
    for cells in product(range(total + 1), repeat=options - 1):
        if sum(cells) <= total:
            yield (*cells, total - sum(cells))


def found_out(groups) -> list:
    """Return the published rows that leave one possibility for a number that is held back.

    The attacker knows the rule, tries every table and keeps those that would have been published so.
    """
    return [
        (row, each)
        for row, candidates in groups.items()
        for each, cell in enumerate(row.cells)
        if cell is None and len({counts[each] for counts in candidates}) == 1
    ]


def rows_by_publication(total: int, options: int) -> dict[Row, list]:
    groups = defaultdict(list)
    for counts in tables(total, options):
        groups[published(counts)].append(counts)
    return groups


SIZES = [(total, options) for options in (2, 3, 4) for total in range(10, 19)]


@pytest.mark.parametrize(("total", "options"), SIZES)
def test_no_number_held_back_can_be_found_out_from_one_row(total, options):
    assert found_out(rows_by_publication(total, options)) == []


def test_without_holding_back_a_second_one_they_can(monkeypatch):
    monkeypatch.setattr(suppression, "gives_away", lambda *args: False)
    assert found_out(rows_by_publication(14, 3)) != []
