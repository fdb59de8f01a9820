"""Groups that were deleted can come back; whoever follows the timeline sees that somebody else did."""

import django.db.models.manager
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("segments", "0001_groups")]

    operations = [
        migrations.AlterModelOptions(
            name="group",
            options={"base_manager_name": "everything", "ordering": ["key"]},
        ),
        migrations.AlterModelManagers(
            name="group",
            managers=[
                ("objects", django.db.models.manager.Manager()),
                ("everything", django.db.models.manager.Manager()),
            ],
        ),
        migrations.AddField("group", "deleted_at", models.DateTimeField(editable=False, null=True)),
        migrations.AddField("following", "turn", models.BigIntegerField(default=0)),
        migrations.AddField("following", "again", models.BinaryField(default=bytes)),
        migrations.AddField("following", "rounds", models.PositiveSmallIntegerField(default=0)),
    ]
