"""Invented people who are in a file more than once, as shops meet them, with the truth in the last column.

What goes wrong here is what goes wrong at a till and in a checkout: neighbours on the keyboard, names as they are
heard, short names, initials, a new address, a new name after a wedding, a new e-mail, phone numbers in several ways,
pinyin for characters. Households share a name, an address and sometimes a phone, and some sons have their father's
name.
"""

from __future__ import annotations

import csv
import random
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from itertools import accumulate, islice
from pathlib import Path

HEADER = (
    "Customer ID", "First Name", "Last Name", "Date of Birth", "E-mail", "Phone", "Street", "City", "Postcode",
    "Country", "truth",
)  # fmt: skip

_HERS = (
    "anna emma mia clara ida lea sophie katharina margaret elizabeth susan helen rebecca victoria alexandra charlotte "
)
_HERS += (
    "ingrid astrid giulia chiara lucia carmen ines agnieszka zofia ewa olga fatima aisha noor priya ananya yuki sakura"
)
_HIS = "robert william james michael thomas david joseph benjamin alexander christopher edward henry frederick daniel "
_HIS += (
    "lars erik jonas mats giovanni marco luca carlos javier pedro piotr jan mateusz ivan omar yusuf ali raj arjun kenji"
)
_SHORT = {
    "robert": "bob", "william": "bill", "james": "jim", "michael": "mike", "thomas": "tom", "david": "dave",
    "joseph": "joe", "benjamin": "ben", "alexander": "alex", "christopher": "chris", "edward": "ted", "henry": "harry",
    "frederick": "fred", "daniel": "dan", "katharina": "kathi", "margaret": "peggy", "elizabeth": "liz", "susan": "sue",
    "rebecca": "becky", "victoria": "vicky", "alexandra": "sandra", "charlotte": "lottie",
}  # fmt: skip
_COMMON = (
    "smith jones taylor brown williams wilson johnson davies patel müller schmidt schneider fischer weber meyer rossi "
)
_COMMON += "russo garcia martinez lopez kowalski nowak hansen nielsen jensen larsen andersson johansson dupont martin"
_STARTS = (
    "al ber car dor el fal gar hol iv jor kel lam mor nor ol per quin ros sal tor ul ver wal xan yar zel bren cran "
)
_STARTS += "stav thim"
_MIDDLES = "a e i o u an en in on er ar el ing ow am"
_ENDS = "son sen berg mann ton ley ford well stein wick ström dal hoff ski vic ez ini aux gren nik"
_STREETS = (
    "mill church station garden park high king queen river lake oak linden birch market bridge castle school harbour"
)
_KINDS = "street road lane avenue close way square hill gardens"
_TOWNS = (
    ("london", "SW", "GB"), ("leeds", "LS", "GB"), ("bristol", "BS", "GB"), ("york", "YO", "GB"),
    ("hamburg", "20", "DE"),
    ("bremen", "28", "DE"), ("leipzig", "04", "DE"), ("kiel", "24", "DE"), ("torino", "10", "IT"), ("lyon", "69", "FR"),
    ("malmö", "21", "SE"), ("gdansk", "80", "PL"), ("dublin", "D", "IE"), ("bath", "BA", "GB"), ("hull", "HU", "GB"),
)  # fmt: skip
_SURNAMES = "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗"
_CHARACTERS = "伟芳娜秀英敏静丽强磊军洋勇艳杰娟涛明超霞平刚桂"
_CHARACTERS += "建国华文玉兰红梅志鹏飞宇轩浩然子涵雨欣怡"
_NEIGHBOURS = {a: row[max(0, i - 1) : i] + row[i + 1 : i + 2]
               for row in ("qwertyuiop", "asdfghjkl", "zxcvbnm", "1234567890")
               for i, a in enumerate(row)}  # fmt: skip
_HEARD = (
    ("ph", "f"),
    ("ck", "k"),
    ("ie", "ei"),
    ("y", "i"),
    ("th", "t"),
    ("mm", "m"),
    ("ll", "l"),
    ("sch", "sh"),
    ("c", "k"),
)
_PROVIDERS = "mail.example post.example web.example inbox.example letters.example"


@dataclass(frozen=True)
class Someone:
    """What one record says."""

    given: str
    family: str
    birth: str
    email: str
    phone: str
    street: str
    city: str
    postcode: str
    country: str
    is_chinese: bool = False


@dataclass
class People:
    """Makes people, some of them twice and more."""

    seed: int = 11
    chance: random.Random = field(init=False)
    mailboxes: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.chance = random.Random(self.seed)
        # surnames thin out as they do in life: a few that many have, thousands that hardly anybody has
        made = sorted({a + b + c for a in _STARTS.split() for b in _MIDDLES.split() for c in _ENDS.split()})
        self.chance.shuffle(made)
        self.families = _COMMON.split() + made
        self.weights = list(accumulate(1 / (place + 8) for place in range(len(self.families))))

    def rows(self) -> Iterator[tuple[int, Someone]]:
        """Endless records, each with the number of the person it means."""
        number = 0
        while True:
            for someone in self.household():
                number += 1
                yield number, someone
                copies = self.chance.choices((0, 1, 2, 3), weights=(85, 11, 3, 1))[0]
                for _copy in range(copies):
                    yield number, self.once_more(someone)

    def household(self) -> list[Someone]:
        """One person, or a few at one address."""
        chance = self.chance
        first = self.person()
        if chance.random() > 0.25:
            return [first]
        others = []
        for _other in range(chance.choice((1, 1, 2, 3))):
            other = self.person(is_chinese=first.is_chinese)
            family = first.family if chance.random() < 0.85 else other.family
            given = first.given if chance.random() < 0.01 else other.given
            others.append(
                replace(
                    other,
                    given=given,
                    family=family,
                    birth=first.birth if chance.random() < 0.02 else other.birth,
                    email=first.email if chance.random() < 0.06 else self.email(given, family),
                    phone=first.phone if chance.random() < 0.3 else other.phone,
                    street=first.street,
                    city=first.city,
                    postcode=first.postcode,
                    country=first.country,
                )
            )
        return [first, *others]

    def person(self, *, is_chinese: bool | None = None) -> Someone:
        """Somebody new."""
        chance = self.chance
        is_chinese = chance.random() < 0.12 if is_chinese is None else is_chinese
        if is_chinese:
            given = "".join(chance.choices(_CHARACTERS, k=chance.choice((1, 2, 2))))
            family = chance.choice(_SURNAMES)
            street, city, postcode, country = (
                f"南京西路{chance.randrange(1, 1999)}号",
                "上海",
                f"200{chance.randrange(1000):03d}",
                "CN",
            )
        else:
            given = chance.choice((_HERS if chance.random() < 0.5 else _HIS).split())
            family = chance.choices(self.families, cum_weights=self.weights)[0]
            street, city, postcode, country = self.address()
        birth = ""
        if chance.random() < 0.6:
            birth = f"{chance.randrange(1940, 2006)}-{chance.randrange(1, 13):02d}-{chance.randrange(1, 29):02d}"
        email = self.email(given, family) if chance.random() < 0.8 else ""
        return Someone(given, family, birth, email, self.phone(), street, city, postcode, country, is_chinese)

    def address(self) -> tuple[str, str, str, str]:
        """A street, a town, a postcode and a country."""
        chance = self.chance
        city, area, country = chance.choice(_TOWNS)
        code = f"{area}{chance.randrange(1, 30)} {chance.randrange(1, 9)}"
        code += chance.choice("ABDEFGHJ") + chance.choice("LNPQRSTU")
        if area.isdigit():
            code = f"{area}{chance.randrange(1000):03d}"
        street = f"{chance.randrange(1, 220)} {chance.choice(_STREETS.split())} {chance.choice(_KINDS.split())}"
        return street, city, code, country

    def email(self, given: str, family: str) -> str:
        """An address, mostly with the name in it."""
        chance = self.chance
        plain = "".join(c for c in f"{given}.{family}" if c.isascii()).strip(".") or str(chance.randrange(10**8, 10**9))
        local = chance.choice(
            (plain, f"{plain[:1]}{plain.partition('.')[2]}{chance.randrange(100)}", plain.replace(".", ""))
        )
        local = f"{local}{chance.randrange(10_000)}" if chance.random() < 0.5 else local
        while (made := f"{local}@{chance.choice(_PROVIDERS.split())}") in self.mailboxes:
            local = f"{local}{chance.randrange(10)}"
        self.mailboxes.add(made)
        return made

    def phone(self) -> str:
        """A mobile number, or none."""
        return f"+44 7{self.chance.randrange(10**8, 10**9)}" if self.chance.random() < 0.6 else ""

    def once_more(self, someone: Someone) -> Someone:
        """The same person, as somebody else typed them in."""
        chance = self.chance
        for _habit in range(chance.choice((1, 1, 2, 2, 3))):
            someone = chance.choices(
                (self.slipped, self.called, self.moved, self.married, self.mailed, self.dialled, self.dated,
                 self.left_out, self.misplaced, self.plain),
                weights=(24, 12, 8, 4, 10, 10, 6, 16, 5, 5),
            )[0](someone)  # fmt: skip
        return someone

    def slipped(self, someone: Someone) -> Someone:
        """A slip of the finger, or of the ear."""
        name = self.chance.choice(("given", "family", "street", "city", "email"))
        return replace(someone, **{name: self.slip(getattr(someone, name))})

    def slip(self, text: str) -> str:
        chance = self.chance
        if len(text) < 3:
            return text
        if chance.random() < 0.3:
            for right, heard in chance.sample(_HEARD, len(_HEARD)):
                if right in text:
                    return text.replace(right, heard, 1)
        at = chance.randrange(1, len(text))
        letter = text[at]
        wrong = chance.choice(_NEIGHBOURS.get(letter) or letter)
        return chance.choice(
            (text[:at] + wrong + text[at + 1 :], text[:at] + text[at + 1 :], text[:at] + letter + text[at:],
             text[: at - 1] + text[at] + text[at - 1] + text[at + 1 :])
        )  # fmt: skip

    def called(self, someone: Someone) -> Someone:
        """By the short name, the initial, or in pinyin."""
        if someone.is_chinese:
            from pypinyin import lazy_pinyin

            given, family = ("".join(lazy_pinyin(name)) for name in (someone.given, someone.family))
            return replace(someone, given=given, family=family)
        short = _SHORT.get(someone.given)
        return replace(someone, given=short if short and self.chance.random() < 0.8 else someone.given[:1])

    def moved(self, someone: Someone) -> Someone:
        """To another address."""
        street, city, postcode, country = self.address()
        return replace(someone, street=street, city=city, postcode=postcode, country=country)

    def married(self, someone: Someone) -> Someone:
        """With another family name, or both."""
        other = self.chance.choices(self.families, cum_weights=self.weights)[0]
        return replace(someone, family=self.chance.choice((other, f"{someone.family}-{other}")))

    def mailed(self, someone: Someone) -> Someone:
        """With a new e-mail, or the old name at another provider."""
        local = someone.email.partition("@")[0]
        if local and self.chance.random() < 0.5:
            return replace(someone, email=f"{local}@{self.chance.choice(_PROVIDERS.split())}")
        return replace(someone, email=self.email(someone.given, someone.family))

    def dialled(self, someone: Someone) -> Someone:
        """The number written otherwise, or a new one."""
        digits = someone.phone.removeprefix("+44 ")
        ways = (f"0{digits}", f"0044{digits}", f"(0){digits[:4]} {digits[4:]}") if digits else (self.phone(),)
        return replace(someone, phone=self.chance.choice((*ways, self.phone())))

    def dated(self, someone: Someone) -> Someone:
        """Day for month, or another year."""
        if not someone.birth:
            return someone
        year, month, day = someone.birth.split("-")
        if int(day) <= 12 and self.chance.random() < 0.5:
            return replace(someone, birth=f"{year}-{day}-{month}")
        return replace(someone, birth=f"{int(year) + self.chance.choice((-10, -1, 1, 10))}-{month}-{day}")

    def left_out(self, someone: Someone) -> Someone:
        """Something was not asked for."""
        lost = self.chance.sample(("given", "birth", "email", "phone", "street", "city", "postcode"), k=2)
        return replace(someone, **dict.fromkeys(lost, ""))

    def misplaced(self, someone: Someone) -> Someone:
        """Given and family name in each other's place."""
        return replace(someone, given=someone.family, family=someone.given)

    def plain(self, someone: Someone) -> Someone:
        """In capitals, without marks on the letters."""
        marks = str.maketrans("äöüåøéß", "aouaoes")
        return replace(
            someone, given=someone.given.translate(marks).upper(), family=someone.family.translate(marks).upper(),
            city=someone.city.translate(marks).upper(),
        )  # fmt: skip


def write_people(path: Path, rows: int, *, seed: int = 11) -> None:
    """A file of so many records, in no order."""
    made = list(islice(People(seed).rows(), rows))
    random.Random(seed).shuffle(made)
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(HEADER)
        for number, (truth, one) in enumerate(made, start=1):
            writer.writerow(
                [f"C{number}", one.given.title(), one.family.title(), one.birth, one.email, one.phone, one.street,
                 one.city, one.postcode, one.country, truth]
            )  # fmt: skip
