"""The same few people in every test of who may what: two programmes that know nothing of each other.

Programme A (``programme``) has its coordinator, facilitator, board and information governance officer, one partner
(``organisation``) with a lead, a senior manager and a practitioner. ``other_programme`` and ``other_organisation``
belong to ``other``, a coordinator, and ``other_lead``. Nobody in it is anything else besides.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import time_machine
from django.conf import settings
from django.db import transaction
from django.test import Client
from django.urls import reverse

from accounts.models import Person
from attendance.models import SeatCount
from briefings.models import Programme, ProgrammeRole, Session
from organisations.models import Affiliation, Organisation
from tests.briefings.factories import (
    NOW,
    AppointmentFactory,
    MandateFactory,
    ProgrammeFactory,
    RoomFactory,
    SessionFactory,
)
from tests.organisations.factories import (
    AffiliationFactory,
    OrganisationFactory,
    OrganisationLeadFactory,
    PersonFactory,
)

STRANGER = "stranger"
"""Somebody who is not signed in."""

PEOPLE = (
    "administrator", "coordinator", "other", "facilitator", "board", "governance",
    "lead", "other_lead", "senior", "practitioner",
)  # fmt: skip
"""Everybody of the cast who has an account, by the name of their attribute."""

ROLES = (*PEOPLE, STRANGER)

__all__ = ["NOW", "PEOPLE", "ROLES", "STRANGER", "Cast", "client_of", "make_cast", "on_stage"]


@dataclass
class Cast:
    """The people, and the objects of their own and of the others. ``getattr(cast, role)`` is the person."""

    administrator: Person
    coordinator: Person
    other: Person
    facilitator: Person
    board: Person
    governance: Person
    lead: Person
    other_lead: Person
    senior: Person
    practitioner: Person
    programme: Programme
    other_programme: Programme
    organisation: Organisation
    other_organisation: Organisation
    session: Session
    other_session: Session
    affiliation: Affiliation


def make_cast() -> Cast:
    """Return the cast, saved: about forty rows. Travel to ``NOW`` first: sessions and roles lie around that day."""
    people = {role: PersonFactory(name=f"{role} Castmember", email=f"{role}@cast.example.org") for role in PEOPLE}
    Person.objects.filter(pk=people["administrator"].pk).update(is_administrator=True)
    people["administrator"].refresh_from_db()
    organisation, other_organisation = (OrganisationFactory(name=f"{word} Partner") for word in ("Own", "Other"))
    programme = ProgrammeFactory(name="Own Programme", slug="own", partners=[organisation])
    other_programme = ProgrammeFactory(name="Other Programme", slug="other", partners=[other_organisation])
    _give_roles(people, programme, other_programme, organisation, other_organisation)
    return Cast(
        **people,
        programme=programme,
        other_programme=other_programme,
        organisation=organisation,
        other_organisation=other_organisation,
        session=a_session(programme),
        other_session=a_session(other_programme),
        affiliation=AffiliationFactory(person=people["practitioner"], organisation=organisation),
    )


def _give_roles(people, programme, other_programme, organisation, other_organisation) -> None:
    AppointmentFactory(programme=programme, person=people["coordinator"])
    AppointmentFactory(programme=other_programme, person=people["other"])
    AppointmentFactory(programme=programme, person=people["facilitator"], role=ProgrammeRole.FACILITATOR)
    AppointmentFactory(programme=programme, person=people["board"], role=ProgrammeRole.BOARD)
    AppointmentFactory(programme=programme, person=people["governance"], role=ProgrammeRole.INFORMATION_GOVERNANCE)
    OrganisationLeadFactory(organisation=organisation, person=people["lead"])
    OrganisationLeadFactory(organisation=other_organisation, person=people["other_lead"])
    MandateFactory(programme=programme, organisation=organisation, person=people["senior"])


def a_session(programme: Programme, **fields) -> Session:
    """Return an open session of ``programme`` in a room of its own, with its seats."""
    session = SessionFactory(programme=programme, room=RoomFactory(), **fields)
    SeatCount.objects.create(session=session, capacity=session.capacity or 20)
    return session


@contextmanager
def on_stage(django_db_blocker) -> Iterator[tuple[Cast, dict[str, str]]]:
    """Yield the cast and the session key of each, on the day ``NOW``, and roll everything back: once for a module."""
    with time_machine.travel(NOW), django_db_blocker.unblock(), transaction.atomic():
        cast = make_cast()
        yield cast, {role: _session_key(getattr(cast, role)) for role in PEOPLE}
        transaction.set_rollback(True)


def _session_key(person: Person) -> str:
    """Return the key of a session in which ``person`` has looked at a page: the first of each session writes to it."""
    client = Client()
    client.force_login(person)
    client.get(reverse("desk:help-show"))
    return client.cookies[settings.SESSION_COOKIE_NAME].value


def client_of(role: str, keys: dict[str, str]) -> Client:
    """Return a fresh browser in which ``role`` is signed in."""
    client = Client()
    if role != STRANGER:
        client.cookies[settings.SESSION_COOKIE_NAME] = keys[role]
    return client
