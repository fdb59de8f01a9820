from django.db import migrations


def sort_by_character(apps, schema_editor):
    # SQLite compares characters as they are. PostgreSQL asks the server's language, whose rules differ from machine to
    # machine; sort_name is made to be compared as it is, so that a list and its page keys agree everywhere.
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute('ALTER TABLE customers_customer ALTER COLUMN sort_name TYPE varchar(120) COLLATE "C"')


class Migration(migrations.Migration):
    dependencies = [("customers", "0001_initial")]

    operations = [migrations.RunPython(sort_by_character, migrations.RunPython.noop)]
