from django.db import migrations

FIRST = [("vip", "VIP"), ("regular", "Regular"), ("business", "Business"), ("new", "New")]


def add_categories(apps, schema_editor):
    category = apps.get_model("customers", "Category")
    for position, (key, name) in enumerate(FIRST):
        category.objects.get_or_create(key=key, defaults={"name": name, "position": position})


class Migration(migrations.Migration):
    dependencies = [("customers", "0003_customers_in_full")]

    operations = [migrations.RunPython(add_categories, migrations.RunPython.noop)]
