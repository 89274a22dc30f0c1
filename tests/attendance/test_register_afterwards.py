"""Paper, closing and reopening, who walked in, the spreadsheet: each exit, through HTTP."""

from datetime import timedelta
from uuid import uuid4

import pytest
import time_machine
from django.urls import reverse

from accounts.links import address_of
from accounts.models import Person
from attendance.actions import register as actions
from attendance.actions.sheet import type_in
from attendance.actions.walk_ins import leave_walk_in, match_to_new_person
from attendance.models import Attendance, Mark, Outcome, Register, WalkIn
from attendance.tasks import settle_places
from briefings.models import SessionState
from history.models import Entry, Look
from messaging.models import Message
from organisations.models import Affiliation
from tests.attendance.places import a_place, a_practitioner, a_session, partner_of
from tests.attendance.registers import a_coordinator, half_way, page_of, press, send, text_of
from tests.organisations.factories import AffiliationFactory, OrganisationFactory, PersonFactory, ProfessionFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def session():
    return a_session(capacity=20)


@pytest.fixture(autouse=True)
def the_day(session):
    with time_machine.travel(half_way(session), tick=False):
        yield


@pytest.fixture
def coordinator(client, session):
    person = a_coordinator(session)
    client.force_login(person)
    return person


def somebody(session, name: str):
    return a_place(session, a_practitioner(session.programme, name=name), now=session.during.lower - timedelta(days=9))


def walks_in(session, name="Gus Imaginary", organisation=None) -> WalkIn:
    organisation = organisation or partner_of(session.programme)
    return actions.add_walk_in(
        session=session, name=name, organisation=organisation, press=uuid4(), by="clock", now=half_way(session)
    )


# paper


def test_the_sheet_names_everybody_by_organisation(client, session, coordinator):
    place = somebody(session, "Amina Samplewood")
    page = page_of(client, session, "sheet")
    assert page.content.decode().count('<p class="paper">Signature</p>') == 1 + 8
    assert [organisation for organisation, _ in page.context["groups"]] == [place.organisation]
    assert Look.objects.get().page == "attendance:register-sheet"


@pytest.mark.parametrize("people", [1, 3])
@pytest.mark.parametrize("name", ["sheet", "type-in"])
def test_paper_costs_the_same_for_many(client, session, coordinator, people, name, django_assert_max_num_queries):
    for number in range(people):
        somebody(session, f"Amina Samplewood{number}")
    with django_assert_max_num_queries(11):
        assert page_of(client, session, name).status_code == 200


def sheet(client, session, places=(), query="", **more):
    return send(client, session, "type-in", {"press": uuid4(), "came": [place.pk for place in places]} | more, query)


def test_a_signed_sheet_is_typed_in_with_one_press_and_twice_is_once(client, session, coordinator):
    came = [somebody(session, "Amina Samplewood"), somebody(session, "Beatrix Makebelieve")]
    somebody(session, "Dafydd O’Sample")
    partner = partner_of(session.programme)
    written = {"line-1-name": "Gus Imaginary", "line-1-organisation": partner.pk, "press": uuid4()}
    for _ in range(2):
        answer = sheet(client, session, came, **written)
        assert "3 people are marked as here" in text_of(client.get(answer["Location"]))
    assert (Mark.objects.count(), WalkIn.objects.count(), Attendance.objects.count()) == (2, 1, 3)
    assert "marked: attended" in text_of(page_of(client, session, "type-in"))


def test_an_empty_sheet_changes_nothing(client, session, coordinator):
    answer = sheet(client, session)
    assert "Nobody was ticked. Nothing has changed" in text_of(client.get(answer["Location"]))


def test_a_long_sheet_goes_on_page_by_page(client, session, coordinator, monkeypatch):
    monkeypatch.setattr("attendance.views.register_paper.ON_ONE_PAGE", 1)
    first = somebody(session, "Amina Alpha")
    somebody(session, "Beatrix Beta")
    answer = sheet(client, session, [first])
    assert answer["Location"].endswith("/type-in/?page=2")
    assert text_of(client.get(answer["Location"])).count("1 person is marked as here") == 1
    assert sheet(client, session, query="?page=2")["Location"].endswith("/register/")


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        ({"line-1-name": "Gus Imaginary"}, "Choose the organisation of Gus Imaginary"),
        ({"line-2-organisation": "own"}, "Enter the name of the person from"),
        ({"line-1-organisation": "99999999999999999999", "line-1-name": "Gus"}, "Choose from the options shown"),
        ({"line-1-name": "x\x00"}, "character that cannot be seen"),
        ({"came": ["x"]}, "Choose from the options shown"),
        ({"came": ["999999999999999999999999"]}, "lost their place meanwhile"),
        ({"press": ""}, "This page did not arrive whole. Send it once more"),
    ],
)
def test_a_sheet_with_a_fault_keeps_what_was_right(client, session, coordinator, data, sentence):
    place = somebody(session, "Amina Samplewood")
    partner = partner_of(session.programme).pk
    data = {key: partner if value == "own" else value for key, value in data.items()}
    answer = sheet(client, session, [place], **data)
    assert (answer.status_code, sentence in text_of(answer)) == (422, True)
    assert Mark.objects.count() == 0
    if "came" not in data:
        assert f'value="{place.pk}" id="came_{place.pk}" checked' in answer.content.decode()


def test_a_place_of_another_session_is_no_name_on_this_sheet(client, session, coordinator):
    assert sheet(client, session, [somebody(a_session(), "Amina Samplewood")]).status_code == 422
    assert Mark.objects.count() == 0


def test_a_closed_register_takes_no_sheet(client, session, coordinator):
    actions.close_register(session=session, by=coordinator, now=half_way(session))
    for act in (page_of, send):
        answer = act(client, session, "type-in")
        assert "The register is closed. Nothing can be typed in." in text_of(client.get(answer["Location"]))


def test_a_sheet_adds_to_what_was_pressed_meanwhile(client, session, coordinator):
    late, undone = somebody(session, "Amina Alpha"), somebody(session, "Beatrix Beta")
    press(client, session, late, "late")
    press(client, session, undone)
    press(client, session, undone, "undo", undoes=Mark.objects.get(place=undone).pk)
    sheet(client, session, [late, undone, somebody(session, "Dafydd Delta")])
    outcomes = Attendance.objects.order_by("place").values_list("outcome", flat=True)
    assert list(outcomes) == [Outcome.IN_PART, Outcome.ATTENDED, Outcome.ATTENDED]
    assert Entry.objects.filter(verb="marked_attended").count() == 4


@pytest.mark.parametrize("people", [1, 3])
def test_more_names_cost_no_more_queries(client, session, coordinator, people, django_assert_max_num_queries):
    came = [somebody(session, f"Amina Samplewood{number}") for number in range(people)]
    with django_assert_max_num_queries(20):
        sheet(client, session, came)


def test_a_sheet_is_kept_whole_or_not_at_all(session):
    place, organisation = somebody(session, "Amina Samplewood"), partner_of(session.programme)
    session_2 = a_session(state=SessionState.DRAFT)
    with pytest.raises(actions.NotOnThisRegister):
        type_in(
            session=session_2, came=[], walk_ins=[("Gus", organisation)], press=uuid4(), by="clock",
            now=half_way(session),
        )  # fmt: skip
    row = {"walk_ins": [], "press": uuid4(), "by": "clock", "now": half_way(session)}
    assert type_in(session=session, came=[place], **row) == 1
    assert Attendance.objects.get().place == place


def test_who_walked_in_and_got_a_place_afterwards_came(client, session, coordinator):
    """They moved up from the line after the walk-in was matched to them: neither a sheet nor the closing miss them."""
    place, other = somebody(session, "Amina Samplewood"), somebody(session, "Beatrix Makebelieve")
    row = {"session": session, "by": "clock", "now": half_way(session)}
    actions.add_walk_in(name="Amina", organisation=place.organisation, press=uuid4(), **row)
    WalkIn.objects.update(person=place.person)
    Attendance.objects.update(person=place.person)
    assert type_in(came=[place, other], walk_ins=[], press=uuid4(), **row) == 2
    assert Attendance.objects.filter(session=session, outcome="attended").count() == 2
    actions.close_register(**row)
    place.refresh_from_db()
    assert place.missed_at is None
    client.logout()
    client.get(address_of(place.link))
    assert "You attended this session" in text_of(client.get(reverse("attendance:place-show", args=[place.link_id])))


# closing and reopening


def test_closing_asks_with_its_numbers_and_then_does_that(client, session, coordinator):
    here, _away, excused = (somebody(session, name) for name in ("Amina A", "Beatrix B", "Dafydd D"))
    press(client, session, here)
    press(client, session, excused, "excused")
    walks_in(session)
    page = text_of(page_of(client, session, "close"))
    assert "1 who is not marked becomes absent." in page
    assert "1 who came gets a mail that thanks them." in page
    assert "2 who were absent or excused get a mail" in page
    assert "1 not yet matched to a person" in page
    answer = send(client, session, "close")
    assert "The register is closed" in text_of(client.get(answer["Location"]))
    mails = Message.objects.filter(kind__in=("attendance.thanks", "attendance.missed"))
    assert sorted(mails.values_list("kind", flat=True)) == ["attendance.missed"] * 2 + ["attendance.thanks"]
    assert Attendance.objects.filter(outcome=Outcome.ABSENT).count() == 1
    assert page_of(client, session, "close").status_code == 302


def test_a_register_is_not_closed_before_the_session(client, session, coordinator):
    with time_machine.travel(session.during.lower - timedelta(hours=1), tick=False):
        answer = send(client, session, "close")
        assert "The register can be closed once the session has begun." in text_of(client.get(answer["Location"]))
    assert not Register.objects.filter(closed_at__isnull=False).exists()


def test_reopening_needs_a_reason(client, session, coordinator):
    somebody(session, "Amina Samplewood")
    send(client, session, "close")
    assert "1 who is absent is not marked again." in text_of(page_of(client, session, "reopen"))
    refused = send(client, session, "reopen", {"reason": " "})
    assert (refused.status_code, "Enter why it is opened again" in text_of(refused)) == (422, True)
    answer = send(client, session, "reopen", {"reason": "The second sheet was found"})
    assert "The register is open again" in text_of(client.get(answer["Location"]))
    assert Attendance.objects.count() == 0
    assert page_of(client, session, "reopen").status_code == 302


def test_a_session_that_was_closed_early_is_held_when_it_is_over(session, coordinator):
    actions.close_register(session=session, by=coordinator, now=half_way(session))
    with time_machine.travel(session.during.upper, tick=False):
        assert settle_places() == 1
    session.refresh_from_db()
    assert session.state == SessionState.HELD


# who walked in


def decide(client, session, walk_in, decision, **more):
    return send(client, session, "walk-ins", {"walk_in": walk_in.pk, "decision": decision, **more})


def known(session, name: str, **fields) -> Person:
    person = PersonFactory(name=name)
    AffiliationFactory(person=person, organisation=partner_of(session.programme), **fields)
    return person


def test_people_of_the_organisation_with_a_like_name_are_suggested(client, session, coordinator):
    alike, less = known(session, "Gús Imaginary"), known(session, "Ivo Imaginary")
    known(session, "Nobody Like"), AffiliationFactory(person=PersonFactory(name="Gus Imaginary"))
    walk_in = walks_in(session)
    rows = page_of(client, session, "walk-ins").context["rows"]
    assert [(own, [each.person for each in found]) for own, found in rows] == [(walk_in, [alike, less])]
    assert Look.objects.filter(page="attendance:register-walk-ins").count() == 2


def test_a_walk_in_becomes_a_known_person(client, session, coordinator):
    profession = ProfessionFactory()
    person, walk_in = known(session, "Gus Imaginary", profession=profession), walks_in(session)
    answer = decide(client, session, walk_in, "person", person=person.pk)
    page = text_of(client.get(answer["Location"]))
    assert f"Gus Imaginary is {person.name}" in page
    assert "Every walk-in is decided" in page
    fact = Attendance.objects.get()
    assert (fact.person, fact.profession) == (person, profession)


def test_who_was_taken_back_and_added_anew_is_matched_again(session):
    person = PersonFactory(name="Gus Imaginary")
    row = {"session": session, "by": "clock", "now": half_way(session)}
    for _ in range(2):
        walk_in = actions.add_walk_in(name="Gus", organisation=partner_of(session.programme), press=uuid4(), **row)
        actions.match_walk_in(walk_in=walk_in, person=person, by="clock", now=half_way(session))
        assert Attendance.objects.get().person == person
        actions.mark(subject=walk_in, kind="undo", press=uuid4(), undoes=walk_in.pk, **row)
        assert not Attendance.objects.exists()


def test_a_walk_in_becomes_a_new_person_once(client, session, coordinator):
    walk_in = walks_in(session)
    for _ in range(2):
        decide(client, session, walk_in, "new")
    person = Person.objects.get(name="Gus Imaginary")
    assert person.email is None
    assert Affiliation.objects.get(person=person).since == session.date
    assert Attendance.objects.get().person == person


def test_a_name_can_be_left_as_it_is_and_matched_later(client, session, coordinator):
    walk_in, person = walks_in(session), known(session, "Gus Imaginary")
    decide(client, session, walk_in, "leave")
    assert "Every walk-in is decided" in text_of(page_of(client, session, "walk-ins"))
    decide(client, session, walk_in, "person", person=person.pk)
    walk_in.refresh_from_db()
    assert (walk_in.person, walk_in.left_at) == (person, None)
    leave_walk_in(walk_in=walk_in, by=coordinator, now=half_way(session))
    walk_in.refresh_from_db()
    assert (walk_in.person, walk_in.left_at) == (person, None)
    assert match_to_new_person(walk_in=walk_in, by=coordinator, now=half_way(session)).person == person


def test_somebody_with_a_place_is_pointed_out_and_refused(client, session, coordinator):
    place, walk_in = somebody(session, "Gus Imaginary"), walks_in(session)
    assert "stands on this register with a place" in text_of(page_of(client, session, "walk-ins"))
    answer = decide(client, session, walk_in, "person", person=place.person_id)
    assert "This person stands on the register already." in text_of(client.get(answer["Location"]))


@pytest.mark.parametrize("decision", ["", "person", "x"])
def test_a_decision_that_is_none_changes_nothing(client, session, coordinator, decision):
    walk_in = walks_in(session)
    assert decide(client, session, walk_in, decision, person="").status_code == (404 if decision == "person" else 302)
    assert send(client, session, "walk-ins", {"walk_in": "x", "decision": "new"}).status_code == 302
    walk_in.refresh_from_db()
    assert (walk_in.person, walk_in.left_at) == (None, None)


def test_a_walk_in_is_not_matched_to_somebody_from_elsewhere(client, session, coordinator):
    walk_in, stranger = walks_in(session), AffiliationFactory().person
    assert decide(client, session, walk_in, "person", person=stranger.pk).status_code == 404
    elsewhere = walks_in(a_session())
    assert decide(client, session, elsewhere, "leave").status_code == 404


@pytest.mark.parametrize("people", [1, 3])
def test_deciding_costs_the_same_for_many(client, session, coordinator, people, django_assert_max_num_queries):
    for number in range(people):
        walks_in(session, f"Gus Imaginary{number}", OrganisationFactory())
        walks_in(session, f"Hana Madeup{number}")
        known(session, f"Hana Madeup{number}")
    with django_assert_max_num_queries(13):
        assert page_of(client, session, "walk-ins").status_code == 200


# the spreadsheet


def test_the_spreadsheet_has_everybody(client, session, coordinator):
    press(client, session, somebody(session, "Amina Alpha"), "late")
    somebody(session, "=cmd()")
    walks_in(session)
    answer = page_of(client, session, "export")
    lines = b"".join(answer).decode("utf-8-sig").splitlines()
    assert lines[0] == "Name,Organisation,Profession,Area,How,Mark,Noted"
    rows = [line.split(",") for line in lines[1:]]
    assert sorted((row[0], row[4], row[5]) for row in rows) == [
        ("'=cmd()", "Place", "Not marked"),
        ("Amina Alpha", "Place", "Attended in part"),
        ("Gus Imaginary", "Walk-in", "Attended"),
    ]
    assert Look.objects.filter(page="attendance:register-export").count() == 2
