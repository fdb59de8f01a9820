"""What there is to learn from: inquiries whose topic a person set or kept, and those that got a canned answer.

Kept means answered, or written down by a colleague, under that topic. Which canned answer was given is on the answer
since it is noted there; of older ones, and of those from elsewhere, it is known by its sentences.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any, Final

from django.db.models import Exists, OuterRef, Q, QuerySet

from regulars.customers.models import Customer
from regulars.inbox.guessing.pieces import plain
from regulars.inbox.models import By, Canned, CannedText, Conversation, Guess, Post, PostKind, Status

LATEST: Final = 5_000
"""So many inquiries are learned from, the latest ones."""
LEAST, LEAST_EACH = 40, 5
"""Topics are learned from so many inquiries on, and of each topic from so many on."""
LEAST_ANSWERS: Final = 5
MOST_SAID: Final = 20
_AT_ONCE = 500
_GAP = re.compile(r"\{\{.*?\}\}|\{%.*?%\}", re.DOTALL)
_SENTENCE = re.compile(r"[\n.!?;:。！？；：]+")
_LEAST_LETTERS = 4
_SAME = 0.5  # of the letters of a canned answer have to stand in an answer, in whole sentences


@dataclass(frozen=True, slots=True)
class Lesson:
    """One inquiry to learn from: by whose person, what they wrote, its topic and the canned answers it got (keys)."""

    writer: int
    text: str
    topic: int | None
    canned: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Stock:
    """How much there is to learn from, by topic, and a digest that tells whether it is what it was."""

    topics: dict[int, int]
    answers: int
    digest: str

    @property
    def count(self) -> int:
        """Inquiries of all topics together."""
        return sum(self.topics.values())

    @property
    def ready(self) -> list[int]:
        """The topics that have enough."""
        return [topic for topic, count in self.topics.items() if count >= LEAST_EACH]

    @property
    def is_enough(self) -> bool:
        """Whether topics can be learned."""
        return self.count >= LEAST and len(self.ready) > 1


def sorted_by_people() -> QuerySet[Conversation]:
    """Inquiries whose topic a person set or kept."""
    decided = Guess.objects.filter(conversation=OuterRef("pk"), state__in=[Guess.State.ACCEPTED, Guess.State.OTHER])
    kept = Q(answers_count__gte=1) | Q(by__in=[By.PHONE, By.STORE]) | Exists(decided)
    return _there().filter(kept, topic__isnull=False, topic__is_archived=False)


def answered() -> QuerySet[Conversation]:
    """Inquiries that got an answer."""
    return _there().filter(answers_count__gte=1)


def _there() -> QuerySet[Conversation]:
    """What can be learned from: not spam, not shown in another one, and of nobody who was deleted."""
    rows = Conversation.objects.filter(merged_into=None, customer__deleted_at=None)
    return rows.exclude(status=Status.SPAM)


def stock() -> Stock:
    """How much there is, without reading a word."""
    rows = list(sorted_by_people().order_by("-pk").values_list("pk", "topic_id")[:LATEST])
    keys = list(answered().order_by("-pk").values_list("pk", flat=True)[:LATEST])
    texts = list(CannedText.objects.order_by("pk").values_list("canned_id", "language", "text"))
    digest = blake2b(repr((rows, keys, texts)).encode(), digest_size=16).hexdigest()
    topics = Counter(topic for _pk, topic in rows if topic is not None)
    return Stock(dict(topics), len(keys) if texts else 0, digest)


def lessons() -> list[Lesson]:
    """The latest inquiries to learn from, the oldest first."""
    topics = dict(sorted_by_people().order_by("-pk").values_list("pk", "topic_id")[:LATEST])
    canned = _given(list(answered().order_by("-pk").values_list("pk", flat=True)[:LATEST]))
    keys = sorted({*topics, *canned})
    found = []
    for part in _parts(keys):
        texts = first_words(part)
        people = dict(Conversation.objects.filter(pk__in=part).values_list("pk", "customer_id"))
        roots = dict(Customer._base_manager.filter(pk__in=set(people.values())).values_list("pk", "merged_into_id"))
        for key in part:
            if texts.get(key):
                writer = roots.get(people[key]) or people[key]
                found.append(Lesson(writer, texts[key], topics.get(key), tuple(sorted(canned.get(key, ())))))
    return found


def first_words(keys: Iterable[int]) -> dict[int, str]:
    """What each of these inquiries began with, plainly; the words of the customer, or of the note about their call."""
    posts = Post.objects.filter(conversation__in=list(keys), kind__in=[PostKind.IN, PostKind.CALL], deleted_at=None)
    texts: dict[int, str] = {}
    rows: Any = posts.order_by("-at", "-pk").only("conversation_id", "customer_id", "subject", "text")
    for post in rows:
        texts[post.conversation_id] = plain(f"{post.subject}\n{post.text}")  # the first one stays
    return texts


def _given(keys: list[int]) -> dict[int, set[int]]:
    """The canned answers that inquiries got."""
    texts = [(canned, _sentences(text)) for canned, text in CannedText.objects.values_list("canned_id", "text")]
    found: dict[int, set[int]] = {}
    if not texts:
        return found
    known = {canned for canned, _text in texts}
    for part in _parts(keys):
        posts: Any = Post.objects.filter(conversation__in=part, kind=PostKind.OUT, deleted_at=None)
        for post in posts.only("conversation_id", "customer_id", "text", "data"):
            noted = Canned.pk_of(str(post.data.get("canned", ""))) if post.data.get("canned") else None
            given = {noted} if noted in known else _recognised(post.text, texts)
            if given:
                found.setdefault(post.conversation_id, set()).update(one for one in given if one is not None)
    return found


def _recognised(text: str, texts: list[tuple[int, list[str]]]) -> set[int | None]:
    said = " ".join(text.lower().split())
    best, most = None, _SAME
    for canned, sentences in texts:
        letters = sum(map(len, sentences))
        share = sum(len(one) for one in sentences if one in said) / letters if letters else 0.0
        if share >= most:
            best, most = canned, share
    return {best} if best is not None else set()


def _sentences(text: str) -> list[str]:
    parts = (" ".join(one.lower().split()) for piece in _GAP.split(text) for one in _SENTENCE.split(piece))
    return [one for one in parts if len(one) >= _LEAST_LETTERS]


def _parts(keys: list[int]) -> Iterator[list[int]]:
    return (keys[start : start + _AT_ONCE] for start in range(0, len(keys), _AT_ONCE))
