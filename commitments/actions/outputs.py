"""What is written down in a workshop, and what becomes of its actions: chased like a question until they end."""

from datetime import date, datetime, timedelta

from django.db import transaction
from django.utils import timezone

from accounts.links import make_link, revoke
from accounts.models import Person
from briefings.models import Session, SessionKind, SessionState
from commitments.clocks import PLANNED_WITHIN, local_day, next_rung
from commitments.messages import outputs as messages
from commitments.models import ActionState, Agreement, Output, OutputKind
from commitments.queries.standards import calendar_of, ladder_for
from history.actions import CLOCK, record
from history.alone import each_alone
from history.refusals import Refused

LINK_LASTS = timedelta(days=365)


class NoWorkshop(Refused):
    sentence = "Only a workshop that takes place leaves something behind. This session is a briefing, or was cancelled."


class ActionHasEnded(Refused):
    sentence = "This action has ended. Look at the list for where it is now."


class DropInstead(Refused):
    sentence = "Its owner was told of this action. End it on the list of the programme, with the reason."


class DateHasPassed(Refused):
    sentence = "Say today or a day that is still to come."


class DateTooFar(Refused):
    sentence = "Say a day within five years from today."


class BecameAgreement(Refused):
    sentence = "An agreement was made of this. Withdraw the agreement instead: its words stay."


@transaction.atomic
def note_output(
    *,
    session: Session,
    kind: OutputKind | str,
    words: str,
    by: Person,
    now: datetime,
    theme: str = "",
    term: str = "",
    owner: Person | None = None,
    due_on: date | None = None,
) -> Output:
    """Write down what was said or settled in ``session``. An action is mailed to its ``owner``, due on ``due_on``.

    The database refuses a barrier without theme, an expectation without term, an action without owner and date.
    Raises NoWorkshop, DateTooFar.
    """
    if session.kind != SessionKind.WORKSHOP or session.state not in (SessionState.OPEN, SessionState.HELD):
        raise NoWorkshop
    if due_on is not None and due_on > local_day(session.programme, now) + PLANNED_WITHIN:
        raise DateTooFar
    made = Output(
        session=session, kind=kind, words=words, theme=theme, term=term, owner=owner, due_on=due_on, noted_at=now,
        noted_by=by,
    )  # fmt: skip
    if kind == OutputKind.ACTION:
        made.action_state = ActionState.OPEN
        made.next_reminder_on = _next_day(made, now)
    made.save(force_insert=True)
    record(by=by, verb="noted_output", about=made, now=now, reason=str(kind))
    if owner is not None:
        _give_link(made, now)
        messages.tell_owner(made, now=now)
    return made


@transaction.atomic
def change_action(
    *, output: Output, owner: Person | None = None, due_on: date | None = None, by: Person, now: datetime
) -> Output:
    """Give an open action to ``owner``, due on ``due_on``: they are told, and reminded from the first step again.

    What is None stays as it is. Whoever had it before is told that it is theirs no more, and their link opens nothing
    any more. Giving it to the same person for the same day changes nothing. Raises ActionHasEnded, DateHasPassed,
    DateTooFar.
    """
    own = _locked(output)
    if own.action_state != ActionState.OPEN:
        raise ActionHasEnded
    owner, due_on = owner or own.owner, due_on or own.due_on
    if (own.owner_id, own.due_on) == (owner.pk, due_on):
        return own
    today = local_day(own.session.programme, now)
    if due_on < today:
        raise DateHasPassed
    if due_on > today + PLANNED_WITHIN:
        raise DateTooFar
    before = own.owner
    if own.owner_id != owner.pk:
        if own.link:
            revoke(own.link, by, now)
        own.owner = owner
        _give_link(own, now)
    own.due_on, own.reminded_step = due_on, 0
    own.next_reminder_on = _next_day(own, now)
    own.save(update_fields=["owner", "due_on", "reminded_step", "next_reminder_on"])
    record(by=by, verb="changed_action", about=own, now=now)
    messages.tell_owner(own, now=now, again=True)
    if before.pk not in (owner.pk, by.pk):
        messages.tell_moved(own, before, now=now)
    return own


def _give_link(action: Output, now: datetime) -> None:
    action.link = make_link(purpose="action", person=action.owner, about=action, ends_at=now + LINK_LASTS, now=now)
    action.save(update_fields=["owner", "link"])


@transaction.atomic
def remove_output(*, output: Output, by: Person, now: datetime) -> None:
    """Take back what was written down by mistake, an action on the day it was noted only: its owner knows of it then.

    Raises ActionHasEnded, BecameAgreement, DropInstead.
    """
    own = _locked(output)
    if Agreement.objects.filter(output=own).exists():
        raise BecameAgreement
    if own.action_state in (ActionState.DONE, ActionState.DROPPED):
        raise ActionHasEnded
    if own.action_state and local_day(own.session.programme, own.noted_at) != local_day(own.session.programme, now):
        raise DropInstead
    if own.link:
        revoke(own.link, by, now)
    record(by=by, verb="removed_output", about=own, now=now, reason=own.kind)
    own.delete()


@transaction.atomic
def finish_action(*, output: Output, words: str, by: Person, now: datetime) -> Output:
    """Note that an action is done, in words. Raises ActionHasEnded.

    Who wrote it down is told where its owner says so.
    """
    return _end(output, ActionState.DONE, words, by, now)


@transaction.atomic
def drop_action(*, output: Output, words: str, by: Person, now: datetime) -> Output:
    """End an action that is not needed any more, with the reason in words.

    Who wrote it down is told where its owner says so. Raises ActionHasEnded.
    """
    return _end(output, ActionState.DROPPED, words, by, now)


def remind_of_due_actions(*, now: datetime) -> int:
    """Plan every reminder of an action that is due; return how many are told. Raises AllFailed."""
    due = Output.objects.open_actions().filter(next_reminder_on__lte=timezone.localdate(now))
    found = due.order_by("next_reminder_on", "pk").values_list("pk", flat=True)
    return each_alone("Reminding of an action", found, lambda pk: remind_of_action(output_id=pk, now=now))


@transaction.atomic
def remind_of_action(*, output_id: int, now: datetime) -> int:
    """Plan the reminder of an open action that is due, and set the next; return how many are told."""
    own = (
        Output.objects.select_related("session__programme")
        .select_for_update(no_key=True, of=("self",), skip_locked=True)
        .filter(pk=output_id, action_state=ActionState.OPEN)
        .first()
    )
    today = local_day(own.session.programme, now) if own else None
    if own is None or own.next_reminder_on > today:
        return 0
    programme = own.session.programme
    rung = next_rung(own.due_on, own.reminded_step, today, calendar_of(programme), ladder_for(programme))
    count = messages.remind(own, rung, now=now)
    own.reminded_step = rung.step
    own.next_reminder_on = _next_day(own, now)
    own.save(update_fields=["reminded_step", "next_reminder_on"])
    record(by=CLOCK, verb="reminded_of_action", about=own, now=now)
    return count


def _next_day(output: Output, now: datetime) -> date:
    programme = output.session.programme
    today = local_day(programme, now)
    rung = next_rung(output.due_on, output.reminded_step, today, calendar_of(programme), ladder_for(programme))
    return max(rung.day, today + timedelta(days=1))


def _end(output: Output, state: ActionState, words: str, by: Person, now: datetime) -> Output:
    own = _locked(output)
    if own.action_state != ActionState.OPEN:
        raise ActionHasEnded
    own.action_state, own.end_words, own.ended_at, own.next_reminder_on = state, words, now, None
    own.save(update_fields=["action_state", "end_words", "ended_at", "next_reminder_on"])
    record(by=by, verb=f"action_{state}", about=own, now=now)
    if by.pk == own.owner_id:
        messages.tell_ended(own, now=now)
    return own


def _locked(output: Output) -> Output:
    # Owner and link change hands: they are read where they are needed, once the row is held (docs/adr/0083).
    found = Output.objects.select_related("session__programme")
    own = found.select_for_update(no_key=True, of=("self",)).filter(pk=output.pk).first()
    if own is None:
        raise ActionHasEnded
    return own
