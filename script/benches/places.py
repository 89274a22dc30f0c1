"""200 clients at once for one session and for 50, beside a raw lock, count and insert behind the same server."""

import re
from collections.abc import Iterator
from datetime import timedelta
from statistics import median
from urllib.parse import urlencode

from script.measured import Client, Figure, at_once, serving, set_up, warm_up

LIMIT = 900
CLIENTS, CAPACITY, SESSIONS = 200, 30, 50
BEFORE = 192
"""How many press before it counts, in a session of their own: nobody measures a first request, on either side."""
CROWDS = 5
"""How many crowds press, on either side in turns; the figures are their medians. One is over in a third of a second."""


def main() -> Iterator[Figure]:
    """Measure both crowds; a wrong seat or a gap in the line is an error, whatever the speed."""
    set_up()
    with serving() as port, serving(reference=True) as raw_port:
        for name, count, least in (("one session", 1, 0.5), (f"{SESSIONS} sessions", SESSIONS, 0.6)):
            own, raw, booked, waiting = [], [], [], []
            for crowd in range(CROWDS):
                sessions, before, browsers = _stage(count, crowd)
                _lay_out(count)
                if crowd == 0:
                    warm_up(port, f"/sessions/{sessions[0].pk}/")
                    _press(port, before)
                    warm_up(raw_port, "/health/live")
                    _take(raw_port, [(count, number) for number in range(BEFORE)])
                own.append(CLIENTS / _press(port, browsers))
                raw.append(CLIENTS / _take(raw_port, [(number % count, number) for number in range(CLIENTS)]))
                for found, number in zip((booked, waiting), _check(sessions), strict=True):
                    found.append(number)
            people = [sum(found) for found in zip(booked, waiting, strict=True)]
            yield Figure(f"places, {CLIENTS} clients, {name}", median(own), "a second", median(raw), least=least)
            yield Figure(f"places, {name}: seats given", max(booked), "seats", most=CAPACITY * count)
            yield Figure(f"places, {name}: booked or in line", min(people), "people", least=CLIENTS, most=CLIENTS)


Pressing = tuple[dict[str, str], str, str]
"""What a client presses with: cookies, the address, and what its form holds."""


def _stage(count: int, crowd: int) -> tuple[list, list[Pressing], list[Pressing]]:
    """Return ``count`` open sessions of a new programme, who presses before it counts, and who presses then.

    All have read the form. Before the first crowd alone anybody presses.
    """
    from django.db import transaction
    from django.test import Client as Browser
    from django.test.client import ClientHandler
    from django.utils import timezone

    from accounts.links import PURPOSES, make_link, token_of
    from attendance.models import Invitation
    from tests.attendance.places import a_practitioner, a_programme, a_session

    now, first = timezone.now(), 0 if crowd else -BEFORE
    with transaction.atomic():
        programme = a_programme(slug=f"bench-{count}-{crowd}")
        sessions = [
            a_session(programme, capacity=CAPACITY, date=(now + timedelta(days=30 + number)).date())
            for number in range(count + 1)
        ]
        links = []
        for number in range(first, CLIENTS):
            person = a_practitioner(programme, email=f"bench{count}.{crowd}.{number}@example.org")
            made = Invitation.objects.create(programme=programme, person=person, invited_at=now)
            ends_at = now + timedelta(days=99)
            made.link = make_link(purpose="invitation", person=person, about=made, ends_at=ends_at, now=now)
            made.save(update_fields=["link"])
            links.append(made.link)
    browsers, handler = [], ClientHandler(enforce_csrf_checks=True)  # one for all: each would read the folder of files
    for number, link in enumerate(links, first):
        browser = Browser(SERVER_NAME="localhost")
        browser.handler = handler
        browser.get(f"/{PURPOSES[link.purpose].path_prefix}/{token_of(link)}/")
        path = f"/i/{link.pk}/sessions/{sessions[number % count if number >= 0 else count].pk}/"
        fields = re.findall(r'type="hidden" name="([^"]+)" value="([^"]+)"', browser.get(path).content.decode())
        assert {"csrfmiddlewaretoken", "press"} <= dict(fields).keys(), "the form has changed"
        cookies = {name: cookie.value for name, cookie in browser.cookies.items()}
        browsers.append((cookies, path, urlencode(fields)))
    return sessions[:count], browsers[:-CLIENTS], browsers[-CLIENTS:]


def _press(port: int, browsers: list[Pressing]) -> float:
    def one(cookies: dict[str, str], path: str, body: str) -> None:
        status, _ = Client(port, cookies).ask("POST", path, body)
        assert status == 302, f"{path} answers {status}"

    return at_once([lambda each=each: one(*each) for each in browsers])


def _check(sessions: list) -> tuple[int, int]:
    from attendance.models import Place

    booked = waiting = 0
    for session in sessions:
        own = Place.objects.filter(session=session)
        seated, line = own.seated().count(), list(own.in_line())
        assert seated <= CAPACITY, f"{seated} seats were given out of {CAPACITY}"
        assert [place.number_in_line for place in line] == list(range(1, len(line) + 1)), "the line has gaps"
        assert [place.pk for place in line] == sorted(place.pk for place in line), "the line is out of order"
        booked, waiting = booked + seated, waiting + len(line)
    return booked, waiting


def _lay_out(count: int) -> None:
    """Lay out the tables of the raw transaction: ``count`` sessions, and one for those who press before it counts."""
    from django.db import connection

    from script.reference import TABLES

    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE IF EXISTS raw_session, raw_place")
        cursor.execute(TABLES)
        cursor.execute("INSERT INTO raw_session SELECT i, %s FROM generate_series(0, %s) i", [CAPACITY, count])


def _take(port: int, taken: list[tuple[int, int]]) -> float:
    return at_once([lambda each=each: Client(port).ask("POST", "/take/{}/{}/".format(*each)) for each in taken])
