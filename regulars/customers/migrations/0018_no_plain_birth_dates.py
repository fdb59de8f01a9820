from django.db import migrations, models

_INDEXES = (
    ("birth_blind", "customer_by_birth"),
    ("birth_year_blind", "customer_by_birth_year"),
    ("birthday_blind", "customer_by_birthday"),
    ("vat_number_blind", "customer_by_vat_number"),
    ("payment_preference_blind", "customer_by_payment"),
)


class Migration(migrations.Migration):
    dependencies = [
        ("customers", "0017_sealed_fields"),
    ]

    operations = [
        migrations.RemoveField(model_name="customer", name="born_ordinal"),
        migrations.RemoveField(model_name="customer", name="birthday"),
        migrations.RemoveField(model_name="customer", name="birth_year"),
        *[
            migrations.AddIndex(
                model_name="customer",
                index=models.Index(condition=models.Q((f"{column}__isnull", False)), fields=[column], name=name),
            )
            for column, name in _INDEXES
        ],
        migrations.AddIndex(
            model_name="customvalue",
            index=models.Index(
                condition=models.Q(("blind__isnull", False)),
                fields=["field", "blind", "customer"],
                name="custom_value_by_blind",
            ),
        ),
    ]
