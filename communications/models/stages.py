"""The stages of a programme, and what is to be told to whom by when in each."""

from django.conf import settings
from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateRangeField, RangeBoundary, RangeOperators
from django.db import models
from django.db.models import F, Func, Q

from attendance.models import InvitationRound, SessionNotice
from briefings.models import Programme, Session
from commitments.models import Agreement, Telling
from communications.models.posts import Post
from history.retention import Retention
from organisations.models import Area, Organisation, Profession


class StageKind(models.TextChoices):
    DESIGN = "design", "Design"
    PILOT = "pilot", "Pilot"
    GO_LIVE = "go_live", "Go-live"
    REVIEW = "review", "Review"
    OWN = "own", "Another stage"


class _Days(Func):
    """The days of a stage, its last one among them."""

    function = "daterange"
    output_field = DateRangeField()


class Stage(models.Model):
    """A part of a programme's time. Stages follow one another: the database lets none overlap."""

    programme = models.ForeignKey(Programme, on_delete=models.CASCADE, related_name="stages")
    kind = models.CharField(max_length=10, choices=StageKind)
    name = models.CharField(max_length=100)
    starts_on = models.DateField()
    ends_on = models.DateField(help_text="the last day of the stage")
    kept_on = models.DateField(null=True, blank=True, help_text="when its audiences were counted for good")
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )

    retention = Retention(
        plain=("id", "programme", "kind", "name", "starts_on", "ends_on", "kept_on"),
        personal=("owner",),
        until="as long as the person",
    )

    class Meta:
        ordering = ("starts_on", "id")
        constraints = [
            models.CheckConstraint(condition=~Q(name=""), name="stage_has_name"),
            models.CheckConstraint(condition=Q(ends_on__gte=F("starts_on")), name="stage_ends_after_start"),
            models.UniqueConstraint(fields=["programme", "name"], name="stage_name_unique"),
            ExclusionConstraint(
                name="stages_one_after_the_other",
                expressions=[
                    ("programme", RangeOperators.EQUAL),
                    (_Days("starts_on", "ends_on", RangeBoundary(inclusive_upper=True)), RangeOperators.OVERLAPS),
                ],
            ),
        ]

    def __str__(self) -> str:
        return self.name


class KeptCell(models.Model):
    """An audience of a stage that is over, and the best way in which people of it were reached; it names nobody.

    Kept because what tells so, by person, is forgotten after a year.
    """

    stage = models.ForeignKey(Stage, on_delete=models.CASCADE, related_name="kept_cells")
    organisation = models.ForeignKey(Organisation, on_delete=models.CASCADE, related_name="+")
    profession = models.ForeignKey(Profession, on_delete=models.CASCADE, null=True, blank=True, related_name="+")
    area = models.ForeignKey(Area, on_delete=models.CASCADE, null=True, blank=True, related_name="+")
    people = models.PositiveIntegerField(help_text="how many were known by name; 0 where they were only counted")
    how = models.CharField(max_length=10, blank=True, help_text="attended or written; empty where nothing reached them")

    retention = Retention(plain=("id", "stage", "organisation", "profession", "area", "people", "how"))

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["stage", "organisation", "profession", "area"], name="kept_cell_once", nulls_distinct=False
            ),
            models.CheckConstraint(condition=Q(how__in=["", "attended", "written"]), name="kept_cell_how_known"),
        ]

    def __str__(self) -> str:
        return f"kept cell {self.pk}"


class Means(models.TextChoices):
    SESSION = "session", "Session"
    MESSAGE = "message", "Message"
    POST = "post", "Post"
    AGREEMENT = "agreement", "Agreement"
    OTHER = "other", "Another way"


class PlannedItemQuerySet(models.QuerySet):
    """Planned items, in the words of the product."""

    def open(self) -> "PlannedItemQuerySet":
        """Return those that nothing has fulfilled yet."""
        return self.filter(done_at__isnull=True)


class PlannedItem(models.Model):
    """What is to be told to whom by when, and what fulfils it. It is never silent: open items have a next reminder.

    No organisation, profession or area named means every one in scope. ``owner`` is empty only where nobody is left.
    """

    stage = models.ForeignKey(Stage, on_delete=models.PROTECT, related_name="items")
    words = models.CharField(max_length=300)
    means = models.CharField(max_length=10, choices=Means)
    organisations = models.ManyToManyField(Organisation, blank=True, related_name="+")
    professions = models.ManyToManyField(Profession, blank=True, related_name="+")
    areas = models.ManyToManyField(Area, blank=True, related_name="+")
    due_on = models.DateField()
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="planned_items"
    )
    link = models.OneToOneField(
        "accounts.PersonalLink", on_delete=models.SET_NULL, null=True, blank=True, related_name="planned_item"
    )
    next_reminder_on = models.DateField(null=True, blank=True)
    reminded_step = models.PositiveSmallIntegerField(default=0)
    ladder = models.PositiveIntegerField(default=0, help_text="how often its reminders began again")

    session = models.ForeignKey(Session, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    round = models.ForeignKey(InvitationRound, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    notice = models.ForeignKey(SessionNotice, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    telling = models.ForeignKey(Telling, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    post = models.ForeignKey(Post, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    agreement = models.ForeignKey(Agreement, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    done_at = models.DateTimeField(null=True, blank=True)
    done_words = models.CharField(max_length=500, blank=True, help_text="how it was done, where nothing is linked")

    objects = PlannedItemQuerySet.as_manager()

    retention = Retention(
        plain=(
            "id", "stage", "words", "means", "due_on", "link", "next_reminder_on", "reminded_step", "ladder", "session",
            "round", "notice", "telling", "post", "agreement", "done_at", "done_words",
        ),
        personal=("owner",),
        until="as long as the person",
    )  # fmt: skip

    class Meta:
        ordering = ("due_on", "id")
        constraints = [
            models.CheckConstraint(condition=~Q(words=""), name="planned_item_has_words"),
            models.CheckConstraint(
                condition=Q(done_at__isnull=True, next_reminder_on__isnull=False)
                | Q(done_at__isnull=False, next_reminder_on__isnull=True),
                name="planned_item_never_silent",
            ),
        ]
        indexes = [
            models.Index(
                fields=["next_reminder_on"], condition=Q(next_reminder_on__isnull=False), name="planned_item_to_remind"
            ),
        ]

    def __str__(self) -> str:
        return self.words
