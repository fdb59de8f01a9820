"""The shop's own fields: how a value is read, kept and written, whatever door it comes in by."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import partial
from typing import Any
from urllib.parse import urlsplit

from babel.dates import format_date
from babel.numbers import format_decimal
from django.core.cache import cache
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from regulars.core import shop
from regulars.core.dates import FIRST_YEAR, LAST_YEAR, BadDate, parse_moment
from regulars.core.money import Money, babel_locale, exponent
from regulars.core.text import BadText, clean, clean_lines, fold
from regulars.customers import catalogue, people, sealed
from regulars.customers.conditions import NO, YES, YES_OR_NO
from regulars.customers.models import Customer, CustomField, CustomValue
from regulars.customers.normalise import FLAGS
from regulars.customers.relations import Relation
from regulars.customers.sealed import blind_of_custom, blinds_of_custom
from regulars.staff.models import User
from regulars.timeline.actions import who_acts

PREFIX = sealed.CUSTOM
TEXT_LENGTH, LONG_TEXT_LENGTH, LINK_LENGTH = 250, 5000, 500
_FOLDED_LENGTH = 500
_KEY = "customers.custom_fields"
_SECONDS = 5  # for processes that serve no requests; each request reads anew
_NUMBER = re.compile(r"[-+]?\d{1,15}(?:\.\d{1,10})?", re.ASCII)
_COMMA = re.compile(r"[-+]?\d{1,15},(?:\d{1,2}|\d{4,10})", re.ASCII)
_SEPARATORS = re.compile(r"[,;，；\n]")

Type = CustomField.Type
ROW = ("text", "folded", "number", "sealed", "blind")
SENSITIVE = frozenset({Type.TEXT, Type.LONG_TEXT, Type.NUMBER, Type.DATE, Type.ONE_OF})
"""What can be sealed: found as a whole, by a number that stands for it."""


class BadValue(ValueError):  # noqa: N818 — an answer, not a failure of ours
    """The value cannot be kept; the sentence says why."""


@dataclass(frozen=True, slots=True)
class Kept:
    """A value: exactly, folded for comparing texts, and as a number."""

    text: str
    folded: str = ""
    number: float | None = None

    def row(self, field: CustomField) -> tuple[Any, ...]:
        """The value as its row keeps it, in the columns of ROW."""
        if not field.is_sensitive:
            return self.text, self.folded, self.number, "", None
        number = None if field.type == Type.LONG_TEXT else blind_of_custom(field.pk, self.text)
        return "", "", None, self.text, number


def parse(field: CustomField, value: Any) -> tuple[Kept, ...]:
    """A value as people type it, files hold it or programs send it, ready to be kept; nothing is an empty answer.

    Several values come as a list, or as one text with commas. Raises BadValue.
    """
    if value is None or value == "" or value == [] or (isinstance(value, str) and not value.strip()):
        return ()
    if isinstance(value, Sequence) and not isinstance(value, str) and field.type != Type.SEVERAL_OF:
        raise BadValue(_("It takes one value, not several."))
    if isinstance(value, Mapping):
        raise BadValue(_("It takes a value, not an object."))
    try:
        return _PARSERS[Type(field.type)](field, value)
    except (BadText, BadDate) as problem:
        raise BadValue(str(problem)) from problem


def words(field: CustomField, text: str) -> str:
    """A kept value for people, in the language of the reader."""
    language = get_language() or "en"
    match field.type:
        case Type.NUMBER:
            number = Decimal(text)
            places = max(0, -int(number.as_tuple().exponent))
            return format_decimal(number, format=f"#,##0.{'0' * places}", locale=babel_locale(language))
        case Type.MONEY:
            return Money.of(Decimal(text), shop.current().currency).format(language)
        case Type.DATE:
            return format_date(dt.date.fromisoformat(text), "medium", locale=babel_locale(language))
        case Type.YES_NO:
            return str(YES_OR_NO[text == YES])
        case Type.ONE_OF | Type.SEVERAL_OF:
            return option_labels(field).get(text, text)
    return text


def plain(field: CustomField, text: str) -> str:
    """A kept value for a file, which `parse` reads back: choices by their label, all else as it is kept."""
    if field.type in {Type.ONE_OF, Type.SEVERAL_OF}:
        return option_labels(field).get(text, text)
    return text


def as_json(field: CustomField, texts: Sequence[str]) -> Any:
    """The kept values for programs: a number, a truth, a text or a list of them; None where there is none."""
    if field.type == Type.SEVERAL_OF:
        return list(texts)
    if not texts:
        return None
    match field.type:
        case Type.NUMBER:
            number = Decimal(texts[0])
            return int(number) if number == number.to_integral_value() else float(number)
        case Type.YES_NO:
            return texts[0] == YES
    return texts[0]


def option_labels(field: CustomField) -> dict[str, str]:
    """The options of a choice, by key."""
    return {option["key"]: option["label"] for option in field.options}


def known() -> list[CustomField]:
    """Every field in use, in order. Read once for a request, and once in some seconds elsewhere."""
    found: list[CustomField] | None = cache.get(_KEY)
    if found is None:
        found = list(CustomField.objects.filter(is_archived=False))
        cache.set(_KEY, found, _SECONDS)
    return found


def forget(**_signal: Any) -> None:
    """Let the fields be read anew: a field changed, or a request begins."""
    cache.delete(_KEY)


def seen_by(actor: Any) -> list[CustomField]:
    """The fields that a person or a token may see. Nobody in particular (None) sees what all roles see."""
    return [field for field in known() if is_seen_by(field, actor)]


def of_who_acts() -> list[CustomField]:
    """The fields that the person may see for whom this is done, a page or a job of theirs; on the server's own
    command line all of them.
    """
    number = who_acts().user_id
    return known() if number is None else seen_by(User.objects.filter(pk=number).first())


def is_seen_by(field: CustomField, actor: Any) -> bool:
    """Whether a person or a token may see a field; the owner sees all."""
    return not field.seen_by or (actor is not None and actor.role in roles_of(field))


def is_sensitive(name: str) -> bool:
    """Whether the values of a field, by its name, are sealed; those of one that was put away, too."""
    found = next((field for field in known() if field.name == name), None)
    if found is None:
        return CustomField.objects.filter(key=name.removeprefix(PREFIX), is_sensitive=True).exists()
    return found.is_sensitive


def hidden_from(actor: Any) -> set[str]:
    """The names of the fields, archived ones too, that a person or a token may not see."""
    return {field.name for field in CustomField.objects.exclude(seen_by=[]) if not is_seen_by(field, actor)}


def told(name: str, value: Any) -> str:
    """A value that the timeline keeps, in words; as it is kept where the field, or the option, has gone."""
    field = next((one for one in known() if one.name == name), None)
    texts = [str(one) for one in value] if isinstance(value, list) else [str(value)]
    if field is None:
        return ", ".join(texts)
    try:
        return ", ".join(words(field, text) for text in texts)
    except (ValueError, ArithmeticError):
        return ", ".join(texts)  # of a type that the field had before


def roles_of(field: CustomField) -> frozenset[str]:
    """The roles that may see a field; empty for all of them."""
    return frozenset([*field.seen_by, "owner"]) if field.seen_by else frozenset()


def values_of(customers: Iterable[Customer], fields: Iterable[CustomField]) -> dict[int, dict[int, list[str]]]:
    """What is kept in some fields, by customer and field, as texts in order: two queries, however many customers.

    A customer's own values come first; a field they leave empty shows what a record merged into them says.
    """
    owners = {pk: number for number, pks in people.records_of([one.pk for one in customers]).items() for pk in pks}
    rows = CustomValue.objects.filter(customer__in=list(owners), field__in=[one.pk for one in fields])
    own: dict[tuple[int, int], list[str]] = {}
    for customer_id, field_id, text, hidden in rows.order_by("field", "customer", "place").values_list(
        "customer_id", "field_id", "text", "sealed"
    ):
        own.setdefault((customer_id, field_id), []).append(hidden or text)
    found: dict[int, dict[int, list[str]]] = {number: {} for number in owners.values()}
    # the customer first, then the records in the order of their ids
    for (record, field_id), texts in sorted(own.items(), key=lambda item: (item[0][0] != owners[item[0][0]], item[0])):
        found[owners[record]].setdefault(field_id, texts)
    return found


def catalogue_fields() -> list[catalogue.Field]:
    """The fields in use, as lists ask for them."""
    return [_catalogue_field(field) for field in known()]


_ASKED: dict[str, tuple[catalogue.Type, str]] = {
    Type.TEXT: (catalogue.Type.TEXT, "folded"),
    Type.LONG_TEXT: (catalogue.Type.LONG_TEXT, "text"),
    Type.NUMBER: (catalogue.Type.DECIMAL, "number"),
    Type.MONEY: (catalogue.Type.MONEY, "number"),
    Type.DATE: (catalogue.Type.DAY, "number"),
    Type.YES_NO: (catalogue.Type.YES_NO, "number"),
    Type.ONE_OF: (catalogue.Type.CHOICE, "folded"),
    Type.SEVERAL_OF: (catalogue.Type.LIST, "folded"),
    Type.LINK: (catalogue.Type.TEXT, "folded"),
}
_SORTED = frozenset({Type.TEXT, Type.NUMBER, Type.MONEY, Type.DATE})


def _catalogue_field(field: CustomField) -> catalogue.Field:
    if field.is_sensitive:
        return _sealed_field(field)
    asked, column = _ASKED[field.type]
    options = [(option["key"], option["label"]) for option in field.options]
    keys = {YES: 1.0, NO: 0.0} if field.type == Type.YES_NO else None
    return catalogue.Field(
        name=field.name,
        label=field.label,
        type=asked,
        relation=Relation(
            model=CustomValue,
            value=column,
            where=(("field_id", field.pk),),
            shown="text",
            order=("place",),
            has_one_voice=True,
        ),
        roles=roles_of(field),
        is_sortable=field.type in _SORTED,
        choices=(lambda: options) if options else None,
        keys=(lambda: keys) if keys else None,
        words=partial(words, field),
        plain=partial(plain, field),
    )


def _sealed_field(field: CustomField) -> catalogue.Field:
    """A field whose values are sealed is asked as a whole, and sorts nothing."""
    asked = catalogue.Type.LONG_TEXT if field.type == Type.LONG_TEXT else catalogue.Type.EXACT
    return catalogue.Field(
        name=field.name,
        label=field.label,
        type=asked,
        relation=Relation(
            model=CustomValue,
            value="blind",
            where=(("field_id", field.pk),),
            shown="sealed",
            order=("place",),
            has_one_voice=True,
        ),
        roles=roles_of(field),
        words=partial(words, field),
        plain=partial(plain, field),
        blinds=partial(_blinds, field),
    )


def _blinds(field: CustomField, value: str) -> list[int]:
    """The numbers by which those are found who have a value. Raises BadValue."""
    return [number for kept in parse(field, value) for number in blinds_of_custom(field.pk, kept.text)]


def _text(_field: CustomField, value: Any) -> tuple[Kept, ...]:
    return _folded(clean(_as_text(value), limit=TEXT_LENGTH))


def _long_text(_field: CustomField, value: Any) -> tuple[Kept, ...]:
    text = clean_lines(_as_text(value), limit=LONG_TEXT_LENGTH)
    return (Kept(text),) if text else ()


def _number(_field: CustomField, value: Any) -> tuple[Kept, ...]:
    number = _decimal(value)
    text = f"{number.normalize():f}" if number else "0"
    return (Kept(text, number=float(number)),)


def _money(_field: CustomField, value: Any) -> tuple[Kept, ...]:
    currency = shop.current().currency
    number, places = _decimal(value), exponent(currency)
    if number != number.quantize(Decimal(1).scaleb(-places)):
        raise BadValue(
            _("“%(value)s” has more decimals than %(currency)s.") % {"value": str(value)[:40], "currency": currency}
        )
    kept = number.quantize(Decimal(1).scaleb(-places)) + 0  # no minus before nothing
    return (Kept(f"{kept:f}", number=float(int(kept.scaleb(places)))),)


def _decimal(value: Any) -> Decimal:
    text = "" if isinstance(value, bool) else _as_text(value).strip().replace("\N{MINUS SIGN}", "-")
    if _COMMA.fullmatch(text):
        text = text.replace(",", ".")
    if not _NUMBER.fullmatch(text):
        raise BadValue(
            _("“%(value)s” is not a number. Write it like 1250.5, without other signs.") % {"value": str(value)[:40]}
        )
    return Decimal(text)


def _date(_field: CustomField, value: Any) -> tuple[Kept, ...]:
    if isinstance(value, dt.datetime):
        day = value.date()
    elif isinstance(value, dt.date):
        day = value
    else:
        is_month_first = shop.current().country in {"US", "PH"}
        day = parse_moment(_as_text(value), zone=dt.UTC, is_month_first=is_month_first).date()
    if not FIRST_YEAR <= day.year <= LAST_YEAR:
        raise BadValue(_("The year of “%(day)s” lies too far away.") % {"day": day})
    return (Kept(day.isoformat(), number=float(day.toordinal())),)


def _yes_no(_field: CustomField, value: Any) -> tuple[Kept, ...]:
    found = value if isinstance(value, bool) else FLAGS.get(_as_text(value).strip().casefold())
    if found is None:
        raise BadValue(_("“%(value)s” is neither yes nor no.") % {"value": str(value)[:40]})
    return (Kept(YES if found else NO, number=1.0 if found else 0.0),)


def _one_of(field: CustomField, value: Any) -> tuple[Kept, ...]:
    key = _option(field, _as_text(value))
    return (Kept(key, folded=key),)


def _several_of(field: CustomField, value: Any) -> tuple[Kept, ...]:
    if isinstance(value, str):
        value = _SEPARATORS.split(value)
    parts = value if isinstance(value, list | tuple) else [value]
    chosen = {_option(field, text) for part in parts if (text := _as_text(part).strip())}
    return tuple(Kept(key, folded=key) for key in option_labels(field) if key in chosen)


def _option(field: CustomField, text: str) -> str:
    """The key of an option by its key or its label."""
    wanted = fold(text)
    for key, label in option_labels(field).items():
        if wanted in (fold(label), key):
            return key
    raise BadValue(
        _("“%(value)s” is not one of: %(known)s.")
        % {"value": text.strip()[:40], "known": ", ".join(option_labels(field).values())}
    )


def _link(_field: CustomField, value: Any) -> tuple[Kept, ...]:
    text = clean(_as_text(value), limit=LINK_LENGTH)
    if "://" not in text:
        text = f"https://{text}"
    try:
        parts = urlsplit(text)
        host = parts.hostname or ""
    except ValueError:
        parts, host = None, ""
    if parts is None or parts.scheme not in {"http", "https"} or "." not in host or " " in text:
        raise BadValue(_("“%(value)s” is not a link. Write one like https://shop.example.") % {"value": text[:60]})
    return _folded(clean(text, limit=LINK_LENGTH))


def _folded(text: str) -> tuple[Kept, ...]:
    return (Kept(text, folded=fold(text)[:_FOLDED_LENGTH]),) if text else ()


def _as_text(value: Any) -> str:
    if isinstance(value, bool):
        return YES if value else NO
    if isinstance(value, float):
        return f"{Decimal(repr(value)):f}"
    return value if isinstance(value, str) else str(value)


_PARSERS: dict[Type, Callable[[CustomField, Any], tuple[Kept, ...]]] = {
    Type.TEXT: _text,
    Type.LONG_TEXT: _long_text,
    Type.NUMBER: _number,
    Type.MONEY: _money,
    Type.DATE: _date,
    Type.YES_NO: _yes_no,
    Type.ONE_OF: _one_of,
    Type.SEVERAL_OF: _several_of,
    Type.LINK: _link,
}
