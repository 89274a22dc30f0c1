"""The page that stands at the address of a button is one that everybody can read."""

import pytest
from django.conf import settings
from django.urls import reverse

from tests.browser import check_page, screenshot
from tests.commitments.pages import signed_in
from tests.organisations.factories import PersonFactory

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def test_the_address_of_a_button_is_read_on_a_phone_and_at_a_desk(live_server, page, phone):
    key = signed_in(PersonFactory()).cookies[settings.SESSION_COOKIE_NAME].value
    page.context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": key, "url": live_server.url}])
    page.goto(reverse("messaging:bounce-clear", args=[1]))
    check_page(page)
    screenshot(page, "address of a button")
    phone.goto(reverse("surveys:feedback-send"))
    check_page(phone)
    screenshot(phone, "address of a button, nobody known")
