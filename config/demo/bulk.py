"""Many places at once, as ``take_place`` would have left them: written by the database, so that memory stays flat.

Whoever calls this has seen to it that the sessions have seats and that nobody is in two places at once; the
constraints of the database have the last word, and ``check_invariants`` counts again.
"""

from collections.abc import Iterable
from datetime import datetime
from urllib.parse import urlsplit

from django.conf import settings
from django.db import connection
from psycopg2.extras import execute_values

from attendance.messages.places import BOOKED
from attendance.models.places import REFERENCE_LETTERS
from messaging import kinds

Booking = tuple[int, int, datetime]
"""The ids of session and person, and the moment."""


def seat_many(bookings: Iterable[Booking]) -> int:
    """Book each person into their session at that moment, all in the past; return how many."""
    rows = list(bookings)
    if not rows:
        return 0
    with connection.cursor() as cursor:
        begin(cursor)
        execute_values(
            cursor.cursor,
            f"INSERT INTO demo_seat (place, link, session, person, made_at) SELECT {NEW_IDS}, v.* FROM (VALUES %s)"  # noqa: S608
            " AS v (session, person, made_at)",
            rows,
            page_size=5_000,
        )
    return write_seats(with_mail=True)


def begin(cursor) -> None:
    """Make the empty table in which bookings wait for ``write_seats``."""
    cursor.execute(
        "CREATE TEMPORARY TABLE IF NOT EXISTS demo_seat (place bigint, link bigint, session bigint, person bigint,"
        " made_at timestamptz) ON COMMIT DROP; TRUNCATE demo_seat"
    )


NEW_IDS = (
    "nextval(pg_get_serial_sequence('attendance_place', 'id')),"
    " nextval(pg_get_serial_sequence('accounts_personallink', 'id'))"
)


def write_seats(*, with_mail: bool) -> int:
    """Write places, links, engagements, entries, counters and history of what waits; return how many places.

    ``with_mail``: the log says that each was confirmed.
    """
    names = {
        "host": urlsplit(settings.SITE_URL).hostname,
        "label": kinds.label(BOOKED),
        "kind": BOOKED,
    }
    with connection.cursor() as cursor:
        for statement in (*_STATEMENTS, *([_MAIL] if with_mail else [])):
            cursor.execute(statement, names)
        cursor.execute("SELECT count(*) FROM demo_seat")
        return cursor.fetchone()[0]


def _reference(number: str) -> str:
    """Return SQL for the six letters of a reference: different for every ``number`` below 30 to the power of six."""
    mixed = f"(({number} * 104395301) %% 729000000)"
    return " || ".join(f"substr('{REFERENCE_LETTERS}', 1 + ({mixed} / {30**i} %% 30)::int, 1)" for i in range(6))


_STATEMENTS = (
    """INSERT INTO accounts_personallink (id, purpose, person_id, about, created_at, ends_at, nonce)
       SELECT d.link, 'place', d.person, 'attendance.place:' || d.place, d.made_at,
              (s.date + 90)::timestamp AT TIME ZONE s.zone, replace(gen_random_uuid()::text, '-', '')
       FROM demo_seat d JOIN briefings_session s ON s.id = d.session""",
    """INSERT INTO attendance_place (id, session_id, person_id, organisation_id, profession_id, area_id, state,
              reference, limit_key, made_at, made_by, seated_at, closed_reason, link_id)
       SELECT d.place, d.session, d.person, a.organisation_id, a.profession_id, r.area_id, 'booked',
              p.code || '-' || REFERENCE,
              CASE WHEN p.places_rule = 'one' THEN d.person || ':programme:' || p.id END,
              d.made_at, 'accounts.person:' || d.person, d.made_at, '', d.link
       FROM demo_seat d
       JOIN briefings_session s ON s.id = d.session JOIN briefings_programme p ON p.id = s.programme_id
       JOIN LATERAL (SELECT * FROM organisations_affiliation w
                     WHERE w.person_id = d.person AND w.profession_id IS NOT NULL ORDER BY w.id LIMIT 1) a ON true
       LEFT JOIN LATERAL (SELECT area_id FROM organisations_affiliationarea x
                          WHERE x.affiliation_id = a.id ORDER BY x.id LIMIT 1) r ON true""".replace(
        "REFERENCE", _reference("d.place")
    ),
    """INSERT INTO attendance_engagement (person_id, session_id, during)
       SELECT d.person, d.session, s.during FROM demo_seat d JOIN briefings_session s ON s.id = d.session""",
    """INSERT INTO attendance_calendarentry (person_id, session_id, uid, sequence, revision, is_cancelled)
       SELECT d.person, d.session, gen_random_uuid(), 0, s.revision, false
       FROM demo_seat d JOIN briefings_session s ON s.id = d.session""",
    """UPDATE attendance_seatcount c SET taken = c.taken + n.number
       FROM (SELECT session, count(*) AS number FROM demo_seat GROUP BY session) n WHERE n.session = c.session_id""",
    """INSERT INTO history_entry (at, actor, verb, object_type, object_id, reason, fields)
       SELECT made_at, 'accounts.person:' || person, 'took', 'attendance.place', place, '', '{}' FROM demo_seat""",
)
_MAIL = """INSERT INTO messaging_message (kind, key, person_id, refs, about, rank, created_at, due_at, next_try_at,
              state, attempts, takeovers, in_doubt, first_tried_at, sent_at, message_id, sent_to, subject)
       SELECT %(kind)s, %(kind)s || ':' || d.place || ':0', d.person, jsonb_build_object('place', d.place),
              'briefings.programme:' || s.programme_id, 1, d.made_at, d.made_at, d.made_at, 'sent', 1, 0, false,
              d.made_at + interval '1 second', d.made_at + interval '2 seconds',
              '<' || md5(d.place || s.date::text) || '@' || %(host)s || '>', p.email, %(label)s
       FROM demo_seat d JOIN briefings_session s ON s.id = d.session JOIN accounts_person p ON p.id = d.person"""
