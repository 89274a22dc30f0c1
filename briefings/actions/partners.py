"""Which organisations take part in a programme, and since when."""

from collections.abc import Iterable
from datetime import date, datetime
from typing import Any

from django.db import transaction
from django.utils import timezone

from briefings.actions.programmes import locked
from briefings.models import Mandate, Partner, Programme
from history.actions import record, record_many
from history.refusals import Refused
from organisations.models import Organisation


class LeavesBeforeJoining(Refused):
    sentence = "The day on which it no longer takes part must be after the day on which it joins."


class HasSeniorManagers(Refused):
    sentence = (
        "Somebody has a mandate to speak for this organisation. End the mandate first, or say from which day the"
        " organisation no longer takes part."
    )


@transaction.atomic
def add_partners(
    *,
    programme: Programme,
    organisations: Iterable[Organisation],
    since: date,
    by: Any,
    now: datetime,
    until: date | None = None,
) -> list[Partner]:
    """Let ``organisations`` take part from ``since``, until the day before ``until``; return those that are new.

    An organisation that takes part already keeps its dates. Raises LeavesBeforeJoining.
    """
    _refuse_wrong_order(since, until)
    programme = locked(programme)
    known = set(Partner.objects.filter(programme=programme).values_list("organisation", flat=True))
    chosen = {organisation.pk: organisation for organisation in organisations if organisation.pk not in known}
    partners = Partner.objects.bulk_create(
        Partner(programme=programme, organisation=organisation, since=since, until=until)
        for organisation in chosen.values()
    )
    record_many(by=by, verb="joined", about=partners, now=now)
    return partners


@transaction.atomic
def change_partner(*, partner: Partner, since: date, until: date | None, by: Any, now: datetime) -> Partner:
    """Say from which day and until which day an organisation takes part. Raises LeavesBeforeJoining."""
    _refuse_wrong_order(since, until)
    partner = Partner.objects.select_for_update(no_key=True, of=("self",)).get(pk=partner.pk)
    values = {"since": since, "until": until}
    fields = [name for name, value in values.items() if getattr(partner, name) != value]
    if fields:
        partner.since, partner.until = since, until
        partner.save(update_fields=fields)
        record(by=by, verb="changed", about=partner, now=now, fields=fields)
    return partner


@transaction.atomic
def remove_partner(*, partner: Partner, by: Any, now: datetime) -> None:
    """Take out an organisation that should never have been there; who did take part gets a last day instead.

    Raises HasSeniorManagers while a mandate for it holds.
    """
    programme = locked(partner.programme)
    mandates = Mandate.objects.on(timezone.localdate(now))
    if mandates.filter(programme=programme, organisation=partner.organisation_id).exists():
        raise HasSeniorManagers
    record(by=by, verb="removed", about=partner, now=now)
    Partner.objects.filter(pk=partner.pk).delete()


def _refuse_wrong_order(since: date, until: date | None) -> None:
    if until is not None and until <= since:
        raise LeavesBeforeJoining
