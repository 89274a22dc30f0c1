"""The coordinator's list of answers and of addresses that bounce, and taking a place back, as people see them."""

import pytest
import time_machine

from accounts.links import path_of, token_of
from attendance.actions.places import give_up_place
from attendance.actions.policies import set_quota
from attendance.actions.sessions import cancel_session
from attendance.models import CalendarAnswer, CalendarEntry
from history.actions import key_of
from messaging.models import Bounce, Message
from tests.attendance.places import NOW, a_place, a_session, another_day
from tests.briefings.factories import AppointmentFactory
from tests.browser import check_page, targets_are_large
from tests.messaging.factories import MessageFactory

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def test_what_waits_for_the_coordinator_on_a_phone(phone, client, live_server):
    with time_machine.travel(NOW, tick=True):
        session = a_session(capacity=9)
        programme = session.programme
        placed = [a_place(session) for _ in range(3)]
        for place, said, why in zip(
            placed, ("delegated", "declined", "accepted"), ("delegated", "unproven", "old"), strict=True
        ):
            CalendarAnswer.objects.create(
                entry=CalendarEntry.objects.get(person=place.person, session=session), said=said, sequence=0,
                left_at=0, stamp=NOW, received_at=NOW, sender="bryn@elsewhere.example.org", outcome="asks", why=why,
            )  # fmt: skip
        message = MessageFactory(
            kind="attendance.place_booked", about=key_of(programme), person=placed[0].person, sent_to="a@example.org",
            state=Message.State.SENT, sent_at=NOW, message_id="<b1@example.org>", created_at=NOW,
        )  # fmt: skip
        Bounce.objects.create(message=message, address=placed[0].person.email, status="5.1.1", came_at=NOW)
        give_up_place(place=placed[2], by=placed[2].person, now=NOW)
        client.force_login(AppointmentFactory(programme=programme).person)
        cookie = {"name": "session", "value": client.cookies["session"].value, "url": live_server.url}
        phone.goto(f"/p/{token_of(placed[2].link)}/")
        phone.goto(f"{path_of(placed[2].link)}take-back/")
        check_page(phone)
        set_quota(programme=programme, organisation=None, seats=2, released_on=None, by="clock", now=NOW)
        phone.reload()  # a place is free, and not for them
        check_page(phone)
        over = another_day(programme)
        cancel_session(session=over, reason="The heating has failed", by="clock", now=NOW)
        phone.context.add_cookies([cookie])
        for path in (
            "/messages/returned/", f"/programmes/{programme.slug}/calendar-answers/", f"/sessions/{over.pk}/change/",
        ):  # fmt: skip
            phone.goto(path)
            check_page(phone)
            targets_are_large(phone)
