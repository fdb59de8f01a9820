"""Where a city is, by a table that comes with the product (data/cities.txt.gz, from GeoNames); no network is asked.

The table is eight megabytes of sorted lines and stays that: a city is found by halving, so that looking up a few costs
no dictionary of all of them. It is read when the first address is written.
"""

from __future__ import annotations

import gzip
from functools import cache, lru_cache
from pathlib import Path
from typing import NamedTuple

from regulars.core.text import fold

_FILE = Path(__file__).parent / "data" / "cities.txt.gz"


class Spot(NamedTuple):
    """A city: where it is, its state as an envelope has it (empty where envelopes have none), and its time zone."""

    latitude: float
    longitude: float
    region: str
    time_zone: str


@lru_cache(maxsize=32768)
def find(country: str, city: str) -> Spot | None:
    """The city of that name in a country, the largest where there are several; None where the table has none."""
    if not country or not city:
        return None
    name = fold(city)
    found = _line(country, name)
    if found is None and ("," in name or "(" in name):
        # “Bristol, Avon”, “Frankfurt (Main)”
        found = _line(country, name.partition(",")[0].partition("(")[0].strip())
    return found


def _line(country: str, name: str) -> Spot | None:
    if not name or "\t" in name or "\n" in name:
        return None
    table, wanted = _table(), f"{country}\t{name}\t".encode()
    low, high = 0, len(table)
    while low < high:
        middle = table.rfind(b"\n", low, (low + high) // 2) + 1 or low
        end = table.find(b"\n", middle) + 1
        if table[middle : middle + len(wanted)] < wanted:
            low = end
        else:
            high = middle
    if not table.startswith(wanted, low):
        return None
    latitude, longitude, region, zone = table[low + len(wanted) : table.find(b"\n", low)].decode().split("\t")
    return Spot(float(latitude), float(longitude), region, zone)


@cache
def _table() -> bytes:
    return gzip.decompress(_FILE.read_bytes())
