"""The words of answers: drafts and who clears them, holding replies, what was published; and what moved the clock."""

from datetime import date
from typing import Any

from django.conf import settings
from django.contrib.postgres.search import SearchVector, SearchVectorField
from django.db import models
from django.db.models import Exists, OuterRef, Q

from commitments.models.questions import Question
from commitments.models.standards import GovernanceHolder, GovernanceRole
from history.retention import Retention
from organisations.models import Organisation


class Audience(models.TextChoices):
    ASKER = "asker", "Only who asked"
    ATTENDERS = "attenders", "Everybody with a place in that session"
    PRACTITIONERS = "practitioners", "All practitioners of the programme"
    PUBLIC = "public", "Everybody"


class Answer(models.Model):
    """One published version of the answer to a question. A later version stands beside the earlier, which is kept."""

    question = models.ForeignKey(Question, on_delete=models.CASCADE, related_name="answers")
    version = models.PositiveSmallIntegerField()
    words = models.TextField(max_length=5000)
    audience = models.CharField(max_length=15, choices=Audience, default=Audience.ASKER)
    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="+")
    given_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    given_as = models.CharField(max_length=200, help_text="the role at that time")
    published_at = models.DateTimeField()
    redacted_on = models.DateField(null=True, blank=True, help_text="the day on which words were destroyed")
    stems = models.GeneratedField(
        expression=SearchVector("words", config="english"), output_field=SearchVectorField(), db_persist=True
    )
    """What ``words`` come to for a search."""

    retention = Retention(
        plain=(
            "id", "question", "version", "words", "stems", "audience", "organisation", "given_as", "published_at",
            "redacted_on",
        ),
        personal=("given_by",),
        until="seven years after the programme has ended",
    )  # fmt: skip

    class Meta:
        ordering = ("-version",)
        constraints = [
            models.UniqueConstraint(fields=["question", "version"], name="answer_version_once"),
            models.CheckConstraint(condition=~Q(words=""), name="answer_has_words"),
        ]
        # Which answers were replaced is read off the few that replace one.
        indexes = [models.Index(fields=["question", "version"], condition=Q(version__gt=1), name="answer_given_again")]


class HoldingReply(models.Model):
    """What askers are told while the answer takes its time. It is no answer: the clock runs on."""

    question = models.ForeignKey(Question, on_delete=models.CASCADE, related_name="holding_replies")
    words = models.TextField(max_length=2000)
    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="+")
    given_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    given_as = models.CharField(max_length=200, help_text="the role at that time")
    sent_at = models.DateTimeField()
    redacted_on = models.DateField(null=True, blank=True, help_text="the day on which words were destroyed")

    retention = Retention(
        plain=("id", "question", "words", "organisation", "given_as", "sent_at", "redacted_on"),
        personal=("given_by",),
        until="seven years after the programme has ended",
    )

    class Meta:
        ordering = ("-sent_at", "-id")
        constraints = [models.CheckConstraint(condition=~Q(words=""), name="holding_reply_has_words")]


class DraftState(models.TextChoices):
    WRITING = "writing", "Being written"
    CLEARING = "clearing", "In clearance"
    RETURNED = "returned", "Sent back"
    PUBLISHED = "published", "Published"
    DROPPED = "dropped", "Dropped"


class Draft(models.Model):
    """Words for an answer before they are published. What has been to clearance is never changed: another follows."""

    question = models.ForeignKey(Question, on_delete=models.CASCADE, related_name="drafts")
    version = models.PositiveSmallIntegerField()
    words = models.TextField(max_length=5000)
    audience = models.CharField(max_length=15, choices=Audience, default=Audience.ASKER)
    state = models.CharField(max_length=10, choices=DraftState, default=DraftState.WRITING)
    written_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    written_at = models.DateTimeField()
    redacted_on = models.DateField(null=True, blank=True, help_text="the day on which words were destroyed")

    retention = Retention(
        plain=("id", "question", "version", "audience", "state", "written_at", "redacted_on"),
        personal=("words", "written_by"),
        until="the answer is closed, or until redacted",
    )

    class Meta:
        ordering = ("-version",)
        constraints = [
            models.UniqueConstraint(fields=["question", "version"], name="draft_version_once"),
            models.UniqueConstraint(
                fields=["question"], condition=Q(state__in=("writing", "clearing")), name="draft_one_at_a_time"
            ),
            models.CheckConstraint(condition=~Q(words=""), name="draft_has_words"),
        ]


class ClearanceState(models.TextChoices):
    ASKED = "asked", "Asked"
    CLEARED = "cleared", "Cleared"
    RETURNED = "returned", "Sent back"
    ENDED = "ended", "No longer asked"


class ClearanceQuerySet(models.QuerySet):
    """Clearances, in the words of the product."""

    def of_holder(self, person: Any, day: date) -> "ClearanceQuerySet":
        """Return those, asked or decided, of roles that ``person`` holds on ``day``."""
        held = GovernanceHolder.objects.on(day).filter(
            person=person.pk,
            programme=OuterRef("draft__question__programme"),
            organisation=OuterRef("organisation"),
            role=OuterRef("role"),
        )
        return self.filter(Exists(held))


class Clearance(models.Model):
    """The sign-off of one draft by one governance role of one organisation: by whoever holds it on the day."""

    draft = models.ForeignKey(Draft, on_delete=models.CASCADE, related_name="clearances")
    role = models.CharField(max_length=20, choices=GovernanceRole)
    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="+")
    state = models.CharField(max_length=10, choices=ClearanceState, default=ClearanceState.ASKED)
    asked_at = models.DateTimeField()
    decided_at = models.DateTimeField(null=True, blank=True)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    reason = models.CharField(max_length=500, blank=True, help_text="what must change")

    objects = ClearanceQuerySet.as_manager()

    retention = Retention(
        plain=("id", "draft", "role", "organisation", "state", "asked_at", "decided_at"),
        personal=("decided_by", "reason"),
        until="seven years after the programme has ended",
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["draft", "role"], name="clearance_once"),
            models.CheckConstraint(
                condition=Q(state__in=("asked", "ended")) | Q(decided_at__isnull=False, decided_by__isnull=False),
                name="clearance_decided_by_somebody",
            ),
            models.CheckConstraint(
                condition=~Q(state="returned") | ~Q(reason=""), name="clearance_returned_with_reason"
            ),
        ]


class ClockChangeKind(models.TextChoices):
    PAUSED = "paused", "Paused"
    RESUMED = "resumed", "Goes on"
    EXTENDED = "extended", "Extended"
    RECOUNTED = "recounted", "Counted again by today’s calendar"
    CORRECTED = "corrected", "“Late” was wrong"
    REOPENED = "reopened", "Counted from the day it was opened again"
    BEGUN = "begun", "Counted anew from the day it was asked"


class ClockChange(models.Model):
    """One change of a due date, with both dates and the reason: how the date came about can always be shown."""

    question = models.ForeignKey(Question, on_delete=models.CASCADE, related_name="clock_changes")
    kind = models.CharField(max_length=10, choices=ClockChangeKind)
    at = models.DateTimeField()
    made_by = models.CharField(max_length=80)
    reason = models.CharField(max_length=500, blank=True)
    due_before = models.DateField()
    due_after = models.DateField()
    calendar = models.CharField(max_length=40)

    retention = Retention(
        plain=("id", "question", "kind", "at", "due_before", "due_after", "calendar"),
        personal=("made_by", "reason"),
        until="seven years after the programme has ended",
    )

    class Meta:
        ordering = ("at", "id")
        constraints = [
            models.CheckConstraint(
                condition=~Q(kind__in=("paused", "extended", "corrected")) | ~Q(reason=""),
                name="clock_change_has_reason",
            )
        ]
