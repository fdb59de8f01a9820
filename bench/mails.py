"""How mails that are broken in every way are read: the figures of `regulars.inbox.reading`.

`MAILS` names a folder with mails (any number, in folders of their own); without it, those of the tests are taken. Each
is read as it is; then mails that were made of them are: bytes turned, lines lost and doubled, boundaries and charsets
exchanged, two mails cut into one. Each reading must end in a mail, with HTML that nothing active is left of.
"""

from __future__ import annotations

import os
import random
import re
import resource
import time
from collections.abc import Iterable, Iterator
from pathlib import Path

from bench.result import Options, Result, quantile

OWN = Path(__file__).resolve().parents[1] / "regulars" / "inbox" / "tests" / "mails"
_USUAL = 20_000
_LARGEST = 200_000
_WORDS = (
    *(b"multipart/mixed", b"multipart/alternative", b"text/html", b"message/rfc822", b"base64", b"quoted-printable"),
    *(
        b"charset=utf-7",
        b"charset=gb2312",
        b"charset=iso-2022-jp",
        b"charset=utf-16",
        b"=?utf-8?B?",
        b"?=",
        b"\r\n\r\n",
    ),
    *(b"<script>alert(1)</script>", b'<img src="cid:a" onerror=x>', b"<a href=javascript:x>", b"<svg onload=x>"),
    *(
        b'boundary="',
        b"--",
        b"\0",
        b"\xff\xfe",
        b"(" * 50,
        b"<div>" * 50,
        b'"',
        b"<",
        b">",
        b"\x1b$B",
        b"filename*0*=utf-8''",
    ),
)
_ELEMENT = re.compile(
    r"<\s*/?\s*(?:script|style|i?frame|frameset|object|embed|applet|form|input|button|select|textarea|meta|link|base|body|svg"
    r"|math|video|audio|template|noscript|portal|xmp|title)\b",
    re.IGNORECASE,
)
_ATTRIBUTE = re.compile(
    r"\s(?:on\w+|style|srcdoc|formaction|background|srcset|src|action|xlink:href|data|http-equiv)\s*=", re.IGNORECASE
)
_LINK = re.compile(r"\shref\s*=\s*(?!\"(?:https?:|mailto:))", re.IGNORECASE)
_ANY_VALUE = re.compile(r'(\shref\s*=\s*)?"[^"]*"', re.IGNORECASE)
_VALUE, _TAG = re.compile(r'"[^"]*"'), re.compile(r"<[a-z][^>]*>", re.IGNORECASE)


def measure(options: Options) -> Iterator[Result]:
    """The mails as they are, then as many that were broken."""
    raws = load(Path(os.environ.get("MAILS") or OWN))
    spans, failures, active = _read_all(raws)
    note = f"{failures} not understood, {active} with active content"
    yield Result("as they are", len(raws), "mails/s", len(raws) / sum(spans), note=note)
    count = options.rows_or(_USUAL)
    spans, failures, active = _read_all(mutated(raws, count))
    note = f"{failures} not understood, {active} with active content"
    yield Result("mutated", count, "mails/s", count / sum(spans), note=note)
    yield Result("mutated, p99", count, "ms", 1000 * quantile(spans, 0.99))
    yield Result("mutated, slowest", count, "ms", 1000 * max(spans))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    yield Result("memory of the process", count, "MB", peak)


def is_active(stored: str) -> bool:
    """Whether HTML that was cleaned would run, load or send something; looked for without the code that cleans it."""
    if _ELEMENT.search(stored):
        return True
    tags = " ".join(_TAG.findall(_VALUE.sub('""', stored)))
    # what only stands in the value of something else leads nowhere
    links = _ANY_VALUE.sub(lambda found: found[0] if found[1] else '""', stored)
    return bool(_ATTRIBUTE.search(tags) or any(_LINK.search(tag) for tag in _TAG.findall(links)))


def load(folder: Path) -> list[bytes]:
    """The bytes of every mail in a folder."""
    files = sorted(path for path in folder.rglob("*") if path.is_file() and path.name.upper() != "README.MD")
    return [path.read_bytes() for path in files]


def mutated(raws: list[bytes], count: int, seed: int = 7) -> Iterator[bytes]:
    """Mails made of others, broken in one to six ways; the same ones for the same seed."""
    chance = random.Random(seed)
    for _ in range(count):
        mail = bytearray(chance.choice(raws)[:_LARGEST])
        for _ in range(chance.randint(1, 6)):
            mail = _broken(mail, raws, chance)
        yield bytes(mail[:_LARGEST])


def _broken(mail: bytearray, raws: list[bytes], chance: random.Random) -> bytearray:
    size = len(mail)
    place = chance.randrange(size + 1)
    match chance.randrange(8):
        case 0:
            for _ in range(chance.randint(1, 20)):
                if size:
                    mail[chance.randrange(size)] = chance.randrange(256)
        case 1:
            del mail[place : place + chance.randint(1, 400)]
        case 2:
            mail[place:place] = mail[place : place + chance.randint(1, 2_000)]
        case 3:
            mail[place:place] = chance.choice(_WORDS)
        case 4:
            lines = mail.split(b"\n")
            top = lines[:30]
            chance.shuffle(top)
            lines[:30] = top
            del lines[chance.randrange(len(lines))]
            mail = bytearray(b"\n".join(lines))
        case 5:
            other = chance.choice(raws)[:_LARGEST]
            mail = mail[:place] + other[chance.randrange(len(other) + 1) :]
        case 6:
            mail = mail[:place]
        case _:
            old, new = chance.choice(_WORDS), chance.choice(_WORDS)
            mail = mail.replace(old, new, 3)
    return mail


def _read_all(raws: Iterable[bytes]) -> tuple[list[float], int, int]:
    """How long each took, how many were not understood, in how many something active was left."""
    from regulars.inbox.reading import read

    spans, failures, active = [], 0, 0
    for raw in raws:
        began = time.perf_counter()
        mail = read(raw)
        spans.append(time.perf_counter() - began)
        failures += bool(mail.failure)
        active += is_active(mail.html)
    return spans, failures, active
