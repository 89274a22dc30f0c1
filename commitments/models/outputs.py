"""What a workshop leaves behind: concerns, actions, expectations, drafts of agreements, quotations."""

from django.conf import settings
from django.db import models
from django.db.models import Q

from briefings.models import Session
from commitments.models.standards import Theme
from history.retention import Retention


class OutputKind(models.TextChoices):
    BARRIER = "barrier", "Concern or barrier"
    ACTION = "action", "Action"
    EXPECTATION = "expectation", "Expectation"
    AGREEMENT = "agreement", "Agreement, as a draft"
    QUOTATION = "quotation", "Quotation without a name"


class Term(models.TextChoices):
    SHORT = "short", "Short term"
    LONG = "long", "Long term"


class ActionState(models.TextChoices):
    OPEN = "open", "Open"
    DONE = "done", "Done"
    DROPPED = "dropped", "Dropped"


class OutputQuerySet(models.QuerySet):
    """Outputs, in the words of the product."""

    def open_actions(self) -> "OutputQuerySet":
        """Return the actions that somebody still has to do."""
        return self.filter(action_state=ActionState.OPEN)


class Output(models.Model):
    """One thing that was said or settled in a workshop, written down while it went on.

    Only an action has an owner, a date and a next reminder; it ends as done or dropped, in words. A quotation has
    nobody's name: there is no column for it.
    """

    session = models.ForeignKey(Session, on_delete=models.PROTECT, related_name="outputs")
    kind = models.CharField(max_length=12, choices=OutputKind)
    words = models.TextField(max_length=1000)
    theme = models.CharField(max_length=12, choices=Theme, blank=True)
    term = models.CharField(max_length=5, choices=Term, blank=True)
    noted_at = models.DateTimeField()
    noted_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="actions"
    )
    action_state = models.CharField(max_length=8, choices=ActionState, blank=True)
    due_on = models.DateField(null=True, blank=True)
    next_reminder_on = models.DateField(null=True, blank=True)
    reminded_step = models.PositiveSmallIntegerField(default=0)
    ended_at = models.DateTimeField(null=True, blank=True)
    end_words = models.CharField(max_length=500, blank=True, help_text="what was done, or why it was dropped")
    link = models.OneToOneField(
        "accounts.PersonalLink", on_delete=models.SET_NULL, null=True, blank=True, related_name="action"
    )

    objects = OutputQuerySet.as_manager()

    retention = Retention(
        plain=(
            "id", "session", "kind", "words", "theme", "term", "noted_at", "action_state", "due_on",
            "next_reminder_on", "reminded_step", "ended_at", "end_words", "link",
        ),
        personal=("noted_by", "owner"),
        until="seven years after the programme has ended",
    )  # fmt: skip

    class Meta:
        ordering = ("-noted_at", "-id")
        constraints = [
            models.CheckConstraint(condition=~Q(words=""), name="output_has_words"),
            models.CheckConstraint(condition=Q(kind="barrier") ^ Q(theme=""), name="output_barrier_has_theme"),
            models.CheckConstraint(condition=Q(kind="expectation") ^ Q(term=""), name="output_expectation_has_term"),
            models.CheckConstraint(
                condition=Q(kind="action", owner__isnull=False, due_on__isnull=False) & ~Q(action_state="")
                | ~Q(kind="action") & Q(owner__isnull=True, due_on__isnull=True, action_state=""),
                name="output_action_has_owner_and_date",
            ),
            models.CheckConstraint(
                condition=Q(action_state="open", next_reminder_on__isnull=False, ended_at__isnull=True)
                | Q(action_state="", next_reminder_on__isnull=True, ended_at__isnull=True)
                | (
                    Q(action_state__in=("done", "dropped"), next_reminder_on__isnull=True, ended_at__isnull=False)
                    & ~Q(end_words="")
                ),
                name="output_action_never_silent",
            ),
        ]
        indexes = [
            models.Index(
                fields=["next_reminder_on"], condition=Q(next_reminder_on__isnull=False), name="action_to_remind"
            )
        ]
