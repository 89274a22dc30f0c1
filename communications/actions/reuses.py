"""Who uses a post elsewhere: said by anybody, looked at by the author, then shown."""

from datetime import datetime, timedelta
from typing import Any

from django.db import transaction

from accounts.models import Person
from communications.actions.series import NotTheirs
from communications.messages import posts as messages
from communications.models import Post, PostSeries, Reuse, ReuseState
from communications.rules.posts import can_write
from history.actions import STRANGER, record
from history.refusals import Refused

CONTACT_KEPT = timedelta(days=730)


class NotPublished(Refused):
    sentence = "This post is not published any more."


@transaction.atomic
def say_reused(
    *,
    series: PostSeries,
    post: Post | None,
    organisation: str,
    place: str,
    by: Any,
    now: datetime,
    link: str = "",
    contact_email: str = "",
) -> Reuse:
    """Note that ``organisation`` uses ``post`` (or the whole series) at ``place``; the author is told once.

    It waits until the author has looked at it: a public page must not carry what a stranger types. What is said twice
    is kept once. Raises NotPublished.
    """
    if post is not None and not Post.objects.public().filter(pk=post.pk, series=series).exists():
        raise NotPublished
    made, is_new = Reuse.objects.get_or_create(
        series=series, post=post, organisation=organisation, place=place,
        defaults={"link": link, "contact_email": contact_email, "said_at": now},
    )  # fmt: skip
    if is_new:
        record(by=by if getattr(by, "pk", None) else STRANGER, verb="said_reused", about=made, now=now)
        messages.tell_reused(made, now=now)
    return made


@transaction.atomic
def show_reuse(*, reuse: Reuse, by: Person, now: datetime) -> Reuse:
    """Let everybody see it on the page of the series; showing twice is showing once. Raises NotTheirs."""
    return _settle(reuse, ReuseState.SHOWN, "", by, "showed_reuse", now)


@transaction.atomic
def hide_reuse(*, reuse: Reuse, reason: str, by: Person, now: datetime) -> Reuse:
    """Do not show it, or not any more, with the reason for who keeps the series. Raises NotTheirs."""
    return _settle(reuse, ReuseState.HIDDEN, reason, by, "hid_reuse", now)


def _settle(reuse: Reuse, state: ReuseState, reason: str, by: Person, verb: str, now: datetime) -> Reuse:
    own = (
        Reuse.objects.select_related("series__programme").select_for_update(no_key=True, of=("self",)).get(pk=reuse.pk)
    )
    if not can_write(by, own.series):
        raise NotTheirs
    if own.state == state:
        return own
    own.state, own.hidden_because, own.settled_by, own.settled_at = state, reason, by, now
    own.save(update_fields=["state", "hidden_because", "settled_by", "settled_at"])
    record(by=by, verb=verb, about=own, now=now)
    return own


def forget_contacts(*, now: datetime) -> int:
    """Empty the contact addresses of reuses that were said two years ago; return how many."""
    return Reuse.objects.filter(said_at__lte=now - CONTACT_KEPT).exclude(contact_email="").update(contact_email="")
