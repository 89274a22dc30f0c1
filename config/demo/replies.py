"""What comes back this morning: answers from calendars, one of them doubtful, a mail that could not be delivered."""

from datetime import datetime

from attendance.actions.answers import take_answers
from attendance.actions.places import accept_offer, take_place
from attendance.actions.policies import set_booking_rules
from attendance.actions.reminders import lapse_offers
from attendance.models import CalendarEntry, Place, PlaceState
from attendance.queries.shares import lost_places
from config.demo.clock import Calendar
from config.demo.pilot import Pilot
from messaging.models import Bounce, Inbound, Message

ANSWER = (
    "BEGIN:VCALENDAR\r\nPRODID:-//Example//Calendar//EN\r\nVERSION:2.0\r\nMETHOD:REPLY\r\nBEGIN:VEVENT\r\n"
    "UID:{uid}\r\nSEQUENCE:{sequence}\r\nDTSTAMP:{stamp:%Y%m%dT%H%M%SZ}\r\nORGANIZER:mailto:briefings@example.org\r\n"
    "ATTENDEE;PARTSTAT={said}:mailto:{attendee}\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
)


class Replies:
    """Answers to entries of ``pilot``, offers: one lapsed, one accepted, one that waits for an answer; a bounce."""

    def __init__(self, calendar: Calendar, pilot: Pilot) -> None:
        self.calendar, self.pilot = calendar, pilot

    def plan(self) -> None:
        """Put what comes this morning into the calendar."""
        at, today = self.calendar.at, self.calendar.today
        day = self.calendar.day
        at(day(-4), 17, self._offer)
        at(day(-2), 14, self._lapse)
        at(day(-2), 15, self._accept)
        at(today, 8.3, self._wait_before_others)
        for number, (key, said, proven) in enumerate(
            (("soon", "ACCEPTED", True), ("soon", "TENTATIVE", True), ("later", "DECLINED", False))
        ):
            at(today, 8.8 + number / 100, self._answer, key, number, said, proven)

    def _wait_before_others(self, now: datetime) -> None:
        """Let somebody whose session was cancelled wait for the full one: they stand before all others."""
        full = self.pilot.sessions["full"]
        there = Place.objects.live().filter(session=full).values("person")
        lost = lost_places(self.pilot.programme, now).exclude(person__in=there).select_related("person")
        person = lost.order_by("pk").last().person
        take_place(session=full, person=person, by=person, now=now)

    def _offer(self, now: datetime) -> None:
        """From some days before a session a freed place is offered, with a day to answer: that of the next day too."""
        days = (self.pilot.sessions["full"].date - self.calendar.day(-3)).days  # more over Easter and Christmas
        set_booking_rules(
            programme=self.pilot.programme, by=self.pilot.cast["coordinator"], now=now, offer_days=days, offer_hours=24
        )

    def _lapse(self, now: datetime) -> None:
        """Nobody answered the first offer, so the next in line gets one; who accepts it has a place."""
        lapse_offers(now=now)

    def _accept(self, now: datetime) -> None:
        offers = Place.objects.filter(session=self.pilot.sessions["full"], state=PlaceState.OFFERED)
        for place in offers.select_related("session", "person").order_by("pk"):
            accept_offer(place=place, by=place.person, now=now)

    def _answer(self, key: str, number: int, said: str, proven: bool, now: datetime) -> None:
        """Let the answer of somebody with a place come; what our server cannot vouch for waits for the coordinator."""
        place = self._booked(key)[number]
        entry = CalendarEntry.objects.get(person=place.person, session=place.session)
        words = ANSWER.format(uid=entry.uid, sequence=entry.sequence, stamp=now, said=said, attendee=place.person.email)
        Inbound.objects.create(
            message_id=f"<answer-{entry.pk}@calendar.example.org>",
            kind=Inbound.Kind.CALENDAR,
            received_at=now,
            sender=place.person.email,
            is_proven=proven,
            words=words,
        )
        take_answers(now=now)

    def _booked(self, key: str) -> list[Place]:
        found = Place.objects.filter(session=self.pilot.sessions[key], state=PlaceState.BOOKED)
        return list(found.exclude(person=None).select_related("session", "person").order_by("pk"))

    def bounce(self, now: datetime) -> None:
        """Mark the address of somebody whose invitation could not be delivered; after the mails have left."""
        sent = Message.objects.filter(kind="attendance.invitation", state=Message.State.SENT, person__isnull=False)
        message = sent.select_related("person").order_by("pk")[7]
        Bounce.objects.create(message=message, address=message.person.email, status="5.1.1", came_at=now)
