"""What people answered from their calendars."""

from django.db import models
from django.db.models import Q

from attendance.models.places import CalendarEntry
from history.retention import Retention
from messaging.models import Inbound


class AnswerWhy(models.TextChoices):
    """Why the coordinator looks at an answer."""

    STRANGER = "stranger", "Somebody answered to whom the entry was not sent"
    UNPROVEN = "unproven", "It is not proven that the answer comes from them"
    OLD = "old", "They answered what stood before the last change"
    DELEGATED = "delegated", "They named somebody else in their place"
    PROPOSED = "proposed", "They propose another time"
    RUNS_IT = "runs_it", "They run this session"
    PLACE_GONE = "place_gone", "They want the place back, and it has gone"
    UNCLEAR = "unclear", "The answer is not clear"


TO_DO = {
    AnswerWhy.STRANGER: "A colleague who wants to come needs a place of their own. The place of this person stays.",
    AnswerWhy.UNPROVEN: "Ask them by telephone or by a mail of your own, and do for them what they say.",
    AnswerWhy.OLD: "Send them the entry again, or ask whether they know the new date.",
    AnswerWhy.DELEGATED: "Ask whether the colleague should come instead: then change the place for them.",
    AnswerWhy.PROPOSED: "Look whether another date suits them, and change the place.",
    AnswerWhy.RUNS_IT: "Ask them, and find somebody else to run the session.",
    AnswerWhy.PLACE_GONE: "Put them on the waiting list or find another date with them.",
    AnswerWhy.UNCLEAR: "Ask them what they meant.",
}
"""What the coordinator can do about it."""


class AnswerQuerySet(models.QuerySet):
    """Answers, in the words of the product."""

    def waiting(self) -> "AnswerQuerySet":
        """Return those that the coordinator has not settled."""
        return self.filter(outcome=CalendarAnswer.Outcome.ASKS, settled_at=None)

    def counted(self) -> "AnswerQuerySet":
        """Return those that came from the person and were followed, the newest first (RFC 5546, 2.1.5)."""
        outcomes = CalendarAnswer.Outcome
        followed = (outcomes.CONFIRMED, outcomes.GAVE_UP, outcomes.TOOK_BACK, outcomes.NOTED)
        return self.filter(outcome__in=followed).order_by("-sequence", "-stamp", "-pk")


class CalendarAnswer(models.Model):
    """One answer to one entry: what was said, what followed, and whether the coordinator has to look at it."""

    class Said(models.TextChoices):
        ACCEPTED = "accepted", "Accepted"
        DECLINED = "declined", "Declined"
        TENTATIVE = "tentative", "Perhaps"
        DELEGATED = "delegated", "Named somebody else"
        PROPOSED = "proposed", "Proposed another time"
        UNCLEAR = "unclear", "Not clear"

    class Outcome(models.TextChoices):
        CONFIRMED = "confirmed", "Confirmed"
        GAVE_UP = "gave_up", "Place given up"
        TOOK_BACK = "took_back", "Place taken back"
        NOTED = "noted", "Noted"
        NOTHING = "nothing", "Nothing to do"
        ASKS = "asks", "For the coordinator"

    entry = models.ForeignKey(CalendarEntry, on_delete=models.CASCADE, related_name="answers")
    inbound = models.OneToOneField(Inbound, on_delete=models.SET_NULL, null=True, related_name="answer")
    said = models.CharField(max_length=10, choices=Said)
    sequence = models.PositiveIntegerField()
    stamp = models.DateTimeField(help_text="DTSTAMP: when it was answered, by their clock")
    left_at = models.PositiveIntegerField(help_text="the number of the entry after this answer")
    received_at = models.DateTimeField()
    sender = models.CharField(max_length=260, blank=True)
    attendee = models.CharField(max_length=254, blank=True)
    outcome = models.CharField(max_length=10, choices=Outcome)
    why = models.CharField(max_length=10, choices=AnswerWhy, blank=True)
    settled_at = models.DateTimeField(null=True)
    settled_by = models.CharField(max_length=80, blank=True)

    objects = AnswerQuerySet.as_manager()

    retention = Retention(
        plain=("id", "entry", "inbound", "sequence", "stamp", "left_at", "received_at", "outcome", "why", "settled_at"),
        personal=("said", "sender", "attendee", "settled_by"),
        until="two years after the programme has ended",
    )

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(outcome="asks") & ~Q(why="") | ~Q(outcome="asks") & Q(why=""),
                name="calendar_answer_asks_with_a_reason",
            ),
            models.CheckConstraint(
                condition=Q(settled_at=None, settled_by="") | Q(settled_at__isnull=False) & ~Q(settled_by=""),
                name="calendar_answer_settled_by_somebody",
            ),
        ]
        indexes = [
            models.Index(fields=["entry", "-sequence", "-stamp"], name="calendar_answer_newest"),
            models.Index(
                fields=["entry"], name="calendar_answer_waiting", condition=Q(outcome="asks", settled_at=None)
            ),
        ]

    @property
    def to_do(self) -> str:
        """What the coordinator can do about it, "" where nothing is to be done."""
        return TO_DO[AnswerWhy(self.why)] if self.why else ""
