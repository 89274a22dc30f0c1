"""Agreements in a real browser: read and signed on a phone from the mailed link, with the keyboard, with axe."""

from urllib.parse import urlsplit

import pytest
import time_machine
from django.conf import settings
from django.urls import reverse

from accounts.links import address_of
from commitments.actions import agreements as actions
from commitments.models import Endorsement, SeniorAsked
from tests.browser import check_page, targets_are_large
from tests.commitments.agreeing import REVIEW, WORDS, Partners
from tests.commitments.factories import NOW
from tests.commitments.pages import signed_in

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.browser]


@pytest.fixture(autouse=True)
def _today():
    with time_machine.travel(NOW, tick=True):
        yield


@pytest.fixture
def cast(transactional_db):
    return Partners(is_public=True)


def enter(page, person) -> None:
    """Sign ``person`` in on ``page`` by a code entered just now."""
    cookie = signed_in(person, fresh=True).cookies[settings.SESSION_COOKIE_NAME].value
    page.context.clear_cookies()
    page.goto("/help/")
    page.context.add_cookies(
        [{"name": settings.SESSION_COOKIE_NAME, "value": cookie, "url": page.url.removesuffix("help/")}]
    )


def go(page, name, *args) -> None:
    page.goto(reverse(f"commitments:{name}", args=args))


def test_a_new_version_is_read_on_a_phone_and_signed_with_the_keyboard(cast, new_page):
    phone = new_page(width=320, height=700)
    first = cast.proposed()
    cast.signed(first, cast.chief)
    own = first.agreement
    actions.draft_version(
        agreement=own, words=WORDS.replace("five", "ten"), review_on=REVIEW, by=cast.coordinator, now=NOW
    )
    second = cast.propose(own)
    asked = SeniorAsked.objects.get(asked__version=second, person=cast.chief.person)
    phone.goto(urlsplit(address_of(asked.link)).path)
    check_page(phone)
    targets_are_large(phone)
    assert phone.locator("ins").inner_text().split() == ["[put", "in:", "ten", "]"]
    assert phone.locator("del").inner_text().split() == ["[taken", "out:", "five", "]"]
    enter(phone, cast.chief.person)
    go(phone, "endorsement-sign", own.pk)
    check_page(phone)
    targets_are_large(phone)
    phone.get_by_role("button", name="Sign").focus()
    phone.keyboard.press("Enter")
    phone.get_by_text("There is a problem").wait_for()
    check_page(phone)
    assert phone.title().startswith("Error: ")
    phone.get_by_role("radio", name="Endorsed", exact=True).focus()
    phone.keyboard.press("Space")
    phone.keyboard.press("Tab")
    phone.keyboard.press("Tab")
    assert phone.evaluate("document.activeElement.name") == "statement"
    phone.keyboard.press("Space")
    phone.keyboard.press("Tab")
    phone.keyboard.press("Enter")
    phone.wait_for_url("**/agreements/*/")
    check_page(phone)
    assert "Signed for Police: endorsed" in phone.inner_text("main")
    assert Endorsement.objects.filter(version=second).get().mandate == cast.chief


def test_the_matrix_and_the_other_pages_keep_the_rules_of_every_page(cast, new_page):
    narrow, wide = new_page(width=320, height=700), new_page(width=1280)
    version = cast.proposed()
    cast.signed(version, cast.chief, "declined", note="Ten days are realistic, five are not.")
    cast.signed(version)
    actions.put_in_use(agreement=version.agreement, since=NOW.date(), by=cast.coordinator, now=NOW)
    draft = cast.drafted("A draft " + "with a word that is very long " * 5 + "x" * 90)
    for page in (narrow, wide):
        enter(page, cast.coordinator)
        for name, arg in (
            ("programme-agreements", cast.programme.slug),
            ("agreement-matrix", cast.programme.slug),
            ("agreement-show", version.agreement_id),
            ("agreement-propose", draft.pk),
        ):
            go(page, name, arg)
            check_page(page)
    go(narrow, "agreement-matrix", cast.programme.slug)
    region = narrow.get_by_role("region", name="What each partner says of each agreement")
    region.focus()
    for _ in range(5):
        narrow.keyboard.press("ArrowRight")
    narrow.wait_for_function("document.querySelector('.scroll').scrollLeft > 0")
    narrow.context.clear_cookies()
    for name, args in (("agreed-list", [cast.programme.slug]), ("endorsement-steps", [])):
        go(narrow, name, *args)
        check_page(narrow)
