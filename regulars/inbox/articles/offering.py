"""Articles for an answer: those that fit what was typed behind the `/`, as a link and as their whole text."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from regulars.inbox.articles import languages, reading, rendering
from regulars.inbox.articles.searching import find
from regulars.inbox.models import ArticleState, Conversation

_MOST: Final = 4


@dataclass(frozen=True, slots=True)
class Offered:
    """A published article in the customer's language; `link` is its title and address, or empty where nobody may."""

    id: str
    title: str
    link: str
    text: str
    language: str


def offered(conversation: Conversation, typed: str) -> Sequence[Offered]:
    """The articles that fit, the best first; none before something was typed."""
    typed = typed.strip().lstrip("/")
    if not typed:
        return []
    wanted = [
        known
        for code in (conversation.language, conversation.customer.language)
        if code and (known := languages.known(code))
    ]
    is_open = reading.is_open()
    return [
        Offered(
            id=one.article.public_id,
            title=one.title,
            link=f"{one.title}\n{reading.address(one.article, one.text.language)}" if is_open else "",
            text=rendering.plain(one.text.body, with_addresses=True),
            language=one.text.language,
        )
        for one in reading.in_order(find(typed, states=[ArticleState.PUBLISHED], most=_MOST), wanted)
    ]
