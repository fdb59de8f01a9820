"""The bounds by which customers of the shop are graded, reckoned for all of them at a time."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("segments", "0002_following_by_turns")]

    operations = [
        migrations.CreateModel(
            name="Grading",
            fields=[
                ("id", models.PositiveSmallIntegerField(default=1, primary_key=True, serialize=False)),
                ("bounds", models.JSONField(default=dict)),
                ("customers", models.PositiveBigIntegerField(default=0)),
                ("reckoned_at", models.DateTimeField()),
            ],
            options={
                "constraints": [models.CheckConstraint(condition=models.Q(("id", 1)), name="one_grading")],
            },
        ),
    ]
