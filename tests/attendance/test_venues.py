"""A venue or room that is called otherwise, or has another address: who comes there is told, and calendars follow."""

from datetime import date, timedelta

import pytest
from django.utils import timezone
from icalendar import Calendar

from attendance.actions.sessions import cancel_session, give_part
from attendance.actions.venues import change_room, change_venue
from attendance.messages import sessions as messages
from attendance.models import CalendarEntry
from attendance.queries.sessions import at_venue, count_concerned
from briefings.models import Part, Session, SessionPart, SessionState
from history.actions import CLOCK
from history.models import Entry
from messaging.models import Message
from tests.attendance.places import NOW, a_place, a_programme, a_session
from tests.briefings.factories import AppointmentFactory, RoomFactory, SessionFactory, VenueFactory
from tests.organisations.factories import PersonFactory

pytestmark = pytest.mark.django_db
WITH = {"by": CLOCK, "now": NOW}


@pytest.fixture
def room():
    return RoomFactory(venue=VenueFactory(name="Old Library", address="1 Example Street"), name="Hall")


def _told() -> list:
    return list(Message.objects.filter(kind=messages.CHANGED).order_by("pk"))


def test_another_address_is_told_with_the_difference_and_raises_the_entry(room):
    session = a_session(room=room)
    place = a_place(session)
    elsewhere = a_place(a_session())
    assert change_venue(venue=room.venue, changes={"address": "9 High Street"}, **WITH) == 1
    (mail,) = _told()
    assert mail.person == place.person != elsewhere.person
    content = messages.render(mail)
    assert (
        "now here: Old Library, Hall, 9 High Street. It was here: Old Library, Hall, 1 Example Street." in content.text
    )
    (event,) = Calendar.from_ical(content.calendar).walk("VEVENT")
    assert (content.calendar_method, event["SEQUENCE"]) == ("REQUEST", 1)
    assert event["LOCATION"] == "Old Library, Hall, 9 High Street"
    assert Session.objects.get(pk=session.pk).revision == session.revision + 1
    assert Entry.objects.filter(verb="changed", object_type="briefings.session").count() == 1


def test_a_room_that_is_renamed_concerns_those_who_come_to_it_alone(room):
    other = RoomFactory(venue=room.venue, name="Attic")
    place = a_place(a_session(room=room))
    a_place(a_session(room=other))
    assert change_room(room=room, changes={"name": "Great Hall"}, **WITH) == 1
    assert [mail.person for mail in _told()] == [place.person]


def test_what_stands_in_no_entry_and_what_is_the_same_tells_nobody(room):
    a_place(a_session(room=room))
    same = {"name": "Old Library", "address": "1 Example Street", "directions": "Left"}
    assert change_venue(venue=room.venue, changes=same, **WITH) == 0
    assert change_room(room=room, changes={"name": "Hall", "capacity": 99}, **WITH) == 0
    assert not _told()
    assert set(CalendarEntry.objects.values_list("sequence", flat=True)) == {0}


def test_of_a_session_that_has_begun_or_is_cancelled_or_a_draft_nobody_is_told(room):
    programme = a_programme()
    past = a_session(programme, room=room)
    a_place(past)
    Session.objects.filter(pk=past.pk).update(state=SessionState.HELD)
    cancelled = a_session(room=room, date=date(2026, 12, 3))
    a_place(cancelled)
    cancel_session(session=cancelled, reason="Snow", **WITH)
    SessionFactory(room=room, date=date(2026, 12, 4), state=SessionState.DRAFT)
    assert change_venue(venue=room.venue, changes={"name": "New Library"}, **WITH) == 0
    assert not _told()


def test_the_page_says_beforehand_who_is_told(client, room):
    day = (timezone.now() + timedelta(days=30)).date()
    session = a_session(room=room, date=day)
    a_place(session)
    client.force_login(AppointmentFactory(programme=session.programme).person)
    address = f"/venues/{room.venue_id}/change/"
    page = client.get(address).content.decode()
    assert "1 session is planned here" in page
    assert "<strong>1 person</strong> with a part in it is told by e-mail" in page
    answer = client.post(address, {"name": "New Library", "address": "1 Example Street"}, follow=True)
    assert "1 person is told" in answer.content.decode()
    assert "1 session is planned here" in client.get(f"/venues/{room.venue_id}/rooms/{room.pk}/").content.decode()


def test_the_page_counts_each_who_is_told_once_in_few_queries(client, room, django_assert_num_queries):
    programme = a_programme(places_rule="unlimited")
    other = RoomFactory(venue=room.venue)
    day = (timezone.now() + timedelta(days=30)).date()
    sessions = [a_session(programme, room=each, date=day + timedelta(days=n)) for n, each in enumerate([room, other])]
    places = [a_place(session, now=timezone.now()) for session in sessions]
    a_place(sessions[1], places[0].person, now=timezone.now())
    give_part(session=sessions[0], person=PersonFactory(), part=Part.PRESENTER, by=CLOCK, now=timezone.now())
    drafted = SessionFactory(room=room, date=day + timedelta(days=9), state=SessionState.DRAFT, programme=programme)
    SessionPart.objects.create(session=drafted, person=PersonFactory(), part=Part.PRESENTER)  # who hears of no draft
    client.force_login(AppointmentFactory(programme=programme).person)
    page = client.get(f"/venues/{room.venue_id}/change/").content.decode()
    assert "3 sessions are planned here" in page
    assert "<strong>3 people</strong> with a part in them are told" in page
    with django_assert_num_queries(1):
        assert count_concerned(at_venue(room.venue_id, timezone.now())) == 3
    page = client.get(f"/venues/{room.venue_id}/rooms/{other.pk}/").content.decode()
    assert "<strong>2 people</strong> with a part in it are told" in page
    told = change_venue(venue=room.venue, changes={"address": "9 High Street"}, by=CLOCK, now=timezone.now())
    assert told == 3, "as many as the page says"
