"""The matrix, the proposal and the grid of half-days on a narrow phone and a desk, and the grid by keyboard alone."""

from datetime import timedelta
from io import BytesIO
from urllib.parse import urlsplit

import pytest
from django.urls import reverse
from django.utils import timezone
from pypdf import PdfReader

from accounts.links import address_of
from accounts.models import PersonalLink
from attendance.actions import cover
from attendance.models import Availability, CoverState, SeniorAttendance
from briefings.models import CoverRule
from organisations.models import Organisation
from tests import tools
from tests.attendance.places import a_programme, a_session, partner_of
from tests.attendance.registers import a_coordinator
from tests.attendance.test_phone_browser import until
from tests.attendance.test_sessions_browser import sign_in
from tests.briefings.factories import MandateFactory, PartnerFactory
from tests.browser import check_page, no_sideways_scroll, screenshot, targets_are_large, walk_to
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


def looked_at(page, name: str, address: str) -> None:
    """Open a page and look at it on a desk and on a narrow phone."""
    page.set_viewport_size({"width": 1280, "height": 800})
    page.goto(address)
    no_sideways_scroll(page)
    screenshot(page, f"{name}-1280")
    page.set_viewport_size({"width": 320, "height": 800})
    check_page(page)
    screenshot(page, f"{name}-320")


def test_cover_fits_and_works_by_keyboard(new_page, live_server):
    programme, coordinator, mandate = a_county()
    page = new_page(width=1280, height=800)
    sign_in(page, coordinator, live_server)

    def address(name: str, *more) -> str:
        return live_server.url + reverse(f"attendance:{name}", args=[programme.slug, *more])

    apologies = SeniorAttendance.objects.get(state=CoverState.APOLOGIES)
    looked_at(page, "cover-propose", address("cover-propose"))
    looked_at(page, "cover-rules", address("cover-rules"))
    looked_at(page, "cover-next", address("cover-next", apologies.pk))
    looked_at(page, "availability-ask", address("availability-ask"))
    looked_at(page, "cover-all", live_server.url + reverse("attendance:cover-all"))
    looked_at(page, "cover-show", address("cover-show"))

    # On paper every session is a line of its own, with words instead of links.
    pdf = PdfReader(BytesIO(page.pdf(format="A4")))
    words = " ".join(" ".join(each.extract_text() for each in pdf.pages).split())
    assert words.count("too few") == 6
    assert "Apologies" in words
    assert "Download as a spreadsheet" not in words
    (tools.SCREENSHOTS / "cover-show.pdf").write_bytes(page.pdf(format="A4"))

    # From the matrix to the request by keyboard alone: the arrows move the matrix, a gap leads to asking for it.
    walk_to(page, "Senior managers by organisation and session")
    page.keyboard.press("ArrowRight")
    until(page, "document.activeElement.scrollLeft > 0")
    walk_to(page, "Nobody")
    page.keyboard.press("Enter")
    page.wait_for_url("**/ask/**")
    assert page.locator("input:checked").count() == 2  # the session and the organisation of the gap
    check_page(page)
    screenshot(page, "cover-ask-320")
    walk_to(page, "Ask them by e-mail")
    page.keyboard.press("Enter")
    page.wait_for_url("**/cover/")

    # When somebody can come, by keyboard alone.
    link = PersonalLink.objects.get(purpose="availability", person=mandate.person)
    page.goto(live_server.url + urlsplit(address_of(link)).path)
    check_page(page)
    targets_are_large(page)
    walk_to(page, "Tuesdays not")
    page.keyboard.press("Enter")
    page.wait_for_url("**from=**")
    assert page.get_by_role("button", name="Tuesdays again").is_visible()
    walk_to(page, "Thursday ")
    page.keyboard.press("Space")
    page.keyboard.press("Enter")
    page.get_by_text("Saved. You can change it here").wait_for()
    check_page(page)
    screenshot(page, "availability-320")
    said = Availability.objects.filter(person=mandate.person, can=False)
    assert {row.date.weekday() for row in said} == {1, 3}
    assert said.filter(date__iso_week_day=4).count() == 1
