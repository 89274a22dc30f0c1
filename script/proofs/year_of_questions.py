"""A year by day: whoever leaves, nothing open (questions, promises, actions) lacks owner, date or the next reminder."""

import random
from collections import Counter
from datetime import UTC, date, datetime, timedelta
from unittest import mock

LIMIT = 1500
BESIDE = True
BEGINS, DAYS = date(2026, 9, 1), 365
YEARS = 3
"""No year is like another, as the numbers of questions are drawn: in one, nobody may have left who kept anything."""
LONGEST_SILENCE = timedelta(days=100)
"""A clock may be paused for three months; everything else is reminded of far sooner."""


def main() -> str:
    """Live a year; then show that the same look fails where nobody takes questions back from those who have left."""
    import django

    django.setup()
    from django.core.management import call_command

    call_command("migrate", verbosity=0, interactive=False)
    year = _live(DAYS)
    told = ", ".join(f"{number} {why}" for why, number in sorted(year.count_told().items()))
    without = []
    for what, patched, value in WITHOUT:
        silent = next(filter(None, (_what_is_silent(patched, value) for _ in range(YEARS))), "")
        if not silent:
            raise AssertionError(f"the look finds nothing without {what}")
        without.append(f"{what}: {silent}")
    happened = ", ".join(f"{number} {what}" for what, number in sorted(year.happened.items()))
    looks = f"{DAYS} days, {year.looked} looks at what is open, {year.mailed} reminders planned on their day"
    return f"{looks}; of those who asked: {told}; {happened}. And {'; '.join(without)}"


def _what_is_silent(patched: str, value: object) -> str:
    """Return what the look says of a year that is lived without ``patched``; "" where it finds nothing."""
    from django.db import transaction

    try:
        with transaction.atomic(), mock.patch(patched, return_value=value):
            _live(DAYS)
    except AssertionError as silent:
        return str(silent)
    return ""


class _None(list):
    """No rows, as the clock asks for them."""

    def values_list(self, *names: str, flat: bool = False) -> "_None":
        return self


WITHOUT = (
    ("taking questions back", "commitments.tasks.questions.orphaned", _None()),
    ("asking for successors", "commitments.tasks.handovers.orphaned", _None()),
    ("mails about questions", "commitments.actions.questions.clock.messages.remind", 0),
    ("mails about promises", "commitments.actions.assurances.messages.remind", 0),
    ("mails about actions", "commitments.actions.outputs.messages.remind", 0),
)
"""What is taken away, one at a time: each time the look must find it."""


def _live(days: int) -> "Year":
    import time_machine

    from commitments.tasks import remind_due

    year = Year()
    for number in range(days):
        year.now = datetime.combine(BEGINS, datetime.min.time(), UTC) + timedelta(days=number, hours=8)
        with time_machine.travel(year.now, tick=False):
            year.live_a_day()
            due = year.due_today()
            remind_due()
            year.look()
            year.look_for_mails(due)
            assert remind_due() == 0, "running it again does something"
    return year


class Year:
    """A programme of four organisations whose people come, go, forget and answer."""

    def __init__(self) -> None:
        from tests.briefings.factories import PartnerFactory, SessionFactory
        from tests.commitments.factories import Cast
        from tests.organisations.factories import OrganisationFactory

        self.chance, self.happened, self.looked, self.mailed = random.Random(20260901), Counter(), 0, 0
        self.now = datetime.combine(BEGINS, datetime.min.time(), UTC)
        self.cast = Cast()
        self.programme = self.cast.programme
        self.organisations = [self.cast.organisation, *(OrganisationFactory() for _ in range(3))]
        for organisation in self.organisations[1:]:
            PartnerFactory(programme=self.programme, organisation=organisation, since=BEGINS)
        self.workshop = SessionFactory(programme=self.programme, kind="workshop", state="held")
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
            often = (self.ask, self.triage, self.own, self.write, self.clear, self.object, self.withdraw, self.keep)
            seldom = (self.join, self.part, self.pass_on, self.pause, self.extend, self.hold, self.promise, self.review,
                      self.ask_successor, self.succeed, self.note_action, self.end_action)  # fmt: skip
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

        with_address = {} if self.chance.random() < 0.9 else {"email": None}
        self.cast.practitioner = PersonFactory(**with_address)
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

    def part(self):
        from commitments.actions import questions as actions

        own = self.one(state="merged")
        return actions.part(question=own, by=self.coordinator(), now=self.now) if own else False

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

    # Promises and actions

    def promise(self):
        from commitments.actions import assurances as actions

        mandate = self.mandate()
        if mandate is None:
            return False
        return actions.note_assurance(
            mandate=mandate,
            words="We will",
            due_on=self.today + timedelta(days=self.chance.randint(1, 60)),
            by=self.chance.choice([mandate.person, self.coordinator()]),
            now=self.now,
            for_everybody=True,
            is_ongoing=self.chance.random() < 0.3,
        )

    def keep(self):
        from commitments.actions import assurances as actions

        own = self.promised()
        if own is None:
            return False
        common, keeper = {"assurance": own, "now": self.now}, own.keeper or self.coordinator()
        if own.state == "noted":
            # Half of what a scribe noted is never confirmed: it lapses.
            return actions.confirm_assurance(by=own.person, **common) if self.chance.random() < 0.2 else False
        if own.state == "given":
            if self.chance.random() < 0.8:
                return actions.propose_kept(evidence="The rota", by=keeper, **common)
            return actions.end_assurance(state="not_kept", reason="No money", by=self.coordinator(), **common)
        if self.chance.random() < 0.4:
            return actions.send_back(reason="Nobody can see it yet", by=self.coordinator(), **common)
        return actions.confirm_kept(by=self.coordinator(), **common)

    def review(self):
        from commitments.actions import assurances as actions

        own = self.promised(state="given")
        day = self.today + timedelta(days=self.chance.randint(1, 60))
        by = own and (own.keeper or self.coordinator())
        return actions.review_assurance(assurance=own, words="On", due_on=day, by=by, now=self.now) if own else False

    def ask_successor(self):
        from commitments.actions import handovers as actions

        own, mandate = self.promised(keeper=None), self.mandate()
        common = {"mandate": mandate, "by": self.coordinator(), "now": self.now}
        return actions.ask_to_take_over(assurance=own, **common) if own and mandate else False

    def succeed(self):
        from commitments.actions import handovers as actions
        from commitments.models import Handover

        asked = self.pick(Handover.objects.filter(state="asked", assurance__programme=self.programme))
        if asked is None:
            return False
        common = {"handover": asked, "by": asked.person, "now": self.now}
        if self.chance.random() < 0.3:
            return actions.decline_to_take_over(reason="Not mine", **common)
        return actions.take_over(**common)

    def note_action(self):
        from commitments.actions.outputs import note_output

        mandate, due = self.mandate(), self.today + timedelta(days=self.chance.randint(1, 40))
        common = {"words": "Ask", "due_on": due, "by": self.coordinator(), "now": self.now}
        return mandate and note_output(session=self.workshop, kind="action", owner=mandate.person, **common)

    def end_action(self):
        from commitments.actions.outputs import finish_action

        own = self.pick(self.actions())
        return finish_action(output=own, words="Done", by=self.coordinator(), now=self.now) if own else False

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
        forgets = self.today > date(2027, 1, 1)  # the second time nobody ends the mandates for what has ended
        for mandate in Mandate.objects.on(self.today).filter(programme=self.programme, organisation=old):
            mandate.until = mandate.until if forgets else self.today
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
        self._look_at_promises()
        self._look_at_actions()

    def _look_at_promises(self) -> None:
        from briefings.rules import mandate_for
        from commitments.messages.assurances import reminded_people
        from commitments.models import STANDING

        for own in self.promises():
            self.looked += 1
            told = reminded_people(own, own.due_on < self.today, self.now)
            assert told, f"nobody is reminded of a promise that is {own.state} on {self.today}"
            assert all(each.is_active for each in told), f"somebody who has left keeps a promise on {self.today}"
            if own.state in STANDING and own.keeper:
                speaks = mandate_for(own.keeper, self.programme, self.today, own.carried_by)
                assert speaks, f"the keeper of a promise may not speak for who carries it on {self.today}"
            assert own.keeper or own.keeper_lost_on, own.state
            assert own.due_on, own.state
            assert self.today < own.next_reminder_on <= self.today + LONGEST_SILENCE, (own.state, own.next_reminder_on)

    def _look_at_actions(self) -> None:
        from commitments.clocks import next_rung
        from commitments.messages.outputs import reminded_people
        from commitments.queries.standards import calendar_of, ladder_for

        for own in self.actions().select_related("owner", "session__programme"):
            self.looked += 1
            days, ladder = calendar_of(own.session.programme), ladder_for(own.session.programme)
            rung = next_rung(own.due_on, own.reminded_step, self.today, days, ladder)
            told = reminded_people(own, rung, self.now)
            assert told, f"nobody is reminded of an action on {self.today}"
            assert all(each.is_active for each in told), f"somebody who has left owns an action on {self.today}"
            assert self.today < own.next_reminder_on <= self.today + LONGEST_SILENCE, own.next_reminder_on

    def due_today(self) -> list:
        """Return what says that the next mail about it goes today, before the clock looks at it."""
        from commitments.models import UNANSWERED, Question

        owed = Question.objects.filter(programme=self.programme, state__in=UNANSWERED, paused_on=None)
        return [
            row
            for rows in (owed, self.promises(), self.actions())
            for row in rows.filter(next_reminder_on__lte=self.today)
        ]

    def look_for_mails(self, due: list) -> None:
        """Fail where what was due today has no mail that will go: to somebody with an account, wanted, in words."""
        from messaging.kinds import find
        from messaging.models import Message

        # These say on that day what somebody did, whether it is due or not.
        news = ["commitments.assurance_given", "commitments.assurance_reviewed"]
        planned = Message.objects.filter(created_at=self.now).exclude(kind__in=news).select_related("person")
        for own in due:
            refs = {"assurance": own.pk} if hasattr(own, "keeper") else {"action": own.pk}
            if hasattr(own, "asked_as"):
                refs = {"question": str(own.pk)}
            found = [row for row in planned.filter(refs__contains=refs) if row.person and row.person.is_active]
            assert found, f"no mail about {own._meta.model_name} of {own.next_reminder_on} is planned on {self.today}"
            wanted = [row for row in found if row.pk not in find(row.kind).still_wanted([row], self.now)]
            own.refresh_from_db()
            assert wanted or own.next_reminder_on is None, f"nobody wants the mail about {own} on {self.today}"
            for row in wanted:
                assert find(row.kind).render(row).text
            self.mailed += len(wanted)

    def count_told(self) -> Counter:
        """Return what became of everybody who asked; fail where somebody was not told how it stands at the end.

        Told: a mail is planned, and wanted, with the answer that stands, or with the reason why there is none.
        """
        from commitments.models import TOLD, Asker
        from messaging.kinds import find
        from messaging.models import Message

        said = Message.objects.filter(kind__in=["commitments.question_answered", "commitments.question_out_of_scope"])
        rows = list(said)
        lost = {pk for row in rows for pk in find(row.kind).still_wanted([row], self.now)}
        told = {(row.refs["asker"], row.refs.get("answer")) for row in rows if row.pk not in lost}
        askers, became = Asker.objects.filter(question__programme=self.programme), Counter()
        for asker in askers.select_related("question__merged_into", "person"):
            whole = asker.question.merged_into or asker.question
            if asker.withdrawn_on:
                became["took it back"] += 1
            elif whole.state not in (*TOLD, "out_of_scope"):
                became["are still owed the answer"] += 1
            elif not asker.person.email:
                became["have no address"] += 1
            else:
                answer = whole.answers.first() if whole.state in TOLD else None
                assert (asker.pk, answer and answer.pk) in told, f"nobody told who asked {asker.question.state}"
                became["were told"] += 1
        return became

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

    def promises(self):
        from commitments.models import Assurance

        own = Assurance.objects.unended().filter(programme=self.programme)
        return own.select_related("programme", "person", "organisation", "carried_by", "keeper")

    def promised(self, **where):
        return self.pick(self.promises().filter(**where))

    def actions(self):
        from commitments.models import Output

        return Output.objects.open_actions().filter(session__programme=self.programme)

    def pick(self, rows):
        found = list(rows.order_by("pk"))
        return self.chance.choice(found) if found else None
