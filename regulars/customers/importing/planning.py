"""What an import would do, row by row: the writer's own decisions, noted instead of written."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import gettext as _
from pyroaring import BitMap64

from regulars.channels.models import Channel
from regulars.core.errors import Invalid
from regulars.customers.grams import Extracted
from regulars.customers.importing.extras import Extras, Values, reasons_in_words
from regulars.customers.importing.keeping import fields_of
from regulars.customers.importing.matching import Known
from regulars.customers.importing.preparing import Batch
from regulars.customers.importing.rows import CUSTOMER_COLUMNS, Ready
from regulars.customers.importing.writing import Change as Difference
from regulars.customers.importing.writing import Writer, Written
from regulars.customers.models import Change

Outcome = Change.Outcome
_64_BITS = (1 << 64) - 1
_AT = {name: CUSTOMER_COLUMNS.index(name) for name in ("name", "company", "email", "phone", "postcode", "city")}


@dataclass(slots=True)
class Planned:
    """What would become of one row."""

    row: int
    outcome: str
    label: str = ""
    customer_id: int | None = None
    fields: dict[str, list[Any]] = field(default_factory=dict)
    reason: str = ""


class Planner(Writer):
    """Decides for every row what the writer would do, and writes nothing.

    Rows that mean somebody an earlier row of the same file would have made are said to: what they would change of them
    shows when it is done.
    """

    def __init__(self, channel: Channel, *, extras: Extras | None = None) -> None:
        super().__init__(channel)
        self.extras = extras
        self._made = BitMap64()  # what a million rows would be known by takes some tens of megabytes so
        self._batch: Batch | None = None
        self._lines: dict[int, Planned] = {}
        self._place_of: dict[int, int] = {}
        self._values: dict[int, Values] = {}
        self._customer_at: dict[int, int] = {}
        self._place_by_customer: dict[int, int] = {}

    def plan(self, batch: Batch) -> list[Planned]:
        """The lines of a batch, in the order of the file. Nothing is written, and nobody has to wait meanwhile."""
        self._batch, self._lines, self._values, self._customer_at = batch, {}, {}, {}
        refused = [Planned(number, Outcome.REFUSED, _shown(cells), reason=why) for number, cells, why in batch.rejects]
        rows = []
        self._place_of = {}
        for place, (row, source) in enumerate(zip(batch.ready, batch.sources, strict=True)):
            try:
                self._values[place] = self.extras.parse(source[1]) if self.extras else {}
            except Invalid as bad:
                why = reasons_in_words(bad.fields)
                refused.append(Planned(source[0], Outcome.REFUSED, _label(row), reason=why))
                continue
            self._place_of[id(row)] = place
            rows.append(row)
        written = self.write(rows)
        for at, why in written.rejects:
            place = self._place_of[id(rows[at])]
            self._lines[place] = self._line(place, Outcome.REFUSED, rows[at], reason=why)
        self._plan_extras()
        return sorted([*refused, *self._lines.values()], key=lambda line: line.row)

    def _take_hold(self) -> None:
        """A plan holds nobody up: what changes before it is done is found out then."""

    def ready_rows(self) -> dict[int, Ready]:
        """The rows of the last batch that can be used, by their number in the file."""
        if self._batch is None:
            return {}
        return {source[0]: row for row, source in zip(self._batch.ready, self._batch.sources, strict=True)}

    def _line(self, place: int, outcome: str, row: Ready, **more: Any) -> Planned:
        number = self._batch.sources[place][0] if self._batch else 0
        return Planned(number, outcome, _label(row), **more)

    def _create(self, rows: Sequence[Ready], grams: Extracted | None = None) -> None:
        del grams
        for row in rows:
            place = self._place_of[id(row)]
            if _meant_by(row) in self._made:
                reason = _("The same customer as an earlier row of this file, which would make them.")
                self._lines[place] = self._line(place, Outcome.CHANGED, row, reason=reason)
            else:
                self._made.update(_known_by(row))
                self._lines[place] = self._line(place, Outcome.NEW, row, fields=_told(row))

    def _change(self, rows: Sequence[Ready], meant: dict[int, int], known: Known, written: Written) -> None:
        for number, at in meant.items():
            row = rows[at]
            place = self._place_of[id(row)]
            self._customer_at[place], self._place_by_customer[number] = number, place
            self._lines[place] = self._line(place, Outcome.SAME, row, customer_id=number)
        super()._change(rows, meant, known, written)

    def _update(self, changes: Sequence[Difference], stored: dict[int, Any]) -> None:
        for change in changes:
            line = self._lines[self._place_by_customer[change.customer_id]]
            line.outcome, line.fields = Outcome.CHANGED, fields_of(change, stored[change.customer_id][1])

    def _plan_extras(self) -> None:
        if not self.extras:
            return
        known = {place: number for place, number in self._customer_at.items() if self._values.get(place)}
        stored = self.extras.stored(list(known.values()))
        for place, number in known.items():
            line = self._lines[place]
            if line.outcome not in {Outcome.SAME, Outcome.CHANGED}:
                continue
            fields, new = self.extras.difference(number, self._values[place], stored)
            if new:
                line.outcome = Outcome.CHANGED
                line.fields |= fields


def counted(lines: Sequence[Planned], counts: Counter[str]) -> Mapping[str, int]:
    """Add the outcomes of some lines."""
    counts.update(line.outcome for line in lines)
    return counts


def _known_by(row: Ready) -> list[int]:
    """What later rows of the file could mean somebody new by, as numbers."""
    email = row.customer[_AT["email"]]
    keys: list[Any] = [("id", row.external_id)] if row.external_id else []
    keys += [("email", email)] if email else []
    return [hash(key) & _64_BITS for key in [*keys, _looks(row)]]


def _meant_by(row: Ready) -> int:
    """What a row means somebody by: its id, else its e-mail, else its looks."""
    email = row.customer[_AT["email"]]
    key = ("id", row.external_id) if row.external_id else ("email", email) if email else _looks(row)
    return hash(key) & _64_BITS


def _looks(row: Ready) -> tuple[Any, ...]:
    name, company, phone, postcode, city = (
        row.customer[_AT[field]] for field in ("name", "company", "phone", "postcode", "city")
    )
    return ("looks", name, company, phone) if phone else ("looks", name, company, "", postcode, city)


def _label(row: Ready) -> str:
    return next((text for name in ("name", "company", "email", "phone") if (text := row.customer[_AT[name]])), "")[:250]


def _told(row: Ready) -> dict[str, list[Any]]:
    """What a plan shows of somebody new, so that people recognise them."""
    return {name: ["", value] for name in ("email", "phone", "city") if (value := row.customer[_AT[name]])}


def _shown(cells: Sequence[str]) -> str:
    return ", ".join(cell for cell in cells if cell.strip())[:250]
