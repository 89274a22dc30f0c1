"""Whoever waits, gives up or wants another date reads how it really stands with them."""

from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.links import token_of
from attendance.actions.engagements import engage
from attendance.actions.handovers import ask_colleague, take_over
from attendance.actions.places import HasBegun, PlaceHasEnded, change_seats, give_up_place, take_place
from attendance.actions.sessions import cancel_session, change_session, resize_session
from attendance.actions.swaps import change_place
from attendance.models import BookingRules, Place, PlaceState, Quota
from attendance.queries.waiting import quota_in_words, why_passed_over, why_people_wait
from attendance.views import handovers, places
from briefings.models import Partner, PlacesRule, Session
from face.dates import day
from history.actions import CLOCK
from messaging import kinds
from messaging.models import Message
from tests.attendance.places import a_place, a_practitioner, a_programme, a_session, another_day, partner_of
from tests.briefings.factories import AppointmentFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def programme():
    return a_programme()


@pytest.fixture
def session(programme):
    return a_session(programme, capacity=1, date=(timezone.now() + timedelta(days=30)).date())


def _page(client, place, path=""):
    client.get(f"/p/{token_of(place.link)}/")
    return client.get(f"/p/{place.link_id}/{path}").content.decode()


def _begin(session):
    now = timezone.now()
    Session.objects.filter(pk=session.pk).update(during=(now - timedelta(hours=1), now + timedelta(hours=2)))


def test_who_waits_because_of_a_quota_reads_why_on_the_page_and_in_the_mail(
    client, programme, session, django_assert_max_num_queries
):
    now = timezone.now()
    change_seats(session=session, capacity=3, reserved=0, by=CLOCK, now=now)
    released = (now + timedelta(days=4)).date()
    Quota.objects.create(programme=programme, organisation=partner_of(programme), seats=1, released_on=released)
    a_place(session, now=now)
    waits = a_place(session, now=now)
    assert waits.state == PlaceState.WAITING
    why = f"has all the places it may have in this session. The rest is free for everybody from {day(released)}."
    _page(client, waits)
    with django_assert_max_num_queries(8):
        page = client.get(f"/p/{waits.link_id}/").content.decode()
    assert why in page
    assert "it is yours at once" not in page
    mail = Message.objects.get(kind="attendance.place_waiting")
    mail = kinds.find(mail.kind).render(mail)
    assert why in mail.text.replace("\n", " ")


def test_who_is_eligible_no_more_reads_that_places_pass_them_by(client, programme, session):
    now = timezone.now()
    held = a_place(session, now=now)
    waits = a_place(session, now=now)
    assert why_passed_over(waits, now) == ""
    other = a_session(programme, capacity=3, date=(now + timedelta(days=40)).date())
    Partner.objects.update(until=(now - timedelta(days=1)).date())
    assert "free places pass you by" in _page(client, waits)
    for place, stays in ((waits, True), (held, True)):
        page = _page(client, place, "change/")
        assert "You cannot change to another date" in page
        assert day(other.date)[:6] not in page
        assert ("stays yours" in page) is stays


def test_who_is_elsewhere_at_that_time_or_has_an_offer_reads_that(programme, session):
    now = timezone.now()
    a_place(session, now=now)
    waits = a_place(session, now=now)
    engage(waits.person_id, elsewhere := a_session(capacity=1, date=session.date))
    assert f"You are in “{elsewhere}” on {day(elsewhere.date)}, 9:30am to 12:30pm, so free places" in why_passed_over(
        waits, now
    )
    other = a_session(programme, capacity=1, date=(now + timedelta(days=40)).date())
    holder, both = a_place(other, now=now), a_place(session, now=now)
    a_place(other, both.person, now=now)
    BookingRules.objects.create(programme=programme, offer_days=365)
    give_up_place(place=holder, by=holder.person, now=now)
    both = Place.objects.get(pk=both.pk)
    assert "We hold a place for you in another session" in why_passed_over(both, now)


def test_where_no_other_date_takes_bookings_nobody_is_told_to_look_again(client, programme, session):
    now = timezone.now()
    other = a_session(programme, capacity=1, date=(now + timedelta(days=5)).date())
    fill_other, place = a_place(other, now=now), a_place(session, now=now)
    assert "somebody may give a place up" in _page(client, place, "change/")
    BookingRules.objects.create(programme=programme, closes_days=10)
    assert "None of the others takes bookings now" in _page(client, place, "change/")
    assert fill_other.state == PlaceState.BOOKED


def test_a_place_that_others_have_by_now_is_not_offered_back(client, session):
    now = timezone.now()
    place = a_place(session, now=now)
    give_up_place(place=place, by=place.person, now=now)
    assert "Take my place back" in _page(client, place)
    a_place(session, now=now)
    assert "Take my place back" not in _page(client, place)


def test_who_gives_up_late_reads_that_the_place_is_offered(client, programme, session):
    now = timezone.now()
    place = a_place(session, now=now)
    a_place(session, now=now)
    who = "to the person on the waiting list, if they can come."
    assert f"Your place goes at once {who}" in _page(client, place, "give-up/")
    BookingRules.objects.create(programme=programme, offer_days=60)
    assert f"Your place is offered at once {who}" in _page(client, place, "give-up/")


def test_once_the_session_has_begun_nothing_is_said_to_have_ended(client, programme, session):
    now = timezone.now()
    place = a_place(session, now=now)
    to = another_day(programme, date=(now + timedelta(days=40)).date())
    page = f"/p/{place.link_id}/give-up/"
    client.get(f"/p/{token_of(place.link)}/")
    _begin(session)
    assert client.get(page).status_code == 302
    late = client.post(page)
    assert late.status_code == 409
    words = late.content.decode()
    assert HasBegun.sentence in words
    assert PlaceHasEnded.sentence not in words
    assert "Nobody waits for it" not in words
    with pytest.raises(HasBegun):
        change_place(place=place, to=to, by=place.person, now=now)


def test_a_colleague_who_cannot_take_the_place_reads_it_before_they_press(client, programme, session):
    now = timezone.now()
    place, colleague = a_place(session, now=now), a_practitioner(programme)
    asked = ask_colleague(place=place, email=colleague.email, by=place.person, now=now)
    client.get(f"/takeover/{token_of(asked.link)}/")
    page = f"/takeover/{asked.link_id}/"
    assert "Take over the place</button>" in client.get(page).content.decode()
    engage(colleague.pk, elsewhere := a_session(capacity=1, date=session.date))
    words = client.get(page).content.decode()
    assert f"You cannot take it over at the moment. You are in “{elsewhere}” on {day(elsewhere.date)}" in words
    assert "Take over the place</button>" not in words
    assert "No, I cannot come" in words


def test_a_colleague_who_comes_too_late_is_not_asked_to_press_again(client, programme, session, monkeypatch):
    now = timezone.now()
    place, colleague = a_place(session, now=now), a_practitioner(programme)
    asked = ask_colleague(place=place, email=colleague.email, by=place.person, now=now)
    client.get(f"/takeover/{token_of(asked.link)}/")

    def meanwhile(**options):
        give_up_place(place=place, by=place.person, now=now)
        return take_over(**options)

    monkeypatch.setattr(handovers, "take_over", meanwhile)
    late = client.post(f"/takeover/{asked.link_id}/")
    assert late.status_code == 409
    assert "This place is not free any more</h1>" in late.content.decode()
    assert "Take over the place</button>" not in late.content.decode()


def test_a_change_refused_since_the_session_was_cancelled_leads_on(client, programme, session, monkeypatch):
    now = timezone.now()
    place = a_place(session, now=now)
    to = another_day(programme, date=(now + timedelta(days=40)).date())
    client.get(f"/p/{token_of(place.link)}/")

    def meanwhile(**options):
        cancel_session(session=session, reason="Snow", by=CLOCK, now=now)
        return change_place(**options)

    monkeypatch.setattr(places, "change_place", meanwhile)
    page = f"/p/{place.link_id}/change/{to.pk}/"
    late = client.post(page)
    assert late.status_code == 409
    assert "Both happen at once" not in late.content.decode()
    assert client.post(page).status_code == 302
    assert Place.objects.get(person=place.person, session=to).state == PlaceState.BOOKED


def test_an_offer_that_is_over_is_not_shown_as_one_and_leads_to_no_change_that_is_refused(client, session):
    place = a_place(session, now=timezone.now())
    held = {"state": PlaceState.OFFERED, "offered_from_line": True}
    Place.objects.filter(pk=place.pk).update(**held, offered_until=timezone.now() + timedelta(hours=1))
    page = _page(client, place)
    assert "Change to another date" in page
    assert "Offered" in page
    Place.objects.filter(pk=place.pk).update(offered_until=timezone.now() - timedelta(minutes=1))
    page = _page(client, place)
    assert "We held this place for you until" in page
    assert "Offer ended" in page
    assert "Change to another date" not in page
    assert "Offered" not in page


def test_who_waits_when_the_list_is_final_does_not_read_for_whom_places_are_kept(client, programme):
    now = timezone.now()
    session = a_session(programme, capacity=1, date=(now + timedelta(days=30)).date())
    gone = a_session(programme, date=(now + timedelta(days=40)).date())
    seated, waits, _ = (a_place(each, now=now) for each in (session, session, gone))
    cancel_session(session=gone, reason="Flood", by=CLOCK, now=now)
    give_up_place(place=seated, by=seated.person, now=now)
    assert "kept for people whose session was cancelled" in _page(client, waits)
    BookingRules.objects.create(programme=programme, freeze_days=365)
    said = _page(client, waits)
    assert "The list of names is final, so nobody moves up any more." in said
    assert "kept for people" not in said


def test_the_page_says_for_whom_places_are_kept_though_people_wait(client, programme, session):
    now = timezone.now()
    client.force_login(AppointmentFactory(programme=programme).person)

    def page():
        return " ".join(client.get(f"/sessions/{session.pk}/").content.decode().split())

    quota = Quota.objects.create(programme=programme, organisation=partner_of(programme), seats=1)
    a_place(session, now=now)
    waits = a_place(session, now=now)
    assert "kept" not in page()
    assert "is of an organisation" not in page()
    resize_session(session=session, capacity=4, reserved=1, by=CLOCK, now=now)
    assert "1 free place is kept back: who waits gets one from you alone." in page()
    assert "1 person who waits is of an organisation that has all the places it may have here." in page()
    assert "Who else waits" not in page()
    quota.delete()
    engage(waits.person_id, a_session(capacity=1, date=session.date))
    assert "Who else waits cannot come at the moment: they are elsewhere" in page()
    lost = a_place(gone := a_session(programme, date=session.date + timedelta(days=2)), now=now)
    cancel_session(session=gone, reason="Flood", by=CLOCK, now=now)
    assert lost.state == PlaceState.BOOKED
    assert "1 free place is kept for people whose session was cancelled" in page()
    rules = BookingRules.objects.create(programme=programme, freeze_days=365)
    assert "The list of names is final, so nobody moves up." in page()
    assert "kept for people" not in page()
    rules.delete()
    give_up_place(place=waits, by=waits.person, now=now)
    assert "free place is" not in page()
    assert why_people_wait(Session.objects.select_related("seats", "programme").get(pk=session.pk), now) == []


def test_of_two_quotas_the_own_one_counts_also_when_it_is_released(programme, session):
    now = timezone.now()
    released = {"programme": programme, "organisation": partner_of(programme), "released_on": now.date()}
    Quota.objects.create(seats=9, **released)
    Quota.objects.create(programme=programme, seats=3)
    assert quota_in_words(session, partner_of(programme), now) == ""
    Quota.objects.exclude(organisation=None).delete()
    assert "may have 3 places in this session and has 0." in quota_in_words(session, partner_of(programme), now)


def test_a_place_that_has_moved_onto_another_says_which_and_is_kept_once_that_is_given_up(client):
    now = timezone.now()
    programme = a_programme(places_rule=PlacesRule.UNLIMITED)
    here, there = (a_session(programme, date=(now + timedelta(days=days)).date()) for days in (30, 40))
    own = a_place(here, now=now)
    other = a_place(there, own.person, now=now)
    change_session(session=here, date=there.date, by=CLOCK, now=now)
    page = _page(client, own)
    assert f"You are in “{there}” on {day(there.date)}, 9:30am to 12:30pm." in page
    assert "Choose another date</a>" in page
    assert "Keep this place" not in page
    give_up_place(place=other, by=own.person, now=now)
    page = _page(client, own)
    assert "Keep this place" in page
    client.post(f"/p/{own.link_id}/accept/")
    assert Place.objects.get(pk=own.pk).state == PlaceState.BOOKED


def test_where_the_free_places_of_other_dates_are_for_others_it_says_so(client, programme, session):
    now = timezone.now()
    place = a_place(session, now=now)
    other, gone = (a_session(programme, capacity=1, date=(now + timedelta(days=days)).date()) for days in (40, 50))
    lost = a_place(gone, now=now)
    assert "Change to this date" in _page(client, place, "change/")
    cancel_session(session=gone, reason="Flood", by=CLOCK, now=now)
    page = _page(client, place, "change/")
    assert "No other date has a free place for you" in page
    assert "They choose first, for 5 days: look again after that." in page
    take_place(session=other, person=lost.person, by=lost.person, now=now)
    change_seats(session=other, capacity=2, reserved=0, by=CLOCK, now=now)
    Quota.objects.create(programme=programme, organisation=place.organisation, seats=1)
    assert "has all the places it may have on the dates with free ones" in _page(client, place, "change/")
