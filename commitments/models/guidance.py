"""Guidance for everybody in a programme: sections that are written together, comments on them, versions that stand."""

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q

from briefings.models import Programme
from commitments.models.agreements import AgreementVersion
from history.retention import Retention
from organisations.models import Organisation

_SEVEN_YEARS = "seven years after the programme has ended"


class Guidance(models.Model):
    """A document as it is being worked on. What everybody reads is its newest version.

    ``is_open``: people of the partners read the draft and comment on it; before that only who writes it sees it.
    """

    programme = models.ForeignKey(Programme, on_delete=models.PROTECT, related_name="guidance")
    title = models.CharField(max_length=200)
    is_open = models.BooleanField(default=False)
    started_at = models.DateTimeField()
    started_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    ended_at = models.DateTimeField(null=True, blank=True)
    end_reason = models.CharField(max_length=500, blank=True)

    retention = Retention(
        plain=("id", "programme", "title", "is_open", "started_at", "ended_at", "end_reason"),
        personal=("started_by",),
        until=_SEVEN_YEARS,
    )

    class Meta:
        ordering = ("title", "id")
        verbose_name_plural = "guidance"
        constraints = [
            models.CheckConstraint(condition=~Q(title=""), name="guidance_has_title"),
            models.CheckConstraint(
                condition=Q(ended_at__isnull=True, end_reason="") | (Q(ended_at__isnull=False) & ~Q(end_reason="")),
                name="guidance_end_has_reason",
            ),
        ]

    def __str__(self) -> str:
        return self.title


class GuidanceSection(models.Model):
    """One section as it is being worked on, in Markdown. ``version`` rises with each change of its words.

    A section that was taken out keeps its words and its comments.
    """

    guidance = models.ForeignKey(Guidance, on_delete=models.PROTECT, related_name="sections")
    position = models.PositiveSmallIntegerField()
    title = models.CharField(max_length=200)
    words = models.TextField(max_length=20_000)
    version = models.PositiveIntegerField(default=1)
    changed_at = models.DateTimeField()
    changed_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    removed_at = models.DateTimeField(null=True, blank=True)

    retention = Retention(
        plain=("id", "guidance", "position", "title", "words", "version", "changed_at", "removed_at"),
        personal=("changed_by",),
        until=_SEVEN_YEARS,
    )

    class Meta:
        ordering = ("position", "id")
        constraints = [models.CheckConstraint(condition=~Q(title="") & ~Q(words=""), name="section_has_words")]

    def __str__(self) -> str:
        return self.title


class SectionAgreement(models.Model):
    """That a section stands on an agreement, in exactly these words of it."""

    section = models.ForeignKey(GuidanceSection, on_delete=models.CASCADE, related_name="agreements")
    version = models.ForeignKey(AgreementVersion, on_delete=models.PROTECT, related_name="+")

    retention = Retention(plain=("id", "section", "version"))

    class Meta:
        ordering = ("id",)
        constraints = [models.UniqueConstraint(fields=["section", "version"], name="section_stands_on_it_once")]


class CommentState(models.TextChoices):
    OPEN = "open", "Not answered yet"
    TAKEN_UP = "taken_up", "Taken up"
    NOT = "not", "Not taken up"


class SectionComment(models.Model):
    """What somebody of a partner says about a section, and what became of it. The organisation is of that day."""

    section = models.ForeignKey(GuidanceSection, on_delete=models.PROTECT, related_name="comments")
    words = models.TextField(max_length=3000)
    made_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    made_at = models.DateTimeField()
    state = models.CharField(max_length=8, choices=CommentState, default=CommentState.OPEN)
    answer = models.TextField(max_length=2000, blank=True, help_text="the reason where it is not taken up")
    answered_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    answered_at = models.DateTimeField(null=True, blank=True)

    retention = Retention(
        plain=("id", "section", "organisation", "made_at", "state", "answer", "answered_at"),
        personal=("words", "made_by", "answered_by"),
        until=_SEVEN_YEARS,
    )

    class Meta:
        ordering = ("made_at", "id")
        constraints = [
            models.CheckConstraint(condition=~Q(words=""), name="comment_has_words"),
            models.CheckConstraint(
                condition=Q(state="open", answer="", answered_by__isnull=True, answered_at__isnull=True)
                | (
                    Q(state__in=("taken_up", "not"), answered_by__isnull=False, answered_at__isnull=False)
                    & (Q(state="taken_up") | ~Q(answer=""))
                ),
                name="comment_answered_with_reason",
            ),
        ]
        indexes = [models.Index(fields=["section"], condition=Q(state="open"), name="comment_not_answered")]


class GuidanceVersion(models.Model):
    """What was published, as it was published. One row holds all of it, and the database never changes the row.

    ``sections``: a list of {"section": id of the section it was made from, "title", "words"} in order. ``agreements``
    are the ids of the versions of agreements that it stands on. ``unendorsed`` are the organisations that had not
    endorsed one of them when it was published, ``unanswered`` how many comments had no answer then: both were said by
    who published.
    """

    guidance = models.ForeignKey(Guidance, on_delete=models.PROTECT, related_name="versions")
    number = models.PositiveSmallIntegerField()
    title = models.CharField(max_length=200)
    note = models.TextField(max_length=2000, blank=True, help_text="what is new, in Markdown")
    sections = models.JSONField()
    agreements = ArrayField(models.BigIntegerField(), default=list, blank=True)
    unendorsed = ArrayField(models.BigIntegerField(), default=list, blank=True)
    unanswered = models.PositiveSmallIntegerField(default=0)
    published_at = models.DateTimeField()
    published_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")

    retention = Retention(
        plain=(
            "id", "guidance", "number", "title", "note", "sections", "agreements", "unendorsed", "unanswered",
            "published_at",
        ),
        personal=("published_by",),
        until=_SEVEN_YEARS,
    )  # fmt: skip

    class Meta:
        ordering = ("-number",)
        constraints = [
            models.UniqueConstraint(fields=["guidance", "number"], name="guidance_version_once"),
            models.CheckConstraint(condition=Q(number__gte=1), name="guidance_version_from_one"),
        ]

    def __str__(self) -> str:
        return f"{self.title}, version {self.number}"


class Acknowledgement(models.Model):
    """That somebody says to have read one version. The organisation is of that day."""

    version = models.ForeignKey(GuidanceVersion, on_delete=models.PROTECT, related_name="acknowledgements")
    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="acknowledgements")
    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="+")
    made_at = models.DateTimeField()

    retention = Retention(
        plain=("id", "version", "organisation", "made_at"), personal=("person",), until="as long as the person"
    )

    class Meta:
        constraints = [models.UniqueConstraint(fields=["version", "person"], name="acknowledged_once")]


class ReferenceKind(models.TextChoices):
    PROCEDURE = "procedure", "Operating procedure"
    SHARING = "sharing", "Information sharing agreement"
    OTHER = "other", "Other document"


class ReferenceQuerySet(models.QuerySet):
    """References, in the words of the product."""

    def standing(self) -> "ReferenceQuerySet":
        """Return those that nobody took off the list."""
        return self.filter(removed_at__isnull=True)


class Reference(models.Model):
    """A document that lies elsewhere: its owner, from when to when it holds, and when it is to be looked at again."""

    programme = models.ForeignKey(Programme, on_delete=models.CASCADE, related_name="references")
    kind = models.CharField(max_length=10, choices=ReferenceKind)
    title = models.CharField(max_length=200)
    version = models.CharField(max_length=40, blank=True)
    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="+")
    link = models.URLField(max_length=500, blank=True)
    effective_from = models.DateField()
    effective_until = models.DateField(null=True, blank=True, help_text="the last day on which it holds")
    review_on = models.DateField()
    next_reminder_on = models.DateField(null=True, blank=True)
    reminded_step = models.PositiveSmallIntegerField(default=0)
    changed_at = models.DateTimeField()
    changed_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    removed_at = models.DateTimeField(null=True, blank=True)

    objects = ReferenceQuerySet.as_manager()

    retention = Retention(
        plain=(
            "id", "programme", "kind", "title", "version", "organisation", "link", "effective_from",
            "effective_until", "review_on", "next_reminder_on", "reminded_step", "changed_at", "removed_at",
        ),
        personal=("changed_by",),
        until=_SEVEN_YEARS,
    )  # fmt: skip

    class Meta:
        ordering = ("title", "id")
        constraints = [
            models.CheckConstraint(condition=~Q(title=""), name="reference_has_title"),
            models.CheckConstraint(
                condition=Q(effective_until__isnull=True) | Q(effective_until__gte=F("effective_from")),
                name="reference_ends_after_start",
            ),
            models.CheckConstraint(
                condition=Q(link="") | Q(link__startswith="https://") | Q(link__startswith="http://"),
                name="reference_link_is_of_the_web",
            ),
            models.CheckConstraint(
                condition=Q(removed_at__isnull=False, next_reminder_on__isnull=True)
                | Q(removed_at__isnull=True, next_reminder_on__isnull=False),
                name="reference_never_silent",
            ),
        ]
        indexes = [
            models.Index(
                fields=["next_reminder_on"], condition=Q(next_reminder_on__isnull=False), name="reference_to_remind"
            )
        ]

    def __str__(self) -> str:
        return self.title
