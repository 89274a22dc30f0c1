"""Checking oneself in by the code in the room: with a place or without, and nothing tells which."""

from datetime import timedelta
from uuid import uuid4

import pytest
import time_machine
from django.urls import reverse
from django.utils import timezone

from accounts.links import address_of
from attendance.actions import check_in as check_ins
from attendance.actions import register as actions
from attendance.models import Attendance, CheckInCode, Mark, WalkIn
from attendance.register import standing
from attendance.views import check_in as pages
from tests.attendance.places import a_place, a_practitioner, a_session, another_day, partner_of
from tests.attendance.registers import a_coordinator, half_way, text_of
from tests.organisations.factories import OrganisationFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def session():
    return a_session(capacity=20)


@pytest.fixture(autouse=True)
def the_day(session):
    with time_machine.travel(half_way(session), tick=False) as clock:
        yield clock


@pytest.fixture
def code(session):
    return check_ins.show_code(session=session, by="clock", now=half_way(session)).code


def somebody(session, email="amina@example.org"):
    person = a_practitioner(session.programme, name="Amina Samplewood", email=email)
    return a_place(session, person, now=session.during.lower - timedelta(days=9))


def here(client, session, code, **changes):
    data = {"email": "amina@example.org", "name": "Amina", "organisation": partner_of(session.programme).pk} | changes
    return client.post(reverse("attendance:here-show", args=[code]), data)


def test_the_screen_shows_a_code_once_it_is_asked_for(client, session):
    client.force_login(a_coordinator(session))
    address = reverse("attendance:register-screen", args=[session.pk])
    assert "Show a code" in text_of(client.get(address))
    assert not CheckInCode.objects.exists()
    client.post(address)
    first = CheckInCode.objects.get().code
    page = client.get(address).content.decode()
    assert first[:3] in page
    assert "<svg" in page
    client.post(address)
    assert CheckInCode.objects.get().code != first
    assert "does not work" in text_of(client.get(reverse("attendance:here-show", args=[first])))


def test_who_has_a_place_is_marked_by_the_address(client, session, code):
    place = somebody(session)
    typed = client.post(reverse("attendance:here-code"), {"code": f" {code[:3].lower()}-{code[3:]} "})
    assert typed["Location"] == reverse("attendance:here-show", args=[code])
    assert "You are checked in" in text_of(here(client, session, code))
    here(client, session, code, name="Somebody Else", email="AMINA@example.org")
    assert Attendance.objects.get().place == place
    assert Mark.objects.get().made_by == f"accounts.person:{place.person_id}"


def test_who_has_none_is_a_walk_in_and_the_answer_is_the_same(client, session, code):
    somebody(session)
    with_place = here(client, session, code)
    without = here(client, session, code, email="gus@example.org", name="Gus Imaginary")
    again = here(client, session, code, email="gus@example.org", name="gus  imaginary")
    assert with_place.content == without.content == again.content
    walk_in = WalkIn.objects.get()
    assert (walk_in.name, walk_in.made_by) == ("Gus Imaginary", "stranger")


def test_who_stands_on_the_register_as_a_walk_in_too_is_here_already(client, session, code):
    place = somebody(session)
    here(client, session, code, email="other@example.org", name="Amina Samplewood")
    WalkIn.objects.update(person=place.person)
    Attendance.objects.update(person=place.person)
    assert "You are checked in" in text_of(here(client, session, code))
    assert Attendance.objects.get().walk_in_id


def test_who_was_undone_at_the_door_and_checks_in_again_is_here(client, session, code):
    """A slip at the door, or they were not there yet: what the page says has to be true."""
    somebody(session)
    for name, email in (("Amina", "amina@example.org"), ("Gus Imaginary", "gus@example.org")):
        for _ in range(3):
            here(client, session, code, name=name, email=email)
            assert Attendance.objects.count() == 1
            here(client, session, code, name=name, email=email)
            fact = Attendance.objects.get()
            (press,) = standing(actions._presses(fact.place or fact.walk_in))
            common = {"session": session, "subject": fact.place or fact.walk_in, "by": "clock", "now": timezone.now()}
            actions.mark(kind="undo", press=uuid4(), undoes=press.id, **common)
            assert not Attendance.objects.exists()


def test_the_page_of_the_place_takes_the_code(client, session, code):
    place = somebody(session)
    client.get(address_of(place.link))
    page = reverse("attendance:place-show", args=[place.link_id])
    assert "Are you here?" in text_of(client.get(page))
    address = reverse("attendance:place-here", args=[place.link_id])
    assert "does not work" in text_of(client.post(address, {"code": "WRONG2"}, follow=True))
    assert "You are checked in" in text_of(client.post(address, {"code": code.lower()}, follow=True))
    assert Attendance.objects.get().place == place
    assert "Are you here?" not in text_of(client.get(page))


def test_the_code_of_another_session_does_not_work_for_a_place(session):
    place, other = somebody(session), another_day(session.programme)
    other.date = session.date
    other.save()
    code = check_ins.show_code(session=other, by="clock", now=half_way(session)).code
    with pytest.raises(check_ins.CodeUnknown):
        check_ins.check_in_place(place=place, code=code, now=half_way(other))


@pytest.mark.parametrize(("minutes", "works"), [(-61, False), (-60, True), (210, True), (211, False)])
def test_a_code_works_around_the_session_alone(session, code, minutes, works):
    now = session.during.lower + timedelta(minutes=minutes)
    if works:
        assert check_ins.session_of_code(code, now) == session
    else:
        with pytest.raises(check_ins.CodeUnknown):
            check_ins.session_of_code(code, now)


def test_a_closed_register_takes_nobody(client, session, code):
    actions.close_register(session=session, by="clock", now=half_way(session))
    assert here(client, session, code).status_code == 422
    assert not Attendance.objects.exists()
    with pytest.raises(actions.RegisterIsClosed):
        check_ins.show_code(session=session, by="clock", now=half_way(session))


def test_what_is_missing_is_said_and_strangers_organisations_are_not_there(client, session, code):
    other = OrganisationFactory(name="Far Away Trust")
    answer = here(client, session, code, email="x", name="", organisation=other.pk)
    assert answer.status_code == 422
    assert "Far Away Trust" not in answer.content.decode()


def test_guessing_ends(client, session, code, monkeypatch):
    monkeypatch.setattr(pages, "PER_NETWORK", 2)
    for _ in range(2):
        assert "does not work" in text_of(client.post(reverse("attendance:here-code"), {"code": "ABC234"}))
    assert "Too many tries" in text_of(client.post(reverse("attendance:here-code"), {"code": code}))
    assert client.post(reverse("attendance:here-code"), {"code": ""}).status_code == 422
