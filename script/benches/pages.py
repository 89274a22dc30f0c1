"""Pages in a county of 100,000 people beside a view that reads one row, and in one of a hundredth of the size."""

import os
from collections.abc import Iterable, Iterator
from urllib.parse import urlsplit

from script.measured import Client, Figure, cookies_of, empty, medians_of, queries_of, serving, set_up

LIMIT = 3000
SAME = 1.2
"""A page may take this many times what it takes in the small county, asked in turns with it."""
FILL = """
    WITH here AS (
        SELECT person_id FROM attendance_place WHERE session_id = %(session)s
    ), chosen AS (
        SELECT DISTINCT ON (person_id) p.id FROM attendance_place p JOIN briefings_session s ON s.id = p.session_id
        WHERE s.state = 'held' AND p.person_id NOT IN (SELECT person_id FROM here)
        ORDER BY person_id, p.id LIMIT greatest(%(places)s - (SELECT count(*) FROM here), 0)
    ), marks AS (
        UPDATE attendance_attendance SET session_id = %(session)s FROM chosen WHERE place_id = chosen.id
    )
    UPDATE attendance_place SET session_id = %(session)s FROM chosen WHERE attendance_place.id = chosen.id
"""
"""The register of one session has as many rows in both counties: people of other sessions that are over are put there.

What is measured is the size of the county; a session has 20 people in a small one and 300 in a large one.
"""


def main() -> Iterator[Figure]:
    """Measure each page on both sizes at the same moment: each has a database and a server of its own."""
    people = int(os.environ.get("BENCH_PEOPLE", "100000"))
    set_up()
    _stage(max(people // 100, 100), _on_a_register(people))
    small, url = _pages(), _put_aside()
    empty()
    _stage(people)
    for name, own, little, raw, count, most, most_queries in _measure(_pages(), small, url):
        yield Figure(f"{name}, median", own, "ms", raw, most=most)
        yield Figure(f"{name}, queries", count, "queries", most=most_queries)
        yield Figure(f"{name}, beside a hundredth of the size", own, "ms", little, most=SAME)


def _stage(people: int, on_register: int = 0) -> None:
    """Fill the database, and let it tidy up after so many rows: it would by itself a minute later, while we measure.

    ``on_register``: how many places the session has whose register is measured, where there are so many people.
    """
    from django.core.management import call_command
    from django.db import connection

    call_command("demo", people=people)
    with connection.cursor() as cursor:
        cursor.execute(FILL, {"session": _last_held().pk, "places": on_register})
        cursor.execute("VACUUM ANALYZE")


def _on_a_register(people: int) -> int:
    """Return how many places a session has in a county of ``people``."""
    from config.demo.mass import FEWEST_SESSIONS, PLACES_EACH

    return people * PLACES_EACH // max(FEWEST_SESSIONS, people // 100)


def _put_aside() -> str:
    """Copy the database as it is now; return the address of the copy."""
    from django.db import connection

    name = connection.settings_dict["NAME"]
    with connection._nodb_cursor() as cursor:  # a database is copied while nobody is connected to it
        connection.close()
        cursor.execute(f'CREATE DATABASE "{name}_small" TEMPLATE "{name}"')
    address = urlsplit(os.environ["DATABASE_URL"])
    return address._replace(path=f"{address.path}_small").geturl()


def _pages() -> list[tuple]:
    return [*_for_everybody(), *_for_staff()]


def _measure(pages: Iterable[tuple], small: Iterable[tuple], small_url: str) -> Iterator[tuple]:
    """Yield (page, ms, ms in the small county, ms of the one-row view, queries, bar of the ratio, bar of the queries).

    ``pages`` and ``small`` are what ``_pages`` found in the large and the small county.
    """
    with serving(reference=True) as raw_port, serving() as port, serving(DATABASE_URL=small_url) as small_port:
        for (name, path, cookies, session, most, most_queries), (_, beside, known, *_) in zip(
            pages, small, strict=True
        ):
            asked = [(Client(port, cookies), path), (Client(small_port, known), beside)]
            own, little, raw = medians_of([*asked, (Client(raw_port), f"/row/{session}/")])
            yield name, own, little, raw, queries_of(path, cookies), most, most_queries


def _last_open():
    from briefings.models import Session

    return Session.objects.open().order_by("-date", "-pk").first()


def _last_held():
    from briefings.models import Session

    return Session.objects.filter(state="held").order_by("-date", "pk").first()


def _for_everybody() -> Iterator[tuple]:
    from accounts.links import PURPOSES, token_of
    from attendance.models import Place

    session = _last_open()
    link = Place.objects.filter(session=session).select_related("link").first().link
    guest = _opened(f"/{PURPOSES[link.purpose].path_prefix}/{token_of(link)}/")
    yield "public session list", f"/programmes/{session.programme.slug}/sessions/", {}, session.pk, 12, 8
    yield "public session page", f"/sessions/{session.pk}/", {}, session.pk, 12, 8
    yield "my place", f"/p/{link.pk}/", guest, session.pk, 12, 8


def _for_staff() -> Iterator[tuple]:
    from accounts.models import Person

    session, staff = _last_open(), cookies_of(Person.objects.get(is_administrator=True))
    held = _last_held()
    slug = session.programme.slug
    yield "overview", f"/programmes/{slug}/", staff, session.pk, 20, 14
    yield "register", f"/sessions/{held.pk}/register/", staff, session.pk, 20, 14
    yield "reach", f"/programmes/{slug}/reach/", staff, session.pk, 20, 14
    yield "reach by cell", f"/programmes/{slug}/reach/?by=cell", staff, session.pk, 20, 14
    yield "reach as a spreadsheet", f"/programmes/{slug}/reach.csv?by=cell", staff, session.pk, 20, 14
    yield "question list", f"/programmes/{slug}/questions/", staff, session.pk, 20, 14


def _opened(path: str) -> dict[str, str]:
    """Return the cookies of a browser in which a mailed link was opened."""
    from django.test import Client as Browser

    browser = Browser(SERVER_NAME="localhost")
    answer = browser.get(path)
    assert answer.status_code == 302, f"{urlsplit(path).path} answers {answer.status_code}"
    return {name: cookie.value for name, cookie in browser.cookies.items()}
