"""A programme that can invite, and what inviting leaves behind."""

import uuid
from datetime import datetime, timedelta

from attendance.actions import invitations as actions
from attendance.models import Invitation, InvitationRound, Place, PlaceState, SeatCount
from attendance.queries.invitations import InvitationChoice
from briefings.models import Programme
from messaging.models import Message
from tests.briefings.factories import NOW, ProgrammeFactory, SessionFactory
from tests.organisations.factories import AffiliationFactory, OrganisationFactory, PersonFactory

ALL = InvitationChoice()


def a_programme(people: int = 0, *, sessions: int = 1, **kwargs) -> Programme:
    """A programme with one partner, ``people`` eligible people there and open sessions with seats."""
    organisation = OrganisationFactory()
    programme = ProgrammeFactory(partners=[organisation], **kwargs)
    for _ in range(sessions):
        an_open_session(programme)
    for _ in range(people):
        an_eligible(programme)
    return programme


def an_open_session(programme: Programme, **kwargs):
    """An open session with its seat counter."""
    session = SessionFactory(programme=programme, **kwargs)
    SeatCount.objects.create(session=session, capacity=session.capacity)
    return session


def an_eligible(programme: Programme, *, organisation=None, person=None, **kwargs):
    """Somebody eligible, at the programme's first partner unless said otherwise."""
    organisation = organisation or programme.partners.order_by("pk").first().organisation
    return AffiliationFactory(person=person or PersonFactory(), organisation=organisation, **kwargs).person


def a_round(programme: Programme, *, choice: InvitationChoice = ALL, now: datetime = NOW, **kwargs) -> InvitationRound:
    """A round that waits to be written."""
    words = {"subject": "Choose your half-day", "introduction": "", "press": uuid.uuid4(), "by": PersonFactory()}
    return actions.start_round(programme=programme, choice=choice, now=now, **{**words, **kwargs})


def a_written_round(programme: Programme, *, now: datetime = NOW, **kwargs) -> InvitationRound:
    """A round whose mails are planned."""
    made = a_round(programme, now=now, **kwargs)
    actions.write_round(round_id=made.pk, now=now)
    made.refresh_from_db()
    return made


def has_left(invitation: Invitation, at: datetime = NOW) -> None:
    """Mark the mail of ``invitation`` in its round as sent."""
    mail_of_round(invitation).update(
        state=Message.State.SENT, sent_at=at, message_id=f"<{invitation.pk}@example.org>", reason=None
    )


def mail_of_round(invitation: Invitation):
    """The mail of ``invitation`` in the round it belongs to."""
    return Message.objects.filter(key=f"attendance.round:{invitation.round_id}:invitation:{invitation.pk}")


def a_place(person, session, *, state=PlaceState.BOOKED, now: datetime = NOW) -> Place:
    """A row of a place, without what the actions do around it."""
    columns = {
        PlaceState.BOOKED: {"seated_at": now},
        PlaceState.OFFERED: {"seated_at": now, "offered_until": now + timedelta(days=2)},
        PlaceState.WAITING: {"number_in_line": 1},
        PlaceState.GIVEN_UP: {"closed_at": now},
    }[state]
    return Place.objects.create(
        session=session,
        person=person,
        organisation=person.affiliations.first().organisation,
        state=state,
        reference=f"WV-{uuid.uuid4().hex[:8]}",
        made_at=now,
        made_by="accounts.person:1",
        **columns,
    )
