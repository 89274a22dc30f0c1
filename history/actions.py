"""The only way into the history: ``record`` what was done, ``look`` for what was seen."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import datetime, timedelta
from itertools import islice
from typing import Any

from django.db import connection, models

from history.models import Entry, Look
from history.statements import Statement, insert_into

CLOCK = "clock"
"""The actor of what happens by itself."""

STRANGER = "stranger"
"""The actor of what somebody does whom we do not know."""

# One statement is a transaction of its own: a page that shows fifty people waits for it once, not three times.
_LOOKS = f"INSERT INTO {Look._meta.db_table} (at, actor, person, page) SELECT %s, %s, unnest(%s), %s"
_LOOKS_OF_ALL = f"""
INSERT INTO {Look._meta.db_table} (at, actor, person, page) SELECT %s, %s, seen.person, %s
FROM (SELECT DISTINCT %s || found.id AS person FROM ({{}}) AS found (id)) AS seen WHERE seen.person <> %s
"""  # noqa: S608 - a constant of this file


def key_of(thing: Any) -> str:
    """Return how the history names ``thing``: a row as ``accounts.person:12``, a string as it is.

    Raises ValueError for a row that is not saved: it could never be found again.
    """
    if isinstance(thing, str):
        return thing
    if thing.pk is None:
        raise ValueError("Save the row before recording it.")
    return f"{thing._meta.label_lower}:{thing.pk}"


def record(
    *, by: Any, verb: str, about: models.Model, now: datetime, reason: str = "", fields: Iterable[str] = ()
) -> Entry:
    """Write that ``by`` (a person, ``CLOCK`` or ``STRANGER``) did ``verb`` to the saved row ``about``.

    ``reason`` is a code, never free text; ``fields`` are names of what changed, never values. ``now`` is aware.
    Call it inside the transaction that makes the change, so that both stand or fall together.
    """
    entry = Entry(**_columns(by=by, verb=verb, about=about, now=now, reason=reason, fields=fields))
    entry.save(force_insert=True)
    return entry


def recording_each(done: Iterable[tuple[Any, str, models.Model]], *, now: datetime) -> Statement:
    """Return the statement that records what each did: who, the verb, about what. For a caller that sends several."""
    rows = [_columns(by=by, verb=verb, about=about, now=now, reason="", fields=()) for by, verb, about in done]
    return insert_into(Entry, rows)


def recording(rows: str) -> str:
    """Return the SQL that records what ``rows``, SQL with the columns verb, type and id, say was done.

    Its values are the moment and the key of the actor, before those of ``rows``. For one statement with what it
    records, where somebody waits for it; ``record`` is for everything else.
    """
    return _RECORD.format(entry=Entry._meta.db_table, rows=rows)


_RECORD = """
INSERT INTO {entry} (at, actor, verb, object_type, object_id, reason, fields)
SELECT %s, %s, done.verb, done.type, done.id, '', '{{}}' FROM ({rows}) AS done (verb, type, id)
"""
_ABOUT = "SELECT %s, about.type, about.id FROM unnest(%s::text[], %s::text[]) AS about (type, id)"


def record_many(*, by: Any, verb: str, about: Iterable[models.Model], now: datetime) -> None:
    """Write one entry for each row of ``about`` in batches: the same as ``record`` for work in bulk."""
    keys = (key_of(row).rsplit(":", 1) for row in about)
    with connection.cursor() as cursor:
        while batch := list(islice(keys, 5_000)):
            types, ids = zip(*batch, strict=True)
            cursor.execute(recording(_ABOUT), [now, key_of(by), verb, list(types), list(ids)])


_apart: ContextVar[list[Look] | None] = ContextVar("looks_apart", default=None)


@contextmanager
def looks_apart() -> Iterator[None]:
    """Write what is looked at meanwhile when this ends, apart from the transactions inside, which may be taken back.

    Whoever read a page has read it, also where it says that nothing was done. Where nothing was shown, since an error
    ended it, nothing is written.
    """
    looks: list[Look] = []
    token = _apart.set(looks)
    try:
        yield
    finally:
        _apart.reset(token)
    if looks:
        Look.objects.bulk_create(looks)


def look(*, by: Any, at: models.Model, page: str, now: datetime) -> None:
    """Write into the access trace that ``by`` saw personal data of the person ``at`` on ``page`` (a URL name).

    Somebody who looks at their own data leaves no trace.
    """
    look_at_many(by=by, at=[at], page=page, now=now)


def look_at_many(
    *, by: Any, at: Iterable[models.Model], page: str, now: datetime, unless_since: datetime | None = None
) -> None:
    """The same as ``look`` for a page or an export that shows several people, in one statement.

    With ``unless_since`` nothing is written for whom ``by`` has seen there since that moment: for a page that asks
    again by itself, which would bury the trace under its own repetitions. One query more.
    """
    actor = key_of(by)
    people = {key_of(person) for person in at} - {actor}
    if unless_since is not None and people:
        seen = Look.objects.filter(actor=actor, page=page, at__gte=unless_since, person__in=people)
        people -= set(seen.values_list("person", flat=True))
    apart = _apart.get()
    if apart is not None:
        apart += [Look(actor=actor, person=person, page=page, at=now) for person in sorted(people)]
    elif people:
        with connection.cursor() as cursor:
            cursor.execute(_LOOKS, [now, actor, sorted(people), page])


def look_at_all(*, by: Any, people: models.QuerySet, page: str, now: datetime) -> None:
    """The same as ``look_at_many`` for all of a download: everybody in ``people``, of whom none is read into memory."""
    actor, key = key_of(by), f"{people.model._meta.label_lower}:"
    found, values = people.order_by().values("pk").query.sql_with_params()
    with connection.cursor() as cursor:
        cursor.execute(_LOOKS_OF_ALL.format(found), [now, actor, page, key, *values, actor])


def forget_old(*, now: datetime) -> int:
    """Delete entries of more than seven years and looks of more than two (their ``retention``); return how many."""
    entries, _ = Entry.objects.filter(at__lt=now - timedelta(days=7 * 365 + 2)).delete()
    looks, _ = Look.objects.filter(at__lt=now - timedelta(days=2 * 365 + 1)).delete()
    return entries + looks


def _columns(*, by, verb, about, now, reason, fields) -> dict[str, Any]:
    object_type, object_id = key_of(about).rsplit(":", 1)
    return {
        "actor": key_of(by),
        "verb": verb,
        "object_type": object_type,
        "object_id": object_id,
        "at": now,
        "reason": reason,
        "fields": sorted(fields),
    }
