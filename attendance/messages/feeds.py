"""Telling somebody the address of their feed. Private: whoever reads the log could subscribe to it."""

from collections.abc import Sequence
from datetime import datetime, timedelta

import messaging.actions
from accounts.models import PersonalLink
from attendance.feeds import feed_address
from history import verbs
from messaging.kinds import Content, Kind, register, render_mail
from messaging.models import Message

ADDRESS = "attendance.feed_address"


def tell_address(link: PersonalLink, *, now: datetime) -> bool:
    """Plan the mail with the address that ``link`` opens, at most once in ten minutes; return whether it is new."""
    if not link.person.email:
        return False
    made = messaging.actions.queue(
        kind=ADDRESS,
        key=f"{ADDRESS}:{link.pk}:{int(now.timestamp()) // 600}",
        to=link.person,
        refs={"link": link.pk},
        now=now,
        useful_until=now + timedelta(days=2),
    )
    return made is not None


def not_wanted(batch: Sequence[Message], now: datetime) -> dict[int, str]:
    """Return the reason code of each mail whose address opens nothing any more."""
    found = PersonalLink.objects.filter(pk__in=[message.refs["link"] for message in batch])
    alive = set(found.filter(revoked_at__isnull=True, ends_at__gt=now).values_list("pk", flat=True))
    return {message.pk: "feed_ended" for message in batch if message.refs["link"] not in alive}


def render(message: Message) -> Content:
    """Return the mail with the address."""
    link = PersonalLink.objects.select_related("person").get(pk=message.refs["link"])
    address = feed_address(link)
    webcal = f"webcal:{address.partition(':')[2]}"
    context = {"person": link.person, "link": link, "address": address, "webcal": webcal}
    return render_mail("attendance/mail/feed_address", context, "Your sessions as a calendar feed")


def register_kinds() -> None:
    """Make the kind and the verbs of feeds known; called when the app is ready."""
    register(Kind(ADDRESS, render, not_wanted, private=True, label="Address of a calendar feed"))
    verbs.register("feed_made", "Got the address of a calendar feed")
