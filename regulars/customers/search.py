"""Finding customers by any part of a name, e-mail, phone, company or postcode, and by what other rooms know of them.

A search is split at white space, and every term has to be found. What the index knows (customers/grams.py) narrows a
search to few rows; `Asked.matches` decides.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, field
from functools import reduce

from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from regulars.core.errors import Invalid
from regulars.core.text import fold
from regulars.customers import people
from regulars.customers.grams import (
    BLOCK,
    BLOCK_BITS,
    GRAM,
    RESTATED,
    Extracted,
    codes_of,
    digits_of,
    extract,
    range_of,
    search_text_of,
)
from regulars.customers.indexing import index_now, index_written, mark_unindexed, merge, merge_unindexed, reindex
from regulars.customers.models import Gram
from regulars.customers.postings import Members, all_of, any_of
from regulars.customers.spellings import other_spellings
from regulars.customers.standings import Mask, Standings, id_list

__all__ = [
    "Asked",
    "Extracted",
    "Term",
    "add_finder",
    "ask",
    "extract",
    "index_now",
    "index_written",
    "mark_unindexed",
    "merge",
    "merge_unindexed",
    "possible",
    "reindex",
    "search_text_of",
    "terms",
]

Finder = Callable[[str], Collection[int]]

_FINDERS: dict[str, Finder] = {}
_LONGEST = 200
_MOST_TERMS = 12
_MOST_GRAMS = 10
_LOOKS_LIKE_DIGITS = re.compile(r"[\d\s()+./-]*\d[\d\s()+./-]*")
# 0 before an area, 00 before a country; more zeros belong to the number: 0001 is not 1.
_DIALLED_FIRST = re.compile("0(?:0(?=[1-9]))?")
_LOOKS_LIKE_A_PHONE = re.compile(r"[+(]?\d[\d\s()./-]{4,}")


@dataclass(frozen=True, slots=True)
class Term:
    """What has to be found: `typed` as people wrote it, any one of `spellings` inside the search text."""

    typed: str
    spellings: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Asked:
    """A search, made ready: it is answered by whoever fulfils all terms of one of the `ways`, or was `found` for it.

    `found` has the customers that other rooms' finders know for a term as typed.
    """

    ways: tuple[tuple[Term, ...], ...]
    found: dict[str, frozenset[int]] = field(default_factory=dict)

    def matches(self, customer_id: int, search_text: str) -> bool:
        """Whether a customer answers the search."""
        return any(
            all(
                any(spelling in search_text for spelling in term.spellings)
                or customer_id in self.found.get(term.typed, ())
                for term in way
            )
            for way in self.ways
        )

    def condition(self) -> Q:
        """The same as a condition of the database."""
        ways = []
        for way in self.ways:
            tests = []
            for term in way:
                options = [Q(search_text__contains=spelling) for spelling in term.spellings]
                if found := self.found.get(term.typed):
                    options.append(Q(id__in=id_list(found)))
                tests.append(_any(options))
            ways.append(reduce(Q.__and__, tests))
        return _any(ways)


def add_finder(name: str, finder: Finder) -> None:
    """Let a room find customers by what it knows: `finder("536365")` gives the ids of that order's customer.

    It is asked for the whole search and for each of its terms, as typed, and answers with few ids, or none.
    """
    _FINDERS[name] = finder


def terms(text: str) -> tuple[tuple[Term, ...], ...]:
    """The ways to read a search: term by term, and, where it looks like one, as a phone number with spaces.

    Raises Invalid where there is nothing to search for, or too much.
    """
    if len(text) > _LONGEST:
        raise _refused(
            _("A search can have %(limit)s characters; this one has %(length)s.")
            % {"limit": _LONGEST, "length": len(text)}
        )
    if "\0" in text:
        raise _refused(_("The search holds a character that no text has."))
    words = [term for word in text.split() if (term := _term(word)).spellings]
    if not words:
        raise _refused(_("There is nothing in “%(text)s” to search for.") % {"text": text.strip()})
    if len(words) > _MOST_TERMS:
        raise _refused(_("A search can have %(limit)s words.") % {"limit": _MOST_TERMS})
    ways = [tuple(dict.fromkeys(words))]
    whole = text.strip()
    if len(words) > 1:
        if _LOOKS_LIKE_A_PHONE.fullmatch(whole):
            ways.append((Term(whole, _digit_spellings(whole)),))
        elif _FINDERS:
            ways.append((Term(whole, ()),))
    return tuple(ways)


def ask(text: str) -> Asked:
    """A search, with what the finders of other rooms know about it."""
    ways = terms(text)
    typed = {term.typed for way in ways for term in way}
    found = {
        word: frozenset(number for finder in _FINDERS.values() for number in finder(word)) for word in sorted(typed)
    }
    # what belongs to a record that was merged finds the person
    roots = people.roots_of(set().union(*found.values()))
    known = {word: frozenset(roots[number] for number in ids) for word, ids in found.items() if ids}
    # a way that nobody can fulfil is no way; the first one always stays
    useful = [way for way in ways[1:] if all(term.spellings or term.typed in known for term in way)]
    return Asked((ways[0], *useful), known)


def possible(asked: Asked, standings: Standings) -> tuple[Mask, Mask]:
    """Who may answer a search, by what the index knows, and who does for certain, so that their texts need no reading.

    Up to three characters are a gram themselves: who has it in the index has it in the text, unless the text was
    written anew since, which the index notes. Changed customers that are not indexed yet come on top.
    """
    may, certain = standings.nobody(), standings.nobody()
    for way in asked.ways:
        all_may, all_certain = ~standings.nobody(), ~standings.nobody()
        for term in way:
            either, surely = standings.nobody(), standings.nobody()
            for spelling in term.spellings:
                found = holding(spelling, standings)
                either |= found
                if len(spelling) <= GRAM:
                    surely |= found
            if known := asked.found.get(term.typed):
                places = standings.places(known)
                either[places] = True
                surely[places] = True
            all_may &= either
            all_certain &= surely
        may |= all_may
        certain |= all_certain
    if certain.any():
        certain &= ~_joined(Gram.objects.filter(code=RESTATED), all_of, 1, standings)
    return may, certain


def holding(spelling: str, standings: Standings) -> Mask:
    """Who may have a folded text in their search text: those that have all of its grams."""
    if len(spelling) == 1:
        low, high = range_of(spelling)
        return _joined(Gram.objects.filter(code__gte=low, code__lte=high), any_of, 1, standings)
    codes = codes_of(spelling)
    if len(codes) > _MOST_GRAMS:
        # any of them is a true hint; a few, spread over the text, are enough
        codes = [codes[number * len(codes) // _MOST_GRAMS] for number in range(_MOST_GRAMS)]
    return _joined(Gram.objects.filter(code__in=codes), all_of, len(codes), standings)


def _joined(
    grams: QuerySet[Gram], join: Callable[[Sequence[bytes]], Members], least: int, standings: Standings
) -> Mask:
    """Some grams' postings as one mask; a block needs at least so many of them to have anybody."""
    mask = standings.nobody()
    stored: dict[int, list[bytes]] = {}
    for block, posting in grams.filter(block__in=standings.blocks).values_list("block", "ids"):
        stored.setdefault(block, []).append(bytes(posting))
    for block, postings in stored.items():
        if len(postings) >= least:
            start = standings.place_of(block) << BLOCK_BITS
            mask[start : start + BLOCK] = join(postings)
    return mask


def _term(word: str) -> Term:
    folded = fold(word)
    spellings = [folded, *other_spellings(word)]
    if _LOOKS_LIKE_DIGITS.fullmatch(word):
        spellings += _digit_spellings(word)
    return Term(word, tuple(dict.fromkeys(spelling for spelling in spellings if spelling)))


def _digit_spellings(text: str) -> tuple[str, ...]:
    """The digits as typed, and without the zeros that stand before a national or an international number."""
    digits = digits_of(text)
    dialled = _DIALLED_FIRST.match(digits)
    spellings = (digits, digits[dialled.end() :] if dialled else "")
    return tuple(dict.fromkeys(spelling for spelling in spellings if spelling))


def _any(conditions: Iterable[Q]) -> Q:
    return reduce(Q.__or__, conditions)


def _refused(sentence: str) -> Invalid:
    return Invalid(sentence, fields={"q": [sentence]})
