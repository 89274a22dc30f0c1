"""Clients who press buttons on places, each one button after the other, and write down how it ended for them."""

import http.client
import random
import threading
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

import psycopg2
from django.conf import settings

from accounts.links import cookie_name, open_in_browser, path_of
from accounts.models import PersonalLink
from script.places_checker import ACKNOWLEDGED, REFUSED, UNKNOWN, Press, leads_back

TOKEN = "t" * 32
"""The forgery token: whoever sets the cookie knows it, and a browser's own would cost a page more for each press."""
PATIENCE = 30.0
"""Seconds until a client stops waiting for an answer."""

Ask = Callable[[str, dict, dict[str, str]], tuple[int, str]]
"""Sends one POST (path, fields, cookies) and returns status and where it leads."""


@dataclass
class Names:
    """Whom and what the clients know: ids of the programme, its sessions, people with their organisation and e-mail."""

    programme: int
    slug: str
    sessions: list[int]
    people: dict[int, tuple[int, str]]
    invitations: dict[int, PersonalLink]
    coordinators: list[tuple[int, dict[str, str]]]
    organisations: list[int]


class Reader:
    """What the clients see on their pages, read by a few connections of its own."""

    def __init__(self, url: str, number: int = 4) -> None:
        self._free = [psycopg2.connect(url) for _ in range(number)]
        for line in self._free:
            line.autocommit = True
        self._count, self._lock = threading.Semaphore(number), threading.Lock()

    def rows(self, query: str, *values: Any) -> list[tuple]:
        with self._count:
            with self._lock:
                line = self._free.pop()
            try:
                with line.cursor() as cursor:
                    cursor.execute(query, values)
                    return cursor.fetchall()
            finally:
                self._free.append(line)

    def close(self) -> None:
        for line in self._free:
            line.close()

    def places_of(self, person: int, programme: int) -> list[tuple[int, int, str, PersonalLink]]:
        """Return the living places of ``person``: id, session, state, link."""
        found = self.rows(
            "SELECT p.id, p.session_id, p.state, l.id, l.nonce FROM attendance_place p "
            "JOIN briefings_session s ON s.id = p.session_id JOIN accounts_personallink l ON l.id = p.link_id "
            "WHERE p.person_id = %s AND s.programme_id = %s AND p.state IN ('waiting', 'offered', 'booked') "
            "ORDER BY p.id",
            person,
            programme,
        )
        return [(*row[:3], PersonalLink(pk=row[3], purpose="place", nonce=row[4])) for row in found]

    def asked(self, place: int) -> tuple[int, PersonalLink] | None:
        """Return who was asked to take over ``place``, and their link; None where nobody is."""
        found = self.rows(
            "SELECT h.colleague_id, l.id, l.nonce FROM attendance_handover h JOIN accounts_personallink l "
            "ON l.id = h.link_id WHERE h.place_id = %s AND h.taken_at IS NULL AND h.ended_at IS NULL",
            place,
        )
        return (found[0][0], PersonalLink(pk=found[0][1], purpose="handover", nonce=found[0][2])) if found else None

    def booked_in(self, session: int) -> list[int]:
        """Return the ids of the booked places of ``session``."""
        query = "SELECT id FROM attendance_place WHERE session_id = %s AND state = 'booked' ORDER BY id"
        return [pk for (pk,) in self.rows(query, session)]


def cookies_for(link: PersonalLink) -> dict[str, str]:
    """Return the cookie of a browser in which ``link`` was opened."""
    return {cookie_name(): open_in_browser(link).cookies[cookie_name()].value}


def over_http(port: int) -> Ask:
    """Return what asks the server at ``port``, with a line of its own for each press."""

    def ask(path: str, fields: dict, cookies: dict[str, str], hang_up: float | None = None) -> tuple[int, str]:
        line = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
        try:
            known = {settings.CSRF_COOKIE_NAME: TOKEN, **cookies}
            headers = {
                "Cookie": "; ".join(f"{name}={value}" for name, value in known.items()),
                "Content-Type": "application/x-www-form-urlencoded",
            }
            line.request("POST", path, urlencode({**fields, "csrfmiddlewaretoken": TOKEN}, doseq=True), headers)
            if hang_up is not None:
                time.sleep(hang_up)
                raise TimeoutError("the client has gone")
            answer = line.getresponse()
            answer.read()
            return answer.status, answer.getheader("Location") or ""
        finally:
            line.close()

    return ask


@dataclass
class Player:
    """One client: a practitioner, or with ``cookies`` a coordinator. ``presses`` is what it writes down."""

    names: Names
    reader: Reader
    ask: Ask
    who: int
    chance: random.Random
    cookies: dict[str, str] | None = None
    presses: list[Press] = field(default_factory=list)
    odd: list[str] = field(default_factory=list)
    until: float = float("inf")

    def play(self, until: float) -> None:
        """Press one button after the other until the moment ``until`` of the monotonic clock."""
        self.until = until
        time.sleep(self.chance.uniform(0, 1))
        while time.monotonic() < until:
            self.step()
            time.sleep(self.chance.uniform(0, 1.5 if self.cookies else 0.8))

    def step(self) -> None:
        """Press one button, chosen by chance among those that the pages would show."""
        self._as_coordinator() if self.cookies else self._as_practitioner()

    def _as_practitioner(self) -> None:
        own = self.reader.places_of(self.who, self.names.programme)
        if not own or (len(own) < 3 and self.chance.random() < 0.3):
            self.book(self.chance.choice(self.names.sessions))
            return
        offered = [each for each in own if each[2] == "offered"]
        place, session, state, link = self.chance.choice(offered or own)
        if state == "offered" and self.chance.random() < 0.8:
            self._answer(place, link)
            return
        kind = self.chance.choices(["give up", "swap", "substitute", "book"], [4, 4, 2 * (state == "booked"), 1])[0]
        if kind == "book":
            self.book(self.chance.choice(self.names.sessions))
        elif kind == "give up":
            self.give_up(place, link)
        elif kind == "swap":
            self.swap(place, link, self.chance.choice([each for each in self.names.sessions if each != session]))
        else:
            self._substitute(place, session, link)

    def _answer(self, place: int, link: PersonalLink) -> None:
        """Say yes or no to the offer, or think about it until it may have lapsed."""
        said = self.chance.choices(["yes", "no", "think"], [5, 2, 3])[0]
        if said == "yes":
            self.accept(place, link)
        elif said == "no":
            self.give_up(place, link)

    def _substitute(self, place: int, session: int, link: PersonalLink) -> None:
        home = self.names.people[self.who][0]
        colleagues = [pk for pk, (organisation, _) in self.names.people.items() if organisation == home]
        self.ask_colleague(place, link, self.chance.choice([pk for pk in colleagues if pk != self.who]))
        asked = self.reader.asked(place) if time.monotonic() < self.until else None
        if asked:  # the colleague opens the mail and presses: a client of its own, at the same time as all others
            colleague, own = asked
            other = Player(self.names, self.reader, self.ask, colleague, self.chance, None, self.presses, self.odd)
            other.take_over(place, session, own)

    def _as_coordinator(self) -> None:
        kind = self.chance.choices(["capacity", "quota", "move"], [4, 1, 3])[0]
        session = self.chance.choice(self.names.sessions)
        if kind == "capacity":
            self.resize(session, self.chance.randint(len(self.names.people) // 11, len(self.names.people) // 6))
        elif kind == "quota":
            self.set_quota(self.names.organisations[0], self.chance.randint(5, 14))
        else:
            booked = self.reader.booked_in(session)
            if booked:
                chosen = self.chance.sample(booked, min(len(booked), self.chance.randint(1, 5)))
                others = [each for each in self.names.sessions if each != session]
                self.move(session, self.chance.choice(others), chosen, fewer=self.chance.random() < 0.3)

    # The buttons.

    def book(self, session: int) -> Press:
        link = self.names.invitations[self.who]
        return self._press("book", f"{path_of(link)}sessions/{session}/", {}, cookies_for(link), session=session)

    def give_up(self, place: int, link: PersonalLink) -> Press:
        return self._press("give up", f"{path_of(link)}give-up/", {}, cookies_for(link), place=place)

    def accept(self, place: int, link: PersonalLink) -> Press:
        return self._press("accept", f"{path_of(link)}accept/", {}, cookies_for(link), place=place)

    def swap(self, place: int, link: PersonalLink, to: int) -> Press:
        return self._press("swap", f"{path_of(link)}change/{to}/", {}, cookies_for(link), place=place, session=to)

    def ask_colleague(self, place: int, link: PersonalLink, colleague: int) -> Press:
        fields = {"email": self.names.people[colleague][1]}
        about = {"place": place, "colleague": colleague}
        return self._press("ask colleague", f"{path_of(link)}colleague/", fields, cookies_for(link), "", **about)

    def take_over(self, place: int, session: int, link: PersonalLink) -> Press:
        return self._press("take over", path_of(link), {}, cookies_for(link), place=place, session=session)

    def resize(self, session: int, capacity: int) -> Press:
        fields = {"capacity": capacity, "reserved": 0}
        about = {"session": session, "capacity": capacity}
        return self._press("capacity", f"/sessions/{session}/seats/", fields, self.cookies, **about)

    def set_quota(self, organisation: int, seats: int) -> Press:
        fields = {"organisation": organisation, "seats": seats}
        path = f"/programmes/{self.names.slug}/quotas/"
        return self._press("quota", path, fields, self.cookies, "", organisation=organisation, seats=seats)

    def move(self, session: int, to: int, places: list[int], *, fewer: bool) -> Press:
        fields = {"whom": "chosen", "chosen": places, "to": to, "rule": "fit", "words": "", "confirmed": "yes"}
        fields |= {"fewer": "on"} if fewer else {}
        return self._press("move", f"/sessions/{session}/move/", fields, self.cookies, session=session, to=to)

    def cancel(self, session: int) -> Press:
        fields = {"reason": "The venue has flooded"}
        return self._press("cancel", f"/sessions/{session}/cancel/", fields, self.cookies, session=session)

    # How a press goes.

    def _press(self, kind: str, path: str, fields: dict, cookies: dict, key: str | None = None, **about: Any) -> Press:
        """Press one button: once, twice at the same moment, or again where no answer came; write down how it ended."""
        key = str(uuid.UUID(int=self.chance.getrandbits(128), version=4)) if key is None else key
        fields = {**fields, "press": key} if key else fields
        press = Press(kind, self.who, about, key)
        self.presses.append(press)
        fate = self.chance.random() if key else 1.0
        if fate < 0.05:
            self._twice_at_once(press, path, fields, cookies)
        else:
            self._once(press, path, fields, cookies, self.chance.uniform(0, 0.3) if fate < 0.08 else None)
        if press.outcome == UNKNOWN and key and time.monotonic() < self.until and self.chance.random() < 0.5:
            self._once(press, path, fields, cookies, None)
            if press.outcome == REFUSED:  # the first may still be on its way, and find things otherwise
                press.outcome = UNKNOWN
        return press

    def _once(self, press: Press, path: str, fields: dict, cookies: dict, hang_up: float | None) -> None:
        more = {} if hang_up is None else {"hang_up": hang_up}
        try:
            press.status, press.answer = self.ask(path, fields, cookies, **more)
        except (OSError, http.client.HTTPException):
            return  # no answer came: the outcome stays unknown
        is_done = press.status == 302 and not leads_back(press.answer)
        press.outcome = ACKNOWLEDGED if is_done else REFUSED
        if press.status >= 500:
            self.odd.append(f"{press} was answered {press.status}")

    def _twice_at_once(self, press: Press, path: str, fields: dict, cookies: dict) -> None:
        twin = Press(press.kind, press.who, press.about, press.key)
        other = threading.Thread(target=self._once, args=(twin, path, fields, cookies, None))
        other.start()
        self._once(press, path, fields, cookies, None)
        other.join()
        answers = [each for each in (press, twin) if each.outcome == ACKNOWLEDGED]
        if press.outcome == REFUSED or (answers and press.outcome == UNKNOWN):  # whichever came first, the other says
            press.outcome, press.status, press.answer = twin.outcome, twin.status, twin.answer
        if len({each.answer for each in answers}) > 1:
            self.odd.append(f"{press} was answered in two ways: {press.answer} and {twin.answer}")


def at_play(players: list[Player], seconds: float, *meanwhile: tuple[float, Callable[[], object]]) -> None:
    """Let all ``players`` play for ``seconds``; each of ``meanwhile`` (after how many seconds, what) happens once."""
    until = time.monotonic() + seconds
    threads = [threading.Thread(target=player.play, args=(until,)) for player in players]
    for thread in threads:
        thread.start()
    begun = time.monotonic()
    for after, happens in sorted(meanwhile, key=lambda each: each[0]):
        time.sleep(max(0, begun + after - time.monotonic()))
        happens()
    for thread in threads:
        thread.join()
