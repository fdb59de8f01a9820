from django.db import migrations


def sort_by_character(apps, schema_editor):
    # as the names of 0002, and for the same reason
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute('ALTER TABLE customers_customvalue ALTER COLUMN folded TYPE varchar(500) COLLATE "C"')


class Migration(migrations.Migration):
    dependencies = [("customers", "0013_what_a_merge_shows")]

    operations = [migrations.RunPython(sort_by_character, migrations.RunPython.noop)]
