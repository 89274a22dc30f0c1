"""Programmes begin with a template, and leave one: stages, what is to be told, policies; never people."""

from datetime import date, datetime
from typing import Any

from django.db import transaction

from accounts.models import Person
from briefings.actions.programmes import change_programme, locked, start_programme
from briefings.models import Programme
from commitments.queries.standards import calendar_of
from communications.actions.plan import plan_item
from communications.actions.stages import add_stage
from communications.models import ProgrammeTemplate, Stage
from communications.templates import Template, lay_out, template_of
from history.actions import record
from history.refusals import Refused


class HasStages(Refused):
    sentence = "This programme has stages already. A template is for one that has none."


class NoStages(Refused):
    sentence = "This programme has no stages yet, so there is nothing to keep."


class TemplateNameTaken(Refused):
    sentence = "There is a template of this name. Choose another name."


@transaction.atomic
def apply_template(
    *,
    programme: Programme,
    template: Template,
    first: date,
    by: Person,
    now: datetime,
    live_on: date | None = None,
    live_until: date | None = None,
) -> list[Stage]:
    """Give a programme without stages those of ``template``, with its items, from ``first`` on; return them.

    Every date is a working day of the programme; ``by`` owns every item, and nobody is told. ``live_on`` is the day on
    which go-live begins where that is settled, ``live_until`` one that it must reach. Raises HasStages.
    """
    programme = locked(programme)
    if programme.stages.exists():
        raise HasStages
    made = []
    for dated in lay_out(template, first, calendar_of(programme), live_on, live_until):
        line = dated.line
        stage = add_stage(
            programme=programme, kind=line.kind, name=line.name, starts_on=dated.starts_on, ends_on=dated.ends_on,
            owner=by, by=by, now=now,
        )  # fmt: skip
        for item, due_on in zip(line.items, dated.due, strict=True):
            plan_item(stage=stage, words=item.words, means=item.means, due_on=due_on, owner=by, by=by, now=now)
        made.append(stage)
    record(by=by, verb="took_template", about=programme, now=now)
    return made


@transaction.atomic
def start_from_template(
    *, template: Template, name: str, first: date, by: Person, now: datetime, **details: Any
) -> Programme:
    """Return a new programme with the stages, items and policies of ``template``; ``by`` coordinates it.

    ``details`` are further columns of Programme. Raises what start_programme raises.
    """
    programme = start_programme(name=name, coordinator=by, scale=template.scale, by=by, now=now, **details)
    changes = {**template.policies, "starts_on": first}
    programme = change_programme(programme=programme, changes=changes, by=by, now=now)
    stages = apply_template(programme=programme, template=template, first=first, by=by, now=now)
    if stages:
        changes = {"starts_on": min(first, stages[0].starts_on), "ends_on": stages[-1].ends_on}
        programme = change_programme(programme=programme, changes=changes, by=by, now=now)
    return programme


@transaction.atomic
def keep_template(*, programme: Programme, name: str, words: str, by: Any, now: datetime) -> ProgrammeTemplate:
    """Keep the stages, items and policies of ``programme`` as a template. Raises NoStages, TemplateNameTaken."""
    programme = locked(programme)
    template = template_of(programme, name, words, calendar_of(programme))
    if not template.stages:
        raise NoStages
    made, is_new = ProgrammeTemplate.objects.get_or_create(
        name=name,
        defaults={"words": words, "scale": template.scale, "content": template.as_json(), "kept_at": now},
    )
    if not is_new:
        raise TemplateNameTaken
    record(by=by, verb="kept_template", about=made, now=now)
    return made


@transaction.atomic
def drop_template(*, template: ProgrammeTemplate, by: Any, now: datetime) -> None:
    """Take away one's own template; programmes that began with it keep what they have."""
    record(by=by, verb="dropped_template", about=template, now=now)
    ProgrammeTemplate.objects.filter(pk=template.pk).delete()
