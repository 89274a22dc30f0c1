"""Counting many things at once."""

from collections.abc import Iterable
from datetime import date, datetime
from typing import Any

from django.db import connection
from django.db.models import IntegerField, QuerySet, Subquery

from history.statements import DAY, MOMENT, Prepared, compiled


class CountOf(Subquery):
    """How many rows a query finds, as a column: several counts come in one journey to the database."""

    template = "(SELECT count(*) FROM (%(subquery)s) AS counted)"
    output_field = IntegerField()

    def __init__(self, rows: QuerySet) -> None:
        plain = rows.order_by()
        super().__init__(plain if plain.query.values_select else plain.values("pk"))


def counting(name: str, rows: QuerySet, columns: Iterable[str]) -> Prepared:
    """Return the statement that counts ``rows`` for some programmes: ``columns`` of them, one of which is "programme".

    To write it down takes Django longer than PostgreSQL takes to answer it.
    """
    named = ", ".join(map(connection.ops.quote_name, columns))
    around = f"SELECT {named} FROM ({{}}) AS counted WHERE programme = ANY($3)"  # noqa: S608 (from Django)
    return compiled(name, rows, around=around, now=MOMENT, today=DAY, programmes=())


def counted(statement: Prepared, programmes: Iterable[int], now: datetime | None, today: date) -> list[tuple[Any, ...]]:
    """Return the rows of a counting ``statement`` for the ``programmes`` with these ids, at ``now`` on ``today``."""
    return statement.rows(now=now, today=today, programmes=list(programmes))
