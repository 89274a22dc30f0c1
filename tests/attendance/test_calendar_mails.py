"""Every kind of mail that carries an entry: its tree, its METHOD, who stands in it, and that words and entry agree."""

import re
from email.utils import parseaddr
from zoneinfo import ZoneInfo

import pytest
import time_machine
from icalendar import Calendar

from attendance.actions import places
from attendance.models import CalendarEntry
from face.dates import day_without_year, period
from messaging import kinds
from messaging.models import Message, SenderProfile
from tests.attendance.entries import letter
from tests.attendance.places import a_place, a_session
from tests.mails import NOW, find_cases

pytestmark = pytest.mark.django_db

METHODS = {
    "attendance.place_booked": "REQUEST",
    "attendance.place_promoted": "REQUEST",
    "attendance.place_moved": "REQUEST",
    "attendance.place_entry_again": "REQUEST",
    "attendance.place_given_up": "CANCEL",
    "attendance.session_changed": "REQUEST",
    "attendance.session_cancelled": "CANCEL",
    "attendance.part_given": "REQUEST",
    "attendance.part_ended": "CANCEL",
    "attendance.cover_coming": "REQUEST",
    "attendance.cover_given_up": "CANCEL",
    "attendance.cover_withdrawn": "CANCEL",
}


@pytest.mark.parametrize("case", sorted({find_cases()[kind].__name__ for kind in METHODS}))
def test_words_and_entry_of_a_mail_say_the_same(case):
    mine = [kind for kind in METHODS if find_cases()[kind].__name__ == case]
    with time_machine.travel(NOW, tick=False):
        find_cases()[mine[0]]()
        places.send_entry_again(place=a_place(a_session()), by="clock", now=NOW)
        for about in set(Message.objects.values_list("about", flat=True)) - {None}:
            SenderProfile.objects.create(about=about, name="Wren Valley", address="wren@example.org")
        found = dict.fromkeys(mine, 0)
        for message in Message.objects.filter(person__isnull=False).select_related("person"):
            each = None if kinds.find(message.kind).still_wanted([message], NOW) else letter(message, NOW)
            if each is None or each.event is None:
                continue
            assert each.method == METHODS[message.kind], "a kind that carries an entry stands above"
            found[message.kind] = 1
            _check_tree(each)
            _check_people(each, message)
            _check_entry(each, message)
            _check_words(each)
    assert all(found.values()), found


def _check_tree(each) -> None:
    alternative, file = each.mail.get_payload()
    parts = alternative.get_payload()
    assert [part.get_content_type() for part in parts] == ["text/plain", "text/html", "text/calendar"]
    assert parts[2].get_param("method") == each.method
    assert file.get_payload(decode=True) == parts[2].get_payload(decode=True)
    ics = parts[2].get_payload(decode=True)
    assert len(Calendar.from_ical(ics).walk("VEVENT")) == 1
    assert max(map(len, ics.split(b"\r\n"))) <= 75
    assert b"\n" not in ics.replace(b"\r\n", b"")


def _check_people(each, message: Message) -> None:
    sender, recipient = parseaddr(each.mail["From"])[1], parseaddr(each.mail["To"])[1]
    assert sender == "wren@example.org"
    assert each.event["ORGANIZER"] == f"mailto:{sender}"
    assert each.event["ATTENDEE"] == f"mailto:{recipient}" == f"mailto:{message.person.email}"
    assert each.event["ATTENDEE"].params.get("PARTSTAT") == (None if each.method == "CANCEL" else "ACCEPTED")


def _check_entry(each, message: Message) -> None:
    entry = CalendarEntry.objects.get(uid=each.uid)
    assert (entry.person_id, entry.is_cancelled) == (message.person_id, each.method == "CANCEL")
    assert each.says == (each.method, entry.sequence)
    assert each.event["DTSTAMP"].dt == NOW
    assert each.event["STATUS"] == ("CANCELLED" if each.method == "CANCEL" else "CONFIRMED")


def _check_words(each) -> None:
    starts, ends = (each.event[name].dt.astimezone(ZoneInfo("Europe/London")) for name in ("DTSTART", "DTEND"))
    plain, page, _ = (part.get_payload(decode=True).decode() for part in each.mail.get_payload()[0].get_payload())
    for words in (plain, re.sub(r"<[^>]+>", "", page).replace("&nbsp;", " ")):
        assert day_without_year(starts.date()) in words
        assert period(starts.time(), ends.time()) in words or starts.strftime("%-I:%M%p").lower() in words
        assert "calendar" in words
