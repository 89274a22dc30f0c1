"""Counting many things at once."""

from collections.abc import Iterable

from django.db import connection
from django.db.models import IntegerField, QuerySet, Subquery


class CountOf(Subquery):
    """How many rows a query finds, as a column: several counts come in one journey to the database."""

    template = "(SELECT count(*) FROM (%(subquery)s) AS counted)"
    output_field = IntegerField()

    def __init__(self, rows: QuerySet) -> None:
        plain = rows.order_by()
        super().__init__(plain if plain.query.values_select else plain.values("pk"))


def read(statement: tuple[str, tuple], columns: Iterable[str], programmes: Iterable[int]) -> list[tuple]:
    """Return ``columns`` of a counting ``statement``, as a QuerySet writes it, for the ``programmes`` with these ids.

    One of them is "programme". A statement that is written once a day is read this way: to write it down takes Django
    longer than the answer.
    """
    written, values = statement
    named = ", ".join(map(connection.ops.quote_name, columns))
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT {named} FROM ({written}) AS counted WHERE programme = ANY(%s)",  # noqa: S608 (from Django)
            [*values, list(programmes)],
        )
        return cursor.fetchall()
