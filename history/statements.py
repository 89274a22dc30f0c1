"""Statements written once: what the ORM would build again for each of two hundred presses, and several sent at once.

``compiled`` makes one of a queryset, so that a rule stays where it is written, in words of the ORM; each connection
prepares it once. ``Reading`` does the same and returns instances. ``insert_of`` keeps that of a model, for any number
of rows. ``send`` takes several in one round trip: in READ COMMITTED each sees what was committed before it began, so
what reads may stand behind what locks (docs/adr/0083-locked-first-and-read-then.md).
"""

import json
import re
from collections.abc import Callable, Iterable, Sequence
from copy import copy
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import cache
from types import SimpleNamespace
from typing import Any
from weakref import WeakKeyDictionary
from zlib import crc32

from django.db import DEFAULT_DB_ALIAS, NotSupportedError, connection, connections, models
from django.db.models.base import ModelState
from django.db.models.expressions import F, Func, RawSQL
from django.db.models.query import ModelIterable
from psycopg2.extras import Range

from history.one_trip import OneTrip

NUMBER, DAY, MOMENT = 9_000_000_000_000_000_000, date(9000, 1, 1), datetime(9000, 1, 2, tzinfo=UTC)
"""Marks: they stand where a number, a day and a moment will in what is written down. No row has them or those near."""

_PLAIN = re.compile(r"[A-Za-z_.:]*")


_TYPES = {int: "bigint", str: "text", date: "date", datetime: "timestamptz", tuple: "bigint[]"}


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


def prepared(name: str, text: str, /, **marks: str) -> Prepared:
    """Return the statement ``text`` with ``$1``, ``$2`` … for the values that ``rows`` takes by the names of ``marks``.

    ``marks``: the type of each value in SQL, in their order.
    """
    given = ", ".join(f"%({mark})s::{kind}" for mark, kind in marks.items())
    return Prepared(name, f"PREPARE {name} ({', '.join(marks.values())}) AS {text}", f"EXECUTE {name} ({given})")


def compiled(name: str, rows: models.QuerySet, *, around: str = "{}", **marks: Any) -> Prepared:
    """Return the statement that reads ``rows``, with a parameter wherever the value of a mark stands.

    ``marks``: a value for each parameter, of the right type and found nowhere else. Every other value must be a plain
    word. ``around``: SQL with ``{}`` where the statement is to stand. A tuple stands for a list of numbers; a slice may
    end at a mark.
    """
    return _compiled(name, rows.query.sql_with_params(), around, marks)


def _compiled(name: str, statement: tuple[str, tuple], around: str, marks: dict[str, Any]) -> Prepared:
    text = around.format(_text_of(statement, {value: f"${number}" for number, value in enumerate(marks.values(), 1)}))
    return prepared(name, text, **{mark: _TYPES[type(value)] for mark, value in marks.items()})


def text_of(rows: models.QuerySet, marks: dict[Any, str]) -> str:
    """Return the SQL that reads ``rows``, with the SQL of ``marks`` wherever the value of one stands."""
    return _text_of(rows.query.sql_with_params(), marks)


def _text_of(statement: tuple[str, tuple], marks: dict[Any, str]) -> str:
    sql, values = statement
    places = {(type(value), value): text for value, text in marks.items()}
    text = sql % tuple(_word(value, places) for value in values)
    for value, place in marks.items():
        text = text.replace(f" LIMIT {value}", f" LIMIT {place}")  # Django writes it down as it is
    return text


def as_one(ids: Sequence[int]) -> RawSQL:
    """Return ``ids`` for a lookup ``__in``, as one value: Django looks at each of a hundred thousand by itself."""
    return RawSQL("SELECT unnest(%s::bigint[])", [ids])


def among(name: str, ids: tuple[int, ...]) -> Func:
    """Return the condition that the key ``name`` is one of ``ids``, for what is written down once.

    A list stands for itself in a plan; of ``as_one`` PostgreSQL would have to guess how many they are.
    """
    listed = RawSQL("%s::bigint[]", [ids])
    template = {"template": "%(expressions)s)", "arg_joiner": " = ANY("}
    return Func(F(name), listed, output_field=models.BooleanField(), **template)


def of_keys(name: str, rows: models.QuerySet) -> Prepared:
    """Return the statement that reads those of ``rows`` whose keys are ``keys``; the key is their first column.

    ``rows`` have no condition of their own and no order: ``rows_of`` brings theirs.
    """
    key = rows.model._meta.pk
    of_them = f'{text_of(rows.order_by(), {})} WHERE "{rows.model._meta.db_table}"."{key.column}" = ANY($1)'
    return prepared(name, of_them, keys=f"{key.rel_db_type(connection)}[]")


def rows_of(statement: Prepared, keys: Sequence[Any]) -> list[tuple]:
    """Return the rows that ``statement``, made by ``of_keys``, reads for ``keys``, in the order of these."""
    if not keys:
        return []
    found = {row[0]: row for row in statement.rows(keys=f"{{{','.join(map(str, keys))}}}")}
    return [found[key] for key in keys if key in found]


def _word(value: Any, places: dict[tuple[type, Any], str]) -> str:
    place = places.get((type(value), value))
    if place is not None:
        return place
    if isinstance(value, bool | int):
        return str(value).lower()
    assert _PLAIN.fullmatch(value), f"{value!r} is no plain word and no mark."
    return f"'{value}'"


class Reading:
    """The queryset ``rows``, written down once; ``name``, ``around`` and ``marks`` are those of ``compiled``.

    What it finds comes as from the ORM, with what ``select_related`` and ``annotate`` ask for.
    """

    def __init__(self, name: str, rows: models.QuerySet, *, around: str = "{}", **marks: Any) -> None:
        self._model = rows.model
        self._compiler = rows.query.get_compiler(connection=connection)
        self._statement = _compiled(name, self._compiler.as_sql(), around, marks)
        columns = [column for column, *_ in self._compiler.select[: self._compiler.col_count]]
        converters = self._compiler.get_converters(columns)
        self._compiler.get_converters = lambda columns: converters

    def rows(self, **values: Any) -> list[Any]:
        """Return the instances that are found with ``values`` for the marks."""
        compiler, found = copy(self._compiler), self._statement.rows(**values)  # it is done, but for the rows
        compiler.execute_sql = lambda **how: [found]
        query = SimpleNamespace(get_compiler=lambda using: compiler)
        own = SimpleNamespace(model=self._model, db=connection.alias, query=query, _known_related_objects={})
        return list(ModelIterable(own))


def loaded(model: type[models.Model], names: Iterable[str], values: Iterable[Any], **related: Any) -> Any:
    """Return the row of ``model`` that was read: what ``from_db`` makes of it, for a tenth of what that costs.

    ``names``: the columns that were read; any other is read where somebody asks for it. ``related``: rows (or None)
    that were read with it, by the names of its keys.
    """
    made = _made(model, zip(names, values, strict=True), related)
    made._state.adding, made._state.db = False, DEFAULT_DB_ALIAS
    return made


def unsaved(model: type[models.Model], **values: Any) -> Any:
    """Return a new row of ``model`` with ``values``, as its constructor makes it, for a third of what that costs."""
    plain, called, columns = _defaults(model)
    related = {name: value for name, value in values.items() if isinstance(value, models.Model)}
    own = plain | {name: default() for name, default in called}
    for name, value in values.items():
        own[columns[name]] = value.pk if name in related else value
    return _made(model, own, related)


def _made(model: type[models.Model], values: Any, related: dict[str, Any]) -> models.Model:
    made = model.__new__(model)
    made._state = ModelState()
    made._state.fields_cache.update(related)
    made.__dict__.update(values)
    return made


@cache
def _defaults(model: type[models.Model]) -> tuple[dict[str, Any], list[tuple[str, Callable]], dict[str, str]]:
    """Return the defaults of the columns of ``model``, those that are called, and the columns by all their names."""
    fields = model._meta.concrete_fields
    called = [(field.attname, field.default) for field in fields if field.has_default() and callable(field.default)]
    plain = {field.attname: field.get_default() for field in fields}  # of those that are called too, to be replaced
    return plain, called, {name: field.attname for field in fields for name in (field.name, field.attname)}


def insert_of(rows: Sequence[models.Model], then: str = "") -> Statement:
    """Return the statement that inserts the unsaved ``rows`` of one model as they are, with their numbers if they have.

    ``then``: SQL behind it, ON CONFLICT and RETURNING; it is part of what is prepared, so it holds no values.
    """
    statement, names = _inserting(type(rows[0]), rows[0].pk is not None, then)
    return statement, {"rows": as_rows([{name: getattr(row, name) for name in names} for row in rows])}


def insert_into(model: type[models.Model], rows: list[dict[str, Any]], then: str = "") -> Statement:
    """Return what ``insert_of`` does, for rows that get their numbers and say all else by name."""
    statement, names = _inserting(model, False, then)
    assert set(names) == rows[0].keys(), f"These are not the columns of {model.__name__}."
    return statement, {"rows": as_rows(rows)}


def as_rows(rows: list[dict[str, Any]]) -> str:
    """Return ``rows`` as the statements of ``inserting`` take them."""
    return json.dumps(rows, default=_plain_text, separators=(",", ":"))


def _plain_text(value: Any) -> str:
    if isinstance(value, Range):
        ends = ("" if end is None else end.isoformat() for end in (value.lower, value.upper))
        return f"{value._bounds[0]}{','.join(ends)}{value._bounds[1]}"
    return value.isoformat() if isinstance(value, date) else str(value)


def inserting(table: str, columns: dict[str, str], then: str = "") -> Prepared:
    """Return the statement that inserts ``rows`` into ``table``, whose ``columns`` have these types in SQL."""
    names = ", ".join(f'"{name}"' for name in columns)
    types = ", ".join(f'"{name}" {kind}' for name, kind in columns.items())
    text = f'INSERT INTO "{table}" ({names}) SELECT {names} FROM json_to_recordset($1) AS given ({types}) {then}'  # noqa: S608
    return prepared(f"insert_{table}_{crc32(text.encode())}", text, rows="json")


@cache
def _inserting(model: type[models.Model], numbered: bool, then: str) -> tuple[Prepared, list[str]]:
    fields = [field for field in model._meta.concrete_fields if numbered or not field.primary_key]
    # A type with a length would cut what does not fit; the column refuses it.
    columns = {field.column: re.sub(r"\(\d+\)", "", field.db_type(connection)) for field in fields}
    return inserting(model._meta.db_table, columns, then), [field.attname for field in fields]


def send(statements: Iterable[Statement], *, last: bool = False) -> list[tuple]:
    """Send ``statements`` in one round trip, one after the other; return the rows of the last.

    ``last``: nothing follows in this transaction, so that a ``OneTrip`` may end with them; no rows are returned then.
    Where a column has become of another type since, as by an update while we run, what is prepared is prepared anew.
    """
    statements = list(statements)
    if isinstance(connections[DEFAULT_DB_ALIAS], OneTrip):
        own = connections[DEFAULT_DB_ALIAS]
        statements = [*own.beginning(), *statements, *(own.ending() if last else ())]
    try:
        return _send(statements)
    except NotSupportedError:
        if connection.in_atomic_block:  # this transaction cannot go on; what comes next begins with another connection
            connection.close_at = 0
            raise
    with connection.cursor() as cursor:
        cursor.execute("DEALLOCATE ALL")
    _known.pop(connection.connection, None)
    return _send(statements)


def _send(statements: list[Statement]) -> list[tuple]:
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
