"""Atom feeds of posts (RFC 4287): names that never change, moments that follow corrections, absolute addresses."""

import re
import uuid
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from xml.etree import ElementTree

from briefings.models import Programme
from communications.models import Post

ATOM = "http://www.w3.org/2005/Atom"
MEDIA_TYPE = "application/atom+xml; charset=utf-8"
# XML 1.0, 2.2: what is no Char cannot stand in a document, whatever is done to it.
_NO_CHAR = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def id_of(programme: Programme) -> str:
    """Return the name under which feeds know all posts of ``programme`` for ever, whatever its address becomes."""
    return uuid.uuid5(uuid.NAMESPACE_OID, f"briefings.programme:{programme.pk}:{programme.created_at.timestamp()}").urn


def atom(
    *,
    feed_id: str,
    title: str,
    subtitle: str,
    page: str,
    own: str,
    updated: datetime,
    posts: Iterable[Post],
    address: Callable[[Post], str],
    html: Callable[[Post], str],
) -> bytes:
    """Return the feed of ``posts``, with their series loaded. ``page`` and ``own`` are the absolute addresses of the
    page it belongs to and of itself; ``address`` and ``html`` return those of a post.
    """
    feed = ElementTree.Element("feed", {"xmlns": ATOM, "xml:lang": "en-GB", "xml:base": page})
    for name, value in (("id", feed_id), ("title", title), ("subtitle", subtitle), ("updated", _moment(updated))):
        if value:
            _add(feed, name, value)
    _add(feed, "link", rel="self", type="application/atom+xml", href=own)
    _add(feed, "link", rel="alternate", type="text/html", href=page)
    for post in posts:
        _entry(feed, post, address(post), html(post))
    return b'<?xml version="1.0" encoding="utf-8"?>\n' + ElementTree.tostring(feed, encoding="unicode").encode()


def _entry(feed: ElementTree.Element, post: Post, address: str, html: str) -> None:
    entry, series = _add(feed, "entry"), post.series
    _add(entry, "id", post.feed_id)
    _add(entry, "title", post.title)
    _add(entry, "published", _moment(post.published_at))
    _add(entry, "updated", _moment(post.corrected_at or post.published_at))
    _add(_add(entry, "author"), "name", series.author_name)
    _add(entry, "link", rel="alternate", type="text/html", href=address)
    if series.is_free:
        _add(entry, "link", rel="license", href=series.terms.url)  # RFC 4946
    _add(entry, "rights", f"{series.credit_line}. {series.terms.short}")
    if post.lead:
        _add(entry, "summary", post.lead)
    _add(entry, "content", html, type="html")


def _add(parent: ElementTree.Element, tag: str, words: str = "", **attributes: str) -> ElementTree.Element:
    made = ElementTree.SubElement(parent, tag, {name: _NO_CHAR.sub("", value) for name, value in attributes.items()})
    if words:
        made.text = _NO_CHAR.sub("", words)
    return made


def _moment(value: datetime) -> str:
    return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
