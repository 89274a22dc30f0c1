"""Telling a lead what became of their team, and nudging colleagues who have not booked."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from django.conf import settings
from django.urls import reverse

import messaging.actions
from accounts.links import address_of
from attendance.models import Invitation, Team
from face.dates import day_without_year
from messaging.kinds import Content, Kind, register, render_mail
from messaging.models import Message
from organisations.models import Organisation

RELEASED = "attendance.team_released"
NUDGE = "attendance.nudge"
NUDGE_RESTS = timedelta(days=7)


def tell_released(team: Team, number: int, *, now: datetime) -> None:
    """Plan the news that ``number`` places without a name went back; to whoever booked the team."""
    if team.made_by is None:
        return
    messaging.actions.queue(
        kind=RELEASED,
        key=f"{RELEASED}:{team.pk}:{now.date().isoformat()}",
        to=team.made_by,
        refs={"team": team.pk, "number": number},
        about=team.session.programme,
        now=now,
        useful_until=now + timedelta(days=7),
    )


def nudge(invitation: Invitation, organisation: Organisation, *, now: datetime) -> bool:
    """Plan the lead's reminder of an invitation, at most once in seven days; return whether it is new."""
    lately = Message.objects.filter(kind=NUDGE, refs__contains={"invitation": invitation.pk})
    if lately.filter(person=invitation.person_id, created_at__gt=now - NUDGE_RESTS).exists():
        return False
    made = messaging.actions.queue(
        kind=NUDGE,
        key=f"{NUDGE}:{invitation.pk}:{now.date().isoformat()}",
        to=invitation.person,
        refs={"invitation": invitation.pk, "organisation": organisation.pk},
        about=invitation.programme,
        now=now,
        useful_until=now + timedelta(days=7),
    )
    return made is not None


def not_wanted(batch: Sequence[Message], now: datetime) -> dict[int, str]:
    """Return the reason code for each nudge of somebody who has answered or booked meanwhile."""
    nudges = [message for message in batch if message.kind == NUDGE]
    open_ones = set(
        Invitation.objects.unanswered()
        .filter(pk__in=[message.refs["invitation"] for message in nudges], link__revoked_at=None)
        .values_list("pk", flat=True)
    )
    return {message.pk: "answered" for message in nudges if message.refs["invitation"] not in open_ones}


def render(message: Message) -> Content:
    """Return the mail as its person gets it."""
    if message.kind == NUDGE:
        return _nudge(message)
    team = Team.objects.select_related("session__programme", "organisation").get(pk=message.refs["team"])
    session = team.session
    context = {
        "person": message.person,
        "team": team,
        "session": session,
        "programme": session.programme,
        "number": message.refs["number"],
        "address": f"{settings.SITE_URL}{reverse('attendance:team-show', args=[team.pk])}",
    }
    subject = f"Places without a name went back: {day_without_year(session.date)}"
    return render_mail("attendance/mail/team_released", context, subject)


def _nudge(message: Message) -> Content:
    invitation = Invitation.objects.select_related("programme", "link").get(pk=message.refs["invitation"])
    context = {
        "person": message.person,
        "programme": invitation.programme,
        "organisation": Organisation.objects.get(pk=message.refs["organisation"]),
        "address": address_of(invitation.link),
    }
    return render_mail("attendance/mail/nudge", context, f"Choose your session: {invitation.programme.name}")


def register_kinds() -> None:
    """Make the kinds known; called when the app is ready."""
    register(Kind(RELEASED, render, not_wanted, label="Places without a name went back"))
    register(Kind(NUDGE, render, not_wanted, label="Nudge of a lead"))
