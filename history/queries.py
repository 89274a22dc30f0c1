"""What is asked of the history: the timeline of an object, who did and saw what."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from django.db.models import Q, QuerySet
from django.utils import timezone

from history import verbs
from history.actions import CLOCK, STRANGER, key_of
from history.models import Entry, Look

_namers: list = []


def register_namer(namer: Any) -> Any:
    """Add ``namer(keys)``, which returns words for those of the history keys it knows, in one query at most.

    The history stands below people and things and keeps only their keys. Call it in AppConfig.ready.
    """
    if namer not in _namers:
        _namers.append(namer)
    return namer


def names_of(keys: Iterable[str]) -> dict[str, str]:
    """Return words for each of ``keys``: "Briefing Hub" for the clock, a sentence for who is not known any more."""
    keys = set(keys)
    known = {CLOCK: "Briefing Hub", STRANGER: "Somebody who was not signed in"}
    for namer in _namers:
        known |= namer(keys - set(known))
    return {key: known.get(key) or _fallback(key) for key in keys}


def _fallback(key: str) -> str:
    kind, _, number = key.partition(":")
    if kind == "accounts.person":
        return "Somebody whose details were deleted"
    return f"{kind.rpartition('.')[2]} {number}".strip().capitalize()


@dataclass(frozen=True)
class Event:
    """One line of a timeline, for components/timeline.html: words, who, when, and the mark that stands before them."""

    words: str
    who: str
    at: datetime
    mark: str
    entry: Entry


def timeline(*about: Any, most: int = 100) -> list[Event]:
    """Return what happened to the saved rows (or history keys) ``about``, newest first. Three queries at most."""
    wanted = Q(pk__in=[])
    for thing in about:
        object_type, object_id = key_of(thing).rsplit(":", 1)
        wanted |= Q(object_type=object_type, object_id=object_id)
    return events(Entry.objects.filter(wanted).order_by("-at", "-pk")[:most])


def events(entries: Iterable[Entry]) -> list[Event]:
    """Return ``entries`` in words and in their order."""
    entries = list(entries)
    names = names_of(entry.actor for entry in entries)
    return [
        Event(verbs.sentence(entry), names[entry.actor], entry.at, verbs.mark(entry.verb), entry) for entry in entries
    ]


def entries_found(
    *, actor: str = "", about: str = "", since: date | None = None, until: date | None = None
) -> QuerySet[Entry]:
    """Return the entries by the key of who did it, of what it was done to, and by local days; newest first."""
    rows = Entry.objects.filter(_between(since, until)).order_by("-at", "-pk")
    if actor:
        rows = rows.filter(actor=actor)
    if about:
        object_type, _, object_id = about.rpartition(":")
        rows = rows.filter(object_type=object_type, object_id=object_id)
    return rows


def looks_found(
    *, actor: str = "", person: str = "", since: date | None = None, until: date | None = None
) -> QuerySet[Look]:
    """Return the access trace by the key of who looked, of whose data it was, and by local days; newest first."""
    rows = Look.objects.filter(_between(since, until)).order_by("-at", "-pk")
    if actor:
        rows = rows.filter(actor=actor)
    return rows.filter(person=person) if person else rows


def _between(since: date | None, until: date | None) -> Q:
    wanted = Q()
    if since:
        wanted &= Q(at__gte=_midnight(since))
    if until and until < date.max:
        wanted &= Q(at__lt=_midnight(until + timedelta(days=1)))
    return wanted


def _midnight(day: date) -> datetime:
    return timezone.make_aware(datetime.combine(day, time()))
