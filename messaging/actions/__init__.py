"""Everything that changes the outbox from outside: queue, withdraw, pause, try again."""

import json
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import islice
from typing import Any

from django.db import connection, models, transaction
from django.db.models import Q
from psycopg2.extras import execute_values

import history.actions
from history.actions import key_of
from history.refusals import Refused
from history.statements import Statement, as_rows, inserting
from messaging import kinds, seals, wake
from messaging.models import Bounce, Delivered, Inbound, Message, SenderProfile

BATCH = 2_000


class QueuedOutsideTransaction(RuntimeError):
    """A message must stand or fall with what it tells: queue it in the transaction that makes that true."""


@dataclass(slots=True)
class Planned:
    """One row for ``queue_many``; the fields mean what they mean in ``queue``. ``to`` may be a person's id."""

    key: str
    to: models.Model | int | None
    refs: dict[str, int | str] = field(default_factory=dict)
    address: str = ""
    about: models.Model | str | None = None
    due_at: datetime | None = None
    useful_until: datetime | None = None


def queue(
    *,
    kind: str,
    key: str,
    to: models.Model | None,
    refs: dict[str, int | str],
    now: datetime,
    address: str = "",
    about: models.Model | str | None = None,
    due_at: datetime | None = None,
    useful_until: datetime | None = None,
    sealed: bytes | None = None,
) -> Message | None:
    """Plan one mail of ``kind`` to the person ``to``, or to ``address`` where that is given.

    ``key`` names the reason ("attendance.place:12:booked"): the same key never makes a second message, and then
    None is returned. Without ``address`` it goes to the person's address at the moment of sending. ``about`` is the
    scope whose staff see it in their log. Not before ``due_at`` (default: now), not after ``useful_until``.
    Raises QueuedOutsideTransaction, and LookupError for a kind that nobody registered.
    """
    row = Planned(key, to, refs, address, about, due_at, useful_until)
    values = _values(_known(kind), row, now, sealed)
    _demand_transaction()
    inserted = list(Message.objects.raw(f"{_INSERT} VALUES {_PLACES} {_ONCE} RETURNING *", values))
    if not inserted:
        return None
    if (due_at or now) <= now:
        wake.on_commit()
    return inserted[0]


def queueing(rows: Sequence[tuple[str, Planned]], *, now: datetime) -> Statement:
    """Return the statement that plans each mail, of a kind, for a caller that sends several statements at once.

    The worker is woken when the caller's transaction has committed. Raises as ``queue`` does.
    """
    _demand_transaction()
    values = [dict(zip(_COLUMNS, _values(_known(kind), row, now, None), strict=True)) for kind, row in rows]
    for each, (_, row) in zip(values, rows, strict=True):
        each |= {"refs": row.refs, **_NEW}
    wake.on_commit()
    return _PLAN, {"rows": as_rows(values)}


def queue_many(*, kind: str, rows: Iterable[Planned], now: datetime) -> int:
    """Plan many mails of one kind and return how many are new. ``rows`` may be a generator of any length.

    Rows are written in batches, so memory stays flat. Raises as ``queue`` does.
    """
    known, count = _known(kind), 0
    _demand_transaction()
    with connection.cursor() as cursor:
        for batch in _batches(rows):
            values = [_values(known, row, now, None) for row in batch]
            made = execute_values(
                cursor.cursor,
                f"{_INSERT} VALUES %s {_ONCE} RETURNING 1",
                values,
                template=_PLACES,
                page_size=BATCH,
                fetch=True,
            )
            count += len(made)
    if count:
        wake.on_commit()
    return count


def add_refs(*, keys: Iterable[str], refs: dict[str, int | str]) -> int:
    """Add ``refs`` to those of the mails with ``keys``, as they were queued, that are still planned; return how many.

    For a mail that gathers what comes up until it goes. Values of the same name are replaced.
    """
    _demand_transaction()
    chosen = _chosen("", keys, None, None, None).filter(state=Message.State.PLANNED)
    changed = 0
    for message in chosen.select_for_update(no_key=True, of=("self",)).order_by("pk"):
        message.refs |= refs
        message.save(update_fields=["refs"])
        changed += 1
    return changed


def withdraw(
    *,
    reason: str,
    now: datetime,
    kind: str = "",
    keys: Iterable[str] = (),
    refs: dict[str, int | str] | None = None,
    person: models.Model | None = None,
    about: models.Model | str | None = None,
) -> int:
    """Withhold what is planned or held and no longer wanted, for the ``reason`` code; return how many.

    Everything given must fit: ``keys`` as they were queued, all of ``refs``, kind, person, scope. A mail that is
    being sent at this moment is not stopped; ``still_wanted`` of its kind has the last word. Raises ValueError
    when nothing narrows the choice.
    """
    chosen = _chosen(kind, keys, refs, person, about)
    return chosen.filter(state__in=[Message.State.PLANNED, Message.State.HELD]).update(
        state=Message.State.WITHHELD, reason=reason, sealed=None
    )


def pause(*, now: datetime, kind: str, about: models.Model | str | None = None, refs: dict | None = None) -> int:
    """Hold what is planned until ``resume``; return how many. What is being sent at this moment still goes."""
    chosen = _chosen(kind, (), refs, None, about)
    return chosen.filter(state=Message.State.PLANNED).update(state=Message.State.HELD, reason="paused")


@transaction.atomic
def resume(*, now: datetime, kind: str, about: models.Model | str | None = None, refs: dict | None = None) -> int:
    """Let go what ``pause`` held; return how many."""
    chosen = _chosen(kind, (), refs, None, about).filter(state=Message.State.HELD, reason="paused")
    count = chosen.update(state=Message.State.PLANNED, reason=None)
    if count:
        wake.on_commit()
    return count


class NotGivenUp(Refused):
    """Only a message that was given up can be tried again by hand."""

    sentence = "This message is not given up: it is on its way, was sent or is no longer wanted."


@transaction.atomic
def try_again(*, message: Message, by: Any, now: datetime) -> Message:
    """Plan a message that was given up once more, now. Raises NotGivenUp. Returns the row as it stands."""
    message = Message.objects.select_for_update(no_key=True, of=("self",)).get(pk=message.pk)
    if message.state != Message.State.GIVEN_UP:
        raise NotGivenUp
    message.state, message.reason, message.last_error = Message.State.PLANNED, None, None
    message.next_try_at, message.first_tried_at, message.takeovers = now, None, 0
    message.save(update_fields=["state", "reason", "last_error", "next_try_at", "first_tried_at", "takeovers"])
    history.actions.record(by=by, verb="messaging.tried_again", about=message, now=now)
    wake.on_commit()
    return message


class NotWaiting(Refused):
    """Only a message that still waits can be stopped."""

    sentence = "This message no longer waits: it is being sent, was sent or has ended."


@transaction.atomic
def stop(*, message: Message, by: Any, now: datetime) -> Message:
    """Withhold one message that waits or is held, for good: its key never makes another. Raises NotWaiting."""
    message = Message.objects.select_for_update(no_key=True, of=("self",)).get(pk=message.pk)
    if message.state not in (Message.State.PLANNED, Message.State.HELD):
        raise NotWaiting
    message.state, message.reason, message.sealed = Message.State.WITHHELD, "stopped", None
    message.save(update_fields=["state", "reason", "sealed"])
    history.actions.record(by=by, verb="messaging.stopped", about=message, now=now)
    return message


KEPT = timedelta(days=365)
"""How long the log names people and keeps words; the row itself stays, because its key must never mail again."""

MOST_DELIVERED = 100_000
INBOUND_KEPT = timedelta(days=90)


def forget_old(*, now: datetime) -> int:
    """Empty what is personal in messages that ended a year ago, and cut the trial's mailbox; return how many.

    Safe to run again, and to kill: each batch is a commit of its own.
    """
    ended = Message.objects.filter(due_at__lt=now - KEPT).exclude(state__in=Message.OPEN).exclude(_EMPTY)
    count = 0
    while ids := list(ended.values_list("pk", flat=True)[:BATCH]):
        count += Message.objects.filter(pk__in=ids).update(
            person=None, address=None, sent_to=None, refs={}, subject=None, text=None, sealed=None
        )
    newest = Delivered.objects.order_by("-received_at", "-id")
    beyond = newest.values_list("pk", flat=True)[MOST_DELIVERED : MOST_DELIVERED + 50_000]
    Delivered.objects.filter(pk__in=list(beyond)).delete()
    Bounce.objects.filter(came_at__lt=now - KEPT).delete()
    Inbound.objects.filter(settled_at__lt=now - INBOUND_KEPT).delete()
    return count


def destroy_words(*, refs: Iterable[dict[str, int | str]], kind: str = "", quoting: str = "") -> int:
    """Destroy the kept words of every mail that holds one of ``refs``, and of those of ``kind`` that quote ``quoting``.

    Both in the log and at the trial's receiving end. The row stays, because its key must never mail again; what is
    still to be sent is written anew when it goes. Call it in the transaction that makes the words go. Returns how many
    mails lost their words.
    """
    _demand_transaction()
    chosen = Q(pk__in=[])
    for each in refs:
        chosen |= Q(refs__contains=each)
    if kind and quoting:
        chosen |= Q(kind=kind, text__contains=quoting)
    found = Message.objects.filter(chosen)
    ids = list(found.values_list("pk", flat=True))
    delivered = found.exclude(message_id=None).values("message_id")
    Delivered.objects.filter(message_id__in=list(delivered.values_list("message_id", flat=True))).delete()
    return Message.objects.filter(pk__in=ids).update(text=None)


_EMPTY = Q(person=None, address=None, sent_to=None, refs={}, subject=None, text=None, sealed=None)


@transaction.atomic
def set_sender(
    *,
    about: models.Model | str,
    name: str,
    address: str,
    by: Any,
    now: datetime,
    reply_to: str = "",
    only: Collection[str] | None = None,
) -> SenderProfile:
    """Say which name and mailbox the mails of the scope ``about`` come from. Values are clean already.

    ``only``: which of them are written where others stand already.
    """
    values = {"name": name, "address": address, "reply_to": reply_to or None}
    written = {column: value for column, value in values.items() if only is None or column in only}
    profile, is_new = SenderProfile.objects.update_or_create(
        about=key_of(about), defaults=written, create_defaults=values
    )
    fields = values if is_new else written
    history.actions.record(by=by, verb="messaging.sender_set", about=profile, now=now, fields=fields)
    return profile


_COLUMNS = {
    "kind": "text",
    "key": "text",
    "person_id": "bigint",
    "address": "text",
    "refs": "jsonb",
    "about": "text",
    "rank": "smallint",
    "created_at": "timestamptz",
    "due_at": "timestamptz",
    "useful_until": "timestamptz",
    "next_try_at": "timestamptz",
    "sealed": "bytea",
}
"""What ``_values`` gives, and its type in SQL."""
_INSERT = f"INSERT INTO messaging_message ({', '.join(_COLUMNS)}, state, attempts, takeovers, in_doubt)"
_SENT = "'planned', 0, 0, false)"
_PLACES = f"({'%s, ' * len(_COLUMNS)}{_SENT}"
_ONCE = "ON CONFLICT (key) DO NOTHING"
_NEW = {"state": "planned", "attempts": 0, "takeovers": 0, "in_doubt": False}
_PLAN = inserting(
    "messaging_message",
    {**_COLUMNS, "state": "text", "attempts": "integer", "takeovers": "smallint", "in_doubt": "boolean"},
    _ONCE,
)


def _values(kind: kinds.Kind, row: Planned, now: datetime, sealed: bytes | None) -> tuple:
    due_at = row.due_at or now
    return (
        kind.name,
        _stored_key(kind, row.key),
        getattr(row.to, "pk", row.to),
        row.address or None,
        json.dumps(row.refs),
        key_of(row.about) if row.about else None,
        kind.rank,
        now,
        due_at,
        row.useful_until,
        due_at,
        sealed,
    )


def _stored_key(kind: kinds.Kind, key: str) -> str:
    if not key or len(key) > 200:
        raise ValueError("A key names the reason in 1 to 200 characters.")
    return seals.key_of_private(key) if kind.private else key


def _known(name: str) -> kinds.Kind:
    kind = kinds.find(name)
    if kind is None:
        raise LookupError(f"No app has registered the message kind {name}.")
    return kind


def _demand_transaction() -> None:
    if not connection.in_atomic_block:
        raise QueuedOutsideTransaction


def _batches(rows: Iterable[Planned]) -> Iterator[list[Planned]]:
    iterator = iter(rows)
    while batch := list(islice(iterator, BATCH)):
        yield batch


def _chosen(kind, keys, refs, person, about) -> models.QuerySet:
    keys = list(keys)
    if not (kind or keys or refs or person or about):
        raise ValueError("Say which messages.")
    narrowed: dict[str, Any] = {}
    if kind:
        narrowed["kind"] = kind
    if keys:
        narrowed["key__in"] = [*keys, *map(seals.key_of_private, keys)]
    if refs:
        narrowed["refs__contains"] = refs
    if person is not None:
        narrowed["person"] = person
    if about:
        narrowed["about"] = key_of(about)
    return Message.objects.filter(**narrowed)


def settle_inbound(row: Inbound, *, now: datetime) -> None:
    """Note that the app which a mail concerns has taken it; its words go. The caller holds the row's lock."""
    row.settled_at, row.words = now, ""
    row.save(update_fields=["settled_at", "words"])


@transaction.atomic
def clear_bounces(*, address: str, by: Any, now: datetime) -> int:
    """Say that ``address`` works again: it is not marked any more. Returns how many reports stood against it."""
    standing = Bounce.objects.standing().filter(address=address.lower()).select_for_update(no_key=True, of=("self",))
    bounces = list(standing.select_related("message").order_by("pk"))
    for bounce in bounces:
        bounce.cleared_at, bounce.cleared_by = now, key_of(by)
        bounce.save(update_fields=["cleared_at", "cleared_by"])
        history.actions.record(by=by, verb="messaging.address_works", about=bounce.message, now=now)
    return len(bounces)
