"""What people do with streams of mails: ask for one, confirm it, leave one or all."""

from datetime import datetime, timedelta

from django.db import transaction

import messaging.actions
from accounts import limits
from history.actions import STRANGER, record
from history.refusals import Refused
from messaging.messages import ALREADY, CONFIRM
from messaging.models import Bounce, Message, Subscriber, Subscription, SubscriptionState

TO_CONFIRM = timedelta(days=7)
"""How long an address waits to be confirmed, and how long the link in that mail works."""

LEFT_KEPT = timedelta(days=30)
BETWEEN_MAILS = timedelta(minutes=10)
"""Who asks again sooner gets no second mail: nobody can fill somebody else's mailbox by this form."""

AN_HOUR, A_DAY = 3, 6
"""How many of these mails an address gets, whatever the streams: there may be hundreds of them."""


class AskedTooLongAgo(Refused):
    sentence = "This link has ended. Ask for the mails again, and open the link in the new e-mail."


@transaction.atomic
def ask_for_stream(*, stream: str, address: str, now: datetime) -> None:
    """Note that somebody wants ``stream`` sent to ``address``, and mail the owner of the address to confirm it.

    Who gets it already is told so in that mail, and an address that got enough of them gets none. Whoever asked learns
    nothing: the answer is the same.
    """
    address = address.strip().lower()
    Subscriber.objects.bulk_create([Subscriber(address=address, made_at=now)], ignore_conflicts=True)
    subscriber = Subscriber.objects.select_for_update(no_key=True).get(address=address)
    own = subscriber.subscriptions.filter(stream=stream).first()
    if own and now - own.asked_at < BETWEEN_MAILS and own.state != SubscriptionState.LEFT:
        return
    if not _may_mail(address, now):
        return
    own = own or Subscription(subscriber=subscriber, stream=stream)
    own.asked_at = now
    if own.state == SubscriptionState.LEFT:
        own.state, own.confirmed_at, own.left_at = SubscriptionState.ASKED, None, None
    own.save()
    _mail(ALREADY if own.state == SubscriptionState.CONFIRMED else CONFIRM, own, now)


def _may_mail(address: str, now: datetime) -> bool:
    """Count one more mail that somebody may have asked for in the name of another; return whether it may go."""
    budgets = ((AN_HOUR, timedelta(hours=1)), (A_DAY, timedelta(days=1)))
    return all(
        limits.hit(f"stream mails in {period}", address, limit=limit, period=period, now=now)
        for limit, period in budgets
    )


def _mail(kind: str, own: Subscription, now: datetime) -> None:
    messaging.actions.queue(
        kind=kind,
        key=f"messaging.subscription:{own.pk}:{kind}:{now.timestamp():.0f}",
        to=None,
        address=own.subscriber.address,
        refs={"subscription": own.pk},
        now=now,
        useful_until=now + TO_CONFIRM,
    )


@transaction.atomic
def confirm_stream(*, subscription: Subscription, now: datetime) -> Subscription:
    """Let the mails of the stream go to this address from now on; twice is once.

    That this mail was read shows that the address works: what stood against it is cleared. Raises AskedTooLongAgo,
    also for a stream that was left.
    """
    own = _locked(subscription)
    if own.state == SubscriptionState.CONFIRMED:
        return own
    if own.state == SubscriptionState.LEFT or own.asked_at + TO_CONFIRM <= now:
        raise AskedTooLongAgo
    own.state, own.confirmed_at = SubscriptionState.CONFIRMED, now
    own.save(update_fields=["state", "confirmed_at"])
    Bounce.objects.standing().filter(address=own.subscriber.address).update(cleared_at=now, cleared_by=STRANGER)
    record(by=STRANGER, verb="confirmed_stream", about=own, now=now)
    return own


@transaction.atomic
def leave_stream(*, subscription: Subscription, now: datetime) -> Subscription:
    """End the mails of one stream to one address; twice is once. What is planned is not wanted any more."""
    own = _locked(subscription)
    if own.state == SubscriptionState.LEFT:
        return own
    own.state, own.left_at = SubscriptionState.LEFT, now
    own.save(update_fields=["state", "left_at"])
    record(by=STRANGER, verb="left_stream", about=own, now=now)
    return own


@transaction.atomic
def leave_all_streams(*, subscriber: Subscriber, now: datetime) -> int:
    """End every stream to this address; return how many there were."""
    rows = subscriber.subscriptions.exclude(state=SubscriptionState.LEFT).select_related("subscriber").order_by("pk")
    return len([leave_stream(subscription=each, now=now) for each in rows])


def forget_subscribers(*, now: datetime) -> int:
    """Delete what was never confirmed, what was left long ago, and addresses without a stream; return how many rows.

    Stream mails that were sent to them are emptied by ``forget_old``; what is planned is not wanted any more.
    """
    asked = Subscription.objects.filter(state=SubscriptionState.ASKED, asked_at__lte=now - TO_CONFIRM)
    left = Subscription.objects.filter(state=SubscriptionState.LEFT, left_at__lte=now - LEFT_KEPT)
    count = sum(rows.delete()[0] for rows in (asked, left))
    alone = Subscriber.objects.filter(subscriptions=None, made_at__lte=now - TO_CONFIRM)
    addresses = list(alone.values_list("address", flat=True))
    # The log keeps the row, whose key must never mail again, and not the address of somebody who is gone.
    gone = Message.objects.filter(address__in=addresses, kind__in=[ALREADY, CONFIRM]).exclude(state__in=Message.OPEN)
    gone.update(address=None, sent_to=None, refs={})
    return count + alone.delete()[0]


def _locked(subscription: Subscription) -> Subscription:
    Subscriber.objects.select_for_update(no_key=True).get(pk=subscription.subscriber_id)
    return Subscription.objects.select_related("subscriber").get(pk=subscription.pk)
