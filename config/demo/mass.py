"""A database of any size for measurements: the database itself makes the rows, so that memory stays flat.

For N people there are N / 100 sessions, three places for each person and one invitation, a question for every 50; of
sessions and questions at least as many as fill the pages of their lists, so that a small county shows as many rows.
The same size and seed give the same people, sessions and places.
"""

import uuid
from collections.abc import Callable
from datetime import date, datetime, timedelta

from django.db import connection, transaction

from accounts.models import Person, sort_key
from briefings.actions.programmes import start_programme
from briefings.models import PlacesRule, Programme, Room, Session, SessionState, Slot, Venue, utc_range
from config.demo import bulk, words
from config.demo.clock import ZONE
from organisations.models import Area, Organisation, Profession

PLACES_EACH = 3
FEWEST, MOST = 100, 1_000_000
FEWEST_SESSIONS, FEWEST_QUESTIONS = 150, 60
_WORKING_WEEK = 5


@transaction.atomic
def make_many(*, people: int, seed: int, now: datetime, tell: Callable[[str], None] = lambda words: None) -> Programme:
    """Return the programme ``Demo county``: ``people`` practitioners in an empty database. ``tell`` gets each step."""
    by = Person.objects.create_person(name="Ada Ashdown", email="ada.ashdown@example.org", is_administrator=True)
    programme = _programme(by, now)
    _people(people, seed, now)
    tell(f"{people} people")
    sessions = _sessions(programme, people, now)
    tell(f"{sessions} sessions")
    tell(f"{_places(programme, people, sessions, now)} places")
    _attendance(now)
    _invitations(programme, by, now)
    _questions(programme, people, now)
    tell("invitations, attendance and questions")
    _run("ANALYZE")
    return programme


def _run(statement: str, **values) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)


def _programme(by: Person, now: datetime) -> Programme:
    Organisation.objects.bulk_create([Organisation(name=row[0], kind=row[1]) for row in words.ORGANISATIONS])
    professions = Profession.objects.bulk_create([Profession(name=name) for name in words.PROFESSIONS])
    for name in words.DISTRICTS:
        area = Area.objects.create(name=name)
        Area.objects.filter(pk=area.pk).update(path=f"/{area.pk}/")
    programme = start_programme(
        name="Demo county", coordinator=by, places_rule=PlacesRule.UNLIMITED, every_area=True, by=by, now=now
    )
    programme.professions.set(professions)
    since = now.date() - timedelta(days=400)
    programme.partners.bulk_create(
        programme.partners.model(programme=programme, organisation=each, since=since)
        for each in Organisation.objects.all()
    )
    return programme


def _people(people: int, seed: int, now: datetime) -> None:
    first, last = list(words.FIRST_NAMES), list(words.SURNAMES)
    mixed = "(('x' || substr(md5(%(seed)s || ':' || i), 1, 7))::bit(28)::int)"
    _run(
        f"""INSERT INTO accounts_person (name, sort_name, email, password, language, is_active, is_administrator,
                   created_at)
            SELECT (%(first)s::text[])[1 + {mixed} %% %(firsts)s] || ' ' || (%(last)s::text[])[1 + i %% %(lasts)s],
                   (%(last_key)s::text[])[1 + i %% %(lasts)s] || ' ' ||
                   (%(first_key)s::text[])[1 + {mixed} %% %(firsts)s],
                   'person.' || i || '@example.org', '!', 'en-gb', true, false, %(joined)s
            FROM generate_series(1, %(people)s) AS i""",  # noqa: S608 (fixed words)
        seed=str(seed),
        people=people,
        first=first,
        last=last,
        firsts=len(first),
        lasts=len(last),
        first_key=[sort_key(name) for name in first],
        last_key=[sort_key(name) for name in last],
        joined=now - timedelta(days=400),
    )
    _run(
        """WITH o AS (SELECT id, row_number() OVER (ORDER BY id) - 1 AS n FROM organisations_organisation),
                f AS (SELECT id, row_number() OVER (ORDER BY id) - 1 AS n FROM organisations_profession),
                p AS (SELECT id, row_number() OVER (ORDER BY id) AS n FROM accounts_person WHERE NOT is_administrator)
           INSERT INTO organisations_affiliation (person_id, organisation_id, profession_id, staff_number, since)
           SELECT p.id, o.id, f.id, '', %(since)s FROM p
           JOIN o ON o.n = p.n %% 12 JOIN f ON f.n = (p.n / 12) %% 10""",
        since=now.date() - timedelta(days=400),
    )
    _run(
        """WITH r AS (SELECT id, row_number() OVER (ORDER BY id) - 1 AS n FROM organisations_area)
           INSERT INTO organisations_affiliationarea (affiliation_id, area_id)
           SELECT a.id, r.id FROM organisations_affiliation a JOIN r ON r.n = (a.id / 120) %% 7"""
    )
    _run("ANALYZE accounts_person, organisations_affiliation, organisations_affiliationarea")


def _sessions(programme: Programme, people: int, now: datetime) -> int:
    """Plan the sessions, several at once in a large county, four in five of them before today; return how many."""
    count = max(FEWEST_SESSIONS, people // 100)
    at_once = max(1, min(5, count // 20))
    seats = -(-people * PLACES_EACH // count) + 20
    venue = Venue.objects.create(name="Demo centre")
    rooms = Room.objects.bulk_create(
        [Room(venue=venue, name=f"Room {number}", capacity=seats) for number in range(1, at_once + 1)]
    )
    today = now.astimezone(ZONE).date()
    tomorrow = today + timedelta(days=1)
    half_days = -(-count // at_once)
    rows = []
    for number in range(count):
        half_day = number // at_once - half_days * 4 // 5
        day, slot = _working_day(tomorrow, half_day // 2), (Slot.MORNING, Slot.AFTERNOON)[half_day % 2]
        starts, ends = programme.hours_of(slot)
        state = SessionState.HELD if day < today else SessionState.OPEN
        session = Session(
            programme=programme, date=day, slot=slot, starts=starts, ends=ends, room=rooms[number % at_once],
            capacity=seats, state=state,
        )  # fmt: skip
        rows.append(session)
    _save_sessions(rows)
    return count


def _working_day(since: date, offset: int) -> date:
    """Return a Monday to Friday ``offset`` such days from the first at or after ``since``.

    Bank holidays do not matter here. On whatever day of the week it is made, a county has sessions to come.
    """
    while since.weekday() >= _WORKING_WEEK:
        since += timedelta(days=1)
    weeks, days = divmod(since.weekday() + offset, _WORKING_WEEK)
    return since + timedelta(weeks=weeks, days=days - since.weekday())


def _save_sessions(rows: list[Session]) -> None:
    for session in rows:
        session.during = utc_range(session.date, session.starts, session.ends, session.zone)
    Session.objects.bulk_create(rows, batch_size=1_000)
    _run(
        """INSERT INTO attendance_seatcount (session_id, capacity, reserved, taken, last_in_line)
           SELECT id, capacity, 0, 0, 0 FROM briefings_session"""
    )


def _places(programme: Programme, people: int, sessions: int, now: datetime) -> int:
    """Give each person three sessions, a third of all sessions apart, so that nobody is in two places at once."""
    with connection.cursor() as cursor:
        bulk.begin(cursor)
        cursor.execute(
            f"""WITH s AS (SELECT id, row_number() OVER (ORDER BY id) - 1 AS n FROM briefings_session),
                     p AS (SELECT id, row_number() OVER (ORDER BY id) AS n FROM accounts_person
                           WHERE NOT is_administrator)
                INSERT INTO demo_seat (place, link, session, person, made_at)
                SELECT {bulk.NEW_IDS}, s.id, p.id, %(now)s - (400 - p.n %% 300) * interval '1 day'
                FROM p CROSS JOIN generate_series(0, 2) AS k
                JOIN s ON s.n = (p.n + k * (%(sessions)s / 3)) %% %(sessions)s
                ORDER BY p.id, k""",  # noqa: S608 (fixed words)
            {"now": now, "sessions": sessions},
        )
        cursor.execute("ANALYZE demo_seat, briefings_session")
    return bulk.write_seats(with_mail=False)


def _attendance(now: datetime) -> None:
    """Close the registers of what is held: nine in ten came."""
    _run(
        """INSERT INTO attendance_register (session_id, closed_at, closed_by, reopened_reason)
           SELECT id, upper(during), 'clock', '' FROM briefings_session WHERE state = 'held'"""
    )
    _run(
        """INSERT INTO attendance_attendance (session_id, place_id, person_id, organisation_id, profession_id, area_id,
                  outcome, noted_at)
           SELECT p.session_id, p.id, p.person_id, p.organisation_id, p.profession_id, p.area_id,
                  CASE WHEN p.id %% 10 = 0 THEN 'absent' ELSE 'attended' END, upper(s.during)
           FROM attendance_place p JOIN briefings_session s ON s.id = p.session_id WHERE s.state = 'held'"""
    )
    _run(
        """UPDATE attendance_place p SET missed_at = a.noted_at FROM attendance_attendance a
           WHERE a.place_id = p.id AND a.outcome = 'absent'"""
    )


def _invitations(programme: Programme, by: Person, now: datetime) -> None:
    _run(
        """INSERT INTO attendance_invitationround (programme_id, made_by_id, made_at, press, choice, subject,
                  introduction, state, total)
           SELECT %(programme)s, %(by)s, %(moment)s, %(press)s, '{}', 'Choose your session', '', 'sending', count(*) - 1
           FROM accounts_person""",
        programme=programme.pk,
        by=by.pk,
        moment=now - timedelta(days=400),
        press=uuid.uuid4(),
    )
    _run(
        """INSERT INTO attendance_invitation (programme_id, person_id, round_id, invited_at, reminded_step, answer)
           SELECT r.programme_id, p.id, r.id, r.made_at, 2, ''
           FROM accounts_person p, attendance_invitationround r WHERE NOT p.is_administrator"""
    )


def _questions(programme: Programme, people: int, now: datetime) -> None:
    """Ask a question for every 50 people: one in ten still open, the others answered and closed."""
    _run(
        """INSERT INTO commitments_question (id, reference, programme_id, session_id, words, asked_as, state, raised_on,
                  due_on, due_from, due_days, due_left_out, next_reminder_on, reminded_step, is_reopened, end_reason,
                  theme, calendar, is_not_late, answered_on)
           SELECT gen_random_uuid(), 'DC-Q' || lpad(i::text, 7, '0'), %(programme)s,
                  (SELECT min(id) FROM briefings_session) + i %% (SELECT count(*) FROM briefings_session),
                  'Invented question number ' || i || ': who does what when two services disagree?', 'nobody',
                  CASE WHEN i %% 10 = 0 THEN 'open' ELSE 'closed' END, monday, monday + 14, monday, 10, '[]',
                  CASE WHEN i %% 10 = 0 THEN %(today)s + 3 END, 0, false, '',
                  (ARRAY['language', 'risk', 'trust', 'process'])[1 + i %% 4], '', false,
                  CASE WHEN i %% 10 > 0 THEN monday + 1 END
           FROM generate_series(1, %(count)s) AS i, LATERAL (SELECT date_trunc('week',
                  %(today)s - CASE WHEN i %% 10 = 0 THEN i %% 7 ELSE i %% 200 END)::date AS monday) AS asked""",
        programme=programme.pk,
        today=now.date(),
        count=max(FEWEST_QUESTIONS, people // 50),
    )
    _run(
        """INSERT INTO commitments_answer (question_id, version, words, audience, organisation_id, given_by_id,
                  given_as, published_at)
           SELECT q.id, 1, 'An invented answer: the lead worker decides.', 'public',
                  (SELECT min(organisation_id) FROM briefings_partner WHERE programme_id = %(programme)s),
                  (SELECT min(id) FROM accounts_person), 'Coordinator', q.answered_on + time '10:00'
           FROM commitments_question q WHERE q.programme_id = %(programme)s AND q.state = 'closed'""",
        programme=programme.pk,
    )
