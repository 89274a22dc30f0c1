from django.db import migrations


class Migration(migrations.Migration):
    """Presses are kept by accounts, for every app above it; those of the last two days go along."""

    dependencies = [
        ('accounts', '0002_presses'),
        ('attendance', '0015_senior_stood_before'),
    ]

    operations = [
        migrations.RunSQL(
            'INSERT INTO accounts_press (key, digest, location, link_id, made_at)'
            ' SELECT key, digest, location, link_id, made_at FROM attendance_press',
            migrations.RunSQL.noop,
        ),
        migrations.DeleteModel(name='Press'),
    ]
