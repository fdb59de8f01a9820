"""Customers that are there already are found as Mueller and OBrien, too."""

from functools import reduce
from operator import or_

from django.db import migrations
from django.db.models import Q

from regulars.customers.spellings import APOSTROPHE, LETTERS, other_spellings

_AT_ONCE = 2_000
_COLUMNS = ("name", "given_name", "family_name", "company")


def spell_out(apps, _schema_editor):
    customers = apps.get_model("customers", "Customer")._base_manager
    unindexed = apps.get_model("customers", "Unindexed")
    may_have = Q(search_text__contains=APOSTROPHE) | reduce(
        or_, (Q(**{f"{column}__contains": letter}) for column in _COLUMNS for letter in LETTERS)
    )
    last = 0
    while rows := list(
        customers.filter(may_have, id__gt=last).order_by("id").only("id", "search_text", *_COLUMNS)[:_AT_ONCE]
    ):
        changed = []
        for row in rows:
            known = dict.fromkeys(row.search_text.split("\n"))
            parts = f"{row.given_name} {row.family_name}".strip()
            lines = [line for text in (row.name, parts, row.company) for line in other_spellings(text)]
            more = known | dict.fromkeys(lines)
            if len(more) > len(known):
                row.search_text = "\n".join(more)
                changed.append(row)
        customers.bulk_update(changed, ["search_text"], batch_size=500)
        unindexed.objects.bulk_create([unindexed(customer_id=row.pk, has_new_text=True) for row in changed])
        last = rows[-1].pk


class Migration(migrations.Migration):
    dependencies = [("customers", "0010_lists_go_by_standings")]

    operations = [migrations.RunPython(spell_out, migrations.RunPython.noop)]
