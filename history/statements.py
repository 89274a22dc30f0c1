"""Statements written once: what the ORM would build again for each of two hundred presses, and several sent at once.

``compiled`` makes one of a queryset, so that a rule stays where it is written, in words of the ORM; each connection
prepares it once. ``insert_of`` keeps that of a model. ``send`` takes several in one round trip: in READ COMMITTED each
sees what was committed before it began, so what reads may stand behind what locks
(docs/adr/0083-locked-first-and-read-then.md).
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from typing import Any
from weakref import WeakKeyDictionary

from django.db import connection, models

_PLAIN = re.compile(r"[a-z_]*")


_TYPES = {int: "bigint", str: "text", date: "date", datetime: "timestamptz"}


@dataclass(frozen=True)
class Prepared:
    """A statement that each connection prepares once: ``name``, what prepares it, and what executes it."""

    name: str
    preparing: str
    executing: str

    def rows(self, **values: Any) -> list[tuple]:
        """Execute it alone with ``values`` for its marks; return its rows."""
        return send([(self, values)])


Statement = tuple[str | Prepared, Any]
"""SQL, or what is prepared, and its parameters, as a cursor takes them."""


def prepared(name: str, text: str, **marks: str) -> Prepared:
    """Return the statement ``text`` with ``$1``, ``$2`` … for the values that ``rows`` takes by the names of ``marks``.

    ``marks``: the type of each value in SQL, in their order.
    """
    given = ", ".join(f"%({mark})s::{kind}" for mark, kind in marks.items())
    return Prepared(name, f"PREPARE {name} ({', '.join(marks.values())}) AS {text}", f"EXECUTE {name} ({given})")


def compiled(name: str, rows: models.QuerySet, *, around: str = "{}", **marks: Any) -> Prepared:
    """Return the statement that reads ``rows``, with a parameter wherever the value of a mark stands.

    ``marks``: a value for each parameter, of the right type and found nowhere else. Every other value must be a plain
    word. ``around``: SQL with ``{}`` where the statement is to stand.
    """
    sql, values = rows.query.sql_with_params()
    places = {(type(value), value): f"${number}" for number, value in enumerate(marks.values(), 1)}
    text = around.format(sql % tuple(_word(value, places) for value in values))
    return prepared(name, text, **{mark: _TYPES[type(value)] for mark, value in marks.items()})


def _word(value: Any, places: dict[tuple[type, Any], str]) -> str:
    place = places.get((type(value), value))
    if place is not None:
        return place
    if isinstance(value, bool | int):
        return str(value).lower()
    assert _PLAIN.fullmatch(value), f"{value!r} is no plain word and no mark."
    return f"'{value}'"


def insert_of(row: models.Model) -> Statement:
    """Return the statement that inserts the unsaved ``row`` as it is, its number included where it has one."""
    sql, names, numbered = _insert(type(row))
    values = [getattr(row, name) for name in names]
    if row.pk is None:
        return _without_number(type(row)), values[:numbered] + values[numbered + 1 :]
    return sql, values


@cache
def _insert(model: type[models.Model]) -> tuple[str, tuple[str, ...], int]:
    fields = model._meta.concrete_fields
    columns = ", ".join(f'"{field.column}"' for field in fields)
    sql = f'INSERT INTO "{model._meta.db_table}" ({columns}) VALUES ({", ".join(["%s"] * len(fields))})'  # noqa: S608
    return sql, tuple(field.attname for field in fields), fields.index(model._meta.pk)


@cache
def _without_number(model: type[models.Model]) -> str:
    fields = [field for field in model._meta.concrete_fields if not field.primary_key]
    columns = ", ".join(f'"{field.column}"' for field in fields)
    return f'INSERT INTO "{model._meta.db_table}" ({columns}) VALUES ({", ".join(["%s"] * len(fields))})'  # noqa: S608


def send(statements: Iterable[Statement]) -> list[tuple]:
    """Send ``statements`` in one round trip, one after the other; return the rows of the last."""
    with connection.cursor() as cursor:
        text = ";\n".join(_text(cursor, *statement) for statement in statements)
        cursor.execute(text)
        return cursor.fetchall() if cursor.description else []


_known: WeakKeyDictionary[Any, set[str]] = WeakKeyDictionary()
"""What each connection has prepared: that outlives a transaction that is rolled back, and ends with the connection."""


def _text(cursor: Any, statement: str | Prepared, values: Any) -> str:
    if isinstance(statement, Prepared):
        known = _known.setdefault(connection.connection, set())
        if statement.name not in known:
            with connection.wrap_database_errors:  # once for a connection: no page asks for it
                cursor.cursor.execute(statement.preparing)
            known.add(statement.name)
        statement = statement.executing
    return cursor.cursor.mogrify(statement, values).decode()
