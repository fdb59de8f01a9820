"""Set up the shop's own fields, and write what they hold of a customer."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from regulars.core.errors import Invalid
from regulars.core.text import BadText, clean, fold, pinyin_keys
from regulars.customers import aside, customfields, people
from regulars.customers.actions.profile import as_read, write
from regulars.customers.customfields import ROW, BadValue, Kept
from regulars.customers.facts import CustomFieldChanged, CustomValuesChanged
from regulars.customers.models import Customer, CustomField, CustomValue
from regulars.customers.sealed import blinds_of_custom
from regulars.staff.policy import verb
from regulars.staff.queries import role_titles
from regulars.timeline.actions import record

MOST_FIELDS, MOST_OPTIONS = 200, 500
MOST_REWRITTEN = 200_000
_BATCH = 2_000
_SETTINGS = ("label", "help", "options", "is_required", "default", "seen_by", "is_sensitive")
_NOT_IN_A_KEY = re.compile(r"[^a-z0-9]+")
_CHOICES = frozenset({CustomField.Type.ONE_OF, CustomField.Type.SEVERAL_OF})


@verb
def create_field(*, label: str, type: str, **settings: Any) -> CustomField:  # noqa: A002 — it is called so everywhere
    """A new field, last in order. Its key is made of the label and never changes.

    `settings` are `help`, `options` (their labels), `is_required`, `default`, `seen_by` (roles; empty for all) and
    `is_sensitive`.
    Raises Invalid.
    """
    if type not in CustomField.Type.values:
        raise _refused("type", _("“%(type)s” is not a type of field.") % {"type": type[:40]})
    if CustomField.objects.count() >= MOST_FIELDS:
        raise _refused("label", _("A shop has at most %(most)s fields of its own.") % {"most": MOST_FIELDS})
    last = CustomField.objects.order_by("-position").values_list("position", flat=True).first()
    field = CustomField(type=type, position=0 if last is None else last + 1)
    _set(field, {"label": label, **settings})
    field.key = _free(_key(field.label), set(CustomField.objects.values_list("key", flat=True)))
    field.save()
    _tell(field, "made", {})
    return field


@verb
def change_field(field: CustomField, *, type: str = "", **settings: Any) -> CustomField:  # noqa: A002
    """Change what is given of a field. Raises Invalid.

    Another type is taken where every value that is kept can be read as one of it; they are written anew then. An
    option that somebody has cannot be taken away. A field that becomes sensitive, or is no longer, has its values
    written anew as well.
    """
    current = CustomField.objects.select_for_update().get(pk=field.pk)
    before = _state(current)
    if type and type != current.type:
        if type not in CustomField.Type.values:
            raise _refused("type", _("“%(type)s” is not a type of field.") % {"type": type[:40]})
        _retype(current, type, settings)
    elif bool(settings.get("is_sensitive", current.is_sensitive)) != current.is_sensitive:
        _retype(current, current.type, settings)
    _set(current, settings)
    after = _state(current)
    changes = {name: [before[name], after[name]] for name in before if before[name] != after[name]}
    if changes:
        _save(current)
        _tell(current, "changed", changes)
    return current


@verb
def archive_field(field: CustomField, *, is_archived: bool = True) -> CustomField:
    """Put a field away, or take it out again. Its values stay, and nobody sees them meanwhile."""
    current = CustomField.objects.select_for_update().get(pk=field.pk)
    if current.is_archived != is_archived:
        current.is_archived = is_archived
        _save(current)
        _tell(current, "archived" if is_archived else "brought back", {})
    return current


@verb
def move_field(field: CustomField, *, by: int) -> None:
    """Move a field up (by -1) or down among the others."""
    fields = list(CustomField.objects.select_for_update().filter(is_archived=field.is_archived))
    place = next(number for number, one in enumerate(fields) if one.pk == field.pk)
    there = max(0, min(len(fields) - 1, place + by))
    fields.insert(there, fields.pop(place))
    for number, one in enumerate(fields):
        if one.position != number:
            one.position = number
            _save(one)
    if there != place:
        told = {"position": [place, there]}
        record(CustomFieldChanged(deed="moved", field=field.key, changes=told), subject=field)
    customfields.forget()


def checked_values(
    values: Mapping[str, Any], *, reader: Any = None, is_new: bool = False
) -> dict[CustomField, tuple[Kept, ...]]:
    """Values by the key of their field, read and checked. Raises Invalid with a reason for every key.

    A field that `reader` may not see is one that is not there. Somebody new gets the defaults of what is not given,
    and everything that is required has to be there; later, it cannot be emptied.
    """
    fields = {field.key: field for field in customfields.seen_by(reader)}
    reasons: dict[str, list[str]] = {}
    kept: dict[CustomField, tuple[Kept, ...]] = {}
    for key, value in values.items():
        field = fields.get(key)
        if field is None:
            reasons[key] = [_("There is no field “%(field)s”.") % {"field": key[:60]}]
            continue
        try:
            kept[field] = customfields.parse(field, value)
        except BadValue as problem:
            reasons[key] = [str(problem)]
    for field in fields.values():
        if is_new and field.key not in values and field.default is not None:
            kept[field] = customfields.parse(field, field.default)
        if field.is_required and field.key not in reasons and not kept.get(field, () if is_new else True):
            reasons[field.key] = [_("“%(field)s” has to be filled in.") % {"field": field.label}]
    if reasons:
        named = {f"custom_fields.{key}": why for key, why in reasons.items()}
        first = next(iter(reasons.values()))[0]
        raise Invalid(first if len(reasons) == 1 else _("Some fields cannot be used as they are."), fields=named)
    return kept


@verb
def set_custom_values(
    customer: Customer, *, values: Mapping[str, Any], reader: Any = None, is_new: bool = False
) -> Customer:
    """Write values of the shop's own fields, by key; what is not given stays. An empty value clears a field.

    `reader` is whose fields these are: those they may not see do not exist for them. Raises Invalid.
    """
    kept = checked_values(values, reader=reader, is_new=is_new)
    if not kept:
        return customer
    current = as_read(customer, None)
    before = customfields.values_of([current], kept)[current.pk]
    # what another record of the person says is nothing new, and yet now said of this one as well
    own: dict[int, list[str]] = {}
    held = CustomValue.objects.filter(customer=current).order_by("place")
    for pk, text, sealed in held.values_list("field", "text", "sealed"):
        own.setdefault(pk, []).append(sealed or text)
    aside.forget(current.pk, "custom_value", {"field_id": [field.pk for field in kept]})
    changes: dict[str, list[Any]] = {}
    for field, rows in kept.items():
        was, now = before.get(field.pk, []), [row.text for row in rows]
        if was != now or own.get(field.pk, []) != now:
            _write_rows(current, field, rows)
        if was != now:
            changes[field.name] = [_told(was), _told(now)]
    if changes:
        write(current, {})
        customer.version, customer.updated_at = current.version, current.updated_at
        record(CustomValuesChanged(changes=changes), customer=current, subject=current)
    return customer


def _write_rows(customer: Customer, field: CustomField, rows: Sequence[Kept]) -> None:
    # what is emptied must not come back from a record that was merged into this one
    whose = [customer.pk] if rows else people.records(customer)
    aside.take_off(CustomValue.objects.filter(customer__in=whose, field=field), by=customer)
    CustomValue.objects.bulk_create(
        CustomValue(customer=customer, field=field, place=place, **dict(zip(ROW, row.row(field), strict=True)))
        for place, row in enumerate(rows)
    )


def _told(texts: Sequence[str]) -> Any:
    """A value as the timeline keeps it."""
    return list(texts) if len(texts) > 1 else texts[0] if texts else ""


def _set(field: CustomField, settings: Mapping[str, Any]) -> None:
    unknown = set(settings) - set(_SETTINGS)
    if unknown:
        raise _refused(min(unknown), _("There is no field “%(field)s”.") % {"field": min(unknown)[:60]})
    if "label" in settings:
        field.label = _cleaned("label", settings["label"], 80)
        if not fold(field.label):
            raise _refused("label", _("A field needs a name."))
        others = CustomField.objects.filter(is_archived=False).exclude(pk=field.pk)
        if fold(field.label) in {fold(label) for label in others.values_list("label", flat=True)}:
            raise _refused("label", _("There is a field “%(label)s” already.") % {"label": field.label})
    if "help" in settings:
        field.help = _cleaned("help", settings["help"], 250)
    if "seen_by" in settings:
        roles = list(settings["seen_by"] or [])
        known = dict.fromkeys([*role_titles(), *field.seen_by])  # a role that was deleted since stays where it was
        if not known.keys() >= set(roles):
            raise _refused("seen_by", _("One of these roles does not exist."))
        field.seen_by = [role for role in known if role in roles]
    if "is_sensitive" in settings:
        field.is_sensitive = bool(settings["is_sensitive"])
    if field.is_sensitive and field.type not in customfields.SENSITIVE:
        raise _refused(
            "is_sensitive", _("Texts, numbers, dates and choices of one can be sensitive, and no other fields.")
        )
    if "is_required" in settings:
        field.is_required = bool(settings["is_required"])
    if "options" in settings and field.type in _CHOICES:
        _set_options(field, settings["options"] or [])
    if field.type not in _CHOICES:
        field.options = []
    elif not field.options:
        raise _refused("options", _("A choice needs at least one option."))
    if "default" in settings:
        field.default = settings["default"]
    try:
        rows = customfields.parse(field, field.default)
    except BadValue as problem:
        raise _refused("default", str(problem)) from problem
    texts = [row.text for row in rows]
    field.default = None if not texts else texts if field.type == CustomField.Type.SEVERAL_OF else texts[0]


def _set_options(field: CustomField, labels: Iterable[Any]) -> None:
    """The options by their labels; one whose label is known keeps its key, `{"key", "label"}` renames it."""
    known = {option["key"]: option["label"] for option in field.options}
    by_label = {fold(label): key for key, label in known.items()}
    options: dict[str, str] = {}
    for given in labels:
        key = str(given.get("key", "")) if isinstance(given, Mapping) else ""
        label = _cleaned("options", given.get("label", "") if isinstance(given, Mapping) else given, 80)
        if not fold(label):
            continue
        if any(separator in label for separator in ",;，；"):
            raise _refused("options", _("An option has no commas or semicolons: “%(label)s”.") % {"label": label})
        if fold(label) in {fold(other) for other in options.values()}:
            raise _refused("options", _("“%(label)s” stands there twice.") % {"label": label})
        if key not in known or key in options:
            key = by_label.get(fold(label), "")
        if not key or key in options:
            key = _free(_key(label), {*known, *options})
        options[key] = label
    if len(options) > MOST_OPTIONS:
        raise _refused("options", _("A choice has at most %(most)s options.") % {"most": MOST_OPTIONS})
    for key in known.keys() - options.keys() if field.pk else ():
        numbers = blinds_of_custom(field.pk, key) if field.is_sensitive else []
        count = CustomValue.objects.filter(Q(folded=key) | Q(blind__in=numbers), field=field).count()
        if count:
            raise _refused(
                "options",
                _(
                    "“%(label)s” cannot be taken away: %(count)s customers have it. "
                    "Give it another name, or change them first."
                )
                % {"label": known[key], "count": count},
            )
    field.options = [{"key": key, "label": label} for key, label in options.items()]


def _retype(field: CustomField, wanted: str, settings: Mapping[str, Any]) -> None:
    """Read every value as one of another type and write it anew; or refuse, and say which one does not fit."""
    options = settings.get("options")
    rows = CustomValue.objects.filter(field=field)
    if rows.count() > MOST_REWRITTEN:
        raise _refused(
            "type",
            _("This field has more than %(most)s values; its type stays. Make a new field, and import into it.")
            % {"most": MOST_REWRITTEN},
        )
    old = CustomField(type=field.type, options=field.options)
    field.type = wanted
    field.is_sensitive = bool(settings.get("is_sensitive", field.is_sensitive))
    if wanted in _CHOICES:
        _set_options(field, options if options is not None else field.options)
    new: list[tuple[int, Kept]] = []
    bad: list[str] = []
    held: dict[int, list[str]] = {}
    told = rows.order_by("customer", "place").values_list("customer_id", "text", "sealed")
    for customer_id, text, sealed in told.iterator(_BATCH):
        held.setdefault(customer_id, []).append(customfields.plain(old, sealed or text))
    for customer_id, texts in held.items():
        try:
            value: Any = texts if wanted == CustomField.Type.SEVERAL_OF else ", ".join(texts)
            new += [(customer_id, kept) for kept in customfields.parse(field, value)]
        except BadValue as problem:
            bad.append(str(problem))
    if bad:
        raise _refused(
            "type",
            _("%(count)s of %(all)s values do not fit this type. The first one: %(reason)s")
            % {"count": len(bad), "all": len(held), "reason": bad[0]},
        )
    rows.delete()
    places: dict[int, int] = {}
    made = []
    for customer_id, kept in new:
        place = places[customer_id] = places.get(customer_id, -1) + 1
        made.append(
            CustomValue(
                customer_id=customer_id,
                field=field,
                place=place,
                **dict(zip(ROW, kept.row(field), strict=True)),
            )
        )
    CustomValue.objects.bulk_create(made, batch_size=_BATCH)


def _key(text: str) -> str:
    """The letters and figures of a text, Chinese by its sound: at most 30."""
    sound = pinyin_keys(text)
    return _NOT_IN_A_KEY.sub("_", sound[0] if sound else fold(text)).strip("_")[:30].strip("_") or "field"


def _free(key: str, taken: set[str]) -> str:
    found, number = key, 2
    while found in taken:
        found, number = f"{key}_{number}", number + 1
    return found


def _cleaned(name: str, text: Any, limit: int) -> str:
    try:
        return clean(str(text or ""), limit=limit)
    except BadText as problem:
        raise _refused(name, str(problem)) from problem


def _state(field: CustomField) -> dict[str, Any]:
    return {name: getattr(field, name) for name in ("type", *_SETTINGS)}


def _save(field: CustomField) -> None:
    field.updated_at, field.version = timezone.now(), field.version + 1
    field.save()


def _tell(field: CustomField, deed: str, changes: dict[str, list[Any]]) -> None:
    customfields.forget()
    transaction.on_commit(customfields.forget)
    record(CustomFieldChanged(deed=deed, field=field.name, changes=changes))


def _refused(name: str, sentence: str) -> Invalid:
    return Invalid(sentence, fields={name: [sentence]})
