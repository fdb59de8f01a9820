"""How each country writes an address: which lines, in what order, what they are called, and what a postcode looks like.

The rules are Google's address data (data/addresses.json.gz), which phones and browsers use. A country that has none,
or an address without a country, is written in the usual way and asked nothing.
"""

from __future__ import annotations

import gzip
import json
import re
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from regulars.core.text import fold

_FILE = Path(__file__).parent / "data" / "addresses.json.gz"
_USUAL = "%N%n%O%n%A%n%Z %C%n%S"
_FIELDS = {"N": "name", "O": "company", "A": "line1", "C": "city", "S": "region", "Z": "postcode"}
_CODE_PREFIX = re.compile(r"[A-Z]{2}-(?=%Z)")
_TOKEN = re.compile(r"%([A-Zn])")
_CODE = re.compile(r"[A-Z]{2}-[A-Z0-9]{1,3}")
_NAMES: dict[str, str | Promise] = {
    "postal": gettext_lazy("Postcode"),
    "zip": gettext_lazy("ZIP code"),
    "pin": gettext_lazy("PIN code"),
    "eircode": gettext_lazy("Eircode"),
    "city": gettext_lazy("City"),
    "post_town": gettext_lazy("Town"),
    "suburb": gettext_lazy("Suburb"),
    "district": gettext_lazy("District"),
    "province": gettext_lazy("Province"),
    "state": pgettext_lazy("address", "State"),
    "prefecture": gettext_lazy("Prefecture"),
    "department": gettext_lazy("Department"),
    "county": gettext_lazy("County"),
    "area": gettext_lazy("Area"),
    "parish": gettext_lazy("Parish"),
    "island": gettext_lazy("Island"),
    "oblast": gettext_lazy("Oblast"),
    "emirate": gettext_lazy("Emirate"),
    "do_si": gettext_lazy("Province or city"),
}
_CITY_STATES = frozenset({"SG", "MC", "GI", "VA"})
# What Google's data says about its own needs, and post offices do not: many towns here write no county or province.
_REGION_NOT_NEEDED = frozenset({"IT", "ES", "JP", "KR", "HK", "IE", "CN", "TW", "GB"})


@dataclass(frozen=True, slots=True)
class Rules:
    """The rules of one country. `lines` is the envelope, line by line; `order` the fields as a form has them."""

    country: str
    envelope: str
    latin_envelope: str
    order: tuple[str, ...]
    labels: dict[str, str | Promise]
    required: frozenset[str]
    regions: tuple[tuple[str, str], ...]
    is_large_first: bool
    postcode: re.Pattern[str] | None = None
    example: str = ""
    known_regions: dict[str, str] = field(default_factory=dict)
    region_codes: dict[str, str] = field(default_factory=dict)


@cache
def rules_of(country: str) -> Rules:
    """The rules of a country; the usual ones where it has none."""
    data = _data().get(country, {})
    envelope = _CODE_PREFIX.sub("", str(data.get("fmt") or _USUAL))  # CH-8001 is written from abroad alone
    order = tuple(_FIELDS[token] for token in _TOKEN.findall(envelope) if token in _FIELDS)
    if "city" not in order and country not in _CITY_STATES:
        # envelopes of Japan have the city within the street; whoever fills in a form knows it by itself
        is_first = "region" in order and order.index("region") < order.index("line1")
        at = order.index("line1") + (0 if is_first else 1)
        order = (*order[:at], "city", *order[at:])
    region_type = data.get("state_name_type") or "province"
    names = {
        "postcode": _NAMES[str(data.get("zip_name_type") or "postal")],
        "city": _NAMES[str(data.get("locality_name_type") or "city")],
        "region": _NAMES[str(region_type)] if data else gettext_lazy("State or province"),
    }
    required = frozenset(_FIELDS[token] for token in str(data.get("require") or "") if token in _FIELDS)
    keys = [key for key in str(data.get("sub_keys") or "").split("~") if key]
    shown = str(data.get("sub_names") or "").split("~") if data.get("sub_names") else keys
    latin = str(data.get("sub_lnames") or "").split("~") if data.get("sub_lnames") else keys
    regions = tuple(zip(keys, shown, strict=False)) if len(shown) == len(keys) else tuple((key, key) for key in keys)
    known: dict[str, str] = {}
    for key, name, other in zip(keys, [name for _key, name in regions], latin, strict=False):
        known |= {fold(key): key, fold(name): key, fold(other): key}
    # Spain's keys are the codes themselves; what has none there (Puerto Rico, armed forces) is no part of the country
    isos = str(data.get("sub_isoids") or ("~".join(keys) if country == "ES" else "")).split("~")
    codes = {key: f"{country}-{iso}" for key, iso in zip(keys, isos, strict=False) if iso}
    pattern = data.get("zip")
    examples = [one for one in str(data.get("zipex") or "").split(",") if one and ":" not in one]
    return Rules(
        country=country,
        envelope=envelope,
        latin_envelope=_CODE_PREFIX.sub("", str(data.get("lfmt") or envelope)),
        order=order,
        labels=names,
        required=required - ({"region"} if country in _REGION_NOT_NEEDED else frozenset()),
        regions=regions,
        is_large_first=order.index("city") < order.index("line1") if {"city", "line1"} <= set(order) else False,
        postcode=re.compile(str(pattern), re.IGNORECASE) if pattern else None,
        example=examples[0] if examples else "",
        known_regions=known,
        region_codes=codes,
    )


def region_code(country: str, region: str) -> str:
    """The code of a state or province (ISO 3166-2) by its name, its short name or its code; empty where none is known.

    US-NY is New York, and so are NY and US-NY. A code that somebody wrote for a country without rules stays what it is.
    """
    if not country or not region:
        return ""
    rules = rules_of(country)
    if known := rules.region_codes.get(rules.known_regions.get(fold(region), "")):
        return known
    written = region.strip().upper()
    is_code = written.startswith(f"{country}-") and _CODE.fullmatch(written) is not None
    return written if is_code and written in (rules.region_codes.values() or (written,)) else ""


def tidy(address: dict[str, Any]) -> dict[str, Any]:
    """The address with its postcode in the country's spelling where there is no doubt: bs15ty becomes BS1 5TY.

    What is given stays what it is; spaces, hyphens and capitals are all that changes.
    """
    country, postcode = str(address.get("country") or ""), str(address.get("postcode") or "")
    spelled = _spelled(country, postcode) if country and postcode else postcode
    return address if spelled == postcode else {**address, "postcode": spelled}


def problems(address: dict[str, Any]) -> dict[str, list[str]]:
    """What is wrong with an address by the rules of its country, for each field; empty where nothing is.

    Only a postcode that cannot be one is a problem, and a state that the country does not have. What is missing is not:
    half an address is worth keeping.
    """
    country = str(address.get("country") or "")
    rules = rules_of(country)
    postcode, region = str(address.get("postcode") or ""), str(address.get("region") or "")
    found: dict[str, list[str]] = {}
    if country and postcode and rules.postcode is not None and not rules.postcode.fullmatch(postcode):
        found["postcode"] = [
            _("“%(postcode)s” is not a postcode of this country. They look like %(example)s.")
            % {"postcode": postcode[:20], "example": rules.example}
            if rules.example
            else _("“%(postcode)s” is not a postcode of this country.") % {"postcode": postcode[:20]}
        ]
    if country in _CLOSED_REGIONS and region and fold(region) not in rules.known_regions:
        found["region"] = [_("“%(region)s” is not a state of this country.") % {"region": region[:40]}]
    return found


def missing(address: dict[str, Any]) -> list[str]:
    """The fields a parcel to this country needs and this address lacks."""
    rules = rules_of(str(address.get("country") or ""))
    return [name for name in rules.order if name in rules.required and not address.get(name)]


def lines_of(address: dict[str, Any]) -> list[str]:
    """Street and place as the country writes them, line by line, without recipient and country.

    An address in Latin letters of a country with a script of its own is written the Latin way round. What somebody
    wrote is shown, though the country's envelopes have no place for it.
    """
    rules = rules_of(str(address.get("country") or ""))
    text = "".join(str(address.get(name) or "") for name in ("line1", "city", "region"))
    envelope = rules.latin_envelope if text.isascii() else rules.envelope
    if "%S" not in envelope:
        envelope = envelope.replace("%n%Z", "%n%S%n%Z") if "%n%Z" in envelope else f"{envelope}%n%S"
    for token in ("%C", "%Z"):
        if token not in envelope:
            envelope = f"{envelope}%n{token}"
    values = {token: str(address.get(name) or "") for token, name in _FIELDS.items()}
    values |= {"N": "", "O": "", "A": "\n".join(filter(None, (values["A"], str(address.get("line2") or ""))))}
    lines = [line for part in envelope.split("%n") for line in _line(part, values).split("\n")]
    return [line for line in lines if line]


def _line(part: str, values: dict[str, str]) -> str:
    """One line of the envelope. The signs before an empty part go with it; a prefix (CH-, 〒) needs its part."""
    line = before = ""
    for piece in re.split(r"(%[A-Z])", part):
        if not _TOKEN.fullmatch(piece):
            before = piece
        elif value := values.get(piece[1]):
            is_prefix = bool(before.strip(" ,-"))
            line += before + value if line or is_prefix else value
    return line


def _spelled(country: str, postcode: str) -> str:
    rules = rules_of(country)
    if rules.postcode is None or not postcode.isascii():
        return postcode
    upper = postcode.upper()
    if country in {"GB", "GG", "JE", "IM"}:
        compact = upper.replace(" ", "")
        upper = f"{compact[:-3]} {compact[-3:]}"
    elif country == "CA":
        compact = upper.replace(" ", "").replace("-", "")
        upper = f"{compact[:3]} {compact[3:]}"
    return upper if rules.postcode.fullmatch(upper) else postcode


_CLOSED_REGIONS = frozenset({"US", "CA", "AU", "BR"})


@cache
def _data() -> dict[str, dict[str, str]]:
    found: dict[str, dict[str, str]] = json.loads(gzip.decompress(_FILE.read_bytes()))
    return found
