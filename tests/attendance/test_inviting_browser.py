"""A coordinator invites, in a real browser: choose, write, check, watch, pause, stop; without JavaScript too."""

import uuid
from datetime import timedelta

import pytest
from django.conf import settings
from django.test import Client
from django.utils import timezone

from attendance.actions import invitations as actions
from attendance.models import Invitation, InvitationAnswer, InvitationRound
from messaging.models import Message
from tests.attendance.inviting import a_place, a_programme, an_eligible, an_open_session, has_left
from tests.briefings.factories import AppointmentFactory
from tests.browser import axe, no_sideways_scroll
from tests.organisations.factories import AreaFactory, PersonFactory, ProfessionFactory

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

LONG_NAME = "Gwenllian-Angharad " + "Imaginary-Longsworth " * 12


@pytest.fixture
def programme():
    """Nine eligible people in two professions and areas; one of them holds a place."""
    programme = a_programme(sessions=0, name="One Family Plan: Wren Valley pilot", contact_phone="01632 960 118")
    for days in (30, 37, 44, 51):
        an_open_session(programme, date=(timezone.now() + timedelta(days=days)).date())
    county = AreaFactory(name="Wrenshire")
    places = [AreaFactory(name="Tolbury", parent=county), AreaFactory(name="Eastmarsh", parent=county)]
    work = [ProfessionFactory(name="Health visitor"), ProfessionFactory(name="Housing officer")]
    for number in range(8):
        name = LONG_NAME if number == 3 else f"Amina Samplewood {number}"
        who = PersonFactory(name=name, email=f"amina{number}@example.org")
        an_eligible(programme, person=who, profession=work[number % 2], areas=[places[number // 4]])
    a_place(an_eligible(programme), programme.sessions.first())
    return programme


@pytest.fixture
def signed_in(programme, live_server):
    """Return a function that signs the coordinator in to a page's browser."""
    coordinator = PersonFactory(name="Carys Coordinator")
    AppointmentFactory(programme=programme, person=coordinator)

    def sign_in(page):
        client = Client()
        client.force_login(coordinator)
        value = client.cookies[settings.SESSION_COOKIE_NAME].value
        page.context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": value, "url": live_server.url}])
        return page

    return sign_in


def checked(page, name: str) -> None:
    axe(page)
    no_sideways_scroll(page)
    assert page.locator("h1").count() == 1


@pytest.mark.walk
def test_from_the_choice_to_the_stopped_round(programme, signed_in, page):
    signed_in(page)
    page.goto(f"/programmes/{programme.slug}/inviting/")
    checked(page, "list-empty")
    page.get_by_role("link", name="Invite people").click()
    checked(page, "choose")
    page.get_by_label("Health visitor", exact=True).check()
    page.get_by_label("Wrenshire", exact=True).check()
    page.get_by_role("button", name="Count again").click()
    assert "of 4 eligible people will be invited" in page.locator("aside").inner_text()
    page.get_by_label("Housing officer").check()
    page.get_by_role("button", name="Continue").click()
    checked(page, "words")
    page.get_by_label("Subject").fill("")
    page.get_by_label("Introduction").fill("From January, families tell their story once.\n\nCome and hear how.")
    page.get_by_role("button", name="Show it in the mail").click()
    assert page.title().startswith("Error: ")
    checked(page, "words-error")
    page.get_by_label("Subject").fill("One plan for each family: choose your half-day")
    page.get_by_role("button", name="Show it in the mail").click()
    assert page.get_by_role("heading", name="One plan for each family: choose your half-day").is_visible()
    page.get_by_role("button", name="Continue").click()
    checked(page, "check")
    page.get_by_role("button", name="Invite 8 people").click()
    checked(page, "writing")
    made = InvitationRound.objects.get()
    actions.write_round(round_id=made.pk, now=timezone.now())
    page.get_by_text("0 of 8 done").wait_for()  # the page asks again by itself
    told = list(Invitation.objects.order_by("pk"))
    for invitation in told[:5]:
        has_left(invitation, timezone.now())
    page.get_by_text("5 of 8 done").wait_for()
    checked(page, "moving")
    page.get_by_role("button", name="Pause").click()
    checked(page, "paused")
    page.get_by_role("link", name="Stop this round").click()
    checked(page, "stop")
    page.get_by_role("button", name="Stop this round").click()
    checked(page, "stopped")
    assert Message.objects.filter(state="withheld").count() == 3
    actions.answer_invitation(
        invitation=told[3], answer=InvitationAnswer.NOT_FOR_ME, by=told[3].person, now=timezone.now()
    )
    page.goto(f"/programmes/{programme.slug}/inviting/")
    checked(page, "list")


def test_on_a_small_phone_without_javascript(programme, signed_in, new_page):
    phone = signed_in(new_page(width=320, height=640, javascript=False))
    made = actions.start_round(
        programme=programme, choice=actions.InvitationChoice(), subject="Come " * 25, introduction="",
        press=uuid.uuid4(), by=PersonFactory(), now=timezone.now(),
    )  # fmt: skip
    actions.write_round(round_id=made.pk, now=timezone.now())
    for invitation in Invitation.objects.select_related("person"):
        has_left(invitation, timezone.now())
        if len(invitation.person.name) > 100:
            actions.answer_invitation(
                invitation=invitation, answer=InvitationAnswer.NONE_SUITS, by=invitation.person, now=timezone.now()
            )
    inviting = f"/programmes/{programme.slug}/inviting/"
    for path in ("", "new/", "new/?who=again&areas=x", "new/words/?who=again", "new/left-out/?who=new", "answers/"):
        phone.goto(inviting + path)
        no_sideways_scroll(phone)
    phone.goto(f"{inviting}{made.pk}/")
    no_sideways_scroll(phone)
    assert "8 of 8 done" in phone.locator("main").inner_text()


def test_the_link_again(programme, phone):
    phone.goto("/invitations/again/")
    checked(phone, "again")
    phone.get_by_label("Your work e-mail address").fill("amina")
    phone.get_by_role("button", name="Send me my link").click()
    checked(phone, "again-error")
    phone.get_by_label("Your work e-mail address").fill("amina1@example.org")
    phone.get_by_role("button", name="Send me my link").click()
    checked(phone, "again-sent")
    assert Message.objects.get().address == "amina1@example.org"
