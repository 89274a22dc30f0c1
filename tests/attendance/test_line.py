"""The waiting list in depth: positions, offers from a day on, quotas, the booking window, the final list of names."""

import uuid
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.db import transaction
from django.utils import timezone

from accounts.links import make_link, token_of
from attendance.actions.engagements import BusyThen
from attendance.actions.handovers import HoldsAnother, ask_colleague, take_over, why_not_to_take
from attendance.actions.moves import move_people
from attendance.actions.places import (
    HasPlaceElsewhere,
    OfferIsEnding,
    OfferIsOver,
    OutsideWindow,
    PlaceHasEnded,
    accept_offer,
    change_seats,
    give_up_place,
    take_place,
)
from attendance.actions.policies import QuotaInForce, release_quota, remove_quota, set_booking_rules, set_quota
from attendance.actions.reminders import lapse_offers, promote_all
from attendance.actions.reserve import seat_from_reserve
from attendance.actions.sessions import cancel_session, change_session
from attendance.actions.swaps import QuotaIsUsed, SessionIsFull, change_place
from attendance.actions.teams import NotInTheTeam, book_team, name_places
from attendance.invariants import findings
from attendance.models import (
    BookingRules,
    Engagement,
    Invitation,
    Place,
    PlaceState,
    Quota,
    SeatCount,
    Stays,
    TeamRule,
)
from attendance.queries.booking import position_of, positions_of
from attendance.queries.figures import Figures, figures_of
from attendance.queries.moves import judge
from attendance.queries.sessions import preview_change
from attendance.queries.shares import FIRST_CHOICE_LASTS, quota_of, quota_used
from attendance.queries.teams import colleagues_to_book, colleagues_to_name
from attendance.queries.waiting import is_wanted
from attendance.window import window_of
from briefings.models import Session
from face.dates import day
from history.actions import CLOCK
from history.models import Entry
from messaging import kinds
from messaging.models import Message
from organisations.models import OrganisationLead
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
from tests.briefings.factories import AppointmentFactory
from tests.organisations.factories import AffiliationFactory, OrganisationFactory, PersonFactory, ProfessionFactory

LATE = {"offer_days": 365, "offer_hours": 24}
"""Rules by which every freed place is offered."""


@pytest.fixture
def programme(db):
    return a_programme()


def _rules(programme, **columns):
    return BookingRules.objects.create(programme=programme, **columns)


def _colleague_of(programme, organisation):
    person = PersonFactory()
    AffiliationFactory(person=person, organisation=organisation, profession=ProfessionFactory())
    return person


def _kinds(person):
    return list(Message.objects.filter(person=person).order_by("pk").values_list("kind", flat=True))


def _nothing_wrong():
    assert [(check.promise, found) for check, found in findings() if found] == []


def test_a_position_says_which_of_how_many(programme):
    session = a_session(programme, capacity=1)
    seated = a_place(session)
    line = [a_place(session) for _ in range(3)]
    assert [position_of(place) for place in (seated, *line)] == ["", "1st of 3", "2nd of 3", "3rd of 3"]
    give_up_place(place=line[0], by=line[0].person, now=NOW)
    assert positions_of(line[1:]) == {line[1].pk: "1st of 2", line[2].pk: "2nd of 2"}


def test_a_place_freed_late_is_offered_to_one_and_held(programme):
    _rules(programme, **LATE)
    session = a_session(programme, capacity=1)
    seated, first, second = (a_place(session) for _ in range(3))
    give_up_place(place=seated, by=seated.person, now=NOW)
    first.refresh_from_db()
    second.refresh_from_db()
    assert (first.state, first.offered_until) == (PlaceState.OFFERED, NOW + timedelta(hours=24))
    assert second.state == PlaceState.WAITING
    assert not Engagement.objects.filter(person=first.person).exists()
    assert _kinds(first.person) == ["attendance.place_waiting", "attendance.place_offered"]
    words = kinds.find("attendance.place_waiting").render(Message.objects.filter(person=second.person).get())
    assert "leave the waiting list" in words.text
    assert "give up your place" not in words.text + words.html
    newcomer = a_place(session)
    assert newcomer.state == PlaceState.WAITING  # a seat that is held is not free
    _nothing_wrong()


def test_an_offer_is_accepted_once(programme):
    _rules(programme, **LATE)
    session = a_session(programme, capacity=1)
    seated, first = a_place(session), a_place(session)
    elsewhere = another_day(programme, capacity=1)
    fill(elsewhere)
    waiting = a_place(elsewhere, first.person)
    give_up_place(place=seated, by=seated.person, now=NOW)
    for _ in range(2):
        accept_offer(place=first, by=first.person, now=NOW)
    first.refresh_from_db()
    waiting.refresh_from_db()
    assert first.state == PlaceState.BOOKED
    assert (waiting.state, waiting.closed_reason) == (PlaceState.ENDED, "seated_elsewhere")
    assert _kinds(first.person).count("attendance.place_booked") == 1
    _nothing_wrong()


def test_what_is_declined_or_lapses_goes_to_exactly_the_next(programme):
    _rules(programme, **LATE)
    session = a_session(programme, capacity=1)
    seated, *line = (a_place(session) for _ in range(4))
    give_up_place(place=seated, by=seated.person, now=NOW)
    give_up_place(place=line[0], by=line[0].person, now=NOW)
    assert lapse_offers(now=NOW + timedelta(hours=23)) == 0
    assert lapse_offers(now=NOW + timedelta(hours=24)) == 1
    assert [Place.objects.get(pk=place.pk).state for place in line] == [
        PlaceState.GIVEN_UP, PlaceState.ENDED, PlaceState.OFFERED,
    ]  # fmt: skip
    with pytest.raises(PlaceHasEnded):
        accept_offer(place=line[1], by=line[1].person, now=NOW + timedelta(hours=25))
    _nothing_wrong()


def test_a_yes_counts_before_the_limit_and_from_it_on_the_seat_goes_to_the_next(programme):
    _rules(programme, **LATE)
    session = a_session(programme, capacity=2)
    seated, line = [a_place(session) for _ in range(2)], [a_place(session) for _ in range(3)]
    for place in seated:
        give_up_place(place=place, by=place.person, now=NOW)
    limit = NOW + timedelta(hours=24)
    in_time, late, following = line
    assert accept_offer(place=in_time, by=in_time.person, now=limit - timedelta(microseconds=1)).state == "booked"
    for now in (limit, limit + timedelta(hours=1)):  # twice: the second finds it lapsed
        with pytest.raises(OfferIsOver) as refused:
            accept_offer(place=late, by=late.person, now=now)
        assert refused.value.sentence == (
            "The offer of this place ended on 3 November 2026 at 9am, so it goes to the next on the waiting list. "
            "For other dates, open the link in your invitation."
        )
    late.refresh_from_db()
    following.refresh_from_db()
    assert (late.state, late.closed_reason, late.closed_at) == (PlaceState.ENDED, "offer_lapsed", limit)
    assert (following.state, following.offered_until) == (PlaceState.OFFERED, limit + timedelta(hours=24))
    assert _kinds(late.person)[-1] == "attendance.place_given_up"
    assert _kinds(following.person).count("attendance.place_offered") == 1
    assert lapse_offers(now=limit) == 0
    _nothing_wrong()


def test_nobody_changes_to_a_seat_whose_offer_is_over(programme):
    programme.places_rule = "unlimited"
    programme.save()
    _rules(programme, **LATE)
    session, other = a_session(programme, capacity=1), another_day(programme)
    seated, offered = a_place(session), a_place(session)
    own = a_place(other, offered.person)
    give_up_place(place=seated, by=seated.person, now=NOW)
    first, limit = transaction.savepoint(), NOW + timedelta(hours=24)
    assert change_place(place=own, to=session, by=own.person, now=limit - timedelta(hours=1)).pk == offered.pk
    transaction.savepoint_rollback(first)
    with pytest.raises(OfferIsOver):
        change_place(place=own, to=session, by=own.person, now=limit)
    _nothing_wrong()


def test_a_change_of_date_after_the_limit_of_an_offer_does_what_the_clock_does(programme, client):
    programme.places_rule = "unlimited"
    programme.save()
    _rules(programme, **LATE)
    now = timezone.now()
    session = a_session(programme, capacity=1, date=(now + timedelta(days=30)).date())
    other = another_day(programme, date=(now + timedelta(days=40)).date())
    seated, late, following = (a_place(session, now=now - timedelta(days=2)) for _ in range(3))
    own = a_place(other, late.person, now=now - timedelta(days=2))
    give_up_place(place=seated, by=seated.person, now=now - timedelta(hours=25))
    client.get(f"/p/{token_of(own.link)}/")
    press = {"press": str(uuid.uuid4())}
    for _ in range(2):  # the same press twice is one
        answer = client.post(f"/p/{own.link_id}/change/{session.pk}/", press)
        assert answer.url == f"/p/{own.link_id}/change/", "where other dates can be chosen"
    assert "You keep the place you have" in client.get(answer.url).content.decode()
    states = {place.pk: place.state for place in Place.objects.filter(session__in=[session, other])}
    assert [states[place.pk] for place in (own, late, following)] == ["booked", "ended", "offered"]
    assert Message.objects.filter(kind="attendance.place_offered", person=following.person).count() == 1
    _nothing_wrong()


def test_who_books_in_the_minute_in_which_an_offer_ends_has_the_place_and_the_offer_goes_on(programme):
    _rules(programme, **LATE)
    session, other = a_session(programme, capacity=1), another_day(programme)
    seated, late, following = (a_place(session) for _ in range(3))
    give_up_place(place=seated, by=seated.person, now=NOW)
    limit = NOW + timedelta(hours=24)
    with pytest.raises(HasPlaceElsewhere, match="Change its date instead"):
        a_place(other, late.person, now=limit - timedelta(minutes=1))
    with pytest.raises(OfferIsEnding, match="It ends within a minute: press again then"):
        take_place(session=other, person=late.person, by=late.person, now=limit, holds_locks=True)
    shown = [late.person in colleagues_to_book(programme, partner_of(programme), at) for at in (NOW, limit)]
    assert shown == [False, True], "their lead can tick them"
    assert a_place(other, late.person, now=limit).state == PlaceState.BOOKED
    states = {place.pk: (place.state, place.closed_reason) for place in Place.objects.filter(session=session)}
    assert states[late.pk] == (PlaceState.ENDED, "offer_lapsed")
    assert states[following.pk][0] == PlaceState.OFFERED
    assert Message.objects.filter(kind="attendance.place_offered", person=following.person).count() == 1
    _nothing_wrong()


@pytest.mark.parametrize(
    "how",
    [
        "changes what they wait for", "is seated from the reserve", "takes over the place of a colleague",
        "is booked with a team", "is named by their lead", "is moved by the coordinator",
    ],
)  # fmt: skip
def test_an_offer_that_is_over_stands_in_the_way_of_nothing_else(programme, how):
    _rules(programme, **LATE)
    session, other = a_session(programme, capacity=1), another_day(programme, capacity=1)
    third = a_session(programme, date=date(2026, 12, 10))
    seated, late, following = (a_place(session) for _ in range(3))
    a_place(other)
    waits = a_place(other, late.person)
    give_up_place(place=seated, by=seated.person, now=NOW)
    limit = NOW + timedelta(hours=24)
    if how == "is seated from the reserve":
        change_seats(session=other, capacity=2, reserved=1, by=CLOCK, now=NOW)
        new = seat_from_reserve(place=waits, by=CLOCK, now=limit)
    elif how == "takes over the place of a colleague":
        given_up_for = a_place(third)
        asked = ask_colleague(place=given_up_for, email=late.person.email, by=given_up_for.person, now=NOW)
        assert isinstance(why_not_to_take(asked, limit - timedelta(minutes=1)), HoldsAnother)
        assert why_not_to_take(asked, limit) is None
        new = take_over(handover=asked, by=late.person, now=limit)
    elif how in ("is booked with a team", "is named by their lead"):
        booking = {"session": third, "organisation": partner_of(programme), "rule": TeamRule.FIT, "by": CLOCK}
        booking |= {"press": uuid.uuid4(), "names_until": date(2026, 11, 20)}
        early = limit - timedelta(minutes=1)
        with pytest.raises(NotInTheTeam, match="they have a place in another session"):
            book_team(people=[late.person], unnamed=1, now=early, **booking)
        if how == "is booked with a team":
            book_team(people=[late.person], unnamed=1, now=limit, **booking)
        else:
            team = book_team(people=[], unnamed=1, now=early, **booking)
            assert late.person not in colleagues_to_name(team, early)
            assert late.person in colleagues_to_name(team, limit)
            name_places(team=team, people=[late.person], by=CLOCK, now=limit)
        new = Place.objects.live().get(session=third, person=late.person)
    elif how == "is moved by the coordinator":
        seats = SeatCount.objects.get(session=third)
        assert judge([waits], other, third, seats, limit - timedelta(minutes=1))[0].why == Stays.ELSEWHERE
        assert judge([waits], other, third, seats, limit)[0].why == "", "as the page before it says"
        move = move_people(
            session=other, to=third, places=[waits], all_or_nobody=True, from_reserve=False, fewer=False, words="",
            by=CLOCK, now=limit,
        )  # fmt: skip
        new = Place.objects.get(pk=move.moved[0])
    else:
        new = change_place(place=waits, to=third, by=late.person, now=limit)
    late.refresh_from_db()
    following.refresh_from_db()
    assert (new.state, late.closed_reason, following.state) == ("booked", "offer_lapsed", "offered")
    assert Message.objects.filter(kind="attendance.place_offered", person=following.person).count() == 1
    _nothing_wrong()


def test_an_offer_that_is_over_stands_where_the_other_place_cannot_be_had(programme):
    """A refusal changes nothing: the clock ends the offer in its minute."""
    _rules(programme, **LATE)
    session, other = a_session(programme, capacity=1), another_day(programme)
    seated, late = a_place(session), a_place(session)
    give_up_place(place=seated, by=seated.person, now=NOW)
    elsewhere = a_session(date=other.date, slot=other.slot, starts=other.starts, ends=other.ends)
    AffiliationFactory(person=late.person, organisation=partner_of(elsewhere.programme), profession=ProfessionFactory())
    a_place(elsewhere, late.person)
    with pytest.raises(BusyThen), transaction.atomic():
        a_place(other, late.person, now=NOW + timedelta(hours=24))
    assert Place.objects.get(pk=late.pk).state == PlaceState.OFFERED
    _nothing_wrong()


def test_nobody_changes_from_an_offer_that_is_over(programme):
    _rules(programme, **LATE)
    session, other = a_session(programme, capacity=1), another_day(programme)
    seated, late, following = (a_place(session) for _ in range(3))
    give_up_place(place=seated, by=seated.person, now=NOW)
    with pytest.raises(OfferIsOver):
        change_place(place=late, to=other, by=late.person, now=NOW + timedelta(hours=24))
    assert [Place.objects.get(pk=place.pk).state for place in (late, following)] == ["ended", "offered"]
    assert not Place.objects.filter(session=other).exists()
    _nothing_wrong()


def test_that_a_place_goes_to_the_next_is_said_only_where_somebody_waits(programme, client):
    _rules(programme, **LATE)
    now = timezone.now()
    session = a_session(programme, capacity=1, date=(now + timedelta(days=30)).date())
    seated, first, second = (a_place(session, now=now - timedelta(days=2)) for _ in range(3))
    give_up_place(place=seated, by=seated.person, now=now - timedelta(hours=30))
    page = client.get(f"/p/{token_of(first.link)}/", follow=True).content.decode()
    assert "It goes to the next on the waiting list" in page
    with pytest.raises(OfferIsOver, match="so it goes to the next on the waiting list"):
        accept_offer(place=first, by=first.person, now=now - timedelta(hours=5))
    first.refresh_from_db()
    for place, is_said in ((first, True), (second, False)):  # the first one's went to the second; then nobody waits
        page = client.get(f"/p/{token_of(place.link)}/", follow=True).content.decode()
        assert ("to the next" in page) is is_said, page
    assert "Then others can have it" in page
    assert "No, give it up" in page
    offered = Message.objects.get(person=second.person, kind="attendance.place_offered")
    assert "“No, give it up”. If we hear nothing by then, others can have it." in _text(offered)
    with pytest.raises(OfferIsOver, match="so others can have it now"):
        accept_offer(place=second, by=second.person, now=now + timedelta(hours=20))
    mails = Message.objects.filter(kind="attendance.place_given_up").order_by("pk")
    assert "to the next" in _text(mails.get(person=first.person))
    assert "Others can have it now." in _text(mails.get(person=second.person))
    for place in (first, second):
        told = _text(mails.get(person=place.person))
        assert f"The page of this place says how:\nhttp://localhost:8000/p/{token_of(place.link)}/" in told
    assert "to the next" not in client.get(f"/p/{second.link_id}/").content.decode()


def test_that_a_place_goes_to_the_next_is_not_said_where_the_next_is_passed_over(programme, client):
    """Their organisation has its share, or the free seats are kept for people whose session was cancelled."""
    _rules(programme, **LATE)
    now = timezone.now()
    session = a_session(programme, capacity=1, date=(now + timedelta(days=30)).date())
    seated, offered, waits = (a_place(session, now=now) for _ in range(3))
    give_up_place(place=seated, by=seated.person, now=now)

    def goes_to_the_next():
        return is_wanted(Place.objects.get(pk=offered.pk), now)

    assert goes_to_the_next()
    set_quota(programme=programme, organisation=waits.organisation, seats=0, released_on=None, by="clock", now=now)
    assert not goes_to_the_next()
    Quota.objects.all().delete()
    lost = a_place(another_day(programme, date=(now + timedelta(days=40)).date()), now=now)
    cancel_session(session=lost.session, reason="Flood", by="clock", now=now)
    assert not goes_to_the_next()
    page = client.get(f"/p/{token_of(offered.link)}/", follow=True).content.decode()
    assert "No, give it up" in page
    assert f"has become free on <strong>{day(session.date)}, 9:30am to 12:30pm</strong>" in page
    give_up_place(place=Place.objects.get(pk=offered.pk), by=offered.person, now=now)
    assert "to the next" not in client.get(f"/p/{offered.link_id}/").content.decode()


def test_the_list_of_names_of_a_session_online_goes_to_no_venue(programme):
    rules = _rules(programme, freeze_days=3)
    for fields, soon, gone in (
        ({}, "The venue gets the list of names on", ": the venue has it."),
        ({"room": None, "online_link": "https://meet.example.org/x"}, "The list of names is final on", "2026."),
    ):
        session = a_session(programme, **fields)
        last = session.during.lower - timedelta(days=1)
        assert window_of(session, rules, NOW).soon.startswith(soon)
        assert window_of(session, rules, last).why_closed.endswith(gone)
        session.delete()


def _text(mail):
    return kinds.find(mail.kind).render(mail).text


def test_the_page_refuses_a_late_yes_and_the_seat_goes_on_all_the_same(programme, client):
    now = timezone.now()
    session = a_session(programme, capacity=1, date=(now + timedelta(days=30)).date())
    _rules(programme, **LATE)
    seated, late, following = (a_place(session, now=now - timedelta(days=2)) for _ in range(3))
    give_up_place(place=seated, by=seated.person, now=now - timedelta(hours=25))
    page = client.get(f"/p/{token_of(late.link)}/", follow=True).content.decode()
    assert "It goes to the next on the waiting list" in page
    assert "Take this place" not in page
    press = {"press": str(uuid.uuid4())}
    for _ in range(2):  # the same press twice is one
        page = client.post(f"/p/{late.link_id}/accept/", press, follow=True).content.decode()
        assert "The place is yours" not in page
        assert "have your link sent again" in page
    assert Place.objects.get(pk=late.pk).closed_reason == "offer_lapsed"
    assert Place.objects.get(pk=following.pk).state == PlaceState.OFFERED
    assert Message.objects.filter(kind="attendance.place_offered", person=following.person).count() == 1


def test_who_only_waited_or_had_an_offer_is_not_told_that_a_place_has_gone(programme, client):
    rules = _rules(programme)
    session = a_session(programme, capacity=1)
    seated, left, declined, lapsed = (a_place(session) for _ in range(4))
    give_up_place(place=left, by=left.person, now=NOW)
    rules.offer_days = 40
    rules.save()
    give_up_place(place=seated, by=seated.person, now=NOW)
    give_up_place(place=declined, by=declined.person, now=NOW)
    assert lapse_offers(now=NOW + timedelta(hours=24)) == 1
    said = {}
    for place in (seated, left, declined, lapsed):
        mail = Message.objects.get(person=place.person, kind="attendance.place_given_up")
        content = kinds.find(mail.kind).render(mail)
        page = page_of_place(client, place)
        back = ("Take the place back" in content.text, "Take the place back" in content.html, "Take my place" in page)
        said[place.pk] = (content.subject.partition(" Thursday")[0], back)
        assert "Your place has been given up" not in content.text or place == seated
    assert list(said.values()) == [
        ("You no longer have a place on", (True, True, True)),
        ("You have left the waiting list for", (False, False, False)),
        ("The place on", (True, True, True)),
        ("The place on", (False, False, False)),
    ]
    assert "You have said no to this place" in page_of_place(client, declined)


def page_of_place(client, place) -> str:
    with time_machine.travel(NOW, tick=False):
        return client.get(f"/p/{token_of(place.link)}/", follow=True).content.decode()


def test_an_offer_that_ends_takes_nothing_out_of_a_calendar(programme):
    _rules(programme, **LATE)
    session = a_session(programme, capacity=1)
    seated, first = a_place(session), a_place(session)
    give_up_place(place=seated, by=seated.person, now=NOW)
    give_up_place(place=first, by=first.person, now=NOW)
    told = Message.objects.get(person=first.person, kind="attendance.place_given_up")
    assert told.refs["seated"] == 0


def test_before_the_day_a_freed_place_is_given_at_once(programme):
    _rules(programme, offer_days=3)
    session = a_session(programme, capacity=1)
    seated, first = a_place(session), a_place(session)
    give_up_place(place=seated, by=seated.person, now=NOW)
    first.refresh_from_db()
    assert first.state == PlaceState.BOOKED


@pytest.mark.parametrize(("days", "taken"), [(None, True), (1, True), (365, False)])
def test_booking_closes_on_its_day(programme, days, taken):
    _rules(programme, closes_days=days)
    session = a_session(programme)
    if taken:
        assert a_place(session).state == PlaceState.BOOKED
    else:
        with pytest.raises(OutsideWindow, match="closed on"):
            a_place(session)


def test_before_booking_opens_only_the_coordinator_books(programme):
    _rules(programme, opens_on=NOW.date() + timedelta(days=1))
    session, person = a_session(programme), a_practitioner(programme)
    with pytest.raises(OutsideWindow, match="Booking opens on"):
        take_place(session=session, person=person, by=person, now=NOW)
    coordinator = AppointmentFactory(programme=programme).person
    assert take_place(session=session, person=person, by=coordinator, now=NOW).state == PlaceState.BOOKED


def test_nobody_moves_up_once_the_list_is_final(programme):
    session = a_session(programme, capacity=1)
    seated, first = a_place(session), a_place(session)
    own = a_place(another_day(programme))
    _rules(programme, freeze_days=365)
    give_up_place(place=seated, by=seated.person, now=NOW)
    assert promote_all(now=NOW) == 0
    first.refresh_from_db()
    assert first.state == PlaceState.WAITING
    with pytest.raises(OutsideWindow, match="final since"):
        change_place(place=own, to=session, by=own.person, now=NOW)


def test_a_quota_passes_over_its_organisation_alone(programme):
    session = a_session(programme, capacity=3)
    set_quota(programme=programme, organisation=partner_of(programme), seats=1, released_on=None, by=CLOCK, now=NOW)
    other = OrganisationFactory()
    PartnerFactory(programme=programme, organisation=other)
    first, second = a_place(session), a_place(session)
    third = a_place(session, _colleague_of(programme, other))
    assert [place.state for place in (first, second, third)] == [
        PlaceState.BOOKED, PlaceState.WAITING, PlaceState.BOOKED,
    ]  # fmt: skip
    own = a_place(another_day(programme, capacity=3))
    with pytest.raises(QuotaIsUsed):
        change_place(place=own, to=session, by=own.person, now=NOW)
    give_up_place(place=first, by=first.person, now=NOW)
    second.refresh_from_db()
    assert second.state == PlaceState.BOOKED
    _nothing_wrong()


def test_every_list_of_dates_says_where_ones_organisation_has_its_quota(db, client, django_assert_num_queries):
    now, words = timezone.now(), "places are taken: you would wait"
    programme = a_programme(is_public=True, places_rule="unlimited")
    own, day = partner_of(programme), (now + timedelta(days=30)).date()
    sessions = [a_session(programme, capacity=5, date=day + timedelta(days=number)) for number in range(3)]
    a_place(sessions[0], now=now)
    Quota.objects.create(programme=programme, seats=1)
    mover = a_place(sessions[2], now=now)
    person = a_practitioner(programme)
    assert quota_used(sessions, own.pk, now) == {sessions[0].pk, sessions[2].pk}
    assert quota_used(sessions, OrganisationFactory().pk, now) == set()
    for number in (1, 3):
        with django_assert_num_queries(1):
            quota_used(sessions[:number], own.pk, now)
    invitation = Invitation.objects.create(programme=programme, person=person, invited_at=now)
    invitation.link = make_link(
        purpose="invitation", person=person, about=invitation, ends_at=now + timedelta(days=60), now=now
    )
    invitation.save()
    page = client.get(f"/i/{token_of(invitation.link)}/", follow=True).content.decode()
    assert page.count(words) == 2
    assert page.count("Join the waiting list") == 2
    closed = BookingRules.objects.create(programme=programme, closes_days=365)
    page = client.get(f"/i/{invitation.link_id}/").content.decode()
    assert "4 of 5 places free</p>" in page
    assert words not in page, "nobody can wait where nobody can book"
    listed = client.get(f"/programmes/{programme.slug}/sessions/").content.decode()
    assert listed.count("Booking for this session closed on") == 3
    closed.delete()
    listed, shown = f"/programmes/{programme.slug}/sessions/", f"/sessions/{sessions[0].pk}/"
    assert words not in client.get(listed).content.decode()  # nobody is signed in
    client.get(f"/p/{token_of(mover.link)}/")
    other = client.get(f"/p/{mover.link_id}/change/").content.decode()
    assert f"/change/{sessions[1].pk}/" in other
    assert f"/change/{sessions[0].pk}/" not in other
    client.force_login(person)
    OrganisationLead.objects.create(organisation=own, person=person, since=now.date() - timedelta(days=1))
    assert client.get(listed).content.decode().count(words) == 2
    page = client.get(shown).content.decode()
    assert words in page
    assert "Join the waiting list" in page
    assert client.get(f"/organisations/{own.pk}/booking/").content.decode().count(words) == 2
    Quota.objects.create(programme=programme, organisation=own, seats=2)
    assert words not in client.get(listed).content.decode()
    Quota.objects.filter(organisation=own).update(released_on=timezone.localdate())
    assert words not in client.get(listed).content.decode(), "its own is released: that for the others is not for it"
    Quota.objects.filter(organisation=own).delete()
    assert client.get(listed).content.decode().count(words) == 2


@pytest.mark.parametrize("how", ["press", "day"])
def test_an_organisation_whose_own_quota_is_released_has_no_limit(programme, how):
    session, own = a_session(programme, capacity=9), partner_of(programme)
    other = OrganisationFactory()
    PartnerFactory(programme=programme, organisation=other)
    Quota.objects.create(programme=programme, seats=1)
    quota = Quota.objects.create(programme=programme, organisation=own, seats=2, released_on=date(2026, 11, 20))
    places = [a_place(session) for _ in range(4)]
    others = [a_place(session, _colleague_of(programme, other)) for _ in range(2)]
    _states_are(places + others, "booked booked waiting waiting booked waiting")
    if how == "press":
        for _ in range(2):
            release_quota(quota=quota, by=CLOCK, now=NOW)
    else:
        promote_all(now=timezone.make_aware(timezone.datetime(2026, 11, 20)))
    _states_are(places + others, "booked booked booked booked booked waiting")
    now = timezone.make_aware(timezone.datetime(2026, 11, 20))
    assert (quota_of(session, own.pk, now), quota_of(session, other.pk, now).seats) == (None, 1)
    remove_quota(quota=quota, by=CLOCK, now=now)
    assert a_place(session, now=now).state == PlaceState.WAITING, "one of the others again"
    _nothing_wrong()


def test_a_quota_in_force_is_not_removed_but_released(programme):
    quota = Quota.objects.create(programme=programme, seats=1)
    with pytest.raises(QuotaInForce):
        remove_quota(quota=quota, by=CLOCK, now=NOW)
    assert Quota.objects.get().released_on is None
    release_quota(quota=quota, by=CLOCK, now=NOW)
    for _ in range(2):
        remove_quota(quota=quota, by=CLOCK, now=NOW)
    assert not Quota.objects.exists()
    assert Entry.objects.filter(verb="removed_quota").count() == 1


def _states_are(places, words):
    found = dict(Place.objects.values_list("pk", "state"))
    assert [found[place.pk] for place in places] == words.split()


@pytest.mark.parametrize("how", ["released", "larger", "its day"])
def test_who_waits_for_a_quota_moves_up_when_it_goes(programme, how):
    session = a_session(programme, capacity=3)
    quota = Quota.objects.create(programme=programme, seats=1, released_on=date(2026, 11, 20))
    first, second = a_place(session), a_place(session)
    assert (first.state, second.state) == (PlaceState.BOOKED, PlaceState.WAITING)
    if how == "released":
        release_quota(quota=quota, by=CLOCK, now=NOW)
        release_quota(quota=quota, by=CLOCK, now=NOW)
    elif how == "larger":
        set_quota(programme=programme, organisation=None, seats=2, released_on=None, by=CLOCK, now=NOW)
    else:
        promote_all(now=timezone.make_aware(timezone.datetime(2026, 11, 20)))
    second.refresh_from_db()
    assert second.state == PlaceState.BOOKED


def test_a_newcomer_does_not_pass_who_waits_and_fits_by_now(programme):
    session = a_session(programme, capacity=2)
    quota = Quota.objects.create(programme=programme, seats=1)
    _, waiting = a_place(session), a_place(session)
    Quota.objects.filter(pk=quota.pk).delete()  # the clock has not come round yet
    newcomer = a_place(session)
    waiting.refresh_from_db()
    assert (waiting.state, newcomer.state) == (PlaceState.BOOKED, PlaceState.WAITING)


def test_rules_that_end_a_rule_seat_who_waited(programme):
    session = a_session(programme, capacity=1)
    _rules(programme, freeze_days=365)
    BookingRules.objects.update(freeze_days=None)
    a_place(session)
    waiting = a_place(session)
    set_booking_rules(programme=programme, by=CLOCK, now=NOW, freeze_days=365)
    change_seats(session=session, capacity=2, reserved=0, by=CLOCK, now=NOW)
    waiting.refresh_from_db()
    assert waiting.state == PlaceState.WAITING
    set_booking_rules(programme=programme, by=CLOCK, now=NOW, freeze_days=None)
    waiting.refresh_from_db()
    assert waiting.state == PlaceState.BOOKED


# --- pages


@pytest.fixture
def coordinator(programme, client):
    person = AppointmentFactory(programme=programme).person
    client.force_login(person)
    return client


def test_the_coordinator_sets_the_rules(programme, coordinator):
    address = f"/programmes/{programme.slug}/booking-rules/"
    assert coordinator.get(address).status_code == 200
    typed = {"closes_days": "1", "offer_days": "3", "offer_hours": "12", "freeze_days": "2"}
    assert coordinator.post(address, typed).status_code == 302
    rules = BookingRules.objects.get()
    assert (rules.closes_days, rules.offer_days, rules.offer_hours, rules.freeze_days) == (1, 3, 12, 2)
    wrong = coordinator.post(
        address, {"offer_hours": "0", "closes_days": "0", "freeze_days": "two", "offer_days": "366"}
    )
    said = wrong.content.decode()
    assert wrong.status_code == 422
    for sentence in (
        "Enter how many hours each one has to answer: 1 to 240",
        "Enter how many days before the session: 1 to 365",
        "Enter how many days before the session: 0 to 365",
    ):
        assert sentence in said


def test_the_coordinator_sets_and_releases_quotas(programme, coordinator, django_assert_num_queries):
    address = f"/programmes/{programme.slug}/quotas/"
    assert b"There is no quota" in coordinator.get(address).content
    assert coordinator.post(address, {"seats": "4"}).status_code == 302
    assert coordinator.post(address, {"organisation": partner_of(programme).pk, "seats": "2"}).status_code == 302
    assert b"Every other partner" in coordinator.get(address).content
    over = {"released_on_day": "1", "released_on_month": "2", "released_on_year": "2020"}
    assert coordinator.post(address, {"seats": "4", **over}).status_code == 422
    quota = Quota.objects.get(organisation=None)
    for _ in range(2):  # a double click releases, and takes nothing off the list
        assert coordinator.post(f"{address}{quota.pk}/release/").status_code == 302
    page = coordinator.get(address).content.decode()
    assert page.count("Released since") == page.count(f"{address}{quota.pk}/remove/") == 1
    assert coordinator.post(f"{address}{quota.pk}/remove/").status_code == 302
    assert list(Quota.objects.values_list("seats", flat=True)) == [2]


def test_who_waits_accepts_declines_and_leaves_by_one_press(programme, client):
    now = timezone.now()
    session = a_session(programme, capacity=1, date=(now + timedelta(days=30)).date())
    _rules(programme, **LATE)
    seated, first, second = (a_place(session, now=now) for _ in range(3))
    client.get(f"/p/{token_of(second.link)}/")
    page = client.get(f"/p/{second.link_id}/").content.decode()
    assert "You are the 2nd of 2" in page
    assert "hold it for 24 hours" in page
    give_up_place(place=seated, by=seated.person, now=now)
    client.get(f"/p/{token_of(first.link)}/")
    page = client.get(f"/p/{first.link_id}/").content.decode()
    assert "Take this place" in page
    assert "No, offer it to the next" in page
    assert client.post(f"/p/{first.link_id}/give-up/").status_code == 302
    assert Place.objects.get(pk=second.pk).state == PlaceState.OFFERED
    client.get(f"/p/{token_of(second.link)}/")
    assert client.post(f"/p/{second.link_id}/accept/").status_code == 302
    assert Place.objects.get(pk=second.pk).state == PlaceState.BOOKED


def test_a_swap_passes_nobody_who_waits_and_takes_no_seat_that_is_kept(programme):
    session, other = a_session(programme), another_day(programme, capacity=1)
    mover, (lost,) = a_place(another_day(programme, date=date(2026, 12, 9))), [a_place(session)]
    seated, waiting = a_place(other), a_place(other)
    cancel_session(session=session, reason="Flood", by=CLOCK, now=NOW)
    give_up_place(place=seated, by=seated.person, now=NOW)
    waiting.refresh_from_db()
    assert waiting.state == PlaceState.WAITING  # the seat is kept for who lost theirs
    with pytest.raises(SessionIsFull):
        change_place(place=mover, to=other, by=mover.person, now=NOW)
    later = NOW + FIRST_CHOICE_LASTS
    with pytest.raises(SessionIsFull):  # nothing is kept any more, but somebody waits
        change_place(place=mover, to=other, by=mover.person, now=later)
    assert promote_all(now=later) == 1
    assert lost.person.places.live().count() == 0
    _nothing_wrong()


def test_an_offer_ends_when_the_list_is_final_and_is_a_booking_once_it_is_accepted(programme):
    _rules(programme, offer_days=365, offer_hours=24 * 60, freeze_days=5)
    session = a_session(programme, capacity=1)
    seated, first, second = (a_place(session) for _ in range(3))
    give_up_place(place=seated, by=seated.person, now=NOW)
    first.refresh_from_db()
    final = datetime.combine(session.date - timedelta(days=5), time(), ZoneInfo(session.zone))
    assert first.offered_until == final
    BookingRules.objects.update(freeze_days=365)
    with pytest.raises(OutsideWindow):
        accept_offer(place=first, by=first.person, now=NOW)
    BookingRules.objects.update(freeze_days=5)
    give_up_place(place=first, by=first.person, now=NOW)
    assert figures_of([session]) == Figures(places=1, bookings=2, given_up=1)  # seated gave up; second is offered
    later = NOW + timedelta(hours=2)
    accept_offer(place=second, by=second.person, now=later)
    second.refresh_from_db()
    assert (second.seated_at, second.offered_from_line) == (later, False)
    give_up_place(place=second, by=second.person, now=later)
    assert figures_of([session]) == Figures(places=1, bookings=2, given_up=2)
    _nothing_wrong()


def _an_offer(programme, **rules):
    """Somebody's offer from the line, its session to come on 26 November."""
    _rules(programme, offer_days=365, offer_hours=24 * 60, **rules)
    session = a_session(programme, capacity=1)
    seated, offered = a_place(session), a_place(session)
    give_up_place(place=seated, by=seated.person, now=NOW)
    return Place.objects.get(pk=offered.pk)


def _told_last(place):
    message = Message.objects.filter(person=place.person).latest("pk")
    return message, kinds.find(message.kind).render(message)


def test_a_list_that_is_final_earlier_brings_the_limit_of_an_offer_forward_and_they_are_told(programme):
    offered = _an_offer(programme)
    for days in (8, 8, 3):  # nobody gets more time again
        set_booking_rules(programme=programme, freeze_days=days, by=CLOCK, now=NOW)
    offered.refresh_from_db()
    final = datetime(2026, 11, 18, tzinfo=ZoneInfo(offered.session.zone))
    assert (offered.state, offered.offered_until) == (PlaceState.OFFERED, final)
    assert _kinds(offered.person).count("attendance.place_offered") == 2
    told, content = _told_last(offered)
    assert told.useful_until == final
    assert "has to be final earlier than it was when we offered you the place" in content.text
    assert "until 17 November 2026 at 11:59pm, no longer until 26 November 2026 at 9:30am." in content.text
    for words in (content.text, content.html):
        assert words.index("Take this place, or say no") < words.index("Reference")
    assert "answer earlier" in content.subject
    accept_offer(place=offered, by=offered.person, now=final - timedelta(seconds=1))
    _nothing_wrong()


def test_an_offer_that_ends_before_the_list_is_final_stays_as_it_is(programme):
    _rules(programme, **LATE)
    session = a_session(programme, capacity=1)
    seated, offered = a_place(session), a_place(session)
    give_up_place(place=seated, by=seated.person, now=NOW)
    set_booking_rules(programme=programme, freeze_days=8, by=CLOCK, now=NOW)
    offered.refresh_from_db()
    assert offered.offered_until == NOW + timedelta(hours=24)
    assert _kinds(offered.person).count("attendance.place_offered") == 1


def test_where_the_list_is_final_at_once_an_offer_ends_and_they_are_told(programme, client):
    offered = _an_offer(programme)
    set_booking_rules(programme=programme, freeze_days=24, by=CLOCK, now=NOW)  # final today
    offered.refresh_from_db()
    assert (offered.state, offered.closed_reason) == (PlaceState.ENDED, "list_final")
    with pytest.raises(PlaceHasEnded):
        accept_offer(place=offered, by=offered.person, now=NOW)
    told, content = _told_last(offered)
    assert told.kind == "attendance.place_given_up"
    assert "it is final now, so nobody can take the place any more" in content.text
    assert "have not heard from you" not in content.text
    _nothing_wrong()


def test_a_session_on_an_earlier_day_brings_the_limit_of_an_offer_forward(programme):
    offered = _an_offer(programme, freeze_days=5)
    preview = preview_change(Session.objects.get(pk=offered.session_id), {"date": date(2026, 11, 18)}, NOW)
    assert (preview.tells, preview.sooner, preview.over) == (1, 1, 0)
    before = Message.objects.filter(person=offered.person).count()
    change_session(session=offered.session, by=CLOCK, now=NOW, date=date(2026, 11, 18))
    assert Message.objects.filter(person=offered.person).count() == before + 1
    offered.refresh_from_db()
    final = datetime(2026, 11, 13, tzinfo=ZoneInfo(offered.session.zone))
    assert offered.offered_until == final
    told, content = _told_last(offered)
    assert told.kind == "attendance.session_changed"
    assert (
        "It is yours until 12 November 2026 at 11:59pm, if you say that you want it. That is earlier than we said"
        in content.text
    )
    # Taken back before the mail has left: the limit stays, and they hear of that.
    change_session(session=offered.session, by=CLOCK, now=NOW, date=date(2026, 11, 26))
    told, content = _told_last(offered)
    assert told.refs["was_later"] == 1
    assert (
        "It is yours until 12 November 2026 at 11:59pm, if you say that you want it. That is earlier than we said"
        in content.text
    )
    assert "It was moved and moved back" in content.text
    _nothing_wrong()


def test_an_offer_that_a_move_ends_is_told_by_one_mail_that_says_so(programme):
    offered = _an_offer(programme, freeze_days=5)
    near = {"date": date(2026, 11, 6)}  # the list was final yesterday
    preview = preview_change(Session.objects.get(pk=offered.session_id), near, NOW)
    assert (preview.tells, preview.sooner, preview.over) == (1, 0, 1)
    before = Message.objects.filter(person=offered.person).count()
    change_session(session=offered.session, by=CLOCK, now=NOW, **near)
    assert Message.objects.filter(person=offered.person).count() == before + 1
    told, content = _told_last(offered)
    assert told.kind == "attendance.place_given_up"
    assert "The session was moved to this day, and its list of names is final by now" in content.text
    _nothing_wrong()
