from datetime import datetime

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from history.retention import Retention
from messaging.models.streams import Subscriber as Subscriber
from messaging.models.streams import Subscription as Subscription
from messaging.models.streams import SubscriptionState as SubscriptionState


class SenderProfile(models.Model):
    """The name and mailbox that the mails of one scope come from. Where there is none, the installation's own."""

    about = models.CharField(max_length=120, unique=True)
    name = models.CharField(max_length=100)
    address = models.EmailField(max_length=254)
    reply_to = models.EmailField(max_length=254, null=True, blank=True)

    retention = Retention(
        plain=("id", "about", "name"),
        personal=("address", "reply_to"),
        until="the programme ends, or another mailbox takes its place",
    )

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=~Q(about="") & ~Q(name="") & ~Q(address="") & (Q(reply_to__isnull=True) | ~Q(reply_to="")),
                name="sender_profile_nothing_empty",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class MessageQuerySet(models.QuerySet):
    """The words of the outbox."""

    def due(self, now: datetime) -> "MessageQuerySet":
        """Those that may be sent at ``now``."""
        return self.filter(state=Message.State.PLANNED, next_try_at__lte=now)

    def unfinished(self) -> "MessageQuerySet":
        """Those whose fate is open: planned, claimed or held."""
        return self.filter(state__in=Message.OPEN)

    def in_need(self) -> "MessageQuerySet":
        """Those that somebody should look at: given up, or held."""
        return self.filter(state__in=[Message.State.GIVEN_UP, Message.State.HELD])


class Message(models.Model):
    """One mail to one person for one reason. The row is the queue: nothing else needs to survive."""

    class State(models.TextChoices):
        PLANNED = "planned", "Planned"
        CLAIMED = "claimed", "Being sent"
        SENT = "sent", "Sent"
        WITHHELD = "withheld", "Not sent: no longer wanted"
        MISSED = "missed", "Not sent: too late to be of use"
        GIVEN_UP = "given_up", "Given up"
        HELD = "held", "Held"

    class Rank(models.IntegerChoices):
        AT_ONCE = 0, "At once"
        SERVICE = 1, "Service"
        BULK = 2, "Bulk"

    OPEN = (State.PLANNED, State.CLAIMED, State.HELD)
    MOVES = {
        State.PLANNED: {State.CLAIMED, State.WITHHELD, State.HELD},
        State.CLAIMED: {State.PLANNED, State.SENT, State.WITHHELD, State.MISSED, State.GIVEN_UP, State.HELD},
        State.HELD: {State.PLANNED, State.WITHHELD},
        State.GIVEN_UP: {State.PLANNED},
        State.SENT: set(),
        State.WITHHELD: set(),
        State.MISSED: set(),
    }

    kind = models.CharField(max_length=60)
    key = models.CharField(max_length=200, unique=True)
    person = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="messages", db_index=False
    )
    address = models.EmailField(max_length=254, null=True)
    refs = models.JSONField(default=dict)
    about = models.CharField(max_length=120, null=True)
    rank = models.PositiveSmallIntegerField(choices=Rank.choices, default=Rank.SERVICE)
    created_at = models.DateTimeField()
    due_at = models.DateTimeField()
    useful_until = models.DateTimeField(null=True)

    state = models.CharField(max_length=10, choices=State.choices, default=State.PLANNED)
    reason = models.CharField(max_length=60, null=True)
    next_try_at = models.DateTimeField()
    first_tried_at = models.DateTimeField(null=True)
    attempts = models.PositiveIntegerField(default=0)
    takeovers = models.PositiveSmallIntegerField(default=0)
    claimed_by = models.CharField(max_length=100, null=True)
    lease_until = models.DateTimeField(null=True)
    sending_since = models.DateTimeField(null=True)
    in_doubt = models.BooleanField(default=False)
    last_error = models.CharField(max_length=30, null=True)

    message_id = models.CharField(max_length=255, null=True)
    sent_to = models.EmailField(max_length=254, null=True)
    subject = models.CharField(max_length=400, null=True)
    text = models.TextField(null=True)
    sealed = models.BinaryField(null=True)
    sent_at = models.DateTimeField(null=True)

    objects = MessageQuerySet.as_manager()

    retention = Retention(
        plain=(
            *("id", "kind", "key", "about", "rank", "created_at", "due_at", "useful_until", "state", "reason"),
            *("next_try_at", "first_tried_at", "attempts", "takeovers", "claimed_by", "lease_until", "sending_since"),
            *("in_doubt", "last_error", "message_id", "sent_at"),
        ),
        personal=("person", "address", "sent_to", "refs", "subject", "text", "sealed"),
        until="one year after it was sent; sealed goes as soon as the mail has left",
    )

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=["planned", "claimed", "sent", "withheld", "missed", "given_up", "held"]),
                name="message_state_known",
            ),
            models.CheckConstraint(
                condition=Q(state="claimed", claimed_by__isnull=False, lease_until__isnull=False)
                | (~Q(state="claimed") & Q(claimed_by=None, lease_until=None, sending_since=None)),
                name="message_claimed_has_a_lease",
            ),
            models.CheckConstraint(
                condition=Q(state="sent", sent_at__isnull=False, message_id__isnull=False)
                | (~Q(state="sent") & Q(sent_at=None)),
                name="message_sent_has_a_moment",
            ),
            models.CheckConstraint(
                condition=Q(state__in=["planned", "claimed", "sent"], reason=None)
                | Q(state__in=["withheld", "missed", "given_up", "held"], reason__isnull=False),
                name="message_not_sent_has_a_reason",
            ),
            models.CheckConstraint(
                condition=Q(state__in=["planned", "claimed", "held", "given_up"]) | Q(sealed=None),
                name="message_sealed_ends_with_it",
            ),
            models.CheckConstraint(
                condition=~Q(kind="")
                & ~Q(key="")
                & (Q(address=None) | ~Q(address=""))
                & (Q(about=None) | ~Q(about=""))
                & (Q(reason=None) | ~Q(reason="")),
                name="message_nothing_empty",
            ),
        ]
        indexes = [
            models.Index(fields=["rank", "next_try_at", "id"], name="message_to_claim", condition=Q(state="planned")),
            models.Index(fields=["lease_until"], name="message_to_take_over", condition=Q(state="claimed")),
            models.Index(fields=["kind"], name="message_in_need", condition=Q(state__in=["given_up", "held"])),
            models.Index(fields=["-due_at", "-id"], name="message_newest"),
            models.Index(fields=["about", "-due_at", "-id"], name="message_by_scope"),
            models.Index(fields=["person", "-due_at"], name="message_by_person"),
            models.Index(fields=["message_id"], name="message_by_its_number", condition=Q(state="sent")),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.pk}"


class Attempt(models.Model):
    """One try to hand a message to the mail server. Holds codes only, never an address or what a server wrote."""

    class Outcome(models.TextChoices):
        SENT = "sent", "Sent"
        LATER = "later", "Not yet: tried again later"
        REFUSED = "refused", "Refused"
        UNKNOWN = "unknown", "Not known whether it left"

    message = models.ForeignKey(Message, on_delete=models.CASCADE, related_name="tries")
    started_at = models.DateTimeField()
    ended_at = models.DateTimeField()
    outcome = models.CharField(max_length=10, choices=Outcome.choices)
    code = models.CharField(max_length=30, null=True)
    worker = models.CharField(max_length=100)

    retention = Retention(plain=("id", "message", "started_at", "ended_at", "outcome", "code", "worker"))

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(outcome__in=["sent", "later", "refused", "unknown"]), name="attempt_outcome_known"
            ),
            models.CheckConstraint(condition=Q(ended_at__gte=F("started_at")), name="attempt_ends_after_it_starts"),
        ]

    def __str__(self) -> str:
        return f"{self.outcome} {self.code or ''}".strip()


class Channel(models.Model):
    """How a way of delivery is doing. While it fails, one try at a time knocks, with growing pauses."""

    name = models.CharField(max_length=20, unique=True)
    failing_since = models.DateTimeField(null=True)
    failures = models.PositiveIntegerField(default=0)
    paused_until = models.DateTimeField(null=True)
    last_error = models.CharField(max_length=30, null=True)

    retention = Retention(plain=("id", "name", "failing_since", "failures", "paused_until", "last_error"))

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(failing_since=None, paused_until=None, last_error=None, failures=0)
                | Q(failing_since__isnull=False, paused_until__isnull=False, last_error__isnull=False, failures__gt=0),
                name="channel_failing_says_since_when",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class Delivered(models.Model):
    """The receiving end of a trial: each mail whole, as its person has it. Empty where a mail server is given."""

    message_id = models.CharField(max_length=255, unique=True)
    recipient = models.EmailField(max_length=254)
    subject = models.CharField(max_length=1000, blank=True)
    received_at = models.DateTimeField()
    raw = models.BinaryField()

    retention = Retention(
        plain=("id", "message_id", "received_at"),
        personal=("recipient", "subject", "raw"),
        until="the trial ends; the newest 100,000 are kept",
    )

    class Meta:
        verbose_name_plural = "delivered"
        indexes = [
            models.Index(fields=["-received_at", "-id"], name="delivered_newest"),
            models.Index(fields=["recipient", "-received_at", "-id"], name="delivered_by_recipient"),
        ]

    def __str__(self) -> str:
        return self.message_id


class Inbound(models.Model):
    """One mail that came and concerns us: an answer from a calendar, or a report that a mail of ours came back.

    The app that it concerns fetches it. ``is_proven``: our receiving server vouches for the sender's domain.
    """

    class Kind(models.TextChoices):
        CALENDAR = "calendar", "Answer from a calendar"
        BOUNCE = "bounce", "Mail that came back"

    message_id = models.CharField(max_length=255, unique=True)
    kind = models.CharField(max_length=10, choices=Kind.choices)
    received_at = models.DateTimeField()
    sender = models.CharField(max_length=260, null=True)
    is_proven = models.BooleanField()
    words = models.TextField(blank=True, help_text="the calendar object, until it is settled")
    settled_at = models.DateTimeField(null=True)

    retention = Retention(
        plain=("id", "message_id", "kind", "received_at", "is_proven", "settled_at"),
        personal=("sender", "words"),
        until="words until the answer is taken; the row 90 days, so that the same mail is not taken twice",
    )

    class Meta:
        verbose_name_plural = "inbound"
        constraints = [
            models.CheckConstraint(condition=Q(kind__in=["calendar", "bounce"]), name="inbound_kind_known"),
            models.CheckConstraint(condition=Q(settled_at=None) | Q(words=""), name="inbound_settled_keeps_no_words"),
            models.CheckConstraint(condition=~Q(message_id="") & ~Q(sender=""), name="inbound_nothing_empty"),
        ]
        indexes = [models.Index(fields=["kind", "id"], name="inbound_to_take", condition=Q(settled_at=None))]

    def __str__(self) -> str:
        return self.message_id


class Mailbox(models.Model):
    """How far the mailbox that answers come to has been read, and since when it cannot be."""

    name = models.CharField(max_length=200, unique=True)
    validity = models.BigIntegerField(default=0, help_text="UIDVALIDITY of IMAP")
    last_number = models.BigIntegerField(default=0, help_text="UID of the last mail that was looked at")
    read_at = models.DateTimeField(null=True)
    failing_since = models.DateTimeField(null=True)
    last_error = models.CharField(max_length=60, null=True)

    retention = Retention(
        plain=("id", "name", "validity", "last_number", "read_at", "failing_since", "last_error"),
    )

    class Meta:
        verbose_name_plural = "mailboxes"
        constraints = [
            models.CheckConstraint(
                condition=Q(failing_since=None, last_error=None)
                | Q(failing_since__isnull=False, last_error__isnull=False),
                name="mailbox_failing_says_why",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class BounceQuerySet(models.QuerySet):
    """Mails that came back."""

    def standing(self) -> "BounceQuerySet":
        """Return those whose address nobody has cleared since."""
        return self.filter(cleared_at=None)

    def to_mend(self) -> "BounceQuerySet":
        """Return those standing of addresses in use: who has another one since gets our mails, as far as we know."""
        return self.standing().filter(Q(message__person=None) | Q(message__person__email=F("address")))


class Bounce(models.Model):
    """A mail of ours came back for good: its address is marked until somebody clears it or has a new one.

    ``address`` is written as we know it, where the envelope had its domain in ASCII.
    """

    message = models.OneToOneField(Message, on_delete=models.CASCADE, related_name="bounce")
    address = models.EmailField(max_length=254)
    status = models.CharField(max_length=12, help_text="RFC 3463, for example 5.1.1")
    came_at = models.DateTimeField()
    cleared_at = models.DateTimeField(null=True)
    cleared_by = models.CharField(max_length=80, blank=True)

    objects = BounceQuerySet.as_manager()

    retention = Retention(
        plain=("id", "message", "status", "came_at", "cleared_at"),
        personal=("address", "cleared_by"),
        until="one year",
    )

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(status__regex=r"^[45]\."), name="bounce_is_for_good"),
            models.CheckConstraint(
                condition=Q(cleared_at=None, cleared_by="") | (Q(cleared_at__isnull=False) & ~Q(cleared_by="")),
                name="bounce_cleared_says_by_whom",
            ),
        ]
        indexes = [models.Index(fields=["address"], name="bounce_standing", condition=Q(cleared_at=None))]

    def __str__(self) -> str:
        return f"{self.status} {self.pk}"
