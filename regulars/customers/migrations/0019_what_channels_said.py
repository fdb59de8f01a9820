"""Which parts of a profile are what a sales channel said."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("customers", "0018_no_plain_birth_dates")]

    operations = [
        migrations.CreateModel(
            name="Heard",
            fields=[
                (
                    "customer",
                    models.OneToOneField(
                        on_delete=models.deletion.CASCADE,
                        primary_key=True,
                        related_name="heard",
                        serialize=False,
                        to="customers.customer",
                    ),
                ),
                ("parts", models.JSONField(default=dict)),
            ],
        ),
    ]
