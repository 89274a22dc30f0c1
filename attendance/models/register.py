"""The day: marks pressed at the door, walk-ins, and what they come to."""

import uuid

from django.conf import settings
from django.db import models
from django.db.models import Q

from attendance.models.places import Place
from briefings.models import Session
from history.retention import Retention
from organisations.models import Area, Organisation, Profession


class Register(models.Model):
    """The register of one session: open until it is closed, and again when it is reopened with a reason."""

    session = models.OneToOneField(Session, on_delete=models.CASCADE, primary_key=True, related_name="register")
    closed_at = models.DateTimeField(null=True, blank=True)
    closed_by = models.CharField(max_length=80, blank=True)
    reopened_reason = models.CharField(max_length=300, blank=True)

    retention = Retention(
        plain=("session", "closed_at", "reopened_reason"),
        personal=("closed_by",),
        until="two years; the key means nothing once the person is erased",
    )

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(closed_at__isnull=True, closed_by="") | (Q(closed_at__isnull=False) & ~Q(closed_by="")),
                name="register_closed_by_somebody",
            )
        ]


class WalkIn(models.Model):
    """Somebody who came without a place and was added at the door: a name and an organisation.

    ``id`` is made by the phone, so that a repeated send is the same walk-in. ``person`` is set afterwards, by a
    decision.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    session = models.ForeignKey(Session, on_delete=models.PROTECT, related_name="walk_ins")
    name = models.CharField(max_length=300)
    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="+")
    person = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="walk_ins"
    )
    made_at = models.DateTimeField()
    made_by = models.CharField(max_length=80)
    left_at = models.DateTimeField(
        null=True, blank=True, help_text="when it was decided to keep the name as it is, matched to nobody"
    )

    retention = Retention(
        plain=("id", "session", "organisation", "made_at", "left_at"),
        personal=("name", "person", "made_by"),
        until="two years after the programme has ended; the figures stay",
    )

    class Meta:
        constraints = [
            models.CheckConstraint(condition=~Q(name=""), name="walk_in_has_name"),
            models.UniqueConstraint(
                fields=["session", "person"], condition=Q(person__isnull=False), name="walk_in_once_per_session"
            ),
            models.CheckConstraint(
                condition=Q(person__isnull=True) | Q(left_at__isnull=True), name="walk_in_matched_or_left"
            ),
        ]


class MarkKind(models.TextChoices):
    ATTENDED = "attended", "Here"
    LATE = "late", "Came late"
    LEFT_EARLY = "left_early", "Left early"
    EXCUSED = "excused", "Excused"
    UNDO = "undo", "Undo"


class Mark(models.Model):
    """One press on the register. Never changed or deleted: an undo is a mark that names another.

    ``id`` is made by the phone; a repeated send is the same mark. What a place comes to is a function of the set of
    its marks, whatever the order in which they arrive (attendance/register.py).
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    session = models.ForeignKey(Session, on_delete=models.PROTECT, related_name="marks")
    place = models.ForeignKey(Place, on_delete=models.PROTECT, null=True, blank=True, related_name="marks")
    walk_in = models.ForeignKey(WalkIn, on_delete=models.PROTECT, null=True, blank=True, related_name="marks")
    kind = models.CharField(max_length=10, choices=MarkKind)
    undoes = models.UUIDField(null=True, blank=True, help_text="the mark that an undo takes back; it may arrive later")
    made_at = models.DateTimeField()
    made_by = models.CharField(max_length=80)

    retention = Retention(
        plain=("id", "session", "place", "walk_in", "kind", "undoes", "made_at"),
        personal=("made_by",),
        until="two years; the key means nothing once the person is erased",
    )

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(place__isnull=False, walk_in__isnull=True) | Q(place__isnull=True, walk_in__isnull=False),
                name="mark_about_one",
            ),
            models.CheckConstraint(
                condition=(Q(kind="undo") & Q(undoes__isnull=False)) | (~Q(kind="undo") & Q(undoes__isnull=True)),
                name="mark_undo_names_another",
            ),
        ]


class Outcome(models.TextChoices):
    ATTENDED = "attended", "Attended"
    IN_PART = "in_part", "Attended in part"
    EXCUSED = "excused", "Excused"
    ABSENT = "absent", "Absent"


CAME = (Outcome.ATTENDED, Outcome.IN_PART)


class Attendance(models.Model):
    """The fact of the day, of one place or one walk-in. Organisation, profession and area are of the day it is made."""

    session = models.ForeignKey(Session, on_delete=models.PROTECT, related_name="attendances")
    place = models.OneToOneField(Place, on_delete=models.PROTECT, null=True, blank=True, related_name="attendance")
    walk_in = models.OneToOneField(WalkIn, on_delete=models.PROTECT, null=True, blank=True, related_name="attendance")
    person = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="attendances"
    )
    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="+")
    profession = models.ForeignKey(Profession, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    area = models.ForeignKey(Area, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    outcome = models.CharField(max_length=10, choices=Outcome)
    noted_at = models.DateTimeField()

    retention = Retention(
        plain=("id", "session", "place", "walk_in", "organisation", "profession", "area", "outcome", "noted_at"),
        personal=("person",),
        until="two years after the programme has ended; the figures stay",
    )

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(place__isnull=False, walk_in__isnull=True) | Q(place__isnull=True, walk_in__isnull=False),
                name="attendance_about_one",
            ),
            models.UniqueConstraint(
                fields=["session", "person"], condition=Q(person__isnull=False), name="attendance_once_per_session"
            ),
        ]
        indexes = [models.Index(fields=["session", "outcome"], name="attendance_by_session")]


class CheckInCode(models.Model):
    """The code shown in the room, by which people check themselves in. A new one takes the place of the old."""

    session = models.OneToOneField(Session, on_delete=models.CASCADE, primary_key=True, related_name="check_in_code")
    code = models.CharField(max_length=8, unique=True)
    shown_at = models.DateTimeField()

    retention = Retention(plain=("session", "code", "shown_at"))
