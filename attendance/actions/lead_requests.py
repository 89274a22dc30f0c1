"""A gap in the reach goes to the leads of the organisation."""

from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils import timezone

from attendance.messages import lead_requests as messages
from briefings.models import Programme
from history.actions import record
from history.refusals import Refused
from organisations.models import Organisation, OrganisationLead


class NoLead(Refused):
    sentence = "This organisation has no lead with an e-mail address. Add one on its page first."


@transaction.atomic
def ask_leads(
    *,
    programme: Programme,
    organisation: Organisation,
    whom: str,
    missing: int,
    eligible: int,
    by: Any,
    now: datetime,
) -> int:
    """Ask the leads of ``organisation`` to bring ``missing`` of ``eligible`` people into the briefings.

    ``whom`` names profession and area in words, "" for everybody of the organisation. Once a day for the same group;
    returns how many mails are new. Raises NoLead.
    """
    people = leads_of(organisation, now)
    if not people:
        raise NoLead
    planned = messages.ask_leads(programme, organisation, people, whom, missing, eligible, now=now)
    if planned:
        record(by=by, verb="leads_asked", about=programme, now=now)
    return planned


def leads_of(organisation: Organisation, now: datetime) -> list[int]:
    """Return the ids of the leads who can be written to today."""
    found = OrganisationLead.objects.on(timezone.localdate(now)).filter(
        organisation=organisation, person__is_active=True, person__email__isnull=False
    )
    return sorted(found.values_list("person", flat=True))
