from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("timeline", "0002_seals_and_reads")]

    operations = [
        migrations.AddIndex(
            model_name="seal",
            index=models.Index(fields=["made_at"], name="seal_by_moment"),
        ),
    ]
