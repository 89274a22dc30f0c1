"""The online session of two days ago: its Teams reports, the first taken over, the second to be decided."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from django.core.files.base import ContentFile

from attendance.actions import online
from attendance.models import OnlineReport, Place, PlaceState
from briefings.models import Session
from config.demo import words
from config.demo.clock import Calendar
from config.demo.county import County
from config.demo.pilot import Pilot

BREAKS = timedelta(minutes=80)
"""How long after its beginning the meeting broke down; the second one began five minutes later."""
_TITLE = "One Family Plan: online briefing"
_NICKNAME = "Galaxy S21 (Guest)"


class OnlineDay:
    """Who was there: most are known by their address, two are for a person to decide."""

    def __init__(self, county: County, calendar: Calendar, pilot: Pilot) -> None:
        self.calendar, self.pilot, self.county = calendar, pilot, county
        self.by = county.cast["coordinator"]

    def plan(self) -> None:
        """Put both reports into the calendar."""
        self.calendar.at(self.calendar.day(-1), 9.5, self._take_over_first)
        self.calendar.at(self.calendar.today, 8.9, self._upload_second)

    def _take_over_first(self, now: datetime) -> None:
        session = self._session()
        begin, end = session.during.lower, session.during.lower + BREAKS
        report = self._upload("1", [(words.GUEST, "", begin, end), *self._known(begin, end)], now)
        guest = report.presences.get(name=words.GUEST)
        online.decide(report=report, decisions={guest.pk: self.county.organisations[6]}, by=self.by, now=now)
        online.take_over(report=report, by=self.by, now=now)

    def _upload_second(self, now: datetime) -> None:
        session = self._session()
        begin, end = session.during.lower + BREAKS + timedelta(minutes=5), session.during.upper
        guests = [("Cameby, Hal", "", begin, end), (_NICKNAME, "", begin + timedelta(minutes=4), end)]
        self._upload("2", [*guests, *self._known(begin, end)[:-1]], now)

    def _session(self) -> Session:
        return Session.objects.select_related("programme").get(pk=self.pilot.sessions["screen"].pk)

    def _known(self, begin: datetime, end: datetime) -> list[tuple[str, str, datetime, datetime]]:
        """Return those with a place, but two who stayed away; one came late."""
        places = Place.objects.filter(session=self.pilot.sessions["screen"], state=PlaceState.BOOKED)
        people = [place.person for place in places.select_related("person").order_by("pk")[2:]]
        late = timedelta(minutes=25)
        return [(one.name, one.email, begin + late * (not number), end) for number, one in enumerate(people)]

    def _upload(self, number: str, rows: list[tuple[str, str, datetime, datetime]], now: datetime) -> OnlineReport:
        """Upload what Teams would write of ``rows``: name, address, joined, left."""
        lines = ["1. Summary", f"Meeting title\t{_TITLE}", f"Attended participants\t{len(rows)}", "", "2. Participants"]
        lines.append("Name\tFirst Join\tLast Leave\tIn-Meeting Duration\tEmail\tParticipant ID (UPN)\tRole")
        for name, address, joined, left in rows:
            minutes = (left - joined) // timedelta(minutes=1)
            stay = f"{minutes // 60}h {minutes % 60}m 0s"
            lines.append(f"{name}\t{_when(joined)}\t{_when(left)}\t{stay}\t{address}\t{address}\tAttendee")
        content = "\r\n".join([*lines, ""]).encode("utf-16")
        name = f"{_TITLE.replace(':', '')} - Attendance report {number}.csv"
        file = ContentFile(content, name)
        return online.upload_report(session=self._session(), file=file, by=self.by, now=now)


def _when(moment: datetime) -> str:
    local = moment.astimezone(ZoneInfo("Europe/London"))
    return f"{local.month}/{local.day}/{local:%y}, {local.hour % 12 or 12}:{local:%M:%S %p}"
