"""The pages of sessions: who sees what, how many queries, and what is said where something is wrong."""

from datetime import date, timedelta

import pytest
import time_machine
from django.urls import reverse

from attendance.actions.handovers import ask_colleague
from attendance.actions.sessions import cancel_session, give_part
from attendance.models import BookingRules, SeatCount, SeniorAttendance
from briefings.models import Activity, Part, Session
from messaging.models import Message
from tests.attendance.places import NOW, a_place, a_practitioner, a_programme, a_session, partner_of
from tests.briefings.factories import AppointmentFactory, RoomFactory, SessionFactory
from tests.commitments.pages import words
from tests.organisations.factories import PersonFactory

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def on_a_monday():
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def programme():
    return a_programme(slug="wren", name="One Family Plan")


@pytest.fixture
def coordinator(client, programme):
    person = PersonFactory(name="Carys Coordinator")
    AppointmentFactory(programme=programme, person=person)
    client.force_login(person)
    return person


LIST = "/programmes/wren/sessions/"
DAY = {"date_day": "3", "date_month": "12", "date_year": "2026", "slot": "morning"}


def a_filled_form(in_room=None, **changes) -> dict:
    details = {"kind": "briefing", "room": in_room.pk if in_room else "", "capacity": "20", "reserved": "", "title": ""}
    return {**details, "online_link": "", "area": "", "notes": "", **DAY, **changes}


def text_of(response) -> str:
    return " ".join(response.content.decode().split())


# --- lists


def test_strangers_see_the_open_sessions_to_come_with_what_is_free(client, programme):
    open_one = a_session(programme, capacity=1)
    a_place(open_one)
    a_place(open_one)
    SessionFactory(programme=programme, draft=True, date=date(2026, 12, 1))
    a_session(programme, date=date(2026, 10, 1))
    page = text_of(client.get(LIST))
    assert "1 session<" in page
    assert 'Thursday 26 November 2026, <span class="nowrap">9:30am to 12:30pm</span>' in page
    assert "Full: 1 person waits" in page


def test_staff_see_drafts_too_and_can_filter(client, programme, coordinator):
    a_session(programme)
    draft = SessionFactory(programme=programme, draft=True, date=date(2026, 12, 1))
    assert "2 sessions<" in text_of(client.get(LIST))
    for query in (f"venue={draft.room.venue.pk}", "state=draft", "month=2026-12", f"q={draft.room.venue.name}"):
        page = text_of(client.get(f"{LIST}?{query}"))
        assert "1 session<" in page, query
        assert "Tuesday 1 December 2026" in page


@pytest.mark.parametrize(
    "query", ["page=99999999999", "month=x", "venue=0", "state=zz", "q=%00", "area=-1", "page=%00"]
)
def test_a_filter_that_makes_no_sense_is_no_filter(client, programme, query):
    a_session(programme)
    assert client.get(f"{LIST}?{query}").status_code == 200


def test_the_first_dates_are_the_first_page_of_all(client, programme):
    def seen(query: str) -> tuple:
        page = client.get(LIST + query).context["page"]
        rows = [(row.pk, row.waiting, row.kept, row.seats.taken, str(row.room), row.area) for row in page.rows]
        return rows, page.number, page.total, page.size, page.last_number

    assert seen("")[:3] == ([], 1, 0)
    for number in range(27):
        a_session(programme, date=date(2026, 11, 3) + timedelta(days=number))
    Session.objects.filter(pk=a_session(programme, date=date(2026, 12, 24)).pk).update(state="draft")
    assert seen("") == seen("?page=1")
    assert (len(seen("")[0]), *seen("")[1:]) == (25, 1, 27, 25, 2)


@pytest.mark.parametrize("staff", [False, True])
def test_the_list_asks_as_much_for_one_session_as_for_three(
    client, programme, django_assert_num_queries, staff, request
):
    number = 3
    if staff:
        request.getfixturevalue("coordinator")
        number = 7
    a_session(programme)
    client.get(LIST)
    for rows in (1, 3):
        while Session.objects.count() < rows:
            a_session(programme, date=date(2026, 12, Session.objects.count()))
        with django_assert_num_queries(number):
            client.get(LIST)


def test_the_month_shows_sessions_on_their_days(client, programme):
    a_session(programme)
    page = text_of(client.get(f"{LIST}month/"))
    assert "Sessions in November 2026" in page
    assert "Eastmarsh Library" in page
    assert "Eastmarsh Library" not in text_of(client.get(f"{LIST}month/?month=2026-12"))


@pytest.mark.parametrize("month", ["2026-13", "0001-01", "9999-12", "x", "%00", "2026-11-01"])
def test_a_month_that_is_none_shows_the_next_session(client, programme, month):
    a_session(programme)
    assert "November 2026" in text_of(client.get(f"{LIST}month/?month={month}"))


def test_a_programme_that_is_not_public_is_not_there_for_strangers(client):
    hidden = a_programme(slug="hidden", is_public=False)
    session = a_session(hidden)
    for address in ("/programmes/hidden/sessions/", "/programmes/hidden/sessions/month/", f"/sessions/{session.pk}/"):
        assert client.get(address).status_code == 404


# --- one session


def test_a_session_shows_each_what_is_theirs(client, programme):
    session = a_session(programme, notes="Ring the bell", online_link="https://meet.example.org/secret")
    presenter = PersonFactory(name="Petra Presenter")
    give_part(session=session, person=presenter, part=Part.PRESENTER, by="clock", now=NOW)
    address = f"/sessions/{session.pk}/"
    public = text_of(client.get(address))
    for hidden in ("Ring the bell", "meet.example.org", "Petra Presenter", "Move or change it"):
        assert hidden not in public
    place = a_place(session)
    client.force_login(place.person)
    own = text_of(client.get(address))
    assert "You have a place." in own
    assert "Ring the bell" in own
    assert "Petra Presenter" not in own
    staff = PersonFactory()
    AppointmentFactory(programme=programme, person=staff)
    client.force_login(staff)
    seen = text_of(client.get(address))
    for shown in ("Petra Presenter", "Move or change it", "meet.example.org", "1 taken, 0 waiting"):
        assert shown in seen


def test_a_draft_and_a_session_that_is_not_there_are_the_same_to_others(client, programme):
    draft = SessionFactory(programme=programme, draft=True)
    for number in (draft.pk, 987654, 10**30):
        assert client.get(f"/sessions/{number}/").status_code == 404


def test_the_page_of_a_session_asks_as_much_for_one_place_as_for_three(client, programme, django_assert_num_queries):
    session = a_session(programme, capacity=4)
    for places in (1, 3):
        while session.places.count() < places:
            a_place(session)
        with django_assert_num_queries(4):
            client.get(f"/sessions/{session.pk}/")


# --- planning


def test_a_session_is_planned(client, programme, coordinator):
    room = RoomFactory()
    response = client.post(f"{LIST}plan/", a_filled_form(room))
    session = Session.objects.get()
    assert response["Location"] == f"/sessions/{session.pk}/"
    assert (session.date, session.room, session.capacity, session.state) == (date(2026, 12, 3), room, 20, "draft")


def test_a_taken_room_is_explained_at_the_room_and_the_rest_is_kept(client, programme, coordinator):
    other = a_session(a_programme(), date=date(2026, 12, 3))
    response = client.post(f"{LIST}plan/", a_filled_form(other.room, title="One Plan"))
    assert response.status_code == 422
    page = text_of(response)
    assert f"{other.room} is taken by" in page
    assert 'href="#id_room"' in page
    assert 'value="One Plan"' in page


@pytest.mark.parametrize(
    "wrong",
    [
        {"capacity": "9" * 40}, {"capacity": "-1"}, {"room": "99999999999999999999"}, {"room": "x"},
        {"title": "a\x00b"}, {"date_day": "31", "date_month": "11"}, {"slot": "evening"}, {"date_year": "1999"},
        {"online_link": "javascript:alert(1)"}, {"title": "x" * 300}, {"reserved": "21"},
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_and_nothing_is_saved(client, programme, coordinator, wrong):
    response = client.post(f"{LIST}plan/", a_filled_form(**wrong))
    assert response.status_code == 422
    assert "There is a problem" in text_of(response)
    assert Session.objects.count() == 0


def test_nothing_typed_at_all_is_said(client, programme, coordinator):
    assert client.post(f"{LIST}plan/", {}).status_code == 422


def test_several_dates_are_checked_before_they_are_saved(client, programme, coordinator):
    taken = a_session(a_programme(), date=date(2026, 12, 3))
    dates = "3 December 2026 morning\nThursday 10/12/2026 pm\n25 Dec 2026 am\n"
    data = a_filled_form(taken.room, dates=dates)
    page = text_of(client.post(f"{LIST}plan-several/", data))
    assert "2 of 3 half-days can be planned." in page
    assert "A bank holiday." in page
    assert "is taken by" in page
    assert Session.objects.filter(programme=programme).count() == 0
    response = client.post(f"{LIST}plan-several/", {**data, "confirmed": "yes"})
    assert response["Location"] == LIST
    planned = Session.objects.filter(programme=programme).values_list("date", "slot")
    assert list(planned) == [(date(2026, 12, 10), "afternoon"), (date(2026, 12, 25), "morning")]


def test_several_dates_show_where_the_presenter_is_elsewhere(client, programme, coordinator):
    busy = a_session(programme, date=date(2026, 12, 3))
    give_part(session=busy, person=coordinator, part=Part.PRESENTER, by="clock", now=NOW)
    dates = "3 December 2026 morning\n4 December 2026 morning"
    data = a_filled_form(RoomFactory(), dates=dates, presenter=coordinator.email)
    assert "Carys Coordinator is in “One Family Plan”." in text_of(client.post(f"{LIST}plan-several/", data))
    client.post(f"{LIST}plan-several/", {**data, "confirmed": "yes"})
    assert list(coordinator.engagements.order_by("during").values_list("session__date", flat=True)) == [
        date(2026, 12, 3),
        date(2026, 12, 4),
    ]


def test_a_presenter_whom_nobody_knows_is_said_at_the_field(client, programme, coordinator):
    response = client.post(f"{LIST}plan/", a_filled_form(RoomFactory(), presenter="who@example.org"))
    assert (response.status_code, 'href="#id_presenter"' in text_of(response)) == (422, True)


def test_dates_that_are_none_are_said_line_by_line(client, programme, coordinator):
    data = a_filled_form(RoomFactory(), dates="31 November 2026 morning\n3 December 2026\nsoon")
    page = text_of(client.post(f"{LIST}plan-several/", data))
    for line in ("Line 1, “31 November 2026 morning”,", "Line 2, “3 December 2026”,", "Line 3, “soon”,"):
        assert line in page


def test_who_copies_a_session_reads_what_goes_along(client, programme, coordinator):
    session = a_session(programme, title="Sharing", capacity=12, reserved=2, online_link="https://meet.example.org/a")
    address = f"/sessions/{session.pk}/copy/"
    page = words(client.get(address))
    assert "Copy the session of Thursday 26 November 2026" in page
    assert "Title Sharing Where" in page
    assert "Places 12 2 of them kept back" in page
    assert "With the same presenters" not in page, "nobody runs it"
    presenter = PersonFactory(name="Rhodri Presenter")
    give_part(session=session, person=presenter, part=Part.PRESENTER, by=coordinator, now=NOW)
    assert "With the same presenters and facilitators Rhodri Presenter." in words(client.get(address))
    wrong = client.post(address, DAY | {"date_day": ""})
    assert (wrong.status_code, "What goes along" in words(wrong)) == (422, True)


def test_a_copy(client, programme, coordinator):
    session = a_session(programme)
    client.post(f"/sessions/{session.pk}/copy/", DAY)
    assert Session.objects.filter(date=date(2026, 12, 3), state="draft").count() == 1


# --- changing


def changed(session: Session, **changes) -> dict:
    date_parts = {"date_day": session.date.day, "date_month": session.date.month, "date_year": session.date.year}
    return {"slot": "morning", "room": session.room_id, "online_link": "", "title": "", "area": "", "notes": "",
            **date_parts, **changes}  # fmt: skip


def test_a_move_asks_first_who_is_told(client, programme, coordinator):
    session = a_session(programme)
    a_place(session)
    address, data = f"/sessions/{session.pk}/change/", changed(session, date_day="27")
    page = text_of(client.post(address, data))
    assert "1 person is told by e-mail" in page
    assert "It was: Thursday 26 November 2026" in page
    assert Session.objects.get(pk=session.pk).date == date(2026, 11, 26)
    client.post(address, {**data, "confirmed": "yes"})
    assert Session.objects.get(pk=session.pk).date == date(2026, 11, 27)
    assert Message.objects.filter(kind="attendance.session_changed").count() == 1


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"date_year": "2020"}, "The session would begin in the past."),
        ({"room": ""}, "Nobody can book a session without a place to meet."),
        ({"room": "small"}, "holds 1 person. Choose a larger room"),
    ],
)
def test_what_cannot_be_is_said_before_it_is_asked_who_is_told(client, programme, coordinator, changes, sentence):
    session = a_session(programme, room=RoomFactory())
    a_place(session)
    small = RoomFactory(capacity=1).pk
    data = changed(session, **{name: small if value == "small" else value for name, value in changes.items()})
    answer = client.post(f"/sessions/{session.pk}/change/", data)
    assert answer.status_code == 422
    assert sentence in text_of(answer)


def test_from_the_page_that_asks_first_one_goes_back_to_what_was_typed(client, programme, coordinator):
    session = a_session(programme)
    a_place(session)
    typed = changed(session, date_day="27", title="How the plan works")
    form = client.post(f"/sessions/{session.pk}/change/", {**typed, "confirmed": "yes", "again": "yes"}).context["form"]
    assert (form["title"].value(), form["date"].value()[0]) == ("How the plan works", "27")
    assert Session.objects.get(pk=session.pk).title == ""


def test_the_page_that_asks_first_names_all_that_is_told_and_whom(client, programme, coordinator):
    session = a_session(programme, notes="Ring the bell")
    for _ in range(2):
        a_place(session)
    give_part(session=session, person=PersonFactory(), part=Part.PRESENTER, by="clock", now=NOW)
    data = changed(session, notes="Use the back door", online_link="https://meet.example.org/1")
    page = words(client.post(f"/sessions/{session.pk}/change/", data))
    assert "3 people are told by e-mail what has changed: 2 with a place, 1 presenting or facilitating." in page
    assert "Getting in Use the back door It was: Ring the bell" in page
    assert "Link for people online https://meet.example.org/1 There was none before" in page


def test_a_colleague_who_may_take_over_a_place_is_counted_among_those_who_are_told(client, programme, coordinator):
    session = a_session(programme)
    place, colleague = a_place(session), a_practitioner(programme)
    ask_colleague(place=place, email=colleague.email, by=place.person, now=NOW)
    page = words(client.get(f"/sessions/{session.pk}/cancel/"))
    assert "2 in all: 1 with a place, 1 asked to take over a place" in page
    BookingRules.objects.create(programme=programme, freeze_days=9)
    near = NOW.date() + timedelta(days=5)
    data = changed(session, date_day=str(near.day), date_month=str(near.month), date_year=str(near.year))
    page = words(client.post(f"/sessions/{session.pk}/change/", data))
    assert "2 people are told by e-mail what has changed: 1 with a place, 1 asked to take over a place." in page
    assert "1 colleague who was asked to take over a place cannot any more" in page


def test_what_nobody_is_told_of_is_saved_at_once(client, programme, coordinator):
    session = SessionFactory(programme=programme, draft=True)
    client.post(f"/sessions/{session.pk}/change/", changed(session, title="New"))
    assert Session.objects.get(pk=session.pk).title == "New"


def test_places_that_are_taken_cannot_be_taken_away(client, programme, coordinator):
    session = a_session(programme, capacity=2)
    a_place(session)
    a_place(session)
    response = client.post(f"/sessions/{session.pk}/seats/", {"capacity": "1", "reserved": "0"})
    assert "2 places are taken, so the session needs 2 seats or more." in text_of(response)
    page = f"/sessions/{session.pk}/seats/"
    assert "those who wait move up at once" in text_of(client.get(page))
    BookingRules.objects.create(programme=programme, freeze_days=200)
    assert "The list of names is final, so nobody moves up if you add places." in text_of(client.get(page))
    client.post(f"/sessions/{session.pk}/seats/", {"capacity": "5", "reserved": "1"})
    assert SeatCount.objects.values_list("capacity", "reserved").get(session=session) == (5, 1)


def test_before_a_draft_is_cancelled_the_page_names_the_senior_managers_who_are_told(client, programme, coordinator):
    session = SessionFactory(programme=programme, draft=True)
    address = f"/sessions/{session.pk}/cancel/"
    assert "Nobody" in text_of(client.get(address))
    SeniorAttendance.objects.create(
        session=session, person=PersonFactory(), organisation=partner_of(programme), asked_at=NOW, asked_by="clock"
    )
    assert "1 in all: 1 asked as a senior manager" in text_of(client.get(address))


def test_open_cancel_and_hold(client, programme, coordinator):
    session = SessionFactory(programme=programme, draft=True, room=None)
    refused = client.post(f"/sessions/{session.pk}/open/")
    assert (refused.status_code, "without a place to meet" in text_of(refused)) == (422, True)
    Session.objects.filter(pk=session.pk).update(room=RoomFactory())
    client.post(f"/sessions/{session.pk}/open/")
    assert Session.objects.get().state == "open"
    assert client.post(f"/sessions/{session.pk}/hold/").status_code == 422
    a_place(session, a_practitioner(programme))
    assert "1 in all: 1 with a place" in text_of(client.get(f"/sessions/{session.pk}/cancel/"))
    assert client.post(f"/sessions/{session.pk}/cancel/", {"reason": " "}).status_code == 422
    client.post(f"/sessions/{session.pk}/cancel/", {"reason": "The venue has flooded"})
    assert Session.objects.get().cancelled_reason == "The venue has flooded"


# --- who runs it, agenda


@pytest.mark.parametrize(
    "name",
    ["change", "seats", "open", "hold", "cancel", "notice", "agenda", "people", "move"],
)
def test_the_address_of_what_cannot_be_done_any_more_says_that_the_session_was_cancelled(
    client, programme, coordinator, name
):
    session = a_session(programme)
    address = reverse(f"attendance:session-{name}", args=[session.pk])
    assert 'name="csrfmiddlewaretoken"' in text_of(client.get(address)).split("<main")[1]
    cancel_session(session=session, reason="The heating has failed", by="clock", now=NOW)
    page = text_of(client.get(address))
    assert "<h1>This session was cancelled</h1>" in page
    assert "The reason: The heating has failed" in page
    assert 'name="csrfmiddlewaretoken"' not in page.split("<main")[1], "nothing to press"


def test_a_notice_about_a_session_cancelled_meanwhile_is_refused_before_it_is_read(client, programme, coordinator):
    session = a_session(programme)
    a_place(session)
    cancel_session(session=session, reason="Flood", by="clock", now=NOW)
    typed = {"subject": "Car park", "words": "It is closed."}
    for more in ({}, {"confirmed": "yes"}):
        answer = client.post(reverse("attendance:session-notice", args=[session.pk]), typed | more)
        assert answer.status_code == 422
        assert "This session was cancelled, and whoever had a place was told so" in text_of(answer)


@pytest.mark.parametrize(
    ("state", "name", "said"),
    [("draft", "notice", "is not open yet"), ("draft", "hold", "is not open yet"), ("held", "seats", "has been held")],
)
def test_the_address_of_what_cannot_be_done_yet_or_any_more_says_why(client, programme, coordinator, state, name, said):
    session = a_session(programme, state=state)
    assert f"This session {said}</h1>" in text_of(client.get(reverse(f"attendance:session-{name}", args=[session.pk])))


def test_somebody_is_added_and_taken_off(client, programme, coordinator):
    session = a_session(programme)
    address = f"/sessions/{session.pk}/people/"
    unknown = client.post(address, {"email": "nobody@example.org", "part": "presenter"})
    assert "Nobody in your programme has this address." in text_of(unknown)
    client.post(address, {"email": coordinator.email.upper(), "part": "presenter"})
    part = session.parts.get()
    assert part.person == coordinator
    assert "Carys Coordinator" in text_of(client.get(address))
    client.post(f"{address}{part.pk}/end/")
    assert session.parts.count() == 0


def lines(*parts: tuple[str, str]) -> dict:
    found = {}
    for number, (title, minutes) in enumerate(parts):
        found |= {f"{number}-kind": "other", f"{number}-title": title, f"{number}-minutes": minutes}
    return found


def test_who_takes_somebody_off_reads_what_follows(client, programme, coordinator):
    session, carys = a_session(programme), PersonFactory()
    for part in (Part.PRESENTER, Part.FACILITATOR):
        give_part(session=session, person=carys, part=part, by=coordinator, now=NOW)
    first, second = session.parts.order_by("part")
    address = f"/sessions/{session.pk}/people/{first.pk}/end/"
    assert "They are told by e-mail. They stay on it: presenter." in words(client.get(address))
    second.delete()
    assert "the entry leaves their calendar unless they have a place there" in words(client.get(address))
    Session.objects.filter(pk=session.pk).update(state="draft")
    assert "They are not told: the session is a draft." in words(client.get(address))


def test_the_agenda(client, programme, coordinator):
    session = a_session(programme)
    address = f"/sessions/{session.pk}/agenda/"
    assert client.get(address).status_code == 200
    client.post(address, lines(("Welcome", "30"), ("", ""), ("Questions", "90")))
    assert list(session.agenda.values_list("title", "minutes")) == [("Welcome", 30), ("Questions", 90)]
    long = client.post(address, lines(("Welcome", "181")))
    assert "The agenda takes 181 minutes, the session 180." in text_of(long)
    half = client.post(address, lines(("Welcome", "")))
    assert "Enter how many minutes this part takes" in text_of(half)
    assert client.post(address, {}).status_code == 302


def test_of_two_who_change_an_agenda_the_second_sees_what_the_first_wrote(client, programme, coordinator):
    session = a_session(programme)
    address = f"/sessions/{session.pk}/agenda/"
    client.post(address, lines(("Welcome", "30")))
    seen = client.get(address).context["seen"]
    use_activity(session)
    sent = client.post(address, lines(("Welcome", "45")) | {"seen": seen})
    assert sent.status_code == 422
    page = words(sent)
    assert "Somebody has changed the agenda since you opened this page." in page
    assert "The agenda as it is now Welcome, 30 minutes Cards, 20 minutes" in page
    assert 'value="45"' in sent.content.decode(), "what was typed stands"
    assert session.agenda.count() == 2
    wrong = client.post(address, lines(("Welcome", "")) | {"seen": seen})
    assert wrong.context["seen"] == seen, "another fault does not make an old page a new one"
    both = lines(("Welcome", "45"), ("Cards", "20")) | {"seen": sent.context["seen"]}
    assert client.post(address, both).status_code == 302
    assert list(session.agenda.values_list("title", "minutes")) == [("Welcome", 45), ("Cards", 20)]


def use_activity(session: Session) -> None:
    own = Activity.objects.create(programme=session.programme, name="Cards", aim="To know", minutes=20, steps="Sit")
    session.agenda.create(kind="other", title=own.name, minutes=own.minutes, position=9, activity=own)


def test_no_address_is_unknown():
    assert reverse("attendance:session-list", args=["wren"]) == LIST
