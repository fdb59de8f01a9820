import django.db.models.deletion
import django.db.models.manager
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("customers", "0008_date_of_birth_as_a_number")]

    operations = [
        migrations.AlterModelOptions(
            name="tag",
            options={"base_manager_name": "everyone", "ordering": ["key"]},
        ),
        migrations.AlterModelManagers(
            name="tag",
            managers=[
                ("objects", django.db.models.manager.Manager()),
                ("everyone", django.db.models.manager.Manager()),
            ],
        ),
        migrations.AddField(
            model_name="tag",
            name="deleted_at",
            field=models.DateTimeField(editable=False, null=True),
        ),
        migrations.AddField(
            model_name="tag",
            name="merged_into",
            field=models.ForeignKey(
                db_index=False,
                editable=False,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="+",
                to="customers.tag",
            ),
        ),
        migrations.AddField(
            model_name="tag",
            name="first_tagging",
            field=models.BigIntegerField(editable=False, null=True),
        ),
        migrations.AddField(
            model_name="tag",
            name="last_tagging",
            field=models.BigIntegerField(editable=False, null=True),
        ),
        migrations.AlterField(
            model_name="customvalue",
            name="folded",
            field=models.CharField(blank=True, default="", max_length=500),
        ),
    ]
