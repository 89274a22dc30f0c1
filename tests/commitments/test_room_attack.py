"""The attack on the anonymous mode, with the whole database and the access log: it must not beat chance.

And the controls: with one thing planted that an ordinary program would keep, the same attack finds out who asked.
"""

import random
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest
import time_machine
from django.conf import settings
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from gunicorn.config import Config
from gunicorn.glogging import Logger

from commitments.actions import order
from commitments.actions import room as actions
from commitments.actions.room import close_room, show_question
from commitments.models import AskedAs, Question
from commitments.views import room as views
from history.actions import record
from tests.commitments.attack import Attack, dump
from tests.commitments.factories import NOW
from tests.commitments.pages import signed_in
from tests.commitments.test_room import Room
from tests.organisations.factories import PersonFactory

pytestmark = pytest.mark.django_db
PEOPLE, ROUNDS, ROUNDS_OF_A_CONTROL = 8, 6, 3
chance = random.Random()  # noqa: S311 - no secret


class AccessLog:
    """What gunicorn writes of each request with our own configuration, or with its access log switched on."""

    def __init__(self, path: Path, *, switched_on: bool) -> None:
        self.path = path
        config = Config()
        given: dict = {}
        exec((settings.BASE_DIR / "config" / "gunicorn.py").read_text(), given)  # noqa: S102 - our own file
        for name in set(given) & set(config.settings):
            config.set(name, given[name])
        if switched_on:
            config.set("accesslog", str(path))
        self.logger = Logger(config)

    def post(self, client: Client, address: str, path: str, typed: dict):
        """Post as a phone with this network address does, and log it as the server does."""
        response = client.post(path, typed, REMOTE_ADDR=address)
        environ = {"REMOTE_ADDR": address, "REQUEST_METHOD": "POST", "RAW_URI": path, "SERVER_PROTOCOL": "HTTP/1.1"}
        status = f"{response.status_code} "
        answer = SimpleNamespace(status=status, headers=[], sent=0, status_code=response.status_code)
        self.logger.access(answer, SimpleNamespace(headers=[]), environ, timedelta(milliseconds=5))
        return response

    def close(self) -> None:
        for handler in [*self.logger.access_log.handlers, *self.logger.error_log.handlers]:
            handler.close()
            self.logger.access_log.removeHandler(handler)

    def lines(self) -> list[str]:
        return self.path.read_text().splitlines() if self.path.exists() else []


def attacked(tmp_path, *, rounds: int) -> Attack:
    """Play several sessions in which everybody asks by name and, right after it, anonymously; attack each.

    In one of three they use the programme's own page instead of the room's.
    The attacker gets more than there is: the log of a server whose access log was switched on.
    """
    attack, people = Attack(), [PersonFactory() for _ in range(PEOPLE)]
    for number in range(rounds):
        with time_machine.travel(NOW, tick=False) as clock:
            room = Room(is_moderated=bool(number % 2))
            log = AccessLog(tmp_path / f"access-{number}.log", switched_on=True)
            before = dump()
            truth = _everybody_asks(room, people, log, clock, in_room=number % 3 != 1)
            if number % 3 == 2:
                close_room(**room.by)
            attack.play(before, dump(), _by_log(log, room, people), truth)
            log.close()
    return attack


def _everybody_asks(room: Room, people: list, log: AccessLog, clock, *, in_room: bool) -> dict:
    addresses = [_anonymous_page(room, in_room), reverse("commitments:room-ask-as-me", args=[room.room.code])]
    truth = {}
    for person in chance.sample(people, len(people)):
        clock.shift(timedelta(seconds=chance.randint(20, 90)))
        client = signed_in(person)
        named = {"words": f"Named {chance.random()}", "asked_as": chance.choice([AskedAs.NAME, AskedAs.PSEUDONYM])}
        log.post(client, _network(person), addresses[1], named)
        clock.shift(timedelta(seconds=2))
        words = f"Anonymous {chance.random()}"
        log.post(client, _network(person), addresses[0], {"words": words})
        clock.shift(timedelta(seconds=2))
        asked = Question.objects.get(words=words)
        if in_room:
            show_question(session=room.session, question=asked, by=room.coordinator, now=timezone.now())
        truth[asked.pk] = person.pk
    return truth


def _anonymous_page(room: Room, in_room: bool) -> str:
    if in_room:
        return reverse("commitments:room-show", args=[room.room.code])
    return reverse("commitments:anonymous-ask", args=[room.programme.slug])


def _network(person) -> str:
    return f"198.51.100.{person.pk % 250}"


def _by_log(log: AccessLog, room: Room, people: list) -> list[int]:
    """Return people in the order of their anonymous lines: their addresses are known from what they asked by name."""
    known = {_network(person): person.pk for person in people}
    anonymous = [f"POST {_anonymous_page(room, in_room)} " for in_room in (True, False)]
    return [known[line.split()[0]] for line in log.lines() if any(each in line for each in anonymous)]


def test_the_whole_database_and_the_log_do_not_tell_who_asked_anonymously(tmp_path):
    attack = attacked(tmp_path, rounds=ROUNDS)
    assert attack.beats_chance == {}
    assert len(attack.right) > 200  # so many ways were tried
    assert any("beside access log" in name for name in attack.right)


def test_the_server_as_it_is_configured_writes_no_line_at_all(tmp_path):
    room, log = Room(), AccessLog(tmp_path / "access.log", switched_on=False)
    with time_machine.travel(NOW, tick=False):
        page = log.post(
            Client(), "198.51.100.1", reverse("commitments:room-show", args=[room.room.code]), {"words": "x"}
        )
    assert page.status_code == 200
    assert log.lines() == []


def test_rows_left_in_the_order_of_coming_would_tell(tmp_path, monkeypatch):
    monkeypatch.setattr(order, "shuffle", lambda *given: None)
    attack = attacked(tmp_path, rounds=ROUNDS_OF_A_CONTROL)
    beats = attack.beats_chance
    assert beats["commitments_question by order on disk: the neighbour before"] == attack.asked
    assert beats["commitments_question by order on disk, first beside access log"] == attack.asked


def test_a_moment_kept_for_an_anonymous_question_would_tell(tmp_path, monkeypatch):
    def asks_and_keeps_it(**given):
        question = actions.ask_in_room(**given)
        if question.asked_as == AskedAs.NOBODY:
            record(by="nobody", verb="raised", about=question, now=given["now"])
        return question

    monkeypatch.setattr(views, "ask_in_room", asks_and_keeps_it)
    beats = attacked(tmp_path, rounds=ROUNDS_OF_A_CONTROL).beats_chance
    assert any("nearest to" in name for name in beats)
    assert any(name.startswith("history_entry by id") for name in beats)
