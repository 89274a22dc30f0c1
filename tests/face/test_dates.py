"""Moments as people read them."""

from datetime import UTC, datetime

import pytest

from face.dates import deadline, moment


@pytest.mark.parametrize(
    ("ends", "read"),
    [
        (datetime(2026, 11, 30, 16, 7, tzinfo=UTC), "30 November 2026 at 4:07pm"),
        (datetime(2026, 11, 9, tzinfo=UTC), "8 November 2026 at 11:59pm"),
        (datetime(2026, 6, 30, 23, tzinfo=UTC), "30 June 2026 at 11:59pm"),
        (datetime(2027, 1, 1, tzinfo=UTC), "31 December 2026 at 11:59pm"),
        (datetime(2026, 7, 1, tzinfo=UTC), "1 July 2026 at 1am"),
    ],
)
def test_a_limit_at_midnight_is_read_as_the_end_of_the_day_that_it_ends(ends, read):
    assert deadline(ends) == read


def test_what_happened_at_midnight_happened_then():
    assert moment(datetime(2026, 11, 9, tzinfo=UTC)) == "9 November 2026 at midnight"
