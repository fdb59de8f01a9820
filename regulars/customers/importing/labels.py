"""What people call the fields of a file, in the groups in which a page offers them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from regulars.customers import customfields
from regulars.customers.bulk.words import Names, field_label, field_words
from regulars.customers.models import CustomField

_LABELS: dict[str, str | Promise] = {
    "external_id": gettext_lazy("Number in the shop"),
    "email_2": gettext_lazy("Another e-mail"),
    "phone_2": gettext_lazy("Another phone"),
    "name": gettext_lazy("Whole name"),
    "line1": gettext_lazy("Street and number"),
    "line2": gettext_lazy("Address, second line"),
    "city": gettext_lazy("City"),
    "region": gettext_lazy("Region"),
    "postcode": gettext_lazy("Postcode"),
    "country": gettext_lazy("Country"),
    "address_name": gettext_lazy("Recipient"),
    "address_company": gettext_lazy("Company of the address"),
    "address_phone": gettext_lazy("Phone of the address"),
    "birthday": gettext_lazy("Birthday"),
    "birth_year": gettext_lazy("Year of birth"),
    "tags": gettext_lazy("Tags"),
    "note": gettext_lazy("Note"),
    "email_consent": gettext_lazy("Agreed to e-mail"),
    "sms_consent": gettext_lazy("Agreed to SMS"),
}
_GROUPS: Sequence[tuple[str | Promise, tuple[str, ...]]] = (
    (
        gettext_lazy("Who it is"),
        ("external_id", "name", "given_name", "family_name", "title", "company", "email", "phone", "email_2",
         "phone_2"),
    ),
    (
        gettext_lazy("Address"),
        ("line1", "line2", "postcode", "city", "region", "country", "address_name", "address_company",
         "address_phone"),
    ),
    (
        gettext_lazy("Profile"),
        ("customer_since", "birthday", "gender", "language", "occupation", "position", "kind", "status", "is_guest",
         "category", "looked_after_by", "tags", "note", "time_zone"),
    ),
    (
        gettext_lazy("Consent and preferences"),
        ("email_consent", "sms_consent", "preferred_channels", "contact_times", "interests", "shopping_frequency"),
    ),
    (
        gettext_lazy("Business"),
        ("vat_number", "payment_days", "payment_preference", "is_blocked", "pays_in_advance", "has_no_credit",
         "restriction_reason"),
    ),
)  # fmt: skip


def label_of(name: str) -> str:
    """What people call a field of a file."""
    if name.startswith(customfields.PREFIX):
        return next((one.label for one in customfields.known() if one.name == name), name)
    return str(_LABELS.get(name) or field_label(name))


def value_of(name: str, value: Any, names: Names) -> str:
    """A value of a plan as people read it."""
    if name.startswith(customfields.PREFIX):
        return customfields.told(name, value) if value not in ("", [], None) else ""
    if name in {"birth_year", "birthday", "external_id"}:
        return str(value or "")
    return field_words(name, value, names)


def groups() -> list[tuple[str, list[tuple[str, str]]]]:
    """Every field a column can be, in groups: (name, label)."""
    found = [(str(group), [(name, label_of(name)) for name in names]) for group, names in _GROUPS]
    own = [(one.name, one.label) for one in customfields.of_who_acts()]
    return [*found, (_("Fields of your own"), own)] if own else found


def new_fields() -> list[tuple[str, str]]:
    """The kinds of field that can be made for a column on the way: (value of the choice, label)."""
    kinds = (
        CustomField.Type.TEXT,
        CustomField.Type.LONG_TEXT,
        CustomField.Type.NUMBER,
        CustomField.Type.DATE,
        CustomField.Type.YES_NO,
        CustomField.Type.LINK,
    )
    return [(f"new:{kind}", str(kind.label)) for kind in kinds]
