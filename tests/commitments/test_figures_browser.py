"""Questions in figures, why dates moved and what looks alike, in a real browser, with axe, at a desk and on a phone."""

from datetime import date

from django.urls import reverse

from commitments.actions import questions as actions
from commitments.actions.room import open_room
from tests.commitments.factories import NOW
from tests.commitments.test_browser import _today, cast, enter, look, pytestmark, shot  # noqa: F401


def test_the_board_reads_figures_and_a_phone_finds_what_was_asked(cast, phone, page, shot):  # noqa: F811
    question = cast.commissioned().question
    actions.publish_answer(question=question, words="All", audience="public", by=cast.senior, now=NOW)
    other = cast.commissioned().question
    actions.extend(question=other, due_on=date(2026, 12, 1), reason="The supplier", by=cast.coordinator, now=NOW)
    for browser, is_phone in ((phone, True), (page, False)):
        enter(browser, cast.coordinator)
        browser.goto(reverse("commitments:question-figures", args=[cast.programme.slug]))
        look(browser, shot, "figures", phone=is_phone)
        browser.goto(reverse("commitments:question-show", args=[other.pk]))
        assert browser.get_by_role("heading", name="Why the date moved").is_visible()
        look(browser, shot, "why-the-date-moved", phone=is_phone)
    cast.session.date = NOW.date()
    cast.session.save()
    room = open_room(session=cast.session, is_moderated=False, by=cast.coordinator, now=NOW)
    phone.goto(reverse("commitments:room-show", args=[room.code]))
    phone.get_by_label("Your question").fill("Who can read the shared plan?")
    phone.get_by_role("button", name="See whether it was asked before").click()
    assert phone.get_by_text("Is your question answered already?").is_visible()
    assert phone.get_by_role("textbox", name="Your question").input_value() == "Who can read the shared plan?"
    look(phone, shot, "asked-before", phone=True)
