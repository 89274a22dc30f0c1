"""200 clients at once for one session and for 50, beside a raw lock, count and insert behind the same server."""

from collections.abc import Iterator
from datetime import timedelta

from script.measured import Client, Figure, at_once, serving, set_up, warm_up

LIMIT = 900
CLIENTS, CAPACITY, SESSIONS = 200, 30, 50


def main() -> Iterator[Figure]:
    """Measure both crowds; a wrong seat or a gap in the line is an error, whatever the speed."""
    set_up()
    for name, count, least in (("one session", 1, 0.5), (f"{SESSIONS} sessions", SESSIONS, 0.6)):
        sessions, browsers = _stage(count)
        with serving() as port:
            warm_up(port, f"/sessions/{sessions[0].pk}/")
            own = CLIENTS / _press(port, sessions, browsers)
        booked, waiting = _check(sessions)
        yield Figure(f"places, {CLIENTS} clients, {name}", own, "a second", _raw(count), least=least)
        yield Figure(f"places, {name}: seats given", booked, "seats", most=CAPACITY * count)
        yield Figure(f"places, {name}: booked or in line", booked + waiting, "people", least=CLIENTS, most=CLIENTS)


def _stage(count: int) -> tuple[list, list[tuple[dict, int]]]:
    """Return open sessions, and for each client the cookies and the link of somebody invited."""
    from django.db import transaction
    from django.test import Client as Browser
    from django.utils import timezone

    from accounts.links import PURPOSES, make_link, token_of
    from attendance.models import Invitation
    from tests.attendance.places import a_practitioner, a_programme, a_session

    now = timezone.now()
    with transaction.atomic():
        programme = a_programme(slug=f"bench-{count}")
        sessions = [
            a_session(programme, capacity=CAPACITY, date=(now + timedelta(days=30 + number)).date())
            for number in range(count)
        ]
        links = []
        for number in range(CLIENTS):
            person = a_practitioner(programme, email=f"bench{count}.{number}@example.org")
            made = Invitation.objects.create(programme=programme, person=person, invited_at=now)
            ends_at = now + timedelta(days=99)
            made.link = make_link(purpose="invitation", person=person, about=made, ends_at=ends_at, now=now)
            made.save(update_fields=["link"])
            links.append(made.link)
    browsers = []
    for link in links:
        browser = Browser(SERVER_NAME="localhost", enforce_csrf_checks=True)
        browser.get(f"/{PURPOSES[link.purpose].path_prefix}/{token_of(link)}/")
        browser.get(f"/i/{link.pk}/sessions/{sessions[link.pk % count].pk}/")
        browsers.append(({name: cookie.value for name, cookie in browser.cookies.items()}, link.pk))
    return sessions, browsers


def _press(port: int, sessions: list, browsers: list[tuple[dict, int]]) -> float:
    def one(cookies: dict[str, str], link: int) -> None:
        token = cookies.get("csrf") or cookies.get("csrftoken", "")
        path = f"/i/{link}/sessions/{sessions[link % len(sessions)].pk}/"
        status, _ = Client(port, cookies).ask("POST", path, f"csrfmiddlewaretoken={token}")
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
        cursor.execute("INSERT INTO raw_session SELECT i, %s FROM generate_series(0, %s) i", [CAPACITY, count - 1])
    with serving(reference=True) as port:
        warm_up(port, "/health/live")
        seconds = at_once(
            [lambda n=number: Client(port).ask("POST", f"/take/{n % count}/{n}/") for number in range(CLIENTS)]
        )
    return CLIENTS / seconds
