"""Any field for many customers: those of the profile, and those that the shop itself added."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from typing import Any

from django.utils.translation import gettext as _

from regulars.core import bulk
from regulars.core.errors import Invalid
from regulars.core.fields import sealed_for
from regulars.customers import customfields, journal, people
from regulars.customers.bulk import columns
from regulars.customers.bulk.action import Fields, Images, Line, Outcome, Params
from regulars.customers.customfields import BadValue, Kept
from regulars.customers.journal import Image
from regulars.customers.models import Customer, CustomField, CustomValue
from regulars.customers.standings import id_list

_COLUMNS = ("id", "customer_id", "field_id", "place", *customfields.ROW)


def title(params: Params) -> str:
    """Size: L. What is for some roles alone is not told in a log that all of them read."""
    field = next((one for one in customfields.known() if one.name == params["field"]), None)
    if field is not None and field.seen_by:
        return _("A field that some roles see")
    if field is not None and field.is_sensitive:
        return field.label
    return columns.title(params)


def plan(numbers: Sequence[int], params: Params) -> Iterable[Line]:
    """What every customer has in the field now, and what they would have."""
    if not is_custom(params):
        yield from columns.plan(numbers, params)
        return
    field, rows = value_of(params)
    new = [row.text for row in rows]
    listed = list(Customer.objects.filter(id__in=id_list(numbers)).only("pk"))
    held = customfields.values_of(listed, [field])
    known: dict[tuple[str, ...], Fields] = {}  # most customers say the same
    for customer in listed:
        was = held[customer.pk].get(field.pk, [])
        if was == new:
            yield Line(customer.pk, Outcome.SAME)
            continue
        fields = known.setdefault(tuple(was), {field.name: [_told(was), _told(new)]})
        yield Line(customer.pk, Outcome.CHANGED, fields)


def apply(numbers: Sequence[int], params: Params, at: dt.datetime) -> Images:
    """Write the values of all of them at once."""
    if not is_custom(params):
        return columns.apply(numbers, params, at)
    field, rows = value_of(params)
    images: dict[int, list[Image]] = {number: [] for number in numbers}
    # what is emptied must not come back from a record that was merged into this one
    owner = {number: number for number in numbers}
    if not rows:
        owner = {record: number for number, records in people.records_of(numbers).items() for record in records}
    old = CustomValue.objects.filter(customer__in=id_list(owner), field=field)
    for pk, row in journal.read(CustomValue, list(old.order_by("id").values_list("id", flat=True)), _COLUMNS).items():
        images[owner[row["customer_id"]]].append(journal.gone(CustomValue, pk, row))
    old._raw_delete(old.db)
    ids = iter(bulk.take_ids(CustomValue, len(numbers) * len(rows)))
    made = []
    for number in numbers:
        for place, kept in enumerate(rows):
            row = dict(zip(_COLUMNS, (next(ids), number, field.pk, place, *kept.row(field)), strict=True))
            row |= sealed_for(CustomValue, number, {"sealed": row["sealed"]})
            made.append(tuple(row.values()))
            images[number].append(journal.made(CustomValue, row["id"], row))
    bulk.insert(CustomValue, _COLUMNS, made)
    return images


def is_custom(params: Params) -> bool:
    """Whether the field is one that the shop added."""
    return str(params["field"]).startswith(customfields.PREFIX)


def value_of(params: Params) -> tuple[CustomField, tuple[Kept, ...]]:
    """The field, and the value as its rows keep it. Raises Invalid."""
    name = str(params["field"])
    field = next((one for one in customfields.known() if one.name == name), None)
    if field is None:
        sentence = _("There is no field “%(field)s”.") % {"field": name.removeprefix(customfields.PREFIX)[:60]}
        raise Invalid(sentence, fields={"field": [sentence]})
    try:
        rows = customfields.parse(field, params.get("value"))
    except BadValue as problem:
        raise Invalid(str(problem), fields={"value": [str(problem)]}) from problem
    if field.is_required and not rows:
        sentence = _("“%(field)s” has to be filled in.") % {"field": field.label}
        raise Invalid(sentence, fields={"value": [sentence]})
    return field, rows


def _told(texts: Sequence[str]) -> Any:
    return list(texts) if len(texts) > 1 else texts[0] if texts else ""
