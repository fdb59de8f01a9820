import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("inbox", "0009_chats"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Guessing",
            fields=[
                ("id", models.PositiveSmallIntegerField(default=1, editable=False, primary_key=True, serialize=False)),
                ("topics_on", models.BooleanField(default=True, verbose_name="suggest topics")),
                ("sets_topics", models.BooleanField(default=False, verbose_name="set topics by itself")),
                ("answers_on", models.BooleanField(default=True, verbose_name="suggest canned answers")),
                ("number", models.PositiveIntegerField(default=0)),
                ("is_learned", models.BooleanField(default=False)),
                ("forgotten", models.PositiveIntegerField(default=0)),
                ("learned_from", models.CharField(blank=True, default="", max_length=64)),
                ("learned_at", models.DateTimeField(null=True)),
                ("examples", models.PositiveIntegerField(default=0)),
                ("topics", models.PositiveIntegerField(default=0)),
                ("answers", models.PositiveIntegerField(default=0)),
                ("accuracy", models.FloatField(null=True)),
                ("usual", models.FloatField(null=True)),
                ("shown", models.FloatField(null=True)),
                ("precision", models.FloatField(null=True)),
                ("hits", models.FloatField(null=True)),
            ],
            options={
                "constraints": [models.CheckConstraint(condition=models.Q(("id", 1)), name="one_guessing")],
            },
        ),
        migrations.CreateModel(
            name="Guess",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("confidence", models.PositiveSmallIntegerField()),
                ("number", models.PositiveIntegerField()),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("offered", "Suggested"),
                            ("accepted", "Accepted"),
                            ("dismissed", "Dismissed"),
                            ("other", "Another topic was chosen"),
                            ("set", "Set by itself"),
                            ("back", "Taken back"),
                        ],
                        default="offered",
                        max_length=9,
                    ),
                ),
                ("made_at", models.DateTimeField()),
                ("decided_at", models.DateTimeField(null=True)),
                (
                    "conversation",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE, related_name="guess", to="inbox.conversation"
                    ),
                ),
                (
                    "decided_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "topic",
                    models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name="+", to="inbox.topic"),
                ),
            ],
            options={
                "indexes": [models.Index(fields=["-made_at"], name="guess_by_moment")],
            },
        ),
        migrations.CreateModel(
            name="CannedGuess",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("place", models.PositiveSmallIntegerField()),
                ("made_at", models.DateTimeField()),
                ("used_at", models.DateTimeField(null=True)),
                (
                    "canned",
                    models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name="+", to="inbox.canned"),
                ),
                (
                    "conversation",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="canned_guesses",
                        to="inbox.conversation",
                    ),
                ),
            ],
            options={
                "indexes": [models.Index(fields=["-made_at"], name="canned_guess_by_moment")],
                "constraints": [
                    models.UniqueConstraint(fields=("conversation", "canned"), name="canned_guess_once"),
                ],
            },
        ),
    ]
