"""Staff lists: an uploaded file, its rows as they were understood, what was decided about names, what was changed."""

import uuid

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from history.retention import Retention
from organisations.models.who import Area, Organisation, Profession


def upload_path(instance: "StaffListImport", name: str) -> str:
    """Return where an upload is kept: a name that nobody can guess, and nothing of the sender's own name."""
    return f"staff-lists/{uuid.uuid4().hex}"


class ImportState(models.TextChoices):
    UPLOADED = "uploaded", "Waiting to be read"
    READING = "reading", "Being read"
    READ = "read", "Read: look at it and decide"
    CONFIRMED = "confirmed", "Waiting to be written"
    WRITING = "writing", "Being written"
    DONE = "done", "Done"
    FAILED = "failed", "Could not be read"
    DROPPED = "dropped", "Dropped"
    UNDONE = "undone", "Undone"


IMPORT_MOVES = {
    ImportState.UPLOADED: {ImportState.READING, ImportState.DROPPED},
    ImportState.READING: {ImportState.READ, ImportState.FAILED, ImportState.UPLOADED},
    ImportState.READ: {ImportState.CONFIRMED, ImportState.DROPPED},
    ImportState.CONFIRMED: {ImportState.WRITING, ImportState.DROPPED},
    ImportState.WRITING: {ImportState.DONE, ImportState.FAILED, ImportState.CONFIRMED},
    ImportState.DONE: {ImportState.UNDONE},
    ImportState.FAILED: set(),
    ImportState.DROPPED: set(),
    ImportState.UNDONE: set(),
}


class StaffListImport(models.Model):
    """One uploaded staff list and how far it has come. ``organisation``: only its people may be in it."""

    file = models.FileField(upload_to=upload_path, null=True, blank=True, help_text="removed once it was read")
    file_name = models.CharField(max_length=200, help_text="what the sender called it")
    digest = models.CharField(max_length=64)
    organisation = models.ForeignKey(
        Organisation, on_delete=models.CASCADE, null=True, blank=True, related_name="staff_lists"
    )
    uploaded_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")
    uploaded_at = models.DateTimeField()
    state = models.CharField(max_length=10, choices=ImportState, default=ImportState.UPLOADED)
    columns = models.JSONField(default=dict, help_text="what each column was understood as, by its head")
    unused_columns = models.JSONField(default=list)
    rows_read = models.PositiveIntegerField(default=0)
    problem = models.CharField(max_length=500, blank=True, help_text="why it could not be read, in words")
    counts = models.JSONField(default=dict, help_text="rows by what became, or would become, of them")
    finished_at = models.DateTimeField(null=True, blank=True)

    retention = Retention(
        plain=(
            "id", "file", "file_name", "digest", "organisation", "uploaded_at", "state", "columns", "unused_columns",
            "rows_read", "problem", "counts", "finished_at",
        ),
        personal=("uploaded_by",),
        until="as long as the person; the file goes once it was read",
    )  # fmt: skip

    class Meta:
        ordering = ("-uploaded_at", "-id")
        constraints = [
            models.CheckConstraint(condition=~Q(state="failed") | ~Q(problem=""), name="staff_list_failed_with_reason"),
        ]
        indexes = [models.Index(fields=["state"], name="staff_list_by_state")]

    def __str__(self) -> str:
        return self.file_name


_STAGED = {"db_index": False, "db_constraint": False, "blank": True}


class RowFate(models.TextChoices):
    UNSETTLED = "", "Not looked at yet"
    NEW = "new", "New person"
    JOINS = "joins", "Known person, new here"
    CHANGES = "changes", "Changed"
    SAME = "same", "As it was"
    LEAVES = "leaves", "Has left"
    DUPLICATE = "duplicate", "Twice in the file"
    SKIPPED = "skipped", "Left out by a decision"
    REJECTED = "rejected", "Cannot be used"


class ImportRow(models.Model):
    """One row of a staff list, as it was understood. Rows go with their import, at the latest after 30 days."""

    # Rows are found by their list in the index of the line; it has none of its own.
    staff_list = models.ForeignKey(
        StaffListImport, on_delete=models.CASCADE, related_name="rows", db_index=False, db_constraint=False
    )
    line = models.PositiveIntegerField(help_text="the line in the file")
    name = models.CharField(max_length=300, blank=True)
    sort_name = models.CharField(max_length=300, blank=True)
    email = models.CharField(max_length=254, blank=True)
    staff_number = models.CharField(max_length=60, blank=True)
    organisation_words = models.CharField(max_length=300, blank=True)
    profession_words = models.CharField(max_length=200, blank=True)
    area_words = ArrayField(models.CharField(max_length=200), default=list, blank=True)
    until = models.DateField(null=True, blank=True)
    original = models.JSONField(default=list, help_text="the cells as they stood, for the file of rejected rows")
    is_unusable = models.BooleanField(default=False, help_text="whatever is decided about names")
    fate = models.CharField(max_length=10, choices=RowFate, blank=True)
    problem = models.CharField(max_length=300, blank=True)
    # No indexes and no constraints: a hundred thousand rows are settled at one stroke, and go with their list.
    organisation = models.ForeignKey(Organisation, on_delete=models.CASCADE, null=True, related_name="+", **_STAGED)
    profession = models.ForeignKey(Profession, on_delete=models.CASCADE, null=True, related_name="+", **_STAGED)
    area_ids = ArrayField(models.BigIntegerField(), default=list, blank=True)
    person = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, null=True, related_name="+", **_STAGED
    )
    affiliation = models.ForeignKey(
        "organisations.Affiliation", on_delete=models.CASCADE, null=True, related_name="+", **_STAGED
    )

    retention = Retention(
        plain=(
            "id", "staff_list", "line", "organisation_words", "profession_words", "area_words", "until",
            "is_unusable", "fate",
            "problem", "organisation", "profession", "area_ids", "affiliation",
        ),
        personal=("name", "sort_name", "email", "staff_number", "original", "person"),
        until="30 days after the upload",
    )  # fmt: skip

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["staff_list", "line"], name="import_row_line_once"),
            models.CheckConstraint(condition=~Q(fate="rejected") | ~Q(problem=""), name="import_row_says_why"),
        ]
        indexes = [models.Index(fields=["staff_list", "fate", "line"], name="import_row_by_fate")]


class NameKind(models.TextChoices):
    ORGANISATION = "organisation", "Organisation"
    PROFESSION = "profession", "Profession"
    AREA = "area", "Area"


class NameDecision(models.Model):
    """What was decided about a name in a file that nobody knew: which one it means, or to leave such rows out.

    Remembered for every later file. ``words`` is the name in small letters, spaces made single.
    """

    kind = models.CharField(max_length=12, choices=NameKind)
    words = models.CharField(max_length=300)
    organisation = models.ForeignKey(Organisation, on_delete=models.CASCADE, null=True, blank=True, related_name="+")
    profession = models.ForeignKey(Profession, on_delete=models.CASCADE, null=True, blank=True, related_name="+")
    area = models.ForeignKey(Area, on_delete=models.CASCADE, null=True, blank=True, related_name="+")
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")
    decided_at = models.DateTimeField()

    retention = Retention(
        plain=("id", "kind", "words", "organisation", "profession", "area", "decided_at"),
        personal=("decided_by",),
        until="as long as the person",
    )

    class Meta:
        constraints = [models.UniqueConstraint(fields=["kind", "words"], name="name_decided_once")]


class ImportChange(models.Model):
    """What an import changed, as it was before, so that the import can be undone.

    What it made is told by its rows: the person of each that was new, the affiliation of each that was new or joined.
    """

    staff_list = models.ForeignKey(
        StaffListImport, on_delete=models.CASCADE, related_name="changes", db_index=False, db_constraint=False
    )
    table = models.CharField(max_length=20, help_text="person or affiliation")
    row = models.BigIntegerField()
    before = models.JSONField()

    retention = Retention(
        plain=("id", "staff_list", "table", "row"), personal=("before",), until="30 days after the upload"
    )

    class Meta:
        indexes = [models.Index(fields=["staff_list", "table"], name="import_change_by_import")]
