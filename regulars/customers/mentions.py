"""Colleagues who are named in a note with @: who they are, and which notes they have not seen."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from django.core.cache import cache
from django.db.models import QuerySet
from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe

from regulars.core.text import fold
from regulars.customers.models import Mention
from regulars.staff.models import User

_AT = re.compile(r"(?<![\w@.])@(?=\w)")
_MOST_WAITING = 99
_SECONDS = 15  # another process that writes a note is noticed within this time
_A_WORD = re.compile(r"\w", re.UNICODE)


@dataclass(frozen=True, slots=True)
class Named:
    """A place in a text that names somebody: from the @ to the end of the name."""

    start: int
    end: int
    user: User


def colleagues() -> list[User]:
    """Who can be named: everybody who works here and may see customers."""
    return [
        user for user in User.objects.select_related("definition").filter(is_active=True) if user.may("customers.view")
    ]


def named_in(text: str) -> list[User]:
    """Who is named in a text, each once."""
    return list({one.user.pk: one.user for one in _found(text, colleagues())}.values()) if "@" in text else []


def drawn(text: str, users: Iterable[User]) -> SafeString:
    """A text as a page shows it: escaped, with the names of colleagues marked."""
    parts, last = [], 0
    for one in _found(text, users) if "@" in text else ():
        parts += [escape(text[last : one.start]), f'<span class="ment">{escape(text[one.start : one.end])}</span>']
        last = one.end
    return mark_safe("".join([*parts, escape(text[last:])]))  # noqa: S308 — every part is escaped


def unseen(user: User) -> QuerySet[Mention]:
    """The notes that name somebody who has not seen them, newest first."""
    return (
        Mention.objects.filter(user=user, seen_at=None, note__deleted_at=None, note__customer__deleted_at=None)
        .select_related("note__author", "note__customer__merged_into")
        .order_by("-note__at", "-pk")
    )


def waiting(user: User) -> list[Mention]:
    """The newest of these, read once for a page: its side bar counts them, Today shows them."""
    known: list[Mention] | None = user.__dict__.get("_waiting")
    if known is None:
        known = user.__dict__["_waiting"] = list(unseen(user)[:_MOST_WAITING])
    return known


def count_waiting(user: User) -> int:
    """How many these are, for the side bar of every page: what the page read, else what was counted seconds ago."""
    if "_waiting" in user.__dict__:
        return len(user.__dict__["_waiting"])
    return int(cache.get_or_set(_key(user.pk), lambda: len(waiting(user)), _SECONDS) or 0)


def forget_waiting(user_id: int, user: User | None = None) -> None:
    """Let them be read anew: some were written, or seen."""
    cache.delete(_key(user_id))
    if user is not None:
        user.__dict__.pop("_waiting", None)


def _key(user_id: int) -> str:
    return f"customers.mentions.{user_id}"


def _found(text: str, users: Iterable[User]) -> list[Named]:
    """The longest name that stands after each @: the whole one, or the first word of it where nobody shares that."""
    names: dict[str, User] = {}
    first: dict[str, list[User]] = {}
    for user in users:
        names[user.name] = user
        first.setdefault(user.name.split(" ")[0] if user.name else "", []).append(user)
    names |= {word: found[0] for word, found in first.items() if word and len(found) == 1 and word not in names}
    longest_first = sorted(names, key=len, reverse=True)
    found = []
    for at in _AT.finditer(text):
        for name in longest_first:
            end = at.end() + len(name)
            # Chinese puts no space after a name; letters that go on make it another word
            goes_on = end < len(text) and _A_WORD.match(text[end]) and text[end - 1].isascii() and text[end].isascii()
            if fold(text[at.end() : end]) == fold(name) and not goes_on:
                found.append(Named(at.start(), end, names[name]))
                break
    return found
