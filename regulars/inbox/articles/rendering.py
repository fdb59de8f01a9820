"""From Markdown to a page: headings, lists, tables, links and emphasis; nothing active, and no pictures from elsewhere.

HTML in a text is shown as it was typed. What the library makes is cleaned once more by a strict list, so that a mistake
in either is no hole.
"""

from __future__ import annotations

import re
from functools import cache
from typing import Any, Final

from django.utils.safestring import SafeString, mark_safe

_TAGS: Final = {
    *("h2", "h3", "h4", "p", "ul", "ol", "li", "strong", "em", "s", "a", "blockquote", "code", "pre", "hr", "br"),
    *("table", "thead", "tbody", "tr", "th", "td"),
}
_SCHEMES: Final = {"http", "https", "mailto", "tel"}
_BLANK: Final = re.compile(r"\s+")
_SUMMARY: Final = 160


def html(body: str) -> SafeString:
    """A text as it stands on a page. The page has one h1, its title: headings of texts begin at h2."""
    import nh3  # noqa: PLC0415 — most processes show no article

    cleaned = nh3.clean(
        _reader().render(body),
        tags=_TAGS,
        attributes={"a": {"href", "title"}, "ol": {"start"}},
        url_schemes=_SCHEMES,
        link_rel="noopener nofollow",
    )
    return mark_safe(cleaned)  # noqa: S308 — cleaned by a strict list, one line above


def plain(body: str, *, with_addresses: bool = False) -> str:
    """A text without marks: for searching and descriptions; for mails with the addresses of links, and list marks."""
    kept: list[tuple[bool, str]] = []  # whether it is a line of a list or a table, which stand close together
    cells: list[str] | None = None
    mark = ""
    for token in _reader().parse(body):
        if token.type == "list_item_open":
            mark = f"{token.info}. " if token.info else "- "
        elif token.type == "tr_open":
            cells = []
        elif token.type == "tr_close":
            kept.append((True, " · ".join(cells or [])))
            cells = None
        elif token.type == "inline":
            said = "".join(_words(token, with_addresses))
            if cells is not None:
                cells.append(said)
            else:
                kept.append((bool(mark), (mark if with_addresses else "") + said))
            mark = ""
        elif token.type in {"fence", "code_block"}:
            kept.append((False, token.content.strip()))
    lines, was_close = "", False
    for is_close, line in kept:
        lines += ("\n" if is_close and was_close else "\n\n") + line
        was_close = is_close
    return lines.strip()


def summary(body: str) -> str:
    """The beginning of a text in one line, for the description that search engines show."""
    text = _BLANK.sub(" ", plain(body)).strip()
    if len(text) <= _SUMMARY:
        return text
    cut = text[:_SUMMARY].rsplit(" ", 1)[0] if " " in text[_SUMMARY // 2 : _SUMMARY] else text[:_SUMMARY]
    return cut.rstrip(" ,.;:") + "…"


def _words(token: Any, with_addresses: bool) -> list[str]:
    words: list[str] = []
    address = ""
    for child in token.children or []:
        if child.type in {"text", "code_inline"}:
            words.append(child.content)
        elif child.type in {"softbreak", "hardbreak"}:
            words.append("\n" if child.type == "hardbreak" else " ")
        elif child.type == "link_open":
            address = str(child.attrs.get("href", ""))
        elif child.type == "link_close" and with_addresses and address not in words:
            words.append(f" ({address})")
    return words


@cache
def _reader() -> Any:
    from markdown_it import MarkdownIt  # noqa: PLC0415 — most processes show no article

    reader = MarkdownIt("commonmark", {"html": False}).enable(["table", "strikethrough"]).disable("image")
    reader.core.ruler.push("bound_headings", _bound_headings)
    return reader


def _bound_headings(state: Any) -> None:
    for token in state.tokens:
        if token.type in {"heading_open", "heading_close"}:
            token.tag = f"h{min(max(int(token.tag[1]), 2), 4)}"
