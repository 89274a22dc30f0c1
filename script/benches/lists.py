"""Lists with 100,000 people: each page beside a view that reads one row, and the rows of a download in a second."""

import time
from collections.abc import Iterator
from datetime import timedelta

from script.measured import Client, Figure, cookies_of, medians, queries_of, serving, set_up

LIMIT = 900
PEOPLE, ORGANISATIONS, AREAS, PROFESSIONS = 100_000, 60, 30, 10
IN_SCOPE = 5
"""Of the professions; all areas and 16 of the organisations are in scope too: 13,334 people."""


def main() -> Iterator[Figure]:
    """Fill the database, open each list as a coordinator, download one."""
    set_up()
    programme, session, coordinator = _fill()
    cookies = cookies_of(coordinator)
    with serving(reference=True) as raw_port, serving() as port:
        for name, path in _pages(programme).items():
            own, raw = medians(Client(port, cookies), path, Client(raw_port), f"/row/{session.pk}/", times=20)
            yield Figure(f"{name}, median", own, "ms", raw, most=20)
            yield Figure(f"{name}, queries", queries_of(path, cookies), "queries", most=14)
    rows, pace = _download(coordinator, programme)
    yield Figure(f"download of {rows} rows", pace, "rows a second", least=10_000)


def _pages(programme) -> dict[str, str]:
    people = f"/programmes/{programme.slug}/people/"
    return {
        "eligible": people,
        "eligible, last page": f"{people}?page=999999",
        "eligible, by name": f"{people}?q=samplewood+99",
        "eligible, by address": f"{people}?q=p9999%40",
        "not in scope": f"{people}not-in-scope/",
        "on the telephone": f"{people}find/?q=samplewood+99",
        "people": "/people/",
        "people, by name": "/people/?q=samplewood+99",
        "mails": "/messages/",
    }


def _download(person, programme) -> tuple[int, float]:
    """Return the rows of the download of everybody eligible, and how many came in a second."""
    from django.test import Client as Browser

    browser = Browser(SERVER_NAME="localhost")
    browser.force_login(person)
    begun = time.perf_counter()
    response = browser.get(f"/programmes/{programme.slug}/people.csv")
    rows = b"".join(response.streaming_content).count(b"\n") - 1
    return rows, rows / (time.perf_counter() - begun)


def _fill():
    """Fill the database by SQL. Returns the programme, a session for the raw view, and the coordinator."""
    from django.db import connection
    from django.utils import timezone

    from accounts.models import Person
    from briefings.models import Appointment, Partner, Programme, ProgrammeRole
    from organisations.models import Area, Organisation, Profession
    from tests.briefings.factories import RoomFactory, SessionFactory

    now = timezone.now()
    since = (now - timedelta(days=400)).date()
    areas = [Area.objects.create(name=f"Area {n}") for n in range(AREAS)]
    for area in areas:
        area.path = f"/{area.pk}/"
    Area.objects.bulk_update(areas, ["path"])
    professions = Profession.objects.bulk_create(Profession(name=f"Occupation {n}") for n in range(PROFESSIONS))
    organisations = Organisation.objects.bulk_create(Organisation(name=f"Body {n}") for n in range(ORGANISATIONS))
    programme = Programme.objects.create(name="One Family Plan", slug="plan", code="WV", every_area=False)
    programme.areas.set(areas)
    programme.professions.set(professions[:IN_SCOPE])
    Partner.objects.bulk_create(
        Partner(programme=programme, organisation=each, since=since) for each in organisations[:16]
    )
    coordinator = Person.objects.create(name="Amina Planner", email="amina@example.org")
    Appointment.objects.create(programme=programme, person=coordinator, role=ProgrammeRole.COORDINATOR, since=since)
    with connection.cursor() as cursor:
        cursor.execute(_PEOPLE, [PEOPLE])
        cursor.execute(
            _TIES, {"first": organisations[0].pk, "organisations": ORGANISATIONS, "profession": professions[0].pk,
                    "professions": PROFESSIONS, "since": since},
        )  # fmt: skip
        cursor.execute(_TIED_AREAS, [areas[0].pk, AREAS])
        cursor.execute(_MAILS, [f"briefings.programme:{programme.pk}"])
        cursor.execute("VACUUM ANALYZE")
    return programme, SessionFactory(programme=programme, room=RoomFactory()), coordinator


_PEOPLE = """
INSERT INTO accounts_person (name, sort_name, email, language, is_active, is_administrator, created_at, password)
SELECT 'Person' || n || ' Samplewood', 'samplewood person' || n, 'p' || n || '@example.org', 'en-gb', true, false,
       now(), '!'
FROM generate_series(1, %s) n
"""
_TIES = """
INSERT INTO organisations_affiliation (person_id, organisation_id, profession_id, staff_number, since)
SELECT id, %(first)s + id %% %(organisations)s, %(profession)s + (id / 60) %% %(professions)s, '', %(since)s
FROM accounts_person WHERE email <> 'amina@example.org'
"""
_TIED_AREAS = """
INSERT INTO organisations_affiliationarea (affiliation_id, area_id)
SELECT id, %s + id %% %s FROM organisations_affiliation
"""
_MAILS = """
INSERT INTO messaging_message (kind, key, person_id, about, state, rank, created_at, due_at, next_try_at, sent_at,
                               sent_to, subject, refs, attempts, takeovers, in_doubt, message_id)
SELECT 'attendance.invitation', 'large:' || id, id, %s, 'sent', 2, now(), now(), now(), now(), email, 'Choose', '{}',
       1, 0, false, '<' || id || '@example.org>'
FROM accounts_person WHERE email <> 'amina@example.org'
"""
