"""What a coordinator says about booking in a programme: its days, and how much of each session one partner has."""

from datetime import date, datetime
from typing import Any

from django.db import transaction
from django.utils import timezone

from attendance.actions.handovers import end_all_requests
from attendance.actions.offers import bring_all_offers_forward
from attendance.actions.places import promote_waiting
from attendance.actions.teams import bring_all_names_forward
from attendance.models import BookingRules, Quota
from attendance.queries.freezing import freezing
from briefings.models import Programme, Session
from history.actions import CLOCK, record
from history.alone import each_alone
from history.refusals import Refused
from organisations.models import Organisation


class QuotaInForce(Refused):
    sentence = "This quota is in force again: somebody has set it meanwhile. Release it first."


def set_booking_rules(*, programme: Programme, by: Any, now: datetime, **columns: Any) -> BookingRules:
    """Set the columns of BookingRules for ``programme``; whoever waits and may have a seat now gets it.

    Places that are held stay as they are, but those of teams without a name and offers from the line: where the list
    of names is final earlier, so is the last day to name or to take them. Setting what is set changes nothing.
    """
    with transaction.atomic():
        rules, _ = BookingRules.objects.select_for_update(no_key=True).get_or_create(programme=programme)
        changed = sorted(name for name, value in columns.items() if getattr(rules, name) != value)
        if not changed:
            return rules
        for name in changed:
            setattr(rules, name, columns[name])
        rules.save(update_fields=changed)
        record(by=by, verb="changed_booking_rules", about=programme, now=now, fields=changed)
    if "freeze_days" in changed:
        _follow_freezing(programme, by, now)
    _promote_everywhere(programme, now)
    return rules


def _follow_freezing(programme: Programme, by: Any, now: datetime) -> bool:
    bring_all_names_forward(programme, by=by, now=now)
    bring_all_offers_forward(programme, by=by, now=now)
    end_all_requests(now=now, programme=programme, by=by)
    return True


def follow_all_rules(*, now: datetime) -> int:
    """Bring forward what follows from rules that are saved, where who pressed was cut off before; return in how many
    programmes. Raises AllFailed.
    """
    to_come = Session.objects.open().to_come(now).values("programme")
    rules = BookingRules.objects.filter(freeze_days__isnull=False, programme__in=to_come).select_related("programme")
    behind = {each.pk: each.programme for each in rules.order_by("pk") if freezing(each.programme, each, now)}
    what = "Following the rules of booking"
    return each_alone(what, behind, lambda pk: _follow_freezing(behind[pk], CLOCK, now))


def set_quota(
    *,
    programme: Programme,
    organisation: Organisation | None,
    seats: int,
    released_on: date | None,
    by: Any,
    now: datetime,
) -> Quota:
    """Set how many places ``organisation`` (None: every other partner) may hold in each session, until a day.

    Whoever holds a place keeps it, also above a smaller quota; whoever may have a seat by a larger one gets it.
    Setting what is set changes nothing.
    """
    columns = {"seats": seats, "released_on": released_on}
    with transaction.atomic():
        quotas = Quota.objects.select_for_update(no_key=True, of=("self",))
        quota, is_new = quotas.get_or_create(programme=programme, organisation=organisation, defaults=columns)
        changed = [name for name, value in columns.items() if is_new or getattr(quota, name) != value]
        if not changed:
            return quota
        quota.seats, quota.released_on = seats, released_on
        quota.save(update_fields=changed)
        record(by=by, verb="set_quota", about=programme, now=now, fields=changed)
    _promote_everywhere(programme, now)
    return quota


def release_quota(*, quota: Quota, by: Any, now: datetime) -> None:
    """End ``quota`` from today on: it limits nobody any more, and whoever waited because of it moves up.

    Releasing what is released does nothing.
    """
    programme, today = quota.programme, timezone.localdate(now)
    with transaction.atomic():
        in_force = Quota.objects.filter(pk=quota.pk).exclude(released_on__lte=today)
        if in_force.update(released_on=today):
            record(by=by, verb="released_quota", about=programme, now=now)
    _promote_everywhere(programme, now)


def remove_quota(*, quota: Quota, by: Any, now: datetime) -> None:
    """Take away ``quota``, which is released: its organisation is one of the other partners again.

    Whoever holds a place keeps it. Taking away what is gone does nothing. Raises QuotaInForce.
    """
    with transaction.atomic():
        if Quota.objects.filter(pk=quota.pk, released_on__lte=timezone.localdate(now)).delete()[0]:
            record(by=by, verb="removed_quota", about=quota.programme, now=now)
        elif Quota.objects.filter(pk=quota.pk).exists():
            raise QuotaInForce


def _promote_everywhere(programme: Programme, now: datetime) -> None:
    """Seat who waits in each session: a transaction each, as no more than one counter is locked before people."""
    for session in Session.objects.open().to_come(now).filter(programme=programme, seats__last_in_line__gt=0):
        promote_waiting(session=session, now=now)
