"""What a newcomer sees of the invented county, in a browser; the pictures of the README are taken here."""

import pytest
from django.conf import settings
from django.test import Client
from django.utils import timezone

from briefings.models import Session
from config.demo.story import tell_story
from tests import tools
from tests.browser import check_page

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.browser, pytest.mark.walk]


def sign_in(page, person, url):
    browser = Client()
    browser.force_login(person)
    key = browser.cookies[settings.SESSION_COOKIE_NAME].value
    page.context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": key, "url": url}])


def test_the_county_can_be_looked_at(new_page, live_server):
    cast = tell_story(now=timezone.now()).cast
    desk, phone = new_page(width=1280), new_page(width=360)
    today = Session.objects.get(date=timezone.localdate())
    for page, who, name, path in (
        (desk, "coordinator", "overview", "/programmes/one-family-plan/"),
        (desk, "coordinator", "cover", "/programmes/one-family-plan/cover/"),
        (desk, "coordinator", "questions", "/programmes/one-family-plan/questions/"),
        (phone, "facilitator", "register", f"/sessions/{today.pk}/register/"),
    ):
        sign_in(page, cast[who], live_server.url)
        page.goto(path)
        tools.SCREENSHOTS.mkdir(exist_ok=True)
        page.screenshot(path=tools.SCREENSHOTS / f"county-{name}.png")
        check_page(page)
