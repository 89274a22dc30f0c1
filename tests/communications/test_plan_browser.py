"""The plan and a stage on a narrow phone, a desk and paper: clean for axe, it fits, and a keyboard plans an item."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from accounts.models import Person
from communications.actions.plan import Audience, fulfil_item, plan_item
from communications.actions.stages import add_stage
from tests.attendance.places import a_practitioner, a_programme, a_session
from tests.attendance.test_sessions_browser import sign_in
from tests.briefings.factories import AppointmentFactory
from tests.browser import check_page, screenshot, targets_are_large
from tests.organisations.factories import PersonFactory, ProfessionFactory

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def a_pilot():
    """A programme between its first and its last stage: something told, something late, something to come."""
    now, today = timezone.now(), timezone.localdate()
    programme = a_programme(slug="valley", name="One Family Plan: Wren Valley pilot")
    carys = AppointmentFactory(programme=programme, person=PersonFactory(name="Carys Coordinator")).person
    nurse, officer = ProfessionFactory(name="Health visitor"), ProfessionFactory(name="Fire safety officer")
    for number in range(6):
        a_practitioner(programme, profession=nurse if number % 2 else officer)
    Person.objects.filter(pk=carys.pk).update(is_administrator=True)
    common = {"programme": programme, "owner": carys, "by": carys, "now": now}
    days = [timedelta(days=number) for number in (-90, -31, -30, 60, 61, 100)]
    stages = [
        add_stage(kind=kind, starts_on=today + days[2 * place], ends_on=today + days[2 * place + 1], **common)
        for place, kind in enumerate(("design", "pilot", "review"))
    ]
    for weeks in (1, 2, 3, 5, 8):
        a_session(programme, date=today + timedelta(weeks=weeks))
    told = None
    for stage, words, days, means in (
        (0, "That a new way of working is being designed, and how to have a say", -60, "message"),
        (1, "The concept and the operating procedures", -8, "session"),
        (1, "What is being asked, and the first answers", 12, "message"),
        (2, "What people said, and what became of it", 80, "post"),
    ):
        item = plan_item(
            stage=stages[stage], words=words, means=means, due_on=today + timedelta(days=days), owner=carys, by=carys,
            now=now, audience=Audience(professions=[nurse]) if means == "message" else None,
        )  # fmt: skip
        told = told or fulfil_item(item=item, words="In the chief officers’ letter", by=carys, now=now)
    return programme, carys, stages


@pytest.mark.parametrize("width", [1280, 320])
def test_the_pages_are_clean_and_fit(new_page, live_server, width):
    programme, carys, stages = a_pilot()
    page = new_page(width=width, height=900)
    sign_in(page, carys, live_server)
    for name, args in (
        ("plan-show", []), ("stage-show", [stages[1].pk]), ("item-add", [stages[1].pk]), ("stage-add", []),
        ("template-keep", []),
    ):  # fmt: skip
        page.goto(reverse(f"communications:{name}", args=[programme.slug, *args]))
        check_page(page)
        screenshot(page, f"{name}-{width}")
    if width == 320:
        targets_are_large(page)
    item = stages[1].items.first()
    page.goto(reverse("communications:item-fulfil", args=[programme.slug, item.pk]))
    check_page(page)
    screenshot(page, f"item-fulfil-{width}")
    page.goto(reverse("communications:template-list"))
    check_page(page)
    screenshot(page, f"template-list-{width}")
    page.goto(reverse("communications:bilateral-start"))
    check_page(page)
    screenshot(page, f"bilateral-{width}")
    page.goto(reverse("communications:programme-clone", args=[programme.slug]))
    check_page(page)
    page.get_by_label("Name of the new programme").fill("The next valley")
    page.get_by_label("Month").fill("13")
    page.get_by_role("button", name="See the dates").click()
    page.get_by_label("Month").fill(f"{timezone.localdate():%m}")
    page.get_by_role("button", name="See the dates").click()
    check_page(page)
    screenshot(page, f"clone-dates-{width}")
    page.goto(reverse("communications:plan-show", args=[programme.slug]))
    page.emulate_media(media="print")
    screenshot(page, f"plan-print-{width}")
    assert page.locator(".plan-line").is_visible()
    assert not page.get_by_role("button", name="Apply").is_visible()


def test_a_keyboard_plans_an_item(new_page, live_server):
    programme, carys, stages = a_pilot()
    page = new_page(width=1280)
    sign_in(page, carys, live_server)
    page.goto(reverse("communications:item-add", args=[programme.slug, stages[1].pk]))
    page.get_by_label("What is to be told?").focus()
    page.keyboard.type("Where to ask")
    for _ in range(5):  # the stage, then day, month, year, to the means
        page.keyboard.press("Tab")
    page.keyboard.press("Space")
    page.get_by_role("button", name="Put it into the plan").press("Enter")
    assert page.get_by_role("heading", name="Where to ask").is_visible()
