"""Places in the pilot: who books when, who gives up or moves, who waits, and what the register says afterwards."""

from collections import defaultdict
from datetime import date, datetime, timedelta
from random import Random
from uuid import UUID

from django.core.files.base import ContentFile

import attendance.actions.afterwards as afterwards
import attendance.actions.cover as cover
import attendance.actions.handovers as handovers
import attendance.actions.places as places
import attendance.actions.policies as policies
import attendance.actions.register as register
import attendance.actions.swaps as swaps
import attendance.actions.teams as teams
from accounts.models import Person
from attendance.actions.invitations import answer_invitation
from attendance.actions.needs import set_access_need
from attendance.models import (
    AbsenceCode,
    CoverState,
    Invitation,
    InvitationAnswer,
    MarkKind,
    Place,
    PlaceState,
    Quota,
    SeniorAttendance,
    Team,
    TeamRule,
)
from attendance.queries.teams import colleagues_to_book
from briefings.models import Mandate
from config.demo import words
from config.demo.bulk import seat_many
from config.demo.clock import Calendar
from config.demo.county import County
from config.demo.pilot import INVITED, OPENED, Pilot

NEEDS = ("I use a wheelchair.", "Please keep a seat near the front: I lip-read.", "No nuts in the biscuits, please.")
WALK_INS = ("Perdita Unlisted", "Hal Cameby")
PLACE_OF_TEAM = 1
"""The organisation whose lead books a team."""
LIMITED = 2
"""The organisation whose quota is released this morning."""


class Bookings:
    """Who takes places in ``pilot``. People are drawn from those invited by then, the same for the same ``random``."""

    def __init__(self, county: County, calendar: Calendar, pilot: Pilot, random: Random) -> None:
        self.county, self.calendar, self.pilot, self.random = county, calendar, pilot, random
        self.by = county.cast["coordinator"]
        self._by_day: dict[date, list[tuple[str, int, float]]] = defaultdict(list)
        self._queues = {number: self._invited_in(number) for number in INVITED}

    def plan(self) -> None:
        """Put bookings, changes, answers and registers into the calendar."""
        for number, row in enumerate(words.SESSIONS):
            key, offset, _, _, _, _, booked, fate = row
            if booked:
                self._plan_bookings(key, offset, booked)
            if fate == "held":
                self._plan_day(number, key, offset)
        for day in self._by_day:
            self.calendar.at(day, 18.5, self._book_day, day)
        self._plan_changes()
        self._plan_this_morning()

    def _invited_in(self, number: int) -> list[int]:
        rows = zip(self.county.organisations, words.ORGANISATIONS, strict=True)
        people = [
            person
            for organisation, row in rows
            if row[5] == number
            for person in self.county.practitioners[organisation.pk]
        ]
        self.random.shuffle(people)
        return people

    def _plan_bookings(self, key: str, offset: int, booked: int) -> None:
        first = max(OPENED + 2, offset - 22) if offset <= 9 else {"online": -3}.get(key, -14)
        last = min(offset - 1, -1)
        for number in range(booked):
            # Most people answer in the first days after the mail, some just before the session.
            share = self.random.random() ** 2
            day = first + round((last - first) * share)
            invited = 2 if day > INVITED[2] and number % 2 == 0 and self._queues[2] else 1
            at, person = 8 + self.random.random() * 10, self._queues[invited].pop()
            if key == "full":
                self.calendar.at(self.calendar.day(day), at, self._book, key, person)
            else:
                self._by_day[self.calendar.day(day)].append((key, person, at))

    def _book_day(self, day: date, now: datetime) -> None:
        """Write the bookings of one day in one go: one by one they would take most of the time that a start has."""
        seat_many(
            (self.pilot.sessions[key].pk, person, self.calendar.moment(day, at))
            for key, person, at in self._by_day[day]
        )

    def _book(self, key: str, person: int, now: datetime) -> None:
        own = Person.objects.get(pk=person)
        places.take_place(session=self.pilot.sessions[key], person=own, by=own, now=now)

    def _plan_changes(self) -> None:
        day, at = self.calendar.day, self.calendar.at
        practitioner = self.county.cast["practitioner"].pk
        at(day(OPENED + 4), 12.4, self._book, "soon", practitioner)
        offsets = {row[0]: row[1] for row in words.SESSIONS}
        for number, key in enumerate(("first", "third", "today", "full", "later")):
            at(day(min(-3, offsets[key] - 3)), 13 + number / 10, self._give_up, key)
        at(day(-5), 17, self._move, "later", "soon")
        at(day(-7), 17, self._move, "today", "later")
        for number, words_ in enumerate(NEEDS):
            at(day(-2), 10 + number, self._need, ("today", "soon", "soon")[number], number, words_)
        at(day(-1), 16, self._book_for_lost)
        for step in range(18):
            answer = InvitationAnswer.NOT_FOR_ME if step % 3 == 0 else InvitationAnswer.NONE_SUITS
            at(day(-40 + step * 2), 11.3, self._answer, answer)

    def _plan_this_morning(self) -> None:
        """What is in the mailbox: two bookings, a place given up in the full session, one more in line for it."""
        at, today = self.calendar.at, self.calendar.today
        for number, key in enumerate(("soon", "later", "full")):
            at(today, 8 + number / 10, self._book, key, self._queues[2].pop())
        at(today, 8.4, self._give_up, "full")
        at(today, 8.5, self._move, "later", "workshop")
        at(today, 8.6, self._book_team, "later")
        at(today, 8.65, self._leave_team)
        at(today, 8.7, self._set_quota, "later")
        at(today, 8.75, self._wait_for_the_quota, "later")
        at(self.calendar.day(-1), 16.5, self._limit_another)
        at(today, 8.8, self._release_it)

    def _set_quota(self, key: str, now: datetime) -> None:
        """Keep the partner that booked a team from filling the room, for one more week: what it has is enough."""
        own = self.county.organisations[PLACE_OF_TEAM]
        seated = Place.objects.seated().filter(session=self.pilot.sessions[key], organisation=own).count()
        released_on = self.calendar.day(5)
        policies.set_quota(
            programme=self.pilot.programme, organisation=own, seats=seated, released_on=released_on, by=self.by, now=now
        )

    def _limit_another(self, now: datetime) -> None:
        """Keep another partner from filling the rooms, until somebody releases that by a press."""
        own = self.county.organisations[LIMITED]
        policies.set_quota(
            programme=self.pilot.programme, organisation=own, seats=12, released_on=None, by=self.by, now=now
        )

    def _release_it(self, now: datetime) -> None:
        quota = Quota.objects.get(programme=self.pilot.programme, organisation=self.county.organisations[LIMITED])
        policies.release_quota(quota=quota, by=self.by, now=now)

    def _leave_team(self, now: datetime) -> None:
        """Let one of the team hand the place to a colleague and another give it up: their lead gets a mail."""
        team = Team.objects.get(session__programme=self.pilot.programme)
        first, second = team.places.filter(person__isnull=False).select_related("session", "person").order_by("pk")[:2]
        heir = colleagues_to_book(self.pilot.programme, team.organisation, now).filter(email__isnull=False)[0]
        asked = handovers.ask_colleague(place=first, email=heir.email, by=first.person, now=now)
        handovers.take_over(handover=asked, by=heir, now=now)
        places.give_up_place(place=second, by=second.person, now=now)

    def _wait_for_the_quota(self, key: str, now: datetime) -> None:
        """Let a colleague of theirs wait, though places are free."""
        found = colleagues_to_book(self.pilot.programme, self.county.organisations[PLACE_OF_TEAM], now)
        person = found.reverse()[0]  # not whoever has just left the team
        places.take_place(session=self.pilot.sessions[key], person=person, by=person, now=now)

    def _book_team(self, key: str, now: datetime) -> None:
        """Let the lead of an organisation book five colleagues, and two places that get their names later."""
        session, organisation = self.pilot.sessions[key], self.county.organisations[PLACE_OF_TEAM]
        teams.book_team(
            session=session,
            organisation=organisation,
            people=colleagues_to_book(self.pilot.programme, organisation, now)[:5],
            unnamed=2,
            rule=TeamRule.FIT,
            names_until=self.calendar.day(5),
            press=self._id(),
            by=self.county.cast["lead"],
            now=now,
        )

    def _booked(self, key: str) -> list[Place]:
        found = Place.objects.filter(session=self.pilot.sessions[key], state=PlaceState.BOOKED)
        return list(
            found.exclude(person=self.county.cast["practitioner"]).select_related("session", "person").order_by("pk")
        )

    def _give_up(self, key: str, now: datetime) -> None:
        place = self.random.choice(self._booked(key))
        places.give_up_place(place=place, by=place.person, now=now)

    def _move(self, key: str, to: str, now: datetime) -> None:
        place = self.random.choice(self._booked(key))
        swaps.change_place(place=place, to=self.pilot.sessions[to], by=place.person, now=now)

    def _need(self, key: str, number: int, what: str, now: datetime) -> None:
        place = self._booked(key)[number]
        set_access_need(place=place, words=what, welsh=number == 1, by=place.person, now=now)

    def _book_for_lost(self, now: datetime) -> None:
        """Let the coordinator book two of those whose session was cancelled into another one."""
        lost = Place.objects.filter(session=self.pilot.sessions["cancelled"], state=PlaceState.ENDED)
        for place in lost.select_related("person").order_by("pk")[:2]:
            places.take_place(session=self.pilot.sessions["workshop"], person=place.person, by=self.by, now=now)

    def _answer(self, answer: InvitationAnswer, now: datetime) -> None:
        own = (
            Invitation.objects.unanswered()
            .filter(programme=self.pilot.programme, person__in=self._queues[1])
            .select_related("person")
            .order_by("pk")
            .first()
        )
        if own:
            answer_invitation(invitation=own, answer=answer, by=own.person, now=now)

    def _plan_day(self, number: int, key: str, offset: int) -> None:
        starts = 13.5 if words.SESSIONS[number][2] == "afternoon" else 9.5
        day, at = self.calendar.day(offset), self.calendar.at
        at(day, starts - 0.1, self._mark, key)
        at(day, starts + 0.2, self._walk_in, key, number)
        at(day, starts + 0.3, self._seniors_came, key)
        at(day, starts + 3.1, self._close, key)
        at(day, starts + 3.2, self._add_paper, key)
        at(self.calendar.day(offset + 1), 9.5, self._match, key, number)
        at(self.calendar.day(offset + 1), 11.5, self._say_why, key, number)

    def _mark(self, key: str, now: datetime) -> None:
        """Mark those who come: the last two on the list stay away, one is excused, one is late, one leaves early."""
        booked, by = self._booked(key), self.county.cast["facilitator"]
        kinds = {0: MarkKind.EXCUSED, 1: MarkKind.LATE, 2: MarkKind.LEFT_EARLY}
        for number, place in enumerate(booked[:-2]):
            kind, moment = kinds.get(number, MarkKind.ATTENDED), now + timedelta(seconds=20 * number)
            self._press(key, place, kind, by, moment)

    def _press(self, key: str, subject, kind: MarkKind, by: Person, now: datetime) -> None:
        register.mark(session=self.pilot.sessions[key], subject=subject, kind=kind, press=self._id(), by=by, now=now)

    def _id(self) -> UUID:
        return UUID(int=self.random.getrandbits(128), version=4)

    def _walk_in(self, key: str, number: int, now: datetime) -> None:
        by = self.county.cast["facilitator"]
        if number % 2 == 0:
            guest = WALK_INS[number // 2 % 2]
            organisation = self.county.organisations[6 + number // 2]
            self._add(key, guest, organisation, by, now)
        known = Person.objects.get(pk=self._queues[1].pop())
        organisation = known.affiliations.select_related("organisation").first().organisation
        self._add(key, known.name, organisation, by, now)

    def _add(self, key: str, name: str, organisation, by: Person, now: datetime) -> None:
        register.add_walk_in(
            session=self.pilot.sessions[key], name=name, organisation=organisation, press=self._id(), by=by, now=now
        )

    def _match(self, key: str, number: int, now: datetime) -> None:
        for walk_in in self.pilot.sessions[key].walk_ins.filter(person=None):
            known = Person.objects.filter(name=walk_in.name, affiliations__organisation=walk_in.organisation_id).first()
            if known and number < 4:
                register.match_walk_in(walk_in=walk_in, person=known, by=self.by, now=now)

    def _add_paper(self, key: str, now: datetime) -> None:
        """Keep a paper of the session for those who came."""
        file = ContentFile(words.PAPER.encode(), name="The operating procedures in short.txt")
        by = self.county.cast["facilitator"]
        afterwards.add_material(session=self.pilot.sessions[key], file=file, title="", by=by, now=now)

    def _say_why(self, key: str, number: int, now: datetime) -> None:
        """Let one of those who did not come say why."""
        missed = Place.objects.filter(session=self.pilot.sessions[key], missed_at__isnull=False).select_related(
            "person"
        )
        place = missed.order_by("pk").first()
        if place:
            code = list(AbsenceCode)[number % len(AbsenceCode)]
            afterwards.say_why_absent(place=place, code=code, by=place.person, now=now)

    def _seniors_came(self, key: str, now: datetime) -> None:
        session = self.pilot.sessions[key]
        coming = SeniorAttendance.objects.filter(session=session, state=CoverState.COMING).order_by("pk")
        for own in list(coming)[:3]:
            mandate = Mandate.objects.get(
                programme=self.pilot.programme, person=own.person_id, organisation=own.organisation_id
            )
            cover.note_attended(session=session, mandate=mandate, by=self.county.cast["facilitator"], now=now)

    def _close(self, key: str, now: datetime) -> None:
        register.close_register(session=self.pilot.sessions[key], by=self.county.cast["facilitator"], now=now)
