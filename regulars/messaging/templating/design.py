"""Mails with a design: MJML made into HTML that mail programs show, and the plain text that goes with it."""

from __future__ import annotations

import html
import re
from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _

from regulars.messaging.templating import HTML, BadTemplate, render

_LONGEST = 200_000
_DEEPEST = 40
_TAG = re.compile(r"<(/?)([a-zA-Z][\w-]{0,40})((?:[^<>\"']|\"[^\"]*\"|'[^']*')*?)(/?)>")
_OPEN_ONLY = frozenset({"br", "img", "hr", "input", "meta", "link", "area", "base", "col", "wbr", "source"})
_FORBIDDEN = re.compile(
    r"<\s*/?\s*(?:script|iframe|object|embed|form|input|button|textarea|select|svg|math|base|link|meta|mj-include|mj-html-attributes)\b"
    r"|\son[a-z]+\s*=|javascript:|vbscript:|data:text",
    re.IGNORECASE,
)
_LINK = re.compile(r"(?:href|src|action)\s*=\s*[\"']?\s*([a-zA-Z][\w+.-]*):", re.IGNORECASE)
_SCHEMES = frozenset({"http", "https", "mailto", "tel", "cid"})

_HIDDEN = re.compile(r"<(style|head|title|script)\b.*?</\1\s*>|<!--.*?-->", re.IGNORECASE | re.DOTALL)
_ANCHOR = re.compile(r"<a\b[^<>]*?href=\"([^\"]*)\"[^<>]*>(.*?)</a>", re.IGNORECASE | re.DOTALL)
_ENDS = re.compile(r"<(?:/p|/div|/tr|/h[1-6]|/li|/table|br)\b[^<>]*>", re.IGNORECASE)
_ANY = re.compile(r"<[^<>]*>")


def design(mjml: str, values: Mapping[str, Any], *, language: str = "") -> str:
    """The HTML of a design, its gaps filled. Raises MissingValues, BadTemplate."""
    return html_of(render(mjml, values, way=HTML, language=language))


def html_of(mjml: str) -> str:
    """MJML as HTML. Raises BadTemplate where it is none, or holds what no mail may: scripts, forms, files of ours."""
    from mjml import mjml2html  # noqa: PLC0415 — loaded when the first design is drawn

    if len(mjml) > _LONGEST:
        raise BadTemplate(_("This design is too long."))
    if _FORBIDDEN.search(mjml) or any(found[1].lower() not in _SCHEMES for found in _LINK.finditer(mjml)):
        raise BadTemplate(_("A mail may hold no scripts, forms or frames, and links only to web pages and addresses."))
    if _depth(mjml) > _DEEPEST:
        raise BadTemplate(_("The parts of this design stand too deep in one another."))
    try:
        return str(mjml2html(mjml))
    except ValueError as wrong:
        raise BadTemplate(_("This design cannot be read: look whether each part has its end.")) from wrong


def plain_of(markup: str) -> str:
    """HTML as plain text: paragraphs as lines, links with their addresses behind them."""
    text = _HIDDEN.sub(" ", markup[: _LONGEST * 3])
    text = _ANCHOR.sub(_linked, " ".join(text.split()))
    text = _ANY.sub("", _ENDS.sub("\n", text))
    lines = [" ".join(line.split()) for line in html.unescape(text).splitlines()]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip() + "\n"


def _linked(found: re.Match[str]) -> str:
    label = " ".join(_ANY.sub(" ", found[2]).split())
    return label if not found[1] or found[1] == label else f"{label} ({found[1]})" if label else found[1]


def _depth(markup: str) -> int:
    depth = deepest = 0
    for found in _TAG.finditer(markup):
        if found[1]:
            depth -= 1
        elif not found[4] and found[2].lower() not in _OPEN_ONLY:
            depth += 1
            deepest = max(deepest, depth)
    return deepest
