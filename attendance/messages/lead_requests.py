"""Asking the leads of an organisation to bring those into the briefings whom nobody has reached."""

from collections.abc import Sequence
from datetime import datetime

from django.conf import settings
from django.urls import reverse
from django.utils import timezone

import messaging.actions
from accounts.models import Person
from briefings.models import Programme
from history import verbs
from messaging.actions import Planned
from messaging.kinds import Content, Kind, register, render_mail
from messaging.models import Message
from organisations.models import Organisation, OrganisationLead

LEAD_ASKED = "attendance.lead_asked"


def ask_leads(
    programme: Programme,
    organisation: Organisation,
    people: Sequence[int],
    whom: str,
    missing: int,
    eligible: int,
    *,
    now: datetime,
) -> int:
    """Plan the mail to each of ``people``, once a day for the same group; return how many are new."""
    refs = {
        "programme": programme.pk, "organisation": organisation.pk, "whom": whom, "missing": missing,
        "eligible": eligible,
    }  # fmt: skip
    rows = [
        Planned(
            key=f"{LEAD_ASKED}:{programme.pk}:{organisation.pk}:{whom}:{person}:{now:%Y%m%d}",
            to=person,
            refs=refs,
            about=programme,
        )
        for person in people
    ]
    return messaging.actions.queue_many(kind=LEAD_ASKED, rows=rows, now=now)


def not_wanted(batch: Sequence[Message], now: datetime) -> dict[int, str]:
    """Return the reason code of each mail to somebody who does not lead the organisation any more."""
    leads = OrganisationLead.objects.on(timezone.localdate(now)).values_list("organisation", "person")
    held = set(leads.filter(person__in=[each.person_id for each in batch]))
    return {each.pk: "role_ended" for each in batch if (each.refs["organisation"], each.person_id) not in held}


def context_of(
    programme: Programme, organisation: Organisation, person: Person | None, whom: str, missing: int, eligible: int
) -> dict:
    """Return what the words of the request depend on; the page shows them before they are sent."""
    return {
        "person": person,
        "programme": programme,
        "organisation": organisation,
        "whom": whom,
        "missing": missing,
        "eligible": eligible,
        "address": settings.SITE_URL + reverse("desk:reach-show", args=[programme.slug]),
        "list_address": settings.SITE_URL + reverse("organisations:organisation-show", args=[organisation.pk]),
    }


def render_asked(message: Message) -> Content:
    """Return the request with its figures."""
    refs = message.refs
    programme = Programme.objects.get(pk=refs["programme"])
    organisation = Organisation.objects.get(pk=refs["organisation"])
    context = context_of(programme, organisation, message.person, refs["whom"], refs["missing"], refs["eligible"])
    still = "is" if refs["missing"] == 1 else "are"
    subject = f"{refs['missing']} of {organisation.name} {still} still to be reached: {programme.name}"
    return render_mail("attendance/mail/lead_asked", context, subject[:200])


def register_kinds() -> None:
    """Make the kind and the words of its history known; called when the app is ready."""
    register(Kind(LEAD_ASKED, render_asked, not_wanted, label="Lead asked to reach people"))
    verbs.register("leads_asked", "Asked the leads of an organisation to reach people", about="briefings.programme")
