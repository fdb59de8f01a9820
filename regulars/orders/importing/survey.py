"""The first reading of a file: what its dates and amounts mean, and which orders stand in it more than once.

One value says nothing of 03/04/2011 or 1,234; the other values of the same file do.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field

from django.utils.translation import gettext as _
from pyroaring import BitMap

from regulars.core.errors import Invalid
from regulars.core.tabular import Table
from regulars.orders.importing.values import order_number

AMOUNTS = (
    *(
        "unit_price",
        "line_total",
        "discount",
        "line_discount",
        "line_shipping",
        "shipping",
        "tax",
        "total",
        "net_total",
    ),
    *("refunded", "rate"),
)
_DATE = re.compile(r"\s*(\d{1,2})\s?([/-])\s?(\d{1,2})\s?[/-]\s?\d{2,4}(?!\d)")
_COMMA = re.compile(r"\d,\d{1,2}\D*$|\d,\d{4,}\D*$|\.\d{3},\d+\D*$")
_POINT = re.compile(r"\d\.\d{1,2}\D*$|\d\.\d{4,}\D*$|,\d{3}\.\d+\D*$")


@dataclass(slots=True)
class Survey:
    """What the whole file says. `scattered` are orders whose rows do not stand together."""

    rows: int = 0
    is_month_first: bool = False
    is_decimal_comma: bool = False
    scattered: set[str] = field(default_factory=set)


def survey(table: Table, columns: Mapping[str, int], *, date_format: str = "") -> Survey:
    """Read the file once. Raises Unreadable where it breaks off, and Invalid where nobody can say what its dates mean.

    1. A date whose first number is above 12 has the day first, one whose second number is has the month first. The
       greater number of such dates decides for all of the file; what does not fit is a rejected row later.
    2. The same for amounts with a comma or a point before the last one or two digits.
    3. An order that begins again after another one stood between is kept in mind. To know that, a 32-bit number for
       every order is enough: where two orders share one by chance, one of them is taken for scattered, which costs a
       little time and changes nothing.
    """
    found = Survey()
    number_at, date_at = columns["number"], columns["placed_at"]
    amounts_at = sorted({columns[name] for name in AMOUNTS if name in columns})
    last_number, last_key, last_date, seen = "", "", "", BitMap()
    day_first: list[str] = []
    votes = {"dmy": 0, "mdy": 0, "unclear": 0, "comma": 0, "point": 0}
    for _line, cells, problem in table.rows():
        found.rows += 1
        if problem:
            continue
        number = cells[number_at]
        if number != last_number:
            last_number = number
            key = order_number(number)
            if key != last_key:
                last_key, mark = key, zlib.crc32(key.encode("utf-8", "surrogatepass"))
                if mark in seen:
                    found.scattered.add(key)
                seen.add(mark)
        date = cells[date_at]
        if date != last_date:
            last_date = date
            if (vote := _vote(date)) and not votes[vote]:
                day_first.append(date)
            if vote:
                votes[vote] += 1
        for at in amounts_at:
            cell = cells[at]
            if "," in cell and _COMMA.search(cell):
                votes["comma"] += 1
            elif "." in cell and _POINT.search(cell):
                votes["point"] += 1
    found.is_decimal_comma = votes["comma"] > votes["point"]
    found.is_month_first = _is_month_first(votes, day_first, date_format)
    return found


def _vote(date: str) -> str:
    """What one date says of the order of day and month; empty where it says nothing because it needs not."""
    if date[4:5] in {"-", "/", ".", "年"}:
        return ""
    match = _DATE.match(date)
    if not match:
        return ""
    first, second = int(match[1]), int(match[3])
    if first > 12:
        return "dmy"
    if second > 12:
        return "mdy"
    return "unclear" if first != second else ""


def _is_month_first(votes: Mapping[str, int], examples: list[str], chosen: str) -> bool:
    if chosen:
        return chosen == "mdy"
    if votes["dmy"] == votes["mdy"] and (votes["unclear"] or votes["dmy"]):
        sentence = _(
            "The dates of this file can be read in two ways: is %(date)s a day and a month, or a month and a day? "
            "Say it with --date-format DD/MM/YYYY or --date-format MM/DD/YYYY."
        ) % {"date": examples[0].strip()}
        raise Invalid(sentence, fields={})
    return votes["mdy"] > votes["dmy"]
