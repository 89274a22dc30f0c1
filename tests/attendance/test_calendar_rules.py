"""The sending rules CAL-01 to CAL-19, each by its number, on the bytes that leave (RFC 5545, 5546, 6047)."""

import ctypes
import re
from base64 import b64decode
from datetime import date, datetime, time, timedelta
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

import pytest
import time_machine

from accounts.links import path_of, token_of
from attendance.actions import cover, places, sessions, swaps
from attendance.actions.answers import take_answers
from attendance.actions.feeds import get_feed
from attendance.calendar import cancel_for, file_for, request_for
from attendance.feeds import feed_address, person_feed, public_feed
from attendance.models import CalendarEntry, CoverState, Place
from briefings.models import Part, PlacesRule, SessionState, Slot, utc_range
from messaging.models import Message
from messaging.queries import sender_for
from messaging.receiving import receive
from tests import tools
from tests.attendance.entries import letter, wanted_letters
from tests.attendance.places import NOW, a_place, a_practitioner, a_programme, a_session, another_day
from tests.attendance.test_calendar import an_entry, entry_of, event_of, unfolded
from tests.attendance.test_cover import Cast
from tests.briefings.factories import RoomFactory
from tests.messaging.incoming import AUTHSERV, answer, calendar
from tests.organisations.factories import PersonFactory

pytestmark = pytest.mark.django_db
WITH = {"by": "accounts.person:1", "now": NOW}


def own_feed(entry: CalendarEntry, *, now: datetime) -> bytes:
    """The feed of the person of ``entry``, as if it were all that stands in it."""
    return person_feed([entry], name="Ŵythnos", sender_of=sender_for, now=now).body


def feed_of_all(entry: CalendarEntry, *, now: datetime) -> bytes:
    """The public feed of the programme of ``entry``, as if there were this session alone."""
    return public_feed(entry.session.programme, [entry.session], sender=sender_for(None), now=now).body


MAKERS = [request_for, cancel_for, file_for, own_feed, feed_of_all]


def sent(person) -> list[tuple[str, int]]:
    """METHOD and SEQUENCE of each entry that ``person`` is sent."""
    return [each.says for each in wanted_letters(person, NOW)]


# CAL-01, 02 and 14: one UID, a number that rises


def test_cal_01_one_uid_for_a_person_and_session_in_mail_file_and_feed(client):
    place = a_place(a_session())
    uids = {each.uid for each in wanted_letters(place.person, NOW)}  # as it left, not as it would be by now
    places.give_up_place(place=place, by=place.person, now=NOW)
    uids |= {each.uid for each in wanted_letters(place.person, NOW)}
    again = a_place(place.session, place.person)
    places.send_entry_again(place=again, by=again.person, now=NOW)
    entry = entry_of(place.person, place.session)
    uids |= {each.uid for each in wanted_letters(place.person, NOW)}
    address = feed_address(get_feed(person=again.person, by=again.person, now=NOW))
    with time_machine.travel(NOW):  # a feed leaves out what is long over
        feed = client.get(urlsplit(address).path).content
    assert uids | {str(event_of(ics)["UID"]) for ics in (file_for(entry, now=NOW), feed)} == {str(entry.uid)}
    assert entry_of(a_place(place.session).person, place.session).uid != entry.uid


def test_cal_02_the_number_rises_by_revision_cancellation_and_rebooking_and_by_nothing_else():
    session = a_session()
    place = a_place(session)
    numbers = [sent(place.person)[-1]]
    places.send_entry_again(place=place, by=place.person, now=NOW)
    numbers.append(sent(place.person)[-1])
    sessions.change_session(session=session, date=date(2026, 12, 3), **WITH)
    numbers.append(sent(place.person)[-1])
    sessions.resize_session(session=session, capacity=9, reserved=0, **WITH)
    places.send_entry_again(place=place, by=place.person, now=NOW + timedelta(hours=1))
    numbers.append(sent(place.person)[-1])
    places.give_up_place(place=place, by=place.person, now=NOW)
    numbers.append(sent(place.person)[-1])
    a_place(session, place.person)
    numbers.append(sent(place.person)[-1])
    sessions.cancel_session(session=session, reason="Snow", **WITH)
    numbers.append(sent(place.person)[-1])
    assert numbers == [
        ("REQUEST", 0), ("REQUEST", 0), ("REQUEST", 1), ("REQUEST", 1), ("CANCEL", 2), ("REQUEST", 3), ("CANCEL", 4),
    ]  # fmt: skip


def test_cal_02_another_room_raises_the_number():
    session = a_session()
    place = a_place(session)
    sessions.change_session(session=session, room=RoomFactory(), **WITH)
    assert sent(place.person)[-1] == ("REQUEST", 1)


@pytest.mark.parametrize(
    "change",
    [
        {"starts": time(10)}, {"ends": time(12)}, {"slot": Slot.AFTERNOON}, {"title": "Another"},
        {"online_link": "https://meet.example.org/1"}, {"notes": "Ring the bell"},
    ],
    ids=lambda change: next(iter(change)),
)  # fmt: skip
def test_cal_02_whatever_stands_in_the_entry_raises_the_number_when_it_changes(change):
    session = a_session()
    place = a_place(session)
    sessions.change_session(session=session, **change, **WITH)
    assert sent(place.person)[-1] == ("REQUEST", 1)


def test_cal_02_a_place_that_has_to_be_chosen_again_leaves_the_calendar_until_it_is():
    programme = a_programme(places_rule=PlacesRule.UNLIMITED)
    here, there = a_session(programme), a_session(programme, date=date(2026, 12, 3))
    person = a_practitioner(programme)
    place, other = a_place(here, person), a_place(there, person)
    sessions.change_session(session=here, date=date(2026, 12, 3), **WITH)
    assert sent(person)[-1] == ("CANCEL", 1)
    places.give_up_place(place=other, by=person, now=NOW)
    places.accept_offer(place=place, by=person, now=NOW)
    assert sent(person)[-1] == ("REQUEST", 2)


def test_cal_14_a_change_of_date_takes_one_entry_out_and_puts_the_other_in():
    programme = a_programme()
    place = a_place(a_session(programme))
    new = swaps.change_place(place=place, to=another_day(programme), by=place.person, now=NOW)
    by_session = {each.uid: each.says for each in wanted_letters(place.person, NOW)}
    entries = {entry.session_id: str(entry.uid) for entry in CalendarEntry.objects.filter(person=place.person)}
    assert by_session == {entries[place.session_id]: ("CANCEL", 1), entries[new.session_id]: ("REQUEST", 0)}


# CAL-03: who answers raises no number


@pytest.mark.parametrize("number", [0, 7])
def test_cal_03_an_answer_raises_no_number_whatever_number_it_carries(settings, number):
    settings.INBOUND_AUTHSERV_ID = AUTHSERV
    place = a_place(a_session())
    entry = entry_of(place.person, place.session)
    words = calendar(str(entry.uid), place.person.email, "TENTATIVE", SEQUENCE=number)
    receive(raw=answer(words, sender=place.person.email), now=NOW)
    assert take_answers(now=NOW) == 1
    sessions.change_session(session=place.session, date=date(2026, 12, 3), **WITH)
    assert sent(place.person)[-1] == ("REQUEST", 1)


# CAL-04: a new stamp with each send


def test_cal_04_each_send_has_its_own_stamp_in_utc():
    place = a_place(a_session())
    message = Message.objects.filter(person=place.person).first()
    stamps = []
    for moment in (NOW, NOW + timedelta(hours=2)):
        with time_machine.travel(moment, tick=False):
            stamps.append(letter(message, moment).event["DTSTAMP"].dt)
    assert stamps == [NOW, NOW + timedelta(hours=2)]
    assert b"DTSTAMP:20261102T090000Z" in request_for(an_entry(), now=NOW)


def test_cal_04_for_news_of_a_session_too():
    place = a_place(a_session())
    sessions.change_session(session=place.session, title="Another", **WITH)
    message = Message.objects.get(kind="attendance.session_changed")
    with time_machine.travel(NOW + timedelta(hours=3), tick=False):
        assert letter(message, NOW).event["DTSTAMP"].dt == NOW + timedelta(hours=3)


def test_cal_04_for_a_senior_manager_too():
    cast = Cast()
    cast.coming()
    message = Message.objects.get(kind="attendance.cover_coming")
    with time_machine.travel(NOW + timedelta(hours=3), tick=False):
        assert letter(message, NOW).event["DTSTAMP"].dt == NOW + timedelta(hours=3)


# CAL-05, 06, 08 and 09: the tree of the mail


def the_mail():
    place = a_place(a_session(title="Ŵythnos ŵyllt"))
    return wanted_letters(place.person, NOW)[0].mail


def test_cal_05_method_first_in_the_calendar_and_the_same_on_the_part():
    part = next(part for part in the_mail().walk() if part.get_content_type() == "text/calendar")
    lines = part.get_payload(decode=True).split(b"\r\n")
    assert lines[:2] == [b"BEGIN:VCALENDAR", b"METHOD:REQUEST"]
    assert part.get_param("method") == "REQUEST"
    assert part["Content-Type"].lower().count("charset") == 1
    assert part.get_content_charset() == "utf-8"


def test_cal_06_the_calendar_part_is_base64():
    part = next(part for part in the_mail().walk() if part.get_content_type() == "text/calendar")
    assert part["Content-Transfer-Encoding"] == "base64"
    assert b64decode(part.get_payload()).endswith(b"END:VCALENDAR\r\n")


def test_cal_08_and_09_words_first_the_calendar_last_and_once_more_as_a_file():
    mail = the_mail()
    assert mail.get_content_type() == "multipart/mixed"
    alternative, file = mail.get_payload()
    assert alternative.get_content_type() == "multipart/alternative"
    kinds = [part.get_content_type() for part in alternative.get_payload()]
    assert kinds == ["text/plain", "text/html", "text/calendar"]
    assert (file.get_content_type(), file.get_filename()) == ("application/ics", "invite.ics")
    assert file.get_payload(decode=True) == alternative.get_payload()[2].get_payload(decode=True)


# CAL-07, 15 and 16: who stands in the entry


def test_cal_07_15_and_16_the_organiser_is_the_sender_and_the_attendee_stands_alone():
    session = a_session(capacity=3)
    a_place(session)
    person = a_practitioner(session.programme, name="Amina Samplewood", email="amina@example.org")
    a_place(session, person)
    own = wanted_letters(person, NOW)[0]
    assert str(own.event["ORGANIZER"]) == "mailto:briefings@example.org"
    assert "<briefings@example.org>" in own.mail["From"]
    assert str(own.event["ATTENDEE"]) == "mailto:amina@example.org"
    assert own.event["ATTENDEE"].params["PARTSTAT"] == "ACCEPTED"
    places.give_up_place(place=Place.objects.get(person=person), by=person, now=NOW)
    out = wanted_letters(person, NOW)[-1]
    assert (out.method, str(out.event["ATTENDEE"])) == ("CANCEL", "mailto:amina@example.org")
    assert not {"PARTSTAT", "RSVP"} & set(out.event["ATTENDEE"].params)  # nobody is asked for an answer


def test_no_secret_stands_in_an_entry():
    """decisions.md, "Calendar": an entry is forwarded and shared, so it opens nothing."""
    place = a_place(a_session())
    entry = entry_of(place.person, place.session)
    for ics in (request_for(entry, now=NOW), cancel_for(entry, now=NOW), file_for(entry, now=NOW)):
        text = "".join(unfolded(ics))
        assert not re.search(r"/(p|i|cover|calendar)/", text)
        assert place.reference not in text


# CAL-10 to 13: the text


@pytest.mark.parametrize("make", MAKERS)
def test_cal_10_crlf_and_no_line_longer_than_75_octets(make):
    ics = make(an_entry(title="Ŵ" * 150, notes="Two\nlines, and; more"), now=NOW)
    assert b"\r\r" not in ics
    assert re.sub(b"\r\n", b"", ics).count(b"\n") == 0
    assert max(map(len, ics.split(b"\r\n"))) <= 75
    ics.decode()  # no letter was cut


@pytest.mark.parametrize("make", MAKERS)
def test_cal_11_and_12_utc_times_no_time_zone_block_an_end_and_no_duration(make):
    ics = make(an_entry(), now=NOW)
    assert b"TZID" not in ics
    assert b"VTIMEZONE" not in ics
    assert not re.search(rb"^DURATION", ics, re.MULTILINE)
    assert len(re.findall(rb"DT(?:START|END):\d{8}T\d{6}Z\r\n", ics)) == 2


def test_cal_13_text_is_escaped_and_a_name_cannot_break_out():
    entry = an_entry(title="A, b; c\\d")
    entry.person.name = 'Amina "Mina": Sample;wood, ^x'
    event = event_of(request_for(entry, now=NOW))
    assert event["SUMMARY"] == "A, b; c\\d"
    assert event["ATTENDEE"].params["CN"] == "Amina Mina Sample wood ^x"
    assert str(event["ATTENDEE"]) == "mailto:amina@example.org"


# CAL-17 and 18


def test_cal_17_a_random_uid_without_a_host_and_the_link_of_an_online_session():
    entry = an_entry(online_link="https://meet.example.org/1")
    event = event_of(request_for(entry, now=NOW))
    assert re.fullmatch(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}", str(event["UID"]))
    assert event["CONFERENCE"].params["FEATURE"] == "VIDEO"
    assert "CONFERENCE" not in event_of(cancel_for(entry, now=NOW)), "whoever comes no more joins nothing"


def test_cal_18_the_page_sends_the_entry_again_and_keeps_the_file_for_whoever_got_none(client):
    place = a_place(a_session())
    with time_machine.travel(NOW):
        client.get(f"/p/{token_of(place.link)}/")
        text = client.get(path_of(place.link)).content.decode()
    assert text.index("Send me the entry again") < text.index("No e-mail with an entry came")
    assert "only if no e-mail entry came" in text


# Everybody with a part


def test_presenters_and_facilitators_get_the_same():
    session, carys = a_session(), PersonFactory()
    sessions.give_part(session=session, person=carys, part=Part.PRESENTER, **WITH)
    sessions.change_session(session=session, date=date(2026, 12, 3), **WITH)
    sessions.end_part(part=session.parts.get(), **WITH)
    sessions.give_part(session=session, person=carys, part=Part.FACILITATOR, **WITH)
    sessions.cancel_session(session=session, reason="Snow", **WITH)
    every = [letter(message, NOW) for message in Message.objects.filter(person=carys).order_by("pk")]
    assert every[-1].says == ("CANCEL", 4)
    assert {each.uid for each in every if each.event} == {every[-1].uid}


def test_senior_managers_get_the_same():
    cast = Cast()
    own = cast.coming()
    assert sent(cast.senior) == [("REQUEST", 0)]
    sessions.change_session(session=cast.session, date=date(2026, 12, 3), **WITH)
    assert sent(cast.senior)[-1] == ("REQUEST", 1)
    cover.answer_cannot(attendance=own, by=cast.senior, now=NOW)
    cover.answer_coming(attendance=own, by=cast.senior, now=NOW)
    assert sent(cast.senior)[-1] == ("REQUEST", 3)
    cover.withdraw_request(attendance=own, by=cast.coordinator, now=NOW)
    assert sent(cast.senior)[-1] == ("CANCEL", 4)


def test_a_senior_manager_who_is_elsewhere_after_a_move_loses_the_entry_until_they_answer():
    cast = Cast()
    own = cast.coming()
    there = a_session(a_programme(), date=date(2026, 12, 3))
    sessions.give_part(session=there, person=cast.senior, part=Part.PRESENTER, **WITH)
    sessions.change_session(session=cast.session, date=date(2026, 12, 3), **WITH)
    own.refresh_from_db()
    assert own.state == CoverState.ASKED
    assert sent(cast.senior)[-1] == ("CANCEL", 1)


def test_a_draft_that_a_senior_manager_comes_to_moves_in_their_calendar_too():
    cast = Cast()
    cast.session.state = SessionState.DRAFT
    cast.session.save(update_fields=["state"])
    cast.coming()
    sessions.change_session(session=cast.session, date=date(2026, 12, 3), **WITH)
    assert sent(cast.senior)[-1] == ("REQUEST", 1)
    sessions.cancel_session(session=cast.session, reason="Snow", **WITH)
    assert sent(cast.senior)[-1] == ("CANCEL", 2)


# Wall times


def last_sunday(year: int, month: int) -> date:
    day = date(year, month, 31)
    return day - timedelta(days=(day.weekday() + 1) % 7)


def changes_of_clock() -> list[date]:
    """The days before, of and after each change of the clocks from 2026 to 2040."""
    days = [last_sunday(year, month) for year in range(2026, 2041) for month in (3, 10)]
    return [day + timedelta(days=by) for day in days for by in (-1, 0, 1)]


def test_zoneinfo_changes_the_clocks_on_these_days():
    """The negative control: were the rules of London to change, the next test would compare the wrong days."""
    zone = ZoneInfo("Europe/London")
    offsets = [datetime(day.year, day.month, day.day, 9, 30, tzinfo=zone).utcoffset() for day in changes_of_clock()]
    for before, on, after in zip(offsets[::3], offsets[1::3], offsets[2::3], strict=True):
        assert before != on == after


@pytest.mark.parametrize("zone", ["Europe/London", "Europe/Belfast", "Atlantic/St_Helena", "Asia/Kolkata"])
def test_wall_times_are_right_on_both_sides_of_each_change_to_2040(zone):
    entry = an_entry(zone=zone)
    session = entry.session
    for day in changes_of_clock():
        session.date, session.during = day, utc_range(day, session.starts, session.ends, zone)
        for make in (request_for, feed_of_all):
            event = event_of(make(entry, now=NOW))
            local = [event[name].dt.astimezone(ZoneInfo(zone)) for name in ("DTSTART", "DTEND")]
            assert [(at.date(), at.time()) for at in local] == [(day, session.starts), (day, session.ends)]


@pytest.mark.libical
def test_libical_reads_the_same_moments_on_both_sides_of_each_change_to_2040():
    library = ctypes.CDLL(tools.libical())
    pointers = "icalparser_parse_string icalcomponent_get_first_component icalcomponent_get_first_property"
    for name in pointers.split():
        getattr(library, name).restype = ctypes.c_void_p
    library.icalproperty_get_value_as_string.restype = ctypes.c_char_p
    library.icalcomponent_get_uid.restype = ctypes.c_char_p
    dtstart = library.icalproperty_string_to_kind(b"DTSTART")
    entry = an_entry(title="Ŵythnos; un, dau\\tri")
    session = entry.session
    for day in changes_of_clock():
        session.date, session.during = day, utc_range(day, session.starts, session.ends, session.zone)
        for make in MAKERS:
            ics = make(entry, now=NOW)
            root = ctypes.c_void_p(library.icalparser_parse_string(ics))
            assert library.icalcomponent_count_errors(root) == 0
            event = ctypes.c_void_p(library.icalcomponent_get_first_component(root, 4))
            start = ctypes.c_void_p(library.icalcomponent_get_first_property(event, dtstart))
            assert library.icalproperty_get_value_as_string(start).decode() == f"{session.during.lower:%Y%m%dT%H%M%SZ}"
            assert (library.icalcomponent_get_uid(event).decode() == str(entry.uid)) == (make != feed_of_all)
            library.icalcomponent_free(root)
