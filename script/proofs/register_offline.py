"""Two phones without signal mark one register; lost answers, repeats and reordered sends come to one truth."""

import json
import random
import time
from collections.abc import Callable
from datetime import time as clock
from datetime import timedelta
from typing import Any

from script.measured import cookies_of, serving, set_up

LIMIT = 300
BESIDE = True
PEOPLE, SEED, LOST = 28, 11, 2
WAIT = 60_000
SAID = "Everything has reached the register"


def main() -> str:
    """Let two phones work apart, then let the network do its worst; returns the figures."""
    set_up()
    session, keepers = _stage()
    cookies = [cookies_of(keeper) for keeper in keepers]
    chaos = random.Random(SEED)
    with serving() as port:
        expected, sends = _two_phones(port, session.pk, cookies, chaos)
    found, marks, walk_ins = _standing(session)
    assert found == expected, f"the register says {found}, the presses come to {expected}"
    assert walk_ins == ["Gus of phone 0", "Gus of phone 1"], f"walk-ins: {walk_ins}"
    differ = _by_last_arrival(session, expected)
    assert differ, "the control that believes the last arrival comes to the same: this proof shows nothing"
    return (
        f"{PEOPLE} people, {marks} presses of two phones in {sends} sends, each arriving twice and backwards, the "
        f"first {LOST} answers to each phone lost: one truth; believing the last arrival, {differ} would be wrong"
    )


def _stage():
    """Return a session that goes on today with PEOPLE places, and the two who keep its register."""
    from django.utils import timezone

    from briefings.models import Part, SessionPart
    from tests.attendance.places import a_place, a_practitioner, a_session
    from tests.organisations.factories import PersonFactory

    today = timezone.localdate()
    session = a_session(capacity=PEOPLE, date=today + timedelta(days=1), starts=clock(0, 0), ends=clock(23, 59))
    for number in range(PEOPLE):
        a_place(session, a_practitioner(session.programme, name=f"Person {number:02}"), now=timezone.now())
    session.date = today
    session.save()
    keepers = [PersonFactory(), PersonFactory()]
    for keeper in keepers:
        SessionPart.objects.create(session=session, person=keeper, part=Part.FACILITATOR)
    return session, keepers


def _two_phones(port: int, session: int, cookies: list[dict], chaos: random.Random) -> tuple[dict[str, str], int]:
    """Return what the presses of both phones come to by the page of a third look, and how many sends there were."""
    from playwright.sync_api import sync_playwright

    from tests import tools

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=tools.chromium(), args=["--no-sandbox", "--disable-gpu"])
        phones = [_phone(browser, port, session, own) for own in cookies]
        for number, phone in enumerate(phones):
            phone.context.set_offline(True)
            phone.reload()
            phone.locator("#status", has_text="No signal").wait_for(timeout=WAIT)
            _press(phone, number, chaos)
        queues = [_kept(phone, session)["queue"] for phone in phones]
        sends = [0, 0]
        for number, phone in enumerate(phones):
            phone.context.route("**/phone/send/", _worst(number, sends))
            phone.context.set_offline(False)
        for phone in phones:
            _until_empty(phone, session)
        browser.close()
    assert min(sends) > LOST, f"sends of the phones: {sends}"
    return _together(queues), sum(sends)


def _phone(browser, port: int, session: int, cookies: dict[str, str]):
    context = browser.new_context(base_url=f"http://localhost:{port}", viewport={"width": 360, "height": 740})
    context.add_cookies([{"name": k, "value": v, "url": f"http://localhost:{port}"} for k, v in cookies.items()])
    page = context.new_page()
    page.goto(f"/sessions/{session}/register/phone/")
    page.locator("#status", has_text=SAID).wait_for(timeout=WAIT)
    page.locator("#phone[data-ready=yes]").wait_for(timeout=WAIT)
    return page


def _press(phone, number: int, chaos: random.Random) -> None:
    """Press as two people at one door do: two thirds of the people each, eight of them both, some changed."""
    people = range(18) if number == 0 else range(10, PEOPLE)
    for person in chaos.sample(people, len(people)):
        _one(phone, f"Person {person:02}", chaos.choice(["attended", "attended", "late", "excused"]))
        if chaos.random() < 0.4:
            _one(phone, f"Person {person:02}", chaos.choice(["undo", "left_early", "attended"]))
    phone.get_by_label("Name", exact=True).fill(f"Gus of phone {number}")
    phone.get_by_label("Organisation", exact=True).select_option(index=1)
    phone.get_by_role("button", name="Add a walk-in").click()


def _one(phone, name: str, kind: str) -> None:
    phone.get_by_label("Find a name or organisation").fill(name)
    row = phone.locator("li.person", has_text=name)
    button = row.locator(f"[data-mark={kind}]")
    if not button.is_visible():
        row.locator("summary").click()
    before = phone.evaluate("document.getElementById('status').textContent")
    button.click()
    phone.wait_for_function(
        "before => document.getElementById('status').textContent !== before", arg=before, timeout=WAIT
    )


def _worst(number: int, sends: list[int]) -> Callable[[Any], None]:
    """Return how a send goes: backwards, then again as it was; the first answers never reach the phone."""

    def handle(route: Any) -> None:
        sends[number] += 1
        sent = json.loads(route.request.post_data)
        backwards = {**sent, "presses": sent["presses"][::-1], "walk_ins": sent["walk_ins"][::-1]}
        route.fetch(post_data=json.dumps(backwards))
        answer = route.fetch()
        if sends[number] <= LOST:
            route.abort("connectionreset")
        else:
            route.fulfill(response=answer)

    return handle


def _until_empty(phone, session: int) -> None:
    limit = time.monotonic() + 120
    while _kept(phone, session)["queue"]:
        assert time.monotonic() < limit, f"still only on the phone: {phone.inner_text('#status')}"
        phone.evaluate("dispatchEvent(new Event('online'))")
        time.sleep(0.5)
    phone.locator("#status", has_text=SAID).wait_for(timeout=WAIT)


def _kept(phone, session: int) -> dict:
    return phone.evaluate("session => registerStore.read(session)", session)


def _together(queues: list[list[dict]]) -> dict[str, str]:
    """Return what the presses of all phones come to, by the key of the row; walk-ins are counted apart."""
    from attendance.register import Press, outcome_of

    presses: dict[str, list] = {}
    for own in (own for queue in queues for own in queue if own["kind"] != "walk_in"):
        presses.setdefault(own["row"], []).append(Press(own["id"], own["kind"], own.get("undoes")))
    found = {row: str(outcome_of(own) or "") for row, own in presses.items()}
    return {row: outcome for row, outcome in sorted(found.items()) if outcome}


def _standing(session) -> tuple[dict[str, str], int, list[str]]:
    from attendance.models import Attendance, Mark

    facts = Attendance.objects.filter(session=session)
    found = {f"p{own.place_id}": own.outcome for own in facts.filter(place__isnull=False)}
    walk_ins = sorted(facts.filter(walk_in__isnull=False).values_list("walk_in__name", flat=True))
    return dict(sorted(found.items())), Mark.objects.filter(session=session).count(), walk_ins


def _by_last_arrival(session, expected: dict[str, str]) -> int:
    """The negative control: how many would come out wrong if the press that arrived last were believed."""
    from attendance.models import Mark

    words = {"attended": "attended", "late": "in_part", "left_early": "in_part", "excused": "excused", "undo": ""}
    last: dict[str, str] = {}
    for mark in Mark.objects.filter(session=session).order_by("made_at", "pk"):
        last[f"p{mark.place_id}"] = words[mark.kind]
    return sum(last[row] != expected.get(row, "") for row in last)
