"""When somebody left, invitations from the command line, and who made a token and where it may come from."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("staff", "0003_second_steps_and_sessions"),
    ]

    operations = [
        migrations.AddField(
            model_name="user",
            name="left_at",
            field=models.DateTimeField(editable=False, null=True),
        ),
        migrations.AlterField(
            model_name="invitation",
            name="invited_by",
            field=models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.CASCADE, related_name="+", to=settings.AUTH_USER_MODEL
            ),
        ),
        migrations.AddField(
            model_name="apitoken",
            name="made_by",
            field=models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.CASCADE, related_name="+", to=settings.AUTH_USER_MODEL
            ),
        ),
        migrations.AddField(
            model_name="apitoken",
            name="networks",
            field=models.JSONField(default=list),
        ),
        # until now everybody made their own
        migrations.RunSQL("UPDATE staff_apitoken SET made_by_id = user_id", migrations.RunSQL.noop),
    ]
