"""The component page in a browser: everybody can use what every page is made of."""

import pytest

from tests.browser import check_page, targets_are_large

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
FOOT = ["/privacy/", "/cookies/"]


@pytest.mark.parametrize(("width", "scheme"), [(320, "light"), (1280, "dark")])
def test_every_component_can_be_used_by_everybody(new_page, width, scheme):
    page = new_page(width=width, color_scheme=scheme)
    page.goto("/components/")
    check_page(page)
    targets_are_large(page)


def test_each_line_of_the_summary_lands_on_a_control_without_javascript(new_page):
    page = new_page(width=360, javascript=False)
    page.goto("/components/")
    page.locator("#id_submit").click()
    assert page.title().startswith("Error: ")
    targets = [link.get_attribute("href") for link in page.locator(".errors a").all()]
    assert len(targets) == 8
    for target in targets:
        page.locator(f".errors a[href='{target}']").first.click()
        page.keyboard.press("Shift+Tab")
        page.keyboard.press("Tab")
        assert page.locator(f"input{target}:focus, select{target}:focus, textarea{target}:focus").count() == 1


def test_a_page_with_errors_is_clean(new_page):
    page = new_page(width=320)
    page.goto("/components/")
    page.locator("#id_submit").click()
    page.wait_for_selector(".errors")
    check_page(page)


@pytest.mark.parametrize("address", [*FOOT, "/nowhere/"])
def test_foot_pages_are_clean(phone, address):
    phone.goto(address)
    check_page(phone)
    targets_are_large(phone)
