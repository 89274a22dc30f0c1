"""What the tests of the register's pages begin with: the day of a session, its coordinator, and presses by hand."""

import re
from datetime import datetime, timedelta
from uuid import uuid4

from django.test import Client
from django.urls import reverse

from briefings.models import Session
from tests.briefings.factories import AppointmentFactory
from tests.organisations.factories import PersonFactory


def half_way(session: Session) -> datetime:
    """The moment an hour after the start of ``session``."""
    return session.during.lower + timedelta(hours=1)


def a_coordinator(session: Session):
    person = PersonFactory(name="Carys Coordinator")
    AppointmentFactory(programme=session.programme, person=person)
    return person


def page_of(client: Client, session: Session, name: str = "show", **query):
    return client.get(reverse(f"attendance:register-{name}", args=[session.pk]), query)


def send(client: Client, session: Session, name: str, data: dict | None = None, query: str = ""):
    return client.post(reverse(f"attendance:register-{name}", args=[session.pk]) + query, data or {})


def press(client: Client, session: Session, place, kind: str = "attended", **more):
    """Press a button of the row of ``place`` as the page sends it; return the answer."""
    return send(client, session, "mark", {"place": place.pk, "mark": kind, "press": uuid4()} | more)


def buttons(response) -> list[dict[str, str]]:
    """Return each form of a page that sends a mark: its hidden fields, and under "marks" the values of its buttons."""
    found = []
    for form in re.findall(r'<form method="post" action="[^"]*/mark/".*?</form>', response.content.decode(), re.S):
        hidden = dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', form))
        found.append({**hidden, "marks": re.findall(r'name="mark" value="(\w+)"', form)})
    return found


def text_of(response) -> str:
    """Return the words of a page, without tags and on one line."""
    return " ".join(re.sub(r"<[^>]+>", " ", response.content.decode()).split())
