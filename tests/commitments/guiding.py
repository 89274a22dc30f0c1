"""What the tests of guidance begin with: a draft, a version, somebody who was briefed."""

from datetime import timedelta

from attendance.models import Attendance, Outcome, Place, PlaceState
from briefings.models import ProgrammeRole
from commitments.actions import guidance as actions
from commitments.models import Guidance, GuidanceVersion
from commitments.queries.guidance import seal_of, sections_of
from tests.briefings.factories import AppointmentFactory, SessionFactory
from tests.commitments.factories import NOW, Cast
from tests.organisations.factories import PersonFactory

DAY = timedelta(days=1)


def a_cast(**programme) -> Cast:
    """The cast of questions with a facilitator, and a session that was held ten days ago."""
    cast = Cast(**programme)
    cast.facilitator = AppointmentFactory(programme=cast.programme, role=ProgrammeRole.FACILITATOR).person
    cast.session = SessionFactory(programme=cast.programme, date=(NOW - 10 * DAY).date())
    return cast


def a_draft(cast: Cast, *texts: str, title: str = "Working in Wren House", is_open: bool = True) -> Guidance:
    """A document with one section for each of ``texts``, open for comments."""
    own = actions.start_guidance(programme=cast.programme, title=title, by=cast.facilitator, now=NOW)
    for number, words in enumerate(texts or ("The first who comes opens the door.",), 1):
        actions.add_section(guidance=own, title=f"Section {number}", words=words, by=cast.facilitator, now=NOW)
    return actions.set_open(guidance=own, is_open=is_open, by=cast.coordinator, now=NOW)


def publish(own: Guidance, cast: Cast, *, now=NOW, **options) -> GuidanceVersion:
    """Publish the draft as it is."""
    options = {"note": "", "by": cast.coordinator, **options}
    return actions.publish_guidance(guidance=own, seen=seal_of(own, sections_of(own)), now=now, **options)


def rewrite(own: Guidance, words: str, cast: Cast, *, number: int = 0, now=NOW):
    """Write one section of the draft anew."""
    section = sections_of(own)[number]
    return actions.change_section(
        section=section, title=section.title, words=words, version=section.version, by=cast.facilitator, now=now
    )


def came(cast: Cast, session=None, *, outcome=Outcome.ATTENDED, link=False, **person):
    """Somebody whom the register of ``session`` knows; with ``link`` the place has its personal link."""
    session, who = session or cast.session, PersonFactory(**person)
    place = Place.objects.create(
        session=session, person=who, organisation=cast.organisation, state=PlaceState.BOOKED, seated_at=NOW,
        reference=f"G-{who.pk}", made_at=NOW, made_by="clock",
    )  # fmt: skip
    if link:
        from attendance.actions.places import give_link

        give_link(place, NOW)
        who.own_link = place.link
    Attendance.objects.create(
        session=session, place=place, person=who, organisation=cast.organisation, outcome=outcome, noted_at=NOW
    )
    return who
