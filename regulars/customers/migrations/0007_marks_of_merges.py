from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("customers", "0006_first_wordings"),
    ]

    operations = [
        migrations.AddField(
            model_name="mergelink",
            name="marks",
            field=models.JSONField(blank=True, default=dict),
        ),
        migrations.AddField(
            model_name="ownprofile",
            name="email",
            field=models.CharField(blank=True, default="", max_length=254),
        ),
        migrations.AddIndex(
            model_name="ownprofile",
            index=models.Index(fields=["email"], name="own_profile_by_email"),
        ),
    ]
