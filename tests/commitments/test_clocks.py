"""When something is due, and when somebody is reminded of it."""

from datetime import date, timedelta
from itertools import pairwise

import pytest

from commitments.clocks import AFTER, AT, BEFORE, Rung, clock_from, next_rung

ENGLAND = "england-and-wales"


def test_a_due_date_names_the_bank_holidays_it_left_out():
    clock = clock_from(date(2026, 12, 18), 10, ENGLAND)
    assert (clock.due, clock.left_out) == (date(2027, 1, 6), (date(2026, 12, 25), date(2026, 12, 28), date(2027, 1, 1)))


def test_a_due_date_within_a_week_leaves_out_nothing():
    clock = clock_from(date(2026, 11, 2), 4, ENGLAND)
    assert (clock.due, clock.left_out) == (date(2026, 11, 6), ())


DUE = date(2026, 11, 16)


@pytest.mark.parametrize(
    ("after", "today", "rung"),
    [
        (0, date(2026, 11, 2), Rung(1, date(2026, 11, 12), BEFORE)),
        (0, date(2026, 11, 12), Rung(1, date(2026, 11, 12), BEFORE)),
        (1, date(2026, 11, 12), Rung(2, date(2026, 11, 16), AT)),
        (2, date(2026, 11, 16), Rung(3, date(2026, 11, 17), AFTER)),
        (3, date(2026, 11, 17), Rung(4, date(2026, 11, 19), AFTER)),
        (4, date(2026, 11, 19), Rung(5, date(2026, 11, 23), AFTER)),
        (5, date(2026, 11, 23), Rung(6, date(2026, 11, 30), AFTER)),
        (6, date(2026, 11, 30), Rung(7, date(2026, 12, 7), AFTER)),
        # Nobody looked for a while: one reminder now, not three.
        (0, date(2026, 11, 20), Rung(4, date(2026, 11, 20), AFTER)),
    ],
)
def test_the_ladder(after, today, rung):
    assert next_rung(DUE, after, today, ENGLAND) == rung


def test_the_ladder_has_no_end_and_never_two_rungs_a_day():
    step, today, days = 0, date(2026, 11, 2), []
    for _ in range(400):
        rung = next_rung(DUE, step, today, ENGLAND)
        assert rung.day >= today
        if rung.day == today:
            days.append(today)
            step = rung.step
            assert next_rung(DUE, step, today, ENGLAND).day > today
        today += timedelta(days=1)
    assert len(days) == len(set(days))
    assert max(b - a for a, b in pairwise(days)) <= timedelta(days=14)
