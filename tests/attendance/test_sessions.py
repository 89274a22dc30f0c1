"""Planning, opening, moving, cancelling and holding sessions: each exit of each action."""

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta

import pytest

from accounts.models import PersonalLink
from attendance.actions import sessions as actions
from attendance.actions.cover import ask_to_cover
from attendance.actions.handovers import ask_colleague
from attendance.actions.places import OFFER_LASTS, FewerSeatsThanTaken
from attendance.models import (
    AccessNeed,
    CalendarEntry,
    CoverState,
    Engagement,
    Place,
    PlaceState,
    SeatCount,
    SeniorAttendance,
)
from attendance.queries.sessions import check_dates, preview_change
from briefings.actions.sessions import (
    InThePast,
    NotOverYet,
    NowhereToMeet,
    ReserveTooLarge,
    RoomTaken,
    RoomTooSmall,
    SessionIsOver,
    change_agenda,
)
from briefings.models import Part, PlacesRule, Session, SessionState, Slot
from history.actions import CLOCK
from history.models import Entry
from messaging.models import Message
from tests.attendance.places import NOW, a_place, a_practitioner, a_programme, a_session
from tests.briefings.factories import MandateFactory, RoomFactory, SessionFactory
from tests.organisations.factories import PersonFactory

pytestmark = pytest.mark.django_db

THURSDAY = date(2026, 11, 26)
WITH = {"by": "accounts.person:1", "now": NOW}


def a_plan(**changes) -> actions.SessionPlan:
    return replace(actions.SessionPlan(date=THURSDAY, slot=Slot.MORNING, capacity=20, room=RoomFactory()), **changes)


def told(kind: str) -> list[tuple[int, dict]]:
    """Who is told by the kind, and by which references; but for the numbers of entries, which nobody reads."""
    found = Message.objects.filter(kind=f"attendance.{kind}", state="planned").order_by("person")
    return [
        (person, {name: value for name, value in refs.items() if name not in ("held", "raised")})
        for person, refs in found.values_list("person", "refs")
    ]


def state_of(place: Place) -> str:
    return Place.objects.get(pk=place.pk).state


# --- planning


def test_a_planned_session_is_a_draft_with_the_default_agenda_and_tells_nobody():
    programme, carys = a_programme(), PersonFactory()
    session = actions.plan_session(programme=programme, plan=a_plan(runs=((carys, Part.PRESENTER),)), **WITH)
    assert session.state == SessionState.DRAFT
    assert [(item.kind, item.minutes) for item in session.agenda.all()] == [
        ("concept", 45),
        ("procedures", 60),
        ("questions", 75),
    ]
    assert list(Engagement.objects.values_list("person", "session")) == [(carys.pk, session.pk)]
    assert Message.objects.count() == 0
    assert CalendarEntry.objects.count() == 0


def test_who_runs_another_session_then_cannot_run_this_one():
    programme, carys = a_programme(), PersonFactory(name="Carys Evans")
    actions.plan_session(programme=programme, plan=a_plan(runs=((carys, Part.PRESENTER),)), **WITH)
    with pytest.raises(actions.RunsAnotherSession) as refused:
        actions.plan_session(programme=programme, plan=a_plan(runs=((carys, Part.FACILITATOR),)), **WITH)
    assert refused.value.sentence == (
        f"Carys Evans is in “{programme.name}” on Thursday 26 November 2026, 9:30am to 12:30pm. "
        "Choose another time, or ask somebody else first."
    )
    assert Session.objects.count() == 1


def test_a_room_is_never_in_two_sessions():
    plan = a_plan()
    first = actions.plan_session(programme=a_programme(), plan=plan, **WITH)
    with pytest.raises(RoomTaken) as refused:
        actions.plan_session(programme=a_programme(), plan=plan, **WITH)
    assert refused.value.session == first


def test_several_dates_are_planned_together():
    dates = [(date(2026, 12, 3), Slot.AFTERNOON), (THURSDAY, Slot.MORNING), (THURSDAY, Slot.MORNING)]
    planned = actions.plan_several(programme=a_programme(), plan=a_plan(), dates=dates, **WITH)
    assert [(session.date, session.slot) for session in planned] == [
        (THURSDAY, "morning"),
        (date(2026, 12, 3), "afternoon"),
    ]


def test_of_several_dates_none_is_planned_where_one_cannot_be():
    programme, plan = a_programme(), a_plan()
    actions.plan_session(programme=programme, plan=plan, **WITH)
    dates = [(date(2026, 11, 25), Slot.MORNING), (THURSDAY, Slot.MORNING)]
    with pytest.raises(actions.DateRefused) as refused:
        actions.plan_several(programme=programme, plan=plan, dates=dates, **WITH)
    assert (refused.value.date, refused.value.slot, type(refused.value.why)) == (THURSDAY, "morning", RoomTaken)
    assert Session.objects.count() == 1


def test_dates_are_checked_before_they_are_planned():
    programme, room, carys = a_programme(), RoomFactory(name="Court Room"), PersonFactory(name="Carys Evans")
    actions.plan_session(programme=programme, plan=a_plan(room=room, runs=((carys, Part.PRESENTER),)), **WITH)
    dates = [
        (THURSDAY, Slot.MORNING),
        (date(2026, 12, 25), Slot.MORNING),
        (date(2026, 12, 5), Slot.AFTERNOON),
        (date(2026, 10, 30), Slot.MORNING),
        (date(2026, 12, 3), Slot.MORNING),
    ]
    checked = check_dates(programme=programme, dates=dates, room=room, people=[carys.pk], now=NOW)
    assert [(check.date, check.problems, check.remarks) for check in checked] == [
        (date(2026, 10, 30), ("This half-day has begun already.",), ()),
        (
            THURSDAY,
            (f"Court Room is taken by “{programme.name}”.", f"Carys Evans is in “{programme.name}”."),
            ("Another session of this programme is at the same time.",),
        ),
        (date(2026, 12, 3), (), ()),
        (date(2026, 12, 5), (), ("A weekend.",)),
        (date(2026, 12, 25), (), ("A bank holiday.",)),
    ]


def test_a_copy_has_the_agenda_and_the_people():
    programme, carys = a_programme(), PersonFactory()
    first = actions.plan_session(
        programme=programme, plan=a_plan(title="One Plan", runs=((carys, Part.PRESENTER),)), **WITH
    )
    lines = [actions.AgendaLine("other", "Coffee", 15, carys.pk)]
    change_agenda(session=first, lines=lines, **WITH)
    made = actions.copy_session(session=first, date=date(2026, 12, 3), slot=Slot.AFTERNOON, with_people=True, **WITH)
    assert (made.title, made.room, made.date, made.starts) == ("One Plan", first.room, date(2026, 12, 3), time(13, 30))
    assert list(made.agenda.values_list("title", "minutes", "presenter")) == [("Coffee", 15, carys.pk)]
    assert list(made.parts.values_list("person", "part")) == [(carys.pk, "presenter")]


def test_a_copy_without_the_people():
    programme, carys = a_programme(), PersonFactory()
    first = actions.plan_session(programme=programme, plan=a_plan(runs=((carys, Part.PRESENTER),)), **WITH)
    change_agenda(session=first, lines=[actions.AgendaLine("other", "Coffee", 15, carys.pk)], **WITH)
    made = actions.copy_session(session=first, date=date(2026, 12, 3), slot=Slot.MORNING, with_people=False, **WITH)
    assert made.parts.count() == 0
    assert list(made.agenda.values_list("title", "presenter")) == [("Coffee", None)]


# --- opening


def test_opening_makes_the_counter_and_tells_who_runs_it():
    carys = PersonFactory()
    plan = a_plan(reserved=2, runs=((carys, Part.PRESENTER), (carys, Part.FACILITATOR)))
    session = actions.plan_session(programme=a_programme(), plan=plan, **WITH)
    actions.open_session(session=session, **WITH)
    again = actions.open_session(session=session, **WITH)
    seats = SeatCount.objects.get(session=session)
    assert (again.state, seats.capacity, seats.reserved, seats.taken) == ("open", 20, 2, 0)
    assert told("part_given") == [(carys.pk, {"session": session.pk, "entry": 1})]
    assert list(CalendarEntry.objects.values_list("person", "sequence")) == [(carys.pk, 0)]
    assert Entry.objects.filter(verb="opened").count() == 1


def test_a_session_without_a_place_to_meet_does_not_open():
    session = actions.plan_session(programme=a_programme(), plan=a_plan(room=None), **WITH)
    with pytest.raises(NowhereToMeet):
        actions.open_session(session=session, **WITH)
    assert SeatCount.objects.count() == 0


def test_a_session_of_yesterday_does_not_open():
    session = SessionFactory(draft=True, date=date(2026, 10, 1))
    with pytest.raises(InThePast):
        actions.open_session(session=session, **WITH)


# --- moving


def test_a_move_tells_everybody_with_the_difference_and_their_entries_follow():
    session = a_session(capacity=1)
    booked, waiting = a_place(session), a_place(session)
    carys = PersonFactory()
    actions.give_part(session=session, person=carys, part=Part.PRESENTER, **WITH)
    before = dict(CalendarEntry.objects.values_list("person", "uid"))
    moved = actions.change_session(session=session, date=date(2026, 12, 3), slot=Slot.AFTERNOON, **WITH)
    assert (moved.starts, moved.during.lower) == (time(13, 30), datetime(2026, 12, 3, 13, 30, tzinfo=UTC))
    assert (state_of(booked), state_of(waiting)) == ("booked", "waiting")
    was = {"was_when": "Thursday 26 November 2026, 9:30am to 12:30pm", "was_where": "", "was_title": ""}
    refs = {"session": session.pk, "revision": 1, **was}
    assert told("session_changed") == [(pk, refs) for pk in sorted([booked.person_id, waiting.person_id, carys.pk])]
    assert set(Engagement.objects.values_list("person", "during")) == {
        (booked.person_id, moved.during),
        (carys.pk, moved.during),
    }
    entries = CalendarEntry.objects.order_by("person")
    assert {entry.person_id: (entry.uid, entry.sequence, entry.is_cancelled) for entry in entries} == {
        person: (before[person], 1, False) for person in (booked.person_id, carys.pk)
    }


def test_a_place_that_clashes_after_a_move_becomes_an_offer_with_its_seat_held():
    programme = a_programme(places_rule=PlacesRule.UNLIMITED)
    here, there = a_session(programme), a_session(programme, date=date(2026, 12, 3))
    person = a_practitioner(programme)
    place, other = a_place(here, person), a_place(there, person)
    actions.change_session(session=here, date=date(2026, 12, 3), **WITH)
    place.refresh_from_db()
    assert (place.state, place.offered_until) == ("offered", NOW + OFFER_LASTS)
    assert state_of(other) == "booked"
    assert SeatCount.objects.get(session=here).taken == 1
    assert list(Engagement.objects.filter(person=person).values_list("session", flat=True)) == [there.pk]
    entry = CalendarEntry.objects.get(person=person, session=here)
    assert (entry.is_cancelled, entry.sequence) == (True, 1)


def test_an_offer_never_lasts_beyond_the_start():
    programme = a_programme(places_rule=PlacesRule.UNLIMITED)
    here, there = a_session(programme), a_session(programme, date=date(2026, 11, 4))
    person = a_practitioner(programme)
    place, _ = a_place(here, person), a_place(there, person)
    moved = actions.change_session(session=here, date=date(2026, 11, 4), **WITH)
    place.refresh_from_db()
    assert place.offered_until == moved.during.lower


def test_a_session_does_not_move_onto_something_its_presenter_has():
    programme, carys = a_programme(), PersonFactory()
    here, there = a_session(programme), a_session(programme, date=date(2026, 12, 3))
    for session in (here, there):
        actions.give_part(session=session, person=carys, part=Part.PRESENTER, **WITH)
    with pytest.raises(actions.RunsAnotherSession) as refused:
        actions.change_session(session=here, date=date(2026, 12, 3), **WITH)
    assert refused.value.engagement.session == there
    assert Session.objects.get(pk=here.pk).date == THURSDAY


def test_a_senior_manager_who_runs_another_session_then_is_asked_again():
    programme = a_programme()
    here, there = a_session(programme), a_session(programme, date=date(2026, 12, 3))
    mandate = MandateFactory(programme=programme, organisation=programme.partners.first().organisation)
    senior = mandate.person
    SeniorAttendance.objects.create(
        session=here, organisation=mandate.organisation, person=senior, state=CoverState.COMING, asked_at=NOW,
        answered_at=NOW, answered_by="accounts.person:1",
    )  # fmt: skip
    Engagement.objects.create(person=senior, session=here, during=here.during)
    actions.give_part(session=there, person=senior, part=Part.PRESENTER, **WITH)
    actions.change_session(session=here, date=date(2026, 12, 3), **WITH)
    assert SeniorAttendance.objects.get().state == CoverState.ASKED
    assert [person for person, _ in told("session_changed")] == [senior.pk]


def test_a_session_does_not_move_into_a_taken_room_or_the_past():
    session, other = a_session(), a_session(date=date(2026, 12, 3))
    with pytest.raises(RoomTaken):
        actions.change_session(session=session, date=date(2026, 12, 3), room=other.room, **WITH)
    with pytest.raises(InThePast):
        actions.change_session(session=session, date=date(2026, 10, 1), **WITH)
    assert Session.objects.get(pk=session.pk).date == THURSDAY


def test_an_open_session_keeps_a_place_to_meet_that_is_large_enough():
    session = a_session(capacity=20)
    with pytest.raises(NowhereToMeet):
        actions.change_session(session=session, room=None, **WITH)
    with pytest.raises(RoomTooSmall):
        actions.change_session(session=session, room=RoomFactory(capacity=10), **WITH)


def test_what_is_no_change_tells_nobody():
    session = a_session()
    a_place(session)
    actions.change_session(session=session, title=session.title, date=session.date, **WITH)
    assert told("session_changed") == []
    assert Session.objects.get(pk=session.pk).revision == 0


def test_a_change_of_a_draft_tells_nobody():
    session = SessionFactory(draft=True)
    actions.change_session(session=session, date=date(2026, 12, 3), **WITH)
    assert Message.objects.count() == 0


def test_two_changes_that_have_not_left_are_told_as_one():
    session = a_session()
    a_place(session)
    actions.change_session(session=session, date=date(2026, 12, 3), **WITH)
    actions.change_session(session=session, date=date(2026, 12, 10), title="One Plan", **WITH)
    refs = told("session_changed")[-1][1]
    assert refs["was_when"] == "Thursday 26 November 2026, 9:30am to 12:30pm"
    assert refs["was_title"] == session.programme.name


def test_of_three_changes_that_have_not_left_the_second_is_told_too():
    session = a_session()
    a_place(session)
    session = actions.change_session(session=session, date=date(2026, 12, 3), **WITH)
    session = actions.change_session(session=session, title="One Plan", **WITH)
    actions.change_session(session=session, starts=time(10), **WITH)
    refs = told("session_changed")[-1][1]
    assert refs["was_when"] == "Thursday 26 November 2026, 9:30am to 12:30pm"
    assert refs["was_title"] == session.programme.name


def test_a_cancelled_session_is_not_changed():
    with pytest.raises(SessionIsOver):
        actions.change_session(session=SessionFactory(cancelled=True), title="New", **WITH)


def test_the_preview_counts_who_has_an_offer_and_who_is_free_again():
    programme = a_programme(places_rule=PlacesRule.UNLIMITED)
    session, other = a_session(programme, capacity=4), a_session(programme, date=date(2026, 12, 3))
    from_line, moved, busy, booked = (a_place(session) for _ in range(4))
    a_place(other, busy.person)
    until = {"state": PlaceState.OFFERED, "offered_until": NOW + timedelta(days=1)}
    Place.objects.filter(pk__in=[from_line.pk, moved.pk, busy.pk]).update(**until)
    Place.objects.filter(pk=from_line.pk).update(offered_from_line=True)
    again = lambda **columns: preview_change(Session.objects.get(pk=session.pk), columns, NOW)  # noqa: E731
    assert booked.state == PlaceState.BOOKED
    assert (again(title="New").keep, again(title="New").held) == (1, 3)
    moves = again(date=other.date)
    assert (moves.keep, moves.held, moves.tells) == (2, 2, 4), "who can come then has the place again"


def test_the_preview_says_who_is_told_and_what_is_in_the_way():
    programme = a_programme(places_rule=PlacesRule.UNLIMITED)
    here, there = a_session(programme), a_session(programme, date=date(2026, 12, 3))
    amina = a_practitioner(programme, name="Amina Samplewood")
    for session in (here, there):
        a_place(session, amina)
    a_place(here)
    a_place(here)
    preview = preview_change(Session.objects.get(pk=here.pk), {"date": date(2026, 12, 3)}, NOW)
    assert (preview.tells, preview.keep, preview.offered, preview.waiting, preview.blocked) == (
        3, 1, ["Amina Samplewood"], 1, "",
    )  # fmt: skip
    blocked = preview_change(
        Session.objects.get(pk=here.pk), {"date": date(2026, 12, 3), "room": there.room}, NOW
    ).blocked
    assert blocked == (
        f"{there.room} is taken by “{programme.name}” on Thursday 3 December 2026, 9:30am to 12:30pm. "
        "Choose another room, date or half-day."
    )


# --- cancelling


def test_a_cancellation_ends_places_frees_people_and_tells_each_once():
    session = a_session(capacity=1)
    booked, waiting = a_place(session), a_place(session)
    AccessNeed.objects.create(place=booked, words="A lift", delete_on=THURSDAY)
    carys = PersonFactory()
    actions.give_part(session=session, person=carys, part=Part.PRESENTER, **WITH)
    actions.cancel_session(session=session, reason="The venue has flooded", **WITH)
    actions.cancel_session(session=session, reason="Again", **WITH)
    for place in (booked, waiting):
        place.refresh_from_db()
        assert (place.state, place.closed_reason, place.limit_key) == ("ended", "session_cancelled", None)
    assert (Engagement.objects.count(), AccessNeed.objects.count()) == (0, 0)
    assert SeatCount.objects.get(session=session).taken == 0
    assert set(CalendarEntry.objects.values_list("person", "is_cancelled", "sequence")) == {
        (booked.person_id, True, 1),
        (carys.pk, True, 1),
    }
    assert {(person, refs["entry"]) for person, refs in told("session_cancelled")} == {
        (booked.person_id, 1),
        (waiting.person_id, 0),
        (carys.pk, 1),
    }
    assert Session.objects.get(pk=session.pk).cancelled_reason == "The venue has flooded"


def test_the_room_of_a_cancelled_session_is_free_and_its_people_can_book_again():
    session = a_session()
    place = a_place(session)
    actions.cancel_session(session=session, reason="Snow", **WITH)
    other = a_session(session.programme, room=session.room)
    assert a_place(other, place.person).state == PlaceState.BOOKED


def test_a_cancellation_needs_a_reason():
    session = a_session()
    with pytest.raises(actions.SayWhy):
        actions.cancel_session(session=session, reason="  ", **WITH)
    assert Session.objects.get(pk=session.pk).state == "open"


def test_a_held_session_is_not_cancelled():
    with pytest.raises(SessionIsOver):
        actions.cancel_session(session=a_session(state=SessionState.HELD), reason="Snow", **WITH)


def test_a_cancelled_draft_tells_nobody():
    session = actions.plan_session(
        programme=a_programme(), plan=a_plan(runs=((PersonFactory(), Part.PRESENTER),)), **WITH
    )
    actions.cancel_session(session=session, reason="Not needed", **WITH)
    assert (Message.objects.count(), Engagement.objects.count()) == (0, 0)


# --- holding


def test_a_session_is_held_after_its_end():
    session = a_session()
    with pytest.raises(NotOverYet):
        actions.hold_session(session=session, by="clock", now=session.during.upper - timedelta(minutes=1))
    for _ in range(2):
        actions.hold_session(session=session, by="clock", now=session.during.upper)
    assert Session.objects.get(pk=session.pk).state == "held"
    assert Entry.objects.filter(verb="held").count() == 1


# --- seats


def test_seats_of_a_draft_and_of_an_open_session():
    draft = SessionFactory(draft=True)
    actions.resize_session(session=draft, capacity=12, reserved=3, **WITH)
    assert Session.objects.values_list("capacity", "reserved").get(pk=draft.pk) == (12, 3)
    session = a_session(capacity=1)
    _, waiting = a_place(session), a_place(session)
    actions.resize_session(session=session, capacity=2, reserved=0, **WITH)
    assert state_of(waiting) == "booked"


def test_seats_that_cannot_be():
    session = a_session(capacity=2)
    a_place(session)
    a_place(session)
    with pytest.raises(FewerSeatsThanTaken) as refused:
        actions.resize_session(session=session, capacity=1, reserved=0, **WITH)
    assert refused.value.taken == 2
    with pytest.raises(RoomTooSmall):
        actions.resize_session(session=session, capacity=26, reserved=0, **WITH)
    with pytest.raises(ReserveTooLarge):
        actions.resize_session(session=session, capacity=5, reserved=6, **WITH)
    with pytest.raises(SessionIsOver):
        actions.resize_session(session=SessionFactory(cancelled=True), capacity=5, reserved=0, **WITH)


# --- who runs it


def test_a_part_engages_and_tells_with_an_entry():
    session, carys = a_session(), PersonFactory()
    assert actions.give_part(session=session, person=carys, part=Part.PRESENTER, **WITH) is True
    assert actions.give_part(session=session, person=carys, part=Part.PRESENTER, **WITH) is False
    assert actions.give_part(session=session, person=carys, part=Part.FACILITATOR, **WITH) is True
    assert [person for person, _ in told("part_given")] == [carys.pk]
    assert [person for person, _ in told("part_changed")] == [carys.pk]
    assert Engagement.objects.count() == 1


def test_a_part_in_a_session_that_is_over_is_not_given():
    with pytest.raises(SessionIsOver):
        actions.give_part(session=SessionFactory(cancelled=True), person=PersonFactory(), part=Part.PRESENTER, **WITH)


def test_the_end_of_a_part_frees_the_person_and_takes_the_entry_out():
    session, carys = a_session(), PersonFactory()
    for part in (Part.PRESENTER, Part.FACILITATOR):
        actions.give_part(session=session, person=carys, part=part, **WITH)
    first, second = session.parts.order_by("pk")
    actions.end_part(part=first, **WITH)
    assert (Engagement.objects.count(), told("part_ended")) == (1, [])
    actions.end_part(part=second, **WITH)
    actions.end_part(part=second, **WITH)
    assert Engagement.objects.count() == 0
    assert told("part_ended") == [(carys.pk, {"session": session.pk, "entry": 1})]
    assert CalendarEntry.objects.get().is_cancelled is True


def test_who_also_has_a_place_stays_when_the_part_ends():
    session = a_session()
    person = a_practitioner(session.programme)
    a_place(session, person)
    actions.give_part(session=session, person=person, part=Part.PRESENTER, **WITH)
    actions.end_part(part=session.parts.get(), **WITH)
    assert Engagement.objects.count() == 1
    assert CalendarEntry.objects.get().is_cancelled is False
    assert told("part_ended") == [(person.pk, {"session": session.pk, "entry": 0})]


# --- clock changes


@pytest.mark.parametrize(
    ("day", "utc"),
    [(date(2026, 10, 25), 9), (date(2026, 10, 24), 8), (date(2027, 3, 27), 9), (date(2027, 3, 28), 8)],
)
def test_a_session_keeps_the_wall_clock_when_the_clocks_change(day, utc):
    early = datetime(2026, 10, 1, tzinfo=UTC)
    programme = a_programme()
    session = actions.plan_session(programme=programme, plan=a_plan(date=day), by="clock", now=early)
    session = Session.objects.get(pk=session.pk)
    assert (session.starts, session.during.lower.hour, session.during.lower.minute) == (time(9, 30), utc, 30)


def test_links_that_live_until_a_session_follow_its_move():
    session = a_session()
    place, colleague = a_place(session), a_practitioner(session.programme)
    asked = ask_colleague(place=place, email=colleague.email, by=place.person, now=NOW)
    senior = MandateFactory(programme=session.programme)
    (request,) = ask_to_cover(requests=[(session, senior)], by=CLOCK, now=NOW)
    request.refresh_from_db()
    actions.change_session(session=session, date=date(2027, 4, 1), **WITH)
    ends = {link.purpose: link.ends_at.date() for link in PersonalLink.objects.exclude(purpose="availability")}
    assert ends == {"place": date(2027, 6, 29), "handover": date(2027, 4, 1), "cover": date(2027, 5, 1)}
    assert PersonalLink.objects.get(pk=asked.link_id).ends_at > NOW
    assert PersonalLink.objects.get(pk=request.link_id).ends_at > NOW
