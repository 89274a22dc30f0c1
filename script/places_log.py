"""A log that PostgreSQL itself writes of every change to places and what goes with them, for the proofs.

Triggers note each row, before and after, with its transaction. What is rolled back leaves nothing. Whoever changes a
session's places holds its counter, and whoever changes a person's holds that person, until the transaction ends: so the
numbers of the log are an order in which everything could have happened one after the other.
"""

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection

TABLES = (
    "attendance_place", "attendance_seatcount", "attendance_engagement", "attendance_calendarentry",
    "attendance_quota", "accounts_press", "attendance_handover", "attendance_bulkmove", "briefings_session",
    "messaging_message", "history_entry",
)  # fmt: skip

_INSTALL = """
CREATE TABLE IF NOT EXISTS proof_log (
    seq bigserial PRIMARY KEY, tx bigint NOT NULL DEFAULT txid_current(), begun timestamptz NOT NULL DEFAULT now(),
    at timestamptz NOT NULL DEFAULT clock_timestamp(), what text NOT NULL, new jsonb, old jsonb);
CREATE OR REPLACE FUNCTION proof_note() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO proof_log (what, new, old) VALUES (
        TG_TABLE_NAME, CASE WHEN TG_OP <> 'DELETE' THEN to_jsonb(NEW) END,
        CASE WHEN TG_OP <> 'INSERT' THEN to_jsonb(OLD) END);
    RETURN NULL;
END $$;
"""


@dataclass(frozen=True)
class Row:
    """One change: its number, its transaction and when that began, when it was made, the row after and before it."""

    seq: int
    tx: int
    begun: datetime
    at: datetime
    what: str
    new: dict[str, Any]
    old: dict[str, Any]


def install() -> None:
    """Let the database write the log from now on; twice is once."""
    with connection.cursor() as cursor:
        cursor.execute(_INSTALL)
        for table in TABLES:
            cursor.execute(f"DROP TRIGGER IF EXISTS proof ON {table}")
            cursor.execute(
                f"CREATE TRIGGER proof AFTER INSERT OR UPDATE OR DELETE ON {table} "
                "FOR EACH ROW EXECUTE FUNCTION proof_note()"
            )


def clear() -> None:
    """Begin a new log."""
    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE proof_log RESTART IDENTITY")


def read() -> list[Row]:
    """Return the log, the first change first."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT seq, tx, begun, at, what, new, old FROM proof_log ORDER BY seq")
        return [Row(*found[:5], *map(_row, found[5:])) for found in cursor.fetchall()]


def _row(found: Any) -> dict[str, Any]:
    return (json.loads(found) if isinstance(found, str) else found) or {}
