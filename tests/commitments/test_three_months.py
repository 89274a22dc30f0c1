"""Three months, day by day: at no moment an open question or assurance lacks an owner, a date or a next reminder."""

import random
from datetime import UTC, date, datetime, timedelta

import pytest

from briefings.rules import coordinators_of
from commitments.actions import assurances, questions
from commitments.clocks import LATE
from commitments.messages.assurances import reminded_people as reminded_of_assurance
from commitments.messages.questions import reminded_people as reminded_of_question
from commitments.models import (
    UNANSWERED,
    UNENDED,
    WITH_OWNER,
    AskedAs,
    Asker,
    Assurance,
    AssuranceState,
    Audience,
    CommissionState,
    Question,
    QuestionState,
)
from commitments.tasks import remind_due
from messaging.models import Message
from tests.commitments.factories import Cast

pytestmark = pytest.mark.django_db
FIRST, DAYS = date(2026, 11, 2), 92
LONGEST_SILENCE = 40
"""Days: a promise for a date far ahead is first reminded of two working days before it."""


class Quarter:
    """A programme whose people do something on most days, and forget much."""

    def __init__(self) -> None:
        self.cast, self.chance = Cast(), random.Random(20261102)  # noqa: S311 - the same quarter each time
        self.now = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)
        self.asked = {}

    def live_a_day(self) -> None:
        if self.now.weekday() < 5:
            for happens in (self.ask, self.triage, self.own, self.answer, self.object, self.promise, self.keep):
                if self.chance.random() < 0.45:
                    happens()

    def ask(self) -> None:
        own = self.cast.question(now=self.now, asked_as=self.chance.choice(AskedAs.values))
        self.asked[own.pk] = len(self.asked)

    def triage(self) -> None:
        own = self.one(Question.objects.filter(state__in=(QuestionState.RAISED, QuestionState.OPEN)))
        if own is None:
            return
        common = {"question": own, "by": self.cast.coordinator, "now": self.now}
        kind = self.chance.random()
        if kind < 0.15:
            questions.put_out_of_scope(reason="Not ours", **common)
        elif kind < 0.3 and own.state == QuestionState.RAISED:
            questions.open_question(**common)
        else:
            questions.commission(organisation=self.cast.organisation, person=self.cast.senior, **common)

    def own(self) -> None:
        own = self.one(Question.objects.filter(state=QuestionState.COMMISSIONED))
        asked = own and own.commissions.filter(state=CommissionState.ASKED).first()
        if not asked:
            return
        if self.chance.random() < 0.3:
            questions.decline_commission(commission=asked, reason="Not mine", by=self.cast.senior, now=self.now)
        else:
            questions.accept_commission(commission=asked, by=self.cast.senior, now=self.now)

    def answer(self) -> None:
        own = self.one(Question.objects.filter(state__in=(QuestionState.ACCEPTED, QuestionState.OPEN)))
        if own:
            by = self.cast.senior if own.owner else self.cast.coordinator
            questions.publish_answer(question=own, words="Yes", audience=Audience.PUBLIC, by=by, now=self.now)

    def object(self) -> None:
        asker = self.one(Asker.objects.filter(question__state=QuestionState.ANSWERED, question__is_reopened=False))
        if asker:
            questions.say_unanswered(asker=asker, by=asker.person, now=self.now)

    def promise(self) -> None:
        assurances.note_assurance(
            mandate=self.cast.mandate,
            words="We will",
            due_on=self.now.date() + timedelta(days=self.chance.randint(1, 35)),
            by=self.chance.choice([self.cast.senior, self.cast.coordinator]),
            now=self.now,
            for_everybody=True,
        )

    def keep(self) -> None:
        own = self.one(Assurance.objects.unended())
        if own is None:
            return
        common = {"assurance": own, "now": self.now}
        if own.state == AssuranceState.NOTED:
            assurances.confirm_assurance(by=self.cast.senior, **common)
        elif own.state == AssuranceState.GIVEN and self.chance.random() < 0.8:
            assurances.propose_kept(evidence="The rota", by=self.cast.senior, **common)
        elif own.state == AssuranceState.GIVEN:
            assurances.end_assurance(state=AssuranceState.WITHDRAWN, reason="No money", by=self.cast.senior, **common)
        elif self.chance.random() < 0.3:
            assurances.send_back(reason="Nobody can see it yet", by=self.cast.coordinator, **common)
        else:
            assurances.confirm_kept(by=self.cast.coordinator, **common)

    def one(self, rows):
        # Keys of questions are random: in the order of asking the quarter is the same each time.
        found = sorted(rows, key=lambda row: (self.asked.get(getattr(row, "question_id", row.pk), 0), row.pk))
        return self.chance.choice(found) if found else None


def nothing_is_silent(quarter: Quarter, earliest: date) -> None:
    """Fail where something open has nobody, no date, or no next reminder from ``earliest`` on and within reason."""
    today = quarter.now.date()
    coordinators = set(coordinators_of(quarter.cast.programme, today))
    for own in Question.objects.filter(state__in=UNANSWERED).select_related("programme", "owner", "organisation"):
        told = reminded_of_question(own, LATE if own.due_on < today else ("owner",), quarter.now)
        assert told, own
        assert (own.owner is not None) == (own.state in WITH_OWNER), own
        assert own.owner in told if own.owner else set(told) == coordinators, own
        assert None not in (own.due_on, own.due_from, own.due_days), own
        assert earliest <= own.next_reminder_on <= today + timedelta(days=LONGEST_SILENCE), own
    for own in Assurance.objects.filter(state__in=UNENDED).select_related("programme", "person", "organisation"):
        assert reminded_of_assurance(own, own.due_on < today, quarter.now), own
        assert earliest <= own.next_reminder_on <= today + timedelta(days=LONGEST_SILENCE), own


def test_nothing_falls_silent_in_three_months(time_machine):
    quarter = Quarter()
    for day in range(DAYS):
        quarter.now = datetime(2026, 11, 2, 9, 0, tzinfo=UTC) + timedelta(days=day)
        time_machine.move_to(quarter.now, tick=False)
        remind_due()
        quarter.live_a_day()
        nothing_is_silent(quarter, quarter.now.date())
        remind_due()  # what fell due by what happened today
        nothing_is_silent(quarter, quarter.now.date() + timedelta(days=1))
        assert remind_due() == 0, "running it again does nothing"
    states = set(Question.objects.values_list("state", flat=True)) | set(
        Assurance.objects.values_list("state", flat=True)
    )
    assert {"answered", "closed", "out_of_scope", "kept", "withdrawn", "given", "proposed"} <= states
    assert Message.objects.filter(kind="commitments.question_reminder").count() > 20
    assert Message.objects.filter(kind="commitments.assurance_reminder").count() > 20
