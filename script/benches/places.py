"""200 clients at once for one session and for 50, beside a raw lock, count and insert behind the same server."""

import re
from collections.abc import Iterator
from datetime import timedelta
from urllib.parse import urlencode

from script.measured import Client, Figure, at_once, serving, set_up, warm_up

LIMIT = 900
CLIENTS, CAPACITY, SESSIONS = 200, 30, 50
BEFORE = 192
"""How many press before it counts, in a session of their own: nobody measures a first request, on either side."""


def main() -> Iterator[Figure]:
    """Measure both crowds; a wrong seat or a gap in the line is an error, whatever the speed."""
    set_up()
    for name, count, least in (("one session", 1, 0.5), (f"{SESSIONS} sessions", SESSIONS, 0.6)):
        sessions, before, browsers = _stage(count)
        with serving() as port:
            warm_up(port, f"/sessions/{sessions[0].pk}/")
            _press(port, before)
            own = CLIENTS / _press(port, browsers)
        booked, waiting = _check(sessions)
        yield Figure(f"places, {CLIENTS} clients, {name}", own, "a second", _raw(count), least=least)
        yield Figure(f"places, {name}: seats given", booked, "seats", most=CAPACITY * count)
        yield Figure(f"places, {name}: booked or in line", booked + waiting, "people", least=CLIENTS, most=CLIENTS)


Pressing = tuple[dict[str, str], str, str]
"""What a client presses with: cookies, the address, and what its form holds."""


def _stage(count: int) -> tuple[list, list[Pressing], list[Pressing]]:
    """Return ``count`` open sessions, who presses before it counts, and who presses then: all have read the form."""
    from django.db import transaction
    from django.test import Client as Browser
    from django.test.client import ClientHandler
    from django.utils import timezone

    from accounts.links import PURPOSES, make_link, token_of
    from attendance.models import Invitation
    from tests.attendance.places import a_practitioner, a_programme, a_session

    now = timezone.now()
    with transaction.atomic():
        programme = a_programme(slug=f"bench-{count}")
        sessions = [
            a_session(programme, capacity=CAPACITY, date=(now + timedelta(days=30 + number)).date())
            for number in range(count + 1)
        ]
        links = []
        for number in range(BEFORE + CLIENTS):
            person = a_practitioner(programme, email=f"bench{count}.{number}@example.org")
            made = Invitation.objects.create(programme=programme, person=person, invited_at=now)
            ends_at = now + timedelta(days=99)
            made.link = make_link(purpose="invitation", person=person, about=made, ends_at=ends_at, now=now)
            made.save(update_fields=["link"])
            links.append(made.link)
    browsers, handler = [], ClientHandler(enforce_csrf_checks=True)  # one for all: each would read the folder of files
    for number, link in enumerate(links, -BEFORE):
        browser = Browser(SERVER_NAME="localhost")
        browser.handler = handler
        browser.get(f"/{PURPOSES[link.purpose].path_prefix}/{token_of(link)}/")
        path = f"/i/{link.pk}/sessions/{sessions[number % count if number >= 0 else count].pk}/"
        fields = re.findall(r'type="hidden" name="([^"]+)" value="([^"]+)"', browser.get(path).content.decode())
        assert {"csrfmiddlewaretoken", "press"} <= dict(fields).keys(), "the form has changed"
        cookies = {name: cookie.value for name, cookie in browser.cookies.items()}
        browsers.append((cookies, path, urlencode(fields)))
    return sessions[:count], browsers[:BEFORE], browsers[BEFORE:]


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


def _raw(count: int) -> float:
    """Return how many a second the raw transaction does for the same crowd behind the same server."""
    from django.db import connection

    from script.reference import TABLES

    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE IF EXISTS raw_session, raw_place")
        cursor.execute(TABLES)
        cursor.execute("INSERT INTO raw_session SELECT i, %s FROM generate_series(0, %s) i", [CAPACITY, count])
    with serving(reference=True) as port:
        warm_up(port, "/health/live")
        _take(port, [(count, number) for number in range(BEFORE)])
        return CLIENTS / _take(port, [(number % count, number) for number in range(CLIENTS)])


def _take(port: int, taken: list[tuple[int, int]]) -> float:
    return at_once([lambda each=each: Client(port).ask("POST", "/take/{}/{}/".format(*each)) for each in taken])
