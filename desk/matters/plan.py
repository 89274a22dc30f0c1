"""What waits for who owns something that is to be told."""

from datetime import datetime, timedelta
from typing import Any

from django.urls import reverse

from accounts.permissions import Permission, has
from commitments.clocks import local_day
from communications.models import PlannedItem
from communications.queries.addressed import owned_by
from communications.queries.fulfilling import is_on_its_way
from desk.matters import BAD, WAIT, Group, Matter
from face.dates import day_plain

_AHEAD = timedelta(days=14)
_READ = 50


def telling(person: Any, now: datetime) -> Group:
    """Return the open items of plans that ``person`` owns and that are late or due within two weeks, the late first.

    What a session tells in time waits for nobody.
    """
    found = owned_by(person)[:_READ]
    return Group("To be told", "telling", [matter for item in found if (matter := _item(item, person, now))])


def _item(item: PlannedItem, person: Any, now: datetime) -> Matter | None:
    programme = item.stage.programme
    today = local_day(programme, now)
    if item.due_on > today + _AHEAD or is_on_its_way(item, today):
        return None
    is_late = item.due_on < today
    when = f"Was due on {day_plain(item.due_on)}" if is_late else f"By {day_plain(item.due_on)}"
    text = f"{programme}, {item.stage}. {when}."
    return Matter(BAD if is_late else WAIT, item.words, _address(item, person), text, item.due_on.isoformat())


def _address(item: PlannedItem, person: Any) -> str:
    """Return the stage for who sees the programme, the own link for an owner who does not."""
    programme = item.stage.programme
    if item.link_id and not has(person, Permission.SEE_PROGRAMME, programme):
        return reverse("desk:link-open", args=[item.link_id])
    return f"{reverse('communications:stage-show', args=[programme.slug, item.stage_id])}#item-{item.pk}"
