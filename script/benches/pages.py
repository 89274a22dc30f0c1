"""Pages in a county of 100,000 people beside a view that reads one row, and in one of a hundredth of the size."""

import os
from collections.abc import Iterator
from urllib.parse import urlsplit

from script.measured import Client, Figure, cookies_of, empty, medians, queries_of, serving, set_up

LIMIT = 3000
SAME = 1.2
"""A page of the large county may take this many times what it takes in the small one."""


def main() -> Iterator[Figure]:
    """Measure each page on both sizes."""
    people = int(os.environ.get("BENCH_PEOPLE", "100000"))
    set_up()
    from django.core.management import call_command

    call_command("demo", people=max(people // 100, 100))
    small = dict(_measure(queries=False))
    empty()
    call_command("demo", people=people)
    for (name, row), (_, expected) in zip(_measure(queries=True), small.items(), strict=True):
        milliseconds, raw, count, most, most_queries = row
        yield Figure(f"{name}, median", milliseconds, "ms", raw, most=most)
        yield Figure(f"{name}, queries", count, "queries", most=most_queries)
        yield Figure(f"{name}, beside a hundredth of the size", milliseconds, "ms", expected[0], most=SAME)


def _measure(*, queries: bool) -> Iterator[tuple[str, tuple]]:
    """Yield (page, (ms, ms of the one-row view, queries, bar of the ratio, bar of the queries))."""
    pages = list(_pages())
    with serving(reference=True) as raw_port, serving() as port:
        for name, path, cookies, session, most, most_queries in pages:
            own, raw = medians(Client(port, cookies), path, Client(raw_port), f"/row/{session}/")
            yield name, (own, raw, queries_of(path, cookies) if queries else 0, most, most_queries)


def _pages() -> Iterator[tuple]:
    from accounts.links import PURPOSES, token_of
    from accounts.models import Person
    from attendance.models import Place
    from briefings.models import Session

    by = Person.objects.get(is_administrator=True)
    session = Session.objects.open().order_by("-date", "-pk").first()
    held = Session.objects.filter(state="held").order_by("-date", "pk").first()
    staff, slug = cookies_of(by), session.programme.slug
    link = Place.objects.filter(session=session).select_related("link").first().link
    guest = _opened(f"/{PURPOSES[link.purpose].path_prefix}/{token_of(link)}/")
    yield "public session list", f"/programmes/{slug}/sessions/", {}, session.pk, 12, 8
    yield "public session page", f"/sessions/{session.pk}/", {}, session.pk, 12, 8
    yield "my place", f"/p/{link.pk}/", guest, session.pk, 12, 8
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
