"""From a phone in the room to the screen and the scribe, in a real browser: what is new appears by itself."""

import pytest
import time_machine
from django.urls import reverse

from commitments.actions.room import show_question
from commitments.models import AskedAs, Question
from tests.browser import check_page
from tests.commitments.factories import NOW
from tests.commitments.test_browser import enter, look, shot
from tests.commitments.test_room import Room

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.browser]
__all__ = ["shot"]


@pytest.fixture(autouse=True)
def _today():
    with time_machine.travel(NOW, tick=True):
        yield


@pytest.fixture
def room(transactional_db):
    return Room()


def test_a_phone_asks_the_scribe_shows_it_and_everybody_sees_it(room, phone, new_page, shot):
    code, session = room.room.code, room.session.pk
    desk, wall = new_page(width=1280), new_page(width=1280)
    enter(desk, room.coordinator)
    desk.goto(reverse("commitments:session-questions", args=[session]))
    look(desk, shot, "room-scribe-empty", phone=False)
    wall.goto(reverse("commitments:room-screen", args=[code]))
    look(wall, shot, "room-screen-empty", phone=False)

    phone.goto(reverse("commitments:room-enter"))
    look(phone, shot, "room-enter", phone=True)
    phone.get_by_label("Code of the session").fill(code.lower())
    phone.get_by_role("button", name="Go to the questions").click()
    phone.get_by_label("Your question").fill("Who may open the plan out of hours?")
    look(phone, shot, "room-phone", phone=True)
    phone.get_by_role("button", name="Ask anonymously").click()
    check_page(phone)
    assert "Your question is asked" in phone.inner_text("main")
    assert phone.context.cookies() == []

    appears(desk, "Who may open the plan out of hours?")
    desk.get_by_role("button", name=f"Show {Question.objects.get().reference}").click()
    appears(wall, "Who may open the plan out of hours?")
    appears(phone, "1 new question")
    assert phone.locator("[data-question]").count() == 1

    room.asks("Do we still make our own visits?", AskedAs.NAME)
    room.asks("About Mrs Example of 3 Example Street")
    appears(desk, "Do we still make our own visits?")
    desk.get_by_role("link", name="Answered, taken away or the same").last.click()
    look(desk, shot, "room-question", phone=False)
    desk.get_by_label("Who answered?").select_option(index=1)
    desk.get_by_label("In which words?").fill("Yes. Anybody on the emergency duty rota.")
    desk.get_by_role("button", name="It is answered").click()
    look(desk, shot, "room-scribe", phone=False)
    appears(wall, "Yes. Anybody on the emergency duty rota.")
    look(wall, shot, "room-screen", phone=False)
    look(phone, shot, "room-phone-answered", phone=True)
    _without_javascript(new_page(width=360, javascript=False), room)
    desk.set_viewport_size({"width": 360, "height": 740})
    look(desk, shot, "room-scribe", phone=True)
    desk.get_by_role("link", name="Close, and give owners").click()
    look(desk, shot, "room-close", phone=True)
    enter(phone, room.practitioner)
    phone.goto(reverse("commitments:room-ask-as-me", args=[code]))
    look(phone, shot, "room-as-me", phone=True)


def _without_javascript(page, room) -> None:
    """A form to ask with, and a link that loads the questions again."""
    page.goto(reverse("commitments:room-show", args=[room.room.code]))
    page.get_by_label("Your question").fill("Is this for agency staff too?")
    page.get_by_role("button", name="Ask anonymously").click()
    assert "Your question is asked" in page.inner_text("main")
    show_question(question=Question.objects.get(words__startswith="Is this for agency"), **room.by)
    page.get_by_role("link", name="Look for new questions").click()
    assert "Is this for agency staff too?" in page.inner_text("main")


def appears(page, words: str) -> None:
    """Wait for ``words`` without loading ``page`` again; what nobody looks at asks less often, so look at it."""
    page.bring_to_front()
    page.get_by_text(words).wait_for()
