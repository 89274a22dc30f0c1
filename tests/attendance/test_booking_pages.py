"""What the links of an invitation and of a place open, page by page."""

import re
from datetime import date, timedelta

import pytest
import time_machine
from django.urls import reverse
from django.utils import timezone

from accounts.links import make_link, token_of
from attendance.actions import places as actions
from attendance.actions.policies import set_quota
from attendance.actions.sessions import cancel_session
from attendance.actions.swaps import SessionIsFull
from attendance.models import AccessNeed, BookingRules, CalendarEntry, Invitation, Place, PlaceState, Quota, SeatCount
from attendance.queries.booking import by_distance
from briefings.models import Programme
from face.dates import day_without_year
from messaging import kinds
from messaging.models import Message
from tests.attendance.places import (
    NOW,
    PartnerFactory,
    a_place,
    a_practitioner,
    a_programme,
    a_session,
    another_day,
    fill,
    partner_of,
)
from tests.briefings.factories import RoomFactory, VenueFactory
from tests.organisations.factories import AffiliationFactory, AreaFactory, PersonFactory, ProfessionFactory

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _today():
    with time_machine.travel(NOW, tick=False):
        yield


def invite(programme: Programme, person=None) -> Invitation:
    """An invitation with its link, as a round leaves it."""
    person = person or a_practitioner(programme)
    made = Invitation.objects.create(programme=programme, person=person, invited_at=NOW)
    made.link = make_link(purpose="invitation", person=person, about=made, ends_at=NOW + timedelta(days=90), now=NOW)
    made.save(update_fields=["link"])
    return made


def opened(client, link, prefix):
    """The page that ``link`` opens, after its token was exchanged."""
    response = client.get(f"/{prefix}/{token_of(link)}/", follow=True)
    assert response.status_code == 200
    return response.content.decode()


def words(response) -> str:
    return " ".join(response.content.decode().split())


# Choosing


def test_the_page_says_who_books_and_what_suits_nearest_first(client):
    county = AreaFactory(name="Leicestershire")
    melton, harborough = AreaFactory(name="Melton", parent=county), AreaFactory(name="Harborough", parent=county)
    rutland = AreaFactory(name="Rutland")
    programme = a_programme()
    rooms = {area: RoomFactory(venue=VenueFactory(area=area)) for area in (melton, harborough, rutland)}
    days = {rutland: date(2026, 11, 24), harborough: date(2026, 11, 25), melton: date(2026, 11, 26)}
    for area, room in rooms.items():
        a_session(programme, room=room, date=days[area])
    a_session(programme, room=None, online_link="https://meet.example.org/x", date=date(2026, 12, 1))
    person = a_practitioner(programme, areas=[melton], name="Amina Samplewood")
    page = opened(client, invite(programme, person).link, "i")
    assert "You are booking as <strong>Amina Samplewood</strong>" in page
    order = ["Nearest to you, in Melton", "Thursday 26 November", "Tuesday 1 December", "Not far from you",
             "Wednesday 25 November", "Further away", "Tuesday 24 November"]  # fmt: skip
    assert sorted(order, key=page.index) == order
    assert "Online" in page


def test_what_can_be_booked_comes_before_what_cannot_and_each_is_by_date(client):
    """Nearest is no use where nobody can book: first a free place, then the lines, then what is not open."""
    melton, rutland = AreaFactory(name="Melton"), AreaFactory(name="Rutland")
    programme = a_programme()
    near, far = (RoomFactory(venue=VenueFactory(area=area)) for area in (melton, rutland))
    today = timezone.localdate()
    days = {name: today + timedelta(days=number) for name, number in
            {"closed": 5, "full": 20, "quota": 21, "far": 22, "near": 23}.items()}  # fmt: skip
    BookingRules.objects.create(programme=programme, closes_days=7)
    for name, day in days.items():
        session = a_session(programme, room=far if name == "far" else near, date=day, capacity=1 + (name == "quota"))
        if name == "full":
            SeatCount.objects.filter(session=session).update(taken=1)
        if name == "quota":
            a_place(session, now=timezone.now())
    set_quota(programme=programme, organisation=None, seats=1, released_on=None, by="clock", now=timezone.now())
    person = a_practitioner(programme, areas=[melton])
    page = opened(client, invite(programme, person).link, "i")
    order = ["Nearest to you, in Melton", days["near"], "Further away", days["far"], "Here you would wait for a place",
             days["full"], days["quota"], "Not to be booked at the moment", days["closed"]]  # fmt: skip
    order = [each if isinstance(each, str) else f"<h3>{day_without_year(each)}" for each in order]
    assert sorted(order, key=page.index) == order
    assert "Booking for this session closed on" in page[page.index("Not to be booked") :]


def test_where_somebody_works_inside_a_larger_area_decides():
    county = AreaFactory()
    inside = AreaFactory(parent=county)
    session = a_session(room=RoomFactory(venue=VenueFactory(area=inside)))
    headings = lambda areas: [group.heading for group in by_distance([session], areas)]  # noqa: E731
    assert headings([county]) == headings([]) == ["Sessions you can choose"]


def test_a_full_session_shows_the_length_of_its_line(client):
    session = a_session(capacity=1)
    fill(session)
    a_place(session)
    page = opened(client, invite(session.programme).link, "i")
    assert "No place is free. 1 person waits before you." in page
    assert "Join the waiting list" in page


@pytest.mark.parametrize("count", [1, 3])
def test_choosing_takes_nine_queries_however_many_sessions(client, django_assert_max_num_queries, count):
    area = AreaFactory()
    programme = a_programme(areas=[area])
    for number in range(count):
        another_day(programme, date=date(2026, 12, 8 + number))
    link = invite(programme, a_practitioner(programme, areas=[area])).link
    opened(client, link, "i")
    with django_assert_max_num_queries(9):
        assert client.get(f"/i/{link.pk}/").status_code == 200


def test_one_press_and_a_check_page_book_a_place(client, django_assert_max_num_queries):
    session = a_session()
    invitation = invite(session.programme)
    link = invitation.link
    opened(client, link, "i")
    address = reverse("attendance:invitation-take", args=[link.pk, session.pk])
    check = client.get(address)
    assert "Check before you book" in words(check)
    assert Place.objects.count() == 0
    done = client.post(address, follow=True)
    place = Place.objects.get()
    assert (place.person, place.state, place.made_by) == (
        invitation.person, PlaceState.BOOKED, f"accounts.person:{invitation.person_id}",
    )  # fmt: skip
    assert "Your place is booked" in words(done)
    assert place.reference in words(done)
    assert client.post(address, follow=True).status_code == 200
    assert Place.objects.count() == 1
    assert "You have a place" in words(client.get(f"/i/{link.pk}/"))
    mine = client.get(reverse("attendance:invitation-place", args=[link.pk, place.pk]), follow=True)
    assert mine.redirect_chain == [(f"/p/{place.link_id}/", 302)]
    assert "My place" in words(mine)


def test_a_press_on_no_session_is_not_found(client):
    link = invite(a_session().programme).link
    opened(client, link, "i")
    for number in (2**63 - 1, 2**63, 10**20):
        address = reverse("attendance:invitation-take", args=[link.pk, number])
        assert (client.get(address).status_code, client.post(address).status_code) == (404, 404)


def test_a_full_session_asks_before_somebody_joins_the_line(client):
    session = a_session(capacity=1)
    fill(session)
    link = invite(session.programme).link
    opened(client, link, "i")
    address = reverse("attendance:invitation-take", args=[link.pk, session.pk])
    assert "Check before you join the waiting list" in words(client.get(address))
    assert "You are on the waiting list" in words(client.post(address, follow=True))
    assert "Change or leave the waiting list" in words(client.get(f"/i/{link.pk}/"))


def test_who_joins_a_line_reads_at_once_how_a_free_place_comes_to_them_and_how_to_leave(client):
    session = a_session(capacity=1)
    BookingRules.objects.create(programme=session.programme, offer_days=365)
    fill(session)
    link = invite(session.programme).link
    opened(client, link, "i")
    done = words(client.post(reverse("attendance:invitation-take", args=[link.pk, session.pk]), follow=True))
    assert "we offer it to you, write to you, and hold it" in done
    assert "it is yours at once" not in done
    assert "choose another date or leave the waiting list" in done


@pytest.mark.parametrize("together", [False, True])
def test_whoever_pressed_for_the_last_place_a_moment_too_late_is_told_so(client, together):
    session = a_session(capacity=1)
    link = invite(session.programme).link
    opened(client, link, "i")
    address, said = reverse("attendance:invitation-take", args=[link.pk, session.pk]), "went just before you pressed"
    page = client.get(address).content.decode()
    free = re.search(r'<form method="post" action="([^"]*)"', page)[1]
    press = re.search(r'name="press" value="([^"]+)"', page)[1]
    a_place(session)
    done = client.post(f"{address}{free}", {"press": press} if together else {}, follow=True)
    assert said in words(done)
    full = words(client.get(address))
    assert 'action="?free=1"' not in full, "who reads that it is full is not told again"
    again = client.get(f"{address}?free=1").content.decode()  # where a refusal has left them
    assert 'action="?"' in again, "nor whoever reads it on the page that a press has led to"


def test_one_free_place_that_is_kept_is_spoken_of_as_one(client):
    programme = a_programme()
    session, lost = a_session(programme, capacity=1), a_place(another_day(programme))
    cancel_session(session=lost.session, reason="Flood", by="clock", now=NOW)
    page = opened(client, invite(programme).link, "i")
    assert session.seats.capacity == 1
    assert "1 of 1 places free. It is kept for people whose session was cancelled" in page


def test_a_refusal_is_said_on_the_check_page(client):
    session = a_session()
    invitation = invite(session.programme)
    a_place(another_day(session.programme), invitation.person)
    opened(client, invitation.link, "i")
    response = client.post(reverse("attendance:invitation-take", args=[invitation.link_id, session.pk]))
    assert response.status_code == 409
    held = "You hold a place on Tuesday 8 December 2026, 1:30pm to 4:30pm, in this programme. Change its date instead"
    assert held in words(response)
    assert f"/i/{invitation.link_id}/places/{Place.objects.get().pk}/" in response.content.decode()
    assert "<title>Error: " in words(response)


DECEMBER = date(2026, 12, 1)
REFUSALS = {
    "frozen": "The list of names for this session has been final since",
    "closed": "Booking for this session closed on",
    "not open yet": "Booking opens on Tuesday 1 December 2026.",
    "busy then": "on Thursday 26 November 2026, 9:30am to 12:30pm. Choose another date, or give that place up first.",
    "full": "No place is free. You would be the first in line",
    "quota": "has all the places it may have in this session. The rest is free for everybody from",
}


@pytest.mark.parametrize("why", REFUSALS)
def test_why_there_is_no_place_is_said_in_words_with_a_way_on(client, why):
    session = a_session(capacity=2)
    programme, invitation = session.programme, invite(session.programme)
    rules = {"frozen": {"freeze_days": 99}, "closed": {"closes_days": 99}, "not open yet": {"opens_on": DECEMBER}}
    if why in rules:
        BookingRules.objects.create(programme=programme, **rules[why])
    elif why == "busy then":
        AffiliationFactory(person=invitation.person, organisation=partner_of(other := a_programme()))
        a_place(a_session(other), invitation.person)
    elif why == "full":
        fill(session)
    else:
        a_place(session)
        Quota.objects.create(
            programme=programme, organisation=partner_of(programme), seats=1, released_on=date(2026, 11, 20)
        )
    opened(client, invitation.link, "i")
    address = reverse("attendance:invitation-take", args=[invitation.link_id, session.pk])
    asks = words(client.get(address) if why in ("full", "quota") else client.post(address))
    assert REFUSALS[why] in asks
    assert ("<h1>This session cannot be booked now</h1>" in asks) == (why in rules)
    assert not (why in rules and "in line" in asks), "there is no line to join"
    assert reverse("attendance:invitation-choose", args=[invitation.link_id]) in asks
    assert "mailto:briefings@example.org" in asks


def test_somebody_who_is_not_eligible_any_more_is_told_whom_to_ask(client):
    session = a_session()
    page = opened(client, invite(session.programme, PersonFactory()).link, "i")
    assert "you cannot take a place" in page
    assert "briefings@example.org" in page
    assert "Take a place" not in page


def test_an_invitation_opens_nothing_of_another_programme(client):
    invitation, other = invite(a_session().programme), a_session()
    opened(client, invitation.link, "i")
    foreign = a_place(other)
    for name, number in (("take", other.pk), ("done", foreign.pk), ("place", foreign.pk)):
        assert (
            client.get(reverse(f"attendance:invitation-{name}", args=[invitation.link_id, number])).status_code == 404
        )


@pytest.mark.parametrize(("answer", "said"), [("none_suits", "none of these dates"), ("not_for_me", "not for me")])
def test_no_can_be_said_and_taken_back(client, answer, said):
    session = a_session()
    invitation = invite(session.programme)
    opened(client, invitation.link, "i")
    address = reverse("attendance:invitation-answer", args=[invitation.link_id, answer])
    assert client.get(address).status_code == 200
    invitation.refresh_from_db()
    assert invitation.answer == ""
    assert f"You told us: <strong>{said}" in words(client.post(address, follow=True))
    invitation.refresh_from_db()
    assert (invitation.answer, invitation.answered_at) == (answer, NOW)
    client.post(reverse("attendance:invitation-take-back", args=[invitation.link_id]))
    invitation.refresh_from_db()
    assert (invitation.answer, invitation.answered_at) == ("", None)


def test_an_answer_that_does_not_exist_is_a_404(client):
    invitation = invite(a_session().programme)
    opened(client, invitation.link, "i")
    assert client.post(reverse("attendance:invitation-answer", args=[invitation.link_id, "maybe"])).status_code == 404


def test_the_page_for_somebody_else_says_whose_the_link_is(client):
    invitation = invite(a_session().programme)
    opened(client, invitation.link, "i")
    page = words(client.get(reverse("attendance:invitation-not-me", args=[invitation.link_id])))
    assert f"This link belongs to <strong>{invitation.person.name}" in page


# My place


def mine(client, place) -> str:
    return opened(client, place.link, "p")


@pytest.fixture
def place():
    return a_place(a_session())


def test_my_place_shows_everything_in_few_queries(client, place, django_assert_max_num_queries):
    page = mine(client, place)
    for expected in (place.reference, "Booked", "26 November 2026", "Not provided", "Send me the entry again"):
        assert expected in page
    with django_assert_max_num_queries(9):
        client.get(f"/p/{place.link_id}/")


def test_the_entry_comes_again_by_mail_and_only_then_as_a_file(client, place):
    mine(client, place)
    sent = client.post(reverse("attendance:place-send-entry", args=[place.link_id]), follow=True)
    assert "on its way again" in words(sent)
    assert "sent a moment ago" in words(
        client.post(reverse("attendance:place-send-entry", args=[place.link_id]), follow=True)
    )
    assert Message.objects.filter(kind="attendance.place_entry_again").count() == 1
    entry = client.get(reverse("attendance:place-file", args=[place.link_id]))
    assert entry["Content-Type"] == "text/calendar; charset=utf-8"
    assert f"UID:{CalendarEntry.objects.get().uid}".encode() in entry.content
    assert b"METHOD:PUBLISH" in entry.content
    assert b"ATTENDEE" not in entry.content


def test_giving_up_asks_first_and_says_who_gets_it(client):
    session = a_session(capacity=1)
    (place,) = fill(session)
    waiting = a_place(session)
    mine(client, place)
    address = reverse("attendance:place-give-up", args=[place.link_id])
    assert "goes at once to the person on the waiting list, if they can come" in words(client.get(address))
    assert "You have given up this place" in words(client.post(address, follow=True))
    waiting.refresh_from_db()
    assert waiting.state == PlaceState.BOOKED
    assert client.post(address, follow=True).status_code == 200
    assert client.get(address).status_code == 302
    assert client.get(reverse("attendance:place-file", args=[place.link_id])).status_code == 404
    again = client.post(reverse("attendance:place-send-entry", args=[place.link_id]), follow=True)
    assert actions.PlaceHasEnded.sentence in words(again)


def test_a_place_cannot_be_given_up_once_the_session_has_begun(client, place):
    mine(client, place)
    with time_machine.travel(place.session.during.lower, tick=False):
        client.get(f"/p/{token_of(place.link)}/")
        assert "This session has begun" in words(client.get(f"/p/{place.link_id}/"))
        response = client.post(reverse("attendance:place-give-up", args=[place.link_id]))
    assert response.status_code == 409
    assert actions.HasBegun.sentence in words(response)


def test_who_waits_keeps_a_position_and_not_a_place_until_the_other_date_is_theirs(client, place):
    programme = place.session.programme
    fill(place.session)
    waiting = a_place(place.session)
    to = another_day(programme, title="The plan at work")
    mine(client, waiting)
    choice = words(client.get(reverse("attendance:place-choose-other", args=[waiting.link_id])))
    assert "You keep your position until the new one is yours." in choice
    check = words(client.get(reverse("attendance:place-change", args=[waiting.link_id, to.pk])))
    assert "You get the place and stop waiting for Thursday 26 November, both at once." in check
    assert "never left without a place" not in check
    assert "The plan at work" in check
    mine(client, place)
    own = words(client.get(reverse("attendance:place-change", args=[place.link_id, to.pk])))
    assert "you are never left without a place" in own


def test_changing_dates_leads_to_the_new_place(client, place):
    to = another_day(place.session.programme)
    full = another_day(place.session.programme, date=date(2026, 12, 9), capacity=1)
    fill(full)
    mine(client, place)
    choice = words(client.get(reverse("attendance:place-choose-other", args=[place.link_id])))
    assert "Tuesday 8 December" in choice
    assert "Wednesday 9 December" not in choice
    address = reverse("attendance:place-change", args=[place.link_id, to.pk])
    assert "Check the new date" in words(client.get(address))
    response = client.post(address, follow=True)
    new = Place.objects.live().get(session=to)
    assert response.redirect_chain == [(f"/p/{new.link_id}/", 302)]
    assert new.reference in words(response)
    assert "Your place is on Tuesday 8 December now." in words(response)
    client.cookies.clear()
    old = mine(client, place)
    assert "You have changed this place for another date" in old
    newer = client.get(reverse("attendance:place-newer", args=[place.link_id]))
    assert newer["Location"] == f"/p/{new.link_id}/"
    client.cookies.clear()
    mine(client, place)
    for name in ("choose-other", "needs"):
        assert client.get(reverse(f"attendance:place-{name}", args=[place.link_id])).status_code == 302


def test_a_date_that_has_filled_up_keeps_the_old_place(client, place):
    to = another_day(place.session.programme, capacity=1)
    mine(client, place)
    fill(to)
    response = client.post(reverse("attendance:place-change", args=[place.link_id, to.pk]))
    assert response.status_code == 409
    assert SessionIsFull.sentence in words(response)
    place.refresh_from_db()
    assert place.state == PlaceState.BOOKED


def test_a_place_opens_no_session_of_another_programme(client, place):
    mine(client, place)
    assert client.get(reverse("attendance:place-change", args=[place.link_id, a_session().pk])).status_code == 404
    assert client.get(reverse("attendance:place-newer", args=[place.link_id])).status_code == 302


def test_what_somebody_needs_is_asked_apart_and_may_be_empty(client, place):
    mine(client, place)
    address = reverse("attendance:place-needs", args=[place.link_id])
    assert client.post(address, {"words": "Hearing loop\r\nQuiet room", "welsh": "on"}).status_code == 302
    need = AccessNeed.objects.get()
    assert (need.words, need.welsh) == ("Hearing loop\r\nQuiet room", True)
    assert "In Welsh" in words(client.get(f"/p/{place.link_id}/"))
    wrong = client.post(address, {"words": "a\x00b"})
    assert wrong.status_code == 200
    assert "There is a problem" in words(wrong)
    assert client.post(address, {"words": "x" * 1001}).status_code == 200
    assert client.post(address, {}).status_code == 302
    assert AccessNeed.objects.count() == 0


def test_an_offered_place_can_be_kept(client, place):
    Place.objects.filter(pk=place.pk).update(state=PlaceState.OFFERED, offered_until=NOW + timedelta(days=3))
    assert "We hold your place until" in mine(client, place)
    kept = client.post(reverse("attendance:place-accept", args=[place.link_id]), follow=True)
    assert "The place is yours" in words(kept)
    place.refresh_from_db()
    assert place.state == PlaceState.BOOKED
    Place.objects.filter(pk=place.pk).update(state=PlaceState.ENDED, closed_at=NOW, limit_key=None)
    late = client.post(reverse("attendance:place-accept", args=[place.link_id]), follow=True)
    assert actions.PlaceHasEnded.sentence in words(late)


def test_links_of_others_open_nothing(client, place):
    other = a_place(place.session)
    mine(client, place)
    for name in ("show", "give-up", "choose-other", "needs", "file", "newer"):
        assert client.get(reverse(f"attendance:place-{name}", args=[other.link_id])).status_code == 403


def test_names_with_markup_stay_text(client):
    session = a_session()
    person = PersonFactory(name="<b>Amina</b> & 'Co' {{ x }}" + "n" * 250)
    AffiliationFactory(person=person, organisation=partner_of(session.programme))
    page = opened(client, invite(session.programme, person).link, "i")
    assert "&lt;b&gt;Amina&lt;/b&gt; &amp;" in page
    assert "<b>Amina" not in page


def test_get_changes_nothing(client, place):
    invitation = invite(place.session.programme)
    opened(client, invitation.link, "i")
    before = (list(Place.objects.values()), list(SeatCount.objects.values()), Message.objects.count())
    client.get(reverse("attendance:invitation-take", args=[invitation.link_id, place.session_id]))
    client.get(reverse("attendance:invitation-answer", args=[invitation.link_id, "not_for_me"]))
    assert (list(Place.objects.values()), list(SeatCount.objects.values()), Message.objects.count()) == before
    for name in ("send-entry", "accept"):
        mine(client, place)
        assert client.get(reverse(f"attendance:place-{name}", args=[place.link_id])).status_code == 405


def test_once_the_list_of_names_is_final_nobody_is_told_that_others_can_have_a_place(client):
    programme = a_programme()
    session = a_session(programme, capacity=1)
    place, waiting = a_place(session), a_place(session)
    BookingRules.objects.create(programme=programme, freeze_days=99)
    assert "nobody moves up any more" in opened(client, waiting.link, "p")
    opened(client, place.link, "p")
    assert "nobody else can have your place" in words(client.get(f"/p/{place.link_id}/give-up/"))
    client.post(f"/p/{place.link_id}/give-up/")
    page = words(client.get(f"/p/{place.link_id}/"))
    assert "You have given up this place." in page
    assert "can have it now" not in page
    assert "Take my place back" not in page
    mail = kinds.find("attendance.place_given_up").render(Message.objects.get(kind="attendance.place_given_up"))
    assert "can have it now" not in mail.text
    assert "Take the place back" not in mail.text
    waiting.refresh_from_db()
    assert waiting.state == PlaceState.WAITING


def test_where_booking_has_closed_a_place_that_nobody_waits_for_does_not_come_back(client):
    programme = a_programme()
    place = a_place(a_session(programme))
    BookingRules.objects.create(programme=programme, closes_days=99)
    opened(client, place.link, "p")
    assert "booking is closed: you cannot get it back" in words(client.get(f"/p/{place.link_id}/give-up/"))
    client.post(f"/p/{place.link_id}/give-up/")
    assert "Take my place back" not in words(client.get(f"/p/{place.link_id}/"))


def test_an_offer_is_no_place_on_the_page_of_an_invitation(client):
    programme = a_programme()
    session = a_session(programme)
    invitation = invite(programme)
    place = a_place(session, invitation.person)
    Place.objects.update(state=PlaceState.OFFERED, offered_until=NOW + timedelta(hours=5), offered_from_line=True)
    page = opened(client, invitation.link, "i")
    assert "<h1>A place is held for you</h1>" in page
    assert "Take this place, or say no" in page
    assert "You have a place" not in page
    pressed = client.post(f"/i/{invitation.link_id}/sessions/{session.pk}/", follow=True)
    assert pressed.redirect_chain[-1][0] == f"/p/{place.link_id}/"
    assert "Your place is booked" not in pressed.content.decode()
    assert "Take this place" in pressed.content.decode()


@pytest.mark.parametrize("lost", [False, True])
def test_what_is_taken_back_or_chosen_after_a_cancellation_keeps_the_organisation_of_the_place(lost, client):
    programme = a_programme()
    other = PartnerFactory(programme=programme).organisation
    person = a_practitioner(programme)
    second = AffiliationFactory(person=person, organisation=other, profession=ProfessionFactory())
    place, to = a_place(a_session(programme), person), another_day(programme)
    Place.objects.filter(pk=place.pk).update(organisation=other)  # as the lead of the other one books
    place.refresh_from_db()
    client.get(f"/p/{token_of(place.link)}/")
    if lost:
        cancel_session(session=place.session, reason="Flood", by="clock", now=NOW)
        client.post(reverse("attendance:place-change", args=[place.link_id, to.pk]))
    else:
        actions.give_up_place(place=place, by=person, now=NOW)
        client.post(reverse("attendance:place-take-back", args=[place.link_id]))
        assert "The place is yours again" in client.get(f"/p/{place.link_id}/", follow=True).content.decode()
    new = Place.objects.live().get(person=person)
    assert (new.organisation, new.profession) == (other, second.profession)
    assert new.state == PlaceState.BOOKED
