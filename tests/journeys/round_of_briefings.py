"""Journey A: a round of briefings. From an empty hub to a kept assurance, by pages and mails only.

It takes more than a minute, so ``script/prove round_of_briefings`` runs it and the suite does not.
"""

import re

import pytest

from tests.journeys import the_day
from tests.journeys.staff_lists import AREAS, PARTNERS, PROFESSIONS, Listed, staff_lists_arrive
from tests.journeys.walking import Somebody, the_clock_ticks

pytestmark = pytest.mark.browser

PRESSES_TO_A_PLACE = 3
SENIOR = "sian.omadeup@wrentrust.example.org"


@pytest.fixture
def on_phone(new_page):
    """Return a function that hands somebody a phone."""
    return lambda address: Somebody(
        new_page(width=360, height=740, has_touch=True, is_mobile=True, device_scale_factor=2), address
    )


def test_a_round_of_briefings_to_the_kept_assurance(administrator, clock, new_page, on_phone):
    ada = administrator.signs_in()
    eligible = staff_lists_arrive(ada)
    starts_a_programme(ada)
    carys = becomes_coordinator(ada, Somebody(new_page(), "carys@tolbury.example.org"))
    names_a_senior_manager(carys)
    adds_a_venue(carys)
    plans_sessions(carys)
    opens_sessions(carys)
    invites_everybody(carys, len(eligible))

    first, second = eligible[:2]
    amina, bran = on_phone(first.address), on_phone(second.address)
    takes_the_last_place(amina, first)
    waits_for(bran)
    gives_the_place_up(amina)
    is_told_that_the_place_is_free(bran, second)
    sees_who_comes(carys, second, not_any_more=first)

    sian = on_phone(SENIOR)
    the_day.asks_for_senior_cover(carys, sian)
    the_day.asks_beforehand(bran)
    the_day.the_clock_moves(clock, the_day.NOON)
    the_day.keeps_the_register(carys, second)
    the_day.writes_down_what_is_said(carys)
    the_day.the_clock_moves(clock, the_day.AFTERWARDS)
    carys.signs_in()
    the_day.closes_the_register(carys)
    the_day.the_clock_moves(clock, the_day.AN_HOUR_LATER)
    the_day.is_thanked(bran)
    the_day.confirms_the_words(sian)
    the_day.asks_a_senior_manager(carys, the_day.WITH_A_PLACE)
    the_day.accepts_and_answers(sian, the_day.WITH_A_PLACE)
    the_day.reads_the_answer(bran)
    the_day.answers_for_everybody(carys)
    the_day.says_it_was_kept(sian)
    the_day.confirms_it_was_kept(carys, sian)
    every_mail_reads_well(carys)


def starts_a_programme(ada: Somebody) -> None:
    ada.follows("Programmes").sees("No programme yet").follows("Start a programme")
    ada.presses_button("Start the programme").sees("There is a problem")
    ada.fills(
        name="One Family Plan: Wren Valley pilot",
        scale="A pilot",
        purpose="From January, families tell their story once.",
        nation="England and Wales",
    )
    ada.presses_button("Start the programme").sees("Set up the programme", "No partner yet", "Nobody yet")
    ada.follows("Partner organisations").follows("Add partner organisations")
    ada.ticks(*PARTNERS).presses_button("Add").sees("2 partner organisations")
    ada.follows("Back to the set-up").follows("Areas and professions in scope")
    ada.ticks("Only these areas", *AREAS, "Only these professions", *PROFESSIONS)
    ada.presses_button("Save").follows("How the programme speaks")
    ada.fills(
        contact_name="Carys Coordinator",
        contact_email="family.plan@example.org",
        contact_phone="01632 960 118",
        invitation_introduction="Come and hear how the plan works, and ask what worries you.",
        what_to_bring="A real case, without names.",
    ).presses_button("Save")


def becomes_coordinator(ada: Somebody, carys: Somebody) -> Somebody:
    ada.follows("Coordinators and other roles").follows("Give somebody a role")
    ada.fills(role="Coordinator", email=carys.address, name="Carys Coordinator").presses_button("Give the role")
    ada.sees("Carys Coordinator")
    assert "One Family Plan" in carys.reads_mail("coordinator")
    return carys.signs_in()


def names_a_senior_manager(carys: Somebody) -> None:
    carys.follows("Programmes").follows("One Family Plan").follows("Set-up").follows("Mandates of senior managers")
    carys.follows("Record a mandate").fills(
        organisation="Wren Valley NHS Trust",
        email=SENIOR,
        name="Siân O’Madeup",
        job_title="Director of Nursing",
        confirmed_by="The chief executive, by e-mail",
    ).presses_button("Record the mandate").sees("Siân O’Madeup")
    carys.follows("Back to the set-up").follows("Check all answers").sees("Melton", "Health visitor")


def adds_a_venue(carys: Somebody) -> None:
    carys.follows("Go to the programme").follows("Sessions").follows("Plan a session").follows("Add a venue")
    carys.fills(
        name="Eastmarsh Library",
        address="2 Quay Street\nEastmarsh\nEM1 2AB",
        area="Melton",
        access_notes="Level entrance, hearing loop.",
        directions="Bus 7. Parking behind the library.",
    ).presses_button("Add the venue")
    carys.follows("Add a room").fills(name="Reading Room", capacity="24").presses_button("Add the room").sees(
        "Holds 24 people"
    )


def plans_sessions(carys: Somebody) -> None:
    carys.follows("Programmes").follows("One Family Plan").follows("Sessions").follows("Plan several dates").fills(
        dates="3 December 2026 morning\n25 December 2026 am\n10 December 2026 afternoon\n8 December 2026 morning",
        room="Eastmarsh Library, Reading Room",
        capacity="20",
    )
    carys.presses_button("Check the dates").sees("A bank holiday")
    carys.presses_button("Change what you entered").fills(
        dates="3 December 2026 morning\n10 December 2026 afternoon\n8 December 2026 morning"
    )
    carys.presses_button("Check the dates").presses_button("Plan all 3").sees("3 sessions")
    carys.follows("Plan a session").fills(
        date="3 12 2026", slot="Morning, 9:30am to 12:30pm", room="Eastmarsh Library, Reading Room", capacity="1"
    )
    carys.presses_button("Save as a draft").sees("There is a problem", "Reading Room is taken")
    carys.ticks("Afternoon, 1:30pm to 4:30pm").presses_button("Save as a draft").sees("Draft")


def opens_sessions(carys: Somebody) -> None:
    for day in ("3 December 2026, 9:30am", "3 December 2026, 1:30pm", "8 December", "10 December"):
        carys.follows("Sessions").follows(day).follows("Open for booking").presses_button("Open the session")
        carys.sees("Open")


def invites_everybody(carys: Somebody, eligible: int) -> None:
    carys.follows("Inviting").follows("Invite people").presses_button("Continue")
    carys.presses_button("Show it in the mail").sees("As ", "will get it", "Come and hear how the plan works")
    carys.presses_button("Continue").presses_button(f"Invite {eligible:,} people")
    the_clock_ticks()
    carys.goes_to(carys.page.url).sees(f"{eligible:,} of {eligible:,} done")


def takes_the_last_place(amina: Somebody, who: Listed) -> None:
    amina.opens_link_in_mail("One Family Plan", "/i/").sees(who.name)
    amina.follows(re.compile("Take a place.*Thursday 3 December, 1:30pm"))
    amina.presses_button("Book your place").sees("Your place is booked", "Thursday 3 December 2026")
    assert amina.presses == PRESSES_TO_A_PLACE
    mail = amina.reads_mail("Your place on")
    for words in ("Thursday 3 December 2026", "Eastmarsh Library", "Bus 7", "A real case", "a calendar entry"):
        assert words in mail


def waits_for(bran: Somebody) -> None:
    bran.opens_link_in_mail("One Family Plan", "/i/").sees("No place is free. Nobody waits before you.")
    bran.follows("Join the waiting list").presses_button("Join the waiting list")
    bran.sees("You are on the waiting list", "You are the 1st of 1")
    assert bran.presses == PRESSES_TO_A_PLACE


def gives_the_place_up(amina: Somebody) -> None:
    amina.opens_link_in_mail("Your place on", "/p/").sees("Booked", "Eastmarsh Library")
    amina.follows("Give up my place").presses_button("Give up my place").sees("You have given up this place")
    assert amina.has_mail("You no longer have a place")


def is_told_that_the_place_is_free(bran: Somebody, who: Listed) -> None:
    mail = bran.reads_mail("You have moved up")
    assert "A place has become free, and it is yours." in mail
    bran.opens_link_in_mail("You have moved up", "/p/").sees("Booked", who.name)


def sees_who_comes(carys: Somebody, who: Listed, *, not_any_more: Listed) -> None:
    carys.follows("Sessions").follows("3 December 2026, 1:30pm").follows("See who has a place").sees(who.name)
    assert not_any_more.name == who.name or not_any_more.name not in carys.words()


def every_mail_reads_well(carys: Somebody) -> None:
    """Open one mail of each subject that was sent to anybody, as its recipient sees it."""
    carys.goes_to("/mailbox/")
    found = {}
    while True:
        for link in carys.page.locator("main table a, main li a").all():
            found.setdefault(re.sub(r"[0-9]+|[A-Z]{2}-[A-Z0-9]+", "…", link.inner_text()), link.get_attribute("href"))
        if not carys.page.get_by_role("link", name="Next").count():
            break
        carys.follows("Next")
    assert len(found) > 12, found
    for address in found.values():
        carys.goes_to(address)
