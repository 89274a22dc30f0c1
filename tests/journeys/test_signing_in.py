"""Signing in through the mailbox, adding an authenticator app, being refused elsewhere, ending another session."""

import pytest

from messaging.delivery import deliver_due
from tests.accounts.factories import PersonFactory
from tests.accounts.signing_in import CODE, app_code
from tests.browser import axe, no_sideways_scroll
from tests.organisations.factories import OrganisationFactory, OrganisationLeadFactory

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("outbox")]


@pytest.fixture
def outbox(settings):
    settings.EMAIL_BACKEND = "messaging.backends.OutboxBackend"


def code_from_mailbox(page) -> str:
    """Open the newest mail in the trial's mailbox, as a person does, and return its code."""
    deliver_due()
    other = page.context.new_page()
    other.goto("/mailbox/")
    other.get_by_role("link", name="Your code").first.click()
    text = other.locator("main").inner_text()
    other.close()
    return CODE.search(text).group()


def sign_in(page, address: str) -> None:
    page.goto("/sign-in/")
    page.get_by_label("E-mail address").fill(address)
    page.get_by_role("button", name="Send me a code").click()
    page.get_by_label("Code from the e-mail").fill(code_from_mailbox(page))
    page.get_by_role("button", name="Sign in").click()


def looked_at(page) -> None:
    axe(page)
    no_sideways_scroll(page)


def test_a_lead_signs_in_adds_an_app_and_ends_another_session(new_page):
    lead = PersonFactory(name="Beatrix Makebelieve", email="beatrix@example.org")
    OrganisationLeadFactory(person=lead, organisation=OrganisationFactory(name="Hearthside Homes"))
    elsewhere = OrganisationFactory(name="Wrenshire Police")

    phone = new_page(width=320, height=740)
    phone.goto("/sign-in/")
    looked_at(phone)
    phone.get_by_role("button", name="Send me a code").click()
    phone.get_by_role("link", name="Enter your e-mail address").click()
    assert phone.evaluate("document.activeElement.name") == "email"
    looked_at(phone)
    sign_in(phone, lead.email)

    desk = new_page(javascript=False)
    sign_in(desk, lead.email)
    desk.get_by_role("link", name="Your account").click()
    assert "Organisation lead" in desk.locator("main").inner_text()
    desk.get_by_role("link", name="Add an authenticator app").click()
    desk.get_by_text("I cannot use the camera").click()
    secret = desk.locator("code").text_content().replace(" ", "")
    desk.get_by_label("Code that the app shows").fill(app_code(secret))
    desk.get_by_role("button", name="Add the app").click()
    assert desk.get_by_role("heading", name="Your recovery codes").is_visible()
    recovery = desk.locator("main li code").first.text_content()

    refused = desk.goto(f"/organisations/{elsewhere.pk}/")
    assert refused.status in (403, 404)

    desk.goto("/account/sessions/")
    desk.get_by_role("button", name="End").click()
    assert desk.get_by_text("That session has ended").is_visible()
    phone.goto("/account/")
    assert phone.get_by_role("heading", name="Sign in").is_visible()

    sign_in(phone, lead.email)
    looked_at(phone)
    phone.get_by_label("Code from your authenticator app").fill(recovery)
    phone.get_by_role("button", name="Sign in").click()
    for address in (
        "/account/",
        "/account/sessions/",
        "/account/authenticator/",
        "/account/sessions/end-others/",
        "/sign-out/",
    ):
        phone.goto(address)
        looked_at(phone)
