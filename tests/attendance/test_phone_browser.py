"""The register on a phone whose signal comes and goes, and whose session ends."""

import random
from datetime import datetime, timedelta
from uuid import UUID

import pytest
from django.conf import settings
from django.utils import timezone

from attendance.models import Attendance, WalkIn
from attendance.register import Press, outcome_of
from briefings.models import Part, Session, SessionPart
from tests.attendance.places import a_place, a_practitioner
from tests.attendance.test_register_browser import a_day, button
from tests.attendance.test_sessions_browser import sign_in
from tests.browser import check_page, screenshot, targets_are_large, walk_to
from tests.organisations.factories import OrganisationFactory, PersonFactory

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def says(page, words: str) -> None:
    page.locator("#status", has_text=words).wait_for(timeout=10_000)


IN_TAB = "Object.keys(sessionStorage).some(name => name.startsWith('register-rows'))"
NAMES_ON = """async () => {
  const database = await new Promise(resolve => {
    const asked = indexedDB.open('register');
    asked.onsuccess = () => resolve(asked.result);
  });
  const found = await new Promise(resolve => {
    const asked = database.transaction('rows').objectStore('rows').getAll();
    asked.onsuccess = () => resolve(asked.result.map(row => JSON.stringify(row)));
  });
  database.close();
  return found;
}"""


def names_on(page) -> list[str]:
    """Return the rows that stand on the phone itself, whatever the page shows; nobody's name is in them unsealed."""
    found = page.evaluate(NAMES_ON)
    assert not any("Notreal" in row or "name" in row for row in found)
    return found


def until(page, script: str) -> None:
    """Wait until ``script`` is true on ``page``; Playwright's own way is forbidden by our content policy."""
    for _ in range(100):
        if page.evaluate(script):
            return
        page.wait_for_timeout(50)
    raise AssertionError(f"{script} did not become true")


def outcomes() -> dict[str, str]:
    found = Attendance.objects.select_related("person", "walk_in")
    return {own.walk_in.name if own.walk_in else own.person.name: own.outcome for own in found}


def test_a_page_that_could_not_be_kept_is_kept_when_there_is_signal_again(new_page, live_server):
    session, facilitator = a_day(), PersonFactory()
    SessionPart.objects.create(session=session, person=facilitator, part=Part.FACILITATOR)
    phone, tried = new_page(width=360), []
    sign_in(phone, facilitator, live_server)

    def once_without_signal(route) -> None:
        tried.append(route.request.resource_type)
        route.abort("internetdisconnected") if tried == ["document", "fetch"] else route.continue_()

    phone.route("**/register/phone/", once_without_signal)
    phone.goto(f"/sessions/{session.pk}/register/phone/")
    says(phone, "Everything has reached the register")
    until(phone, "document.querySelectorAll('h3').length > 0")
    while "fetch" not in tried:
        phone.wait_for_timeout(50)
    assert phone.get_attribute("#phone", "data-ready") is None
    phone.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    phone.locator("#phone[data-ready=yes]").wait_for()
    assert tried == ["document", "fetch", "fetch"]


@pytest.mark.walk
def test_a_register_without_signal(new_page, live_server):
    session = a_day()
    facilitator = PersonFactory(name="Fay Facilitator")
    SessionPart.objects.create(session=session, person=facilitator, part=Part.FACILITATOR)
    vanishing = OrganisationFactory(name="Vanished Trust")
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
    # By keyboard alone from here to the walk-in.
    walk_to(phone, "Find a name or organisation")
    phone.keyboard.type("sian")
    assert phone.locator("#expected-rows h3").all_inner_texts() == ["Siân Notreal"]
    walk_to(phone, "Here: Siân Notreal")
    phone.keyboard.press("Enter")
    says(phone, "No signal. 1 mark is only on this phone")
    walk_to(phone, "Something else for Efua Fictwell")
    phone.keyboard.press("Enter")
    walk_to(phone, "Came late: Efua Fictwell")
    phone.keyboard.press("Space")
    says(phone, "No signal. 2 marks are only on this phone")
    walk_to(phone, "Here: Dafydd O’Sample")
    phone.keyboard.press("Space")
    says(phone, "No signal. 3 marks are only on this phone")
    phone.keyboard.press("Enter")  # the focus went with the row
    walk_to(phone, "Undo: Dafydd O’Sample")
    phone.keyboard.press("Enter")
    walk_to(phone, "Name")
    phone.keyboard.type("Grete Vorbei")
    walk_to(phone, "Organisation")
    phone.keyboard.type("Lantern")
    walk_to(phone, "Add a walk-in")
    phone.keyboard.press("Enter")
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

    # The organisation of a walk-in has gone meanwhile: this one is not taken, and the phone says which and why.
    phone.context.set_offline(True)
    phone.get_by_label("Name", exact=True).fill("Hal Invented")
    phone.get_by_label("Organisation", exact=True).select_option("Vanished Trust")
    button(phone, "Add a walk-in").click()
    phone.get_by_text("Change for Hal Invented").click()
    button(phone, "Came late: Hal Invented").click()
    phone.get_by_label("Name", exact=True).fill("Ike Invented")
    phone.get_by_label("Organisation", exact=True).select_option("Vanished Trust")
    button(phone, "Add a walk-in").click()
    says(phone, "No signal. 4 marks are only on this phone")
    phone.get_by_label("Name", exact=True).fill("Joy Invented")
    phone.get_by_label("Organisation", exact=True).select_option("Vanished Trust")
    vanishing.delete()
    phone.context.set_offline(False)
    said = (
        "4 marks were not taken, and are only on this phone: Hal Invented, Ike Invented came for an organisation that "
        "is no longer there. Choose another one; what was noted goes with it."
    )
    phone.locator("#refused-words", has_text=said).wait_for(timeout=10_000)
    # The list offers it no more: who was just being added keeps the name, and hears why.
    assert phone.get_by_label("Organisation", exact=True).input_value() == ""
    assert phone.get_by_label("Name", exact=True).input_value() == "Joy Invented"
    phone.get_by_text("Vanished Trust is no longer there. Choose another organisation").wait_for()
    check_page(phone)
    screenshot(phone, "register-organisation-gone")
    phone.get_by_label("Organisation of Hal Invented, instead of Vanished Trust").select_option("Lantern Trust")
    button(phone, "Use it for Hal Invented").click()
    phone.locator("#refused-words", has_text="1 mark was not taken").wait_for(timeout=10_000)
    says(phone, "Everything else has reached the register")
    assert outcomes()["Hal Invented"] == "in_part", "what was noted since is not lost"
    button(phone, "Drop what was not taken").click()
    says(phone, "Everything has reached the register")
    assert "Ike Invented" not in outcomes()
    phone.get_by_label("Name", exact=True).fill("")

    # The session ends: what is pressed stays here and goes after signing in again.
    cookies = phone.context.cookies()
    phone.context.clear_cookies(name=settings.SESSION_COOKIE_NAME)
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

    # Whoever wants it has the names in the tab alone: they outlive a page, and not the tab.
    phone.get_by_label("Keep the names in this tab alone").check()
    until(phone, IN_TAB)
    assert (names_on(phone), phone.locator("h3").count()) == ([], 7)
    phone.context.set_offline(True)
    phone.reload()
    says(phone, "No signal. Nothing is only on this phone")
    assert phone.locator("h3").count() == 7
    other = phone.context.new_page()
    other.goto(f"{live_server.url}/sessions/{session.pk}/register/phone/")
    says(other, "This phone has not loaded the register")
    other.close()
    phone.context.set_offline(False)
    phone.get_by_label("Keep the names in this tab alone").uncheck()
    until(phone, f"!{IN_TAB}")
    assert len(names_on(phone)) == 7

    # Somebody moves up after the register was loaded, and gives up again: the phone learns of it.
    before = timezone.now() - timedelta(days=9)
    place = a_place(session, a_practitioner(session.programme, name="Nia Notreal-Late"), now=before)
    for number, change in ((8, lambda: None), (7, place.delete)):
        change()
        phone.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
        until(phone, f"document.querySelectorAll('h3').length === {number}")

    # The day is over: the browser drops by itself what opens the names, though no page is opened.
    (key,) = [each for each in phone.context.cookies(phone.url) if each["name"] == "register-key"]
    assert key["expires"] == datetime.fromisoformat(phone.get_attribute("#phone", "data-forget")).timestamp()
    assert key["path"] == f"/sessions/{session.pk}/register/phone/"
    phone.context.clear_cookies(name="register-key")
    phone.context.set_offline(True)
    phone.reload()
    says(phone, "This phone has not loaded the register, and there is no signal")
    assert (len(names_on(phone)), phone.locator("h3").count()) == (7, 0)
    phone.context.set_offline(False)
    says(phone, "Everything has reached the register")
    assert phone.locator("h3").count() == 7

    # Whoever has the names forgotten sees none again until they open the page anew; what was pressed is sent.
    phone.context.set_offline(True)
    button(phone, "Here: Gus Imaginary-Longsworth").click()
    says(phone, "No signal. 1 mark is only on this phone")
    button(phone, "Forget the names now").click()
    until(phone, f"() => ({NAMES_ON})().then(found => !found.length)")
    phone.context.set_offline(False)
    says(phone, "This phone has forgotten the names")
    assert outcomes()["Gus Imaginary-Longsworth"] == "attended"
    for event in ("online", "visibilitychange"):
        phone.evaluate("name => (name === 'online' ? window : document).dispatchEvent(new Event(name))", event)
    phone.wait_for_load_state("networkidle")
    says(phone, "This phone has forgotten the names")
    assert (names_on(phone), phone.locator("h3").count()) == ([], 0)
    phone.reload()
    says(phone, "Everything has reached the register")
    assert phone.locator("h3").count() == 7

    # What is left goes the next time any page of the site is opened.
    phone.goto("/help/")
    phone.evaluate("""() => new Promise(resolve => {
      indexedDB.open('register').onsuccess = event => {
        const database = event.target.result, transaction = database.transaction('sessions', 'readwrite');
        const sessions = transaction.objectStore('sessions');
        sessions.getAll().onsuccess = found => {
          for (const each of found.target.result) sessions.put({ ...each, forgetAt: '2020-01-01T00:00:00Z' });
        };
        transaction.oncomplete = () => { database.close(); resolve(); };
      };
    })""")
    assert len(names_on(phone)) == 7
    phone.goto("/help/")
    until(phone, f"() => ({NAMES_ON})().then(found => !found.length)")
    # With the page itself they go too, and it says so. What was pressed is sent all the same.
    phone.goto(f"/sessions/{session.pk}/register/phone/")
    says(phone, "Everything has reached the register")
    phone.context.set_offline(True)
    button(phone, "Here: Dafydd O’Sample").click()
    says(phone, "No signal. 1 mark is only on this phone")
    phone.context.clear_cookies(name="register-key")
    yesterday = timezone.localdate() - timedelta(days=1)
    Session.objects.filter(pk=session.pk).update(date=yesterday)
    phone.context.set_offline(False)
    phone.goto(f"/sessions/{session.pk}/register/phone/")
    says(phone, "This phone has forgotten the names")
    assert names_on(phone) == []
    assert outcomes()["Dafydd O’Sample"] == "attended"


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
