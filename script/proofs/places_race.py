"""200 people press at once for 20 places: never 21, the line exact, and what is given up goes to the first in it.

Once as the page's form does, with the key of the press, so that those who come together are written together
(docs/adr/0112-who-presses-together-is-written-together.md); once without a key, so that each is written alone.
"""

import http.client
import os
import re
import signal
import subprocess
import sys
import tempfile
import threading
import time
from datetime import timedelta
from pathlib import Path
from statistics import median

from config import env
from config.processes import free_port, spawn
from script.launched import Launched

LIMIT = 600
PEOPLE, PLACES = 200, 20
CONTROLS = 5
"""How often the product without its lock races at most: those who are written together overlap less."""
WAYS = {True: "together", False: "each alone"}
KEY = "a key of this proof alone, for links that both sides derive"

UNLOCKED = """
from config.wsgi import application
from attendance.queries import seating
seating.LOCKS = seating.LOCKS[1:]
"""
"""The product with the lock on the counter taken out: the negative control."""


def main() -> str:
    """Race both ways on the running product, then on the product without its lock; returns the figures."""
    os.environ["SECRET_KEY"] = KEY
    shared = {name: os.environ[name] for name in ("DATABASE_URL", "REDIS_URL", "SECRET_KEY")}
    with tempfile.TemporaryDirectory(prefix="places race ") as folder:
        with Launched(env.BASE_DIR, Path(folder) / "var", "--empty", **shared) as server:
            server.wait_ready()
            figures = "; ".join(_race(server.port, keyed) for keyed in WAYS)
            server.stop()
        seats = _race_unlocked(Path(folder))
    given = " and ".join(f"{seats[keyed]} ({how})" for keyed, how in WAYS.items())
    return f"{figures}; without the lock and its constraint {given} seats were given out of {PLACES}"


def _race(port: int, keyed: bool) -> str:
    import django

    django.setup()
    session, links = _stage()
    codes, seconds, waits = _press(port, links, lambda link: f"/i/{link.pk}/sessions/{session.pk}/", keyed)
    assert codes == [302] * PEOPLE, f"answers: {sorted(set(codes))}"
    assert _presses(session) == (PEOPLE if keyed else 0), f"{_presses(session)} of {PEOPLE} pressed with a key"
    booked, line = _standing(session)
    assert len(booked) == PLACES, f"{len(booked)} seats were given out of {PLACES}"
    assert [place.number_in_line for place in line] == list(range(1, PEOPLE - PLACES + 1)), "the line has gaps"
    assert [place.pk for place in line] == sorted(place.pk for place in line), "the line is out of order"
    again, _, _ = _press(port, links, lambda link: f"/i/{link.pk}/sessions/{session.pk}/")
    assert _standing(session) == (booked, line), "pressing twice changed something"
    given_up, took, _ = _press(port, [place.link for place in booked], lambda link: f"/p/{link.pk}/give-up/")
    assert given_up == [302] * PLACES, f"answers to giving up: {sorted(set(given_up))}"
    now_booked, now_line = _standing(session)
    assert {place.pk for place in now_booked} == {place.pk for place in line[:PLACES]}, "not the first in line"
    assert [place.pk for place in now_line] == [place.pk for place in line[PLACES:]], "the line has changed its order"
    _invariants()
    return (
        f"{PEOPLE} pressed at once, {WAYS[keyed]}: {PLACES} booked, {len(line)} in line, "
        f"{PEOPLE / seconds:.0f} places a second, "
        f"median {median(waits) * 1000:.0f} ms, longest {max(waits) * 1000:.0f} ms; "
        f"{PLACES} gave up at once in {took:.1f} s and the first {PLACES} in line were promoted; "
        f"{len(again)} second presses changed nothing"
    )


def _race_unlocked(folder: Path) -> dict[bool, int]:
    """The same races where nothing is locked and no constraint stands: both must give out too many."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE attendance_seatcount DROP CONSTRAINT seats_taken_within_capacity")
    (folder / "unlocked.py").write_text(UNLOCKED)
    port = free_port()
    words = [sys.executable, "-m", "gunicorn", "-c", str(env.BASE_DIR / "config" / "gunicorn.py")]
    paths = os.pathsep.join([str(folder), str(env.BASE_DIR)])
    process = spawn(
        [*words, "--bind", f"127.0.0.1:{port}", "unlocked:application"],
        cwd=str(folder),
        env={**os.environ, "PYTHONPATH": paths, "VAR_DIR": str(folder / "var")},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        _wait(port)
        return {keyed: _too_many(port, keyed) for keyed in WAYS}
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(30)


def _too_many(port: int, keyed: bool) -> int:
    for _ in range(CONTROLS):
        session, links = _stage()
        _press(port, links, lambda link, session=session: f"/i/{link.pk}/sessions/{session.pk}/", keyed)
        seats = len(_standing(session)[0])
        if seats > PLACES:
            return seats
    raise AssertionError(f"without the lock {seats} seats were given out ({WAYS[keyed]}): this race shows nothing")


def _stage():
    """Return an open session of 20 seats and the links of 200 people invited to its programme."""
    from django.db import transaction
    from django.utils import timezone

    from accounts.links import make_link
    from attendance.models import Invitation
    from tests.attendance.places import a_practitioner, a_programme, a_session

    now = timezone.now()
    with transaction.atomic():
        programme = a_programme(slug=f"race-{now:%H%M%S%f}")
        session = a_session(programme, capacity=PLACES, date=(now + timedelta(days=30)).date())
        links = []
        for number in range(PEOPLE):
            person = a_practitioner(programme, email=f"race{number}.{now:%H%M%S%f}@example.org")
            made = Invitation.objects.create(programme=programme, person=person, invited_at=now)
            ends_at = now + timedelta(days=9)
            made.link = make_link(purpose="invitation", person=person, about=made, ends_at=ends_at, now=now)
            made.save(update_fields=["link"])
            links.append(made.link)
    return session, links


def _press(port: int, links: list, path, keyed: bool = True) -> tuple[list[int], float, list[float]]:
    """Open each link in a browser of its own, then press all buttons at the same moment, ``keyed`` as their forms are.

    Returns the answers, the seconds until the last, and the seconds of each.
    """
    ready = threading.Barrier(len(links) + 1)
    answers: list[tuple[int, float]] = [(0, 0.0)] * len(links)
    limit = threading.Semaphore(16)

    def one(number: int) -> None:
        browser = _Browser(port)
        try:
            with limit:  # reading the pages first is no part of the race
                browser.open(links[number])
                browser.read(path(links[number]))
            ready.wait(180)
            begun = time.monotonic()
            answers[number] = (browser.press(path(links[number]), keyed), time.monotonic() - begun)
        except Exception as error:
            ready.abort()
            print(f"browser {number}: {error!r}", flush=True)

    threads = [threading.Thread(target=one, args=(number,)) for number in range(len(links))]
    for thread in threads:
        thread.start()
    ready.wait(180)
    begun = time.monotonic()
    for thread in threads:
        thread.join()
    return [code for code, _ in answers], time.monotonic() - begun, [seconds for _, seconds in answers]


class _Browser:
    """As much of a browser as a link and a button need: cookies, the forgery token and the key of the form."""

    def __init__(self, port: int) -> None:
        self.port, self.cookies, self.token, self.key = port, {}, "", ""

    def open(self, link) -> None:
        from accounts.links import PURPOSES, token_of

        self._ask("GET", f"/{PURPOSES[link.purpose].path_prefix}/{token_of(link)}/")

    def read(self, path: str) -> None:
        status, body = self._ask("GET", path)
        found = dict(re.findall(r'name="(csrfmiddlewaretoken|press)" value="([^"]+)"', body))
        # Who holds a place already is led elsewhere and has nothing to press; the cookie alone does for the token.
        self.token, self.key = found.get("csrfmiddlewaretoken", self.cookies.get("csrf", "")), found.get("press", "")
        assert status in (200, 302), f"{path} answers {status}"

    def press(self, path: str, keyed: bool) -> int:
        key = f"&press={self.key}" if keyed and self.key else ""
        return self._ask("POST", path, f"csrfmiddlewaretoken={self.token}{key}")[0]

    def _ask(self, method: str, path: str, body: str = "") -> tuple[int, str]:
        line = http.client.HTTPConnection("127.0.0.1", self.port, timeout=120)
        try:
            headers = {"Cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items())}
            if body:
                headers["Content-Type"] = "application/x-www-form-urlencoded"
            line.request(method, path, body or None, headers)
            answer = line.getresponse()
            for value in answer.headers.get_all("Set-Cookie") or []:
                name, _, rest = value.partition("=")
                self.cookies[name] = rest.partition(";")[0]
            return answer.status, answer.read().decode(errors="replace")
        finally:
            line.close()


def _standing(session) -> tuple[list, list]:
    """Return the seated places and the line of ``session``, in order, with their links."""
    from attendance.models import Place

    own = Place.objects.filter(session=session).select_related("link")
    return list(own.seated().order_by("pk")), list(own.in_line())


def _presses(session) -> int:
    """Return how many of those who have a place in ``session`` pressed with a key."""
    from accounts.models import Press
    from attendance.models import Place

    own = Place.objects.filter(session=session).values_list("pk", "person__invitations__link")
    return Press.objects.filter(location__in=[f"/i/{link}/done/{place}/" for place, link in own]).count()


def _invariants() -> None:
    from attendance.invariants import findings

    wrong = [f"{check.promise}: {found}" for check, found in findings() if found]
    assert not wrong, "\n".join(wrong)


def _wait(port: int, seconds: float = 60) -> None:
    limit = time.monotonic() + seconds
    while True:
        line = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
        try:
            line.request("GET", "/health/live")
            if line.getresponse().status == 200:
                return
        except OSError:
            assert time.monotonic() < limit, "the server without the lock did not start"
            time.sleep(0.1)
        finally:
            line.close()
