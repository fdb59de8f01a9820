"""Texts with gaps: Liquid, cut down to a fixed dictionary of values, fixed tags and filters, and limits.

A text is written by staff and filled with what customers typed. So nothing is reachable but the values that were handed
in, values are never read as templates again, each way escapes its own, and a value that is not there stops the sending.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _

from regulars.core.errors import Refusal

HTML = "html"
SUBJECT = "subject"


class MissingValues(Refusal):
    """Values that the text needs are not there, or empty; `names` says which. Nothing may be sent like this."""

    slug = "missing-values"

    def __init__(self, names: tuple[str, ...]) -> None:
        super().__init__(
            _("This cannot be sent, because there is no value for: %(names)s.") % {"names": ", ".join(names)}
        )
        self.names = names


class BadTemplate(Refusal):
    """The text is no template that can be read; `line` is where, as far as is known."""

    slug = "bad-template"

    def __init__(self, sentence: str, *, line: int = 0) -> None:
        super().__init__(sentence)
        self.line = line


def render(text: str, values: Mapping[str, Any], *, way: str, language: str = "") -> str:
    """The text with its gaps filled, escaped for its way: `html`, `subject`, or one of messaging.models.Way.

    Raises MissingValues with all names that have no value and no `default`, and BadTemplate. Numbers, dates and money
    are written in `language`, or else in the one that is active.
    """
    from regulars.messaging.templating import language as liquid  # noqa: PLC0415 — 17 MB that most processes never need

    return liquid.render(text, values, way=way, language=language)


def names_in(text: str) -> tuple[str, ...]:
    """The names of all values that a text asks for, in the order they appear. Raises BadTemplate."""
    from regulars.messaging.templating import language as liquid  # noqa: PLC0415

    return liquid.names_in(text)


__all__ = ["HTML", "SUBJECT", "BadTemplate", "MissingValues", "names_in", "render"]
