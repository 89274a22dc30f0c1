"""What is to be told to whom by when: planned, owned, fulfilled, and chased until it is."""

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone

from accounts.links import make_link, revoke
from accounts.models import Person
from attendance.models import InvitationRound, SessionNotice
from briefings.models import Session
from commitments.clocks import local_day, next_rung
from commitments.models import Agreement, Telling
from commitments.queries.standards import calendar_of, keepers_of
from communications.messages import plan as messages
from communications.models import PlannedItem, Post, Stage
from communications.queries.addressed import orphaned
from communications.queries.fulfilling import LINKS, happened_on, is_on_its_way, linked, programme_of, taken_back
from communications.rules.stages import is_still_there
from history.actions import CLOCK, record
from history.alone import each_alone, in_turn
from history.refusals import Refused
from organisations.models import Area, Organisation, Profession

LINK_LASTS = timedelta(days=2 * 365)


class ItemIsDone(Refused):
    sentence = "This is done already. Open it again first if it is not."


class ItemIsOpen(Refused):
    sentence = "This is not done yet, so there is nothing to open again."


class AnotherProgramme(Refused):
    sentence = "What you chose belongs to another programme. Choose something of this one."


class SayHow(Refused):
    sentence = "Choose what fulfils it, or write how it was done."


@dataclass(frozen=True)
class Audience:
    """Whom something is for; an empty part means every one in scope."""

    organisations: Collection[Organisation] = field(default_factory=tuple)
    professions: Collection[Profession] = field(default_factory=tuple)
    areas: Collection[Area] = field(default_factory=tuple)


@transaction.atomic
def plan_item(
    *,
    stage: Stage,
    words: str,
    means: str,
    due_on: date,
    owner: Person | None,
    by: Any,
    now: datetime,
    audience: Audience | None = None,
) -> PlannedItem:
    """Return a new item of the plan. Its ``owner`` is told, unless they wrote it; without one a keeper owns it."""
    made = PlannedItem(stage=stage, words=words, means=means, due_on=due_on)
    made.owner = owner or _keeper(stage, now)
    made.next_reminder_on = _next_day(made, now, is_new=True)
    made.save(force_insert=True)
    _set_audience(made, audience or Audience())
    record(by=by, verb="planned_item", about=made, now=now)
    _hand_over(made, by, now)
    return made


@transaction.atomic
def change_item(
    *,
    item: PlannedItem,
    changes: dict[str, Any],
    by: Any,
    now: datetime,
    audience: Audience | None = None,
) -> PlannedItem:
    """Write ``changes`` (stage, words, means, due_on, owner) and return the item as it now is.

    A new owner is told; a new date begins the reminders again. Raises AnotherProgramme for a stage of another.
    """
    own = _locked(item)
    fields = [name for name, value in changes.items() if getattr(own, name) != value]
    for name in fields:
        setattr(own, name, changes[name])
    if own.stage.programme_id != item.stage.programme_id:
        raise AnotherProgramme
    if "due_on" in fields:
        _begin_reminders_again(own)
    if "due_on" in fields and own.done_at is None:
        own.next_reminder_on = _next_day(own, now, is_new=True)
    if audience is not None and _set_audience(own, audience):
        fields.append("audience")
    if not fields:
        return own
    own.save(update_fields={*changes, "reminded_step", "ladder", "next_reminder_on"})
    record(by=by, verb="changed_item", about=own, now=now, fields=fields)
    if "owner" in fields:
        _hand_over(own, by, now)
    return own


@transaction.atomic
def remove_item(*, item: PlannedItem, by: Any, now: datetime) -> None:
    """Take off the plan what was never to be told; its reminders end. Raises ItemIsDone."""
    own = _locked(item)
    if own.done_at is not None:
        raise ItemIsDone
    if own.link:
        revoke(own.link, by, now)
    record(by=by, verb="removed_item", about=own, now=now)
    own.delete()


@transaction.atomic
def fulfil_item(
    *,
    item: PlannedItem,
    by: Any,
    now: datetime,
    fulfils: Session | InvitationRound | SessionNotice | Telling | Post | Agreement | None = None,
    words: str = "",
) -> PlannedItem:
    """Say what fulfils an item: something that happens in the programme, or ``words`` that say how it was done.

    What is linked and still to come keeps the item open until it has happened. Raises ItemIsDone, SayHow,
    AnotherProgramme.
    """
    own = _locked(item)
    if own.done_at is not None:
        raise ItemIsDone
    if fulfils is None and not words:
        raise SayHow
    if fulfils is not None and programme_of(fulfils) != own.stage.programme_id:
        raise AnotherProgramme
    for name, model in LINKS.items():
        setattr(own, name, fulfils if isinstance(fulfils, model) else None)
    own.done_words = words
    if fulfils is None or happened_on(own, now):
        own.done_at, own.next_reminder_on = now, None
    own.save(update_fields=[*LINKS, "done_words", "done_at", "next_reminder_on"])
    record(by=by, verb="fulfilled_item" if own.done_at else "linked_item", about=own, now=now)
    return own


@transaction.atomic
def reopen_item(*, item: PlannedItem, by: Any, now: datetime) -> PlannedItem:
    """Open what was not done after all: nothing is linked any more, reminders begin again. Raises ItemIsOpen."""
    own = _locked(item)
    if own.done_at is None and not any(getattr(own, f"{name}_id") for name in LINKS):
        raise ItemIsOpen
    own.done_at, own.done_words = None, ""
    for name in LINKS:
        setattr(own, name, None)
    _begin_reminders_again(own)
    own.next_reminder_on = _next_day(own, now, is_new=True)
    own.save(update_fields=[*LINKS, "done_at", "done_words", "reminded_step", "ladder", "next_reminder_on"])
    record(by=by, verb="reopened_item", about=own, now=now)
    return own


def chase_plan(*, now: datetime) -> int:
    """Settle what has happened, open what was taken back, hand on what nobody owns, remind of what is due.

    Each item in its own transaction; running it twice does it once. Returns how many. Raises AllFailed.
    """
    today = timezone.localdate(now)
    waiting = PlannedItem.objects.open()
    linked = waiting.exclude(**{f"{name}__isnull": True for name in LINKS})
    return in_turn(
        lambda: _each("Settling a planned item", settle_item, linked, now),
        lambda: _each("Opening a planned item again", open_taken_back, taken_back(now), now),
        # First whose owner has left: a reminder to them would reach nobody.
        lambda: _each("Handing on a planned item", find_owner, orphaned(today), now),
        lambda: _each("Reminding of a planned item", remind_of_item, waiting.filter(next_reminder_on__lte=today), now),
    )


def _each(what: str, act: Any, items: Any, now: datetime) -> int:
    ids = items.order_by("due_on", "pk").values_list("pk", flat=True)
    return each_alone(what, ids, lambda pk: act(item_id=pk, now=now))


@transaction.atomic
def settle_item(*, item_id: int, now: datetime) -> int:
    """Note as done an open item whose link has happened; return 1, or 0 where nothing changed."""
    own = _open_one(item_id)
    if own is None or not happened_on(own, now):
        return 0
    own.done_at, own.next_reminder_on = now, None
    own.save(update_fields=["done_at", "next_reminder_on"])
    record(by=CLOCK, verb="fulfilled_item", about=own, now=now)
    return 1


@transaction.atomic
def open_taken_back(*, item_id: int, now: datetime) -> int:
    """Open again a done item whose link was called off, moved or withdrawn since; return 1, or 0 where it stands.

    The link stays, so that its page says what became of it; reminders begin again.
    """
    own = _held().filter(pk=item_id, done_at__isnull=False).first()
    if own is None or linked(own) is None or happened_on(own, now):
        return 0
    own.done_at = None
    _begin_reminders_again(own)
    own.next_reminder_on = _next_day(own, now, is_new=True)
    own.save(update_fields=["done_at", "reminded_step", "ladder", "next_reminder_on"])
    record(by=CLOCK, verb="reopened_item", about=own, now=now)
    return 1


@transaction.atomic
def find_owner(*, item_id: int, now: datetime) -> int:
    """Give an open item to a keeper of its programme where its owner has left; return 1, or 0 where they are there."""
    own = _open_one(item_id)
    if own is None:
        return 0
    programme = own.stage.programme
    keeper = _keeper(own.stage, now)
    if keeper is None or is_still_there(own.owner, programme, local_day(programme, now)):
        return 0
    own.owner = keeper
    own.save(update_fields=["owner"])
    record(by=CLOCK, verb="passed_item_on", about=own, now=now)
    _hand_over(own, CLOCK, now)
    return 1


@transaction.atomic
def remind_of_item(*, item_id: int, now: datetime) -> int:
    """Plan the reminder of an open item that is due, and set the next; return how many people are told.

    What is linked to something that comes in time is not chased before that day.
    """
    own = _open_one(item_id)
    today = local_day(own.stage.programme, now) if own else None
    if own is None or own.next_reminder_on > today:
        return 0
    rung = next_rung(own.due_on, own.reminded_step, today, calendar_of(own.stage.programme))
    count = 0 if is_on_its_way(own, today) else messages.remind(own, rung, now=now)
    own.reminded_step = rung.step
    own.next_reminder_on = _next_day(own, now)
    own.save(update_fields=["reminded_step", "next_reminder_on"])
    if count:
        record(by=CLOCK, verb="reminded_of_item", about=own, now=now)
    return count


def _begin_reminders_again(item: PlannedItem) -> None:
    """Let the first reminder be the next; it is another mail than the one of before."""
    item.reminded_step = 0
    item.ladder += 1


def _next_day(item: PlannedItem, now: datetime, *, is_new: bool = False) -> date:
    programme = item.stage.programme
    today = local_day(programme, now)
    rung = next_rung(item.due_on, item.reminded_step, today, calendar_of(programme))
    return rung.day if is_new else max(rung.day, today + timedelta(days=1))


def _keeper(stage: Stage, now: datetime) -> Person | None:
    """Return who owns what nobody owns: the owner of the stage, else a coordinator, else an administrator."""
    programme, today = stage.programme, local_day(stage.programme, now)
    if is_still_there(stage.owner, programme, today):
        return stage.owner
    return next(iter(keepers_of(programme, today)), None)


def _set_audience(item: PlannedItem, audience: Audience) -> bool:
    """Write whom the item is for; return whether that is a change."""
    changed = False
    for name in ("organisations", "professions", "areas"):
        wanted = {row.pk for row in getattr(audience, name)}
        related = getattr(item, name)
        if wanted != set(related.values_list("pk", flat=True)):
            related.set(wanted)
            changed = True
    return changed


def _hand_over(item: PlannedItem, by: Any, now: datetime) -> None:
    """Give the owner a link of their own; the link of who had it before ends. Who planned it for themselves knows."""
    if item.link:
        revoke(item.link, by, now)
    item.link = None
    if item.owner is not None:
        item.link = make_link(purpose="planned", person=item.owner, about=item, ends_at=now + LINK_LASTS, now=now)
    item.save(update_fields=["link"])
    if item.owner is not None and item.owner != by:
        messages.tell_owner(item, now=now)


def _locked(item: PlannedItem) -> PlannedItem:
    found = PlannedItem.objects.select_related("stage__programme", "stage__owner", "owner", "link")
    return found.select_for_update(no_key=True, of=("self",)).get(pk=item.pk)


def _open_one(pk: int) -> PlannedItem | None:
    return _held().open().filter(pk=pk).first()


def _held() -> Any:
    found = PlannedItem.objects.select_related("stage__programme", "stage__owner", "owner", "link", *LINKS)
    return found.select_for_update(no_key=True, of=("self",), skip_locked=True)
