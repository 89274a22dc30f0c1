"""The pilot: the programme, who does what in it, venues, sessions, and who of the senior managers comes."""

import uuid
from datetime import datetime

import attendance.actions.availability as availability
import attendance.actions.cover as cover
import briefings.actions.appointments as appointments
from attendance import weeks
from attendance.actions.invitations import start_round
from attendance.actions.sessions import SessionPlan, cancel_session, open_session, plan_session
from attendance.models import CoverState, SeniorAttendance
from attendance.queries.invitations import InvitationChoice
from briefings.actions.assistants import name_assistant
from briefings.actions.partners import add_partners
from briefings.actions.programmes import change_programme, change_scope, start_programme
from briefings.actions.venues import add_room, add_venue
from briefings.models import CoverRule, Mandate, Part, Programme, ProgrammeRole, Room, Session, SessionKind
from config.demo import words
from config.demo.clock import Calendar
from config.demo.county import County

BEGINS = -48
OPENED = -44
INVITED = {1: -43, 2: -22}
AGAIN = -9
JOURNEY = 4
"""How many senior managers are asked for each session."""


class Pilot:
    """One Family Plan in Wrenshire, as it comes about."""

    def __init__(self, county: County, calendar: Calendar) -> None:
        self.county, self.calendar, self.cast = county, calendar, county.cast
        self.by = county.cast["coordinator"]
        self.programme: Programme
        self.mandates: list[Mandate] = []
        self.rooms: list[list[Room]] = []
        self.sessions: dict[str, Session] = {}

    def plan(self) -> None:
        """Put everything of the programme itself into the calendar."""
        day, at = self.calendar.day, self.calendar.at
        for hour, do in ((9, self._start), (10, self._appoint), (11, self._add_venues), (14, self._plan_sessions)):
            at(day(BEGINS), hour, do)
        at(day(OPENED), 9, self._open, [row[0] for row in words.SESSIONS if row[1] <= 9])
        at(day(-15), 9, self._open, ["workshop", "cancelled"])
        at(day(-4), 9, self._open, ["online"])
        for number, offset in INVITED.items():
            at(day(offset), 10, self._invite, number)
        at(day(AGAIN), 10, self._invite_again)
        at(day(-1), 15, self._cancel)
        self._plan_cover()
        at(day(-8), 9, self._ask_when)
        at(day(-6), 9, self._say_when)

    def _start(self, now: datetime) -> None:
        self.programme = start_programme(
            name="One Family Plan",
            coordinator=self.by,
            purpose=words.PURPOSE,
            invitation_introduction=words.INTRODUCTION,
            what_to_bring="Your work telephone. Tea and coffee are there; lunch is not.",
            contact_phone="01632 960123",
            cover_rule=CoverRule.AT_LEAST,
            cover_number=3,
            publishes_reach=True,
            starts_on=now.date(),
            ends_on=self.calendar.day(120),
            by=self.by,
            now=now,
        )
        change_scope(
            programme=self.programme,
            add_areas=[self.county.whole],
            add_professions=self.county.professions,
            by=self.by,
            now=now,
        )
        add_partners(
            programme=self.programme, organisations=self.county.organisations, since=now.date(), by=self.by, now=now
        )
        self.programme = change_programme(
            programme=self.programme, changes={"code": "OFP"}, by=self.by, now=now
        )  # references are read out on the telephone

    def _appoint(self, now: datetime) -> None:
        roles = {
            "second": ProgrammeRole.COORDINATOR,
            "facilitator": ProgrammeRole.FACILITATOR,
            "presenter": ProgrammeRole.FACILITATOR,
            "board": ProgrammeRole.BOARD,
            "governance": ProgrammeRole.INFORMATION_GOVERNANCE,
        }
        for key, role in roles.items():
            appointments.appoint(programme=self.programme, person=self.cast[key], role=role, by=self.by, now=now)
        rows = zip(self.county.organisations, self.county.seniors, words.JOB_TITLES, strict=True)
        for organisation, person, title in rows:
            self._give_mandate(organisation, person, title, now)
        for place in (0, 1, 2):
            organisation = self.county.organisations[place]
            colleague = self.county.practitioners[organisation.pk].pop()
            self._give_mandate(organisation, type(self.by).objects.get(pk=colleague), "Deputy director", now)
        mandate = Mandate.objects.get(programme=self.programme, person=self.county.seniors[0])
        name_assistant(mandate=mandate, person=self.cast["assistant"], until=None, by=self.by, now=now)

    def _give_mandate(self, organisation, person, title: str, now: datetime) -> None:
        made = appointments.give_mandate(
            programme=self.programme,
            organisation=organisation,
            person=person,
            job_title=title,
            since=now.date(),
            confirmed_by="Letter of the chief officers’ group",
            confirmed_on=now.date(),
            by=self.by,
            now=now,
        )
        self.mandates.append(made)

    def _add_venues(self, now: datetime) -> None:
        districts = {area.name: area for area in self.county.districts}
        for name, address, district, access, rooms in words.VENUES:
            venue = add_venue(
                name=name, address=address, area=districts[district], access_notes=access, by=self.by, now=now
            )
            self.rooms.append([add_room(venue=venue, name=n, capacity=c, by=self.by, now=now) for n, c in rooms])

    def _plan_sessions(self, now: datetime) -> None:
        for number, (key, offset, slot, venue, room, capacity, _, _) in enumerate(words.SESSIONS):
            presenter = self.cast["presenter" if number % 2 else "facilitator"]
            runs = ((presenter, Part.PRESENTER), (self.cast["facilitator"], Part.FACILITATOR))
            plan = SessionPlan(
                date=self.calendar.day(offset),
                slot=slot,
                capacity=capacity,
                kind=SessionKind.WORKSHOP if key == "workshop" else SessionKind.BRIEFING,
                title="Working together in one building" if key == "workshop" else "",
                room=self.rooms[venue][room] if venue is not None else None,
                online_link="https://meet.example.org/one-family-plan" if venue is None else "",
                runs=runs,
            )
            self.sessions[key] = plan_session(programme=self.programme, plan=plan, by=self.by, now=now)

    def _open(self, keys: list[str], now: datetime) -> None:
        for key in keys:
            self.sessions[key] = open_session(session=self.sessions[key], by=self.by, now=now)

    def _cancel(self, now: datetime) -> None:
        cancel_session(
            session=self.sessions["cancelled"],
            reason="The training room is needed for an exercise of the fire service that day.",
            by=self.by,
            now=now,
        )

    def _invite(self, number: int, now: datetime) -> None:
        rows = zip(self.county.organisations, words.ORGANISATIONS, strict=True)
        chosen = [organisation.pk for organisation, row in rows if row[5] == number]
        self._send_round(
            InvitationChoice(organisations=chosen), f"One Family Plan: choose your half-day ({number})", now
        )

    def _invite_again(self, now: datetime) -> None:
        choice = InvitationChoice(areas=[self.county.districts[0].pk, self.county.districts[1].pk], again=True)
        self._send_round(choice, "One Family Plan: there are places left near you", now)

    def _send_round(self, choice: InvitationChoice, subject: str, now: datetime) -> None:
        start_round(
            programme=self.programme,
            choice=choice,
            subject=subject,
            introduction="",
            press=uuid.uuid4(),
            by=self.by,
            now=now,
        )

    def _plan_cover(self) -> None:
        """Ask some senior managers for each session, a few days apart, and let them answer in every way there is."""
        day, at = self.calendar.day, self.calendar.at
        for number, (key, offset, *_, fate) in enumerate(words.SESSIONS):
            if fate == "draft":
                continue
            asked = min(max(OPENED, offset - 26), -3)
            places = [(number * 3 + step) % 12 for step in range(JOURNEY)]
            at(day(asked), 14, self._ask, key, places)
            for step, place in enumerate(places):
                answer = self._answer_of(number, step, offset)
                if answer and asked + 1 + step < 0:
                    at(day(min(asked + 1 + step, offset - 1)), 16 + step / 10, answer, key, place)
        at(day(-2), 11, self._withdraw, "cancelled")
        at(day(0), 8.6, self._ask, "online", [4, 5])
        at(day(0), 8.7, self._come, "online", 5)

    def _answer_of(self, number: int, step: int, offset: int):
        """Return what a senior manager says: mostly yes; some send a deputy, cannot, or (of late) have not said."""
        if step == 3 and offset >= 0:
            return None
        if step == 2 and number % 3 == 1:
            return self._cannot
        if step == 0 and number % 4 == 0:
            return self._send_deputy
        return self._come

    def _ask(self, key: str, places: list[int], now: datetime) -> None:
        requests = [(self.sessions[key], self.mandates[place]) for place in places]
        cover.ask_to_cover(requests=requests, by=self.by, now=now)

    def _request(self, key: str, place: int) -> SeniorAttendance:
        return SeniorAttendance.objects.select_related("session__programme", "person").get(
            session=self.sessions[key], person=self.mandates[place].person
        )

    def _come(self, key: str, place: int, now: datetime) -> None:
        own = self._request(key, place)
        by = self.cast["assistant"] if place == 0 else own.person
        cover.answer_coming(attendance=own, by=by, now=now)

    def _cannot(self, key: str, place: int, now: datetime) -> None:
        own = self._request(key, place)
        cover.answer_cannot(attendance=own, by=own.person, now=now)

    def _send_deputy(self, key: str, place: int, now: datetime) -> None:
        own = self._request(key, place)
        if place > 2:
            cover.answer_coming(attendance=own, by=own.person, now=now)
            return
        deputy = self.mandates[12 + place]
        asked = cover.answer_not_me(attendance=own, deputy=deputy, by=own.person, now=now)
        asked = own.session.senior_attendances.get(person=deputy.person)
        cover.answer_coming(attendance=asked, by=deputy.person, now=now)

    def _ask_when(self, now: datetime) -> None:
        availability.ask_availability(mandates=self.mandates[:8], by=self.by, now=now)

    def _say_when(self, now: datetime) -> None:
        """Three say when they can: not on Tuesdays, not in the morning, and, by the assistant, at any time."""
        ahead = weeks.halves_between(now.date(), now.date() + 26 * weeks.WEEK)
        for place, pattern in enumerate(("", "1", weeks.MORNING)):
            answers = dict.fromkeys(ahead, True) | (weeks.repeated(pattern, False, ahead) if pattern else {})
            by = self.mandates[place].person if place else self.cast["assistant"]
            availability.say_when(mandate=self.mandates[place], answers=answers, by=by, now=now)

    def _withdraw(self, key: str, now: datetime) -> None:
        asked = SeniorAttendance.objects.filter(session=self.sessions[key], state=CoverState.ASKED).first()
        if asked:
            cover.withdraw_request(attendance=asked, by=self.by, now=now)
