"""Whom a new row of a file may be, among the customers who are there: said in its plan, never decided."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from regulars.core.tabular import Finding
from regulars.customers.duplicates.likely import likely_duplicates
from regulars.customers.importing.matching import read_many
from regulars.customers.importing.planning import Planned
from regulars.customers.importing.rows import ADDRESS_COLUMNS, CUSTOMER_COLUMNS, Ready
from regulars.customers.models import Change, Customer

_AT = {name: CUSTOMER_COLUMNS.index(name) for name in ("sort_name", "phone", "postcode", "city")}
_PROFILE = ("given_name", "family_name", "name", "company", "email", "phone")


@dataclass(slots=True)
class Search:
    """Looks at the new rows of a plan: thoroughly as long as there is time, by name afterwards.

    Comparing one row with the likely few takes some milliseconds; a million would take hours. A look-up by name is one
    statement for a whole batch.
    """

    seconds: float
    thorough: int = 0
    by_name: int = 0

    def mark(self, lines: Sequence[Planned], rows: Mapping[int, Ready]) -> None:
        """Say of new lines who they may be."""
        new = [line for line in lines if line.outcome == Change.Outcome.NEW and line.row in rows]
        _mark_by_name(new, rows)
        for line in new:
            if line.outcome != Change.Outcome.NEW:
                continue
            if self.seconds <= 0:
                self.by_name += 1
                continue
            began = time.monotonic()
            _mark_by_evidence(line, rows[line.row])
            self.seconds -= time.monotonic() - began
            self.thorough += 1

    def findings(self) -> list[Finding]:
        """What is to be said where there was no time to compare all of them."""
        if not self.by_name:
            return []
        sentence = ngettext(
            "%(count)s new row was compared by name only; the search at night does the rest.",
            "%(count)s new rows were compared by name only; the search at night does the rest.",
            self.by_name,
        )
        return [Finding("duplicates", self.by_name, sentence % {"count": f"{self.by_name:,}"})]


def _mark_by_evidence(line: Planned, row: Ready) -> None:
    profile = dict(zip(CUSTOMER_COLUMNS, row.customer, strict=True))
    values: dict[str, Any] = {name: profile[name] for name in _PROFILE}
    if row.address:
        address = dict(zip(ADDRESS_COLUMNS, row.address, strict=True))
        values |= {name: address[name] for name in ("line1", "line2", "city", "region", "postcode", "country")}
    found = likely_duplicates(values, limit=1)
    if found:
        number, probability, evidence = found[0]
        name = str(Customer.objects.filter(pk=number).first() or number)
        line.outcome, line.customer_id = Change.Outcome.POSSIBLE, number
        if values["email"] and any(piece.field == "email" and piece.level == "exact" for piece in evidence):
            line.reason = _("%(name)s has the same e-mail.") % {"name": name}
        else:
            line.reason = _("Very likely %(name)s: %(share)s sure.") % {"name": name, "share": f"{probability:.0%}"}


def _mark_by_name(new: Sequence[Planned], rows: Mapping[int, Ready]) -> None:
    """Mark lines whose name, and phone or place, somebody has already. One look-up for all of them."""
    names = {name for line in new if (name := rows[line.row].customer[_AT["sort_name"]])}
    holders: dict[str, list[tuple[int, str, str, str, str]]] = defaultdict(list)
    query = "SELECT sort_name, id, name, phone, postcode, city FROM customers_customer WHERE is_listed AND sort_name"
    for key, number, name, phone, postcode, city in sorted(read_many(query, names)):
        holders[key].append((number, name, phone, postcode, city))
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
