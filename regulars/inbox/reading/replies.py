"""What somebody wrote, apart from what they quoted and signed with.

A text is looked at line by line, each a few times at most, so that a long one takes no longer than its length. A line
is hidden only for a reason: it is quoted by marks, it stands below a header that only mail programs write, or it is a
signature that says so. In doubt it stays.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from regulars.inbox.reading import reply_words as words
from regulars.inbox.reading.html import Line

_LONGEST_LINE = 600
_LONGEST_HEADER = 420
_HEADER_LINES = 4
_MOST_LINES = 20_000
_MOST_TRIED = 500
_TOP = 40
_BLOCK_LINES = 14
_LONGEST_SIGNATURE, _LONGEST_BARE_SIGNATURE = 60, 25
_MARK_SIGNS, _RULE_SIGNS = frozenset(" \t>＞"), frozenset("-_=*—–")
_FORWARDS = frozenset({"begi", "anfa", "débu", "iniz", "inic", "iníc", "star", "vida", "orig", "开始转发", "下面是被"})
_MARKS = re.compile(r"(?:[ \t]?[>＞]){1,50}")
_BROKEN_ADDRESS = re.compile(rf">\s?(?:{words.WROTE.pattern})?\s?[:：]\s*$", re.IGNORECASE)
_ENDS = re.compile(rf"{words.ENDS_WITH_WROTE.pattern.removesuffix('$')}[:：]$", re.IGNORECASE)
_ADDRESSES = re.compile(r"<[^>]{0,300}>|\[[^\]]{0,300}\]|\(?(?:https?://|www\.)\S{1,300}")
_SPACES = re.compile("[\xa0\u2000-\u200b\u202f\u205f\u3000\ufeff\u2066-\u2069\u200e\u200f\u202a-\u202e]")

_VISIBLE, _QUOTED, _SIGNATURE = 0, 1, 2


@dataclass(frozen=True, slots=True)
class Reply:
    """A mail's text in three parts."""

    visible: str
    quoted: str = ""
    signature: str = ""


def split(text: str) -> Reply:
    """The parts of a plain text."""
    lines = text.split("\n", _MOST_LINES)
    rest = lines.pop() if len(lines) > _MOST_LINES else ""
    reply = _split([_marked(line) for line in lines])
    if not rest:
        return reply
    # nobody writes so many lines: what is left goes where the last ones went
    return Reply(reply.visible, f"{reply.quoted}\n{rest}", reply.signature) if reply.quoted else Reply(text)


def split_lines(lines: Sequence[Line]) -> Reply:
    """The parts of a page's text, whose own marks say what is quoted; what is marked by signs is seen as well."""
    shown = lines[:_MOST_LINES]
    return _split([_Row(line.plain, line.depth, line.text, line) if line.depth else _of_page(line) for line in shown])


@dataclass(slots=True)
class _Row:
    """A line as it stands, how deeply it is quoted, and what it says."""

    whole: str
    depth: int
    said: str
    line: Line | None = None
    kind: int = _VISIBLE

    @property
    def is_empty(self) -> bool:
        return not self.said

    @property
    def plain(self) -> str:
        return self.said[:_LONGEST_LINE]


def _marked(whole: str) -> _Row:
    depth, said = 0, whole
    if whole[:1] in _MARK_SIGNS:
        # the “>” of an address that was broken before it, as in “<jonas@example.org⏎>:”, quotes nothing
        found = None if _BROKEN_ADDRESS.match(whole) else _MARKS.match(whole)
        if found:
            depth = found.group().count(">") + found.group().count("＞")
            said = whole[found.end() :]
    if not said.isascii():
        said = _SPACES.sub(" ", said)
    if "&nbsp;" in said:
        said = said.replace("&nbsp;", " ")  # as some programs write it into plain text
    return _Row(whole, depth, said if said and not said.isspace() else "")


def _of_page(line: Line) -> _Row:
    row = _marked(line.text)
    row.line = line
    return row


def _split(rows: list[_Row]) -> Reply:
    has_header = _mark_quotes(rows)
    if not has_header and not any(row.kind == _VISIBLE and row.said for row in rows):
        for row in rows:
            row.kind = _VISIBLE  # all of it is quoted, and nothing says from where: it is what they want to say
    _mark_signatures(rows)
    parts: dict[int, list[str]] = {_VISIBLE: [], _QUOTED: [], _SIGNATURE: []}
    last = _VISIBLE
    for row in rows:
        kept = parts[row.kind]
        if row.kind != last and kept and kept[-1]:
            kept.append("")
        last = row.kind
        kept.append(row.whole.rstrip())
    return Reply(*(_tidied(parts[kind]) for kind in (_VISIBLE, _QUOTED, _SIGNATURE)))


def _tidied(lines: list[str]) -> str:
    """Lines as a text, without empty ones around it and no more than two in a row."""
    return re.sub(r"\n{4,}", "\n\n\n", "\n".join(lines)).strip("\n").rstrip()


# -- quotations


def _mark_quotes(rows: list[_Row]) -> bool:
    """Mark what is quoted; whether a header of a mail program was among it."""
    attributions = _attributions(rows)
    has_header = has_own = has_forwarded = False
    place = 0
    while place < len(rows):
        row = rows[place]
        if row.line is not None and row.line.is_below:
            _hide(rows, _above(rows, place), len(rows))
            return True
        if row.depth:
            row.kind = _QUOTED
            place += 1
            continue
        end = attributions.get(place) or _header_at(rows, place)
        if not end:
            has_own |= not row.is_empty and not words.RULE.match(row.plain)
            place += 1
            continue
        has_header = True
        if not has_own and not has_forwarded and place not in attributions:
            # nothing of their own stands above it: what was forwarded is what they want to say
            has_forwarded = True
            _hide(rows, 0, end)
        elif _is_quoted_below(rows, end):
            _hide(rows, _above(rows, place), end)
        else:
            _hide(rows, _above(rows, place), len(rows))
            return True
        place = end
    _mark_wrapped(rows)
    return has_header or any(_accepts(row.plain, is_quoted=True) for row in rows[:_TOP] if row.depth)


def _hide(rows: list[_Row], begin: int, end: int) -> None:
    for row in rows[begin:end]:
        row.kind = _QUOTED


def _above(rows: list[_Row], place: int) -> int:
    """Where the header at a place begins, with the rule above it."""
    before = place - 1
    while before >= 0 and rows[before].is_empty and place - before <= 3:
        before -= 1
    return before if before >= 0 and words.RULE.match(rows[before].plain) else place


def _is_quoted_below(rows: list[_Row], place: int) -> bool:
    """Whether what follows is marked as quoted, so that it says itself where it ends."""
    for row in rows[place : place + 6]:
        if not row.is_empty or row.depth:
            return row.depth > 0
    return False


def _header_at(rows: list[_Row], place: int) -> int:
    """Where the header that begins at a place ends; 0 where none begins."""
    row = rows[place]
    if row.line is not None and row.line.is_header:
        end = place + 1
        while end < len(rows) and getattr(rows[end].line, "is_header", False):
            end += 1
        return end
    bare = row.said.lstrip(" \t*_")
    if not bare:
        return 0
    if (row.said.lstrip()[0] in _RULE_SIGNS or bare[:4].lower() in _FORWARDS) and words.SEPARATOR.match(row.plain):
        return _block_end(rows, _next(rows, place + 1)) or place + 1
    return _block_end(rows, place)


def _next(rows: list[_Row], place: int) -> int:
    """The next line that says something."""
    while place < len(rows) and rows[place].is_empty:
        place += 1
    return place


def _label(row: _Row) -> str:
    """What sort of header a line is: from, date, to, subject, other; empty for none."""
    head = row.said[:60]
    found = words.LABEL.match(head) if ":" in head or "：" in head else None
    return words.LABELS.get(" ".join(found.group(1).lower().split()).strip("* "), "") if found else ""


def _block_end(rows: list[_Row], place: int) -> int:
    """Where a block of headers (From, Sent, To, Subject) ends that begins at a place; 0 where none does."""
    if place >= len(rows) or _label(rows[place]) not in {"from", "date", "subject", "to"}:
        return 0
    first, depth = _label(rows[place]), rows[place].depth
    kinds, end, loose = {first}, place + 1, 0
    for number in range(place + 1, min(len(rows), place + _BLOCK_LINES)):
        row = rows[number]
        if row.depth != depth:
            break
        kind = _label(row)
        if kind in kinds and kind != "other":
            break  # the next block
        if kind:
            kinds.add(kind)
            end, loose = number + 1, 0
        elif row.is_empty:
            following = _next(rows, number)
            if following >= len(rows) or following > number + 1 or not _label(rows[following]):
                break
        else:
            loose += 1  # a header goes on in the next line
            if loose > 2 or len(row.plain) > 160:
                break
    has_email = any(words.EMAIL.search(row.plain) for row in rows[place:end])
    is_one = first == "from" and has_email and len(kinds & {"date", "to", "subject"}) >= 1
    is_other = len(kinds & {"from", "date", "to", "subject"}) >= 3
    return end if is_one or is_other else 0


def _attributions(rows: list[_Row]) -> dict[int, int]:
    """Where “On … somebody wrote:” begins and ends, wherever it stands in text that is not quoted by marks."""
    found: dict[int, int] = {}
    tried = 0
    for number, row in enumerate(rows):
        if row.depth or not _may_end(row.said):
            continue
        tried += 1
        begin = _attribution_to(rows, number)
        if begin is not None:
            found[begin] = number + 1
        if tried >= _MOST_TRIED:
            break
    return found


def _may_end(text: str) -> bool:
    """Whether a line can be the last one of such a sentence, told quickly."""
    bare = text.rstrip("*_- \t")
    return bare.endswith((":", "：")) or bare[-24:].lower().endswith(words.WROTE_WORDS)


def _attribution_to(rows: list[_Row], last: int) -> int | None:
    """Where the sentence begins that ends in a line: in that line, or up to three above it."""
    best: int | None = None
    joined = ""
    is_quoted = _is_quoted_below(rows, last + 1)
    for number in range(last, max(-1, last - _HEADER_LINES), -1):
        row = rows[number]
        if row.is_empty or row.depth:
            break
        joined = f"{row.plain.strip()} {joined}".strip()
        if len(joined) > _LONGEST_HEADER:
            break
        is_alone = (number == 0 or rows[number - 1].is_empty) and last + 1 < len(rows) and rows[last + 1].is_empty
        if _accepts(joined, is_quoted=is_quoted, is_alone=is_alone):
            best = number
            if _begins_anew(row.plain):
                break
    return best


def _begins_anew(text: str) -> bool:
    """Whether a line begins such a sentence rather than goes on with one."""
    begins = words.BEGINS_ATTRIBUTION.match(text) and words.DATE.search(text[:60])
    return bool(begins) and (not text.lstrip()[:1].islower() or bool(words.WEEKDAY.match(text)))


def _accepts(text: str, *, is_quoted: bool, is_alone: bool = False) -> bool:
    """Whether a sentence is one that a mail program wrote above a quotation."""
    bare = text.strip("*_- ")
    has_colon = bare.endswith((":", "："))
    if not has_colon and not words.ENDS_WITH_WROTE.search(bare):
        return False
    begins = bool(words.BEGINS_ATTRIBUTION.match(bare))
    if _is_attribution(bare, begins=begins, has_colon=has_colon, is_quoted=is_quoted):
        return True
    # “On 3 January you wrote:”, and nothing else beside it
    return is_alone and begins and len(bare) < 120 and bool(words.DATE.search(bare) and _ENDS.search(bare))


def _is_attribution(text: str, *, begins: bool, has_colon: bool, is_quoted: bool) -> bool:
    """Whether a sentence is one that a mail program wrote above a quotation."""
    has_verb = words.WROTE.search(text) is not None
    has_email = words.EMAIL.search(text) is not None
    has_date = words.DATE.search(text) is not None
    if has_verb and has_date and (has_email or is_quoted):
        return True
    if has_email and has_colon and words.QUOTING.match(text):
        return True
    if has_verb and has_date and begins and words.TIME.search(text):
        return True
    if has_verb and has_email and len(text) < 250:
        return is_quoted or bool(re.search(r"[>)]\s?(?:\S+\s){0,2}\S+[:：]?$|>\s?[:：]$", text[-80:]))
    if has_colon and has_email and has_date and begins:
        return bool(re.search(r"@[^\s@]{1,120}[>)\]]?\s?[:：]$", text[-140:]))
    return has_colon and is_quoted and len(text) < 160 and (has_verb or (begins and has_date))


def _mark_wrapped(rows: list[_Row]) -> None:
    """A quoted line that was too long goes on without a mark: one such line between two that are quoted is quoted."""
    for number in range(1, len(rows) - 1):
        row = rows[number]
        if row.depth or not row.said:
            continue
        above, below = rows[number - 1], rows[number + 1]
        if row.kind == _VISIBLE and not row.is_empty and above.depth and below.depth and above.kind == _QUOTED:
            is_going_on = (
                len(above.plain) >= 60 and row.plain.lstrip()[:1].islower() and len(row.plain) < len(above.plain)
            )
            if is_going_on:
                row.kind = _QUOTED


# -- signatures


def _mark_signatures(rows: list[_Row]) -> None:
    """Mark the signatures of every stretch that is visible."""
    place = 0
    while place < len(rows):
        if rows[place].kind != _VISIBLE:
            place += 1
            continue
        end = place
        while end < len(rows) and rows[end].kind == _VISIBLE:
            end += 1
        _sign(rows[place:end], is_first=place == 0)
        place = end


def _sign(stretch: list[_Row], *, is_first: bool) -> None:
    if is_first:
        _hide_banner(stretch)
    for row in stretch:
        if row.line is not None and row.line.is_signature:
            row.kind = _SIGNATURE
    said = [number for number, row in enumerate(stretch) if row.said]
    lowest = max(0, len(said) - _LONGEST_SIGNATURE - 2)
    order = next((order for order in range(lowest, len(said)) if _begins_signature(stretch, said, order)), None)
    if order is not None:
        if order > 1 and _is_name(stretch, said[order - 1]):
            order -= 1
        for row in stretch[said[order] :]:
            row.kind = _SIGNATURE


def _hide_banner(stretch: list[_Row]) -> None:
    """The warning that a mail server puts above what came from outside."""
    first = _next(stretch, 0)
    if first >= len(stretch) or not words.BANNER.match(stretch[first].plain):
        return
    for row in stretch[first : first + 6]:
        if row.is_empty:
            break
        row.kind = _SIGNATURE


def _begins_signature(stretch: list[_Row], said: list[int], order: int) -> bool:
    """Whether everything from a line on is a signature."""
    number, left = said[order], len(said) - order - 1
    row = stretch[number]
    text = row.plain
    is_apart = number == 0 or stretch[number - 1].is_empty or bool(words.RULE.match(stretch[number - 1].plain))
    if words.DELIMITER.match(text) and left:
        most = _LONGEST_SIGNATURE if row.whole.endswith("-- ") else _LONGEST_BARE_SIGNATURE
        return left <= most
    if _is_device(text):
        return left <= 8
    if words.LONG_DELIMITER.match(text) and 1 <= left <= 9:
        below = [stretch[one].plain for one in said[order + 1 :]]
        has_contact = any(words.CONTACT.search(one) for one in below)
        below = [_ADDRESSES.sub("", one) for one in below]
        is_short = all(len(one) <= 70 and not one.rstrip().endswith((".", "!", "?", "。", "！", "？")) for one in below)
        return is_short and has_contact
    if left == 0 and order > 0 and _is_name(stretch, number):
        return True
    return is_apart and left <= 30 and words.DISCLAIMER.match(_paragraph(stretch, number)) is not None


def _is_name(stretch: list[_Row], number: int) -> bool:
    """“-Jonas Wieck”, by itself."""
    is_apart = number > 0 and stretch[number - 1].is_empty
    return is_apart and len(stretch[number].plain) < 60 and bool(words.NAME_AFTER_DASH.match(stretch[number].plain))


def _is_device(text: str) -> bool:
    """“Sent from my telephone”, by itself in its line; what goes on as a sentence is none."""
    if not words.DEVICE.match(text):
        return False
    plain = _ADDRESSES.sub("", text).strip()
    return len(plain) <= 90 and len(plain.split()) <= 12 and not re.search(r"[.!?,;:]\s?\S", plain.rstrip(".!"))


def _paragraph(stretch: list[_Row], number: int) -> str:
    lines = []
    for row in stretch[number : number + 5]:
        if row.is_empty:
            break
        lines.append(row.plain.strip())
    return " ".join(lines)
