"""What is told back: "You asked, we answered" and "You said, we did", of one session or a whole programme."""

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q

from briefings.models import Programme, Session
from commitments.models.assurances import Assurance
from commitments.models.questions import Question
from history.retention import Retention


class TellingKind(models.TextChoices):
    ANSWERED = "answered", "You asked, we answered"
    DID = "did", "You said, we did"


class TellingState(models.TextChoices):
    DRAFT = "draft", "Draft"
    PROPOSED = "proposed", "Waits for approval"
    PUBLISHED = "published", "Published"
    WITHDRAWN = "withdrawn", "Taken off the public page"


TELLING_MOVES = {
    TellingState.DRAFT: {TellingState.PROPOSED, TellingState.WITHDRAWN},
    TellingState.PROPOSED: {TellingState.DRAFT, TellingState.PUBLISHED, TellingState.WITHDRAWN},
    TellingState.PUBLISHED: {TellingState.WITHDRAWN},
    TellingState.WITHDRAWN: set(),
}


class Telling(models.Model):
    """One page that tells people what became of what they asked and said. Published by a second person."""

    programme = models.ForeignKey(Programme, on_delete=models.CASCADE, related_name="tellings")
    session = models.ForeignKey(Session, on_delete=models.PROTECT, null=True, blank=True, related_name="tellings")
    kind = models.CharField(max_length=10, choices=TellingKind)
    intro = models.TextField(max_length=2000, blank=True)
    state = models.CharField(max_length=10, choices=TellingState, default=TellingState.DRAFT)
    meant_otherwise = ArrayField(
        models.CharField(max_length=60),
        default=list,
        blank=True,
        help_text="words that are no name here",
    )
    drafted_at = models.DateTimeField()
    drafted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+", help_text="who began it"
    )
    changed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", help_text="whose the words are now"
    )
    approved_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    had_nobody_else = models.BooleanField(default=False, help_text="approved by who wrote it: no second person")
    published_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)
    end_reason = models.CharField(max_length=500, blank=True)

    retention = Retention(
        plain=(
            "id", "programme", "session", "kind", "intro", "state", "meant_otherwise", "drafted_at", "had_nobody_else",
            "published_at", "ended_at", "end_reason",
        ),
        personal=("drafted_by", "changed_by", "approved_by"),
        until="seven years after the programme has ended",
    )  # fmt: skip

    class Meta:
        ordering = ("-drafted_at", "-id")
        constraints = [
            models.CheckConstraint(
                condition=~Q(state="published")
                | (
                    Q(published_at__isnull=False, approved_by__isnull=False)
                    & (
                        Q(had_nobody_else=True)
                        | (
                            ~Q(approved_by=F("changed_by"))
                            & (Q(drafted_by__isnull=True) | ~Q(approved_by=F("drafted_by")))
                        )
                    )
                ),
                name="telling_approved_by_another",
            ),
            models.CheckConstraint(condition=~Q(state="withdrawn") | ~Q(end_reason=""), name="telling_end_has_reason"),
        ]
        indexes = [models.Index(fields=["programme", "state", "-published_at"], name="telling_by_programme")]

    def __str__(self) -> str:
        return self.get_kind_display()


class Section(models.TextChoices):
    DONE = "done", "Done"
    NO = "no", "No, because"
    OPEN = "open", "Still open"


class TellingItem(models.Model):
    """What was asked or said, and what became of it, in words that may be edited until they are published."""

    telling = models.ForeignKey(Telling, on_delete=models.CASCADE, related_name="items")
    position = models.PositiveSmallIntegerField()
    section = models.CharField(max_length=5, choices=Section)
    said = models.TextField(max_length=2000)
    told = models.TextField(max_length=5000)
    for_attended = models.BooleanField(
        default=False, help_text="for who attended alone: in their mail, on the page of their place, never in public"
    )
    question = models.ForeignKey(Question, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    assurance = models.ForeignKey(Assurance, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")

    retention = Retention(
        plain=("id", "telling", "position", "section", "told", "for_attended", "assurance", "question"),
        personal=("said",),
        until="seven years after the programme has ended",
    )

    class Meta:
        ordering = ("position", "id")
        constraints = [
            models.UniqueConstraint(fields=["telling", "position"], name="telling_item_position_once"),
            models.CheckConstraint(condition=~Q(said="") & ~Q(told=""), name="telling_item_has_words"),
        ]
