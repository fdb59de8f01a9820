"""Text as people write it: cleaned for keeping, folded for finding, and Chinese by its sound."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from functools import cache, lru_cache

import opencc
from django.utils.translation import gettext as _

# Invisible: soft hyphen, zero-width spaces, marks and overrides of direction, tags, fillers that look like nothing.
_INVISIBLE = (
    "\u00ad\u180e\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\u3164\uffa0"
    "\U000e0001\U000e0020-\U000e007f"
)
# Persian and the scripts of India spell with the two joiners; everywhere else they are invisible dirt.
_JOINING = "\u0600-\u08ff\u0900-\u0dff\u1000-\u109f\u1780-\u17ff"
_STRIPPED = re.compile(
    f"[\x00-\x1f\x7f-\x9f\ud800-\udfff{_INVISIBLE}]|(?<![{_JOINING}])[\u200c\u200d]|[\u200c\u200d](?![{_JOINING}])"
)
_FILLER = re.compile("[\u3164\uffa0]").search
_CHINESE = re.compile("[\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003134f]+")
SORT_LENGTH = 120

# Letters that Unicode does not take apart into a base letter and a mark; and the apostrophes that phones make of '.
_LETTERS = {
    "ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "æ": "ae", "œ": "oe", "ħ": "h", "ı": "i", "ŋ": "n", "ŧ": "t",
    "’": "'", "‘": "'", "ʼ": "'", "ʻ": "'", "′": "'",
}  # fmt: skip

# Surnames that are read otherwise than the same character in other words; the usual other reading is kept as well.
_SURNAMES = {
    "曾": "zeng", "单": "shan", "解": "xie", "仇": "qiu", "朴": "piao", "查": "zha", "盖": "ge", "区": "ou",
    "翟": "zhai", "乐": "yue", "覃": "qin", "缪": "miao", "员": "yun", "冼": "xian", "繁": "po", "种": "chong",
    "秘": "bi", "折": "she", "召": "shao", "祭": "zhai", "宓": "mi", "隗": "wei", "车": "che", "能": "nai",
    "句": "gou", "重": "chong", "薄": "bo", "柏": "bai", "都": "du", "任": "ren", "应": "ying", "燕": "yan",
    "石": "shi", "葛": "ge", "那": "na", "华": "hua",
    "尉迟": "yu chi", "长孙": "zhang sun", "万俟": "mo qi", "澹台": "tan tai", "令狐": "ling hu",
}  # fmt: skip
_OTHER_READINGS = {
    "翟": "di", "覃": "tan", "缪": "mou", "隗": "kui", "朴": "pu", "盖": "gai", "单": "dan", "曾": "ceng",
    "解": "jie", "仇": "chou", "查": "cha", "区": "qu", "乐": "le", "柏": "bo", "吕": "lu", "车": "ju",
    "员": "yuan", "种": "zhong", "尉迟": "wei chi", "长孙": "chang sun",
}  # fmt: skip


class BadText(ValueError):  # noqa: N818 — an answer, not a failure of ours
    """The text cannot be kept; the sentence says why."""


def clean(text: str, *, limit: int) -> str:
    """The text as it is kept: composed (NFC), one space between words, nothing invisible, at most `limit` characters.

    Raises BadText on a NUL byte, which no honest text has, and on a text that does not fit.
    """
    if text.isascii() and text.isprintable():  # most cells of most files
        if "  " in text or text[:1] == " " or text[-1:] == " ":
            text = " ".join(text.split())
    elif not (text.isprintable() and unicodedata.is_normalized("NFC", text)) or _has_loose_space(text) or _FILLER(text):
        if "\0" in text:
            raise BadText(_("It holds a NUL byte, which cannot be kept."))
        text = _STRIPPED.sub("", " ".join(text.split()))
        text = " ".join(unicodedata.normalize("NFC", text).split())
    if len(text) > limit:
        raise BadText(
            _("It is %(length)s characters long; %(limit)s are the most that fit.")
            % {"length": len(text), "limit": limit}
        )
    return text


def is_clean(texts: Sequence[str]) -> bool:
    """Whether `clean` would leave all of these as they are, their length aside; as one text they are read at once."""
    whole = "\n".join(texts)
    if (
        whole.count("\n") != len(texts) - 1
        or "  " in whole
        or "\n " in whole
        or " \n" in whole
        or whole[:1] == " "
        or whole[-1:] == " "
        or not whole.replace("\n", "").isprintable()
    ):
        return False
    return whole.isascii() or (unicodedata.is_normalized("NFC", whole) and not _FILLER(whole))


_LINE_END = re.compile("\r\n|\r|\n")
_EMPTY_LINES = re.compile("\n{3,}")


def clean_lines(text: str, *, limit: int) -> str:
    """A text of several lines as it is kept: each line clean, at most one empty line between them. Raises BadText."""
    lines = [clean(line, limit=len(line)) for line in _LINE_END.split(text)]
    kept = _EMPTY_LINES.sub("\n\n", "\n".join(lines)).strip("\n")
    if len(kept) > limit:
        raise BadText(
            _("It is %(length)s characters long; %(limit)s are the most that fit.")
            % {"length": len(kept), "limit": limit}
        )
    return kept


def fold(text: str) -> str:
    """The text as it is found: no capitals, no accents, no width, traditional characters as simplified ones.

    Every character is folded alone, so that a part of a text folds to a part of the folded text.
    """
    if text.isascii():
        lowered = text.lower()
        # splitting and joining costs most of the time, and most texts have been cleaned before
        return " ".join(lowered.split()) if _has_loose_space(text) else lowered
    return " ".join(unicodedata.normalize("NFC", text.translate(_FOLDED)).split())


def pinyin_keys(text: str) -> list[str]:
    """How Chinese names in a text are typed in Latin letters: 张三 gives zhangsan and zs, 曾伟 also cengwei and cw.

    A text without Chinese characters gives nothing.
    """
    if text.isascii():
        return []
    keys: dict[str, None] = {}
    for run in _CHINESE.findall(text):
        for syllables in _readings(fold(run)):
            keys["".join(syllables)] = None
            keys["".join(syllable[0] for syllable in syllables)] = None
    return list(keys)


def sort_key(text: str) -> str:
    """What a list of names is sorted by: folded, Chinese by its sound, at most 120 characters."""
    return sort_key_of_folded(fold(text))


def sort_key_of_folded(folded: str) -> str:
    """The sort key of a text that is folded already."""
    if not folded.isascii():
        folded = " ".join(_CHINESE.sub(lambda run: f" {' '.join(_readings(run[0])[0])} ", folded).split())
    return folded[:SORT_LENGTH].rstrip()


def _has_loose_space(text: str) -> bool:
    return "  " in text or text[:1] == " " or text[-1:] == " " or not text.isprintable()


@lru_cache(maxsize=32768)
def _readings(run: str) -> list[list[str]]:
    """The readings of a run of simplified characters, the likeliest first: as a name, as words, with the other
    usual reading of the surname.
    """
    # Its dictionary costs 60 MB, and a shop without Chinese customers never needs it.
    from pypinyin import lazy_pinyin  # noqa: PLC0415

    words = [syllable for syllable in lazy_pinyin(run) if syllable]
    found = [words]
    if len(words) == len(run):
        surname = next((run[:n] for n in (2, 1) if run[:n] in _SURNAMES or run[:n] in _OTHER_READINGS), "")
        others = (_SURNAMES.get(surname), _OTHER_READINGS.get(surname))
        as_names = [[*reading.split(), *words[len(surname) :]] for reading in others if reading]
        # A name is short; 重庆商贸有限公司 is not somebody called 重.
        found = [*as_names, words] if surname in _SURNAMES and len(run) <= 4 else [words, *as_names]
    return [reading for n, reading in enumerate(found) if reading not in found[:n]]


class _Folded(dict[int, str]):
    """Code point → its folded text, worked out the first time a character is met."""

    def __missing__(self, code: int) -> str:
        folded = self[code] = _fold_character(chr(code))
        return folded


_FOLDED = _Folded()


def _fold_character(character: str) -> str:
    if _STRIPPED.match(character) and not character.isspace():
        return ""
    # Twice, because folding can bring a mark to light (İ) and a mark can hide a letter that folds.
    for _round in range(2):
        character = unicodedata.normalize("NFKD", character).casefold()
        character = "".join(_LETTERS.get(c, c) for c in character if not "\u0300" <= c <= "\u036f")
    if _CHINESE.fullmatch(character):
        character = "".join(_simplifier().convert(c) for c in character)
    return character


@cache
def _simplifier() -> opencc.OpenCC:
    return opencc.OpenCC("t2s")
