"""Telling people that they have a role in a programme, or assist somebody who has."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from django.conf import settings
from django.urls import reverse
from django.utils import timezone

import messaging.actions
from briefings.models import Appointment, Assistant
from briefings.words import ROLE_DOES
from messaging.kinds import Content, Kind, register, render_mail
from messaging.models import Message

APPOINTED = "briefings.appointed"
ASSISTS = "briefings.assists"


def tell_appointed(appointment: Appointment, *, now: datetime) -> None:
    """Plan the mail that tells somebody of a role; somebody without an address is told by whoever gave it."""
    if not appointment.person.email:
        return
    messaging.actions.queue(
        kind=APPOINTED,
        key=f"briefings.appointment:{appointment.pk}",
        to=appointment.person,
        refs={"appointment": appointment.pk},
        about=appointment.programme,
        now=now,
    )


def not_wanted(batch: Sequence[Message], now: datetime) -> dict[int, str]:
    """Return a reason for each mail of ``batch`` whose role has ended before it was sent."""
    asked = {message.pk: message.refs.get("appointment") for message in batch}
    current = set(
        Appointment.objects.on(timezone.localdate(now)).filter(pk__in=asked.values()).values_list("pk", flat=True)
    )
    return {pk: "role_ended" for pk, appointment in asked.items() if appointment not in current}


def render(message: Message) -> Content:
    """Return the mail that names the role, the programme and the page to begin with."""
    appointment = Appointment.objects.select_related("programme", "person").get(pk=message.refs["appointment"])
    programme = appointment.programme
    page = reverse("desk:programme-show", args=[programme.slug])
    context = {
        "appointment": appointment,
        "person": appointment.person,
        "programme": programme,
        "role": appointment.get_role_display(),
        "does": ROLE_DOES[appointment.role],
        "address": f"{settings.SITE_URL}{page}",
    }
    subject = f"You are now {_with_article(appointment.get_role_display())} of {programme.name}"
    return render_mail("briefings/mail/appointed", context, subject)


def _with_article(role: str) -> str:
    if role == "Programme board":
        return "a member of the board"
    return f"{'an' if role[0] in 'AEIOU' else 'a'} {role.lower()}"


def tell_assistant(assistant: Assistant, *, now: datetime) -> None:
    """Plan the mail that tells somebody for whom they answer now; without an address whoever named them does."""
    if not assistant.person.email:
        return
    messaging.actions.queue(
        kind=ASSISTS,
        key=f"briefings.assistant:{assistant.pk}",
        to=assistant.person,
        refs={"assistant": assistant.pk},
        about=assistant.programme,
        now=now,
    )


def assists_no_more(batch: Sequence[Message], now: datetime) -> dict[int, str]:
    """Return a reason for each mail of ``batch`` whose assistant was ended before it was sent."""
    asked = {message.pk: message.refs.get("assistant") for message in batch}
    held = Assistant.objects.on(timezone.localdate(now)).filter(pk__in=asked.values())
    current = set(held.values_list("pk", flat=True))
    return {pk: "role_ended" for pk, assistant in asked.items() if assistant not in current}


def render_assistant(message: Message) -> Content:
    """Return the mail that says for whom somebody answers, what they may do and what not."""
    assistant = Assistant.objects.select_related("programme", "person", "senior").get(pk=message.refs["assistant"])
    context = {
        "assistant": assistant,
        "person": assistant.person,
        "senior": assistant.senior,
        "programme": assistant.programme,
        "last": assistant.until - timedelta(days=1) if assistant.until else None,
        "address": settings.SITE_URL + reverse("desk:home-show"),
    }
    return render_mail("briefings/mail/assists", context, f"You now answer for {assistant.senior.name}")


def register_kinds() -> None:
    """Make the kinds of this app known. Called in AppConfig.ready."""
    register(Kind(ASSISTS, render_assistant, assists_no_more, label="Assistant of a senior manager"))
    register(Kind(APPOINTED, render, not_wanted, label="A role in a programme"))
