"""Feeds: what stands in them, that they are cheap to ask again, who gets the address and when it opens nothing."""

import re
from datetime import date, timedelta

import pytest
import time_machine
from django.conf import settings
from icalendar import Calendar

from accounts.links import path_of, token_of
from accounts.models import PersonalLink
from attendance.actions import feeds, places, sessions
from attendance.feeds import feed_address
from attendance.messages import feeds as messages
from attendance.models import PlaceState
from briefings.models import Part, SessionState
from history.actions import key_of
from messaging.models import Message, SenderProfile
from tests.attendance.entries import wanted_letters
from tests.attendance.places import NOW, a_place, a_practitioner, a_programme, a_session, another_day
from tests.attendance.test_calendar import entry_of
from tests.attendance.test_cover import Cast
from tests.browser import check_page, targets_are_large

pytestmark = pytest.mark.django_db
LATER = NOW + timedelta(minutes=30)


@pytest.fixture(autouse=True)
def on_that_day():
    with time_machine.travel(NOW, tick=False):
        yield


def address_for(person) -> str:
    return feed_address(feeds.get_feed(person=person, by=person, now=NOW)).removeprefix(settings.SITE_URL)


def events_of(response) -> list:
    assert response.status_code == 200
    return Calendar.from_ical(response.content).walk("VEVENT")


def public(session) -> str:
    return f"/programmes/{session.programme.slug}/sessions.ics"


def test_a_feed_holds_everything_one_takes_part_in_with_the_uid_and_number_of_the_mail(client):
    cast = Cast()
    cast.coming()
    place = a_place(a_session(a_programme(), date=date(2026, 12, 2)), None)
    booked = client.get(address_for(place.person))
    sessions.change_session(session=place.session, title="Another", by="accounts.person:1", now=NOW)
    own = events_of(client.get(address_for(place.person)))
    mail = wanted_letters(place.person, NOW)[-1]
    assert [(str(event["UID"]), event["SEQUENCE"]) for event in own] == [(mail.uid, 1)]
    assert (str(own[0]["SUMMARY"]), own[0]["DTSTART"].dt) == ("Another", place.session.during.lower)
    assert events_of(booked)[0]["SEQUENCE"] == 0
    assert len(events_of(client.get(address_for(cast.senior)))) == 1
    sessions.give_part(session=cast.session, person=cast.coordinator, part=Part.PRESENTER, by=cast.senior, now=NOW)
    assert len(events_of(client.get(address_for(cast.coordinator)))) == 1


def test_what_is_given_up_cancelled_waited_for_or_long_over_is_not_in_it(client):
    programme = a_programme(places_rule="unlimited")
    person = a_practitioner(programme)
    gone, full = a_place(a_session(programme), person), a_session(programme, capacity=1, date=date(2026, 12, 1))
    a_place(full)
    assert a_place(full, person).state == PlaceState.WAITING
    cancelled = a_place(another_day(programme), person)
    kept = a_place(a_session(programme, date=date(2026, 12, 15)), person)
    places.give_up_place(place=gone, by=person, now=NOW)
    sessions.cancel_session(session=cancelled.session, reason="Snow", by="accounts.person:1", now=NOW)
    address = address_for(person)
    assert [event["DTSTART"].dt.date() for event in events_of(client.get(address))] == [kept.session.date]
    with time_machine.travel(NOW + timedelta(days=140)):
        assert events_of(client.get(address)) == []


def test_cal_19_asked_again_it_says_that_nothing_has_changed(client):
    place = a_place(a_session())
    address = address_for(place.person)
    first = client.get(address)
    with time_machine.travel(LATER, tick=False):
        second = client.get(address, headers={"if-none-match": first["ETag"]})
        whole = client.get(address)
        head = client.head(address)
    assert (second.status_code, second.content) == (304, b"")
    assert first["ETag"].startswith('W/"')
    assert whole["ETag"] == head["ETag"] == first["ETag"] == second["ETag"]
    assert whole.content == first.content.replace(b"DTSTAMP:20261102T090000Z", b"DTSTAMP:20261102T093000Z")
    assert (head.content, first["Cache-Control"]) == (b"", "private, no-cache")
    assert first["X-Robots-Tag"] == "noindex"
    sessions.change_session(session=place.session, notes="Ring twice", by="accounts.person:1", now=NOW)
    assert client.get(address, headers={"if-none-match": first["ETag"]}).status_code == 200


def test_cal_17_a_feed_says_its_name_colour_and_how_often_to_look(client):
    place = a_place(a_session())
    feed = Calendar.from_ical(client.get(address_for(place.person)).content)
    lines = client.get(address_for(place.person)).content.decode().split("\r\n")
    assert str(feed["NAME"]) == f"Sessions of {place.person.name}"
    assert {"COLOR:teal", "REFRESH-INTERVAL;VALUE=DURATION:PT4H", "METHOD:PUBLISH"} <= set(lines)


def test_cal_19_the_address_is_long_and_opens_nothing_once_replaced_or_ended(client):
    person = a_place(a_session()).person
    first = address_for(person)
    assert len(re.search(r"-([\w-]+)\.ics", first)[1]) * 6 >= 128
    assert address_for(person) == first
    second = feed_address(feeds.replace_feed(person=person, by=person, now=NOW)).removeprefix(settings.SITE_URL)
    assert (client.get(first).status_code, client.get(second).status_code) == (410, 200)
    assert feeds.end_feed(person=person, by=person, now=NOW)
    assert not feeds.end_feed(person=person, by=person, now=NOW)
    assert client.get(second).status_code == 410
    forged = second.replace("-", "-A", 1)[: len(second)]
    assert client.get(forged).status_code == 404
    third = address_for(person)
    person.is_active = False
    person.save(update_fields=["is_active"])
    assert client.get(third).status_code == 410


def test_a_place_link_is_no_feed_and_a_feed_opens_no_page(client):
    place = a_place(a_session())
    assert client.get(f"/calendar/{token_of(place.link)}.ics").status_code == 404
    feed = feeds.get_feed(person=place.person, by=place.person, now=NOW)
    assert client.get(f"/p/{token_of(feed)}/").status_code == 403


def test_asking_changes_nothing_and_sets_no_cookie(client, django_assert_num_queries):
    place = a_place(a_session())
    address = address_for(place.person)
    for each in (address, public(place.session)):
        for ask in (client.get, client.head):
            response = ask(each)
            assert (response.status_code, response.cookies) == (200, {})
    client.force_login(place.person)
    with django_assert_num_queries(3):  # nor is it read who is signed in
        assert "Vary" not in client.get(address)


def test_no_secret_and_nobody_else_stands_in_a_feed(client):
    session = a_session(capacity=3, online_link="https://meet.example.org/1?pwd=x", notes="Door code 4711")
    place, other = a_place(session), a_place(session)
    own = client.get(address_for(place.person)).content.decode().replace("\r\n ", "")
    assert "ATTENDEE" not in own
    assert other.person.name not in own
    assert not re.search(r"/(p|i|cover|calendar)/", own)
    everybody = client.get(public(session)).content.decode().replace("\r\n ", "")
    uid = str(entry_of(place.person, session).uid)
    for secret in ("meet.example.org", "4711", place.person.name, place.person.email, uid):
        assert secret not in everybody


def test_cal_16_the_organiser_in_a_feed_is_who_the_mails_come_from(client):
    place = a_place(a_session())
    SenderProfile.objects.create(about=key_of(place.session.programme), name="Wren", address="wren@example.org")
    for address in (address_for(place.person), public(place.session)):
        (event,) = events_of(client.get(address))
        assert event["ORGANIZER"] == "mailto:wren@example.org"


def test_the_public_feed_holds_the_open_sessions_to_come(client):
    programme = a_programme(name="One Family Plan")
    first, draft = a_session(programme), another_day(programme)
    draft.state = SessionState.DRAFT
    draft.save(update_fields=["state"])
    (event,) = events_of(client.get(public(first)))
    assert (str(event["SUMMARY"]), event["TRANSP"]) == ("One Family Plan", "TRANSPARENT")
    assert str(event["URL"]) == f"{settings.SITE_URL}/sessions/{first.pk}/"
    assert client.get(public(first))["Cache-Control"] == "public, max-age=900"
    again = client.get(public(first), headers={"if-none-match": client.get(public(first))["ETag"]})
    assert again.status_code == 304
    sessions.change_session(session=first, date=date(2026, 12, 4), by="accounts.person:1", now=NOW)
    (moved,) = events_of(client.get(public(first)))
    assert (moved["UID"], moved["SEQUENCE"]) == (event["UID"], 1)


def test_a_programme_that_is_not_public_has_no_feed(client):
    session = a_session(a_programme(is_public=False))
    assert client.get(public(session)).status_code == 404


@pytest.mark.parametrize("number", [1, 3])
def test_feeds_take_the_same_queries_for_one_session_and_three(client, number, django_assert_num_queries):
    programme = a_programme(places_rule="unlimited")
    person = a_practitioner(programme)
    found = [a_session(programme, date=date(2026, 12, 1) + timedelta(days=7 * week)) for week in range(number)]
    for session in found:
        a_place(session, person)
    address = address_for(person)
    with django_assert_num_queries(3):
        assert len(events_of(client.get(address))) == number
    with django_assert_num_queries(3):
        assert len(events_of(client.get(public(found[0])))) == number


def test_the_account_page_gets_replaces_and_ends_the_feed(client):
    person = a_place(a_session()).person
    client.force_login(person)
    assert "Your sessions in your calendar" in client.get("/account/").content.decode()
    page = "/account/calendar/"
    assert "Get the address of my feed" in client.get(page).content.decode()
    assert PersonalLink.objects.filter(purpose="calendar").count() == 0
    seen = [client.post(page, {"what": what}, follow=True).content.decode() for what in ("get", "replace", "end")]
    addresses = [re.findall(r"/calendar/[\w-]+\.ics", text) for text in seen]
    assert len(set(addresses[0])) == len(set(addresses[1])) == 1
    assert addresses[0] != addresses[1]
    assert addresses[2] == []
    assert "with both you see each session twice" in seen[0]


def test_the_page_of_a_place_mails_the_address_and_never_shows_it(client):
    """docs/adr/0045: a link to one place must not open all the sessions of a person."""
    place = a_place(a_session())
    client.get(f"/p/{token_of(place.link)}/")
    page = f"{path_of(place.link)}calendar/"
    texts = [client.get(page).content.decode()]
    texts += [client.post(page, {"what": what}, follow=True).content.decode() for what in ("get", "get", "replace")]
    assert not any(re.search(r"calendar/\d+-[\w-]+\.ics", text) for text in texts)
    assert "The address was sent a moment ago" in texts[2]
    mails = list(Message.objects.filter(kind=messages.ADDRESS).order_by("pk"))
    assert len(mails) == 2
    assert messages.not_wanted(mails, NOW) == {mails[0].pk: "feed_ended"}
    live = PersonalLink.objects.get(purpose="calendar", revoked_at=None)
    assert feed_address(live) in messages.render(mails[1]).text
    assert "webcal:" in messages.render(mails[1]).text
    client.post(page, {"what": "end"})
    assert not PersonalLink.objects.filter(purpose="calendar", revoked_at=None).exists()


def test_the_public_list_says_where_to_subscribe(client):
    session = a_session()
    text = client.get(f"/programmes/{session.programme.slug}/sessions/").content.decode()
    assert public(session) in text


@pytest.mark.browser
def test_the_page_of_a_feed_on_a_phone(phone, live_server):
    place = a_place(a_session())
    feeds.get_feed(person=place.person, by=place.person, now=NOW)
    phone.goto(f"/p/{token_of(place.link)}/")
    phone.goto(f"{path_of(place.link)}calendar/")
    phone.locator("summary").click()
    check_page(phone)
    targets_are_large(phone)
