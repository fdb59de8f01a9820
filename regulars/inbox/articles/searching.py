"""Finding articles by what they say: an index of words, read by the beginnings of the words asked for."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from functools import reduce
from operator import or_
from typing import Final

from django.db.models import Q

from regulars.inbox.articles import rendering, words
from regulars.inbox.models import ArticleText, ArticleWord

_BATCH: Final = 500
_MOST_ROWS: Final = 60_000


def index(text: ArticleText) -> None:
    """Write the words of a text anew."""
    ArticleWord.objects.filter(text=text).delete()
    found = words.of_text(text.title, rendering.plain(text.body))
    rows = [ArticleWord(text=text, word=word, weight=min(weight, 30_000)) for word, weight in found.items()]
    ArticleWord.objects.bulk_create(rows, batch_size=_BATCH)


def find(asked: str, *, states: Collection[str], most: int = 20) -> list[int]:
    """The ids of the articles of these states that a question is about, the best first.

    Of Latin words half have to be there, or begin a word that is; of Chinese, which is asked in many pieces, a third.
    """
    wanted = words.of_question(asked)
    if not wanted:
        return []
    begins = reduce(or_, (Q(word__gte=word, word__lt=word + b"\xff") for word in wanted))
    rows = ArticleWord.objects.filter(begins, text__article__state__in=states)
    found: dict[int, dict[bytes, int]] = defaultdict(dict)
    for article, stored, weight in rows.values_list("text__article_id", "word", "weight")[:_MOST_ROWS]:
        said = bytes(stored)
        known = found[article]
        for word in wanted:
            if said.startswith(word):
                known[word] = max(known.get(word, 0), weight * (2 if said == word else 1))
    needed = _needed(wanted)
    hits = [(-len(known), -sum(known.values()), article) for article, known in found.items() if len(known) >= needed]
    return [article for _count, _weight, article in sorted(hits)[:most]]


def _needed(wanted: Collection[bytes]) -> int:
    chinese = sum(1 for word in wanted if words.is_chinese(word))
    latin = len(wanted) - chinese
    return max(1, (latin + 1) // 2 + chinese // 3)
