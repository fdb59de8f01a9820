from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("customers", "0012_owners_and_ages"),
    ]

    operations = [
        migrations.AddField(
            model_name="ownprofile",
            name="shown",
            field=models.JSONField(default=dict),
        ),
    ]
