"""Where people live, in words: names of countries and languages, and what time it is there (CLDR)."""

from __future__ import annotations

import datetime as dt
from functools import cache
from zoneinfo import ZoneInfo

from babel.core import get_global
from django.utils import timezone
from django.utils.translation import get_language

from regulars.core.contact import format_phone
from regulars.core.money import babel_locale
from regulars.core.text import sort_key
from regulars.customers.models import Address

# CLDR lists what is no country one can live in: unions, outlying areas, and the codes for “unknown”.
_NO_COUNTRY = frozenset({"EU", "EZ", "UN", "QO", "ZZ", "XA", "XB"})

# China's law knows one time; the second zone of the list is a local custom.
_LAWFUL_ZONES = {"CN": "Asia/Shanghai"}

_CODE_BELOW = frozenset({"GB", "IE", "GG", "JE", "IM"})
_CODE_BEHIND = frozenset({"US", "CA", "AU", "NZ", "IN", "SG", "ZA"})
_LARGE_FIRST = frozenset({"CN", "TW", "HK", "MO", "JP"})


def country_name(code: str) -> str:
    """The country in the reader's language; the code itself where CLDR does not know it."""
    return _country_names(get_language() or "en").get(code, code)


def language_name(code: str) -> str:
    """The language in the reader's language; the code itself where CLDR does not know it."""
    return dict(languages(get_language() or "en")).get(code.lower(), code)


@cache
def _country_names(language: str) -> dict[str, str]:
    return dict(countries(language))


@cache
def countries(language: str) -> tuple[tuple[str, str], ...]:
    """(code, name), sorted as people of that language expect to find them."""
    names = babel_locale(language).territories
    found = [(code, name) for code, name in names.items() if len(code) == 2 and code not in _NO_COUNTRY]
    return tuple(sorted(found, key=lambda pair: sort_key(pair[1])))


@cache
def languages(language: str) -> tuple[tuple[str, str], ...]:
    """(code in lower case, name) of every language with a code of two letters, and the two ways to write Chinese."""
    names = babel_locale(language).languages
    found = [
        (code.replace("_", "-").lower(), name)
        for code, name in names.items()
        if len(code) == 2 or code in {"zh_Hans", "zh_Hant"}
    ]
    return tuple(sorted(found, key=lambda pair: sort_key(pair[1])))


def time_in(country: str) -> dt.datetime | None:
    """The time in a country now; None where its parts do not agree on one, or it is not known."""
    now = timezone.now()
    zones = [_LAWFUL_ZONES[country]] if country in _LAWFUL_ZONES else _zones(country)
    times = [now.astimezone(ZoneInfo(zone)) for zone in zones]
    if not times or len({time.utcoffset() for time in times}) > 1:
        return None
    return times[0]


def address_lines(address: Address) -> list[str]:
    """A postal address as its country writes it, with the country in the reader's language.

    Most put the postcode before the city; Britain and Ireland give it a line of its own, English-speaking lands
    overseas write city, region and postcode on one, and a Chinese address goes from the large to the small.
    """
    town, code, region = address.city, address.postcode, address.region
    street = [address.line1, address.line2]
    if address.country in _CODE_BELOW:
        place = [*street, town, region, code]
    elif address.country in _CODE_BEHIND:
        place = [*street, " ".join(filter(None, (f"{town}," if town and region else town, region, code)))]
    elif address.country in _LARGE_FIRST and not f"{region}{town}{address.line1}".isascii():
        place = [f"{region}{town}{address.line1}", address.line2, code]
    else:
        place = [*street, " ".join(filter(None, (code, town))), region]
    country = country_name(address.country) if address.country else ""
    phone = format_phone(address.phone) if address.phone else ""
    return [line for line in (address.name, address.company, *place, country, phone) if line]


@cache
def _zones(country: str) -> list[str]:
    zones: list[str] = get_global("territory_zones").get(country, [])
    return zones
