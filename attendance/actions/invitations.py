"""Inviting: a round is asked for by a press, written in bulk by a worker, and can be paused and stopped."""

import uuid
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from itertools import islice
from typing import Any
from zoneinfo import ZoneInfo

from django.db import connection, transaction
from django.db.models import BigIntegerField, Exists, OuterRef, QuerySet, Subquery
from django.db.models.fields.json import KeyTextTransform
from django.db.models.functions import Cast
from psycopg2.extras import execute_values

import messaging.actions
from accounts.links import LinkRow, make_links
from accounts.models import Person, PersonalLink
from attendance.messages import invitations as messages
from attendance.models import Invitation, InvitationAnswer, InvitationRound, RoundState
from attendance.queries.invitations import InvitationChoice, has_session_to_choose, mail_of, people_to_invite
from briefings.models import Programme
from history.actions import key_of, record
from history.alone import each_alone
from history.refusals import Refused
from messaging.models import Message
from messaging.working_days import add_working_days, is_working_day, working_days_before

BATCH = 5_000
MANY = 1_000
LINK_LASTS = timedelta(days=365)
WORKING_HOURS = range(9, 17)


class NobodyToInvite(Refused):
    sentence = "Nobody is left to invite with this choice. Choose other organisations, areas or professions."


class NothingToChoose(Refused):
    sentence = "No session is open for booking yet. Open a session first, so that people have something to choose."


class RoundIsOver(Refused):
    sentence = "This round has been stopped, or is still being written."


class PressUsed(Refused):
    sentence = "This form was sent for another programme before. Choose whom to invite again."


@transaction.atomic
def start_round(
    *,
    programme: Programme,
    choice: InvitationChoice,
    subject: str,
    introduction: str,
    press: uuid.UUID,
    by: Any,
    now: datetime,
) -> InvitationRound:
    """Ask for one round of invitations. The same ``press`` (one rendered form) gives the same round.

    A worker writes the rows (``write_round``). Raises NothingToChoose, NobodyToInvite, PressUsed.
    """
    Programme.objects.select_for_update(no_key=True, of=("self",)).get(pk=programme.pk)
    earlier = InvitationRound.objects.filter(press=press).first()
    if earlier and earlier.programme_id != programme.pk:
        raise PressUsed
    if earlier:
        return earlier
    if not has_session_to_choose(programme, now):
        raise NothingToChoose
    if not people_to_invite(programme, choice, now).exists():
        raise NobodyToInvite
    made = InvitationRound.objects.create(
        programme=programme,
        made_by=by,
        made_at=now,
        press=press,
        choice=choice.as_json(),
        subject=subject,
        introduction=introduction,
    )
    record(by=by, verb="invited", about=made, now=now)
    return made


@transaction.atomic
def write_round(*, round_id: int, now: datetime) -> int:
    """Write invitations, links and messages of a round that waits to be written; return how many people.

    All in one transaction under the lock on the programme: a worker that dies leaves nothing half done, two rounds at
    once never invite the same person twice. A round written before, or being written elsewhere, gives 0.
    """
    made = (
        InvitationRound.objects.select_for_update(no_key=True, of=("self",), skip_locked=True)
        .filter(pk=round_id, state=RoundState.WRITING)
        .first()
    )
    if made is None:
        return 0
    programme = Programme.objects.select_for_update(no_key=True, of=("self",)).get(pk=made.programme_id)
    people = people_to_invite(programme, InvitationChoice(**made.choice), now)
    ids = list(people.order_by("pk").values_list("pk", flat=True))
    ends_at = _links_end(programme, now)
    for batch in _batches(ids):
        _write_batch(made, batch, ends_at, now)
    made.state, made.total = RoundState.SENDING, len(ids)
    made.save(update_fields=["state", "total"])
    return len(ids)


def write_waiting_rounds(*, now: datetime) -> int:
    """Write every round that waits, the oldest first, each in its own transaction; return how many people.

    Raises AllFailed.
    """
    waiting = InvitationRound.objects.filter(state=RoundState.WRITING).order_by("pk")
    ids = waiting.values_list("pk", flat=True)
    written = each_alone("Writing a round of invitations", ids, lambda pk: write_round(round_id=pk, now=now))
    if written >= MANY:
        # The database counts its rows after a minute or so; until then it would read them for each mail as if few.
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE attendance_invitation, accounts_personallink, messaging_message")
    return written


@transaction.atomic
def pause_round(*, round: InvitationRound, by: Any, now: datetime) -> InvitationRound:
    """Hold what has not gone out yet. Raises RoundIsOver unless it is going out."""
    made = _locked(round, RoundState.SENDING)
    messaging.actions.pause(now=now, kind=messages.INVITATION, about=made.programme, refs={"round": made.pk})
    return _set_state(made, RoundState.PAUSED, by, now)


@transaction.atomic
def go_on_with_round(*, round: InvitationRound, by: Any, now: datetime) -> InvitationRound:
    """Let a paused round go out. Raises RoundIsOver unless it is paused."""
    made = _locked(round, RoundState.PAUSED)
    messaging.actions.resume(now=now, kind=messages.INVITATION, about=made.programme, refs={"round": made.pk})
    return _set_state(made, RoundState.SENDING, by, now)


@transaction.atomic
def stop_round(*, round: InvitationRound, by: Any, now: datetime) -> InvitationRound:
    """End a round for good: what has not gone out never will; those people count as not invited.

    Raises RoundIsOver where it was stopped before or is still being written.
    """
    made = _locked(round, RoundState.SENDING, RoundState.PAUSED)
    messaging.actions.withdraw(
        reason="round_stopped", now=now, kind=messages.INVITATION, about=made.programme, refs={"round": made.pk}
    )
    _forget_uninvited(made, now)
    return _set_state(made, RoundState.STOPPED, by, now)


@transaction.atomic
def answer_invitation(*, invitation: Invitation, answer: InvitationAnswer | str, by: Any, now: datetime) -> Invitation:
    """Note *none of these dates* or *not for me*, or "" to take it back. Reminders end; the coordinator sees it."""
    own = Invitation.objects.select_for_update(no_key=True, of=("self",)).get(pk=invitation.pk)
    if own.answer == answer:
        return own
    own.answer, own.answered_at = answer, now if answer else None
    own.save(update_fields=["answer", "answered_at"])
    record(by=by, verb="answered_invitation" if answer else "took_back_answer", about=own, now=now, reason=answer)
    return own


def remind_where_at_work(*, now: datetime) -> int:
    """Plan the reminders of every programme where it is a working day between 9am and 5pm; return how many.

    A range of hours and not one, so that reminders come the same day after a night in which nothing ran. Raises
    AllFailed.
    """
    programmes = Programme.objects.filter(Exists(InvitationRound.objects.filter(programme=OuterRef("pk"))))
    at_work = {programme.pk: programme for programme in programmes if _is_at_work(programme, now)}
    return each_alone("Reminding of invitations", at_work, lambda pk: remind_unanswered(programme=at_work[pk], now=now))


def _is_at_work(programme: Programme, now: datetime) -> bool:
    local = now.astimezone(ZoneInfo(programme.zone))
    return local.hour in WORKING_HOURS and is_working_day(local.date(), programme.nation)


@transaction.atomic
def remind_unanswered(*, programme: Programme, now: datetime) -> int:
    """Plan the reminders that are due by the programme's ladder; return how many.

    The days count from when the invitation left. Each person gets each rung at most once, and only the highest where
    several are overdue. Nobody is reminded who holds a place, has answered, has nothing to choose, or whose round is
    paused or stopped.
    """
    Programme.objects.select_for_update(no_key=True, of=("self",)).get(pk=programme.pk)
    if not has_session_to_choose(programme, now):
        return 0
    days = sorted(programme.invitation_reminder_days)
    return sum(_remind_step(programme, step, days[step - 1], now) for step in range(len(days), 0, -1))


def _remind_step(programme: Programme, step: int, days: int, now: datetime) -> int:
    before = _start_of_day(_first_day_too_late(programme, days, now), programme.zone)
    left = mail_of(OuterRef("pk"), OuterRef("round")).filter(state=Message.State.SENT, sent_at__lt=before)
    due = (
        Invitation.objects.unanswered()
        .filter(programme=programme, round__state=RoundState.SENDING, reminded_step__lt=step, invited_at__lt=before)
        .filter(Exists(left), person__email__isnull=False)
    )
    count = 0
    for batch in _batches(list(due.order_by("pk").values_list("pk", "person_id", "round_id"))):
        Invitation.objects.filter(pk__in=[pk for pk, _, _ in batch]).update(reminded_step=step)
        count += messages.remind(batch, programme, step, now=now)
    return count


@transaction.atomic
def send_link_again(*, invitation: Invitation, now: datetime) -> None:
    """Mail somebody their own personal link once more, at most once in ten minutes. The link stays the same."""
    messages.tell_link_again(invitation, now=now)


@transaction.atomic
def send_links_again(*, address: str, now: datetime) -> None:
    """Mail whoever owns ``address`` all personal links that still open something, or that there is none.

    One row is written either way, so that neither the answer nor the time it takes tells whether the address is
    known. At most one mail in ten minutes.
    """
    address = Person.objects.clean_email(address) or ""
    messages.tell_links_asked(Person.objects.filter(email=address, is_active=True).first(), address, now=now)


def _locked(round: InvitationRound, *states: RoundState) -> InvitationRound:
    made = InvitationRound.objects.select_for_update(no_key=True, of=("self",)).get(pk=round.pk)
    if made.state not in states:
        raise RoundIsOver
    return made


def _set_state(made: InvitationRound, state: RoundState, by: Any, now: datetime) -> InvitationRound:
    made.state = state
    made.save(update_fields=["state"])
    record(by=by, verb=f"round_{state}", about=made, now=now)
    return made


def _write_batch(made: InvitationRound, people: list[int], ends_at: datetime, now: datetime) -> None:
    Invitation.objects.bulk_create(
        [Invitation(programme_id=made.programme_id, person_id=pk, round=made, invited_at=now) for pk in people],
        ignore_conflicts=True,
    )
    # Whoever was invited before keeps their invitation and link; it belongs to this round from now on.
    own = Invitation.objects.filter(programme=made.programme_id, person__in=people)
    own.update(round=made, invited_at=now, reminded_step=0)
    PersonalLink.objects.filter(invitation__in=own, ends_at__lt=ends_at).update(ends_at=ends_at)
    rows = list(own.order_by("pk").values_list("pk", "person_id", "link_id"))
    new = [(pk, person) for pk, person, link in rows if link is None]
    links = make_links(
        (LinkRow("invitation", Person(pk=person), f"attendance.invitation:{pk}", ends_at) for pk, person in new),
        now,
    )
    _tie_links([(pk, link.pk) for (pk, _), link in zip(new, links, strict=True)])
    messages.invite([(pk, person) for pk, person, _ in rows], made, now=now)


def _tie_links(pairs: list[tuple[int, int]]) -> None:
    if not pairs:
        return
    with connection.cursor() as cursor:
        execute_values(
            cursor.cursor,
            "UPDATE attendance_invitation AS i SET link_id = pair.link FROM (VALUES %s) AS pair (id, link)"
            " WHERE i.id = pair.id",
            pairs,
            page_size=BATCH,
        )


def _links_end(programme: Programme, now: datetime) -> datetime:
    """Return when the links end: the day after the programme, or in a year."""
    if programme.ends_on is None or programme.ends_on < _today(programme, now):
        return now + LINK_LASTS
    return _start_of_day(programme.ends_on + timedelta(days=2), programme.zone)


def _first_day_too_late(programme: Programme, days: int, now: datetime) -> date:
    """Return the first day on which an invitation would be too young for a reminder ``days`` working days after it."""
    return add_working_days(working_days_before(_today(programme, now), days, programme.nation), 1, programme.nation)


def _today(programme: Programme, now: datetime) -> date:
    return now.astimezone(ZoneInfo(programme.zone)).date()


def settle_stopped_rounds(*, now: datetime) -> int:
    """Take back invitations whose mail was just leaving when their round was stopped, and did not leave.

    Returns how many rounds had some. Raises AllFailed.
    """
    stopped = InvitationRound.objects.filter(state=RoundState.STOPPED)
    unsettled = [made.pk for made in stopped.select_related("programme").order_by("pk") if _unsettled(made)]
    return each_alone("Settling stopped rounds", unsettled, lambda pk: _settle(pk, now))


@transaction.atomic
def _settle(pk: int, now: datetime) -> bool:
    made = InvitationRound.objects.select_for_update(no_key=True, of=("self",)).select_related("programme").get(pk=pk)
    _forget_uninvited(made, now)
    return True


def _unsettled(made: InvitationRound) -> bool:
    left = _left(made.programme)
    elsewhere = left.filter(kind=messages.INVITATION).exclude(refs__round=made.pk)
    return _unsent(made).filter(~Exists(left) | Exists(elsewhere)).exists()


def _forget_uninvited(made: InvitationRound, now: datetime) -> None:
    """Take back the invitations of a stopped round whose mail never left: a later round invites those people.

    Who was invited by an earlier round goes back to it.
    """
    left, unsent = _left(made.programme), _unsent(made)
    PersonalLink.objects.filter(invitation__in=unsent.filter(~Exists(left))).update(revoked_at=now)
    unsent.filter(~Exists(left)).delete()
    earlier = left.filter(kind=messages.INVITATION).order_by("-pk")
    number = Cast(KeyTextTransform("round", "refs"), BigIntegerField())
    unsent.filter(Exists(earlier)).update(round=Subquery(earlier.annotate(number=number).values("number")[:1]))


def _unsent(made: InvitationRound) -> QuerySet[Invitation]:
    """Return the invitations of ``made`` whose mail did not leave and is not just leaving, of who gave no answer."""
    return made.invitations.filter(~Exists(mail_of(OuterRef("pk"), made.pk)), answer="")


def _left(programme: Programme) -> QuerySet[Message]:
    """Return the mails with a link to ``programme`` that left for the person of an outer row, or are just leaving."""
    return Message.objects.filter(
        kind__in=(messages.INVITATION, messages.LINK_AGAIN),
        person=OuterRef("person"),
        about=key_of(programme),
        state__in=(Message.State.SENT, Message.State.CLAIMED, Message.State.GIVEN_UP),
    )


def _start_of_day(day: date, zone: str) -> datetime:
    return datetime.combine(day, time(), ZoneInfo(zone))


def _batches(rows: list) -> Iterator[list]:
    iterator = iter(rows)
    while batch := list(islice(iterator, BATCH)):
        yield batch
