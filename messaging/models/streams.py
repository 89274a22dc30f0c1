"""Who gets which stream of mails: an address that its owner has confirmed, and can leave by one press."""

import secrets

from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower

from history.retention import Retention


def new_nonce() -> str:
    """Return what the links of one row are made from, beside SECRET_KEY."""
    return secrets.token_hex(16)


class Subscriber(models.Model):
    """One address that streams of mails go to. It needs no account, and none is looked for."""

    address = models.EmailField(max_length=254, unique=True)
    nonce = models.CharField(max_length=32, default=new_nonce)
    made_at = models.DateTimeField()

    retention = Retention(
        plain=("id", "nonce", "made_at"),
        personal=("address",),
        until="30 days after its last stream was left; 7 days where none was ever confirmed",
    )

    class Meta:
        constraints = [
            models.CheckConstraint(condition=~Q(address="") & Q(address=Lower("address")), name="subscriber_address"),
            models.CheckConstraint(condition=Q(nonce__regex=r"^[0-9a-f]{32}$"), name="subscriber_has_nonce"),
        ]

    def __str__(self) -> str:
        return f"subscriber {self.pk}"


class SubscriptionState(models.TextChoices):
    ASKED = "asked", "Waits to be confirmed"
    CONFIRMED = "confirmed", "Gets the mails"
    LEFT = "left", "Left"


class SubscriptionQuerySet(models.QuerySet):
    """Subscriptions, in the words of the product."""

    def confirmed(self) -> "SubscriptionQuerySet":
        """Return those that mails go to."""
        return self.filter(state=SubscriptionState.CONFIRMED)


class Subscription(models.Model):
    """One address in one stream, which is named by the history key of what it tells about."""

    subscriber = models.ForeignKey(Subscriber, on_delete=models.CASCADE, related_name="subscriptions")
    stream = models.CharField(max_length=120)
    state = models.CharField(max_length=10, choices=SubscriptionState, default=SubscriptionState.ASKED)
    asked_at = models.DateTimeField()
    confirmed_at = models.DateTimeField(null=True)
    left_at = models.DateTimeField(null=True)

    objects = SubscriptionQuerySet.as_manager()

    retention = Retention(
        plain=("id", "stream", "state", "asked_at", "confirmed_at", "left_at"),
        personal=("subscriber",),
        until="30 days after it was left; 7 days where it was never confirmed",
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["stream", "subscriber"], name="subscription_once"),
            models.CheckConstraint(condition=~Q(stream=""), name="subscription_has_stream"),
            models.CheckConstraint(
                condition=Q(state="asked", confirmed_at=None, left_at=None)
                | Q(state="confirmed", confirmed_at__isnull=False, left_at=None)
                | Q(state="left", left_at__isnull=False),
                name="subscription_state_has_its_moment",
            ),
        ]
        indexes = [models.Index(fields=["stream", "state"], name="subscription_by_stream")]

    def __str__(self) -> str:
        return f"{self.stream} {self.state}"
