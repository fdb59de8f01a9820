import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("channels", "0002_connections"),
        ("orders", "0004_the_whole_sale"),
    ]

    operations = [
        migrations.CreateModel(
            name="OrderNumbers",
            fields=[
                (
                    "channel",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="+",
                        serialize=False,
                        to="channels.channel",
                    ),
                ),
                ("next_order", models.BigIntegerField(default=1001)),
                ("next_draft", models.BigIntegerField(default=1)),
            ],
        ),
        migrations.AddIndex(
            model_name="order",
            index=models.Index(
                condition=models.Q(("source", ""), _negated=True),
                fields=["source", "placed_at"],
                name="order_by_source",
            ),
        ),
        migrations.AddIndex(
            model_name="order",
            index=models.Index(
                condition=models.Q(("campaign", ""), _negated=True),
                fields=["campaign", "placed_at"],
                name="order_by_campaign",
            ),
        ),
        migrations.AddIndex(
            model_name="return",
            index=models.Index(
                condition=models.Q(("state__in", ["requested", "received"])),
                fields=["returned_at", "id"],
                name="return_open",
            ),
        ),
    ]
