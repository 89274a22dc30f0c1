"""A coordinator plans, moves and cancels a session in a real browser; each page is clean for axe and 320 px wide."""

from datetime import date, timedelta

import pytest
from django.conf import settings
from django.test import Client
from django.utils import timezone

from attendance.actions.sessions import give_part
from briefings.models import Part, Session
from tests.attendance.places import a_place, a_programme, a_session
from tests.briefings.factories import AppointmentFactory, RoomFactory, VenueFactory
from tests.browser import axe, no_sideways_scroll
from tests.organisations.factories import PersonFactory

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def sign_in(page, person, live_server) -> None:
    client = Client()
    client.force_login(person)
    name = settings.SESSION_COOKIE_NAME
    page.context.add_cookies([{"name": name, "value": client.cookies[name].value, "url": live_server.url}])


def next_thursday() -> date:
    today = timezone.localdate()
    return today + timedelta(days=(3 - today.weekday()) % 7 + 14)


@pytest.fixture
def programme():
    return a_programme(slug="wren", name="One Family Plan: Wren Valley pilot")


@pytest.fixture
def coordinator(programme):
    person = PersonFactory(name="Carys Coordinator")
    AppointmentFactory(programme=programme, person=person)
    return person


@pytest.mark.walk
@pytest.mark.parametrize(("width", "javascript"), [(320, False), (1280, True)])
def test_a_session_from_the_plan_to_its_cancellation(new_page, live_server, programme, coordinator, width, javascript):
    room = RoomFactory(venue=VenueFactory(name="Tolbury Guildhall"), name="Court Room")
    other = a_session(programme, date=next_thursday(), room=room)
    give_part(session=other, person=PersonFactory(), part=Part.PRESENTER, by="clock", now=timezone.now())
    page = new_page(width=width, javascript=javascript)
    sign_in(page, coordinator, live_server)

    def looked_at() -> None:
        no_sideways_scroll(page)
        if javascript:
            axe(page)

    page.goto("/programmes/wren/sessions/")
    looked_at()
    page.get_by_role("link", name="Plan a session").click()
    page.get_by_label("Day").fill(str(next_thursday().day))
    page.get_by_label("Month").fill(str(next_thursday().month))
    page.get_by_label("Year").fill(str(next_thursday().year))
    page.get_by_label("Morning, 9:30am").check()
    page.get_by_label("Room").select_option(str(room.pk))
    page.get_by_label("How many places?").fill("20")
    page.get_by_role("button", name="Save as a draft").click()
    assert page.get_by_role("alert").get_by_role("link").inner_text().startswith("Court Room is taken by")
    looked_at()
    page.get_by_label("Afternoon, 1:30pm").check()
    page.get_by_role("button", name="Save as a draft").click()
    looked_at()
    page.get_by_role("link", name="Open for booking").click()
    looked_at()
    page.get_by_role("button", name="Open the session").click()
    session = Session.objects.get(slot="afternoon")
    assert session.state == "open"
    a_place(session, now=timezone.now())
    page.get_by_role("link", name="Move or change it").click()
    looked_at()
    later = next_thursday() + timedelta(days=7)
    page.get_by_label("Day").fill(str(later.day))
    page.get_by_label("Month").fill(str(later.month))
    page.get_by_label("Year").fill(str(later.year))
    page.get_by_role("button", name="Continue").click()
    assert "1 person is told by e-mail" in page.inner_text("main")
    looked_at()
    page.get_by_role("button", name="Change the session and tell them").click()
    assert Session.objects.get(pk=session.pk).date == later
    for address in ("agenda/", "people/", "seats/", "copy/"):
        page.goto(f"/sessions/{session.pk}/{address}")
        looked_at()
    page.goto("/programmes/wren/sessions/month/")
    looked_at()
    page.goto(f"/sessions/{session.pk}/")
    page.get_by_role("link", name="Cancel it").click()
    looked_at()
    page.get_by_label("Why is it cancelled?").fill("The venue has flooded")
    page.get_by_role("button", name="Cancel the session").click()
    assert "This session does not take place." in page.inner_text("main")
    looked_at()
