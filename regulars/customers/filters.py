"""Filters of the customer list, as addresses and the API write them: `amount_spent.min=100`.

    text      name=ada  name.is=ada lovelace  name.starts=ad
    number    number_of_orders=3  number_of_orders.min=2  number_of_orders.max=9
    money     amount_spent=100  amount_spent.min=99.50  amount_spent.max=1000      in the shop's base currency
    date      last_order_date.on=2026-03-12  .after=  .before=  .older_than=45  .within=45     whole days of the shop
    choice    status=active,inactive  customer_countries.not=DE,AT

An empty value is no filter, as forms send it. Everything else that cannot be understood is refused with a sentence.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import re
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from functools import reduce
from typing import Any, Literal

from babel.dates import format_date
from babel.lists import format_list
from django.db.models import Q
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext_lazy

from regulars.core import shop
from regulars.core.contact import BadContact, parse_country, parse_phone
from regulars.core.errors import Invalid
from regulars.core.money import Money, babel_locale, exponent
from regulars.core.text import fold
from regulars.customers import catalogue
from regulars.customers.catalogue import Field, Form, Type
from regulars.customers.grams import digits_of

_LONGEST = 200
_MOST_DAYS = 36_500
_WHOLE = re.compile(r"\d{1,9}", re.ASCII)
_AMOUNT = re.compile(r"-?\d{1,12}(?:\.(\d{1,6}))?", re.ASCII)
_DAY = re.compile(r"(?:19|20|21)\d\d-\d\d-\d\d", re.ASCII)

_OF_NUMBERS: dict[str, str | Promise] = {
    "": pgettext_lazy("filter", "is"),
    "min": pgettext_lazy("filter", "is at least"),
    "max": pgettext_lazy("filter", "is at most"),
}
_OF_CHOICES: dict[str, str | Promise] = {"": pgettext_lazy("filter", "is"), "not": pgettext_lazy("filter", "is not")}
OPERATORS: dict[Type, dict[str, str | Promise]] = {
    Type.TEXT: {
        "": pgettext_lazy("filter", "contains"),
        "is": pgettext_lazy("filter", "is"),
        "starts": pgettext_lazy("filter", "starts with"),
    },
    Type.NUMBER: _OF_NUMBERS,
    Type.MONEY: _OF_NUMBERS,
    Type.DATE: {
        "on": pgettext_lazy("filter", "on"),
        "after": pgettext_lazy("filter", "after"),
        "before": pgettext_lazy("filter", "before"),
        "older_than": pgettext_lazy("filter", "more than"),
        "within": pgettext_lazy("filter", "in the last"),
    },
    Type.CHOICE: _OF_CHOICES,
    Type.COUNTRY: _OF_CHOICES,
}


@dataclass(frozen=True, slots=True)
class Holds:
    """The text contains, starts with or is one of some texts of the same form."""

    way: Literal["", "is", "starts"]
    form: Form
    texts: tuple[str, ...]

    def matches(self, value: Any) -> bool:
        text = formed(value or "", self.form)
        if self.way == "is":
            return text in self.texts
        if self.way == "starts":
            return text.startswith(self.texts)
        return any(wanted in text for wanted in self.texts)


@dataclass(frozen=True, slots=True)
class Between:
    """The value is at least `low` and less than `high`; None is an open end. No value is never between."""

    low: Any
    high: Any

    def matches(self, value: Any) -> bool:
        if value is None:
            return False
        return (self.low is None or self.low <= value) and (self.high is None or value < self.high)


@dataclass(frozen=True, slots=True)
class OneOf:
    """The value is one of some; or, negated, it is not, and may be missing."""

    values: frozenset[Any]
    is_negated: bool

    def matches(self, value: Any) -> bool:
        return (value in self.values) is not self.is_negated


Test = Holds | Between | OneOf


@dataclass(frozen=True, slots=True)
class Condition:
    """One filter: `field`, operator and value as an address writes them, and the test they mean.

    `words` are the value in words, in the language the request was read in.
    """

    field: Field
    operator: str
    value: str
    test: Test = dataclasses.field(compare=False)
    words: str = dataclasses.field(compare=False, default="")

    @property
    def parameter(self) -> str:
        """The name of its parameter."""
        return f"{self.field.name}.{self.operator}" if self.operator else self.field.name

    @property
    def label(self) -> str:
        return str(self.field.label)

    @property
    def operator_words(self) -> str:
        return str(OPERATORS[self.field.type][self.operator])

    def matches(self, value: Any) -> bool:
        """Whether a value of the field's column passes."""
        return self.test.matches(value)

    def narrows(self) -> Q:
        """A condition of the database that everybody who matches fulfils; for all but texts it is the same test."""
        column, test = self.field.column, self.test
        if isinstance(test, Holds):
            if not self.field.is_searched:
                return Q()
            return reduce(Q.__or__, (Q(search_text__contains=text) for text in test.texts))
        if isinstance(test, Between):
            limits = {f"{column}__gte": test.low, f"{column}__lt": test.high}
            return Q(**{lookup: value for lookup, value in limits.items() if value is not None})
        chosen = Q(**{f"{column}__in": sorted(test.values)})
        if not test.is_negated:
            return chosen
        return ~chosen | Q(**{f"{column}__isnull": True})

    @property
    def is_exact_in_database(self) -> bool:
        """Whether `narrows` is the whole test."""
        return not isinstance(self.test, Holds)


def parse(parameter: str, value: str, *, language: str) -> Condition:
    """The condition that a parameter of an address states; raises Invalid with a sentence that names the filter."""
    name, _dot, operator = parameter.partition(".")
    known = catalogue.get(name)
    if known is None or not known.is_filter:
        raise _refused(
            parameter,
            _("There is no filter “%(name)s”. Known are: %(known)s.")
            % {
                "name": name[:40],
                "known": ", ".join(sorted(one.name for one in catalogue.fields() if one.is_filter)),
            },
        )
    if known.type is Type.DATE and not operator:
        operator = "on"
    operators = OPERATORS[known.type]
    if operator not in operators:
        raise _refused(
            parameter,
            _("The filter “%(label)s” cannot be asked with “.%(operator)s”, only with: %(known)s.")
            % {
                "label": known.label,
                "operator": operator[:40],
                "known": ", ".join(f".{word}" if word else name for word in operators),
            },
        )
    value = value.strip()
    if len(value) > _LONGEST or "\0" in value:
        raise _refused(
            parameter,
            _("The value of the filter “%(label)s” is too long, or holds a character that no text has.")
            % {"label": known.label},
        )
    return _READERS[known.type](known, operator, value, language)


def formed(text: str, form: Form) -> str:
    """A text in the form it is compared in."""
    if form is Form.DIGITS:
        return digits_of(text)
    folded = fold(text)
    return folded.replace(" ", "") if form is Form.COMPACT else folded


def _read_text(known: Field, operator: str, value: str, _language: str) -> Condition:
    text = formed(value, known.form)
    if not text:
        raise _refused(
            _parameter(known, operator),
            _("There is nothing in “%(value)s” that the filter “%(label)s” could look for.")
            % {"value": value, "label": known.label},
        )
    texts = [text]
    # 020 7946 0958 is kept as +44 20 7946 0958
    if known.form is Form.DIGITS and not operator and text.lstrip("0"):
        texts.append(text.lstrip("0"))
    if known.form is Form.DIGITS and operator == "is" and not value.startswith("+"):
        texts.append(_in_the_shops_country(value))
    way: Any = operator
    return Condition(known, operator, value, Holds(way, known.form, tuple(dict.fromkeys(filter(None, texts)))), value)


def _read_number(known: Field, operator: str, value: str, _language: str) -> Condition:
    if not _WHOLE.fullmatch(value):
        raise _refused(
            _parameter(known, operator),
            _("“%(value)s” is not a whole number, which the filter “%(label)s” needs.")
            % {"value": value[:40], "label": known.label},
        )
    return Condition(known, operator, value, _limits(operator, int(value)), value)


def _read_money(known: Field, operator: str, value: str, language: str) -> Condition:
    currency = shop.current().currency
    found = _AMOUNT.fullmatch(value)
    if not found or len((found[1] or "").rstrip("0")) > exponent(currency):
        raise _refused(
            _parameter(known, operator),
            _("“%(value)s” is not an amount of %(currency)s, which the filter “%(label)s” needs, like 1250.50.")
            % {"value": value[:40], "currency": currency, "label": known.label},
        )
    amount = Money.of(Decimal(value), currency)
    is_whole = amount.amount == int(amount.amount)
    words = amount.format(language, whole_from=0 if is_whole else None)
    return Condition(known, operator, value, _limits(operator, amount.minor), words)


def _read_date(known: Field, operator: str, value: str, language: str) -> Condition:
    parameter = _parameter(known, operator)
    if operator in {"older_than", "within"}:
        if not _WHOLE.fullmatch(value) or int(value) > _MOST_DAYS:
            raise _refused(
                parameter,
                _("“%(value)s” is not a number of days, which the filter “%(label)s” needs.")
                % {"value": value[:40], "label": known.label},
            )
        days = int(value)
        since = shop.start_of(shop.today() - dt.timedelta(days=days))
        if operator == "within":
            words = ngettext("%(number)s day", "%(number)s days", days) % {"number": days}
            return Condition(known, operator, value, Between(since, None), words)
        words = ngettext("%(number)s day ago", "%(number)s days ago", days) % {"number": days}
        return Condition(known, operator, value, Between(None, since), words)
    try:
        day = dt.date.fromisoformat(value) if _DAY.fullmatch(value) else None
    except ValueError:
        day = None
    if day is None:
        raise _refused(
            parameter,
            _("“%(value)s” is not a day that exists. The filter “%(label)s” takes days like 2026-03-12.")
            % {"value": value[:40], "label": known.label},
        )
    begin, end = shop.start_of(day), shop.start_of(day + dt.timedelta(days=1))
    test = {"on": Between(begin, end), "after": Between(end, None), "before": Between(None, begin)}[operator]
    return Condition(known, operator, value, test, format_date(day, "medium", locale=babel_locale(language)))


def _read_choice(known: Field, operator: str, value: str, language: str) -> Condition:
    labels = {choice: str(label) for choice, label in known.choices()} if known.choices else {}
    chosen = list(dict.fromkeys(word.strip() for word in value.split(",") if word.strip()))
    unknown = [word for word in chosen if word not in labels]
    if unknown or not chosen:
        raise _refused(
            _parameter(known, operator),
            _("The filter “%(label)s” has no “%(value)s”, only: %(known)s.")
            % {"label": known.label, "value": (unknown or [value])[0][:40], "known": ", ".join(labels)},
        )
    keys = known.keys() if known.keys else {}
    test = OneOf(frozenset(keys.get(word, word) for word in chosen), operator == "not")
    words = format_list([labels[word] for word in chosen], style="or", locale=babel_locale(language))
    return Condition(known, operator, ",".join(chosen), test, words)


def _read_country(known: Field, operator: str, value: str, language: str) -> Condition:
    codes = []
    for word in value.split(","):
        if not word.strip():
            continue
        try:
            code = parse_country(word.strip())
        except BadContact as bad:
            raise _refused(_parameter(known, operator), _in_filter(known, str(bad))) from bad
        if not code:
            raise _refused(
                _parameter(known, operator),
                _in_filter(known, _("“%(word)s” is not a country.") % {"word": word.strip()[:40]}),
            )
        codes.append(code)
    if not codes:
        raise _refused(_parameter(known, operator), _in_filter(known, _("It names no country.")))
    chosen = list(dict.fromkeys(codes))
    locale = babel_locale(language)
    words = format_list([locale.territories.get(code, code) for code in chosen], style="or", locale=locale)
    return Condition(known, operator, ",".join(chosen), OneOf(frozenset(chosen), operator == "not"), words)


_READERS: dict[Type, Callable[[Field, str, str, str], Condition]] = {
    Type.TEXT: _read_text,
    Type.NUMBER: _read_number,
    Type.MONEY: _read_money,
    Type.DATE: _read_date,
    Type.CHOICE: _read_choice,
    Type.COUNTRY: _read_country,
}


def _limits(operator: str, number: int) -> Between:
    return {"": Between(number, number + 1), "min": Between(number, None), "max": Between(None, number + 1)}[operator]


def _in_the_shops_country(phone: str) -> str:
    """The digits of a phone number as people of the shop's country dial it; nothing where it is none."""
    try:
        return digits_of(parse_phone(phone, country=shop.current().country))
    except BadContact:
        return ""


def _in_filter(known: Field, sentence: str) -> str:
    return _("The filter “%(label)s”: %(sentence)s") % {"label": known.label, "sentence": sentence}


def _parameter(known: Field, operator: str) -> str:
    return f"{known.name}.{operator}" if operator else known.name


def _refused(parameter: str, sentence: str) -> Invalid:
    return Invalid(sentence, fields={parameter: [sentence]})
