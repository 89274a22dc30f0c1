"""Journey D: two organisations share one dataset. From an empty hub to a confirmed place, by pages and mails only."""

import pytest

from tests.journeys.walking import Somebody, the_clock_ticks

pytestmark = pytest.mark.browser

TEN = "\n".join(
    f"{name} Madeup, {name.lower()}@{'tolbury' if number % 2 else 'wrentrust'}.example.org, "
    f"{'Tolbury City Council' if number % 2 else 'Wren Valley NHS Trust'}, Health visitor"
    for number, name in enumerate(["Amina", "Bran", "Cerys", "Dafydd", "Efa", "Ffion", "Gwen", "Huw", "Ifan", "Jac"])
)
MOST_FIELDS = 25
FIELDS = """() => new Set([...document.querySelectorAll('form[method=post] [name]:not([type=hidden]):not(button)')]
  .map(each => each.name.replace(/_(day|month|year)$/, ''))).size"""


def test_a_bilateral_share_is_set_up_from_one_short_form(administrator, new_page):
    ada = administrator.signs_in()
    ada.follows("Programmes").follows("Set up a bilateral share")
    assert ada.page.evaluate(FIELDS) <= MOST_FIELDS
    ada.fills(
        name="School attendance data", purpose="The trust sees which children miss school, and asks why.",
        first_organisation="Tolbury City Council", second_organisation="Wren Valley NHS Trust", people=TEN,
        date="3 12 2026", slot="Morning, 9:30am to 12:30pm", place="Tolbury Guildhall\n1 High Street\nTolbury",
        capacity="12", contact_name="Ada Ashdown", contact_email="ada@example.org",
    )  # fmt: skip
    ada.presses = 0
    ada.presses_button("Make it ready to invite").sees("School attendance data is ready", "Invite 10 people")
    ada.follows("Invite 10 people").presses_button("Continue").presses_button("Continue")
    ada.presses_button("Invite 10 people")
    the_clock_ticks()
    ada.goes_to(ada.page.url).sees("10 of 10 done")

    amina = Somebody(new_page(width=360, height=740, has_touch=True, is_mobile=True), "amina@wrentrust.example.org")
    amina.opens_link_in_mail("School attendance data", "/i/").sees("Amina Madeup", "Wren Valley NHS Trust")
    amina.follows("Take a place").presses_button("Book your place").sees("Your place is booked")
    assert amina.presses == 3
    confirmation = amina.reads_mail("Your place on")
    assert "Thursday 3 December 2026" in confirmation
    assert "a calendar entry" in confirmation
