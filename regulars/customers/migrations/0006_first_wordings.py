from django.db import migrations

FIRST = {
    "en": "Yes, write to me by e-mail about new products and offers. I can say no again at any time.",
    "zh-hans": "好的，请通过电子邮件告诉我新品和优惠信息。我可以随时取消。",
}


def add_wordings(apps, schema_editor):
    wording = apps.get_model("customers", "Wording")
    for language, text in FIRST.items():
        wording.objects.get_or_create(purpose="marketing", language=language, number=1, defaults={"text": text})


class Migration(migrations.Migration):
    dependencies = [("customers", "0005_confirmation_links_are_signed")]

    operations = [migrations.RunPython(add_wordings, migrations.RunPython.noop)]
