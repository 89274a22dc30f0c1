"""Who may see whom and keep what. Higher apps add what their roles see, so one question answers for every page."""

from collections.abc import Callable
from datetime import date
from typing import Any

from django.db.models import Q, QuerySet, Value

from accounts.models import Person
from accounts.permissions import (
    ORGANISATION_LEAD,
    Assignment,
    Permission,
    RoleSource,
    assignments_of,
    has,
    scopes_with,
)
from organisations.models import Affiliation, Organisation, OrganisationLead, StaffListImport

PeopleSource = Callable[[Any, date], Q | None]
_sources: list[PeopleSource] = []
_SCOPE = f"{Organisation._meta.label_lower}:"


def _led(person: int, on: date) -> QuerySet:
    return OrganisationLead.objects.on(on).filter(person=person).values_list(Value(""), "organisation")


LEADS = RoleSource(_led, lambda code, pk: Assignment(ORGANISATION_LEAD, f"{_SCOPE}{pk}"))
"""Who leads which organisation."""


def register_people_source(source: PeopleSource) -> PeopleSource:
    """Add ``source(person, on)``: the condition on Person of those whom a role of ``person`` shows, or None.

    Call it in AppConfig.ready. Registering the same function again changes nothing. Returns the source.
    """
    if source not in _sources:
        _sources.append(source)
    return source


def people_visible_to(person: Any, on: date) -> QuerySet[Person]:
    """Return the people whom ``person`` may see by name on the day ``on``: administrators everybody, others by role.

    Everybody sees themselves; a stranger sees nobody.
    """
    if not (person.is_authenticated and person.is_active):
        return Person.objects.none()
    if has(person, Permission.MANAGE_PEOPLE):
        return Person.objects.all()
    seen = Q(pk=person.pk)
    for source in _sources:
        condition = source(person, on)
        if condition is not None:
            seen |= condition
    return Person.objects.filter(seen)


def people_seen_by_lead(person: Any, on: date) -> Q | None:
    """Return the condition on Person of those who belong to an organisation that ``person`` leads, or None.

    Who has left stays visible for a year, so that a leaver marked by mistake can be found. The people source of this
    app.
    """
    led = led_organisation_ids(person)
    if not led:
        return None
    return Q(pk__in=Affiliation.objects.known_on(on).filter(organisation__in=led).values("person"))


def led_organisation_ids(person: Any) -> list[int]:
    """Return the ids of the organisations that ``person`` leads today, in order."""
    keys = scopes_with(person, Permission.KEEP_STAFF_LIST)
    return sorted(int(key.removeprefix(_SCOPE)) for key in keys if key.startswith(_SCOPE))


def can_manage_organisations(person: Any) -> bool:
    """Return whether ``person`` keeps organisations, areas, professions and leads: administrators and coordinators."""
    return bool(scopes_with(person, Permission.MANAGE_ORGANISATIONS))


def can_see_people(person: Any) -> bool:
    """Return whether there is a list of people for ``person`` at all."""
    scopes = scopes_with(person, Permission.KEEP_STAFF_LIST) | scopes_with(person, Permission.SEE_PEOPLE)
    return bool(scopes) or can_manage_organisations(person)


def organisations_visible_to(person: Any) -> QuerySet[Organisation]:
    """Return the organisations whose page ``person`` may open: who manages them all, a lead the own."""
    if can_manage_organisations(person):
        return Organisation.objects.all()
    return Organisation.objects.filter(pk__in=led_organisation_ids(person))


def organisations_kept_by(person: Any) -> QuerySet[Organisation]:
    """Return the organisations to whose staff list ``person`` may add people: those that go on, by name."""
    return organisations_visible_to(person).filter(ended_on__isnull=True)


def affiliations_visible_to(person: Any) -> QuerySet[Affiliation]:
    """Return the affiliations that ``person`` may see, of people they see: a lead those with the own organisations."""
    there = ties_seen_in(person)
    if there is None:
        return Affiliation.objects.all()
    return Affiliation.objects.filter(Q(organisation__in=there) | Q(person=person.pk))


def ties_seen_in(person: Any) -> list[int] | None:
    """Return to which organisations (ids) ``person`` may see ties of others; None for any."""
    sees_all = can_manage_organisations(person) or scopes_with(person, Permission.SEE_PEOPLE)
    return None if sees_all else led_organisation_ids(person)


def can_keep_staff_list(person: Any, organisation: Organisation) -> bool:
    """Return whether ``person`` may add people to ``organisation``, mark leavers and upload its list."""
    return can_manage_organisations(person) or has(person, Permission.KEEP_STAFF_LIST, organisation)


def can_edit_person(person: Any, other: Person, on: date) -> bool:
    """Return whether ``person`` may correct name and address of ``other``.

    The address is what one signs in with: a new one hands every role of ``other`` to whoever reads it. So only an
    administrator changes it for somebody who holds a role, and a lead only for somebody who never belonged elsewhere:
    putting somebody on the own list must not open what they did before.
    """
    if has(person, Permission.MANAGE_PEOPLE):
        return True
    if assignments_of(other):
        return False
    if can_manage_organisations(person):
        return people_visible_to(person, on).filter(pk=other.pk).exists()
    ties = Affiliation.objects.filter(person=other)
    ever = set(ties.values_list("organisation_id", flat=True))
    return ties.on(on).exists() and ever <= set(led_organisation_ids(person))


def can_upload_staff_lists(person: Any) -> bool:
    """Return whether there is any organisation whose staff list ``person`` may upload."""
    return can_manage_organisations(person) or bool(led_organisation_ids(person))


def staff_lists_visible_to(person: Any) -> QuerySet[StaffListImport]:
    """Return the staff lists whose rows ``person`` may see: who manages organisations all, a lead those of the own."""
    if can_manage_organisations(person):
        return StaffListImport.objects.all()
    return StaffListImport.objects.filter(organisation__in=led_organisation_ids(person))
