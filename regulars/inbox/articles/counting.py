"""What people do with articles, counted without anything of who they are (decision 45).

A look and a vote are a number that grows by one. What was looked for and not found is kept by the day, without the
words that could be somebody's: those with an @, and those with five digits or more.
"""

from __future__ import annotations

import datetime as dt
import re
from typing import Final

from django.db.models import F
from django.utils import timezone
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext_lazy

from regulars.core import shop
from regulars.core.background import every
from regulars.core.text import BadText, clean, fold
from regulars.core.unless_busy import unless_busy
from regulars.inbox.facts import InboxSettingChanged
from regulars.inbox.models import Article, ArticleMiss, ArticleText, Post
from regulars.staff.actions.throttle import Count, Rule, count_try, network_of
from regulars.staff.policy import unmasked, verb
from regulars.timeline.actions import record
from regulars.timeline.models import Entry

KEPT: Final = dt.timedelta(days=90)
MOST_A_DAY: Final = 500
"""How many different things that were not found are kept of one day: a flood of nonsense fills nothing."""

_VOTES: Final = Rule("helpful", 1, dt.timedelta(hours=1), dt.timedelta(hours=1), forgotten_after=dt.timedelta(hours=2))
_ALL_VOTES: Final = Rule(
    "helpful all", 30, dt.timedelta(minutes=1), dt.timedelta(hours=1), forgotten_after=dt.timedelta(hours=2)
)
_ROBOT: Final = re.compile(r"bot|crawl|spider|slurp", re.IGNORECASE)
_DIGITS: Final = re.compile(r"\d(?:[\s().+-]*\d){4,}")
_LINK: Final = re.compile(r"/help/([-a-zA-Z0-9_]{1,80})")


def is_robot(agent: str) -> bool:
    """Whether a browser says that it is none."""
    return bool(_ROBOT.search(agent))


def seen(text: ArticleText) -> None:
    """Somebody read a text. No page waits for it: while another writes, it is not counted."""
    unless_busy(lambda: ArticleText.objects.filter(pk=text.pk).update(views=F("views") + 1))


def vote(text: ArticleText, *, is_helpful: bool, address: str) -> None:
    """Somebody said whether a text helped: once an hour from one network. Raises Paused.

    The network is counted as a keyed hash, for two hours at most.
    """
    who = salted_hmac("inbox.articles", network_of(address), algorithm="sha256").hexdigest()
    count_try([Count(_VOTES, f"{text.pk}\0{who}"), Count(_ALL_VOTES, who)], called="")
    field = "helpful" if is_helpful else "unhelpful"
    ArticleText.objects.filter(pk=text.pk).update(**{field: F(field) + 1})


def without_people(asked: str) -> str:
    """What was looked for, without the words that could be somebody's address or number."""
    words = " ".join(word for word in asked[:400].split() if "@" not in word)
    try:
        kept = clean(_DIGITS.sub(" ", words), limit=400)
    except BadText:
        return ""
    return fold(kept)[:80].strip()


def missed(asked: str, *, language: str) -> None:
    """Something was looked for, and nothing found."""
    text, today = without_people(asked), shop.today()
    if not text:
        return

    def write() -> None:
        rows = ArticleMiss.objects.filter(day=today, text=text, language=language)
        if not rows.update(count=F("count") + 1) and ArticleMiss.objects.filter(day=today).count() < MOST_A_DAY:
            ArticleMiss.objects.create(day=today, text=text, language=language)

    unless_busy(write)


@every("03:50", label=gettext_lazy("Forget what was looked for in the help centre"))
def forget_misses() -> int:
    """Drop what was looked for longer ago than we keep it; how many that were."""
    return ArticleMiss.objects.filter(day__lt=timezone.now().date() - KEPT).delete()[0]


@verb
def forget_everything() -> None:
    """Drop all that was looked for and not found."""
    ArticleMiss.objects.all().delete()
    record(InboxSettingChanged(what="help searches", deed="removed"))


@unmasked
def count_sent(entry: Entry) -> None:
    """An answer left: each article that it links to was given once more."""
    post = Post.objects.filter(pk=Post.pk_of(str(entry.data.get("post", ""))) or 0).first()
    slugs = set(_LINK.findall(post.text)) if post is not None else set()
    if slugs:
        Article.objects.filter(slug__in=slugs).update(sent_count=F("sent_count") + 1)
