"""Places that the lead of an organisation took together."""

from datetime import datetime
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import models

from briefings.models import Session
from history.retention import Retention
from organisations.models import Organisation


class TeamRule(models.TextChoices):
    ALL = "all", "All of us or nobody"
    FIT = "fit", "As many as fit, the rest wait"


class Team(models.Model):
    """Colleagues of one organisation at one session; places without a name have to be named by a day."""

    session = models.ForeignKey(Session, on_delete=models.CASCADE, related_name="teams")
    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="+")
    rule = models.CharField(max_length=3, choices=TeamRule)
    names_until = models.DateField(null=True, blank=True, help_text="the last day to name the places without a name")
    press = models.UUIDField(unique=True, help_text="the rendered form: one press makes one team")
    made_at = models.DateTimeField()
    made_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")

    retention = Retention(
        plain=("id", "session", "organisation", "rule", "names_until", "press", "made_at"),
        personal=("made_by",),
        until="two years after the programme has ended",
    )

    class Meta:
        ordering = ("session__date", "id")

    def names_are_over(self, now: datetime) -> bool:
        """Return whether the last day for names has passed at ``now``, by the clock where the session is."""
        return self.names_until is not None and self.names_until < now.astimezone(ZoneInfo(self.session.zone)).date()
