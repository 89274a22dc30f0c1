"""A colleague takes over a place, its holder keeps it until then; both are told once."""

from datetime import timedelta
from uuid import uuid4

import pytest
import time_machine
from django.utils import timezone

from accounts.links import address_of, token_of
from attendance.actions.engagements import BusyThen
from attendance.actions.handovers import (
    ComesAlready,
    HandoverEnded,
    NoColleague,
    OwnAddress,
    ask_colleague,
    decline_handover,
    end_all_requests,
    take_over,
    withdraw_request,
)
from attendance.actions.needs import set_access_need
from attendance.actions.places import HasPlaceElsewhere, OutsideWindow, give_up_place
from attendance.actions.policies import set_booking_rules
from attendance.actions.sessions import cancel_session, change_session
from attendance.actions.swaps import change_place
from attendance.invariants import findings
from attendance.models import AccessNeed, BookingRules, Handover, Place, PlaceState, SeatCount, Team, TeamRule
from attendance.queries.sessions import preview_change
from briefings.models import PlacesRule, Session
from messaging import kinds
from messaging.models import Message
from tests.attendance.places import NOW, PartnerFactory, a_place, a_practitioner, a_programme, a_session, another_day
from tests.organisations.factories import AffiliationFactory, OrganisationFactory, PersonFactory, ProfessionFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def programme():
    return a_programme()


@pytest.fixture
def place(programme):
    return a_place(a_session(programme, capacity=1))


def _ask(place, colleague, now=NOW):
    return ask_colleague(place=place, email=colleague.email, by=place.person, now=now)


def _kinds(person):
    found = Message.objects.filter(person=person).order_by("pk").values_list("kind", flat=True)
    return [kind.removeprefix("attendance.") for kind in found]


def test_a_colleague_takes_the_place_and_the_line_does_not_move(programme, place):
    waiting, colleague = a_place(place.session), a_practitioner(programme)
    set_access_need(place=place, words="A ramp", welsh=False, by=place.person, now=NOW)
    asked = _ask(place, colleague)
    assert Place.objects.get(pk=place.pk).state == PlaceState.BOOKED
    new = take_over(handover=asked, by=colleague, now=NOW)
    assert take_over(handover=asked, by=colleague, now=NOW) == new
    place.refresh_from_db()
    waiting.refresh_from_db()
    assert (place.state, place.closed_reason) == (PlaceState.GIVEN_UP, "substituted")
    assert (new.person, new.state, waiting.state) == (colleague, PlaceState.BOOKED, PlaceState.WAITING)
    assert SeatCount.objects.get(session=place.session).taken == 1
    assert not AccessNeed.objects.exists()
    assert _kinds(colleague) == ["handover_asked", "place_booked"]
    assert _kinds(place.person) == ["place_booked", "place_given_up"]
    told = Message.objects.get(person=place.person, kind="attendance.place_given_up")
    assert f"{colleague.name} has taken over your place, with its papers." in kinds.find(told.kind).render(told).text
    assert [found for _, found in findings() if found] == []


def test_the_place_stays_with_its_team(programme, place):
    team = Team.objects.create(
        session=place.session, organisation=place.organisation, rule=TeamRule.FIT, press=uuid4(), made_at=NOW
    )
    Place.objects.filter(pk=place.pk).update(team=team)
    colleague = a_practitioner(programme)
    assert take_over(handover=_ask(place, colleague), by=colleague, now=NOW).team == team


def test_who_waits_leaves_the_line_for_the_place(place):
    waiting = a_place(place.session)
    set_access_need(place=waiting, words="A ramp", welsh=False, by=waiting.person, now=NOW)
    new = take_over(handover=_ask(place, waiting.person), by=waiting.person, now=NOW)
    waiting.refresh_from_db()
    assert (waiting.state, new.state) == (PlaceState.ENDED, PlaceState.BOOKED)
    assert AccessNeed.objects.get().place == new
    mail = kinds.find("attendance.place_booked").render(Message.objects.get(person=new.person, kind__endswith="booked"))
    assert "You no longer wait" not in mail.text


def test_only_somebody_of_the_same_organisation_in_scope_can_be_asked(programme, place):
    other = OrganisationFactory()
    PartnerFactory(programme=programme, organisation=other)
    elsewhere = PersonFactory()
    AffiliationFactory(person=elsewhere, organisation=other, profession=ProfessionFactory())
    for email in (elsewhere.email, "nobody@example.org"):
        with pytest.raises(NoColleague):
            ask_colleague(place=place, email=email, by=place.person, now=NOW)
    with pytest.raises(OwnAddress, match="the place is yours already"):
        ask_colleague(place=place, email=place.person.email.upper(), by=place.person, now=NOW)


def test_the_page_of_a_place_says_who_was_asked(client, programme):
    now = timezone.now()
    session = a_session(programme, date=(now + timedelta(days=30)).date())
    place, colleague = a_place(session, now=now), a_practitioner(programme)
    said = f"You have asked <strong>{colleague.name}</strong>"
    assert said not in client.get(f"/p/{token_of(place.link)}/", follow=True).content.decode()
    asked = _ask(place, colleague, now)
    assert said in client.get(f"/p/{token_of(place.link)}/", follow=True).content.decode()
    decline_handover(handover=asked, by=colleague, now=now)
    assert said not in client.get(f"/p/{token_of(place.link)}/", follow=True).content.decode()


def test_asking_another_ends_the_first_request_and_its_link_says_so(client, programme, place):
    first, second = a_practitioner(programme), a_practitioner(programme)
    asked = _ask(place, first)
    assert _ask(place, first) == asked
    _ask(place, second)
    asked.refresh_from_db()
    with time_machine.travel(NOW, tick=False):
        page = client.get(f"/takeover/{token_of(asked.link)}/", follow=True).content.decode()
    assert f"{place.person.name} has asked somebody else instead." in page
    assert "Take over the place</button>" not in page
    with pytest.raises(HandoverEnded):
        take_over(handover=asked, by=first, now=NOW)


def test_the_holder_keeps_the_place_after_all_by_one_press_and_the_colleague_is_told_once(client, programme):
    now = timezone.now()
    session = a_session(programme, date=(now + timedelta(days=30)).date())
    place, colleague = a_place(session, now=now), a_practitioner(programme)
    asked = _ask(place, colleague, now)
    own = f"/p/{place.link_id}/"
    client.get(f"/p/{token_of(place.link)}/")
    withdraw = f"{own}colleague/withdraw/"
    assert withdraw in client.get(own).content.decode()
    said = f"The place stays yours. {colleague.name} cannot take it over any more"
    assert said in client.post(withdraw, follow=True).content.decode()
    again = client.post(withdraw, follow=True).content.decode()
    assert said not in again
    assert withdraw not in again
    asked.refresh_from_db()
    assert (asked.ended_reason, Place.objects.get(pk=place.pk).state) == ("withdrawn", PlaceState.BOOKED)
    with pytest.raises(HandoverEnded):
        take_over(handover=asked, by=colleague, now=now)
    assert _kinds(colleague).count("handover_withdrawn") == 1
    page = client.get(f"/takeover/{token_of(asked.link)}/", follow=True).content.decode()
    assert f"{place.person.name} can come after all and keeps it." in page
    assert "Take over the place</button>" not in page


def test_what_a_colleague_has_taken_is_not_withdrawn_any_more(programme, place):
    colleague = a_practitioner(programme)
    new = take_over(handover=_ask(place, colleague), by=colleague, now=NOW)
    assert withdraw_request(place=place, by=place.person, now=NOW) is None
    assert Place.objects.get(pk=new.pk).state == PlaceState.BOOKED
    assert "handover_withdrawn" not in _kinds(colleague)


def test_of_a_place_that_was_given_up_nobody_is_told_that_it_is_kept(programme, place):
    colleague = a_practitioner(programme)
    asked = _ask(place, colleague)
    give_up_place(place=place, by=place.person, now=NOW)
    assert withdraw_request(place=place, by=place.person, now=NOW) is None
    asked.refresh_from_db()
    assert asked.ended_reason == ""


def test_what_was_given_up_cannot_be_taken(programme, place):
    colleague = a_practitioner(programme)
    asked = _ask(place, colleague)
    give_up_place(place=place, by=place.person, now=NOW)
    with pytest.raises(HandoverEnded):
        take_over(handover=asked, by=colleague, now=NOW)


def test_a_colleague_who_comes_already_is_told_so(place):
    colleague = a_practitioner(place.session.programme)
    asked = _ask(place, colleague)
    SeatCount.objects.update(capacity=2)
    a_place(place.session, colleague)
    with pytest.raises(ComesAlready, match="in this session already"):
        take_over(handover=asked, by=colleague, now=NOW)


def test_a_colleague_with_another_seat_or_another_session_then_cannot_take_it(programme, place):
    colleague = a_practitioner(programme)
    asked = _ask(place, colleague)
    a_place(another_day(programme), colleague)
    with pytest.raises(HasPlaceElsewhere):
        take_over(handover=asked, by=colleague, now=NOW)
    programme.places_rule = PlacesRule.UNLIMITED
    programme.save()
    a_place(a_session(programme), colleague)
    with pytest.raises(BusyThen):
        take_over(handover=asked, by=colleague, now=NOW)
    assert Place.objects.get(pk=place.pk).state == PlaceState.BOOKED


def test_once_the_list_is_final_nobody_is_exchanged(programme, place):
    colleague = a_practitioner(programme)
    asked = _ask(place, colleague)
    BookingRules.objects.create(programme=programme, freeze_days=365)
    with pytest.raises(OutsideWindow):
        take_over(handover=asked, by=colleague, now=NOW)


def test_a_page_whose_place_nobody_can_take_over_says_why_instead_of_asking_for_whom(client, programme):
    place = a_place(a_session(programme, date=timezone.localdate() + timedelta(days=30)), now=timezone.now())
    client.get(f"/p/{token_of(place.link)}/")
    own, ask = f"/p/{place.link_id}/", f"/p/{place.link_id}/colleague/"
    assert client.get(ask).status_code == 200
    BookingRules.objects.create(programme=programme, freeze_days=365)
    assert client.get(ask)["Location"] == own
    assert "A colleague cannot take your place any more." in client.get(own).content.decode()
    assert client.post(ask, {"email": "somebody@example.org"}).status_code == 422


def test_saying_no_leaves_the_place_and_tells_its_holder_once(programme, place):
    colleague = a_practitioner(programme)
    asked = _ask(place, colleague)
    for _ in range(2):
        decline_handover(handover=asked, by=colleague, now=NOW)
    assert Place.objects.get(pk=place.pk).state == PlaceState.BOOKED
    assert _kinds(place.person).count("handover_declined") == 1


def test_from_the_page_of_the_place_to_the_colleague_by_one_link(programme, client):
    now = timezone.now()
    programme.what_to_bring = "A pen"
    programme.save()
    place = a_place(a_session(programme, date=(now + timedelta(days=30)).date()), now=now)
    colleague = a_practitioner(programme)
    client.get(f"/p/{token_of(place.link)}/")
    page = f"/p/{place.link_id}/colleague/"
    assert client.get(page).status_code == 200
    assert client.post(page, {"email": "nobody@example.org"}).status_code == 422
    assert client.post(page, {"email": colleague.email}).status_code == 302
    assert colleague.name in client.get(page).content.decode()
    link = Handover.objects.get().link
    for _ in range(2):
        client.get(f"/takeover/{token_of(link)}/")
        assert f"place of {place.person.name}?" in client.get(f"/takeover/{link.pk}/").content.decode()
    answer = client.post(f"/takeover/{link.pk}/")
    new = Place.objects.get(person=colleague)
    assert answer.url == f"/p/{new.link_id}/"
    assert new.state == PlaceState.BOOKED
    assert "The place is yours. A confirmation is on its way" in client.get(answer.url).content.decode()
    client.get(f"/takeover/{token_of(link)}/")
    assert client.get(f"/takeover/{link.pk}/").url == f"/p/{new.link_id}/"
    assert "A pen" in client.get(f"/p/{new.link_id}/").content.decode()
    client.get(f"/p/{token_of(place.link)}/")
    gone = client.get(f"/p/{place.link_id}/").content.decode()
    assert "Your colleague has taken over" in gone
    assert "A pen" not in gone


def _given_up(place, _colleague):
    give_up_place(place=place, by=place.person, now=NOW)


def _changed(place, _colleague):
    change_place(place=place, to=another_day(place.session.programme), by=place.person, now=NOW)


def _rules(place, _now):
    set_booking_rules(programme=place.session.programme, freeze_days=60, by="clock", now=NOW)
    return NOW


def _moved(place, _now):
    set_booking_rules(programme=place.session.programme, freeze_days=3, by="clock", now=NOW)
    near = {"date": NOW.date() + timedelta(days=2)}
    preview = preview_change(Session.objects.get(pk=place.session_id), near, NOW)
    assert (preview.tells, preview.too_late) == (2, 1)
    change_session(session=place.session, by="clock", now=NOW, **near)
    return NOW


def _clock(place, now):
    set_booking_rules(programme=place.session.programme, freeze_days=3, by="clock", now=NOW)
    assert end_all_requests(now=now - timedelta(days=3, hours=12)) == 0
    assert end_all_requests(now=now) == 1
    return now


@pytest.mark.parametrize("becomes_final", [_rules, _moved, _clock])
def test_a_list_that_is_final_ends_the_request_and_tells_both_once(client, programme, place, becomes_final):
    colleague = a_practitioner(programme)
    asked = _ask(place, colleague)
    question = Message.objects.filter(kind="attendance.handover_asked")
    question.update(state=Message.State.SENT, sent_at=NOW, message_id="<asked@example.org>")
    now = becomes_final(place, place.session.during.lower - timedelta(days=1))
    assert end_all_requests(now=now) == 0
    asked.refresh_from_db()
    place.refresh_from_db()
    assert (asked.is_open, asked.ended_reason, place.state) == (False, "list_final", PlaceState.BOOKED)
    with pytest.raises(HandoverEnded):
        take_over(handover=asked, by=colleague, now=now)
    told = Message.objects.filter(kind__in=("attendance.handover_too_late", "attendance.handover_withdrawn"))
    mails = {message.person: message for message in told}
    assert (len(mails), told.count()) == (2, 2)
    with time_machine.travel(now, tick=False):
        for message in told:
            assert kinds.find(message.kind).still_wanted([message], now) == {}
        holder = kinds.find("attendance.handover_too_late").render(mails[place.person]).text
        asked_one = kinds.find("attendance.handover_withdrawn").render(mails[colleague]).text
        page = client.get(f"/takeover/{token_of(asked.link)}/", follow=True).content.decode()
        own = client.get(f"/p/{token_of(place.link)}/", follow=True).content.decode()
    assert "nobody can take the place over any more" in holder
    assert f"The place is still yours. If {colleague.name} has to come instead of you, ask the coordinator" in holder
    assert address_of(place.link) in holder
    assert "the list of names has been final since" in asked_one
    assert "The place stays theirs, and you need do nothing." in asked_one
    assert "It is too late to take over this place" in page
    assert "has been final since" in page
    assert "Take over the place</button>" not in page
    assert "You have asked" not in own


def test_a_request_that_was_too_late_is_made_again_when_the_list_is_open_again(programme, place):
    colleague = a_practitioner(programme)
    asked = _ask(place, colleague)
    _rules(place, NOW)
    set_booking_rules(programme=programme, freeze_days=3, by="clock", now=NOW)
    again = _ask(place, colleague)
    assert again != asked
    assert take_over(handover=again, by=colleague, now=NOW).person == colleague


def test_the_link_says_that_it_is_too_late_before_the_clock_has_come_round(client, programme, place):
    asked = _ask(place, a_practitioner(programme))
    BookingRules.objects.create(programme=programme, freeze_days=60)
    with time_machine.travel(NOW, tick=False):
        page = client.get(f"/takeover/{token_of(asked.link)}/", follow=True)
    assert "It is too late to take over this place" in page.content.decode()


def _cancelled(place, _colleague):
    cancel_session(session=place.session, reason="Flood", by="clock", now=NOW)


def _somebody_else(place, colleague):
    for other in (a_practitioner(place.session.programme), colleague, a_practitioner(place.session.programme)):
        _ask(place, other)


def _withdrawn(place, _colleague):
    withdraw_request(place=place, by=place.person, now=NOW)


@pytest.mark.parametrize(
    ("ends", "why"),
    [
        (_withdrawn, "they can come themselves after all."),
        (_given_up, "they have given it up or changed it meanwhile."),
        (_changed, "they have given it up or changed it meanwhile."),
        (_cancelled, "the session was cancelled."),
        (_somebody_else, "they have asked somebody else instead."),
    ],
)
def test_who_was_asked_is_told_once_that_there_is_nothing_to_take_over_any_more(programme, place, ends, why):
    colleague = a_practitioner(programme)
    _ask(place, colleague)
    ends(place, colleague)
    told = Message.objects.filter(person=colleague, kind="attendance.handover_withdrawn").first()
    assert f"You cannot take it over any more: {why}" in kinds.find(told.kind).render(told).text
    first = Message.objects.filter(person=colleague, kind="attendance.handover_asked").first()
    still_wanted = kinds.find(told.kind).still_wanted
    assert still_wanted([told], NOW) == {told.pk: "never_asked"}  # the question has not gone out, and does not now
    Message.objects.filter(pk=first.pk).update(state=Message.State.SENT, sent_at=NOW, message_id="<asked@example.org>")
    assert still_wanted([told], NOW) == {}


def test_who_declined_or_has_taken_the_place_is_not_told_that_it_has_gone(programme, place):
    declines, takes = a_practitioner(programme), a_practitioner(programme)
    decline_handover(handover=_ask(place, declines), by=declines, now=NOW)
    new = take_over(handover=_ask(place, takes), by=takes, now=NOW)
    give_up_place(place=new, by=takes, now=NOW)
    assert not Message.objects.filter(kind="attendance.handover_withdrawn").exists()
