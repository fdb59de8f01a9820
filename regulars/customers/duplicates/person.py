"""A person as the search for duplicates sees them: every field in the form in which it is compared.

Nothing is refused here: a date that does not exist is still evidence, because the same slip is in both records or one
digit away from the right one.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache
from typing import NamedTuple

from regulars.core.text import fold

LONGEST = 100
"""Characters of a field that are compared; what comes after them is not a name any more."""

MOST_SEVERAL = 4


class Person(NamedTuple):
    """What is known of somebody. All texts are folded; `birth` is YYYYMMDD with 0 for what is not known."""

    given: str = ""
    middle: str = ""
    family: str = ""
    name: str = ""
    birth: str = ""
    id_number: str = ""
    email: tuple[str, ...] = ()
    phone: tuple[str, ...] = ()
    gender: str = ""
    company: str = ""
    postcode: str = ""
    street: str = ""
    number: str = ""
    unit: str = ""
    city: str = ""
    region: str = ""
    country: str = ""
    birth_place: str = ""
    occupation: str = ""


FIELDS_OF_PERSON = Person._fields
SEVERAL = frozenset({"email", "phone"})

_CHINESE = re.compile("[\u3400-\u4dbf\u4e00-\u9fff\U00020000-\U0003134f]")
_NOT_A_WORD = re.compile(r"[\W_]+")
_NOT_ALNUM = re.compile(r"[\W_]+")
_NOTHING = frozenset({"", "na", "n a", "nan", "none", "null", "nil", "unknown", "not known", "missing"}) | {
    "未知", "无"
}  # fmt: skip


@lru_cache(maxsize=65536)
def words(text: str) -> str:
    """Folded words with one space between them, no punctuation; nothing where it says that nothing is known."""
    folded = fold(text[: 2 * LONGEST])
    if not folded.isalnum():
        folded = " ".join(_NOT_A_WORD.sub(" ", folded.replace("'", "")).split())
    return "" if folded in _NOTHING else folded[:LONGEST]


def compact(text: str) -> str:
    """Letters and digits alone."""
    return _NOT_ALNUM.sub("", fold(text[: 2 * LONGEST]))[:LONGEST]


# ── names

_TITLES = frozenset(
    [
        "mr",
        "mrs",
        "ms",
        "miss",
        "mx",
        "dr",
        "prof",
        "professor",
        "sir",
        "dame",
        "lady",
        "lord",
        "rev",
        "herr",
        "frau",
        "fraulein",
        "madame",
        "mme",
        "monsieur",
    ]
)
_SUFFIXES = frozenset(["jr", "sr", "junior", "senior", "ii", "iii", "iv", "phd", "md", "esq"])
_PARTICLES = frozenset(
    [
        "van",
        "von",
        "der",
        "den",
        "de",
        "del",
        "della",
        "di",
        "da",
        "do",
        "dos",
        "du",
        "la",
        "le",
        "ter",
        "ten",
        "zu",
        "zum",
        "zur",
        "al",
        "el",
        "bin",
        "ibn",
        "mac",
        "o",
        "st",
    ]
)
_COMPOUND = frozenset(
    [
        "欧阳",
        "司马",
        "上官",
        "诸葛",
        "东方",
        "皇甫",
        "尉迟",
        "公孙",
        "慕容",
        "司徒",
        "令狐",
        "夏侯",
        "长孙",
        "宇文",
        "端木",
        "百里",
        "南宫",
        "独孤",
        "澹台",
        "万俟",
        "轩辕",
        "闻人",
        "东郭",
        "呼延",
    ]
)


def given_name(text: str) -> str:
    """A given name without title and without the marks of a generation."""
    found = words(text)
    if " " in found:
        kept = [word for word in found.split() if word not in _TITLES and word not in _SUFFIXES]
        found = " ".join(kept) or found
    return found


def family_name(text: str) -> str:
    """A family name without what follows it: “jr” and its like."""
    return given_name(text)


def parts_of_name(text: str) -> tuple[str, str]:
    """Given and family name of a whole name: Ada Lovelace, Lovelace, Ada, 张三, Ludwig van Beethoven."""
    before, comma, after = text[: 2 * LONGEST].partition(",")
    if comma and words(after) and words(after) not in _SUFFIXES:
        return given_name(after), family_name(before)
    found = given_name(text).split()
    if not found:
        return "", ""
    if len(found) == 1:
        only = found[0]
        if _CHINESE.match(only) and 2 <= len(only) <= 4:
            cut = 2 if only[:2] in _COMPOUND and len(only) > 2 else 1
            return only[cut:], only[:cut]
        return "", only
    cut = len(found) - 1
    while cut > 1 and found[cut - 1] in _PARTICLES:
        cut -= 1
    return " ".join(found[:cut]), " ".join(found[cut:])


# ── dates

_MONTHS = {
    name: str(number)
    for number, names in enumerate(
        ("jan januar", "feb februar", "mar march marz maerz", "apr april", "may mai", "jun june juni", "jul july juli",
         "aug august", "sep sept september", "oct okt oktober", "nov november", "dec dez dezember"), start=1)
    for name in names.split()
}  # fmt: skip
_MONTHS |= {"january": "1", "february": "2", "october": "10", "december": "12"}
_RUNS = re.compile(r"\d+|[^\W\d_]+")


def date_parts(text: str) -> list[str]:
    """The numbers of a date as they stand there, months by name as numbers, and no time of day."""
    bare = re.split(r"[T ]\d{1,2}:", text[:60].strip(), maxsplit=1)[0]
    parts = [_MONTHS.get(run.casefold(), run) for run in _RUNS.findall(bare)]
    return [part for part in parts if part.isascii() and part.isdigit()]


def birth_date(text: str, *, is_month_first: bool = False) -> str:
    """A date as YYYYMMDD, whatever way it is written, 0 for what is not known; nothing where it is no date."""
    parts = date_parts(text)
    if len(parts) == 1:
        return _run_together(parts[0])
    if len(parts) == 2:
        first, second = parts
        if len(first) == 4:
            return _joined(first, second, "0")
        if len(second) == 4:
            return _joined(second, first, "0")
        month, day = (first, second) if is_month_first or text.strip().startswith("--") else (second, first)
        return _joined("0", month, day)
    if len(parts) != 3:
        return ""
    if len(parts[0]) == 4:
        return _joined(*parts)
    day, month, year = parts
    if is_month_first:
        day, month = month, day
    if len(year) == 2:
        year = ("19" if int(year) > 30 else "20") + year
    return _joined(year, month, day)


def birth_of(year: str, month: str, day: str) -> str:
    """A date given in three columns."""
    year, month, day = (next(iter(date_parts(part)), "0") for part in (year, month, day))
    return _joined(year, month, day)


def _run_together(digits: str) -> str:
    if len(digits) == 8:
        if digits[:2] in {"18", "19", "20"} or digits[4:6] not in {"18", "19", "20"}:
            return digits
        return digits[4:] + digits[2:4] + digits[:2]
    return f"{digits}0000" if len(digits) == 4 and digits[:2] in {"18", "19", "20"} else ""


def _joined(year: str, month: str, day: str) -> str:
    joined = f"{int(year[:4]):04d}{int(month[:2]):02d}{int(day[:2]):02d}"
    return joined if joined.strip("0") else ""


# ── numbers and addresses


def id_number(text: str) -> str:
    """A number of the state or of an insurance, without dots and spaces."""
    found = compact(text)
    return "" if found in _NOTHING or not found.strip("0x") else found


def email_address(text: str) -> str:
    """An address in the form in which it is the same mailbox: no capitals, no +tag."""
    folded = fold(text[:254]).replace(" ", "").removeprefix("mailto:").strip("<>;,")
    local, at, domain = folded.rpartition("@")
    if not at:
        return folded if len(folded) > 3 and folded not in _NOTHING else ""
    local = local.split("+")[0] or local
    if domain in {"gmail.com", "googlemail.com"}:
        local, domain = local.replace(".", ""), "gmail.com"
    return f"{local}@{domain}"


_EXTENSION = re.compile(r"(?:ext|x|#|durchwahl)\W*\d+\s*$", re.IGNORECASE)


def phone_number(text: str) -> str:
    """The digits of a number, without extension and the zeros that are dialled first."""
    digits = "".join(c for c in _EXTENSION.sub("", text[:60]) if c.isdecimal())
    if not digits.isascii():
        digits = "".join(str(int(c)) for c in digits)
    digits = digits.lstrip("0")
    return digits[:15] if len(digits) >= 5 else ""


_GENDERS = {
    **dict.fromkeys(
        ["m", "male", "man", "mann", "maennlich", "mannlich", "herr", "mr", "boy", "男", "男性", "先生"], "m"
    ),
    **dict.fromkeys(["f", "w", "female", "woman", "frau", "weiblich", "mrs", "ms", "girl"], "f"),
    **dict.fromkeys(["女", "女性", "女士"], "f"),
}


def gender(text: str) -> str:
    """M, f, or the word that stands there."""
    found = words(text)
    return _GENDERS.get(found, found)


_LEGAL = frozenset(
    [
        "gmbh",
        "mbh",
        "ltd",
        "limited",
        "inc",
        "incorporated",
        "llc",
        "llp",
        "plc",
        "corp",
        "corporation",
        "co",
        "company",
        "ag",
        "kg",
        "ohg",
        "ug",
        "se",
        "sa",
        "sas",
        "sarl",
        "srl",
        "spa",
        "bv",
        "nv",
        "ab",
        "as",
        "oy",
        "pty",
        "pte",
        "the",
        "and",
        "und",
        "et",
    ]
)
_LEGAL_CHINESE = re.compile("(?:股份)?有限(?:责任)?公司$|公司$")


def company_name(text: str) -> str:
    """A firm without its legal form."""
    found = words(text)
    kept = " ".join(word for word in found.split() if word not in _LEGAL)
    return _LEGAL_CHINESE.sub("", kept) or found


def post_code(text: str) -> str:
    """A postcode without spaces, and without the zeros that spreadsheets take away; nothing where it is all zeros."""
    found = compact(text)
    # 12345.0 is what a column of numbers makes of 12345; 12345-6789 is 12345 and a walk
    if re.fullmatch(r"\s*\d{3,6}\.0\s*", text):
        found = found[:-1]
    elif re.fullmatch(r"\s*\d{5}-\d{4}\s*", text):
        found = found[:5]
    return "" if found in _NOTHING else found.lstrip("0")


_STREETS = {
    "st": "street", "str": "strasse", "rd": "road", "ave": "avenue", "av": "avenue", "dr": "drive", "ln": "lane",
    "ct": "court", "crt": "court", "pl": "place", "blvd": "boulevard", "cl": "close", "cres": "crescent",
    "cr": "crescent", "cct": "circuit", "tce": "terrace", "ter": "terrace", "hwy": "highway", "pde": "parade",
    "pkwy": "parkway", "sq": "square", "gdns": "gardens", "gr": "grove", "wy": "way", "pl.": "platz", "cir": "circle",
    "first": "1st", "second": "2nd", "third": "3rd", "fourth": "4th", "fifth": "5th", "sixth": "6th", "seventh": "7th",
    "eighth": "8th", "ninth": "9th", "tenth": "10th", "n": "north", "s": "south", "e": "east",
    "w": "west", "mt": "mount",
}  # fmt: skip
_NUMBER_FIRST = re.compile(r"(\d+[a-z]?(?:\s?[-/]\s?\d+[a-z]?)*)[\s,]+(?=\D|\d+(?:st|nd|rd|th)\b)(.+)")
_CROSSING = re.compile(r" (?:between|near|off|at|@) .*")
_NUMBER_LAST = re.compile(r"(.*?\D)[\s,]+(\d+\s?[a-z]?(?:\s?[-/]\s?\d+[a-z]?)*)")
_NUMBER_CHINESE = re.compile(r"(.*?[路街道巷弄村里])(\d+)[号弄](.*)")


def street_and_number(text: str, number: str = "") -> tuple[str, str]:
    """The street and the number of the house, wherever that stands: 12 High St, Hafenstr. 12a, 南京西路12号."""
    folded = _CROSSING.sub("", " ".join(fold(text[: 2 * LONGEST]).replace(".", " ").split()))
    found = compact(number)
    if not found:
        if first := _NUMBER_FIRST.fullmatch(folded):
            found, folded = first[1], first[2]
        elif chinese := _NUMBER_CHINESE.fullmatch(folded):
            found, folded = chinese[2], chinese[1] + chinese[3]
        elif last := _NUMBER_LAST.fullmatch(folded):
            folded, found = last[1], last[2]
    return street(folded), compact(found)


@lru_cache(maxsize=65536)
def street(text: str) -> str:
    """A street with its kind written out."""
    found = [_STREETS.get(word, word) for word in words(text).split()]
    if found and len(found[-1]) > 5 and found[-1].endswith("str"):
        found[-1] += "asse"
    return " ".join(found)[:LONGEST]


def several(texts: Iterable[str]) -> tuple[str, ...]:
    """Different texts, without the empty ones."""
    return tuple(dict.fromkeys(text for text in texts if text))[:MOST_SEVERAL]
