"""A place on its way to a colleague, and what a coordinator writes to everybody with a place in a session."""

from django.conf import settings
from django.db import models
from django.db.models import Q

from attendance.models.places import Place
from briefings.models import Session
from history.retention import Retention


class Handover(models.Model):
    """Somebody asks a colleague of the same organisation to take over their place; the link opens it."""

    place = models.ForeignKey(Place, on_delete=models.CASCADE, related_name="handovers")
    colleague = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    link = models.OneToOneField(
        "accounts.PersonalLink", on_delete=models.SET_NULL, null=True, blank=True, related_name="handover"
    )
    asked_at = models.DateTimeField()
    taken_at = models.DateTimeField(null=True, blank=True)
    taken_as = models.ForeignKey(Place, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    ended_at = models.DateTimeField(null=True, blank=True)
    ended_reason = models.CharField(
        max_length=20, blank=True, help_text="declined, asked_another, withdrawn or list_final"
    )

    retention = Retention(
        plain=("id", "place", "link", "asked_at", "taken_at", "taken_as", "ended_at", "ended_reason"),
        personal=("colleague",),
        until="two years after the programme has ended",
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["place"], condition=Q(taken_at=None, ended_at=None), name="handover_one_open_for_a_place"
            ),
            models.CheckConstraint(
                condition=Q(taken_at__isnull=True) | Q(ended_at__isnull=True), name="handover_one_end"
            ),
        ]

    @property
    def is_open(self) -> bool:
        return self.taken_at is None and self.ended_at is None


class SessionNotice(models.Model):
    """What a coordinator tells everybody with a place in a session: "car park closed, bring ID"."""

    session = models.ForeignKey(Session, on_delete=models.CASCADE, related_name="notices")
    subject = models.CharField(max_length=150)
    words = models.TextField(max_length=3000)
    to_waiting = models.BooleanField(default=False)
    press = models.UUIDField(unique=True, help_text="the rendered form: one press makes one notice")
    made_at = models.DateTimeField()
    made_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")

    retention = Retention(
        plain=("id", "session", "subject", "words", "to_waiting", "press", "made_at"),
        personal=("made_by",),
        until="two years after the programme has ended",
    )

    class Meta:
        ordering = ("-made_at", "-id")
