"""After the day: the papers of a session, and why somebody could not come."""

import uuid

from django.conf import settings
from django.db import models
from django.db.models import Q

from attendance.models.places import Place
from briefings.models import Session
from history.retention import Retention


def material_path(instance: "Material", name: str) -> str:
    """Return where a paper is kept: a name that nobody can guess, and nothing of the sender's own name."""
    return f"materials/{uuid.uuid4().hex}"


class Material(models.Model):
    """A paper of a session, for those who came: a file that was checked before it was kept."""

    session = models.ForeignKey(Session, on_delete=models.CASCADE, related_name="materials")
    title = models.CharField(max_length=200)
    file = models.FileField(upload_to=material_path)
    file_name = models.CharField(max_length=140)
    content_type = models.CharField(max_length=120)
    size = models.PositiveIntegerField(help_text="bytes")
    added_at = models.DateTimeField()
    added_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")

    retention = Retention(
        plain=("id", "session", "title", "file", "file_name", "content_type", "size", "added_at"),
        personal=("added_by",),
        until="as long as the person",
    )

    class Meta:
        ordering = ("added_at", "id")
        constraints = [models.CheckConstraint(condition=~Q(title=""), name="material_has_title")]


class AbsenceCode(models.TextChoices):
    """Coarse on purpose, and nothing about health: what a lead needs to plan, no more."""

    NEEDED = "needed", "I was needed at work"
    LEAVE = "leave", "I was on leave"
    TRAVEL = "travel", "I could not get there"
    DATE = "date", "The date stopped suiting me"
    NOT_KNOWN = "not_known", "I did not know about it in time"
    MOVED = "moved", "I have moved to another job"
    NOT_SAID = "not_said", "I would rather not say"


class AbsenceReason(models.Model):
    """Why somebody was not there, by their own hand; for the lead of the organisation of their place alone."""

    place = models.OneToOneField(Place, on_delete=models.CASCADE, related_name="absence_reason")
    code = models.CharField(max_length=10, choices=AbsenceCode)
    given_at = models.DateTimeField()

    retention = Retention(
        plain=("id", "place", "given_at"), personal=("code",), until="two years after the programme has ended"
    )
