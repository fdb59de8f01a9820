"""What was sold of each product, for the list of products."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("orders", "0005_numbers_and_finding"),
    ]

    operations = [
        migrations.CreateModel(
            name="ProductSales",
            fields=[
                (
                    "product",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="sales",
                        serialize=False,
                        to="orders.product",
                    ),
                ),
                ("orders", models.PositiveIntegerField(default=0)),
                ("pieces", models.PositiveBigIntegerField(default=0)),
                ("revenue_minor", models.BigIntegerField(default=0)),
                ("until", models.DateTimeField()),
            ],
            options={
                "verbose_name_plural": "product sales",
                "indexes": [models.Index(fields=["revenue_minor", "product"], name="sales_by_revenue")],
            },
        ),
    ]
