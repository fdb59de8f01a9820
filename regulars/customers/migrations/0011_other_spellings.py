"""Customers that are there already are found as Mueller and OBrien, too."""

import unicodedata
from functools import reduce
from operator import or_

from django.db import migrations
from django.db.models import Q

# as customers/spellings.py and core/text.py had it when this migration was written
APOSTROPHE = "'"
_WITH_E = {"ä": "ae", "ö": "oe", "ü": "ue", "ø": "oe", "å": "aa"}
_SPELT_OUT = str.maketrans(_WITH_E | {letter.upper(): letters for letter, letters in _WITH_E.items()})
LETTERS = "".join(chr(code) for code in _SPELT_OUT)
_PLAIN = str.maketrans({"ø": "o", "ł": "l", "đ": "d", "æ": "ae", "œ": "oe", "ð": "d", "þ": "th", "’": "'", "‘": "'"})
_AT_ONCE = 2_000
_COLUMNS = ("name", "given_name", "family_name", "company")


def _fold(text):
    plain = unicodedata.normalize("NFKD", text.casefold().translate(_PLAIN))
    return " ".join("".join(letter for letter in plain if not unicodedata.combining(letter)).split())


def other_spellings(text):
    folded = _fold(text)
    found = {}
    if not text.isascii():
        found[_fold(unicodedata.normalize("NFC", text).translate(_SPELT_OUT))] = None
    for spelling in (folded, *found):
        found[spelling.replace(APOSTROPHE, "")] = None
    found.pop(folded, None)
    found.pop("", None)
    return list(found)


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
