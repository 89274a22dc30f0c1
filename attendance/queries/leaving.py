"""Who has left a team that a lead booked, and what became of each: what the lead is told."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone

from accounts.models import Person
from attendance.models import Handover, Place, Team
from briefings.models import Session
from briefings.words import when_in_words
from history.actions import key_of
from history.models import Entry
from organisations.models import OrganisationLead

THEMSELVES = ("given_up", "calendar_reply", "changed_date", "offer_lapsed", "list_final", "seated_elsewhere")
"""The reasons of places without which a team is smaller, and nobody else has had a hand in it."""

LEAVING = (*THEMSELVES, "substituted", "moved")
_TO_ANOTHER_DATE = ("changed_date", "moved", "seated_elsewhere")


@dataclass(frozen=True)
class Leaving:
    """``place`` of a team, which has ended: its person is told of by name.

    ``heir`` has taken it over, and is in the team instead; ``heirs_place`` is theirs where that has ended too.
    ``is_replaced``: a lead decided that.
    ``to``: the session, in words, in which the person has a place of the same organisation by it; "" where it is none.
    """

    place: Place
    heir: Person | None = None
    heirs_place: Place | None = None
    is_replaced: bool = False
    to: str = ""

    @property
    def is_handed_on(self) -> bool:
        """Whether a colleague is in the team instead."""
        return self.heir is not None and self.heirs_place is None


def told_of(teams: Iterable[Team], now: datetime) -> dict[int, set[int]]:
    """Return the ids of those who are told of each of ``teams``, by the id of the team.

    That is who booked it; where they lead the organisation no more, those who do.
    """
    teams = list(teams)
    leads = OrganisationLead.objects.on(timezone.localdate(now)).filter(
        organisation__in=[team.organisation_id for team in teams], person__is_active=True, person__email__isnull=False
    )
    people: dict[int, set[int]] = {}
    for organisation, person in leads.values_list("organisation", "person"):
        people.setdefault(organisation, set()).add(person)
    told = {}
    for team in teams:
        own = people.get(team.organisation_id, set())
        is_makers = team.made_by_id is not None and (team.made_by_id in own or not own)
        told[team.pk] = {team.made_by_id} if is_makers else own
    return told


def leads_of_teams(session: Session, now: datetime) -> set[int]:
    """Return the ids of those who are told that ``session`` is cancelled, or at another time, because of teams with
    places in it."""
    return {person for person, _ in leads_by_session([session.pk], now)}


def leads_by_session(sessions: Iterable[int], now: datetime) -> set[tuple[int, int]]:
    """Return the ids of a person and a session for those who are told so of one of ``sessions`` (ids). Two queries."""
    sessions = list(sessions)
    live = Place.objects.live().filter(session__in=sessions)
    teams = list(Team.objects.filter(session__in=sessions, places__in=live).distinct())
    told = told_of(teams, now)
    return {(person, team.session_id) for team in teams for person in told[team.pk]}


def team_told_of(
    session: Session, person: int | None, now: datetime, *, was_cancelled: bool
) -> tuple[Team | None, int]:
    """Return a team in ``session`` that ``person`` is told of, or None; and how many colleagues have a place with a
    name in those teams, or had one until it ``was_cancelled``, but for themselves."""
    places = Place.objects.filter(session=session)
    places = places.filter(closed_reason="session_cancelled") if was_cancelled else places.live()
    teams = Team.objects.filter(session=session, places__in=places).distinct().order_by("pk")
    told = told_of(teams, now)
    own = [team for team in teams if person in told[team.pk]]
    named = places.filter(team__in=own, person__isnull=False).exclude(person=person)
    return (own[0], named.count()) if own else (None, 0)


def to_tell(places: Iterable[Place], *, by: Any, now: datetime) -> list[tuple[int, Team]]:
    """Return the ids of those whom it concerns that the people of ``places`` leave their teams, but for ``by``.

    Each once for a session and organisation, with the first of the teams; whoever leaves alone knows it already.
    """
    gone: dict[int, set[int]] = {}
    for place in places:
        if place.team_id and place.person_id:
            gone.setdefault(place.team_id, set()).add(place.person_id)
    if not gone:
        return []
    teams = list(Team.objects.filter(pk__in=gone).select_related("session__programme").order_by("pk"))
    told, found = told_of(teams, now), {}
    for team in teams:
        for person in sorted(told[team.pk] - {getattr(by, "pk", None)}):
            if gone[team.pk] - {person}:
                found.setdefault((team.session_id, team.organisation_id, person), team)
    return [(person, team) for (_, _, person), team in found.items()]


def who_left(session: Session, teams: Collection[int], *, since: datetime, lasts: timedelta) -> list[Leaving]:
    """Return who left ``teams`` (ids) of ``session`` between ``since`` and ``lasts`` later, by name. Four queries.

    Whoever has a place there again has not left; who took a place over and handed it on in that time is not told of,
    but who has it now.
    """
    ended = Place.objects.filter(
        team__in=teams, person__isnull=False, closed_reason__in=LEAVING, closed_at__gte=since,
        closed_at__lt=since + lasts,
    )  # fmt: skip
    places = {place.pk: place for place in ended.select_related("person").order_by("person__sort_name", "pk")}
    handed = Handover.objects.filter(place__in=places, taken_as__isnull=False).select_related("taken_as__person")
    heirs = {handover.place_id: handover.taken_as for handover in handed}
    replaced = {handover.place_id for handover in handed if handover.link_id is None}  # nobody was asked
    people = {place.person_id for place in places.values()}
    back = set(Place.objects.live().filter(session=session, person__in=people).values_list("person", flat=True))
    other_dates = _other_dates(places.values(), session)
    handed_on = {heir.pk for heir in heirs.values()}
    found = []
    for place in places.values():
        if place.person_id in back or place.pk in handed_on:
            continue
        last = place
        while last.pk in heirs:
            last = heirs[last.pk]
        heir = last.person if last is not place else None
        gone = places.get(last.pk) if heir and heir.pk not in back else None
        to = other_dates.get((place.person_id, place.closed_at, place.organisation_id), "")
        found.append(Leaving(place, heir, gone, place.pk in replaced, to))
    return found


def ended_by(person: Person, places: Iterable[Place]) -> set[int]:
    """Return the ids of those of ``places`` that ``person`` gave up, or gave to another, for themselves or others."""
    numbers = [str(place.pk) for place in places]
    done = Entry.objects.filter(
        actor=key_of(person), verb="gave_up", object_type="attendance.place", object_id__in=numbers
    )
    return {int(number) for number in done.values_list("object_id", flat=True)}


def team_moved_to(team: Team, left: Iterable[Leaving]) -> Team | None:
    """Return the team in which somebody of ``left`` is now whom the coordinator moved out of ``team``, or None."""
    moved = [each.place.person_id for each in left if each.place.closed_reason == "moved"]
    there = Place.objects.live().filter(person__in=moved, session__programme=team.session.programme_id)
    found = Team.objects.filter(places__in=there, organisation=team.organisation_id, made_by=team.made_by_id)
    return found.exclude(pk=team.pk).order_by("-pk").first()


def _other_dates(places: Iterable[Place], session: Session) -> dict[tuple[int, datetime, int], str]:
    """Return when the sessions are for whose sake ``places`` have ended, by person, moment and organisation."""
    moving = [place for place in places if place.closed_reason in _TO_ANOTHER_DATE]
    if not moving:
        return {}
    elsewhere = Place.objects.filter(
        person__in=[place.person_id for place in moving], seated_at__in=[place.closed_at for place in moving],
        session__programme=session.programme_id,
    ).exclude(session=session)  # fmt: skip
    return {
        (place.person_id, place.seated_at, place.organisation_id): when_in_words(place.session)
        for place in elsewhere.select_related("session")
    }
