"""A bilateral share beside the pilot: two organisations, one dataset, one session, eight people."""

from datetime import datetime

from accounts.models import Person
from attendance.actions.places import take_place
from communications.actions.bilateral import ListedPerson, Share, set_up_share
from communications.actions.plan import fulfil_item
from communications.models import PlannedItem, StageKind
from config.demo import words
from config.demo.clock import Calendar
from config.demo.county import County

PEOPLE = 8


class BilateralShare:
    """School attendance figures, shared between Larkhill Academies and Tolbury City Council."""

    def __init__(self, county: County, calendar: Calendar) -> None:
        self.county, self.calendar = county, calendar
        self.session = None

    def plan(self) -> None:
        """Put the share into the calendar: set up, and a few places taken."""
        self.calendar.at(self.calendar.day(-12), 10, self._set_up)
        self.calendar.at(self.calendar.day(-9), 12, self._book)

    def _listed(self) -> list[Person]:
        found = []
        for place in (9, 3):
            # The last of the drawn order: they hold no place in the pilot.
            ids = sorted(self.county.practitioners[self.county.organisations[place].pk])[-PEOPLE // 2 :]
            found += [(person, words.ORGANISATIONS[place][0]) for person in Person.objects.filter(pk__in=ids)]
        return found

    def _set_up(self, now: datetime) -> None:
        people = tuple(
            ListedPerson(line=number, name=person.name, email=person.email, organisation=organisation)
            for number, (person, organisation) in enumerate(self._listed(), start=1)
        )
        by = self.county.cast["coordinator"]
        share = Share(
            name="School attendance figures",
            purpose="Tolbury City Council sees each week which children miss school, so that help comes early.",
            organisations=(words.ORGANISATIONS[9][0], words.ORGANISATIONS[3][0]),
            people=people,
            date=self.calendar.day(5),
            slot="afternoon",
            capacity=10,
            contact_name=by.name,
            contact_email=by.email,
            place="Larkhill Academy\nSchool Lane\nLarkhill\nZZ5 5EE",
        )
        self.session = set_up_share(share=share, by=by, now=now)

    def _book(self, now: datetime) -> None:
        for person, _ in self._listed()[:3]:
            take_place(session=self.session, person=person, by=person, now=now)
        told = PlannedItem.objects.get(stage__programme=self.session.programme, stage__kind=StageKind.DESIGN)
        by = self.county.cast["coordinator"]
        fulfil_item(item=told, words="In the joint letter of both organisations, to all eight.", by=by, now=now)
