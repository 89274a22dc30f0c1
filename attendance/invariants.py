"""What must never be wrong, counted again from the rows: each check is a question whose answer must be empty.

The database keeps most of this by constraints; this counts without trusting them, or the code.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice

from django.db import connection, transaction

from attendance.models import LIVE, SEATED

_STATES = {"seated": tuple(SEATED), "live": tuple(LIVE)}


@dataclass(frozen=True)
class Check:
    """``promise`` in words, and the query that finds what breaks it; ``finding`` is filled with its columns."""

    promise: str
    finding: str
    query: str


@dataclass(frozen=True)
class Further:
    """A promise of an app above, and what finds in words whatever breaks it."""

    promise: str
    look: Callable[[], Iterator[str]]


CHECKS = (
    Check(
        "No session has more taken seats than it has seats",
        "session {0}: {1} taken of {2}",
        """SELECT s.session_id, count(p.id), s.capacity FROM attendance_seatcount s
            JOIN attendance_place p ON p.session_id = s.session_id AND p.state IN %(seated)s
            GROUP BY s.session_id, s.capacity HAVING count(p.id) > s.capacity""",
    ),
    Check(
        "The counter of a session says what its places say",
        "session {0}: the counter says {1}, the places say {2}",
        """SELECT s.session_id, s.taken, count(p.id) FROM attendance_seatcount s
            LEFT JOIN attendance_place p ON p.session_id = s.session_id AND p.state IN %(seated)s
            GROUP BY s.session_id, s.taken HAVING count(p.id) <> s.taken""",
    ),
    Check(
        "A session and its counter have the same number of seats",
        "session {0}: {1} seats, its counter {2}",
        """SELECT b.id, b.capacity, s.capacity FROM briefings_session b
           JOIN attendance_seatcount s ON s.session_id = b.id
           WHERE b.capacity <> s.capacity OR b.reserved <> s.reserved""",
    ),
    Check(
        "Every open session has a counter",
        "session {0}",
        """SELECT b.id FROM briefings_session b LEFT JOIN attendance_seatcount s ON s.session_id = b.id
           WHERE b.state = 'open' AND s.session_id IS NULL""",
    ),
    Check(
        "Nobody has two places in one session",
        "session {0}, person {1}: {2} places",
        """SELECT session_id, person_id, count(*) FROM attendance_place
            WHERE state IN %(live)s AND person_id IS NOT NULL GROUP BY 1, 2 HAVING count(*) > 1""",
    ),
    Check(
        "Nobody has two seats in a programme of one place",
        "programme {0}, person {1}: {2} seats",
        """SELECT r.id, p.person_id, count(*) FROM attendance_place p
            JOIN briefings_session b ON b.id = p.session_id JOIN briefings_programme r ON r.id = b.programme_id
            WHERE r.places_rule = 'one' AND p.state IN %(seated)s AND p.person_id IS NOT NULL
            GROUP BY 1, 2 HAVING count(*) > 1""",
    ),
    Check(
        "Nobody is in two places at the same time",
        "person {0}: sessions {1} and {2}",
        """SELECT a.person_id, a.session_id, b.session_id FROM attendance_engagement a
           JOIN attendance_engagement b ON b.person_id = a.person_id AND b.id > a.id AND b.session_id <> a.session_id
           AND b.during && a.during""",
    ),
    Check(
        "Whoever holds a booked place is engaged then",
        "place {0}",
        """SELECT p.id FROM attendance_place p JOIN briefings_session b ON b.id = p.session_id
           LEFT JOIN attendance_engagement e
           ON e.session_id = p.session_id AND e.person_id = p.person_id AND e.during = b.during
           WHERE p.state = 'booked' AND p.person_id IS NOT NULL AND b.state IN ('open', 'held') AND e.id IS NULL""",
    ),
    Check(
        "No room is in two sessions at the same time",
        "room {0}: sessions {1} and {2}",
        """SELECT a.room_id, a.id, b.id FROM briefings_session a
           JOIN briefings_session b ON b.room_id = a.room_id AND b.id > a.id AND b.during && a.during
           WHERE a.state <> 'cancelled' AND b.state <> 'cancelled'""",
    ),
    Check(
        "The waiting list has each number once and knows its last",
        "session {0}, number {1}: {2} places",
        """SELECT p.session_id, p.number_in_line, count(*) FROM attendance_place p
           JOIN attendance_seatcount s ON s.session_id = p.session_id WHERE p.state = 'waiting'
           GROUP BY p.session_id, p.number_in_line, s.last_in_line
           HAVING count(*) > 1 OR p.number_in_line IS NULL OR p.number_in_line > s.last_in_line""",
    ),
    Check(
        "The waiting list keeps the order in which people came",
        "session {0}: place {1} stands before place {2}",
        """SELECT a.session_id, a.id, b.id FROM attendance_place a
           JOIN attendance_place b ON b.session_id = a.session_id AND b.state = 'waiting' AND b.id < a.id
           AND b.number_in_line > a.number_in_line AND a.ahead IS NULL AND b.ahead IS NULL WHERE a.state = 'waiting'""",
    ),
    Check(
        "Nobody waits in a programme of one place in which they have a seat",
        "place {0}",
        """SELECT w.id FROM attendance_place w JOIN briefings_session b ON b.id = w.session_id
            JOIN briefings_programme r ON r.id = b.programme_id AND r.places_rule = 'one'
            WHERE w.state = 'waiting' AND EXISTS (
                SELECT 1 FROM attendance_place p JOIN briefings_session c ON c.id = p.session_id
                WHERE p.person_id = w.person_id AND c.programme_id = r.id AND p.state = 'booked')""",
    ),
    Check(
        "A cancelled session has no places",
        "session {0}: {1} places",
        """SELECT b.id, count(*) FROM briefings_session b JOIN attendance_place p ON p.session_id = b.id
            WHERE b.state = 'cancelled' AND p.state IN %(live)s GROUP BY b.id""",
    ),
    Check(
        "A booked place has a calendar entry that stands",
        "place {0}",
        """SELECT p.id FROM attendance_place p LEFT JOIN attendance_calendarentry e
           ON e.session_id = p.session_id AND e.person_id = p.person_id AND NOT e.is_cancelled
           WHERE p.state = 'booked' AND p.person_id IS NOT NULL AND e.id IS NULL""",
    ),
    Check(
        "Each message has one key",
        "key {0}: {1} messages",
        "SELECT key, count(*) FROM messaging_message GROUP BY key HAVING count(*) > 1",
    ),
    Check(
        "What is needed to take part belongs to a place that lives",
        "place {0}",
        """SELECT n.place_id FROM attendance_accessneed n JOIN attendance_place p ON p.id = n.place_id
            WHERE p.state NOT IN %(live)s AND n.delete_on < current_date""",
    ),
)


_more: list[Check | Further] = []


def register(*checks: Check | Further) -> None:
    """Have ``checks`` of a higher app counted with these; called when that app is ready."""
    _more.extend(each for each in checks if each not in _more)


def every_check() -> tuple[Check | Further, ...]:
    """Return all that is checked, in order."""
    return (*CHECKS, *_more)


def findings(most: int = 20) -> Iterator[tuple[Check | Further, list[str]]]:
    """Yield each check with what it finds, in words, ``most`` at the most; [] where the promise is kept.

    All checks see the same moment (one read-only snapshot), so that bookings meanwhile look like nothing wrong.
    """
    outermost = not connection.in_atomic_block
    with transaction.atomic(), connection.cursor() as cursor:
        if outermost:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
        for check in every_check():
            if isinstance(check, Further):
                yield check, list(islice(check.look(), most))
                continue
            cursor.execute(f"{check.query} LIMIT {most:d}", _STATES)
            yield check, [check.finding.format(*row) for row in cursor.fetchall()]
