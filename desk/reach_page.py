"""The page of reach: its rows by what was chosen, where a gap leads, weeks as a chart, what the public may read."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Any
from urllib.parse import urlencode

from briefings.models import Programme
from desk.queries.reach import Key, Reach, ReachOf, summed
from desk.suppression import hidden_lines, rounded
from face.addresses import address_of

PARTS = ("organisation", "profession", "area")
CELL = "cell"
HEADS = [
    "Organisation", "Profession", "Area", "Eligible", "Named", "Head-count", "Attended", "Walked in", "Holds a place",
    "Excused", "Absent", "Invited, no place yet", "Never reached", "Attended of eligible, %",
    "Places of days that are over", "Came of these, %",
]  # fmt: skip


@dataclass(frozen=True)
class Chosen:
    """What of the reach is shown: the ids of organisation, profession and area (None: all), and ``by`` what."""

    organisation: int | None = None
    profession: int | None = None
    area: int | None = None
    by: str = "organisation"
    own: frozenset[int] | None = None
    """The organisations that somebody may see at all; None for every one."""

    @property
    def key(self) -> str:
        """What tells it from others, for a cache: the kind of line makes no difference to who is counted."""
        own = "-".join(map(str, sorted(self.own))) if self.own is not None else "all"
        return f"{self.organisation}:{self.profession}:{self.area}:{own}"

    @property
    def is_everything(self) -> bool:
        """Whether every cell fits."""
        return self.own is None and self.organisation is None and self.profession is None and self.area is None

    def fits(self, key: Key) -> bool:
        """Return whether the cell ``key`` is among what was chosen."""
        if self.own is not None and key[0] not in self.own:
            return False
        wanted = (self.organisation, self.profession, self.area)
        return all(want is None or want == have for want, have in zip(wanted, key, strict=True))


@dataclass(frozen=True)
class Row:
    """One line: its names in the order organisation, profession, area ("" where it is summed), and its figures.

    ``fixed`` are the ids behind the names, None where all are meant. Its addresses are "" without a ``programme`` in
    which somebody may invite, or without a gap.
    """

    names: tuple[str, str, str]
    reach: Reach
    programme: Programme | None = None
    fixed: tuple[int | None, ...] = ()
    shown: tuple[bool, ...] = (False, False, False)
    """Which parts tell its line from others: None in ``fixed`` means there that the staff list does not say."""

    @cached_property
    def title(self) -> str:
        return ", ".join(name for name in self.names if name)

    @property
    def parts(self) -> list[tuple[str, int]]:
        """The parts of its bar."""
        own = self.reach
        return [("b1", own.attended), ("b2", own.booked), ("b3", own.called), ("b4", own.never)]

    @cached_property
    def again(self) -> bool:
        """Whether everybody of the gap who is known by name was invited before: they can be invited again."""
        return self.reach.never_named <= 0 < self.reach.invited

    @cached_property
    def to_invite(self) -> int:
        """How many of the gap are known by name: those never reached, else those invited before.

        The page of a round is about exactly these, and says who of them cannot be mailed, said no, or waits.
        """
        return self.reach.invited if self.again else max(self.reach.never_named, 0)

    @cached_property
    def invite_url(self) -> str:
        """The page of a round with the filter set; "" where nobody of the gap is known by name."""
        if self.programme is None or not self.to_invite:
            return ""
        asked = {f"{name}s": part for name, part in zip(PARTS, self.fixed, strict=True) if part is not None}
        shown = zip(PARTS, self.fixed, self.shown, strict=True)
        asked["unknown"] = [name for name, part, is_shown in shown if is_shown and part is None]
        query = urlencode({"who": "again" if self.again else "new", **asked, "gap": "yes"}, doseq=True)
        return f"{address_of('attendance:round-choose', self.programme.slug)}?{query}"

    @cached_property
    def inside_url(self) -> str:
        """Where the gap is told apart by organisation, each with its lead; "" where nobody is left for them."""
        if self.programme is None or self.lead_url or self.reach.gap <= self.to_invite:
            return ""
        asked = {name: part for name, part in zip(PARTS, self.fixed, strict=True) if part is not None}
        return f"?{urlencode({'by': CELL} | asked)}"

    @cached_property
    def lead_url(self) -> str:
        """The page of a ready request to the lead; "" without a gap or of no single organisation."""
        if self.programme is None or not self.reach.gap or self.fixed[0] is None:
            return ""
        return _lead_url(self.programme, self.reach, self.fixed)


class Rows(Sequence[Row]):
    """The lines of what was chosen, by name; each is made when it is looked at: a county has a thousand of them."""

    def __init__(self, found: ReachOf, chosen: Chosen, programme: Programme | None) -> None:
        self._programme, self._names = programme, [found.names[name] for name in PARTS]
        self._own = (chosen.organisation, chosen.profession, chosen.area)
        self._shown = [name == chosen.by or chosen.by == CELL for name in PARTS]
        self._cells = sorted(self._grouped(found, chosen), key=self._order())

    def _grouped(self, found: ReachOf, chosen: Chosen) -> Iterable[tuple[Key, Reach]]:
        fitting = found.cells.items()
        if not chosen.is_everything:
            fitting = [(key, cell) for key, cell in fitting if chosen.fits(key)]
        if all(self._shown):
            return fitting
        grouped: dict[Key, list[Reach]] = {}
        for key, cell in fitting:
            kept = tuple(part if is_shown else None for is_shown, part in zip(self._shown, key, strict=True))
            grouped.setdefault(kept, []).append(cell)
        return ((key, cells[0] if len(cells) == 1 else summed("", cells)) for key, cells in grouped.items())

    def _order(self) -> Callable[[tuple[Key, Reach]], tuple[str, str, str]]:
        first, second, third = (
            {part: name.casefold() for part, name in names.items()} if is_shown else {}
            for names, is_shown in zip(self._names, self._shown, strict=True)
        )
        return lambda row: (first.get(row[0][0], ""), second.get(row[0][1], ""), third.get(row[0][2], ""))

    def __len__(self) -> int:
        return len(self._cells)

    def __getitem__(self, place: int | slice) -> Row | list[Row]:
        if isinstance(place, slice):
            return [self._row(*cell) for cell in self._cells[place]]
        return self._row(*self._cells[place])

    def total(self, name: str) -> Reach:
        """Return all lines together."""
        return summed(name, (reach for _, reach in self._cells))

    def __iter__(self) -> Iterator[Row]:
        return (self._row(*cell) for cell in self._cells)

    def _row(self, key: Key, reach: Reach) -> Row:
        if all(self._shown):
            organisation, profession, area = self._names
            names = (organisation.get(key[0], ""), profession.get(key[1], ""), area.get(key[2], ""))
            return Row(names, reach, self._programme, key, (True, True, True))
        names = tuple(
            known.get(part, "") if is_shown else ""
            for known, is_shown, part in zip(self._names, self._shown, key, strict=True)
        )
        fixed = tuple(part if part is not None else other for part, other in zip(key, self._own, strict=True))
        return Row(names, reach, self._programme, fixed, tuple(self._shown))


def rows_of(found: ReachOf, chosen: Chosen, programme: Programme | None = None) -> Rows:
    """Return the lines of what was chosen, by name; with addresses where a gap leads if ``programme`` is given."""
    return Rows(found, chosen, programme)


def _lead_url(programme: Programme, reach: Reach, fixed: Iterable[int | None]) -> str:
    asked = {name: part for name, part in zip(PARTS, fixed, strict=True) if part is not None}
    numbers = {"missing": reach.gap, "eligible": reach.eligible}
    return f"{address_of('attendance:lead-ask', programme.slug)}?{urlencode(asked | numbers)}"


def lines(rows: Iterable[Row]) -> Iterable[list[Any]]:
    """Yield the lines of a spreadsheet, each rate beside its denominator."""
    for row in rows:
        own = row.reach
        yield [
            *row.names, own.eligible, own.named, own.counted, own.attended, own.walked_in, own.booked, own.excused,
            own.absent, own.invited, own.never, own.per_cent, own.due, own.of_due,
        ]  # fmt: skip


WIDTH, HEIGHT, GAP = 640, 200, 2


def chart_of(weeks: list[tuple[date, int, int]], eligible: int) -> dict[str, Any]:
    """Return the columns of the chart by week as SVG attributes: how many were reached so far, of ``eligible``."""
    most = max(eligible, 1)
    step = WIDTH / max(len(weeks), 1)
    columns = []
    for number, (week, new, so_far) in enumerate(weeks):
        tall, before = HEIGHT * so_far / most, HEIGHT * (so_far - new) / most
        columns.append(
            {
                "x": f"{number * step:.1f}", "width": f"{max(step - GAP, 1):.1f}",
                "before_y": f"{HEIGHT - before:.1f}", "before": f"{before:.1f}",
                "new_y": f"{HEIGHT - tall:.1f}", "new": f"{tall - before:.1f}",
                "week": week, "number": new, "so_far": so_far,
                "per_cent": Reach(named=eligible, attended=so_far).per_cent,
            }
        )  # fmt: skip
    return {"columns": columns, "width": WIDTH, "height": HEIGHT, "eligible": eligible}


@dataclass(frozen=True)
class Public:
    """What everybody may read: (name, figures) with None for a hidden line, and the total; None where it is hidden.

    All numbers are rounded to fives, and the rates are those of the rounded ones.
    """

    rows: list[tuple[str, Reach | None]]
    total: Reach | None

    @property
    def hidden(self) -> int:
        return sum(1 for _, reach in self.rows if reach is None)


def public_of(found: ReachOf) -> Public:
    """Return the reach by organisation without what could say something about a few people."""
    rows = [row for row in found.rows if row.eligible]
    hidden = hidden_lines([(row.attended, row.eligible - row.attended) for row in rows])
    if hidden is None:
        return Public([(row.name, None) for row in rows], None)
    shown = [(row.name, None if number in hidden else _in_fives(row)) for number, row in enumerate(rows)]
    return Public(shown, _in_fives(summed("", rows)))


def _in_fives(reach: Reach) -> Reach:
    return Reach(reach.name, named=rounded(reach.eligible), attended=rounded(reach.attended))
