"""What one reader may ask: the whole vocabulary, less what they do not see in full."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from regulars.core.sight import Rows as SeenRows
from regulars.core.sight import current
from regulars.core.text import fold
from regulars.segments.language.words import Function, Words
from regulars.segments.vocabulary import declared
from regulars.segments.vocabulary.declared import Known, Rows
from regulars.segments.vocabulary.people import group_names
from regulars.segments.vocabulary.shown import shown_groups, within
from regulars.staff.models import User

_SEE = "customers.view"
_GROUPS = "segments.view"


def words_for(reader: Any = None) -> Words:
    """Everything that a person or a token may ask here and now; what they may not see is not in it.

    Without a `reader` it is whoever reads now; outside requests, and inside verbs, that is the house itself, which may
    ask everything.
    """
    sight = current()
    if reader is None and sight.user_id is not None:
        reader = User.objects.filter(pk=sight.user_id).first()
    if sight.rows is SeenRows.NOBODY or (reader is not None and not reader.may(_SEE)):
        return Words(attributes={}, functions={})
    attributes = {name: one.attribute for name, one in declared.known().items() if may_ask(one, reader)}
    functions = {name: asked for name, one in declared.rows().items() if (asked := _function(one, reader)) is not None}
    words = Words(attributes=attributes, functions=functions)
    if reader is not None and not reader.may(_GROUPS):
        return words
    names = tuple(name for name, _label in group_names())
    if not sight.is_open:
        shown = shown_groups(words)
        return within(words, tuple(name for name in names if fold(name) in shown))
    return replace(words, groups=names)


def may_ask(one: Known | Rows, reader: Any) -> bool:
    """Whether a reader may ask for an attribute or a function at all; None is the house itself."""
    if reader is not None and not reader.may(one.permission):
        return False
    if not current().shows(*one.shows):
        return False
    return not isinstance(one, Known) or one.may_ask is None or one.may_ask(reader)


def _function(one: Rows, reader: Any) -> Function | None:
    if not may_ask(one, reader):
        return None
    hidden = {column.parameter.name for column in one.columns if not current().shows(*column.shows)}
    function = one.function
    if not hidden:
        return function
    parameters = {name: parameter for name, parameter in function.parameters.items() if name not in hidden}
    return replace(function, parameters=parameters)
