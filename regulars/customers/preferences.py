"""What a customer told us they like: how to be reached and when, what they are interested in, how often they shop.

Lists are kept as words with commas between them, always in the same order: "email,whatsapp", "weekday-evening".
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from babel.lists import format_list
from django.utils.translation import get_language, pgettext, pgettext_lazy
from django.utils.translation import gettext as _

from regulars.core.money import babel_locale
from regulars.core.text import BadText, clean, fold
from regulars.customers.models import Customer, Medium

SLOTS = {
    "weekday-morning": pgettext_lazy("when to call", "weekday mornings"),
    "weekday-afternoon": pgettext_lazy("when to call", "weekday afternoons"),
    "weekday-evening": pgettext_lazy("when to call", "weekday evenings"),
    "weekend-morning": pgettext_lazy("when to call", "weekend mornings"),
    "weekend-afternoon": pgettext_lazy("when to call", "weekend afternoons"),
    "weekend-evening": pgettext_lazy("when to call", "weekend evenings"),
}
"""Times to be called or written to: before 12, until 18, and after 18, in the customer's own time."""

_LONGEST_INTEREST = 60
_INTERESTS = 500
_BETWEEN = str.maketrans("，、；;\n", ",,,,,")


def listed(text: str) -> list[str]:
    """The words of a kept list."""
    return [word for word in text.split(",") if word]


def channels(value: Any) -> str:
    """Preferred channels as they are kept. Raises BadText for one there is not."""
    return _of(value, {str(medium.value): str(medium.label) for medium in Medium})


def contact_times(value: Any) -> str:
    """Times of contact as they are kept. Raises BadText for one there is not."""
    return _of(value, {slot: str(label) for slot, label in SLOTS.items()})


def interests(value: Any) -> str:
    """Interests as they are kept: each once, however it is written, in the order they were named. Raises BadText."""
    found: dict[str, str] = {}
    for word in _words(value):
        if text := clean(word.replace(",", " "), limit=_LONGEST_INTEREST):
            found.setdefault(fold(text), text)
    kept = ",".join(found.values())
    if len(kept) > _INTERESTS:
        raise BadText(
            _("It is %(length)s characters long; %(limit)s are the most that fit.")
            % {"length": len(kept), "limit": _INTERESTS}
        )
    return kept


def channel_words(customer: Customer) -> list[str]:
    """The preferred channels, in words."""
    return [str(Medium(word).label) for word in listed(customer.preferred_channels) if word in Medium.values]


def time_words(customer: Customer) -> list[str]:
    """The preferred times, in words."""
    return [str(SLOTS[slot]) for slot in listed(customer.contact_times) if slot in SLOTS]


def sentence(customer: Customer) -> str:
    """What the head of the page says: Prefers WhatsApp, weekday evenings. Empty where nothing is known."""
    ways, times = channel_words(customer), time_words(customer)
    if ways and times:
        return _("Prefers %(channels)s, %(times)s") % {"channels": _or(ways), "times": _or(times)}
    if ways or times:
        return _("Prefers %(what)s") % {"what": _or(ways or times)}
    return ""


def words_of(name: str, text: str) -> str:
    """A kept list of the column `name`, as people read it."""
    known = {"preferred_channels": dict(Medium.choices), "contact_times": SLOTS}.get(name, {})
    return pgettext("between the words of a list", ", ").join(str(known.get(word, word)) for word in listed(text))


def _or(words: Sequence[str]) -> str:
    return format_list(words, style="or", locale=babel_locale(get_language() or "en"))


def _of(value: Any, known: dict[str, str]) -> str:
    codes = {fold(code): code for code in known} | {fold(label): code for code, label in known.items()}
    chosen = set()
    for word in _words(value):
        if word.strip():
            code = codes.get(fold(word))
            if code is None:
                raise BadText(
                    _("“%(text)s” is none of these: %(known)s.") % {"text": word[:40], "known": ", ".join(known)}
                )
            chosen.add(code)
    return ",".join(code for code in known if code in chosen)


def _words(value: Any) -> Iterable[str]:
    if isinstance(value, list | tuple | set | frozenset):
        return [str(word) for word in value]
    return ("" if value is None else str(value)).translate(_BETWEEN).split(",")
