"""Finding inquiries by any word that was said in them.

A search is split at spaces; every term has to be found in one of the posts that an inquiry shows, as the beginning of a
word or, in Chinese, anywhere. What the index knows narrows it (inbox/indexing.py). Where the index alone is not sure,
the texts are opened and read, unless very many may have it: then eight letters that are alike are near enough.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from django.db.models import Q, QuerySet

from regulars.core import walls
from regulars.core.text import fold
from regulars.customers.grams import BLOCK_BITS
from regulars.customers.postings import all_of
from regulars.customers.standings import id_list
from regulars.inbox.indexing import asked, code_of, text_of
from regulars.inbox.models import Conversation, Post, Token, Unsearched

_MOST_TERMS: Final = 8
_MOST_READ: Final = 500
_NUMBER = re.compile(r"#?(\d{1,15})")

Ids = npt.NDArray[np.int64]


def found_by(rows: QuerySet[Conversation], words: str) -> QuerySet[Conversation]:
    """Those of some inquiries in which all of these words were said, or that have this number.

    Whoever does not see what people write finds inquiries by their number alone.
    """
    number = _NUMBER.fullmatch(words.strip())
    by_number = Q(pk=int(number.group(1))) if number else Q(pk__in=[])
    if not walls.is_shown(Post, "text", "subject", "people"):
        return rows.filter(by_number)
    return rows.filter(by_number | Q(pk__in=id_list(matching(words).tolist())))


def matching(words: str) -> Ids:
    """The inquiries that show a post with all of these words; those merged into another one are that one."""
    terms = terms_of(words)
    if not terms:
        return np.zeros(0, dtype=np.int64)
    known, is_sure = _by_index(terms)
    if not is_sure and len(known) <= _MOST_READ:
        known = _checked(known, terms)
    return _shown(np.union1d(known, _noted(terms)))


def terms_of(words: str) -> list[str]:
    """What has to be found, folded."""
    return list(dict.fromkeys(term for word in words.split() if (term := fold(word))))[:_MOST_TERMS]


def has(text: str, terms: Sequence[str]) -> bool:
    """Whether all terms stand in a folded text: at the beginning of a word, or anywhere in Chinese."""
    return all(_pattern(term).search(text) for term in terms)


def _pattern(term: str) -> re.Pattern[str]:
    return re.compile((r"(?<!\w)" if term[:1].isascii() and term[:1].isalnum() else "") + re.escape(term))


def _by_index(terms: Sequence[str]) -> tuple[Ids, bool]:
    """The inquiries that may have all terms by what the index knows, and whether they do for certain."""
    tokens: list[str] = []
    is_sure = True
    for term in terms:
        found, is_enough = asked(term)
        tokens += found
        is_sure = is_sure and is_enough
    codes = {code_of(token) for token in tokens}
    if not codes:
        newest = Conversation.objects.order_by("-pk").values_list("pk", flat=True)[:_MOST_READ]
        return np.asarray(sorted(newest), dtype=np.int64), False
    blocks: dict[int, list[bytes]] = {}
    for block, posting in Token.objects.filter(code__in=codes).values_list("block", "ids"):
        blocks.setdefault(block, []).append(bytes(posting))
    parts = [
        np.flatnonzero(all_of(postings)) + (block << BLOCK_BITS)
        for block, postings in sorted(blocks.items())
        if len(postings) == len(codes)
    ]
    return (np.concatenate(parts) if parts else np.zeros(0, dtype=np.int64)), is_sure


def _checked(known: Ids, terms: Sequence[str]) -> Ids:
    """Those that have the terms, as their texts say."""
    found: dict[int, list[str]] = {}
    for conversation, text in _texts(Post.objects.filter(conversation__in=id_list(known.tolist()), deleted_at=None)):
        found.setdefault(conversation, []).append(text)
    return np.asarray(sorted(one for one, texts in found.items() if has("\n".join(texts), terms)), dtype=np.int64)


def _noted(terms: Sequence[str]) -> Ids:
    """What waits to be indexed, read as it is: an inquiry has a term where one of its noted posts has it."""
    rows = Post.objects.filter(pk__in=Unsearched.objects.values("post_id"), deleted_at=None)
    noted = {conversation for conversation, text in _texts(rows) if any(has(text, [term]) for term in terms)}
    return _checked(np.asarray(sorted(noted), dtype=np.int64), terms) if noted else np.zeros(0, dtype=np.int64)


def _texts(rows: QuerySet[Post]) -> list[tuple[int, str]]:
    columns = ("id", "conversation_id", "customer_id", "subject", "text", "quoted", "people")
    return [(post.conversation_id, text_of(post)) for post in rows.only(*columns).iterator(chunk_size=2_000)]


def _shown(known: Ids) -> Ids:
    if not len(known):
        return known
    merged: Any = Conversation.objects.filter(pk__in=id_list(known.tolist()), merged_into__isnull=False)
    roots = dict(merged.values_list("pk", "merged_into_id"))
    return np.unique(np.asarray([roots.get(one, one) for one in known.tolist()], dtype=np.int64)) if roots else known
