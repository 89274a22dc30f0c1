"""Programmes and what belongs to them, in their usual state. Tests say only what matters to them."""

from datetime import UTC, date, datetime, time

import factory
from factory.django import DjangoModelFactory

from briefings.models import (
    Appointment,
    Mandate,
    Partner,
    Programme,
    ProgrammeRole,
    Room,
    Series,
    Session,
    SessionState,
    Slot,
    Venue,
)

LONG_AGO = date(2026, 1, 5)
NOW = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)
"""A Monday morning before the sessions of these factories."""


class ProgrammeFactory(DjangoModelFactory):
    """A programme with everything in scope but no partner; name partners and the scope where they matter.

    ``ProgrammeFactory(partners=[organisation], professions=[profession], areas=[area])``: naming areas or professions
    takes "every area" or "every profession" away.
    """

    class Meta:
        model = Programme
        skip_postgeneration_save = True

    name = factory.Sequence(lambda n: f"One Family Plan {n:05}")
    slug = factory.Sequence(lambda n: f"one-family-plan-{n}")
    code = "WV"
    purpose = "Families tell their story once: one plan is shared by all who work with them."
    every_area = True
    every_profession = True
    contact_name = "Carys Coordinator"
    contact_email = "briefings@example.org"

    @factory.post_generation
    def partners(self, create, extracted, **kwargs):
        for organisation in extracted or ():
            PartnerFactory(programme=self, organisation=organisation)

    @factory.post_generation
    def professions(self, create, extracted, **kwargs):
        if extracted is not None:
            self.professions.set(extracted)
            self.every_profession = False
            self.save(update_fields=["every_profession"])

    @factory.post_generation
    def areas(self, create, extracted, **kwargs):
        if extracted is not None:
            self.areas.set(extracted)
            self.every_area = False
            self.save(update_fields=["every_area"])


class PartnerFactory(DjangoModelFactory):
    """An organisation's part in a programme, since long ago."""

    class Meta:
        model = Partner

    programme = factory.SubFactory(ProgrammeFactory)
    organisation = factory.SubFactory("tests.organisations.factories.OrganisationFactory")
    since = LONG_AGO


class AppointmentFactory(DjangoModelFactory):
    """A coordinator of a programme, since long ago."""

    class Meta:
        model = Appointment

    programme = factory.SubFactory(ProgrammeFactory)
    person = factory.SubFactory("tests.organisations.factories.PersonFactory")
    role = ProgrammeRole.COORDINATOR
    since = LONG_AGO


class MandateFactory(DjangoModelFactory):
    """A senior manager who may speak for a partner organisation."""

    class Meta:
        model = Mandate

    programme = factory.SubFactory(ProgrammeFactory)
    organisation = factory.SubFactory("tests.organisations.factories.OrganisationFactory")
    person = factory.SubFactory("tests.organisations.factories.PersonFactory")
    job_title = "Director of operations"
    since = LONG_AGO
    confirmed_by = "The chief executive, by e-mail"
    confirmed_on = LONG_AGO


class VenueFactory(DjangoModelFactory):
    class Meta:
        model = Venue

    name = factory.Sequence(lambda n: f"Eastmarsh Library {n:05}")
    address = "2 Example Street, Eastmarsh"
    access_notes = "Step-free by the side door."
    directions = "Five minutes from the bus station."


class RoomFactory(DjangoModelFactory):
    class Meta:
        model = Room

    venue = factory.SubFactory(VenueFactory)
    name = factory.Sequence(lambda n: f"Reading Room {n:05}")
    capacity = 25


class SeriesFactory(DjangoModelFactory):
    class Meta:
        model = Series

    programme = factory.SubFactory(ProgrammeFactory)
    name = factory.Sequence(lambda n: f"Workshops {n:05}")


class SessionFactory(DjangoModelFactory):
    """An open session in a room of its own on Thursday 26 November 2026 in the morning; ``draft=True`` for a draft.

    The row alone: its seat counter belongs to attendance (see tests/attendance/factories.py).
    """

    class Meta:
        model = Session

    class Params:
        draft = factory.Trait(state=SessionState.DRAFT)
        cancelled = factory.Trait(state=SessionState.CANCELLED, cancelled_reason="The venue has closed")

    programme = factory.SubFactory(ProgrammeFactory)
    state = SessionState.OPEN
    date = date(2026, 11, 26)
    slot = Slot.MORNING
    starts = time(9, 30)
    ends = time(12, 30)
    room = factory.SubFactory(RoomFactory)
    capacity = 20
