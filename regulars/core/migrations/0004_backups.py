import django.utils.timezone
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("core", "0003_wrapped_keys"),
    ]

    operations = [
        migrations.CreateModel(
            name="BackupRun",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(max_length=80)),
                ("place", models.CharField(max_length=250)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("taking", "being taken"),
                            ("taken", "not proven yet"),
                            ("proven", "proven"),
                            ("damaged", "damaged"),
                            ("failed", "not taken"),
                        ],
                        default="taking",
                        max_length=8,
                    ),
                ),
                ("began_at", models.DateTimeField(default=django.utils.timezone.now)),
                ("ended_at", models.DateTimeField(null=True)),
                ("proven_at", models.DateTimeField(null=True)),
                ("size", models.PositiveBigIntegerField(default=0)),
                ("digest", models.CharField(blank=True, default="", max_length=64)),
                ("rows", models.PositiveBigIntegerField(default=0)),
                ("checked", models.JSONField(default=list)),
                ("error", models.TextField(blank=True, default="")),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=("name", "place"), name="backup_once_in_a_place")],
            },
        ),
        migrations.CreateModel(
            name="KeysCopy",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("place", models.CharField(max_length=250, unique=True)),
                ("wanted_at", models.DateTimeField()),
                ("replaced_at", models.DateTimeField(null=True)),
                ("error", models.TextField(blank=True, default="")),
            ],
        ),
        migrations.CreateModel(
            name="Restoration",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("backup", models.CharField(max_length=80)),
                ("taken_at", models.DateTimeField()),
                ("restored_at", models.DateTimeField(default=django.utils.timezone.now)),
                ("released_at", models.DateTimeField(null=True)),
            ],
        ),
    ]
