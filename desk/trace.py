"""Who looked at whose data and who changed what: for administrators, and for the officer of one programme."""

from collections.abc import Iterable
from typing import Any

from django.db.models import CharField, Q, QuerySet, Value
from django.db.models.functions import Cast, Concat

from accounts.models import Person
from accounts.permissions import INSTALLATION, Permission, scopes_with
from attendance.models import Invitation, Place
from briefings.models import Appointment, Mandate, Programme, Session
from history.models import Entry, Look

_PERSON, _PROGRAMME, _SESSION, _PLACE = (
    "accounts.person",
    "briefings.programme",
    "briefings.session",
    "attendance.place",
)


def may_see_trace(person: Any) -> bool:
    """Return whether ``person`` sees the trace of the installation or of some programme."""
    return bool(scopes_with(person, Permission.SEE_ACCESS_TRACE))


def visible_looks(person: Any) -> QuerySet[Look]:
    """Return the looks ``person`` may see: all, or those at people of the own programmes."""
    programmes = _programmes(person)
    if programmes is None:
        return Look.objects.all()
    return Look.objects.filter(person__in=_keys(_people_of(programmes)))


def visible_entries(person: Any) -> QuerySet[Entry]:
    """Return the entries ``person`` may see: all, or those about the own programmes, their sessions, places, people."""
    programmes = _programmes(person)
    if programmes is None:
        return Entry.objects.all()
    sessions = Session.objects.filter(programme__in=programmes)
    return Entry.objects.filter(
        _about(_PERSON, _people_of(programmes))
        | _about(_PROGRAMME, programmes)
        | _about(_SESSION, sessions)
        | _about(_PLACE, Place.objects.filter(session__programme__in=programmes))
    )


def keys_of_people(words: str, *, most: int = 200) -> list[str]:
    """Return the history keys of the people whose name or address holds ``words``."""
    people = Person.objects.filter(Q(name__icontains=words) | Q(email__icontains=words)).order_by("pk")[:most]
    return [f"{_PERSON}:{pk}" for pk in people.values_list("pk", flat=True)]


def names(keys: Iterable[str]) -> dict[str, str]:
    """Return the names of the people, programmes and sessions among ``keys``: one query for each sort."""
    found: dict[str, str] = {}
    for label, rows in ((_PERSON, Person.objects), (_PROGRAMME, Programme.objects)):
        wanted = _numbers(keys, label)
        if wanted:
            found |= {f"{label}:{pk}": name for pk, name in rows.filter(pk__in=wanted).values_list("pk", "name")}
    return found


def _numbers(keys: Iterable[str], label: str) -> list[int]:
    return [int(key.rpartition(":")[2]) for key in keys if key.startswith(f"{label}:")]


def _programmes(person: Any) -> QuerySet[Programme] | None:
    """Return the programmes whose trace ``person`` sees; None for all there is."""
    scopes = scopes_with(person, Permission.SEE_ACCESS_TRACE)
    return None if INSTALLATION in scopes else Programme.objects.filter(pk__in=_numbers(scopes, _PROGRAMME))


def _people_of(programmes: QuerySet[Programme]) -> QuerySet[Person]:
    """Return the people who were invited, hold or held a place, or have a role in ``programmes``."""
    parts = (
        Invitation.objects.filter(programme__in=programmes),
        Place.objects.filter(session__programme__in=programmes),
        Appointment.objects.filter(programme__in=programmes),
        Mandate.objects.filter(programme__in=programmes),
    )
    wanted = Q(pk__in=[])
    for rows in parts:
        wanted |= Q(pk__in=rows.values("person"))
    return Person.objects.filter(wanted)


def _keys(people: QuerySet[Person]) -> QuerySet:
    key = Concat(Value(f"{_PERSON}:"), Cast("pk", CharField()), output_field=CharField())
    return people.annotate(key=key).values("key")


def _about(label: str, rows: QuerySet) -> Q:
    ids = rows.annotate(number=Cast("pk", CharField())).values("number")
    return Q(object_type=label, object_id__in=ids)
