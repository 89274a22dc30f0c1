"""Mails about posts: to readers, each post once; to the author, that the series is theirs and that a post is reused."""

from collections.abc import Sequence
from datetime import datetime

from django.conf import settings
from django.urls import reverse

import messaging.actions
from communications.models import Picture, Post, PostSeries, Reuse, ReuseState
from communications.queries.posts import stream_of
from communications.wording import text_of, worded_html_of
from messaging import streams
from messaging.actions import Planned
from messaging.kinds import Content, Kind, Stencils, register, render_mail
from messaging.models import Message, Subscription

POST = "communications.post"
REUSED = "communications.reused"
AUTHOR = "communications.author"


def send_to_readers(post: Post, *, now: datetime) -> int:
    """Plan the mail of a published post to everybody who has asked for the series, once; return how many."""
    readers = Subscription.objects.confirmed().filter(stream=stream_of(post.series))
    rows = (
        Planned(
            key=f"{POST}:{post.pk}:{subscription}",
            to=None,
            address=address,
            refs={"post": post.pk, "subscription": subscription},
            about=post.series.programme,
        )
        for subscription, address in readers.values_list("pk", "subscriber__address").iterator(chunk_size=2000)
    )
    return messaging.actions.queue_many(kind=POST, rows=rows, now=now)


def post_not_wanted(batch: Sequence[Message], now: datetime) -> dict[int, str]:
    """Return the reason code of each mail whose post was withdrawn, or is not for everybody any more."""
    asked = {message.pk: message.refs.get("post") for message in batch}
    there = set(Post.objects.public().filter(pk__in=asked.values()).values_list("pk", flat=True))
    return {pk: "post_withdrawn" for pk, post in asked.items() if post not in there}


_stencils = Stencils()


def render_post(message: Message, subscription: Subscription) -> Content:
    """Return the whole post as a mail: no pictures, their words in their place. Written once for all its readers."""
    post = Post.objects.select_related("series").get(pk=message.refs["post"])
    series = post.series
    own = {
        "leave_address": streams.leave_address(subscription),
        "preferences_address": streams.preferences_address(subscription.subscriber),
    }

    def context(marks: dict[str, str]) -> dict:
        words = dict(Picture.objects.filter(series=series).values_list("number", "words"))
        return {
            "post": post,
            "series": series,
            "html": worded_html_of(post.words, words),
            "text": text_of(post.words, words),
            "address": settings.SITE_URL + reverse("communications:post-show", args=[series.slug, post.slug]),
            **marks,
        }

    key = (post.pk, post.edition, series.changed_at, settings.SITE_URL)
    return _stencils.mail(key, "communications/mail/post", context, f"{post.title} – {series.title}", own)


def tell_author(series: PostSeries, *, now: datetime) -> None:
    """Tell somebody that they write a series now."""
    messaging.actions.queue(
        kind=AUTHOR,
        key=f"{AUTHOR}:{series.pk}:{series.author_id}:{now:%Y%m%d%H%M%S}",
        to=series.author,
        refs={"series": series.pk, "author": series.author_id},
        about=series.programme,
        now=now,
    )


def author_not_wanted(batch: Sequence[Message], now: datetime) -> dict[int, str]:
    """Return the reason code of each mail to somebody who does not write the series any more."""
    authors = dict(
        PostSeries.objects.filter(pk__in=[message.refs["series"] for message in batch]).values_list("pk", "author")
    )
    return {
        message.pk: "author_changed"
        for message in batch
        if authors.get(message.refs["series"]) != message.refs["author"]
    }


def render_author(message: Message) -> Content:
    """Return the mail with the way to the first post."""
    series = PostSeries.objects.select_related("programme").get(pk=message.refs["series"])
    context = {
        "person": message.person,
        "series": series,
        "address": settings.SITE_URL + reverse("communications:writing-show", args=[series.pk]),
    }
    return render_mail("communications/mail/author", context, f"You write the series “{series.title}”")


def tell_reused(reuse: Reuse, *, now: datetime) -> None:
    """Tell the author, once, that somebody says they use a post."""
    messaging.actions.queue(
        kind=REUSED,
        key=f"{REUSED}:{reuse.pk}",
        to=reuse.series.author,
        refs={"reuse": reuse.pk},
        about=reuse.series.programme,
        now=now,
    )


def reuse_not_wanted(batch: Sequence[Message], now: datetime) -> dict[int, str]:
    """Return the reason code of each mail about a reuse that was put aside already."""
    asked = {message.pk: message.refs.get("reuse") for message in batch}
    there = Reuse.objects.filter(pk__in=asked.values()).exclude(state=ReuseState.HIDDEN)
    kept = set(there.values_list("pk", flat=True))
    return {pk: "reuse_hidden" for pk, reuse in asked.items() if reuse not in kept}


def render_reused(message: Message) -> Content:
    """Return the mail that says who uses what where. A link that a stranger typed stands on the page alone."""
    reuse = Reuse.objects.select_related("series", "post").get(pk=message.refs["reuse"])
    context = {
        "person": message.person,
        "reuse": reuse,
        "series": reuse.series,
        "address": settings.SITE_URL + reverse("communications:reuse-list", args=[reuse.series_id]),
    }
    subject = f"Reused: “{reuse.post.title if reuse.post else reuse.series.title}”"
    return render_mail("communications/mail/reused", context, subject)


def register_kinds() -> None:
    """Make the kinds of posts known; called when the app is ready."""
    register(streams.kind(POST, render_post, post_not_wanted, stream="posts", label="A post of a series"))
    register(Kind(AUTHOR, render_author, author_not_wanted, label="A series to write"))
    register(Kind(REUSED, render_reused, reuse_not_wanted, label="A post was reused"))
