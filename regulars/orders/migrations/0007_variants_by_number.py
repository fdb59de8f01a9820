"""Which variant a line of a sale names, by the channel's own number."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("orders", "0006_product_sales")]

    operations = [
        migrations.AddIndex(
            model_name="variant",
            index=models.Index(fields=["external_id"], name="variant_by_external_id"),
        ),
    ]
