"""Queries that programs send: read for whoever calls, with the place of what is wrong in them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.http import HttpRequest
from django.utils.translation import gettext as _

from regulars.core.api.preconditions import find
from regulars.core.api.problems import Problem, reason
from regulars.core.errors import Invalid
from regulars.segments.engine import asking
from regulars.segments.language.tree import Node
from regulars.segments.models import Group
from regulars.segments.queries.seeing import sees


@contextmanager
def placed(field: str = "query", place: str = "body") -> Iterator[None]:
    """Tell of a query that cannot be understood as a problem with `span` (from, to) and a `suggestion`."""
    try:
        yield
    except asking.BadQuery as bad:
        raise Problem(
            "bad-query",
            bad.sentence,
            errors=[reason(place, field, bad.sentence)],
            span=list(bad.span),
            suggestion=bad.suggestion or "",
        ) from bad


def node_of(text: str, *, reader: Any) -> Node:
    """The query of a text as whoever calls may ask it."""
    with placed():
        node: Node = asking.read(text, reader=reader)
        return node


def day_of(text: str | None) -> dt.date | None:
    """The day of `as_of`. Raises Invalid."""
    if not text:
        return None
    try:
        return dt.date.fromisoformat(text)
    except ValueError as bad:
        sentence = _("“%(day)s” is not a day that exists. Write it like 2026-03-12.") % {"day": text[:40]}
        raise Invalid(sentence, fields={"as_of": [sentence]}) from bad


def found(request: HttpRequest, segment_id: str, *, to_change: bool = False) -> Group:
    """The group of an id, where the caller may know who is in it; else a 404."""
    group = find(Group, segment_id, to_change=to_change)
    if not sees(group, request.auth):  # type: ignore[attr-defined]
        raise Problem("not-found", _("There is nothing with the id %(id)s here.") % {"id": segment_id})
    return group
