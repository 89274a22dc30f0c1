"""What the tests of places begin with: a programme with one place each, a session with its counter, practitioners."""

from datetime import date, time

from attendance.actions.places import take_place
from attendance.models import Place, SeatCount
from briefings.models import Programme, Session, Slot
from organisations.models import Organisation
from tests.briefings.factories import NOW, PartnerFactory, ProgrammeFactory, SessionFactory
from tests.organisations.factories import AffiliationFactory, OrganisationFactory, PersonFactory, ProfessionFactory


def a_programme(**fields) -> Programme:
    """A programme of one place each, with one partner and everything in scope."""
    return ProgrammeFactory(partners=[OrganisationFactory()], **fields)


def a_session(programme: Programme | None = None, *, capacity: int = 2, reserved: int = 0, **fields) -> Session:
    """An open session with its seat counter, on 26 November 2026 in the morning unless said otherwise."""
    programme = programme or a_programme()
    session = SessionFactory(programme=programme, capacity=capacity, reserved=reserved, **fields)
    SeatCount.objects.create(session=session, capacity=capacity, reserved=reserved)
    return session


def another_day(programme: Programme, **fields) -> Session:
    """An open session of the same programme on 8 December 2026 in the afternoon."""
    afternoon = {"slot": Slot.AFTERNOON, "starts": time(13, 30), "ends": time(16, 30)}
    return a_session(programme, **{"date": date(2026, 12, 8), **afternoon, **fields})


def partner_of(programme: Programme) -> Organisation:
    return programme.partners.first().organisation


def a_practitioner(programme: Programme, *, areas=(), profession=None, **fields):
    """Somebody eligible for ``programme``."""
    person = PersonFactory(**fields)
    AffiliationFactory(
        person=person,
        organisation=partner_of(programme),
        profession=profession or ProfessionFactory(),
        areas=list(areas),
    )
    return person


def a_place(session: Session, person=None, *, now=NOW) -> Place:
    """The place that ``person`` (a new practitioner) takes in ``session``: booked, or waiting where it is full."""
    person = person or a_practitioner(session.programme)
    return take_place(session=session, person=person, by=person, now=now)


def fill(session: Session) -> list[Place]:
    """Take every free seat of ``session``."""
    return [a_place(session) for _ in range(SeatCount.objects.get(session=session).free)]


__all__ = [
    "NOW", "PartnerFactory", "a_place", "a_practitioner", "a_programme", "a_session", "another_day", "fill",
    "partner_of",
]  # fmt: skip
