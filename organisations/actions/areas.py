"""The lists that everything else is said in: areas inside areas, and professions."""

from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction

from history.actions import record
from history.refusals import Refused
from organisations.models import Area, Profession


class AreaNameTaken(Refused):
    sentence = "There is an area of this name here already."


class AreaInsideItself(Refused):
    sentence = "An area cannot lie inside itself or inside one of its own parts. Choose another one."


class AreaTooDeep(Refused):
    sentence = "That is too many areas inside one another. Choose a larger area."


class ProfessionNameTaken(Refused):
    sentence = "There is a profession of this name already."


_LONGEST_PATH = Area._meta.get_field("path").max_length


@transaction.atomic
def add_area(*, name: str, parent: Area | None, by: Any, now: datetime) -> Area:
    """Return a new area inside ``parent``, or at the top. Raises AreaNameTaken, AreaTooDeep."""
    known = _lock_the_tree()
    # The path has the area's own number in it, which is known once the row is there.
    area = _saved(Area(name=name, parent=parent, path=""), AreaNameTaken)
    area.path = _path(area, known.get(parent.pk) if parent else None)
    area.save(update_fields=["path"])
    record(by=by, verb="added", about=area, now=now)
    return area


@transaction.atomic
def change_area(*, area: Area, by: Any, now: datetime, **answers: Any) -> Area:
    """Give ``area`` another ``name``, or move it into another ``parent`` (None: to the top) with all that lies in it.

    What is not among the ``answers`` stays as it is.
    Raises AreaNameTaken, AreaInsideItself, AreaTooDeep.
    """
    known = _lock_the_tree()
    area = known[area.pk]
    name, parent = answers.get("name", area.name), answers.get("parent", area.parent)
    above = known[parent.pk] if parent else None
    if above is not None and above.path.startswith(area.path):
        raise AreaInsideItself
    changed = [
        field for field, value in (("name", name), ("parent_id", above and above.pk)) if getattr(area, field) != value
    ]
    if not changed:
        return area
    before = area.path
    area.name, area.parent, area.path = name, above, _path(area, above)
    _saved(area, AreaNameTaken, update_fields=["name", "parent", "path"])
    _carry_along([part for part in known.values() if part.path.startswith(before) and part.pk != area.pk], before, area)
    record(by=by, verb="changed", about=area, now=now, fields=[field.removesuffix("_id") for field in changed])
    return area


def _carry_along(parts: list[Area], before: str, area: Area) -> None:
    for part in parts:
        part.path = _fitting(area.path + part.path.removeprefix(before))
    Area.objects.bulk_update(parts, ["path"])


def _lock_the_tree() -> dict[int, Area]:
    """Return all areas by id, locked: two moves at once could each be right and make a circle together."""
    return {area.pk: area for area in Area.objects.select_for_update(no_key=True).order_by("pk")}


def _path(area: Area, above: Area | None) -> str:
    return _fitting(f"{above.path if above else '/'}{area.pk}/")


def _fitting(path: str) -> str:
    if len(path) > _LONGEST_PATH:
        raise AreaTooDeep
    return path


@transaction.atomic
def add_profession(*, name: str, by: Any, now: datetime) -> Profession:
    """Return a new profession. Raises ProfessionNameTaken, whatever the capitals."""
    profession = _saved(Profession(name=name), ProfessionNameTaken)
    record(by=by, verb="added", about=profession, now=now)
    return profession


@transaction.atomic
def rename_profession(*, profession: Profession, name: str, by: Any, now: datetime) -> Profession:
    """Give a profession another name, for everybody who has it. Raises ProfessionNameTaken."""
    profession = Profession.objects.select_for_update(no_key=True).get(pk=profession.pk)
    if profession.name == name:
        return profession
    profession.name = name
    _saved(profession, ProfessionNameTaken, update_fields=["name"])
    record(by=by, verb="changed", about=profession, now=now, fields=["name"])
    return profession


def _saved(row: Any, taken: type[Refused], **how: Any) -> Any:
    try:
        with transaction.atomic():
            row.save(**how)
    except IntegrityError as error:
        if "name_unique" in str(error):
            raise taken from error
        raise
    return row
