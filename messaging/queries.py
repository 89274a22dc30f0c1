"""What is asked of the outbox: who sends, what the log shows, how the ways of delivery are doing."""

from collections.abc import Iterable
from dataclasses import dataclass
from email.utils import parseaddr
from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Count, F, Func, OuterRef, Q, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce, Lower

from accounts.models import Person
from accounts.permissions import INSTALLATION, Permission, scopes_with
from history.actions import key_of
from messaging import kinds
from messaging.mime import Sender
from messaging.models import Bounce, Channel, Mailbox, Message, SenderProfile


def sender_for(about: models.Model | str | None) -> Sender:
    """Return who the mails of the scope ``about`` come from: its profile, else the installation's, else the settings.

    The organiser of a calendar entry is the same mailbox (CAL-16), so whoever makes entries asks here too.
    """
    keys = [key_of(about), INSTALLATION] if about else [INSTALLATION]
    profiles = {profile.about: profile for profile in SenderProfile.objects.filter(about__in=keys)}
    return _sender(profiles.get(keys[0]) or profiles.get(INSTALLATION))


def senders_for(abouts: Iterable[models.Model]) -> dict[models.Model, Sender]:
    """Return for each of ``abouts`` who its mails come from, as ``sender_for``, in one query for all of them."""
    abouts = list(abouts)
    keys = [*(key_of(about) for about in abouts), INSTALLATION]
    profiles = {profile.about: profile for profile in SenderProfile.objects.filter(about__in=keys)}
    return {about: _sender(profiles.get(key_of(about)) or profiles.get(INSTALLATION)) for about in abouts}


def _sender(profile: SenderProfile | None) -> Sender:
    if profile is not None:
        return Sender(profile.name, profile.address, profile.reply_to or "")
    name, address = parseaddr(settings.DEFAULT_FROM_EMAIL)
    return Sender(name or settings.SITE_NAME, address)


def messages_visible_to(person: Any) -> QuerySet[Message]:
    """Return the messages whose fate ``person`` may see: all, those about own programmes, or none."""
    scopes = scopes_with(person, Permission.SEE_MESSAGES)
    if INSTALLATION in scopes:
        return Message.objects.all()
    return Message.objects.filter(about__in=scopes)


def hides_recipient(kind: str) -> bool:
    """Return whether the log must not say who a message of ``kind`` went to, nor what it was.

    A private mail about a question would name its asker. The one exception carries codes, which everybody gets, and
    whoever waits for one asks the staff. A kind that this release does not know may have been private.
    """
    known = kinds.find(kind)
    return kind != kinds.CODES and (known is None or known.private)


def shown_kinds() -> list[str]:
    """Return the kinds of which the log may say to whom a message went."""
    return [each.name for each in kinds.every() if not hides_recipient(each.name)]


CAME_BACK = "came_back"
"""A state for the filter alone: sent, and reported as not delivered."""


def bounces_visible_to(person: Any) -> QuerySet[Bounce]:
    """Return the reports that stand against addresses in use, as far as ``person`` may see the mails they are about.

    Never those of mails that hide their recipient: that somebody got one would tell.
    """
    mails = messages_visible_to(person).filter(kind__in=shown_kinds())
    return Bounce.objects.to_mend().filter(message__in=mails)


def bounces_found(bounces: QuerySet[Bounce], q: str) -> QuerySet[Bounce]:
    """Return the newest of ``bounces`` for each address, by address, those with ``q`` in address or name."""
    if q:
        bounces = bounces.filter(Q(address__icontains=q) | Q(message__person__name__icontains=q))
    return bounces.order_by("address", "-came_at", "-pk").distinct("address").select_related("message__person")


def bounce_of(address: str | None) -> Bounce | None:
    """Return the newest report that stands against ``address``, None where mails arrive as far as we know."""
    if not address:
        return None
    standing = Bounce.objects.standing().filter(address=address.lower(), message__kind__in=shown_kinds())
    return standing.order_by("-came_at", "-pk").first()


def found(messages: QuerySet[Message], *, q="", state="", kind="", domain="", about="") -> QuerySet[Message]:
    """Return those of ``messages`` that fit everything given, newest first. What is empty narrows nothing.

    A search for a person, or by kind, never finds a message that hides its recipient: finding it would tell.
    """
    if q or kind:
        messages = messages.filter(kind__in=shown_kinds())
    if q:
        messages = messages.filter(
            Q(person__name__icontains=q)
            | Q(person__email__icontains=q)
            | Q(address__icontains=q)
            | Q(sent_to__icontains=q)
        )
    if state == CAME_BACK:
        messages, state = messages.filter(bounce__isnull=False, kind__in=shown_kinds()), ""
    exact = {name: value for name, value in {"state": state, "kind": kind, "about": about}.items() if value}
    messages = messages.filter(**exact)
    if domain:
        messages = messages.alias(domain=DOMAIN).filter(domain=domain.lower().removeprefix("@"))
    return messages.order_by("-due_at", "-pk")


_THEIR_ADDRESS = Person.objects.filter(pk=OuterRef("person")).values("email")
DOMAIN = Lower(
    Func(
        # A subquery and no join: it is asked only for what has not been sent and has no address of its own.
        Coalesce(F("sent_to"), F("address"), Subquery(_THEIR_ADDRESS), Value("")),
        Value("@"),
        Value(2),
        function="split_part",
        output_field=models.CharField(),
    )
)


def count_by_state(messages: QuerySet[Message]) -> dict[str, int]:
    """Return how many of ``messages`` are in each state, in the order of the states; those with none are left out."""
    counts = dict(messages.order_by().values_list("state").annotate(Count("pk")))
    return {state: counts[state] for state in Message.State.values if state in counts}


@dataclass(frozen=True)
class DomainCount:
    """How the mails to one mail domain are doing."""

    domain: str
    total: int
    sent: int
    waiting: int
    in_need: int


def count_by_domain(messages: QuerySet[Message], *, most: int = 20) -> list[DomainCount]:
    """Return the figures of the ``most`` mail domains with the most mails, those in need first."""
    states = Message.State
    rows = (
        messages.order_by()
        .values(domain=DOMAIN)
        .annotate(
            total=Count("pk"),
            sent=Count("pk", filter=Q(state=states.SENT)),
            waiting=Count("pk", filter=Q(state__in=[states.PLANNED, states.CLAIMED])),
            in_need=Count("pk", filter=Q(state__in=[states.GIVEN_UP, states.HELD])),
        )
        .order_by("-in_need", "-total", "domain")[: most + 1]
    )
    # Whoever has no address is left out here: in the statement every domain would be worked out twice.
    return [DomainCount(**row) for row in rows if row["domain"]][:most]


def broken_channel() -> Channel | None:
    """Return the way of delivery that fails now, or None."""
    return Channel.objects.filter(failing_since__isnull=False).order_by("failing_since").first()


def broken_mailbox() -> Mailbox | None:
    """Return the mailbox for answers where it cannot be read now, or None."""
    return Mailbox.objects.filter(failing_since__isnull=False).order_by("failing_since").first()
