"""The stages of a programme: added, changed, taken away. They never overlap."""

from datetime import date, datetime, timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone

from accounts.models import Person
from briefings.actions.programmes import locked
from briefings.models import Programme
from commitments.clocks import local_day
from communications.models import KeptCell, Stage, StageKind
from communications.queries.addressed import How, best_of, count_told
from history.actions import CLOCK, record
from history.alone import each_alone
from history.refusals import Refused

SETTLED = timedelta(days=30)
"""So long after a stage is over who attended is still noted; then how its audiences were reached is kept."""

COUNTED_BY_PERSON = timedelta(days=365)
"""So long is known of people what they attended and got."""


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
    if {"starts_on", "ends_on"} & set(fields) and own.starts_on > local_day(own.programme, now) - COUNTED_BY_PERSON:
        own.kept_on = None  # other days: they are counted again
        own.kept_cells.all().delete()
    own.save(update_fields={*fields, "name", "kept_on"})
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


def keep_ended(*, now: datetime) -> int:
    """Keep how the audiences of stages that are over were reached; return how many stages.

    Each programme in its own transaction; twice is once. Raises AllFailed.
    """
    ended = Stage.objects.filter(kept_on=None, ends_on__lte=timezone.localdate(now) - SETTLED)
    found = {own.pk: own for own in Programme.objects.filter(pk__in=ended.values("programme")).order_by("pk")}
    return each_alone("Keeping what stages have reached", found, lambda pk: _keep_ended_of(found[pk], now))


@transaction.atomic
def _keep_ended_of(programme: Programme, now: datetime) -> int:
    own, today = locked(programme), local_day(programme, now)
    ended = list(own.stages.filter(kept_on=None, ends_on__lte=today - SETTLED))
    people, told = count_told(own, ended, today)
    for stage in ended:
        ways = {key: hows & {How.ATTENDED, How.WRITTEN} for key, hows in told[stage.pk].items()}
        KeptCell.objects.bulk_create(
            KeptCell(
                stage=stage, organisation_id=key[0], profession_id=key[1], area_id=key[2], people=number,
                how=best_of(ways[key]) if ways.get(key) else "",
            )
            for key, number in people.items()
        )  # fmt: skip
        stage.kept_on = today
        stage.save(update_fields=["kept_on"])
        record(by=CLOCK, verb="kept_stage", about=stage, now=now)
    return len(ended)


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
