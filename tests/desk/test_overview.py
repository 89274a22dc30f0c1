from dataclasses import replace
from datetime import date, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

import desk.overview
from attendance.models import Attendance, Outcome, SeatCount
from briefings.models import Session, SessionState
from commitments.models import Telling
from tests.attendance.places import a_place, a_practitioner
from tests.cast import NOW, a_session
from tests.desk.county import ask, make_county

pytestmark = pytest.mark.django_db
PAGE = reverse("desk:programme-show", args=["own"])


@pytest.fixture
def county(time_machine):
    time_machine.move_to(NOW)
    return make_county()


def overview(client, person):
    client.force_login(person)
    return client.get(PAGE)


def test_everybody_finds_the_page_of_their_kind(county, client):
    templates = {
        role: overview(client, getattr(county.cast, role)).templates[0].name.rpartition("/")[2]
        for role in ("coordinator", "board", "facilitator", "governance", "practitioner", "other")
    }
    assert templates == {
        "coordinator": "overview.html", "board": "overview.html", "facilitator": "staff.html",
        "governance": "staff.html", "practitioner": "public.html", "other": "public.html",
    }  # fmt: skip


def test_the_public_reads_what_was_promised_before_they_book(county, client):
    text = client.get(PAGE).content.decode()
    assert "We answer within two days." in text
    assert "Everybody gets half a day." not in text, "it is only noted"
    assert "Who may read the plan?" not in text


def test_reach_stands_with_its_denominator(county, client):
    context = overview(client, county.cast.coordinator).context
    total = context["total"]
    assert (total.eligible, total.attended, total.booked, total.invited, total.never) == (2, 0, 1, 1, 0)
    text = " ".join(overview(client, county.cast.coordinator).content.decode().split())
    assert "of 2 eligible practitioners have attended" in text


def test_both_rates_stand_with_their_denominators(county, client):
    place = a_place(county.over, a_practitioner(county.cast.programme), now=NOW - timedelta(days=20))
    Attendance.objects.create(
        session=county.over, place=place, person=place.person, organisation=place.organisation,
        outcome=Outcome.ATTENDED, noted_at=NOW,
    )  # fmt: skip
    day = overview(client, county.cast.coordinator).context["counted"].day
    assert (day.attended, day.places, day.of_places, day.bookings, day.of_bookings) == (1, 20, 5, 1, 100)
    text = " ".join(overview(client, county.cast.board).content.decode().split())
    assert "<strong>5&nbsp;%</strong> of 20 places and <strong>100&nbsp;%</strong> of 1 bookings" in text


def test_cover_questions_and_assurances_are_said(county, client):
    context = overview(client, county.cast.coordinator).context
    assert [cell["words"] for cell in context["ahead"].matrix["rows"][0]["cells"]] == ["Nobody", "Asked"]
    assert context["ahead"].matrix["foot"]["cells"] == ["0 of 1", "0 of 1"]
    assert next((row["words"], row["numbers"]) for row in context["ages"]["rows"]) == ("0 to 5", [1, 1, 0])
    assert [(row["words"], row["number"]) for row in context["assurances"]] == [
        ("Proposed as kept", 1), ("Given", 1), ("Noted, unconfirmed", 1),
    ]  # fmt: skip


def test_late_and_old_things_move_to_their_rows(county, client, time_machine):
    time_machine.move_to(NOW + timedelta(days=40))
    context = overview(client, county.cast.board).context
    assert [row["total"] for row in context["ages"]["rows"]] == [0, 0, 0, 2]
    assert context["questions"].late == 2
    assert ("Given, late", 1) in [(row["words"], row["number"]) for row in context["assurances"]]
    assert context["ahead"].sessions == []


def test_who_made_assurances_is_said_also_where_no_session_is_open(county, client):
    Session.objects.filter(programme=county.cast.programme).update(state="draft")
    text = overview(client, county.cast.coordinator).content.decode()
    assert "<strong>3 made</strong> by senior managers of 1 partner." in text


def test_cover_is_wanted_also_of_sessions_that_are_not_shown(county, client):
    for number in range(14):
        a_session(county.cast.programme, date=(NOW + timedelta(days=10 + number)).date())
    context = overview(client, county.cast.coordinator).context
    ahead = context["ahead"]
    assert (len(ahead.sessions), ahead.left_out) == (12, True)
    assert len(ahead.matrix["rows"][0]["cells"]) == 12
    assert len(ahead.uncovered) >= 14
    assert any("more sessions lack senior cover" in matter.title for matter in context["matters"])


def test_drafts_stand_in_the_matrix_of_cover_alone(county, client):
    """Senior managers are asked for them; but nobody can book, and many of them push no open session off the page."""
    cast = county.cast
    for number in range(13):
        a_session(cast.programme, date=(NOW + timedelta(days=number % 3 + 1)).date(), state=SessionState.DRAFT)
    response = overview(client, cast.coordinator)
    ahead, matters = response.context["ahead"], response.context["matters"]
    assert [session.state for session in ahead.sessions] == ["open", "open"]
    assert response.context["next"].pk == county.today.pk
    columns = ahead.matrix["columns"]
    assert (len(columns), ahead.left_out) == (12, True)
    assert [column.endswith("draft") for column in columns] == [False] + [True] * 11
    assert "cover/ask" in ahead.matrix["rows"][0]["cells"][1]["url"]
    assert any("at the session in draft of" in matter.title for matter in matters)
    assert [row.session.date for row in ahead.uncovered] == sorted(row.session.date for row in ahead.uncovered)
    assert "The first 12 are shown" in response.content.decode()


def test_a_session_that_is_opened_while_the_page_is_made_moves_nothing(county, client, monkeypatch):
    for number in range(14):
        a_session(county.cast.programme, date=(NOW + timedelta(days=10 + number)).date())
    read, seen = desk.overview.dates_to_come, overview(client, county.cast.coordinator).context["ahead"].sessions

    def one_was_opened(programmes, now):
        first, *others = read(programmes, now)
        return [replace(first, pk=0), *others]

    monkeypatch.setattr(desk.overview, "dates_to_come", one_was_opened)
    page = overview(client, county.cast.coordinator)
    assert page.status_code == 200
    assert page.context["ahead"].sessions == seen
    assert all(session.cover_words for session in page.context["ahead"].sessions)


def test_the_board_sees_figures_and_no_work(county, client):
    response = overview(client, county.cast.board)
    assert response.context["matters"] == []
    assert "What needs you today" not in response.content.decode()
    assert "Una Known" not in response.content.decode()


def test_a_new_programme_says_what_is_missing(county, client):
    Session.objects.filter(programme=county.cast.other_programme).update(state="draft")
    client.force_login(county.cast.other)
    text = client.get(reverse("desk:programme-show", args=["other"])).content.decode()
    assert "Nobody is eligible yet" in text
    assert "No session is open within the next 30 days." in text
    assert "No senior manager has made one yet." in text


def test_reach_as_a_spreadsheet(county, client):
    client.force_login(county.cast.board)
    lines = b"".join(client.get(reverse("desk:reach-download", args=["own"])).streaming_content).decode().splitlines()
    assert lines[1] == "Own Partner,,,2,2,0,0,0,1,0,0,1,0,0,0,0"


def test_the_messages_of_a_programme_have_an_address(county, client):
    client.force_login(county.cast.coordinator)
    response = client.get(reverse("desk:programme-messages", args=["own"]), follow=True)
    assert response.redirect_chain == [(f"/messages/?about=briefings.programme%3A{county.cast.programme.pk}", 302)]
    assert response.status_code == 200


def queries(client, person) -> int:
    client.force_login(person)
    client.get(PAGE)
    with CaptureQueriesContext(connection) as found:
        client.get(PAGE)
    return len(found)


def test_more_rows_need_no_more_queries(county, client):
    one = queries(client, county.cast.coordinator)
    for number in range(3):
        a_place(
            a_session(county.cast.programme, date=date(2026, 11, 10 + number)), a_practitioner(county.cast.programme)
        )
        ask(county.cast, f"And {number}?")
    assert queries(client, county.cast.coordinator) == one
    assert one <= 16, "counted anew, as in every transaction"


def test_a_full_session_says_so(county, client):
    SeatCount.objects.filter(session=county.today).update(taken=20)
    text = " ".join(overview(client, county.cast.coordinator).content.decode().split())
    assert "of 20 places taken, 0 free" in text


def test_a_telling_that_waits_for_approval_stands_among_what_needs_the_coordinator(county, client):
    cast = county.cast
    waits = "One telling waits for approval"
    assert waits not in overview(client, cast.coordinator).content.decode()
    Telling.objects.create(
        programme=cast.programme, kind="answered", state="proposed", drafted_at=NOW, changed_by=cast.coordinator
    )
    assert waits in overview(client, cast.coordinator).content.decode()
