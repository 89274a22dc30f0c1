"""The day of a session and what comes of it: the register, the questions, the assurances, until both are kept."""

import re
from datetime import UTC, datetime

from tests.journeys.staff_lists import Listed
from tests.journeys.walking import Somebody, the_clock_ticks

NOON = datetime(2026, 12, 3, 13, 15, tzinfo=UTC)
"""A quarter of an hour before the session of Thursday 3 December begins."""
AFTERWARDS = datetime(2026, 12, 4, 9, 0, tzinfo=UTC)
AN_HOUR_LATER = datetime(2026, 12, 4, 10, 0, tzinfo=UTC)
WITH_A_PLACE, IN_THE_ROOM = "May I tell the school what I see in the plan?", "Who answers after six in the evening?"
ANSWER = "Yes, if it is about the child’s safety; the plan names whom you tell."
NOTED, PROMISED = "We pay for the cover while you are here.", "By February each team has a day for its first plans."


def asks_for_senior_cover(carys: Somebody, sian: Somebody) -> None:
    carys.follows("Senior cover").follows("Ask senior managers to come").presses_button("Ask them by e-mail")
    carys.sees("There is a problem").ticks("Thursday 3 December 2026, 1:30pm to 4:30pm")
    carys.page.get_by_label(re.compile("Siân O’Madeup")).first.check()
    carys.presses_button("Ask them by e-mail")
    sian.opens_link_in_mail("come", "/cover/").presses_button("I am coming").sees("You are coming")
    sian.follows("Your brief").sees("Who comes from where", "1 of 1 places taken", "What is open")
    assert sian.has_mail("Thank you: you are coming")
    carys.goes_to(carys.page.url).sees("Coming")


def asks_beforehand(bran: Somebody) -> None:
    bran.follows("Ask a question before the session").fills(words=WITH_A_PLACE)
    bran.ticks_what_begins("By name").presses_button("Ask the question")
    assert bran.has_mail("We have your question")


def keeps_the_register(carys: Somebody, bran: Listed) -> None:
    """Carys at the door with a phone: one has a place, one walks in, the senior manager came."""
    carys.signs_in().follows("Programmes").follows("One Family Plan").follows("Sessions")
    carys.follows("3 December 2026, 1:30pm").follows("Keep the register").sees("0 of 1 are here")
    carys.presses_button(re.compile(f"Here.*{bran.name}")).sees("1 of 1 is here")
    carys.follows("Add a walk-in").follows("Wrenshire County Council").fills(name="Walter Madeup-Walkin")
    carys.presses_button("Add").sees("Walter Madeup-Walkin", "1 walk-in")
    carys.presses_button(re.compile("Here.*Siân O’Madeup"))


def writes_down_what_is_said(carys: Somebody) -> None:
    carys.follows("Sessions").follows("3 December 2026, 1:30pm").follows("Live questions: what is asked and promised")
    carys.fills(words=IN_THE_ROOM).presses_button("Note the question").sees("Noted as", IN_THE_ROOM)
    carys.page.locator("summary").filter(has_text="Note an assurance").click()
    carys.chooses("Who promised it?", "Siân O’Madeup")
    carys.page.locator("[name=promise-words]").fill(NOTED)
    carys.presses_button("Note the assurance").sees("is asked to confirm the words")


def closes_the_register(carys: Somebody) -> None:
    carys.follows("One Family Plan").follows("Sessions").follows("3 December 2026, 1:30pm").follows("Register")
    carys.follows("Close the register").sees("Nobody becomes absent").presses_button("Close the register")
    carys.sees("The register was closed")


def is_thanked(bran: Somebody) -> None:
    assert bran.has_mail("Thank you for coming")


def confirms_the_words(sian: Somebody) -> None:
    sian.opens_link_in_mail("Did you say this?", "/assurance/").sees(NOTED).follows("Yes, these are my words")
    sian.sees("Sign in").enters_code().presses_button("Yes, these are my words")
    sian.sees("From now on this assurance counts")


def asks_a_senior_manager(carys: Somebody, words: str) -> None:
    carys.follows("Questions").follows(words).follows("Ask a senior manager")
    carys.chooses("Who can answer it?", "Siân O’Madeup").presses_button("Ask this senior manager").sees("Siân O’Madeup")


def accepts_and_answers(sian: Somebody, words: str) -> None:
    """From the mailed link: accepted without signing in; publishing an answer takes a code."""
    sian.opens_link_in_mail("Can you answer question", "/commission/").sees(words, "How was this worked out?")
    sian.presses_button("Accept it and answer later").follows("Answer this question")
    sian.fills(words=ANSWER).ticks("Everybody", "Yes, I give an assurance").presses_button("Publish the answer")
    sian.fills(words=PROMISED).presses_button("Give this assurance").sees(PROMISED)


def reads_the_answer(bran: Somebody) -> None:
    bran.opens_link_in_mail("is answered", "/q/").sees(ANSWER, PROMISED)


def answers_for_everybody(carys: Somebody) -> None:
    """The question that nobody asked by name is answered by the coordinator, for everybody to read."""
    carys.follows("Questions").follows(IN_THE_ROOM).presses_button("I answer it myself")
    carys.follows("Answer this question").confirms_who_they_are().fills(
        words="The duty desk of the county, until ten."
    ).ticks("Everybody")
    carys.presses_button("Publish the answer")
    carys.goes_to("/programmes/one-family-plan-wren-valley-pilot/answers/").sees(IN_THE_ROOM, "The duty desk")


def says_it_was_kept(sian: Somebody) -> None:
    sian.follows("Assurances").follows(PROMISED).follows("Say that it was kept")
    sian.fills(evidence="Each team leader confirmed its day on 26 January, see the rota.").presses_button(
        "Propose it as kept"
    )
    sian.sees("Each team leader confirmed its day")


def confirms_it_was_kept(carys: Somebody, sian: Somebody) -> None:
    assert carys.has_mail("is proposed as kept")
    carys.goes_to("/").follows("proposed as kept").follows(PROMISED).follows("Confirm that it was kept")
    carys.presses_button("Confirm that it was kept").sees("Kept")
    assert sian.has_mail("is kept")


def the_clock_moves(clock, moment: datetime) -> None:
    clock.move_to(moment)
    the_clock_ticks()
