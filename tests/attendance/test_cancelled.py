"""After a cancellation: those affected choose first; a notice to everybody; fewer seats than taken."""

import re
from datetime import timedelta
from uuid import uuid4

import pytest
from django.utils import timezone

from accounts.links import make_link, token_of
from attendance.actions.notices import NobodyToTell, send_notice
from attendance.actions.places import give_up_place
from attendance.actions.reminders import promote_all
from attendance.actions.sessions import cancel_session
from attendance.invariants import findings
from attendance.messages import notices
from attendance.messages import sessions as messages
from attendance.models import BookingRules, Invitation, Place, PlaceState, Quota, SessionNotice
from attendance.queries.shares import FIRST_CHOICE_LASTS
from briefings.models import PlacesRule
from face.dates import day
from history.actions import CLOCK
from messaging.models import Message
from tests.attendance.places import NOW, a_place, a_practitioner, a_programme, a_session, another_day, fill
from tests.briefings.factories import AppointmentFactory, RoomFactory

pytestmark = pytest.mark.django_db


def _cancel(session, now=NOW):
    cancel_session(session=session, reason="Flood", by=CLOCK, now=now)


def test_those_affected_choose_first_and_others_wait_meanwhile():
    programme = a_programme()
    session, other = a_session(programme), another_day(programme, capacity=2)
    affected = fill(session)
    _cancel(session)
    stranger = a_place(other)
    assert stranger.state == PlaceState.WAITING  # a seat is kept for each of the two
    assert a_place(other, affected[1].person).state == PlaceState.BOOKED
    assert promote_all(now=NOW + timedelta(days=1)) == 0
    assert promote_all(now=NOW + FIRST_CHOICE_LASTS) == 1
    stranger.refresh_from_db()
    assert stranger.state == PlaceState.BOOKED


def test_those_affected_stand_before_others_in_their_old_order():
    programme = a_programme()
    session, other = a_session(programme, capacity=2), another_day(programme, capacity=1)
    affected = fill(session)
    holder, stranger = a_place(other), a_place(other)
    _cancel(session)
    second, first = a_place(other, affected[1].person), a_place(other, affected[0].person)
    line = list(Place.objects.in_line().filter(session=other))
    assert line == [first, second, stranger]
    give_up_place(place=holder, by=holder.person, now=NOW)
    first.refresh_from_db()
    assert first.state == PlaceState.BOOKED
    assert [found for _, found in findings() if found] == []


def test_the_mail_offers_no_date_on_which_the_organisation_has_its_share(client):
    now = timezone.now()
    programme = a_programme()
    session = a_session(programme, date=(now + timedelta(days=30)).date())
    full, free = (another_day(programme, date=(now + timedelta(days=days)).date()) for days in (40, 50))
    place = a_place(session, now=now)
    a_place(full, now=now)
    Quota.objects.create(programme=programme, organisation=place.organisation, seats=1)
    _cancel(session, now)
    mail = messages.render(Message.objects.get(kind=messages.CANCELLED, person=place.person))
    assert day(free.date) in mail.text
    assert day(full.date) not in mail.text
    assert "The session was cancelled. Flood" in client.get(f"/p/{token_of(place.link)}/", follow=True).content.decode()


def test_before_it_cancels_the_coordinator_reads_who_chooses_first(client):
    session = a_session(date=timezone.localdate() + timedelta(days=30))
    client.force_login(AppointmentFactory(programme=session.programme).person)
    page = f"/sessions/{session.pk}/cancel/"
    said = "keep a free place for each of them"
    assert said not in client.get(page).content.decode()
    a_place(session, now=timezone.now())
    assert said in client.get(page).content.decode()


def test_the_mail_offers_the_nearest_with_free_places_and_its_link_books(client):
    now = timezone.now()
    programme = a_programme()
    session = a_session(programme, date=(now + timedelta(days=30)).date())
    other = another_day(programme, date=(now + timedelta(days=40)).date())
    place = a_place(session, now=now)
    _cancel(session, now)
    mail = messages.render(Message.objects.get(kind=messages.CANCELLED))
    assert "The nearest with free places:" in mail.text
    assert token_of(place.link) in mail.text
    client.get(f"/p/{token_of(place.link)}/")
    assert "choose another date before others" in client.get(f"/p/{place.link_id}/").content.decode()
    choice = client.get(f"/p/{place.link_id}/change/").content.decode()
    assert "<h1>Choose another date</h1>" in choice, "there is none to change from"
    assert "Choose this date" in choice
    assert client.get(f"/p/{place.link_id}/change/{other.pk}/").status_code == 200
    assert client.post(f"/p/{place.link_id}/change/{other.pk}/").status_code == 302
    assert Place.objects.get(session=other, person=place.person).state == PlaceState.BOOKED
    client.get(f"/p/{token_of(place.link)}/")
    assert client.get(f"/p/{place.link_id}/change/").status_code == 302


@pytest.fixture
def coordinator(client):
    programme = a_programme()
    client.force_login(AppointmentFactory(programme=programme).person)
    client.programme = programme
    return client


def test_a_notice_is_read_first_and_goes_once_to_everybody_with_a_place(coordinator):
    now = timezone.now()
    session = a_session(coordinator.programme, capacity=2, date=(now + timedelta(days=30)).date())
    booked, waiting = [a_place(session, now=now) for _ in range(2)], a_place(session, now=now)
    address = f"/sessions/{session.pk}/notice/"
    typed = {"subject": "Car park closed", "words": "Bring an <ID>."}
    preview = coordinator.post(address, typed).content.decode()
    assert "2 people get" in preview
    assert "Bring an &lt;ID&gt;." in preview
    assert not SessionNotice.objects.exists()
    assert b"Car park closed" in coordinator.post(address, {**typed, "again": "yes"}).content
    press = str(uuid4())
    for _ in range(2):
        assert coordinator.post(address, {**typed, "press": press, "confirmed": "yes"}).status_code == 302
    told = Message.objects.filter(kind=notices.NOTICE)
    assert {mail.person_id for mail in told} == {place.person_id for place in booked}
    assert "Bring an <ID>." in notices.render(told[0]).text
    assert "give up your place" in notices.render(told[0]).text
    waits = notices.content_of(SessionNotice.objects.get(), waiting.person, waiting).text
    assert "leave the waiting list or ask" in waits
    Place.objects.filter(pk=waiting.pk).delete()
    assert notices.not_wanted(list(told), now) == {}
    cancel_session(session=session, reason="Snow", by=CLOCK, now=now)
    assert set(notices.not_wanted(list(told), now).values()) == {"no_longer_booked"}


def test_a_mail_to_everybody_says_how_many_have_a_place_and_speaks_of_one_as_of_one(client):
    session = a_session()
    client.force_login(AppointmentFactory(programme=session.programme).person)
    address = f"/sessions/{session.pk}/notice/"
    assert "Nobody has a place yet, so nobody would get it." in client.get(address).content.decode()
    a_place(session)
    assert "<p>1 person has a place." in client.get(address).content.decode()
    page = client.post(address, {"subject": "Car park", "words": "It is closed."}).content.decode()
    assert "<strong>1 person gets</strong> this mail, with their own name" in page


def test_nobody_is_told_where_nobody_has_a_place():
    session = a_session()
    with pytest.raises(NobodyToTell):
        send_notice(
            session=session, subject="x", words="y", to_waiting=True,
            press="6d8f8c1e-0000-4000-8000-000000000000", by=CLOCK, now=NOW,
        )  # fmt: skip


def test_fewer_seats_than_taken_is_refused_with_what_can_be_done(coordinator):
    now = timezone.now()
    session = a_session(coordinator.programme, capacity=3, date=(now + timedelta(days=30)).date())
    another_day(coordinator.programme, capacity=4, date=(now + timedelta(days=40)).date())
    RoomFactory(capacity=50)
    for _ in range(3):
        a_place(session, now=now)
    answer = coordinator.post(f"/sessions/{session.pk}/seats/", {"capacity": "1", "reserved": ""})
    page = answer.content.decode()
    assert answer.status_code == 422
    for words in ("3 places are taken", "Choose who moves", "2 people have", "(4)", "a room that holds all 3", "(50)"):
        assert words in page, words


def test_a_place_is_kept_for_you_only_as_long_as_it_is(client):
    now = timezone.now()
    session = a_session(date=(now + timedelta(days=30)).date())
    place = a_place(session, now=now)
    _cancel(session, now)
    client.get(f"/p/{token_of(place.link)}/")
    assert "a place is kept for you" in client.get(f"/p/{place.link_id}/").content.decode()
    Place.objects.filter(pk=place.pk).update(closed_at=now - FIRST_CHOICE_LASTS)
    page = client.get(f"/p/{place.link_id}/").content.decode()
    assert "a place is kept for you" not in page
    assert f"/p/{place.link_id}/change/" in page


def test_where_somebody_has_several_places_what_they_hold_beside_it_ends_no_claim(client):
    now = timezone.now()
    programme = a_programme(places_rule=PlacesRule.UNLIMITED)
    days = [(now + timedelta(days=30 + 7 * number)).date() for number in range(3)]
    session, held, other = (a_session(programme, capacity=1 + (day == days[1]), date=day) for day in days)
    place = a_place(session, now=now)
    kept = a_place(held, place.person, now=now)
    _cancel(session, now + timedelta(hours=1))
    later = now + timedelta(hours=2)
    assert a_place(held, now=later).state == PlaceState.BOOKED  # nothing is kept where they come already
    assert a_place(other, now=later).state == PlaceState.WAITING
    client.get(f"/p/{token_of(place.link)}/")
    page = client.get(f"/p/{place.link_id}/").content.decode()
    assert "You choose another date before others" in page
    assert "You now have" not in page
    listed = client.get(f"/p/{place.link_id}/change/").content.decode()
    assert f"/change/{other.pk}/" in listed
    assert f"/change/{held.pk}/" not in listed
    new = a_place(other, place.person, now=later)
    assert new.state == PlaceState.BOOKED
    assert "You now have a place on" in client.get(f"/p/{place.link_id}/").content.decode()
    give_up_place(place=new, by=place.person, now=later)
    client.get(f"/p/{token_of(kept.link)}/")
    give_up_place(place=kept, by=place.person, now=later)
    assert "Take my place back" in client.get(f"/p/{kept.link_id}/").content.decode()


def test_who_waited_elsewhere_before_still_chooses_and_is_told_that_they_wait(client):
    now = timezone.now()
    programme = a_programme()
    days = [(now + timedelta(days=30 + 7 * number)).date() for number in range(3)]
    full, other, third = (a_session(programme, capacity=1, date=day) for day in days)
    for session in (full, other):
        a_place(session, now=now)
    place = a_place(full, now=now)
    waiting = a_place(other, place.person, now=now)
    _cancel(full, now + timedelta(hours=1))
    client.get(f"/p/{token_of(place.link)}/")
    assert client.get(f"/p/{place.link_id}/change/").status_code == 200
    a_place(third, place.person, now=now + timedelta(hours=2))
    waiting.refresh_from_db()
    assert waiting.closed_reason == "seated_elsewhere"


def test_the_mail_offers_no_date_that_cannot_be_booked():
    now = timezone.now()
    programme = a_programme()
    BookingRules.objects.create(programme=programme, closes_days=40)
    session = a_session(programme, date=(now + timedelta(days=60)).date())
    closed, other = (another_day(programme, date=(now + timedelta(days=days)).date()) for days in (30, 70))
    place = a_place(session, now=now)
    _cancel(session, now)
    text = messages.render(Message.objects.get(kind=messages.CANCELLED, person=place.person)).text
    assert day(other.date) in text
    assert day(closed.date) not in text


def test_every_list_says_that_free_places_are_kept_for_others(client):
    now = timezone.now()
    programme = a_programme(is_public=True)
    session, other = (a_session(programme, capacity=1, date=(now + timedelta(days=days)).date()) for days in (30, 40))
    place = a_place(session, now=now)
    person = a_practitioner(programme)
    own = Invitation.objects.create(programme=programme, person=person, invited_at=now)
    own.link = make_link(purpose="invitation", person=person, about=own, ends_at=now + timedelta(days=9), now=now)
    own.save(update_fields=["link"])
    _cancel(session, now)
    client.get(f"/i/{token_of(own.link)}/")
    pages = [f"/i/{own.link_id}/", f"/programmes/{programme.slug}/sessions/", f"/sessions/{other.pk}/"]
    for page in pages:
        said = client.get(page).content.decode()
        assert re.search("(It|free place) is kept for people whose session was cancelled: you would wait", said), page
    client.force_login(place.person)
    for page in pages[1:]:
        assert "kept for people whose session was cancelled" not in client.get(page).content.decode(), page
