"""A programme in which something waits for everybody: what the first page and the overview are tested with."""

import uuid
from dataclasses import dataclass
from datetime import date, time, timedelta

from accounts.links import make_link
from attendance.actions.cover import ask_to_cover
from attendance.models import Invitation, InvitationRound, Place, RoundState, WalkIn
from briefings.models import Mandate, Part, Session, SessionPart, Slot
from commitments.actions.assurances import note_assurance, propose_kept
from commitments.actions.questions import commission, raise_question
from commitments.models import AskedAs, Assurance, Question
from messaging.models import Message
from tests.attendance.places import a_place
from tests.cast import NOW, Cast, a_session, make_cast
from tests.organisations.factories import AffiliationFactory, PersonFactory

DUE = date(2026, 11, 20)
LATER = date(2027, 1, 29)


@dataclass
class County:
    """The cast, and what waits: for whom is said by the names."""

    cast: Cast
    over: Session
    today: Session
    invitation: Invitation
    place: Place
    raised: Question
    commissioned: Question
    given: Assurance
    noted: Assurance
    proposed: Assurance


def make_county() -> County:
    """Return the cast with something for everybody. Travel to ``NOW`` first."""
    cast = make_cast()
    programme, mandate = cast.programme, Mandate.objects.get(person=cast.senior)
    over = a_session(programme, date=date(2026, 10, 22))
    today = a_session(programme, date=NOW.date(), slot=Slot.AFTERNOON, starts=time(13, 30), ends=time(16, 30))
    SessionPart.objects.create(session=today, person=cast.facilitator, part=Part.FACILITATOR)
    WalkIn.objects.create(
        session=over, name="Una Known", organisation=cast.organisation, made_at=NOW - timedelta(days=11), made_by="x"
    )
    ask_to_cover(requests=[(cast.session, mandate)], by=cast.coordinator, now=NOW)
    raised = ask(cast, "Who may read the plan?")
    commissioned = ask(cast, "May a carer see it?")
    commission(question=commissioned, organisation=cast.organisation, person=cast.senior, by=cast.coordinator, now=NOW)
    given = promise(cast, mandate, "We answer within two days.", by=cast.senior)
    noted = promise(cast, mandate, "Everybody gets half a day.", by=cast.coordinator)
    proposed = promise(cast, mandate, "We open the side door.", by=cast.senior)
    propose_kept(assurance=proposed, evidence="It is open.", by=cast.senior, now=NOW)
    InvitationRound.objects.create(
        programme=programme, made_at=NOW, press=uuid.uuid4(), subject="Come", state=RoundState.PAUSED
    )
    undelivered(cast)
    return County(
        cast, over, today, invite(cast), a_place(cast.session, cast.practitioner), raised, commissioned, given, noted,
        proposed,
    )  # fmt: skip


def ask(cast: Cast, words: str, **options) -> Question:
    return raise_question(
        programme=cast.programme,
        words=words,
        asked_as=options.pop("asked_as", AskedAs.NAME),
        by=cast.practitioner,
        person=cast.practitioner,
        now=NOW,
        **options,
    )


def promise(cast: Cast, mandate: Mandate, words: str, *, by) -> Assurance:
    return note_assurance(mandate=mandate, words=words, due_on=DUE, by=by, now=NOW, for_everybody=True)


def invite(cast: Cast) -> Invitation:
    """Invite somebody of the own partner who has not answered."""
    person = PersonFactory(name="Ivy Invited", email="ivy@cast.example.org")
    AffiliationFactory(person=person, organisation=cast.organisation)
    return invitation_of(cast.programme, person)


def invitation_of(programme, person) -> Invitation:
    made = Invitation.objects.create(programme=programme, person=person, invited_at=NOW)
    ends_at = NOW + timedelta(days=60)
    made.link = make_link(purpose="invitation", person=person, about=made, ends_at=ends_at, now=NOW)
    made.save(update_fields=["link"])
    return made


def undelivered(cast: Cast) -> Message:
    """Return a message about the own programme that was given up."""
    return Message.objects.create(
        kind="attendance.invitation", key=f"test:{uuid.uuid4()}", person=cast.practitioner, created_at=NOW, due_at=NOW,
        about=f"briefings.programme:{cast.programme.pk}", state=Message.State.GIVEN_UP, reason="refused",
        next_try_at=NOW,
    )  # fmt: skip
