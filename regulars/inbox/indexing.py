"""The search index of posts: which conversations hold a word, or words that begin alike, as keyed hashes.

It is kept as the index of customers is (decision 7), and by the same code; but a token here is a keyed hash. Texts are
sealed, and nobody without the shop's keys can tell from the index what was said. A word is known by its beginnings of
two to eight characters, and by itself; what is written without spaces by every two and three characters that follow
each other. A search for something longer is narrowed by these, and then looked up in the texts themselves.

    searching.mark(post)    notes a post in its transaction; searches read noted posts too
    index_noted             every minute, where enough has gathered
"""

from __future__ import annotations

import hmac
import re
from collections.abc import Iterable, Sequence
from functools import lru_cache
from itertools import pairwise
from typing import Final

import numpy as np
from django.db import connection, transaction
from django.utils.translation import gettext_lazy as _

from regulars.core import datakeys
from regulars.core.background import every
from regulars.core.text import fold
from regulars.customers.grams import BLOCK, BLOCK_BITS, Extracted
from regulars.customers.indexing import merge_grams
from regulars.customers.standings import id_list
from regulars.inbox.models import Post, Token, Unsearched
from regulars.staff.policy import verb

ENOUGH: Final = 300  # as many noted posts as a search may read without anybody noticing
BEGINNINGS: Final = range(2, 9)
_BATCH: Final = 2_000
_LOCK: Final = 7_310_582_203  # any number, the same in every process
_KEY: Final = "inbox-search"
_MOST_TOKENS: Final = 20_000
_LONGEST: Final = 40
_WORD = re.compile(r"[\w]+")
# Chinese, Japanese, Korean: words without spaces between them
_WHOLE = re.compile("[\u2e80-\u9fff\uac00-\ud7af\uf900-\ufaff\U00020000-\U0003134f]+")


def words_of(text: str) -> set[str]:
    """The words of a folded text: what stands between spaces and marks, and runs of Chinese."""
    return {word[:_LONGEST] for word in _WORD.findall(text)}


def tokens_of(text: str) -> set[str]:
    """All that a folded text is found by: words (“=word”), their beginnings (“word”), pairs of characters (“+两个”)."""
    found: set[str] = set()
    for word in words_of(text):
        if word.isascii() or not _WHOLE.search(word):
            found.add(f"={word}")
            found.update(word[:size] for size in BEGINNINGS if len(word) >= size)
        else:
            for run in _WHOLE.findall(word):
                found.update(f"+{one}" for one in run)
                found.update(f"+{one}{two}" for one, two in pairwise(run))
                found.update(f"+{run[place : place + 3]}" for place in range(len(run) - 2))
            found.update(tokens_of(_WHOLE.sub(" ", word)))
        if len(found) > _MOST_TOKENS:
            break
    return found


def asked(term: str) -> tuple[list[str], bool]:
    """The tokens that a conversation has all of which holds a folded term, and whether that is enough to be sure."""
    if _WHOLE.search(term):
        found: list[str] = []
        runs = _WHOLE.findall(term)
        for run in runs:
            found += [f"+{run[place : place + 3]}" for place in range(len(run) - 2)] or [f"+{run}"]
        return found, len(runs) == 1 and len(term) == len(runs[0]) <= 3
    words = _WORD.findall(term)
    found = []
    for word in words[:-1]:
        found.append(f"={word[:_LONGEST]}")
    if words:
        size = max((size for size in BEGINNINGS if size <= len(words[-1])), default=0)
        if size:
            found.append(words[-1][:size])
    return found, len(words) == 1 and len(term) in BEGINNINGS


def code_of(token: str) -> int:
    """The number that stands for a token in the index."""
    keys = datakeys.named(_KEY)
    return _code(token, keys.generations[min(keys.generations)])


@lru_cache(maxsize=100_000)
def _code(token: str, key: bytes) -> int:
    return int.from_bytes(hmac.digest(key, token.encode(), "sha256")[:8], "big") >> 1


def text_of(post: Post) -> str:
    """What a post is found by."""
    names = " ".join(str(value) for value in (post.people or {}).values() if isinstance(value, str))
    return fold(f"{post.subject}\n{post.text}\n{post.quoted if not post.text else ''}\n{names}")


def extracted(pairs: Iterable[tuple[int, str]]) -> Extracted:
    """The tokens of folded texts by their conversations, ready to be merged."""
    found: dict[int, set[str]] = {}
    for conversation, text in pairs:
        found.setdefault(conversation, set()).update(tokens_of(text))
    codes = np.fromiter((code_of(token) for tokens in found.values() for token in tokens), dtype=np.int64)
    ids = np.repeat(
        np.fromiter(found, dtype=np.int64, count=len(found)),
        np.fromiter((len(tokens) for tokens in found.values()), dtype=np.int64, count=len(found)),
    )
    if not len(codes):
        nothing = np.zeros(0, dtype=np.int64)
        return Extracted(nothing, nothing, nothing, nothing, np.zeros(0, dtype=np.uint16))
    order = np.lexsort((ids, codes, ids >> BLOCK_BITS))
    ids, codes, blocks = ids[order], codes[order], ids[order] >> BLOCK_BITS
    firsts = np.flatnonzero(np.concatenate([[True], (codes[1:] != codes[:-1]) | (blocks[1:] != blocks[:-1])]))
    return Extracted(
        ids=np.unique(ids),
        blocks=blocks[firsts],
        codes=codes[firsts],
        ends=np.concatenate([firsts[1:], [len(codes)]]),
        lows=(ids & (BLOCK - 1)).astype(np.uint16),
    )


@verb
def index_posts(post_ids: Sequence[int]) -> None:
    """Bring posts into the index. One process at a time."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])
    columns = ("id", "conversation_id", "customer_id", "subject", "text", "quoted", "people")
    for start in range(0, len(post_ids), _BATCH):
        rows = Post.objects.filter(pk__in=id_list(post_ids[start : start + _BATCH]), deleted_at=None).only(*columns)
        merge_grams(extracted((post.conversation_id, text_of(post)) for post in rows), table=Token._meta.db_table)


@every(minutes=1, label=_("Bring new messages of inquiries into the search index"))
def index_noted(*, at_least: int = ENOUGH) -> int:
    """Index what has gathered; how many posts that were."""
    done = 0
    while Unsearched.objects.count() >= max(at_least if not done else 1, 1):
        with transaction.atomic():
            # the notes first, the rows after: a note that is committed later than this read stays for the next round
            notes = list(Unsearched.objects.order_by("id")[:_BATCH].values_list("id", "post_id"))
            index_posts([post for _id, post in notes])
            Unsearched.objects.filter(pk__in=id_list([pk for pk, _post in notes])).delete()
        done += len(notes)
    return done


def reindex() -> int:
    """Build the whole index anew; how many posts there are."""
    with transaction.atomic():
        Token.objects.all().delete()
        Unsearched.objects.all().delete()
    count, last = 0, 0
    while True:
        keys = list(Post.objects.filter(pk__gt=last).order_by("pk").values_list("pk", flat=True)[:_BATCH])
        if not keys:
            return count
        index_posts(keys)
        count, last = count + len(keys), keys[-1]
