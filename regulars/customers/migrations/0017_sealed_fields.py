"""Room for sealed values. What is plain yet waits as “0.<text>” until set-up seals it; nothing reads it so."""

from django.db import migrations, models
from django.db.models.functions import Cast

_WAITING = "0."
_BIRTH = """
UPDATE customers_customer SET birth = '0.' || CASE
    WHEN birth_year IS NULL THEN '--' || birthday
    WHEN birthday = '' THEN CAST(birth_year AS varchar)
    ELSE CAST(birth_year AS varchar) || '-' || birthday END
WHERE birth_year IS NOT NULL OR birthday <> ''
"""
_TEXTS = (
    ("customers_customer", "payment_preference"),
    ("customers_customer", "vat_number"),
    ("customers_customer", "restriction_reason"),
    ("customers_note", "text"),
    ("customers_attachment", "name"),
)
_GONE = ("birth_year", "birthday", "born_ordinal")
_BLIND = ("birth_blind", "birth_year_blind", "birthday_blind", "payment_preference_blind", "vat_number_blind")


def wait(apps, editor):
    """Mark every plain value as one that waits to be sealed."""
    editor.execute(_BIRTH)
    for table, column in _TEXTS:
        editor.execute(f"UPDATE {table} SET {column} = '0.' || {column} WHERE {column} <> ''")  # noqa: S608
    rows = apps.get_model("customers", "OwnProfile").objects
    for row in rows.all().iterator():
        row.values, row.shown = _with_birth(row.values), _with_birth(row.shown)
        row.save(update_fields=["values", "shown"])
    changes = apps.get_model("customers", "Change").objects
    texts = changes.annotate(images_text=Cast("images", models.TextField()))
    for row in texts.filter(images_text__contains="born_ordinal").only("images").iterator():
        row.images = [_image(image) for image in row.images]
        row.save(update_fields=["images"])


def plainly(apps, editor):
    """Take the marks away. What is sealed has to be opened first, by `regulars keys unseal`."""
    with editor.connection.cursor() as cursor:
        for table, column in (*_TEXTS, ("customers_customer", "birth")):
            cursor.execute(f"SELECT count(*) FROM {table} WHERE {column} <> '' AND {column} NOT LIKE '0.%%'", [])  # noqa: S608
            if cursor.fetchone()[0]:
                raise ValueError("values are sealed; run “regulars keys unseal” with the newer version first")
    for table, column in _TEXTS:
        editor.execute(f"UPDATE {table} SET {column} = substr({column}, 3) WHERE {column} <> ''")  # noqa: S608
    rows = apps.get_model("customers", "Customer")._base_manager.exclude(birth="")
    for row in rows.only("birth").iterator():
        before = _parts(row.birth.removeprefix(_WAITING))
        rows.filter(pk=row.pk).update(birth_year=before["birth_year"], birthday=before["birthday"])
    for row in apps.get_model("customers", "OwnProfile").objects.all().iterator():
        for values in (row.values, row.shown):
            if "birth" in values:
                values |= _parts(values.pop("birth"))
                for name in _BLIND:
                    values.pop(name, None)
        row.save(update_fields=["values", "shown"])


def _with_birth(values):
    if not values:
        return values
    found = {name: value for name, value in values.items() if name not in _GONE}
    found["birth"] = _written(values.get("birth_year"), values.get("birthday") or "")
    return found | dict.fromkeys(_BLIND)


def _image(image):
    table, key, before, after = image
    if table in {"customer", "own_profile"}:
        before, after = _columns(before), _columns(after)
    return [table, key, before, after]


def _columns(columns):
    if not columns:
        return columns
    found = dict(columns)
    for name in ("values", "shown"):
        if isinstance(found.get(name), dict):
            found[name] = _with_birth(found[name])
    if not found.keys() & set(_GONE):
        return found
    # an image has the columns that changed alone; where one of these did, the day and the year stand there as one
    year, day = found.pop("birth_year", None), found.pop("birthday", "")
    found.pop("born_ordinal", None)
    return found | {"birth": _written(year, day or "")} | dict.fromkeys(_BLIND[:3])


def _written(year, day):
    if not day:
        return str(year) if year else ""
    return f"{year:04d}-{day}" if year else f"--{day}"


def _parts(text):
    year, day = ("", text[2:]) if text.startswith("--") else (text[:4], text[5:])
    return {"birth_year": int(year) if year else None, "birthday": day}


class Migration(migrations.Migration):
    dependencies = [
        ("customers", "0016_privacy"),
    ]

    operations = [
        migrations.RemoveIndex(model_name="customer", name="customer_by_birth"),
        migrations.RemoveIndex(model_name="customer", name="customer_by_birthday"),
        migrations.AddField(
            model_name="customer",
            name="birth",
            field=models.TextField(blank=True, db_default="", default="", verbose_name="date of birth"),
        ),
        *[
            migrations.AddField(
                model_name="customer",
                name=name,
                field=models.BigIntegerField(blank=True, db_default=None, editable=False, null=True),
            )
            for name in _BLIND
        ],
        migrations.AlterField(
            model_name="customer",
            name="payment_preference",
            field=models.TextField(blank=True, db_default="", default="", verbose_name="pays by preference"),
        ),
        migrations.AlterField(
            model_name="customer",
            name="vat_number",
            field=models.TextField(blank=True, db_default="", default="", verbose_name="VAT number"),
        ),
        migrations.AlterField(
            model_name="customer",
            name="restriction_reason",
            field=models.TextField(blank=True, db_default="", default="", verbose_name="why restricted"),
        ),
        migrations.AlterField(model_name="attachment", name="name", field=models.TextField()),
        migrations.AddField(
            model_name="customfield",
            name="is_sensitive",
            field=models.BooleanField(db_default=False, default=False, verbose_name="sensitive"),
        ),
        migrations.AddField(
            model_name="customvalue", name="sealed", field=models.TextField(blank=True, db_default="", default="")
        ),
        migrations.AddField(
            model_name="customvalue",
            name="blind",
            field=models.BigIntegerField(blank=True, db_default=None, null=True),
        ),
        migrations.RunPython(wait, plainly),
    ]
