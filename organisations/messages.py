"""Telling people what was done to them here: a lead of an organisation, a new address, a head-count that is asked."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from django.conf import settings
from django.urls import reverse
from django.utils import timezone

import messaging.actions
from accounts.links import address_of
from accounts.models import Person, PersonalLink
from history import verbs
from messaging.actions import Planned
from messaging.kinds import Content, Kind, register, render_mail
from messaging.models import Message
from organisations.models import HeadCountRequest, OrganisationLead

LEAD = "organisations.lead"
ADDRESS_CHANGED = "organisations.address_changed"
HEAD_COUNT = "organisations.head_count"


def tell_lead(lead: OrganisationLead, *, now: datetime) -> None:
    """Plan the mail that tells somebody that they lead an organisation here."""
    messaging.actions.queue(
        kind=LEAD, key=f"organisations.lead:{lead.pk}", to=lead.person, refs={"lead": lead.pk},
        about=lead.organisation, now=now,
    )  # fmt: skip


def tell_address_changed(person: Person, before: str, *, now: datetime) -> None:
    """Plan the notice to the address ``before``, which does not open the account any more."""
    messaging.actions.queue(
        kind=ADDRESS_CHANGED,
        key=f"{ADDRESS_CHANGED}:{person.pk}:{now.isoformat()}",
        to=person,
        address=before,
        refs={"person": person.pk},
        now=now,
    )


def ask_head_counts(request: HeadCountRequest, links: Iterable[PersonalLink], *, now: datetime) -> int:
    """Plan the mail with the link of each of ``links``; return how many are new."""
    planned = (
        Planned(
            key=f"{HEAD_COUNT}:{request.pk}:{link.pk}",
            to=link.person,
            refs={"request": request.pk, "link": link.pk},
            about=request.organisation,
            useful_until=link.ends_at,
        )
        for link in links
    )
    return messaging.actions.queue_many(kind=HEAD_COUNT, rows=planned, now=now)


def _ended_leads(batch: Sequence[Message], now: datetime) -> dict[int, str]:
    current = OrganisationLead.objects.on(timezone.localdate(now))
    known = set(current.filter(pk__in=[m.refs["lead"] for m in batch]).values_list("pk", flat=True))
    return {message.pk: "role_ended" for message in batch if message.refs["lead"] not in known}


def _gone_requests(batch: Sequence[Message], now: datetime) -> dict[int, str]:
    opening = PersonalLink.objects.filter(revoked_at=None, ends_at__gt=now, pk__in=[m.refs["link"] for m in batch])
    known = set(opening.values_list("pk", flat=True))
    asked = set(HeadCountRequest.objects.filter(pk__in=[m.refs["request"] for m in batch]).values_list("pk", flat=True))
    return {m.pk: "link_ended" for m in batch if m.refs["link"] not in known or m.refs["request"] not in asked}


def render_lead(message: Message) -> Content:
    """Return the mail that names the organisation, what a lead does and the page to begin with."""
    lead = OrganisationLead.objects.select_related("organisation", "person").get(pk=message.refs["lead"])
    page = reverse("organisations:organisation-show", args=[lead.organisation_id])
    context = {"person": lead.person, "organisation": lead.organisation, "address": f"{settings.SITE_URL}{page}"}
    return render_mail("organisations/mail/lead", context, f"You now lead {lead.organisation.name} here")


def render_address_changed(message: Message) -> Content:
    """Return the notice; it does not say the new address, which may be read by somebody else."""
    context: dict[str, Any] = {"person": Person.objects.get(pk=message.refs["person"]), "before": message.address}
    return render_mail("organisations/mail/address_changed", context, "Your e-mail address was changed")


def render_head_count(message: Message) -> Content:
    """Return the mail that asks for the numbers, with the link of its reader."""
    request = HeadCountRequest.objects.select_related("organisation", "asked_by").get(pk=message.refs["request"])
    link = PersonalLink.objects.select_related("person").get(pk=message.refs["link"])
    context = {
        "person": link.person,
        "organisation": request.organisation,
        "asker": request.asked_by,
        "professions": list(request.professions.all()),
        "areas": list(request.areas.all()),
        "address": address_of(link),
        "ends_at": link.ends_at,
    }
    return render_mail("organisations/mail/head_count", context, f"How many work at {request.organisation.name}?")


def register_kinds() -> None:
    """Make the kinds of this app and the words of its history known; called when the app is ready."""
    _register_verbs()
    register(Kind(LEAD, render_lead, _ended_leads, label="Lead of an organisation"))
    register(Kind(ADDRESS_CHANGED, render_address_changed, label="New e-mail address"))
    register(Kind(HEAD_COUNT, render_head_count, _gone_requests, label="Head-count"))


def _register_verbs() -> None:
    organisation, person, area, profession = (
        "organisations.organisation",
        "accounts.person",
        "organisations.area",
        "organisations.profession",
    )
    for label, words in (
        (organisation, "the organisation"), (person, "the person"), (area, "the area"), (profession, "the profession")
    ):  # fmt: skip
        verbs.register("added", f"Added {words}", about=label)
        verbs.register("changed", "Changed: {fields}", about=label)
    verbs.register("ended", "Ended the organisation", mark="dash", about=organisation)
    verbs.register("reopened", "Took back the end", about=organisation)
    verbs.register("lead_appointed", "Added a lead", about=organisation)
    verbs.register("lead_ended", "Ended a lead", mark="dash", about=organisation)
    verbs.register("head_count_asked", "Asked for head-counts", mark="half", about=organisation)
    verbs.register("head_count_given", "Head-counts said", mark="full", about=organisation)
    verbs.register("made_lead", "Made lead of an organisation", about=person)
    verbs.register("ended_lead", "Ended as lead of an organisation", mark="dash", about=person)
    verbs.register("joined", "Put on a staff list", about=person)
    verbs.register("affiliation_changed", "Changed on a staff list: {fields}", about=person)
    verbs.register("left", "Marked as having left", mark="dash", about=person)
    verbs.register("came_back", "Leaving was taken back", about=person)
    verbs.register("imported_new", "Added from a staff list", about=person)
    verbs.register("imported_joins", "Added to an organisation from a staff list", about=person)
    verbs.register("imported_changes", "Changed from a staff list", about=person)
    verbs.register("imported_leaves", "Marked as having left, from a staff list", mark="dash", about=person)
    verbs.register("uploaded_staff_list", "Uploaded the file")
    verbs.register("confirmed_staff_list", "Said that it is to be added", mark="half")
    verbs.register("dropped_staff_list", "Dropped it", mark="dash")
    verbs.register("undid_staff_list", "Undid it", mark="dash")
    verbs.register("closed_account", "Closed the account", mark="dash", about=person)
    verbs.register("reopened_account", "Opened the account again", about=person)
    verbs.register("made_administrator", "Made an administrator", mark="full", about=person)
    verbs.register("ended_administrator", "No longer an administrator", mark="dash", about=person)
    verbs.register("removed_authenticator", "Removed the authenticator app", mark="dash", about=person)
