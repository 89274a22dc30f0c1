"""Questions: what was asked, who asked, who answers, and the words of each answer."""

import uuid

from django.conf import settings
from django.db import models
from django.db.models import Q

from attendance.models import Place
from briefings.models import Programme, Session
from history.retention import Retention
from organisations.models import Organisation


class QuestionState(models.TextChoices):
    RAISED = "raised", "Raised"
    OPEN = "open", "Open"
    COMMISSIONED = "commissioned", "Asked of an owner"
    ACCEPTED = "accepted", "With an owner"
    ANSWERED = "answered", "Answered"
    CLOSED = "closed", "Closed"
    OUT_OF_SCOPE = "out_of_scope", "Out of scope"
    WITHDRAWN = "withdrawn", "Withdrawn"


QUESTION_MOVES = {
    QuestionState.RAISED: {
        QuestionState.OPEN, QuestionState.COMMISSIONED, QuestionState.OUT_OF_SCOPE, QuestionState.WITHDRAWN,
    },
    QuestionState.OPEN: {
        QuestionState.COMMISSIONED, QuestionState.ANSWERED, QuestionState.OUT_OF_SCOPE, QuestionState.WITHDRAWN,
    },
    QuestionState.COMMISSIONED: {
        QuestionState.OPEN, QuestionState.ACCEPTED, QuestionState.ANSWERED, QuestionState.OUT_OF_SCOPE,
        QuestionState.WITHDRAWN,
    },
    QuestionState.ACCEPTED: {
        QuestionState.OPEN, QuestionState.ANSWERED, QuestionState.OUT_OF_SCOPE, QuestionState.WITHDRAWN,
    },
    QuestionState.ANSWERED: {QuestionState.OPEN, QuestionState.ACCEPTED, QuestionState.CLOSED},
    QuestionState.CLOSED: set(),
    QuestionState.OUT_OF_SCOPE: set(),
    QuestionState.WITHDRAWN: set(),
}  # fmt: skip
UNANSWERED = (QuestionState.RAISED, QuestionState.OPEN, QuestionState.COMMISSIONED, QuestionState.ACCEPTED)
"""The states in which somebody owes something: each has an owner, a due date and a next reminder."""
WITH_OWNER = (QuestionState.COMMISSIONED, QuestionState.ACCEPTED)
"""The states in which a senior manager is the owner; before them it is the programme's coordinator."""


class AskedAs(models.TextChoices):
    NAME = "name", "By name"
    PSEUDONYM = "pseudonym", "By pseudonym"
    NOBODY = "nobody", "Anonymously"


class QuestionQuerySet(models.QuerySet):
    """Questions, in the words of the product."""

    def unanswered(self) -> "QuestionQuerySet":
        """Return those that somebody still owes an answer, or an end with a reason."""
        return self.filter(state__in=UNANSWERED)


class Question(models.Model):
    """An issue or query raised before, during or after a session. Its words are never edited.

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
    next_reminder_on = models.DateField(null=True, blank=True)
    reminded_step = models.PositiveSmallIntegerField(default=0)
    is_reopened = models.BooleanField(default=False, help_text="an asker said that it was not answered")
    end_reason = models.CharField(max_length=500, blank=True, help_text="why it ended without an answer")

    objects = QuestionQuerySet.as_manager()

    retention = Retention(
        plain=(
            "id", "reference", "programme", "session", "asked_as", "state", "raised_on", "organisation", "due_on",
            "due_from", "due_days", "due_left_out", "next_reminder_on", "reminded_step", "is_reopened", "end_reason",
        ),
        personal=("words", "owner"),
        until="seven years after the programme has ended, or until redacted",
    )  # fmt: skip

    class Meta:
        constraints = [
            models.CheckConstraint(condition=~Q(words=""), name="question_has_words"),
            models.CheckConstraint(
                condition=~Q(state__in=("raised", "open", "commissioned", "accepted"))
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
        ]
        indexes = [
            models.Index(fields=["programme", "state", "due_on"], name="question_by_programme"),
            models.Index(fields=["owner", "state"], name="question_by_owner"),
            models.Index(fields=["next_reminder_on"], name="question_to_remind"),
        ]

    def __str__(self) -> str:
        return self.reference


class Asker(models.Model):
    """Who asked a question and is owed its answer. None for an anonymous one; never shown for a pseudonym."""

    question = models.ForeignKey(Question, on_delete=models.CASCADE, related_name="askers")
    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    place = models.ForeignKey(Place, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    link = models.OneToOneField(
        "accounts.PersonalLink", on_delete=models.SET_NULL, null=True, blank=True, related_name="asker"
    )
    said_unanswered_on = models.DateField(null=True, blank=True, help_text="said once that it was not answered")

    retention = Retention(
        plain=("id", "question", "link", "said_unanswered_on"),
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


class Audience(models.TextChoices):
    ASKER = "asker", "Only who asked"
    ATTENDERS = "attenders", "Everybody with a place in that session"
    PRACTITIONERS = "practitioners", "All practitioners of the programme"
    PUBLIC = "public", "Everybody"


class Answer(models.Model):
    """One version of the answer to a question. A later version stands beside the earlier, which is kept."""

    question = models.ForeignKey(Question, on_delete=models.CASCADE, related_name="answers")
    version = models.PositiveSmallIntegerField()
    words = models.TextField(max_length=5000)
    audience = models.CharField(max_length=15, choices=Audience, default=Audience.ASKER)
    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="+")
    given_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    given_as = models.CharField(max_length=200, help_text="the role at that time")
    published_at = models.DateTimeField()

    retention = Retention(
        plain=("id", "question", "version", "words", "audience", "organisation", "given_as", "published_at"),
        personal=("given_by",),
        until="seven years after the programme has ended",
    )

    class Meta:
        ordering = ("-version",)
        constraints = [
            models.UniqueConstraint(fields=["question", "version"], name="answer_version_once"),
            models.CheckConstraint(condition=~Q(words=""), name="answer_has_words"),
        ]
