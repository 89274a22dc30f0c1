"""The practitioner's way on a phone: from the mailed link to a place, another date, and giving it up."""

import re
import uuid
from datetime import date, timedelta

import pytest
import time_machine
from playwright.sync_api import expect

from accounts.links import token_of
from attendance.actions.teams import book_team
from attendance.models import Place, PlaceState
from tests.attendance.places import NOW, a_place, a_practitioner, a_programme, a_session, another_day, fill, partner_of
from tests.attendance.test_booking_pages import invite
from tests.attendance.test_public_booking import the_code
from tests.briefings.factories import AppointmentFactory, RoomFactory, VenueFactory
from tests.browser import axe, check_page, no_sideways_scroll, screenshot, walk_to
from tests.organisations.factories import (
    AreaFactory,
    MailDomainFactory,
    OrganisationLeadFactory,
    ProfessionFactory,
)

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def seen(page, name: str) -> None:
    """Look at ``page`` as axe, as a narrow window and as a person does."""
    axe(page)
    no_sideways_scroll(page)
    screenshot(page, f"booking-{name}")


@pytest.fixture
def stage():
    """A programme with three dates near and far, one of them full, and an invited health visitor."""
    with time_machine.travel(NOW):
        melton, rutland = AreaFactory(name="Melton"), AreaFactory(name="Rutland")
        programme = a_programme(name="One Family Plan: Wren Valley pilot", what_to_bring="Your laptop and a real case")
        near = RoomFactory(name="Reading Room", venue=VenueFactory(name="Eastmarsh Library", area=melton))
        far = RoomFactory(name="Court Room", venue=VenueFactory(name="Tolbury Guildhall", area=rutland))
        session = a_session(programme, room=near, capacity=24)
        fill(another_day(programme, room=near, capacity=1, date=date(2026, 12, 3)))
        full = another_day(programme, room=far, capacity=2)
        person = a_practitioner(
            programme,
            name="Amina Samplewood",
            areas=[melton],
            profession=ProfessionFactory(name="Health visitor"),
        )
        yield programme, session, full, invite(programme, person)


@pytest.mark.parametrize("javascript", [True, False], ids=["with JavaScript", "without JavaScript"])
def test_from_the_link_to_a_place_and_away_again(new_page, stage, javascript):
    _, session, other, invitation = stage
    phone = new_page(width=360, height=740, javascript=javascript)
    look = seen if javascript else lambda page, name: no_sideways_scroll(page)
    phone.goto(f"/i/{token_of(invitation.link)}/")
    assert "Amina Samplewood" in phone.inner_text(".note")
    look(phone, "choose")
    phone.get_by_role("link", name=re.compile("Take a place.*Thursday 26 November")).click()
    look(phone, "check")
    phone.get_by_role("button", name="Book your place").click()
    assert phone.inner_text("h1") == "Your place is booked"
    look(phone, "done")
    place = Place.objects.get(person=invitation.person)
    assert (place.session, place.state) == (session, PlaceState.BOOKED)
    phone.get_by_role("link", name="change or give up your place").click()
    look(phone, "place")
    phone.get_by_role("link", name=re.compile("Change.*what you need")).click()
    phone.get_by_label("What do you need to take part?").fill("A hearing loop")
    look(phone, "needs")
    phone.get_by_role("button", name="Save").click()
    phone.get_by_role("button", name="Send me the entry again").click()
    look(phone, "place-after")
    phone.get_by_role("link", name="Change to another date").click()
    look(phone, "change")
    phone.get_by_role("link", name=re.compile("Change to this date.*Tuesday 8 December")).click()
    look(phone, "change-check")
    phone.get_by_role("button", name="Change to Tuesday 8 December").click()
    assert "A hearing loop" in phone.inner_text("main")
    assert Place.objects.live().get(person=invitation.person).session == other
    phone.get_by_role("link", name="Give up my place").click()
    look(phone, "give-up")
    phone.get_by_role("button", name="Give up my place").click()
    look(phone, "given-up")
    assert "You have given up this place" in phone.inner_text("main")
    assert not Place.objects.live().filter(person=invitation.person).exists()


def test_the_same_way_by_keyboard_alone(page, stage):
    _, session, other, invitation = stage
    page.goto(f"/i/{token_of(invitation.link)}/")

    def enter(words: str) -> None:
        walk_to(page, words)
        with page.expect_navigation():
            page.keyboard.press("Enter")

    enter("Take a place")
    enter("Book your place")
    assert Place.objects.get(person=invitation.person).session == session
    enter("change or give up your place")
    enter("Change to another date")
    enter("Change to this date: Tuesday 8 December")
    enter("Change to Tuesday 8 December")
    assert Place.objects.live().get(person=invitation.person).session == other
    enter("Give up my place")
    enter("Give up my place")
    assert not Place.objects.live().filter(person=invitation.person).exists()


def test_the_other_ways_out_of_an_invitation(phone, stage):
    invitation = stage[-1]
    phone.goto(f"/i/{token_of(invitation.link)}/")
    phone.get_by_role("link", name="Not you?").click()
    seen(phone, "not-me")
    phone.get_by_role("link", name="Back").click()
    phone.get_by_role("link", name="Join the waiting list").click()
    seen(phone, "check-full")
    phone.get_by_role("button", name="Join the waiting list").click()
    seen(phone, "waiting")
    phone.goto(f"/i/{invitation.link_id}/")
    phone.get_by_role("link", name="None of these dates is possible for me").click()
    seen(phone, "answer")
    phone.get_by_role("button", name="Tell the coordinator: none of these dates").click()
    seen(phone, "answered")
    phone.get_by_role("button", name="Take this back").click()
    assert "Nothing that suits?" in phone.inner_text("main")


@pytest.mark.parametrize("width", [360, 1280])
def test_the_pages_of_the_coordinator(new_page, live_server, client, stage, width):
    programme, session, _, invitation = stage
    coordinator = AppointmentFactory(programme=programme).person
    a_place(session, invitation.person)
    client.force_login(coordinator)
    page = new_page(width=width)
    cookie = client.cookies["session"]
    page.context.add_cookies([{"name": "session", "value": cookie.value, "url": live_server.url}])
    for name, path in {
        "find": f"/programmes/{programme.slug}/people/find/?q=Amina",
        "person": f"/programmes/{programme.slug}/people/{invitation.person_id}/",
        "places": f"/sessions/{session.pk}/places/",
    }.items():
        page.goto(path)
        seen(page, f"staff-{name}-{width}")


def test_booking_from_the_public_list(phone, stage, settings):
    programme, session, _, _ = stage
    settings.EMAIL_BACKEND = "messaging.backends.OutboxBackend"
    MailDomainFactory(organisation=partner_of(programme), domain="trust.example.org")
    phone.goto(f"/sessions/{session.pk}/book/")
    seen(phone, "public-address")
    phone.get_by_label("Your work e-mail address").fill("kofi@trust.example.org")
    phone.get_by_role("button", name="Send me a code").click()
    seen(phone, "public-code")
    phone.get_by_label("Code from the e-mail").fill(the_code())
    phone.get_by_role("button", name="Continue").click()
    phone.get_by_role("button", name="Continue").click()
    seen(phone, "public-details-errors")
    phone.get_by_label("Your full name").fill("Kofi Examplar")
    phone.get_by_label("Your profession").select_option("Health visitor")
    phone.get_by_label("Where you mostly work").select_option("Melton")
    phone.get_by_role("button", name="Continue").click()
    seen(phone, "public-check")
    phone.get_by_role("button", name="Book your place").click()
    seen(phone, "public-done")
    assert Place.objects.get(person__email="kofi@trust.example.org").state == PlaceState.BOOKED
    phone.goto(f"/sessions/{session.pk}/book/")
    phone.get_by_label("Your work e-mail address").fill("kofi@elsewhere.example.org")
    phone.get_by_role("button", name="Send me a code").click()
    seen(phone, "public-unknown")


def test_asking_before_the_session(phone, stage):
    _, session, _, invitation = stage
    place = a_place(session, invitation.person)
    phone.goto(f"/p/{token_of(place.link)}/")
    phone.get_by_role("link", name="Ask a question before the session").click()
    seen(phone, "ask")


def test_a_lead_books_and_reminds_colleagues_among_many_on_a_phone(new_page, live_server, client, stage):
    programme, session, _, _ = stage
    lead = OrganisationLeadFactory(organisation=partner_of(programme)).person
    for number in range(55):
        a_practitioner(programme, name=f"Beth Many {number:02}", email=f"many{number}@example.org")
    client.force_login(lead)
    phone = new_page(width=320, height=740, javascript=False)
    cookie = client.cookies["session"]
    phone.context.add_cookies([{"name": "session", "value": cookie.value, "url": live_server.url}])
    base = f"/organisations/{partner_of(programme).pk}/booking/"
    phone.goto(f"{base}{session.pk}/")
    phone.get_by_label("Beth Many 01").check()
    phone.get_by_label("Find a colleague by name").fill("Samplewood")
    phone.get_by_role("button", name="Find").click()
    no_sideways_scroll(phone)
    screenshot(phone, "booking-team")
    assert phone.get_by_role("checkbox").count() == 2
    assert phone.get_by_label("Beth Many 01").is_checked()
    phone.get_by_label("Amina Samplewood").check()
    phone.get_by_role("button", name="Book the team").click()
    assert set(Place.objects.filter(team__isnull=False).values_list("person__name", flat=True)) == {
        "Beth Many 01", "Amina Samplewood",
    }  # fmt: skip
    wide = new_page()
    wide.context.add_cookies([{"name": "session", "value": cookie.value, "url": live_server.url}])
    wide.goto(f"{base}{session.pk}/")
    check_page(wide)
    wide.goto(f"{base}nudge/{programme.pk}/")
    check_page(wide)
    wide.get_by_label("Choose Beth Many 02").check()
    wide.get_by_role("button", name="Remind those ticked").click()
    check_page(wide)
    assert "The coordinator" in wide.inner_text("main") or "reminded" in wide.inner_text("main")
    names_two_places_by_keyboard(wide, programme, session, lead)


def names_two_places_by_keyboard(page, programme, session, lead) -> None:
    """A lead finds two of many colleagues by typing, ticks each, and sends it all from the keyboard."""
    until = session.date - timedelta(days=9)
    team = book_team(
        session=session, organisation=partner_of(programme), people=[], unnamed=2, rule="fit", names_until=until,
        press=uuid.uuid4(), by=lead, now=NOW,
    )  # fmt: skip
    page.goto(f"/teams/{team.pk}/")
    check_page(page)
    page.get_by_role("link", name="Name these places").press("Enter")
    check_page(page)
    for number, name in enumerate(("Beth Many 40", "Beth Many 41")):
        page.get_by_label("Find a colleague by name").fill("")
        page.get_by_label("Find a colleague by name").press_sequentially(name)
        expect(page.get_by_role("checkbox")).to_have_count(number + 1)
        page.get_by_label(name).press("Space")
    check_page(page)
    page.set_viewport_size({"width": 320, "height": 740})
    no_sideways_scroll(page)
    page.get_by_role("button", name="Give them the places").press("Enter")
    expect(page.get_by_text("2 places have a name now")).to_be_visible()
    named = Place.objects.filter(team=team).values_list("person__name", flat=True)
    assert set(named) == {"Beth Many 40", "Beth Many 41"}
