from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("timeline", "0001_initial"),
        ("customers", "0001_initial"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Amendment",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("entry_id", models.BigIntegerField()),
                ("by_id", models.BigIntegerField()),
            ],
            options={
                "indexes": [models.Index(fields=["by_id"], name="amendment_by")],
                "constraints": [models.UniqueConstraint(fields=("entry_id", "by_id"), name="amendment_once")],
            },
        ),
        migrations.CreateModel(
            name="Seal",
            fields=[
                ("number", models.BigIntegerField(primary_key=True, serialize=False)),
                ("day", models.DateField()),
                ("made_at", models.DateTimeField()),
                ("from_id", models.BigIntegerField()),
                ("to_id", models.BigIntegerField()),
                ("count", models.PositiveIntegerField()),
                ("gaps", models.TextField(default="[]")),
                ("digests", models.BinaryField()),
                ("key_name", models.CharField(max_length=40)),
                ("previous", models.BinaryField()),
                ("mac", models.BinaryField()),
            ],
        ),
        migrations.CreateModel(
            name="SealState",
            fields=[
                ("id", models.PositiveSmallIntegerField(default=1, primary_key=True, serialize=False)),
                ("waiting_id", models.BigIntegerField(null=True)),
                ("waiting", models.JSONField(default=list)),
                ("proven_at", models.DateTimeField(null=True)),
                ("proven", models.JSONField(default=dict)),
            ],
            options={
                "constraints": [models.CheckConstraint(condition=models.Q(("id", 1)), name="one_seal_state")],
            },
        ),
        migrations.AddField(model_name="entry", name="token_id", field=models.BigIntegerField(null=True)),
        migrations.AddField(model_name="entry", name="line", field=models.UUIDField(null=True)),
        migrations.AlterField(
            model_name="entry",
            name="source",
            field=models.CharField(
                choices=[
                    ("page", "Page"),
                    ("api", "Api"),
                    ("import", "Import"),
                    ("channel", "Channel"),
                    ("system", "System"),
                    ("command", "Command"),
                ],
                default="system",
                max_length=8,
            ),
        ),
        migrations.AddConstraint(
            model_name="entry",
            constraint=models.UniqueConstraint(
                condition=models.Q(("line__isnull", False)), fields=("line",), name="entry_line"
            ),
        ),
        migrations.AddIndex(
            model_name="entry",
            index=models.Index(
                condition=models.Q(("source", "import"), _negated=True), fields=["name", "id"], name="entry_by_name"
            ),
        ),
        migrations.AddIndex(
            model_name="entry",
            index=models.Index(
                condition=models.Q(("source", "import"), _negated=True), fields=["actor", "id"], name="entry_by_actor"
            ),
        ),
    ]
