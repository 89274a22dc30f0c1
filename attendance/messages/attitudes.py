"""The mail that asks for attitudes. Its link is the same for everybody."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from django.conf import settings
from django.urls import reverse

import messaging.actions
from briefings.models import Programme
from messaging.actions import Planned
from messaging.kinds import Content, Kind, register, render_mail
from messaging.models import Message
from surveys.models import Opening

ASKED = "attendance.attitudes_asked"


def ask(opening: Opening, programme: Programme, people: Iterable[int], *, now: datetime) -> int:
    """Plan the mail to ``people`` (ids), each once for a point; return how many are new."""
    rows = (
        Planned(
            key=f"{ASKED}:{opening.pk}:{person}",
            to=person,
            refs={"opening": opening.pk, "programme": programme.pk},
            about=programme,
            due_at=now,
            useful_until=now + timedelta(days=14),
        )
        for person in people
    )
    return messaging.actions.queue_many(kind=ASKED, rows=rows, now=now)


def not_wanted(batch: Sequence[Message], now: datetime) -> dict[int, str]:
    """Return the reason code of each mail whose point takes no answers any more."""
    openings = Opening.objects.filter(pk__in={each.refs["opening"] for each in batch}, closed_on__isnull=True)
    still_open = set(openings.values_list("pk", flat=True))
    return {each.pk: "point_closed" for each in batch if each.refs["opening"] not in still_open}


def render(message: Message) -> Content:
    """Return the mail that asks."""
    opening = Opening.objects.select_related("questionnaire").get(pk=message.refs["opening"])
    programme = Programme.objects.get(pk=message.refs["programme"])
    context = {
        "programme": programme,
        "person": message.person,
        "opening": opening,
        "address": settings.SITE_URL + reverse("surveys:attitudes-answer", args=[opening.code]),
    }
    return render_mail("attendance/mail/attitudes_asked", context, f"What do you think? {opening.questionnaire.title}")


def register_kinds() -> None:
    """Make the kind known; called when the app is ready."""
    register(Kind(ASKED, render, not_wanted, label="Statements about attitudes"))
