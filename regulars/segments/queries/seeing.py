"""Which groups somebody sees: a group whose rule they may not ask would tell them what is kept from them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from regulars.core.errors import Refusal
from regulars.core.sight import reader as looking_reader
from regulars.segments.engine import asking
from regulars.segments.models import Group
from regulars.segments.queries.leaning import names_in


def sees(group: Group, reader: Any) -> bool:
    """Whether a person or a token may know who is in a group.

    That is who may ask its rule, and the rules of the groups that it is built from.
    """
    if looking_reader().is_open:
        return True
    by_key = {one.key: one for one in Group.objects.filter(is_by_rule=True).only("key", "query")}
    waiting, known = [group.key], set[str]()
    while waiting:
        known.add(key := waiting.pop())
        if key in by_key:
            try:
                node = asking.read(by_key[key].query, reader=reader)
            except Refusal:
                return False
            waiting += names_in(node) - known
    return True


def seen(groups: Iterable[Group], reader: Any) -> list[Group]:
    """Those of some groups."""
    return [group for group in groups if sees(group, reader)]
