"""The first page and the overview in a real browser: axe, width, targets, with and without rows."""

import pytest
import time_machine
from django.conf import settings
from django.urls import reverse

from tests.browser import check_page, screenshot, targets_are_large, walk_to
from tests.cast import NOW
from tests.desk.county import make_county

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
HOME, OVERVIEW = reverse("desk:home-show"), reverse("desk:programme-show", args=["own"])


@pytest.fixture
def county():
    with time_machine.travel(NOW, tick=True):
        yield make_county()


@pytest.fixture
def shows(live_server, client):
    """Return a function that signs somebody in, opens an address and holds it to what every page keeps."""

    def show(page, person, address: str) -> None:
        client.force_login(person)
        key = client.cookies[settings.SESSION_COOKIE_NAME].value
        page.context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": key, "url": live_server.url}])
        page.goto(address)
        check_page(page)

    return show


def test_what_waits_is_read_on_a_phone_and_at_a_desk(county, shows, page, phone):
    cast = county.cast
    phone.goto(HOME)
    check_page(phone)
    for person in (cast.senior, cast.practitioner, cast.coordinator):
        shows(phone, person, HOME)
    targets_are_large(phone)
    for person in (cast.coordinator, cast.lead, cast.administrator):
        shows(page, person, HOME)


def test_the_overview_and_what_lies_behind_it_are_read_on_a_phone_and_at_a_desk(county, shows, page, phone):
    cast = county.cast
    shows(page, cast.board, OVERVIEW)
    for address in (
        reverse("desk:person-show", args=[cast.practitioner.pk]),
        reverse("desk:session-show", args=[cast.session.pk]),
        OVERVIEW,
    ):
        shows(phone, cast.coordinator, address)
    targets_are_large(phone)
    shows(page, cast.coordinator, OVERVIEW)
    phone.get_by_role("link", name="One question has no owner").click()
    assert phone.locator("h1").inner_text() == "Questions"


def test_the_links_of_a_programme_are_found_under_their_headings(county, shows, page, phone):
    shows(page, county.cast.coordinator, OVERVIEW)
    nav = page.get_by_role("navigation", name="Programme")
    assert nav.get_by_role("link", name="Inviting").count() == 0
    walk_to(page, "People and places")
    page.keyboard.press("Enter")
    walk_to(page, "Inviting")
    with page.expect_navigation():
        page.keyboard.press("Enter")
    current = nav.locator("[aria-current=page]")
    assert current.inner_text() == "Inviting"
    assert current.is_visible()
    check_page(page)

    shows(phone, county.cast.coordinator, reverse("commitments:programme-questions", args=["own"]))
    phone.get_by_text("Programme: Questions").click()
    phone.get_by_text("Communication", exact=True).click()
    assert not phone.get_by_role("link", name="Agreements", exact=True).is_visible(), "one heading is open at a time"
    targets_are_large(phone)
    check_page(phone)
    screenshot(phone, "navigation on a phone")
    phone.get_by_role("link", name="Plan", exact=True).click()
    assert phone.locator("h1").count() == 1
