import uuid

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("attendance", "0001_initial")]

    operations = [
        migrations.AddField(
            "invitationround",
            "press",
            models.UUIDField(
                default=uuid.uuid4, help_text="the rendered form: one press makes one round", unique=True
            ),
            preserve_default=False,
        ),
        migrations.AddField(
            "invitation",
            "reminded_step",
            models.PositiveSmallIntegerField(default=0, help_text="the last rung of the ladder that was used"),
        ),
        migrations.AddIndex(
            "invitation",
            models.Index(fields=["programme", "reminded_step", "invited_at"], name="invitation_to_remind"),
        ),
    ]
