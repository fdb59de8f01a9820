"""The text a customer is found by, and the short pieces of it that the search index knows.

Pure numpy over plain text: usable in a process that has no database. A *gram* is two or three characters that follow
each other inside one line of a search text; the end of a line counts as a character of a pair, so that every
character of every line begins a pair, and a search for one character is a range of pairs.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt

from regulars.core.text import fold, pinyin_keys
from regulars.customers.spellings import other_spellings

BLOCK_BITS = 16
BLOCK = 1 << BLOCK_BITS
GRAM = 3  # the longest piece
RESTATED = 0  # in the place of a gram: whose text was written anew since the index was built
_END = "\n"
_BITS = 21  # a code point
_KEY_BITS = 63
_SLICE = 1 << 16  # characters worked on at a time
_NOT_DIGITS = re.compile(r"\D+")

Ids = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Extracted:
    """The grams of a batch, ready to be merged: `ends[i-1]:ends[i]` of `lows` belong to `blocks[i]`, `codes[i]`."""

    ids: Ids
    blocks: npt.NDArray[np.int64]
    codes: npt.NDArray[np.int64]
    ends: npt.NDArray[np.int64]
    lows: npt.NDArray[np.uint16]

    def __len__(self) -> int:
        return len(self.codes)

    def moved(self, ids: Sequence[int]) -> Extracted:
        """The grams of texts that were numbered from 0, now that they have ids: rising, without a gap, in one block."""
        first = ids[0]
        if not len(ids) == len(self.ids) == ids[-1] - first + 1 or first >> BLOCK_BITS != ids[-1] >> BLOCK_BITS:
            raise ValueError("these ids do not follow each other in one block")
        return Extracted(
            ids=self.ids + first,
            blocks=np.full(len(self), first >> BLOCK_BITS, dtype=np.int64),
            codes=self.codes,
            ends=self.ends,
            lows=self.lows + np.uint16(first & (BLOCK - 1)),
        )

    def packed(self) -> tuple[int, bytes, bytes, bytes]:
        """Grams of texts that were numbered from 0, as plain values."""
        return len(self.ids), self.codes.tobytes(), self.ends.astype(np.uint32).tobytes(), self.lows.tobytes()

    @classmethod
    def unpacked(cls, count: int, codes: bytes, ends: bytes, lows: bytes) -> Extracted:
        """What `packed` packed."""
        return cls(
            ids=np.arange(count),
            blocks=np.zeros(len(codes) // 8, dtype=np.int64),
            codes=np.frombuffer(codes, dtype=np.int64),
            ends=np.frombuffer(ends, dtype=np.uint32).astype(np.int64),
            lows=np.frombuffer(lows, dtype=np.uint16),
        )


def search_text_of(values: Mapping[str, Any]) -> str:
    """What somebody is found by, one folded line each: name, given and family name, company, e-mail, digits of the
    phone, postcode as written and without spaces, further e-mails and phones, Chinese by its sound, and what
    other spellings of the names there are.

    `values` are fields of Customer, and `contacts` the further e-mails and phones; what is missing is left out.
    """
    # An import calls this for every row: nothing is done for what is empty, and nothing twice.
    name, company = values.get("name") or "", values.get("company") or ""
    given, family = values.get("given_name") or "", values.get("family_name") or ""
    parts = f"{given} {family}" if given and family else given or family
    email, phone, postcode = values.get("email") or "", values.get("phone") or "", values.get("postcode") or ""
    lines: dict[str, None] = {}
    for text in (name, parts, company, email):
        if text:
            lines[fold(text)] = None
    if phone:
        lines[phone[1:] if phone[1:].isdigit() and phone.isascii() and phone[0] == "+" else digits_of(phone)] = None
    if postcode:
        lines[written := fold(postcode)] = None
        lines[written.replace(" ", "")] = None
    for value in values.get("contacts") or ():
        lines[fold(value) if "@" in value else digits_of(value)] = None
    if has_other_ways(f"{name}{parts}{company}"):
        lines.update(dict.fromkeys(other_ways(name, parts, company)))
    lines.pop("", None)
    return _END.join(lines)


def has_other_ways(text: str) -> bool:
    """Whether names may be said or spelled in other ways than they are written."""
    return not text.isascii() or "'" in text


def other_ways(name: str, parts: str, company: str) -> list[str]:
    """Chinese by its sound, and other spellings."""
    texts = list(dict.fromkeys((name, parts, company)))
    return [*(key for text in texts for key in _sounds(text)), *(key for text in texts for key in _spellings(text))]


# the same names come again and again
_sounds = lru_cache(maxsize=16_384)(pinyin_keys)
_spellings = lru_cache(maxsize=16_384)(other_spellings)


def digits_of(text: str) -> str:
    """The digits of a phone number, without the (0) that people write between country and area."""
    return _NOT_DIGITS.sub("", text.replace("(0)", ""))


def codes_of(term: str) -> list[int]:
    """The grams of a folded term; every text that contains the term has all of them. Empty for one character."""
    points = [ord(character) for character in term]
    if len(points) == 2:
        return [points[0] << _BITS | points[1]]
    triples = zip(points, points[1:], points[2:], strict=False)
    return list(dict.fromkeys(a << 2 * _BITS | b << _BITS | c for a, b, c in triples))


def range_of(character: str) -> tuple[int, int]:
    """The first and the last code of the pairs that begin with a character."""
    return ord(character) << _BITS, (ord(character) + 1 << _BITS) - 1


def extract(ids: Sequence[int] | Ids, texts: Sequence[str]) -> Extracted:
    """The grams of many search texts.

    1. Sort by id and cut into blocks.
    2. Join the texts of a block to one array of code points, and number the few different characters.
    3. A gram and the last 16 bits of the id make one 64-bit key; sort the keys, drop the repeats.
    4. Runs of the same gram are the postings.
    """
    rows = np.asarray(ids, dtype=np.int64)
    if len(rows) != len(texts):
        raise ValueError(f"{len(rows)} ids and {len(texts)} texts")
    if not len(rows):
        nothing = np.zeros(0, dtype=np.int64)
        return Extracted(rows, nothing, nothing, nothing, np.zeros(0, dtype=np.uint16))
    order = np.argsort(rows, kind="stable")
    rows, texts = rows[order], [texts[i] for i in order]
    blocks = rows >> BLOCK_BITS
    cuts = [0, *(np.flatnonzero(np.diff(blocks)) + 1).tolist(), len(rows)]
    found = [
        _extract_block(int(blocks[start]), rows[start:stop] & (BLOCK - 1), texts[start:stop])
        for start, stop in pairwise(cuts)
    ]
    lengths = np.concatenate([lengths for _block, _codes, lengths, _lows in found])
    return Extracted(
        ids=rows,
        blocks=np.concatenate([np.full(len(codes), block, dtype=np.int64) for block, codes, _n, _lows in found]),
        codes=np.concatenate([codes for _block, codes, _n, _lows in found]),
        ends=np.cumsum(lengths),
        lows=np.concatenate([lows for _block, _codes, _n, lows in found]),
    )


def restated(ids: Sequence[int] | Ids) -> Extracted:
    """Customers who may have postings of a former text, as a gram of its own (no text gives the code 0)."""
    rows = np.unique(np.asarray(ids, dtype=np.int64))
    blocks, counts = np.unique(rows >> BLOCK_BITS, return_counts=True)
    return Extracted(
        ids=rows,
        blocks=blocks,
        codes=np.full(len(blocks), RESTATED, dtype=np.int64),
        ends=np.cumsum(counts),
        lows=(rows & (BLOCK - 1)).astype(np.uint16),
    )


def strung(parts: Sequence[Extracted]) -> Extracted:
    """Grams of several batches as one, where every id of a batch is higher than those of the batches before it."""
    if len(parts) == 1:
        return parts[0]
    codes, blocks = np.concatenate([part.codes for part in parts]), np.concatenate([part.blocks for part in parts])
    order = np.lexsort((codes, blocks))  # stable: of one gram the lower ids stay before the higher ones
    ends = np.concatenate([part.ends for part in parts])
    starts = np.concatenate([np.concatenate([[0], part.ends[:-1]]) for part in parts if len(part)] or [ends])
    owners = np.repeat(np.arange(len(parts)), [len(part) for part in parts])
    lows = [part.lows.data.cast("B") for part in parts]
    joined = bytearray()
    # slices of bytes: to gather the numbers by their places would take an array eight times as large
    for first in range(0, len(order), _SLICE):
        some = order[first : first + _SLICE]
        pieces = zip(owners[some].tolist(), (2 * starts[some]).tolist(), (2 * ends[some]).tolist(), strict=True)
        for owner, start, end in pieces:
            joined += lows[owner][start:end]
    codes, blocks = codes[order], blocks[order]
    firsts = _firsts(codes) | _firsts(blocks)
    lasts = np.flatnonzero(np.concatenate([firsts[1:], firsts[:1]]))
    return Extracted(
        ids=np.concatenate([part.ids for part in parts]),
        blocks=blocks[lasts],
        codes=codes[lasts],
        ends=np.cumsum((ends - starts)[order])[lasts],
        lows=np.frombuffer(joined, dtype=np.uint16),
    )


def _extract_block(
    block: int, lows: Ids, texts: Sequence[str]
) -> tuple[int, npt.NDArray[np.int64], npt.NDArray[np.int64], npt.NDArray[np.uint16]]:
    """Block, codes, how many postings each has, and the postings one after the other. `lows` rise."""
    lengths = np.fromiter(map(len, texts), dtype=np.int64, count=len(texts)) + 1
    points = np.frombuffer((_END.join(texts) + _END).encode("utf-32-le", "surrogatepass"), dtype=np.uint32)
    docs = np.repeat(lows.astype(np.uint16), lengths)
    alphabet, numbers = _numbered(points)
    width = len(alphabet).bit_length()
    if 3 * width + BLOCK_BITS > _KEY_BITS:
        grams, docs = _sorted_slowly(points, docs)
    else:
        end = int(np.searchsorted(alphabet, ord(_END)))
        keys = np.concatenate([gram << BLOCK_BITS | here for gram, here in _pieces(numbers, docs, end, width)])
        keys.sort()
        keys = keys[_firsts(keys)]
        grams, docs = keys >> BLOCK_BITS, (keys & (BLOCK - 1)).astype(np.uint16)
    starts = np.flatnonzero(_firsts(grams))
    counts = np.diff(np.concatenate([starts, [len(grams)]]))
    codes = grams[starts]
    if 3 * width + BLOCK_BITS <= _KEY_BITS:
        mask = (1 << width) - 1
        wide = np.concatenate([[0], alphabet.astype(np.int64)])
        codes = _code(wide[codes >> 2 * width], wide[codes >> width & mask], wide[codes & mask])
    return block, codes, counts, docs


def _sorted_slowly(
    points: npt.NDArray[np.uint32], docs: npt.NDArray[np.uint16]
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.uint16]]:
    """Codes and documents of a batch with more different characters than a 64-bit key has room for."""
    mask = (1 << _BITS) - 1
    pieces = list(_pieces(points, docs, ord(_END), _BITS))
    # the characters count from 1 here, too
    packed = np.concatenate([gram for gram, _here in pieces])
    third = packed & mask
    codes = _code((packed >> 2 * _BITS) - 1, (packed >> _BITS & mask) - 1, np.where(third == 0, 0, third - 1))
    here = np.concatenate([here for _gram, here in pieces])
    order = np.lexsort((here, codes))
    codes, here = codes[order], here[order]
    kept = _firsts(codes) | _firsts(here)
    return codes[kept], here[kept].astype(np.uint16)


def _code(
    first: npt.NDArray[np.int64], second: npt.NDArray[np.int64], third: npt.NDArray[np.int64]
) -> npt.NDArray[np.int64]:
    """The codes of grams; of a pair the third place is 0."""
    return np.where(third == 0, first << _BITS | second, first << 2 * _BITS | second << _BITS | third)


def _firsts(values: npt.NDArray[Any]) -> npt.NDArray[np.bool_]:
    """Where a value differs from the one before it."""
    return np.concatenate([np.ones(min(1, len(values)), dtype=bool), values[1:] != values[:-1]])


def _pieces(
    numbers: npt.NDArray[Any], docs: npt.NDArray[np.uint16], end: int, width: int
) -> Iterator[tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]]:
    """The gram and the document of every place of the text, a slice at a time, so that memory stays small.

    A gram is three characters of `width` bits, counted from 1, so that a pair, whose third place is 0, differs from
    every triple.
    """
    for start in range(0, len(numbers), _SLICE):
        piece = numbers[start : start + _SLICE + 2]
        size = min(_SLICE, len(numbers) - start)
        here = docs[start : start + size].astype(np.int64)
        # two places past the end of the text there is another line end, and nothing else
        piece = np.concatenate([piece, np.full(size + 2 - len(piece), end, dtype=piece.dtype)])
        is_end = piece == end
        points = piece.astype(np.int64) + 1
        pairs = (points[:size] << width | points[1 : size + 1]) << width
        is_pair = ~is_end[:size]
        yield pairs[is_pair], here[is_pair]
        is_triple = is_pair & ~is_end[1 : size + 1] & ~is_end[2 : size + 2]
        yield (pairs | points[2 : size + 2])[is_triple], here[is_triple]


def _numbered(points: npt.NDArray[np.uint32]) -> tuple[npt.NDArray[np.uint32], npt.NDArray[Any]]:
    """The different characters, rising, and each character as its number among them (np.unique, but linear)."""
    seen = np.zeros(int(points.max()) + 1, dtype=bool)
    seen[points] = True
    alphabet = np.flatnonzero(seen).astype(np.uint32)
    kind = np.uint16 if len(alphabet) <= BLOCK else np.uint32
    table = np.zeros(len(seen), dtype=kind)
    table[alphabet] = np.arange(len(alphabet), dtype=np.uint32).astype(kind)
    return alphabet, table[points]
