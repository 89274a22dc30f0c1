"""A register of 100,000 rows as CSV, beside writing the same rows from a server-side cursor by hand."""

import csv
import io
import os
import time
from collections.abc import Iterator

from script.measured import Figure, memory_from_here, set_up

LIMIT = 1800
PEOPLE = int(os.environ.get("BENCH_PEOPLE", "100000"))


def main() -> Iterator[Figure]:
    """Export one session with everybody in it."""
    set_up()
    session, by = _stage()
    raw = _by_hand(session)
    browser = _opened(session, by)
    taken = memory_from_here()
    seconds, lines = _export(browser, session)
    most = taken()
    yield Figure(f"export of {PEOPLE} places", seconds, "seconds", raw, most=2)
    yield Figure("rows exported", lines, "rows", least=PEOPLE, most=PEOPLE + 5)
    yield Figure("memory that the export takes", most, "MB", most=20)


def _stage() -> tuple:
    from django.core.management import call_command
    from django.db import connection

    from accounts.models import Person
    from briefings.models import Session

    call_command("demo", people=PEOPLE)
    session = Session.objects.filter(state="held").order_by("pk").first()
    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE attendance_engagement")
        cursor.execute(
            "DELETE FROM attendance_attendance a USING attendance_place p, attendance_place q"
            " WHERE p.id = a.place_id AND q.person_id = p.person_id AND q.id < p.id"
        )
        cursor.execute(
            "DELETE FROM attendance_place p USING attendance_place q WHERE q.person_id = p.person_id AND q.id < p.id"
        )
        cursor.execute("UPDATE attendance_attendance SET session_id = %s", [session.pk])
        cursor.execute("UPDATE attendance_place SET session_id = %s, missed_at = NULL", [session.pk])
        cursor.execute("ANALYZE")
    return session, Person.objects.get(is_administrator=True)


def _by_hand(session) -> float:
    """Return the seconds that the same rows take from a server-side cursor to a file of CSV."""
    from django.db import connection, transaction

    begun, out = time.perf_counter(), _Counting()
    writer = csv.writer(out)
    with transaction.atomic(), connection.connection.cursor("by_hand") as cursor:
        cursor.itersize = 2_000
        cursor.execute(
            "SELECT e.name, e.email, o.name, f.name, r.name, p.reference, p.state, p.made_at, a.outcome"
            " FROM attendance_place p JOIN accounts_person e ON e.id = p.person_id"
            " JOIN organisations_organisation o ON o.id = p.organisation_id"
            " LEFT JOIN organisations_profession f ON f.id = p.profession_id"
            " LEFT JOIN organisations_area r ON r.id = p.area_id"
            " LEFT JOIN attendance_attendance a ON a.place_id = p.id"
            " WHERE p.session_id = %s ORDER BY e.sort_name, p.id",
            [session.pk],
        )
        writer.writerows(cursor)
    return time.perf_counter() - begun


class _Counting(io.TextIOBase):
    def write(self, text: str) -> int:
        return len(text)


def _opened(session, by):
    """Return the browser of ``by``, who has opened the page: nobody measures a first request."""
    from django.test import Client

    browser = Client(SERVER_NAME="localhost")
    browser.force_login(by)
    browser.get(f"/sessions/{session.pk}/")
    return browser


def _export(browser, session) -> tuple[float, int]:
    begun, lines = time.perf_counter(), 0
    answer = browser.get(f"/sessions/{session.pk}/places.csv")
    assert answer.status_code == 200, f"the export answers {answer.status_code}"
    assert answer.streaming, "the export is not streamed"
    for part in answer.streaming_content:
        lines += part.count(b"\n")
    return time.perf_counter() - begun, lines - 1
