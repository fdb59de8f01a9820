"""Which groups somebody sees: a group whose rule they may not ask would tell them what is kept from them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from regulars.core.sight import reader as looking_reader
from regulars.segments.models import Group
from regulars.segments.vocabulary.shown import shown_groups
from regulars.segments.vocabulary.words import words_for


def sees(group: Group, reader: Any) -> bool:
    """Whether a person or a token may know who is in a group.

    That is who may ask its rule, and the rules of the groups that it is built from.
    """
    return bool(seen([group], reader))


def seen(groups: Iterable[Group], reader: Any) -> list[Group]:
    """Those of some groups."""
    if looking_reader().is_open:
        return list(groups)
    shown = shown_groups(words_for(reader))
    return [group for group in groups if group.key in shown]
