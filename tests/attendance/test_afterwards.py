"""After the day: the papers of a session for those who came, and why somebody could not, for their lead alone."""

from datetime import timedelta
from uuid import uuid4

import pytest
import time_machine
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from accounts.links import address_of
from attendance.actions import afterwards
from attendance.actions import register as actions
from attendance.models import AbsenceReason, Material
from briefings.models import Part, Session, SessionPart, SessionState
from messaging import kinds
from messaging.models import Message
from tests.attendance.places import a_place, a_practitioner, a_session, partner_of
from tests.attendance.registers import a_coordinator, half_way, text_of
from tests.organisations.factories import OrganisationLeadFactory, PersonFactory
from tests.organisations.test_uploads import PDF

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def uploads(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    return tmp_path


@pytest.fixture
def session():
    return a_session(capacity=20)


@pytest.fixture(autouse=True)
def the_day(session):
    with time_machine.travel(half_way(session), tick=False):
        yield


def somebody(session, kind="", name="Amina Samplewood"):
    before = session.during.lower - timedelta(days=9)
    place = a_place(session, a_practitioner(session.programme, name=name), now=before)
    if kind:
        actions.mark(session=session, subject=place, kind=kind, press=uuid4(), by="clock", now=half_way(session))
    return place


def close(session):
    actions.close_register(session=session, by="clock", now=half_way(session))


def a_paper(session, title="The slides") -> Material:
    file = SimpleUploadedFile("slides.pdf", PDF)
    return afterwards.add_material(session=session, file=file, title=title, by=PersonFactory(), now=half_way(session))


# papers


def test_a_coordinator_adds_and_removes_a_paper(client, session, uploads, django_capture_on_commit_callbacks):
    client.force_login(a_coordinator(session))
    address = reverse("attendance:material-list", args=[session.pk])
    assert "There is none yet" in text_of(client.get(address))
    client.post(address, {"file": SimpleUploadedFile("The slides.pdf", PDF), "title": ""})
    paper = Material.objects.get()
    assert (paper.title, paper.content_type, paper.size) == ("The slides", "application/pdf", len(PDF))
    assert "The slides" in text_of(client.get(address))
    assert len([path for path in uploads.rglob("*") if path.is_file()]) == 1
    with django_capture_on_commit_callbacks(execute=True):
        client.post(reverse("attendance:material-remove", args=[session.pk, paper.pk]))
    assert not Material.objects.exists()
    assert [path for path in uploads.rglob("*") if path.is_file()] == []


def test_who_presents_may_add_and_others_may_not(client, session):
    presenter = PersonFactory()
    client.force_login(presenter)
    address = reverse("attendance:material-list", args=[session.pk])
    assert client.get(address).status_code == 404
    SessionPart.objects.create(session=session, person=presenter, part=Part.PRESENTER)
    assert client.get(address).status_code == 200
    assert address in client.get(reverse("attendance:session-show", args=[session.pk])).content.decode()


def test_a_file_that_is_not_taken_is_explained_on_the_page(client, session):
    client.force_login(a_coordinator(session))
    address = reverse("attendance:material-list", args=[session.pk])
    answer = client.post(address, {"file": SimpleUploadedFile("x.pdf", b"<html>"), "title": "Kept words"})
    assert answer.status_code == 422
    assert "not a pdf file" in text_of(answer)
    assert "Kept words" in answer.content.decode()
    assert client.post(address, {}).status_code == 422


def test_there_are_never_too_many_and_none_for_a_cancelled_session(session, monkeypatch):
    monkeypatch.setattr(afterwards, "MOST_MATERIALS", 1)
    a_paper(session)
    with pytest.raises(afterwards.TooManyMaterials):
        a_paper(session)
    Session.objects.filter(pk=session.pk).update(state=SessionState.CANCELLED)
    with pytest.raises(afterwards.NotHeld):
        a_paper(session)


def test_who_came_gets_it_as_a_download_and_who_did_not_gets_nothing(client, session):
    paper = a_paper(session)
    came, absent = somebody(session, "late"), somebody(session)
    client.get(address_of(came.link))
    assert "The slides" in text_of(client.get(reverse("attendance:place-show", args=[came.link_id])))
    answer = client.get(reverse("attendance:place-material", args=[came.link_id, paper.pk]))
    assert b"".join(answer.streaming_content) == PDF
    assert answer["Content-Disposition"] == 'attachment; filename="slides.pdf"'
    assert answer["X-Content-Type-Options"] == "nosniff"
    client.get(address_of(absent.link))
    assert "The slides" not in text_of(client.get(reverse("attendance:place-show", args=[absent.link_id])))
    assert client.get(reverse("attendance:place-material", args=[absent.link_id, paper.pk])).status_code == 404


def test_a_link_opens_the_papers_of_its_own_session_alone(client, session):
    place = somebody(session, "attended")
    other = a_paper(a_session(session.programme, room=None, online_link="https://x.example.org"))
    client.get(address_of(place.link))
    assert client.get(reverse("attendance:place-material", args=[place.link_id, other.pk])).status_code == 404


def test_signed_in_the_papers_stand_beside_what_was_attended(client, session):
    paper, place = a_paper(session), somebody(session, "attended")
    close(session)
    address = reverse("attendance:record-material", args=[paper.pk])
    client.force_login(place.person)
    assert address in client.get(reverse("attendance:record-show")).content.decode()
    assert b"".join(client.get(address).streaming_content) == PDF
    client.force_login(PersonFactory())
    assert client.get(address).status_code == 404


def test_the_thanks_name_the_papers_where_there_are_some(session):
    somebody(session, "attended")
    close(session)

    def text():
        mail = Message.objects.get(kind="attendance.thanks")
        return kinds.find(mail.kind).render(mail).text

    assert "papers" not in text()
    a_paper(session)
    assert "the papers of the session" in text()


# why not


@pytest.fixture
def missed(client, session):
    place = somebody(session)
    close(session)
    client.get(address_of(place.link))
    return place


def test_who_was_missed_says_why_and_the_lead_alone_reads_it(client, session, missed):
    page = client.get(reverse("attendance:place-show", args=[missed.link_id]))
    address = reverse("attendance:place-absence", args=[missed.link_id])
    assert address in page.content.decode()
    assert client.post(address, {}).status_code == 422
    client.post(address, {"code": "needed"})
    client.post(address, {"code": "leave"})
    assert AbsenceReason.objects.get().code == "leave"
    lead = OrganisationLeadFactory(organisation=partner_of(session.programme), person=PersonFactory()).person
    client.force_login(lead)
    record = [partner_of(session.programme).pk]
    assert "I was on leave" in text_of(client.get(reverse("attendance:staff-record", args=record)))
    answer = client.get(reverse("attendance:staff-record-export", args=record))
    assert "I was on leave" in b"".join(answer.streaming_content).decode()
    coordinator = a_coordinator(session)
    client.force_login(coordinator)
    for name, args in (
        ("attendance:register-show", [session.pk]),
        ("attendance:session-places", [session.pk]),
        ("desk:session-show", [session.pk]),
        ("desk:person-show", [missed.person_id]),
        ("attendance:person-show", [session.programme.slug, missed.person_id]),
    ):
        answer = client.get(reverse(name, args=args))
        assert answer.status_code == 200, name
        assert "on leave" not in answer.content.decode(), name
    assert client.get(reverse("attendance:staff-record", args=record)).status_code == 404


@pytest.mark.parametrize(
    ("kind", "before", "after"),
    [
        ("", "Booked", "Absent"),
        ("excused", "Booked", "Excused"),
        ("late", "Attended in part", "Attended in part"),
        ("attended", "Attended", "Attended"),
    ],
)
def test_after_the_day_the_page_of_a_place_says_what_was(client, session, kind, before, after):
    """Nobody is told that they were absent before the register is closed, nor when it is open again."""
    place = somebody(session, kind)
    client.get(address_of(place.link))
    own = reverse("attendance:place-show", args=[place.link_id])
    state = f"My place {before} "
    assert state in text_of(client.get(own))
    close(session)
    assert f"My place {after} " in text_of(client.get(own))
    assert ("You were excused" in text_of(client.get(own))) == (kind == "excused")
    assert ("You were not there" in text_of(client.get(own))) == (not kind)
    actions.reopen_register(session=session, reason="A mistake", by="clock", now=half_way(session))
    assert state in text_of(client.get(own))


def test_who_was_not_missed_has_nothing_to_explain(client, session):
    place = somebody(session, "attended")
    close(session)
    client.get(address_of(place.link))
    assert client.get(reverse("attendance:place-absence", args=[place.link_id])).status_code == 302
    with pytest.raises(afterwards.WasNotMissed):
        afterwards.say_why_absent(place=place, code="leave", by=place.person, now=half_way(session))


def test_the_mail_to_who_was_missed_leads_there(session, missed):
    mail = Message.objects.get(kind="attendance.missed")
    assert "Only the lead of your organisation sees it" in kinds.find(mail.kind).render(mail).text


def test_no_reason_names_health():
    words = " ".join(label.lower() for _, label in AbsenceReason.code.field.choices)
    assert not any(word in words for word in ("ill", "sick", "health", "medical", "doctor", "hospital"))
