"""How deeply a page is nested, told before it is parsed: parsers take a time that grows with the square of it."""

from __future__ import annotations

import re

_DEEPEST = 300
_MOST_UNTIDY = 1_000  # elements that were closed by the end of another
_MOST_STYLED = 300_000  # styles that go on, times the tags they may go on in
_ANY_TAG = re.compile(r"<(/?)([a-zA-Z][^\t\n\f\r />]*)")
_ATTRIBUTE_NAME = re.compile(r"[\t\n\f\r /]*(?:[^\t\n\f\r />][^\t\n\f\r />=]*)?[\t\n\f\r ]*")
_BARE_VALUE, _BLANKS = re.compile(r"[^\t\n\f\r >]*"), re.compile(r"[\t\n\f\r ]*")
_SHORT_COMMENT, _END_OF_COMMENT = re.compile("-?>"), re.compile("--!?>")
_STYLES = {"a", "b", "big", "code", "em", "font", "i", "nobr", "s", "small", "strike", "strong", "tt", "u"}
_NO_END = {
    "br", "hr", "img", "wbr", "col",
    "area", "base", "input", "link", "meta", "p", "li", "td", "tr", "th", "dd", "dt", "param", "source", "html", "head",
    "body", "form", "option", "optgroup", "tbody", "thead", "tfoot",
}  # fmt: skip
_RAW = {"script", "style", "title", "textarea", "xmp", "iframe", "noembed", "noframes"}
_OTHER_RULES = {"math", "template", "frameset", "plaintext"}
_DRAWN = {
    "svg", "g", "path", "circle", "ellipse", "line", "polyline", "polygon", "rect", "defs", "use", "text", "tspan",
    "lineargradient", "radialgradient", "stop", "clippath", "mask",
}  # fmt: skip


def is_tame(source: str) -> bool:
    """Whether a page can be parsed in little time: neither nested beyond measure, nor untidy beyond what people send.

    Nothing but the end tag of what was opened last surely closes something. Where another one seems to, what a browser
    might still hold open is counted on: the parser's time grows with it, and with its square.
    """
    open_, place = _Open(), 0
    while (at := source.find("<", place)) >= 0:
        found = _ANY_TAG.match(source, at)
        if found is None:
            if open_.drawings and source.startswith("<![CDATA[", at):
                return False
            place = _behind_comment(source, at)
            continue
        tag = found.group(2).lower()
        place, is_closed = _behind_tag(source, found.end())
        if found.group(1):
            open_.end(tag)
        elif not open_.begin(tag, is_closed=is_closed):
            return False
        elif tag in _RAW:
            ending = re.compile(rf"</{tag}(?=[\t\n\f\r />])", re.IGNORECASE).search(source, place)
            place = ending.start() if ending else len(source)
        if open_.is_wild():
            return False
    return True


class _Open:
    """The elements of a page that are open, as far as can be told without building it."""

    def __init__(self) -> None:
        self.tags: list[str] = []
        self.counts: dict[str, int] = {}
        self.seen = self.styles = self.untidy = self.drawings = 0

    def begin(self, tag: str, *, is_closed: bool) -> bool:
        """A start tag; False where nobody can tell how it is read."""
        self.seen += 1
        if tag in _OTHER_RULES:
            return False
        if self.drawings:
            if tag not in _DRAWN:
                return False
            if is_closed:
                return True
        elif self.counts.get("select") and tag not in {"option", "optgroup", "hr"}:
            return False
        if tag in _NO_END or tag in _RAW:
            return True
        self.tags.append(tag)
        self.counts[tag] = self.counts.get(tag, 0) + 1
        self.styles += tag in _STYLES
        self.drawings += tag == "svg"
        return True

    def end(self, tag: str) -> None:
        """An end tag. Of styles it closes its own alone; of others, what stands within as well."""
        if not self.counts.get(tag):
            return
        at = len(self.tags) - 1
        while self.tags[at] != tag:
            at -= 1
        if at == len(self.tags) - 1:
            self._forget(tag)
            self.styles -= tag in _STYLES
            self.tags.pop()
            return
        gone = [tag] if tag in _STYLES else self.tags[at:]
        self.untidy += len(gone)
        for one in gone:  # a style that is closed out of turn may go on
            self._forget(one)
        del self.tags[at : at + len(gone)]

    def _forget(self, tag: str) -> None:
        self.counts[tag] -= 1
        self.drawings -= tag == "svg"

    def is_wild(self) -> bool:
        """Whether more is open, or may be, than a parser should be given."""
        return len(self.tags) > _DEEPEST or self.untidy > _MOST_UNTIDY or self.styles * self.seen > _MOST_STYLED


def _behind_tag(source: str, place: int) -> tuple[int, bool]:
    """Where a tag has ended, read as browsers read its attributes; and whether it closes itself."""
    while True:
        name = _ATTRIBUTE_NAME.match(source, place)
        begun, place = place, name.end() if name else place
        sign = source[place : place + 1]
        if sign == "=":
            place = _behind_blanks(source, place + 1)
            sign = source[place : place + 1]
            if sign in {'"', "'"}:
                closing = source.find(sign, place + 1)
                if closing < 0:
                    return len(source), False
                place = closing + 1
                continue
            begun = place = _behind(_BARE_VALUE, source, place)
            sign = source[place : place + 1]
        if not sign:
            return len(source), False
        if sign == ">":
            return place + 1, begun < place and source[place - 1] == "/"


def _behind_blanks(source: str, place: int) -> int:
    return _behind(_BLANKS, source, place)


def _behind(pattern: re.Pattern[str], source: str, place: int) -> int:
    found = pattern.match(source, place)
    return found.end() if found else place


def _behind_comment(source: str, at: int) -> int:
    """Where what only looks like a tag has ended: a comment, or else the sign alone."""
    if source.startswith("<!--", at):
        short = _SHORT_COMMENT.match(source, at + 4)
        found = short or _END_OF_COMMENT.search(source, at + 4)
        return found.end() if found else len(source)
    if source[at + 1 : at + 2] in {"!", "?", "/"}:
        closing = source.find(">", at)
        return closing + 1 if closing >= 0 else len(source)
    return at + 1
