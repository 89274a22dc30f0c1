"""What becomes of a post: written, scheduled, published exactly once, corrected with a note, withdrawn."""

import logging
import traceback
from datetime import datetime
from typing import Any

from django.db import InterfaceError, OperationalError, transaction
from django.db.models import Max

from accounts.models import Person
from communications.actions.series import free_post_slug, locked, new_feed_id, show_pictures
from communications.messages import posts as messages
from communications.models import Post, PostSeries, PostState, PostVersion
from communications.models.posts import POST_MOVES
from history.actions import CLOCK, key_of, record
from history.refusals import Refused

log = logging.getLogger(__name__)

MOST_POSTS = 500


class NotNow(Refused):
    sentence = "This post has moved on since you opened the page. Look at where it is now."


class TooManyPosts(Refused):
    sentence = f"A series has {MOST_POSTS} posts at most."


class NobodyCanRead(Refused):
    sentence = (
        "This programme is not public, so nobody could read the post and no mail would go. Let everybody read the "
        "programme first."
    )


class WordsMoved(Refused):
    """Somebody saved other words meanwhile; ``post`` is the row with theirs."""

    sentence = (
        "Somebody has changed this post since you opened it. Your words stand below, theirs beside them: nothing is "
        "lost. Put together what should stay, then save."
    )

    def __init__(self, post: Post) -> None:
        super().__init__()
        self.post = post


class TimePassed(Refused):
    sentence = "This time has passed. Choose a later one, or publish it now."


class NothingCorrected(Refused):
    sentence = "The words are the same as before. Change what was wrong, then say in the note what you changed."


@transaction.atomic
def write_post(*, series: PostSeries, title: str, lead: str, words: str, by: Person, now: datetime) -> Post:
    """Keep a new draft at the end of the series. Raises NotTheirs, TooManyPosts."""
    own = locked(series, by)
    last = own.posts.aggregate(last=Max("position"))["last"] or 0
    if last >= MOST_POSTS:
        raise TooManyPosts
    made = Post.objects.create(
        series=own, position=last + 1, title=title, slug=free_post_slug(title, own), lead=lead, words=words,
        changed_at=now, changed_by=by, feed_id=new_feed_id(now),
    )  # fmt: skip
    record(by=by, verb="wrote_post", about=made, now=now)
    return made


@transaction.atomic
def save_words(*, post: Post, title: str, lead: str, words: str, seen: int, by: Person, now: datetime) -> Post:
    """Keep other words of a post that is not published yet; ``seen`` is the edition that ``by`` began with.

    Raises NotTheirs, NotNow, WordsMoved.
    """
    own = _locked(post, by, {PostState.DRAFT, PostState.SCHEDULED})
    if seen != own.edition:
        raise WordsMoved(own)
    if (own.title, own.lead, own.words) == (title, lead, words):
        return own
    if own.title != title:
        own.slug = free_post_slug(title, own.series, own)
    own.title, own.lead, own.words = title, lead, words
    return _save(own, by, "changed_post", now, "title", "slug", "lead", "words")


@transaction.atomic
def schedule_post(*, post: Post, at: datetime, by: Person, now: datetime) -> Post:
    """Let the post be published at the moment ``at``, or at another one than before.

    Raises NotTheirs, NotNow, NobodyCanRead, TimePassed.
    """
    own = _locked(post, by, {PostState.DRAFT, PostState.SCHEDULED})
    if not own.series.is_for_everybody:
        raise NobodyCanRead
    if at <= now:
        raise TimePassed
    own.publish_at = at
    return _become(own, PostState.SCHEDULED, by, "scheduled_post", now, "publish_at")


@transaction.atomic
def unschedule_post(*, post: Post, by: Person, now: datetime) -> Post:
    """Let it be a draft again. Raises NotTheirs, NotNow."""
    own = _locked(post, by, {PostState.SCHEDULED})
    own.publish_at = None
    return _become(own, PostState.DRAFT, by, "unscheduled_post", now, "publish_at")


@transaction.atomic
def publish_post(*, post: Post, by: Person, now: datetime) -> Post:
    """Publish it now, and mail it to everybody who has asked for the series.

    Raises NotTheirs, NotNow, NobodyCanRead.
    """
    own = _locked(post, by, {PostState.DRAFT, PostState.SCHEDULED})
    if not own.series.is_for_everybody:
        raise NobodyCanRead
    return _publish(own, by, now)


def publish_due(*, now: datetime) -> int:
    """Publish what was scheduled until ``now``; return how many. Twice or late is once.

    What nobody could read waits until its programme is public.
    """
    due = list(Post.objects.due(now).order_by("publish_at", "pk").values_list("pk", flat=True))
    return sum(_publish_or_skip(pk, now) for pk in due)


def _publish_or_skip(pk: int, now: datetime) -> bool:
    try:
        return _publish_scheduled(pk, now)
    except (OperationalError, InterfaceError):
        raise
    except Exception as error:
        # One post that cannot be published must not keep the others waiting; it is tried again in a moment.
        place = traceback.extract_tb(error.__traceback__)[-1]
        log.error("Post %s: %s at %s:%s", pk, type(error).__name__, place.filename, place.lineno)
        return False


@transaction.atomic
def _publish_scheduled(pk: int, now: datetime) -> bool:
    # Whoever else does something in the series at this moment holds its row: then it is tried again in a moment.
    if not _hold_series(pk):
        return False
    own = Post.objects.select_related("series__programme").filter(pk=pk).first()
    if own is None or own.state != PostState.SCHEDULED or own.publish_at > now or not own.series.is_for_everybody:
        return False
    _publish(own, CLOCK, now)
    return True


def _hold_series(pk: int) -> bool:
    """Lock the series of the post ``pk``, as all do who change one of its posts; return whether it was free."""
    held = PostSeries.objects.select_for_update(no_key=True, of=("self",), skip_locked=True)
    return held.filter(posts=pk).first() is not None


def _publish(own: Post, by: Any, now: datetime) -> Post:
    own.published_at = now
    _keep_version(own, 1, "", by, now)
    _become(own, PostState.PUBLISHED, by, "published_post", now, "published_at")
    show_pictures(own.series, now)
    messages.send_to_readers(own, now=now)
    return own


@transaction.atomic
def correct_post(
    *, post: Post, title: str, lead: str, words: str, note: str, seen: int, by: Person, now: datetime
) -> Post:
    """Put right what was published; ``note`` says what, and stands on the post with its date. Nothing is mailed again.

    The words as they were are kept. Raises NotTheirs, NotNow, WordsMoved, NothingCorrected.
    """
    own = _locked(post, by, {PostState.PUBLISHED})
    if seen != own.edition:
        raise WordsMoved(own)
    if (own.title, own.lead, own.words) == (title, lead, words):
        raise NothingCorrected
    own.title, own.lead, own.words, own.corrected_at = title, lead, words, now
    last = own.versions.aggregate(last=Max("number"))["last"]
    _keep_version(own, last + 1, note, by, now)
    _save(own, by, "corrected_post", now, "title", "lead", "words", "corrected_at")
    show_pictures(own.series, now)
    return own


@transaction.atomic
def withdraw_post(*, post: Post, reason: str, by: Person, now: datetime) -> Post:
    """Take a post back, with the reason on its page; mails that were sent stay sent. Raises NotTheirs, NotNow."""
    own = _locked(post, by, {PostState.PUBLISHED})
    own.withdrawn_at, own.withdrawn_because = now, reason
    _become(own, PostState.WITHDRAWN, by, "withdrew_post", now, "withdrawn_at", "withdrawn_because")
    show_pictures(own.series, now)
    return own


@transaction.atomic
def drop_post(*, post: Post, by: Person, now: datetime) -> None:
    """Delete a post that was never published. Raises NotTheirs, NotNow."""
    own = _locked(post, by, {PostState.DRAFT, PostState.SCHEDULED})
    record(by=by, verb="dropped_post", about=own.series, now=now)
    own.delete()


@transaction.atomic
def move_post(*, post: Post, up: bool, by: Person, now: datetime) -> bool:
    """Let the post change places with the one before it, or after it. Raises NotTheirs.

    Returns whether there was one.
    """
    series = locked(post.series, by)
    rows = list(series.posts.order_by("position"))
    place = next(number for number, row in enumerate(rows) if row.pk == post.pk)
    other = place + (-1 if up else 1)
    if not 0 <= other < len(rows):
        return False
    first, second = rows[place], rows[other]
    first.position, second.position = second.position, first.position
    Post.objects.bulk_update([first, second], ["position"])
    PostSeries.objects.filter(pk=series.pk).update(changed_at=now)
    record(by=by, verb="moved_post", about=series, now=now)
    return True


def _locked(post: Post, by: Person, states: set[PostState]) -> Post:
    locked(post.series, by)  # first the series, which owns the pictures and the addresses of all its posts
    own = Post.objects.select_related("series__programme").select_for_update(no_key=True, of=("self",)).get(pk=post.pk)
    if own.state not in states:
        raise NotNow
    return own


def _become(own: Post, state: PostState, by: Any, verb: str, now: datetime, *fields: str) -> Post:
    if state not in POST_MOVES[PostState(own.state)]:
        raise NotNow
    own.state = state
    return _save(own, by, verb, now, "state", *fields)


def _save(own: Post, by: Any, verb: str, now: datetime, *fields: str) -> Post:
    own.edition += 1
    own.changed_at = now
    changed = [*fields, "edition", "changed_at"]
    if by != CLOCK:
        own.changed_by = by
        changed.append("changed_by")
    own.save(update_fields=changed)
    record(by=by, verb=verb, about=own, now=now)
    return own


def _keep_version(own: Post, number: int, note: str, by: Any, now: datetime) -> None:
    PostVersion.objects.create(
        post=own, number=number, title=own.title, lead=own.lead, words=own.words, note=note, saved_at=now,
        saved_by=key_of(by),
    )  # fmt: skip
