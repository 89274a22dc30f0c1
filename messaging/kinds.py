"""What can be sent. Each app declares its kinds in ``messages.py`` and registers them when it is ready."""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING

from django.conf import settings
from django.template import Context, TemplateDoesNotExist
from django.template.loader import get_template
from django.utils.html import escape

if TYPE_CHECKING:
    from messaging.models import Message

AT_ONCE, SERVICE, BULK = 0, 1, 2
"""Ranks: a sign-in code is not behind a booking, a booking is not behind 50,000 invitations."""

CODES = "messaging.code"
"""The kind of sign-in codes and notices about accounts: private, but everybody gets them."""


@dataclass(frozen=True)
class Attachment:
    """A file that goes with a mail. ``name`` is cleaned when the mail is built."""

    name: str
    content: bytes
    mimetype: str = "application/octet-stream"


@dataclass
class Content:
    """A mail as its owner wrote it, before it has sender and headers.

    ``calendar`` is one iCalendar object, ``calendar_method`` its METHOD (REQUEST, CANCEL). ``reply_to`` is a bare
    mailbox. ``headers`` are further headers such as List-Unsubscribe; those the mail has anyway are refused.
    """

    subject: str
    text: str
    html: str = ""
    calendar: bytes | None = None
    calendar_method: str = ""
    attachments: list[Attachment] = field(default_factory=list)
    reply_to: str = ""
    headers: dict[str, str] = field(default_factory=dict)


def all_wanted(messages: Sequence[Message], now: datetime) -> dict[int, str]:
    """For kinds that stay wanted whatever happens."""
    return {}


@dataclass(frozen=True)
class Kind:
    """One sort of message.

    ``render(message)`` is called at the moment of sending, each time that is tried; the same row gives the same
    links again. ``still_wanted(messages, now)`` gets all due messages of the kind in a batch and returns the
    reason code by ``message.pk`` for those that are *not* wanted any more. ``private``: no body is kept, staff see
    neither subject nor object. ``stream``: "" for service mail, else what people can unsubscribe from.
    """

    name: str
    render: Callable[[Message], Content]
    still_wanted: Callable[[Sequence[Message], datetime], dict[int, str]] = all_wanted
    private: bool = False
    stream: str = ""
    label: str = ""
    rank: int = SERVICE


_kinds: dict[str, Kind] = {}


def register(kind: Kind) -> None:
    """Make ``kind`` known. Call it in ``AppConfig.ready``. Raises ValueError where another has that name."""
    known = _kinds.get(kind.name)
    if known is not None and known != kind:
        raise ValueError(f"There is another kind called {kind.name}.")
    _kinds[kind.name] = kind


def unregister(name: str) -> None:
    """Forget a kind: rows of it are held until it is known again."""
    _kinds.pop(name, None)


def find(name: str) -> Kind | None:
    """Return the kind called ``name``, None where this release does not know it."""
    return _kinds.get(name)


def every() -> list[Kind]:
    """Return all kinds by name."""
    return [_kinds[name] for name in sorted(_kinds)]


def label(name: str) -> str:
    """Return the words for the log: the kind's label, else its name."""
    kind = _kinds.get(name)
    return (kind and kind.label) or name


def render_mail(template_base: str, context: dict, subject: str) -> Content:
    """Return the mail of ``<template_base>.txt`` and, where there is one, ``<template_base>.html``.

    Both extend ``messaging/mail.txt`` and ``messaging/mail.html`` and fill ``main`` and ``why``. They know
    ``site_name``, ``site_owner``, ``site_url``, ``brand_colour`` and ``subject``. Raises TemplateDoesNotExist without
    the text part: every mail is complete in plain text.
    """
    known = {
        "site_name": settings.SITE_NAME,
        "site_owner": settings.SITE_OWNER,
        "site_url": settings.SITE_URL,
        "brand_colour": settings.BRAND_COLOUR,
        "subject": subject,
        **context,
    }
    text = get_template(f"{template_base}.txt").template.render(Context(known, autoescape=False))
    try:
        page = get_template(f"{template_base}.html")
    except TemplateDoesNotExist:
        return Content(subject=subject, text=_tidy(text))
    return Content(subject=subject, text=_tidy(text), html=page.render(known).strip() + "\n")


class Stencils:
    """Mails in bulk that differ only in a few words of their own: rendered once for all that are otherwise alike.

    The templates may print the own words as they are, and do nothing else with them: no filter, no condition.
    """

    def __init__(self, most: int = 64) -> None:
        self._most = most
        self._made: dict[Hashable, Content] = {}
        self._marks: dict[str, str] = {}

    def mail(
        self, key: Hashable, template_base: str, context: Callable[[dict[str, str]], dict], subject: str, own: dict
    ) -> Content:
        """Return what ``render_mail`` returns for ``context(own)``; ``key`` is all else that the context holds."""
        if key not in self._made:
            if len(self._made) >= self._most:
                self._made.clear()
            marks = {name: self._mark(name) for name in own}
            self._made[key] = render_mail(template_base, context(marks), subject)
        made = self._made[key]
        text, html = made.text, made.html
        for name, word in own.items():
            text, html = text.replace(self._mark(name), word), html.replace(self._mark(name), escape(word))
        return Content(subject=subject, text=text, html=html)

    def _mark(self, name: str) -> str:
        # Nobody can guess it, so nobody's words can hold it.
        return self._marks.setdefault(name, f"{name}{secrets.token_hex(12)}")


def _tidy(text: str) -> str:
    lines = "\n".join(line.rstrip() for line in text.splitlines())
    return re.sub(r"\n{3,}", "\n\n", lines).strip() + "\n"
