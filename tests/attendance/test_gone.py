"""A session that was cancelled, or has begun, between the page and the press: no dead end, but why it is gone."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from accounts.links import make_link, token_of
from attendance.actions.sessions import cancel_session
from attendance.models import Invitation
from briefings.models import Session, SessionState
from history.actions import CLOCK
from tests.attendance.places import a_place, a_practitioner, a_programme, a_session, another_day, partner_of
from tests.organisations.factories import OrganisationLeadFactory

pytestmark = pytest.mark.django_db

CANCELLED, BEGUN = "This session was cancelled. Choose another one.", "it is not open, or it has begun"


@pytest.fixture
def session():
    return a_session(a_programme(is_public=True), date=(timezone.now() + timedelta(days=20)).date())


def _cancel(session):
    cancel_session(session=session, reason="Snow", by=CLOCK, now=timezone.now())


def _begin(session):
    Session.objects.filter(pk=session.pk).update(
        during=(timezone.now() - timedelta(hours=1), timezone.now() + timedelta(hours=2))
    )


def _by_invitation(client, session):
    now, person = timezone.now(), a_practitioner(session.programme)
    made = Invitation.objects.create(programme=session.programme, person=person, invited_at=now)
    made.link = make_link(purpose="invitation", person=person, about=made, ends_at=now + timedelta(days=60), now=now)
    made.save(update_fields=["link"])
    client.get(f"/i/{token_of(made.link)}/")
    return reverse("attendance:invitation-take", args=[made.link_id, session.pk])


def _by_swap(client, session):
    now = timezone.now()
    other = another_day(session.programme, date=(now + timedelta(days=25)).date())
    place = a_place(other, now=now)
    client.get(f"/p/{token_of(place.link)}/")
    return reverse("attendance:place-change", args=[place.link_id, session.pk])


def _by_lead(client, session):
    organisation = partner_of(session.programme)
    client.force_login(OrganisationLeadFactory(organisation=organisation).person)
    return reverse("attendance:team-book", args=[organisation.pk, session.pk])


def _by_everybody(client, session):
    return reverse("attendance:session-book", args=[session.pk])


@pytest.mark.parametrize("way", [_by_invitation, _by_swap, _by_lead, _by_everybody])
@pytest.mark.parametrize("method", ["get", "post"])
def test_who_wanted_a_session_that_was_cancelled_is_told_and_led_to_others(client, session, way, method):
    page = way(client, session)
    assert client.get(page).status_code == 200
    _cancel(session)
    answer = getattr(client, method)(page, {"email": "somebody@example.org", "rule": "fit"}, follow=True)
    assert (answer.status_code, len(answer.redirect_chain)) == (200, 1)
    assert CANCELLED in answer.content.decode()


@pytest.mark.parametrize("way", [_by_lead, _by_everybody])
def test_who_wanted_a_session_that_has_begun_is_told(client, session, way):
    page = way(client, session)
    _begin(session)
    assert BEGUN in client.post(page, {"email": "somebody@example.org"}, follow=True).content.decode()


@pytest.mark.parametrize("way", [_by_invitation, _by_swap, _by_lead, _by_everybody])
def test_a_draft_and_a_session_of_others_are_found_by_nobody(client, session, way):
    page = way(client, session)
    strange = a_session(a_programme(is_public=False))
    assert client.get(page.replace(f"/{session.pk}/", f"/{strange.pk}/")).status_code == 404
    Session.objects.filter(pk=session.pk).update(state=SessionState.DRAFT)
    assert client.get(page).status_code == 404
