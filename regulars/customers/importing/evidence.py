"""What the values of a column look like, whatever its heading says."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import Enum

from django.utils.translation import gettext as _

from regulars.core.contact import BadContact, parse_country, parse_phone

_LOOKED_AT = 200


class Looks(Enum):
    """The sorts of values we can tell apart."""

    NOTHING = "nothing"
    EMAIL = "email"
    PHONE = "phone"
    DATE = "date"
    COUNTRY = "country"
    YES_NO = "yes_no"
    NUMBER = "number"
    LINK = "link"
    PERSON = "person"
    FEW_WORDS = "few_words"
    LONG_TEXT = "long_text"
    TEXT = "text"


@dataclass(frozen=True, slots=True)
class Evidence:
    """How many values were looked at, what they look like, which share of them, and the first of those."""

    looks: Looks
    count: int = 0
    share: float = 0.0
    example: str = ""
    is_of_births: bool = False
    is_of_postcodes: bool = False

    def reason(self) -> str:
        """The sentence for people."""
        words = {"share": f"{self.share:.0%}", "count": self.count, "example": self.example[:60]}
        sentences = {
            Looks.EMAIL: _("%(share)s of %(count)s values are e-mail addresses, like %(example)s."),
            Looks.PHONE: _("%(share)s of %(count)s values are phone numbers, like %(example)s."),
            Looks.DATE: _("Most of %(count)s days, like %(example)s, are some decades ago."),
            Looks.COUNTRY: _("%(share)s of %(count)s values are countries, like %(example)s."),
            Looks.PERSON: _("%(share)s of %(count)s values look like names of people, like %(example)s."),
        }
        if self.is_of_postcodes:
            return _("The values look like postcodes, like %(example)s, and stand beside the place.") % words
        return sentences[self.looks] % words if self.looks in sentences else ""


_EMAIL = re.compile(r"[^\s@,;]+@[^\s@,;]+\.[^\s@,;.]{2,}")
_LINK = re.compile(r"(?:https?://|www\.)\S+", re.IGNORECASE)
_DATE = re.compile(
    r"\d{4}[-/.年]\d{1,2}[-/.月]\d{1,2}日?(?:[T ].*)?|\d{1,2}[-/.]\d{1,2}[-/.](?:\d{4}|\d{2})(?:,? .*)?"
    r"|\d{1,2}\.? [A-Za-zÄä]{3,9}\.? \d{4}.*|[A-Za-z]{3,9} \d{1,2},? \d{4}.*"
)
_NUMBER = re.compile(r"[-+]?\d+(?:[.,]\d+)*(?:[eE][-+]?\d+)?%?")
_PHONE = re.compile(
    r"(?:\+|\(|0)[\d ()./-]{6,22}|1[3-9]\d{9}|\d{3}[-. ]\d{3,4}[-. ]\d{4}|\d[\d ()./-]*[ ()./-][\d ()./-]{4,}"
)
_PERSON = re.compile(r"[^\W\d_][\w'’.-]*(?: [^\W\d_][\w'’.-]*){1,3}|[\u4e00-\u9fff]{2,4}")
_POSTCODE = re.compile(r"(?:[A-Z]{1,2}-)?\d{4,6}|\d{5}-\d{4}|[A-Z]{1,2}\d[A-Z\d]? ?\d[A-Z]{2}|[A-Z]\d[A-Z] ?\d[A-Z]\d")
_YEAR = re.compile(r"(?<!\d)(?:18|19|20)\d{2}(?!\d)")
_FLAGS = {"yes", "no", "true", "false", "y", "n", "ja", "nein", "wahr", "falsch", "是", "否", "1", "0", "on", "off"}


def evidence_of(values: Sequence[str], *, country: str = "") -> Evidence:
    """What some values of a column look like: the first sort that nearly all of them are."""
    filled = [text for value in values if (text := value.strip())][:_LOOKED_AT]
    if not filled:
        return Evidence(Looks.NOTHING)
    distinct = {value.casefold() for value in filled}
    is_of_postcodes = sum(1 for value in filled if _POSTCODE.fullmatch(value)) >= 0.9 * len(filled)
    for looks, is_one, least in _tests(country, filled):
        fitting = [value for value in filled if is_one(value)]
        if len(fitting) >= least * len(filled):
            births = looks is Looks.DATE and _are_births(fitting)
            return Evidence(looks, len(filled), len(fitting) / len(filled), fitting[0], births, is_of_postcodes)
    if any(len(value) > 80 or "\n" in value for value in filled):
        return Evidence(Looks.LONG_TEXT, len(filled), 1.0, filled[0])
    if is_of_postcodes:
        return Evidence(Looks.TEXT, len(filled), 1.0, filled[0], is_of_postcodes=True)
    is_choice = len(filled) >= 10 and len(distinct) <= max(2, len(filled) // 5) and len(distinct) <= 12
    return Evidence(Looks.FEW_WORDS if is_choice else Looks.TEXT, len(filled), 1.0, filled[0])


def _tests(country: str, values: Sequence[str]) -> list[tuple[Looks, Callable[[str], object], float]]:
    distinct = {value.casefold() for value in values}
    tests: list[tuple[Looks, Callable[[str], object], float]] = [
        (Looks.EMAIL, _EMAIL.fullmatch, 0.7),
        (Looks.LINK, _LINK.fullmatch, 0.8),
        (Looks.DATE, _DATE.fullmatch, 0.8),
        (Looks.PHONE, lambda value: _is_phone(value, country), 0.6),
    ]
    if distinct <= _FLAGS and (len(values) >= 2 or not distinct <= {"0", "1"}):
        tests.append((Looks.YES_NO, lambda _value: True, 1.0))
    tests.append((Looks.NUMBER, _NUMBER.fullmatch, 0.9))
    tests.append((Looks.COUNTRY, _is_country, 0.8))
    if len(distinct) * 2 > len(values):
        # the names of people differ, and start with capitals where there are any
        tests.append((Looks.PERSON, lambda value: _PERSON.fullmatch(value) and value[:1] == value[:1].upper(), 0.9))
    return tests


def _are_births(values: Sequence[str]) -> bool:
    """Whether these days are those on which customers of today were born: long ago, and far apart."""
    years = [int(found[0]) for value in values if (found := _YEAR.search(value))]
    if len(years) < 0.9 * len(values):
        return False
    this_year = dt.datetime.now(dt.UTC).year
    return max(years) - min(years) >= 10 and sum(1 for year in years if year <= this_year - 14) >= 0.9 * len(years)


def _is_phone(value: str, country: str) -> bool:
    if not _PHONE.fullmatch(value) or not 7 <= sum(map(str.isdigit, value)) <= 15:
        return False
    for home in dict.fromkeys((country, "CN" if value[:1] == "1" else country)):
        try:
            return bool(parse_phone(value, country=home))
        except BadContact:
            continue
    return False


def _is_country(value: str) -> bool:
    try:
        return not value.isdigit() and bool(parse_country(value[:80]))
    except BadContact:
        return False
