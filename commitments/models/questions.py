"""Questions: what was asked, who asked, who answers."""

import uuid
from datetime import date

from django.conf import settings
from django.contrib.postgres.indexes import GinIndex, OpClass
from django.contrib.postgres.search import SearchVector, SearchVectorField
from django.db import models
from django.db.models import Case, F, Func, IntegerField, Q, Value, When
from django.db.models.functions import Upper

from attendance.models import Place
from briefings.models import Programme, Session
from commitments.models.standards import OwnTheme, Theme
from commitments.models.transitions import UNANSWERED, QuestionState
from history.retention import Retention
from organisations.models import Organisation


class AskedAs(models.TextChoices):
    NAME = "name", "By name"
    PSEUDONYM = "pseudonym", "By pseudonym"
    NOBODY = "nobody", "Anonymously"


OWED = Case(When(state__in=UNANSWERED, then=Value(0)), default=Value(1), output_field=IntegerField())
OWED_ON = Case(When(state__in=UNANSWERED, then=F("due_on")))
"""What lists are sorted by: what is owed first, by its date."""
WRITTEN = Func(
    "words", "reference", arg_joiner=" || ' ' || ", template="(%(expressions)s)", output_field=models.TextField()
)
"""What typed words are looked for in, one after the other: no word has a space in it, so none is found across."""


class QuestionQuerySet(models.QuerySet):
    """Questions, in the words of the product."""

    def unanswered(self) -> "QuestionQuerySet":
        """Return those that somebody still owes an answer, or an end with a reason."""
        return self.filter(state__in=UNANSWERED)

    def late(self, today: date) -> "QuestionQuerySet":
        """Return those that are owed and were due before ``today``; a clock that is paused runs nowhere."""
        return self.unanswered().filter(due_on__lt=today, paused_on=None)


class Question(models.Model):
    """An issue or query raised before, during or after a session. Its words are never edited, only redacted.

    Who asked stands in ``Asker``, so that nobody who reads questions meets a name by accident. The number is random:
    no order leads back to a moment.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    reference = models.CharField(max_length=16, unique=True)
    programme = models.ForeignKey(Programme, on_delete=models.CASCADE, related_name="questions")
    session = models.ForeignKey(Session, on_delete=models.PROTECT, null=True, blank=True, related_name="questions")
    words = models.TextField(max_length=2000)
    asked_as = models.CharField(max_length=10, choices=AskedAs)
    state = models.CharField(max_length=20, choices=QuestionState, default=QuestionState.RAISED)
    raised_on = models.DateField()
    theme = models.CharField(max_length=12, choices=Theme, blank=True)
    own_theme = models.ForeignKey(
        OwnTheme,
        on_delete=models.RESTRICT,
        null=True,
        blank=True,
        related_name="questions",
        help_text="of the programme",
    )

    organisation = models.ForeignKey(
        Organisation, on_delete=models.PROTECT, null=True, blank=True, related_name="questions"
    )
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="owned_questions"
    )
    due_on = models.DateField(null=True, blank=True)
    due_from = models.DateField(null=True, blank=True, help_text="the day from which working days were counted")
    due_days = models.PositiveSmallIntegerField(null=True, blank=True)
    due_left_out = models.JSONField(default=list, help_text="bank holidays left out, as they were known then")
    calendar = models.CharField(
        max_length=40, blank=True, help_text="the version of the calendar by which the due date was counted"
    )
    paused_on = models.DateField(null=True, blank=True, help_text="the day from which the clock stands still")
    paused_until = models.DateField(null=True, blank=True, help_text="the day on which it goes on by itself")
    answered_on = models.DateField(null=True, blank=True, help_text="the day that counts for the service standard")
    is_not_late = models.BooleanField(default=False, help_text="“late” was wrong, and was corrected with a note")
    next_reminder_on = models.DateField(null=True, blank=True)
    reminded_step = models.PositiveSmallIntegerField(default=0)
    is_reopened = models.BooleanField(default=False, help_text="an asker said that it was not answered")
    end_reason = models.CharField(max_length=500, blank=True, help_text="why it ended without an answer")
    merged_into = models.ForeignKey(
        "self", on_delete=models.RESTRICT, null=True, blank=True, related_name="merged", help_text="what answers it too"
    )
    redacted_on = models.DateField(null=True, blank=True, help_text="the day on which words were destroyed")
    stems = models.GeneratedField(
        expression=SearchVector("words", config="english"), output_field=SearchVectorField(), db_persist=True
    )
    """What ``words`` come to for a search. Kept, because ten thousand ranked anew take half a second."""

    objects = QuestionQuerySet.as_manager()

    retention = Retention(
        plain=(
            "id", "reference", "programme", "session", "asked_as", "state", "raised_on", "organisation", "due_on",
            "due_from", "due_days", "due_left_out", "next_reminder_on", "reminded_step", "is_reopened", "end_reason",
            "theme", "own_theme", "calendar", "paused_on", "paused_until", "answered_on", "is_not_late", "merged_into",
            "redacted_on",
        ),
        personal=("words", "stems", "owner"),
        until="seven years after the programme has ended, or until redacted",
    )  # fmt: skip

    class Meta:
        constraints = [
            models.CheckConstraint(condition=~Q(words=""), name="question_has_words"),
            models.CheckConstraint(
                condition=~Q(state__in=("raised", "open", "commissioned", "accepted", "drafting", "clearing"))
                | Q(
                    due_on__isnull=False, due_from__isnull=False, due_days__isnull=False, next_reminder_on__isnull=False
                ),
                name="question_never_silent",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=("commissioned", "accepted"))
                | Q(owner__isnull=False, organisation__isnull=False),
                name="question_has_owner",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=("out_of_scope", "withdrawn")) | ~Q(end_reason=""),
                name="question_end_has_reason",
            ),
            models.CheckConstraint(
                condition=Q(state="merged", merged_into__isnull=False) | (~Q(state="merged") & Q(merged_into=None)),
                name="question_merged_into_one",
            ),
            models.CheckConstraint(
                condition=Q(merged_into=None) | ~Q(merged_into=F("id")), name="question_not_merged_into_itself"
            ),
            models.CheckConstraint(
                condition=Q(paused_on=None, paused_until=None)
                | Q(
                    paused_on__isnull=False,
                    paused_until__gt=F("paused_on"),
                    state__in=("open", "commissioned", "accepted", "drafting", "clearing"),
                ),
                name="question_paused_while_owed_and_until_a_day",
            ),
            models.CheckConstraint(condition=Q(theme="") | Q(own_theme=None), name="question_one_theme"),
        ]
        indexes = [
            models.Index(fields=["programme", "state", "due_on"], include=["id"], name="question_of_programme"),
            models.Index(
                F("programme"),
                OWED,
                OWED_ON.asc(nulls_last=True),
                F("raised_on").desc(),
                F("id"),
                name="question_in_order",
            ),
            models.Index(fields=["owner", "state"], name="question_by_owner"),
            models.Index(fields=["next_reminder_on"], name="question_to_remind"),
            models.Index(fields=["organisation", "state", "due_on"], name="question_by_organisation"),
            GinIndex(fields=["stems"], name="question_stems"),
            GinIndex(OpClass("words", name="gin_trgm_ops"), name="question_trigrams"),
            GinIndex(OpClass(Upper(WRITTEN), name="gin_trgm_ops"), name="question_written"),
        ]

    def __str__(self) -> str:
        return self.reference

    @property
    def theme_words(self) -> str:
        """The theme in words, "" where none was chosen."""
        return self.own_theme.name if self.own_theme else self.get_theme_display()


class Asker(models.Model):
    """Who asked a question and is owed its answer. None for an anonymous one; never shown for a pseudonym."""

    question = models.ForeignKey(Question, on_delete=models.CASCADE, related_name="askers")
    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    place = models.ForeignKey(Place, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    link = models.OneToOneField(
        "accounts.PersonalLink", on_delete=models.SET_NULL, null=True, blank=True, related_name="asker"
    )
    said_unanswered_on = models.DateField(null=True, blank=True, help_text="said once that it was not answered")
    withdrawn_on = models.DateField(null=True, blank=True, help_text="took it back; others asked it as well")

    retention = Retention(
        plain=("id", "question", "link", "said_unanswered_on", "withdrawn_on"),
        personal=("person", "place"),
        until="six months after the answer was told",
    )

    class Meta:
        constraints = [models.UniqueConstraint(fields=["question", "person"], name="asker_once")]


class CommissionState(models.TextChoices):
    ASKED = "asked", "Asked"
    ACCEPTED = "accepted", "Accepted"
    DECLINED = "declined", "Declined"
    ENDED = "ended", "Ended"


class Commission(models.Model):
    """Asking one senior manager of one organisation to answer a question; accepted, or declined with a reason."""

    question = models.ForeignKey(Question, on_delete=models.CASCADE, related_name="commissions")
    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="+")
    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="commissions")
    state = models.CharField(max_length=10, choices=CommissionState, default=CommissionState.ASKED)
    made_at = models.DateTimeField()
    made_by = models.CharField(max_length=80)
    decided_at = models.DateTimeField(null=True, blank=True)
    reason = models.CharField(max_length=500, blank=True)
    link = models.OneToOneField(
        "accounts.PersonalLink", on_delete=models.SET_NULL, null=True, blank=True, related_name="commission"
    )

    retention = Retention(
        plain=("id", "question", "organisation", "state", "made_at", "decided_at", "link"),
        personal=("person", "made_by", "reason"),
        until="seven years after the programme has ended",
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["question"], condition=Q(state__in=("asked", "accepted")), name="commission_one_at_a_time"
            ),
            models.CheckConstraint(
                condition=~Q(state="declined") | (~Q(reason="") & Q(decided_at__isnull=False)),
                name="commission_declined_with_reason",
            ),
        ]
