"""Names joined by a hyphen are sorted by their first part, as everywhere in the country."""

from django.db import migrations

from accounts.models import sort_key


def sort_again(apps, schema_editor):
    Person = apps.get_model("accounts", "Person")
    joined = list(Person.objects.filter(name__contains="-").only("name", "sort_name"))
    for person in joined:
        person.sort_name = sort_key(person.name)
    Person.objects.bulk_update(joined, ["sort_name"], batch_size=500)


class Migration(migrations.Migration):
    dependencies = [("accounts", "0002_presses")]
    operations = [migrations.RunPython(sort_again, migrations.RunPython.noop)]
