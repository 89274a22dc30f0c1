"""Several people moved to another session by one press: who moves, who stays and why, who is told what."""

import re
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta

import pytest
import time_machine
from django.db import connection
from django.urls import reverse

import attendance.actions.moves as moves
from attendance.actions.engagements import lock_both
from attendance.actions.handovers import ask_colleague
from attendance.actions.needs import set_access_need
from attendance.actions.places import NotOpen, OutsideWindow, WasCancelled, change_seats, give_up_place, take_place
from attendance.actions.policies import set_quota
from attendance.actions.sessions import cancel_session
from attendance.invariants import findings
from attendance.models import (
    AccessNeed,
    BookingRules,
    BulkMove,
    CalendarEntry,
    Engagement,
    Place,
    PlaceState,
    SeatCount,
    Stays,
    Team,
)
from attendance.queries.moves import judge, places_to_move
from briefings.models import PlacesRule, ProgrammeRole, SessionState
from history.actions import CLOCK
from messaging import kinds
from messaging.models import Message
from organisations.models import Affiliation
from tests.attendance.places import NOW, a_place, a_practitioner, a_programme, a_session, another_day, fill, partner_of
from tests.attendance.test_booking_pages import words
from tests.attendance.test_staff_places import signed_in
from tests.organisations.factories import AffiliationFactory, OrganisationFactory, ProfessionFactory

pytestmark = pytest.mark.django_db
BOOKED, WAITING, ENDED = PlaceState.BOOKED, PlaceState.WAITING, PlaceState.ENDED


@pytest.fixture
def programme():
    return a_programme()


def _move(session, to, places, **more):
    plain = {"all_or_nobody": False, "from_reserve": False, "fewer": False, "words": "", "by": CLOCK, "now": NOW}
    return moves.move_people(session=session, to=to, places=places, **{**plain, **more})


def _kinds(person):
    return [kind.removeprefix("attendance.place_") for kind in _mails(person).values_list("kind", flat=True)]


def _mails(person):
    return Message.objects.filter(person=person).order_by("pk")


def _whys(move):
    return [why for _, why, _ in move.stayed]


def _nothing_wrong():
    assert [(check.promise, found) for check, found in findings() if found] == []


def test_who_moves_has_the_other_place_is_told_once_and_keeps_what_they_need(programme):
    session, to = a_session(programme, capacity=3), another_day(programme, capacity=3)
    places = fill(session)
    set_access_need(place=places[0], words="A seat near the door", welsh=False, by=places[0].person, now=NOW)
    line = a_place(session)
    move = _move(session, to, places[:2], words="The room is smaller than planned.")
    assert (len(move.moved), move.stayed) == (2, [])
    for old, new in zip(places, Place.objects.filter(session=to).order_by("pk"), strict=False):
        old.refresh_from_db()
        assert (old.state, old.closed_reason, new.person, new.state) == (ENDED, "moved", old.person, BOOKED)
        assert _kinds(old.person) == ["booked", "moved", "given_up"]
        entries = CalendarEntry.objects.filter(person=old.person).values_list("session", "is_cancelled")
        assert set(entries) == {(session.pk, True), (to.pk, False)}
        assert [each.session for each in Engagement.objects.filter(person=old.person)] == [to]
    assert AccessNeed.objects.get().place.session == to
    line.refresh_from_db()
    assert (line.state, _kinds(line.person)) == (BOOKED, ["waiting", "promoted"])
    places[2].refresh_from_db()
    assert (places[2].state, _kinds(places[2].person)) == (BOOKED, ["booked"])
    _nothing_wrong()


def test_the_mails_say_that_we_moved_them_from_where_and_why(programme):
    session, to = a_session(programme), another_day(programme)
    place = a_place(session)
    _move(session, to, [place], words="The room is smaller than planned.")
    moved, ended = _mails(place.person)[1:]
    mail, old = (kinds.find(each.kind).render(each) for each in (moved, ended))
    assert mail.subject == "Your place has moved to Tuesday 8 December, 1:30pm"
    for said in ("We have moved you to another date", "Until now it was Thursday 26 November 2026", "smaller than"):
        assert said in mail.text
    assert (mail.calendar_method, old.calendar_method) == ("REQUEST", "CANCEL")
    assert "We have moved your place to another date" in old.text
    assert kinds.find(moved.kind).still_wanted([moved, ended], NOW) == {}
    give_up_place(place=Place.objects.get(session=to), by=place.person, now=NOW)
    assert kinds.find(moved.kind).still_wanted([moved], NOW) == {moved.pk: "no_longer_booked"}


def test_as_many_move_as_fit_by_who_has_a_seat_and_booked_first(programme):
    session, to = a_session(programme, capacity=2), another_day(programme, capacity=2)
    first, second = (a_place(session, now=NOW + timedelta(minutes=each)) for each in (2, 1))
    line = a_place(session)
    move = _move(session, to, [line, first, second])
    assert {each.person for each in Place.objects.filter(session=to)} == {first.person, second.person}
    assert move.stayed == [[line.pk, Stays.NO_SEAT, None]]
    line.refresh_from_db()
    assert line.state == BOOKED  # where they waited, a seat is free now
    _nothing_wrong()


def test_all_or_nobody_moves_nobody_where_one_cannot(programme):
    session, to = a_session(programme, capacity=2), another_day(programme, capacity=1)
    places = fill(session)
    with pytest.raises(moves.NotAllMove, match="1 of those") as refused:
        _move(session, to, places, all_or_nobody=True)
    assert refused.value.stay == 1
    assert not Place.objects.filter(session=to).exists()
    assert not BulkMove.objects.exists()
    assert len(_move(session, to, places[:1], all_or_nobody=True).moved) == 1


def test_the_seats_left_behind_are_closed_where_that_is_asked_for(programme):
    session, to = a_session(programme, capacity=3), another_day(programme, capacity=3)
    places = fill(session)
    line = a_place(session)
    move = _move(session, to, places[:2], fewer=True)
    session.refresh_from_db()
    line.refresh_from_db()
    assert (move.closed_seats, session.capacity, line.state) == (2, 1, WAITING)
    assert _move(session, to, places[2:], fewer=True).closed_seats == 0  # one is always there
    line.refresh_from_db()
    assert line.state == BOOKED
    _nothing_wrong()


def test_who_waits_moves_into_a_seat_and_gets_one_mail(programme):
    session, to = a_session(programme, capacity=1), another_day(programme)
    a_place(session)
    line = a_place(session)
    _move(session, to, [line])
    assert _kinds(line.person) == ["waiting", "moved"]
    assert Place.objects.get(session=to, person=line.person).state == BOOKED
    _nothing_wrong()


def test_each_who_stays_has_the_reason(programme):
    programme.places_rule = PlacesRule.UNLIMITED
    programme.save(update_fields=["places_rule"])
    session, to = a_session(programme, capacity=9), another_day(programme, capacity=9)
    ended, there, stranger, busy, goes = fill(session)[:5]
    give_up_place(place=ended, by=ended.person, now=NOW)
    take_place(session=to, person=there.person, by=there.person, now=NOW)
    Affiliation.objects.filter(person=stranger.person).delete()
    same_time = a_session(programme, date=to.date, slot=to.slot, starts=to.starts, ends=to.ends)
    take_place(session=same_time, person=busy.person, by=busy.person, now=NOW)
    move = _move(session, to, [ended, there, stranger, busy, goes])
    assert sorted(move.stayed) == sorted([
        [ended.pk, Stays.ENDED, None], [there.pk, Stays.THERE, None], [stranger.pk, Stays.NOT_ELIGIBLE, None],
        [busy.pk, Stays.BUSY, same_time.pk],
    ])  # fmt: skip
    _nothing_wrong()
    programme.places_rule = PlacesRule.ONE
    programme.save(update_fields=["places_rule"])
    assert _whys_of(session, to, [busy])[0] == Stays.ELSEWHERE


def _offer_over(session, programme):
    """Return an offer in ``session``, and who waits behind it; its limit is over a day after NOW."""
    BookingRules.objects.create(programme=programme, offer_days=365, offer_hours=24)
    *_, holder, late, following = [*fill(session), a_place(session), a_place(session)]
    give_up_place(place=holder, by=holder.person, now=NOW)
    late.refresh_from_db()
    assert late.state == PlaceState.OFFERED
    return late, following


def test_an_offer_whose_limit_is_over_ends_and_does_not_move(programme):
    session, to = a_session(programme), another_day(programme, capacity=4)
    late, following = _offer_over(session, programme)
    other = Place.objects.get(session=session, state=BOOKED)
    later = NOW + timedelta(hours=24)
    assert late in places_to_move(session, NOW)
    assert late not in places_to_move(session, later)
    move = _move(session, to, [late, other], now=later)
    assert move.stayed == [[late.pk, Stays.ENDED, None]]
    late.refresh_from_db()
    following.refresh_from_db()
    assert (late.closed_reason, following.state) == ("offer_lapsed", PlaceState.OFFERED)
    assert _kinds(late.person) == ["waiting", "offered", "given_up"]
    _nothing_wrong()


def test_who_held_an_offer_there_that_is_over_moves_behind_those_who_waited(programme):
    programme.places_rule = PlacesRule.UNLIMITED
    programme.save(update_fields=["places_rule"])
    session, to = a_session(programme), another_day(programme)
    late, following = _offer_over(to, programme)
    place, later = a_place(session, late.person), NOW + timedelta(hours=24)
    with pytest.raises(moves.NobodyMoves):  # their seat there goes to who waits
        _move(session, to, [place], now=later)
    change_seats(session=to, capacity=3, reserved=0, by=CLOCK, now=NOW)
    move = _move(session, to, [place], now=later)
    late.refresh_from_db()
    following.refresh_from_db()
    assert (late.state, following.state) == (ENDED, PlaceState.OFFERED)
    assert Place.objects.get(pk=move.moved[0]).state == BOOKED
    _nothing_wrong()


def _whys_of(session, to, places):
    places = Place.objects.filter(pk__in=[place.pk for place in places]).select_related("person")
    to.refresh_from_db()
    return [verdict.why for verdict in judge(list(places), session, to, SeatCount.objects.get(session=to), NOW)]


def test_a_quota_and_the_seats_kept_back_hold_unless_the_reserve_is_used(programme):
    session, to = a_session(programme, capacity=2), another_day(programme, capacity=2, reserved=1)
    places = fill(session)
    assert _whys_of(session, to, places) == ["", Stays.NO_SEAT]
    change_seats(session=to, capacity=2, reserved=0, by=CLOCK, now=NOW)
    set_quota(programme=programme, organisation=None, seats=1, released_on=None, by=CLOCK, now=NOW)
    assert _whys_of(session, to, places) == ["", Stays.QUOTA]
    change_seats(session=to, capacity=2, reserved=2, by=CLOCK, now=NOW)
    assert len(_move(session, to, places, from_reserve=True).moved) == 2
    _nothing_wrong()


def test_who_waits_for_the_other_session_and_fits_comes_first(programme):
    session, to = a_session(programme, capacity=1), another_day(programme, capacity=1)
    place = a_place(session)
    a_place(to)
    line = a_place(to)
    SeatCount.objects.filter(session=to).update(capacity=2)
    with pytest.raises(moves.NobodyMoves):
        _move(session, to, [place])
    SeatCount.objects.filter(session=to).update(capacity=3)
    _move(session, to, [place])
    line.refresh_from_db()
    assert line.state == BOOKED


@pytest.mark.parametrize("why", ["same", "programme", "begun", "draft", "window", "nobody"])
def test_what_is_refused_changes_nothing(programme, why):
    session, to, now = a_session(programme), another_day(programme), NOW
    place = a_place(session)
    expected = {
        "same": moves.SameSession, "programme": moves.AnotherProgramme, "begun": moves.SessionHasBegun,
        "draft": NotOpen, "window": OutsideWindow, "nobody": moves.NobodyMoves,
    }[why]  # fmt: skip
    if why == "same":
        to = session
    elif why == "programme":
        to = another_day(a_programme())
    elif why == "begun":
        now = session.during.lower
    elif why == "draft":
        to.state = SessionState.DRAFT
        to.save(update_fields=["state"])
    elif why == "window":
        BookingRules.objects.create(programme=programme, closes_days=300)
    with pytest.raises(expected):
        _move(session, to, [] if why == "nobody" else [place], now=now)
    place.refresh_from_db()
    assert (place.state, BulkMove.objects.count(), _kinds(place.person)) == (BOOKED, 0, ["booked"])


def test_two_sessions_at_the_same_time_are_no_clash_of_their_own(programme):
    session = a_session(programme)
    to = a_session(programme)
    move = _move(session, to, [a_place(session)])
    assert len(move.moved) == 1
    _nothing_wrong()


def test_judging_costs_the_same_for_one_and_for_six(programme, django_assert_max_num_queries):
    session, to = a_session(programme, capacity=6), another_day(programme, capacity=6)
    fill(session)
    seats = SeatCount.objects.get(session=to)
    for places in (places_to_move(session, NOW)[:1], places_to_move(session, NOW)):
        with django_assert_max_num_queries(8):
            judge(places, session, to, seats, NOW)


# --- pages


@pytest.fixture
def at_now():
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def coordinator(programme, client, at_now):
    session, to = a_session(programme, capacity=4), another_day(programme, capacity=1)
    client.session_, client.to = session, to
    client.places = [a_place(session) for _ in range(3)]
    client.address = reverse("attendance:session-move", args=[session.pk])
    signed_in(client, session, ProgrammeRole.COORDINATOR)
    return client


def test_the_preview_counts_a_colleague_who_was_asked_to_take_over_a_place(coordinator):
    change_seats(session=coordinator.to, capacity=3, reserved=0, by=CLOCK, now=NOW)
    place, colleague = coordinator.places[0], a_practitioner(coordinator.to.programme)
    ask_colleague(place=place, email=colleague.email, by=place.person, now=NOW)
    page = words(coordinator.post(coordinator.address, _typed(coordinator)))
    assert "<strong>1 colleague</strong> asked to take over a place that moves is told that there is nothing" in page


def _typed(client, **more):
    return {"whom": "everybody", "to": client.to.pk, "rule": "fit", **more}


def _hidden(response) -> dict:
    found: dict[str, list] = {}
    for name, value in re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', response.content.decode()):
        found.setdefault(name, []).append(value)
    return found


def _carried(response) -> list[str]:
    """The places that the preview carries along: all in one field, as a form has a thousand fields at most."""
    (value,) = _hidden(response)["chosen"]
    return value.split(",")


def test_from_the_list_over_the_preview_to_what_was_done(coordinator):
    listed = coordinator.get(reverse("attendance:session-places", args=[coordinator.session_.pk]))
    assert coordinator.address in words(listed)
    first, second = coordinator.places[:2]
    page = words(coordinator.get(coordinator.address, {"chosen": [first.pk, second.pk]}))
    assert page.count("checked") == 4  # two ticks, and the two radios that stand
    before = Message.objects.count()
    chosen = _typed(coordinator, whom="chosen", chosen=[first.pk, second.pk], words="The room is smaller.")
    preview = coordinator.post(coordinator.address, chosen)
    page = words(preview)
    for said in ("1 moves", "1 cannot move", "No place is free there", "The room is smaller.", "We have moved you"):
        assert said in page
    assert "<dd>Out of your calendar: " in page, "the second mail, as it will be"
    closing = words(coordinator.post(coordinator.address, {**chosen, "fewer": "on"}))
    assert "that session then has <strong>3 places</strong>" in closing
    assert Message.objects.count() == before
    assert Place.objects.filter(session=coordinator.to).count() == 0
    answers = {coordinator.post(coordinator.address, {**_hidden(preview), "confirmed": "yes"}).url for _ in range(2)}
    move = BulkMove.objects.get()
    assert answers == {reverse("attendance:session-moved", args=[coordinator.session_.pk, move.pk])}
    done = words(coordinator.get(answers.pop()))
    for said in ("1 person has moved", first.person.name, second.person.name, "No place is free there"):
        assert said in done
    assert Message.objects.count() == before + 2


def test_who_is_busy_then_is_shown_with_the_session_to_whom_may_know_it(coordinator):
    session, to, (first, second) = coordinator.session_, coordinator.to, coordinator.places[:2]
    elsewhere = a_session(date=to.date, slot=to.slot, starts=to.starts, ends=to.ends, title="Not for you")
    AffiliationFactory(
        person=first.person, organisation=partner_of(elsewhere.programme), profession=ProfessionFactory()
    )
    a_place(elsewhere, first.person)
    known = a_session(session.programme, date=to.date, slot=to.slot, starts=to.starts, ends=to.ends, title="Next door")
    session.programme.places_rule = PlacesRule.UNLIMITED
    session.programme.save(update_fields=["places_rule"])
    a_place(known, second.person)
    change_seats(session=to, capacity=4, reserved=0, by=CLOCK, now=NOW)
    preview = coordinator.post(coordinator.address, _typed(coordinator))
    done = coordinator.post(coordinator.address, {**_hidden(preview), "confirmed": "yes"}, follow=True)
    for page in (words(preview), words(done)):
        assert "Is in “Next door” on Tuesday 8 December 2026, 1:30pm to 4:30pm" in page
        assert "Is in another session at that time" in page
        assert "Not for you" not in page


def test_all_or_nobody_has_no_button_while_one_cannot(coordinator):
    page = words(coordinator.post(coordinator.address, _typed(coordinator, rule="all")))
    assert "you asked for all of them or nobody, and 2 cannot" in page
    assert 'name="confirmed"' not in page
    pressed = coordinator.post(coordinator.address, _typed(coordinator, rule="all", confirmed="yes"))
    assert (pressed.status_code, Place.objects.filter(session=coordinator.to).count()) == (422, 0)


def test_everybody_of_an_organisation_and_who_waits_where_asked(coordinator):
    other = OrganisationFactory()
    Place.objects.filter(pk=coordinator.places[0].pk).update(organisation=other)
    fill(coordinator.session_)
    line = a_place(coordinator.session_)
    of_it = _typed(coordinator, whom="organisation", organisation=other.pk)
    assert _carried(coordinator.post(coordinator.address, of_it)) == [str(coordinator.places[0].pk)]
    everybody = coordinator.post(coordinator.address, _typed(coordinator))
    assert str(line.pk) not in _carried(everybody)
    with_line = coordinator.post(coordinator.address, _typed(coordinator, with_waiting="on"))
    assert _carried(with_line)[-1] == str(line.pk)


def test_a_thousand_places_and_more_are_carried_and_kept_ticked_after_a_refusal(coordinator):
    first, second = coordinator.places[:2]
    many = ",".join([str(first.pk), str(second.pk), *(str(pk) for pk in range(10**9, 10**9 + 1500))])
    answer = coordinator.post(coordinator.address, _typed(coordinator, whom="chosen", chosen=many, confirmed="yes"))
    assert answer.status_code == 422  # those are no places of this session, and it says so
    kept = coordinator.post(
        coordinator.address, _typed(coordinator, whom="chosen", chosen=f"{first.pk},{second.pk}", again="yes")
    )
    ticked = re.findall(r'name="chosen" value="(\d+)"[^>]*checked', kept.content.decode())
    assert set(ticked) == {str(first.pk), str(second.pk)}


def test_what_is_missing_is_asked_for(coordinator):
    for typed, said in (
        (_typed(coordinator, whom="chosen"), "Tick who moves"),
        (_typed(coordinator, whom="organisation"), "Choose the organisation"),
        (_typed(coordinator, to=""), "Choose the session they move to"),
    ):
        answer = coordinator.post(coordinator.address, typed)
        assert answer.status_code == 422
        assert said in words(answer)
    again = coordinator.post(coordinator.address, _typed(coordinator, again="yes"))
    assert again.status_code == 200


def test_where_the_other_session_was_cancelled_meanwhile_that_is_said(coordinator):
    typed = _typed(coordinator, confirmed="yes")
    cancel_session(session=coordinator.to, reason="Flood", by=CLOCK, now=NOW)
    answer = coordinator.post(coordinator.address, typed)
    assert answer.status_code == 422
    assert "This session was cancelled. Choose another one." in words(answer)
    own = coordinator.post(coordinator.address, _typed(coordinator, to=coordinator.session_.pk))
    assert "has begun" not in words(own)
    with pytest.raises(WasCancelled):
        _move(coordinator.session_, coordinator.to, coordinator.places)
    _nothing_wrong()


def test_places_without_a_name_stay_and_are_counted(coordinator):
    session = coordinator.session_
    team = Team.objects.create(
        session=session, organisation=partner_of(session.programme), rule="fit", made_at=NOW,
        press="8d7f2f6e-3a30-4f0c-9d50-2e4f6d8c5b1a", names_until=date(2026, 11, 20),
    )  # fmt: skip
    Place.objects.create(
        session=session, organisation=team.organisation, team=team, state=BOOKED, reference="WV-NONAME", made_at=NOW,
        made_by="clock", seated_at=NOW,
    )  # fmt: skip
    assert "1 place without a name stays here" in words(coordinator.get(coordinator.address))


def test_where_nobody_has_a_place_nothing_is_asked(coordinator):
    page = coordinator.get(f"/sessions/{coordinator.to.pk}/move/").content.decode()
    assert "so there is nobody to move" in page
    assert 'name="whom"' not in page
    assert "Back to who comes" in page


def test_the_pages_cost_the_same_for_one_and_for_three(coordinator, django_assert_max_num_queries):
    def ask(places):
        return _typed(coordinator, whom="chosen", chosen=[place.pk for place in places])

    coordinator.post(coordinator.address, ask(coordinator.places))
    for places in (coordinator.places[:1], coordinator.places):
        with django_assert_max_num_queries(19):
            assert coordinator.post(coordinator.address, ask(places)).status_code == 200


# --- at once


def _at_once(*calls) -> list:
    start = threading.Barrier(len(calls))

    def make(call):
        try:
            start.wait()
            return call()
        except Exception as error:  # the test says which may come
            return error
        finally:
            connection.close()

    with ThreadPoolExecutor(len(calls)) as pool:
        return list(pool.map(make, calls))


def _crossing_moves(rounds: int) -> list:
    """Move two people each way between two sessions at once, again and again; return what went wrong."""
    programme = a_programme()
    sessions = [a_session(programme, capacity=9), another_day(programme, capacity=9)]
    for session in sessions:
        for _ in range(2):
            a_place(session)
    wrong = []
    for _ in range(rounds):
        found = [places_to_move(session, NOW)[:2] for session in sessions]
        calls = [
            lambda origin=origin, to=to, places=places: _move(origin, to, places)
            for origin, to, places in ((*sessions, found[0]), (*sessions[::-1], found[1]))
        ]
        wrong += [answer for answer in _at_once(*calls) if isinstance(answer, Exception)]
    return wrong


@pytest.mark.django_db(transaction=True)
def test_moves_in_both_directions_at_once_wait_for_one_another():
    assert _crossing_moves(3) == []
    assert Place.objects.seated().count() == 4
    _nothing_wrong()


@pytest.mark.django_db(transaction=True)
def test_with_the_counters_locked_in_another_order_they_wait_in_a_circle(monkeypatch):
    """The negative control of the test above."""
    both = threading.Barrier(2, timeout=5)

    def in_turn(*ids):
        first = lock_both(ids[0])
        both.wait()
        return first | lock_both(ids[1])

    monkeypatch.setattr(moves, "lock_both", in_turn)
    assert any("deadlock" in str(error) for error in _crossing_moves(1))


@pytest.mark.django_db(transaction=True)
def test_the_last_seat_is_given_once_to_two_moves_and_a_booking():
    programme = a_programme()
    sessions = [a_session(programme), a_session(programme, date=date(2026, 11, 27))]
    to, newcomer = another_day(programme, capacity=1), a_practitioner(programme)
    places = [a_place(session) for session in sessions]
    calls = [lambda place=place: _move(place.session, to, [place]) for place in places]
    _at_once(*calls, lambda: take_place(session=to, person=newcomer, by=newcomer, now=NOW))
    assert SeatCount.objects.get(session=to).taken == Place.objects.seated().filter(session=to).count() == 1
    held = Place.objects.seated().filter(person__in=[place.person for place in places])
    assert held.count() == 2  # nobody is without either
    _nothing_wrong()
