"""Indexes that only lists used, which go by the standings now: an import writes them row by row, orders again and again."""

from typing import ClassVar

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies: ClassVar = [("customers", "0009_deleted_tags")]

    operations: ClassVar = [
        migrations.RemoveIndex(model_name="customer", name="customer_by_orders"),
        migrations.RemoveIndex(model_name="customer", name="customer_by_last_order"),
        migrations.RemoveIndex(model_name="customer", name="customer_by_country"),
        migrations.RemoveIndex(model_name="customer", name="customer_by_spent"),
        migrations.AddIndex(
            model_name="customer",
            index=models.Index(
                condition=models.Q(("spent_minor__gt", 0)), fields=["spent_minor", "id"], name="customer_by_spent"
            ),
        ),
    ]
