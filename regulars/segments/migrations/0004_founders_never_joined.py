"""Whoever was in a group from the beginning never joined it, also when they left."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("segments", "0003_grading")]

    operations = [
        migrations.AddField("spell", "is_founder", models.BooleanField(default=False)),
    ]
