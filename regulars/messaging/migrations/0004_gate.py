"""Messages with the states of the gate, sealed. What is plain yet waits as “0.<text>” until set-up seals it."""

import datetime

import django.core.validators
import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models

_SEALED = ("to", "subject", "text", "html")
_STATES = {"waiting": "planned", "sending": "planned", "sent": "accepted"}
_STATES_BEFORE = {
    **dict.fromkeys(("planned", "claimed"), "waiting"),
    **dict.fromkeys(("accepted", "delivered", "complained", "handed_over", "unknown"), "sent"),
    **dict.fromkeys(("bounced", "cancelled"), "failed"),
}


def wait(apps, editor):
    """Mark every plain text as one that waits to be sealed, and name the states anew."""
    for column in _SEALED:
        editor.execute(f'UPDATE messaging_message SET "{column}" = \'0.\' || "{column}" WHERE "{column}" <> \'\'')  # noqa: S608
    rows = apps.get_model("messaging", "Message")._base_manager
    for before, state in _STATES.items():
        rows.filter(state=before).update(state=state)
    rows.update(due_at=models.F("created_at"))
    rows.filter(state="accepted").update(handed_at=models.F("sent_at"), settled_at=models.F("sent_at"))


def plainly(apps, editor):
    """Take the marks away. What is sealed has to be opened first, by `regulars keys unseal`."""
    rows = apps.get_model("messaging", "Message")._base_manager
    for column in _SEALED:
        if rows.exclude(**{column: ""}).exclude(**{f"{column}__startswith": "0."}).exists():
            raise ValueError("mails are sealed; run “regulars keys unseal” with the newer version first")
    for column in _SEALED:
        editor.execute(f'UPDATE messaging_message SET "{column}" = substr("{column}", 3) WHERE "{column}" <> \'\'')  # noqa: S608
    for state, before in _STATES_BEFORE.items():
        rows.filter(state=state).update(state=before)


class Migration(migrations.Migration):
    dependencies = [
        ("customers", "0019_what_channels_said"),
        ("messaging", "0003_accounts"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Limits",
            fields=[
                ("id", models.PositiveSmallIntegerField(default=1, editable=False, primary_key=True, serialize=False)),
                (
                    "is_counted",
                    models.BooleanField(default=True, verbose_name="Limit how much marketing one person gets"),
                ),
                (
                    "most",
                    models.PositiveSmallIntegerField(
                        default=3,
                        validators=[
                            django.core.validators.MinValueValidator(1),
                            django.core.validators.MaxValueValidator(100),
                        ],
                        verbose_name="Messages at most",
                    ),
                ),
                (
                    "days",
                    models.PositiveSmallIntegerField(
                        default=7,
                        validators=[
                            django.core.validators.MinValueValidator(1),
                            django.core.validators.MaxValueValidator(365),
                        ],
                        verbose_name="In so many days",
                    ),
                ),
                ("is_quiet", models.BooleanField(default=True, verbose_name="Wait until people are awake")),
                ("opens", models.TimeField(default=datetime.time(8, 0), verbose_name="From")),
                ("closes", models.TimeField(default=datetime.time(20, 0), verbose_name="Until")),
                ("changed_at", models.DateTimeField(default=django.utils.timezone.now)),
            ],
        ),
        migrations.CreateModel(
            name="MessageFile",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("name", models.TextField()),
                ("media_type", models.CharField(max_length=100)),
                ("size", models.PositiveBigIntegerField()),
                ("sha256", models.CharField(max_length=64)),
                ("key", models.CharField(max_length=80, unique=True)),
                ("content_id", models.CharField(blank=True, default="", max_length=250)),
                ("is_inline", models.BooleanField(default=False)),
            ],
            options={
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="SigningKey",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("domain", models.CharField(max_length=250, unique=True)),
                ("selector", models.CharField(max_length=63)),
                ("public", models.TextField()),
                ("secret", models.TextField(editable=False)),
                ("is_on", models.BooleanField(default=False)),
                ("made_at", models.DateTimeField(default=django.utils.timezone.now)),
            ],
        ),
        migrations.CreateModel(
            name="Suppression",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ("updated_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ("version", models.PositiveIntegerField(default=1, editable=False)),
                (
                    "way",
                    models.CharField(
                        choices=[
                            ("email", "E-mail"),
                            ("sms", "SMS"),
                            ("whatsapp", "WhatsApp"),
                            ("telegram", "Telegram"),
                            ("wechat", "WeChat"),
                            ("chat", "Chat"),
                            ("other", "Other"),
                        ],
                        default="email",
                        max_length=8,
                        verbose_name="way",
                    ),
                ),
                ("digest", models.CharField(max_length=32)),
                ("address", models.TextField(blank=True, default="", verbose_name="address or number")),
                (
                    "reason",
                    models.CharField(
                        choices=[
                            ("bounce", "Mail came back"),
                            ("complaint", "Marked as spam"),
                            ("unsubscribed", "Unsubscribed"),
                            ("by_hand", "By hand"),
                        ],
                        max_length=12,
                        verbose_name="reason",
                    ),
                ),
                ("purpose", models.CharField(blank=True, default="", max_length=40, verbose_name="purpose")),
                ("note", models.CharField(blank=True, default="", max_length=250, verbose_name="why")),
                ("since", models.DateTimeField(default=django.utils.timezone.now)),
                ("ended_at", models.DateTimeField(null=True)),
                ("ended_reason", models.CharField(blank=True, default="", max_length=250)),
            ],
        ),
        migrations.AddField(
            model_name="message",
            name="account",
            field=models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.SET_NULL, related_name="messages", to="messaging.account"
            ),
        ),
        migrations.AddField(
            model_name="message",
            name="attempts",
            field=models.PositiveSmallIntegerField(default=0),
        ),
        migrations.AddField(
            model_name="message",
            name="claim",
            field=models.PositiveIntegerField(default=0),
        ),
        migrations.AddField(
            model_name="message",
            name="claimed_until",
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name="message",
            name="consent",
            field=models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.SET_NULL, related_name="+", to="customers.consentrecord"
            ),
        ),
        migrations.AddField(
            model_name="message",
            name="counts_at",
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name="message",
            name="due_at",
            field=models.DateTimeField(default=django.utils.timezone.now),
        ),
        migrations.AddField(
            model_name="message",
            name="handed_at",
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name="message",
            name="headers",
            field=models.JSONField(default=dict),
        ),
        migrations.AddField(
            model_name="message",
            name="is_bulk",
            field=models.BooleanField(default=False),
        ),
        migrations.AddField(
            model_name="message",
            name="language",
            field=models.CharField(blank=True, default="", max_length=16),
        ),
        migrations.AddField(
            model_name="message",
            name="provider_id",
            field=models.CharField(blank=True, default="", max_length=250),
        ),
        migrations.AddField(
            model_name="message",
            name="purpose",
            field=models.CharField(blank=True, default="service", max_length=40, verbose_name="purpose"),
        ),
        migrations.AddField(
            model_name="message",
            name="resends",
            field=models.PositiveSmallIntegerField(default=0),
        ),
        migrations.AddField(
            model_name="message",
            name="settled_at",
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name="message",
            name="template",
            field=models.CharField(blank=True, default="", max_length=40),
        ),
        migrations.AddField(
            model_name="message",
            name="to_digest",
            field=models.CharField(blank=True, default="", max_length=32),
        ),
        migrations.AddField(
            model_name="message",
            name="way",
            field=models.CharField(
                choices=[
                    ("email", "E-mail"),
                    ("sms", "SMS"),
                    ("whatsapp", "WhatsApp"),
                    ("telegram", "Telegram"),
                    ("wechat", "WeChat"),
                    ("chat", "Chat"),
                    ("other", "Other"),
                ],
                default="email",
                max_length=8,
                verbose_name="way",
            ),
        ),
        migrations.AlterField(
            model_name="message",
            name="message_id",
            field=models.CharField(blank=True, default="", max_length=250),
        ),
        migrations.AlterField(
            model_name="message",
            name="state",
            field=models.CharField(
                choices=[
                    ("planned", "Waiting to be sent"),
                    ("claimed", "Being sent"),
                    ("handed_over", "Being handed over"),
                    ("accepted", "Sent"),
                    ("delivered", "Arrived"),
                    ("failed", "Not delivered"),
                    ("bounced", "Came back"),
                    ("complained", "Marked as spam"),
                    ("unknown", "Not known whether it arrived"),
                    ("held", "Held: no sender is set up"),
                    ("cancelled", "Taken back"),
                ],
                default="planned",
                max_length=11,
                verbose_name="state",
            ),
        ),
        migrations.AlterField(
            model_name="message",
            name="subject",
            field=models.TextField(blank=True, default="", verbose_name="subject"),
        ),
        migrations.AlterField(
            model_name="message",
            name="text",
            field=models.TextField(blank=True, default=""),
        ),
        migrations.AlterField(
            model_name="message",
            name="to",
            field=models.TextField(verbose_name="to"),
        ),
        migrations.AddIndex(
            model_name="message",
            index=models.Index(fields=["message_id"], name="message_by_mail_id"),
        ),
        migrations.AddIndex(
            model_name="message",
            index=models.Index(
                condition=models.Q(("provider_id", ""), _negated=True),
                fields=["provider_id"],
                name="message_by_provider",
            ),
        ),
        migrations.AddIndex(
            model_name="message",
            index=models.Index(fields=["to_digest", "-id"], name="message_by_address"),
        ),
        migrations.AddIndex(
            model_name="message",
            index=models.Index(
                condition=models.Q(("counts_at__isnull", False)),
                fields=["customer", "counts_at"],
                name="message_counts",
            ),
        ),
        migrations.AddField(
            model_name="limits",
            name="changed_by",
            field=models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
            ),
        ),
        migrations.AddField(
            model_name="messagefile",
            name="customer",
            field=models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.SET_NULL, related_name="+", to="customers.customer"
            ),
        ),
        migrations.AddField(
            model_name="messagefile",
            name="message",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="files", to="messaging.message"
            ),
        ),
        migrations.AddField(
            model_name="suppression",
            name="customer",
            field=models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.SET_NULL, related_name="+", to="customers.customer"
            ),
        ),
        migrations.AddField(
            model_name="suppression",
            name="ended_by",
            field=models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
            ),
        ),
        migrations.AddField(
            model_name="suppression",
            name="made_by",
            field=models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
            ),
        ),
        migrations.AddField(
            model_name="suppression",
            name="message",
            field=models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.SET_NULL, related_name="+", to="messaging.message"
            ),
        ),
        migrations.AddConstraint(
            model_name="limits",
            constraint=models.CheckConstraint(condition=models.Q(("id", 1)), name="one_row_of_limits"),
        ),
        migrations.AddConstraint(
            model_name="suppression",
            constraint=models.UniqueConstraint(
                condition=models.Q(("ended_at__isnull", True)), fields=("digest", "purpose"), name="not_written_to_once"
            ),
        ),
        migrations.RunPython(wait, plainly),
    ]
