"""Reading a body: JSON as its standard has it, in UTF-8, no larger than a megabyte."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pydantic_core
from django.http import HttpRequest
from django.utils.translation import gettext as _
from ninja.parser import Parser

from regulars.core.api.problems import Problem, reason

LIMIT = 1024 * 1024
_MEDIA_TYPES = {"application/json", "application/merge-patch+json"}


class JsonParser(Parser):
    """Refuses what lenient readers let through: NaN, lone surrogates, NUL characters, another media type."""

    def parse_body(self, request: HttpRequest) -> dict[str, Any]:
        """The body as plain values."""
        if len(request.body) > LIMIT:
            raise Problem("too-large", _("The body is larger than one megabyte."))
        if request.content_type not in _MEDIA_TYPES:
            raise Problem(
                "not-json",
                _("The body came as “%(type)s”; send application/json.") % {"type": request.content_type or "—"},
            )
        if request.encoding is not None and request.encoding.lower().replace("-", "") != "utf8":
            raise Problem("not-json", _("The body must be in UTF-8."))
        try:
            content: dict[str, Any] = pydantic_core.from_json(request.body, allow_inf_nan=False)
        except ValueError as error:
            raise Problem("malformed-json", _("The body is not JSON: %(why)s.") % {"why": error}) from error
        if b"\\u0000" in request.body:
            places = [reason("body", path or "body", _("Text may not hold NUL characters.")) for path in nuls(content)]
            if places:
                raise Problem("invalid", _("Text may not hold NUL characters."), errors=places)
        return content


def nuls(value: Any, path: str = "") -> Iterator[str]:
    """The paths of all texts (keys included) that hold a NUL, which no database keeps."""
    if isinstance(value, str):
        if "\0" in value:
            yield path
    elif isinstance(value, dict):
        for key, inner in value.items():
            if "\0" in key:
                yield path
            yield from nuls(inner, f"{path}.{key}" if path else key)
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from nuls(inner, f"{path}.{index}" if path else str(index))
