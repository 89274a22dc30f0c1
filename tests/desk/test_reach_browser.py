"""The page of reach on a narrow phone and a desk, for a coordinator and for everybody: clean for axe, and it fits."""

from datetime import timedelta

import pytest
import time_machine
from django.urls import reverse
from django.utils import timezone

from attendance.messages.lead_requests import LEAD_ASKED
from messaging.models import Message
from tests.attendance.places import a_place, a_practitioner, a_programme, a_session, partner_of
from tests.attendance.test_sessions_browser import sign_in
from tests.briefings.factories import AppointmentFactory, PartnerFactory
from tests.browser import check_page, no_sideways_scroll, screenshot, walk_to
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
    trust = OrganisationFactory(name="NHS Wren Valley")
    PartnerFactory(programme=programme, organisation=trust)
    HeadCountFactory(organisation=trust, profession=nurse, area=area, number=12, counted_on=today)
    council = OrganisationFactory(name="Wrenshire County Council")
    PartnerFactory(programme=programme, organisation=council)
    HeadCountFactory(organisation=council, profession=nurse, area=area, number=40, counted_on=today)
    session = a_session(programme, date=today - timedelta(weeks=1), capacity=20)
    for own in (trust, council):
        for tie in [AffiliationFactory(organisation=own, areas=[area], profession=nurse) for _ in range(6)]:
            walk_in(session, own, tie.person)
    return programme


def at_both_widths(page, name: str) -> None:
    page.set_viewport_size({"width": 1280, "height": 800})
    no_sideways_scroll(page)
    screenshot(page, f"{name}-1280")
    page.set_viewport_size({"width": 320, "height": 800})
    check_page(page)
    screenshot(page, f"{name}-320")


def test_reach_fits_and_each_gap_leads_on(new_page, live_server):
    """Public with some hidden, then the coordinator's, from each kind of gap by keyboard to what mends it."""
    programme = a_valley()
    address = live_server.url + reverse("desk:reach-show", args=[programme.slug])
    page = new_page(width=1280, height=800)
    with time_machine.travel(timezone.now() + timedelta(days=32)):  # what everybody reads is of the first of the month
        page.goto(address)
        assert page.get_by_text("5 of 40, 13 %").is_visible()
        assert page.get_by_text("not shown", exact=True).count() == 3
        assert page.get_by_text("3 organisations are not shown").is_visible()
        at_both_widths(page, "reach-public")
    sign_in(page, AppointmentFactory(programme=programme).person, live_server)
    page.goto(f"{address}?by=cell")
    at_both_widths(page, "reach-cells")
    walk_to(page, "Invite the 6 who were never reached of")
    page.keyboard.press("Enter")
    page.wait_for_url("**who=new**")
    assert "of 6 eligible people will be invited" in page.inner_text("main")
    for name in ("organisations", "professions", "areas", "gap"):  # carried, not asked
        assert page.locator(f"input[name={name}][type=hidden]").count() == 1
    check_page(page)
    page.go_back()
    walk_to(page, "Ask the lead of Fire and Rescue Service")
    page.keyboard.press("Enter")
    page.wait_for_url("**missing=120**")
    assert "120 of 120 eligible people" in page.inner_text("main")
    check_page(page)
    walk_to(page, "Send the request")
    page.keyboard.press("Enter")
    page.get_by_text("The request goes to Fire and Rescue Service").wait_for()
    assert Message.objects.filter(kind=LEAD_ASKED).count() == 1
    page.goto(f"{address}?by=profession")
    walk_to(page, "By organisation")
    page.keyboard.press("Enter")
    page.get_by_text("Ask the lead").first.wait_for()
