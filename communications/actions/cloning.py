"""Another programme like one that is there: its stages, policies and sessions on other days, without its people."""

from collections.abc import Collection, Mapping
from datetime import date, datetime
from typing import Any

from django.db import transaction
from django.utils import timezone

from accounts.models import Person
from attendance.actions.sessions import SessionPlan, plan_session
from briefings.actions.partners import add_partners
from briefings.actions.programmes import change_programme, change_scope, start_programme
from briefings.actions.series import settle_group, start_series
from briefings.actions.sessions import (
    AgendaLine,
    InThePast,
    RoomTaken,
    RoomTooSmall,
    change_agenda,
    hold_rooms,
    minutes_between,
)
from briefings.models import Programme, Series, Session
from communications.actions.plan import Audience, fulfil_item, plan_item
from communications.actions.stages import add_stage
from communications.models import PlannedItem, Stage
from communications.queries.cloning import Part, dates_of, sessions_to_clone
from communications.templates import POLICIES
from history.actions import record
from history.refusals import Refused

MOST_DATES = 300


class TooManyDates(Refused):
    """Raised where more dates would move than somebody can look at."""

    def __init__(self, number: int) -> None:
        super().__init__(
            f"{number} dates would move, and {MOST_DATES} are the most at once. Leave the sessions out, or the stages."
        )


class DateIsPast(Refused):
    """Raised where a session would begin in the past; ``key`` names its date."""

    def __init__(self, key: str, day: date) -> None:
        self.key = key
        super().__init__(f"A session cannot be on {day:%-d %B %Y}: that half-day has begun. Choose a later day.")


@transaction.atomic
def clone_programme(
    *,
    programme: Programme,
    name: str,
    first: date,
    parts: Collection[str],
    dates: Mapping[str, date],
    by: Person,
    now: datetime,
) -> Programme:
    """Return a new programme with ``parts`` (values of Part) of ``programme``; ``by`` coordinates it and owns the plan.

    ``first`` is where the earliest date goes; ``dates`` are those that somebody changed, by the keys of ``dates_of``.
    Sessions are drafts; one whose room is taken has none. Nobody is told. Raises TooManyDates, TooFarApart,
    DateIsPast, and what add_stage raises.
    """
    days = {each.key: each.after for each in dates_of(programme, parts, first)}
    if len(days) > MOST_DATES:
        raise TooManyDates(len(days))
    days |= {key: day for key, day in dates.items() if key in days}
    made = _start(programme, name, parts, days, first, by, now)
    if Part.SCOPE in parts:
        _take_scope(programme, made, min(timezone.localdate(now), first), by, now)
    sessions = _take_sessions(programme, made, parts, days, by, now) if Part.SESSIONS in parts else {}
    if Part.STAGES in parts:
        for stage in programme.stages.all():
            _take_stage(stage, made, parts, days, sessions, by, now)
    record(by=by, verb="cloned", about=made, now=now)
    return made


def _start(
    programme: Programme, name: str, parts: Collection[str], days: dict, first: date, by: Person, now: datetime
) -> Programme:
    details = {field: getattr(programme, field) for field in ("scale", "purpose", "nation", "zone")}
    made = start_programme(name=name, coordinator=by, by=by, now=now, **details)
    changes: dict[str, Any] = {"starts_on": min([first, *days.values()]), "ends_on": max([first, *days.values()])}
    changes["is_public"] = programme.is_public  # what is not for everybody becomes so by nobody's choice of parts
    if Part.POLICIES in parts:
        changes |= {field: getattr(programme, field) for field in POLICIES}
    return change_programme(programme=made, changes=changes, by=by, now=now)


def _take_scope(programme: Programme, made: Programme, since: date, by: Person, now: datetime) -> None:
    change_scope(
        programme=made,
        every_area=programme.every_area,
        every_profession=programme.every_profession,
        add_areas=programme.areas.all(),
        add_professions=programme.professions.all(),
        by=by,
        now=now,
    )
    partners = programme.partners.on(timezone.localdate(now)).select_related("organisation")
    organisations = [partner.organisation for partner in partners if not partner.organisation.ended_on]
    add_partners(programme=made, organisations=organisations, since=since, by=by, now=now)


def _take_sessions(
    programme: Programme, made: Programme, parts: Collection[str], days: dict, by: Person, now: datetime
) -> dict[int, Session]:
    """Return the drafts by the id of the session that each is like."""
    drafts: dict[int, Session] = {}
    groups: dict[tuple[Series, str], list[Session]] = {}
    found = sessions_to_clone(programme)
    hold_rooms(session.room for session in found if session.room)
    for session in found:
        draft = _draft(session, made, days[f"session-{session.pk}"], by, now)
        drafts[session.pk] = draft
        if Part.AGENDA in parts:
            lines = [AgendaLine(item.kind, item.title, item.minutes) for item in session.agenda.all()]
            if lines and sum(line.minutes for line in lines) <= minutes_between(draft.starts, draft.ends):
                change_agenda(session=draft, lines=lines, by=by, now=now)
        if session.series and session.series.in_order:
            groups.setdefault((session.series, session.group), []).append(draft)
    started: dict[int, Series] = {}
    for (series, group), members in groups.items():
        if series.pk not in started:
            started[series.pk] = start_series(programme=made, name=series.name, by=by, now=now)
        settle_group(series=started[series.pk], group=group, sessions=members, by=by, now=now)
    return drafts


def _draft(session: Session, made: Programme, day: date, by: Person, now: datetime) -> Session:
    """Return a draft like ``session`` on ``day``; without its room where that is taken or no longer large enough.

    Its notes and its meeting online are its own: whoever holds that link would be in another programme's room.
    """
    for room in (session.room, None):
        plan = SessionPlan(
            date=day, slot=session.slot, capacity=session.capacity, kind=session.kind, title=session.title, room=room,
            area=session.area, reserved=session.reserved,
        )  # fmt: skip
        try:
            with transaction.atomic():
                return plan_session(programme=made, plan=plan, by=by, now=now)
        except InThePast as refusal:
            raise DateIsPast(f"session-{session.pk}", day) from refusal
        except (RoomTaken, RoomTooSmall):
            continue
    raise AssertionError("without a room nothing is taken")


def _take_stage(
    stage: Stage, made: Programme, parts: Collection[str], days: dict, sessions: dict, by: Person, now: datetime
) -> None:
    own = add_stage(
        programme=made, kind=stage.kind, name=stage.name, starts_on=days[f"begins-{stage.pk}"],
        ends_on=days[f"ends-{stage.pk}"], owner=by, by=by, now=now,
    )  # fmt: skip
    for item in stage.items.prefetch_related("organisations", "professions", "areas"):
        planned = plan_item(
            stage=own, words=item.words, means=item.means, due_on=days[f"item-{item.pk}"], owner=by,
            audience=_audience(item) if Part.SCOPE in parts else None, by=by, now=now,
        )  # fmt: skip
        if item.session_id in sessions:
            fulfil_item(item=planned, fulfils=sessions[item.session_id], by=by, now=now)


def _audience(item: PlannedItem) -> Audience:
    return Audience(item.organisations.all(), item.professions.all(), item.areas.all())
