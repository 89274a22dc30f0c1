"""Documents that lie elsewhere: kept on a list, and the coordinators reminded until each has a later day of review."""

from datetime import date, datetime, timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone

from accounts.models import Person
from briefings.models import Programme
from commitments.clocks import PLANNED_WITHIN, local_day, next_rung
from commitments.messages import references as messages
from commitments.models import Reference
from commitments.queries.standards import calendar_of
from commitments.rules import can_publish_guidance
from history.actions import CLOCK, record
from history.alone import each_alone
from history.refusals import Refused

FIELDS = ("kind", "title", "version", "organisation", "link", "effective_from", "effective_until", "review_on")


class NotTheirs(Refused):
    sentence = "Only a coordinator of the programme keeps this list."


class DateTooFar(Refused):
    sentence = "Say a day of review within five years from today."


class WasRemoved(Refused):
    sentence = "It was taken off the list meanwhile."


@transaction.atomic
def add_reference(*, programme: Programme, by: Person, now: datetime, **columns: Any) -> Reference:
    """Put a document on the list of ``programme``; ``columns`` are FIELDS. Raises NotTheirs, DateTooFar."""
    if not can_publish_guidance(by, programme):
        raise NotTheirs
    made = Reference(programme=programme, changed_at=now, changed_by=by, **columns)
    _refuse_too_far(made, now)
    made.next_reminder_on = _next_day(made, now)
    made.save(force_insert=True)
    record(by=by, verb="added_reference", about=made, now=now)
    return made


@transaction.atomic
def change_reference(*, reference: Reference, by: Person, now: datetime, **columns: Any) -> Reference:
    """Write those FIELDS of a document that ``columns`` names; another day of review begins its reminders anew.

    Raises NotTheirs, WasRemoved, DateTooFar.
    """
    own = _locked(reference, by)
    changed = [name for name in FIELDS if name in columns and getattr(own, name) != columns[name]]
    for name in changed:
        setattr(own, name, columns[name])
    if not changed:
        return own
    if "review_on" in changed:
        _refuse_too_far(own, now)
        own.reminded_step = 0
        own.next_reminder_on = _next_day(own, now)
    own.changed_at, own.changed_by = now, by
    own.save()
    record(by=by, verb="changed_reference", about=own, now=now, fields=changed)
    return own


def _refuse_too_far(reference: Reference, now: datetime) -> None:
    if reference.review_on > local_day(reference.programme, now) + PLANNED_WITHIN:
        raise DateTooFar


@transaction.atomic
def remove_reference(*, reference: Reference, by: Person, now: datetime) -> None:
    """Take a document off the list; nobody is reminded of it any more. Raises NotTheirs, WasRemoved."""
    own = _locked(reference, by)
    own.removed_at, own.next_reminder_on, own.changed_at, own.changed_by = now, None, now, by
    own.save()
    record(by=by, verb="removed_reference", about=own, now=now)


def remind_of_reviews(*, now: datetime) -> int:
    """Plan every reminder of a review that is due; return how many are told. Raises AllFailed."""
    due = Reference.objects.standing().filter(next_reminder_on__lte=timezone.localdate(now))
    found = due.order_by("next_reminder_on", "pk").values_list("pk", flat=True)
    return each_alone("Reminding of a review", found, lambda pk: remind_of_review(reference_id=pk, now=now))


@transaction.atomic
def remind_of_review(*, reference_id: int, now: datetime) -> int:
    """Remind the coordinators of a review that is due, and set the next day; return how many are told."""
    own = (
        Reference.objects.standing()
        .select_related("programme")
        .select_for_update(no_key=True, of=("self",), skip_locked=True)
        .filter(pk=reference_id)
        .first()
    )
    today = local_day(own.programme, now) if own else None
    if own is None or own.next_reminder_on > today:
        return 0
    rung = next_rung(own.review_on, own.reminded_step, today, calendar_of(own.programme))
    count = messages.remind(own, rung, now=now)
    own.reminded_step = rung.step
    own.next_reminder_on = _next_day(own, now)
    own.save(update_fields=["reminded_step", "next_reminder_on"])
    record(by=CLOCK, verb="reminded_of_review", about=own, now=now)
    return count


def _next_day(own: Reference, now: datetime) -> date:
    today = local_day(own.programme, now)
    rung = next_rung(own.review_on, own.reminded_step, today, calendar_of(own.programme))
    return max(rung.day, today + timedelta(days=1))


def _locked(reference: Reference, by: Person) -> Reference:
    own = (
        Reference.objects.select_related("programme")
        .select_for_update(no_key=True, of=("self",))
        .get(pk=reference.pk)
    )  # fmt: skip
    if not can_publish_guidance(by, own.programme):
        raise NotTheirs
    if own.removed_at:
        raise WasRemoved
    return own
