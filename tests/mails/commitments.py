"""Questions, assurances, actions, and what became of it."""

from datetime import date, datetime, timedelta

import time_machine

from briefings.actions.appointments import end_mandate
from briefings.models import ProgrammeRole, SessionKind
from commitments.actions import assurances, handovers, policies, questions, redaction
from commitments.actions.outputs import change_action, finish_action, note_output, remind_of_action
from commitments.clocks import BEFORE, Rung
from commitments.messages import assurances as assurance_messages
from commitments.messages.questions import staff
from commitments.models import AskedAs, Asker, Assurance, Audience, Clearance, GovernanceRole
from commitments.tasks import remind_due
from tests.briefings.factories import AppointmentFactory, MandateFactory, SessionFactory
from tests.commitments.factories import Cast
from tests.commitments.test_telling import came, published
from tests.mails import NOW, makes

DUE, LATER = date(2026, 12, 1), date(2027, 2, 1)


def _accepted(cast: Cast, **options):
    made = cast.commissioned(**options)
    questions.accept_commission(commission=made, by=cast.senior, now=NOW)
    made.question.refresh_from_db()
    return made.question


def _given(cast: Cast, **options) -> Assurance:
    options = {"words": "We send two people", "due_on": DUE, "for_everybody": True, "by": cast.senior} | options
    return assurances.note_assurance(mandate=cast.mandate, now=NOW, **options)


@makes(
    "commitments.question_received", "commitments.question_commissioned", "commitments.question_declined",
    "commitments.question_transferred", "commitments.question_holding", "commitments.question_answered",
    "commitments.question_reopened", "commitments.question_merged", "commitments.question_moved",
    "commitments.question_out_of_scope", "commitments.question_parted", "commitments.question_date",
    "commitments.question_settled",
)  # fmt: skip
def the_way_of_questions() -> None:
    cast = Cast()
    elsewhere = MandateFactory(programme=cast.programme, organisation=cast.organisation)
    declined = cast.commissioned()
    questions.decline_commission(commission=declined, reason="Not ours", by=cast.senior, now=NOW)
    questions.transfer(
        question=_accepted(cast), organisation=cast.organisation, person=elsewhere.person, reason="It is theirs",
        by=cast.coordinator, now=NOW,
    )  # fmt: skip
    held = _accepted(cast)
    questions.send_holding_reply(question=held, words="We are looking.", by=cast.senior, now=NOW)
    questions.extend(question=held, due_on=date(2026, 12, 15), reason="It takes longer", by=cast.coordinator, now=NOW)
    merged = cast.question("The same, once more?", asked_as=AskedAs.PSEUDONYM)
    questions.merge(question=merged, into=held, by=cast.coordinator, now=NOW)
    parted = cast.question("Something else?", asked_as=AskedAs.PSEUDONYM)
    questions.merge(question=parted, into=held, by=cast.coordinator, now=NOW)
    questions.part(question=parted, by=cast.coordinator, now=NOW)
    reopened = _accepted(cast)
    questions.publish_answer(question=reopened, words="All", audience=Audience.ASKER, by=cast.senior, now=NOW)
    questions.say_unanswered(asker=Asker.objects.get(question=reopened), by=cast.practitioner, now=NOW)
    questions.publish_answer(question=_accepted(cast), words="All", audience=Audience.PUBLIC, by=cast.senior, now=NOW)
    questions.put_out_of_scope(question=cast.question(), reason="Not here", by=cast.coordinator, now=NOW)
    questions.put_out_of_scope(question=_accepted(cast), reason="Not here", by=cast.coordinator, now=NOW)
    cast.commissioned()


@makes(
    "commitments.question_clearance", "commitments.question_returned", "commitments.question_nobody_clears",
    "commitments.question_released",
)  # fmt: skip
def clearing() -> None:
    cast = Cast()
    policies.name_holder(
        programme=cast.programme, organisation=cast.organisation, role=GovernanceRole.DPO,
        person=cast.practitioner, by=cast.coordinator, now=NOW,
    )  # fmt: skip
    for _ in range(2):
        questions.send_to_clearance(
            question=_accepted(cast), words="All", audience=Audience.PUBLIC, by=cast.senior, now=NOW,
            roles=[GovernanceRole.DPO],
        )  # fmt: skip
    first, second = Clearance.objects.order_by("pk")
    questions.send_back(clearance=first, reason="Which law?", by=cast.practitioner, now=NOW)
    staff.tell_nobody_clears(second, now=NOW)
    released = cast.commissioned()
    staff.tell_released(released, released.question, now=NOW)


@makes("commitments.question_reminder", "commitments.question_digest")
def reminded() -> datetime:
    cast = Cast()
    cast.commissioned()
    policies.choose_digest(person=cast.coordinator, wants=True, now=NOW)
    later = NOW + timedelta(days=29)
    with time_machine.travel(later, tick=False):
        remind_due()
    return later


@makes(
    "commitments.assurance_to_confirm", "commitments.assurance_proposed", "commitments.assurance_kept",
    "commitments.assurance_sent_back", "commitments.assurance_ended", "commitments.assurance_reminder",
    "commitments.assurance_redacted", "commitments.assurance_given", "commitments.assurance_reviewed",
    "commitments.question_promise_moved",
)  # fmt: skip
def assurances_given() -> None:
    cast = Cast()
    _given(cast, by=cast.coordinator)
    for end in (assurances.confirm_kept, None):
        own = assurances.propose_kept(assurance=_given(cast), evidence="The rota.", by=cast.senior, now=NOW)
        if end:
            end(assurance=own, by=cast.coordinator, now=NOW)
    assurances.send_back(assurance=own, reason="Which weeks?", by=cast.coordinator, now=NOW)
    lost = _given(cast)
    assurances.end_assurance(assurance=lost, state="not_kept", reason="No budget", by=cast.coordinator, now=NOW)
    moved = _given(cast, questions=[cast.question()])
    assurances.review_assurance(assurance=moved, words="Half done", due_on=LATER, by=cast.senior, now=NOW)
    redaction.redact_said(what=_given(cast), words="[removed]", by=cast.coordinator, now=NOW)
    assurance_messages.remind(_given(cast), Rung(1, NOW.date(), BEFORE), now=NOW)


@makes("commitments.assurance_without_keeper", "commitments.assurance_to_take_over", "commitments.assurance_taken_over")
def keepers_change() -> None:
    cast = Cast()
    lost, other = _given(cast), _given(cast)
    end_mandate(mandate=cast.mandate, by=cast.coordinator, now=NOW)
    for own in (lost, other):
        handovers.ask_for_successor(assurance_id=own.pk, now=NOW)
    mandate = MandateFactory(programme=cast.programme, organisation=cast.organisation)
    asked = [
        handovers.ask_to_take_over(assurance=own, mandate=mandate, by=cast.coordinator, now=NOW)
        for own in (lost, other)
    ]
    handovers.decline_to_take_over(handover=asked[0], reason="Not my budget.", by=mandate.person, now=NOW)


@makes("commitments.action_ended")
def an_action_that_its_owner_ended() -> None:
    cast = Cast()
    session = SessionFactory(programme=cast.programme, kind=SessionKind.WORKSHOP)
    made = note_output(
        session=session, kind="action", words="Write the list.", owner=cast.senior, due_on=DUE,
        by=cast.coordinator, now=NOW,
    )  # fmt: skip
    finish_action(output=made, words="It hangs on the wall.", by=cast.senior, now=NOW)


@makes("commitments.action_given", "commitments.action_moved", "commitments.action_reminder")
def actions_of_a_workshop() -> datetime:
    cast = Cast()
    session = SessionFactory(programme=cast.programme, kind=SessionKind.WORKSHOP)
    made = note_output(
        session=session, kind="action", words="Write the list.", owner=cast.practitioner, due_on=DUE,
        by=cast.coordinator, now=NOW,
    )  # fmt: skip
    change_action(output=made, owner=cast.senior, due_on=DUE, by=cast.coordinator, now=NOW)
    later = NOW + timedelta(days=29)
    remind_of_action(output_id=made.pk, now=later)
    return later


@makes("commitments.telling_to_approve", "commitments.telling")
def told_what_became_of_it() -> None:
    cast = Cast()
    cast.second = AppointmentFactory(programme=cast.programme, role=ProgrammeRole.COORDINATOR).person
    cast.session = SessionFactory(programme=cast.programme)
    came(cast)
    published(cast)
