"""Templates of programmes: what a new one begins with. No people, no organisation and no date stands in one."""

from django.db import models
from django.db.models import Q

from briefings.models import Scale
from history.retention import Retention


class ProgrammeTemplate(models.Model):
    """One's own template, kept from a programme. ``content`` is what ``communications.templates.Template`` reads."""

    name = models.CharField(max_length=100, unique=True)
    words = models.CharField(max_length=300, blank=True)
    scale = models.CharField(max_length=20, choices=Scale)
    content = models.JSONField()
    kept_at = models.DateTimeField()

    retention = Retention(plain=("id", "name", "words", "scale", "content", "kept_at"))

    class Meta:
        ordering = ("name", "id")
        constraints = [models.CheckConstraint(condition=~Q(name=""), name="programme_template_has_name")]

    def __str__(self) -> str:
        return self.name
