"""What the pages of this app share: loading through what somebody may see."""

import zlib
from datetime import date, datetime

from django.db.models import Count, Max
from django.http import Http404, HttpRequest
from django.shortcuts import get_object_or_404

from accounts.permissions import Permission
from briefings.models import Programme
from communications.models import PlannedItem, Stage
from communications.queries.addressed import SOURCES, Addressed, addressed_of
from communications.queries.fulfilling import LINKS
from communications.rules.stages import items_kept_by, stages_seen_by


def programme_of(request: HttpRequest, slug: str, permission: Permission) -> Programme:
    """Return the programme in which this person holds ``permission``; raises Http404 for any other."""
    if "\x00" in slug:
        raise Http404
    return get_object_or_404(Programme.objects.where(request.user, permission), slug=slug)


def stage_of(request: HttpRequest, slug: str, stage: int) -> Stage:
    """Return the stage of a programme that this person sees; raises Http404 for any other."""
    found = stages_seen_by(request.user).select_related("programme", "owner")
    return get_object_or_404(found, pk=stage, programme__slug=slug)


def item_of(request: HttpRequest, slug: str, item: int) -> PlannedItem:
    """Return the item of a plan that this person may change; raises Http404 for any other."""
    found = items_kept_by(request.user).select_related("stage__programme", "owner", *LINKS)
    return get_object_or_404(found, pk=item, stage__programme__slug=slug)


def addressed_lately(programme: Programme, stages: list[Stage], today: date, now: datetime) -> dict[int, Addressed]:
    """Return who was addressed in ``stages``, a minute old at most where that takes long to count.

    What is planned or done meanwhile is seen at once.
    """
    items = PlannedItem.objects.filter(stage__programme=programme)
    plan = items.aggregate(number=Count("pk"), last=Max("pk"), done=Max("done_at"), open=Count("next_reminder_on"))
    state = f"{plan} {[(stage.pk, stage.starts_on, stage.ends_on) for stage in stages]}"
    key = f"addressed:{programme.pk}:{zlib.crc32(state.encode())}"
    found, _ = SOURCES.at(now).get(key, lambda: addressed_of(programme, stages, today))
    return found
