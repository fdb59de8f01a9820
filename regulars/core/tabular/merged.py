"""Merged cells: what stands in one of them is said of each of its rows, as people read it."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from django.utils.translation import ngettext

from regulars.core.tabular import archive as archives
from regulars.core.tabular.table import CELLS_LIMIT, Finding, Line

_PIECE = 1 << 20
_LOOKED_AT = (
    256 << 20
)  # bytes of a sheet; merged cells stand behind its rows, and a larger one is no list of people's own
_MOST = 10_000
_REF = re.compile(rb'<(?:\w+:)?mergeCell\s+ref="([A-Z]{1,3})(\d{1,7}):([A-Z]{1,3})(\d{1,7})"')


@dataclass(frozen=True, slots=True)
class Span:
    """A range of cells that are shown as one; columns count from 0."""

    top: int
    bottom: int
    left: int
    right: int

    @property
    def is_wide(self) -> bool:
        return self.right > self.left


def merged_cells(archive: zipfile.ZipFile, part: str) -> list[Span]:
    """The merged cells of a sheet, as far as there are not too many, from the top."""
    stream = archives.part(archive, part)
    if stream is None or archive.getinfo(part).file_size > _LOOKED_AT:
        return []
    found: list[Span] = []
    rest = b""
    with stream:
        while piece := stream.read(_PIECE):
            text = rest + piece
            end = 0
            for match in _REF.finditer(text):
                left, top, right, bottom = match.groups()
                found.append(Span(int(top), int(bottom), _column(left), _column(right)))
                end = match.end()
                if len(found) >= _MOST:
                    return sorted(found, key=lambda span: span.top)
            # a reference may be cut in two by the end of a piece
            rest = text[max(end, len(text) - 80) :]
    return sorted(found, key=lambda span: span.top)


def filled(lines: Iterable[Line], spans: Sequence[Span]) -> Iterator[Line]:
    """The rows of a sheet, each with what the merged cells say that reach down to it."""
    waiting = [span for span in spans if span.bottom > span.top and span.left < CELLS_LIMIT]
    reaching: list[tuple[Span, str]] = []
    for line in lines:
        while waiting and waiting[0].top < line.number:
            waiting.pop(0)  # its own row is empty
        reaching = [(span, value) for span, value in reaching if span.bottom >= line.number]
        if reaching:
            cells = list(line.cells)
            for span, value in reaching:
                cells += [""] * (span.left + 1 - len(cells))
                cells[span.left] = cells[span.left] or value
            line = line._replace(cells=cells)
        while waiting and waiting[0].top == line.number:
            span = waiting.pop(0)
            if span.left < len(line.cells) and line.cells[span.left]:
                reaching.append((span, line.cells[span.left]))
        yield line


def merged_findings(spans: Sequence[Span], *, header_line: int) -> list[Finding]:
    """What is said of merged cells among the rows."""
    count = sum(1 for span in spans if span.top > header_line and span.bottom > span.top)
    if not count:
        return []
    sentence = ngettext(
        "%(count)s merged cell counts for each of its rows.",
        "%(count)s merged cells count for each of their rows.",
        count,
    )
    return [Finding("merged", count, sentence % {"count": count})]


def _column(letters: bytes) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + letter - 64
    return number - 1
