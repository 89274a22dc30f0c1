"""The attack on the anonymous mode, with the whole database and the access log: it must not beat chance.

And the controls: with one thing planted that an ordinary program would keep, the same attack finds out who asked.
"""

import random
from collections.abc import Callable
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

from briefings.models import ProgrammeRole
from commitments.actions import order
from commitments.actions import room as actions
from commitments.actions.questions import commission, merge, open_question, publish_answer, put_out_of_scope
from commitments.actions.room import answer_in_room, close_room, show_question
from commitments.actions.telling import draft_telling, propose_telling, publish_telling
from commitments.models import AskedAs, Question, RoomQuestion
from commitments.queries.room import speakers_of
from commitments.queries.telling import seal_of
from commitments.views import room as views
from history.actions import record
from messaging.delivery import deliver_due
from tests.briefings.factories import AppointmentFactory
from tests.commitments.attack import Attack, dump
from tests.commitments.factories import NOW, TODAY
from tests.commitments.pages import signed_in
from tests.commitments.test_room import Room
from tests.organisations.factories import PersonFactory

pytestmark = pytest.mark.django_db
PEOPLE, ROUNDS, ROUNDS_FOLLOWED, ROUNDS_OF_A_CONTROL = 8, 6, 4, 3
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


def attacked(tmp_path, *, rounds: int, follow_up: Callable | None = None) -> tuple[Attack, Attack]:
    """Play several sessions in which everybody asks by name and, right after it, anonymously; attack each.

    In one of three they use the programme's own page instead of the room's. ``follow_up`` is what staff do with the
    questions afterwards: the second attack is on what is there then. The attacker gets more than there is: the log of
    a server whose access log was switched on.
    """
    attack, later, people = Attack(), Attack(), [PersonFactory() for _ in range(PEOPLE)]
    for number in range(rounds):
        with time_machine.travel(NOW, tick=False) as clock:
            room = Room(is_moderated=bool(number % 2))
            log = AccessLog(tmp_path / f"access-{number}.log", switched_on=True)
            before = dump()
            truth = _everybody_asks(room, people, log, clock, in_room=number % 3 != 1)
            if number % 3 == 2:
                close_room(**room.by)
            if rounds == ROUNDS or not follow_up:
                attack.play(before, dump(), _by_log(log, room, people), truth)
            if follow_up and number < ROUNDS_FOLLOWED:
                follow_up(room, list(truth), clock)
                later.play(before, dump(), _by_log(log, room, people), truth)
            log.close()
    return attack, later


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


def staff_follow_the_list(room: Room, asked: list, clock) -> None:
    """Staff open, join, answer, commission and put aside what stands in the list, and tell what became of it."""
    _follow_up(room, list(Question.objects.filter(programme=room.programme).order_by("reference")), clock)


def staff_follow_the_order_of_coming(room: Room, asked: list, clock) -> None:
    """The control: staff who knew in which order the anonymous questions came, and went by it."""
    _follow_up(room, [Question.objects.get(pk=pk) for pk in asked], clock)


def _follow_up(room: Room, questions: list[Question], clock) -> None:
    second = AppointmentFactory(programme=room.programme, role=ProgrammeRole.COORDINATOR).person
    for number, question in enumerate(questions):
        clock.shift(timedelta(seconds=chance.randint(20, 90)))
        common = {"by": room.coordinator, "now": timezone.now()}
        fate = ("answered", "taken", "aside", "joined", "said in the room")[number % 5]
        if fate == "joined":
            merge(question=question, into=questions[number - 2], **common) if number > 4 else open_question(
                question=question, **common
            )
        elif fate == "aside" and number < 5:
            put_out_of_scope(question=question, reason="Ask your lead.", **common)
        elif fate == "said in the room" and RoomQuestion.objects.filter(question=question, showing="shown").exists():
            speaker = speakers_of(room.session, TODAY)[0]
            answer_in_room(question=question, speaker=speaker, words="Yes.", **common)
        else:
            commission(question=question, organisation=room.organisation, person=room.senior, **common)
            if fate == "answered":
                publish_answer(
                    question=fresh(question), words="Yes.", audience="public", **common | {"by": room.senior}
                )
    clock.shift(timedelta(seconds=60))
    common = {"by": room.coordinator, "now": timezone.now()}
    own = draft_telling(programme=room.programme, kind="answered", **common)
    own = propose_telling(telling=own, **common)
    publish_telling(telling=own, seen=seal_of(own), **common | {"by": second})
    deliver_due()


def fresh(question: Question) -> Question:
    return Question.objects.select_related("programme", "owner", "organisation", "session").get(pk=question.pk)


def test_the_whole_database_and_the_log_do_not_tell_who_asked_anonymously(tmp_path):
    """Nor when they were shown, joined, answered, given away, put aside and told of, with all mails and lines."""
    asked, later = attacked(tmp_path, rounds=ROUNDS, follow_up=staff_follow_the_list)
    assert (asked.beats_chance, later.beats_chance) == ({}, {})
    assert len(asked.right) > 200  # so many ways were tried
    assert any("beside access log" in name for name in asked.right)
    for table in ("history_entry", "commitments_answer", "commitments_tellingitem", "commitments_commission"):
        assert any(name.startswith(f"{table} by") for name in later.right), table


def test_staff_who_went_by_the_order_of_coming_would_tell(tmp_path):
    """What is decided of a question keeps its moment (docs/adr/0065): so no list may show the order of coming."""
    _, later = attacked(tmp_path, rounds=ROUNDS_OF_A_CONTROL, follow_up=staff_follow_the_order_of_coming)
    beats = later.beats_chance
    assert any(name.startswith("history_entry by") for name in beats)


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
    attack, _ = attacked(tmp_path, rounds=ROUNDS_OF_A_CONTROL)
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
    attack, _ = attacked(tmp_path, rounds=ROUNDS_OF_A_CONTROL)
    beats = attack.beats_chance
    assert any("nearest to" in name for name in beats)
    assert any(name.startswith("history_entry by id") for name in beats)
