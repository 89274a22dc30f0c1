"""The stages of a programme: added, changed, taken away. They never overlap."""

from datetime import date, datetime
from typing import Any

from django.db import transaction

from accounts.models import Person
from briefings.actions.programmes import locked
from briefings.models import Programme
from communications.models import Stage, StageKind
from history.actions import record
from history.refusals import Refused


class EndsBeforeItStarts(Refused):
    sentence = "The last day of a stage must be its first day or later."


class StageNameTaken(Refused):
    sentence = "There is a stage of this name in the programme. Choose another name."


class StagesOverlap(Refused):
    """Raised where another ``stage`` has some of the days."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        super().__init__(
            f"“{stage.name}” runs from {stage.starts_on:%-d %B %Y} to {stage.ends_on:%-d %B %Y}. Stages follow one "
            "another: choose days outside it, or change it first."
        )


class StageHasItems(Refused):
    sentence = "Something is planned in this stage. Take it off the plan or move it to another stage first."


@transaction.atomic
def add_stage(
    *,
    programme: Programme,
    kind: str,
    starts_on: date,
    ends_on: date,
    by: Any,
    now: datetime,
    name: str = "",
    owner: Person | None = None,
) -> Stage:
    """Return a new stage from ``starts_on`` to ``ends_on``, both days in it; without ``name`` it has that of its kind.

    Raises EndsBeforeItStarts, StageNameTaken, StagesOverlap.
    """
    programme = locked(programme)
    made = Stage(programme=programme, kind=kind, starts_on=starts_on, ends_on=ends_on, owner=owner)
    made.name = name or StageKind(kind).label
    _check(made)
    made.save(force_insert=True)
    record(by=by, verb="added_stage", about=made, now=now)
    return made


@transaction.atomic
def change_stage(*, stage: Stage, changes: dict[str, Any], by: Any, now: datetime) -> Stage:
    """Write ``changes`` (field → clean value) and return the stage as it now is. Raises as ``add_stage`` does."""
    locked(stage.programme)
    own = Stage.objects.select_related("programme").get(pk=stage.pk)
    fields = [name for name, value in changes.items() if getattr(own, name) != value]
    if not fields:
        return own
    for name in fields:
        setattr(own, name, changes[name])
    own.name = own.name or StageKind(own.kind).label
    _check(own)
    own.save(update_fields={*fields, "name"})
    record(by=by, verb="changed_stage", about=own, now=now, fields=fields)
    return own


@transaction.atomic
def remove_stage(*, stage: Stage, by: Any, now: datetime) -> None:
    """Take away a stage in which nothing is planned. Raises StageHasItems."""
    locked(stage.programme)
    if stage.items.exists():
        raise StageHasItems
    record(by=by, verb="removed_stage", about=stage, now=now)
    Stage.objects.filter(pk=stage.pk).delete()


def _check(stage: Stage) -> None:
    """Say in words what the database would refuse; the lock on the programme is held."""
    if stage.ends_on < stage.starts_on:
        raise EndsBeforeItStarts
    others = Stage.objects.filter(programme=stage.programme_id).exclude(pk=stage.pk)
    if others.filter(name=stage.name).exists():
        raise StageNameTaken
    other = others.filter(starts_on__lte=stage.ends_on, ends_on__gte=stage.starts_on).first()
    if other:
        raise StagesOverlap(other)
