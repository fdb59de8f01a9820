"""Where people live, in words: names of countries and languages, and what time it is there (CLDR)."""

from __future__ import annotations

import datetime as dt
from functools import cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from babel.core import get_global
from django.utils import timezone
from django.utils.translation import get_language

from regulars.core.contact import format_phone
from regulars.core.money import babel_locale
from regulars.core.text import sort_key
from regulars.customers import gazetteer, postal
from regulars.customers.models import Address, Customer

# CLDR lists what is no country one can live in: unions, outlying areas, and the codes for “unknown”.
_NO_COUNTRY = frozenset({"EU", "EZ", "UN", "QO", "ZZ", "XA", "XB"})

# China's law knows one time; the second zone of the list is a local custom.
_LAWFUL_ZONES = {"CN": "Asia/Shanghai"}

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


@cache
def time_zones() -> tuple[str, ...]:
    """The time zones by place; the old and the technical names are left out."""
    return tuple(
        sorted(zone for zone in available_timezones() if "/" in zone and not zone.startswith(("Etc/", "SystemV/")))
    )


def time_of(customer: Customer) -> dt.datetime | None:
    """The time where a customer is: of their own time zone, else of their country, else of their city."""
    zone = customer.time_zone
    if not zone:
        if there := time_in(customer.country):
            return there
        spot = gazetteer.find(customer.country, customer.city)
        zone = spot.time_zone if spot else ""
    try:
        return timezone.now().astimezone(ZoneInfo(zone)) if zone else None
    except (ZoneInfoNotFoundError, ValueError):
        return None


def time_in(country: str) -> dt.datetime | None:
    """The time in a country now; None where its parts do not agree on one, or it is not known."""
    now = timezone.now()
    zones = [_LAWFUL_ZONES[country]] if country in _LAWFUL_ZONES else _zones(country)
    times = [now.astimezone(ZoneInfo(zone)) for zone in zones]
    if not times or len({time.utcoffset() for time in times}) > 1:
        return None
    return times[0]


def address_lines(address: Address) -> list[str]:
    """A postal address as its country writes it, below the recipient, with the country in the reader's language.

    A Chinese or Japanese address goes from the large to the small on one line, with the postcode below it.
    """
    values = {name: getattr(address, name) for name in ("line1", "line2", "city", "region", "postcode", "country")}
    if address.country in _LARGE_FIRST and not f"{address.region}{address.city}{address.line1}".isascii():
        region = "" if address.city.startswith(address.region) else address.region
        place = [f"{region}{address.city}{address.line1}", address.line2, address.postcode]
    else:
        place = postal.lines_of(values)
    country = country_name(address.country) if address.country else ""
    phone = format_phone(address.phone) if address.phone else ""
    return [line for line in (address.name, address.company, *place, country, phone) if line]


@cache
def _zones(country: str) -> list[str]:
    zones: list[str] = get_global("territory_zones").get(country, [])
    return zones
