"""The needle test (ASVS 5.0 8.2.3, 14.2.1, 16.2.5): what stands in sensitive fields is found only where it belongs."""

import io
import re
import zipfile
from collections import Counter, deque
from collections.abc import Iterator
from datetime import time
from functools import cache
from urllib.parse import urlsplit

import pytest
from django.db import transaction
from django.http import HttpResponse
from django.test import Client
from django.urls import Resolver404, resolve, reverse
from django.utils import timezone

from accounts.models import Person
from attendance.actions.cover import answer_cannot, ask_to_cover
from attendance.actions.places import take_place
from attendance.actions.sessions import cancel_session, change_session
from briefings.models import Mandate
from commitments.actions.questions import commission, publish_answer, raise_question
from messaging import kinds
from messaging.models import Message
from tests.cast import PEOPLE, ROLES, Cast, client_of, on_stage
from tests.needles import CODES, PLANTERS, Needle, plant, planted_in, sensitive_fields, word_for
from tests.test_access import ROUTES, answer

RECEIVING_END = "messaging:mailbox"
"""The pages of the trial's mailbox stand for people's own mail programs; in production they do not exist."""

LEFT_OUT = {"account_logout"}
VISITS = 2
"""How often a page is opened for objects that are not listed: the listed ones are opened anyway."""


@pytest.fixture(scope="module")
def stage(django_db_setup, django_db_blocker) -> Iterator[tuple[Cast, dict[str, str], list[Needle]]]:
    with on_stage(django_db_blocker) as (cast, keys):
        yield cast, keys, plant(cast)


def test_every_sensitive_field_has_a_needle():
    planted = {label: set(readers) for label, (_, readers) in PLANTERS.items()}
    assert planted == sensitive_fields(), "give the model a planter in tests/needles.py"


def test_every_exemption_names_a_field_that_is_there():
    from django.apps import apps

    for name in CODES:
        label, _, field = name.rpartition(".")
        assert field in apps.get_model(label).retention.personal, name


@pytest.mark.django_db
@pytest.mark.parametrize("role", ROLES)
def test_nobody_finds_what_is_not_for_them(stage, role, caplog):
    cast, keys, needles = stage
    found, met = {}, set()
    for address, response in crawl(role, keys, cast):
        seen, view = everything_in(response), _view_of(address)
        led_to = " ".join(addresses_in(seen))
        for needle in planted_in(seen, needles):
            met.add(needle)
            if not needle.is_for(role, view):
                found.setdefault(f"{needle.side} {needle.field}", address)
            if needle.word in led_to:  # ASVS 14.2.1: an address ends in logs, histories and on clipboards
                found.setdefault(f"{needle.side} {needle.field} in an address", address)
    assert found == {}
    assert [needle.field for needle in planted_in(caplog.text.lower(), needles)] == []
    if role == "administrator":  # the control: what somebody may read is found, so the crawler looks where it matters
        assert {"accounts.Person.name", "organisations.ImportRow.original"} <= {needle.field for needle in met}


def crawl(role: str, keys: dict[str, str], cast: Cast) -> Iterator[tuple[str, HttpResponse]]:
    """Yield each page that opens for ``role``: every address listed for them, and what these pages lead to.

    What is listed as shut stays out: that it is shut is what ``test_access`` asks.
    """
    opens = [route for route in ROUTES if not route.post and route.expected(role) == 200]
    with transaction.atomic():  # a line may make rows for its address: they go again
        made = {make: make(cast) for make in {route.kwargs for route in opens}}
        listed = [reverse(route.name, kwargs=made[route.kwargs]) for route in opens]
        yield from _walk(client_of(role, keys), listed)
        transaction.set_rollback(True)


def _walk(client: Client, listed: list[str]) -> Iterator[tuple[str, HttpResponse]]:
    waiting, seen, visits = deque(dict.fromkeys(listed)), set(), Counter()
    first = set(listed)
    while waiting:
        address = waiting.popleft()
        name = _view_of(address)
        if address in seen or _left_out(name) or (address not in first and visits[name] >= VISITS):
            continue
        seen.add(address)
        visits[name] += address not in first
        response = client.get(address)
        if answer(response) == 200:
            yield address, response
            waiting.extend(links_of(response))


@cache
def _view_of(address: str) -> str:
    try:
        return resolve(urlsplit(address).path).view_name
    except Resolver404:
        return ""


def _left_out(name: str) -> bool:
    return not name or name in LEFT_OUT or name.startswith(RECEIVING_END)


def addresses_in(text: str) -> list[str]:
    """Return every address that a page leads or posts to; those of mail programs are left out."""
    return [found for found in re.findall(r'(?:href|action|src)="([^"]*)"', text) if not found.startswith("mailto:")]


def links_of(response: HttpResponse) -> list[str]:
    """Return the paths that a page leads to, the sorting and paging of lists left out: they show the same rows."""
    if "html" not in response["Content-Type"]:
        return []
    links = [link.replace("&amp;", "&") for link in re.findall(r'href="(/[^"#]*)', response.content.decode())]
    return [link for link in links if not link.startswith("/static/") and "sort=" not in link and "page=" not in link]


def everything_in(response: HttpResponse) -> str:
    """Return headers and body of ``response`` in small letters; a workbook is opened."""
    body = b"".join(response.streaming_content) if response.streaming else response.content
    if body[:2] == b"PK":
        with zipfile.ZipFile(io.BytesIO(body)) as archive:
            body = b"\n".join(archive.read(name) for name in archive.namelist())
    headers = "\n".join(f"{name}: {value}" for name, value in response.headers.items())
    return f"{headers}\n{body.decode(errors='replace')}".lower()


@pytest.mark.django_db
def test_no_mail_carries_what_its_reader_may_not_see(stage):
    cast, _, needles = stage
    with transaction.atomic():
        planted = {side: Person.objects.get(name=word_for("accounts.Person", "name", side)) for side in SIDES}
        last = Message.objects.order_by("-pk").first().pk
        found, kinds_met = {}, set()
        for _ in _play(cast, planted["own"]):
            new = list(Message.objects.filter(pk__gt=last).select_related("person").order_by("pk"))
            last = new[-1].pk
            kinds_met |= {message.kind for message in new}
            for message in new:
                text = repr(kinds.find(message.kind).render(message)).lower()
                for needle in planted_in(text, needles):
                    if not _is_to(message.person, needle, cast, planted):
                        found.setdefault(f"{needle.side} {needle.field}", (message.kind, str(message.person)))
        transaction.set_rollback(True)
    assert found == {}
    assert len(kinds_met) >= 7, kinds_met  # the control: the play was played


SIDES = ("own", "other")


def _play(cast: Cast, planted: Person) -> Iterator[None]:
    """Halt after each scene: cover, a place, a question and its answer, another time, and the session is called off."""
    session, now, by = cast.session, timezone.now(), cast.coordinator
    mandates = Mandate.objects.filter(programme=cast.programme)
    requests = ask_to_cover(requests=[(session, mandate) for mandate in mandates], by=by, now=now)
    yield
    for asked in requests:
        answer_cannot(attendance=asked, by=asked.person, now=now)
    yield
    take_place(session=session, person=cast.practitioner, by=cast.practitioner, now=now)
    yield
    words = word_for("commitments.Question", "words", "own")
    question = raise_question(
        programme=cast.programme, words=words, asked_as="name", by=planted, person=planted, session=session, now=now
    )
    commission(question=question, organisation=cast.organisation, person=cast.senior, by=by, now=now)
    yield
    publish_answer(question=question, words="In May.", audience="everybody", by=by, now=now)
    yield
    change_session(session=session, by=by, now=now, starts=time(9, 15))
    yield
    cancel_session(session=session, reason="The room is flooded.", by=by, now=now)
    yield


def _is_to(reader: Person, needle: Needle, cast: Cast, planted: dict[str, Person]) -> bool:
    """Return whether ``needle`` may stand in a mail to ``reader``: it is about them, or their role may read it."""
    if reader == planted[needle.side]:
        return True
    return any(needle.is_for(role, "") for role in PEOPLE if getattr(cast, role) == reader)
