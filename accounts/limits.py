"""Limits on trying, counted in PostgreSQL by one statement: nothing races and a flushed Redis opens nothing.

There is no limit on an e-mail address alone: whoever knows it could then keep its owner out (docs/adr/0011).
"""

import ipaddress
from datetime import datetime, timedelta

from django.conf import settings
from django.core import signing
from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.utils.crypto import get_random_string, salted_hmac

from accounts.models import Attempt, Person

CODES_PERIOD = timedelta(minutes=15)
CODES_PER_NETWORK = 100
CODES_PER_NETWORK_AND_ADDRESS = 5
CODES_PER_KNOWN_BROWSER = 10
TRIES_PER_CODE = 3

KNOWN_BROWSER_LIFE = timedelta(days=180)
_SALT = "accounts.limits"

_COUNT = """
    INSERT INTO accounts_attempt (key, count, ends_at) VALUES (%(key)s, 1, %(ends_at)s)
    ON CONFLICT (key) DO UPDATE SET
        count = CASE WHEN accounts_attempt.ends_at <= %(now)s THEN 1
                     ELSE least(accounts_attempt.count, 1000000) + 1 END,
        ends_at = CASE WHEN accounts_attempt.ends_at <= %(now)s THEN excluded.ends_at ELSE accounts_attempt.ends_at END
    RETURNING count
"""


def hit(name: str, key: str, *, limit: int, period: timedelta, now: datetime) -> bool:
    """Count one attempt at ``name`` by ``key`` and return whether it is within ``limit`` for this ``period``.

    The period begins with the first attempt. Attempts beyond the limit do not make it longer. ``now`` is aware. The
    key is stored as a keyed digest. Call it outside a transaction that may be rolled back.
    """
    digest = salted_hmac(_SALT, f"{name}\n{key}", algorithm="sha256").hexdigest()
    with connection.cursor() as cursor:
        cursor.execute(_COUNT, {"key": digest, "now": now, "ends_at": now + period})
        return cursor.fetchone()[0] <= limit


def forget_ended(now: datetime) -> int:
    """Delete the counts whose period is over and return how many there were."""
    return Attempt.objects.filter(ends_at__lte=now).delete()[0]


def may_ask_for_code(request: HttpRequest, email: str, person: Person | None, now: datetime) -> bool:
    """Count one request for a sign-in code for ``email`` and return whether to send it.

    A browser in which ``person`` has signed in before has a budget of its own, so nobody on the same network can use
    it up. The answer is the same whether ``email`` is known or not.
    """
    browser = known_browser(request, person)
    if browser:
        return hit("code by browser", browser, limit=CODES_PER_KNOWN_BROWSER, period=CODES_PERIOD, now=now)
    network = network_of(client_address(request))
    pair = f"{network}\n{email}"
    within = hit("code by network", network, limit=CODES_PER_NETWORK, period=CODES_PERIOD, now=now)
    return hit("code by both", pair, limit=CODES_PER_NETWORK_AND_ADDRESS, period=CODES_PERIOD, now=now) and within


def client_address(request: HttpRequest) -> str:
    """Return the network address of the client: from X-Forwarded-For as far as TRUSTED_PROXIES says, else the peer's.

    With n proxies of ours in front, the n-th entry from the right was written by the outermost of them; whatever
    stands left of it may be invented. "0.0.0.0" where there is none (a socket file).
    """
    hops = [hop.strip() for hop in request.headers.get("X-Forwarded-For", "").split(",") if hop.strip()]
    trusted = settings.TRUSTED_PROXIES
    if trusted and len(hops) >= trusted:
        return _clean(hops[-trusted])
    return _clean(request.META.get("REMOTE_ADDR", ""))


def _clean(address: str) -> str:
    try:
        return str(ipaddress.ip_address(address.strip("[]")))
    except ValueError:
        return "0.0.0.0"  # noqa: S104 - says that the address is not known; nothing is bound to it


def network_of(address: str) -> str:
    """Return what counts as one client: an IPv4 address, or the /64 that one IPv6 customer has at least."""
    parsed = ipaddress.ip_address(address)
    return address if parsed.version == 4 else str(ipaddress.ip_network((address, 64), strict=False))


def known_browser(request: HttpRequest, person: Person | None) -> str:
    """Return the random name of this browser where ``person`` has signed in before; "" otherwise."""
    try:
        value = request.get_signed_cookie(known_browser_cookie(), salt=_SALT, max_age=KNOWN_BROWSER_LIFE)
    except (KeyError, signing.BadSignature):
        return ""
    owner, _, browser = value.partition(":")
    return browser if person is not None and owner == str(person.pk) else ""


def remember_browser(response: HttpResponse, person: Person) -> None:
    """Mark the browser as one in which ``person`` has signed in. It grants nothing but a budget of its own."""
    response.set_signed_cookie(
        known_browser_cookie(),
        f"{person.pk}:{get_random_string(22)}",
        salt=_SALT,
        max_age=KNOWN_BROWSER_LIFE,
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Lax",
    )


def known_browser_cookie() -> str:
    """Return the name of the cookie that marks a known browser."""
    return "__Host-known" if settings.SESSION_COOKIE_SECURE else "known"
