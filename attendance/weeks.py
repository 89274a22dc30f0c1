"""The half-days in which somebody can come: weeks as a grid, and patterns that repeat. Plain values."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta

MORNING, AFTERNOON = "morning", "afternoon"
SLOTS = (MORNING, AFTERNOON)
WEEKDAYS = ("Mondays", "Tuesdays", "Wednesdays", "Thursdays", "Fridays")
WEEK = timedelta(days=7)

Half = tuple[date, str]
"""One half-day: its date, and morning or afternoon."""


@dataclass(frozen=True)
class Pattern:
    """Half-days that repeat each week: of one weekday (0 is Monday), or of one slot on every day."""

    key: str
    words: str

    def fits(self, half: Half) -> bool:
        """Return whether ``half`` is one of them."""
        return half[1] == self.key if self.key in SLOTS else str(half[0].weekday()) == self.key


PATTERNS = (
    *(Pattern(str(number), words) for number, words in enumerate(WEEKDAYS)),
    Pattern(MORNING, "Mornings"),
    Pattern(AFTERNOON, "Afternoons"),
)


def monday_of(day: date) -> date:
    """Return the Monday of the week of ``day``."""
    return day - timedelta(days=day.weekday())


def halves_between(first: date, last: date, days_off: Iterable[date] = ()) -> list[Half]:
    """Return the half-days from ``first`` to ``last``, both included, on Mondays to Fridays that are not off."""
    off = set(days_off)
    days = (first + timedelta(days=number) for number in range((last - first).days + 1))
    return [(day, slot) for day in days if day.weekday() < 5 and day not in off for slot in SLOTS]


def repeated(key: str, can: bool, halves: Iterable[Half]) -> dict[Half, bool]:
    """Return what "Tuesdays not" says about ``halves``: those of the pattern ``key``. Raises KeyError for none."""
    pattern = next((each for each in PATTERNS if each.key == key), None)
    if pattern is None:
        raise KeyError(key)
    return {half: can for half in halves if pattern.fits(half)}


def all_not(pattern: Pattern, halves: Iterable[Half], said: Mapping[Half, bool]) -> bool:
    """Return whether somebody said of every one of ``halves`` in ``pattern`` that they cannot; False without any."""
    own = [half for half in halves if pattern.fits(half)]
    return bool(own) and all(said.get(half) is False for half in own)
