"""The index of a customer's orders holds all that their rhythm is drawn from."""

from typing import ClassVar

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies: ClassVar = [("orders", "0001_initial")]

    operations: ClassVar = [
        migrations.RemoveIndex(model_name="order", name="order_by_customer"),
        migrations.AddIndex(
            model_name="order",
            index=models.Index(
                fields=["customer", "placed_at", "total_base_minor", "status", "is_test"], name="order_by_customer"
            ),
        ),
    ]
