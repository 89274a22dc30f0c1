"""What a programme's questions come to in figures: counts, and how many working days they took. Plain functions."""

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, timedelta
from itertools import accumulate
from typing import NamedTuple

from commitments.clocks import Calendar

DAY = timedelta(days=1)


class Line(NamedTuple):
    """What is counted of one question."""

    theme: str
    organisation: str
    is_owed: bool
    is_late: bool
    is_paused: bool
    raised_on: date
    replied_on: date | None
    answered_on: date | None
    """The day of the first answer, whatever came after it."""


@dataclass
class Figures:
    """Questions in figures. ``to_reply`` and ``to_answer`` count how many took so many days.

    Days are working days after the day on which a question was asked.
    """

    raised: int = 0
    owed: int = 0
    late: int = 0
    paused: int = 0
    answered: int = 0
    oldest: date | None = None
    to_reply: Counter[int] = field(default_factory=Counter)
    to_answer: Counter[int] = field(default_factory=Counter)

    def add(self, line: Line, to_reply: int | None, to_answer: int | None) -> None:
        """Count ``line``, which took so many working days to the first reply and to the first answer."""
        self.raised += 1
        if line.is_owed:
            self.owed += 1
            self.late += line.is_late
            self.paused += line.is_paused
            self.oldest = min(self.oldest or line.raised_on, line.raised_on)
        if to_reply is not None:
            self.to_reply[to_reply] += 1
        if to_answer is not None:
            self.answered += 1
            self.to_answer[to_answer] += 1

    def add_all(self, others: "Figures") -> None:
        """Count what ``others`` have counted."""
        self.raised += others.raised
        self.owed += others.owed
        self.late += others.late
        self.paused += others.paused
        self.answered += others.answered
        self.oldest = min((day for day in (self.oldest, others.oldest) if day), default=None)
        self.to_reply.update(others.to_reply)
        self.to_answer.update(others.to_answer)

    @property
    def reply_median(self) -> int | None:
        return centile(self.to_reply, 50)

    @property
    def reply_slow(self) -> int | None:
        return centile(self.to_reply, 90)

    @property
    def answer_median(self) -> int | None:
        return centile(self.to_answer, 50)

    @property
    def answer_slow(self) -> int | None:
        return centile(self.to_answer, 90)


def centile(values: Counter[int], share: int) -> int | None:
    """Return the smallest value within which at least ``share`` per cent lie (nearest rank); ``values`` counts each.

    None where there is nothing to count.
    """
    rows = sorted(values.items())
    upto = list(accumulate(number for _, number in rows))
    if not upto:
        return None
    rank = -(-upto[-1] * share // 100)
    return rows[next(place for place, count in enumerate(upto) if count >= max(rank, 1))][0]


class Worked:
    """The worked days of ``calendar`` from ``first`` to ``last``, laid out once: ten thousand pairs are cheap then."""

    def __init__(self, calendar: Calendar, first: date, last: date) -> None:
        days = [first + DAY * number for number in range((last - first).days + 1)]
        self._upto = dict(zip(days, accumulate(calendar.is_worked(day) for day in days), strict=True))

    def between(self, first: date, last: date) -> int:
        """Return how many worked days lie after ``first`` up to and with ``last``."""
        return self._upto[last] - self._upto[first]


def figures_of(lines: Iterable[Line], calendar: Calendar) -> tuple[Figures, dict[str, Figures], dict[str, Figures]]:
    """Return the figures of all ``lines``, by theme and by owner organisation, each in the order of their names.

    "" stands for no theme, and for what is the coordinator's.
    """
    lines = list(lines)
    total, by_theme, by_organisation = Figures(), defaultdict(Figures), defaultdict(Figures)
    if not lines:
        return total, {}, {}
    ends = [day for line in lines for day in (line.raised_on, line.replied_on, line.answered_on) if day]
    worked = Worked(calendar, min(ends), max(ends))
    cells: dict[tuple[str, str], Figures] = defaultdict(Figures)
    for line in lines:
        replied = worked.between(line.raised_on, line.replied_on) if line.replied_on else None
        answered = worked.between(line.raised_on, line.answered_on) if line.answered_on else None
        cells[line.theme, line.organisation].add(line, replied, answered)
    for (theme, organisation), cell in cells.items():
        for each in (total, by_theme[theme], by_organisation[organisation]):
            each.add_all(cell)
    return total, dict(sorted(by_theme.items())), dict(sorted(by_organisation.items()))
