"""Telling a lead what became of their team, and nudging colleagues who have not booked."""

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import models
from django.urls import reverse
from django.utils import timezone

import messaging.actions
from accounts.links import address_of
from accounts.models import Person
from attendance.models import Invitation, Place, Team
from attendance.queries.leaving import THEMSELVES, Leaving, ended_by, team_moved_to, to_tell, told_of, who_left
from attendance.queries.shares import seats_kept, shares_of
from attendance.window import rules_of, window_of
from briefings.models import Programme, SessionState
from briefings.rules import coordinators_of
from face.dates import day_without_year
from history.actions import key_of
from messaging.actions import Planned
from messaging.kinds import Content, Kind, register, render_mail
from messaging.models import Message
from organisations.models import Organisation

RELEASED = "attendance.team_released"
MOVED_UP = "attendance.team_moved_up"
LAST_DAY = "attendance.team_last_day"
LEFT = "attendance.team_left"
NUDGE = "attendance.nudge"
WANTED = "attendance.invitations_wanted"
FINAL_EARLIER, MOVED = WHY_EARLIER = ("final", "moved")
"""Why names are due earlier than when a team was booked: the rules of its programme, or another day of its session."""

GATHERS = timedelta(hours=1)
"""How long colleagues who leave a team are gathered, so that their lead gets one mail about them."""

LETS_COMMIT = timedelta(minutes=5)
"""How long after that the mail leaves: who pressed in its last second is in it."""

NUDGE_RESTS = timedelta(days=7)
NAMES_SHOWN = 50


def tell_released(team: Team, number: int, *, earlier: str = "", now: datetime) -> None:
    """Plan the news that ``number`` places without a name went back; to whoever booked the team.

    Where they lead the organisation no more, to those who do. ``earlier``: why the last day was brought forward.
    """
    refs = {"number": number, "earlier": earlier} if earlier else {"number": number}
    _tell_lead(RELEASED, team, timezone.localdate(now), refs, now + timedelta(days=7), now)


def tell_last_day(team: Team, *, why: str, now: datetime, but: Sequence[int] = ()) -> None:
    """Plan the news that the last day to name places of ``team`` was brought forward, ``why``; to the same people.

    ``but``: the ids of those whom another mail tells it.
    """
    over = datetime.combine(team.names_until + timedelta(days=1), time(), ZoneInfo(team.session.zone))
    _tell_lead(LAST_DAY, team, team.names_until, {"earlier": why}, over, now, but=but)


def tell_moved_up(places: Sequence[Place], *, now: datetime) -> None:
    """Plan the news that ``places`` of teams, which have no name and waited, have a seat now; one mail for each team.

    Nobody else hears of it, and without a name they go back after the last day.
    """
    by_team: dict[int, list[Place]] = {}
    for place in places:
        by_team.setdefault(place.team_id, []).append(place)
    for own in by_team.values():
        team, session = own[0].team, own[0].session
        last = datetime.combine(team.names_until or session.date, time(), ZoneInfo(session.zone)) + timedelta(days=1)
        until = min(last, session.during.lower)
        _tell_lead(MOVED_UP, team, timezone.localdate(now), {"number": len(own)}, until, now, suffix=f":{own[0].pk}")


def tell_left(*places: Place, by: Any, now: datetime) -> None:
    """Plan the news that the colleagues of ``places`` have left the teams that a lead booked; ``by`` is told nothing.

    Those who leave the teams of one session within one hour are told in one mail after it. Of a place that is of no
    team nobody is told.
    """
    since = now.replace(minute=0, second=0, microsecond=0)
    rows = [
        Planned(
            key=f"{LEFT}:{team.session_id}:{team.organisation_id}:{person}:{since.isoformat()}",
            to=person,
            refs={"team": team.pk, "since": since.isoformat()},
            about=team.session.programme,
            due_at=since + GATHERS + LETS_COMMIT,
            useful_until=team.session.during.lower + GATHERS + LETS_COMMIT,
        )
        for person, team in to_tell(places, by=by, now=now)
    ]
    messaging.actions.queue_many(kind=LEFT, rows=rows, now=now)


def _who_left(message: Message, team: Team) -> list[Leaving]:
    """Return who left in the hour that ``message`` tells of and has not come back, by name.

    That is of ``team`` and of all in its session that the reader is told of, who does not read of themselves, nor of
    what they did.
    """
    teams = Team.objects.filter(session=team.session_id, organisation=team.organisation_id)
    told = told_of(teams, timezone.now())
    own = {team.pk, *(pk for pk, people in told.items() if message.person_id in people)}
    found = who_left(team.session, own, since=datetime.fromisoformat(message.refs["since"]), lasts=GATHERS)
    reader = message.person_id
    own_doing = ended_by(message.person, [each.place for each in found]) if found and message.person else set()
    return [
        each
        for each in found
        if reader not in (each.place.person_id, each.heir and each.heir.pk) and each.place.pk not in own_doing
    ]


def back_meanwhile(batch: Sequence[Message], now: datetime) -> dict[int, str]:
    """Return the reason code for each news of colleagues who left a team and have all come back, or all with it."""
    teams = Team.objects.select_related("session").in_bulk([message.refs["team"] for message in batch])
    of = {message.pk: teams.get(message.refs["team"]) for message in batch}
    return {
        message.pk: "taken_back"
        for message in batch
        if not (team := of[message.pk]) or team.session.state != SessionState.OPEN or not _who_left(message, team)
    }


def _tell_lead(
    kind: str,
    team: Team,
    day: date,
    refs: dict[str, Any],
    until: datetime,
    now: datetime,
    *,
    suffix: str = "",
    but: Sequence[int] = (),
) -> None:
    people = told_of([team], now)[team.pk] - set(but)
    rows = [
        Planned(
            key=f"{kind}:{team.pk}:{person}:{day.isoformat()}{suffix}",
            to=person,
            refs={"team": team.pk, **refs},
            about=team.session.programme,
            useful_until=until,
        )
        for person in sorted(people)
    ]
    messaging.actions.queue_many(kind=kind, rows=rows, now=now)


def nudge(invitation: Invitation, organisation: Organisation, *, now: datetime) -> bool:
    """Plan the lead's reminder of an invitation, at most once in seven days; return whether it is new."""
    lately = Message.objects.filter(kind=NUDGE, refs__contains={"invitation": invitation.pk})
    if lately.filter(person=invitation.person_id, created_at__gt=now - NUDGE_RESTS).exists():
        return False
    made = messaging.actions.queue(
        kind=NUDGE,
        key=f"{NUDGE}:{invitation.pk}:{timezone.localdate(now).isoformat()}",
        to=invitation.person,
        refs={"invitation": invitation.pk, "organisation": organisation.pk},
        about=invitation.programme,
        now=now,
        useful_until=now + timedelta(days=7),
    )
    return made is not None


def nudged_lately(
    programme: Programme, organisation: Organisation, people: Sequence[int], *, now: datetime
) -> dict[int, datetime]:
    """Return when each of ``people`` (ids) was nudged, or asked for, in the last seven days: they are not again."""
    lately = Message.objects.filter(created_at__gt=now - NUDGE_RESTS).order_by("created_at")
    nudged = lately.filter(kind=NUDGE, person__in=people, about=key_of(programme))
    found = dict(nudged.values_list("person", "created_at"))
    for refs, at in (
        _asked_lately(programme, organisation, now).order_by("created_at").values_list("refs", "created_at")
    ):
        found |= {person: at for person in refs["people"] if person in people}
    return found


def _asked_lately(programme: Programme, organisation: Organisation, now: datetime) -> models.QuerySet[Message]:
    """Return the mails that asked for invitations, by their keys: nothing else finds a few among the mails of years."""
    own = f"{_wanted(programme, organisation)}:"
    return Message.objects.filter(kind=WANTED, key__startswith=own, created_at__gt=now - NUDGE_RESTS)


def _wanted(programme: Programme, organisation: Organisation) -> str:
    return f"{WANTED}:{programme.pk}:{organisation.pk}"


def ask_to_invite(
    programme: Programme, organisation: Organisation, people: Sequence[int], by: Person, *, now: datetime
) -> int:
    """Ask the coordinators to invite ``people`` (ids), each at most once in seven days; return for how many."""
    lately = _asked_lately(programme, organisation, now)
    asked = {person for refs in lately.values_list("refs", flat=True) for person in refs["people"]}
    wanted = [person for person in people if person not in asked]
    rows = [
        Planned(
            key=f"{_wanted(programme, organisation)}:{coordinator.pk}:{now.isoformat()}",
            to=coordinator,
            refs={"programme": programme.pk, "organisation": organisation.pk, "people": wanted, "by": by.pk},
            about=programme,
            useful_until=now + NUDGE_RESTS,
        )
        for coordinator in coordinators_of(programme, timezone.localdate(now))
        if coordinator.email
    ]
    if not wanted or not rows:
        return 0
    messaging.actions.queue_many(kind=WANTED, rows=rows, now=now)
    return len(wanted)


def invited_meanwhile(batch: Sequence[Message], now: datetime) -> dict[int, str]:
    """Return the reason code of each request for invitations in which nobody is left without one."""
    return {message.pk: "invited" for message in batch if not _still_without(message)}


def _still_without(message: Message) -> list[Person]:
    """Return who of those named in ``message`` has no invitation still, by name."""
    invited = Invitation.objects.filter(programme=message.refs["programme"], person__in=message.refs["people"])
    found = Person.objects.filter(pk__in=message.refs["people"], is_active=True)
    return list(found.exclude(pk__in=invited.values("person")).order_by("sort_name", "pk"))


def not_wanted(batch: Sequence[Message], now: datetime) -> dict[int, str]:
    """Return the reason code for each nudge of somebody who has answered or booked meanwhile."""
    nudges = [message for message in batch if message.kind == NUDGE]
    open_ones = set(
        Invitation.objects.unanswered()
        .filter(pk__in=[message.refs["invitation"] for message in nudges], link__revoked_at=None)
        .values_list("pk", flat=True)
    )
    return {message.pk: "answered" for message in nudges if message.refs["invitation"] not in open_ones}


def named_meanwhile(batch: Sequence[Message], now: datetime) -> dict[int, str]:
    """Return the reason code for each news of places to name where no place of the team lacks a name any more."""
    unnamed = Place.objects.live().filter(team__in=[message.refs["team"] for message in batch], person=None)
    teams = set(unnamed.values_list("team", flat=True))
    return {message.pk: "named_meanwhile" for message in batch if message.refs["team"] not in teams}


def render(message: Message) -> Content:
    """Return the mail as its person gets it."""
    if message.kind == NUDGE:
        return _nudge(message)
    team = Team.objects.select_related("session__programme__booking_rules", "session__seats", "organisation").get(
        pk=message.refs["team"]
    )
    session = team.session
    context = {
        "person": message.person,
        "team": team,
        "session": session,
        "programme": session.programme,
        "number": message.refs.get("number") or Place.objects.live().filter(team=team, person=None).count(),
        "earlier": message.refs.get("earlier", ""),
        "address": _address_of(team),
    }
    if message.kind == LAST_DAY:
        subject = f"Name your places by {day_without_year(team.names_until)}"
        return render_mail("attendance/mail/team_last_day", context, subject)
    if message.kind == MOVED_UP:
        subject = f"Places are free for your team: {day_without_year(session.date)}"
        return render_mail("attendance/mail/team_moved_up", context, subject)
    if message.kind == LEFT:
        return _left(message, team, context)
    subject = f"Places without a name went back: {day_without_year(session.date)}"
    return render_mail("attendance/mail/team_released", context, subject)


def _address_of(team: Team) -> str:
    return f"{settings.SITE_URL}{reverse('attendance:team-show', args=[team.pk])}"


def _left(message: Message, team: Team, context: dict[str, Any]) -> Content:
    session, left, now = team.session, _who_left(message, team), timezone.now()
    if not Place.objects.live().filter(team=team).exists():  # all of them are elsewhere now
        context["address"] = _address_of(team_moved_to(team, left) or team)
    book = reverse("attendance:team-book", args=[team.organisation_id, session.pk])
    is_closed = window_of(session, rules_of(session), now).why_closed or session.during.lower <= now
    free = max(session.seats.free - seats_kept(session, now), 0)
    context |= {
        "left": left,
        "is_smaller": any(each.place.closed_reason != "moved" and not each.is_handed_on for each in left),
        "free": 0 if is_closed else shares_of(session, now).room_of(team.organisation_id, free),
        "book": f"{settings.SITE_URL}{book}",
    }
    subject = f"{_what_happened(left)}: {day_without_year(session.date)}"
    return render_mail("attendance/mail/team_left", context, subject)


def _what_happened(left: list[Leaving]) -> str:
    """Return the subject of the news that ``left`` have left: the same for all of them, or that much has changed."""
    reasons = {(each.heirs_place or each.place).closed_reason for each in left}
    number = len(left)
    who, have = ("A colleague", "has") if number == 1 else (f"{number} colleagues", "have")
    if reasons == {"moved"}:
        return f"{who} of your team {have} been moved"
    if reasons == {"substituted"}:
        return f"{'A place' if number == 1 else f'{number} places'} of your team {have} been taken over"
    return f"{who} {have} left your team" if reasons <= set(THEMSELVES) else "Your team has changed"


def _nudge(message: Message) -> Content:
    invitation = Invitation.objects.select_related("programme", "link").get(pk=message.refs["invitation"])
    context = {
        "person": message.person,
        "programme": invitation.programme,
        "organisation": Organisation.objects.get(pk=message.refs["organisation"]),
        "address": address_of(invitation.link),
    }
    return render_mail("attendance/mail/nudge", context, f"Choose your session: {invitation.programme.name}")


def render_wanted(message: Message) -> Content:
    """Return the request to a coordinator, with the page on which these people are invited."""
    programme = Programme.objects.get(pk=message.refs["programme"])
    organisation = Organisation.objects.get(pk=message.refs["organisation"])
    people = _still_without(message)
    page = reverse("attendance:round-choose", args=[programme.slug])
    context = {
        "person": message.person,
        "lead": Person.objects.filter(pk=message.refs["by"]).first(),
        "programme": programme,
        "organisation": organisation,
        "names": [person.name for person in people[:NAMES_SHOWN]],
        "more": max(len(people) - NAMES_SHOWN, 0),
        "number": len(people),
        "address": f"{settings.SITE_URL}{page}?who=new&organisation={organisation.pk}",
    }
    subject = f"{organisation.name} asks for invitations: {programme.name}"
    return render_mail("attendance/mail/invitations_wanted", context, subject[:200])


def register_kinds() -> None:
    """Make the kinds known; called when the app is ready."""
    register(Kind(RELEASED, render, not_wanted, label="Places without a name went back"))
    register(Kind(LAST_DAY, render, named_meanwhile, label="Places need their names earlier"))
    register(Kind(MOVED_UP, render, named_meanwhile, label="Places without a name moved up"))
    register(Kind(LEFT, render, back_meanwhile, label="Colleagues left a team"))
    register(Kind(NUDGE, render, not_wanted, label="Nudge of a lead"))
    register(Kind(WANTED, render_wanted, invited_meanwhile, label="A lead asks for invitations"))
