"""The ladder of reminders, whether a mail is still wanted, and the words people get."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.utils import timezone

from attendance.actions import invitations as actions
from attendance.actions.places import give_up_place
from attendance.messages import invitations as messages
from attendance.models import Invitation, InvitationAnswer, RoundState
from attendance.queries.invitations import InvitationChoice, surroundings_of
from face.dates import day_without_year
from messaging import delivery, kinds
from messaging.mailbox import read
from messaging.models import Delivered, Message
from tests.attendance.inviting import (
    a_place,
    a_programme,
    a_written_round,
    an_eligible,
    an_open_session,
    has_left,
    mail_of_round,
)
from tests.attendance.places import a_place as a_place_in
from tests.attendance.places import a_session
from tests.briefings.factories import NOW
from tests.organisations.factories import PersonFactory

pytestmark = pytest.mark.django_db


def at(day: int, hour: int = 9) -> datetime:
    return datetime(2026, 11, day, hour, tzinfo=UTC)


def reminders() -> list[int]:
    return [row.refs["step"] for row in Message.objects.filter(kind=messages.REMINDER).order_by("pk")]


class TestLadder:
    """Invited on Monday 2 November 2026; the usual rungs are 5 and 10 working days."""

    @pytest.fixture
    def programme(self):
        programme = a_programme(people=1)
        a_written_round(programme)
        has_left(Invitation.objects.get())
        return programme

    def test_each_rung_once_on_its_day(self, programme):
        said = {day: actions.remind_unanswered(programme=programme, now=at(day)) for day in (6, 9, 10, 13, 16, 17, 20)}
        assert said == {6: 0, 9: 1, 10: 0, 13: 0, 16: 1, 17: 0, 20: 0}
        assert reminders() == [1, 2]
        assert Invitation.objects.get().reminded_step == 2

    def test_only_the_highest_where_several_are_overdue(self, programme):
        assert actions.remind_unanswered(programme=programme, now=at(20)) == 1
        assert actions.remind_unanswered(programme=programme, now=at(23)) == 0
        assert reminders() == [2]

    def test_days_count_from_when_the_mail_left(self, programme):
        has_left(Invitation.objects.get(), at(5))
        assert actions.remind_unanswered(programme=programme, now=at(11)) == 0
        assert actions.remind_unanswered(programme=programme, now=at(12)) == 1

    def test_nobody_whose_mail_has_not_left(self, programme):
        mail_of_round(Invitation.objects.get()).update(state="planned", sent_at=None, message_id=None)
        assert actions.remind_unanswered(programme=programme, now=at(20)) == 0

    @pytest.mark.parametrize("state", [RoundState.PAUSED, RoundState.STOPPED])
    def test_nobody_of_a_round_that_rests(self, programme, state):
        programme.invitation_rounds.update(state=state)
        assert actions.remind_unanswered(programme=programme, now=at(20)) == 0
        assert Invitation.objects.get().reminded_step == 0

    def test_nobody_who_answered_or_holds_a_place(self, programme):
        invitation = Invitation.objects.get()
        answer = {"invitation": invitation, "by": invitation.person, "now": NOW}
        actions.answer_invitation(answer=InvitationAnswer.NONE_SUITS, **answer)
        assert actions.remind_unanswered(programme=programme, now=at(9)) == 0
        actions.answer_invitation(answer="", **answer)
        a_place(invitation.person, programme.sessions.get())
        assert actions.remind_unanswered(programme=programme, now=at(9)) == 0

    def test_nobody_when_there_is_nothing_to_choose_or_no_ladder(self, programme):
        programme.invitation_reminder_days = []
        assert actions.remind_unanswered(programme=programme, now=at(20)) == 0
        programme.refresh_from_db()
        programme.sessions.update(state="draft")
        assert actions.remind_unanswered(programme=programme, now=at(20)) == 0

    def test_a_second_round_begins_the_ladder_again(self, programme):
        actions.remind_unanswered(programme=programme, now=at(9))
        a_written_round(programme, choice=InvitationChoice(again=True), now=at(10))
        has_left(Invitation.objects.get(), at(10))
        assert actions.remind_unanswered(programme=programme, now=at(17)) == 1
        assert reminders() == [1, 1]


class TestStillWanted:
    @pytest.fixture
    def message(self):
        a_written_round(a_programme(people=1))
        return Message.objects.get()

    def why(self, message, now=NOW) -> dict:
        return messages.not_wanted([message], now)

    def test_wanted(self, message):
        assert self.why(message) == {}

    def test_the_invitation_is_gone(self, message):
        Invitation.objects.all().delete()
        assert self.why(message) == {message.pk: "invitation_gone"}

    def test_the_round_was_stopped(self, message):
        Invitation.objects.get().round.__class__.objects.update(state=RoundState.STOPPED)
        assert self.why(message) == {message.pk: "round_stopped"}

    def test_answered(self, message):
        Invitation.objects.update(answer=InvitationAnswer.NOT_FOR_ME, answered_at=NOW)
        assert self.why(message) == {message.pk: "answered_or_booked"}

    def test_booked(self, message):
        invitation = Invitation.objects.get()
        a_place(invitation.person, invitation.programme.sessions.get())
        assert self.why(message) == {message.pk: "answered_or_booked"}

    def test_not_eligible_any_more(self, message):
        message.person.affiliations.update(until=NOW.date())
        assert self.why(message) == {message.pk: "not_eligible"}

    def test_nothing_to_choose_any_more(self, message):
        assert self.why(message, NOW + timedelta(days=60)) == {message.pk: "nothing_to_choose"}

    @time_machine.travel(NOW, tick=False)  # a mail that is rendered alone reads the clock itself
    def test_what_was_read_for_the_batch_is_not_asked_for_again(self, message, django_assert_num_queries):
        self.why(message)
        with django_assert_num_queries(0):
            content = messages.render(message)
        assert content == messages.render(Message.objects.get())

    def test_a_batch_takes_as_many_queries_as_one(self, django_assert_num_queries):
        programme = a_programme(people=3)
        a_written_round(programme)
        batch = list(Message.objects.select_related("person"))
        with django_assert_num_queries(7):
            messages.not_wanted(batch[:1], NOW)
        with django_assert_num_queries(7):
            messages.not_wanted(batch, NOW)


class TestWords:
    @pytest.fixture
    def invitation(self):
        programme = a_programme(contact_phone="01632 960 118", sessions=0)
        for day in (23, 24, 25, 26, 27):
            an_open_session(programme, date=NOW.replace(day=day).date())
        person = PersonFactory(name="Amina <Samplewood> & Co")
        an_eligible(programme, person=person)
        a_written_round(programme, introduction="A new plan.\n\nIt matters <to us>.")
        return Invitation.objects.select_related("programme", "person", "round", "link").get()

    def words(self, invitation, template="invitation"):
        around = surroundings_of(invitation.programme, [invitation.person_id], NOW)[invitation.person_id]
        return messages.content_of(invitation, template, "https://hub.example.org/i/1-abc/", around)

    def test_an_invitation_in_text(self, invitation):
        content = self.words(invitation)
        text = content.text
        assert content.subject == "Choose your half-day"
        assert text.startswith("Dear Amina <Samplewood> & Co\n\nA new plan.\n\nIt matters <to us>.\n")
        assert "- Monday 23 November 2026, 9:30am to 12:30pm, Eastmarsh Library" in text
        assert "- and 2 more\n" in text
        assert "Choose your session:\nhttps://hub.example.org/i/1-abc/\n" in text
        assert "Questions? Write to Carys Coordinator, briefings@example.org, or call 01632 960 118." in text
        assert "\n\n\n" not in text

    def test_everybody_gets_their_own_name_and_nothing_of_the_mail_before(self, invitation):
        first = self.words(invitation)
        invitation.person.name = "Bo <Notreal>"
        second = self.words(invitation)
        assert second.text == first.text.replace("Amina <Samplewood> & Co", "Bo <Notreal>")
        assert second.html == first.html.replace("Amina &lt;Samplewood&gt; &amp; Co", "Bo &lt;Notreal&gt;")
        invitation.programme.contact_phone = "01632 960 119"
        assert "01632 960 119" in self.words(invitation).text

    def test_nothing_typed_becomes_markup(self, invitation):
        html = self.words(invitation).html
        assert "Dear Amina &lt;Samplewood&gt; &amp; Co" in html
        assert "<p>A new plan.</p>\n\n<p>It matters &lt;to us&gt;.</p>" in html
        assert 'href="https://hub.example.org/i/1-abc/"' in html

    def test_the_first_mail_says_where_the_address_came_from(self, invitation):
        organisation = invitation.person.affiliations.get().organisation.name
        for words in (self.words(invitation).text, self.words(invitation).html):
            assert f"{organisation} gave us your name, your work address" in words
            assert "/privacy/" in words

    def test_a_later_mail_does_not(self, invitation):
        has_left(invitation)
        assert "gave us your name" not in self.words(invitation).text
        assert "/privacy/" in self.words(invitation).text

    def test_nor_the_first_to_somebody_who_gave_the_address_themselves(self, invitation):
        invitation.person.last_login = NOW
        assert "gave us your name" not in self.words(invitation).text

    def test_without_words_of_its_own(self, invitation):
        invitation.round.subject = invitation.round.introduction = ""
        content = self.words(invitation)
        assert content.subject == f"Choose your session: {invitation.programme.name}"
        assert "You are invited to a half-day session" in content.text

    def test_a_reminder(self, invitation):
        content = self.words(invitation, "invitation_reminder")
        assert content.subject == f"Have you chosen your session? {invitation.programme.name}"
        assert "There are 5 dates to choose from, the next on Monday 23 November 2026." in content.text
        assert "There are 5 dates to choose from" in content.html

    def test_the_link_again(self, invitation):
        content = self.words(invitation, "invitation_link_again")
        assert content.subject == f"Your link: {invitation.programme.name}"
        assert "https://hub.example.org/i/1-abc/" in content.text
        assert "https://hub.example.org/i/1-abc/" in content.html


class TestDelivery:
    """Through the outbox, as it leaves."""

    def sent(self):
        delivery.stopping.clear()
        delivery.deliver_due()
        return Delivered.objects.order_by("pk")

    def test_what_was_asked_for_by_a_known_address_holds_every_open_link(self):
        now = timezone.now()
        programme = a_programme(sessions=0)
        an_open_session(programme, date=(now + timedelta(days=40)).date())
        person = an_eligible(programme)
        a_written_round(programme, now=now)
        Message.objects.all().delete()
        actions.send_links_again(address=person.email, now=now)
        raw = bytes(self.sent().get().raw).decode()
        assert f"/i/{Invitation.objects.get().link_id}-" in raw
        row = Message.objects.get()
        assert (row.state, row.subject, row.text) == ("sent", None, None)

    def test_what_was_asked_for_by_an_unknown_address_says_so(self):
        actions.send_links_again(address="nobody@example.org", now=timezone.now())
        mail = self.sent().get()
        assert (mail.recipient, mail.subject) == ("nobody@example.org", "We have no invitation for this address")

    def test_whoever_was_booked_without_an_invitation_gets_the_link_of_their_place(self):
        now = timezone.now()
        session = a_session(capacity=1, date=(now + timedelta(days=40)).date())
        booked, waiting = a_place_in(session, now=now), a_place_in(session, now=now)
        Message.objects.all().delete()
        for place, words in ((booked, "my place on"), (waiting, "my position in the waiting list for")):
            actions.send_links_again(address=place.person.email, now=now)
            mail = read(self.sent().last().raw)
            assert mail.subject == "Your personal link"
            assert f"{words} {day_without_year(session.date)}" in mail.text
            assert f"/p/{place.link_id}-" in mail.text
            assert f"/p/{place.link_id}-" in mail.html
            assert "This link is yours alone." in mail.text
        give_up_place(place=booked, by=booked.person, now=now)
        asked = Message.objects.get(kind=messages.LINKS_ASKED, person=booked.person)
        assert kinds.find(asked.kind).render(asked).subject == "We have no invitation for this address"

    def test_an_invitation_keeps_no_link_in_the_log(self):
        now = timezone.now()
        programme = a_programme(sessions=0)
        an_open_session(programme, date=(now + timedelta(days=40)).date())
        an_eligible(programme)
        a_written_round(programme, now=now)
        raw = bytes(self.sent().get().raw).decode()
        link = Invitation.objects.get().link_id
        assert f"/i/{link}-" in raw
        assert f"/i/{link}-" not in Message.objects.get().text

    def test_every_kind_is_known(self):
        names = [messages.INVITATION, messages.REMINDER, messages.LINK_AGAIN, messages.LINKS_ASKED]
        assert [kinds.find(name).name for name in names] == names
