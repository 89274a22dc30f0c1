"""The stages of a programme and what is to be told in each: looked at, planned, fulfilled."""

from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.permissions import Permission
from accounts.presses import one_press
from attendance.models import InvitationRound, SessionNotice
from briefings.models import Programme, Session
from commitments.clocks import local_day
from commitments.models import Agreement, Telling
from communications.actions.plan import change_item, fulfil_item, plan_item, remove_item, reopen_item
from communications.actions.stages import (
    EndsBeforeItStarts,
    StageNameTaken,
    StagesOverlap,
    add_stage,
    change_stage,
    remove_stage,
)
from communications.forms.stages import AUDIENCE, FulfilForm, ItemForm, StageForm
from communications.messages.plan import audience_in_words
from communications.models import Post, Stage
from communications.queries.addressed import ADDRESSED, Cell, How, items_of
from communications.queries.fulfilling import linked
from communications.queries.timeline import current_of, item_state
from communications.rules.stages import can_plan
from communications.views.pages import addressed_lately, item_of, programme_of, stage_of
from face.paging import LONG, page_of
from history.actions import look_at_many
from history.refusals import Refused

_ASKS = ["GET", "HEAD", "POST"]
_FIELD = {EndsBeforeItStarts: "ends_on", StageNameTaken: "name", StagesOverlap: "starts_on"}
_HOW = {
    How.ATTENDED: ("good", "full"), How.WRITTEN: ("good", "full"), How.SAID: ("good", "full"),
    How.BOOKED: ("open", "half"), How.PLANNED: ("open", "ring"), How.NOBODY: ("bad", "gap"),
}  # fmt: skip


@require_safe
def show_stage(request: HttpRequest, slug: str, stage: int) -> HttpResponse:
    """What is to be told in a stage, and who has not been addressed in it."""
    own, now = stage_of(request, slug, stage), timezone.now()
    programme, today = own.programme, local_day(own.programme, now)
    items, may = list(items_of(programme).filter(stage=own)), can_plan(request.user, programme)
    stages = list(programme.stages.all())
    addressed = addressed_lately(programme, stages, today, now)[own.pk]
    everybody = request.GET.get("show") == "all"
    cells = addressed.cells if everybody else addressed.missing
    page = page_of(cells, request.GET.get("page"), size=LONG)
    owners = {person for person in (own.owner, *(item.owner for item in items)) if person}
    look_at_many(by=request.user, at=owners, page="communications:stage-show", now=now)
    context = {
        "programme": programme,
        "section": "plan",
        "title": own.name,
        "stage": own,
        "today": today,
        "is_current": own == current_of(stages, today),
        "items": [_shown(item, today) for item in items],
        "page": page,
        "cells": [
            (cell, addressed.of(cell).label, *_HOW[addressed.of(cell)], _asked(cell) if may else "")
            for cell in page.rows
        ],
        "total": len(addressed.cells),
        "reached": len(addressed.cells) - len(addressed.missing),
        "missing": len(addressed.missing),
        "forgotten": len(addressed.forgotten),
        "counts": [(how.label, addressed.counts[how]) for how in ADDRESSED if addressed.counts[how]],
        "everybody": everybody,
        "may": may,
    }
    return render(request, "communications/plan/stage.html", context)


def _asked(cell: Cell) -> str:
    """Return the query of the form that plans something for ``cell`` alone."""
    names = ("organisations", "professions", "areas")
    return urlencode({name: part for name, part in zip(names, cell.key, strict=True) if part})


def _shown(item: Any, today: Any) -> dict[str, Any]:
    (shape, colour), state = item_state(item, today)
    found = linked(item)
    return {
        "item": item, "audience": audience_in_words(item), "shape": shape, "colour": colour, "state": state,
        "linked": found, "linked_words": _WORDS[type(found)] if found else "",
    }  # fmt: skip


_WORDS = {
    Session: "a session", InvitationRound: "a round of invitations", Telling: "what people were told", Post: "a post",
    Agreement: "an agreement", SessionNotice: "a notice about a session",
}  # fmt: skip


@require_http_methods(_ASKS)
@one_press
def new_stage(request: HttpRequest, slug: str) -> HttpResponse:
    """Add a stage."""
    programme = programme_of(request, slug, Permission.MANAGE_PROGRAMME)
    form = _stage_form(request, programme)
    if form.is_bound and form.is_valid():
        made = _try(form, add_stage, programme=programme, by=request.user, **form.cleaned_data)
        if made:
            messages.success(request, f"“{made.name}” is a stage of the programme")
            return redirect("communications:plan-show", slug=slug)
    return _form_page(request, form, programme, "Add a stage", "Add the stage", _plan(programme))


@require_http_methods(_ASKS)
def edit_stage(request: HttpRequest, slug: str, stage: int) -> HttpResponse:
    """Change a stage; what is due in it keeps its dates."""
    programme = programme_of(request, slug, Permission.MANAGE_PROGRAMME)
    own = stage_of(request, slug, stage)
    form = _stage_form(request, programme, own)
    changes = form.changes if form.is_bound and form.is_valid() else None
    if changes is not None and _try(form, change_stage, stage=own, changes=changes, by=request.user):
        messages.success(request, "The stage is changed. What is due in it keeps its dates")
        return redirect("communications:stage-show", slug=slug, stage=own.pk)
    back = reverse("communications:stage-show", args=[slug, own.pk])
    return _form_page(request, form, programme, f"Change “{own.name}”", "Save", back)


def _stage_form(request: HttpRequest, programme: Programme, stage: Stage | None = None) -> StageForm:
    initial = (
        {name: getattr(stage, name) for name in ("kind", "name", "starts_on", "ends_on", "owner")} if stage else {}
    )
    today = local_day(programme, timezone.now())
    data = request.POST if request.method == "POST" else None
    return StageForm(data, programme=programme, today=today, stage=stage, initial=initial)


@require_POST
def drop_stage(request: HttpRequest, slug: str, stage: int) -> HttpResponse:
    """Take a stage away in which nothing is planned."""
    programme_of(request, slug, Permission.MANAGE_PROGRAMME)
    own = stage_of(request, slug, stage)
    try:
        remove_stage(stage=own, by=request.user, now=timezone.now())
    except Refused as refusal:
        messages.error(request, refusal.sentence)
        return redirect("communications:stage-show", slug=slug, stage=own.pk)
    messages.success(request, f"“{own.name}” is no stage any more")
    return redirect("communications:plan-show", slug=slug)


@require_http_methods(_ASKS)
@one_press
def new_item(request: HttpRequest, slug: str, stage: int) -> HttpResponse:
    """Plan what is to be told to whom by when."""
    programme = programme_of(request, slug, Permission.MANAGE_PROGRAMME)
    own = stage_of(request, slug, stage)
    asked = {name: request.GET.getlist(name) for name in ("organisations", "professions", "areas")}
    form = _item_form(request, programme, {"stage": own, "due_on": own.ends_on, **asked})
    if form.is_bound and form.is_valid():
        made = _try(form, plan_item, by=request.user, audience=form.audience(), **form.columns())
        if made:
            told = f", and {made.owner.name} is told" if made.owner and made.owner != request.user else ""
            messages.success(request, f"It is in the plan{told}")
            return redirect("communications:stage-show", slug=slug, stage=made.stage_id)
    back = reverse("communications:stage-show", args=[slug, own.pk])
    return _form_page(request, form, programme, "Plan what is to be told", "Put it into the plan", back)


@require_http_methods(_ASKS)
def edit_item(request: HttpRequest, slug: str, item: int) -> HttpResponse:
    """Change an item; a new owner is told."""
    own = item_of(request, slug, item)
    programme = own.stage.programme
    initial = {name: getattr(own, name) for name in ("words", "stage", "due_on", "means", "owner")}
    initial |= {name: getattr(own, name).all() for name in ("organisations", "professions", "areas")}
    form = _item_form(request, programme, initial, own)
    back = f"{reverse('communications:stage-show', args=[slug, own.stage_id])}#item-{own.pk}"
    changes = form.changes if form.is_bound and form.is_valid() else None
    if changes is not None:
        audience = form.audience() if changes.keys() & {*AUDIENCE} else None
        columns = {name: value for name, value in changes.items() if name not in AUDIENCE}
        changed = _try(form, change_item, item=own, changes=columns, audience=audience, by=request.user)
        if changed:
            messages.success(request, "The plan is changed")
            return redirect("communications:stage-show", slug=slug, stage=changed.stage_id)
    return _form_page(request, form, programme, "Change what is to be told", "Save", back)


def _item_form(request: HttpRequest, programme: Programme, initial: dict, item: Any = None) -> ItemForm:
    today = local_day(programme, timezone.now())
    data = request.POST if request.method == "POST" else None
    return ItemForm(data, programme=programme, today=today, item=item, initial=initial)


@require_http_methods(_ASKS)
def fulfil(request: HttpRequest, slug: str, item: int) -> HttpResponse:
    """Say what fulfils an item, or that it is done, because."""
    own = item_of(request, slug, item)
    programme = own.stage.programme
    form = FulfilForm(request.POST if request.method == "POST" else None, programme=programme)
    if form.is_bound and form.is_valid():
        answers = {name: form.cleaned_data[name] for name in ("fulfils", "words")}
        done = _try(form, fulfil_item, item=own, by=request.user, **answers)
        if done:
            words = "It is done" if done.done_at else "It is linked, and done as soon as that has happened"
            messages.success(request, words)
            return redirect(f"{reverse('communications:stage-show', args=[slug, own.stage_id])}#item-{own.pk}")
    back = f"{reverse('communications:stage-show', args=[slug, own.stage_id])}#item-{own.pk}"
    extra = {"item": own, "audience": audience_in_words(own)}
    return _form_page(request, form, programme, "What fulfils it?", "Save", back, **extra)


@require_POST
def reopen(request: HttpRequest, slug: str, item: int) -> HttpResponse:
    """Open again what was not done after all."""
    return _press(request, slug, item, reopen_item, "It is open again, and its owner is reminded")


@require_POST
def drop_item(request: HttpRequest, slug: str, item: int) -> HttpResponse:
    """Take off the plan what was never to be told."""
    return _press(request, slug, item, remove_item, "Taken off the plan")


def _press(request: HttpRequest, slug: str, item: int, act: Callable, said: str) -> HttpResponse:
    own = item_of(request, slug, item)
    try:
        act(item=own, by=request.user, now=timezone.now())
    except Refused as refusal:
        messages.error(request, refusal.sentence)
    else:
        messages.success(request, said)
    return redirect("communications:stage-show", slug=slug, stage=own.stage_id)


def _try(form: Any, act: Callable, **options: Any) -> Any:
    """Return what ``act`` returns; None where it refuses, which ``form`` then says."""
    try:
        return act(now=timezone.now(), **options)
    except Refused as refusal:
        form.add_refusal(refusal, _FIELD.get(type(refusal)))
        return None


def _plan(programme: Programme) -> str:
    return reverse("communications:plan-show", args=[programme.slug])


def _form_page(
    request: HttpRequest, form: Any, programme: Programme, title: str, button: str, back: str, **extra: Any
) -> HttpResponse:
    context = {
        "programme": programme, "section": "plan", "caption": programme.name, "form": form, "title": title,
        "button": button, "back_url": back, **extra,
    }  # fmt: skip
    status = 422 if form.is_bound and form.errors else 200
    return render(request, "communications/plan/form.html", context, status=status)
