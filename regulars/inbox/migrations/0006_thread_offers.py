"""Mails that may belong to another conversation, for people to decide."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("inbox", "0005_ledger"),
    ]

    operations = [
        migrations.CreateModel(
            name="ThreadOffer",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("by", models.CharField(max_length=12)),
                ("confidence", models.PositiveSmallIntegerField()),
                (
                    "decided",
                    models.CharField(
                        blank=True,
                        choices=[("joined", "Put together"), ("declined", "Left apart")],
                        default="",
                        max_length=8,
                    ),
                ),
                ("decided_at", models.DateTimeField(null=True)),
                (
                    "conversation",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to="inbox.conversation"
                    ),
                ),
                (
                    "post",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="offers",
                        to="inbox.post",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("post", "conversation"), name="thread_offer_once"),
                ],
            },
        ),
    ]
