"""Journey D: two organisations share one dataset, one briefing each side, three stages. By pages and mails only.

``script/prove bilateral_share`` walks it: the suite keeps its ten minutes.
"""

import re
from datetime import timedelta

import pytest

from communications.tasks import chase_plans
from tests.journeys.conftest import MORNING
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


def test_a_bilateral_share_is_set_up_from_one_short_form_and_told_in_three_stages(administrator, new_page, clock):
    ada = administrator.signs_in()
    ada.follows("Programmes").follows("Set up a bilateral share")
    assert ada.page.evaluate(FIELDS) <= MOST_FIELDS
    ada.fills(
        name="School attendance data", purpose="The trust sees which children miss school, and asks why.",
        first_organisation="Tolbury City Council", second_organisation="Wren Valley NHS Trust", people=TEN,
        date="3 12 2026", slot="Morning, 9:30am to 12:30pm", second_date="4 12 2026",
        place="Tolbury Guildhall\n1 High Street\nTolbury", capacity="12", contact_name="Ada Ashdown",
        contact_email="ada@example.org",
    )  # fmt: skip
    ada.presses = 0
    ada.presses_button("Make it ready to invite").sees("School attendance data is ready", "Invite 10 people")
    ada.sees("Thursday 3 December 2026", "Friday 4 December 2026", "Three stages are planned")
    ada.follows("Invite 10 people").presses_button("Continue").presses_button("Continue")
    ada.presses_button("Invite 10 people")
    the_clock_ticks()
    ada.goes_to(ada.page.url).sees("10 of 10 done")

    amina = Somebody(new_page(width=360, height=740, has_touch=True, is_mobile=True), "amina@wrentrust.example.org")
    amina.opens_link_in_mail("School attendance data", "/i/").sees("Amina Madeup", "Wren Valley NHS Trust")
    amina.sees("for Tolbury City Council", "for Wren Valley NHS Trust")
    amina.follows("Take a place", nth=1).presses_button("Book your place").sees("Your place is booked")
    assert amina.presses == 3
    confirmation = amina.reads_mail("Your place on")
    assert "Friday 4 December 2026" in confirmation
    assert "a calendar entry" in confirmation

    # The plan: the invitations tell both sides what is shared, each briefing is on its way, review is to come.
    ada.follows(re.compile("^Plan$")).sees("Agree", "Share", "Review", "Every audience is addressed", "On its way")
    ada.follows(re.compile("^Agree$")).sees("What is shared, why, and from which day").follows("Say what fulfils it")
    ada.chooses("A round of invitations", "Choose your session: School attendance data")
    ada.presses_button("Save").sees("It is done")

    # Weeks later nobody has said what came of it: whoever owns that is reminded, and says it by the link.
    clock.move_to(MORNING + timedelta(days=53))
    chase_plans()
    ada.opens_link_in_mail("it is due soon", "/planned/").sees("What came of it, and what changes")
    ada.fills(words="Both teams met: it stays, with one list fewer.").presses_button("It is done")
    ada.sees("nothing for you to do here any more").signs_in()
    ada.goes_to("/programmes/school-attendance-data/plan/").sees("2 of 2 told", "1 of 1 told", "Now")
