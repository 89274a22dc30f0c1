"""Who may do what in a programme, and whom a coordinator sees."""

from datetime import date
from functools import cache, lru_cache, reduce
from operator import or_
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet

from accounts.models import Person
from accounts.permissions import (
    BOARD,
    COORDINATOR,
    FACILITATOR,
    INFORMATION_GOVERNANCE,
    Assignment,
    Permission,
    RoleSource,
    has,
    scopes_with,
)
from briefings.models import Appointment, Mandate, Programme, ProgrammeRole, SessionPart
from briefings.queries import is_eligible
from face.keeping import Sources
from history.statements import DAY, NUMBER, Prepared, compiled
from organisations.models import Organisation

ROLES = {
    ProgrammeRole.COORDINATOR: COORDINATOR,
    ProgrammeRole.FACILITATOR: FACILITATOR,
    ProgrammeRole.BOARD: BOARD,
    ProgrammeRole.INFORMATION_GOVERNANCE: INFORMATION_GOVERNANCE,
}


def _appointments(person: int, on: date) -> QuerySet:
    return Appointment.objects.on(on).filter(person=person).values_list("role", "programme")


def _appointed(role: str, programme: int) -> Assignment:
    return Assignment(ROLES[role], f"{Programme._meta.label_lower}:{programme}")


APPOINTMENTS = RoleSource(_appointments, _appointed)
"""The roles that people hold in programmes."""


def can_manage(person: Any, programme: Programme) -> bool:
    """Return whether ``person`` may set ``programme`` up and change it."""
    return has(person, Permission.MANAGE_PROGRAMME, programme)


def mandates_to_assist(person: Any, on: date) -> QuerySet[Mandate]:
    """Return the mandates that hold on ``on`` for which ``person`` may name assistants: the own, and of programmes
    that they set up."""
    kept = Programme.objects.where(person, Permission.MANAGE_PROGRAMME)
    return Mandate.objects.on(on).filter(Q(person=person.pk) | Q(programme__in=kept))


def can_start_programmes(person: Any) -> bool:
    """Return whether ``person`` may start a programme."""
    return has(person, Permission.START_PROGRAMMES)


def can_manage_venues(person: Any) -> bool:
    """Return whether ``person`` may add and change venues: administrators, and coordinators of any programme."""
    return bool(scopes_with(person, Permission.MANAGE_VENUES))


SEEN_BY = Sources(Mandate, Appointment, SessionPart)
"""What says whom a coordinator sees, beside staff lists and scope: counts of people are kept until it changes."""


def people_seen_by_coordinator(person: Any, on: date) -> Q | None:
    """Return the condition on Person of those whom the coordinator ``person`` sees on the day ``on``, or None.

    They are the people eligible for the own programmes on that day, and those with a mandate, a role or a part in a
    session there. Who holds a place is added by the app of the places. The people source of this app.
    """
    programmes = list(Programme.objects.where(person, Permission.SEE_PEOPLE))
    if not programmes:
        return None
    return reduce(or_, (is_eligible(programme, on) for programme in programmes)) | _concerned(
        tuple(programme.pk for programme in programmes)
    )


@lru_cache(100)
def _concerned(programmes: tuple[int, ...]) -> Q:
    """Return the condition on Person of those with a mandate, a role or a part in a session of ``programmes``."""
    own = {"person": OuterRef("pk"), "programme__in": programmes}
    parts = SessionPart.objects.filter(person=OuterRef("pk"), session__programme__in=programmes)
    mandates, roles = Mandate.objects.filter(**own), Appointment.objects.filter(**own)
    return Q(Exists(mandates)) | Q(Exists(roles)) | Q(Exists(parts))


def coordinators_of(programme: Programme, on: date) -> QuerySet[Person]:
    """Return who coordinates ``programme`` on ``on``: they own what nobody else owns yet."""
    held = Appointment.objects.on(on).filter(programme=programme, role=ProgrammeRole.COORDINATOR)
    return Person.objects.filter(pk__in=held.values("person"), is_active=True).order_by("sort_name", "pk")


def speaking(on: date) -> QuerySet[Mandate]:
    """Return the mandates by which somebody may speak on ``on``: they have an account, the organisation goes on.

    Nobody speaks for an organisation that has ended, though the mandate was never ended.
    """
    return Mandate.objects.on(on).filter(person__is_active=True).exclude(organisation__ended_on__lte=on)


def mandates_of(person: Any, on: date) -> QuerySet[Mandate]:
    """Return the mandates by which ``person`` may speak on ``on``, in any programme; none for a stranger."""
    if not person.is_authenticated:
        return Mandate.objects.none()
    return speaking(on).filter(person=person)


def spoken_for(person: Any, on: date) -> list[tuple[int, int]]:
    """Return for whom ``person`` may speak on ``on``, as pairs of organisation and programme: ``mandates_of`` in ids.

    Read once for one instance of the person, which is once a request, as roles are.
    """
    if not person.is_authenticated:
        return []
    kept = person.__dict__.setdefault("_spoken_for", {})
    if on not in kept:
        kept[on] = _spoken().rows(person=person.pk, on=on)
    return kept[on]


@cache
def _spoken() -> Prepared:
    rows = mandates_of(Person(pk=NUMBER), DAY).order_by().values_list("organisation", "programme")
    return compiled("for_whom_a_person_speaks", rows, person=NUMBER, on=DAY)


def mandate_for(
    person: Any, programme: Programme, on: date, organisation: Organisation | None = None
) -> Mandate | None:
    """Return the mandate by which ``person`` speaks in ``programme`` on ``on``, for ``organisation`` if given."""
    found = mandates_of(person, on).filter(programme=programme).select_related("organisation")
    if organisation is not None:
        found = found.filter(organisation=organisation)
    return found.order_by("pk").first()
