"""Streams: mails that people ask for and can leave, in contrast to service mail. Links, headers, what is still wanted.

RFC 8058: each mail of a stream carries List-Unsubscribe with one https address and List-Unsubscribe-Post; a POST to it
without cookies leaves, and no GET does. The mail server of the deployer signs both headers (DKIM).
"""

import base64
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.db.models import Count
from django.utils.crypto import constant_time_compare, salted_hmac

from messaging import kinds
from messaging.kinds import BULK, Content, Kind
from messaging.models import Bounce, Message, Subscriber, Subscription

_SALT = "messaging.streams"
_MAC_BYTES = 20


@dataclass(frozen=True)
class Stream:
    """A stream in words: its key as it stands in the rows, its name, and the address of its page."""

    key: str
    name: str
    url: str = ""


Source = Callable[[Sequence[str]], dict[str, Stream]]
_sources: dict[str, Source] = {}


def register(prefix: str, source: Source) -> None:
    """Say who knows the streams whose keys begin with ``prefix``, in one query. Call it in AppConfig.ready."""
    _sources[prefix] = source


def find(keys: Iterable[str]) -> dict[str, Stream]:
    """Return the streams of ``keys`` in words; one that has ended is left out."""
    keys, found = set(keys), {}
    for prefix, source in _sources.items():
        if own := sorted(key for key in keys if key.startswith(prefix)):
            found |= source(own)
    return found


def kind(
    name: str,
    render: Callable[[Message, Subscription], Content],
    still_wanted: Callable[[Sequence[Message], datetime], dict[int, str]] = kinds.all_wanted,
    *,
    stream: str,
    label: str,
) -> Kind:
    """Return a kind of mails of a stream; each has ``refs["subscription"]``. Who left or cannot be reached gets none.

    The log hides who they go to: who reads what is nobody's business.
    """

    def wanted(messages: Sequence[Message], now: datetime) -> dict[int, str]:
        return unwanted(messages) | still_wanted(messages, now)

    def rendered(message: Message) -> Content:
        own = Subscription.objects.select_related("subscriber").get(pk=message.refs["subscription"])
        content = render(message, own)
        content.headers |= headers_of(own)
        return content

    return Kind(name, rendered, wanted, private=True, stream=stream, label=label, rank=BULK)


def unwanted(messages: Sequence[Message]) -> dict[int, str]:
    """Return the reason code of each mail whose stream was left, or whose address does not take our mails."""
    asked = {message.pk: message.refs.get("subscription") for message in messages}
    rows = Subscription.objects.confirmed().filter(pk__in=[pk for pk in asked.values() if pk])
    addresses = dict(rows.values_list("pk", "subscriber__address"))
    back = set(Bounce.objects.standing().filter(address__in=addresses.values()).values_list("address", flat=True))
    reasons = {}
    for pk, subscription in asked.items():
        if subscription not in addresses:
            reasons[pk] = "stream_left"
        elif addresses[subscription] in back:
            reasons[pk] = "mails_come_back"
    return reasons


def headers_of(subscription: Subscription) -> dict[str, str]:
    """Return the two headers of RFC 8058 for a mail to ``subscription``."""
    return {
        "List-Unsubscribe": f"<{leave_address(subscription)}>",
        "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
    }


def leave_address(subscription: Subscription) -> str:
    """Return where this stream is left."""
    return f"{settings.SITE_URL}/mail/leave/{_token('leave', subscription)}/"


def confirm_address(subscription: Subscription) -> str:
    """Return where the owner of the address says that they want the stream. Asking again makes another one."""
    return f"{settings.SITE_URL}/mail/confirm/{_token('confirm', subscription)}/"


def preferences_address(subscriber: Subscriber) -> str:
    """Return the page with all streams of one address."""
    return f"{settings.SITE_URL}/mail/preferences/{_token('preferences', subscriber)}/"


def subscription_of(token: str, purpose: str) -> Subscription | None:
    """Return the subscription that ``token`` opens for "leave" or "confirm"; None where it opens nothing."""
    rows = Subscription.objects.select_related("subscriber")
    return _opened(token, purpose, rows)


def subscriber_of(token: str) -> Subscriber | None:
    """Return the subscriber whose preferences ``token`` opens; None where it opens nothing."""
    return _opened(token, "preferences", Subscriber.objects.all())


def _opened(token: str, purpose: str, rows):
    number, _, mac = token.partition("-")
    if not (number.isascii() and number.isdecimal()) or int(number) >= 2**63:
        return None
    row = rows.filter(pk=number).first()
    keys = [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
    if row is None or not any(constant_time_compare(mac, _mac(purpose, row, key)) for key in keys):
        return None
    return row


def _token(purpose: str, row: Subscriber | Subscription) -> str:
    return f"{row.pk}-{_mac(purpose, row, settings.SECRET_KEY)}"


def _mac(purpose: str, row: Subscriber | Subscription, key: str) -> str:
    nonce = row.nonce if isinstance(row, Subscriber) else row.subscriber.nonce
    asked = f"{row.asked_at.timestamp():.0f}" if purpose == "confirm" else ""
    value = "\n".join([purpose, str(row.pk), nonce, asked])
    digest = salted_hmac(_SALT, value, secret=key, algorithm="sha256").digest()
    return base64.urlsafe_b64encode(digest[:_MAC_BYTES]).decode().rstrip("=")


def count_readers(keys: Iterable[str]) -> dict[str, int]:
    """Return how many addresses each of the streams ``keys`` goes to: confirmed, and taking our mails."""
    counts = dict.fromkeys(keys, 0)
    rows = Subscription.objects.confirmed().filter(stream__in=list(counts))
    rows = rows.exclude(subscriber__address__in=Bounce.objects.standing().values("address")).values_list("stream")
    return counts | dict(rows.annotate(Count("pk")).order_by())
