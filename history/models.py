from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from history.retention import Retention


class Entry(models.Model):
    """One thing that somebody did to one object. No personal values or free text, so that erasure leaves it true."""

    at = models.DateTimeField()
    actor = models.CharField(max_length=80)
    verb = models.CharField(max_length=60)
    object_type = models.CharField(max_length=80)
    object_id = models.CharField(max_length=40)
    reason = models.CharField(max_length=60, blank=True)
    fields = ArrayField(models.CharField(max_length=60), default=list, blank=True)

    retention = Retention(
        plain=("id", "at", "verb", "object_type", "object_id", "reason", "fields"),
        personal=("actor",),
        until="seven years; the actor is a key that means nothing once the person is erased",
    )

    class Meta:
        verbose_name_plural = "entries"
        indexes = [
            models.Index(fields=["object_type", "object_id", "-at"], name="entry_by_object"),
            models.Index(fields=["actor", "-at"], name="entry_by_actor"),
        ]
        constraints = [
            models.CheckConstraint(condition=~Q(actor="") & ~Q(verb=""), name="entry_has_actor_and_verb"),
        ]


class Look(models.Model):
    """The access trace: somebody looked at the personal data of somebody else."""

    at = models.DateTimeField()
    actor = models.CharField(max_length=80)
    person = models.CharField(max_length=80)
    page = models.CharField(max_length=80)

    retention = Retention(
        plain=("id", "at", "page"),
        personal=("actor", "person"),
        until="two years; the keys mean nothing once the person is erased",
    )

    class Meta:
        indexes = [
            models.Index(fields=["person", "-at"], name="look_by_person"),
            models.Index(fields=["actor", "-at"], name="look_by_actor"),
        ]
