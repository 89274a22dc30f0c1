"""Senior attendance: which senior manager of which partner comes to which session, and when they can."""

from django.conf import settings
from django.db import models
from django.db.models import Q

from briefings.models import Session, Slot
from history.retention import Retention
from organisations.models import Organisation


class CoverState(models.TextChoices):
    ASKED = "asked", "Asked"
    COMING = "coming", "Coming"
    APOLOGIES = "apologies", "Apologies"
    ATTENDED = "attended", "Attended"
    WITHDRAWN = "withdrawn", "Not needed any more"


COVER_MOVES = {
    CoverState.ASKED: {CoverState.COMING, CoverState.APOLOGIES, CoverState.ATTENDED, CoverState.WITHDRAWN},
    CoverState.COMING: {CoverState.ASKED, CoverState.APOLOGIES, CoverState.ATTENDED, CoverState.WITHDRAWN},
    CoverState.APOLOGIES: {CoverState.ASKED, CoverState.COMING, CoverState.ATTENDED},
    CoverState.ATTENDED: {CoverState.COMING},
    CoverState.WITHDRAWN: {CoverState.ASKED},
}


class SeniorAttendance(models.Model):
    """One senior manager's part in one session, for one organisation. ``deputy`` is whom they sent instead."""

    session = models.ForeignKey(Session, on_delete=models.CASCADE, related_name="senior_attendances")
    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="+")
    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="senior_attendances")
    state = models.CharField(max_length=10, choices=CoverState, default=CoverState.ASKED)
    deputy = models.ForeignKey("self", on_delete=models.SET_NULL, null=True, blank=True, related_name="stands_in_for")
    asked_at = models.DateTimeField()
    asked_by = models.CharField(max_length=80)
    answered_at = models.DateTimeField(null=True, blank=True)
    answered_by = models.CharField(max_length=80, blank=True, help_text="the senior manager or an assistant")
    reminded_step = models.PositiveSmallIntegerField(default=0)
    together = models.UUIDField(
        null=True, blank=True, db_index=True, help_text="those asked for one: the first yes settles it for all"
    )
    asked_for = models.ForeignKey(
        Organisation,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        help_text="for which they were asked, where they came for another",
    )
    state_before = models.CharField(
        max_length=10, choices=CoverState, blank=True, help_text="where they are marked as attended and were asked"
    )
    link = models.OneToOneField(
        "accounts.PersonalLink", on_delete=models.SET_NULL, null=True, blank=True, related_name="senior_attendance"
    )

    retention = Retention(
        plain=(
            "id",
            "session",
            "organisation",
            "state",
            "deputy",
            "asked_at",
            "answered_at",
            "reminded_step",
            "link",
            "together",
            "asked_for",
            "state_before",
        ),
        personal=("person", "asked_by", "answered_by"),
        until="seven years after the programme, as the evidence of who came",
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["session", "person"], name="senior_attendance_once"),
            models.CheckConstraint(
                condition=~Q(state__in=("coming", "apologies")) | Q(answered_at__isnull=False),
                name="senior_attendance_answer_has_moment",
            ),
            models.CheckConstraint(
                condition=Q(asked_for__isnull=True) | Q(state="attended"), name="senior_attendance_came_for_another"
            ),
            models.CheckConstraint(
                condition=Q(state_before="") | (Q(state="attended") & ~Q(state_before="attended")),
                name="senior_attendance_stood_before",
            ),
        ]
        indexes = [models.Index(fields=["state", "session"], name="senior_attendance_by_state")]


class Availability(models.Model):
    """Whether a senior manager can come in one half-day, as they or an assistant of theirs said: in any programme."""

    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="availabilities")
    date = models.DateField()
    slot = models.CharField(max_length=10, choices=Slot)
    can = models.BooleanField()
    said_at = models.DateTimeField()
    said_by = models.CharField(max_length=80, help_text="the senior manager or an assistant")

    retention = Retention(
        plain=("id", "date", "slot", "can", "said_at"),
        personal=("person", "said_by"),
        until="thirty days after the half-day",
    )

    class Meta:
        constraints = [models.UniqueConstraint(fields=["person", "date", "slot"], name="availability_once")]
        indexes = [models.Index(fields=["date"], name="availability_by_date")]
