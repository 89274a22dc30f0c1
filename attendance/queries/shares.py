"""Whose turn a free seat is: what quotas leave to each organisation, and who chooses first after a cancellation."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import Count, Exists, F, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce

from accounts.models import Person
from attendance.models import SEATED, Place, PlaceState, Quota
from briefings.models import PlacesRule, Programme, Session
from face.dates import day
from history.statements import MOMENT, NUMBER, Prepared, compiled
from organisations.models import Affiliation

FIRST_CHOICE_LASTS = timedelta(days=5)
"""How long those whose session was cancelled choose before others (decisions.md, "Waiting")."""


@dataclass
class Shares:
    """How many more seats of one session each organisation may have; without limit where no quota is in force."""

    limits: dict[int | None, int | None]
    taken: Counter[int]

    def has_room(self, organisation: int) -> bool:
        """Return whether ``organisation`` may have one seat more."""
        limit = self.limits.get(organisation, self.limits.get(None))
        return limit is None or self.taken[organisation] < limit

    def room_of(self, organisation: int, most: int) -> int:
        """Return how many of ``most`` seats ``organisation`` may have."""
        limit = self.limits.get(organisation, self.limits.get(None))
        return most if limit is None else min(most, max(limit - self.taken[organisation], 0))


def shares_of(session: Session, now: datetime) -> Shares:
    """Return what the quotas of the programme leave of ``session``; its counter is locked by whoever acts on it."""
    today = now.astimezone(ZoneInfo(session.zone)).date()
    quotas = Quota.objects.filter(programme=session.programme_id).order_by()
    limits = {quota.organisation_id: quota.limit_on(today) for quota in quotas}
    if all(limit is None for limit in limits.values()):
        return Shares({}, Counter())
    seated = Place.objects.seated().filter(session=session).order_by().values("organisation")
    return Shares(limits, Counter(dict(seated.annotate(number=Count("pk")).values_list("organisation", "number"))))


def quota_used(sessions: Iterable[Session], organisation: int, now: datetime) -> set[int]:
    """Return the ids of those of ``sessions`` in which ``organisation`` (an id) has all the places it may have.

    One query for any number of sessions.
    """
    sessions = list(sessions)
    seated = Place.objects.seated().filter(session__in=[session.pk for session in sessions], organisation=organisation)
    own = Quota.objects.filter(Q(organisation=organisation) | Q(organisation=None))
    own = own.filter(programme__in={session.programme_id for session in sessions}).order_by("organisation")
    # That of the organisation comes before the one for every other partner: NULL is last.
    rows = own.annotate(seated=ArraySubquery(seated.order_by().values("session")))
    quotas = list(rows)
    taken = Counter(quotas[0].seated if quotas else ())
    found = set()
    for session in sessions:
        today = now.astimezone(ZoneInfo(session.zone)).date()
        first = next((quota for quota in quotas if quota.programme_id == session.programme_id), None)
        limit = first and first.limit_on(today)
        if limit is not None and taken[session.pk] >= limit:
            found.add(session.pk)
    return found


def mark_quota_used(sessions: Iterable[Session], organisation: int | None, now: datetime) -> None:
    """Tell each of ``sessions`` by ``quota_used`` whether somebody of ``organisation`` would wait for a free place.

    Without an organisation nobody would.
    """
    sessions = list(sessions)
    used = quota_used(sessions, organisation, now) if organisation and sessions else set()
    for session in sessions:
        session.quota_used = session.pk in used and session.seats.free > 0


def lost_places(programme: Programme, now: datetime) -> QuerySet[Place]:
    """Return the places that a cancellation ended lately, of those who have chosen nothing in ``programme`` since.

    What they held or waited for before, in a programme of several places each, is not instead of it.
    """
    instead = Place.objects.live().filter(
        Q(made_at__gte=OuterRef("closed_at"))
        | Q(seated_at__gte=OuterRef("closed_at"))
        # A place of a team that was named since was made and seated before.
        | Q(state__in=SEATED, session__programme__places_rule=PlacesRule.ONE),
        person=OuterRef("person"),
        session__programme=programme,
    )
    return Place.objects.filter(
        ~Exists(instead),
        session__programme=programme,
        state=PlaceState.ENDED,
        closed_reason="session_cancelled",
        closed_at__gt=now - FIRST_CHOICE_LASTS,
        person__isnull=False,
    )


def place_lost_by(person: Person, programme: Programme, now: datetime) -> Place | None:
    """Return the place that ``person`` lost by a cancellation and may replace before others, or None."""
    return lost_places(programme, now).filter(person=person).order_by("pk").first()


def places_lost_by(people: Iterable[int], programme: Programme, now: datetime) -> dict[int, int]:
    """Return the id of the place that each of ``people`` lost by a cancellation and may replace before others."""
    found = lost_places(programme, now).filter(person__in=list(people)).order_by("-pk")
    return dict(found.values_list("person", "pk"))


def seats_kept(session: Session, now: datetime, *, without: Iterable[int] = ()) -> int:
    """Return how many seats of ``session`` are kept: one for each person whose session was cancelled.

    ``without``: the ids of people who are being seated now.
    """
    away = list(without)
    if not away:
        found = _kept().rows(session=session.pk, programme=session.programme_id, since=now - FIRST_CHOICE_LASTS)
        return found[0][0] if found else 0
    kept = seats_lost(lost_places(session.programme, now), session.pk).exclude(person__in=away)
    return kept.aggregate(n=Count("person", distinct=True))["n"]


@cache
def _kept() -> Prepared:
    number, since = NUMBER, MOMENT
    lost = seats_lost(lost_places(Programme(pk=number + 1), since + FIRST_CHOICE_LASTS), number)
    rows = lost.order_by().values("session__programme").values_list(Count("person", distinct=True))
    return compiled("seats_kept", rows, session=number, programme=number + 1, since=since)


def kept_in(programme: Programme, now: datetime) -> Coalesce:
    """Return what ``seats_kept`` returns, as a column of sessions of ``programme``."""
    lost = seats_lost(lost_places(programme, now), OuterRef(OuterRef("pk")))
    number = lost.order_by().values("session__programme").values(n=Count("person", distinct=True))
    return Coalesce(Subquery(number), 0)


def mark_all_kept(sessions: Iterable[Session], person: Person | None, programme: Programme, now: datetime) -> None:
    """Tell each of ``sessions`` of ``programme`` by ``all_kept`` whether ``person`` would wait for a free place.

    That is where every free one is ``kept`` for others, whose session was cancelled; None: somebody whom we do not
    know. One query at most.
    """
    sessions = list(sessions)
    full = [session for session in sessions if 0 < session.seats.free <= session.kept]
    chooses_first = bool(full and person) and place_lost_by(person, programme, now) is not None
    for session in sessions:
        session.all_kept = session in full and not chooses_first


def mark_kept_from(sessions: Iterable[Session], organisation: int, now: datetime) -> None:
    """Tell each of ``sessions``, of several programmes, by ``kept`` how many of its free places are kept for others.

    By ``all_kept`` whether a team of ``organisation`` would wait: none is free for it, and nobody of it is among those
    whose session was cancelled. Two queries at most for each programme.
    """
    sessions = list(sessions)
    for session in sessions:
        session.kept, session.all_kept = 0, False
    with_free = [session for session in sessions if session.seats.free > 0]
    for programme in {session.programme for session in with_free}:
        own = [session for session in with_free if session.programme_id == programme.pk]
        counted = Session.objects.filter(pk__in=[session.pk for session in own]).annotate(
            number=kept_in(programme, now)
        )
        kept = dict(counted.order_by().values_list("pk", "number"))
        some_lost = any(kept.values()) and lost_places(programme, now).filter(organisation=organisation).exists()
        for session in own:
            session.kept = min(kept[session.pk], session.seats.free)
            session.all_kept = session.kept == session.seats.free and not some_lost


def seats_lost(lost: QuerySet[Place], session: Any) -> QuerySet[Place]:
    """Return those of the ``lost_places`` for which a seat is kept in ``session`` (an id, or an outer reference).

    That is one for each who lost a seat, but not for who holds a place in it, or waits for it, already.
    """
    there = Place.objects.live().filter(person=OuterRef("person"), session=session)
    return lost.filter(~Exists(there), seated_at__isnull=False)


def quota_of(session: Session, organisation: int, now: datetime) -> Quota | None:
    """Return the quota in force for ``organisation`` (an id) in ``session``: that for all others where it has none."""
    today = now.astimezone(ZoneInfo(session.zone)).date()
    found = Quota.objects.filter(Q(organisation=organisation) | Q(organisation=None), programme=session.programme_id)
    first = found.order_by(F("organisation").asc(nulls_last=True)).first()
    return first if first and first.limit_on(today) is not None else None


def why_waiting(session: Session, person: Person, tie: Affiliation | Place | None, now: datetime) -> str:
    """Return why ``person`` would wait for ``session`` (its counter loaded), as a sentence; "" where they would not.

    ``tie``: what says of which organisation they come, an earlier place too.
    """
    free = session.seats.free
    if not free:
        return "No place is free."
    if tie and not shares_of(session, now).has_room(tie.organisation_id):
        quota = quota_of(session, tie.organisation_id, now)
        until = f" The rest is free for everybody from {day(quota.released_on)}." if quota.released_on else ""
        return f"{tie.organisation} has all the places it may have in this session.{until}"
    kept = seats_kept(session, now)
    if kept and free <= kept and place_lost_by(person, session.programme, now) is None:
        return (
            "The free places are kept for people whose session was cancelled. "
            f"They choose first, for {FIRST_CHOICE_LASTS.days} days."
        )
    return ""
