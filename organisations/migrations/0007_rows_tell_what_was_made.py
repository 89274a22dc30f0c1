from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('organisations', '0006_fewer_indexes_for_lists'),
    ]

    operations = [
        # What an import made stands in its rows too, by their fate.
        migrations.RunSQL('DELETE FROM organisations_importchange WHERE before IS NULL', migrations.RunSQL.noop),
        migrations.AlterField(
            model_name='importchange',
            name='before',
            field=models.JSONField(),
        ),
    ]
