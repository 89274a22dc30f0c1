"""Telling people that they have a role in a programme."""

from collections.abc import Sequence
from datetime import datetime

from django.conf import settings
from django.urls import reverse
from django.utils import timezone

import messaging.actions
from briefings.models import Appointment
from messaging.kinds import Content, Kind, register, render_mail
from messaging.models import Message

APPOINTED = "briefings.appointed"


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
        "address": f"{settings.SITE_URL}{page}",
    }
    subject = f"You are now {_with_article(appointment.get_role_display())} of {programme.name}"
    return render_mail("briefings/mail/appointed", context, subject)


def _with_article(role: str) -> str:
    if role == "Programme board":
        return "a member of the board"
    return f"{'an' if role[0] in 'AEIOU' else 'a'} {role.lower()}"


def register_kinds() -> None:
    """Make the kinds of this app known. Called in AppConfig.ready."""
    register(Kind(APPOINTED, render, not_wanted, label="A role in a programme"))
