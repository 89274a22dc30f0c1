"""What somebody who chooses a session sees: the sessions that suit, nearest first, and where they stand."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.contrib.humanize.templatetags.humanize import ordinal
from django.db.models import Count, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.utils import timezone

from accounts.models import Person
from attendance.models import Place, PlaceState
from attendance.queries.shares import kept_in
from attendance.window import rules_of, window_of
from briefings.models import Programme, Session, SessionState
from briefings.queries import affiliations_in_scope
from organisations.models import Affiliation, Area

NEAREST, NEARBY, REST = 0, 1, 2
WAS_CANCELLED = "This session was cancelled. Choose another one."
HAS_BEGUN = "This session has begun. Choose another one."


@dataclass
class Group:
    """Sessions of one distance: ``heading`` in words, ``sessions`` by date."""

    heading: str
    sessions: list[Session] = field(default_factory=list)


def affiliation_for(
    programme: Programme, person: Person, now: datetime, *, organisation: int | None = None
) -> Affiliation | None:
    """Return the tie that makes ``person`` eligible at ``now``, with organisation, profession and areas; else None.

    ``organisation`` (an id): only a tie to that one.
    """
    ties = affiliations_in_scope(programme, timezone.localdate(now)).filter(person=person)
    if organisation is not None:
        ties = ties.filter(organisation=organisation)
    return ties.select_related("organisation", "profession").prefetch_related("areas").order_by("pk").first()


def affiliation_of(place: Place, now: datetime) -> Affiliation | None:
    """Return the tie by which the person of ``place`` can have another date: that to the organisation it belongs to.

    Where that has ended, or is in scope no more, what ``affiliation_for`` returns.
    """
    own = {"programme": place.session.programme, "person": place.person, "now": now}
    return affiliation_for(**own, organisation=place.organisation_id) or affiliation_for(**own)


def places_in(programme: Programme, person: Person) -> list[Place]:
    """Return the places of ``person`` in ``programme`` that live, seated ones first, with what a page shows of them."""
    live = (
        Place.objects.live()
        .filter(person=person, session__programme=programme)
        .select_related("session__programme__booking_rules", "session__room__venue", "link")
    )
    return sorted(live, key=lambda place: (place.state == PlaceState.WAITING, place.session.during.lower, place.pk))


def why_gone(sessions: QuerySet[Session], number: Any) -> str:
    """Return why the session ``number`` of ``sessions`` takes no bookings any more, as a sentence.

    "" where none of them has been open: nobody knows of a draft. ``number`` may be anything that was sent.
    """
    try:
        found = sessions.filter(pk=number, seats__isnull=False).exclude(state=SessionState.DRAFT).first()
    except (ValueError, TypeError, OverflowError):
        return ""
    if found is None:
        return ""
    return WAS_CANCELLED if found.state == SessionState.CANCELLED else HAS_BEGUN


def with_line(sessions: QuerySet[Session]) -> QuerySet[Session]:
    """Return ``sessions`` with counter, venue and ``waiting``, the length of the line."""
    line = (
        Place.objects.filter(session=OuterRef("pk"), state=PlaceState.WAITING)
        .order_by()
        .values("session")
        .annotate(number=Count("pk"))
        .values("number")
    )
    return sessions.select_related("programme__booking_rules", "seats", "room__venue__area", "area").annotate(
        waiting=Coalesce(Subquery(line), 0)
    )


def sessions_to_choose(programme: Programme, now: datetime) -> list[Session]:
    """Return the open sessions of ``programme`` that have not begun at ``now``, by date, as ``with_line`` does.

    Each knows its ``window``, and by ``kept`` how many seats are kept for people whose session was cancelled.
    """
    found = Session.objects.open().to_come(now).filter(programme=programme, seats__isnull=False)
    found = with_line(found).annotate(kept=kept_in(programme, now))
    sessions = list(found.order_by("date", "starts", "pk"))
    for session in sessions:
        session.window = window_of(session, rules_of(session), now)
    return sessions


def position_of(place: Place) -> str:
    """Return where ``place`` stands in its line, in words ("3rd of 7"); "" where it does not wait."""
    return positions_of([place]).get(place.pk, "")


def positions_of(places: Iterable[Place]) -> dict[int, str]:
    """Return where each of ``places`` that waits stands in its line, by id, in one query."""
    sessions = {place.session_id for place in places if place.state == PlaceState.WAITING}
    if not sessions:
        return {}
    lines: dict[int, list[int]] = {}
    for session, pk in Place.objects.in_line().filter(session__in=sessions).values_list("session", "pk"):
        lines.setdefault(session, []).append(pk)
    return {
        pk: f"{ordinal(number)} of {len(line)}" for line in lines.values() for number, pk in enumerate(line, start=1)
    }


def distance(session: Session, areas: Iterable[Area]) -> int:
    """Return how near ``session`` is to somebody who works in ``areas``: NEAREST, NEARBY or REST.

    Same area, or inside it; then same larger area; then the rest (decisions.md, "Waiting"). What is online is near to
    everybody. Pure but for what is loaded: room, venue and area.
    """
    if session.room is None:
        return NEAREST
    place = session.area or session.room.venue.area
    areas = list(areas)
    if place is None or not areas:
        return REST
    if any(place.path.startswith(area.path) for area in areas):
        return NEAREST
    parents = [_parent_path(area.path) for area in areas]
    return NEARBY if any(path and place.path.startswith(path) for path in parents) else REST


def by_distance(sessions: Iterable[Session], areas: Iterable[Area]) -> list[Group]:
    """Return ``sessions`` in groups, nearest first, those of one group in the order given; empty groups fall away."""
    areas = list(areas)
    names = ", ".join(area.name for area in areas[:2])
    near = f"Nearest to you, in {names}" if names else "Nearest to you"
    groups = {NEAREST: Group(near), NEARBY: Group("Not far from you"), REST: Group("Further away")}
    for session in sessions:
        groups[distance(session, areas)].sessions.append(session)
    online = [session for session in groups[NEAREST].sessions if session.room is None]
    if online:
        groups[NEAREST].heading = "Online" if len(online) == len(groups[NEAREST].sessions) else f"{near}, and online"
    found = [group for group in groups.values() if group.sessions]
    if len(found) == 1:
        found[0].heading = "Sessions you can choose"
    return found


def groups_to_choose(sessions: Iterable[Session], areas: Iterable[Area]) -> list[Group]:
    """Return ``sessions``, by date, in the order in which somebody chooses among them; empty groups fall away.

    First where a place is free for them, as ``by_distance`` does; then where they would wait; then where nobody can
    book today. Each knows its ``window``, and by shares.mark_quota_used and mark_all_kept for whom it is free.
    """
    free, full, closed = [], [], []
    for session in sessions:
        would_wait = not session.seats.free or session.quota_used or getattr(session, "all_kept", False)
        (closed if session.window.why_closed else full if would_wait else free).append(session)
    later = [Group("Here you would wait for a place", full), Group("Not to be booked at the moment", closed)]
    return by_distance(free, areas) + [group for group in later if group.sessions]


def _parent_path(path: str) -> str:
    """Return the path of the larger area, "" where there is none: "/3/17/" lies in "/3/"."""
    above = path.rstrip("/").rpartition("/")[0]
    return f"{above}/" if above else ""
