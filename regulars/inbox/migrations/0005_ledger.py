"""The ledger knows whose mails it holds, and what was counted on the servers."""

import django.db.models.deletion
import django.utils.timezone
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("customers", "0019_what_channels_said"),
        ("inbox", "0004_promises"),
        ("messaging", "0003_accounts"),
    ]

    operations = [
        migrations.AddField(
            model_name="arrival",
            name="account",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="+",
                to="messaging.account",
            ),
        ),
        migrations.AddField(
            model_name="arrival",
            name="customer",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="+",
                to="customers.customer",
            ),
        ),
        migrations.AddField(model_name="arrival", name="is_erased", field=models.BooleanField(default=False)),
        migrations.AddField(model_name="arrival", name="is_partial", field=models.BooleanField(default=False)),
        migrations.AddField(
            model_name="arrival",
            name="sender_digest",
            field=models.CharField(blank=True, default="", max_length=64),
        ),
        migrations.AddIndex(
            model_name="arrival",
            index=models.Index(fields=["sender_digest"], name="arrival_by_sender"),
        ),
        migrations.CreateModel(
            name="MailCount",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("day", models.DateField()),
                ("counted_at", models.DateTimeField(default=django.utils.timezone.now)),
                ("on_server", models.PositiveIntegerField(default=0)),
                ("in_ledger", models.PositiveIntegerField(default=0)),
                ("missing", models.JSONField(default=list)),
                ("fetched", models.PositiveIntegerField(default=0)),
                ("left", models.PositiveIntegerField(default=0)),
                ("problem", models.CharField(blank=True, default="", max_length=500)),
                (
                    "mailbox",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="counts",
                        to="inbox.mailbox",
                    ),
                ),
            ],
            options={"ordering": ["-day", "mailbox_id"]},
        ),
        migrations.AddConstraint(
            model_name="mailcount",
            constraint=models.UniqueConstraint(fields=("mailbox", "day"), name="mail_count_once"),
        ),
    ]
