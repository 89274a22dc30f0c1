"""What was attended: the certificate's words and tags, the own record, a lead's record of the own people."""

import csv
import io
from datetime import timedelta
from uuid import uuid4

import pytest
import time_machine
from django.test import Client
from django.urls import reverse
from pypdf import PdfReader

from accounts.links import address_of
from attendance.actions import register as actions
from attendance.certificates import certificate_of, what_it_says
from attendance.models import Attendance, SeniorAttendance
from attendance.queries.record import certified
from history.models import Look
from messaging import kinds
from messaging.models import Message
from organisations.models import Affiliation
from tests.attendance.places import a_place, a_practitioner, a_session, partner_of
from tests.attendance.registers import a_coordinator, half_way, text_of
from tests.organisations.factories import AffiliationFactory, OrganisationLeadFactory, PersonFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def session():
    return a_session(capacity=20)


@pytest.fixture(autouse=True)
def the_day(session):
    with time_machine.travel(half_way(session), tick=False):
        yield


def somebody(session, name="Siân Samplewood", kind="attended"):
    """The attendance of a new practitioner, marked ``kind``."""
    before = session.during.lower - timedelta(days=9)
    place = a_place(session, a_practitioner(session.programme, name=name), now=before)
    actions.mark(session=session, subject=place, kind=kind, press=uuid4(), by="clock", now=half_way(session))
    return Attendance.objects.get(place=place)


def close(session):
    actions.close_register(session=session, by="clock", now=half_way(session))


def read(content: bytes) -> tuple[PdfReader, str]:
    reader = PdfReader(io.BytesIO(content))
    return reader, " ".join(" ".join(page.extract_text() for page in reader.pages).split())


def tags_of(reader: PdfReader) -> set[str]:
    """Return the kinds of elements in the tree of a tagged file."""
    found, waiting = set(), [reader.trailer["/Root"]["/StructTreeRoot"]]
    while waiting:
        node = waiting.pop()
        node = node.get_object() if hasattr(node, "get_object") else node
        if isinstance(node, list):
            waiting.extend(node)
        elif isinstance(node, dict):
            found.add(str(node.get("/S", "")))
            waiting.append(node.get("/K", []))
    return found


# the certificate


def test_a_certificate_says_who_what_when_and_how_long_and_is_tagged(session):
    attendance = somebody(session)
    reader, text = read(certificate_of(certified_after_closing(session, attendance)))
    for words in ("Siân Samplewood", "Thursday 26 November 2026, 9:30am to 12:30pm", "3 hours"):
        assert words in text
    assert attendance.place.reference in text
    assert session.programme.name in text
    assert reader.metadata.title.startswith("Certificate of attendance")
    root = reader.trailer["/Root"]
    assert root["/Lang"] == "en-GB"
    assert root["/MarkInfo"]["/Marked"].value is True
    assert root["/ViewerPreferences"]["/DisplayDocTitle"].value is True
    assert {"/H1", "/P", "/L", "/LI"} <= tags_of(reader)
    assert b"pdfuaid:part>1" in root["/Metadata"].get_object().get_data()


def certified_after_closing(session, attendance):
    close(session)
    return certified().get(pk=attendance.pk)


def test_who_came_in_part_reads_so(session):
    says = what_it_says(certified_after_closing(session, somebody(session, kind="left_early")))
    assert says["what"] == "attended a part of this session."
    assert ("Length", "Part of 3 hours") in says["facts"]


def test_a_name_is_text_whatever_stands_in_it(session):
    attendance = somebody(session, name='#panic("x") *Ann* O’Sample $1 "quoted"')
    _, text = read(certificate_of(certified_after_closing(session, attendance)))
    assert '#panic("x") *Ann* O’Sample $1 "quoted"' in text


def test_a_name_without_a_font_still_gets_a_certificate(session):
    content = certificate_of(certified_after_closing(session, somebody(session, name="李 Sample")))
    assert "Sample" in read(content)[1]


def test_a_walk_in_with_a_person_has_a_certificate_with_a_reference_of_its_own(session):
    walk_in = actions.add_walk_in(
        session=session, name="Gus Imaginary", organisation=partner_of(session.programme), press=uuid4(), by="clock",
        now=half_way(session),
    )  # fmt: skip
    person = PersonFactory(name="Gus Imaginary")
    assert not certified().exists()
    actions.match_walk_in(walk_in=walk_in, person=person, by="clock", now=half_way(session))
    close(session)
    own = certified().get(person=person)
    reference = dict(what_it_says(own)["facts"])["Reference"]
    assert reference.startswith(f"{session.programme.code}-W")
    assert reference in read(certificate_of(own))[1]


@pytest.mark.parametrize("kind", ["excused", "undo"])
def test_who_did_not_come_has_none(session, kind):
    if kind == "excused":
        somebody(session, kind="excused")
    else:
        a_place(session, now=session.during.lower - timedelta(days=9))
    close(session)
    assert not certified().exists()


def test_an_open_register_gives_none(session):
    somebody(session)
    assert not certified().exists()


# whose


def test_the_place_leads_to_the_certificate(client, session):
    attendance = somebody(session)
    close(session)
    client.get(address_of(attendance.place.link))
    page = client.get(reverse("attendance:place-show", args=[attendance.place.link_id]))
    assert "You attended this session" in text_of(page)
    address = reverse("attendance:place-certificate", args=[attendance.place.link_id])
    assert address in page.content.decode()
    answer = client.get(address)
    assert answer["Content-Type"] == "application/pdf"
    assert "Siân Samplewood" in read(answer.content)[1]


def test_the_place_of_who_was_absent_leads_to_none(client, session):
    place = a_place(session, now=session.during.lower - timedelta(days=9))
    close(session)
    client.get(address_of(place.link))
    assert client.get(reverse("attendance:place-certificate", args=[place.link_id])).status_code == 404


def test_the_coordinator_gives_it_and_leaves_a_trace(client, session):
    attendance = somebody(session)
    close(session)
    client.force_login(a_coordinator(session))
    address = reverse("attendance:register-certificate", args=[session.pk, attendance.pk])
    register = client.get(reverse("attendance:register-show", args=[session.pk]))
    assert address in register.content.decode()
    assert client.get(address).status_code == 200
    assert Look.objects.filter(page="attendance:register-certificate").count() == 1


def test_the_thanks_lead_to_the_page_or_to_signing_in(session):
    somebody(session)
    walk_in = actions.add_walk_in(
        session=session, name="Gus Imaginary", organisation=partner_of(session.programme), press=uuid4(), by="clock",
        now=half_way(session),
    )  # fmt: skip
    actions.match_walk_in(walk_in=walk_in, person=PersonFactory(), by="clock", now=half_way(session))
    close(session)
    mails = [kinds.find(mail.kind).render(mail).text for mail in Message.objects.filter(kind="attendance.thanks")]
    assert sum("/p/" in text and "certificate" in text for text in mails) == 1
    assert sum("/attended/" in text for text in mails) == 1


# the own record


def test_my_record_has_everything_i_attended_and_nobody_elses(client, session):
    own, other = somebody(session), somebody(session, "Beatrix Makebelieve")
    close(session)
    client.force_login(own.person)
    page = client.get(reverse("attendance:record-show"))
    assert reverse("attendance:record-certificate", args=[own.pk]) in page.content.decode()
    assert client.get(reverse("attendance:record-certificate", args=[own.pk])).status_code == 200
    assert client.get(reverse("attendance:record-certificate", args=[other.pk])).status_code == 404
    rows = list(csv.DictReader(io.StringIO(body_of(client, "attendance:record-export"))))
    assert [(row["Date"], row["Length"], row["Reference"]) for row in rows] == [
        ("2026-11-26", "3 hours", own.place.reference)
    ]


def test_a_senior_manager_has_the_sessions_that_they_covered(client, session):
    own = SeniorAttendance.objects.create(
        session=session, organisation=partner_of(session.programme), person=PersonFactory(), state="attended",
        asked_at=session.during.lower,
    )  # fmt: skip
    client.force_login(own.person)
    assert reverse("attendance:record-export") in client.get(reverse("attendance:record-show")).content.decode()
    (row,) = csv.DictReader(io.StringIO(body_of(client, "attendance:record-export")))
    assert (row["Date"], row["Length"]) == ("2026-11-26", "3 hours")
    assert row["On the day"] == f"Senior manager for {own.organisation}"


def test_an_empty_record_says_so(client):
    client.force_login(PersonFactory())
    assert "Nothing yet" in text_of(client.get(reverse("attendance:record-show")))


def body_of(client: Client, name: str, *args, **query) -> str:
    answer = client.get(reverse(name, args=args), query)
    return b"".join(answer.streaming_content).decode("utf-8-sig")


# the lead's record


@pytest.fixture
def lead(session):
    return OrganisationLeadFactory(organisation=partner_of(session.programme), person=PersonFactory()).person


def test_a_lead_sees_the_own_people_with_their_staff_numbers(client, session, lead):
    own = somebody(session)
    Affiliation.objects.filter(person=own.person).update(staff_number="007")
    absent = a_place(session, now=session.during.lower - timedelta(days=9))
    close(session)
    client.force_login(lead)
    organisation = partner_of(session.programme)
    page = text_of(client.get(reverse("attendance:staff-record", args=[organisation.pk])))
    assert "Siân Samplewood 007" in page
    rows = list(csv.DictReader(io.StringIO(body_of(client, "attendance:staff-record-export", organisation.pk))))
    found = {row["Name"]: (row["Staff number"], row["On the day"]) for row in rows}
    assert found == {"Siân Samplewood": ("007", "Attended"), absent.person.name: ("", "Absent")}
    assert Look.objects.filter(page="attendance:staff-record-export").count() == 2


def test_the_record_is_narrowed_by_name_programme_and_outcome(client, session, lead):
    somebody(session)
    somebody(session, "Beatrix Makebelieve", kind="late")
    close(session)
    client.force_login(lead)
    organisation = partner_of(session.programme)

    def names(**query):
        rows = csv.DictReader(io.StringIO(body_of(client, "attendance:staff-record-export", organisation.pk, **query)))
        return {row["Name"] for row in rows}

    assert names(q="makeb") == {"Beatrix Makebelieve"}
    assert names(outcome="attended") == {"Siân Samplewood"}
    assert len(names(programme=session.programme_id)) == 2
    assert len(names(programme="nonsense")) == 2


@pytest.mark.parametrize("people", [1, 3])
def test_the_records_need_as_many_queries_for_one_as_for_three(
    client, session, lead, people, django_assert_max_num_queries
):
    for number in range(people):
        attendance = somebody(session, f"Person {number}")
    close(session)
    client.force_login(lead)
    with django_assert_max_num_queries(15):
        client.get(reverse("attendance:staff-record", args=[partner_of(session.programme).pk]))
    client.force_login(attendance.person)
    with django_assert_max_num_queries(13):
        client.get(reverse("attendance:record-show"))


def test_people_of_another_organisation_stay_away(client, session, lead):
    other = somebody(session)
    Attendance.objects.filter(pk=other.pk).update(organisation=AffiliationFactory().organisation)
    close(session)
    client.force_login(lead)
    page = client.get(reverse("attendance:staff-record", args=[partner_of(session.programme).pk]))
    assert "Siân" not in page.content.decode()
