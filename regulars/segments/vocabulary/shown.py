"""Which groups a reader may know the members of: of others, who is in them would tell what is kept from the reader."""

from __future__ import annotations

from dataclasses import replace

from regulars.segments.language import parsing
from regulars.segments.language.errors import QueryError
from regulars.segments.language.words import Function, Kind, Parameter, Words
from regulars.segments.models import Group
from regulars.segments.queries.leaning import JOINED, NAME, names_in


def shown_groups(words: Words) -> frozenset[str]:
    """The folded names of the groups whose rules, and the rules they are built from, can be said in some words.

    Who was picked by hand is no secret to whoever sees groups.
    """
    groups = list(Group.objects.only("name", "key", "query", "is_by_rule"))
    names = tuple(group.name for group in groups)
    everywhere = replace(_naming(words, names), groups=names)
    leans: dict[str, set[str]] = {}
    for group in groups:
        try:
            leans[group.key] = names_in(parsing.parse(group.query, everywhere)) if group.is_by_rule else set()
        except QueryError:
            continue
    while hidden := [key for key, names in leans.items() if not names <= leans.keys()]:
        for key in hidden:
            del leans[key]
    return frozenset(leans)


def within(words: Words, names: tuple[str, ...]) -> Words:
    """The same words, in which these are all the groups there are."""
    return replace(_naming(words, names), groups=names)


def _naming(words: Words, names: tuple[str, ...]) -> Words:
    joined = words.functions.get(JOINED)
    if joined is None:
        return words
    return replace(words, functions={**words.functions, JOINED: _joined(joined, names)})


def _joined(function: Function, names: tuple[str, ...]) -> Function:
    known = dict(function.parameters)
    known[NAME] = Parameter(
        name=NAME, label=known[NAME].label, kind=Kind.CHOICE, values=lambda: [(name, name) for name in names]
    )
    return replace(function, parameters=known)
