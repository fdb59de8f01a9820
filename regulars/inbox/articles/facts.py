"""What is told of articles: that one was written, changed, published or put away, and by whom; not what it says."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from django.utils.translation import gettext_lazy as _

from regulars.timeline.facts import Fact


@dataclass(frozen=True, slots=True)
class ArticleChanged(Fact):
    """An article was written or changed; `deed` is one of a few words, `language` the text that was changed."""

    name: ClassVar[str] = "article.changed"
    sentence: ClassVar = _("Help article %(slug)s: %(deed)s")
    icon: ClassVar[str] = "book-open-text"
    on_timeline: ClassVar[bool] = False
    is_public: ClassVar[bool] = False

    article: str = ""
    slug: str = ""
    deed: str = "changed"
    language: str = ""
