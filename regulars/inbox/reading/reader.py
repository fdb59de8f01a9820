"""Bytes to a mail: `read` understands whatever comes, and says what was broken or cut."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from regulars.inbox.reading import charsets, html, nesting, parts, replies
from regulars.inbox.reading.envelope import Envelope
from regulars.inbox.reading.files import file_of, mail_file_of
from regulars.inbox.reading.mail import Mail, MailFile
from regulars.inbox.reading.parts import Part
from regulars.inbox.reading.replies import Reply

LARGEST = 64 << 20
LONGEST_TEXT = 1_000_000
MOST_FILES = 100
_BODIES = {"text/plain", "text/html", "text/enriched", "text/richtext", "text/x-amp-html"}


@dataclass(slots=True)
class _Found:
    """What the walk over the parts collects, in the order of the mail."""

    problems: list[str]
    hint: str
    may_parse: bool
    blocks: list[tuple[str | None, str | None]] = field(default_factory=list)  # plain text, HTML
    files: list[MailFile] = field(default_factory=list)

    def note(self, sentence: str) -> None:
        if sentence not in self.problems:
            self.problems.append(sentence)

    def keep(self, file: MailFile) -> None:
        if not file.data:
            self.note("an empty file was left out")
        elif len(self.files) >= MOST_FILES:
            self.note(f"more than {MOST_FILES} files, the rest was left out")
        else:
            self.files.append(file)


def read(raw: bytes, *, without_html: bool = False) -> Mail:
    """The mail that some bytes are. There is an answer for any bytes, and no exception.

    `without_html` leaves out all that needs a page to be parsed; what remains of HTML is its bare text.
    """
    problems: list[str] = []
    if len(raw) > LARGEST:
        problems.append(f"larger than {LARGEST >> 20} MB, the rest was left out")
        raw = raw[:LARGEST]
    try:
        return _read(raw, problems, may_parse=not without_html)
    except Exception as error:  # noqa: BLE001 — no mail is lost because of what this reader did not foresee
        text = charsets.clean(charsets.decode(raw[:LONGEST_TEXT])[0])
        reason = f"not understood: {type(error).__name__}"
        return Mail(text=text, visible=text, problems=(*problems, reason), failure=reason)


def _read(raw: bytes, problems: list[str], *, may_parse: bool) -> Mail:
    root = parts.split(raw, problems)
    found = _Found(problems, hint=_charset_within(root), may_parse=may_parse)
    mail = Envelope(root, problems, found.hint).read()
    _walk(root, found, is_body=True)
    page = _page(found)
    text, reply = _said(found, page)
    named = html.content_ids(page)
    files = tuple(replace(file, is_inline=bool(file.content_id) and file.content_id in named) for file in found.files)
    return replace(
        mail,
        text=text,
        visible=reply.visible,
        quoted=reply.quoted,
        signature=reply.signature,
        html=html.kept(page),
        files=files,
        problems=tuple(problems),
    )


def _charset_within(part: Part) -> str:
    """The charset that the first text says, for headers that say none."""
    if part.kind.startswith("text/"):
        return part.charset
    return next((found for one in part.parts if (found := _charset_within(one))), "")


def _walk(part: Part, found: _Found, *, is_body: bool) -> None:
    """Collect texts and files; `is_body` says that a text here is the mail's own, where it is no attachment."""
    if part.kind == "multipart/alternative":
        _alternative(part, found, is_body=is_body)
    elif part.kind == "multipart/related" and part.parts:
        _related(part, found, is_body=is_body)
    elif part.parts:
        if part.kind == "multipart/encrypted":
            found.note("encrypted, kept as files")
        for one in part.parts:
            _walk(one, found, is_body=is_body and part.kind not in {"multipart/encrypted", "multipart/digest"})
    elif is_body and _is_text(part):
        text = _text(part, found)
        found.blocks.append((None, text) if part.kind == "text/html" else (text, None))
    elif part.kind == "message/rfc822":
        found.keep(mail_file_of(part))
    else:
        if part.kind in {"application/pkcs7-mime", "application/x-pkcs7-mime"}:
            found.note("encrypted or signed as a whole, kept as a file")
        if part.kind == "message/partial":
            found.note("one of several pieces of a mail")
        found.keep(file_of(part, found.hint))


def _is_text(part: Part) -> bool:
    return part.kind in _BODIES and part.disposition != "attachment" and not part.name


def _alternative(part: Part, found: _Found, *, is_body: bool) -> None:
    """One thing said in several ways: the plain text, the last HTML, and files beside."""
    plain: str | None = None
    page: str | None = None
    for one in part.parts:
        inner = _Found(found.problems, found.hint, found.may_parse)
        _walk(one, inner, is_body=is_body)
        for file in inner.files:
            found.keep(file)
        texts = [text for text, _page in inner.blocks if text is not None]
        pages = [page for _text, page in inner.blocks if page is not None]
        if texts and plain is None and not pages:
            plain = "\n".join(texts)
        if pages:
            page = "\n".join(_as_page(block) for block in inner.blocks)
            plain = plain if plain is not None or not texts else "\n".join(texts)
    if plain is not None or page is not None:
        found.blocks.append((plain, page))


def _related(part: Part, found: _Found, *, is_body: bool) -> None:
    """A page and what it shows: its root is named by `start`, or is the first that is text."""
    start = part.parameters.get("start", "").strip("<> ")
    roots = [one for one in part.parts if start and one.content_id == start]
    roots += [one for one in part.parts if one.parts or one.kind in _BODIES]
    root = roots[0] if roots else part.parts[0]
    for one in part.parts:
        _walk(one, found, is_body=is_body and one is root)


def _text(part: Part, found: _Found) -> str:
    text = parts.text_of(part, found.hint)
    if len(text) > LONGEST_TEXT:
        found.note("the text is longer than a million characters, the rest was left out")
        text = text[:LONGEST_TEXT]
    if part.kind in {"text/plain", "text/html"}:
        return _flowed(text) if part.parameters.get("format", "").lower() == "flowed" else text
    return html.stripped(text)


def _flowed(text: str) -> str:
    """Lines that end with a blank go on in the next (RFC 3676), except before a signature; quotations stay apart."""
    out: list[str] = []
    may_join = False
    for line in text.split("\n"):
        depth = len(line) - len(line.lstrip(">"))
        plain = line.removeprefix(" ") if not depth else line
        if may_join and out and not depth and plain != "-- " and plain:
            out[-1] += plain
        else:
            out.append(plain)
        may_join = not depth and plain.endswith(" ") and plain != "-- "
    return "\n".join(out)


def _as_page(block: tuple[str | None, str | None]) -> str:
    plain, page = block
    return page if page is not None else f"<div>{html.of_text(plain or '')}</div>"


def _page(found: _Found) -> str:
    """The HTML of all blocks, parsed; empty where there is none, or none that can be parsed in reasonable time."""
    if all(page is None for _plain, page in found.blocks):
        return ""
    source = "\n".join(_as_page(block) for block in found.blocks)
    if not found.may_parse or len(source) > html.LONGEST or not nesting.is_tame(source):
        found.note("the HTML is too large or too deeply nested, only its text is shown")
        return ""
    page = charsets.clean(html.parsed(source))
    if len(page) > 3 * html.LONGEST:
        found.note("the HTML is too large or too deeply nested, only its text is shown")
        return ""
    return page


def _said(found: _Found, page: str) -> tuple[str, Reply]:
    """The whole text, and what of it was written now: of the plain text where it says as much as the HTML."""
    plain = "\n".join(_as_text(block) for block in found.blocks).strip("\n")
    has_pages_only = any(text is None for text, _page in found.blocks)
    if page:
        lines = html.lines_of(page)
        written = "\n".join(line.plain for line in lines)
        if has_pages_only or _is_poor(plain, written):
            return charsets.clean(written), replies.split_lines(lines)
    plain = charsets.clean(plain)[:LONGEST_TEXT]
    return plain, replies.split(plain)


def _as_text(block: tuple[str | None, str | None]) -> str:
    plain, page = block
    return plain if plain is not None else html.stripped(page or "")


def _is_poor(plain: str, written: str) -> bool:
    """Whether a plain text is only a stand-in: empty, or a note that there is HTML."""
    size, other = len("".join(plain.split())), len("".join(written.split()))
    return other > 0 and (size == 0 or (size * 5 < other and size < 300))
