"""Marking 1,000 people from four devices, beside a raw lock, count and insert behind the same server."""

import json
import uuid
from collections.abc import Callable, Iterator
from datetime import timedelta

from script.measured import Client, Figure, at_once, cookies_of, serving, set_up, warm_up

LIMIT = 900
PEOPLE, DEVICES = 1_000, 4
TOGETHER = 200
"""What a phone that is pressed without a pause sends at once: MOST_AT_ONCE of static/register/phone.js."""

ON_ONE_LINE = 25
"""After so many presses a device opens a new line, for whichever process takes it: four lines that last to the end may
all have been taken by one of the two, and then one core is measured. So it is for the raw server."""


def main() -> Iterator[Figure]:
    """Measure the marks of a long register: as the register on phones sends them, and by a page for each press."""
    set_up()
    session, coordinator, places = _stage()
    cookies = cookies_of(coordinator)
    before = _raw(places)
    with serving() as port:
        warm_up(port, f"/sessions/{session.pk}/")  # reads rows, as the raw server's does: its connections are open too
        own = _marks(port, cookies, lambda place: (f"/sessions/{session.pk}/register/mark/", _form(place)), places)
        came = _came(session)
        kept = _kept(port, cookies, session.pk, places)
    limit = (before + _raw(places)) / 2  # before and after, because other work on the machine comes and goes
    yield Figure(f"marks, {PEOPLE} people, {DEVICES} phones", kept, "a second", limit, least=0.4)
    yield Figure("marks that arrived", _came(session, "in_part"), "people", least=PEOPLE, most=PEOPLE)
    # Each of these signs in, asks who keeps the register and goes back to it: docs/adr/0054.
    yield Figure(f"marks, a page for each, {DEVICES} devices", own, "a second", limit, least=0.4)
    yield Figure("marks that arrived", came, "people", least=PEOPLE, most=PEOPLE)


def _came(session, outcome: str = "attended") -> int:
    from attendance.models import Attendance

    return Attendance.objects.filter(session=session, outcome=outcome).count()


def _form(place: int) -> str:
    return f"place={place}&mark=attended&press={uuid.uuid4()}"


def _stage() -> tuple:
    """Return a session of today with everybody booked, its coordinator and the places' ids."""
    from django.core.management import call_command
    from django.db import connection
    from django.utils import timezone

    from accounts.models import Person
    from attendance.models import Place, Register
    from briefings.models import Session

    call_command("demo", people=PEOPLE)
    # On some days every drawn session lies in the past: the latest is taken and opened.
    session = Session.objects.order_by("-date", "pk").first()
    Register.objects.filter(session=session).delete()
    today = timezone.localdate()
    Session.objects.filter(state="open", date=today).exclude(pk=session.pk).update(date=today - timedelta(days=1))
    Session.objects.filter(pk=session.pk).update(capacity=2 * PEOPLE, state="open")
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE attendance_seatcount SET capacity = %s, taken = %s WHERE session_id = %s",
            [2 * PEOPLE, PEOPLE, session.pk],
        )
        cursor.execute("DELETE FROM attendance_attendance")
        cursor.execute("DELETE FROM attendance_engagement")
        cursor.execute(
            "DELETE FROM attendance_place p USING attendance_place q WHERE q.person_id = p.person_id AND q.id < p.id"
        )
        cursor.execute("UPDATE attendance_place SET session_id = %s, missed_at = NULL", [session.pk])
    places = list(Place.objects.filter(session=session).values_list("pk", flat=True))
    assert len(places) == PEOPLE, f"{len(places)} places were staged"
    session.refresh_from_db()
    return session, Person.objects.get(is_administrator=True), places


def _marks(port: int, cookies: dict, request: Callable[[int], tuple[str, str]], places: list[int]) -> float:
    """Let each device mark its share; return marks a second."""

    def device(own: list[int]) -> None:
        token = cookies.get("csrf", "a" * 32) if cookies else ""
        for number, place in enumerate(own):
            if number % ON_ONE_LINE == 0:
                client = Client(port, {**cookies, "csrf": token} if cookies else None)
            path, body = request(place)
            status, _ = client.ask("POST", path, f"{body}&csrfmiddlewaretoken={token}")
            assert status in (200, 204, 302), f"{path} answers {status}"

    return len(places) / at_once([lambda n=n: device(places[n::DEVICES]) for n in range(DEVICES)])


def _kept(port: int, cookies: dict, session: int, places: list[int]) -> float:
    """Let each phone send a quarter of the register as static/register/phone.js does; return marks a second."""
    from django.utils import timezone

    def device(own: list[int]) -> None:
        client = Client(port, {**cookies, "csrf": "a" * 32})
        path = f"/sessions/{session}/register/phone/send/"
        headers = {"Content-Type": "application/json", "X-CSRFToken": client.cookies["csrf"]}
        while own:
            now, own = own[:TOGETHER], own[TOGETHER:]
            presses = [{"id": str(uuid.uuid4()), "row": f"p{place}", "kind": "late"} for place in now]
            body = json.dumps({"walk_ins": [], "presses": presses, "since": timezone.now().isoformat()})
            status, answer = client.ask("POST", path, body, headers)
            assert status == 200, f"{path} answers {status}"
            assert set(json.loads(answer)["results"].values()) == {"kept"}

    return len(places) / at_once([lambda n=n: device(places[n::DEVICES]) for n in range(DEVICES)])


def _raw(places: list[int]) -> float:
    """Return how many a second the raw transaction of the bench of places does for the same people, in one session."""
    from django.db import connection

    from script.reference import TABLES

    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE IF EXISTS raw_session, raw_place")
        cursor.execute(TABLES)
        cursor.execute("INSERT INTO raw_session VALUES (1, %s)", [2 * PEOPLE])
    with serving(reference=True) as port:
        warm_up(port, "/row/1/")
        return _marks(port, {}, lambda place: (f"/take/1/{place}/", "x=1"), places)
