"""That an organisation was asked how many practitioners it has."""

from django.conf import settings
from django.db import models

from history.retention import Retention
from organisations.models.who import Area, Organisation, Profession


class HeadCountRequest(models.Model):
    """Who asked an organisation for its head-count, and for which professions and areas. The links are about it."""

    organisation = models.ForeignKey(Organisation, on_delete=models.CASCADE, related_name="head_count_requests")
    professions = models.ManyToManyField(Profession, related_name="+")
    areas = models.ManyToManyField(Area, related_name="+")
    asked_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")
    asked_at = models.DateTimeField()
    answered_at = models.DateTimeField(null=True, blank=True)

    retention = Retention(
        plain=("id", "organisation", "professions", "areas", "asked_at", "answered_at"),
        personal=("asked_by",),
        until="as long as the person",
    )

    class Meta:
        ordering = ("-asked_at", "-id")
