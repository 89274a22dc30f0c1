"""After the day: thanks to those who came, another date for those who could not."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from django.conf import settings
from django.urls import reverse
from django.utils import timezone

import messaging.actions
from accounts.links import address_of
from attendance.models import CAME, Attendance, Invitation, Outcome, Register, WalkIn
from attendance.queries.feedback import feedback_path
from attendance.queries.invitations import has_session_to_choose
from briefings.models import Session
from messaging.actions import Planned
from messaging.kinds import Content, Kind, register, render_mail
from messaging.models import Message

THANKS = "attendance.thanks"
MISSED = "attendance.missed"
WAIT = timedelta(minutes=30)
"""Nothing is sent at once: a register closed by mistake is reopened in time."""


def tell_closed(session: Session, *, now: datetime, walk_in: WalkIn | None = None) -> None:
    """Plan the mails after the register of ``session`` was closed, each person once for each session.

    With ``walk_in`` only to that one, who was not known when it was closed.
    """
    people = Attendance.objects.filter(session=session, person__email__isnull=False)
    people = people.filter(walk_in=walk_in) if walk_in else people
    came = people.filter(outcome__in=CAME).values_list("pk", "person_id")
    missed = people.filter(outcome__in=(Outcome.ABSENT, Outcome.EXCUSED)).values_list("pk", "person_id")
    for kind, found in ((THANKS, came), (MISSED, missed)):
        messaging.actions.queue_many(kind=kind, rows=(_row(kind, *row, session, now) for row in found), now=now)


def not_wanted(batch: Sequence[Message], now: datetime) -> dict[int, str]:
    """Return the reason code of each mail whose register is open again, or whose person was marked otherwise since."""
    found = {row.pk: row for row in Attendance.objects.filter(pk__in=[m.refs["attendance"] for m in batch])}
    closed = set(
        Register.objects.filter(pk__in={row.session_id for row in found.values()}, closed_at__isnull=False).values_list(
            "pk", flat=True
        )
    )
    reasons = {}
    for message in batch:
        row = found.get(message.refs["attendance"])
        if row is None or row.session_id not in closed:
            reasons[message.pk] = "register_reopened"
        elif (row.outcome in CAME) != (message.kind == THANKS):
            reasons[message.pk] = "marked_otherwise"
    return reasons


def render(message: Message) -> Content:
    """Return the mail after the day."""
    row = Attendance.objects.select_related("session__programme", "person", "place__link", "walk_in").get(
        pk=message.refs["attendance"]
    )
    programme = row.session.programme
    context = {"attendance": row, "session": row.session, "programme": programme, "person": row.person}
    if message.kind == THANKS:
        address = address_of(row.place.link) if row.place and row.place.link else ""
        record = settings.SITE_URL + reverse("attendance:record-show")
        feedback = feedback_path(row, timezone.localdate(message.due_at))
        return render_mail(
            "attendance/mail/thanks",
            {
                **context,
                "address": address,
                "record": record,
                "papers": row.session.materials.exists(),
                "feedback": feedback and settings.SITE_URL + feedback,
            },
            f"Thank you for coming: {programme.name}",
        )
    own = address_of(row.place.link) if row.place and row.place.link else ""
    context |= {"address": _where_to_choose(row), "own_page": own}
    context["has_dates"] = has_session_to_choose(programme, message.due_at)
    return render_mail("attendance/mail/missed", context, f"We missed you: {programme.name}")


def _row(kind: str, pk: int, person: int, session: Session, now: datetime) -> Planned:
    return Planned(
        key=f"{kind}:{session.pk}:{person}",
        to=person,
        refs={"attendance": pk},
        about=session.programme,
        due_at=now + WAIT,
        useful_until=now + timedelta(days=7),
    )


def _where_to_choose(row: Attendance) -> str:
    """Return the person's own link to choose by, else the programme's public list."""
    own = (
        Invitation.objects.filter(programme=row.session.programme, person=row.person, link__isnull=False)
        .select_related("link")
        .first()
    )
    if own:
        return address_of(own.link)
    return settings.SITE_URL + reverse("attendance:session-list", args=[row.session.programme.slug])


def register_kinds() -> None:
    """Make the kinds after the day known; called when the app is ready."""
    register(Kind(THANKS, render, not_wanted, label="Thanks for coming"))
    register(Kind(MISSED, render, not_wanted, label="Another date after an absence"))
