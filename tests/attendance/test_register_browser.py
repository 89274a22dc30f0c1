"""A facilitator keeps the register on a phone, a coordinator closes it; each page is clean for axe and fits."""

from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.utils import timezone

from attendance.models import Attendance, CoverState, Outcome, PlaceState, SeniorAttendance
from briefings.models import Part, SessionPart
from organisations.models import Organisation
from tests.attendance.inviting import a_place
from tests.attendance.places import a_practitioner, a_programme, a_session, partner_of
from tests.attendance.registers import a_coordinator
from tests.attendance.test_sessions_browser import sign_in
from tests.briefings.factories import MandateFactory, RoomFactory, VenueFactory
from tests.browser import check_page, targets_are_large
from tests.organisations.factories import PersonFactory

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
NAMES = ["Beatrix Makebelieve", "Dafydd O’Sample", "Efua Fictwell", "Gus Imaginary-Longsworth", "Siân Notreal"]


def a_day():
    """A session that goes on just now, all day long, with five who have a place."""
    programme = a_programme(slug="wren", name="One Family Plan: Wren Valley pilot")
    Organisation.objects.filter(pk=partner_of(programme).pk).update(name="Wrenshire County Council")
    Organisation.objects.create(name="Lantern Trust", kind="charity")
    today = datetime.now(ZoneInfo("Europe/London")).date()
    room = RoomFactory(venue=VenueFactory(name="Tolbury Guildhall"), name="Court Room")
    session = a_session(programme, date=today, starts=time(0, 0), ends=time(23, 59), capacity=7, room=room)
    for name in NAMES:
        before = timezone.now() - timedelta(days=9)
        a_place(a_practitioner(programme, name=name), session, state=PlaceState.BOOKED, now=before)
    senior = MandateFactory(
        programme=programme, organisation=partner_of(programme), person=PersonFactory(name="Harriet Pretendham")
    )
    MandateFactory(programme=programme, organisation=partner_of(programme), person=PersonFactory(name="Ivo Madeup"))
    SeniorAttendance.objects.create(
        session=session, organisation=senior.organisation, person=senior.person, asked_by="clock",
        asked_at=timezone.now(), answered_at=timezone.now(), state=CoverState.COMING,
    )  # fmt: skip
    return session


def button(page, words: str):
    """The button with these words, those that only a screen reader says among them."""
    return page.get_by_role("button").filter(has_text=words)


@pytest.mark.walk
@pytest.mark.parametrize("javascript", [True, False], ids=["with", "without"])
def test_the_day_at_the_door(new_page, live_server, javascript):
    session = a_day()
    facilitator = PersonFactory(name="Fay Facilitator")
    SessionPart.objects.create(session=session, person=facilitator, part=Part.FACILITATOR)
    phone = new_page(width=320, height=740, javascript=javascript, has_touch=True, is_mobile=True)
    sign_in(phone, facilitator, live_server)

    def looked_at(page=phone) -> None:
        if javascript:
            check_page(page)
            targets_are_large(page)

    phone.goto(f"/sessions/{session.pk}/")
    phone.get_by_role("link", name="Keep the register").click()
    looked_at()
    phone.get_by_label("Find a name or organisation").fill("sian")
    phone.get_by_role("button", name="Find").click()
    assert phone.locator("h3").all_inner_texts()[0] == "Siân Notreal"
    button(phone, "Here: Siân Notreal").click()
    assert "1 of 5 is here" in phone.inner_text("main")
    looked_at()
    button(phone, "Undo the mark of Siân Notreal").first.click()
    assert "0 of 5 are here" in phone.inner_text("main")
    button(phone, "Here: Siân Notreal").click()
    phone.locator("summary").filter(has_text="for Efua Fictwell").click()
    looked_at()
    button(phone, "Came late: Efua Fictwell").click()
    phone.get_by_role("link", name="Add a walk-in").click()
    looked_at()
    phone.get_by_role("link", name="Wrenshire County Council").click()
    looked_at()
    phone.get_by_role("button", name="Add").click()
    looked_at()
    phone.get_by_label("Name").fill("Gus Imaginary")
    phone.get_by_role("button", name="Add").click()
    assert "2 of 5 are here, and 1 walk-in" in phone.inner_text("main")
    button(phone, "Here: Harriet Pretendham").click()
    phone.get_by_text("Another senior manager").click()
    looked_at()
    phone.get_by_label("Who came?").select_option(label="Wrenshire County Council: Ivo Madeup")
    phone.get_by_role("button", name="Mark as here").click()
    assert set(SeniorAttendance.objects.values_list("state", flat=True)) == {CoverState.ATTENDED}
    assert SeniorAttendance.objects.count() == 2

    desk = new_page(width=1280, javascript=javascript)
    sign_in(desk, a_coordinator(session), live_server)
    desk.goto(f"/sessions/{session.pk}/register/sheet/")
    looked_at(desk)
    desk.goto(f"/sessions/{session.pk}/register/type-in/")
    desk.get_by_label("Name 1").fill("Hana Written")
    desk.get_by_role("button", name="Save the sheet").click()
    looked_at(desk)
    desk.get_by_label("Organisation 1").select_option(label="Lantern Trust")
    desk.get_by_label("Dafydd O’Sample").check()
    desk.get_by_role("button", name="Save the sheet").click()
    assert "3 of 5 are here, and 2 walk-ins" in desk.inner_text("main")
    desk.get_by_role("link", name="Say who 2 walk-ins were").click()
    looked_at(desk)
    button(desk, "Leave the name as it is: Hana Written").click()
    desk.goto(f"/sessions/{session.pk}/register/")
    looked_at(desk)
    desk.get_by_role("link", name="Close the register").click()
    assert "2 who are not marked become absent." in desk.inner_text("main")
    looked_at(desk)
    desk.get_by_role("button", name="Close the register").click()
    assert Attendance.objects.filter(outcome=Outcome.ABSENT).count() == 2
    looked_at(desk)
    desk.get_by_role("link", name="Open the register again").click()
    looked_at(desk)
    desk.get_by_label("Why is it opened again?").fill("The second sheet was found")
    desk.get_by_role("button", name="Open it again").click()
    assert Attendance.objects.filter(outcome=Outcome.ABSENT).count() == 0
