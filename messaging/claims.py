"""The statements that move a row: claim, start, finish, release, take over. Each is one round trip and one commit.

Leases run on the database's clock, so that two machines, or one whose clock jumps, agree on when one has ended.
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import DatabaseError, connection

from history.statements import Statement, prepared, send
from messaging.models import Attempt, Message

LONE_AFTER = 2
"""A row whose worker was lost this often is claimed alone: it may be what kills the worker."""

LOST_FOR_GOOD = 10
"""A row whose worker was lost this often is given up."""

_SLOTS = 7_205_311


@contextmanager
def slot(count: int) -> Iterator[bool]:
    """Hold one of ``count`` places for as long as the block runs; False where all are taken.

    An advisory lock of the database connection: it ends with the connection, so a dead worker holds nothing.
    """
    held = next(
        (number for number in range(count) if _one("SELECT pg_try_advisory_lock(%s, %s)", _SLOTS, number)), None
    )
    try:
        yield held is not None
    finally:
        if held is not None:
            _unlock(held)


def _unlock(number: int) -> None:
    try:
        _one("SELECT pg_advisory_unlock(%s, %s)", _SLOTS, number)
    except DatabaseError:
        connection.close()


def claim(*, worker: str, now: datetime, lease: timedelta, count: int, in_bulk: int = 0) -> list[int]:
    """Claim up to ``count`` due rows of the most urgent rank, or ``in_bulk`` of the last; return their ids in order."""
    for rank in Message.Rank.values:
        most = in_bulk if in_bulk and rank == Message.Rank.BULK else count
        if found := _claim(worker, now, lease, most, rank, range(LONE_AFTER)):
            return found
    for rank in Message.Rank.values:
        if found := _claim(worker, now, lease, 1, rank, range(LONE_AFTER, LOST_FOR_GOOD + 1)):
            return found
    return []


def _claim(worker: str, now: datetime, lease: timedelta, count: int, rank: int, takeovers: range) -> list[int]:
    with connection.cursor() as cursor:
        cursor.execute(
            """
            WITH chosen AS (
                SELECT id FROM messaging_message
                WHERE state = 'planned' AND rank = %s AND next_try_at <= %s AND takeovers >= %s AND takeovers < %s
                ORDER BY next_try_at, id LIMIT %s FOR NO KEY UPDATE SKIP LOCKED
            )
            UPDATE messaging_message AS m
            SET state = 'claimed', claimed_by = %s, lease_until = clock_timestamp() + %s
            FROM chosen WHERE m.id = chosen.id RETURNING m.next_try_at, m.id
            """,
            [rank, now, takeovers.start, takeovers.stop, count, worker, lease],
        )
        return [row[1] for row in sorted(cursor.fetchall())]


@dataclass(frozen=True)
class Start:
    """What is fixed before a mail is sent. ``subject`` and ``text`` are masked, None for private kinds."""

    pk: int
    message_id: str
    sent_to: str
    subject: str | None
    text: str | None
    at: datetime


@dataclass(frozen=True)
class Finish:
    """What became of one try. ``next_try_at`` only where the row is planned again."""

    pk: int
    state: str
    outcome: str
    at: datetime
    started_at: datetime
    code: str | None = None
    reason: str | None = None
    next_try_at: datetime | None = None
    in_doubt: bool = False


_FINISH = prepared(
    "mail_finish",
    """
    WITH done AS (
        UPDATE messaging_message
        SET state = $1, reason = $2, next_try_at = coalesce($3, next_try_at), last_error = $4,
            in_doubt = in_doubt OR $5, sent_at = $6, sealed = CASE WHEN $7 THEN NULL ELSE sealed END,
            claimed_by = NULL, lease_until = NULL, sending_since = NULL
        WHERE id = $8 AND claimed_by = $9 RETURNING id
    )
    INSERT INTO messaging_attempt (message_id, started_at, ended_at, outcome, code, worker)
    SELECT id, $10, greatest($11, $10), $12, $4, $9 FROM done
    """,
    state="text",
    reason="text",
    next_try_at="timestamptz",
    code="text",
    in_doubt="boolean",
    sent_at="timestamptz",
    ended="boolean",
    pk="bigint",
    worker="text",
    started_at="timestamptz",
    at="timestamptz",
    outcome="text",
)
# Only a claimed row has a worker. That it is claimed is not asked besides: PostgreSQL would look through all that are
# claimed, as it counts them when none is, and not for the one.
_START = prepared(
    "mail_start",
    """
    UPDATE messaging_message
    SET sending_since = $1, lease_until = clock_timestamp() + $2, attempts = attempts + 1,
        first_tried_at = coalesce(first_tried_at, $1), message_id = $3, sent_to = $4, subject = $5, text = $6
    WHERE id = $7 AND claimed_by = $8 RETURNING id
    """,
    at="timestamptz",
    lease="interval",
    message_id="text",
    sent_to="text",
    subject="text",
    text="text",
    pk="bigint",
    worker="text",
)


def step(*, worker: str, finish: Finish | None = None, start: Start | None = None, lease: timedelta) -> bool:
    """Write what became of one mail and that the next one is being sent: together, in one commit.

    Returns whether the mail of ``start`` is still ours; False where the lease had ended and another worker took it.
    The same call again after a broken connection does no harm.
    """
    statements: list[Statement] = []
    if finish is not None:
        sent = finish.state == Message.State.SENT
        ended = finish.state in (Message.State.SENT, Message.State.WITHHELD, Message.State.MISSED)
        more = {"sent_at": finish.at if sent else None, "ended": ended, "worker": worker}
        statements.append((_FINISH, vars(finish) | more))
    if start is not None:
        statements.append((_START, vars(start) | {"lease": lease, "worker": worker}))
    found = send(statements)
    return start is None or bool(found)


def settle(*, worker: str, ids: Iterable[int], state: str, reason: str) -> None:
    """End claimed rows that are not sent, or hold them."""
    ended = {"sealed": None} if state in (Message.State.WITHHELD, Message.State.MISSED) else {}
    Message.objects.filter(pk__in=list(ids), claimed_by=worker, state=Message.State.CLAIMED).update(
        state=state, reason=reason, claimed_by=None, lease_until=None, sending_since=None, **ended
    )


def release(*, worker: str, ids: Iterable[int]) -> None:
    """Give claimed rows back untouched."""
    ids = list(ids)
    if ids:
        Message.objects.filter(pk__in=ids, claimed_by=worker, state=Message.State.CLAIMED).update(
            state=Message.State.PLANNED, claimed_by=None, lease_until=None, sending_since=None
        )


def take_over(*, now: datetime) -> int:
    """Plan again what dead workers left behind, and return how many rows.

    One that was being sent is in doubt: it may have arrived, and goes out again with the same Message-ID.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            """
            WITH lost AS (
                SELECT id, sending_since, claimed_by FROM messaging_message
                WHERE state = 'claimed' AND lease_until < clock_timestamp() LIMIT 1000 FOR NO KEY UPDATE SKIP LOCKED
            ), noted AS (
                INSERT INTO messaging_attempt (message_id, started_at, ended_at, outcome, code, worker)
                SELECT id, sending_since, greatest(clock_timestamp(), sending_since), %s, 'worker_lost', claimed_by
                FROM lost WHERE sending_since IS NOT NULL
            )
            UPDATE messaging_message AS m
            SET state = CASE WHEN m.takeovers + 1 >= %s THEN 'given_up' ELSE 'planned' END,
                reason = CASE WHEN m.takeovers + 1 >= %s THEN 'worker_lost' END,
                in_doubt = m.in_doubt OR m.sending_since IS NOT NULL, takeovers = m.takeovers + 1, next_try_at = %s,
                last_error = 'worker_lost', claimed_by = NULL, lease_until = NULL, sending_since = NULL
            FROM lost WHERE m.id = lost.id
            """,
            [Attempt.Outcome.UNKNOWN, LOST_FOR_GOOD, LOST_FOR_GOOD, now],
        )
        return cursor.rowcount


def _one(sql: str, *values: object) -> object:
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        return cursor.fetchone()[0]
