"""The entry of a session in somebody's calendar, as one iCalendar object that Outlook, Google and Apple accept.

Sources: RFC 5545, 5546 (iTIP), 6047 (iMIP), 6868, 7986; calendar-and-mail.md CAL-01 to CAL-19 as decisions.md settles
them: UTC times and no time-zone block, organiser and sender one mailbox, the attendee alone, no token in the entry.
"""

import re
from datetime import UTC, datetime
from urllib.parse import quote

from icalendar import Calendar, Event, vCalAddress, vText, vUri

from attendance.models import CalendarEntry
from briefings.models import Session
from briefings.words import contact_in_words, where_in_words
from face.dates import clock
from messaging.headers import Unmailable, clean_name, mailbox
from messaging.mime import Sender
from messaging.queries import sender_for

REQUEST, CANCEL, PUBLISH = "REQUEST", "CANCEL", "PUBLISH"

PRODID = "-//Briefing Hub//Sessions//EN"
_UNSEEN = re.compile(
    "[\x00-\x09\x0b-\x1f\x7f-\x9f\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff\ud800-\udfff]+"
)
"""What may not stand in a text value but a line end: icalendar 7.3 lets most of these through (CAL-13)."""


def request_for(entry: CalendarEntry, *, now: datetime) -> bytes:
    """Return the invitation that puts ``entry`` into a calendar, or updates it there: METHOD:REQUEST.

    ``entry`` has session (with programme and room) and person; ``now`` (aware) becomes DTSTAMP, new with each send,
    while UID and SEQUENCE are the entry's own (CAL-01, CAL-02, CAL-04).
    Raises messaging.headers.Unmailable where the person has no mailbox that can be mailed.
    """
    return _object(entry, REQUEST, now)


def cancel_for(entry: CalendarEntry, *, now: datetime) -> bytes:
    """Return what takes ``entry`` out of a calendar: METHOD:CANCEL, STATUS:CANCELLED (RFC 5546, 3.2.5).

    The caller has raised the entry's number already (attendance.actions.engagements.take_out). Raises as
    ``request_for`` does.
    """
    return _object(entry, CANCEL, now)


def file_for(entry: CalendarEntry, *, now: datetime) -> bytes:
    """Return ``entry`` as a file to keep: METHOD:PUBLISH, the same UID, nobody asked for an answer (CAL-18)."""
    return _object(entry, PUBLISH, now)


def _object(entry: CalendarEntry, method: str, now: datetime) -> bytes:
    calendar = Calendar()
    calendar.add("METHOD", method)
    calendar.add("VERSION", "2.0")
    calendar.add("PRODID", PRODID)
    calendar.add_component(event_of(entry, method, now))
    return calendar.to_ical(sorted=False)


def event_of(entry: CalendarEntry, method: str, now: datetime, *, sender: Sender | None = None) -> Event:
    """Return ``entry`` as it stands in an object of ``method``; ``sender`` is the organiser, asked for if not given."""
    session, event = entry.session, Event()
    event.add("UID", str(entry.uid))
    event.add("DTSTAMP", utc(now))
    event.add("SEQUENCE", entry.sequence)
    event.add("DTSTART", utc(session.during.lower))
    event.add("DTEND", utc(session.during.upper))
    event.add("SUMMARY", text(session))
    event.add("LOCATION", text(where_in_words(session, address=True)))
    event.add("DESCRIPTION", text(_description(session)))
    event.add("STATUS", "CANCELLED" if method == CANCEL else "CONFIRMED")
    event.add("TRANSP", "TRANSPARENT" if method == CANCEL else "OPAQUE")
    if session.online_link and method != CANCEL:
        event.add("CONFERENCE", vUri(_line(session.online_link)), parameters={"VALUE": "URI", "FEATURE": "VIDEO"})
    event.add("ORGANIZER", organizer(sender or sender_for(session.programme)), encode=0)
    if method != PUBLISH:
        event.add("ATTENDEE", _attendee(entry, method), encode=0)
    return event


def _description(session: Session) -> str:
    programme, lines = session.programme, []
    if str(session) != programme.name:
        lines.append(programme.name)
    if session.notes:
        lines.append(session.notes)
    if session.online_link:
        lines.append(f"Join online: {session.online_link}")
    if programme.what_to_bring:
        lines.append(f"Bring: {programme.what_to_bring}")
    local = f"{clock(session.starts)} to {clock(session.ends)}, {session.zone.replace('_', ' ')} time"
    lines.append(local)
    if contact_in_words(programme):
        lines.append(f"Questions: {contact_in_words(programme)}")
    return "\n\n".join(lines)


def organizer(sender: Sender) -> vCalAddress:
    """Return the organiser: the mailbox that the mails come from (CAL-16)."""
    return _party(sender.name, sender.address)


def _attendee(entry: CalendarEntry, method: str) -> vCalAddress:
    party = _party(entry.person.name, entry.person.email or "")
    party.params["CUTYPE"] = "INDIVIDUAL"
    party.params["ROLE"] = "REQ-PARTICIPANT"
    if method == REQUEST:
        party.params["PARTSTAT"] = "ACCEPTED"
        party.params["RSVP"] = "TRUE"
    return party


def _party(name: str, address: str) -> vCalAddress:
    bare = mailbox(address)
    party = vCalAddress("mailto:" + quote(bare, safe="@!$'*+"))  # RFC 6068, 2
    party.params["CN"] = vText(clean_name(_line(name)) or bare)
    return party


def text(value: object) -> str:
    """Return ``value`` with one sort of line end and nothing that cannot be seen; the library escapes it (CAL-13)."""
    return _UNSEEN.sub(" ", str(value).replace("\r\n", "\n").replace("\r", "\n")).strip()


def _line(value: object) -> str:
    return " ".join(text(value).split())


def utc(moment: datetime) -> datetime:
    """Return ``moment`` in UTC and whole seconds (CAL-12)."""
    return moment.astimezone(UTC).replace(microsecond=0)


__all__ = ["CANCEL", "PUBLISH", "REQUEST", "Unmailable", "cancel_for", "file_for", "request_for"]
