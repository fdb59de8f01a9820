from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("customers", "0014_own_fields_sort_by_character"),
    ]

    operations = [
        migrations.AddField(
            model_name="mergelink",
            name="aside",
            field=models.JSONField(blank=True, default=list),
        ),
    ]
