"""A bilateral share from one short form: ready to invite, or a plain sentence and nothing made."""

import re
from datetime import UTC, date, datetime

import pytest
import time_machine
from django.core.files.uploadedfile import SimpleUploadedFile

from accounts.models import Person
from attendance.models import SeatCount
from briefings.models import Programme, Session, SessionState, Venue
from briefings.queries import affiliations_in_scope
from communications.forms.listed_people import read_people
from communications.models import PlannedItem
from messaging.models import Message
from organisations.models import Affiliation, Organisation, Profession
from tests.briefings.factories import RoomFactory, SessionFactory, VenueFactory
from tests.organisations.factories import AffiliationFactory, OrganisationFactory, PersonFactory

TWO = ("Tolbury City Council", "Wren Valley NHS Trust")
NOW = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)
LIST = "\n".join(
    f"Person {letter}, {letter}@example.org, {'Tolbury' if number % 2 else 'WVNT'}, Health visitor"
    for number, letter in enumerate("abcdefghij")
)


def answers(**changes):
    return {
        "name": "School attendance data", "purpose": "The trust sees who misses school.",
        "first_organisation": TWO[0], "second_organisation": TWO[1], "people": LIST,
        "date_day": "26", "date_month": "11", "date_year": "2026", "slot": "morning",
        "place": "Guildhall\n1 High Street\nTolbury", "capacity": "12",
        "contact_name": "Carys", "contact_email": "carys@example.org", **changes,
    }  # fmt: skip


@pytest.fixture
def administrator(client, db):
    with time_machine.travel(NOW):
        person = PersonFactory(administrator=True)
        client.force_login(person)
        yield person


def send(client, **changes):
    return client.post("/programmes/bilateral/", answers(**changes))


# --- the list


@pytest.mark.parametrize(
    "line",
    [
        "Amina Samplewood, amina@example.org, Tolbury City Council, Social worker",
        "Amina Samplewood\tAMINA@example.org\ttolbury city council\tSocial worker",
        "Amina Samplewood; amina@example.org; Social worker; TCC",
        "Amina Samplewood <amina@example.org>, Tolbury, Social worker",
        "\"Amina Samplewood\", amina@example.org, 'Tolbury', Social worker",
        "Name, E-mail, Organisation, Profession\n\nAmina Samplewood|amina@example.org|Tolbury|Social worker",
    ],
)
def test_a_line_is_read_however_it_was_typed(line):
    people, problems = read_people(line, TWO)
    assert problems == []
    assert [(p.name, p.email, p.organisation, p.profession) for p in people] == [
        ("Amina Samplewood", "amina@example.org", TWO[0], "Social worker")
    ]


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("Amina, Tolbury", "Line 1: there is no e-mail address. Write name, e-mail address, organisation, profession"),
        ("Amina, a@b, Tolbury", "Line 1: a@b is not an e-mail address in the form name@example.org"),
        ("a@example.org", "Line 1: there is no name beside a@example.org"),
        ("Amina, a@example.org, Police", f"Line 1: say whether Amina works for {TWO[0]} or {TWO[1]}"),
        ("A, a@example.org, TCC\nB, A@example.org, TCC", "Line 2: a@example.org stands on line 1 already"),
        ("Am\x00ina, a@example.org, TCC", "Line 1: there is a character that cannot be seen. Type the line again"),
        ("x" * 301 + ", a@example.org, TCC", "Line 1: the name or the profession is too long. Shorten it"),
        ("x\n" * 201, "The list has 201 lines. Enter at most 200, or import a staff list"),
    ],
)
def test_a_line_that_cannot_be_used_is_named(line, sentence):
    assert read_people(line, TWO)[1] == [sentence]


# --- the page


def test_one_form_makes_everything_ready_to_invite(client, administrator):
    sent = send(client)
    assert sent["Location"] == "/programmes/school-attendance-data/ready/"
    programme = Programme.objects.get()
    session = Session.objects.get()
    assert (programme.scale, session.state, session.capacity) == ("bilateral", SessionState.OPEN, 12)
    assert (session.room.venue.name, session.room.venue.address) == ("Guildhall", "1 High Street\nTolbury")
    assert SeatCount.objects.get().capacity == 12
    assert affiliations_in_scope(programme, NOW.date()).count() == 10
    assert set(programme.partners.values_list("organisation__name", flat=True)) == set(TWO)
    page = client.get(sent["Location"]).content.decode()
    assert "Invite 10 people" in page
    assert "Three stages are planned: agree until 25 November 2026, share until 23 December 2026" in page


def test_a_second_press_makes_no_second_share(client, administrator):
    assert 'name="press"' in client.get("/programmes/bilateral/").content.decode()
    for _ in range(2):
        assert send(client, press="6ba7b810-9dad-11d1-80b4-00c04fd430c8").status_code == 302
    assert Programme.objects.count() == 1


def test_a_share_has_three_stages_and_a_plan_that_its_coordinator_owns(client, administrator):
    send(client)
    programme, session = Programme.objects.get(), Session.objects.get()
    stages = list(programme.stages.values_list("kind", "name", "starts_on", "ends_on"))
    assert stages == [
        ("design", "Agree", date(2026, 11, 2), date(2026, 11, 25)),
        ("go_live", "Share", date(2026, 11, 26), date(2026, 12, 23)),
        ("review", "Review", date(2026, 12, 24), date(2027, 1, 11)),
    ]
    items = list(PlannedItem.objects.order_by("due_on").values_list("means", "due_on", "owner", "session", "done_at"))
    assert items == [
        ("message", date(2026, 11, 9), administrator.pk, None, None),
        ("session", date(2026, 11, 26), administrator.pk, session.pk, None),
        ("message", date(2027, 1, 11), administrator.pk, None, None),
    ]
    assert not Message.objects.exists()
    assert (programme.cover_rule, programme.reminder_days, programme.invitation_reminder_days) == ("none", [1], [5])


def test_each_side_can_have_a_session_of_its_own(client, administrator):
    sent = send(client, second_date_day="26", second_date_month="11", second_date_year="2026", second_slot="afternoon")
    assert sent.status_code == 302
    first, second = Session.objects.order_by("during")
    assert [session.title for session in (first, second)] == [f"School attendance data: for {name}" for name in TWO]
    assert (first.room, first.slot, second.slot) == (second.room, "morning", "afternoon")
    told = PlannedItem.objects.filter(means="session").order_by("session__during")
    assert [(item.session, item.organisations.get().name) for item in told] == [(first, TWO[0]), (second, TWO[1])]


def test_a_session_today_or_late_keeps_the_stages_in_order(client, administrator):
    send(client, date_day="2", slot="afternoon", second_date_day="29", second_date_month="1", second_date_year="2027")
    days = list(Programme.objects.get().stages.values_list("starts_on", "ends_on"))
    assert days[0] == (date(2026, 11, 2), date(2027, 1, 29)), "nothing is left to agree beforehand"
    first = Session.objects.earliest("during")
    assert PlannedItem.objects.get(session=first).stage.kind == "go_live"


def test_what_comes_before_a_session_after_a_weekend_ends_on_the_friday(client, administrator):
    send(client, date_day="9")
    days = list(Programme.objects.get().stages.values_list("starts_on", "ends_on"))
    assert days[0] == (date(2026, 11, 2), date(2026, 11, 6))
    assert days[1][0] == date(2026, 11, 9)


def test_the_form_has_at_most_25_fields(client, administrator):
    page = client.get("/programmes/bilateral/").content.decode()
    form = page[page.index('<form method="post"') : page.rindex("</form>")]
    named = set(re.findall(r'<(?:input|select|textarea)[^>]*\bname="([^"]+)"', form)) - {"csrfmiddlewaretoken", "press"}
    fields = {re.sub(r"_(day|month|year)$", "", name) for name in named}
    assert len(fields) == 16
    assert len(fields) <= 25


def test_who_and_what_is_known_is_taken(client, administrator):
    council = OrganisationFactory(name="TOLBURY city council")
    known = PersonFactory(name="Known Already", email="a@example.org")
    tie = AffiliationFactory(person=known, organisation=council)
    Profession.objects.filter(pk=tie.profession_id).update(name="health VISITOR")
    room = RoomFactory(capacity=30)
    assert send(client, people=LIST.replace("WVNT", "Tolbury"), place="", room=room.pk).status_code == 302
    assert Organisation.objects.count() == 2
    assert (Person.objects.get(email="a@example.org").name, Profession.objects.count()) == ("Known Already", 1)
    assert Affiliation.objects.filter(person=known).count() == 1
    assert Session.objects.get().room == room


def test_without_a_profession_every_profession_is_in_scope(client, administrator):
    send(client, people="Amina, a@example.org, Tolbury", place="", online_link="https://example.org/meet")
    programme = Programme.objects.get()
    assert (programme.every_profession, affiliations_in_scope(programme, NOW.date()).count()) == (True, 1)


@pytest.mark.parametrize(
    ("content", "made"),
    [
        (LIST.encode("utf-8-sig"), 302),
        (LIST.encode("utf-16"), 302),
        ("Zoë, z@example.org, Tolbury".encode("cp1252"), 302),
        (b"PK\x03\x04\x00", 422),
        (b"x" * 200_001, 422),
    ],
)
def test_a_file_does_instead_of_the_list(client, administrator, content, made):
    assert send(client, people="", people_file=SimpleUploadedFile("people.csv", content)).status_code == made


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"people": ""}, "Enter the people to brief, or choose a file"),
        ({"people": "nobody"}, "Line 1: there is no e-mail address"),
        ({"second_organisation": "TOLBURY CITY COUNCIL"}, "Enter another organisation: a share has two sides"),
        ({"place": ""}, "Choose a room, enter another place, or a link to take part online"),
        ({"place": "x" * 201}, "at most 200 characters for the name"),
        ({"date_year": "2025"}, "The date must be 2 November 2026 or later"),
        ({"capacity": "9" * 30}, "must be 10000 or less"),
        ({"room": "9" * 30}, "Choose from the options shown"),
        ({"name": "a\x00b"}, "cannot be seen"),
        (
            {"second_date_day": "26", "second_date_month": "11", "second_date_year": "2026"},
            "Choose another day or half-day for the second organisation",
        ),
        ({"date_year": "9999"}, "The date must be 2 November 2046 or earlier"),
        ({"second_date_day": "26"}, "The second day must include a month and a year"),
    ],
)
def test_what_is_wrong_is_said_and_nothing_is_made(client, administrator, changes, sentence):
    before = Person.objects.count()
    sent = send(client, **changes)
    assert sent.status_code == 422
    assert sentence in sent.content.decode()
    assert (Programme.objects.count(), Organisation.objects.count(), Person.objects.count()) == (0, 0, before)
    assert "The trust sees who misses school." in sent.content.decode()


def test_a_room_that_is_taken_or_a_venue_that_is_known_undoes_everything(client, administrator):
    room = SessionFactory(room=RoomFactory(capacity=30)).room
    VenueFactory(name="Guildhall")
    before = (Programme.objects.count(), Organisation.objects.count(), Venue.objects.count())
    assert send(client, place="", room=room.pk).status_code == 422
    assert "There is a venue of this name already" in send(client).content.decode()
    assert (Programme.objects.count(), Organisation.objects.count(), Venue.objects.count()) == before


def test_only_who_may_start_programmes_gets_the_form(client, db):
    client.force_login(PersonFactory())
    assert client.get("/programmes/bilateral/").status_code == 403
