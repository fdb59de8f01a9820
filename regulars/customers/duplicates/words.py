"""Evidence in words, for the review page and the command line."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

FIELDS: dict[str, Promise] = {
    "given": gettext_lazy("Given name"),
    "middle": gettext_lazy("Middle name"),
    "family": gettext_lazy("Family name"),
    "name": gettext_lazy("Name"),
    "birth": gettext_lazy("Date of birth"),
    "id_number": gettext_lazy("Identity number"),
    "email": gettext_lazy("E-mail"),
    "phone": gettext_lazy("Phone"),
    "gender": gettext_lazy("Gender"),
    "company": gettext_lazy("Company"),
    "postcode": gettext_lazy("Postcode"),
    "street": gettext_lazy("Street"),
    "number": gettext_lazy("House number"),
    "unit": gettext_lazy("Second address line"),
    "city": gettext_lazy("City"),
    "region": gettext_lazy("Region"),
    "country": gettext_lazy("Country"),
    "birth_place": gettext_lazy("Place of birth"),
    "occupation": gettext_lazy("Occupation"),
}

LEVELS: dict[str, Promise] = {
    "exact": pgettext_lazy("evidence", "the same"),
    "nickname": pgettext_lazy("evidence", "a short form, or the same by its sound"),
    "typo": pgettext_lazy("evidence", "the same but for a slip"),
    "swapped": pgettext_lazy("evidence", "given and family name in each other’s place"),
    "initial": pgettext_lazy("evidence", "the same initial"),
    "similar": pgettext_lazy("evidence", "similar"),
    "different": pgettext_lazy("evidence", "different"),
    "sound": pgettext_lazy("evidence", "the same by its sound"),
    "part": pgettext_lazy("evidence", "one is part of the other"),
    "reordered": pgettext_lazy("evidence", "the same words in another order"),
    "day_month": pgettext_lazy("evidence", "day and month in each other’s place"),
    "digit": pgettext_lazy("evidence", "one digit differs"),
    "two_parts": pgettext_lazy("evidence", "two of day, month and year are the same"),
    "near": pgettext_lazy("evidence", "near each other"),
    "local_part": pgettext_lazy("evidence", "the same before the @"),
    "tail": pgettext_lazy("evidence", "the same but for country code and area code"),
    "area": pgettext_lazy("evidence", "the same area"),
    "crossed": pgettext_lazy("evidence", "in each other’s line"),
}

_STRONG, _WEAK = 6.0, 1.0


def field_label(name: str) -> str:
    """What people call a field that was compared."""
    return str(FIELDS.get(name, name))


def level_label(level: str) -> str:
    """How two values of a field agree, in a few words."""
    return str(LEVELS.get(level, level))


def strength(weight: float) -> str:
    """What a weight in bits means for people."""
    if weight >= _STRONG:
        return _("speaks strongly for one person")
    if weight >= _WEAK:
        return _("speaks for one person")
    if weight > -_WEAK:
        return _("says little")
    return _("speaks against it") if weight > -_STRONG else _("speaks strongly against it")


def sentence(piece: Mapping[str, Any]) -> str:
    """A piece of evidence as a sentence, as it is kept in a pair's `evidence`."""
    values = {
        "field": field_label(piece["field"]), "left": piece["left"], "right": piece["right"],
        "level": level_label(piece["level"]), "strength": strength(float(piece["weight"])),
    }  # fmt: skip
    if piece["left"] == piece["right"]:
        return _("%(field)s: %(level)s (%(left)s), which %(strength)s.") % values
    return _("%(field)s: %(level)s (%(left)s and %(right)s), which %(strength)s.") % values
