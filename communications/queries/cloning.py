"""What of a programme another one can begin with, and where each of its dates would go."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date

from django.db import models

from briefings.models import Programme, Session, SessionState, utc_range
from commitments.queries.standards import calendar_of
from communications.models import PlannedItem, Stage
from communications.moving import moved
from history.refusals import Refused

MOST_DAYS = 7305


class TooFarApart(Refused):
    sentence = "The dates lie more than twenty years apart, so they cannot be moved together. Leave the sessions out."


class Part(models.TextChoices):
    STAGES = "stages", "Stages and what is to be told"
    POLICIES = "policies", "Policies: half-days, reminders, places, service standard, senior cover"
    SCOPE = "scope", "Partner organisations, areas and professions"
    SESSIONS = "sessions", "Sessions, as drafts without people"
    AGENDA = "agenda", "Their agendas, without presenters"


@dataclass(frozen=True)
class Date:
    """One date that moves. ``key`` names it in a form: ``session-12``, ``item-3``, ``begins-4`` and ``ends-4``."""

    key: str
    what: str
    words: str
    before: date
    after: date
    note: str = ""


def sessions_to_clone(programme: Programme) -> list[Session]:
    """Return the sessions of ``programme`` that were not cancelled, in their order."""
    found = programme.sessions.exclude(state=SessionState.CANCELLED).select_related("room__venue", "series", "area")
    return list(found.order_by("date", "starts", "pk"))


def dates_of(programme: Programme, parts: Collection[str], first: date) -> list[Date]:
    """Return every date that moves with ``parts`` (values of Part) where the earliest goes to ``first``, by day.

    A session whose room is taken on its new day says so: it comes without a room. Raises TooFarApart.
    """
    stages = list(programme.stages.all()) if Part.STAGES in parts else []
    items = list(PlannedItem.objects.filter(stage__in=stages))
    sessions = sessions_to_clone(programme) if Part.SESSIONS in parts else []
    days = [day for stage in stages for day in (stage.starts_on, stage.ends_on)]
    days += [item.due_on for item in items] + [session.date for session in sessions]
    if days and (max(days) - min(days)).days > MOST_DAYS:
        raise TooFarApart
    goes = moved(days, first, calendar_of(programme))
    taken = _taken(sessions, goes)
    found = [_of_stage(stage, goes, begins) for stage in stages for begins in (True, False)]
    found += [Date(f"item-{each.pk}", "Due", each.words, each.due_on, goes[each.due_on]) for each in items]
    found += [_of_session(each, goes, taken) for each in sessions]
    return sorted(found, key=lambda each: (each.before, each.after))


def _of_stage(stage: Stage, goes: dict[date, date], begins: bool) -> Date:
    day = stage.starts_on if begins else stage.ends_on
    return Date(
        f"{'begins' if begins else 'ends'}-{stage.pk}",
        "Stage begins" if begins else "Stage ends",
        stage.name,
        day,
        goes[day],
    )


def _of_session(session: Session, goes: dict[date, date], taken: set[int]) -> Date:
    words = f"{session.title or session.get_kind_display()}, {session.get_slot_display().lower()}"
    note = f"{session.room} is taken then: it comes without a room" if session.pk in taken else ""
    return Date(f"session-{session.pk}", "Session", words, session.date, goes[session.date], note)


def _taken(sessions: list[Session], goes: dict[date, date]) -> set[int]:
    """Return the ids of those of ``sessions`` whose room has something else on the new day, in one query."""
    days = {goes[session.date] for session in sessions}
    rooms = {session.room_id for session in sessions if session.room_id}
    there = Session.objects.exclude(state=SessionState.CANCELLED).filter(room__in=rooms, date__in=days)
    busy: dict[tuple[int, date], list] = {}
    for room, day, during in there.values_list("room", "date", "during"):
        busy.setdefault((room, day), []).append(during)
    found = set()
    for session in sessions:
        day = goes[session.date]
        own = utc_range(day, session.starts, session.ends, session.zone)
        others = busy.get((session.room_id, day), [])
        if any(own.lower < other.upper and other.lower < own.upper for other in others):
            found.add(session.pk)
    return found
