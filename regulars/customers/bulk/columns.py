"""What stands in the customer's own row: status, category, who looks after them, and any plain field of the profile."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django.db.models import F, Q
from django.utils.translation import gettext as _

from regulars.core import bulk
from regulars.core.errors import Invalid
from regulars.core.fields import sealed_fields, sealed_for
from regulars.customers import journal
from regulars.customers.bulk.action import Fields, Images, Line, Outcome, Params
from regulars.customers.bulk.words import field_label, field_words
from regulars.customers.derived import COLUMNS, as_columns, found_by, renamed
from regulars.customers.journal import Image
from regulars.customers.models import Category, Customer
from regulars.customers.normalise import PLACE, RESTRICTIONS, normalise, require_someone
from regulars.customers.sealed import COLUMNS as SEALED
from regulars.customers.standings import id_list
from regulars.staff.models import User

_MARKS = ("version", "updated_at")
_SEARCHED = frozenset({"company"})
_DERIVED = ("sort_name", "search_text")

Columns = Mapping[str, Any]


def new_columns(params: Params) -> dict[str, Any]:
    """The columns that these parameters ask for, by name; raises Invalid where there are none such."""
    field, value = str(params["field"]), params.get("value")
    if field == "looked_after_by":
        return {"looked_after_by_id": _colleague(value)}
    if field == "category":
        return {"category_id": _category(value), "has_category_by_hand": True}
    new = normalise({field: value}, country="")
    if field in RESTRICTIONS and new[field]:
        new |= normalise({"restriction_reason": params.get("because", "")}, country="")
    return as_columns(new)


def title(params: Params) -> str:
    """Status: Inactive."""
    field, value = str(params["field"]), params.get("value")
    if field in SEALED:
        return field_label(field)  # titles are not sealed
    return _("%(field)s: %(value)s") % {
        "field": field_label(field),
        "value": field_words(field, value) or _("empty"),
    }


def plan(numbers: Sequence[int], params: Params) -> Iterable[Line]:
    """What every customer has in these columns now, and what they would have."""
    new = new_columns(params)
    if _SEARCHED & new.keys():
        yield from _plan_searched(numbers, new)
        return
    shown = [name for name in new if name != "has_category_by_hand" and not name.endswith("_blind")]
    rows = Customer.objects.filter(id__in=id_list(numbers)).values_list("id", *new)
    known: dict[tuple[Any, ...], Fields] = {}  # most customers say the same
    for number, *values in rows:
        fields = known.get(tuple(values))
        if fields is None:
            now = dict(zip(new, values, strict=True))
            different = [name for name in shown if now[name] != new[name]]
            fields = {_field(name): [_public(name, now[name]), _public(name, new[name])] for name in different}
            known[tuple(values)] = fields
        yield Line(number, Outcome.CHANGED if fields else Outcome.SAME, fields)


def apply(numbers: Sequence[int], params: Params, at: dt.datetime) -> Images:
    """Write the columns of all of them in one statement; what is searched follows row by row."""
    new = new_columns(params)
    if _SEARCHED & new.keys():
        return _apply_searched(numbers, new, at)
    return write_columns(numbers, new, at)


def write_columns(numbers: Sequence[int], new: Columns, at: dt.datetime) -> Images:
    """Set columns of many customers to the same values, in one statement; the image of each."""
    before = journal.read(Customer, numbers, [*new, *_MARKS])
    rows = Customer.everyone.filter(id__in=id_list(numbers))
    sealed = {name: value for name, value in new.items() if name in sealed_fields(Customer)}
    rows.update(
        **{name: value for name, value in new.items() if name not in sealed}, version=F("version") + 1, updated_at=at
    )
    # what is sealed is another text for each of them
    own = {number: sealed_for(Customer, number, sealed) for number in before} if sealed else {}
    if sealed:
        bulk.update(Customer, list(sealed), [(*columns.values(), number) for number, columns in own.items()])
    after = {name: journal.plain(value) for name, value in {**new, "updated_at": at}.items()}
    images: dict[int, list[Image]] = {}
    for number, was in before.items():
        now = {**after, **own.get(number, {}), "version": was["version"] + 1}
        image = journal.changed(Customer, number, was, now)
        images[number] = [image] if image else []
    return images


def _plan_searched(numbers: Sequence[int], new: Columns) -> Iterable[Line]:
    for number, row in _profiles(numbers).items():
        given = renamed(row, new)
        fields = {name: [row[name], value] for name, value in given.items() if value != row[name]}
        try:
            require_someone({**row, **given})
        except Invalid:
            yield Line(number, Outcome.REFUSED, reason=_("Nothing would say who this is."))
        else:
            yield Line(number, Outcome.CHANGED if fields else Outcome.SAME, fields)


def _apply_searched(numbers: Sequence[int], new: Columns, at: dt.datetime) -> Images:
    images: dict[int, list[Image]] = {}
    ready = []
    moment = bulk.moment(at)
    names = ("company", "name", *_DERIVED, "version", "updated_at")
    for number, row in _profiles(numbers).items():
        after = {**row, **renamed(row, new)}
        after |= {**found_by(after), "version": row["version"] + 1}
        ready.append((*(after[name] for name in names[:-1]), moment, number))
        was = {**row, "updated_at": journal.plain(row["updated_at"])}
        image = journal.changed(
            Customer, number, was, {**{name: after[name] for name in names[:-1]}, "updated_at": at.isoformat()}
        )
        images[number] = [image] if image else []
    bulk.update(Customer, names, ready)
    return images


def _profiles(numbers: Sequence[int]) -> dict[int, dict[str, Any]]:
    rows = Customer.objects.filter(id__in=id_list(numbers))
    return {row["id"]: row for row in rows.values("id", *COLUMNS, *PLACE, *_DERIVED, *_MARKS)}


def _field(column: str) -> str:
    return column.removesuffix("_id")


def _public(column: str, value: Any) -> Any:
    """A column's value as a fact tells of it: colleagues and categories by their public ids."""
    if value is None:
        return None
    if column == "looked_after_by_id":
        return User(pk=value).public_id
    return Category(pk=value).public_id if column == "category_id" else journal.plain(value)


def _colleague(public_id: Any) -> int | None:
    if not public_id:
        return None
    for user in User.objects.filter(is_active=True):
        if user.public_id == public_id:
            return int(user.pk)
    sentence = _("Nobody with the id %(id)s works here.") % {"id": public_id}
    raise Invalid(sentence, fields={"value": [sentence]})


def _category(key: Any) -> int | None:
    if not key:
        return None
    known = Category.objects.filter(Q(key=key) | Q(pk=Category.pk_of(str(key)) or 0))
    number = known.values_list("pk", flat=True).first()
    if number is None:
        sentence = _("There is no category “%(key)s”.") % {"key": str(key)[:40]}
        raise Invalid(sentence, fields={"value": [sentence]})
    return number
