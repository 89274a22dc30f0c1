import commitments.models.keeping
from django.db import migrations, models


FIXED = {
    "assurance_words_stay": (
        "commitments_assurance",
        "commitments_words_stay",
        "reference, programme_id, organisation_id, person_id, mandate_id, role, kind, for_everybody, is_ongoing, "
        "session_id, noted_at",
        " OR (OLD.given_at IS NOT NULL AND OLD.given_at IS DISTINCT FROM NEW.given_at)",
    ),
    "evidence_stays": (
        "commitments_evidence", "commitments_stays_as_said", "assurance_id, version, given_by_id, given_at", ""
    ),
    "review_stays": (
        "commitments_review",
        "commitments_stays_as_said",
        "id, assurance_id, due_before, due_after, reviewed_by_id, reviewed_at",
        "",
    ),
}  # fmt: skip
"""By trigger: its table, what it calls, and what never changes there."""
FILE = """
CREATE TRIGGER evidence_file_stays BEFORE UPDATE ON commitments_evidencefile FOR EACH ROW
    WHEN (OLD.destroyed_on IS NOT NULL OR NEW.destroyed_on IS NULL OR (OLD.id, OLD.evidence_id, OLD.content_type, OLD.size)
        IS DISTINCT FROM (NEW.id, NEW.evidence_id, NEW.content_type, NEW.size))
    EXECUTE FUNCTION commitments_stays_as_said();
"""


def _columns(row: str, names: str) -> str:
    return ", ".join(f"{row}.{name}" for name in names.split(", "))


def _trigger(name: str, words: str) -> str:
    table, function, fixed, more = FIXED[name]
    return f"""
DROP TRIGGER {name} ON {table};
CREATE TRIGGER {name} BEFORE UPDATE ON {table} FOR EACH ROW
    WHEN (({_columns("OLD", fixed)}) IS DISTINCT FROM ({_columns("NEW", fixed)}){more} OR {words})
    EXECUTE FUNCTION {function}();
"""


MARKED = """((OLD.words, OLD.redactions, OLD.redacted_on) IS DISTINCT FROM (NEW.words, NEW.redactions, NEW.redacted_on)
        AND (OLD.words = NEW.words OR NEW.redactions <> OLD.redactions + 1 OR NEW.redacted_on IS NULL))"""
"""Words change only by what counts itself as a redaction, and nothing else does."""
KEEP = "".join(_trigger(name, MARKED) for name in FIXED) + FILE
LET_GO = "DROP TRIGGER evidence_file_stays ON commitments_evidencefile;" + "".join(
    _trigger(name, "OLD.words IS DISTINCT FROM NEW.words") for name in FIXED
)


class Migration(migrations.Migration):
    """Words of an assurance, of its evidence and its reviews change by a redaction alone, which is seen on the row."""

    dependencies = [
        ('commitments', '0019_answered_again_and_keys_by_state'),
    ]

    operations = [
        migrations.AddField(
            model_name='assurance',
            name='redacted_on',
            field=models.DateField(blank=True, help_text='the day on which words were destroyed', null=True),
        ),
        migrations.AddField(
            model_name='assurance',
            name='redactions',
            field=models.PositiveSmallIntegerField(default=0, help_text='how often words of it were destroyed'),
        ),
        migrations.AddField(
            model_name='evidence',
            name='redacted_on',
            field=models.DateField(blank=True, help_text='the day on which words were destroyed', null=True),
        ),
        migrations.AddField(
            model_name='evidence',
            name='redactions',
            field=models.PositiveSmallIntegerField(default=0, help_text='how often words of it were destroyed'),
        ),
        migrations.AddField(
            model_name='evidencefile',
            name='destroyed_on',
            field=models.DateField(blank=True, help_text='the day on which it was destroyed, its name too', null=True),
        ),
        migrations.AddField(
            model_name='review',
            name='redacted_on',
            field=models.DateField(blank=True, help_text='the day on which words were destroyed', null=True),
        ),
        migrations.AddField(
            model_name='review',
            name='redactions',
            field=models.PositiveSmallIntegerField(default=0, help_text='how often words of it were destroyed'),
        ),
        migrations.AlterField(
            model_name='evidencefile',
            name='file',
            field=models.FileField(blank=True, upload_to=commitments.models.keeping.evidence_path),
        ),
        migrations.AlterField(
            model_name='evidencefile',
            name='file_name',
            field=models.CharField(blank=True, max_length=140),
        ),
        migrations.AddConstraint(
            model_name='evidencefile',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('destroyed_on__isnull', False), ('file', ''), ('file_name', '')), models.Q(('destroyed_on__isnull', True), models.Q(('file', ''), _negated=True), models.Q(('file_name', ''), _negated=True)), _connector='OR'), name='evidence_file_there_or_destroyed'),
        ),
        migrations.RunSQL(KEEP, LET_GO),
    ]
