"""The writer that remembers: what stood in every row before, so that an import can be taken back as one.

New customers are kept as spans of ids, a million in a few rows. For customers who were there before, the rows of all
tables an import writes are read before and after, and the difference is kept with the line of the file.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Model
from django.utils import timezone
from django.utils.translation import gettext as _
from pyroaring import BitMap64

from regulars.channels.models import Channel
from regulars.core import bulk
from regulars.core.errors import Invalid
from regulars.customers import journal as images_of
from regulars.customers import presenting
from regulars.customers.grams import Extracted
from regulars.customers.importing.extras import TABLES, Extras, Values, facts_of, reasons_in_words
from regulars.customers.importing.matching import Known
from regulars.customers.importing.preparing import Batch
from regulars.customers.importing.rows import Ready
from regulars.customers.importing.writing import Change as Difference
from regulars.customers.importing.writing import Writer, Written
from regulars.customers.indexing import mark_unindexed
from regulars.customers.models import Address, Change, ChangeSet, ChangeSpan, Customer, Identity
from regulars.customers.standings import id_list
from regulars.timeline.actions import record_many
from regulars.timeline.facts import Fact

Outcome = Change.Outcome


@dataclass(slots=True)
class Choice:
    """What of a plan is to be done: kinds of rows, without some single rows; and what the plan said of each."""

    kinds: frozenset[str] = frozenset({Outcome.NEW, Outcome.CHANGED, Outcome.POSSIBLE})
    without: BitMap64 = field(default_factory=BitMap64)
    planned: dict[int, tuple[int, str, str]] = field(default_factory=dict)


@dataclass(slots=True)
class Journal:
    """What a whole import keeps of itself, over all its transactions."""

    change_set: ChangeSet
    created: BitMap64 = field(default_factory=BitMap64)
    tags_made: list[int] = field(default_factory=list)
    left_out: int = 0


@dataclass(slots=True)
class Taken:
    """One row that changed somebody."""

    customer_id: int
    label: str
    fields: dict[str, list[Any]]


class Snapshot:
    """The rows of some customers as they are now, in every table an import writes."""

    def __init__(self, tables: Sequence[type[Model]]) -> None:
        self._tables: list[type[Model]] = [Customer, *tables]
        self._numbers: set[int] = set()
        self._before: dict[type[Model], dict[int, images_of.Columns]] = {table: {} for table in self._tables}
        self._owner: dict[tuple[type[Model], int], int] = {}

    @property
    def numbers(self) -> list[int]:
        return sorted(self._numbers)

    def look(self, numbers: Sequence[int]) -> None:
        """Remember how these customers are, unless that is remembered already."""
        fresh = [number for number in numbers if number not in self._numbers]
        if fresh:
            self._numbers.update(fresh)
            for table, rows in self._read(fresh).items():
                self._before[table] |= rows

    def images(self) -> dict[int, list[Any]]:
        """What became different since, by customer."""
        found: dict[int, list[Any]] = defaultdict(list)
        after = self._read(self.numbers)
        for table in self._tables:
            before, now = self._before[table], after[table]
            for key in before.keys() | now.keys():
                if key not in now:
                    image: Any = images_of.gone(table, key, before[key])
                elif key not in before:
                    image = images_of.made(table, key, now[key])
                else:
                    image = images_of.changed(table, key, before[key], now[key])
                if image:
                    owner = key if table is Customer else (now.get(key) or before[key])["customer_id"]
                    found[owner].append(image)
        return found

    def _read(self, numbers: Sequence[int]) -> dict[type[Model], dict[int, images_of.Columns]]:
        found: dict[type[Model], dict[int, images_of.Columns]] = {Customer: images_of.read(Customer, numbers)}
        for table in self._tables[1:]:
            keys = table._base_manager.filter(customer__in=id_list(numbers)).values_list("pk", flat=True)
            found[table] = images_of.read(table, list(keys))
        return found


class KeepingWriter(Writer):
    """Writes batches as `Writer` does, with the further columns of the file, and keeps a journal of it."""

    def __init__(
        self,
        channel: Channel,
        journal: Journal,
        *,
        extras: Extras | None = None,
        choice: Choice | None = None,
        told: BitMap64 | None = None,
    ) -> None:
        super().__init__(channel, told=told)
        self.journal, self.extras, self.choice = journal, extras, choice
        self._is_asked = bool(extras or choice)
        self._sources: Sequence[tuple[int, list[str]]] = ()
        self._values: dict[int, Values] = {}
        self._place_of: dict[int, int] = {}
        self._customer_at: dict[int, int] = {}
        self._new = journal.created
        self._taken: dict[int, Taken] = {}
        self._meant: dict[int, int] = {}
        self._snapshot = Snapshot(())
        self._skipped = Written()

    def take(self, batch: Batch) -> tuple[Batch, Written]:
        """Write a batch; what it was, without rows that turned out to be unusable, and what became of it."""
        batch, self._values = self._usable(batch)
        tables: tuple[type[Model], ...] = (Address, Identity, *(TABLES if self.extras else ()))
        self._sources = batch.sources
        self._place_of = {id(row): place for place, row in enumerate(batch.ready)} if self._is_asked else {}
        self._customer_at, self._taken = {}, {}
        self._snapshot, self._skipped = Snapshot(tables), Written()
        written = self.write(batch.ready, batch.grams)
        written.created -= self._skipped.created
        written.updated -= self._skipped.updated
        written.rejects += self._skipped.rejects
        self._write_extras(written)
        self._keep()
        return batch, written

    def _usable(self, batch: Batch) -> tuple[Batch, dict[int, Values]]:
        """The rows that are wanted, and whose further columns can be read."""
        if not self.choice and not self.extras:
            return batch, {}
        values: dict[int, Values] = {}
        ready: list[Ready] = []
        sources, rejects = [], list(batch.rejects)
        for row, source in zip(batch.ready, batch.sources, strict=True):
            if self.choice and source[0] in self.choice.without:
                self.journal.left_out += 1
                continue
            try:
                found = self.extras.parse(source[1]) if self.extras else {}
            except Invalid as refused:
                rejects.append((*source, reasons_in_words(refused.fields)))
                continue
            if found:
                values[len(ready)] = found
            ready.append(row)
            sources.append(source)
        grams = batch.grams if len(ready) == len(batch.ready) else None
        return batch._replace(ready=ready, sources=sources, rejects=rejects, grams=grams), values

    def _create(self, rows: Sequence[Ready], grams: Extracted | None = None) -> None:
        wanted = rows
        if self.choice:
            wanted = [row for row in rows if self._is_chosen(row)]
            self._skipped.created += len(rows) - len(wanted)
            self.journal.left_out += len(rows) - len(wanted)
        if not wanted:
            return
        super()._create(wanted, grams if len(wanted) == len(rows) else None)
        self._new.update(self.made)
        if self._is_asked:
            for row, number in zip(wanted, self.made, strict=True):
                self._customer_at[self._place_of[id(row)]] = number
        _keep_spans(self.journal.change_set, self.made)

    def _is_chosen(self, row: Ready) -> bool:
        """Whether a row that is somebody new may make them: as planned, or of a kind that was chosen."""
        choice = self.choice or Choice()
        planned = choice.planned.get(self._sources[self._place_of[id(row)]][0])
        return (planned[1] if planned else Outcome.NEW) in choice.kinds

    def _change(self, rows: Sequence[Ready], meant: dict[int, int], known: Known, written: Written) -> None:
        self._meant = meant
        for number, place in meant.items():
            self._customer_at[place] = number
        super()._change(rows, meant, known, written)

    def _update(self, changes: Sequence[Difference], stored: dict[int, Any]) -> None:
        wanted = []
        for change in changes:
            place = self._meant[change.customer_id]
            fields = fields_of(change, stored[change.customer_id][1])
            if self._is_agreed(place, fields):
                wanted.append(change)
                label = next(filter(None, (stored[change.customer_id][0][name] for name in _NAMES)), "")
                self._taken[place] = Taken(change.customer_id, label, fields)
        if wanted:
            self._snapshot.look([change.customer_id for change in wanted if change.customer_id not in self._new])
            super()._update(wanted, stored)

    def _is_agreed(self, place: int, fields: Mapping[str, Any]) -> bool:
        """Whether somebody agreed to this change of somebody who was there before; without a plan, all are."""
        if self.choice is None or self._customer_at[place] in self._new:
            return True
        self._skipped.updated += 1
        planned = self.choice.planned.get(self._sources[place][0])
        if Outcome.CHANGED not in self.choice.kinds:
            self.journal.left_out += 1
            self._customer_at.pop(place)
        elif planned is None or not _is_planned(fields, planned[2]):
            self._skipped.rejects.append((place, _("Somebody changed this customer since the plan was made.")))
            self._customer_at.pop(place)
        else:
            self._skipped.updated -= 1
            return True
        return False

    def _write_extras(self, written: Written) -> None:
        """The further columns of all rows that mean somebody, row after row of the same customer."""
        refused = {place for place, _reason in written.rejects}
        waiting = [(place, values) for place, values in sorted(self._values.items()) if place not in refused]
        while self.extras and waiting:
            now: dict[int, tuple[int, Values]] = {}
            later = []
            for place, values in waiting:
                number = self._customer_at.get(place)
                if number is not None and number in now:
                    later.append((place, values))
                elif number is not None:
                    now[number] = (place, values)
            self._write_some(self.extras, now, written)
            waiting = later

    def _write_some(self, extras: Extras, some: Mapping[int, tuple[int, Values]], written: Written) -> None:
        stored = extras.stored(list(some))
        wanted: dict[int, Values] = {}
        facts: list[tuple[int, Fact]] = []
        for number, (place, values) in some.items():
            fields, new = extras.difference(number, values, stored)
            if not new:
                continue
            if number not in self._new:
                if not self._is_agreed_in_extras(place, fields, written):
                    continue
                if place in self._taken:
                    self._taken[place].fields |= fields
                else:
                    label = next(filter(None, (stored.columns[number][name] for name in _NAMES)), "")
                    self._taken[place] = Taken(number, label, dict(fields))
                    written.unchanged -= 1
                    written.updated += 1
                facts += [(number, fact) for fact in facts_of(fields)]
            wanted[number] = new
        if not wanted:
            return
        self._snapshot.look([number for number in wanted if number not in self._new])
        self.journal.tags_made += extras.write(wanted, timezone.now())
        record_many(facts, subject=Customer)
        mark_unindexed(list(wanted))

    def _is_agreed_in_extras(self, place: int, fields: Mapping[str, Any], written: Written) -> bool:
        if self.choice is None or place in self._taken:
            return True
        planned = self.choice.planned.get(self._sources[place][0])
        if Outcome.CHANGED not in self.choice.kinds:
            self.journal.left_out += 1
            written.unchanged -= 1
            return False
        if planned is None or not _is_planned(fields, planned[2]):
            written.rejects.append((place, _("Somebody changed this customer since the plan was made.")))
            written.unchanged -= 1
            return False
        return True

    def _keep(self) -> None:
        """Write what was different before: into the planned lines, or into new ones."""
        if not self._taken:
            return
        presenting.follow(self._snapshot.numbers)
        images = self._snapshot.images()
        last = {taken.customer_id: place for place, taken in sorted(self._taken.items())}
        ready, planned = [], []
        for place, taken in sorted(self._taken.items()):
            kept = images.get(taken.customer_id, []) if last[taken.customer_id] == place else []
            line = self.choice.planned.get(self._sources[place][0]) if self.choice else None
            if line:
                planned.append((str(Change.State.APPLIED), _json(kept), line[0]))
            elif kept or taken.customer_id not in self._new:
                fields = _json(_plain(taken.fields))
                ready.append((taken.customer_id, self._sources[place][0], taken.label[:250], fields, _json(kept)))
        if planned:
            bulk.update(Change, ("state", "images"), planned)
        same = {
            "change_set_id": self.journal.change_set.pk,
            "outcome": str(Outcome.CHANGED),
            "state": str(Change.State.APPLIED),
            "reason": "",
        }
        bulk.insert(Change, ("customer_id", "row", "label", "fields", "images"), ready, same=same)


_NAMES = ("name", "company", "email", "phone")


def fields_of(change: Difference, address: Mapping[str, Any] | None) -> dict[str, list[Any]]:
    """What a change is, for people: `{field: [old, new]}`, the columns of the address among them."""
    fields = dict(change.changes)
    for name, value in change.address.items():
        before = address[name] if address else ""
        if before != value:
            fields[name if name not in {"name", "company", "phone"} else f"address_{name}"] = [before, value]
    return fields


def _keep_spans(change_set: ChangeSet, ids: Sequence[int]) -> None:
    """Ids in runs without a gap; a run goes on where the last one ended."""
    runs: list[list[int]] = []
    if isinstance(ids, range):
        runs = [[ids[0], ids[-1]]]
    else:
        for number in ids:
            if runs and runs[-1][1] == number - 1:
                runs[-1][1] = number
            else:
                runs.append([number, number])
    last = ChangeSpan.objects.filter(change_set=change_set).order_by("-last_id").first()
    if last and last.last_id == runs[0][0] - 1:
        last.last_id = runs[0][1]
        last.save(update_fields=["last_id"])
        runs = runs[1:]
    ChangeSpan.objects.bulk_create(
        [ChangeSpan(change_set=change_set, first_id=first, last_id=end) for first, end in runs], batch_size=500
    )


def _is_planned(fields: Mapping[str, Any], planned: str) -> bool:
    """Whether a change is part of what the plan said, from the same values to the same values."""
    agreed = json.loads(planned)
    return all(agreed.get(name) == values for name, values in _plain(fields).items())


def _plain(fields: Mapping[str, Any]) -> dict[str, Any]:
    """As JSON gives it back."""
    found: dict[str, Any] = json.loads(_json(fields))
    return found


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, default=images_of.plain)
