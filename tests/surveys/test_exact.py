"""The exact sign test, against counting every way there is, and what is said of it."""

from fractions import Fraction
from itertools import product

import pytest

from surveys.exact import at_most, in_words, median_in_words, sign_test
from surveys.suppression import Row


def by_counting(better: int, worse: int) -> Fraction:
    """Return how many of all ways that so many people could move are at least as uneven."""
    ways = list(product((1, -1), repeat=better + worse))
    return Fraction(sum(abs(sum(way)) >= abs(better - worse) for way in ways), len(ways))


@pytest.mark.parametrize(("better", "worse"), [(better, worse) for better in range(7) for worse in range(6)])
def test_it_is_what_counting_every_way_gives(better, worse):
    assert sign_test(better, worse) == by_counting(better, worse)


def test_known_figures():
    assert sign_test(8, 2) == Fraction(112, 1024)  # Conover, Practical Nonparametric Statistics: 0.109
    assert float(sign_test(20, 6)) == pytest.approx(0.0094, abs=0.0001)
    assert sign_test(0, 0) == 1
    assert sign_test(3000, 2000) < Fraction(1, 10**40)


def test_what_is_held_back_is_taken_at_its_worst():
    assert at_most(Row(30, (20, 5, 5, 0))) == (sign_test(20, 5), True)
    assert at_most(Row(30, (20, None, None, 0))) == (sign_test(20, 10), False)
    assert at_most(Row(12, (5, None, None, 0))) == (1, False)  # five the other way are possible
    assert at_most(Row(12, (None, 6, None, 0))) == (1, False)
    assert at_most(Row(30, (None, None, 20, 0))) == (sign_test(10, 20), False)


@pytest.mark.parametrize(
    ("row", "said"),
    [
        (Row(31, (20, 6, 5, 0)), "about once in 245 times (p = 0.004). That is seldom enough"),
        (Row(31, (10, 11, 10, 0)), "100 times in 100 (p = 1.000). That is too often"),
        (Row(31, (25, None, None, 0)), "times at most."),
        (Row(31, (12, None, None, 0)), "it stays open"),
        (Row(90, (60, 25, 5, 0)), "less than once in 1,000 times (p = less than 0.001)"),
    ],
)
def test_it_says_so_in_plain_words(row, said):
    assert said in in_words(row)


@pytest.mark.parametrize(
    ("cells", "said"),
    [
        ((8, 5, 0, 0), "towards agreement: 8 of 13 pairs moved that way, more than half"),
        ((0, 5, 9, 2), "away from agreement: 9 of 14 pairs moved that way, more than half"),
        ((6, 6, 0, 0), "between none and towards agreement: 6 of 12 pairs moved that way, exactly half"),
        ((5, 9, 6, 0), "none: of 20 pairs 5 moved towards agreement and 6 away from it"),
        ((0, 0, 0, 12), "none: no pair can be compared"),
    ],
)
def test_the_median_change_follows_from_what_is_shown(cells, said):
    assert said in median_in_words(Row(sum(cells), cells))


def test_the_median_of_what_is_held_back_stays_unsaid():
    assert median_in_words(Row(16, (8, None, None, 0))) == ""
    assert median_in_words(Row(16, (None, None, None, None))) == ""
    for cells, way in (((9, None, None, None), "towards"), ((None, None, 9, None), "away from")):
        said = f"The median change is {way} agreement: 9 of 16 pairs moved that way, more than half."
        assert median_in_words(Row(16, cells)) == said
