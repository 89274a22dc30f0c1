"""Several people moved from one session to another by one press."""

from django.conf import settings
from django.db import models

from briefings.models import Session
from history.retention import Retention


class Stays(models.TextChoices):
    """Why somebody who was chosen keeps what they have."""

    ENDED = "ended", "has no place here any more"
    THERE = "there", "has a place there already"
    NOT_ELIGIBLE = "not_eligible", "is not eligible for this programme any more"
    ELSEWHERE = "elsewhere", "has a place in another session of this programme"
    BUSY = "busy", "is in another session at that time"
    QUOTA = "quota", "is of an organisation that has all the places it may have there"
    NO_SEAT = "no_seat", "no place is free there"


class BulkMove(models.Model):
    """Who moved together, and who stayed and why: as it was at the press, whatever became of the places since.

    Where somebody is elsewhere then, the id of that session is the third in ``stayed``.
    """

    session = models.ForeignKey(Session, on_delete=models.CASCADE, related_name="moves_away")
    to = models.ForeignKey(Session, on_delete=models.CASCADE, related_name="moves_here")
    words = models.TextField(max_length=1000, blank=True, help_text="what those who move are told besides")
    moved = models.JSONField(default=list, help_text="the ids of the new places")
    stayed = models.JSONField(default=list, help_text="pairs of the id of a place and why it stayed")
    closed_seats = models.PositiveIntegerField(default=0, help_text="how many fewer seats the session has by it")
    made_at = models.DateTimeField()
    made_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")

    retention = Retention(
        plain=("id", "session", "to", "words", "moved", "stayed", "closed_seats", "made_at"),
        personal=("made_by",),
        until="two years after the programme has ended",
    )

    class Meta:
        ordering = ("-made_at", "-id")
