"""Mails whose text is forgotten once they left, because it holds a link that lets somebody in."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("messaging", "0001_initial"),
    ]

    operations = [
        migrations.AddField(
            model_name="message",
            name="is_fleeting",
            field=models.BooleanField(default=False),
        ),
    ]
