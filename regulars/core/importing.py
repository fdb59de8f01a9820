"""The frame of every import: what is counted, what is given back, what is said meanwhile; no word about what comes in.

A room's command reads its file inside `importing(…)`:

    with importing("customers", file, is_dry_run=dry_run) as run:
        for line in run.watched(table.rows()):
            …
            run.summary.created += 1
            run.reject(line.number, line.cells, _("Nothing on this row says who it is."))
    report(run, as_json=as_json)

An import that reaches the end of its file succeeds (exit code 0), whatever it had to leave out: the summary counts it
and the rejects file says why. A file or an option that cannot be used is a Refusal and ends with exit code 2.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Protocol, TextIO, TypeVar

import click
from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from regulars.core import commands
from regulars.core.errors import Invalid
from regulars.core.tabular_out import SafeWriter

_SECONDS_BETWEEN_WORDS = 5.0  # where nobody watches a terminal
_SECONDS_BETWEEN_FIGURES = 0.2
_REASONS_SAID = 20

Command = TypeVar("Command", bound=Callable[..., Any])


class NumberedRow(Protocol):
    """What `watched` needs to know of a row; core.tabular's Line is one."""

    @property
    def number(self) -> int: ...


RowT = TypeVar("RowT", bound=NumberedRow)


@dataclass(slots=True)
class Summary:
    """What became of a file. `rows` are the file's rows below the header; the rest counts what the room imports.

    `not_imported` are headings of columns that nobody took; `findings` what was chosen and mended on the way, each with
    its kind, how often, and a sentence. `change_set` is what `regulars import undo` takes.
    """

    rows: int = 0
    created: int = 0
    updated: int = 0
    unchanged: int = 0
    rejected: int = 0
    rejects_file: str | None = None
    seconds: float = 0.0
    not_imported: list[str] = field(default_factory=list)
    findings: list[dict[str, Any]] = field(default_factory=list)
    change_set: str = ""

    def figures(self) -> dict[str, Any]:
        """As `--json` prints it."""
        return asdict(self)


@dataclass(slots=True)
class RejectsFile:
    """The rows that did not come in, as they were, each with its row number and the reason in words.

    It is born with the first reject, readable by its owner alone, in the data folder's `imports`, because it holds
    what the import held. Mended, it can be imported as it is: the two added columns are not read.
    """

    path: Path
    header: Sequence[str] = ()
    _stream: TextIO | None = field(default=None, init=False)
    _writer: Any = field(default=None, init=False)

    ADDED = ("row", "reason")

    def add(self, number: int, cells: Sequence[str], reason: str) -> None:
        """Give a row back."""
        if self._stream is None:
            self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            self.path.touch(mode=0o600, exist_ok=False)
            self._stream = self.path.open("w", encoding="utf-8-sig", newline="")
            self._writer = SafeWriter(self._stream)
            self._writer.writerow([*self._kept(self.header), *self.ADDED])
        width = len(self._kept(self.header))
        padded = [*cells, *[""] * (width - len(cells))]
        # a row longer than the header keeps its surplus behind the reason
        self._writer.writerow([*padded[:width], str(number), reason, *padded[len(self.header) or width :]])

    def close(self) -> None:
        """Put everything on the disk."""
        if self._stream is not None:
            self._stream.close()

    @property
    def is_empty(self) -> bool:
        return self._stream is None

    def _kept(self, cells: Sequence[str]) -> Sequence[str]:
        """Without the two columns of an earlier rejects file."""
        is_mended = tuple(self.header[-2:]) == self.ADDED
        return cells[: len(self.header) - 2] if is_mended else cells


@dataclass(slots=True)
class Run:
    """One import under way."""

    kind: str
    file: Path
    is_dry_run: bool
    summary: Summary
    rejects: RejectsFile
    _began: float = field(default_factory=time.monotonic)
    _said: float = field(default=0.0)
    _reasons_said: int = field(default=0)

    def reject(self, number: int, cells: Sequence[str], reason: str) -> None:
        """A row that does not come in. A dry run writes no file; it says the first reasons instead."""
        self.summary.rejected += 1
        if not self.is_dry_run:
            self.rejects.add(number, cells, reason)
        elif self._reasons_said < _REASONS_SAID:
            self._reasons_said += 1
            self.say(_("Row %(number)s: %(reason)s") % {"number": number, "reason": reason})

    def watched(self, rows: Iterable[RowT]) -> Iterator[RowT]:
        """The rows, counted, while standard error says how far it is."""
        for row in rows:
            self.summary.rows += 1
            if not self.summary.rows & 1023:
                self.progress()
            yield row

    def progress(self) -> None:
        """Say how far it is: a running figure on a terminal, now and then a line elsewhere."""
        now = time.monotonic()
        is_watched = sys.stderr.isatty()
        if now - max(self._said, self._began) < (_SECONDS_BETWEEN_FIGURES if is_watched else _SECONDS_BETWEEN_WORDS):
            return
        self._said = now
        rate = self.summary.rows / max(now - self._began, 0.001)
        words = _("%(rows)s rows read, %(rate)s a second") % {"rows": f"{self.summary.rows:,}", "rate": f"{rate:,.0f}"}
        click.echo(f"\r\033[K{words}" if is_watched else words, err=True, nl=not is_watched)

    def is_stopped(self) -> bool:
        """Whether somebody wants no more of it; asked between two transactions."""
        return False

    def say(self, sentence: str) -> None:
        """A sentence for the person at the terminal, beside the summary."""
        click.echo(f"\r\033[K{sentence}" if sys.stderr.isatty() else sentence, err=True)


@contextmanager
def importing(kind: str, file: Path, *, is_dry_run: bool = False) -> Iterator[Run]:
    """Run an import of `kind` (`customers`): counts, gives rejects back, and times it, also when it breaks off."""
    stamp = timezone.now().strftime("%Y%m%d-%H%M%S-%f")
    path = Path(settings.REGULARS_HOME) / "imports" / f"{kind}-{stamp}-rejected.csv"
    run = Run(kind=kind, file=file, is_dry_run=is_dry_run, summary=Summary(), rejects=RejectsFile(path))
    began = time.monotonic()
    try:
        yield run
    finally:
        run.rejects.close()
        run.summary.seconds = round(time.monotonic() - began, 3)
        if not run.rejects.is_empty:
            run.summary.rejects_file = str(path)
        if sys.stderr.isatty():
            click.echo("\r\033[K", err=True, nl=False)


@contextmanager
def rolled_back(is_dry_run: bool) -> Iterator[None]:
    """A transaction that leaves nothing behind, or no transaction at all."""
    if not is_dry_run:
        yield
        return
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


def report(run: Run, *, as_json: bool) -> None:
    """Say what became of the file."""
    commands.report(run.summary.figures(), as_json=as_json, sentence=sentence(run))


def sentence(run: Run) -> str:
    """The summary in words."""
    done = run.summary
    parts = [
        ngettext("%(n)s row read.", "%(n)s rows read.", done.rows) % {"n": f"{done.rows:,}"},
        _("%(created)s created, %(updated)s updated, %(unchanged)s unchanged.")
        % {"created": f"{done.created:,}", "updated": f"{done.updated:,}", "unchanged": f"{done.unchanged:,}"},
    ]
    if done.rejected:
        parts.append(
            ngettext("%(n)s row was left out.", "%(n)s rows were left out.", done.rejected)
            % {"n": f"{done.rejected:,}"}
        )
    if done.rejects_file:
        parts.append(_("They stand with their reasons in %(file)s.") % {"file": done.rejects_file})
    if done.not_imported:
        parts.append(_("Not imported: %(columns)s.") % {"columns": ", ".join(done.not_imported)})
    parts += [finding["sentence"] for finding in done.findings]
    if run.is_dry_run:
        parts.append(_("This was a dry run: nothing was written."))
    return " ".join(parts)


def import_options(command: Command) -> Command:
    """The argument and the options that every import has: FILE, --map, --encoding and its like, --dry-run, --json."""
    for option in (
        click.option("--sheet", metavar="NAME", default="", help="The sheet of a workbook; else the first with rows."),
        click.option(
            "--delimiter", metavar="CHARACTER", default="", help="What stands between cells, if guessing fails."
        ),
        click.option("--encoding", metavar="NAME", default="", help="The file's encoding, if guessing fails."),
        commands.json_option,
        click.option("--dry-run", "is_dry_run", is_flag=True, help="Write nothing; print the summary it would have."),
        click.option(
            "--map",
            "mapping",
            metavar="FIELD=COLUMN,…",
            default="",
            help="Name columns where guessing is not wanted, by their heading or their number (1 is the first).",
        ),
        click.argument("file", type=click.Path(path_type=Path)),
    ):
        command = option(command)
    return command


def parse_map(text: str) -> dict[str, str]:
    r"""`email=E-mail,name=2` as {field: column}. A comma in a heading is written `\,`."""
    chosen: dict[str, str] = {}
    for pair in text.replace("\\,", "\0").split(","):
        if not pair.strip():
            continue
        name, equals, column = pair.replace("\0", ",").partition("=")
        name, column = name.strip(), column.strip()
        if not equals or not name or not column:
            raise _bad_map(_("--map takes field=column pairs; “%(pair)s” is none.") % {"pair": pair.strip()})
        if name in chosen:
            raise _bad_map(_("--map names the field “%(field)s” twice.") % {"field": name})
        chosen[name] = column
    return chosen


def reading_of(*, encoding: str, delimiter: str, sheet: str) -> dict[str, str]:
    """What was said of a file's form, as `open_table` takes it."""
    given = {"encoding": encoding, "delimiter": delimiter.replace("\\t", "\t"), "sheet": sheet}
    return {name: value for name, value in given.items() if value}


def find_columns(
    header: Sequence[str], *, known: Mapping[str, Sequence[str]], chosen: Mapping[str, str]
) -> dict[str, int]:
    """Which column holds which field: as chosen by --map, else by the names each field is `known` under.

    Headings are compared without case, punctuation and spaces. Of several columns a field is known under, the name
    that stands first in `known` wins; a column serves one field only.
    """
    places: dict[str, int] = {}
    for place, heading in reversed(list(enumerate(header))):
        places[heading_key(heading)] = place
    found: dict[str, int] = {}
    for name, column in chosen.items():
        if name not in known:
            raise _bad_map(
                _("--map names the field “%(field)s”, which does not exist. There are: %(fields)s.")
                % {"field": name, "fields": ", ".join(known)}
            )
        at = places.get(heading_key(column))
        if at is None and column.isascii() and column.isdigit() and 1 <= int(column) <= len(header):
            at = int(column) - 1
        if at is None:
            raise _bad_map(
                _("--map names the column “%(column)s”, which the file does not have. It has: %(columns)s.")
                % {"column": column, "columns": ", ".join(header)}
            )
        found[name] = at
    taken = set(found.values())
    for name, headings in known.items():
        if name in found:
            continue
        for heading in headings:
            at = places.get(heading_key(heading))
            if at is not None and at not in taken:
                found[name] = at
                taken.add(at)
                break
    return found


def heading_key(heading: str) -> str:
    """A heading as it is compared: its letters and digits alone, in lower case."""
    return "".join(letter for letter in heading.casefold() if letter.isalnum())


def _bad_map(sentence: str) -> Invalid:
    return Invalid(sentence, fields={})
