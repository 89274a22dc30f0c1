"""What people need to take part: asked apart, for named staff only, deleted by itself."""

from datetime import date, datetime, timedelta
from typing import Any

from django.db import transaction

from attendance.actions.places import PlaceHasEnded, need_ends_on
from attendance.models import LIVE, AccessNeed, Place
from history.actions import CLOCK, record


@transaction.atomic
def set_access_need(*, place: Place, words: str, welsh: bool, by: Any, now: datetime) -> AccessNeed | None:
    """Keep what the person of ``place`` needs, or forget it where there is nothing. Raises PlaceHasEnded.

    The history says that it was changed, never what it is; saying the same again is no change.
    """
    place = Place.objects.select_related("session").select_for_update(no_key=True, of=("self",)).get(pk=place.pk)
    if place.state not in LIVE:
        raise PlaceHasEnded
    before = AccessNeed.objects.filter(place=place).first()
    if (words, welsh) == ((before.words, before.welsh) if before else ("", False)):
        return before
    record(by=by, verb="changed_access_need", about=place, now=now)
    if not words and not welsh:
        AccessNeed.objects.filter(place=place).delete()
        return None
    values = {"words": words, "welsh": welsh, "delete_on": need_ends_on(place.session)}
    return AccessNeed.objects.update_or_create(place=place, defaults=values)[0]


@transaction.atomic
def forget_access_needs(*, today: date, now: datetime) -> int:
    """Delete what was needed for sessions that are 30 days past on ``today``; return how many. A moved session counts
    from its new day."""
    due = AccessNeed.objects.filter(delete_on__lte=today, place__session__date__lte=today - timedelta(days=30))
    ended = list(due.select_related("place").select_for_update(no_key=True, of=("self",)).order_by("pk"))
    for need in ended:
        record(by=CLOCK, verb="forgot_access_need", about=need.place, now=now)
    AccessNeed.objects.filter(pk__in=[need.pk for need in ended]).delete()
    return len(ended)
