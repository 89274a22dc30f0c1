"""What the lead of an organisation sees who books for colleagues."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.db.models import Case, Count, Exists, OuterRef, Q, QuerySet, Subquery, When
from django.utils import timezone

from accounts.models import Person
from attendance.models import CAME, LIVE, SEATED, Attendance, Invitation, Place, PlaceState, Team
from attendance.queries.booking import with_line
from briefings.models import Partner, Programme, Session
from briefings.queries import affiliations_in_scope
from organisations.models import Organisation
from organisations.rules import led_organisation_ids


def organisations_led(person: Any) -> QuerySet[Organisation]:
    """Return the organisations for whose people ``person`` may book."""
    return Organisation.objects.filter(pk__in=led_organisation_ids(person))


def colleagues_to_book(programme: Programme, organisation: Organisation, now: datetime) -> QuerySet[Person]:
    """Return who of ``organisation`` is eligible for ``programme`` and has no place in it, by name."""
    placed = Place.objects.live().filter(person=OuterRef("pk"), session__programme=programme).exclude(_is_over(now))
    return colleagues_in_scope(programme, organisation, now).filter(~Exists(placed))


def _is_over(now: datetime) -> Q:
    """Return what is so of an offer whose limit is over: it lapses by the press that books something else."""
    return Q(state=PlaceState.OFFERED, offered_until__lte=now)


def colleagues_in_scope(programme: Programme, organisation: Organisation, now: datetime) -> QuerySet[Person]:
    """Return who of ``organisation`` is eligible for ``programme``, by name."""
    ties = affiliations_in_scope(programme, timezone.localdate(now)).filter(
        organisation=organisation, person=OuterRef("pk")
    )
    return Person.objects.filter(Exists(ties), is_active=True).order_by("sort_name", "pk")


def colleagues_to_name(team: Team, now: datetime) -> QuerySet[Person]:
    """Return who can be given a place of ``team``, by name: who has none of it, and no seat in its programme.

    Whoever waits in it carries ``waits_on``, the day of that session (the team's own before others); else None.
    """
    session = team.session
    own = Place.objects.filter(person=OuterRef("pk"), session__programme=session.programme_id, missed_at=None)
    own = own.exclude(_is_over(now))
    ties = affiliations_in_scope(session.programme, timezone.localdate(now)).filter(
        organisation=team.organisation_id, person=OuterRef("pk")
    )
    waits = own.filter(state=PlaceState.WAITING)
    first = waits.order_by(Case(When(session=session, then=0), default=1), "session__date", "pk")
    has_one = own.filter(Q(state__in=SEATED) | Q(state=PlaceState.WAITING, team=team))
    found = Person.objects.filter(Exists(ties), ~Exists(has_one), is_active=True)
    return found.annotate(waits_on=Subquery(first.values("session__date")[:1])).order_by("sort_name", "pk")


def teams_without_names(sessions: Iterable[Session]) -> list[Team]:
    """Return the teams of ``sessions`` that hold places, or wait for them, without a name; with their sessions."""
    found = Team.objects.filter(session__in=sessions, places__person=None, places__in=Place.objects.live())
    return list(found.select_related("session").distinct().order_by("pk"))


def not_booked(programme: Programme, organisation: Organisation, now: datetime) -> QuerySet[Person]:
    """Return who of ``organisation`` is eligible for ``programme``, has no place in it and has not said no, by name.

    Whoever walked in has been there: their mail would be withheld (``InvitationQuerySet.unanswered``).

    Each carries ``invitation``, the id of one whose link works, and ``invited_at``; None for who has none.
    """
    own = Invitation.objects.filter(programme=programme, person=OuterRef("pk"))
    came = Attendance.objects.filter(person=OuterRef("pk"), session__programme=programme, outcome__in=CAME)
    works = own.filter(link__revoked_at=None, link__ends_at__gt=now)
    return (
        colleagues_to_book(programme, organisation, now)
        .exclude(Exists(own.exclude(answer="")))
        .exclude(Exists(came))
        .annotate(invitation=Subquery(works.values("pk")[:1]), invited_at=Subquery(works.values("invited_at")[:1]))
    )


def programmes_to_nudge(organisation: Organisation, now: datetime) -> list[Programme]:
    """Return the programmes with a session to come in which colleagues have not booked, by name.

    Each carries how many: ``invited``, and ``uninvited``.
    """
    sessions = sessions_for_teams(organisation, now).order_by().values("programme")
    found = []
    for programme in Programme.objects.filter(pk__in=sessions).order_by("name", "pk"):
        figures = not_booked(programme, organisation, now).aggregate(all=Count("pk"), invited=Count("invitation"))
        programme.invited, programme.uninvited = figures["invited"], figures["all"] - figures["invited"]
        found += [programme] if figures["all"] else []
    return found


def sessions_for_teams(organisation: Organisation, now: datetime) -> QuerySet[Session]:
    """Return the open sessions to come of the programmes in which ``organisation`` is a partner, by date."""
    found = sessions_of_partner(organisation, now).open().to_come(now).filter(seats__isnull=False)
    return with_line(found).order_by("date", "starts", "pk")


def sessions_of_partner(organisation: Organisation, now: datetime) -> QuerySet[Session]:
    """Return every session of the programmes in which ``organisation`` is a partner."""
    programmes = Partner.objects.on(timezone.localdate(now)).filter(organisation=organisation).values("programme")
    return Session.objects.filter(programme__in=programmes)


def unnamed_places(sessions: Iterable[Any], states: Iterable[PlaceState] = LIVE) -> QuerySet[Place]:
    """Return the places without a name in ``sessions`` that are in one of ``states``; news of them is for the lead who
    made their team (``team__made_by``)."""
    return Place.objects.filter(
        session__in=sessions, person=None, state__in=list(states), team__made_by__isnull=False, missed_at=None
    )


def teams_led(person: Any) -> QuerySet[Team]:
    """Return the teams of organisations that ``person`` leads."""
    return Team.objects.filter(organisation__in=led_organisation_ids(person)).select_related(
        "session__programme__booking_rules", "session__room__venue", "organisation"
    )


def with_unnamed(teams: QuerySet[Team]) -> QuerySet[Team]:
    """Return ``teams``, each with ``unnamed``: how many places it holds, or waits for, that have no name yet."""
    without = Q(places__person=None, places__state__in=LIVE, places__missed_at=None)
    return teams.annotate(unnamed=Count("places", filter=without))


def teams_to_name(organisations: Iterable[Organisation], now: datetime) -> QuerySet[Team]:
    """Return the teams of ``organisations`` in sessions to come whose places need names, the most urgent first."""
    to_come = Session.objects.open().to_come(now)
    found = with_unnamed(Team.objects.filter(organisation__in=organisations, session__in=to_come))
    return found.filter(unnamed__gt=0).select_related("session__programme").order_by("names_until", "pk")
