from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("channels", "0001_initial"),
        ("customers", "0011_other_spellings"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddIndex(
            model_name="customer",
            index=models.Index(
                condition=models.Q(("looked_after_by__isnull", False)),
                fields=["looked_after_by"],
                name="customer_by_owner",
            ),
        ),
        migrations.AddIndex(
            model_name="customer",
            index=models.Index(
                condition=models.Q(("born_ordinal__isnull", False)), fields=["born_ordinal"], name="customer_by_birth"
            ),
        ),
    ]
