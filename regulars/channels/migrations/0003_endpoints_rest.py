"""Who sends to an address now, how long nobody has answered there, and when it is asked again."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("channels", "0002_connections")]

    operations = [
        migrations.AddField("endpoint", "answered_at", models.DateTimeField(editable=False, null=True)),
        migrations.AddField("endpoint", "failing_since", models.DateTimeField(editable=False, null=True)),
        migrations.AddField("endpoint", "rests_until", models.DateTimeField(editable=False, null=True)),
        migrations.AddField(
            "endpoint", "sender", models.CharField(blank=True, default="", editable=False, max_length=64)
        ),
        migrations.AddField("endpoint", "sender_until", models.DateTimeField(editable=False, null=True)),
        migrations.AddField("posting", "tried_since", models.DateTimeField(null=True)),
    ]
