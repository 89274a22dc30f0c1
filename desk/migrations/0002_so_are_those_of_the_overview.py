"""A change of what else the overview shows is told with its commit, as in 0001."""

from django.db import migrations

TABLES = (
    "attendance_seniorattendance", "briefings_room", "briefings_venue", "commitments_assurance",
    "commitments_question",
)  # fmt: skip


class Migration(migrations.Migration):
    dependencies = [("desk", "0001_changes_are_told_at_once"), ("commitments", "0001_initial")]

    operations = [
        migrations.RunSQL(
            f"CREATE TRIGGER tells_at_once AFTER INSERT OR UPDATE OR DELETE ON {table} "
            "FOR EACH STATEMENT EXECUTE FUNCTION tell_at_once()",
            f"DROP TRIGGER tells_at_once ON {table}",
        )
        for table in TABLES
    ]
