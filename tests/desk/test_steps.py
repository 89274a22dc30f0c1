import pytest
from django.urls import reverse

from attendance.models import Invitation
from briefings.models import Programme, ProgrammeRole, SessionState
from desk.queries.reach import Reach
from desk.steps import first_steps
from tests.attendance.places import a_practitioner
from tests.briefings.factories import AppointmentFactory, PartnerFactory, ProgrammeFactory, SessionFactory
from tests.cast import NOW, a_session

pytestmark = pytest.mark.django_db


@pytest.fixture
def programme(time_machine):
    time_machine.move_to(NOW)
    return ProgrammeFactory(slug="new", every_area=False, every_profession=False)


def said(programme, eligible=0):
    return [(step.words, step.state, bool(step.url)) for step in first_steps(programme, Reach(named=eligible), NOW)]


def test_a_programme_of_nothing_says_what_comes_first(programme):
    assert said(programme) == [
        ("Choose areas and professions", "Not chosen yet", True), ("Add the partner organisations", "None yet", True),
        ("Bring in staff lists", "None yet", True), ("Plan the sessions", "None yet", True),
        ("Open them for booking", "Not yet", False),
        ("Invite people", "Not yet", False),
    ]  # fmt: skip


def test_each_step_follows_what_was_done(programme):
    programme.every_area = True
    programme.save()
    PartnerFactory(programme=programme)
    SessionFactory(programme=programme, draft=True)
    assert said(programme, 1) == [
        ("Choose areas and professions", "Begun", True), ("Add the partner organisations", "1 partner", True),
        ("Bring in staff lists", "1 person eligible", True), ("Plan the sessions", "1 session", True),
        ("Open them for booking", "0 of 1 open", True), ("Invite people", "Not yet", False),
    ]  # fmt: skip
    a_session(programme)
    assert said(programme, 1200)[-4:] == [
        ("Bring in staff lists", "1,200 people eligible", True), ("Plan the sessions", "2 sessions", True),
        ("Open them for booking", "1 of 2 open", True), ("Invite people", "Nobody yet", True),
    ]  # fmt: skip


def test_there_are_none_once_somebody_was_reached_or_a_session_was_held(programme, django_assert_num_queries):
    with django_assert_num_queries(0):
        assert first_steps(programme, Reach(named=2, invited=1), NOW) == []
    a_session(programme, state=SessionState.HELD)
    assert said(programme) == []


def test_the_overview_shows_them_to_who_plans_and_to_nobody_else(programme, client):
    page = reverse("desk:programme-show", args=["new"])
    client.force_login(AppointmentFactory(programme=programme, role=ProgrammeRole.BOARD).person)
    assert "First steps" not in client.get(page).content.decode()
    client.force_login(AppointmentFactory(programme=programme, role=ProgrammeRole.COORDINATOR).person)
    assert "First steps" in client.get(page).content.decode()
    PartnerFactory(programme=programme)
    Programme.objects.update(every_area=True, every_profession=True)
    Invitation.objects.create(programme=programme, person=a_practitioner(programme), invited_at=NOW)
    assert "First steps" not in client.get(page).content.decode()
