"""Four organisations before they move into one building: a series of workshops and what they leave behind."""

from datetime import datetime
from random import Random
from uuid import UUID

from accounts.models import Person
from attendance.actions import register
from attendance.actions.places import take_place
from attendance.actions.series import take_rest_of_series
from attendance.actions.sessions import SessionPlan, open_session, plan_session
from attendance.models import MarkKind, Place
from briefings.actions import appointments
from briefings.actions.activities import take_ready, use_activity
from briefings.actions.partners import add_partners
from briefings.actions.programmes import change_scope, start_programme
from briefings.actions.series import settle_group, start_series
from briefings.actions.sessions import AgendaLine, change_agenda
from briefings.activities import READY
from briefings.models import AgendaKind, Part, PlacesRule, Programme, ProgrammeRole, Session, SessionKind
from commitments.actions.outputs import finish_action, note_output
from commitments.models import ActionState, Output
from config.demo.clock import Calendar
from config.demo.county import County
from config.demo.pilot import Pilot

BEGINS = -34
PEOPLE = 7
"""How many of each organisation come."""
_PARTNERS = (0, 1, 2, 4)
_WORKSHOPS = (
    # working days from today, slot, title, activities (places in READY)
    (-28, "afternoon", "What we hope and fear", (0, 1)),
    (-21, "afternoon", "What we may tell one another", (2,)),
    (-13, "afternoon", "How we share the building", (3, 4)),
    (12, "afternoon", "What we still have to settle", ()),
)
_OUTPUTS = (
    # workshop, kind, words, what belongs to the kind
    (0, "barrier", "Each service has its own word for “safe”.", {"theme": "language"}),
    (0, "expectation", "Reception greets every family by name within a year.", {"term": "long"}),
    (0, "quotation", "I have worked next to them for ten years and never seen their office.", {}),
    (1, "barrier", "Nobody is sure what may be said in the shared kitchen.", {"theme": "legal_basis"}),
    (1, "action", "Write one page on what may be told to whom.", {"owner": 2, "due": -8}),
    (1, "agreement", "What a family tells one of us is told to another only with their knowledge.", {}),
    (2, "agreement", "The first who comes opens, the last who leaves locks, and both sign the list.", {}),
    (2, "action", "Order a second set of keys for the side door.", {"owner": 9, "due": 6}),
    (2, "expectation", "One list of rooms that everybody can book, by the end of the month.", {"term": "short"}),
)


class Workshops:
    """Moving into Wren House: three workshops were held, one is to come."""

    def __init__(self, county: County, calendar: Calendar, pilot: Pilot, random: Random) -> None:
        self.county, self.calendar, self.pilot, self.random = county, calendar, pilot, random
        self.by, self.facilitator = county.cast["coordinator"], county.cast["facilitator"]
        self.programme: Programme
        self.sessions: list[Session] = []

    def plan(self) -> None:
        """Put the series into the calendar."""
        day, at = self.calendar.day, self.calendar.at
        at(day(BEGINS), 13, self._start)
        at(day(BEGINS + 1), 10, self._plan_series)
        at(day(BEGINS + 2), 10, self._book)
        for number, (offset, *_) in enumerate(_WORKSHOPS[:3]):
            at(day(offset), 13.5, self._mark, number)
            at(day(offset), 15, self._note, number)
            at(day(offset), 17, self._close, number)
        at(day(-9), 16, self._finish)

    def _start(self, now: datetime) -> None:
        self.programme = start_programme(
            name="Moving into Wren House",
            coordinator=self.by,
            purpose="Four services move into one building in spring. In four workshops their people say what they hope "
            "and fear, and settle how they work side by side.",
            contact_phone="01632 960124",
            places_rule=PlacesRule.ONE_PER_SESSION,
            starts_on=now.date(),
            ends_on=self.calendar.day(90),
            by=self.by,
            now=now,
        )
        common = {"programme": self.programme, "by": self.by, "now": now}
        change_scope(add_areas=[self.county.whole], add_professions=self.county.professions, **common)
        partners = [self.county.organisations[place] for place in _PARTNERS]
        add_partners(organisations=partners, since=now.date(), **common)
        appointments.appoint(person=self.facilitator, role=ProgrammeRole.FACILITATOR, **common)

    def _plan_series(self, now: datetime) -> None:
        common = {"by": self.by, "now": now}
        library = [take_ready(programme=self.programme, ready=each, **common) for each in READY]
        for offset, slot, title, activities in _WORKSHOPS:
            plan = SessionPlan(
                date=self.calendar.day(offset),
                slot=slot,
                capacity=30,
                kind=SessionKind.WORKSHOP,
                title=title,
                room=self.pilot.rooms[0][0],
                runs=((self.facilitator, Part.FACILITATOR),),
            )
            session = plan_session(programme=self.programme, plan=plan, **common)
            welcome = AgendaLine(kind=AgendaKind.OTHER, title="Welcome", minutes=15)
            change_agenda(session=session, lines=[welcome], **common)
            for place in activities:
                use_activity(activity=library[place], session=session, **common)
            self.sessions.append(open_session(session=session, **common))
        series = start_series(programme=self.programme, name="Before we move in", **common)
        settle_group(series=series, group="", sessions=self.sessions, **common)

    def _book(self, now: datetime) -> None:
        first = Session.objects.select_related("programme").get(pk=self.sessions[0].pk)
        for place in _PARTNERS:
            # The last of the drawn order: they hold no place in the pilot.
            ids = sorted(self.county.practitioners[self.county.organisations[place].pk])[-PEOPLE:]
            for person in Person.objects.filter(pk__in=ids).order_by("pk"):
                taken = take_place(session=first, person=person, by=person, now=now)
                take_rest_of_series(place=taken, by=person, now=now)

    def _mark(self, number: int, now: datetime) -> None:
        """Mark those who come; two stay away, others each time."""
        for place, own in enumerate(self._places(number)):
            if place not in (number * 5, number * 5 + 1):
                register.mark(
                    session=self.sessions[number], subject=own, kind=MarkKind.ATTENDED, press=self._id(),
                    by=self.facilitator, now=now,
                )  # fmt: skip

    def _note(self, number: int, now: datetime) -> None:
        people = [own.person for own in self._places(number)]
        for workshop, kind, words, more in _OUTPUTS:
            if workshop == number:
                columns = dict(more)
                if kind == "action":
                    columns = {"owner": people[more["owner"]], "due_on": self.calendar.day(more["due"])}
                session = self.sessions[number]
                note_output(session=session, kind=kind, words=words, by=self.facilitator, now=now, **columns)

    def _close(self, number: int, now: datetime) -> None:
        register.close_register(session=self.sessions[number], by=self.facilitator, now=now)

    def _finish(self, now: datetime) -> None:
        own = Output.objects.filter(session__programme=self.programme, action_state=ActionState.OPEN)
        first = own.order_by("due_on").first()
        finish_action(output=first, words="The page hangs in the kitchen and at reception.", by=first.owner, now=now)

    def _places(self, number: int) -> list[Place]:
        found = Place.objects.live().filter(session=self.sessions[number]).select_related("person")
        return list(found.order_by("pk"))

    def _id(self) -> UUID:
        return UUID(int=self.random.getrandbits(128), version=4)
