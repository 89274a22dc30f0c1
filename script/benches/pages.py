"""Pages in a county of 100,000 people beside a view that reads one row, and in one of a hundredth of the size."""

import os
from collections.abc import Iterable, Iterator
from urllib.parse import urlsplit

from script.measured import Client, Figure, cookies_of, empty, medians, queries_of, serving, set_up

LIMIT = 3000
SAME = 1.2
"""A page may take this many times what it takes in the small county, each beside its one-row view."""


def main() -> Iterator[Figure]:
    """Measure each page on both sizes.

    The sizes are measured minutes apart, so each is told in its own one-row view: the machine may have become slower.
    """
    people = int(os.environ.get("BENCH_PEOPLE", "100000"))
    set_up()
    from django.core.management import call_command

    call_command("demo", people=max(people // 100, 100))
    small = {name: own / raw for name, own, raw, *_ in _measure(_pages())}
    empty()
    call_command("demo", people=people)
    for name, own, raw, count, most, most_queries in _measure(_pages()):
        yield Figure(f"{name}, median", own, "ms", raw, most=most)
        yield Figure(f"{name}, queries", count, "queries", most=most_queries)
        yield Figure(f"{name}, beside a hundredth of the size", own / raw, "×", small[name], most=SAME)


def _pages() -> list[tuple]:
    return [*_for_everybody(), *_for_staff()]


def _measure(pages: Iterable[tuple]) -> Iterator[tuple]:
    """Yield (page, ms, ms of the one-row view, queries, bar of the ratio, bar of the queries)."""
    pages = list(pages)
    with serving(reference=True) as raw_port, serving() as port:
        for name, path, cookies, session, most, most_queries in pages:
            own, raw = medians(Client(port, cookies), path, Client(raw_port), f"/row/{session}/")
            yield name, own, raw, queries_of(path, cookies), most, most_queries


def _last_open():
    from briefings.models import Session

    return Session.objects.open().order_by("-date", "-pk").first()


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
    from briefings.models import Session

    session, staff = _last_open(), cookies_of(Person.objects.get(is_administrator=True))
    held = Session.objects.filter(state="held").order_by("-date", "pk").first()
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
