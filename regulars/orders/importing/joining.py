"""Several files as one table: the rows of the lines' file, with what stands beside them in others (recipe.py).

Rows are never multiplied: there are as many as the lines' file has, whatever the others hold. What the others hold lies
in a nameless file that goes with the process, so that memory stays constant.
"""

from __future__ import annotations

import json
import re
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from pyroaring import BitMap

from regulars.core.errors import Invalid
from regulars.core.tabular import Finding, Line, Table, open_table
from regulars.orders.importing.recipe import Beside, Paying, Recipe, file_of
from regulars.orders.importing.values import bare

_PLACES = re.compile(r"\{([^{}]+)\}")
_KEPT = 65_536  # looked-up keys: neighbouring rows have the same ones


class Joined:
    """The table of a recipe. Use it as a context, and ask for `findings` when it has been read."""

    def __init__(self, folder: Path, recipe: Recipe) -> None:
        if not folder.is_dir():
            sentence = _("%(folder)s is not a folder; with a recipe, name the folder of the files.") % {
                "folder": folder
            }
            raise Invalid(sentence, fields={"file": [sentence]})
        self._recipe = recipe
        self._lines = open_table(file_of(folder, recipe.lines))
        self._store = sqlite3.connect("")
        header = list(self._lines.header)
        self._sides: list[_Side] = []
        for number, part in enumerate(recipe.beside):
            side = _Side(self._store, number, part, open_table(file_of(folder, part.file)), at=_place(header, part.at))
            header += [f"{part.name}.{name}" if name else "" for name in side.header]
            self._sides.append(side)
        for column in recipe.columns.values():
            _place(header, column)
        self._places = {name: place for place, name in reversed(list(enumerate(header)))}
        self._words = [(_place(header, _column_of(recipe, name)), said) for name, said in recipe.words.items()]
        self._made = [_Made(text, self._places) for text in recipe.made.values()]
        self._payments = _Payments(self._store, recipe.payments, folder) if recipe.payments else None
        self.header = [*header, *recipe.made, *(["payments"] if self._payments else [])]
        self._number_at = 0
        if self._payments:  # they are hung on the number, whether a column has it or it is made
            column = "number" if "number" in recipe.made else _column_of(recipe, "number")
            self._number_at = _place(self.header, column)

    def __enter__(self) -> Joined:
        return self

    def __exit__(self, *_error: object) -> None:
        self._store.close()

    @property
    def mapping(self) -> dict[str, str]:
        """Which column holds which of our fields."""
        found = {**self._recipe.columns, **{name: name for name in self._recipe.made}}
        return {**found, "payments": "payments"} if self._payments else found

    @property
    def table(self) -> Table:
        """As imports read it; line numbers are those of the lines' file."""
        return replace(
            self._lines,
            header=self.header,
            header_line=0,
            open_records=lambda: _Records(self._rows()),
            may_be_short=False,
        )

    def findings(self) -> list[Finding]:
        """What the files say of each other, once all rows have been read."""
        return [finding for side in self._sides for finding in side.findings()]

    def _rows(self) -> Iterator[Line]:
        for line in self._lines.rows():
            if line.problem:
                yield line
                continue
            cells = list(line.cells)
            for side in self._sides:
                cells += side.cells_of(bare(cells[side.at]))
            for at, said in self._words:
                cells[at] = said.get(cells[at].strip(), cells[at])
            whole = [*cells, *(made.text(line.number, cells) for made in self._made)]
            if self._payments is not None:
                whole.append(self._payments.of(bare(whole[self._number_at])))
            yield Line(line.number, whole)


@dataclass
class _Records:
    """Rows that are as wide as they should be already."""

    lines: Iterator[Line]
    width: int | None = None

    def __iter__(self) -> Iterator[Line]:
        return self.lines


class _Side:
    """A file that is put beside: its rows by their key."""

    def __init__(self, store: sqlite3.Connection, number: int, part: Beside, table: Table, *, at: int) -> None:
        self.part, self.at, self.header = part, at, table.header
        self._table, self._store = f"side{number}", store
        self._found, self._missing, self.count = BitMap(), set[str](), 0
        self._blank = [""] * len(table.header)
        key = _place(table.header, part.key)
        store.execute(f"CREATE TABLE {self._table} (id INTEGER PRIMARY KEY, key TEXT UNIQUE, cells TEXT)")
        for line in table.rows():
            if line.problem:
                raise _bad(_("Row %(row)s of %(file)s: %(problem)s"), part.file, row=line.number, problem=line.problem)
            self.count += 1
            try:
                store.execute(
                    f"INSERT INTO {self._table} (key, cells) VALUES (?, ?)",  # noqa: S608 — our own name
                    (bare(line.cells[key]), json.dumps(line.cells)),
                )
            except sqlite3.IntegrityError:
                sentence = _(
                    "Row %(row)s of %(file)s has the %(key)s “%(value)s” a second time. A file that is put beside "
                    "others has each key once: else the rows beside it would count twice."
                )
                raise _bad(sentence, part.file, row=line.number, key=part.key, value=line.cells[key][:60]) from None
        self._look = lru_cache(_KEPT)(self._look_up)

    def cells_of(self, key: str) -> list[str]:
        """The row of that key; empty cells where there is none."""
        return self._look(key)

    def findings(self) -> Iterator[Finding]:
        """Keys that one side has and the other has not."""
        if missing := len(self._missing):
            text = ngettext("%(n)s %(at)s is not in %(file)s.", "%(n)s different %(at)s are not in %(file)s.", missing)
            words = {"n": f"{missing:,}", "at": self.part.at, "file": self.part.file}
            yield Finding("not-beside", missing, text % words)
        if unused := self.count - len(self._found):
            text = ngettext(
                "%(n)s row of %(file)s stands beside nothing.", "%(n)s rows of %(file)s stand beside nothing.", unused
            )
            yield Finding("beside-nothing", unused, text % {"n": f"{unused:,}", "file": self.part.file})

    def _look_up(self, key: str) -> list[str]:
        row = self._store.execute(f"SELECT id, cells FROM {self._table} WHERE key = ?", (key,)).fetchone()  # noqa: S608
        if row is None:
            if key:
                self._missing.add(key)
            return self._blank
        self._found.add(row[0])
        found: list[str] = json.loads(row[1])
        return found


class _Payments:
    """What was paid for each order, as the JSON that building reads: rows of several files, several for one order."""

    def __init__(self, store: sqlite3.Connection, parts: Sequence[Paying], folder: Path) -> None:
        self._store = store
        store.execute("CREATE TABLE paid (key TEXT, said TEXT)")
        for part in parts:
            table = open_table(file_of(folder, part.file))
            at = {name: _place(table.header, column) for name, column in _columns_of(part).items()}
            for line in table.rows():
                if line.problem:
                    problem = {"row": line.number, "problem": line.problem}
                    raise _bad(_("Row %(row)s of %(file)s: %(problem)s"), part.file, **problem)
                said = {name: bare(line.cells[place]) for name, place in at.items()}
                store.execute("INSERT INTO paid VALUES (?, ?)", (said.pop("key"), json.dumps(said)))
        store.execute("CREATE INDEX paid_by_key ON paid (key)")
        self.of = lru_cache(_KEPT)(self._of)

    def _of(self, number: str) -> str:
        rows = self._store.execute("SELECT said FROM paid WHERE key = ? ORDER BY rowid", (number,)).fetchall()
        return f"[{', '.join(said for (said,) in rows)}]" if rows else ""


class _Made:
    """A text with places for the row's number and for cells: `RFM-{row}`, `{shop}-{orders.number}`."""

    def __init__(self, text: str, places: Mapping[str, int]) -> None:
        self._text, self._places = text, places
        for name in _PLACES.findall(text):
            if name != "row" and name not in places:
                sentence = _("The recipe makes “%(text)s”, and there is no column %(name)s.")
                raise _bad(sentence, "", text=text, name=name)

    def text(self, number: int, cells: Sequence[str]) -> str:
        """The text for a row."""

        def told(match: re.Match[str]) -> str:
            return str(number) if match[1] == "row" else bare(cells[self._places[match[1]]])

        return _PLACES.sub(told, self._text)


def _columns_of(part: Paying) -> dict[str, str]:
    named = {
        "key": part.key,
        "method": part.method,
        "amount": part.amount,
        "at": part.when,
        "reference": part.reference,
    }
    return {name: column for name, column in named.items() if column}


def _column_of(recipe: Recipe, name: str) -> str:
    if name not in recipe.columns:
        raise _bad(_("The recipe does not say which column holds “%(field)s”."), "", field=name)
    return recipe.columns[name]


def _place(header: Sequence[str], column: str) -> int:
    if column not in header:
        sentence = _("The recipe names the column “%(column)s”. There are: %(columns)s.")
        raise _bad(sentence, "", column=column, columns=", ".join(name for name in header if name))
    return header.index(column)


def _bad(sentence: str, file: str, **words: Any) -> Invalid:
    said = sentence % {"file": file, **words}
    return Invalid(said, fields={"recipe": [said]})
