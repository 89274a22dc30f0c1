"""Agreements: what a workshop settled, in one or two sentences, with versions that partners are asked to endorse."""

from datetime import date

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from briefings.models import Mandate, Programme, Session
from commitments.models.outputs import Output
from history.retention import Retention
from organisations.models import Organisation

_SEVEN_YEARS = "seven years after the programme has ended"


class VersionState(models.TextChoices):
    DRAFT = "draft", "Draft"
    PROPOSED = "proposed", "Proposed"
    LAPSED = "lapsed", "Lapsed"
    SUPERSEDED = "superseded", "Replaced by a later version"
    WITHDRAWN = "withdrawn", "Withdrawn"


VERSION_MOVES = {
    VersionState.DRAFT: {VersionState.PROPOSED, VersionState.WITHDRAWN},
    VersionState.PROPOSED: {VersionState.LAPSED, VersionState.SUPERSEDED, VersionState.WITHDRAWN},
    VersionState.LAPSED: {VersionState.SUPERSEDED, VersionState.WITHDRAWN},
    VersionState.SUPERSEDED: set(),
    VersionState.WITHDRAWN: set(),
}
"""The moves between states that are kept; how far the endorsing has come is derived (``Standing``)."""


class Standing(models.TextChoices):
    """Where a version stands for who reads it, derived from its state, its review date and the outcomes."""

    DRAFT = "draft", "Draft"
    PROPOSED = "proposed", "Proposed, endorsed by nobody yet"
    IN_PART = "in_part", "Endorsed in part"
    FULL = "full", "Fully endorsed"
    LAPSED = "lapsed", "Lapsed: its review date has passed"
    SUPERSEDED = "superseded", "Replaced by a later version"
    WITHDRAWN = "withdrawn", "Withdrawn"


class Outcome(models.TextChoices):
    ENDORSED = "endorsed", "Endorsed"
    NOTED = "noted", "Endorsed with a note"
    DECLINED = "declined", "Declined"


ENDORSING = (Outcome.ENDORSED, Outcome.NOTED)
"""The outcomes that count as an endorsement."""


class AgreementQuerySet(models.QuerySet):
    """Agreements, in the words of the product."""

    def unended(self) -> "AgreementQuerySet":
        """Return those that were neither withdrawn nor replaced by another agreement."""
        return self.filter(ended_at=None)


class Agreement(models.Model):
    """One thing that partners agreed. Its words stand in its versions."""

    reference = models.CharField(max_length=20, unique=True)
    programme = models.ForeignKey(Programme, on_delete=models.PROTECT, related_name="agreements")
    title = models.CharField(
        max_length=120, help_text="a few words to find it by; the words that count are a version's"
    )
    session = models.ForeignKey(Session, on_delete=models.PROTECT, null=True, blank=True, related_name="agreements")
    output = models.OneToOneField(
        Output, on_delete=models.PROTECT, null=True, blank=True, related_name="agreement", help_text="born as this"
    )
    in_use_since = models.DateField(null=True, blank=True, help_text="people work by it, endorsed or not")
    made_at = models.DateTimeField()
    made_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    ended_at = models.DateTimeField(null=True, blank=True)
    end_reason = models.CharField(max_length=500, blank=True)
    superseded_by = models.ForeignKey(
        "self", on_delete=models.PROTECT, null=True, blank=True, related_name="supersedes"
    )

    objects = AgreementQuerySet.as_manager()

    retention = Retention(
        plain=(
            "id", "reference", "programme", "title", "session", "output", "in_use_since", "made_at", "ended_at",
            "end_reason", "superseded_by",
        ),
        personal=("made_by",),
        until=_SEVEN_YEARS,
    )  # fmt: skip

    class Meta:
        ordering = ("-made_at", "-id")
        constraints = [
            models.CheckConstraint(condition=~Q(title=""), name="agreement_has_title"),
            models.CheckConstraint(
                condition=Q(ended_at__isnull=True, end_reason="", superseded_by__isnull=True)
                | (Q(ended_at__isnull=False) & ~Q(end_reason="")),
                name="agreement_end_has_reason",
            ),
            models.CheckConstraint(
                condition=Q(superseded_by__isnull=True) | ~Q(superseded_by=F("id")),
                name="agreement_not_replaced_by_itself",
            ),
        ]
        indexes = [models.Index(fields=["programme", "ended_at", "-made_at"], name="agreement_by_programme")]

    def __str__(self) -> str:
        return self.reference


class AgreementVersion(models.Model):
    """One wording. From the moment it is proposed its words and dates never change (the database refuses it)."""

    agreement = models.ForeignKey(Agreement, on_delete=models.PROTECT, related_name="versions")
    number = models.PositiveSmallIntegerField()
    words = models.TextField(max_length=2000)
    review_on = models.DateField(help_text="endorsed until then: after that day it has lapsed")
    endorse_by = models.DateField(null=True, blank=True)
    state = models.CharField(max_length=10, choices=VersionState, default=VersionState.DRAFT)
    drafted_at = models.DateTimeField()
    drafted_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    proposed_at = models.DateTimeField(null=True, blank=True)
    proposed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    ended_at = models.DateTimeField(null=True, blank=True)
    next_review_reminder_on = models.DateField(null=True, blank=True)

    retention = Retention(
        plain=(
            "id", "agreement", "number", "words", "review_on", "endorse_by", "state", "drafted_at", "proposed_at",
            "ended_at", "next_review_reminder_on",
        ),
        personal=("drafted_by", "proposed_by"),
        until=_SEVEN_YEARS,
    )  # fmt: skip

    class Meta:
        ordering = ("-number",)
        constraints = [
            models.UniqueConstraint(fields=["agreement", "number"], name="version_number_once"),
            models.UniqueConstraint(
                fields=["agreement"], condition=Q(state="draft"), name="version_one_draft_of_an_agreement"
            ),
            models.UniqueConstraint(
                fields=["agreement"],
                condition=Q(state__in=("proposed", "lapsed")),
                name="version_one_current_of_an_agreement",
            ),
            models.CheckConstraint(condition=~Q(words=""), name="version_has_words"),
            models.CheckConstraint(
                condition=Q(state="draft", proposed_at__isnull=True, proposed_by__isnull=True)
                | Q(state="withdrawn")
                | Q(proposed_at__isnull=False, proposed_by__isnull=False, endorse_by__isnull=False),
                name="version_proposed_by_somebody",
            ),
            models.CheckConstraint(
                condition=Q(state__in=("superseded", "withdrawn"), ended_at__isnull=False)
                | (~Q(state__in=("superseded", "withdrawn")) & Q(ended_at__isnull=True)),
                name="version_ends_at_a_moment",
            ),
            models.CheckConstraint(
                condition=Q(state="proposed") ^ Q(next_review_reminder_on__isnull=True),
                name="version_review_never_silent",
            ),
        ]
        indexes = [
            models.Index(fields=["next_review_reminder_on"], name="version_to_review"),
        ]

    def __str__(self) -> str:
        return f"{self.agreement.reference} version {self.number}"

    def standing(self, on: date, *, endorsed: int, needed: int) -> Standing:
        """Return where it stands on the day ``on`` where ``endorsed`` of ``needed`` partners have endorsed it."""
        if self.state != VersionState.PROPOSED:
            return Standing(self.state)
        if self.review_on < on:
            return Standing.LAPSED
        if needed and endorsed >= needed:
            return Standing.FULL
        return Standing.IN_PART if endorsed else Standing.PROPOSED


class PartnerAsked(models.Model):
    """That one partner is asked to endorse one version, and what it has said so far.

    ``outcome`` repeats the newest endorsement of the partner; ``check_invariants`` compares the two. A partner that
    has left the programme since is not needed any more; one that came later has an ``answer_by`` of its own.
    """

    version = models.ForeignKey(AgreementVersion, on_delete=models.PROTECT, related_name="partners_asked")
    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="+")
    is_needed = models.BooleanField(default=True)
    outcome = models.CharField(max_length=10, choices=Outcome, blank=True)
    said_at = models.DateTimeField(null=True, blank=True)
    next_reminder_on = models.DateField(null=True, blank=True)
    reminded_step = models.PositiveSmallIntegerField(default=0)
    answer_by = models.DateField(null=True, blank=True, help_text="a day of its own, where it was asked after others")

    retention = Retention(
        plain=(
            "id", "version", "organisation", "is_needed", "outcome", "said_at", "next_reminder_on", "reminded_step",
            "answer_by",
        )
    )  # fmt: skip

    class Meta:
        ordering = ("organisation__name", "id")
        constraints = [
            models.UniqueConstraint(fields=["version", "organisation"], name="partner_asked_once"),
            models.CheckConstraint(
                condition=Q(outcome="", said_at__isnull=True) | (~Q(outcome="") & Q(said_at__isnull=False)),
                name="partner_said_at_a_moment",
            ),
            models.CheckConstraint(
                condition=Q(next_reminder_on__isnull=True) | Q(outcome="", is_needed=True),
                name="partner_not_reminded_after_an_answer",
            ),
        ]
        indexes = [
            models.Index(fields=["next_reminder_on"], name="partner_asked_to_remind"),
            models.Index(fields=["organisation", "outcome"], name="partner_asked_by_organisation"),
        ]


class SeniorAsked(models.Model):
    """That one senior manager was asked for their organisation: by the proposal, or passed to them by a colleague."""

    asked = models.ForeignKey(PartnerAsked, on_delete=models.CASCADE, related_name="seniors")
    mandate = models.ForeignKey(Mandate, on_delete=models.PROTECT, related_name="+")
    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="asked_to_endorse")
    asked_at = models.DateTimeField()
    passed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    passed_on_at = models.DateTimeField(null=True, blank=True, help_text="passed on to a colleague: not reminded")
    link = models.OneToOneField(
        "accounts.PersonalLink", on_delete=models.SET_NULL, null=True, blank=True, related_name="asked_to_endorse"
    )

    retention = Retention(
        plain=("id", "asked", "mandate", "asked_at", "passed_on_at", "link"),
        personal=("person", "passed_by"),
        until=_SEVEN_YEARS,
    )

    class Meta:
        ordering = ("asked_at", "id")
        constraints = [models.UniqueConstraint(fields=["asked", "person"], name="senior_asked_once")]
        indexes = [models.Index(fields=["person", "passed_on_at"], name="senior_asked_by_person")]


class AgreementPolicy(models.Model):
    """What one programme says about its agreements. Where there is no row the values of a new one hold."""

    programme = models.OneToOneField(Programme, on_delete=models.CASCADE, related_name="agreement_policy")
    needs_second_step = models.BooleanField(default=False, help_text="endorsing needs an authenticator app")
    endorse_days = models.PositiveSmallIntegerField(default=10, help_text="working days to endorse a version")

    retention = Retention(plain=("id", "programme", "needs_second_step", "endorse_days"))

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(endorse_days__gte=1), name="agreement_policy_gives_time")]
