"""The texts by which a person would be recognised, in every spelling in which a database, a file or a log has them."""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from urllib.parse import quote, quote_plus

from regulars.core.text import fold
from regulars.customers import people
from regulars.customers.models import Address, ContactPoint, Customer, Identity, OwnProfile

_LEAST_LETTERS, _LEAST_DIGITS = 5, 7
_LEAST_CHINESE = 2
_NAMES = ("name", "company")


@dataclass(frozen=True, slots=True)
class Needle:
    """One identifier of a person. `kind` is told in the certificate, `text` never is."""

    kind: str
    text: str


@dataclass(frozen=True, slots=True)
class Spelled:
    """All spellings of a person's needles: `texts` are looked for in text without regard of case, `raw` in files."""

    needles: tuple[Needle, ...]
    texts: tuple[str, ...] = field(default=())
    digits: tuple[str, ...] = field(default=())

    @property
    def kinds(self) -> dict[str, int]:
        """How many needles of each kind there are."""
        found: dict[str, int] = {}
        for needle in self.needles:
            found[needle.kind] = found.get(needle.kind, 0) + 1
        return found


def needles_of(customer: Customer) -> tuple[Needle, ...]:
    """Everything that says who somebody is: names, e-mails, phones, where they live, what channels call them."""
    records = people.records_with(customer)
    found: dict[Needle, None] = {}
    for needle in _all(records):
        if _is_telling(needle):
            found[needle] = None
    return tuple(found)


def spelled(needles: Iterable[Needle]) -> Spelled:
    """The needles in every spelling that can be met: as written, composed and taken apart, folded, escaped in JSON."""
    kept = tuple(needles)
    texts: dict[str, None] = {}
    digits: dict[str, None] = {}
    for needle in kept:
        if needle.kind == "phone":
            number = "".join(filter(str.isdigit, needle.text))
            digits[number[-9:] if len(number) > 9 else number] = None
            texts[needle.text.casefold()] = None
            continue
        for form in ("NFC", "NFD", "NFKC"):
            text = unicodedata.normalize(form, needle.text).casefold()
            texts[text] = None
            texts[json.dumps(text)[1:-1]] = None
            # an escape stands for the letter as it was written, before anything was made small
            texts[json.dumps(unicodedata.normalize(form, needle.text))[1:-1].casefold()] = None
            # saved lists and links have it as addresses do
            for quoted in (quote, quote_plus):
                texts[quoted(unicodedata.normalize(form, needle.text)).casefold()] = None
        folded = fold(needle.text)
        if _is_long_enough(folded):
            texts[folded] = texts[quote_plus(folded)] = None
    return Spelled(kept, tuple(text for text in texts if text), tuple(digits))


def _all(records: list[int]) -> Iterator[Needle]:
    rows = Customer.everyone.filter(pk__in=records)
    for one in rows:
        for name in (one.name, _joined(one.given_name, one.family_name), _joined(one.family_name, one.given_name)):
            yield Needle("name", name)
        if one.is_company:
            yield Needle("company", one.company)
        yield from (Needle("email", one.email), Needle("phone", one.phone), Needle("vat_number", one.vat_number))
    for own in OwnProfile.objects.filter(pk__in=records):
        values = own.values
        yield Needle("name", str(values.get("name") or ""))
        yield Needle("name", _joined(str(values.get("given_name") or ""), str(values.get("family_name") or "")))
        yield Needle("email", own.email)
        yield Needle("email", str(values.get("email") or ""))
        yield Needle("phone", str(values.get("phone") or ""))
    for point in ContactPoint.objects.filter(customer__in=records):
        yield Needle(point.kind, point.value)
    for address in Address.objects.filter(customer__in=records):
        yield from (Needle("name", address.name), Needle("address", address.line1), Needle("address", address.line2))
        yield Needle("phone", address.phone)
    for identity in Identity.objects.filter(customer__in=records):
        yield Needle("external_id", identity.external_id)


def _joined(first: str, second: str) -> str:
    return f"{first} {second}" if first and second else ""


def _is_telling(needle: Needle) -> bool:
    """Whether a text says who somebody is: “Anna” alone is half the town, and “12” is on every page."""
    text = needle.text.strip()
    if needle.kind == "phone":
        return sum(map(str.isdigit, text)) >= _LEAST_DIGITS
    if needle.kind in {"name", "company"} and not _has_chinese(text):
        return _is_long_enough(text) and (needle.kind == "company" or len(text.split()) > 1)
    if needle.kind == "address":
        return any(map(str.isdigit, text)) and any(map(str.isalpha, text)) and _is_long_enough(text)
    return _is_long_enough(text)


def _is_long_enough(text: str) -> bool:
    return len(text) >= (_LEAST_CHINESE if _has_chinese(text) else _LEAST_LETTERS)


def _has_chinese(text: str) -> bool:
    return any("\u3400" <= character <= "\u9fff" for character in text)
