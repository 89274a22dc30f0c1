"""Lists with 100,000 people: each page beside a view that reads one row, and the rows of a download in a second."""

import time
from collections.abc import Iterator
from datetime import timedelta

from script.measured import Figure, set_up

LIMIT = 900
PEOPLE, ORGANISATIONS, AREAS, PROFESSIONS = 100_000, 60, 30, 10
IN_SCOPE = 5
"""Of the professions; all areas and 16 of the organisations are in scope too: 13,334 people."""

TIMES = 7


def main() -> Iterator[Figure]:
    """Fill the database, open each list as a coordinator, download one."""
    set_up()
    from django.test import Client

    programme, coordinator = _fill()
    client = Client(SERVER_NAME="localhost")
    client.force_login(coordinator)
    one = _one_row(coordinator)
    for name, address in _pages(programme).items():
        seconds, queries, status = _measure(client, address)
        if status != 200:
            raise RuntimeError(f"{address} answers {status}")
        yield Figure(f"{name}, quickest", seconds * 1000, "ms", one * 1000, most=20)
        yield Figure(f"{name}, queries", queries, "queries", most=14)
    rows, pace = _download(client, programme)
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


def _measure(client, address: str) -> tuple[float, int, int]:
    """Return the seconds of the quickest time, the number of queries and the status of ``address``.

    The quickest: what else runs on the machine only ever makes one slower.
    """
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    client.get(address)  # what is loaded once
    with CaptureQueriesContext(connection) as queries:
        status = client.get(address).status_code
    count = len(queries)  # now: the next request empties the log
    took = []
    for _ in range(TIMES):
        begun = time.perf_counter()
        client.get(address)
        took.append(time.perf_counter() - begun)
    return min(took), count, status


def _one_row(person) -> float:
    """Return the seconds of a view that reads one row by its key, at its quickest: no middleware, no template."""
    from types import ModuleType

    from django.http import HttpRequest, HttpResponse
    from django.test import Client, override_settings
    from django.urls import path

    from accounts.models import Person

    def view(request: HttpRequest) -> HttpResponse:
        return HttpResponse(Person.objects.get(pk=person.pk).name)

    addresses = ModuleType("one_row")
    addresses.urlpatterns = [path("", view)]
    with override_settings(ROOT_URLCONF=addresses, MIDDLEWARE=[]):
        plain, took = Client(), []
        for _ in range(201):
            begun = time.perf_counter()
            assert plain.get("/").content.decode() == person.name
            took.append(time.perf_counter() - begun)
    return min(took)


def _download(client, programme) -> tuple[int, float]:
    """Return the rows of the download of everybody eligible, and how many came in a second."""
    begun = time.perf_counter()
    response = client.get(f"/programmes/{programme.slug}/people.csv")
    rows = b"".join(response.streaming_content).count(b"\n") - 1
    return rows, rows / (time.perf_counter() - begun)


def _fill():
    """Fill the database by SQL. Returns the programme and its coordinator."""
    from django.db import connection
    from django.utils import timezone

    from accounts.models import Person
    from briefings.models import Appointment, Partner, Programme, ProgrammeRole
    from organisations.models import Area, Organisation, Profession

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
        cursor.execute("ANALYZE")
    return programme, coordinator


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
