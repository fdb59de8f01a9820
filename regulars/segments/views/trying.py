"""A query that somebody works at: what it says, who is in it, line by line. Nothing is saved here.

The page without scripts shows all of it, the editor asks for it while somebody types; both are made of the same parts.
"""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from django.http import QueryDict
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from regulars.core import shop
from regulars.core.errors import Refusal
from regulars.core.money import Money
from regulars.core.sight import current
from regulars.core.ui import words as said
from regulars.core.walls import is_shown
from regulars.customers import panels, reads
from regulars.customers.models import Customer, Medium
from regulars.segments import curves, turned_off
from regulars.segments.engine import asking
from regulars.segments.forms import controls, rows
from regulars.segments.language.tree import Anniversary, Ask, Everybody, Node, clauses
from regulars.segments.laying import laid_out
from regulars.segments.models import Group
from regulars.segments.phrasing import sentence
from regulars.segments.queries.shelf import sizes
from regulars.segments.vocabulary.words import words_for

SHOWN = 10
_LEAST_HEIGHT, _MOST_HEIGHT = 4, 24  # rows of the text where it has no lines of its own
_ICONS = {
    Medium.EMAIL: "mail",
    Medium.WHATSAPP: "message-circle",
    Medium.SMS: "smartphone",
    Medium.PHONE: "phone",
    Medium.POST: "mail-open",
}
# whoever asks by one of these looks for a person, and that is written down
_OF_A_PERSON = frozenset({
    "name", "first_name", "last_name", "email", "phone", "company", "companies", "vat_number", "birth_date",
    "postal_code", "notes",
})  # fmt: skip


@dataclass(slots=True)
class TextLine:
    """A line of the text as it stands: how many remain after the condition that ends on it."""

    text: str
    is_off: bool
    count: int | None = None


@dataclass(slots=True)
class Reached:
    """How many may be written to, or called, by one way."""

    label: Any
    icon: str
    count: int


@dataclass(slots=True)
class Lack:
    """How many have no value for something that the query asks."""

    label: Any
    count: int


@dataclass(slots=True)
class Shown:
    """Somebody who is in it, with what a row tells."""

    customer: Customer
    rhythm: SafeString
    days: int | None
    spent: Money | None
    is_asked: bool = False


@dataclass(slots=True)
class Work:
    """What somebody works at, and what is known of it. Where `problem` is set, nothing was counted."""

    text: str = ""
    as_of: dt.date | None = None
    as_of_typed: str = ""
    as_of_problem: str = ""
    group: Group | None = None
    node: Node | None = None
    problem: str = ""
    wrong: tuple[int, int] | None = None
    count: int | None = None
    everybody: int = 0
    ms: int = 0
    sentence: str = ""
    rows: list[rows.FormRow] | None = None
    drawn: list[controls.DrawnRow] = field(default_factory=list)
    text_lines: list[TextLine] = field(default_factory=list)
    reach: list[Reached] = field(default_factory=list)
    lacks: list[Lack] = field(default_factory=list)
    people: list[Shown] = field(default_factory=list)
    points: list[curves.Point] = field(default_factory=list)

    @property
    def off(self) -> int:
        """How many lines are turned off."""
        return turned_off.count(self.text)

    @property
    def height(self) -> int:
        """How many rows the text is given where no script draws its lines."""
        return min(max(self.text.count("\n") + 2, _LEAST_HEIGHT), _MOST_HEIGHT)

    @property
    def curve_says(self) -> str:
        """How the group grew, in a sentence."""
        return curves.sentence(self.points)

    @property
    def difference(self) -> str:
        """How many more or fewer than the saved group has; "" where there is none, or it is the same."""
        if self.group is None or self.count is None or self.as_of is not None or self.group.counted_at is None:
            return ""
        if not current().sees_all:
            return ""  # what was saved is the size of everybody
        more = self.count - self.group.size
        if not more:
            return _("as many as saved") if self.is_changed else ""
        count = {"count": said.number(abs(more))}
        if more > 0:
            return ngettext("%(count)s more than saved", "%(count)s more than saved", more) % count
        return ngettext("%(count)s fewer than saved", "%(count)s fewer than saved", -more) % count

    @property
    def culprit(self) -> str:
        """The line that removes the last people, where nobody is left; "" where no line alone does."""
        before = self.everybody
        for number, line in enumerate(self.text_lines, start=1):
            if line.count == 0 and before:
                words = ngettext(
                    "Line %(line)s removes the last %(count)s person.",
                    "Line %(line)s removes the last %(count)s people.",
                    before,
                )
                return words % {"line": said.number(number), "count": said.number(before)}
            before = line.count if line.count is not None else before
        return ""

    @property
    def is_changed(self) -> bool:
        """Whether the query says something else than the saved group."""
        return self.group is not None and self.node is not None and asking.canonical(self.node) != self.group.query


def begin(data: QueryDict, *, group: Group | None) -> Work:
    """The work as a form sends it: its text, or (`source` is rows, or a button of the builder) its rows."""
    work = Work(text=data.get("text", "").replace("\r\n", "\n"), group=group)
    act = data.get("act", "")
    if data.get("source") == "rows" or act == "rows" or ":" in act:
        work.rows = rows.pressed(rows.of_data(data), act)
    _read_day(work, data.get("as_of", ""))
    return work


def of_text(text: str, *, group: Group | None = None) -> Work:
    """The work as it begins: with a saved query, or a template's; laid out in lines where it can be read."""
    work = Work(text=text, group=group)
    # what cannot be read is shown as it is kept, and why is said when it is counted
    with suppress(Refusal):
        work.text = laid_out(asking.read(text))
    return work


def reckon(work: Work, reader: Any, *, has_people: bool = True) -> Work:
    """Read the query and count: everything the page shows of it."""
    words = words_for(reader)
    if work.rows is not None:
        controls.completed(work.rows, words)
        work.text = rows.text_of(work.rows)
    began = time.perf_counter()
    try:
        work.everybody = asking.count(Everybody())
        work.node = asking.read(turned_off.without(work.text), reader=reader)
        _count(work)
    except Refusal as refusal:
        _wrong(work, refusal)
    work.ms = max(round((time.perf_counter() - began) * 1000), 1)
    if work.node is not None:
        if work.rows is None:
            work.rows = rows.of_node(work.node)
            controls.completed(work.rows, words)
        _place(work)
        work.sentence = sentence(work.node, words)
    if work.rows is not None:
        work.drawn = controls.drawn(work.rows, words)
    if work.count is not None and work.node is not None:
        work.lacks = _lacks(work, words)
        if has_people:
            work.people = _people(work, reader)
    if work.group is not None:
        work.points = sizes([work.group])[work.group.pk]
    return work


def looks_for_a_person(node: Node) -> bool:
    """Whether a query asks for what tells one person from others."""
    return any(
        isinstance(one, Ask | Anniversary)
        and (one.attribute in _OF_A_PERSON or one.attribute.startswith("metafields."))
        for one in clauses(node)
    )


def shown(customers: Sequence[Customer], reader: Any, *, asked: str = "") -> list[Shown]:
    """Rows of people, with what rooms above draw in a row."""
    rhythm = next((panel for panel in panels.in_rows() if panel.name == "rhythm"), None)
    drawn = rhythm.drawn(customers) if rhythm is not None and reader.may(rhythm.permission) else {}
    today, zone, currency = shop.today(), shop.zone(), shop.current().currency
    sees_sums = is_shown(Customer, "spent_minor")
    return [
        Shown(
            customer=one,
            rhythm=drawn.get(one.pk, SafeString("")),
            days=(today - one.last_order_at.astimezone(zone).date()).days if one.last_order_at else None,
            spent=Money(one.spent_minor or 0, currency) if sees_sums else None,
            is_asked=one.public_id == asked,
        )
        for one in customers
    ]


# ── what is reckoned


def _read_day(work: Work, typed: str) -> None:
    work.as_of_typed = typed
    if not typed:
        return
    try:
        work.as_of = dt.date.fromisoformat(typed)
    except ValueError:
        work.as_of_problem = _("This is no date. Write it as 2026-03-12.")


def _count(work: Work) -> None:
    node = work.node
    if node is None:
        return
    if work.as_of is not None:
        try:
            work.count = asking.count(node, as_of=work.as_of)
        except Refusal as refusal:
            # the query reads well: it is the day that cannot be asked about
            work.as_of_problem, work.as_of = refusal.sentence, None
    work.count = asking.count(node, as_of=work.as_of)
    members = asking.members(node, as_of=work.as_of)
    reached = asking.reach(members)
    work.reach = [
        Reached(label=medium.label, icon=_ICONS[medium], count=reached[medium])
        for medium in _ICONS
        if reached.get(medium) or medium in {Medium.EMAIL, Medium.WHATSAPP, Medium.SMS, Medium.POST}
    ]


def _wrong(work: Work, refusal: Refusal) -> None:
    work.problem, work.node = refusal.sentence, None
    span = getattr(refusal, "span", None)
    if span is not None:
        length = len(work.text)
        start, end = min(span[0], length), min(max(span[1], span[0]), length)
        work.wrong = (start, end)


def _place(work: Work) -> None:
    """Say of each line of the text how many remain after it, and of each row which line it is."""
    text = work.text
    work.text_lines = [TextLine(line, line.lstrip().startswith("--")) for line in text.split("\n")]
    if work.node is None:
        return
    if work.count is not None and not isinstance(work.node, Everybody):
        for line in asking.lines(work.node, as_of=work.as_of):
            if line.count is not None:
                work.text_lines[_line_of(text, line.span[1])].count = line.count
    spans = [clause.span for clause in clauses(work.node)]
    asking_rows = [row for row in work.rows or [] if not row.is_bracket and rows.says(row)]
    for row in work.rows or []:
        row.line = None
    if len(spans) == len(asking_rows):
        for row, span in zip(asking_rows, spans, strict=True):
            row.line = _line_of(text, span[0])


def _line_of(text: str, place: int) -> int:
    return text.count("\n", 0, place)


def _lacks(work: Work, words: Any) -> list[Lack]:
    if work.node is None:
        return []
    found = []
    for name, count in asking.missing(work.node).items():
        attribute = words.attribute(name)
        if count and attribute is not None:
            found.append(Lack(attribute.label, count))
    return found


def _people(work: Work, reader: Any) -> list[Shown]:
    if work.node is None or not reader.may("customers.view"):
        return []
    found = asking.people(work.node, as_of=work.as_of, size=SHOWN)
    if looks_for_a_person(work.node):
        reads.searched(asking.canonical(work.node), found, "group")
    return shown(found, reader)
