"""What becomes of an assurance on its way: evidence with its files, reviews of its date, who takes it over."""

import uuid

from django.conf import settings
from django.db import models
from django.db.models import Q

from briefings.models import Mandate
from commitments.models.assurances import Assurance
from history.retention import Retention

_SEVEN_YEARS = "seven years after the programme has ended"


class Evidence(models.Model):
    """One time that somebody said it was kept, and how one can see that. What was sent back stays, with the reason."""

    assurance = models.ForeignKey(Assurance, on_delete=models.CASCADE, related_name="evidence_given")
    version = models.PositiveSmallIntegerField()
    words = models.TextField(max_length=3000)
    given_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    given_at = models.DateTimeField()
    returned_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    returned_at = models.DateTimeField(null=True, blank=True)
    returned_because = models.CharField(max_length=500, blank=True)
    redactions = models.PositiveSmallIntegerField(default=0, help_text="how often words of it were destroyed")
    redacted_on = models.DateField(null=True, blank=True, help_text="the day on which words were destroyed")

    retention = Retention(
        plain=(
            "id", "assurance", "version", "words", "given_at", "returned_at", "returned_because", "redactions",
            "redacted_on",
        ),
        personal=("given_by", "returned_by"),
        until=_SEVEN_YEARS,
    )  # fmt: skip

    class Meta:
        ordering = ("-version",)
        constraints = [
            models.UniqueConstraint(fields=["assurance", "version"], name="evidence_version_once"),
            models.CheckConstraint(condition=~Q(words=""), name="evidence_has_words"),
            models.CheckConstraint(
                condition=Q(returned_at__isnull=True, returned_because="")
                | (Q(returned_at__isnull=False, returned_by__isnull=False) & ~Q(returned_because="")),
                name="evidence_returned_with_reason",
            ),
        ]


def evidence_path(instance: "EvidenceFile", name: str) -> str:
    """Return where a file is kept: a name that nobody can guess, and nothing of the sender's own name."""
    return f"evidence/{uuid.uuid4().hex}"


class EvidenceFile(models.Model):
    """A file that shows it; checked before it was kept. Once destroyed, only that there was one is left."""

    evidence = models.ForeignKey(Evidence, on_delete=models.CASCADE, related_name="files")
    file = models.FileField(upload_to=evidence_path, blank=True)
    file_name = models.CharField(max_length=140, blank=True)
    content_type = models.CharField(max_length=120)
    size = models.PositiveIntegerField(help_text="bytes")
    destroyed_on = models.DateField(null=True, blank=True, help_text="the day on which it was destroyed, its name too")

    retention = Retention(plain=("id", "evidence", "file", "file_name", "content_type", "size", "destroyed_on"))

    class Meta:
        ordering = ("id",)
        constraints = [
            models.CheckConstraint(
                condition=Q(destroyed_on__isnull=False, file="", file_name="")
                | (Q(destroyed_on__isnull=True) & ~Q(file="") & ~Q(file_name="")),
                name="evidence_file_there_or_destroyed",
            )
        ]


class Review(models.Model):
    """One look at how an assurance stands, and the day to which its date moved."""

    assurance = models.ForeignKey(Assurance, on_delete=models.CASCADE, related_name="reviews")
    words = models.TextField(max_length=2000)
    due_before = models.DateField()
    due_after = models.DateField()
    reviewed_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    reviewed_at = models.DateTimeField()
    redactions = models.PositiveSmallIntegerField(default=0, help_text="how often words of it were destroyed")
    redacted_on = models.DateField(null=True, blank=True, help_text="the day on which words were destroyed")

    retention = Retention(
        plain=("id", "assurance", "words", "due_before", "due_after", "reviewed_at", "redactions", "redacted_on"),
        personal=("reviewed_by",),
        until=_SEVEN_YEARS,
    )

    class Meta:
        ordering = ("-reviewed_at", "-id")
        constraints = [models.CheckConstraint(condition=~Q(words=""), name="review_has_words")]


class HandoverState(models.TextChoices):
    ASKED = "asked", "Asked"
    TAKEN = "taken", "Taken over"
    DECLINED = "declined", "Declined"
    ENDED = "ended", "Ended"


class Handover(models.Model):
    """Asking one senior manager to take over an assurance that somebody else gave; its words stay the giver's."""

    assurance = models.ForeignKey(Assurance, on_delete=models.CASCADE, related_name="handovers")
    mandate = models.ForeignKey(Mandate, on_delete=models.PROTECT, related_name="handovers")
    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="handovers")
    role = models.CharField(max_length=200, help_text="the job title in the mandate of that time")
    state = models.CharField(max_length=10, choices=HandoverState, default=HandoverState.ASKED)
    asked_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    asked_at = models.DateTimeField()
    decided_at = models.DateTimeField(null=True, blank=True)
    reason = models.CharField(max_length=500, blank=True)

    retention = Retention(
        plain=("id", "assurance", "mandate", "role", "state", "asked_at", "decided_at", "reason"),
        personal=("person", "asked_by"),
        until=_SEVEN_YEARS,
    )

    class Meta:
        ordering = ("-asked_at", "-id")
        constraints = [
            models.UniqueConstraint(fields=["assurance"], condition=Q(state="asked"), name="handover_one_at_a_time"),
            models.CheckConstraint(
                condition=~Q(state="declined") | (~Q(reason="") & Q(decided_at__isnull=False)),
                name="handover_declined_with_reason",
            ),
        ]
