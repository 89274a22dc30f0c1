"""Start a programme, describe it, say whom it is for and how it works."""

import re
from collections.abc import Collection, Iterable
from datetime import datetime
from itertools import count
from typing import Any

from django.db import IntegrityError, transaction
from django.utils.text import slugify

from accounts.models import Person
from briefings.actions import appointments
from briefings.models import PlacesRule, Programme, ProgrammeRole, Scale, SessionState
from history.actions import record
from history.refusals import Refused
from organisations.models import Area, Profession

RESERVED_SLUGS = frozenset({"start", "bilateral", "templates"})
"""Words that stand in the place of a programme in an address."""


class EndsBeforeStart(Refused):
    sentence = "The last day must be the first day or later."


class SlotEndsBeforeStart(Refused):
    sentence = "A half-day must end after it starts."


class SessionsAreOpen(Refused):
    sentence = (
        "People may hold several places by now: a session of this programme has been opened for booking. One place for "
        "each person can be chosen only before that."
    )


@transaction.atomic
def start_programme(
    *, name: str, coordinator: Person, by: Any, now: datetime, scale: str = Scale.PILOT, **details: Any
) -> Programme:
    """Return a new programme with its first coordinator, who is told unless they started it themselves.

    ``details`` are further fields of Programme, clean already. People of the programme can be reached through the
    coordinator until somebody else is named. ``now`` is aware. Raises AccountClosed.
    """
    details = {"contact_name": coordinator.name[:200], "contact_email": coordinator.email or "", **details}
    programme = _saved_under_free_slug(Programme(name=name, scale=scale, code=code_for(name), **details))
    record(by=by, verb="started", about=programme, now=now)
    appointments.appoint(programme=programme, person=coordinator, role=ProgrammeRole.COORDINATOR, by=by, now=now)
    return programme


def code_for(name: str) -> str:
    """Return the letters that references of a programme begin with: "Wren Valley pilot" gives "WVP"."""
    initials = "".join(word[0] for word in re.findall(r"[A-Za-z]+", name))
    return (initials if len(initials) > 1 else "BH")[:3].upper()


def _saved_under_free_slug(programme: Programme) -> Programme:
    stem = slugify(programme.name)[:70].strip("-") or "programme"
    for number in count(1):
        slug = stem if number == 1 else f"{stem}-{number}"
        if slug in RESERVED_SLUGS or Programme.objects.filter(slug=slug).exists():
            continue
        try:
            with transaction.atomic():
                programme.slug = slug
                programme.save(force_insert=True)
        except IntegrityError:
            # Somebody took the address in this moment; anything else is a fault of the caller's values.
            if not Programme.objects.filter(slug=slug).exists():
                raise
        else:
            return programme
    raise AssertionError("count() does not end")


@transaction.atomic
def change_programme(*, programme: Programme, changes: dict[str, Any], by: Any, now: datetime) -> Programme:
    """Write ``changes`` (field name → clean value) and return the programme as it now is.

    Fields that are not named keep what somebody else may have written meanwhile; what is the same already leaves no
    trace. Half-days of sessions that are planned stay as they are. Raises EndsBeforeStart, SlotEndsBeforeStart, and
    SessionsAreOpen where each person is to have one place, and several could be taken already.
    """
    programme = locked(programme)
    fields = [name for name, value in changes.items() if getattr(programme, name) != value]
    if not fields:
        return programme
    for name in fields:
        setattr(programme, name, changes[name])
    _refuse_impossible_times(programme)
    if "places_rule" in fields and programme.places_rule == PlacesRule.ONE and _has_opened(programme):
        raise SessionsAreOpen
    programme.save(update_fields=fields)
    record(by=by, verb="changed", about=programme, now=now, fields=fields)
    return programme


def _has_opened(programme: Programme) -> bool:
    return programme.sessions.exclude(state=SessionState.DRAFT).exists()


def _refuse_impossible_times(programme: Programme) -> None:
    if programme.starts_on and programme.ends_on and programme.ends_on < programme.starts_on:
        raise EndsBeforeStart
    if programme.morning_ends <= programme.morning_starts or programme.afternoon_ends <= programme.afternoon_starts:
        raise SlotEndsBeforeStart


@transaction.atomic
def change_scope(
    *,
    programme: Programme,
    by: Any,
    now: datetime,
    every_area: bool | None = None,
    every_profession: bool | None = None,
    add_areas: Iterable[Area] = (),
    remove_areas: Iterable[Area] = (),
    add_professions: Iterable[Profession] = (),
    remove_professions: Iterable[Profession] = (),
) -> Programme:
    """Change who the programme is for by what is added and taken away, and return it as it now is.

    What is not named stays, so that two coordinators who add different professions at once keep both. None leaves
    "every area" or "every profession" as it is.
    """
    programme = locked(programme)
    changed = [
        name
        for name, value in (("every_area", every_area), ("every_profession", every_profession))
        if value is not None and value != getattr(programme, name)
    ]
    if changed:
        programme.every_area = programme.every_area if every_area is None else every_area
        programme.every_profession = programme.every_profession if every_profession is None else every_profession
        programme.save(update_fields=changed)
    if _moved(programme.areas, list(add_areas), list(remove_areas)):
        changed.append("areas")
    if _moved(programme.professions, list(add_professions), list(remove_professions)):
        changed.append("professions")
    if changed:
        record(by=by, verb="changed_scope", about=programme, now=now, fields=changed)
    return programme


def _moved(related: Any, add: Collection, remove: Collection) -> bool:
    before = set(related.values_list("pk", flat=True))
    related.remove(*remove)
    related.add(*add)
    return before != set(related.values_list("pk", flat=True))


def locked(programme: Programme) -> Programme:
    """Return ``programme`` as it now is, locked: whoever changes its set-up holds this row first."""
    return Programme.objects.select_for_update(no_key=True, of=("self",)).get(pk=programme.pk)
