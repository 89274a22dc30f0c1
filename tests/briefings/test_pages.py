"""The pages of a programme: what they say, what they keep, who gets them."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from briefings.models import Appointment, Mandate, Partner, Programme, ProgrammeRole, Room, Venue
from history.models import Look
from tests.briefings.factories import (
    AppointmentFactory,
    MandateFactory,
    PartnerFactory,
    ProgrammeFactory,
    RoomFactory,
    SessionFactory,
    VenueFactory,
)
from tests.organisations.factories import (
    AffiliationFactory,
    AreaFactory,
    OrganisationFactory,
    PersonFactory,
    ProfessionFactory,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def programme():
    return ProgrammeFactory(name="Wren Valley", slug="wren-valley")


@pytest.fixture
def coordinator(programme, client):
    person = AppointmentFactory(programme=programme).person
    client.force_login(person)
    return person


def url(name, programme, *more):
    return reverse(f"briefings:{name}", args=[programme.slug, *more])


def text_of(response):
    return response.content.decode()


def test_an_administrator_starts_a_programme_with_four_answers(client):
    client.force_login(PersonFactory(administrator=True))
    page = client.get("/programmes/start/")
    assert page.status_code == 200
    answers = {"name": "Wren Valley", "scale": "pilot", "purpose": "One plan", "nation": "scotland"}
    sent = client.post("/programmes/start/", answers)
    assert sent["Location"] == "/programmes/wren-valley/set-up/"
    made = Programme.objects.get()
    assert (made.name, made.scale, made.purpose, made.nation) == ("Wren Valley", "pilot", "One plan", "scotland")


def test_nothing_said_gives_sentences_and_keeps_what_was_right(client):
    client.force_login(PersonFactory(administrator=True))
    sent = client.post("/programmes/start/", {"purpose": "One plan\x00", "scale": "huge"})
    assert sent.status_code == 422
    assert "Enter the name of the programme" in text_of(sent)
    assert "One plan" in text_of(sent)
    assert Programme.objects.count() == 0


def test_a_coordinator_starts_no_programme(client, coordinator):
    assert client.get("/programmes/start/").status_code == 403


def test_everybody_reads_about_a_public_programme_and_nobody_of_another(client, programme):
    now = timezone.now()
    SessionFactory(programme=programme, date=(now + timedelta(days=30)).date(), title="First date")
    page = client.get("/programmes/wren-valley/")
    assert "First date" in text_of(page)
    assert "Eligible" not in text_of(page)
    Programme.objects.update(is_public=False)
    assert client.get("/programmes/wren-valley/").status_code == 404


def test_the_list_shows_the_own_programmes_only(client, programme, coordinator):
    ProgrammeFactory(name="Somebody else’s")
    text = text_of(client.get("/programmes/"))
    assert "Wren Valley" in text
    assert "Somebody else’s" not in text
    assert "No programme called" in text_of(client.get("/programmes/", {"q": "nowhere\x00"}))


def test_the_task_list_says_what_is_missing_and_what_is_done(client, coordinator, programme):
    Programme.objects.update(purpose="", every_area=False)
    text = text_of(client.get(url("set-up-show", programme)))
    for words in ("Purpose missing", "No partner yet", "Areas missing", "1 role", "Nobody yet", "Usual values"):
        assert words in text, words
    Programme.objects.update(purpose="x", every_area=True, answer_days=20)
    MandateFactory(programme=programme, organisation=PartnerFactory(programme=programme).organisation)
    text = text_of(client.get(url("set-up-show", programme)))
    for words in ("1 partner", "1 of 1 partners", "Your values"):
        assert words in text, words


@pytest.mark.parametrize(
    ("task", "answers", "values"),
    [
        (
            "purpose",
            {"scale": "major", "purpose": "p", "nation": "scotland", "starts_on_day": "7",
             "starts_on_month": "Jan", "starts_on_year": "2027"},
            {"scale": "major", "is_public": False},
        ),
        (
            "half-days",
            {"morning_starts": "9am", "morning_ends": "12", "afternoon_starts": "1.30pm", "afternoon_ends": "16:00"},
            {},
        ),
        ("reminders", {"reminder_days": "1 and 7"},
         {"reminder_days": [7, 1], "invitation_reminder_days": []}),
        ("places", {"places_rule": "unlimited"}, {"places_rule": "unlimited"}),
        ("service-standard", {"acknowledge_days": "3", "answer_days": "15"}, {"answer_days": 15}),
        ("cover", {"cover_rule": "share", "cover_number": "50"}, {"cover_rule": "share", "cover_number": 50}),
        ("cover", {"cover_rule": "none", "cover_number": "50"}, {"cover_rule": "none", "cover_number": None}),
        ("voice", {"name": "New", "contact_email": "team@example.org", "what_to_bring": "a\r\nb"},
         {"name": "New", "contact_email": "team@example.org", "what_to_bring": "a\nb"}),
    ],
)  # fmt: skip
def test_each_task_is_answered_on_its_own_page(client, coordinator, programme, task, answers, values):
    address = url("set-up-change", programme, task)
    assert client.get(address).status_code == 200
    sent = client.post(address, answers)
    assert (sent.status_code, sent["Location"]) == (302, url("set-up-show", programme))
    programme.refresh_from_db()
    assert {name: getattr(programme, name) for name in values} == values


@pytest.mark.parametrize(
    ("task", "answers", "sentence"),
    [
        ("half-days", {"morning_starts": "12pm", "morning_ends": "9am"}, "A morning must end after it starts"),
        ("reminders", {"reminder_days": "soon"}, "Enter numbers of working days, for example 5, 1"),
        ("reminders", {"reminder_days": "0"}, "each from 1 to 60"),
        ("service-standard", {"acknowledge_days": "9", "answer_days": "3"}, "Enter 9 or more"),
        ("cover", {"cover_rule": "at_least"}, "Enter how many partners, for example 2"),
        ("cover", {"cover_rule": "share", "cover_number": "101"}, "from 1 to 100 per cent"),
        ("voice", {"contact_email": "nobody"}, "Enter an e-mail address in the form name@example.org"),
    ],
)
def test_a_wrong_answer_gets_a_plain_sentence(client, coordinator, programme, task, answers, sentence):
    sent = client.post(url("set-up-change", programme, task), answers)
    assert sent.status_code == 422
    assert sentence in text_of(sent)


def test_there_is_no_task_of_another_name(client, coordinator, programme):
    assert client.get(url("set-up-change", programme, "nothing")).status_code == 404


def test_scope_keeps_what_another_coordinator_ticked_meanwhile(client, coordinator, programme):
    here, meanwhile, mine = ProfessionFactory(), ProfessionFactory(), ProfessionFactory()
    programme.professions.set([here, meanwhile])
    sent = client.post(
        url("scope-change", programme),
        {"every_area": "yes", "every_profession": "no", "professions": [mine.pk], "was_professions": f"{here.pk},x"},
    )
    assert sent.status_code == 302
    assert set(programme.professions.all()) == {meanwhile, mine}


def test_only_some_areas_needs_one(client, coordinator, programme):
    AreaFactory(parent=AreaFactory())
    assert client.get(url("scope-change", programme)).status_code == 200
    sent = client.post(url("scope-change", programme), {"every_area": "no", "every_profession": "yes"})
    assert "Tick at least one area, or choose every area" in text_of(sent)


def test_partners_join_change_and_go(client, coordinator, programme):
    organisation = OrganisationFactory()
    add = url("partner-add", programme)
    assert organisation.name in text_of(client.get(add))
    day = {"since_day": "1", "since_month": "6", "since_year": "2026"}
    assert client.post(add, {"organisations": [organisation.pk], **day})["Location"] == url("partner-list", programme)
    partner = Partner.objects.get()
    assert organisation.name in text_of(client.get(url("partner-list", programme)))
    change = url("partner-change", programme, partner.pk)
    until = {"until_day": "1", "until_month": "5", "until_year": "2026"}
    assert "must be after the day on which it joins" in text_of(client.post(change, {**day, **until}))
    assert client.post(change, day).status_code == 302
    remove = url("partner-remove", programme, partner.pk)
    mandate = MandateFactory(programme=programme, organisation=organisation)
    assert client.get(remove).status_code == 200
    assert "End the mandate first" in text_of(client.post(remove))
    mandate.delete()
    assert client.post(remove).status_code == 302
    assert Partner.objects.count() == 0


def test_a_role_is_given_to_somebody_unknown_by_name_and_address(client, coordinator, programme):
    add = url("role-add", programme)
    assert client.get(add).status_code == 200
    sent = client.post(add, {"role": "board", "email": "New@Example.org"})
    assert "Enter the full name" in text_of(sent)
    assert client.post(add, {"role": "board", "email": "New@Example.org", "name": "Nia New"}).status_code == 302
    held = Appointment.objects.get(role=ProgrammeRole.BOARD)
    assert (held.person.name, held.person.email) == ("Nia New", "new@example.org")


def test_a_known_person_is_found_and_chosen(client, coordinator, programme):
    seen = AffiliationFactory(
        organisation=PartnerFactory(programme=programme).organisation, person=PersonFactory(name="Amina Found")
    ).person
    hidden = PersonFactory(name="Amina Hidden")
    text = text_of(client.get(url("role-add", programme), {"q": "amina"}))
    assert "Amina Found" in text
    assert "Amina Hidden" not in text
    assert seen.email in text_of(client.get(url("role-add", programme), {"person": seen.pk}))
    assert hidden.email not in text_of(client.get(url("role-add", programme), {"person": hidden.pk}))
    assert client.get(url("mandate-add", programme), {"person": "9" * 40}).status_code == 200


def test_the_last_coordinator_cannot_be_ended_and_is_told_why(client, coordinator, programme):
    held = Appointment.objects.get(person=coordinator)
    end = url("role-end", programme, held.pk)
    assert client.get(end).status_code == 200
    assert "A programme needs a coordinator" in text_of(client.post(end))
    other = AppointmentFactory(programme=programme)
    assert other.person.name in text_of(client.get(url("role-list", programme)))
    assert client.post(end)["Location"] == "/programmes/"


def test_a_mandate_is_recorded_listed_and_ended(client, coordinator, programme):
    partner = PartnerFactory(programme=programme)
    assert partner.organisation.name in text_of(client.get(url("mandate-list", programme)))
    answers = {
        "organisation": partner.organisation_id, "email": "gus@example.org", "name": "Gus Director",
        "job_title": "Director", "since_day": "1", "since_month": "6", "since_year": "2026",
        "confirmed_by": "The chief executive", "confirmed_on_day": "1", "confirmed_on_month": "6",
        "confirmed_on_year": "2026",
    }  # fmt: skip
    assert client.get(url("mandate-add", programme)).status_code == 200
    assert client.post(url("mandate-add", programme), answers).status_code == 302
    mandate = Mandate.objects.get()
    assert "The chief executive" in text_of(client.get(url("mandate-list", programme)))
    assert "End that one first" in text_of(client.post(url("mandate-add", programme), answers))
    assert client.get(url("mandate-end", programme, mandate.pk)).status_code == 200
    assert client.post(url("mandate-end", programme, mandate.pk)).status_code == 302
    mandate.refresh_from_db()
    assert mandate.until == timezone.localdate()


def test_all_answers_stand_on_one_page(client, coordinator, programme):
    text = text_of(client.get(url("set-up-check", programme)))
    for words in ("Every area", "9:30am to 12:30pm", "5 and 1 working days before", "Acknowledged within 2 working"):
        assert words in text, words


# --- people


def test_the_people_page_counts_lists_filters_and_traces(client, coordinator, programme):
    organisation = PartnerFactory(programme=programme).organisation
    area = AreaFactory()
    nurse = AffiliationFactory(organisation=organisation, areas=[AreaFactory(parent=area)])
    AffiliationFactory(organisation=organisation)
    AffiliationFactory()
    page = client.get(url("person-list", programme))
    assert "2 people are eligible" in text_of(page)
    assert Look.objects.count() == 2
    for chosen in ({"area": area.pk}, {"profession": nurse.profession_id}, {"q": nurse.person.email}):
        text = text_of(client.get(url("person-list", programme), chosen))
        assert "2 people are eligible" in text, chosen
        assert "1 to 1 of 1" in text, chosen
    for nonsense in ({"area": "x" * 300, "page": "-9", "q": "a\x00"}, {"organisation": "9" * 40}):
        assert client.get(url("person-list", programme), nonsense).status_code == 200


def test_who_is_not_in_scope_stands_with_the_reason_and_only_who_may_be_seen(client, coordinator, programme):
    seen = MandateFactory(programme=programme, person=PersonFactory(name="Seen Senior")).person
    AffiliationFactory(person=seen)
    AffiliationFactory(person=PersonFactory(name="Hidden Person"))
    text = text_of(client.get(url("person-others", programme)))
    assert "Seen Senior" in text
    assert "Not in scope: organisation" in text
    assert "Hidden Person" not in text


def test_the_download_has_a_line_for_each_and_no_formula(client, coordinator, programme):
    organisation = PartnerFactory(programme=programme).organisation
    AffiliationFactory(organisation=organisation, person=PersonFactory(name="=SUM(A1)", email="sum@example.org"))
    lines = b"".join(client.get(url("person-download", programme)).streaming_content).decode().splitlines()
    assert len(lines) == 2
    assert lines[1].startswith("'=SUM(A1),sum@example.org,")
    assert Look.objects.count() == 1


@pytest.mark.parametrize("name", ["person-list", "person-others"])
def test_as_many_queries_for_three_people_as_for_one(client, coordinator, programme, name):
    def add():
        partner = OrganisationFactory()
        PartnerFactory(programme=programme, organisation=partner)
        AffiliationFactory(organisation=partner, areas=[AreaFactory()])
        AffiliationFactory(person=MandateFactory(programme=programme).person, areas=[AreaFactory()])

    client.get(url(name, programme))  # the first request writes the session
    counts = []
    for number in (1, 2):
        for _ in range(number):
            add()
        with CaptureQueriesContext(connection) as seen:
            assert client.get(url(name, programme)).status_code == 200
        counts.append(len(seen))
    assert counts[0] == counts[1]


# --- venues


def test_venues_are_added_found_changed(client, coordinator):
    add = client.post("/venues/add/", {"name": "Eastmarsh Library", "address": "2 Example Street\r\nEastmarsh"})
    venue = Venue.objects.get()
    assert (add["Location"], venue.address) == (f"/venues/{venue.pk}/", "2 Example Street\nEastmarsh")
    assert "Eastmarsh Library" in text_of(client.get("/venues/", {"q": "example eastmarsh"}))
    assert "Nothing matches" in text_of(client.get("/venues/", {"q": "nowhere"}))
    assert client.get("/venues/add/").status_code == 200
    assert "There is a venue of this name" in text_of(client.post("/venues/add/", {"name": "eastmarsh library"}))
    assert client.get(f"/venues/{venue.pk}/change/").status_code == 200
    assert client.post(f"/venues/{venue.pk}/change/", {"name": "Library"}).status_code == 302
    assert "Library" in text_of(client.get(f"/venues/{venue.pk}/"))


def test_rooms_are_added_changed_removed(client, coordinator):
    venue = VenueFactory()
    client.post(f"/venues/{venue.pk}/rooms/add/", {"name": "Hall", "capacity": "30"})
    room = Room.objects.get()
    assert "Holds 30 people" in text_of(client.get(f"/venues/{venue.pk}/"))
    for address in ("rooms/add/", f"rooms/{room.pk}/", f"rooms/{room.pk}/remove/"):
        assert client.get(f"/venues/{venue.pk}/{address}").status_code == 200
    assert client.post(f"/venues/{venue.pk}/rooms/{room.pk}/", {"name": "Hall", "capacity": "0"}).status_code == 422
    assert client.post(f"/venues/{venue.pk}/rooms/{room.pk}/", {"name": "Hall", "capacity": "9"}).status_code == 302
    assert client.post(f"/venues/{venue.pk}/rooms/{room.pk}/remove/").status_code == 302
    used = RoomFactory(venue=venue)
    SessionFactory(room=used, date=datetime(2027, 3, 1, tzinfo=UTC).date())
    assert "stays in the list" in text_of(client.post(f"/venues/{venue.pk}/rooms/{used.pk}/remove/"))


def test_a_practitioner_keeps_no_venues(client):
    client.force_login(PersonFactory())
    assert client.get("/venues/").status_code == 403
