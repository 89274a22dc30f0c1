"""The register on a phone whose signal comes and goes, and whose session ends."""

import random
from datetime import timedelta
from uuid import UUID

import pytest
from django.utils import timezone

from attendance.models import Attendance, WalkIn
from attendance.register import Press, outcome_of
from briefings.models import Part, Session, SessionPart
from tests.attendance.test_register_browser import a_day, button
from tests.attendance.test_sessions_browser import sign_in
from tests.browser import check_page, screenshot, targets_are_large
from tests.organisations.factories import PersonFactory

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def says(page, words: str) -> None:
    page.locator("#status", has_text=words).wait_for(timeout=10_000)


def outcomes() -> dict[str, str]:
    found = Attendance.objects.select_related("person", "walk_in")
    return {own.walk_in.name if own.walk_in else own.person.name: own.outcome for own in found}


def test_a_register_without_signal(new_page, live_server):
    session = a_day()
    facilitator = PersonFactory(name="Fay Facilitator")
    SessionPart.objects.create(session=session, person=facilitator, part=Part.FACILITATOR)
    phone = new_page(width=320, height=740, has_touch=True, is_mobile=True)
    sign_in(phone, facilitator, live_server)
    phone.goto(f"/sessions/{session.pk}/register/")
    phone.get_by_role("link", name="Register without signal").click()
    says(phone, "Everything has reached the register")
    phone.locator("#phone[data-ready=yes]").wait_for()
    check_page(phone)
    targets_are_large(phone)

    # Without signal the page opens again, and everything is written down here.
    phone.context.set_offline(True)
    phone.reload()
    says(phone, "No signal. Nothing is only on this phone")
    phone.get_by_label("Find a name or organisation").fill("sian")
    assert phone.locator("#expected-rows h3").all_inner_texts() == ["Siân Notreal"]
    button(phone, "Here: Siân Notreal").click()
    says(phone, "No signal. 1 mark is only on this phone")
    phone.locator("summary").filter(has_text="for Efua Fictwell").click()
    button(phone, "Came late: Efua Fictwell").click()
    button(phone, "Here: Dafydd O’Sample").click()
    phone.locator("#marked-rows summary").filter(has_text="for Dafydd O’Sample").click()
    button(phone, "Undo: Dafydd O’Sample").click()
    phone.get_by_label("Name", exact=True).fill("Grete Vorbei")
    phone.get_by_label("Organisation", exact=True).select_option(label="Lantern Trust")
    button(phone, "Add a walk-in").click()
    says(phone, "No signal. 5 marks are only on this phone")
    assert "2 of 5 are here, and 1 walk-in" in phone.inner_text("main")
    check_page(phone)
    screenshot(phone, "register-without-signal")
    phone.reload()
    says(phone, "No signal. 5 marks are only on this phone")
    assert not Attendance.objects.exists()

    # Somebody else marks the same person meanwhile; with signal again both stand in the register.
    phone.context.set_offline(False)
    says(phone, "Everything has reached the register")
    assert outcomes() == {"Siân Notreal": "attended", "Efua Fictwell": "in_part", "Grete Vorbei": "attended"}
    assert WalkIn.objects.get().organisation.name == "Lantern Trust"

    # The session ends: what is pressed stays here and goes after signing in again.
    cookies = phone.context.cookies()
    phone.context.clear_cookies()
    button(phone, "Here: Beatrix Makebelieve").click()
    says(phone, "Sign in again: 1 mark is only on this phone")
    check_page(phone)
    assert "Beatrix Makebelieve" not in outcomes()
    phone.reload()
    says(phone, "Sign in again: 1 mark is only on this phone")
    phone.context.add_cookies(cookies)
    phone.reload()
    says(phone, "Everything has reached the register")
    assert outcomes()["Beatrix Makebelieve"] == "attended"

    # The day is over: the names are gone from the phone, the next time anything of a session is opened.
    yesterday = timezone.localdate() - timedelta(days=1)
    Session.objects.filter(pk=session.pk).update(date=yesterday)
    phone.evaluate("document.getElementById('phone').dataset.forget = '2020-01-01T00:00:00+00:00'")
    phone.evaluate("dispatchEvent(new Event('online'))")
    says(phone, "This phone has forgotten the names")
    kept = phone.evaluate("registerStore.read(Number(document.getElementById('phone').dataset.session))")
    assert (kept["rows"], kept["queue"]) == ([], [])


def test_the_phone_and_the_register_merge_alike(new_page, live_server):
    """One thousand sets of presses come to the same in the phone's script as in attendance/register.py."""
    page = new_page()
    page.goto("/help/")
    page.add_script_tag(url="/static/register/merge.js")
    chaos = random.Random(7)  # noqa: S311
    ids = [str(UUID(int=number)) for number in range(8)]
    kinds = ["attended", "late", "left_early", "excused"] * 2
    presses = [{"id": pk, "kind": kind, "undoes": None} for pk, kind in zip(ids, kinds, strict=True)]
    undos = [{"id": str(UUID(int=100 + n)), "kind": "undo", "undoes": ids[n]} for n in range(8)]
    sets = [chaos.choices([*presses, *undos], k=chaos.randint(0, 8)) for _ in range(1_000)]
    found = page.evaluate("sets => sets.map(each => registerMerge.outcome(each))", sets)
    expected = [
        outcome_of(Press(each["id"], each["kind"], each["undoes"]) for each in presses) or "" for presses in sets
    ]
    assert found == expected
