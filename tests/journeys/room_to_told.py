"""From a phone in the room to "You said, we did": nobody who asked is known, and the room hears what became of it.

It takes a minute, so ``script/prove room_to_told`` runs it and the suite does not (its name does not begin with test).
Set SHOTS to a folder to keep a picture of each page of it.
"""

import os
import re
from datetime import UTC, datetime, timedelta
from io import BytesIO

import pytest
import time_machine
from pypdf import PdfReader

from accounts.links import make_link
from attendance.models import Attendance, Outcome, Place, PlaceState
from briefings.models import ProgrammeRole
from commitments.models import Asker
from tests.briefings.factories import AppointmentFactory
from tests.commitments.test_room import Room
from tests.journeys.walking import Somebody
from tests.organisations.factories import PersonFactory

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.browser]
THAT_MORNING = datetime(2026, 11, 2, 9, 5, tzinfo=UTC)
ASKED = "Who may open the plan out of hours?"
ANSWER = "Anybody on the emergency duty rota."
PROMISE = "A room for joint visits is found in the Docks."
CASE = "What happens to the M. family in Harbour Road?"
TAKEN = "Who pays for an interpreter?"
SHOW = re.compile(r"^Show [A-Z0-9]+-")
DONE = "The room is open on Mondays; the timetable is attached."


@pytest.fixture
def hub(transactional_db, live_server, settings, tmp_path):
    settings.EMAIL_BACKEND = "messaging.backends.OutboxBackend"
    settings.MEDIA_ROOT = tmp_path
    settings.SITE_URL = live_server.url
    with time_machine.travel(THAT_MORNING, tick=True):
        room = Room()
        yield room


def somebody(page, person, name: str, email: str) -> Somebody:
    person.name, person.email = name, email
    person.save(update_fields=["name", "email"])
    return Somebody(page, email)


def somebody_who_attended(room, page) -> Somebody:
    person = PersonFactory(name="Winifred Pretend", email="winifred@example.org")
    common = {"session": room.session, "person": person, "organisation": room.organisation}
    moment = THAT_MORNING
    place = Place.objects.create(
        state=PlaceState.BOOKED, seated_at=moment, reference="WP-1", made_at=moment, made_by="clock", **common
    )
    ends_at = moment + timedelta(days=90)
    place.link = make_link(purpose="place", person=person, about=place, ends_at=ends_at, now=moment)
    place.save(update_fields=["link"])
    Attendance.objects.create(place=place, outcome=Outcome.ATTENDED, noted_at=moment, **common)
    return Somebody(page, person.email)


def shot(who: Somebody, name: str) -> None:
    if folder := os.environ.get("SHOTS"):
        for width in (360, 1280):
            who.page.set_viewport_size({"width": width, "height": 800})
            who.page.screenshot(path=f"{folder}/{name}-{width}.png", full_page=True)


def test_from_a_phone_in_the_room_to_you_said_we_did(hub, phone, new_page):
    asker = Somebody(phone, "")
    asker.goes_to(f"/ask/{hub.room.code}/").fills(words=ASKED).presses_button("Ask anonymously")
    asker.sees("Your question is asked")
    assert not Asker.objects.exists()

    coordinator = somebody(new_page(), hub.coordinator, "Corin Invented", "corin@example.org").signs_in()
    coordinator.goes_to(f"/sessions/{hub.session.pk}/questions/")
    coordinator.presses_button(SHOW)
    coordinator.page.get_by_role("button", name=SHOW).wait_for(state="detached")
    coordinator.follows("Answered, taken away or the same")
    coordinator.page.get_by_label("Who answered?").select_option(index=1)
    coordinator.page.get_by_label("In which words?").fill(ANSWER)
    coordinator.presses_button("It is answered").sees("Answered")
    asker.goes_to(f"/ask/{hub.room.code}/").sees(ANSWER)
    _one_is_hidden_and_one_taken_away(asker, coordinator, hub)

    senior = somebody(new_page(), hub.senior, "Delia Made-Up", "delia@example.org").signs_in()
    senior.goes_to(f"/programmes/{hub.programme.slug}/assurances/give/").fills(words=PROMISE)
    senior.page.get_by_label("It is for everybody in the programme").check()
    senior.chooses("For a session", "2 November 2026").presses_button("Give this assurance").sees("is given", PROMISE)
    senior.follows("Say that it was kept").fills(evidence=DONE)
    senior.chooses_file("timetable.csv", b"day,room\nMonday,Docks\n").presses_button("Propose it as kept")
    senior.sees("timetable.csv", "To be confirmed")
    shot(senior, "assurance")

    kept = senior.page.url
    coordinator.goes_to(kept.partition("//")[2].partition("/")[2].join(["/", ""]))
    coordinator.follows("Confirm that it was kept").presses_button("Confirm that it was kept").sees("Kept")

    second = AppointmentFactory(programme=hub.programme, role=ProgrammeRole.COORDINATOR).person
    approver = somebody(new_page(), second, "Edda Fictional", "edda@example.org")
    attender = somebody_who_attended(hub, new_page())
    _drafts(coordinator, hub, "You said, we did").sees(PROMISE, DONE)
    coordinator.follows("Change the words")
    coordinator.fills(intro="Corin Invented thanks 3 nurses of 12 High Street.").presses_button("Keep these words")
    coordinator.sees(
        "It cannot be published yet",
        "Corin Invented: a name, in the introduction",
        "3 nurses: a figure under five, in the introduction",
        "12 High Street: an address, in the introduction",
    )
    shot(coordinator, "telling-refused")
    assert coordinator.page.get_by_role("button", name="Ask for approval").count() == 0
    coordinator.follows("Change the words").fills(intro="What became of it.").presses_button("Keep these words")
    shot(coordinator, "telling-draft")
    coordinator.presses_button("Ask for approval").sees("It waits for another coordinator: Edda Fictional")
    assert coordinator.page.get_by_role("link", name="Approve and publish").count() == 0

    approver.signs_in()
    approver.reads_mail("Approve: “You said, we did”")
    approver.goes_to(coordinator.page.url.partition(coordinator.page.url.split("/")[2])[2])
    approver.follows("Approve and publish").presses_button("Approve and publish").sees("It is published")
    shot(approver, "telling-published")
    coordinator.goes_to(f"/programmes/{hub.programme.slug}/tellings/")
    shot(coordinator, "telling-list")

    assert PROMISE in attender.reads_mail("You said, we did")
    asker.goes_to(f"/programmes/{hub.programme.slug}/answers/").follows("what became of it")
    shot(asker, "told-list")
    asker.follows("You said, we did").sees("What we did", PROMISE, DONE)
    shot(asker, "told")
    _prints(asker)
    assert asker.page.context.cookies() == []
    _who_attended_is_told_what_was_answered_there(coordinator, approver, attender, asker, hub)


def _one_is_hidden_and_one_taken_away(asker: Somebody, scribe: Somebody, hub) -> None:
    """One tells of a case; one is given to a senior manager before people leave, when the room is closed."""
    for words in (CASE, TAKEN):
        asker.fills(words=words).presses_button("Ask anonymously").sees("Your question is asked")
    scribe.goes_to(f"/sessions/{hub.session.pk}/questions/")
    one = scribe.page.get_by_role("listitem").filter(has_text=CASE)
    one.get_by_text(re.compile("^Hide")).first.click()
    one.get_by_role("button", name="It tells of a case").click()
    scribe.page.get_by_text("1 hidden").wait_for()
    scribe.presses_button(SHOW)
    scribe.page.get_by_text("1 shown, without an answer or owner").wait_for()
    shot(scribe, "scribe")
    scribe.follows("Close, and give owners").sees("2 questions have no owner yet")
    scribe.page.locator("div.stack").filter(has_text=TAKEN).last.locator("select").select_option(index=1)
    scribe.presses_button("Close live questions")
    asker.goes_to(f"/ask/{hub.room.code}/").sees(
        "Questions are closed",
        "Taken away",
        "Not shown: 1 (it tells of a case)",
        "can be read until Monday 16 November 2026",
    )
    assert CASE not in asker.words()
    shot(asker, "closed-room")


def _prints(who: Somebody) -> None:
    """The page on paper: all of it, and nothing that only a screen can use."""
    text = " ".join(page.extract_text() for page in PdfReader(BytesIO(who.page.pdf(format="A4"))).pages)
    on_paper = " ".join(text.split())
    assert all(each in on_paper for each in ("You said, we did", "What we did", PROMISE, DONE))
    assert not [each for each in ("Search the answers", "Back to", "It prints as it stands") if each in on_paper]


def _who_attended_is_told_what_was_answered_there(
    coordinator: Somebody, approver: Somebody, attender: Somebody, asker: Somebody, hub
) -> None:
    """What was answered in the room is for those who were there: by mail and their own link, and on no public page."""
    coordinator.goes_to(f"/programmes/{hub.programme.slug}/tellings/")
    coordinator.page.get_by_label("You asked, we answered").check()
    coordinator.chooses("Of one session?", "2 November 2026").presses_button("Draft it")
    coordinator.sees(ANSWER, "for those who attended", "Still open", TAKEN).presses_button("Ask for approval")
    approver.goes_to("/").goes_to(coordinator.page.url.partition(coordinator.page.url.split("/")[2])[2])
    approver.follows("Approve and publish").presses_button("Approve and publish").sees("It is published")
    assert ANSWER in attender.reads_mail("You asked, we answered")
    attender.opens_link_in_mail("You asked, we answered", "/p/").follows("Questions that were asked")
    attender.follows("You asked, we answered").sees(ANSWER, "For those who attended")
    shot(attender, "told-to-attended")
    asker.goes_to(f"/programmes/{hub.programme.slug}/told/").follows("You asked, we answered").sees(TAKEN)
    assert ANSWER not in asker.words()


def _drafts(who: Somebody, hub, kind: str) -> Somebody:
    who.goes_to(f"/programmes/{hub.programme.slug}/tellings/")
    who.page.get_by_label(kind).check()
    return who.presses_button("Draft it")
