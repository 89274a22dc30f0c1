"""How a programme speaks, changed by keyboard alone on a phone: what is wrong, who is told what, and the result."""

from datetime import timedelta

import pytest
from django.utils import timezone

from attendance.actions.words import tell_all_words
from attendance.messages import sessions as messages
from messaging.models import Message
from tests.attendance.places import a_place, a_programme, a_session
from tests.attendance.registers import a_coordinator
from tests.attendance.test_sessions_browser import sign_in
from tests.browser import check_page, targets_are_large, walk_to

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
NAME = "Un Cynllun Teulu: Llanfairpwllgwyngyllgogerychwyrndrobwllllantysiliogogogoch"
MAILBOX = "un-cynllun-teulu-peilot-dyffryn-y-dryw.cydlynwyr@partneriaeth-diogelwch-cymunedol.example.org"


def test_a_coordinator_changes_how_the_programme_speaks_and_sees_who_is_told(new_page, live_server):
    programme = a_programme(slug="wren", name="Wren Valley", contact_email="team@example.org", contact_phone="")
    session = a_session(programme, date=timezone.localdate() + timedelta(days=14))
    place = a_place(session, now=timezone.now())
    a_place(session, now=timezone.now())
    page = new_page(width=320)
    sign_in(page, a_coordinator(session), live_server)

    def looked_at() -> str:
        check_page(page)
        targets_are_large(page)
        return page.inner_text("main")

    def types(label: str, words: str) -> None:
        walk_to(page, label)
        page.keyboard.press("ControlOrMeta+a")
        page.keyboard.type(words)

    def presses(button: str) -> None:
        walk_to(page, button)
        with page.expect_navigation():
            page.keyboard.press("Enter")

    page.goto("/programmes/wren/set-up/")
    presses("How the programme speaks")
    assert "2 people come to sessions of this programme." in looked_at()
    types("Name of the programme", NAME)
    types("E-mail address for questions", "nonsense")
    presses("Save")
    assert "Enter an e-mail address in the form name@example.org" in looked_at()
    types("E-mail address for questions", MAILBOX)
    types("What to bring", "Dewch â’ch ffôn gwaith.\nBring your work telephone.")
    presses("Save")
    asks = looked_at()
    assert "2 people who come to 1 session." in asks
    assert "Dewch â’ch ffôn gwaith.\nBring your work telephone." in asks
    assert "It was: team@example.org" in asks
    presses("Change the words")
    assert page.get_by_label("E-mail address for questions").input_value() == MAILBOX
    looked_at()
    presses("Save")
    walk_to(page, "The 2 people who come")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowUp")
    presses("Save")
    assert "Saved. 2 people are told by e-mail." in looked_at()
    programme.refresh_from_db()
    assert (programme.name, programme.contact_email) == (NAME, MAILBOX)
    assert tell_all_words(now=timezone.now()) == 2
    told = messages.render(Message.objects.get(kind=messages.CHANGED, person=place.person))
    assert "What to bring: Dewch â’ch ffôn gwaith.\nBring your work telephone.\n" in told.text
