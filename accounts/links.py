"""Personal links: a token opens one purpose for one person, is exchanged for a cookie, and can be revoked.

The token is the row's number and a MAC over the row, so the row alone (a stolen backup) gives no token, and a mail
that is tried again derives the same one. OWASP ASVS 5.0: 9.1.1, 9.2.1 to 9.2.3, 11.5.1, 14.2.1.
"""

import base64
import secrets
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache, wraps
from typing import Any

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.core import signing
from django.db import models, transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.urls.converters import register_converter
from django.utils import timezone
from django.utils.crypto import constant_time_compare, salted_hmac
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from accounts.models import Person, PersonalLink
from history.actions import key_of, record
from history.refusals import Refused
from history.statements import NUMBER, Prepared, compiled, loaded, unsaved

COOKIE_LIFE = timedelta(hours=12)
"""How long an opened link may be used before its mail has to be opened again. The link itself lives on."""

_MAC_BYTES = 20
_SALT = "accounts.links"


class LinkRefused(Refused):
    """A personal link that opens nothing. ``link`` is the row, where the token is genuine."""

    title = "This link does not work"

    def __init__(self, link: PersonalLink | None = None) -> None:
        super().__init__()
        self.link = link


class LinkUnknown(LinkRefused):
    sentence = "Part of the address may be missing. Copy the whole link from our e-mail, or ask for a new one."


class LinkEnded(LinkRefused):
    title = "This link has ended"
    sentence = "Our links work until a certain day, and that day has passed."


class LinkRevoked(LinkRefused):
    title = "This link has ended"
    sentence = "It was replaced by a newer one, or is not needed any more. Look for our newest e-mail."


class LinkNotOpened(LinkRefused):
    title = "Open the link in our e-mail again"
    sentence = "This page was left open for too long, or the link was opened in another browser."


@dataclass(frozen=True)
class Purpose:
    """What a kind of link is for: ``path_prefix`` is its first path segment, ``resend`` the URL name of the page
    on which a person can have the link sent again ("" where there is none)."""

    path_prefix: str
    name: str
    resend: str = ""


PURPOSES: dict[str, Purpose] = {}
"""The purposes of this installation by name; the app that owns one registers it in AppConfig.ready."""


def register_purpose(name: str, prefix: str, *, resend: str = "") -> Purpose:
    """Make the purpose ``name`` known under ``/<prefix>/``. Raises ValueError where either is taken by another."""
    purpose = Purpose(prefix.strip("/"), name, resend)
    for other in PURPOSES.values():
        if other != purpose and (other.name == name or other.path_prefix == purpose.path_prefix):
            raise ValueError(f"{purpose} clashes with {other}.")
    PURPOSES[name] = purpose
    return purpose


class LinkTokenConverter:
    """``<link_token:token>`` in a URL pattern: never matches a bare number, so ``/i/<int:link>/`` can stand beside."""

    regex = r"[0-9]{1,18}-[A-Za-z0-9_-]{20,60}"

    def to_python(self, value: str) -> str:
        return value

    to_url = to_python


register_converter(LinkTokenConverter, "link_token")


@dataclass(frozen=True)
class LinkRow:
    """What ``make_links`` takes for each link; the same words as ``make_link``."""

    purpose: str
    person: Person | None
    about: models.Model | str
    ends_at: datetime


def make_link(
    *, purpose: str, person: Person | None, about: models.Model | str, ends_at: datetime, now: datetime
) -> PersonalLink:
    """Return a new saved link of a registered ``purpose`` for ``person`` about a row (or its history key).

    ``ends_at`` and ``now`` are aware; ``ends_at`` must lie ahead (ValueError). The caller records what it does with it.
    """
    link = unsaved_link(LinkRow(purpose, person, about, ends_at), now)
    link.save(force_insert=True)
    return link


def make_links(rows: Iterable[LinkRow], now: datetime) -> list[PersonalLink]:
    """Return new saved links, in the order of ``rows``: the same as ``make_link`` for tens of thousands at once."""
    return PersonalLink.objects.bulk_create([unsaved_link(row, now) for row in rows], batch_size=5_000)


def unsaved_link(row: LinkRow, now: datetime) -> PersonalLink:
    """Return what ``make_link`` saves, for a caller that writes it together with other rows; raises as it does."""
    if row.purpose not in PURPOSES:
        raise ValueError(f"Register the purpose {row.purpose!r} first.")
    if row.ends_at <= now:
        raise ValueError("A link must end after now.")
    return unsaved(
        PersonalLink,
        purpose=row.purpose,
        person=row.person,
        about=key_of(row.about),
        created_at=now,
        ends_at=row.ends_at,
        nonce=secrets.token_hex(16),
    )


def token_of(link: PersonalLink) -> str:
    """Return the token that opens the saved ``link``: the same each time, made with the newest SECRET_KEY."""
    return f"{link.pk}-{_mac(link, settings.SECRET_KEY)}"


def address_of(link: PersonalLink) -> str:
    """Return the absolute address to mail, built from settings.SITE_URL and never from a request."""
    return f"{settings.SITE_URL}/{PURPOSES[link.purpose].path_prefix}/{token_of(link)}/"


def _mac(link: PersonalLink, key: str) -> str:
    # The nonce keeps a token from opening a later row that got the same number, after a restored backup.
    value = "\n".join([link.purpose, str(link.pk), link.nonce, str(link.person_id or ""), link.about])
    digest = salted_hmac(_SALT, value, secret=key, algorithm="sha256").digest()
    return base64.urlsafe_b64encode(digest[:_MAC_BYTES]).decode().rstrip("=")


def find(token: str, purpose: str, now: datetime) -> PersonalLink:
    """Return the link that ``token`` opens for ``purpose``, its person loaded. Changes nothing.

    Raises LinkUnknown (no such link, or of another purpose), LinkEnded, LinkRevoked (also for a closed account).
    Tokens made with a key of SECRET_KEY_FALLBACKS open too.
    """
    number, _, mac = token.partition("-")
    link = _load(number, purpose)
    keys = [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
    if link is None or not any(constant_time_compare(mac, _mac(link, key)) for key in keys):
        raise LinkUnknown
    return _still_open(link, now)


def _load(number: int | str, purpose: str) -> PersonalLink | None:
    if not str(number).isascii() or not str(number).isdecimal() or int(number) >= 2**63:
        return None
    rows = _loading().rows(number=int(number), purpose=purpose)
    if not rows:
        return None
    return link_of(rows[0])


def links_to_read(number: int, purpose: str) -> models.QuerySet:
    """Return the query for the link ``number`` of ``purpose``, whose row ``link_of`` takes."""
    return PersonalLink.objects.filter(pk=number, purpose=purpose).values_list(
        *LINK_COLUMNS, *(f"person__{name}" for name in _columns_of(Person))
    )


def link_of(row: Sequence) -> PersonalLink:
    """Return the link that a row of ``links_to_read`` says, its person loaded."""
    own, person = row[: len(LINK_COLUMNS)], row[len(LINK_COLUMNS) :]
    found = loaded(Person, _columns_of(Person), person) if own[_PERSON] else None
    return loaded(PersonalLink, LINK_COLUMNS, own, person=found)


@cache
def _loading() -> Prepared:
    return compiled("personal_link", links_to_read(NUMBER, "the purpose"), number=NUMBER, purpose="the purpose")


@cache
def _columns_of(model: type[models.Model]) -> list[str]:
    return [field.attname for field in model._meta.concrete_fields]


LINK_COLUMNS = _columns_of(PersonalLink)
"""With what a row of ``links_to_read`` begins; then the person follows."""

_PERSON = LINK_COLUMNS.index("person_id")


def _still_open(link: PersonalLink, now: datetime) -> PersonalLink:
    if link.revoked_at is not None or (link.person is not None and not link.person.is_active):
        raise LinkRevoked(link)
    if link.ends_at <= now:
        raise LinkEnded(link)
    return link


@transaction.atomic
def revoke(link: PersonalLink, by: Any, now: datetime) -> PersonalLink:
    """End ``link`` at once, for open pages too. Revoking twice changes nothing. Returns the link as it now is."""
    locked = PersonalLink.objects.select_for_update(no_key=True, of=("self",)).get(pk=link.pk)
    if locked.revoked_at is None:
        locked.revoked_at = now
        locked.save(update_fields=["revoked_at"])
        record(by=by, verb="revoked", about=locked, now=now)
    return locked


@login_not_required
@require_safe
@never_cache
def exchange(request: HttpRequest, token: str, purpose: str) -> HttpResponse:
    """Answer ``/<prefix>/<token>/``: set the cookie of this one link and lead to ``/<prefix>/<link id>/``.

    Nothing else changes, however often a mail scanner comes before the person. A refused link gets a page that says
    why (403). Use it in a urls.py as ``path("<link_token:token>/", exchange, {"purpose": "…"})`` under the prefix.
    """
    try:
        link = find(token, purpose, timezone.now())
    except LinkRefused as refusal:
        return _without_referrer(refused_page(request, refusal, purpose))
    response = open_in_browser(link)
    return _without_referrer(response)


def open_in_browser(link: PersonalLink) -> HttpResponseRedirect:
    """Return the redirect to the page of ``link`` with the cookie that opens it.

    For a page that has checked another link of the same person, whose mail led here: a booking leads to its place.
    """
    response = HttpResponseRedirect(path_of(link))
    response.set_signed_cookie(
        cookie_name(),
        _cookie_value(link),
        salt=_SALT,
        path=path_of(link),
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Lax",
    )
    return response


def _without_referrer(response: HttpResponse) -> HttpResponse:
    response["Referrer-Policy"] = "no-referrer"
    return response


def path_of(link: PersonalLink) -> str:
    """Return the path of the page a link opens, without its token; the cookie is sent to this path alone."""
    return f"/{PURPOSES[link.purpose].path_prefix}/{link.pk}/"


def cookie_name() -> str:
    """Return the name of the cookie of an opened link. Its path keeps the links in two tabs apart."""
    return "__Secure-link" if settings.SESSION_COOKIE_SECURE else "link"


def _cookie_value(link: PersonalLink) -> str:
    return f"{link.purpose}:{link.pk}:{link.nonce}"


def personal_link(purpose: str) -> Callable:
    """Decorate a view under ``/<prefix>/<int:link>/``: it needs no sign-in, and gets ``request.link`` re-checked now.

    The view still takes ``link`` (the number). A link that has ended or was revoked since, or was never opened in
    this browser, gets a page that says so (403). POSTs are protected against forgery as everywhere.
    """

    def decorate(view: Callable) -> Callable:
        @login_not_required
        @never_cache
        @wraps(view)
        def opened(request: HttpRequest, link: int, *args, **kwargs) -> HttpResponse:
            try:
                request.link = _opened_link(request, link, purpose)
            except LinkRefused as refusal:
                return refused_page(request, refusal, purpose)
            return view(request, link, *args, **kwargs)

        return opened

    return decorate


def _opened_link(request: HttpRequest, number: int, purpose: str) -> PersonalLink:
    opened = opened_in(request)
    link = _load(number, purpose) if opened else None
    if link is None:
        raise LinkNotOpened
    return check_opened(link, opened, timezone.now())


def opened_in(request: HttpRequest) -> str:
    """Return what the cookie of an opened link says, its signature and age checked; "" where there is none."""
    try:
        return request.get_signed_cookie(cookie_name(), salt=_SALT, max_age=COOKIE_LIFE)
    except (KeyError, signing.BadSignature):
        return ""


def check_opened(link: PersonalLink, opened: str, now: datetime) -> PersonalLink:
    """Return ``link`` where it still opens its page, and is what ``opened_in`` says. Raises LinkRefused."""
    if not constant_time_compare(opened, _cookie_value(link)):
        raise LinkNotOpened
    return _still_open(link, now)


def refused_page(request: HttpRequest, refusal: LinkRefused, purpose: str) -> HttpResponse:
    """Return the 403 page that says why a link opens nothing, with the way to have it sent again where there is one."""
    resend = PURPOSES[purpose].resend
    context = {"refusal": refusal, "resend_url": reverse(resend) if resend else ""}
    return render(request, "accounts/link_refused.html", context, status=403)
