"""Sessions as a feed that a calendar program subscribes to: for one person, and a programme's public ones.

Sources: RFC 5545, 7986 (NAME, COLOR, REFRESH-INTERVAL), 9110 8.8.3 (weak validators); calendar-and-mail.md CAL-17 and
CAL-19. The entries of a person are those of the mails, with the same UID and number.
"""

import hashlib
import uuid
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from django.conf import settings
from django.urls import reverse
from icalendar import Calendar, Event, vDuration, vUri

from accounts.links import PURPOSES, token_of
from accounts.models import PersonalLink
from attendance.calendar import PRODID, PUBLISH, event_of, organizer, text, utc
from attendance.models import CalendarEntry
from briefings.models import Programme, Session
from briefings.words import where_in_words
from messaging.mime import Sender

REFRESH = timedelta(hours=4)
"""How often a program should look again: most look less often whatever is said here."""

_COLOUR = "teal"  # RFC 7986 takes the names of CSS alone
_ALWAYS = datetime(1970, 1, 1, tzinfo=UTC)
_NAMESPACE = uuid.UUID("6a4b54ab-8a3c-4c86-9f0e-3f1a7d1c9b52")


@dataclass(frozen=True)
class Feed:
    """A feed as it is sent, and its validator: the same as long as nothing but the stamp differs."""

    body: bytes
    etag: str


def feed_address(link: PersonalLink) -> str:
    """Return the absolute address of the feed that ``link`` opens, built from settings.SITE_URL."""
    return f"{settings.SITE_URL}/{PURPOSES[link.purpose].path_prefix}/{token_of(link)}.ics"


def person_feed(
    entries: Iterable[CalendarEntry], *, name: str, sender_of: Callable[[Programme], Sender], now: datetime
) -> Feed:
    """Return the feed of ``entries``, each with session (programme, room and venue) and person.

    ``sender_of`` returns who the mails of a programme come from: the organiser.
    """
    events = (event_of(entry, PUBLISH, _ALWAYS, sender=sender_of(entry.session.programme)) for entry in entries)
    return _feed(events, name, now)


def public_feed(programme: Programme, sessions: Iterable[Session], *, sender: Sender, now: datetime) -> Feed:
    """Return the feed of the public ``sessions`` of ``programme``: when, where, what, and the page on which to book.

    Nothing that only those with a place are told: neither the link for people online nor how to get in.
    """
    return _feed((_public_event(session, sender) for session in sessions), f"Sessions of {programme.name}", now)


def _public_event(session: Session, sender: Sender) -> Event:
    address = f"{settings.SITE_URL}{reverse('attendance:session-show', args=[session.pk])}"
    event = Event()
    # No one's own entry: who takes a place gets theirs by mail, under a UID that nobody else knows.
    event.add("UID", str(uuid.uuid5(_NAMESPACE, address)))
    event.add("DTSTAMP", _ALWAYS)
    event.add("SEQUENCE", session.revision)
    event.add("DTSTART", utc(session.during.lower))
    event.add("DTEND", utc(session.during.upper))
    event.add("SUMMARY", text(session))
    event.add("LOCATION", text(where_in_words(session, address=True)))
    named = [] if str(session) == session.programme.name else [session.programme.name]
    event.add("DESCRIPTION", text("\n\n".join([*named, f"Take a place: {address}"])))
    event.add("URL", vUri(address))
    event.add("STATUS", "CONFIRMED")
    event.add("TRANSP", "TRANSPARENT")  # on offer: nobody is busy because of it
    event.add("ORGANIZER", organizer(sender), encode=0)
    return event


def _feed(events: Iterable[Event], name: str, now: datetime) -> Feed:
    calendar = Calendar()
    calendar.add("METHOD", PUBLISH)
    calendar.add("VERSION", "2.0")
    calendar.add("PRODID", PRODID)
    calendar.add("NAME", text(name))
    calendar.add("X-WR-CALNAME", text(name))
    calendar.add("COLOR", _COLOUR)
    calendar.add("REFRESH-INTERVAL", vDuration(REFRESH), parameters={"VALUE": "DURATION"})
    calendar.add("X-PUBLISHED-TTL", vDuration(REFRESH).to_ical().decode())
    for event in events:
        calendar.add_component(event)
    made = calendar.to_ical(sorted=False)
    # The stamp is that of the sending (CAL-04), so the validator is weak and leaves it out.
    digest = hashlib.sha256(made).hexdigest()[:32]
    stamp = f"DTSTAMP:{utc(now):%Y%m%dT%H%M%SZ}".encode()
    return Feed(made.replace(b"DTSTAMP:19700101T000000Z", stamp), f'W/"{digest}"')
