"""The live questions of the session of today, as a visitor of the trial finds them."""

from datetime import datetime

import commitments.actions.room as room
from attendance.models import Place, PlaceState
from commitments.actions.questions import commission
from commitments.models import AskedAs, HiddenBecause
from commitments.queries.room import speakers_of
from config.demo import words
from config.demo.clock import Calendar
from config.demo.county import County
from config.demo.pilot import Pilot

OPENED = 8.7
"""The hour of today at which the scribe opens them; what is shown and answered follows."""


class LiveQuestions:
    """A room with one question in each state: waiting, shown, hidden, answered now, taken away."""

    def __init__(self, county: County, calendar: Calendar, pilot: Pilot) -> None:
        self.calendar, self.pilot = calendar, pilot
        self.scribe = county.cast["facilitator"]

    def plan(self) -> None:
        """Put the room of today into the calendar."""
        today = self.calendar.day(0)
        self.calendar.at(today, OPENED, self._open)
        for number, (asked_as, fate, text, answer) in enumerate(words.LIVE):
            self.calendar.at(today, OPENED + 0.02 * (number + 1), self._ask, number, asked_as, fate, text, answer)

    def _open(self, now: datetime) -> None:
        room.open_room(session=self.pilot.sessions["today"], is_moderated=True, by=self.scribe, now=now)

    def _ask(self, number: int, asked_as: str, fate: str, text: str, answer: str, now: datetime) -> None:
        session = self.pilot.sessions["today"]
        person = None if asked_as == AskedAs.NOBODY else self._somebody_there(number)
        asked = room.ask_in_room(
            session=session, words=text, asked_as=asked_as, person=person, by=person or "nobody", now=now
        )
        by = {"session": session, "question": asked, "by": self.scribe, "now": now}
        if fate == "hidden":
            room.hide_question(because=HiddenBecause.CASE, **by)
        elif fate != "waiting":
            room.show_question(**by)
        if fate == "answered":
            speaker = speakers_of(session, now.date())[0]
            room.answer_in_room(question=asked, speaker=speaker, words=answer, by=self.scribe, now=now)
        elif fate == "taken":
            mandate = self.pilot.mandates[1]
            commission(
                question=asked, organisation=mandate.organisation, person=mandate.person, by=self.scribe, now=now
            )

    def _somebody_there(self, number: int):
        booked = Place.objects.filter(session=self.pilot.sessions["today"], state=PlaceState.BOOKED)
        return list(booked.select_related("person").order_by("pk"))[number % 5].person
