"""HTML of mails: cleaned of everything that does something, and as text that can be read.

nh3 parses and cleans it as browsers parse it. What it writes is well-formed, and is gone over once more with an
allow-list of its own: pictures lose their addresses to `data-remote` and `data-cid`, which show nothing until
`shown` puts them back.
"""

from __future__ import annotations

import html as entities
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from urllib.parse import unquote

LONGEST = 1_000_000

_BLOCKS = {
    "address", "blockquote", "center", "dd", "div", "dl", "dt", "figcaption", "figure", "h1", "h2", "h3", "h4", "h5",
    "h6", "hr", "li", "ol", "p", "pre", "table", "tr", "ul", "caption", "tbody", "thead", "tfoot", "body", "article",
    "section", "header", "footer", "main",
}  # fmt: skip
_SPACED = {"p", "h1", "h2", "h3", "h4", "h5", "h6", "ul", "ol", "table", "blockquote", "pre", "dl"}
_INLINE = {
    "a", "abbr", "b", "bdi", "bdo", "big", "br", "cite", "code", "col", "colgroup", "del", "dfn", "em", "font", "i",
    "img", "ins", "kbd", "mark", "q", "s", "samp", "small", "span", "strike", "strong", "sub", "sup", "td", "th", "tt",
    "u", "var", "wbr",
}  # fmt: skip
_TAGS = (_BLOCKS | _INLINE) - {"body", "article", "section", "header", "footer", "main"}
_EMPTY = {"br", "hr", "img", "wbr", "col"}
_GONE = {
    "script", "style", "title", "iframe", "frame", "frameset", "object", "embed", "applet", "template", "math", "svg",
    "textarea", "select", "noembed", "noframes", "noscript", "xmp", "plaintext", "audio", "video", "canvas", "portal",
}  # fmt: skip
_KEPT: dict[str, set[str]] = {
    "*": {"align", "valign", "dir", "lang"},
    "a": {"href", "target", "rel"},
    "img": {"alt", "width", "height"},
    "table": {"border", "cellpadding", "cellspacing", "width", "bgcolor"},
    "td": {"colspan", "rowspan", "width", "bgcolor"},
    "th": {"colspan", "rowspan", "width", "bgcolor"},
    "tr": {"bgcolor"},
    "col": {"width", "span"},
    "font": {"color"},
    "ol": {"start"},
}
_READ = {tag: set(names) - {"rel", "target"} for tag, names in _KEPT.items()}
_READ["*"] |= {"class", "id"}
_READ["img"] |= {"src"}
_PLAIN_VALUE = re.compile(r"[\w#%., -]{0,40}")
_FREE = {"href", "alt", "src", "class", "id", "target", "rel"}

_TAG = re.compile(r"<(/?)([a-z][a-z0-9]{0,30})")
_ATTRIBUTE = re.compile(r'\s([^\s=>"/]{1,60})="([^"]*)"')


@dataclass(frozen=True, slots=True)
class _Token:
    """A piece of clean HTML: a text, or a tag with its attributes. Texts and values are escaped, as they stand."""

    text: str = ""
    tag: str = ""
    is_end: bool = False
    attributes: tuple[tuple[str, str], ...] = ()

    def value(self, name: str) -> str:
        return next((entities.unescape(value) for key, value in self.attributes if key == name), "")


@dataclass(frozen=True, slots=True)
class Line:
    """A line of text out of HTML: how deeply it is quoted, whether it stands in a signature."""

    text: str
    depth: int = 0
    is_signature: bool = False
    is_header: bool = False
    is_below: bool = False

    @property
    def plain(self) -> str:
        """The line as mails in plain text write it."""
        return f"{'>' * self.depth} {self.text}".rstrip() if self.depth else self.text


def parsed(source: str) -> str:
    """HTML without anything active, still with the marks (class, id, src) that tell quotations and pictures."""
    import nh3  # noqa: PLC0415 — only who reads mails needs it

    return nh3.clean(
        source,
        tags=_TAGS,
        clean_content_tags=_GONE,
        attributes=_READ,
        attribute_filter=_value,
        strip_comments=True,
        link_rel="noopener noreferrer nofollow",
        set_tag_attribute_values={"a": {"target": "_blank"}},
        url_schemes={"http", "https", "mailto", "cid"},
        url_relative="deny",
    )


def _value(_tag: str, name: str, value: str) -> str | None:
    if name == "href" and not re.match(r"(?i)\s*(?:https?|mailto):", value):
        return None
    if name in _FREE:
        return value[:4_000]
    return value if _PLAIN_VALUE.fullmatch(value) else None


def kept(clean: str) -> str:
    """What is stored of parsed HTML: without its marks, pictures without an address that a browser would follow."""
    out: list[str] = []
    for token in _tokens(clean):
        if not token.tag:
            out.append(token.text)
        elif token.is_end:
            out.append(f"</{token.tag}>")
        else:
            names = _KEPT["*"] | _KEPT.get(token.tag, set())
            pairs = [(name, value) for name, value in token.attributes if name in names]
            if token.tag == "img":
                pairs += _picture(token)
            out.append(f"<{token.tag}{''.join(_attribute(*pair) for pair in pairs)}>")
    return "".join(out)


def _attribute(name: str, value: str) -> str:
    return f' {name}="{value}"'


def _picture(token: _Token) -> list[tuple[str, str]]:
    source = token.value("src").strip()
    if source[:4].lower() == "cid:":
        return [("data-cid", entities.escape(content_id(source)))]
    if re.match(r"(?i)https?://", source):
        return [("data-remote", entities.escape(source))]
    return []


def content_id(source: str) -> str:
    """The id that `cid:` names."""
    return unquote(source.strip()[4:]).strip("<> ")[:250]


def content_ids(clean: str) -> frozenset[str]:
    """The ids of all pictures that parsed HTML wants to show."""
    sources = (token.value("src") for token in _tokens(clean) if token.tag == "img")
    return frozenset(content_id(source) for source in sources if source[:4].lower() == "cid:")


def has_remote_images(stored: str) -> bool:
    """Whether there are pictures elsewhere that could be asked for."""
    return ' data-remote="' in stored


def shown(stored: str, *, inline: Mapping[str, str] | None = None, with_remote: bool = False) -> str:
    """Stored HTML to be shown: pictures that came along at their addresses (by content id), others if asked."""
    addresses = inline or {}
    out: list[str] = []
    for token in _tokens(stored):
        if token.tag != "img" or token.is_end:
            out.append(_written(token))
            continue
        pairs = [pair for pair in token.attributes if not pair[0].startswith("data-")]
        address = addresses.get(token.value("data-cid"), "") if token.value("data-cid") else ""
        remote = token.value("data-remote")
        if address:
            pairs.append(("src", entities.escape(address)))
        elif remote and with_remote:
            pairs += [("src", entities.escape(remote)), ("referrerpolicy", "no-referrer")]
        elif remote:
            pairs.append(("data-remote", entities.escape(remote)))
        out.append(f"<img{''.join(_attribute(*pair) for pair in pairs)}>")
    return "".join(out)


def with_remote_images(stored: str) -> str:
    """Stored HTML with the pictures that lie elsewhere, for somebody who asked for them."""
    return shown(stored, with_remote=True)


def _written(token: _Token) -> str:
    if not token.tag:
        return token.text
    if token.is_end:
        return f"</{token.tag}>"
    return f"<{token.tag}{''.join(_attribute(*pair) for pair in token.attributes)}>"


def of_text(text: str) -> str:
    """Plain text as HTML that keeps its lines."""
    return "<br>".join(entities.escape(line) for line in text.split("\n"))


def _tokens(clean: str) -> Iterator[_Token]:
    """The pieces of well-formed HTML, in one pass; a sign that is no tag is text."""
    place = 0
    while place < len(clean):
        at = clean.find("<", place)
        if at < 0:
            yield _Token(text=clean[place:])
            return
        if at > place:
            yield _Token(text=clean[place:at])
        found = _TAG.match(clean, at)
        if not found or found.group(2) not in _TAGS:
            yield _Token(text="&lt;")
            place = at + 1
            continue
        attributes, end = [], found.end()
        while pair := _ATTRIBUTE.match(clean, end):
            attributes.append((pair.group(1), pair.group(2).replace("<", "&lt;").replace(">", "&gt;")))
            end = pair.end()
        closing = clean.find(">", end)
        place = len(clean) if closing < 0 else closing + 1
        yield _Token(tag=found.group(2), is_end=bool(found.group(1)), attributes=tuple(attributes))


_HEADERS = {"gmail_attr", "moz-cite-prefix", "moz-email-headers-table", "reply-intro", "protonmail_quote_header"}
_BELOW = {
    "divrplyfwdmsg", "appendonsend", "mail-editor-reference-message-container", "olk_src_body_section", "stopspelling",
    "isreplycontent", "origbody", "yahoo_quoted", "outlookmessageheader", "ms-outlook-mobile-reference-message",
    "replysplit", "tutanota_quote", "divtagdefaultwrapper_quoted", "ntes-mailmaster-quote", "mail-quote",
}  # fmt: skip


class _Writer:
    """Lines of text as they come out of the tokens of a page."""

    def __init__(self) -> None:
        self.lines: list[Line] = []
        self.current: list[str] = []
        self.blank = False
        self.depth = self.pre = self.skip = 0
        self.is_below = False
        self.marks: list[str] = []  # of every open element, what it marks
        self.lists: list[int] = []
        self.links: list[tuple[str, int]] = []

    def write(self, text: str) -> None:
        if self.pre:
            first, *others = text.split("\n")
            self.current.append(first)
            for line in others:
                self.break_line(keeps_empty=True)
                self.current.append(line)
            return
        squeezed = re.sub(r"[ \t\n\f\r]+", " ", text)
        if squeezed.startswith(" ") and (not self.current or self.current[-1].endswith(" ")):
            squeezed = squeezed[1:]
        if squeezed:
            self.current.append(squeezed)

    def break_line(self, *, keeps_empty: bool = False) -> None:
        text = "".join(self.current).replace("\xa0", " ").rstrip()
        self.current = []
        if text.strip() or keeps_empty:
            if not text.strip() and (not self.lines or not self.lines[-1].text):
                return
            self.lines.append(
                Line(
                    text,
                    depth=min(self.depth, 20),
                    is_signature="signature" in self.marks,
                    is_header="header" in self.marks,
                    is_below=self.is_below,
                )
            )

    def space(self) -> None:
        self.break_line()
        if self.lines and self.lines[-1].text:
            self.lines.append(Line("", depth=min(self.depth, self.lines[-1].depth), is_below=self.is_below))

    def open(self, token: _Token) -> None:
        tag = token.tag
        marks = {one.lower() for one in f"{token.value('class')} {token.value('id')}".split()}
        marks |= {one.removeprefix("x_") for one in marks}
        mark = _mark(marks)
        if mark:
            self.break_line()
        if tag in _BLOCKS:
            self.space() if tag in _SPACED else self.break_line()
        if mark == "below":
            self.is_below = True
        if tag not in _EMPTY:
            self.marks.append(mark)
        if tag == "br":
            self.break_line(keeps_empty=True)
        elif tag == "hr":
            self.current.append("_" * 32)
            self.break_line()
        elif tag == "blockquote":
            self.depth += 1
        elif tag == "pre":
            self.pre += 1
        elif tag in {"ul", "ol"}:
            self.lists.append(0 if tag == "ol" else -1)
        elif tag == "li":
            self._item()
        elif tag in {"td", "th"} and self.current and not self.current[-1].endswith(" "):
            self.current.append(" ")
        elif tag == "a":
            self.links.append((token.value("href"), len(self.current)))
        elif tag == "img" and (alt := token.value("alt").strip()):
            self.write(f"[{alt[:200]}]")

    def _item(self) -> None:
        indent = "  " * (len(self.lists) - 1) if self.lists else ""
        if self.lists and self.lists[-1] >= 0:
            self.lists[-1] += 1
            self.current.append(f"{indent}{self.lists[-1]}. ")
        else:
            self.current.append(f"{indent}- ")

    def close(self, tag: str) -> None:
        mark = self.marks[-1] if self.marks else ""
        if tag in _BLOCKS or mark in {"signature", "header"}:
            self.space() if tag in _SPACED else self.break_line()
        if self.marks:
            self.marks.pop()
        if tag == "blockquote":
            self.depth = max(0, self.depth - 1)
        elif tag == "pre":
            self.pre = max(0, self.pre - 1)
        elif tag in {"ul", "ol"} and self.lists:
            self.lists.pop()
        elif tag == "a" and self.links:
            self._link(*self.links.pop())

    def _link(self, address: str, begun: int) -> None:
        text = "".join(self.current[begun:]).strip()
        plain = address.removeprefix("mailto:").rstrip("/")
        same = {
            plain,
            plain.partition("?")[0],
            plain.partition("://")[2],
            plain.partition("://")[2].removeprefix("www."),
        }
        if address and text and text.rstrip("/") not in same and not text.startswith("["):
            self.current.append(f" <{address}>")


def _mark(marks: set[str]) -> str:
    if marks & _BELOW:
        return "below"
    if marks & _HEADERS:
        return "header"
    if any(one.startswith("signature") or one.endswith("signature") or "signature_block" in one for one in marks):
        return "signature"
    return ""


def lines_of(clean: str) -> list[Line]:
    """Parsed HTML as lines of text: links with where they lead, lists, quotations with their depth."""
    writer = _Writer()
    for token in _tokens(clean):
        if not token.tag:
            writer.write(entities.unescape(token.text))
        elif token.is_end:
            writer.close(token.tag)
        else:
            writer.open(token)
    writer.break_line()
    lines = writer.lines
    while lines and not lines[-1].text:
        lines.pop()
    return lines


def stripped(source: str) -> str:
    """The text of HTML that is too wild to be parsed: whatever looks like a tag is left out."""
    out, place = [], 0
    while place < len(source):
        at = source.find("<", place)
        out.append(source[place : at if at >= 0 else len(source)])
        if at < 0:
            break
        closing = source.find(">", at)
        if closing < 0:
            break
        if re.match(r"<(?:br|/?p|/?div|/tr|/li)\b", source[at : at + 6], re.IGNORECASE):
            out.append("\n")
        place = closing + 1
    return re.sub(r"\n{3,}", "\n\n", entities.unescape("".join(out))).strip()
