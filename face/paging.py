"""Lists in pages: a typed page number that can be anything, one count, one query for the rows."""

from collections.abc import Sequence
from copy import copy
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, Exists, QuerySet, Window

SHORT, LONG = 25, 50
_AROUND = 1


@dataclass(frozen=True)
class Page:
    """One page of a list, and what stands around it. Numbers begin with 1; ``first`` is 0 where nothing was found."""

    rows: Sequence[Any]
    number: int
    total: int
    size: int

    @property
    def last_number(self) -> int:
        return max(1, -(-self.total // self.size))

    @property
    def first(self) -> int:
        return (self.number - 1) * self.size + 1 if self.total else 0

    @property
    def last(self) -> int:
        return min(self.number * self.size, self.total)

    @property
    def previous(self) -> int | None:
        return self.number - 1 if self.number > 1 else None

    @property
    def next(self) -> int | None:
        return self.number + 1 if self.number < self.last_number else None

    @property
    def window(self) -> list[int | None]:
        """The numbers to link to: the first, the last and those around this one; None stands for a gap."""
        near = range(self.number - _AROUND, self.number + _AROUND + 1)
        shown = sorted({1, self.last_number, *(number for number in near if 1 <= number <= self.last_number)})
        links: list[int | None] = []
        for number in shown:
            if links and number - links[-1] == 2:
                links.append(number - 1)
            elif links and number - links[-1] > 2:
                links.append(None)
            links.append(number)
        return links


def page_of(found: Any, asked: str | None, *, size: int = SHORT) -> Page:
    """Return the page that was asked for, or the nearest there is.

    ``found`` is an ordered QuerySet (or a sequence); ``asked`` is what stands in the address, any text at all: what
    is no number is taken as 1, what lies beyond the end as the last page. Where it is known how many there are, it is
    an ``InOrder``.
    """
    total = found.count() if hasattr(found, "filter") else len(found)
    number = min(_number(asked), max(1, -(-total // size)))
    start = (number - 1) * size
    return Page(rows=list(found[start : start + size]) if total else [], number=number, total=total, size=size)


@dataclass(frozen=True)
class InOrder:
    """``found``, an ordered QuerySet of ``total``, for ``page_of``: an index is read from whichever end is nearer.

    ``of``: among how many rows they are, where what lets a row in is asked of other tables by ``Exists``. Of a page
    near an end few rows need to be asked; PostgreSQL does not see that, and would first read whatever lets anybody in.
    """

    found: Any
    total: int
    of: int | None = None

    def __len__(self) -> int:
        return self.total

    def __getitem__(self, rows: slice) -> list[Any]:
        start, stop = rows.start, min(rows.stop, self.total)
        if start <= self.total - stop:
            return list(self._near(stop)[start:stop])
        return list(self._near(self.total - start).reverse()[self.total - stop : self.total - start])[::-1]

    def _near(self, rows: int) -> Any:
        """Return ``found`` as it is best asked for so many ``rows`` from an end."""
        asked = rows * self.of / self.total if self.of is not None else _MOST_ASKED
        return row_by_row(self.found) if asked < _MOST_ASKED else self.found


_MOST_ASKED = 4_000
"""To ask so many rows costs what it costs to read beforehand who of 100,000 people may be seen."""


def row_by_row(found: QuerySet) -> QuerySet:
    """Return ``found``, asking what its conditions of ``Exists`` say of a row when it comes to that row.

    PostgreSQL keeps ``OFFSET 0`` apart: it makes no table of all that would be found, as it does without.
    """
    found = found.all()
    found.query.where = _asked_by_row(found.query.where)
    return found


def _asked_by_row(node: Any) -> Any:
    node = copy(node)
    if isinstance(node, Exists):
        node.extra = {**node.extra, "template": "EXISTS(%(subquery)s OFFSET 0)"}
    elif hasattr(node, "children"):
        node.children = [_asked_by_row(child) for child in node.children]
    elif isinstance(getattr(node, "lhs", None), Exists):  # a condition is kept as: it is true
        node.lhs = _asked_by_row(node.lhs)
    return node


def page_of_keys(found: Any, asked: str | None, *, size: int, few: bool) -> Page:
    """Return the page of ``found``, an ordered QuerySet, that was ``asked`` for, with keys for rows.

    A key is put in its place by what sorts alone; what stands around it is read for one page. Where there are ``few``,
    or an index helps nobody, counting them is as dear as reading the first page and is done together with it.
    """
    if few and _number(asked) == 1:
        rows = list(found.annotate(total=Window(Count("*"))).values_list("pk", "total")[:size])
        return Page(rows=[key for key, _ in rows], number=1, total=rows[0][1] if rows else 0, size=size)
    return page_of(InOrder(found.values_list("pk", flat=True), found.count()), asked, size=size)


def _number(asked: str | None) -> int:
    # Nine digits are more pages than there can be, and int() of a very long text is slow.
    text = (asked or "").strip()
    return max(1, int(text)) if text.isascii() and text.isdigit() and len(text) < 10 else 1
