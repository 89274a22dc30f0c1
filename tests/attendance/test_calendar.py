"""The entry of a session in a calendar: its structure, its numbers, and that another library reads it the same."""

import ctypes
import ctypes.util
from datetime import UTC, date, datetime, time

import pytest
from icalendar import Calendar

from attendance.actions.engagements import announce, take_out
from attendance.actions.sessions import change_session
from attendance.calendar import Unmailable, cancel_for, file_for, request_for
from attendance.models import CalendarEntry
from attendance.replies import parse
from briefings.models import Slot
from messaging.models import SenderProfile
from tests.attendance.places import NOW, a_place, a_programme, a_session
from tests.briefings.factories import RoomFactory, VenueFactory
from tests.messaging.incoming import calendar
from tests.organisations.factories import PersonFactory

pytestmark = pytest.mark.django_db


def an_entry(**fields) -> CalendarEntry:
    """The entry of Amina in a session at the Guildhall."""
    programme = a_programme(
        name="One Family Plan",
        what_to_bring="Your badge",
        contact_email="team@example.org",
        contact_phone="01632 960 001",
    )
    venue = VenueFactory(name="Tolbury Guildhall", address="1 Mill Lane,\nTolbury TL1 1AA")
    room = RoomFactory(venue=venue, name="Court Room")
    session = a_session(programme, **{"room": room, **fields})
    person = PersonFactory(name="Amina Samplewood", email="amina@example.org")
    announce(person.pk, session)
    return entry_of(person, session)


def entry_of(person, session) -> CalendarEntry:
    found = CalendarEntry.objects.select_related("session__programme", "session__room__venue", "person")
    return found.get(person=person, session=session)


def event_of(ics: bytes):
    return Calendar.from_ical(ics).walk("VEVENT")[0]


def unfolded(ics: bytes) -> list[str]:
    return ics.decode().replace("\r\n ", "").split("\r\n")


def test_the_invitation_line_by_line():
    entry = an_entry()
    assert unfolded(request_for(entry, now=NOW)) == [
        "BEGIN:VCALENDAR",
        "METHOD:REQUEST",
        "VERSION:2.0",
        "PRODID:-//Briefing Hub//Sessions//EN",
        "BEGIN:VEVENT",
        f"UID:{entry.uid}",
        "DTSTAMP:20261102T090000Z",
        "SEQUENCE:0",
        "DTSTART:20261126T093000Z",
        "DTEND:20261126T123000Z",
        "SUMMARY:One Family Plan",
        "LOCATION:Tolbury Guildhall\\, Court Room\\, 1 Mill Lane\\, Tolbury TL1 1AA",
        "DESCRIPTION:Bring: Your badge\\n\\n9:30am to 12:30pm\\, Europe/London time\\n\\n"
        "Questions: team@example.org\\, 01632 960 001",
        "STATUS:CONFIRMED",
        "TRANSP:OPAQUE",
        "ORGANIZER;CN=Briefings:mailto:briefings@example.org",
        'ATTENDEE;CN="Amina Samplewood";CUTYPE=INDIVIDUAL;ROLE=REQ-PARTICIPANT;PARTSTAT=ACCEPTED;RSVP=TRUE'
        ":mailto:amina@example.org",
        "END:VEVENT",
        "END:VCALENDAR",
        "",
    ]


def test_lines_are_folded_at_75_octets_without_cutting_a_letter():
    ics = request_for(an_entry(title="Ŵ" * 120), now=NOW)
    assert max(len(line) for line in ics.split(b"\r\n")) <= 75
    assert b"\n" not in ics.replace(b"\r\n", b"")
    assert event_of(ics)["SUMMARY"] == "Ŵ" * 120


def test_a_cancellation_has_the_same_uid_and_a_higher_number():
    entry = an_entry()
    take_out([entry.person_id], entry.session)
    entry.refresh_from_db()
    event = event_of(cancel_for(entry, now=NOW))
    assert (str(event["UID"]), event["SEQUENCE"], event["STATUS"], event["TRANSP"]) == (
        str(entry.uid), 1, "CANCELLED", "TRANSPARENT",
    )  # fmt: skip
    assert b"METHOD:CANCEL" in cancel_for(entry, now=NOW)


def test_a_file_asks_nobody_for_an_answer():
    ics = file_for(an_entry(), now=NOW)
    assert b"METHOD:PUBLISH" in ics
    assert b"ATTENDEE" not in ics


def test_the_number_rises_with_a_change_and_a_new_booking_but_not_with_a_send():
    entry = an_entry()
    numbers = [announce(entry.person_id, entry.session).sequence for _ in range(2)]
    take_out([entry.person_id], entry.session)
    numbers.append(announce(entry.person_id, entry.session).sequence)
    session = a_session()
    place = a_place(session)
    change_session(session=session, date=date(2026, 12, 3), by="clock", now=NOW)
    assert numbers == [0, 0, 2]
    assert entry_of(place.person, session).sequence == 1


def test_what_is_typed_cannot_add_a_line():
    hostile = 'A\r\nATTENDEE:mailto:evil@example.org\x0b\u2028\u202e\u2066;,\\"'
    entry = an_entry(title=hostile, notes=hostile, online_link="https://meet.example.org/?a=1,2;3")
    entry.person.name = f"{hostile}\x00"  # a name from elsewhere: the database would refuse it
    lines = unfolded(request_for(entry, now=NOW))
    assert [line for line in lines if line.startswith("ATTENDEE")] == [lines[-4]]
    assert not any(character in "".join(lines) for character in "\x00\x0b\u2028\u202e\u2066")
    assert len(Calendar.from_ical(request_for(entry, now=NOW)).walk("VEVENT")) == 1


def test_somebody_without_a_mailbox_gets_none():
    entry = an_entry()
    entry.person.email = None
    with pytest.raises(Unmailable):
        request_for(entry, now=NOW)


def test_the_organiser_is_the_sender_of_the_programme():
    entry = an_entry()
    SenderProfile.objects.create(
        about=f"briefings.programme:{entry.session.programme_id}", name="Wren Valley", address="wren@example.org"
    )
    assert str(event_of(request_for(entry, now=NOW))["ORGANIZER"]) == "mailto:wren@example.org"


def test_a_mailbox_is_written_as_a_uri():
    """RFC 6068, 2: what has a meaning in a URI is escaped, and an answer with it is known."""
    entry = an_entry()
    entry.person.email = "o'brien+a#b/c&d=e%3f@example.org"
    attendee = event_of(request_for(entry, now=NOW))["ATTENDEE"]
    assert attendee == "mailto:o'brien+a%23b%2Fc%26d%3De%253f@example.org"
    assert parse(calendar(str(entry.uid), attendee.removeprefix("mailto:"))).attendee == entry.person.email


def test_only_an_online_session_has_a_conference():
    event = event_of(request_for(an_entry(room=None, online_link="https://meet.example.org/1"), now=NOW))
    assert event["LOCATION"] == "Online"
    assert (str(event["CONFERENCE"]), event["CONFERENCE"].params["FEATURE"]) == ("https://meet.example.org/1", "VIDEO")


@pytest.mark.parametrize(
    ("day", "utc"),
    [(date(2027, 3, 27), 9), (date(2027, 3, 28), 8), (date(2027, 10, 30), 8), (date(2027, 10, 31), 9)],
)
def test_the_entry_keeps_the_wall_clock_when_the_clocks_change(day, utc):
    event = event_of(request_for(an_entry(date=day), now=NOW))
    assert event["DTSTART"].dt == datetime.combine(day, time(utc, 30), UTC)


@pytest.mark.libical
def test_libical_reads_it_the_same():
    library = ctypes.CDLL(ctypes.util.find_library("ical"))
    for name in ("icalparser_parse_string", "icalcomponent_get_first_component"):
        getattr(library, name).restype = ctypes.c_void_p
    for name in ("icalcomponent_get_summary", "icalcomponent_get_uid", "icalcomponent_get_location"):
        getattr(library, name).restype = ctypes.c_char_p
    entry = an_entry(title="Plan; one, two", slot=Slot.MORNING)
    root = ctypes.c_void_p(library.icalparser_parse_string(request_for(entry, now=NOW)))
    event = ctypes.c_void_p(library.icalcomponent_get_first_component(root, 4))  # ICAL_VEVENT_COMPONENT
    assert library.icalcomponent_count_errors(root) == 0
    assert library.icalcomponent_get_summary(event).decode() == "Plan; one, two"
    assert library.icalcomponent_get_uid(event).decode() == str(entry.uid)
    assert library.icalcomponent_get_location(event).decode().startswith("Tolbury Guildhall, Court Room")
    library.icalcomponent_free(root)
