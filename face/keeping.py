"""Keeping what was counted for as long as nothing of it has changed, and for a moment what takes long to count."""

import contextlib
import re
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache, lru_cache
from hashlib import sha256
from threading import Lock
from typing import Any

from django.apps import apps
from django.core.cache import caches
from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.db.models import Count, Max, Model, QuerySet
from django.db.models.expressions import RawSQL
from redis.exceptions import RedisError

_WORTH_SHARING = 0.1
_TIMES_AS_LONG = 100
_MOST_SECONDS = 60
_MOST_HERE = 200


@dataclass(frozen=True)
class _Kept:
    """What was counted, when, what the tables had been through by then, and how long it may stand all the same."""

    answer: Any
    at: datetime
    changes: int
    seconds: int

    def stands(self, changes: int, now: datetime) -> bool:
        age = (now - self.at) / timedelta(seconds=1)
        return 0 <= age < _MOST_SECONDS and (changes == self.changes or age < self.seconds)


class Sources:
    """The tables that some counts read: a change of any row of ``models`` makes what was kept of them old.

    PostgreSQL counts for itself what each table has been through; a trigger on each of ``models``
    (desk/migrations) lets everybody know of it with the commit, so that to ask costs next to nothing
    (docs/adr/0105-kept-figures-know-what-they-count.md).
    """

    every: list["Sources"] = []

    def __init__(self, *models: type[Model]) -> None:
        self.models = models
        tables = ", ".join(f"'{connection.ops.quote_name(model._meta.db_table)}'::regclass" for model in models)
        self._asking = _ASKING.format(tables=tables)
        Sources.every.append(self)

    def at(self, now: datetime) -> "Keeping":
        """Return what is kept of counts over these tables for a page that is made at ``now``: one statement.

        Nothing is in a transaction: its own changes are seen by nobody else.
        """
        if connection.in_atomic_block:
            return Keeping(None, now, "")
        with connection.cursor() as cursor:
            cursor.execute(self._asking)
            changes, database = cursor.fetchone()
            return Keeping(changes, now, database)


_ASKING = """
SELECT CASE WHEN current_setting('track_counts')::boolean
       THEN sum(pg_stat_get_tuples_inserted(one) + pg_stat_get_tuples_updated(one) + pg_stat_get_tuples_deleted(one))
       END, concat_ws('@', current_database(), extract(epoch FROM pg_postmaster_start_time()))
FROM unnest(ARRAY[{tables}]) AS each (one)
"""
"""NULL where the database does not count; it begins anew when it has been killed."""


@dataclass(frozen=True)
class Keeping:
    """What is kept, as the page sees it that is made at ``now``; ``changes`` is what its tables have been through."""

    changes: int | None
    now: datetime
    database: str

    def get(self, key: str, make: Callable[[], Any], *, exact: bool = False) -> tuple[Any, datetime]:
        """Return what ``make`` returns and of which moment it is: nobody may change what they are given.

        What is kept stands while no table has changed, a minute at most, as counts look at the clock too. What takes
        longer than a tenth of a second to count is shared between the processes and stands a hundred times as long as
        it took whatever changes, a minute at most: but for what is ``exact``. Without the cache nothing is shared.
        """
        if self.changes is None:
            return make(), self.now
        key = f"kept:{key}:{self.database}"
        kept = self._stands(_here.get(key)) or (None if exact else self._stands(_shared(key)))
        if kept is None:
            began = time.perf_counter()
            answer = make()
            seconds = 0 if exact else _seconds(time.perf_counter() - began)
            kept = _Kept(answer, self.now, self.changes, seconds)
            if seconds:
                with contextlib.suppress(RedisError):
                    caches["quick"].set(key, kept, timeout=_MOST_SECONDS)
        _here.set(key, kept)
        return kept.answer, kept.at

    def _stands(self, kept: _Kept | None) -> _Kept | None:
        return kept if kept and kept.stands(self.changes, self.now) else None


def count_of(found: QuerySet, now: datetime) -> int:
    """Return how many rows ``found`` has, for a list that is made at ``now``: kept as ``kept_of`` keeps."""
    return kept_of(found, "count", found.count, now)


def share_of(found: QuerySet, among: QuerySet, now: datetime) -> tuple[int, int]:
    """Return how many rows ``found`` has, and how many those ``among`` which they are: kept as ``kept_of`` keeps.

    Of a whole table it is about how many, below 0 where PostgreSQL has not counted yet. It is one statement.
    """
    return kept_of(found, "share", lambda: _share_of(found, among), now)


def _share_of(found: QuerySet, among: QuerySet) -> tuple[int, int]:
    if among.query.where:
        rows, values = among.order_by().values("pk").query.sql_with_params()
        sql = f"SELECT count(*) FROM ({rows}) AS every"  # noqa: S608 - written down by the ORM
    else:
        table = connection.ops.quote_name(among.model._meta.db_table)
        sql, values = "SELECT reltuples FROM pg_class WHERE oid = %s::regclass", (table,)
    every = Max(RawSQL(sql, values))  # noqa: S611 - so is this; what was typed stands among the values
    counted = found.order_by().aggregate(total=Count("*"), of=every)
    return counted["total"], counted["of"] or 0


def kept_of(found: QuerySet, what: str, make: Callable[[], Any], now: datetime) -> Any:
    """Return what ``make`` returns, ``what`` is made of ``found`` alone; kept under the very statement of ``found``.

    It stands until a row of any table in that statement changes. Where one of these does not tell of its changes,
    nothing is kept.
    """
    try:
        sql, values = found.order_by().query.sql_with_params()
    except EmptyResultSet:
        return make()
    key = sha256(f"{sql} {values!r}".encode()).hexdigest()
    return _kept(sql, f"{what}:{key}", make, now)


def kept_rows(statement: Any, now: datetime, **values: Any) -> list[tuple]:
    """Return the rows of ``statement`` (history.statements.Prepared) with ``values``: kept as ``kept_of`` keeps."""
    key = f"rows:{statement.name}:{sorted(values.items())!r}"
    return _kept(statement.preparing, key, lambda: statement.rows(**values), now)


def _kept(sql: str, key: str, make: Callable[[], Any], now: datetime) -> Any:
    sources = _sources_of(_read_by(sql))
    return make() if sources is None else sources.at(now).get(key, make, exact=True)[0]


@lru_cache(1_000)
def _read_by(sql: str) -> frozenset[str]:
    return frozenset(_tables() & set(re.findall(r"\w+", sql)))


@cache
def _tables() -> frozenset[str]:
    return frozenset(model._meta.db_table for model in apps.get_models(include_auto_created=True))


@lru_cache(100)
def _sources_of(tables: frozenset[str]) -> Sources | None:
    """Return the tables as sources, or None where one of them is no source of any figures: then it does not tell."""
    telling = {model._meta.db_table: model for sources in Sources.every for model in sources.models}
    return Sources(*(telling[table] for table in sorted(tables))) if tables <= telling.keys() else None


def _seconds(took: float) -> int:
    """Return how long what took so many seconds to count stands whatever changes."""
    return min(_MOST_SECONDS, max(1, round(took * _TIMES_AS_LONG))) if took > _WORTH_SHARING else 0


def _shared(key: str) -> _Kept | None:
    try:
        return caches["quick"].get(key)
    except (RedisError, AttributeError, ImportError):  # or it was kept by what an update has renamed
        return None


class _Here:
    """What this process keeps: what was asked for last, so much of it that no visitor can fill the memory."""

    def __init__(self) -> None:
        self._rows: OrderedDict[str, _Kept] = OrderedDict()
        self._lock = Lock()

    def get(self, key: str) -> _Kept | None:
        return self._rows.get(key)

    def set(self, key: str, kept: _Kept) -> None:
        with self._lock:
            self._rows[key] = kept
            self._rows.move_to_end(key)
            while len(self._rows) > _MOST_HERE:
                self._rows.popitem(last=False)

    def clear(self) -> None:
        with self._lock:
            self._rows.clear()


_here = _Here()
