"""What senior managers and their assistants are told about saying when they can come."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from django.utils import timezone

import messaging.actions
from accounts.links import address_of
from accounts.models import PersonalLink
from briefings.models import Mandate
from history import verbs
from history.actions import key_of
from messaging.actions import Planned
from messaging.kinds import Content, Kind, register, render_mail
from messaging.models import Message

ASKED_WHEN = "attendance.availability_asked"


def ask_when(mandates: Iterable[Mandate], links: Iterable[PersonalLink], *, now: datetime) -> None:
    """Plan one mail to the holder of each of ``links``; once a day for each."""
    by_about = {key_of(each): each for each in mandates}
    rows = [
        Planned(
            key=f"{ASKED_WHEN}:{link.pk}:{now:%Y%m%d}",
            to=link.person_id,
            refs={"mandate": by_about[link.about].pk, "link": link.pk},
            about=by_about[link.about].programme,
            useful_until=link.ends_at,
        )
        for link in links
        if link.about in by_about
    ]
    messaging.actions.queue_many(kind=ASKED_WHEN, rows=rows, now=now)


def not_wanted(batch: Sequence[Message], now: datetime) -> dict[int, str]:
    """Return the reason code of each mail whose mandate or link has ended."""
    mandates = Mandate.objects.on(timezone.localdate(now)).filter(pk__in=[each.refs["mandate"] for each in batch])
    links = PersonalLink.objects.filter(
        pk__in=[each.refs["link"] for each in batch], revoked_at__isnull=True, ends_at__gt=now
    )
    held, open_links = set(mandates.values_list("pk", flat=True)), set(links.values_list("pk", flat=True))
    return {
        each.pk: "mandate_ended"
        for each in batch
        if each.refs["mandate"] not in held or each.refs["link"] not in open_links
    }


def render_asked(message: Message) -> Content:
    """Return the mail with the link to the one page."""
    mandate = Mandate.objects.select_related("person", "programme", "organisation").get(pk=message.refs["mandate"])
    link = PersonalLink.objects.select_related("person").get(pk=message.refs["link"])
    context = {
        "person": message.person,
        "senior": mandate.person,
        "for_assistant": mandate.person_id != message.person_id,
        "organisation": mandate.organisation,
        "programme": mandate.programme,
        "address": address_of(link),
    }
    return render_mail("attendance/mail/availability_asked", context, f"When can you come? {mandate.programme.name}")


def register_kinds() -> None:
    """Make the kind and the words of its history known; called when the app is ready."""
    register(Kind(ASKED_WHEN, render_asked, not_wanted, label="Senior managers asked when they can"))
    verbs.register("asked_when", "Asked when they can come", about="briefings.mandate")
    verbs.register("said_when", "Said when they can come", mark="full", about="briefings.mandate")
