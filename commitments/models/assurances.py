"""Assurances: a senior manager's promise in the exact words, until it is kept or has ended otherwise."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from briefings.models import Mandate, Programme, Session
from commitments.models.questions import Question
from history.retention import Retention
from organisations.models import Organisation


class AssuranceState(models.TextChoices):
    NOTED = "noted", "Noted, to be confirmed"
    GIVEN = "given", "Given"
    PROPOSED = "proposed", "Proposed as kept"
    KEPT = "kept", "Kept"
    NOT_KEPT = "not_kept", "Not kept"
    LAPSED = "lapsed", "Lapsed"
    WITHDRAWN = "withdrawn", "Withdrawn"
    SUPERSEDED = "superseded", "Replaced by a later one"


_ENDS = {AssuranceState.NOT_KEPT, AssuranceState.LAPSED, AssuranceState.WITHDRAWN, AssuranceState.SUPERSEDED}
ASSURANCE_MOVES = {
    AssuranceState.NOTED: {AssuranceState.GIVEN, AssuranceState.LAPSED, AssuranceState.WITHDRAWN},
    AssuranceState.GIVEN: {AssuranceState.PROPOSED, *_ENDS},
    AssuranceState.PROPOSED: {AssuranceState.GIVEN, AssuranceState.KEPT, *_ENDS},
    AssuranceState.KEPT: set(),
    AssuranceState.NOT_KEPT: set(),
    AssuranceState.LAPSED: set(),
    AssuranceState.WITHDRAWN: set(),
    AssuranceState.SUPERSEDED: set(),
}
STANDING = (AssuranceState.GIVEN, AssuranceState.PROPOSED)
"""The states in which a promise stands; a noted one counts for nothing until it is confirmed."""
UNENDED = (AssuranceState.NOTED, *STANDING)
"""The states that have an owner, a date and a next reminder."""


class AssuranceKind(models.TextChoices):
    ADDRESSED = "addressed", "It will be addressed"
    SUPPORTED = "supported", "People will be supported to take part"


class AssuranceQuerySet(models.QuerySet):
    """Assurances, in the words of the product."""

    def standing(self) -> "AssuranceQuerySet":
        """Return those that stand and are not yet kept."""
        return self.filter(state__in=STANDING)

    def unended(self) -> "AssuranceQuerySet":
        """Return those that still have an owner, a date and a next reminder."""
        return self.filter(state__in=UNENDED)


class Assurance(models.Model):
    """One promise. Its words never change: a change is another assurance that replaces it.

    The database refuses any other, but for a redaction, which counts itself on the row (docs/adr/0123).
    """

    reference = models.CharField(max_length=16, unique=True)
    programme = models.ForeignKey(Programme, on_delete=models.CASCADE, related_name="assurances")
    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="assurances")
    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="assurances")
    mandate = models.ForeignKey(Mandate, on_delete=models.PROTECT, related_name="assurances")
    role = models.CharField(max_length=200, help_text="the job title in the mandate of that time")
    kind = models.CharField(max_length=10, choices=AssuranceKind, default=AssuranceKind.ADDRESSED)
    words = models.TextField(max_length=2000)
    for_everybody = models.BooleanField(default=False, help_text="not for one session or question alone")
    session = models.ForeignKey(Session, on_delete=models.PROTECT, null=True, blank=True, related_name="assurances")
    questions = models.ManyToManyField(Question, blank=True, related_name="assurances")
    state = models.CharField(max_length=10, choices=AssuranceState, default=AssuranceState.GIVEN)
    due_on = models.DateField(help_text="kept by, or reviewed on")
    is_ongoing = models.BooleanField(default=False, help_text="it goes on: the day is that of its next review")
    carried_by = models.ForeignKey(
        Organisation,
        on_delete=models.PROTECT,
        related_name="+",
        help_text="who keeps it now: the giver, or a successor",
    )
    keeper = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="kept_assurances",
        help_text="the senior manager who sees to it now",
    )
    keeper_lost_on = models.DateField(null=True, blank=True, help_text="since then a successor is asked for")
    next_reminder_on = models.DateField(null=True, blank=True)
    reminded_step = models.PositiveSmallIntegerField(default=0)
    noted_at = models.DateTimeField()
    noted_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    given_at = models.DateTimeField(null=True, blank=True)
    evidence = models.TextField(max_length=3000, blank=True)
    proposed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    confirmed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    ended_at = models.DateTimeField(null=True, blank=True)
    end_reason = models.CharField(max_length=500, blank=True)
    redactions = models.PositiveSmallIntegerField(default=0, help_text="how often words of it were destroyed")
    redacted_on = models.DateField(null=True, blank=True, help_text="the day on which words were destroyed")
    replaces = models.OneToOneField("self", on_delete=models.PROTECT, null=True, blank=True, related_name="replaced_by")
    link = models.OneToOneField(
        "accounts.PersonalLink", on_delete=models.SET_NULL, null=True, blank=True, related_name="assurance"
    )

    objects = AssuranceQuerySet.as_manager()

    retention = Retention(
        plain=(
            "id", "reference", "programme", "organisation", "mandate", "role", "kind", "words", "for_everybody",
            "session", "state", "due_on", "is_ongoing", "carried_by", "keeper_lost_on", "next_reminder_on",
            "reminded_step", "noted_at", "given_at", "evidence", "ended_at", "end_reason", "redactions",
            "redacted_on", "replaces", "link", "questions",
        ),
        personal=("person", "keeper", "noted_by", "proposed_by", "confirmed_by"),
        until="seven years after the programme has ended",
    )  # fmt: skip

    class Meta:
        constraints = [
            models.CheckConstraint(condition=~Q(words=""), name="assurance_has_words"),
            models.CheckConstraint(
                condition=Q(state="noted", given_at__isnull=True)
                | Q(state__in=("lapsed", "withdrawn"))
                | (~Q(state="noted") & Q(given_at__isnull=False)),
                name="assurance_given_at_a_moment",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=("noted", "given", "proposed")) | Q(next_reminder_on__isnull=False),
                name="assurance_never_silent",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=("noted", "given", "proposed"))
                | Q(keeper__isnull=False, keeper_lost_on__isnull=True)
                | Q(keeper__isnull=True, keeper_lost_on__isnull=False),
                name="assurance_kept_by_somebody_or_asked_for",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=("proposed", "kept")) | (~Q(evidence="") & Q(proposed_by__isnull=False)),
                name="assurance_kept_with_evidence",
            ),
            models.CheckConstraint(
                condition=~Q(state="kept") | (Q(confirmed_by__isnull=False) & ~Q(confirmed_by=F("proposed_by"))),
                name="assurance_kept_confirmed_by_another",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=("withdrawn", "not_kept", "lapsed")) | ~Q(end_reason=""),
                name="assurance_end_has_reason",
            ),
        ]
        indexes = [
            models.Index(fields=["programme", "state", "due_on"], name="assurance_by_programme"),
            models.Index(fields=["next_reminder_on"], name="assurance_to_remind"),
            models.Index(fields=["carried_by", "state", "due_on"], name="assurance_by_organisation"),
        ]

    def __str__(self) -> str:
        return self.reference
