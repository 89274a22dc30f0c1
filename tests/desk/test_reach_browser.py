"""The page of reach on a narrow phone and a desk, for a coordinator and for everybody: clean for axe, and it fits."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from tests.attendance.places import a_place, a_practitioner, a_programme, a_session, partner_of
from tests.attendance.test_sessions_browser import sign_in
from tests.briefings.factories import AppointmentFactory, PartnerFactory
from tests.browser import check_page, screenshot
from tests.desk.test_reach import walk_in
from tests.organisations.factories import (
    AffiliationFactory,
    AreaFactory,
    HeadCountFactory,
    OrganisationFactory,
    OrganisationLeadFactory,
    ProfessionFactory,
)

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def a_valley():
    """A programme in which some have come in the last weeks, some not; one partner known by head-count alone."""
    today = timezone.localdate()
    programme = a_programme(slug="valley", name="One Family Plan: Wren Valley pilot", publishes_reach=True)
    nurse, officer = ProfessionFactory(name="Health visitor"), ProfessionFactory(name="Fire safety officer")
    area = AreaFactory(name="Wren Valley")
    people = [a_practitioner(programme, areas=[area], profession=nurse) for _ in range(14)]
    for weeks, found in ((5, people[:4]), (2, people[4:7])):
        session = a_session(programme, date=today - timedelta(weeks=weeks), capacity=20)
        for person in found:
            walk_in(session, partner_of(programme), person)
    later = a_session(programme, date=today + timedelta(days=9), capacity=20)
    a_place(later, people[8], now=timezone.now())
    fire = OrganisationFactory(name="Fire and Rescue Service")
    PartnerFactory(programme=programme, organisation=fire)
    OrganisationLeadFactory(organisation=fire)
    HeadCountFactory(organisation=fire, profession=officer, area=area, number=120, counted_on=today)
    AffiliationFactory(organisation=fire, areas=[area], profession=officer)
    return programme


@pytest.mark.parametrize("width", [320, 1280])
def test_reach_fits(new_page, live_server, width):
    programme = a_valley()
    page = new_page(width=width, height=800)
    address = live_server.url + reverse("desk:reach-show", args=[programme.slug])
    page.goto(address)
    check_page(page)
    screenshot(page, f"reach-public-{width}")
    sign_in(page, AppointmentFactory(programme=programme).person, live_server)
    page.goto(f"{address}?by=cell")
    check_page(page)
    screenshot(page, f"reach-{width}")
    page.get_by_role("link", name="Ask the lead").first.click()
    check_page(page)
    screenshot(page, f"lead-ask-{width}")
