from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('messaging', '0003_streams'),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name='bounce',
            name='bounce_is_for_good',
        ),
        migrations.AddConstraint(
            model_name='bounce',
            constraint=models.CheckConstraint(condition=models.Q(('status__regex', '^[45]\\.')), name='bounce_is_for_good'),
        ),
    ]
