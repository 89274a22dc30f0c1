"""Documents that lie elsewhere: the coordinators are reminded of the day of review."""

from collections.abc import Sequence
from datetime import datetime

from django.conf import settings
from django.urls import reverse

import messaging.actions
from commitments.clocks import Rung, local_day
from commitments.models import Reference
from commitments.queries.standards import keepers_of
from messaging.actions import Planned
from messaging.kinds import Content, Kind, register, render_mail
from messaging.models import Message

REVIEW = "commitments.reference_review"


def remind(own: Reference, rung: Rung, *, now: datetime) -> int:
    """Plan one rung of reminders to who looks after the programme; return how many are told."""
    rows = [
        Planned(
            key=f"{REVIEW}:{own.pk}:{own.review_on}:{rung.step}:{person.pk}", to=person,
            refs={"reference": own.pk, "review": own.review_on.isoformat()}, about=own.programme,
        )
        for person in keepers_of(own.programme, local_day(own.programme, now))
        if person.email
    ]  # fmt: skip
    return messaging.actions.queue_many(kind=REVIEW, rows=rows, now=now)


def not_wanted(batch: Sequence[Message], now: datetime) -> dict[int, str]:
    """Return the reason code of each mail about a document that is off the list or has another day of review."""
    found = Reference.objects.standing().in_bulk([message.refs["reference"] for message in batch])
    return {
        message.pk: "review_has_moved_on"
        for message in batch
        if message.refs["reference"] not in found
        or found[message.refs["reference"]].review_on.isoformat() != message.refs["review"]
    }


def render(message: Message) -> Content:
    """Return the mail to a coordinator."""
    own = Reference.objects.select_related("programme", "organisation").get(pk=message.refs["reference"])
    today = local_day(own.programme, message.due_at)
    context = {
        "person": message.person,
        "reference": own,
        "programme": own.programme,
        "is_late": own.review_on < today,
        "address": settings.SITE_URL + reverse("commitments:reference-change", args=[own.pk]),
    }
    when = "was due" if context["is_late"] else "is due"
    return render_mail("commitments/mail/reference_review", context, f"The review of “{own.title}” {when}")


def register_kinds() -> None:
    """Make the kinds of references known; called when the app is ready."""
    register(Kind(REVIEW, render, not_wanted, label="Review of a document"))
