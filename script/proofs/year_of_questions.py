"""A year of questions by day: whoever leaves, nothing open lacks owner, date or reminder, and each asker is told."""

import random
from collections import Counter
from datetime import UTC, date, datetime, timedelta
from unittest import mock

LIMIT = 600
BEGINS, DAYS = date(2026, 9, 1), 365
LONGEST_SILENCE = timedelta(days=100)
"""A clock may be paused for three months; everything else is reminded of far sooner."""


def main() -> str:
    """Live a year; then show that the same look fails where nobody takes questions back from those who have left."""
    import django

    django.setup()
    from django.core.management import call_command
    from django.db import transaction

    call_command("migrate", verbosity=0, interactive=False)
    year = _live(DAYS)
    told = year.count_told()
    without = ""
    try:
        with transaction.atomic(), mock.patch("commitments.tasks.questions.orphaned", return_value=_nobody()):
            _live(120)
    except AssertionError as silent:
        without = str(silent)
    assert without, "the look finds nothing where nobody takes questions back"
    happened = ", ".join(f"{number} {what}" for what, number in sorted(year.happened.items()))
    looks = f"{DAYS} days, {year.looked} looks at open questions, {told} askers told"
    return f"{looks}; {happened}; without the clock: {without}"


def _nobody():
    from commitments.models import Question

    return Question.objects.none()


def _live(days: int) -> "Year":
    import time_machine

    from commitments.tasks import remind_due

    year = Year()
    for number in range(days):
        year.now = datetime.combine(BEGINS, datetime.min.time(), UTC) + timedelta(days=number, hours=8)
        with time_machine.travel(year.now, tick=False):
            year.live_a_day()
            remind_due()
            year.look()
            assert remind_due() == 0, "running it again does something"
    return year


class Year:
    """A programme of four organisations whose people come, go, forget and answer."""

    def __init__(self) -> None:
        from tests.briefings.factories import PartnerFactory
        from tests.commitments.factories import Cast
        from tests.organisations.factories import OrganisationFactory

        self.chance, self.happened, self.looked = random.Random(20260901), Counter(), 0
        self.now = datetime.combine(BEGINS, datetime.min.time(), UTC)
        self.cast = Cast()
        self.programme = self.cast.programme
        self.organisations = [self.cast.organisation, *(OrganisationFactory() for _ in range(3))]
        for organisation in self.organisations[1:]:
            PartnerFactory(programme=self.programme, organisation=organisation, since=BEGINS)
        self.cast.mandate.since = BEGINS
        self.cast.mandate.save()
        for organisation in self.organisations:
            self.arrive(organisation)
            self.name_holder(organisation)

    @property
    def today(self) -> date:
        return self.now.date()

    # What people do

    def live_a_day(self) -> None:
        from history.refusals import Refused

        if self.now.weekday() < 5:
            often = (self.ask, self.triage, self.own, self.write, self.clear, self.object, self.withdraw)
            seldom = (self.join, self.pass_on, self.pause, self.extend, self.hold)
            rarely = (self.leave, self.leave, self.change_coordinator, self.change_holder)
            for what, share in [*((each, 0.6) for each in often), *((each, 0.15) for each in seldom),
                                *((each, 0.04) for each in rarely)]:  # fmt: skip
                if self.chance.random() < share:
                    try:
                        if what() is not False:
                            self.happened[what.__name__] += 1
                    except Refused as refusal:
                        self.happened[f"refused: {refusal.code}"] += 1
        if self.today in (date(2026, 12, 1), date(2027, 4, 1)):
            self.replace_an_organisation()

    def ask(self):
        from commitments.models import AskedAs
        from tests.organisations.factories import PersonFactory

        self.cast.practitioner = PersonFactory()
        self.cast.question(now=self.now, asked_as=self.chance.choice(AskedAs.values))

    def triage(self):
        from commitments.actions import questions as actions

        own, mandate = self.one(state__in=("raised", "open"), owner=None), self.mandate()
        if own is None or mandate is None:
            return False
        common = {"question": own, "by": self.coordinator(), "now": self.now}
        if self.chance.random() < 0.1:
            return actions.put_out_of_scope(reason="Not ours", **common)
        if self.chance.random() < 0.15 and own.state == "raised":
            return actions.open_question(**common)
        return actions.commission(organisation=mandate.organisation, person=mandate.person, **common)

    def own(self):
        from commitments.actions import questions as actions

        own = self.one(state="commissioned")
        asked = own and own.commissions.filter(state="asked").first()
        if not asked:
            return False
        if self.chance.random() < 0.2:
            return actions.decline_commission(commission=asked, reason="Not mine", by=own.owner, now=self.now)
        return actions.accept_commission(commission=asked, by=own.owner, now=self.now)

    def write(self):
        from commitments.actions import questions as actions

        own = self.one(state__in=("open", "accepted", "drafting"))
        if own is None:
            return False
        by = own.owner or self.coordinator()
        common = {"question": own, "words": "Yes", "audience": "public", "by": by, "now": self.now}
        kind = self.chance.random()
        if kind < 0.2:
            return actions.save_draft(**common)
        if kind < 0.6:
            return actions.send_to_clearance(roles=["dpo"], **common)
        return actions.publish_answer(**common)

    def clear(self):
        from commitments.actions import questions as actions
        from commitments.models import Clearance
        from commitments.queries.standards import holders_of

        own = Clearance.objects.filter(state="asked", draft__question__programme=self.programme).order_by("pk").first()
        holders = own and holders_of(self.programme, own.role, own.organisation, self.today)
        if not holders:
            return False
        if self.chance.random() < 0.3:
            return actions.send_back(clearance=own, reason="Shorter", by=holders[0], now=self.now)
        return actions.clear(clearance=own, by=holders[0], now=self.now)

    def object(self):
        from commitments.actions import questions as actions
        from commitments.models import Asker

        asker = self.pick(Asker.objects.filter(question__programme=self.programme, question__state="answered"))
        return actions.say_unanswered(asker=asker, by=asker.person, now=self.now) if asker else False

    def withdraw(self):
        from commitments.actions import questions as actions
        from commitments.models import Asker

        if self.chance.random() < 0.8:
            return False
        found = Asker.objects.filter(question__programme=self.programme, question__state__in=("raised", "accepted"))
        asker = self.pick(found.filter(withdrawn_on=None))
        return actions.withdraw_question(asker=asker, by=asker.person, now=self.now) if asker else False

    def join(self):
        from commitments.actions import questions as actions

        own, into = (
            self.one(state__in=("raised", "open", "accepted")),
            self.one(state__in=("accepted", "answered", "closed")),
        )
        if own is None or into is None:
            return False
        return actions.merge(question=own, into=into, by=self.coordinator(), now=self.now)

    def pass_on(self):
        from commitments.actions import questions as actions

        own, to = self.one(state__in=("accepted", "drafting", "clearing"), owner__isnull=False), self.mandate()
        if own is None or to is None:
            return False
        return actions.transfer(
            question=own,
            organisation=to.organisation,
            person=to.person,
            reason="Theirs",
            by=self.coordinator(),
            now=self.now,
        )

    def pause(self):
        from commitments.actions import questions as actions

        own = self.one(state__in=("open", "accepted", "clearing"), due_on__gte=self.today)
        until = self.today + timedelta(days=self.chance.randint(1, 30))
        common = {"question": own, "by": self.coordinator(), "now": self.now}
        return actions.pause_clock(until=until, reason="We wait", **common) if own else False

    def extend(self):
        from commitments.actions import questions as actions

        own = self.one(state__in=("open", "accepted"))
        day = max(own.due_on, self.today) + timedelta(days=self.chance.randint(1, 20)) if own else None
        common = {"question": own, "by": self.coordinator(), "now": self.now}
        return actions.extend(due_on=day, reason="It takes longer", **common) if own else False

    def hold(self):
        from commitments.actions import questions as actions

        own = self.one(state__in=("accepted", "drafting"), owner__isnull=False)
        return actions.send_holding_reply(question=own, words="Soon", by=own.owner, now=self.now) if own else False

    # Who comes and goes

    def arrive(self, organisation):
        from tests.briefings.factories import MandateFactory
        from tests.organisations.factories import PersonFactory

        return MandateFactory(
            programme=self.programme, organisation=organisation, person=PersonFactory(), since=self.today
        )

    def leave(self):
        """Half of those who leave lose their mandate, half their account; somebody else comes."""
        from briefings.actions.appointments import end_mandate

        mandate = self.mandate()
        if mandate is None:
            return False
        if self.chance.random() < 0.5:
            mandate.person.is_active = False
            mandate.person.save(update_fields=["is_active"])
        end_mandate(mandate=mandate, by=self.coordinator(), now=self.now)
        return self.arrive(mandate.organisation)

    def change_coordinator(self):
        from briefings.models import Appointment
        from tests.briefings.factories import AppointmentFactory
        from tests.organisations.factories import PersonFactory

        Appointment.objects.filter(programme=self.programme, until=None).update(until=self.today)
        return AppointmentFactory(
            programme=self.programme, person=PersonFactory(), role="coordinator", since=self.today
        )

    def name_holder(self, organisation):
        from commitments.models import GovernanceHolder
        from tests.organisations.factories import PersonFactory

        return GovernanceHolder.objects.create(
            programme=self.programme, organisation=organisation, role="dpo", person=PersonFactory(), since=self.today
        )

    def change_holder(self):
        from commitments.actions.policies import end_holder
        from commitments.models import GovernanceHolder

        holder = self.pick(GovernanceHolder.objects.on(self.today).filter(programme=self.programme))
        if holder is None:
            return self.name_holder(self.organisations[-1])
        return end_holder(holder=holder, by=self.coordinator(), now=self.now)

    def replace_an_organisation(self) -> None:
        """The first organisation is merged into the last; its senior managers speak for that from today."""
        from briefings.models import Mandate
        from tests.briefings.factories import MandateFactory

        old, new = self.organisations[0], self.organisations[-1]
        old.ended_on, old.successor = self.today, new
        old.save()
        for mandate in Mandate.objects.on(self.today).filter(programme=self.programme, organisation=old):
            mandate.until = self.today
            mandate.save()
            if self.chance.random() < 0.7:
                MandateFactory(programme=self.programme, organisation=new, person=mandate.person, since=self.today)
        self.organisations.remove(old)
        self.happened["organisation replaced"] += 1

    # What must be true

    def look(self) -> None:
        """Fail where something open has no owner who may answer, no date or no next reminder."""
        from briefings.rules import mandate_for
        from commitments.messages.questions import reminded_people
        from commitments.models import UNANSWERED, Question

        owed = Question.objects.filter(programme=self.programme, state__in=UNANSWERED)
        for own in owed.select_related("programme", "owner", "organisation"):
            self.looked += 1
            told = reminded_people(own, ("owner",), self.now)
            assert told, f"nobody is reminded of {own.state} on {self.today}"
            assert all(person.is_active for person in told), f"somebody who has left owns {own.state} on {self.today}"
            if own.owner:
                speaks = mandate_for(own.owner, self.programme, self.today, own.organisation)
                assert speaks, f"the owner of {own.state} may not answer on {self.today}"
            assert own.due_on, own.state
            assert self.today < own.next_reminder_on <= self.today + LONGEST_SILENCE, (own.state, own.next_reminder_on)

    def count_told(self) -> int:
        """Return how many askers were told how their question ended; fail where one was not, for no reason."""
        from commitments.models import TOLD, Asker
        from messaging.models import Message

        said = Message.objects.filter(kind__in=["commitments.question_answered", "commitments.question_out_of_scope"])
        told = set(said.values_list("refs__asker", flat=True))
        askers = Asker.objects.filter(question__programme=self.programme, withdrawn_on=None)
        number = 0
        for asker in askers.select_related("question__merged_into"):
            whole = asker.question.merged_into or asker.question
            if whole.state in (*TOLD, "out_of_scope"):
                assert asker.pk in told, f"nobody told who asked {asker.question.state}"
                number += 1
        return number

    # Choosing

    def coordinator(self):
        from briefings.rules import coordinators_of

        return coordinators_of(self.programme, self.today).first()

    def mandate(self):
        from briefings.models import Mandate

        held = Mandate.objects.on(self.today).filter(programme=self.programme, person__is_active=True)
        return self.pick(held.select_related("organisation", "person"))

    def one(self, **where):
        from commitments.models import Question

        rows = Question.objects.filter(programme=self.programme, **where)
        return self.pick(rows.select_related("programme", "owner", "organisation"))

    def pick(self, rows):
        found = list(rows.order_by("pk"))
        return self.chance.choice(found) if found else None
