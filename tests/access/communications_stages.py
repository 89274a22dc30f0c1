"""The addresses of stages, the communication plan and templates; see routes.py for how a line is written."""

from datetime import timedelta

from accounts.links import token_of
from communications.actions.plan import plan_item
from communications.actions.stages import add_stage
from communications.actions.templates import keep_template
from communications.models import PlannedItem, Stage, StageKind
from tests.access.briefings import SIGNED_IN_ONLY
from tests.access.routes import Route, nothing, other_programme, own_programme
from tests.cast import NOW, Cast

READING = {200: "administrator coordinator facilitator board governance"}
KEEPING = {200: "administrator coordinator"}
ELSEWHERE = {200: "administrator other"}


def _stage(cast: Cast, *, other: bool = False) -> Stage:
    programme, by = (cast.other_programme, cast.other) if other else (cast.programme, cast.coordinator)
    found = programme.stages.first()
    if found:
        return found
    first = NOW.date()
    return add_stage(
        programme=programme, kind=StageKind.PILOT, starts_on=first, ends_on=first + timedelta(days=60), by=by, now=NOW
    )


def _item(cast: Cast, *, other: bool = False) -> PlannedItem:
    stage = _stage(cast, other=other)
    by = cast.other if other else cast.coordinator
    due_on = NOW.date() + timedelta(days=20)
    return plan_item(stage=stage, words="What changes", means="message", due_on=due_on, owner=by, by=by, now=NOW)


def own_stage(cast: Cast) -> dict:
    return {"slug": cast.programme.slug, "stage": _stage(cast).pk}


def other_stage(cast: Cast) -> dict:
    return {"slug": cast.other_programme.slug, "stage": _stage(cast, other=True).pk}


def other_stage_under_the_own_programme(cast: Cast) -> dict:
    """Somebody else's stage, asked for under the address of the own programme."""
    return {**other_stage(cast), "slug": cast.programme.slug}


def own_item(cast: Cast) -> dict:
    return {"slug": cast.programme.slug, "item": _item(cast).pk}


def other_item(cast: Cast) -> dict:
    return {"slug": cast.other_programme.slug, "item": _item(cast, other=True).pk}


def other_item_under_the_own_programme(cast: Cast) -> dict:
    """Somebody else's item, asked for under the address of the own programme."""
    return {**other_item(cast), "slug": cast.programme.slug}


def item_link(cast: Cast) -> dict:
    """A personal link that was not opened in this browser."""
    return {"link": _item(cast).link_id}


def item_token(cast: Cast) -> dict:
    return {"token": token_of(_item(cast).link)}


def own_template(cast: Cast) -> dict:
    _stage(cast)
    return {"template": keep_template(programme=cast.programme, name="Own", words="", by=cast.coordinator, now=NOW).pk}


def other_template(cast: Cast) -> dict:
    """Kept from somebody else's programme: templates are everybody's who may start one."""
    _stage(cast, other=True)
    kept = keep_template(programme=cast.other_programme, name="Other", words="", by=cast.other, now=NOW)
    return {"template": kept.pk}


def _pair(name: str, own, other, roles=KEEPING, elsewhere=ELSEWHERE, **more) -> list[Route]:
    return [
        Route(f"communications:{name}", own, roles, **more),
        Route(f"communications:{name}", other, elsewhere, **more),
    ]


_PRESS = {"roles": {302: "administrator coordinator"}, "elsewhere": {302: "administrator other"}, "post": True}
REMOVING = {302: "administrator", 403: SIGNED_IN_ONLY}
STARTING = {200: "administrator", 403: SIGNED_IN_ONLY}

ROUTES: list[Route] = [
    *_pair("plan-show", own_programme, other_programme, READING),
    *_pair("plan-download", own_programme, other_programme, READING),
    *_pair("stage-add", own_programme, other_programme),
    *_pair("stage-show", own_stage, other_stage, READING),
    Route("communications:stage-show", other_stage_under_the_own_programme, {404: "signed_in"}),
    *_pair("stage-change", own_stage, other_stage),
    *_pair("stage-remove", own_stage, other_stage, **_PRESS),
    *_pair("item-add", own_stage, other_stage),
    *_pair("item-change", own_item, other_item),
    Route("communications:item-change", other_item_under_the_own_programme, {404: "signed_in"}),
    *_pair("item-fulfil", own_item, other_item),
    *_pair("item-reopen", own_item, other_item, **_PRESS),
    *_pair("item-remove", own_item, other_item, **_PRESS),
    Route("communications:planned-show", item_link, {403: "everyone"}),
    Route("communications:planned-open", item_token, {302: "everyone"}),
    Route("communications:template-list", nothing, {200: "administrator coordinator other"}, rest=403),
    Route("communications:template-start", nothing, STARTING),
    *_pair("template-remove", own_template, other_template, REMOVING, REMOVING, post=True),
    *_pair("template-apply", own_programme, other_programme),
    *_pair("template-keep", own_programme, other_programme),
    *_pair("programme-clone", own_programme, other_programme, STARTING, STARTING),
]
