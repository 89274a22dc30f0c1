"""A ladder of a programme's own, set on its page and lived day by day: who gets a mail when, as it was delivered.

The steps of Sefton Safeguarding Children Board, section 17: raised within two working days, a reply within three, the
service managers two later, a meeting within five, the board's business manager told from the second stage on.
"""

import re
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from email.policy import default
from urllib.parse import urlsplit

import pytest
from django.urls import reverse

from commitments.actions import questions as actions
from commitments.actions.policies import choose_digest
from commitments.models import Question
from commitments.tasks import remind_due
from messaging.delivery import deliver_due
from messaging.models import Delivered
from tests.briefings.factories import AppointmentFactory
from tests.commitments.factories import NOW, TODAY, Cast
from tests.commitments.pages import signed_in, words
from tests.organisations.factories import OrganisationLeadFactory, PersonFactory

pytestmark = pytest.mark.django_db
SEFTON = {
    "repeat_days": "2", "themes": ["trust"],
    "days_1": "0", "tells_1": ["owner"],
    "days_2": "2", "tells_2": ["owner", "lead"],
    "days_3": "5", "tells_3": ["owner", "lead", "board"],
}  # fmt: skip


class Town(Cast):
    def __init__(self) -> None:
        super().__init__()
        self.lead = OrganisationLeadFactory(organisation=self.organisation, since=TODAY).person
        self.board = PersonFactory()
        AppointmentFactory(programme=self.programme, person=self.board, role="board", since=TODAY)
        address = reverse("commitments:question-rules-change", args=[self.programme.slug])
        assert signed_in(self.coordinator).post(address, SEFTON).status_code == 302

    def lives_until(self, time_machine, last: int) -> dict[int, list[tuple[str, str]]]:
        """Return the mails of each day of November that were delivered to whom, with their subjects."""
        names = {self.senior.email: "owner", self.lead.email: "lead", self.board.email: "board",
                 self.coordinator.email: "coordinator", self.practitioner.email: "asker"}  # fmt: skip
        found, seen = {}, set(Delivered.objects.values_list("pk", flat=True))
        for day in range(3, last + 1):
            time_machine.move_to(datetime(2026, 11, day, 8, tzinfo=UTC), tick=False)
            remind_due()
            deliver_due()
            new = Delivered.objects.exclude(pk__in=seen).order_by("pk")
            mails = [message_from_bytes(bytes(each.raw), policy=default) for each in new]
            seen |= set(new.values_list("pk", flat=True))
            if mails:
                found[day] = [(names[re.sub(r".*<|>.*", "", each["To"])], each["Subject"]) for each in mails]
                self.last = mails[-1].get_body(("plain",)).get_content()
        return found


@pytest.fixture
def town(time_machine) -> Town:
    time_machine.move_to(NOW, tick=False)
    made = Town()
    commission = made.commissioned()
    actions.accept_commission(commission=commission, by=made.senior, now=NOW)
    deliver_due()
    made.own = Question.objects.get()
    return made


def test_the_ladder_that_was_set_on_the_page_is_climbed(town, time_machine):
    reference = town.own.reference
    late = f"Question {reference} is late"
    assert town.lives_until(time_machine, 26) == {
        16: [("owner", f"Question {reference} is due today")],  # ten working days after Monday the 2nd
        18: [("owner", late), ("lead", late)],
        23: [("owner", late), ("lead", late), ("board", late)],
        25: [("owner", late), ("lead", late), ("board", late)],  # and every two working days from then on
    }
    link = re.search(r"https?://\S+", town.last)[0]
    page = signed_in(town.board).get(urlsplit(link).path)
    assert f"Question {reference}" in words(page)


def test_one_mail_a_day_names_everything_and_its_reader_is_left_in_peace_once_all_is_answered(town, time_machine):
    choose_digest(person=town.senior, wants=True, now=NOW)
    for _ in range(2):
        made = town.commissioned()
        actions.accept_commission(commission=made, by=town.senior, now=NOW)
    deliver_due()
    days = town.lives_until(time_machine, 17)
    assert days == {16: [("owner", "3 questions waiting for you")]}
    assert all(each.reference in town.last for each in Question.objects.all())
    now = datetime(2026, 11, 17, 10, tzinfo=UTC)
    time_machine.move_to(now, tick=False)
    for own in Question.objects.all():
        actions.publish_answer(question=own, words="Yes", audience="public", by=town.senior, now=now)
    deliver_due()
    seen = Delivered.objects.count()
    for day in range(18, 24):
        time_machine.move_to(datetime(2026, 11, day, 8, tzinfo=UTC), tick=False)
        remind_due()
        deliver_due()
    assert Delivered.objects.count() == seen, "silence from the day after"


def test_what_was_planned_before_it_was_answered_is_not_sent_after(town, time_machine):
    time_machine.move_to(NOW + timedelta(days=14), tick=False)
    remind_due()
    actions.publish_answer(
        question=town.own, words="Yes", audience="public", by=town.senior, now=NOW + timedelta(days=14)
    )
    before = Delivered.objects.count()
    deliver_due()
    assert Delivered.objects.count() == before + 1, "only who asked is told"
