"""Where sessions are held."""

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Lower

from history.retention import Retention
from organisations.models import Area


class Venue(models.Model):
    """Where sessions are held, and how to get in."""

    name = models.CharField(max_length=200)
    address = models.TextField(max_length=500, blank=True)
    area = models.ForeignKey(Area, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    access_notes = models.TextField(max_length=2000, blank=True)
    directions = models.TextField(max_length=2000, blank=True)

    retention = Retention(plain=("id", "name", "address", "area", "access_notes", "directions"))

    class Meta:
        ordering = ("name", "id")
        constraints = [models.UniqueConstraint(Lower("name"), name="venue_name_unique")]

    def __str__(self) -> str:
        return self.name


class Room(models.Model):
    """A room of a venue; never in two sessions at once."""

    venue = models.ForeignKey(Venue, on_delete=models.CASCADE, related_name="rooms")
    name = models.CharField(max_length=200)
    capacity = models.PositiveIntegerField()

    retention = Retention(plain=("id", "venue", "name", "capacity"))

    class Meta:
        ordering = ("name", "id")
        constraints = [
            models.UniqueConstraint(Lower("name"), F("venue"), name="room_name_unique"),
            models.CheckConstraint(condition=Q(capacity__gt=0), name="room_holds_somebody"),
        ]

    def __str__(self) -> str:
        return self.name
