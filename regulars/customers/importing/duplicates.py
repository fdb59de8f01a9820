"""Whom a new row of a file may be, among the customers who are there: said in its plan, never decided."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence

from django.utils.translation import gettext as _

from regulars.customers.importing.matching import _read
from regulars.customers.importing.planning import Planned
from regulars.customers.importing.rows import CUSTOMER_COLUMNS, Ready
from regulars.customers.models import Change

_AT = {name: CUSTOMER_COLUMNS.index(name) for name in ("sort_name", "phone", "postcode", "city")}


def possible_duplicates(lines: Sequence[Planned], rows: Mapping[int, Ready]) -> None:
    """Mark new lines whose name, and phone or place, somebody has already. One look-up by name for all of them."""
    new = [line for line in lines if line.outcome == Change.Outcome.NEW and line.row in rows]
    names = {name for line in new if (name := rows[line.row].customer[_AT["sort_name"]])}
    holders: dict[str, list[tuple[int, str, str, str, str]]] = defaultdict(list)
    query = "SELECT sort_name, id, name, phone, postcode, city FROM customers_customer WHERE is_listed AND sort_name"
    for name, *holder in sorted(_read(query, names)):
        holders[name].append(tuple(holder))
    for line in new:
        row = rows[line.row].customer
        phone, postcode, city = (row[_AT[name]] for name in ("phone", "postcode", "city"))
        for number, name, their_phone, their_postcode, their_city in holders.get(row[_AT["sort_name"]], ()):
            if phone and phone == their_phone:
                why = _("%(name)s has the same name and phone.")
            elif postcode and postcode == their_postcode:
                why = _("%(name)s has the same name and postcode.")
            elif city and city.casefold() == their_city.casefold():
                why = _("%(name)s has the same name, in the same town.")
            else:
                continue
            line.outcome, line.customer_id, line.reason = Change.Outcome.POSSIBLE, number, why % {"name": name}
            break
