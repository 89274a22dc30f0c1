"""What a programme says about its questions: themes, who clears answers, closure days, the ladder of reminders."""

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q

from briefings.models import Programme
from history.retention import Retention
from organisations.models import AffiliationQuerySet, Organisation


class Theme(models.TextChoices):
    """What a question is about: the barrier that it names."""

    LANGUAGE = "language", "Language"
    RISK = "risk", "Risk"
    TRUST = "trust", "Trust"
    LEGAL_BASIS = "legal_basis", "Legal basis"
    TECHNICAL = "technical", "Technical"
    PROCESS = "process", "Process"
    OTHER = "other", "Other"


class GovernanceRole(models.TextChoices):
    """Who clears the words of an answer. Held by a person for an organisation; opens nothing else."""

    IG_LEAD = "ig_lead", "Information governance lead"
    CALDICOTT_GUARDIAN = "caldicott_guardian", "Caldicott Guardian"
    SIRO = "siro", "Senior information risk owner (SIRO)"
    DPO = "dpo", "Data protection officer"


class Told(models.TextChoices):
    """Who is reminded on a rung of the ladder."""

    OWNER = "owner", "The owner"
    LEAD = "lead", "The organisation lead"
    COORDINATOR = "coordinator", "The coordinator"
    BOARD = "board", "The programme board"


def every_theme() -> list[str]:
    """Return the themes that a programme uses unless it says otherwise."""
    return list(Theme.values)


class QuestionPolicy(models.Model):
    """What one programme says about its questions. Where there is no row the values of a new one hold."""

    programme = models.OneToOneField(Programme, on_delete=models.CASCADE, related_name="question_policy")
    themes = ArrayField(models.CharField(max_length=12, choices=Theme), default=every_theme, blank=True)
    clearance_roles = ArrayField(
        models.CharField(max_length=20, choices=GovernanceRole),
        default=list,
        blank=True,
        help_text="whose clearance every answer needs",
    )
    repeat_days = models.PositiveSmallIntegerField(
        default=5, help_text="working days between reminders after the last rung"
    )

    retention = Retention(plain=("id", "programme", "themes", "clearance_roles", "repeat_days"))

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(repeat_days__gte=1), name="policy_never_silent")]


class LadderRung(models.Model):
    """One rung of a programme's own ladder: so many working days before or after the due date, who is told."""

    policy = models.ForeignKey(QuestionPolicy, on_delete=models.CASCADE, related_name="rungs")
    days = models.SmallIntegerField(help_text="working days after the due date; before it where negative")
    tells = ArrayField(models.CharField(max_length=12, choices=Told))

    retention = Retention(plain=("id", "policy", "days", "tells"))

    class Meta:
        ordering = ("days",)
        constraints = [
            models.UniqueConstraint(fields=["policy", "days"], name="rung_once"),
            models.CheckConstraint(condition=~Q(tells=[]), name="rung_tells_somebody"),
        ]


class OwnTheme(models.Model):
    """A theme of one programme's own. Ended ones stay on the questions that have them."""

    programme = models.ForeignKey(Programme, on_delete=models.CASCADE, related_name="own_themes")
    name = models.CharField(max_length=60)
    is_ended = models.BooleanField(default=False)

    retention = Retention(plain=("id", "programme", "name", "is_ended"))

    class Meta:
        ordering = ("name", "id")
        constraints = [
            models.UniqueConstraint(fields=["programme", "name"], name="own_theme_once"),
            models.CheckConstraint(condition=~Q(name=""), name="own_theme_has_name"),
        ]

    def __str__(self) -> str:
        return self.name


class ClosureDay(models.Model):
    """A day on which a programme's offices are closed though it is no bank holiday: not a working day there."""

    programme = models.ForeignKey(Programme, on_delete=models.CASCADE, related_name="closure_days")
    day = models.DateField()
    why = models.CharField(max_length=100)

    retention = Retention(plain=("id", "programme", "day", "why"))

    class Meta:
        ordering = ("day",)
        constraints = [
            models.UniqueConstraint(fields=["programme", "day"], name="closure_day_once"),
            models.CheckConstraint(condition=~Q(why=""), name="closure_day_says_why"),
        ]


class GovernanceHolder(models.Model):
    """Who holds a governance role for an organisation in a programme, from a date, perhaps until a date."""

    programme = models.ForeignKey(Programme, on_delete=models.CASCADE, related_name="governance_holders")
    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="governance_holders")
    role = models.CharField(max_length=20, choices=GovernanceRole)
    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="governance_roles")
    since = models.DateField()
    until = models.DateField(null=True, blank=True)

    objects = AffiliationQuerySet.as_manager()

    retention = Retention(
        plain=("id", "programme", "organisation", "role", "since", "until"),
        personal=("person",),
        until="seven years after the programme, as the evidence of who could clear",
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["programme", "organisation", "role", "person"],
                condition=Q(until__isnull=True),
                name="governance_holder_once",
            ),
            models.CheckConstraint(
                condition=Q(until__isnull=True) | Q(until__gte=F("since")), name="governance_holder_ends_after_start"
            ),
        ]


class DigestChoice(models.Model):
    """Somebody who wants one mail a day about all that is theirs instead of one for each question."""

    person = models.OneToOneField(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="digest_choice")
    chosen_at = models.DateTimeField()

    retention = Retention(plain=("id", "chosen_at"), personal=("person",), until="as long as the person wants it")
