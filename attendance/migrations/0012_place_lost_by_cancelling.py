from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("attendance", "0011_bulk_moves"),
    ]

    operations = [
        migrations.AddIndex(
            model_name="place",
            index=models.Index(
                condition=models.Q(("closed_reason", "session_cancelled")),
                fields=["closed_at"],
                name="place_lost_by_cancelling",
            ),
        ),
    ]
