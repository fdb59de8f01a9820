import django.db.models.deletion
import django.utils.timezone
from django.db import migrations, models

_OPTIONAL = {
    "blank": True,
    "db_index": False,
    "null": True,
    "on_delete": django.db.models.deletion.SET_NULL,
    "related_name": "+",
}


class Migration(migrations.Migration):
    dependencies = [
        ("channels", "0005_people_of_deliveries"),
        ("staff", "0006_changed_roles_see_the_inbox"),
        ("inbox", "0007_ratings"),
    ]

    operations = [
        migrations.CreateModel(
            name="ContactForm",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ("updated_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ("version", models.PositiveIntegerField(default=1, editable=False)),
                ("name", models.CharField(max_length=80, unique=True, verbose_name="name")),
                ("is_on", models.BooleanField(default=True, verbose_name="on")),
                ("texts", models.JSONField(default=dict)),
                ("asks", models.JSONField(default=list)),
                ("topics", models.JSONField(default=list)),
                ("origins", models.JSONField(default=list)),
                ("channel", models.ForeignKey(to="channels.channel", **_OPTIONAL)),
                ("team", models.ForeignKey(to="staff.team", **_OPTIONAL)),
                ("topic", models.ForeignKey(to="inbox.topic", **_OPTIONAL)),
            ],
            options={"ordering": ["name"]},
        ),
    ]
