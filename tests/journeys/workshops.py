"""Journey B: workshops before co-location. From an empty hub to endorsed guidance and the shift, by pages and mails.

The organisations and people are those of journey A. It takes more than a minute, so ``script/prove workshops`` runs it
and the suite does not.
"""

import re
from datetime import UTC, datetime

import pytest

from tests.journeys.round_of_briefings import SENIOR, adds_a_venue
from tests.journeys.staff_lists import AREAS, PARTNERS, PROFESSIONS, Listed, staff_lists_arrive
from tests.journeys.the_day import the_clock_moves
from tests.journeys.walking import Somebody, the_clock_ticks

pytestmark = pytest.mark.browser

ALL_FOUR = (*PARTNERS, "Wrenshire Police", "Hearthside Homes")
DAYS = ("1 December", "8 December", "10 December", "15 December")
PROGRAMME = "Wren House: one building"
SLUG = "/programmes/wren-house-one-building/"
STATEMENTS = ("I know whom to ask at the other organisations.", "I trust them with what I know.")
AFTER_THE_LAST = datetime(2026, 12, 15, 14, 0, tzinfo=UTC)
IN_JANUARY = datetime(2027, 1, 6, 10, 0, tzinfo=UTC)
WORDS = "The first to arrive opens the building and the last to leave locks it."
BETTER = "The first to arrive opens the building and the last to leave locks it, and both sign the list at the door."
TOO_LITTLE = "Nobody could say afterwards who had locked."
CROWD = 12


@pytest.fixture
def on_phone(new_page):
    """Return a function that hands somebody a phone."""
    return lambda address: Somebody(
        new_page(width=360, height=740, has_touch=True, is_mobile=True, device_scale_factor=2), address
    )


def test_workshops_to_endorsed_guidance_and_the_shift(administrator, clock, new_page, on_phone):
    ada = administrator.signs_in()
    eligible = staff_lists_arrive(ada)
    starts_a_programme_of_workshops(ada)
    carys = becomes_coordinator(ada, Somebody(new_page(), "carys@tolbury.example.org"))
    seniors = names_four_senior_managers(carys, on_phone)
    adds_a_venue(carys)
    plans_a_series_of_four(carys)
    asks_about_attitudes(carys)
    invites_everybody(carys)
    takes_the_whole_series(on_phone(eligible[0].address), eligible[0])
    crowd = on_phone("")
    codes = everybody_answers(crowd, opens_the_point(carys, "Before"), first="2", second="3")
    closes_the_point(carys, "Before")

    the_clock_moves(clock, AFTER_THE_LAST)
    carys.signs_in()
    writes_down_what_comes_out(carys)
    makes_an_agreement_of_it(carys)
    declines_with_a_reason(seniors["Wrenshire Police"])
    proposes_better_words(carys)
    for organisation, senior in seniors.items():
        endorses(senior, organisation)
    sees_that_all_have_endorsed(carys)
    writes_guidance_from_it(carys, seniors["Wren Valley NHS Trust"])
    reads_what_is_agreed(on_phone(""))

    the_clock_moves(clock, IN_JANUARY)
    carys.signs_in()
    after = opens_the_point(carys, "After")
    everybody_answers(crowd, after, first="4", second="3", codes=codes)
    closes_the_point(carys, "After")
    sees_the_shift(carys)


def starts_a_programme_of_workshops(ada: Somebody) -> None:
    ada.follows("Programmes").follows("Start a programme").fills(
        name=PROGRAMME, scale="A pilot", purpose="Four organisations move into one building.",
        nation="England and Wales",
    ).presses_button("Start the programme")  # fmt: skip
    ada.follows("Partner organisations").follows("Add partner organisations")
    ada.ticks(*ALL_FOUR).presses_button("Add").sees("4 partner organisations")
    ada.follows("Back to the set-up").follows("Areas and professions in scope")
    ada.ticks("Only these areas", *AREAS, "Only these professions", *PROFESSIONS).presses_button("Save")
    ada.follows("Places per person").ticks_what_begins("One place in each session").presses_button("Save")
    ada.follows("How the programme speaks").fills(
        contact_name="Carys Coordinator", contact_email="wren.house@example.org", contact_phone="01632 960 118"
    ).presses_button("Save")


def becomes_coordinator(ada: Somebody, carys: Somebody) -> Somebody:
    ada.follows("Coordinators and other roles").follows("Give somebody a role")
    ada.fills(role="Coordinator", email=carys.address, name="Carys Coordinator").presses_button("Give the role")
    assert PROGRAMME in carys.reads_mail("coordinator")
    return carys.signs_in()


def names_four_senior_managers(carys: Somebody, on_phone) -> dict[str, Somebody]:
    """Record a mandate for each partner; return its holder, with a phone, by the name of the organisation."""
    people = (
        ("Marged Inventor", "marged.inventor@wrenshire.example.org", "Director of Children’s Services"),
        ("Siân O’Madeup", SENIOR, "Director of Nursing"),
        ("Rhys Notreal", "rhys.notreal@police.example.org", "Chief Superintendent"),
        ("Efua Imaginary", "efua.imaginary@hearthside.example.org", "Head of Neighbourhoods"),
    )
    found = {}
    carys.follows("Programmes").follows("Wren House").follows("Set-up").follows("Mandates of senior managers")
    for organisation, (name, address, title) in zip(ALL_FOUR, people, strict=True):
        carys.follows("Record a mandate").fills(
            organisation=organisation, email=address, name=name, job_title=title,
            confirmed_by="The chief executive, by e-mail",
        ).presses_button("Record the mandate").sees(name)  # fmt: skip
        found[organisation] = on_phone(address)
    carys.follows("Back to the set-up").follows("Check all answers")
    return found


def names_all_four(who: Somebody) -> None:
    """See every partner on the page; one came with a staff list in capitals."""
    there = who.words().lower()
    assert [name for name in ALL_FOUR if name.lower() not in there] == [], there[:2000]


def plans_a_series_of_four(carys: Somebody) -> None:
    carys.follows("Programmes").follows("Wren House").follows("Sessions").follows("Plan several dates")
    carys.ticks_what_begins("Workshop").fills(
        dates="\n".join(f"{day} 2026 morning" for day in DAYS), room="Eastmarsh Library, Reading Room", capacity="20"
    )
    carys.presses_button("Check the dates").presses_button("Plan all 4").sees("4 sessions")
    carys.follows("Series").follows("Start a series").fills(name="Before we move").presses_button("Continue")
    for box in carys.page.locator("input[name=sessions]").all():
        box.check()
    carys.presses_button("Save the group").sees("Before we move", *(f"{day} 2026" for day in DAYS))
    for day in DAYS:
        carys.goes_to(f"{SLUG}sessions/").follows(f"{day} 2026").follows("Open for booking")
        carys.presses_button("Open the session").sees("Open", "Before we move")


def asks_about_attitudes(carys: Somebody) -> None:
    carys.goes_to(f"{SLUG}attitudes/").follows("Ask about attitudes")
    for box in carys.page.locator("input[name=ready]").all():
        box.uncheck()
    carys.fills(title="Working together at Wren House", own="\n".join(STATEMENTS))
    carys.page.locator("[name=method][value=paired]").check()
    carys.presses_button("Save the statements").sees("Not asked yet", *STATEMENTS)


def opens_the_point(carys: Somebody, point: str) -> str:
    """Open the answering ``point`` ("Before", "After"); return the code that stands in the room."""
    carys.goes_to(f"{SLUG}attitudes/").follows("Working together at Wren House")
    carys.follows(re.compile(rf"^Open\s*: {point}")).fills(most="40").presses_button("Open for answers")
    return carys.sees("Answer on your phone").page.locator(".figure").inner_text().strip()


def closes_the_point(carys: Somebody, point: str) -> None:
    carys.goes_to(f"{SLUG}attitudes/").follows("Working together at Wren House")
    carys.follows(re.compile(rf"^Close\s*: {point}")).sees(str(CROWD)).presses_button("Close and publish")
    carys.sees(f"{CROWD} answers")


def everybody_answers(crowd: Somebody, code: str, *, first: str, second: str, codes: tuple[str, ...] = ()) -> tuple:
    """Answer as a dozen people on their phones; with ``codes`` each brings the one they kept. Return the codes."""
    kept = []
    for number in range(CROWD):
        crowd.goes_to(f"/attitudes/{code}/")
        for place, answer in ((1, first), (2, second)):
            crowd.page.locator(f"[name=answer_0_{place}][value='{answer}']").check()
        if codes:
            crowd.fills(pair=codes[number])
        crowd.presses_button("Send my answers").sees("Your answers are counted", "Nothing links them to you")
        if not codes:
            kept.append(crowd.page.locator(".figure").inner_text().replace("\u2011", "").strip())
    assert crowd.page.context.cookies() == []
    return tuple(kept)


def invites_everybody(carys: Somebody) -> None:
    carys.follows("Inviting").follows("Invite people").presses_button("Continue").presses_button("Continue")
    carys.presses_button(re.compile(r"Invite [\d,]+ people"))
    the_clock_ticks()
    carys.goes_to(carys.page.url).sees("done")


def takes_the_whole_series(amina: Somebody, who: Listed) -> None:
    amina.opens_link_in_mail("Wren House", "/i/").sees(who.name).follows("Take a place")
    amina.sees("This is workshop 1 of 4").presses_button("Book your place").sees("Your place is booked", "10 December")


def writes_down_what_comes_out(carys: Somebody) -> None:
    carys.goes_to(f"{SLUG}series/").follows("Before we move").follows("15 December 2026").follows(
        "Write down what comes out of it"
    )
    carys.ticks_what_begins("Concern or barrier").fills(
        words="Nobody knows who may use the side door.", theme="Process"
    )
    carys.presses_button("Note it").sees("1 noted so far")
    carys.ticks_what_begins("Expectation").fills(words="One reception for everybody.", term="Short term")
    carys.presses_button("Note it").ticks_what_begins("Quotation without a name").fills(words="We never met before.")
    carys.presses_button("Note it").ticks_what_begins("Agreement, as a draft").fills(words=WORDS)
    carys.presses_button("Note it").sees("4 noted so far", WORDS)


def makes_an_agreement_of_it(carys: Somebody) -> None:
    carys.goes_to(f"{SLUG}outputs/").presses_button("Make an agreement of it").sees("is drafted", WORDS)
    carys.follows("Propose it to every partner").sees("Who is asked", "Siân O’Madeup", "Chief Superintendent")
    carys.presses_button("Ask them now").sees("Proposed, endorsed by nobody yet")


def declines_with_a_reason(rhys: Somebody) -> None:
    rhys.opens_link_in_mail("Will Wrenshire Police endorse", "/endorse/").sees(WORDS, "The link is yours alone")
    rhys.follows("Say what").enters_code().sees("You sign as Rhys Notreal")
    rhys.ticks_what_begins("Declined").presses_button("Sign").sees("There is a problem", "Enter the reason")
    rhys.fills(note=TOO_LITTLE).presses_button("Sign").sees("Signed for Wrenshire Police: declined")
    assert "hash" in rhys.reads_mail("You signed for Wrenshire Police")


def proposes_better_words(carys: Somebody) -> None:
    assert carys.has_mail("Wrenshire Police has answered")
    carys.goes_to("/").follows("declined an agreement").follows(re.compile("The first to arrive")).sees(TOO_LITTLE)
    carys.follows("Draft the next version").fills(words=BETTER).presses_button("Save as a draft")
    carys.follows("Propose version 2 to every partner").sees("Every endorsement of version 1 ends", "put in:")
    carys.presses_button("Ask them now").sees("Version 2", BETTER)


def endorses(senior: Somebody, organisation: str) -> None:
    senior.opens_link_in_mail(f"Will {organisation} endorse", "/endorse/").sees("What is different from version 1")
    senior.follows("Say what")
    if "/sign-in/" in senior.page.url:
        senior.enters_code()
    senior.page.locator("[name=outcome][value=endorsed]").check()
    senior.ticks_what_begins("I endorse these words for").presses_button("Sign").sees("Signed for", "endorsed")
    receipt = senior.reads_mail(f"You signed for {organisation}")
    assert BETTER in " ".join(receipt.split())


def sees_that_all_have_endorsed(carys: Somebody) -> None:
    carys.goes_to(carys.page.url).sees("Fully endorsed, 4 of 4", "Earlier versions", "The chain ends with the hash")
    carys.goes_to(f"{SLUG}agreements/matrix/").sees("Endorsed", "5 endorsements are signed")
    names_all_four(carys)
    carys.goes_to(SLUG).sees("1 of 1 fully endorsed")


def writes_guidance_from_it(carys: Somebody, sian: Somebody) -> None:
    carys.goes_to(f"{SLUG}guidance/").follows("Start guidance").fills(title="Working together in Wren House")
    carys.presses_button("Continue").follows("Back to the draft").follows("Draft a section from agreements")
    carys.fills(title="Opening and locking").page.locator("input[name=versions]").last.check()
    carys.presses_button("Draft it").sees("Opening and locking", BETTER).presses_button("Open it for comments")
    draft = carys.page.url
    sian.goes_to(draft).follows("Comment").fills(words="Say where the list hangs.").presses_button("Send the comment")
    carys.goes_to(draft).sees("Say where the list hangs.").follows("Answer")
    carys.ticks_what_begins("It is taken up").presses_button("Answer")
    carys.goes_to(draft).follows("Publish a version").sees("Every partner has endorsed what it stands on")
    carys.fills(note="How we open and lock.").presses_button("Publish it").sees("Version 1 is published", BETTER)
    names_all_four(carys.sees("Who has endorsed it"))


def reads_what_is_agreed(stranger: Somebody) -> None:
    stranger.goes_to(f"{SLUG}agreed/").sees(BETTER, "Endorsed by")
    names_all_four(stranger)
    assert "Siân" not in stranger.words()
    stranger.goes_to(f"{SLUG}guidance/").follows("Working together in Wren House").sees(BETTER, "Who has endorsed it")


def sees_the_shift(carys: Somebody) -> None:
    carys.goes_to(f"{SLUG}attitudes/").follows("Working together at Wren House")
    carys.sees(*STATEMENTS, f"{CROWD} pairs", "The median change is towards agreement")
