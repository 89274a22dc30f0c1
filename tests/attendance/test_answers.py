"""Answers from calendars, from the mail as it came to what stands afterwards and what people are told."""

import threading
from datetime import date, timedelta
from itertools import count

import pytest
import time_machine
from django.conf import settings as django_settings
from django.db import connection
from django.test import Client

from accounts.links import address_of, path_of, token_of
from attendance.actions import answers, places, sessions
from attendance.actions.places import give_up_place, take_place
from attendance.actions.policies import set_booking_rules, set_quota
from attendance.actions.sessions import cancel_session
from attendance.messages import places as messages
from attendance.models import AnswerWhy, CalendarAnswer, CalendarEntry, CoverState, Place, PlaceState, SeatCount
from briefings.models import Part, ProgrammeRole
from history.actions import key_of
from history.models import Entry
from messaging.actions import clear_bounces
from messaging.models import Inbound, Message
from messaging.receiving import receive
from tests.attendance.entries import letter, wanted_letters
from tests.attendance.places import NOW, a_place, a_practitioner, a_session, another_day, partner_of
from tests.attendance.test_cover import Cast
from tests.briefings.factories import AppointmentFactory
from tests.messaging.incoming import AUTHSERV, answer, calendar, report
from tests.organisations.factories import AffiliationFactory, PersonFactory, ProfessionFactory

pytestmark = pytest.mark.django_db
Outcome = CalendarAnswer.Outcome
_numbers = count(1)


@pytest.fixture(autouse=True)
def our_server(settings):
    settings.INBOUND_AUTHSERV_ID = AUTHSERV
    with time_machine.travel(NOW, tick=False):
        yield


def entry_for(person, session) -> CalendarEntry:
    return CalendarEntry.objects.get(person=person, session=session)


def said(entry, what: str, *, minute: int = 0, sender: str = "", attendee: str = "", proven="", at=NOW, **lines):
    """Let an answer to ``entry`` come and be taken; return what became of it, None where nothing did."""
    stamp = f"20261102T08{minute:02}00Z"
    lines = {"SEQUENCE": entry.sequence, "DTSTAMP": stamp, **lines}
    words = calendar(str(entry.uid), attendee or entry.person.email, what, **lines)
    number = f"<n{next(_numbers)}@example.org>"
    receive(raw=answer(words, sender=sender or entry.person.email, proven=proven, message_id=number), now=at)
    answers.take_answers(now=at)
    found = CalendarAnswer.objects.filter(inbound__message_id=number).first()
    return found and (found.outcome, found.why)


def booked(**fields) -> tuple[Place, CalendarEntry]:
    place = a_place(a_session(**fields))
    return place, entry_for(place.person, place.session)


def state_of(place: Place) -> str:
    return Place.objects.get(pk=place.pk).state


# --- what an answer does


def test_accepting_confirms():
    place, entry = booked()
    assert said(entry, "ACCEPTED") == (Outcome.CONFIRMED, "")
    assert state_of(place) == PlaceState.BOOKED
    entry.refresh_from_db()
    assert entry.sequence == 0


def test_perhaps_is_noted():
    place, entry = booked()
    assert said(entry, "TENTATIVE") == (Outcome.NOTED, "")
    assert state_of(place) == PlaceState.BOOKED


def test_declining_gives_the_place_up_and_the_next_in_line_gets_it():
    session = a_session(capacity=1)
    place, waiting = a_place(session), a_place(session)
    assert said(entry_for(place.person, session), "DECLINED") == (Outcome.GAVE_UP, "")
    place.refresh_from_db()
    assert (place.state, place.closed_reason, state_of(waiting)) == (
        PlaceState.GIVEN_UP, answers.BY_CALENDAR, PlaceState.BOOKED,
    )  # fmt: skip
    done = Entry.objects.get(verb="gave_up", object_id=place.pk)
    assert (done.actor, done.reason) == (key_of(place.person), answers.BY_CALENDAR)
    mail = Message.objects.get(kind=messages.GIVEN_UP, person=place.person)
    content = messages.render(mail)
    assert "You declined it in your calendar" in content.text
    assert address_of(place.link) in content.text
    assert letter(mail, NOW).says == ("CANCEL", 1)


def test_the_mail_leads_to_a_button_that_takes_the_place_back(client):
    place, entry = booked()
    said(entry, "DECLINED")
    client.get(f"/p/{token_of(place.link)}/")
    page = f"{path_of(place.link)}take-back/"
    assert page in client.get(path_of(place.link)).content.decode()
    text = client.get(page).content.decode()
    assert "Take my place back" in text
    assert state_of(place) == PlaceState.GIVEN_UP, "looking changes nothing"
    assert client.post(page).status_code == 302
    new = Place.objects.get(person=place.person, state=PlaceState.BOOKED)
    assert new.session == place.session
    place.refresh_from_db()
    assert answers.take_place_back(place=place, by=place.person, now=NOW) == new, "twice is once"
    assert wanted_letters(place.person, NOW)[-1].says == ("REQUEST", 2)


def test_a_place_that_has_gone_is_not_taken_back(client):
    session = a_session(capacity=1)
    place = a_place(session)
    a_place(session)
    said(entry_for(place.person, session), "DECLINED")
    client.get(f"/p/{token_of(place.link)}/")
    page = f"{path_of(place.link)}take-back/"
    text = client.get(page).content.decode()
    assert "You cannot have it back at the moment.</strong> No place is free. Choose another date" in text
    assert 'id="id_submit"' not in text, "a press would do nothing"
    response = client.post(page)
    assert response.status_code == 409
    said_why = response.content.decode()
    assert "The place has gone to somebody else meanwhile" in said_why
    assert "/invitations/again/" in said_why
    assert "mailto:briefings@example.org" in said_why
    assert not Place.objects.live().filter(person=place.person).exists()
    with pytest.raises(answers.PlaceHasGone):
        answers.take_place_back(place=Place.objects.get(state=PlaceState.BOOKED), by="clock", now=NOW)


@pytest.mark.parametrize("why", ["quota", "cancelled", "waits", "closed", "elsewhere", "busy"])
def test_the_page_says_before_the_press_why_a_place_is_not_taken_back_though_one_is_free(client, why):
    session = a_session(capacity=2)
    programme, place = session.programme, a_place(session)
    client.get(f"/p/{token_of(place.link)}/")
    address = path_of(place.link)
    give_up_place(place=place, by=place.person, now=NOW)
    with time_machine.travel(NOW, tick=False):
        assert f"{address}take-back/" in client.get(address).content.decode()
        assert "A place is free for you" in client.get(f"{address}take-back/").content.decode()
    if why == "quota":
        set_quota(programme=programme, organisation=None, seats=1, released_on=None, by="clock", now=NOW)
        a_place(session)
        said = "has all the places it may have in this session"
    elif why == "cancelled":
        lost = another_day(programme)
        for _ in range(2):
            a_place(lost)
        cancel_session(session=lost, reason="Flood", by="clock", now=NOW)
        said = "kept for people whose session was cancelled"
    elif why == "waits":  # who could not move up a moment ago, and could by now: the clock has not seen it yet
        a_place(session)
        last = a_place(session)
        a_place(session)
        SeatCount.objects.filter(session=session).update(taken=1)
        Place.objects.filter(pk=last.pk).update(
            state=PlaceState.ENDED, closed_at=NOW, closed_reason="not_named", limit_key=None
        )
        said = "The free places go to those who wait for them"
    elif why == "closed":
        set_booking_rules(programme=programme, closes_days=300, by="clock", now=NOW)
        said = "Booking for this session closed"
    elif why == "elsewhere":
        a_place(another_day(programme), place.person)
        said = "You hold a place on Tuesday 8 December 2026"
    else:
        other = a_session()
        take_place(session=other, person=_in_both(place.person, other.programme), by=place.person, now=NOW)
        said = "You are in “"
    with time_machine.travel(NOW, tick=False):
        assert f"{address}take-back/" not in client.get(address).content.decode()
        text = client.get(f"{address}take-back/").content.decode()
        assert said in text
        assert 'id="id_submit"' not in text
        assert client.post(f"{address}take-back/").status_code == 409, "and so it is"
    assert not Place.objects.live().filter(person=place.person, session=session).exists()


def _in_both(person, programme):
    AffiliationFactory(person=person, organisation=partner_of(programme), profession=ProfessionFactory())
    return person


def test_who_declines_and_then_accepts_has_the_place_again():
    place, entry = booked()
    said(entry, "DECLINED", minute=1)
    assert said(entry, "ACCEPTED", minute=2) == (Outcome.TOOK_BACK, "")
    assert Place.objects.filter(person=place.person, state=PlaceState.BOOKED).exists()


def test_who_takes_a_place_back_has_it_though_an_offer_elsewhere_is_just_over():
    place, entry = booked()
    programme = place.session.programme
    set_booking_rules(programme=programme, offer_days=365, offer_hours=24, by="clock", now=NOW)
    other = another_day(programme, capacity=1)
    seated = a_place(other)
    said(entry, "DECLINED", minute=1)
    late, following = a_place(other, place.person), a_place(other)
    give_up_place(place=seated, by=seated.person, now=NOW)
    assert state_of(late) == PlaceState.OFFERED
    asks = said(entry, "ACCEPTED", minute=2)
    assert asks == (Outcome.ASKS, AnswerWhy.PLACE_GONE), "the offer holds still"
    with time_machine.travel(NOW + timedelta(hours=24), tick=False):
        assert said(entry, "ACCEPTED", minute=3, at=NOW + timedelta(hours=24)) == (Outcome.TOOK_BACK, "")
    assert (state_of(late), state_of(following)) == (PlaceState.ENDED, PlaceState.OFFERED)
    assert Place.objects.get(person=place.person, state=PlaceState.BOOKED).session == place.session


def _sent(person) -> None:
    """Let every mail to ``person`` that waits have left."""
    Message.objects.filter(person=person, state=Message.State.PLANNED).update(
        state=Message.State.SENT, message_id="<1@example.org>", sent_at=NOW
    )


def _change(session, **columns):
    sessions.change_session(session=session, by="clock", now=NOW, **columns)


BACK = {
    "title": ({"title": "Another title"}, {"title": ""}),
    "day": ({"date": date(2026, 11, 27)}, {"date": date(2026, 11, 26)}),
}


@pytest.mark.parametrize("what", BACK)
def test_an_answer_to_what_stands_counts_though_a_change_came_and_went_that_nobody_heard_of(what):
    """Their entry is the one of the confirmation; ours has another number, and says the same."""
    place, entry = booked()
    _sent(place.person)
    for columns in BACK[what]:
        _change(place.session, **columns)
    stands = entry_for(place.person, place.session)
    assert (stands.sequence, stands.held_as) == (2, 0)
    assert said(entry, "ACCEPTED", minute=1) == (Outcome.CONFIRMED, "")
    assert said(entry, "ACCEPTED", minute=2, SEQUENCE=1) == (Outcome.ASKS, AnswerWhy.OLD), "that was never sent"
    assert said(entry, "DECLINED", minute=3) == (Outcome.GAVE_UP, "")
    assert state_of(place) == PlaceState.GIVEN_UP
    assert said(entry, "ACCEPTED", minute=4) == (Outcome.TOOK_BACK, "")


def test_it_counts_after_several_changes_of_which_nobody_heard():
    place, entry = booked()
    _sent(place.person)
    for title in ("One", "Two", "", "Three", ""):
        _change(place.session, title=title)
    stands = entry_for(place.person, place.session)
    assert (stands.sequence, stands.held_as) == (5, 0)
    assert said(entry, "DECLINED") == (Outcome.GAVE_UP, "")


def test_an_answer_to_what_stood_before_a_change_that_stands_is_for_the_coordinator():
    place, entry = booked()
    _sent(place.person)
    for title in ("One", "", "Two"):
        _change(place.session, title=title)
    assert entry_for(place.person, place.session).held_as is None
    assert said(entry, "DECLINED") == (Outcome.ASKS, AnswerWhy.OLD)


def test_whoever_heard_of_the_change_hears_that_it_is_taken_back_and_answers_that():
    place, entry = booked()
    _change(place.session, title="One")
    _sent(place.person)
    _change(place.session, title="")
    assert entry_for(place.person, place.session).held_as is None
    assert said(entry, "DECLINED") == (Outcome.ASKS, AnswerWhy.OLD)
    assert said(entry, "DECLINED", minute=1, SEQUENCE=2) == (Outcome.GAVE_UP, "")


def test_whoever_booked_again_meanwhile_does_not_give_up_by_an_answer_from_before():
    place, entry = booked()
    _sent(place.person)
    _change(place.session, title="One")
    give_up_place(place=place, by=place.person, now=NOW)
    a_place(place.session, place.person)
    _change(place.session, title="")
    assert entry_for(place.person, place.session).held_as is None
    assert said(entry, "DECLINED") == (Outcome.ASKS, AnswerWhy.OLD)
    assert Place.objects.filter(person=place.person, state=PlaceState.BOOKED).exists()


def test_whoever_was_busy_on_the_other_day_and_heard_nothing_answers_as_before():
    place, entry = booked()
    other = a_session(date=date(2026, 11, 27))
    take_place(session=other, person=_in_both(place.person, other.programme), by=place.person, now=NOW)
    _sent(place.person)
    for columns in BACK["day"]:
        _change(place.session, **columns)
    assert state_of(place) == PlaceState.BOOKED
    stands = entry_for(place.person, place.session)
    assert (stands.sequence, stands.held_as) == (2, 0)
    assert said(entry, "DECLINED") == (Outcome.GAVE_UP, "")


def test_an_earlier_answer_that_comes_later_changes_nothing():
    place, entry = booked()
    said(entry, "ACCEPTED", minute=2)
    assert said(entry, "DECLINED", minute=1) == (Outcome.NOTHING, "")
    assert state_of(place) == PlaceState.BOOKED


def test_a_place_wanted_back_that_has_gone_is_for_the_coordinator():
    session = a_session(capacity=1)
    place = a_place(session)
    a_place(session)
    entry = entry_for(place.person, session)
    said(entry, "DECLINED", minute=1)
    assert said(entry, "ACCEPTED", minute=2) == (Outcome.ASKS, AnswerWhy.PLACE_GONE)


def test_the_same_mail_twice_is_followed_once():
    place, entry = booked()
    raw = answer(calendar(str(entry.uid), place.person.email, "DECLINED"), sender=place.person.email)
    for _ in range(2):
        receive(raw=raw, now=NOW)
        answers.take_answers(now=NOW)
    assert CalendarAnswer.objects.count() == 1
    assert Inbound.objects.get().words == ""


# --- what an answer does not do


@pytest.mark.parametrize(
    ("fields", "why"),
    [
        ({"attendee": "bryn@elsewhere.example.org", "sender": "bryn@elsewhere.example.org"}, AnswerWhy.STRANGER),
        ({"sender": "bryn@elsewhere.example.org"}, AnswerWhy.UNPROVEN),
        ({"proven": None}, AnswerWhy.UNPROVEN),
        ({"SEQUENCE": 5}, AnswerWhy.UNCLEAR),
        ({"METHOD": "COUNTER"}, AnswerWhy.PROPOSED),
    ],
)
def test_what_is_not_the_persons_own_word_goes_to_the_coordinator(fields, why):
    place, entry = booked()
    assert said(entry, "DECLINED", **fields) == (Outcome.ASKS, why)
    assert state_of(place) == PlaceState.BOOKED


def test_delegating_books_nobody():
    place, entry = booked()
    colleague = a_practitioner(place.session.programme, email="bryn@example.org")
    more = "ATTENDEE;PARTSTAT=NEEDS-ACTION:mailto:bryn@example.org\r\n"
    assert said(entry, "DELEGATED", MORE=more) == (Outcome.ASKS, AnswerWhy.DELEGATED)
    assert not Place.objects.filter(person=colleague).exists()
    assert state_of(place) == PlaceState.BOOKED


def test_an_answer_to_what_stood_before_goes_to_the_coordinator():
    place, entry = booked()
    sessions.change_session(session=place.session, title="Another", by="accounts.person:1", now=NOW)
    assert said(entry, "DECLINED", SEQUENCE=0) == (Outcome.ASKS, AnswerWhy.OLD)
    assert state_of(place) == PlaceState.BOOKED


def test_who_accepts_what_they_gave_up_on_the_page_is_not_booked_again():
    place, entry = booked()
    places.give_up_place(place=place, by=place.person, now=NOW)
    assert said(entry, "ACCEPTED", SEQUENCE=0) == (Outcome.ASKS, AnswerWhy.OLD)
    assert not Place.objects.live().exists()


def test_an_answer_to_no_entry_of_ours_says_nothing():
    _, entry = booked()
    entry.uid = "0a1b2c3d-0000-4000-8000-000000000000"
    assert said(entry, "DECLINED") is None
    entry.uid = "not-a-number"
    assert said(entry, "DECLINED") is None
    assert not Inbound.objects.filter(settled_at=None).exists()


def test_once_the_session_has_begun_nothing_is_followed():
    place, entry = booked()
    with time_machine.travel(place.session.during.lower, tick=False):
        receive(
            raw=answer(calendar(str(entry.uid), place.person.email, "DECLINED"), sender=place.person.email), now=NOW
        )
        answers.take_answers(now=place.session.during.lower)
    assert CalendarAnswer.objects.get().outcome == Outcome.NOTHING
    assert state_of(place) == PlaceState.BOOKED


def test_somebody_without_an_address_can_be_answered_for_by_nobody():
    place, entry = booked()
    address = place.person.email
    type(place.person).objects.filter(pk=place.person_id).update(email=None)
    assert said(entry, "DECLINED", attendee=address, sender=address) == (Outcome.ASKS, AnswerWhy.STRANGER)


def test_an_address_with_letters_in_its_domain_can_answer():
    session = a_session()
    place = a_place(session, a_practitioner(session.programme, email="amina@bücher.example.org"))
    entry = entry_for(place.person, place.session)
    sent_to = "amina@xn--bcher-kva.example.org"
    assert wanted_letters(place.person, NOW)[0].event["ATTENDEE"] == f"mailto:{sent_to}"
    assert said(entry, "DECLINED", attendee=sent_to, sender=sent_to) == (Outcome.GAVE_UP, "")


# --- seniors and those who run it


def test_a_senior_manager_who_declines_gives_apologies_and_can_come_after_all():
    cast = Cast()
    own = cast.coming()
    entry = entry_for(cast.senior, cast.session)
    assert said(entry, "DECLINED", minute=1) == (Outcome.GAVE_UP, "")
    own.refresh_from_db()
    assert own.state == CoverState.APOLOGIES
    assert Message.objects.filter(kind="attendance.cover_apologies", person=cast.coordinator).exists()
    mail = Message.objects.get(kind="attendance.cover_given_up")
    assert letter(mail, NOW).says == ("CANCEL", 1)
    assert (
        f"{django_settings.SITE_URL}/cover/"
        in letter(mail, NOW).mail.get_payload()[0].get_payload()[0].get_payload(decode=True).decode()
    )
    assert said(entry, "ACCEPTED", minute=2) == (Outcome.TOOK_BACK, "")
    own.refresh_from_db()
    assert own.state == CoverState.COMING


def test_who_runs_a_session_is_not_let_go_by_a_calendar():
    session, carys = a_session(), PersonFactory(email="carys@example.org")
    sessions.give_part(session=session, person=carys, part=Part.PRESENTER, by="accounts.person:1", now=NOW)
    entry = entry_for(carys, session)
    assert said(entry, "ACCEPTED", minute=1) == (Outcome.CONFIRMED, "")
    assert said(entry, "DECLINED", minute=2) == (Outcome.ASKS, AnswerWhy.RUNS_IT)
    assert session.parts.count() == 1


# --- at once


@pytest.mark.django_db(transaction=True)
def test_many_workers_take_each_answer_once():
    session = a_session(capacity=6)
    held = [a_place(session) for _ in range(6)]
    for place in held:
        entry = entry_for(place.person, session)
        words = calendar(str(entry.uid), place.person.email, "DECLINED")
        number = f"<r{place.pk}@example.org>"
        receive(raw=answer(words, sender=place.person.email, message_id=number), now=NOW)
    gate, failures = threading.Barrier(4), []

    def work():
        try:
            gate.wait(10)
            answers.take_answers(now=NOW)
        except Exception as error:
            failures.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=work) for _ in range(4)]
    [thread.start() for thread in threads]
    [thread.join() for thread in threads]
    assert failures == []
    assert sorted(CalendarAnswer.objects.values_list("outcome", flat=True)) == [Outcome.GAVE_UP] * 6
    session.seats.refresh_from_db()
    assert session.seats.taken == 0


# --- the coordinator's pages


@pytest.fixture
def coordinated(client):
    place, entry = booked()
    coordinator = AppointmentFactory(programme=place.session.programme, role=ProgrammeRole.COORDINATOR).person
    client.force_login(coordinator)
    return place, entry


def test_the_coordinator_sees_what_to_do_and_settles_it(client, coordinated):
    place, entry = coordinated
    page = f"/programmes/{place.session.programme.slug}/calendar-answers/"
    assert "No answer needs you" in client.get(page).content.decode()
    said(entry, "DECLINED", sender="bryn@elsewhere.example.org")
    text = client.get(page).content.decode()
    assert place.person.name in text
    assert "It is not proven that the answer comes from them" in text
    assert "Ask them by telephone" in text
    assert "bryn@elsewhere.example.org" in text
    home = client.get("/").content.decode()
    assert "One answer from a calendar needs you" in home
    found = CalendarAnswer.objects.get()
    for _ in range(2):
        client.post(f"{page}{found.pk}/settle/")
    found.refresh_from_db()
    assert found.settled_at == NOW
    assert "No answer needs you" in client.get(page).content.decode()
    assert "Settled" in client.get(f"{page}?show=all").content.decode()
    assert "answer from a calendar" not in client.get("/").content.decode()


def test_perhaps_stands_in_the_lists_of_places(client, coordinated):
    place, entry = coordinated
    said(entry, "TENTATIVE")
    assert "“Perhaps” in their calendar" in client.get(f"/sessions/{place.session_id}/places/").content.decode()
    slug = place.session.programme.slug
    person = client.get(f"/programmes/{slug}/people/{place.person_id}/").content.decode()
    assert "“Perhaps” in their calendar" in person


def test_that_mails_come_back_stands_at_the_person_until_the_address_works_again(client, coordinated):
    place, _ = coordinated
    person, slug = place.person, place.session.programme.slug
    administrator = Client()
    administrator.force_login(PersonFactory(administrator=True))
    pages = [(client, f"/programmes/{slug}/people/{person.pk}/"), (administrator, f"/people/{person.pk}/")]
    Message.objects.filter(person=person).update(
        state=Message.State.SENT, sent_at=NOW, message_id="<m1@hub.example.org>", sent_to=person.email
    )
    receive(raw=report("<m1@hub.example.org>"), now=NOW)
    for who, page in pages:
        assert "Mails come back" in who.get(page).content.decode()
    assert clear_bounces(address=person.email, by=person, now=NOW) == 1
    for who, page in pages:
        assert "Mails come back" not in who.get(page).content.decode()


@pytest.mark.parametrize("number", [1, 3])
def test_the_list_takes_the_same_queries_for_one_and_three(client, coordinated, number, django_assert_max_num_queries):
    place, _ = coordinated
    for _ in range(number):
        other = a_place(a_session(place.session.programme), a_practitioner(place.session.programme))
        said(entry_for(other.person, other.session), "DELEGATED")
    page = f"/programmes/{place.session.programme.slug}/calendar-answers/"
    client.get(page)
    with django_assert_max_num_queries(7):
        assert client.get(page).content.decode().count("I have seen to it") == number


def test_a_stamp_of_the_day_after_tomorrow_does_not_win_for_ever():
    _, entry = booked()
    far = (NOW + timedelta(days=2)).strftime("%Y%m%dT%H%M%SZ")
    assert said(entry, "DECLINED", DTSTAMP=far) == (Outcome.ASKS, AnswerWhy.UNCLEAR)


def test_an_escape_that_no_column_takes_is_left_out_and_the_next_answer_is_taken():
    place, entry = booked()
    assert said(entry, "ACCEPTED", attendee="a%00b@x.example.org") == (Outcome.ASKS, AnswerWhy.STRANGER)
    assert CalendarAnswer.objects.get().attendee == "ab@x.example.org"
    assert said(entry, "ACCEPTED") == (Outcome.CONFIRMED, "")
    assert state_of(place) == PlaceState.BOOKED


def test_what_goes_wrong_with_one_answer_is_for_the_coordinator_and_stops_no_other(monkeypatch):
    _, entry = booked()
    _, other = booked()
    judge = answers.judge

    def fails(reply, known):
        if reply.uid == str(entry.uid):
            raise ValueError("unexpected")
        return judge(reply, known)

    monkeypatch.setattr(answers, "judge", fails)
    assert said(entry, "ACCEPTED") == (Outcome.ASKS, AnswerWhy.UNCLEAR)
    assert said(other, "ACCEPTED") == (Outcome.CONFIRMED, "")
    assert not Inbound.objects.filter(settled_at=None).exists()
