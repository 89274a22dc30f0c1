"""The matrix, the proposal and the grid of half-days on a narrow phone and a desk, and the grid by keyboard alone."""

from datetime import timedelta
from urllib.parse import urlsplit

import pytest
from django.urls import reverse
from django.utils import timezone

from accounts.links import address_of
from accounts.models import PersonalLink
from attendance.actions import cover
from attendance.models import Availability
from briefings.models import CoverRule
from organisations.models import Organisation
from tests.attendance.places import a_programme, a_session, partner_of
from tests.attendance.registers import a_coordinator
from tests.attendance.test_sessions_browser import sign_in
from tests.briefings.factories import MandateFactory, PartnerFactory
from tests.browser import check_page, screenshot, targets_are_large
from tests.organisations.factories import OrganisationFactory, PersonFactory

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
NAMES = ("Wrenshire Police", "Fire and Rescue Service", "Lantern Housing Trust", "NHS Wren Valley")


def a_county():
    """A programme with five partners, six sessions in the next weeks, some of them covered."""
    now = timezone.now()
    programme = a_programme(
        slug="wren", name="One Family Plan: Wren Valley pilot", cover_rule=CoverRule.AT_LEAST, cover_number=3
    )
    Organisation.objects.filter(pk=partner_of(programme).pk).update(name="Wrenshire County Council")
    for name in NAMES:
        PartnerFactory(programme=programme, organisation=OrganisationFactory(name=name))
    partners = programme.partners.order_by("pk").select_related("organisation")[:4]
    mandates = [
        MandateFactory(programme=programme, organisation=each.organisation, person=PersonFactory(name=f"Ada {letter}"))
        for each, letter in zip(partners, "BCDE", strict=True)
    ]
    monday = timezone.localdate(now) + timedelta(days=7 - timezone.localdate(now).weekday())
    sessions = [
        a_session(programme, date=monday + timedelta(days=7 * week + day)) for week in range(2) for day in range(3)
    ]
    coordinator = a_coordinator(sessions[0])
    asked = cover.ask_to_cover(
        requests=[(sessions[number], mandates[number % 3]) for number in range(5)], by=coordinator, now=now
    )
    for own in asked[:3]:
        cover.answer_coming(attendance=own, by=own.person, now=now)
    cover.answer_cannot(attendance=asked[3], by=asked[3].person, now=now)
    return programme, coordinator, mandates[0]


@pytest.mark.parametrize("width", [320, 1280])
def test_cover_fits_and_works_by_keyboard(new_page, live_server, width):
    programme, coordinator, mandate = a_county()
    page = new_page(width=width, height=800)
    sign_in(page, coordinator, live_server)
    for name in ("cover-show", "cover-ask", "cover-propose", "availability-ask"):
        page.goto(live_server.url + reverse(f"attendance:{name}", args=[programme.slug]))
        check_page(page)
        screenshot(page, f"{name}-{width}")
    page.goto(live_server.url + reverse("attendance:cover-all"))
    check_page(page)
    link = PersonalLink.objects.get(purpose="availability", person=mandate.person)
    page.goto(live_server.url + urlsplit(address_of(link)).path)
    check_page(page)
    targets_are_large(page)
    page.get_by_role("button", name="Tuesdays not").focus()
    page.keyboard.press("Enter")
    page.wait_for_url("**from=**")
    assert page.get_by_role("button", name="Tuesdays again").is_visible()
    tick = page.get_by_role("checkbox", name="Thursday", exact=False).first
    tick.focus()
    page.keyboard.press("Space")
    page.keyboard.press("Enter")
    page.get_by_text("Saved. You can change it here").wait_for()
    check_page(page)
    screenshot(page, f"availability-{width}")
    said = Availability.objects.filter(person=mandate.person, can=False)
    assert {row.date.weekday() for row in said} == {1, 3}
    assert said.filter(date__iso_week_day=4).count() == 1
