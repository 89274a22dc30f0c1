"""Each exit of what people and the clock do to places."""

from datetime import UTC, date, datetime, timedelta

import pytest
from django.db import IntegrityError, transaction

from attendance.actions import needs, places, reminders, swaps
from attendance.actions.engagements import BusyThen
from attendance.messages import places as mails
from attendance.models import AccessNeed, CalendarEntry, Engagement, Place, PlaceState, SeatCount
from attendance.queries.invitations import InvitationChoice, chosen_affiliations
from briefings.models import PlacesRule, SessionState
from history.actions import CLOCK
from history.models import Entry
from messaging import kinds
from messaging.models import Message
from organisations.models import Affiliation
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
from tests.organisations.factories import AffiliationFactory, AreaFactory, PersonFactory, ProfessionFactory

pytestmark = pytest.mark.django_db
Booked, Waiting, Offered, GivenUp, Ended = (
    PlaceState.BOOKED, PlaceState.WAITING, PlaceState.OFFERED, PlaceState.GIVEN_UP, PlaceState.ENDED,
)  # fmt: skip


def told(place):
    """The kinds of the mails about ``place``, in order."""
    return list(Message.objects.filter(refs__place=place.pk).order_by("pk").values_list("kind", flat=True))


def counted(session):
    seats = SeatCount.objects.get(session=session)
    return seats.taken, seats.last_in_line


def states(session):
    return list(Place.objects.filter(session=session).order_by("pk").values_list("state", flat=True))


def offered(session, **fields):
    """A place that was booked and is now offered, as a moved session leaves it."""
    place = a_place(session, **fields)
    Engagement.objects.filter(person=place.person, session=session).delete()
    CalendarEntry.objects.filter(person=place.person).update(is_cancelled=True, sequence=1)
    Place.objects.filter(pk=place.pk).update(state=Offered, offered_until=NOW + timedelta(days=5))
    place.refresh_from_db()
    return place


# take_place


def test_a_free_seat_is_booked_and_everything_follows():
    session = a_session()
    person = a_practitioner(session.programme)
    place = places.take_place(session=session, person=person, by=person, now=NOW)
    assert (place.state, place.seated_at, place.number_in_line) == (Booked, NOW, None)
    assert place.limit_key == f"{person.pk}:programme:{session.programme_id}"
    assert place.organisation == partner_of(session.programme)
    assert place.reference.startswith("WV-")
    assert counted(session) == (1, 0)
    assert Engagement.objects.get().person == person
    assert CalendarEntry.objects.get().sequence == 0
    assert (place.link.purpose, place.link.person, place.link.about) == (
        "place",
        person,
        f"attendance.place:{place.pk}",
    )
    assert told(place) == [mails.BOOKED]
    assert [(entry.verb, entry.actor) for entry in Entry.objects.all()] == [("took", f"accounts.person:{person.pk}")]


def test_asked_twice_it_is_the_same_place():
    session = a_session()
    person = a_practitioner(session.programme)
    assert a_place(session, person) == a_place(session, person)
    assert counted(session) == (1, 0)


def test_a_full_session_gives_numbers_in_line():
    session = a_session(capacity=1)
    fill(session)
    first, second = a_place(session), a_place(session)
    assert [(p.state, p.number_in_line, p.limit_key) for p in (first, second)] == [
        (Waiting, 1, None),
        (Waiting, 2, None),
    ]
    assert counted(session) == (1, 2)
    assert told(second) == [mails.WAITING]
    assert not CalendarEntry.objects.filter(person=second.person).exists()


def test_the_reserve_is_given_out_by_the_coordinator_alone():
    session = a_session(capacity=2, reserved=1)
    fill(session)
    assert a_place(session).state == Waiting
    person = a_practitioner(session.programme)
    place = places.take_place(session=session, person=person, by=PersonFactory(), now=NOW, from_reserve=True)
    assert place.state == Booked
    assert counted(session) == (2, 1)
    late = a_practitioner(session.programme)
    assert places.take_place(session=session, person=late, by=late, now=NOW, from_reserve=True).state == Waiting


@pytest.mark.parametrize("state", [SessionState.DRAFT, SessionState.HELD, SessionState.CANCELLED])
def test_only_an_open_session_takes_bookings(state):
    session = a_session(state=state)
    with pytest.raises(places.NotOpen):
        a_place(session)


def test_a_session_without_a_counter_is_not_open():
    session = a_session()
    SeatCount.objects.all().delete()
    with pytest.raises(places.NotOpen):
        a_place(session)


def test_a_session_that_has_begun_takes_none():
    session = a_session()
    with pytest.raises(places.NotOpen):
        a_place(session, now=session.during.lower)


def test_who_works_inside_an_area_in_scope_is_booked_with_it_and_another_is_not():
    valley, elsewhere, nurse = AreaFactory(), AreaFactory(), ProfessionFactory()
    inside = AreaFactory(parent=valley)
    session = a_session(a_programme(areas=[valley], professions=[nurse]))
    place = a_place(session, a_practitioner(session.programme, profession=nurse, areas=[inside]))
    assert (place.state, place.area, place.profession) == (PlaceState.BOOKED, inside, nurse)
    for fields in ({"profession": nurse, "areas": [elsewhere]}, {"areas": [inside]}):
        with pytest.raises(places.NotEligible):
            a_place(session, a_practitioner(session.programme, **fields))


def test_who_is_not_eligible_is_told_so():
    session = a_session()
    with pytest.raises(places.NotEligible):
        a_place(session, PersonFactory())
    assert counted(session) == (0, 0)


def test_one_place_in_the_programme():
    session = a_session()
    other = another_day(session.programme)
    place = a_place(session)
    with pytest.raises(places.HasPlaceElsewhere) as refusal:
        a_place(other, place.person)
    assert refusal.value.place == place


def test_the_database_keeps_one_place_in_the_programme_without_the_action():
    session = a_session()
    place = a_place(session)
    with pytest.raises(IntegrityError), transaction.atomic():
        Place.objects.create(
            session=another_day(session.programme), person=place.person, organisation=place.organisation, state=Booked,
            reference="WV-AAAAAA", made_at=NOW, made_by="clock", seated_at=NOW, limit_key=place.limit_key,
        )  # fmt: skip


def test_where_the_programme_allows_it_somebody_takes_several():
    session = a_session(a_programme(places_rule=PlacesRule.UNLIMITED))
    place = a_place(session)
    assert a_place(another_day(session.programme), place.person).state == Booked
    assert place.limit_key is None


def test_nobody_is_in_two_sessions_at_once_even_of_two_programmes():
    session, other = a_session(), a_session()
    person = a_practitioner(session.programme)
    PartnerFactory(programme=other.programme, organisation=partner_of(session.programme))
    a_place(session, person)
    with pytest.raises(BusyThen) as refusal:
        a_place(other, person)
    assert refusal.value.session == session
    assert refusal.value.sentence == (
        f"You are in “{session}” on Thursday 26 November 2026, 9:30am to 12:30pm. "
        "Choose another date, or give that place up first."
    )
    with pytest.raises(BusyThen) as refusal:
        places.take_place(session=other, person=person, by=CLOCK, now=NOW)
    assert refusal.value.sentence == BusyThen.sentence, "which one it is, is for that person to read"
    assert counted(other) == (0, 0)


def test_who_is_seated_stops_waiting_elsewhere_and_is_told_where():
    session = a_session(capacity=1)
    fill(session)
    waiting = a_place(session)
    booked = a_place(another_day(session.programme), waiting.person)
    waiting.refresh_from_db()
    assert (waiting.state, waiting.closed_reason, waiting.number_in_line) == (Ended, "seated_elsewhere", None)
    content = mails.render(Message.objects.get(refs__place=booked.pk))
    assert "You no longer wait for Thursday 26 November" in content.text


# give_up_place


def test_a_freed_seat_goes_to_the_first_in_line_who_is_told():
    session = a_session(capacity=1)
    (place,) = fill(session)
    first, second = a_place(session), a_place(session)
    given = places.give_up_place(place=place, by=place.person, now=NOW)
    assert (given.state, given.closed_reason, given.limit_key) == (GivenUp, "given_up", None)
    assert states(session) == [GivenUp, Booked, Waiting]
    assert counted(session) == (1, 2)
    assert told(first) == [mails.WAITING, mails.PROMOTED]
    assert told(second) == [mails.WAITING]
    assert told(place) == [mails.BOOKED, mails.GIVEN_UP]
    assert list(Engagement.objects.values_list("person", flat=True)) == [first.person_id]
    entry = CalendarEntry.objects.get(person=place.person)
    assert (entry.is_cancelled, entry.sequence) == (True, 1)


def test_giving_up_twice_is_giving_up_once():
    session = a_session()
    place = a_place(session)
    for _ in range(2):
        assert places.give_up_place(place=place, by=place.person, now=NOW).state == GivenUp
    assert counted(session) == (0, 0)
    assert told(place) == [mails.BOOKED, mails.GIVEN_UP]


def test_a_place_in_line_can_be_given_up():
    session = a_session(capacity=1)
    fill(session)
    place, second = a_place(session), a_place(session)
    places.give_up_place(place=place, by=place.person, now=NOW)
    assert counted(session) == (1, 2)
    assert states(session) == [Booked, GivenUp, Waiting]
    assert kinds.find(mails.GIVEN_UP).render(Message.objects.get(kind=mails.GIVEN_UP)).calendar is None
    assert Place.objects.in_line().get() == second


def test_after_the_start_or_an_end_there_is_nothing_to_give_up():
    session = a_session()
    place = a_place(session)
    with pytest.raises(places.PlaceHasEnded):
        places.give_up_place(place=place, by=place.person, now=session.during.lower)
    Place.objects.update(state=Ended, closed_at=NOW, limit_key=None)
    with pytest.raises(places.PlaceHasEnded):
        places.give_up_place(place=place, by=place.person, now=NOW)


def test_taking_again_after_giving_up_raises_the_number_of_the_entry():
    session = a_session()
    place = a_place(session)
    places.give_up_place(place=place, by=place.person, now=NOW)
    again = a_place(session, place.person)
    assert again != place
    entry = CalendarEntry.objects.get()
    assert (entry.is_cancelled, entry.sequence) == (False, 2)
    withheld = mails.not_wanted(list(Message.objects.order_by("pk")), NOW)
    assert sorted(withheld.values()) == ["booked_again", "no_longer_booked"]


# promotion


def test_who_cannot_come_is_passed_over_and_keeps_their_position():
    session = a_session(capacity=1)
    (place,) = fill(session)
    other = a_session()
    busy = a_place(session)
    PartnerFactory(programme=other.programme, organisation=partner_of(session.programme))
    elsewhere = a_place(other, busy.person)
    second = a_place(session)
    places.give_up_place(place=place, by=place.person, now=NOW)
    assert states(session) == [GivenUp, Waiting, Booked]
    places.give_up_place(place=second, by=second.person, now=NOW)
    assert counted(session) == (0, 2)
    places.give_up_place(place=elsewhere, by=busy.person, now=NOW)
    assert reminders.promote_all(now=NOW) == 1
    busy.refresh_from_db()
    assert (busy.state, busy.number_in_line) == (Booked, None)
    assert reminders.promote_all(now=NOW) == 0


def test_a_leaver_is_passed_over():
    session = a_session(capacity=1)
    (place,) = fill(session)
    leaver, second = a_place(session), a_place(session)
    Affiliation.objects.filter(person=leaver.person).update(until=NOW.date())
    places.give_up_place(place=place, by=place.person, now=NOW)
    assert states(session) == [GivenUp, Waiting, Booked]
    assert Place.objects.in_line().get() == leaver
    assert second.person != leaver.person


def test_nobody_is_promoted_into_a_session_that_is_over():
    session = a_session(capacity=1)
    (place,) = fill(session)
    a_place(session)
    Place.objects.filter(pk=place.pk).update(state=GivenUp, closed_at=NOW, limit_key=None)
    SeatCount.objects.update(taken=0)
    assert places.promote_waiting(session=session, now=session.during.lower) == []
    assert len(places.promote_waiting(session=session, now=NOW)) == 1


# change_place


def test_changing_dates_swaps_the_seats_in_one_go():
    session = a_session(capacity=1)
    (place,) = fill(session)
    waiting = a_place(session)
    to = another_day(session.programme, capacity=1)
    needs.set_access_need(place=place, words="A chair with arms", welsh=False, by=place.person, now=NOW)
    new = swaps.change_place(place=place, to=to, by=place.person, now=NOW)
    place.refresh_from_db()
    waiting.refresh_from_db()
    assert (place.state, place.closed_reason, new.state, new.session, waiting.state) == (
        GivenUp, "changed_date", Booked, to, Booked,
    )  # fmt: skip
    assert (counted(session), counted(to)) == ((1, 1), (1, 0))
    assert told(new) == [mails.BOOKED]
    assert told(place) == [mails.BOOKED, mails.GIVEN_UP]
    need = AccessNeed.objects.get()
    assert (need.place, need.words, need.delete_on) == (new, "A chair with arms", date(2027, 1, 7))
    gone = mails.render(Message.objects.get(kind=mails.GIVEN_UP))
    assert gone.subject.startswith("Out of your calendar: Thursday 26 November")
    assert "changed to another date" in gone.text


def test_a_full_session_leaves_the_old_place():
    session = a_session(capacity=1)
    (place,) = fill(session)
    to = another_day(session.programme, capacity=1)
    fill(to)
    with pytest.raises(swaps.SessionIsFull):
        swaps.change_place(place=place, to=to, by=place.person, now=NOW)
    place.refresh_from_db()
    assert place.state == Booked
    assert told(place) == [mails.BOOKED]


def test_the_coordinator_may_change_somebody_into_the_reserve():
    session = a_session()
    place = a_place(session)
    to = another_day(session.programme, capacity=1, reserved=1)
    with pytest.raises(swaps.SessionIsFull):
        swaps.change_place(place=place, to=to, by=place.person, now=NOW)
    assert swaps.change_place(place=place, to=to, by=PersonFactory(), now=NOW, from_reserve=True).session == to


def test_a_waiting_place_can_be_changed_for_a_seat_elsewhere_or_for_another_line():
    session = a_session(capacity=1)
    fill(session)
    waiting = a_place(session)
    new = swaps.change_place(place=waiting, to=another_day(session.programme), by=waiting.person, now=NOW)
    waiting.refresh_from_db()
    assert (waiting.state, new.state) == (GivenUp, Booked)


def test_who_waits_there_already_gets_that_place():
    session = a_session()
    to = another_day(session.programme, capacity=1)
    (blocking,) = fill(to)
    person = a_practitioner(session.programme)
    waiting = a_place(to, person)
    place = a_place(session, person)
    waiting.refresh_from_db()
    assert waiting.state == Ended
    places.give_up_place(place=blocking, by=blocking.person, now=NOW)
    new = swaps.change_place(place=place, to=to, by=person, now=NOW)
    assert (new.state, new.session) == (Booked, to)


def test_changing_to_the_same_session_changes_nothing():
    place = a_place(a_session())
    assert swaps.change_place(place=place, to=place.session, by=place.person, now=NOW) == place
    assert told(place) == [mails.BOOKED]


def test_changing_needs_a_place_that_lives_and_a_session_that_is_open():
    session = a_session()
    place = a_place(session)
    with pytest.raises(places.NotOpen):
        swaps.change_place(place=place, to=another_day(session.programme, draft=True), by=place.person, now=NOW)
    places.give_up_place(place=place, by=place.person, now=NOW)
    with pytest.raises(places.PlaceHasEnded):
        swaps.change_place(place=place, to=another_day(session.programme), by=place.person, now=NOW)


def test_changing_into_a_clash_keeps_the_old_place():
    programme = a_programme(places_rule=PlacesRule.UNLIMITED)
    session, to = a_session(programme), another_day(programme)
    place = a_place(session)
    at_that_time = a_place(another_day(programme), place.person)
    with pytest.raises(BusyThen):
        swaps.change_place(place=place, to=to, by=place.person, now=NOW)
    place.refresh_from_db()
    assert (place.state, at_that_time.state) == (Booked, Booked)
    assert counted(session) == (1, 0)


# offers


def test_an_offer_is_accepted_once_and_the_entry_comes_back():
    place = offered(a_session())
    for _ in range(2):
        assert places.accept_offer(place=place, by=place.person, now=NOW).state == Booked
    entry = CalendarEntry.objects.get()
    assert (entry.is_cancelled, entry.sequence) == (False, 2)
    assert told(place) == [mails.BOOKED, mails.BOOKED]
    assert Engagement.objects.count() == 1


def test_an_offer_that_ended_cannot_be_accepted():
    place = offered(a_session())
    with pytest.raises(places.PlaceHasEnded):
        places.accept_offer(place=place, by=place.person, now=place.session.during.lower)
    places.give_up_place(place=place, by=place.person, now=NOW)
    with pytest.raises(places.PlaceHasEnded):
        places.accept_offer(place=place, by=place.person, now=NOW)


def test_an_offer_is_not_accepted_into_a_clash():
    session, other = a_session(), a_session()
    place = offered(session)
    PartnerFactory(programme=other.programme, organisation=partner_of(session.programme))
    a_place(other, place.person)
    with pytest.raises(BusyThen):
        places.accept_offer(place=place, by=place.person, now=NOW)


def test_an_offer_lapses_at_its_limit_and_the_next_is_promoted():
    session = a_session(capacity=1)
    place = offered(session)
    waiting = a_place(session)
    assert reminders.lapse_offers(now=NOW) == 0
    assert reminders.lapse_offers(now=NOW + timedelta(days=5)) == 1
    assert places.lapse_offer(place=place, by=CLOCK, now=NOW + timedelta(days=6)) is False
    waiting.refresh_from_db()
    place.refresh_from_db()
    assert (place.state, place.closed_reason, waiting.state) == (Ended, "offer_lapsed", Booked)


# change_seats


def test_more_seats_promote_and_fewer_than_taken_are_refused():
    session = a_session(capacity=1)
    fill(session)
    waiting = a_place(session)
    by = PersonFactory()
    places.change_seats(session=session, capacity=2, reserved=0, by=by, now=NOW)
    waiting.refresh_from_db()
    assert waiting.state == Booked
    with pytest.raises(places.FewerSeatsThanTaken) as refusal:
        places.change_seats(session=session, capacity=1, reserved=0, by=by, now=NOW)
    assert refusal.value.taken == 2
    session.refresh_from_db()
    assert session.capacity == 2


def test_seats_of_the_reserve_are_not_given_to_those_in_line():
    session = a_session(capacity=1)
    fill(session)
    a_place(session)
    places.change_seats(session=session, capacity=2, reserved=1, by=PersonFactory(), now=NOW)
    assert counted(session) == (1, 1)


def test_the_database_holds_the_counter_without_the_action():
    session = a_session(capacity=1)
    with pytest.raises(IntegrityError), transaction.atomic():
        SeatCount.objects.filter(session=session).update(taken=2)


# The entry again, and access needs


def test_the_entry_is_sent_again_with_the_same_number_once_in_ten_minutes():
    place = a_place(a_session())
    assert places.send_entry_again(place=place, by=place.person, now=NOW) is True
    assert places.send_entry_again(place=place, by=place.person, now=NOW) is False
    assert CalendarEntry.objects.get().sequence == 0
    content = mails.render(Message.objects.get(kind=mails.ENTRY_AGAIN))
    assert b"SEQUENCE:0\r\n" in content.calendar
    assert content.calendar_method == "REQUEST"
    places.give_up_place(place=place, by=place.person, now=NOW)
    with pytest.raises(places.PlaceHasEnded):
        places.send_entry_again(place=place, by=place.person, now=NOW)


def test_an_access_need_is_kept_changed_forgotten_and_never_in_the_history():
    place = a_place(a_session())
    by = place.person
    need = needs.set_access_need(place=place, words="Hearing loop", welsh=True, by=by, now=NOW)
    assert (need.words, need.welsh, need.delete_on) == ("Hearing loop", True, date(2026, 12, 26))
    needs.set_access_need(place=place, words="", welsh=True, by=by, now=NOW)
    assert AccessNeed.objects.get().words == ""
    assert needs.set_access_need(place=place, words="", welsh=False, by=by, now=NOW) is None
    assert AccessNeed.objects.count() == 0
    assert not Entry.objects.filter(reason__contains="oop").exists()


def _need(place, words="", *, welsh=False):
    return needs.set_access_need(place=place, words=words, welsh=welsh, by=place.person, now=NOW)


@pytest.mark.parametrize(("said_there", "kept"), [("", "A chair with arms"), ("A ramp", "A ramp")])
def test_who_waits_for_the_date_they_change_to_keeps_what_they_said_for_it(said_there, kept):
    programme = a_programme(places_rule=PlacesRule.UNLIMITED)
    there, here = (a_session(programme, capacity=1, room=None, online_link="https://x.example.org/") for _ in "ab")
    other, waiting = a_place(there), a_place(there)
    place = a_place(here, waiting.person)  # at the same time: so they are passed over there, and keep their position
    _need(place, "A chair with arms")
    _need(waiting, said_there, welsh=True)
    places.give_up_place(place=other, by=other.person, now=NOW)
    new = swaps.change_place(place=place, to=there, by=place.person, now=NOW)
    assert (new, new.state) == (waiting, Booked)
    need = AccessNeed.objects.get()
    assert (need.place, need.words, need.welsh) == (new, kept, True)


def test_an_access_need_goes_with_the_waiting_that_ends_by_a_seat_elsewhere():
    programme = a_programme()
    full = a_session(programme, capacity=1)
    fill(full)
    waiting = a_place(full)
    _need(waiting, "Hearing loop")
    a_place(another_day(programme), waiting.person)
    waiting.refresh_from_db()
    assert waiting.closed_reason == "seated_elsewhere"
    assert not AccessNeed.objects.exists()


def test_an_access_need_goes_with_the_place_or_thirty_days_after_the_session():
    session = a_session()
    place, other = a_place(session), a_place(session)
    for each in (place, other):
        needs.set_access_need(place=each, words="Hearing loop", welsh=False, by=each.person, now=NOW)
    places.give_up_place(place=other, by=other.person, now=NOW)
    assert AccessNeed.objects.get().place == place
    assert needs.forget_access_needs(today=date(2026, 12, 25), now=NOW) == 0
    assert needs.forget_access_needs(today=date(2026, 12, 26), now=NOW) == 1
    with pytest.raises(places.PlaceHasEnded):
        needs.set_access_need(place=other, words="x", welsh=False, by=other.person, now=NOW)


# Reminders


def test_each_reminder_is_planned_once_on_its_day():
    session = a_session()
    place = a_place(session)
    # Thursday 26 November: five working days before is the 19th, one is the 25th.
    plan = lambda month_day, hour: reminders.remind_all(now=NOW.replace(day=month_day, hour=hour))  # noqa: E731
    assert [plan(19, 7), plan(19, 8), plan(19, 9), plan(24, 12), plan(25, 8), plan(26, 8), plan(26, 10)] == [
        0, 1, 0, 0, 1, 0, 0,
    ]  # fmt: skip
    assert told(place) == [mails.BOOKED, mails.REMINDER, mails.REMINDER]


def test_nobody_is_reminded_who_booked_since_or_only_waits():
    session = a_session(capacity=1)
    a_place(session, now=NOW.replace(day=19, hour=10))
    a_place(session, now=NOW)
    assert reminders.remind_all(now=NOW.replace(day=20)) == 0


def test_a_reminder_that_is_no_longer_true_is_withheld():
    session = a_session()
    place = a_place(session)
    reminders.remind_all(now=NOW.replace(day=19))
    message = Message.objects.get(kind=mails.REMINDER)
    assert mails.not_wanted([message], NOW) == {}
    session.date = date(2026, 11, 27)
    session.save(update_fields=["date"])
    assert mails.not_wanted([message], NOW) == {message.pk: "session_moved"}
    places.give_up_place(place=place, by=place.person, now=NOW)
    assert mails.not_wanted([message], NOW) == {message.pk: "no_longer_booked"}


# The mails


@pytest.mark.parametrize("online", [False, True])
def test_every_mail_reads_well_with_and_without_a_room(online):
    where = {"room": None, "online_link": "https://meet.example.org/a"} if online else {}
    session = a_session(capacity=1, notes="Ring the bell", **where)
    place = a_place(session)
    waiting = a_place(session)
    places.send_entry_again(place=place, by=place.person, now=NOW)
    reminders.remind_all(now=NOW.replace(day=19))
    rendered = {message.kind: mails.render(message) for message in Message.objects.order_by("pk")}
    places.give_up_place(place=place, by=place.person, now=NOW)
    later = Message.objects.exclude(kind__in=rendered).order_by("pk")
    rendered |= {message.kind: mails.render(message) for message in later}
    assert set(rendered) == {
        mails.BOOKED, mails.WAITING, mails.PROMOTED, mails.GIVEN_UP, mails.REMINDER, mails.ENTRY_AGAIN,
    }  # fmt: skip
    for content in rendered.values():
        assert "Thursday 26 November" in content.subject
        assert "26 November 2026" in content.text
        assert "<dd>None" not in content.html
    assert f"/p/{place.link_id}-" in rendered[mails.BOOKED].text
    assert ("https://meet.example.org/a" in rendered[mails.BOOKED].html) is online
    assert rendered[mails.GIVEN_UP].calendar_method == "CANCEL"
    assert "Reference: " + waiting.reference in rendered[mails.PROMOTED].text


def test_a_walk_in_without_an_address_is_told_nothing():
    session = a_session()
    place = a_place(session, a_practitioner(session.programme, email=None))
    assert (place.state, told(place)) == (Booked, [])


def test_a_person_with_two_ties_books_as_the_one_in_scope():
    session = a_session()
    person = PersonFactory()
    AffiliationFactory(person=person)
    in_scope = AffiliationFactory(person=person, organisation=partner_of(session.programme))
    assert a_place(session, person).organisation == in_scope.organisation


def test_shortly_after_midnight_in_summer_it_is_the_next_day():
    """At 23:30 in UTC it is half past midnight here: who began today may book, who has left may not."""
    session = a_session()
    begins, leaves = a_practitioner(session.programme), a_practitioner(session.programme)
    Affiliation.objects.filter(person=begins).update(since=date(2026, 7, 2))
    Affiliation.objects.filter(person=leaves).update(until=date(2026, 7, 2))
    after_midnight = datetime(2026, 7, 1, 23, 30, tzinfo=UTC)
    assert a_place(session, begins, now=after_midnight).state == PlaceState.BOOKED
    with pytest.raises(places.NotEligible):
        a_place(session, leaves, now=after_midnight)
    assert list(chosen_affiliations(session.programme, InvitationChoice(), after_midnight)) == [
        Affiliation.objects.get(person=begins)
    ]


def test_another_date_is_taken_for_the_organisation_that_the_place_belongs_to():
    programme = a_programme()
    other = PartnerFactory(programme=programme).organisation
    person = a_practitioner(programme)
    AffiliationFactory(person=person, organisation=other, profession=ProfessionFactory())
    place = a_place(a_session(programme), person)
    assert place.organisation == partner_of(programme)
    Place.objects.filter(pk=place.pk).update(organisation=other)  # as the lead of the other one books
    new = swaps.change_place(place=place, to=another_day(programme), by=person, now=NOW)
    assert new.organisation == other


def test_an_entry_goes_also_where_the_same_seat_is_offered_meanwhile():
    session = a_session(capacity=1)
    place = a_place(session)
    places.give_up_place(place=place, by=place.person, now=NOW)
    mail = Message.objects.get(kind=mails.GIVEN_UP)
    again = a_place(session, place.person)
    assert mails.not_wanted([mail], NOW) == {mail.pk: "booked_again"}
    Place.objects.filter(pk=again.pk).update(
        state=Offered, offered_until=NOW + timedelta(hours=1), offered_from_line=True
    )
    assert mails.not_wanted([mail], NOW) == {}
