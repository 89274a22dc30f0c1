"""A change of what figures are counted from is told with its commit, for face/keeping.py."""

from django.db import migrations

TABLES = (
    "accounts_person", "attendance_attendance", "attendance_invitation", "attendance_place", "attendance_seatcount",
    "attendance_walkin", "briefings_partner", "briefings_programme", "briefings_programme_areas",
    "briefings_programme_professions", "briefings_session", "communications_keptcell", "communications_planneditem",
    "communications_planneditem_areas", "communications_planneditem_organisations",
    "communications_planneditem_professions", "communications_post", "communications_stage", "messaging_message",
    "organisations_affiliation", "organisations_affiliationarea", "organisations_area", "organisations_headcount",
    "organisations_organisation", "organisations_profession",
)  # fmt: skip
TELL = """
CREATE FUNCTION tell_at_once() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM pg_stat_force_next_flush();
  RETURN NULL;
END $$
"""


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0001_initial"),
        ("attendance", "0015_senior_stood_before"),
        ("briefings", "0006_publishes_reach"),
        ("communications", "0005_kept_cells"),
        ("messaging", "0003_streams"),
        ("organisations", "0005_staged_rows"),
    ]

    operations = [
        migrations.RunSQL(TELL, "DROP FUNCTION tell_at_once()"),
        *(
            migrations.RunSQL(
                f"CREATE TRIGGER tells_at_once AFTER INSERT OR UPDATE OR DELETE ON {table} "
                "FOR EACH STATEMENT EXECUTE FUNCTION tell_at_once()",
                f"DROP TRIGGER tells_at_once ON {table}",
            )
            for table in TABLES
        ),
    ]
