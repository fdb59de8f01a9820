"""What spreadsheets do to values, taken back where nothing is lost by it, and counted where it is.

A postcode that lost its zero has one length in its country, so the zero can be put back. A phone number of which
4.91761E+11 is left has lost digits that nobody can know: the row is refused, with the reason. Everything that is
mended is counted, with its first example.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from regulars.core.contact import BadContact, parse_country
from regulars.core.tabular import Finding, Line

DATES = ("customer_since", "birthday")

# Countries whose postcodes have one length and may begin with a zero.
_POSTCODE_DIGITS = {
    **dict.fromkeys(
        ("DE", "FR", "IT", "ES", "US", "MX", "FI", "TR", "EE", "HR", "LT", "UA", "GR", "CZ", "SK", "SE", "MY", "TH",
         "KR", "SA", "EG", "MA", "PE", "RS", "ME", "MC", "SM", "VA", "PR", "AX"), 5,
    ),
    **dict.fromkeys(("CN", "IN", "RU", "RO", "SG", "VN", "CO", "KZ", "BY"), 6),
    **dict.fromkeys(("AU", "AT", "CH", "BE", "DK", "NO", "HU", "NZ", "ZA", "LU", "SI", "BG", "PH", "LI", "CY"), 4),
    "JP": 7, "IL": 7, "IS": 3,
}  # fmt: skip
_SCIENTIFIC = re.compile(r"\+?([1-9])(?:[.,](\d+))?[eE]\+?(\d{1,2})")
_GUARDED = re.compile(r"'[+0-9][^']*")  # how a spreadsheet keeps a number from being counted with
_SERIAL = re.compile(r"[1-7]\d{4}(?:[.,]\d+)?")
_STAMP = re.compile(r"1\d{9}(?:\d{3})?")
_TOTALS = frozenset(
    {"total", "totals", "grand total", "sum", "summe", "gesamt", "gesamtsumme", "合计", "总计", "小计", "总和"}
)
_EPOCH = dt.datetime(1899, 12, 30)  # noqa: DTZ001 — a sheet has no zone


@dataclass(slots=True)
class Repairs:
    """What was mended so far: how often, and the first value before and after."""

    counts: dict[str, int] = field(default_factory=dict)
    examples: dict[str, tuple[str, str]] = field(default_factory=dict)

    def note(self, kind: str, before: str, after: str) -> None:
        """Count one."""
        self.counts[kind] = self.counts.get(kind, 0) + 1
        self.examples.setdefault(kind, (before, after))

    def plain(self) -> list[tuple[str, int, str, str]]:
        """As it travels between processes; what is told is forgotten, so that it is told once."""
        told = [(kind, count, *self.examples[kind]) for kind, count in self.counts.items()]
        self.counts.clear()
        return told

    def add(self, told: Iterable[tuple[str, int, str, str]]) -> None:
        """Add what another one told."""
        for kind, count, before, after in told:
            self.counts[kind] = self.counts.get(kind, 0) + count
            self.examples.setdefault(kind, (before, after))

    def findings(self) -> list[Finding]:
        """A sentence for each kind, for people."""
        return [
            Finding(kind, count, _sentence(kind, count, *self.examples[kind])) for kind, count in self.counts.items()
        ]


def _sentence(kind: str, count: int, before: str, after: str) -> str:
    words = {"count": f"{count:,}", "before": before[:40], "after": after[:40]}
    sentences = {
        "postcode": ngettext(
            "%(count)s postcode had lost its zeros: %(before)s is %(after)s.",
            "%(count)s postcodes had lost their zeros: %(before)s is %(after)s.",
            count,
        ),
        "phone": ngettext(
            "%(count)s phone number was written as a calculation: %(before)s is %(after)s.",
            "%(count)s phone numbers were written as calculations: %(before)s is %(after)s.",
            count,
        ),
        "external_id": ngettext(
            "%(count)s id was written as a calculation: %(before)s is %(after)s.",
            "%(count)s ids were written as calculations: %(before)s is %(after)s.",
            count,
        ),
        "apostrophe": ngettext(
            "%(count)s number stood behind an apostrophe: %(before)s is %(after)s.",
            "%(count)s numbers stood behind an apostrophe: %(before)s is %(after)s.",
            count,
        ),
        "date": ngettext(
            "%(count)s date was written as a spreadsheet counts days: %(before)s is %(after)s.",
            "%(count)s dates were written as a spreadsheet counts days: %(before)s is %(after)s.",
            count,
        ),
        "stamp": ngettext(
            "%(count)s moment was written as programs count seconds: %(before)s is %(after)s.",
            "%(count)s moments were written as programs count seconds: %(before)s is %(after)s.",
            count,
        ),
    }
    return sentences[kind] % words


class Mender:
    """Mends the raw cells of rows, whole batches at a time: most have nothing to mend, which is seen at a glance."""

    def __init__(self, columns: Mapping[str, int], *, country: str) -> None:
        self.repairs = Repairs()
        self._country = country
        self._postcode, self._country_at = columns.get("postcode"), columns.get("country")
        self._phones = [columns[name] for name in ("phone", "address_phone", "phone_2") if name in columns]
        self._ids = [columns[name] for name in ("external_id",) if name in columns]
        self._guarded = [*self._phones, *self._ids, *([self._postcode] if self._postcode is not None else [])]
        self._names = [columns[name] for name in ("name", "given_name", "family_name", "company") if name in columns]
        self._telling = [*self._phones, *self._ids, *(columns[name] for name in ("email",) if name in columns)]
        self._dates = [columns[name] for name in DATES if name in columns]

    def lines(self, lines: list[Line]) -> list[Line]:
        """The same rows, mended; one that lost digits for good has that as its problem."""
        mended: dict[int, Line] = {}
        whole = [place for place, line in enumerate(lines) if not line.problem]
        cells = [lines[place].cells for place in whole]

        def change(place: int, at: int, text: str) -> None:
            line = mended.get(place, lines[place])
            mended[place] = line._replace(cells=[*line.cells[:at], text, *line.cells[at + 1 :]])

        for at in self._guarded:
            if not any(row[at][:1] == "'" for row in cells):
                continue
            for place in whole:
                text = lines[place].cells[at]
                if _GUARDED.fullmatch(text):
                    self.repairs.note("apostrophe", text, text[1:])
                    change(place, at, text[1:])
            cells = [mended.get(place, lines[place]).cells for place in whole]
        for at, kind in (*((at, "phone") for at in self._phones), *((at, "external_id") for at in self._ids)):
            column = [row[at] for row in cells]
            if "E+" not in (joined := " ".join(column)) and "e+" not in joined:
                continue
            for place, text in zip(whole, column, strict=True):
                try:
                    digits = exact(text)
                except LostDigits as lost:
                    mended[place] = lines[place]._replace(problem=f"{kind}: {lost}")
                    continue
                if digits:
                    self.repairs.note(kind, text, digits)
                    change(place, at, digits)
        for at in self._names:
            sums = {text for text in {row[at] for row in cells} if text.strip().casefold() in _TOTALS}
            for place in [place for place in whole if lines[place].cells[at] in sums] if sums else ():
                if not any(lines[place].cells[other].strip() for other in self._telling):
                    mended[place] = lines[place]._replace(problem=_("This is a sum, and nobody's row."))
        # what comes back is not mended any further
        whole = [place for place in whole if place not in mended or not mended[place].problem]
        if self._postcode is not None:
            for place, text in self._short_postcodes(lines, whole):
                self.repairs.note("postcode", lines[place].cells[self._postcode].strip(), text)
                change(place, self._postcode, text)
        for at in self._dates:
            # many customers came on the same day
            counted = {text: found for text in {row[at] for row in cells} if (found := counted_moment(text))}
            for place in whole if counted else ():
                text = lines[place].cells[at]
                if text in counted:
                    kind, written = counted[text]
                    self.repairs.note(kind, text, written)
                    change(place, at, written)
        return [mended.get(place, line) for place, line in enumerate(lines)] if mended else lines

    def _short_postcodes(self, lines: list[Line], whole: list[int]) -> Iterator[tuple[int, str]]:
        at, country_at = self._postcode or 0, self._country_at
        for place in whole:
            cells = lines[place].cells
            text = cells[at]
            if not 2 <= len(text) <= 6 or not text.isdigit() or not text.isascii():
                continue
            country = _country_of(cells[country_at]) if country_at is not None and cells[country_at] else self._country
            wanted = _POSTCODE_DIGITS.get(country, 0)
            if wanted - 3 < len(text) < wanted:
                yield place, text.zfill(wanted)


class LostDigits(ValueError):  # noqa: N818 — an answer, not a failure of ours
    """A spreadsheet left less of a number than it was; the sentence says so."""


def exact(value: str) -> str:
    """The digits of a number with an exponent, if all of them are there; empty where it has no exponent.

    Raises LostDigits where digits are missing.
    """
    found = _SCIENTIFIC.fullmatch(value.strip())
    if found is None:
        return ""
    digits, exponent = found[1] + (found[2] or ""), int(found[3])
    if exponent < 5:
        return ""
    if len(digits) - 1 < exponent:
        raise LostDigits(
            _("“%(text)s” is what a spreadsheet left of a number; its last digits are lost. Take it from the source.")
            % {"text": value.strip()[:40]}
        )
    return digits[: exponent + 1] if not digits[exponent + 1 :].strip("0") else ""


def counted_moment(text: str) -> tuple[str, str] | None:
    """A day as a spreadsheet counts it, or a moment as programs do, in words; None for anything else."""
    text = text.strip()
    if _SERIAL.fullmatch(text):
        at = _EPOCH + dt.timedelta(seconds=round(float(text.replace(",", ".")) * 86_400))
        return "date", at.isoformat(" ").removesuffix(" 00:00:00")
    if _STAMP.fullmatch(text):
        return "stamp", dt.datetime.fromtimestamp(int(text[:10]), dt.UTC).strftime("%Y-%m-%d %H:%M:%SZ")
    return None


@lru_cache(maxsize=1_024)
def _country_of(text: str) -> str:
    try:
        return parse_country(text.strip()[:80])
    except BadContact:
        return ""
