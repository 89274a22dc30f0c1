"""Who was there online, as a report of the meeting says, and what was decided about each."""

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q

from attendance.models.places import Place
from attendance.models.register import WalkIn
from briefings.models import Programme, Session
from history.retention import Retention
from organisations.models import Organisation

FULL_SHARE = 75


class OnlineRule(models.Model):
    """Which share of a session somebody must have been online for, to have attended it and not only in part."""

    programme = models.OneToOneField(Programme, on_delete=models.CASCADE, primary_key=True, related_name="online_rule")
    full_share = models.PositiveSmallIntegerField(
        default=FULL_SHARE, validators=[MinValueValidator(1), MaxValueValidator(100)], help_text="per cent"
    )

    retention = Retention(plain=("programme", "full_share"))

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(full_share__gte=1, full_share__lte=100), name="online_rule_is_a_share")
        ]


class OnlineReport(models.Model):
    """One uploaded report of a meeting. The file itself is not kept; its rows go after 30 days."""

    session = models.ForeignKey(Session, on_delete=models.CASCADE, related_name="online_reports")
    file_name = models.CharField(max_length=140)
    digest = models.CharField(max_length=64)
    version = models.PositiveSmallIntegerField()
    uploaded_at = models.DateTimeField()
    uploaded_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")
    taken_over_at = models.DateTimeField(null=True, blank=True)

    retention = Retention(
        plain=("id", "session", "file_name", "digest", "version", "uploaded_at", "taken_over_at"),
        personal=("uploaded_by",),
        until="as long as the person",
    )

    class Meta:
        ordering = ("uploaded_at", "id")
        constraints = [models.UniqueConstraint(fields=["session", "digest"], name="online_report_once")]


class OnlineDecision(models.TextChoices):
    OPEN = "open", "To decide"
    PLACE = "place", "Has a place"
    WALK_IN = "walk_in", "Walk-in"
    NOBODY = "nobody", "Left out"


class OnlinePresence(models.Model):
    """One person of a report: how long they were there, and who they are by a decision or by their address.

    ``minutes`` is NULL where the report names nobody's times. ``press`` is the mark that was made of it.
    """

    report = models.ForeignKey(OnlineReport, on_delete=models.CASCADE, related_name="presences")
    name = models.CharField(max_length=300)
    address = models.CharField(max_length=254, blank=True)
    role = models.CharField(max_length=40, blank=True)
    joins = models.PositiveIntegerField()
    minutes = models.PositiveIntegerField(null=True, blank=True)
    first_at = models.DateTimeField(null=True, blank=True)
    last_at = models.DateTimeField(null=True, blank=True)
    decision = models.CharField(max_length=10, choices=OnlineDecision, default=OnlineDecision.OPEN)
    place = models.ForeignKey(Place, on_delete=models.CASCADE, null=True, blank=True, related_name="online_presences")
    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    walk_in = models.ForeignKey(
        WalkIn,
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        related_name="online_presences",
        help_text="the walk-in they are already, by another report or from the door",
    )
    press = models.UUIDField(null=True, blank=True)

    retention = Retention(
        plain=(
            "id", "report", "role", "joins", "minutes", "first_at", "last_at", "decision", "organisation", "press",
        ),
        personal=("name", "address", "place", "walk_in"),
        until="30 days after the upload",
    )  # fmt: skip

    class Meta:
        ordering = ("name", "id")
        constraints = [
            models.CheckConstraint(
                condition=Q(decision="place", place__isnull=False, organisation__isnull=True)
                | Q(decision="walk_in", place__isnull=True, organisation__isnull=False)
                | Q(decision__in=("open", "nobody"), place__isnull=True, organisation__isnull=True),
                name="online_presence_decided_in_one_way",
            ),
            models.CheckConstraint(
                condition=Q(walk_in__isnull=True) | Q(decision="walk_in"), name="online_presence_is_the_walk_in"
            ),
        ]
