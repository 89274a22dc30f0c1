"""What the rest of the house learns of posts when the app is ready: roles, streams, kinds of mail, words, links."""

from typing import Any

from accounts.permissions import Permission, has, register_role_source, scopes_with
from communications.messages.posts import register_kinds
from communications.queries.posts import STREAMS, named_streams
from communications.rules.posts import AUTHORSHIPS
from face.navigation import SITE, TELLING, Link, register
from history import verbs
from messaging import reasons, streams

_VERBS = {
    "communications.postseries": (
        ("started_series", "Started", "ring"),
        ("changed_series", "Changed: {fields}", "ring"),
        ("gave_series", "Given to another author", "ring"),
        ("added_picture", "A picture was added", "ring"),
        ("described_picture", "A picture was described anew", "ring"),
        ("removed_picture", "A picture was removed", "dash"),
        ("moved_post", "The order of the posts was changed", "ring"),
        ("dropped_post", "A draft was dropped", "dash"),
    ),
    "communications.post": (
        ("wrote_post", "Written", "ring"),
        ("changed_post", "Words changed", "ring"),
        ("scheduled_post", "Scheduled", "half"),
        ("unscheduled_post", "A draft again", "ring"),
        ("published_post", "Published", "full"),
        ("corrected_post", "Corrected, with a note", "full"),
        ("withdrew_post", "Withdrawn, with the reason", "dash"),
    ),
    "communications.reuse": (
        ("said_reused", "Said by somebody who uses it", "ring"),
        ("showed_reuse", "Shown", "full"),
        ("hid_reuse", "Not shown, with a reason", "dash"),
    ),
}


def register_posts() -> None:
    """Register everything; called once in ``AppConfig.ready``."""
    register_role_source(AUTHORSHIPS)
    streams.register(STREAMS, named_streams)
    register_kinds()
    reasons.register(
        post_withdrawn="the post was withdrawn, or its programme is not public any more",
        author_changed="somebody else writes the series now",
        reuse_hidden="it was put aside already",
    )
    for about, words in _VERBS.items():
        for verb, sentence, mark in words:
            verbs.register(verb, sentence, mark=mark, about=about)
    register(Link("posts", "Posts", "communications:programme-writing", _writes_in, order=80, group=TELLING))
    register(Link("writing", "Posts", "communications:writing-list", _writes, order=55, row=SITE))


def _writes_in(person: Any, programme: Any) -> bool:
    return has(person, Permission.WRITE_POSTS, programme)


def _writes(person: Any, programme: Any) -> bool:
    return bool(scopes_with(person, Permission.WRITE_POSTS))
