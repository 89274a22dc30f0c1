"""The words of answers: drafting, holding replies, clearance, publishing, and the asker's one objection."""

from collections.abc import Collection
from datetime import datetime
from typing import Any

from django.db import transaction

from accounts.models import Person
from briefings.rules import mandate_for
from commitments.actions.questions.moving import (
    LIVE_COMMISSION,
    NotNow,
    NotYours,
    become,
    lock,
    locked,
    speaker,
    start_answer_clock,
    stop_writing,
)
from commitments.clocks import local_day
from commitments.messages import questions as messages
from commitments.models import (
    TAKEN_ON,
    Answer,
    Asker,
    Audience,
    Clearance,
    ClearanceState,
    ClockChangeKind,
    CommissionState,
    Draft,
    DraftState,
    GovernanceRole,
    HoldingReply,
    Question,
    QuestionState,
)
from commitments.queries.questions import anonymous_among, found_by_anybody
from commitments.queries.standards import calendar_of, holders_of, organisation_that_clears, policy_of
from history.actions import record
from history.refusals import Refused
from organisations.models import Organisation

SAID_UNANSWERED_WITHIN = 10
"""Working days in which an asker may say once that it was not answered; then the question is closed."""


class SaidBefore(Refused):
    sentence = "You have said once that this was not answered. Ask a new question if something is still open."


class NeedsClearance(Refused):
    sentence = "In this programme every answer is cleared first. Send it to clearance; it is published by itself then."


class NoHolder(Refused):
    """Nobody could clear it, so it would wait for ever."""

    def __init__(self, role: GovernanceRole | str) -> None:
        label = GovernanceRole(role).label
        super().__init__(f"Nobody else holds the role {label} in this programme. The coordinator names somebody first.")


class NothingToClear(Refused):
    sentence = "No role was chosen, and this programme asks for none. Publish the answer instead."


class OwnWords(Refused):
    sentence = "You wrote these words. Somebody else who holds the role clears them."


class NotFound(Refused):
    """Who asked anonymously can be told nothing: an answer to a smaller circle would not reach them."""

    sentence = "Somebody asked this anonymously and finds the answer only where others can read it too."


@transaction.atomic
def save_draft(*, question: Question, words: str, audience: Audience | str, by: Person, now: datetime) -> Draft:
    """Keep words that are not finished; the newest stand, and what was cleared or sent back is never changed.

    Raises NotYours, NotNow.
    """
    question = lock(question)
    speaker(question, by, now)
    draft = _write(question, words, audience, by, now)
    if question.state in TAKEN_ON:
        become(question, QuestionState.DRAFTING, by=by, verb="drafted", now=now)
    elif question.state != QuestionState.ANSWERED:
        raise NotNow
    return draft


@transaction.atomic
def send_holding_reply(*, question: Question, words: str, by: Person, now: datetime) -> HoldingReply:
    """Tell everybody who asked how it stands, in own words. The clock runs on. Raises NotYours, NotNow."""
    question = locked(question, "held_reply")
    organisation, role = speaker(question, by, now)
    made = HoldingReply.objects.create(
        question=question, words=words, organisation=organisation, given_by=by, given_as=role, sent_at=now
    )
    record(by=by, verb="held_reply", about=question, now=now)
    messages.tell_holding(made, now=now)
    return made


@transaction.atomic
def send_to_clearance(
    *,
    question: Question,
    words: str,
    audience: Audience | str,
    by: Person,
    now: datetime,
    roles: Collection[str] = (),
) -> Draft:
    """Ask governance roles to clear ``words``: those of the programme and ``roles``. All clear: it is published.

    The words are fixed from now on. Raises NotYours, NotNow, NothingToClear, NoHolder, NotFound.
    """
    question = lock(question)
    speaker(question, by, now)
    _demand_audience(question, audience)
    wanted = [
        role for role in GovernanceRole.values if role in {*policy_of(question.programme).clearance_roles, *roles}
    ]
    if not wanted:
        raise NothingToClear
    draft = _write(question, words, audience, by, now)
    draft.state = DraftState.CLEARING
    draft.save(update_fields=["state"])
    today = local_day(question.programme, now)
    for role in wanted:
        organisation = organisation_that_clears(question, role, today, but=by)
        if organisation is None:
            raise NoHolder(role)
        asked = Clearance.objects.create(draft=draft, role=role, organisation=organisation, asked_at=now)
        messages.ask_clearance(asked, now=now)
    if question.state in TAKEN_ON:
        become(question, QuestionState.CLEARING, by=by, verb="sent_to_clearance", now=now)
    else:
        question.next_reminder_on = calendar_of(question.programme).after(today, SAID_UNANSWERED_WITHIN)
        become(question, QuestionState.ANSWERED, by=by, verb="improving", now=now)
    return draft


@transaction.atomic
def take_back(*, question: Question, by: Person, now: datetime) -> Question:
    """Take words out of clearance to change them; where they were better ones, the answer stands. Raises NotYours,
    NotNow.
    """
    question = lock(question)
    speaker(question, by, now)
    if not question.drafts.filter(state=DraftState.CLEARING).exists():
        raise NotNow
    stop_writing(question, now, keep=True)
    if question.state == QuestionState.ANSWERED:
        return become(question, QuestionState.ANSWERED, by=by, verb="not_improving", now=now)
    return become(question, QuestionState.DRAFTING, by=by, verb="took_back", now=now)


@transaction.atomic
def clear(*, clearance: Clearance, by: Person, now: datetime) -> Clearance:
    """Clear the words for one role. The last one publishes the answer. Clearing twice is clearing once.

    Raises NotYours (the role is not theirs), OwnWords, NotNow.
    """
    question, own = _locked_clearance(clearance, by, now)
    if own.state == ClearanceState.CLEARED:
        return own
    _decide(own, ClearanceState.CLEARED, by, now)
    record(by=by, verb="cleared", about=question, now=now, reason=own.role)
    if not own.draft.clearances.filter(state=ClearanceState.ASKED).exists():
        _publish_cleared(question, own.draft, now)
    return own


@transaction.atomic
def send_back(*, clearance: Clearance, reason: str, by: Person, now: datetime) -> Clearance:
    """Say what must change before the words can go out; who wrote them is told. Raises NotYours, OwnWords, NotNow."""
    question, own = _locked_clearance(clearance, by, now)
    if own.state != ClearanceState.ASKED:
        raise NotNow
    own.reason = reason
    _decide(own, ClearanceState.RETURNED, by, now)
    stop_writing(question, now, keep=True)
    if question.state == QuestionState.CLEARING:
        become(question, QuestionState.DRAFTING, by=by, verb="returned", now=now, reason=own.role)
    else:
        record(by=by, verb="not_improved", about=question, now=now, reason=own.role)
    messages.tell_returned(own, now=now)
    return own


@transaction.atomic
def publish_answer(*, question: Question, words: str, audience: Audience | str, by: Person, now: datetime) -> Answer:
    """Answer a question, or improve its answer by another version; everybody who asked it is told.

    ``by`` is the owner, speaking by mandate, or a coordinator of the programme. Raises NotYours, NotNow, NotFound, and
    NeedsClearance where the programme has every answer cleared.
    """
    question = lock(question)
    organisation, role = speaker(question, by, now)
    if policy_of(question.programme).clearance_roles:
        raise NeedsClearance
    _demand_audience(question, audience)
    for draft in question.drafts.filter(state__in=(DraftState.WRITING, DraftState.CLEARING)):
        if draft.state == DraftState.CLEARING:
            raise NotNow
        draft.state = DraftState.DROPPED
        draft.save(update_fields=["state"])
    return _publish(question, words, audience, by, organisation, role, now)


@transaction.atomic
def note_answer(
    *, question: Question, words: str, organisation: Organisation, person: Person, role: str, by: Any, now: datetime
) -> Answer:
    """Note what ``person`` answered in the room of the question's session, for those who were there: no wider circle.

    ``by`` is the scribe; what was said aloud needs no clearance any more. Everybody who asked is told. Raises NotNow.
    """
    question = locked(question, "answered")
    stop_writing(question, now, keep=False)
    return _publish(question, words, Audience.ATTENDERS, person, organisation, role, now, actor=by)


@transaction.atomic
def say_unanswered(*, asker: Asker, by: Person, now: datetime) -> Question:
    """Say, once, that the answer does not answer it: the question is open again, with its owner, on a new clock.

    Who asked one that was joined with another says it of the other. Whoever else asked it is told, and keeps the
    answer so far on their page. Raises SaidBefore, NotNow (not answered yet, or closed since).
    """
    question = lock(asker.question.merged_into or asker.question)
    asker = Asker.objects.select_related("question").select_for_update(no_key=True, of=("self",)).get(pk=asker.pk)
    if question.pk != (asker.question.merged_into_id or asker.question_id):
        raise NotNow  # parted from it, or joined with another, at this moment
    if asker.said_unanswered_on is not None or question.is_reopened:
        raise SaidBefore
    if question.state != QuestionState.ANSWERED or asker.withdrawn_on is not None:
        raise NotNow
    today = local_day(question.programme, now)
    asker.said_unanswered_on = today
    asker.save(update_fields=["said_unanswered_on"])
    question.is_reopened = True
    change = start_answer_clock(question, today, by="asker", now=now, kind=ClockChangeKind.REOPENED)
    stop_writing(question, now, keep=True)
    still = question.owner and mandate_for(question.owner, question.programme, today, question.organisation)
    if still:
        _theirs_again(question, now)
    else:
        question.owner = question.organisation = None
    state = QuestionState.ACCEPTED if still else QuestionState.OPEN
    # Who said so is nobody's business where it was asked by pseudonym: the history names no one.
    become(question, state, by="asker", verb="reopened", now=now)
    messages.tell_reopened(question, change, now=now)
    messages.tell_moved(change, now=now, but=asker)
    return question


def _theirs_again(question: Question, now: datetime) -> None:
    """Give the owner back what they were asked, where somebody else had answered for them: they may decline it too."""
    live = (CommissionState.ASKED, CommissionState.ACCEPTED)
    own = question.commissions.filter(person=question.owner_id, organisation=question.organisation_id)
    last = own.order_by("-made_at", "-pk").first()
    if last and not question.commissions.filter(state__in=live).exists():
        last.state, last.decided_at = CommissionState.ACCEPTED, now
        last.save(update_fields=["state", "decided_at"])


def _write(question: Question, words: str, audience: str, by: Person, now: datetime) -> Draft:
    live = question.drafts.filter(state__in=(DraftState.WRITING, DraftState.CLEARING)).first()
    if live is None:
        version = 1 + question.drafts.count()
        return Draft.objects.create(
            question=question, version=version, words=words, audience=audience, written_by=by, written_at=now
        )
    if live.state == DraftState.CLEARING:
        raise NotNow
    live.words, live.audience, live.written_by, live.written_at = words, audience, by, now
    live.save(update_fields=["words", "audience", "written_by", "written_at"])
    return live


def _demand_audience(question: Question, audience: str) -> None:
    if audience not in found_by_anybody(question.programme) and anonymous_among(question):
        raise NotFound


def _publish(question, words, audience, by, organisation, role, now: datetime, *, actor: Any = None) -> Answer:
    again = question.state in (QuestionState.ANSWERED, QuestionState.CLOSED)
    answer = Answer.objects.create(
        question=question, version=1 + question.answers.count(), words=words, audience=audience,
        organisation=organisation, given_by=by, given_as=role, published_at=now,
    )  # fmt: skip
    others = question.commissions.filter(state__in=LIVE_COMMISSION).exclude(person=by).select_related("person").first()
    asked = question.commissions.filter(state=CommissionState.ASKED)
    asked.filter(person=by).update(state=CommissionState.ACCEPTED, decided_at=now)
    asked.update(state=CommissionState.ENDED, decided_at=now)
    today = local_day(question.programme, now)
    question.next_reminder_on = calendar_of(question.programme).after(today, SAID_UNANSWERED_WITHIN)
    question.answered_on = question.answered_on or today
    verb = "answered_again" if again else "answered"
    become(question, QuestionState.ANSWERED, by=actor or by, verb=verb, now=now)
    messages.tell_answered(answer, now=now)
    if not again:
        messages.tell_settled(others, by=by, now=now)
    return answer


def _publish_cleared(question: Question, draft: Draft, now: datetime) -> None:
    """Publish what every role has cleared, in the name of who wrote it; back to writing where they may no longer.

    So too where somebody who asked anonymously would not find it.
    """
    try:
        organisation, role = speaker(question, draft.written_by, now)
        _demand_audience(question, draft.audience)
    except (NotYours, NotFound):
        stop_writing(question, now, keep=True)
        if question.state == QuestionState.CLEARING:
            become(question, QuestionState.DRAFTING, by="clock", verb="took_back", now=now)
        return
    draft.state = DraftState.PUBLISHED
    draft.save(update_fields=["state"])
    _publish(question, draft.words, draft.audience, draft.written_by, organisation, role, now)


def _locked_clearance(clearance: Clearance, by: Person, now: datetime) -> tuple[Question, Clearance]:
    question = lock(clearance.draft.question)
    own = Clearance.objects.select_related("draft__written_by").select_for_update(no_key=True, of=("self",))
    own = own.get(pk=clearance.pk)
    today = local_day(question.programme, now)
    if by not in holders_of(question.programme, own.role, own.organisation, today):
        raise NotYours
    if own.draft.written_by_id == by.pk:
        raise OwnWords
    again = own.state == ClearanceState.CLEARED and own.decided_by_id == by.pk
    if own.state != ClearanceState.ASKED and not again:
        raise NotNow
    return question, own


def _decide(own: Clearance, state: ClearanceState, by: Person, now: datetime) -> None:
    own.state, own.decided_by, own.decided_at = state, by, now
    own.save(update_fields=["state", "decided_by", "decided_at", "reason"])
