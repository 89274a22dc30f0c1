"""The register at the door, through HTTP: what it shows, each press and its undo, who may."""

from datetime import timedelta
from uuid import uuid4

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from attendance.actions import register as actions
from attendance.models import Attendance, CoverState, Engagement, Mark, Outcome, SeniorAttendance, WalkIn
from briefings.models import Part, SessionPart, SessionState
from history.models import Look
from tests.attendance.places import a_place, a_practitioner, a_session, partner_of
from tests.attendance.registers import a_coordinator, buttons, half_way, page_of, press, send, text_of
from tests.briefings.factories import MandateFactory
from tests.organisations.factories import OrganisationFactory, PersonFactory

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
    """The place of a new practitioner called ``name``, taken long before the day."""
    return a_place(session, a_practitioner(session.programme, name=name), now=session.during.lower - timedelta(days=9))


# what it shows


def test_an_empty_register_says_so(client, session, coordinator):
    page = text_of(page_of(client, session))
    assert "0 of 0 are here" in page
    assert "Nobody has a place in this session." in page
    assert "20 places are free." in page


def test_who_is_here_is_counted_of_all_who_have_a_place(client, session, coordinator):
    first, second = somebody(session, "Amina Samplewood"), somebody(session, "Beatrix Makebelieve")
    press(client, session, first)
    press(client, session, second, "late")
    somebody(session, "Dafydd O’Sample")
    page = text_of(page_of(client, session))
    assert "2 of 3 are here" in page
    assert "Not marked yet (1)" in page
    assert "Marked (2)" in page
    assert "2 marks, all saved. The last at 10:30am" in page


@pytest.mark.parametrize(
    ("find", "names"),
    [("sian", ["Siân Notreal"]), ("o’s", ["Dafydd O’Sample"]), ("wren police", ["Efua Fictwell"]), ("zzz", [])],
)
def test_a_search_takes_names_and_organisations(client, session, coordinator, find, names):
    somebody(session, "Siân Notreal")
    somebody(session, "Dafydd O’Sample")
    efua = somebody(session, "Efua Fictwell")
    efua.organisation = OrganisationFactory(name="Wrenshire Police")
    efua.save(update_fields=["organisation"])
    page = page_of(client, session, find=find)
    assert [line.name for line in page.context["expected"].lines] == names


def test_a_search_finds_who_walked_in(client, session, coordinator):
    actions.add_walk_in(
        session=session, name="Gus Imaginary", organisation=partner_of(session.programme), press=uuid4(),
        by=coordinator, now=half_way(session),
    )  # fmt: skip
    assert [line.name for line in page_of(client, session, find="imag").context["marked"].lines] == ["Gus Imaginary"]


@pytest.mark.parametrize("query", [{"find": "\x00"}, {"left": "9" * 40}, {"left": "-1", "marked": "x"}, {"last": "?"}])
def test_nonsense_in_the_address_is_no_fault(client, session, coordinator, query):
    somebody(session, "Amina Samplewood")
    assert page_of(client, session, **query).status_code == 200


def test_a_long_list_shows_more_when_asked(client, session, coordinator):
    for number in range(3):
        somebody(session, f"Amina Samplewood{number}")
    page = page_of(client, session, left=1)
    assert (len(page.context["expected"].lines), page.context["expected"].more) == (1, 2)
    assert page.context["more_expected"] == "?left=4"
    assert page_of(client, session, left=4).context["more_expected"] == ""


@pytest.mark.parametrize("people", [1, 3])
def test_the_register_costs_the_same_for_many(client, session, coordinator, people, django_assert_max_num_queries):
    for number in range(people):
        press(client, session, somebody(session, f"Amina Samplewood{number}"), "late")
        somebody(session, f"Beatrix Makebelieve{number}")
        actions.add_walk_in(
            session=session, name="Gus", organisation=partner_of(session.programme), press=uuid4(), by=coordinator,
            now=half_way(session),
        )  # fmt: skip
        SeniorAttendance.objects.create(
            session=session, organisation=OrganisationFactory(), person=PersonFactory(), asked_by="clock",
            asked_at=half_way(session),
        )  # fmt: skip
    with django_assert_max_num_queries(11):
        assert page_of(client, session).status_code == 200


@pytest.mark.parametrize(
    "sent",
    [
        {"place": ""},
        {"place": "0"},
        {"place": "-1"},
        {"place": "9" * 25},
        {"place": "9" * 5_000},
        {"place": "x\x00"},
        {"walk_in": str(uuid4())},
        {"place": "", "walk_in": "no id"},
        {"mark": "absent"},
        {"mark": "\x00"},
        {"press": "no id"},
        {"undoes": "no id"},
    ],
)
def test_what_no_button_sends_is_not_kept_and_says_so(client, session, coordinator, sent):
    place = somebody(session, "Amina Samplewood")
    sound = {"place": place.pk, "mark": "attended", "press": uuid4()}
    answer = send(client, session, "mark", sound | sent)
    assert "This press did not arrive whole." in text_of(client.get(answer["Location"]))
    assert not Mark.objects.exists()


def test_a_press_on_no_session_is_not_found(client, session, coordinator):
    place = somebody(session, "Amina Samplewood")
    for number in (session.pk + 1, 10**30):
        address = reverse("attendance:register-mark", args=[number])
        sent = {"place": place.pk, "mark": "attended", "press": uuid4()}
        assert client.post(address, sent).status_code == 404


def _appointed(session):
    return a_coordinator(session)


def _everywhere(session):
    return PersonFactory(administrator=True)


def _runs_it(session):
    person = PersonFactory()
    SessionPart.objects.create(session=session, person=person, part=Part.FACILITATOR)
    return person


@pytest.mark.parametrize(
    ("who", "statements"),
    [(_everywhere, 6), (_appointed, 7), (_runs_it, 8)],
    ids=["administrator", "coordinator", "who runs the session"],
)
@pytest.mark.parametrize("kind", ["attended", "late"])
def test_a_press_costs_so_many_statements_and_no_more(client, session, who, statements, kind):
    """Whose session, who, their roles, the session, the lock, the press with its record, the fact: a room waits."""
    place = somebody(session, "Amina Samplewood")
    client.force_login(who(session))
    press(client, session, place)
    with CaptureQueriesContext(connection) as seen:
        assert press(client, session, place, kind).status_code == 302
    own = [each["sql"] for each in seen if "SAVEPOINT" not in each["sql"]]
    assert len(own) == statements, own


def test_each_look_at_the_register_leaves_a_trace(client, session, coordinator):
    places = [somebody(session, "Amina Samplewood"), somebody(session, "Beatrix Makebelieve")]
    page_of(client, session)
    seen = set(Look.objects.filter(page="attendance:register-show").values_list("person", flat=True))
    assert seen == {f"accounts.person:{place.person_id}" for place in places}


# presses


def test_here_is_one_press_that_the_page_offers(client, session, coordinator):
    place = somebody(session, "Amina Samplewood")
    form = buttons(page_of(client, session))[0]
    assert form["marks"] == ["attended"]
    answer = send(client, session, "mark", {**form, "mark": "attended"})
    assert answer["Location"].endswith(f"?last=place-{place.pk}#saved")
    assert Attendance.objects.get().outcome == Outcome.ATTENDED
    assert "Amina Samplewood : here" in text_of(client.get(answer["Location"]))


def test_the_same_press_sent_again_changes_nothing(client, session, coordinator):
    somebody(session, "Amina Samplewood")
    form = buttons(page_of(client, session))[0]
    for _ in range(3):
        send(client, session, "mark", {**form, "mark": "attended"})
    assert (Mark.objects.count(), Attendance.objects.count()) == (1, 1)


@pytest.mark.parametrize(
    ("kind", "outcome", "words"),
    [
        ("late", Outcome.IN_PART, "Came late"),
        ("left_early", Outcome.IN_PART, "Left early"),
        ("excused", Outcome.EXCUSED, "Excused"),
    ],
)
def test_something_else_than_here(client, session, coordinator, kind, outcome, words):
    somebody(session, "Amina Samplewood")
    form = buttons(page_of(client, session))[1]
    assert form["marks"] == ["late", "left_early", "excused"]
    send(client, session, "mark", {**form, "mark": kind})
    assert Attendance.objects.get().outcome == outcome
    assert words in text_of(page_of(client, session))


def test_an_undo_takes_back_the_press_that_it_names(client, session, coordinator):
    place = somebody(session, "Amina Samplewood")
    press(client, session, place)
    form = next(form for form in buttons(page_of(client, session)) if "undo" in form["marks"])
    assert form["undoes"] == str(Mark.objects.get().pk)
    send(client, session, "mark", {**form, "mark": "undo"})
    assert Attendance.objects.count() == 0
    assert "Not marked yet (1)" in text_of(page_of(client, session))


def test_late_and_left_early_are_both_said_and_undone_one_by_one(client, session, coordinator):
    place = somebody(session, "Amina Samplewood")
    press(client, session, place, "late")
    with time_machine.travel(half_way(session) + timedelta(hours=1), tick=False):
        press(client, session, place, "left_early")
        assert "Came late and left early" in text_of(page_of(client, session))
        form = next(form for form in buttons(page_of(client, session)) if "undo" in form["marks"])
        send(client, session, "mark", {**form, "mark": "undo"})
        assert "Came late and left early" not in text_of(page_of(client, session))
    assert Attendance.objects.get().outcome == Outcome.IN_PART


def test_a_change_replaces_what_was_marked(client, session, coordinator):
    press(client, session, somebody(session, "Amina Samplewood"))
    form = next(form for form in buttons(page_of(client, session)) if form.get("instead"))
    send(client, session, "mark", {**form, "mark": "excused"})
    assert Attendance.objects.get().outcome == Outcome.EXCUSED
    assert "attended" in next(form for form in buttons(page_of(client, session)) if form.get("instead"))["marks"]


def test_two_phones_come_to_the_same_truth(session):
    place = somebody(session, "Amina Samplewood")
    phones = [Client(), Client()]
    for phone in phones:
        phone.force_login(a_coordinator(session))
    pages = [buttons(page_of(phone, session)) for phone in phones]
    send(phones[0], session, "mark", {**pages[0][0], "mark": "attended"})
    send(phones[1], session, "mark", {**pages[1][1], "mark": "late"})
    send(phones[0], session, "mark", {**pages[0][0], "mark": "attended"})  # once more, on a slow line
    assert Attendance.objects.get(place=place).outcome == Outcome.IN_PART
    shown = [text_of(page_of(phone, session)) for phone in phones]
    assert all("Came late" in page and "1 of 1 is here" in page for page in shown)


@pytest.mark.parametrize(
    "data",
    [
        {},
        {"mark": "absent", "place": "own"},
        {"mark": "attended"},
        {"mark": "attended", "place": "own", "press": "x"},
        {"mark": "attended", "place": "own", "walk_in": str(uuid4())},
        {"mark": "attended", "place": "9" * 30},
        {"mark": "undo", "place": "own"},
        {"mark": "attended\x00", "place": "own"},
    ],
)
def test_a_press_that_is_none_gets_a_sentence(client, session, coordinator, data):
    place = somebody(session, "Amina Samplewood")
    data = {"press": str(uuid4()), **data} | ({"place": place.pk} if data.get("place") == "own" else {})
    answer = send(client, session, "mark", data)
    assert answer.status_code == 302
    assert 'role="alert"' in client.get(answer["Location"]).content.decode()
    assert Mark.objects.count() == 0


def test_a_place_of_another_session_cannot_be_marked_here(client, session, coordinator):
    elsewhere = somebody(a_session(), "Amina Samplewood")
    assert press(client, session, elsewhere).status_code == 404
    nobody = {"walk_in": uuid4(), "mark": "late", "press": uuid4()}
    assert send(client, session, "mark", nobody).status_code == 404


def test_a_press_keeps_the_search_while_others_who_match_wait(client, session, coordinator):
    first, second = somebody(session, "Amina Samplewood"), somebody(session, "Bea Samplewood")
    kept = "find=samplewood&left=100&evil=1"
    assert press(client, session, first, kept=kept)["Location"].endswith(
        f"?find=samplewood&left=100&last=place-{first.pk}#saved"
    )
    assert press(client, session, second, kept=kept)["Location"].endswith(f"?left=100&last=place-{second.pk}#saved")


def test_a_closed_register_takes_no_press(client, session, coordinator):
    place = somebody(session, "Amina Samplewood")
    actions.close_register(session=session, by=coordinator, now=half_way(session))
    answer = press(client, session, place)
    page = client.get(answer["Location"])
    assert "The register is closed. Reopen it with a reason" in text_of(page)
    assert buttons(page) == []
    assert "1 is absent." in text_of(page)


# walk-ins


def add(client, session, organisation, **data):
    values = {"name": "Gus Imaginary", "press": uuid4(), **data}
    return send(client, session, "walk-in", values, f"?organisation={organisation.pk}")


def test_a_walk_in_is_an_organisation_then_a_name(client, session, coordinator):
    partner = partner_of(session.programme)
    OrganisationFactory(name="Lantern Trust")
    choosing = page_of(client, session, "walk-in")
    assert f'href="?organisation={partner.pk}"' in choosing.content.decode()
    assert "Lantern Trust" in text_of(choosing)
    assert f"Walk-in from {partner.name}" in text_of(page_of(client, session, "walk-in", organisation=partner.pk))
    answer = add(client, session, partner)
    assert WalkIn.objects.get().name == "Gus Imaginary"
    assert "and 1 walk-in" in text_of(client.get(answer["Location"]))


def test_the_same_walk_in_sent_again_is_one_and_another_name_is_another(client, session, coordinator):
    partner, own = partner_of(session.programme), uuid4()
    for name in ("Gus Imaginary", "Gus Imaginary", "Hana Madeup"):
        add(client, session, partner, name=name, press=own)
    assert sorted(WalkIn.objects.values_list("name", flat=True)) == ["Gus Imaginary", "Hana Madeup"]


@pytest.mark.parametrize(
    ("data", "sentence"),
    [({"name": " "}, "Enter the name"), ({"name": "x" * 301}, "Name must be 300 characters or less")],
)
def test_a_walk_in_needs_a_name(client, session, coordinator, data, sentence):
    answer = add(client, session, partner_of(session.programme), **data)
    assert (answer.status_code, sentence in text_of(answer)) == (422, True)


@pytest.mark.parametrize("asked", ["", "0", "x", "9" * 30, "²"])
def test_an_organisation_that_is_none_is_asked_again(client, session, coordinator, asked):
    OrganisationFactory()
    assert "Which organisation" in text_of(page_of(client, session, "walk-in", organisation=asked))
    assert send(client, session, "walk-in", {"name": "Gus"}, f"?organisation={asked}").status_code == 200
    assert WalkIn.objects.count() == 0


def test_a_walk_in_can_be_undone(client, session, coordinator):
    add(client, session, partner_of(session.programme))
    form = next(form for form in buttons(page_of(client, session)) if "undo" in form["marks"])
    send(client, session, "mark", {**form, "mark": "undo"})
    assert "0 of 0 are here" in text_of(page_of(client, session))
    assert Attendance.objects.count() == 0


def test_a_walk_in_can_leave_early_but_not_be_excused(client, session, coordinator):
    add(client, session, partner_of(session.programme))
    form = next(form for form in buttons(page_of(client, session)) if form.get("instead"))
    assert form["marks"] == ["late", "left_early"]
    send(client, session, "mark", {**form, "mark": "left_early"})
    assert Attendance.objects.get().outcome == Outcome.IN_PART


def test_nobody_walks_into_a_closed_register(client, session, coordinator):
    actions.close_register(session=session, by=coordinator, now=half_way(session))
    answer = add(client, session, partner_of(session.programme))
    assert (answer.status_code, "The register is closed" in text_of(answer)) == (422, True)


# senior managers


def a_senior(session, **columns) -> SeniorAttendance:
    mandate = MandateFactory(programme=session.programme, organisation=partner_of(session.programme))
    return SeniorAttendance.objects.create(
        session=session, organisation=mandate.organisation, person=mandate.person, asked_by="clock",
        asked_at=half_way(session) - timedelta(days=20), **columns,
    )  # fmt: skip


def test_a_senior_manager_who_was_asked_is_marked_and_unmarked(client, session, coordinator):
    own = a_senior(session, answered_at=half_way(session), state=CoverState.COMING)
    Engagement.objects.create(person=own.person, session=session, during=session.during)
    page = page_of(client, session)
    mandate = page.context["seniors"][0].mandate
    answer = send(client, session, "senior", {"mandate": mandate.pk})
    assert answer["Location"].endswith("#seniors")
    own.refresh_from_db()
    assert own.state == CoverState.ATTENDED
    client.post(reverse("attendance:register-senior-undo", args=[session.pk, own.pk]))
    own.refresh_from_db()
    assert own.state == CoverState.COMING


def test_another_senior_manager_comes_by_mandate(client, session, coordinator):
    mandate = MandateFactory(programme=session.programme, organisation=partner_of(session.programme))
    assert f"{mandate.organisation.name}: {mandate.person.name}" in text_of(page_of(client, session))
    send(client, session, "senior", {"mandate": mandate.pk})
    assert SeniorAttendance.objects.get().state == CoverState.ATTENDED


def test_a_mandate_of_another_programme_is_no_choice(client, session, coordinator):
    answer = send(client, session, "senior", {"mandate": MandateFactory().pk})
    assert "Choose a senior manager from the list." in text_of(client.get(answer["Location"]))
    assert SeniorAttendance.objects.count() == 0


def test_a_senior_manager_cannot_have_come_before_the_day(client, session, coordinator):
    mandate = MandateFactory(programme=session.programme, organisation=partner_of(session.programme))
    with time_machine.travel(session.during.lower - timedelta(days=1), tick=False):
        answer = send(client, session, "senior", {"mandate": mandate.pk})
        page = text_of(client.get(answer["Location"]))
    assert "Who came can be noted from the day of the session on." in page


def test_a_senior_manager_without_a_mandate_on_the_day_has_no_button(client, session, coordinator):
    own = a_senior(session)
    own.person.mandates.update(until=session.date)
    assert "No mandate on this day" in text_of(page_of(client, session))


# who may


@pytest.mark.parametrize("part", list(Part))
@pytest.mark.parametrize(("days", "status"), [(-1, 404), (0, 200), (1, 404)])
def test_who_runs_this_session_keeps_its_register_on_its_day_alone(client, session, part, days, status):
    person = PersonFactory()
    SessionPart.objects.create(session=session, person=person, part=part)
    somebody(session, "Amina Samplewood")
    with time_machine.travel(half_way(session) + timedelta(days=days), tick=False):
        client.force_login(person)
        assert page_of(client, session).status_code == status
        assert page_of(client, session, "sheet").status_code == status
        assert page_of(client, a_session()).status_code == 404
        linked = reverse("attendance:register-show", args=[session.pk])
        seen = client.get(reverse("attendance:session-show", args=[session.pk])).content.decode()
        assert (f'href="{linked}"' in seen) == (status == 200)


@pytest.mark.parametrize("name", ["export", "close", "reopen", "walk-ins"])
def test_what_comes_afterwards_is_for_coordinators(client, session, name):
    person = PersonFactory()
    SessionPart.objects.create(session=session, person=person, part=Part.FACILITATOR)
    client.force_login(person)
    assert page_of(client, session, name).status_code == 404
    assert f"register/{name}" not in page_of(client, session).content.decode()


def test_who_runs_it_marks_and_adds(client, session):
    person = PersonFactory()
    SessionPart.objects.create(session=session, person=person, part=Part.PRESENTER)
    client.force_login(person)
    press(client, session, somebody(session, "Amina Samplewood"))
    add(client, session, partner_of(session.programme))
    assert Attendance.objects.count() == 2


@pytest.mark.parametrize("state", [SessionState.DRAFT, SessionState.CANCELLED])
def test_a_session_that_is_not_held_has_no_register(client, session, coordinator, state):
    type(session).objects.filter(pk=session.pk).update(state=state)
    assert page_of(client, session).status_code == 404


def test_somebody_who_stands_there_twice_is_a_sentence(client, session, coordinator):
    """A walk-in was matched to somebody who took a place afterwards: one fact for each person and session."""
    place = somebody(session, "Amina Samplewood")
    walk_in = actions.add_walk_in(
        session=session, name="Amina", organisation=place.organisation, press=uuid4(), by="clock", now=half_way(session)
    )
    WalkIn.objects.update(person=place.person)
    Attendance.objects.update(person=place.person)
    for kind in ("attended", "late"):
        answer = press(client, session, place, kind)
        assert answer.status_code == 302
        assert "stands on this register twice" in text_of(client.get(answer["Location"]))
    assert Attendance.objects.get().walk_in == walk_in
