"""Tellings: who is asked to approve one, and everybody who attended, once, when it is published."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from django.conf import settings
from django.urls import reverse

import messaging.actions
from accounts.links import address_of
from accounts.models import Person
from commitments.models import Telling, TellingState
from commitments.queries.telling import attended, by_section, place_of
from messaging.actions import Planned
from messaging.kinds import Content, Kind, register, render_mail
from messaging.models import Message

TO_APPROVE = "commitments.telling_to_approve"
TOLD = "commitments.telling"


def tell_to_approve(own: Telling, people: Iterable[Person], *, now: datetime) -> None:
    """Ask the other coordinators to approve it."""
    _queue(TO_APPROVE, own, people, f"approve:{now:%Y%m%d%H%M%S}", now)


def send_to_attended(own: Telling, *, now: datetime) -> int:
    """Plan the mail to everybody who attended; each gets one telling once. Return how many."""
    return _queue(TOLD, own, attended(own), "told", now)


def not_wanted(batch: Sequence[Message], now: datetime) -> dict[int, str]:
    """Return the reason code of each mail about a telling that has moved on or was taken back."""
    found = Telling.objects.in_bulk([message.refs["telling"] for message in batch])
    states = {TO_APPROVE: TellingState.PROPOSED, TOLD: TellingState.PUBLISHED}
    return {
        message.pk: "telling_has_moved_on"
        for message in batch
        if message.refs["telling"] not in found or found[message.refs["telling"]].state != states[message.kind]
    }


def render(message: Message) -> Content:
    """Return either mail: the request for approval, or the whole telling."""
    own = Telling.objects.select_related("programme", "session").get(pk=message.refs["telling"])
    is_told = message.kind == TOLD
    sections = by_section(own)
    alone = any(item.for_attended for row in sections for item in row["rows"])
    context = {
        "person": message.person,
        "telling": own,
        "programme": own.programme,
        "sections": sections,
        "address": settings.SITE_URL + reverse("commitments:telling-show", args=[own.pk]),
    }
    if is_told:
        # The page that everybody reads, where all of it stands there; else that of the own place.
        place = place_of(message.person, own) if message.person and (alone or not own.programme.is_public) else None
        context["is_on_own_page"] = place is not None
        context["address"] = address_of(place.link) if place else _public_address(own, alone)
    kind = own.get_kind_display()
    subject = f"{kind}: {own.programme.name}" if is_told else f"Approve: “{kind}”, {own.programme.name}"
    return render_mail(f"commitments/mail/{'telling' if is_told else 'telling_to_approve'}", context, subject)


def _public_address(own: Telling, alone: bool) -> str:
    if alone or not own.programme.is_public:
        return ""
    return settings.SITE_URL + reverse("commitments:told-show", args=[own.programme.slug, own.pk])


def _queue(kind: str, own: Telling, people: Iterable[Person], reason: str, now: datetime) -> int:
    rows = [
        Planned(
            key=f"commitments.telling:{own.pk}:{reason}:{person.pk}", to=person, refs={"telling": own.pk},
            about=own.programme,
        )
        for person in people
        if person.email
    ]  # fmt: skip
    return messaging.actions.queue_many(kind=kind, rows=rows, now=now)


def register_kinds() -> None:
    """Make the kinds of tellings known; called when the app is ready."""
    register(Kind(TO_APPROVE, render, not_wanted, label="Telling to approve"))
    register(Kind(TOLD, render, not_wanted, label="What became of it"))
