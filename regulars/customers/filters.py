"""Filters of the customer list, as addresses and the API write them: `amount_spent.min=100`.

    text      name=ada  name.is=ada lovelace  name.starts=ad
    number    number_of_orders=3  number_of_orders.min=2  number_of_orders.max=9
    money     amount_spent=100  amount_spent.min=99.50  amount_spent.max=1000      in the shop's base currency
    date      last_order_date.on=2026-03-12  .after=  .before=  .older_than=45  .within=45     whole days of the shop
    day       metafields.custom.fitted.on=2026-03-12, and the rest of a date
    birthday  birthday.on=03-12  birthday.month=3  birthday.within=30     the next 30 days, today included
    yes or no is_blocked=yes
    choice    status=active,inactive  customer_countries.not=DE,AT
    sealed    vat_number=DE136695977     the whole of it, whatever the capitals and spaces
    list      customer_tags=vip,wholesale (one of them)  customer_tags.all=  customer_tags.not=
    given     segment=grp_0k3f…  segment.not=  query=number_of_orders > 2     what a room above knows
    any       company.is_set=yes  company.is_empty=yes

An empty value is no filter, as forms send it. Everything else that cannot be understood is refused with a sentence.
"""

from __future__ import annotations

import datetime as dt
import math
import re
from collections.abc import Callable
from decimal import Decimal
from functools import cache
from typing import Any

from babel.dates import format_date, format_skeleton, get_month_names
from babel.lists import format_list
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from regulars.core import shop
from regulars.core.contact import BadContact, parse_country, parse_phone
from regulars.core.errors import Invalid
from regulars.core.money import Money, babel_locale, exponent
from regulars.core.text import fold
from regulars.customers import birthdays, catalogue
from regulars.customers.catalogue import Field, Form, Type
from regulars.customers.conditions import (
    NO,
    OF_ALL,
    YES,
    YES_OR_NO,
    AllOf,
    Among,
    Between,
    Born,
    Condition,
    Filled,
    HasBirthday,
    Holds,
    Known,
    OneOf,
    Says,
    Test,
    formed,
    operators_of,
)
from regulars.customers.grams import digits_of

_LONGEST, _LONGEST_GIVEN = 200, 4_000
_OLDEST = 150
_MOST_DAYS = 36_500
_WHOLE = re.compile(r"\d{1,9}", re.ASCII)
_AMOUNT = re.compile(r"-?\d{1,12}(?:\.(\d{1,6}))?", re.ASCII)
_DECIMAL = re.compile(r"-?\d{1,15}(?:\.\d{1,10})?", re.ASCII)
_DAY = re.compile(r"(?:19|20|21)\d\d-\d\d-\d\d", re.ASCII)
_BIRTHDAY = re.compile(r"\d\d-\d\d", re.ASCII)
_LEAP_YEAR = 2024
_YES_NO = {"yes": True, "true": True, "1": True, "no": False, "false": False, "0": False}


def parse(parameter: str, value: str, *, language: str, reader: Any = None) -> Condition:
    """The condition that a parameter of an address states; raises Invalid with a sentence that names the filter.

    `reader` is who asks, a person or a token: a field they may not see is one that is not there. Without a reader,
    there are the fields that every role may see.
    """
    name, operator = catalogue.split(parameter)
    known = catalogue.get(name)
    if known is None or not known.is_filter or not known.is_asked_by(reader):
        raise _refused(
            parameter,
            _("There is no filter “%(name)s”. Known are: %(known)s.")
            % {
                "name": name[:40],
                "known": ", ".join(sorted(one.name for one in catalogue.asked_by(reader) if one.is_filter)),
            },
        )
    operators = operators_of(known)
    if known.type is Type.EXACT and operator == "is":
        operator = ""  # as it was asked before these values were sealed
    if "on" in operators and not operator:
        operator = "on"
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
    if len(value) > (_LONGEST if known.give is None else _LONGEST_GIVEN) or "\0" in value:
        raise _refused(
            parameter,
            _("The value of the filter “%(label)s” is too long, or holds a character that no text has.")
            % {"label": known.label},
        )
    if operator in OF_ALL:
        return _read_filled(known, operator, value)
    if known.give is not None:
        given = known.give(value, reader)
        return Condition(known, operator, given.value, Among(cache(given.ids), operator == "not"), given.words)
    return _READERS[known.type](known, operator, value, language)


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


def _read_exact(known: Field, operator: str, value: str, _language: str) -> Condition:
    """A sealed value as a whole."""
    assert known.blinds is not None  # noqa: S101 — a field of this type says how its values are found
    try:
        numbers = known.blinds(value)
    except ValueError as problem:
        raise _refused(_parameter(known, operator), _in_filter(known, str(problem))) from problem
    test: Test = OneOf(frozenset(numbers), is_negated=False) if known.relation else Says(value, tuple(numbers))
    return Condition(known, operator, value, test, value)


def _read_number(known: Field, operator: str, value: str, _language: str) -> Condition:
    if not _WHOLE.fullmatch(value):
        raise _refused(
            _parameter(known, operator),
            _("“%(value)s” is not a whole number, which the filter “%(label)s” needs.")
            % {"value": value[:40], "label": known.label},
        )
    return Condition(known, operator, value, _limits(operator, int(value)), value)


def _read_age(known: Field, operator: str, value: str, language: str) -> Condition:
    """Years, as the days on which people of that age can be born."""
    asked = _read_number(known, operator, value, language)
    years, today = int(value), shop.today()
    if years > _OLDEST:
        raise _refused(
            asked.parameter,
            _("“%(value)s” is not an age that people reach.") % {"value": value[:40]},
        )
    first = birthdays.born_at_age(years + 1, today).toordinal() + 1
    last = birthdays.born_at_age(years, today).toordinal() + 1
    test = {"": Born(first, last), "min": Born(None, last), "max": Born(first, None)}[operator]
    words = ngettext("%(number)s year", "%(number)s years", years) % {"number": years}
    return Condition(known, operator, value, test, words)


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


def _read_decimal(known: Field, operator: str, value: str, _language: str) -> Condition:
    if not _DECIMAL.fullmatch(value):
        raise _refused(
            _parameter(known, operator),
            _("“%(value)s” is not a number, which the filter “%(label)s” needs, like 12.5.")
            % {"value": value[:40], "label": known.label},
        )
    low = float(value)
    above = math.nextafter(low, math.inf)
    test = {"": Between(low, above), "min": Between(low, None), "max": Between(None, above)}[operator]
    return Condition(known, operator, value, test, value)


def _read_date(known: Field, operator: str, value: str, language: str) -> Condition:
    """A date by its moments, in the days of the shop; a day by its number; one of birth by what stands for it."""
    at: Callable[[dt.date], Any] = shop.start_of if known.type is Type.DATE else dt.date.toordinal
    between = Born if known.type is Type.BORN else Between
    parameter = _parameter(known, operator)
    if operator in {"older_than", "within"}:
        days = _number_of_days(known, operator, value)
        since = at(shop.today() - dt.timedelta(days=days))
        if operator == "within":
            words = ngettext("%(number)s day", "%(number)s days", days) % {"number": days}
            return Condition(known, operator, value, between(since, None), words)
        words = ngettext("%(number)s day ago", "%(number)s days ago", days) % {"number": days}
        return Condition(known, operator, value, between(None, since), words)
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
    begin, end = at(day), at(day + dt.timedelta(days=1))
    test = {"on": between(begin, end), "after": between(end, None), "before": between(None, begin)}[operator]
    return Condition(known, operator, value, test, format_date(day, "medium", locale=babel_locale(language)))


def _number_of_days(known: Field, operator: str, value: str) -> int:
    if not _WHOLE.fullmatch(value) or int(value) > _MOST_DAYS:
        raise _refused(
            _parameter(known, operator),
            _("“%(value)s” is not a number of days, which the filter “%(label)s” needs.")
            % {"value": value[:40], "label": known.label},
        )
    return int(value)


def _read_birthday(known: Field, operator: str, value: str, language: str) -> Condition:
    """A birthday, a month of them, or those of the next days; each is a set of days of the year."""
    locale = babel_locale(language)
    if operator == "within":
        days = _number_of_days(known, operator, value)
        today = shop.today()
        found = {_birthday(today + dt.timedelta(days=number)) for number in range(min(days, 365) + 1)}
        # in a common year, who was born on 29 February is congratulated the day before
        if "02-28" in found:
            found.add("02-29")
        words = ngettext("%(number)s day", "%(number)s days", days) % {"number": days}
        return Condition(known, operator, value, HasBirthday(frozenset(found)), words)
    if operator == "month":
        if not (_WHOLE.fullmatch(value) and 1 <= int(value) <= 12):
            raise _refused(
                _parameter(known, operator),
                _("“%(value)s” is not a month. The filter “%(label)s” takes a number from 1 to 12.")
                % {"value": value[:40], "label": known.label},
            )
        month = int(value)
        of_month = frozenset(f"{month:02}-{day:02}" for day in range(1, 32))
        words = get_month_names("wide", "stand-alone", locale=locale)[month]
        return Condition(known, operator, str(month), HasBirthday(of_month), words)
    try:
        day = dt.date.fromisoformat(f"{_LEAP_YEAR}-{value}") if _BIRTHDAY.fullmatch(value) else None
    except ValueError:
        day = None
    if day is None:
        raise _refused(
            _parameter(known, operator),
            _("“%(value)s” is not a day of the year. The filter “%(label)s” takes days like 03-12.")
            % {"value": value[:40], "label": known.label},
        )
    words = format_skeleton("MMMMd", day, locale=locale)
    return Condition(known, operator, value, HasBirthday(frozenset([value])), words)


def _birthday(day: dt.date) -> str:
    return f"{day.month:02}-{day.day:02}"


def _read_yes_no(known: Field, operator: str, value: str, _language: str) -> Condition:
    chosen = _YES_NO.get(value.casefold())
    if chosen is None:
        raise _refused(
            _parameter(known, operator),
            _("The filter “%(label)s” takes yes or no, not “%(value)s”.") % {"label": known.label, "value": value[:40]},
        )
    kept = known.keys()[YES if chosen else NO] if known.keys else chosen
    words = YES_OR_NO[chosen]
    return Condition(known, operator, YES if chosen else NO, OneOf(frozenset([kept]), is_negated=False), str(words))


def _read_filled(known: Field, operator: str, value: str) -> Condition:
    if _YES_NO.get(value.casefold()) is not True:
        raise _refused(
            _parameter(known, operator),
            _("The filter “%(label)s” is asked with “.%(operator)s=yes”.")
            % {"label": known.label, "operator": operator},
        )
    is_empty = operator == "is_empty"
    test: Test = Filled(is_negated=is_empty)
    if known.type in {Type.BORN, Type.AGE, Type.BIRTHDAY}:
        test = Known("birthday" if known.type is Type.BIRTHDAY else "birth", is_negated=is_empty)
    return Condition(known, operator, YES, test, "")


def _read_list(known: Field, operator: str, value: str, language: str) -> Condition:
    """Words of a list, whatever their capitals; where the list is open, also words that nobody has."""
    labels = {fold(choice): (choice, str(label)) for choice, label in known.choices()} if known.choices else {}
    keys = known.keys() if known.keys else None
    asked = list(dict.fromkeys(word.strip() for word in value.split(",") if fold(word)))
    unknown = [word for word in asked if fold(word) not in labels]
    if not asked or (unknown and not known.is_open):
        raise _refused(
            _parameter(known, operator),
            _("The filter “%(label)s” has no “%(value)s”, only: %(known)s.")
            % {
                "label": known.label,
                "value": (unknown or [value])[0][:40],
                "known": ", ".join(choice for choice, _label in labels.values()),
            },
        )
    chosen = [labels.get(fold(word), (word, word)) for word in asked]
    kept = [None if fold(word) not in labels else keys[word] if keys else word for word, _label in chosen]
    test: Test
    if operator == "all":
        test = AllOf(tuple(kept))
    else:
        test = OneOf(frozenset(one for one in kept if one is not None), operator == "not")
    words = format_list(
        [label for _word, label in chosen],
        style="standard" if operator == "all" else "or",
        locale=babel_locale(language),
    )
    return Condition(known, operator, ",".join(word for word, _label in chosen), test, words)


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
    Type.EXACT: _read_exact,
    Type.NUMBER: _read_number,
    Type.DECIMAL: _read_decimal,
    Type.AGE: _read_age,
    Type.MONEY: _read_money,
    Type.DATE: _read_date,
    Type.DAY: _read_date,
    Type.BORN: _read_date,
    Type.BIRTHDAY: _read_birthday,
    Type.YES_NO: _read_yes_no,
    Type.CHOICE: _read_choice,
    Type.LIST: _read_list,
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
