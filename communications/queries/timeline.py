"""The communication plan: what was, is and will be told, on one time line, by audience."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.db import models
from django.db.models import Min
from django.urls import reverse
from django.utils import timezone

from accounts.permissions import Permission
from attendance.models import InvitationRound, RoundState, SessionNotice
from briefings.models import Programme, Session, SessionState
from commitments.clocks import local_day
from commitments.models import Telling, TellingState
from communications.messages.plan import audience_in_words
from communications.models import Means, PlannedItem, Post, PostState, Stage
from communications.queries.addressed import items_of
from communications.queries.fulfilling import may_still_happen
from face.dates import day_plain
from organisations.models import Area, Organisation, Profession

PARTS = ("organisations", "professions", "areas")
DONE, AHEAD, OPEN, LATE, OFF = ("full", "good"), ("half", "open"), ("ring", "wait"), ("gap", "bad"), ("dash", "quiet")
"""Mark and colour of a line: it happened, it is fixed and to come, it is not done, it is late, it was called off."""


class Kind(models.TextChoices):
    SESSION = "session", "Session"
    MESSAGE = "message", "Message"
    POST = "post", "Post"
    AGREEMENT = "agreement", "Agreement"
    ITEM = "item", "Planned"


@dataclass(frozen=True)
class Whom:
    """Whom a line is for: ids by part, an empty one meaning every one in scope; areas by their paths.

    None among them is for those whose profession or area is not known.
    """

    organisations: frozenset[int] = frozenset()
    professions: frozenset[int | None] = frozenset()
    areas: tuple[str | None, ...] = ()

    def reaches(self, organisation: int | None, profession: int | None, path: str) -> bool:
        """Return whether somebody of what is asked for is among them; None and "" ask for nothing."""
        if organisation and self.organisations and organisation not in self.organisations:
            return False
        if profession and self.professions and profession not in self.professions:
            return False
        if not (path and self.areas):
            return True
        return any(own is not None and (path.startswith(own) or own.startswith(path)) for own in self.areas)


@dataclass(frozen=True)
class Line:
    """One thing on the time line. ``look`` is its mark and colour; ``owner`` and ``note`` may be empty."""

    day: date
    kind: Kind
    words: str
    url: str
    audience: str
    look: tuple[str, str]
    state: str
    whom: Whom = field(default_factory=Whom)
    owner: Any = None
    note: str = ""
    stage: Stage | None = None
    needs: Permission | None = None
    """What somebody must hold for the page behind ``url``; None: whoever sees the plan."""

    @property
    def shape(self) -> str:
        return self.look[0]

    @property
    def colour(self) -> str:
        return self.look[1]


def timeline_of(programme: Programme, stages: list[Stage], now: datetime) -> list[Line]:
    """Return every line of the plan of ``programme`` by stage and, in it, by day; the queries are fixed.

    A line belongs to the stage whose days its own is among; an item of the plan to its own stage.
    """
    lines = [
        *_sessions(programme, now),
        *_rounds(programme, now),
        *_notices(programme),
        *_tellings(programme),
        *_posts(programme),
        *_agreements(programme),
        *_items(programme, now),
    ]
    placed = [line if line.stage else replace(line, stage=stage_on(stages, line.day)) for line in lines]
    return sorted(placed, key=_by_stage_and_day)


def stage_on(stages: Iterable[Stage], day: date) -> Stage | None:
    """Return the one of ``stages`` whose days ``day`` is among."""
    return next((stage for stage in stages if stage.starts_on <= day <= stage.ends_on), None)


def current_of(stages: list[Stage], today: date) -> Stage | None:
    """Return the stage that a programme is in: that of ``today``, else the last that has begun, else the first."""
    begun = [stage for stage in stages if stage.starts_on <= today]
    return stage_on(stages, today) or (begun[-1] if begun else next(iter(stages), None))


def _by_stage_and_day(line: Line) -> tuple:
    return (line.stage.starts_on if line.stage else line.day, line.day, line.kind, line.words)


def _sessions(programme: Programme, now: datetime) -> Iterable[Line]:
    found = programme.sessions.select_related("area", "room__venue", "programme").order_by("date", "starts", "pk")
    for session in found:
        where = session.room.venue.name if session.room else "online" if session.online_link else "no place yet"
        yield Line(
            session.date,
            Kind.SESSION,
            f"{session.title or session.get_kind_display()}, {session.get_slot_display().lower()}, {where}",
            reverse("attendance:session-show", args=[session.pk]),
            f"Everybody in {session.area}" if session.area else "Everybody in scope",
            *_session_state(session, now),
            Whom(areas=(session.area.path,)) if session.area else Whom(),
        )


def _session_state(session: Session, now: datetime) -> tuple[tuple[str, str], str]:
    if session.state == SessionState.CANCELLED:
        return OFF, "Cancelled"
    if session.state == SessionState.DRAFT:
        return OPEN, "Draft"
    return (DONE, "Held") if session.during.upper <= now else (AHEAD, "Open")


def _rounds(programme: Programme, now: datetime) -> Iterable[Line]:
    rounds = list(programme.invitation_rounds.all())
    names = _names_of(rounds)
    states = {RoundState.SENDING: (DONE, "Sent"), RoundState.STOPPED: (OFF, "Stopped")}
    for each in rounds:
        chosen = {part: each.choice.get(part) or [] for part in PARTS}
        words = {part: ", ".join(sorted(names[part].get(pk, ("", ""))[0] for pk in chosen[part])) for part in PARTS}
        none = {part: [None] if part in (each.choice.get("unknown") or []) else [] for part in ("profession", "area")}
        yield Line(
            timezone.localdate(each.made_at, ZoneInfo(programme.zone)),
            Kind.MESSAGE,
            f"Invitations: {each.subject}" if each.subject else "Invitations",
            reverse("attendance:round-show", args=[programme.slug, each.pk]),
            _in_words(words, each.choice),
            *states.get(each.state, (AHEAD, each.get_state_display())),
            Whom(
                frozenset(chosen["organisations"]),
                frozenset(chosen["professions"] + none["profession"]),
                (*(names["areas"][pk][1] for pk in chosen["areas"] if pk in names["areas"]), *none["area"]),
            ),
            needs=Permission.INVITE_PEOPLE,
        )


def _names_of(rounds: list[InvitationRound]) -> dict[str, dict[int, tuple[str, str]]]:
    """Return by part the name, and the path of an area, of what the filters of ``rounds`` name: three queries."""
    found = {}
    for part, model in zip(PARTS, (Organisation, Profession, Area), strict=True):
        ids = {pk for each in rounds for pk in each.choice.get(part) or []}
        columns = ("name", "path") if model is Area else ("name", "name")
        found[part] = {
            pk: (name, path) for pk, name, path in model.objects.filter(pk__in=ids).values_list("pk", *columns)
        }
    return found


def _in_words(names: dict[str, str], choice: dict[str, Any]) -> str:
    """Return whom a round was for: the ``names`` of its filters, and whom else its ``choice`` left out or took in."""
    unknown = choice.get("unknown") or []
    said = {part: " or not known" if part in unknown and names[f"{part}s"] else "" for part in ("profession", "area")}
    lone = [part for part in ("profession", "area") if part in unknown and not said[part]]
    everybody = "Everybody" if any(names.values()) or unknown else "Everybody in scope"
    words = (names["professions"] or everybody) + said["profession"]
    words += f" of {names['organisations']}" if names["organisations"] else ""
    words += f" in {names['areas']}{said['area']}" if names["areas"] else ""
    words += f" whose {' and '.join(lone)} {'are' if lone[1:] else 'is'} not known" if lone else ""
    if choice.get("gap"):
        is_again = choice.get("again")
        return f"{words}: who was {'invited, and nothing came of it yet' if is_again else 'never reached'}"
    return words + (", who became eligible since the round before" if choice.get("joined_since") else "")


def _notices(programme: Programme) -> Iterable[Line]:
    for notice in SessionNotice.objects.filter(session__programme=programme).select_related("session"):
        yield Line(
            timezone.localdate(notice.made_at, ZoneInfo(programme.zone)),
            Kind.MESSAGE,
            f"Notice: {notice.subject}",
            reverse("attendance:session-show", args=[notice.session_id]),
            f"Those with a place on {day_plain(notice.session.date)}",
            DONE,
            "Sent",
        )


def _tellings(programme: Programme) -> Iterable[Line]:
    states = {TellingState.PUBLISHED: (DONE, "Published"), TellingState.WITHDRAWN: (OFF, "Taken back")}
    for telling in Telling.objects.filter(programme=programme).select_related("session"):
        yield Line(
            timezone.localdate(telling.published_at or telling.drafted_at, ZoneInfo(programme.zone)),
            Kind.MESSAGE,
            str(telling),
            reverse("commitments:telling-show", args=[telling.pk]),
            f"Who came on {day_plain(telling.session.date)}" if telling.session else "Everybody in scope",
            *states.get(telling.state, (OPEN, telling.get_state_display())),
            needs=Permission.TRIAGE_QUESTIONS,
        )


def _posts(programme: Programme) -> Iterable[Line]:
    states = {PostState.PUBLISHED: (DONE, "Published"), PostState.SCHEDULED: (AHEAD, "Scheduled")}
    found = Post.objects.filter(series__programme=programme).select_related("series")
    for post in found.exclude(state=PostState.DRAFT):
        is_read = post.state == PostState.PUBLISHED and programme.is_public
        yield Line(
            timezone.localdate(post.published_at or post.publish_at, ZoneInfo(programme.zone)),
            Kind.POST,
            f"{post.title} ({post.series.title})",
            reverse("communications:post-show", args=[post.series.slug, post.slug]) if is_read else "",
            "Everybody",
            *states.get(post.state, (OFF, "Withdrawn")),
        )


def _agreements(programme: Programme) -> Iterable[Line]:
    """Yield each agreement on the day on which partners were first asked to endorse it; a draft tells nobody yet."""
    asked = programme.agreements.annotate(asked_at=Min("versions__proposed_at")).filter(asked_at__isnull=False)
    for agreement in asked:
        yield Line(
            timezone.localdate(agreement.asked_at, ZoneInfo(programme.zone)),
            Kind.AGREEMENT,
            f"{agreement.reference}: {agreement.title}",
            reverse("commitments:agreement-show", args=[agreement.pk]),
            "Every partner organisation",
            *((OFF, "Ended") if agreement.ended_at else (DONE, "Proposed")),
            needs=Permission.READ_QUESTIONS,
        )


def _items(programme: Programme, now: datetime) -> Iterable[Line]:
    today = local_day(programme, now)
    for item in items_of(programme):
        yield Line(
            item.due_on,
            Kind.ITEM,
            item.words,
            f"{reverse('communications:stage-show', args=[programme.slug, item.stage_id])}#item-{item.pk}",
            audience_in_words(item),
            *item_state(item, today),
            whom_of(item),
            item.owner,
            "" if item.means == Means.OTHER else item.get_means_display(),
            item.stage,
        )


def item_state(item: PlannedItem, today: date) -> tuple[tuple[str, str], str]:
    """Return the look of ``item`` and its state in words."""
    if item.done_at:
        return DONE, "Done"
    if item.due_on < today:
        return LATE, "Late"
    return (AHEAD, "On its way") if may_still_happen(item) else (OPEN, "To do")


def whom_of(item: PlannedItem) -> Whom:
    """Return the audience of ``item`` (its parts prefetched)."""
    return Whom(
        frozenset(row.pk for row in item.organisations.all()),
        frozenset(row.pk for row in item.professions.all()),
        tuple(area.path for area in item.areas.all()),
    )
