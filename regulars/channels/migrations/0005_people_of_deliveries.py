"""Whom a delivery tells of beside the one that it names itself."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("channels", "0004_comparisons")]

    operations = [
        migrations.CreateModel(
            name="DeliveryPerson",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("customer_id", models.BigIntegerField()),
                (
                    "delivery",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="people",
                        to="channels.delivery",
                    ),
                ),
            ],
            options={
                "indexes": [models.Index(fields=["customer_id"], name="delivery_person_of_customer")],
                "constraints": [
                    models.UniqueConstraint(fields=("delivery", "customer_id"), name="delivery_person_once")
                ],
            },
        ),
    ]
