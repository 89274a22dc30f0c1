"""A change of what says whom a coordinator sees is told with its commit, as in 0001: counts of people are kept until."""

from django.db import migrations

TABLES = ("briefings_appointment", "briefings_mandate", "briefings_sessionpart")


class Migration(migrations.Migration):
    dependencies = [("desk", "0002_so_are_those_of_the_overview"), ("briefings", "0006_publishes_reach")]

    operations = [
        migrations.RunSQL(
            f"CREATE TRIGGER tells_at_once AFTER INSERT OR UPDATE OR DELETE ON {table} "
            "FOR EACH STATEMENT EXECUTE FUNCTION tell_at_once()",
            f"DROP TRIGGER tells_at_once ON {table}",
        )
        for table in TABLES
    ]
