from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("customers", "0007_marks_of_merges")]

    operations = [
        migrations.AddField(
            model_name="customer",
            name="born_ordinal",
            field=models.IntegerField(blank=True, db_default=None, editable=False, null=True),
        ),
    ]
