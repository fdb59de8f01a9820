"""Invented people: names, companies, addresses, e-mails and phone numbers as each country writes them.

Everything follows from the seed. E-mail addresses end in .example, which nobody can own; phone numbers are of ranges
set aside for fiction where a country has them, and otherwise merely have the right shape.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache, lru_cache
from pathlib import Path
from random import Random
from typing import Any, NamedTuple

from regulars.core.text import fold, pinyin_keys

_FILE = Path(__file__).with_name("data") / "people.toml"
_MAIL_HOSTS = ("post.example", "mail.example", "letters.example", "home.example", "inbox.example")
_LETTERS = "ABDEFGHJLNPQRSTUWXYZ"  # those that British and Dutch postcodes use without exception


class Person(NamedTuple):
    """Someone who does not exist, ready to be a row of an import."""

    given_name: str = ""
    family_name: str = ""
    name: str = ""
    company: str = ""
    email: str = ""
    phone: str = ""
    language: str = ""
    line1: str = ""
    city: str = ""
    region: str = ""
    postcode: str = ""
    country: str = ""


@dataclass(frozen=True, slots=True)
class _City:
    name: str
    postcode: str
    phone: str
    region: str


@dataclass(frozen=True, slots=True)
class Place:
    """What the people of a country, or of a part of them, are made of."""

    code: str
    weight: int
    country: str
    language: str
    form: str
    street: str
    given: tuple[str, ...]
    family: tuple[str, ...]
    streets: tuple[str, ...]
    cities: tuple[_City, ...]
    phones: tuple[str, ...]
    companies: tuple[str, ...]


@dataclass(slots=True)
class Inventor:
    """Makes people up. The same seed makes the same people in the same order.

    A `tag` becomes part of every e-mail's host and the number part of its name: so millions of addresses differ from
    each other, and from those of another tag, without being remembered.
    """

    random: Random
    tag: str = ""
    _mails: set[str] = field(default_factory=set)

    def person(self, place: Place, *, number: int, is_company: bool = False, is_sparse: bool = False) -> Person:
        """Somebody of that place. `number` tells two of the same name apart; a sparse one left few traces."""
        draw = self.random.random
        pick = self._pick
        given, family = pick(place.given), pick(place.family)
        city = pick(place.cities)
        street = pick(place.streets)
        company = ""
        if is_company:
            company = pick(place.companies).format(family=family, city=city.name, street=street)
        # Our readings of Chinese characters are Chinese ones.
        names = ("", "", "") if place.language == "ja" else (latin(given), latin(family), latin(company))
        mail = "" if is_sparse and draw() < 0.5 else self._mail(*names, number=number)
        phone = "" if is_sparse or draw() < 0.05 else self._digits(city.phone or pick(place.phones))
        line1 = ""
        if not is_sparse or draw() < 0.3:
            line1 = self._digits(place.street.replace("{street}", street).replace("{number}", self._house_number()))
        return Person(
            given_name=given,
            family_name=family,
            name=place.form.format(given=given, family=family),
            company=company,
            email=mail,
            phone=phone,
            language=place.language,
            line1=line1,
            city=city.name if line1 else "",
            region=city.region if line1 else "",
            postcode=self._digits(city.postcode) if line1 else "",
            country=place.country,
        )

    def _pick(self, choices: tuple[Any, ...]) -> Any:
        return choices[int(self.random.random() * len(choices))]

    def _house_number(self) -> str:
        # Most houses stand near the beginning of their street.
        return str(1 + int(140 * self.random.random() ** 2))

    def _mail(self, first: str, last: str, company: str, *, number: int) -> str:
        if 3 < len(company) < 40 and self.random.random() < 0.6:
            mail = f"{self._pick(('hello', 'orders', 'office', first or 'shop'))}@{company}.example"
        elif first and last:
            shape = self._pick(("{0}.{1}", "{0}{1}", "{2}.{1}", "{1}.{0}", "{0}_{1}"))
            mail = f"{shape.format(first, last, first[0])}@{self._pick(_MAIL_HOSTS)}"
        else:
            mail = f"customer{number}@{self._pick(_MAIL_HOSTS)}"
        name, at, host = mail.partition("@")
        if self.tag:
            return f"{name}{number}{at}{host.removesuffix('.example')}{self.tag}.example"
        if mail in self._mails:
            mail = f"{name}{number}{at}{host}"
        self._mails.add(mail)
        return mail

    def _digits(self, pattern: str) -> str:
        return _FILLED.sub(self._filled, pattern)

    def _filled(self, found: re.Match[str]) -> str:
        draw = self.random.random
        sign = found[0]
        if sign == "#":
            return _TEN[int(draw() * 10)]
        if sign == "%":
            return _TEN[1 + int(draw() * 9)]
        return _LETTERS[int(draw() * len(_LETTERS))]


_FILLED = re.compile("[#%@]")
_TEN = "0123456789"


@cache
def places() -> dict[str, Place]:
    """Everything in people.toml, by its heading: `GB`, `GB-zh`."""
    with _FILE.open("rb") as file:
        return {code: _place(code, data) for code, data in tomllib.load(file).items()}


def place_of(country: str) -> Place:
    """The place of a country; where we know nobody there, they are British."""
    return places().get(country) or places()["GB"]


@lru_cache(maxsize=1 << 16)
def latin(text: str) -> str:
    """A name as it stands in an e-mail address: folded, Chinese in pinyin; empty where it cannot be written so."""
    if re.search("[\u3400-\u9fff]", text):
        text = next(iter(pinyin_keys(text)), "")
    return re.sub("[^a-z0-9]+", "", fold(text))


def _place(code: str, data: dict[str, Any]) -> Place:
    split: Callable[[str], tuple[str, ...]] = lambda text: tuple(text.split("|"))  # noqa: E731 — one word for five lines
    return Place(
        code=code,
        weight=data["weight"],
        country=data.get("country", code),
        language=data["language"],
        form=data.get("form", "{given} {family}"),
        street=data["street"],
        given=split(data["given"]),
        family=split(data["family"]),
        streets=split(data["streets"]),
        cities=tuple(_city(text) for text in split(data["cities"])),
        phones=split(data["phones"]),
        companies=split(data["companies"]),
    )


def _city(text: str) -> _City:
    name, postcode, phone, region = [*text.split("="), "", "", ""][:4]
    return _City(name, postcode, phone.replace(" ", ""), region)
