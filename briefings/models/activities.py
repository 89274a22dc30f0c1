"""Activities: parts of a workshop as templates, in the library of a programme."""

from django.db import models
from django.db.models import Q

from briefings.models.programmes import Programme
from history.retention import Retention


class Activity(models.Model):
    """How to run one part of a workshop. A programme has its own: taken from the ready ones and changed, or written."""

    programme = models.ForeignKey(Programme, on_delete=models.CASCADE, related_name="activities")
    name = models.CharField(max_length=200)
    aim = models.CharField(max_length=300)
    minutes = models.PositiveSmallIntegerField()
    materials = models.TextField(max_length=1000, blank=True)
    steps = models.TextField(max_length=3000)

    retention = Retention(plain=("id", "programme", "name", "aim", "minutes", "materials", "steps"))

    class Meta:
        ordering = ("name", "id")
        verbose_name_plural = "activities"
        constraints = [
            models.UniqueConstraint(fields=["programme", "name"], name="activity_name_unique"),
            models.CheckConstraint(
                condition=~Q(name="") & ~Q(aim="") & ~Q(steps="") & Q(minutes__gt=0), name="activity_says_how"
            ),
        ]

    def __str__(self) -> str:
        return self.name
