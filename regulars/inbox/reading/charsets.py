"""Bytes to text in the charsets of real life: misnamed, wrongly declared, not declared at all.

No function here raises, whatever the bytes are.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Callable
from encodings.aliases import aliases

_GUESSED = 32_768  # bytes that a guess is made from
_NOT_TEXT = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff]")
_LINE_ENDS = re.compile("\r\n|\r|\x85|\u2028|\u2029")

# Names that mean more, or something else, than they say.
_MEANT = {
    "ansi": "cp1252",
    "ansi_x3_110_1983": "cp1252",
    "ascii": "cp1252",
    "us_ascii": "cp1252",
    "iso_8859_1": "cp1252",
    "iso8859_1": "cp1252",
    "iso88591": "cp1252",
    "latin1": "cp1252",
    "latin_1": "cp1252",
    "l1": "cp1252",
    "iso_8859_9": "cp1254",
    "iso_8859_11": "cp874",
    "tis_620": "cp874",
    "windows_874": "cp874",
    "iso_8859_8_i": "iso8859_8",
    "iso_8859_6_i": "iso8859_6",
    "gb2312": "gb18030",
    "gb_2312": "gb18030",
    "gb_2312_80": "gb18030",
    "gb2312_80": "gb18030",
    "gbk": "gb18030",
    "x_gbk": "gb18030",
    "cp936": "gb18030",
    "windows_936": "gb18030",
    "euc_cn": "gb18030",
    "chinese": "gb18030",
    "big5": "big5hkscs",
    "x_big5": "big5hkscs",
    "cn_big5": "big5hkscs",
    "cp950": "big5hkscs",
    "windows_950": "big5hkscs",
    "ks_c_5601": "cp949",
    "ks_c_5601_1987": "cp949",
    "ksc5601": "cp949",
    "ksc_5601": "cp949",
    "ks_c_5601_1989": "cp949",
    "euc_kr": "cp949",
    "korean": "cp949",
    "windows_949": "cp949",
    "shift_jis": "cp932",
    "shiftjis": "cp932",
    "sjis": "cp932",
    "x_sjis": "cp932",
    "ms_kanji": "cp932",
    "windows_31j": "cp932",
    "cp943": "cp932",
    "iso_2022_jp": "iso2022_jp_ext",
    "cp50220": "iso2022_jp_ext",
    "csiso2022jp": "iso2022_jp_ext",
    "x_euc_jp": "euc_jp",
    "utf8mb4": "utf_8",
    "unicode_1_1_utf_8": "utf_8",
    "unicode_1_1_utf_7": "utf_7",
    "x_mac_roman": "mac_roman",
    "macintosh": "mac_roman",
    "x_user_defined": "cp1252",
}
_NO_CHARSETS = {"idna", "punycode", "unicode_escape", "raw_unicode_escape", "undefined", "mbcs", "oem", "palmos"}
_CHARSETS = {name for name in set(aliases.values()) if name not in _NO_CHARSETS} - {
    "base64_codec",
    "bz2_codec",
    "hex_codec",
    "quopri_codec",
    "rot_13",
    "uu_codec",
    "zlib_codec",
}
_ONE_BYTE = re.compile(r"cp(?:125\d|437|8\d\d|1140)|iso8859_\d+|koi8_[rutf]|mac_\w+|ascii|latin_1")


def codec_of(name: str) -> str:
    """Python's name of a charset that a mail names; empty for one that is not known."""
    asked = re.sub(r"[^a-z0-9]+", "_", name.strip().lower().removeprefix("charset=")[:60]).strip("_")
    if found := _MEANT.get(asked):
        return found
    normal = codecs_name(asked)
    if not normal and (begin := re.match(r"(?:utf_?8|iso_8859_\d{1,2}|windows_125\d|gb2312|big5)(?=\D)", asked)):
        return codec_of(begin.group())  # “iso-8859-1http-equiv…”, as copied from a page
    return normal


def codecs_name(asked: str) -> str:
    """A charset by a name of Python's own tables."""
    if asked.startswith("windows_"):
        asked = f"cp{asked.removeprefix('windows_')}"
    normal = aliases.get(asked, asked)
    if normal not in _CHARSETS and normal not in {"gb18030", "cp874", "utf_8_sig"}:
        return ""
    return _MEANT.get(normal, normal)


def decode(data: bytes, declared: str = "") -> tuple[str, str]:
    """The text of some bytes, and the charset they were read in; what was declared is believed where it can be true."""
    if not data:
        return "", ""
    if data[:3] == codecs.BOM_UTF8:
        return data[3:].decode("utf-8", "replace"), "utf_8"
    if data[:2] in {codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE} and len(data) % 2 == 0:
        return data.decode("utf-16", "replace"), "utf_16"
    codec = codec_of(declared)
    if data.isascii() and codec not in {"utf_7", "utf_16", "utf_16_le", "utf_16_be", "utf_32", "hz"}:
        is_escaped = b"\x1b$" in data or b"\x1b(" in data
        if not is_escaped:
            return data.decode("ascii"), "ascii"
        codec = codec if codec.startswith("iso2022") else "iso2022_jp_ext"
        text = _strictly(data, codec)
        return (data.decode(codec, "replace") if text is None else text), codec
    if not codec or _ONE_BYTE.fullmatch(codec):
        # bytes that happen to be UTF-8 are hardly ever anything else
        text = _strictly(data, "utf-8")
        if text is not None:
            return text, "utf_8"
        if not codec or _looks_wide(data):
            guessed = guess(data)
            if guessed:
                return data.decode(guessed, "replace"), guessed
            codec = codec or "cp1252"
        return _one_byte(data, codec), codec
    text = _strictly(data, codec)
    if text is not None:
        return text, codec
    return _damaged(data, codec)


def _damaged(data: bytes, codec: str) -> tuple[str, str]:
    """What was declared does not hold for every byte: a little damage, or another charset altogether."""
    text = data.decode(codec, "replace")
    wide = sum(1 for byte in data if byte > 127) or 1
    if text.count("\N{REPLACEMENT CHARACTER}") * 20 <= wide:
        return text, codec
    if codec != "utf_8" and (right := _strictly(data, "utf-8")) is not None:
        return right, "utf_8"
    guessed = guess(data)
    return (data.decode(guessed, "replace"), guessed) if guessed else (text, codec)


def _strictly(data: bytes, codec: str) -> str | None:
    try:
        return data.decode(codec)
    except (UnicodeError, LookupError):
        return None


def _one_byte(data: bytes, codec: str) -> str:
    """A charset of one byte each; cp1252 leaves five bytes out, which then mean what Latin-1 says."""
    text = _strictly(data, codec)
    if text is None:
        text = "".join(
            bytes([byte]).decode(codec, "replace") if byte not in _HOLES else chr(byte) for byte in data[:1_000_000]
        )
    return text


_HOLES = {0x81, 0x8D, 0x8F, 0x90, 0x9D}


def _looks_wide(data: bytes) -> bool:
    """Whether so many bytes are high that this can hardly be a language of Latin letters."""
    sample = data[:_GUESSED]
    high = sum(1 for byte in sample if byte > 127)
    letters = sum(1 for byte in sample if byte > 127 or 65 <= byte <= 90 or 97 <= byte <= 122)
    return high >= 4 and high * 2 > letters


def guess(data: bytes) -> str:
    """The charset that bytes are probably in; empty where nothing fits."""
    sample = data[:_GUESSED]
    if (text := _cut(sample, "utf-8")) is not None and text:
        return "utf_8"
    if b"\x1b$" in sample or b"\x1b(" in sample:
        return "iso2022_jp_ext"
    best, score = "", 0.7
    for codec, rate in _RATES:
        if _cut(sample, codec) is None:
            continue
        found = rate(sample)
        if found > score:
            best, score = codec, found
    return best or _by_statistics(sample)


def _cut(sample: bytes, codec: str) -> str | None:
    """The sample in a charset, where its last character may be cut; None where it is not in it."""
    for end in range(4):
        try:
            return sample[: len(sample) - end].decode(codec)
        except UnicodeDecodeError as error:
            if error.start < len(sample) - end - 4:
                return None
    return None


def _leads(sample: bytes, lowest: int) -> list[tuple[int, int]]:
    """The double bytes of a sample, first and second."""
    pairs, place = [], 0
    while place < len(sample) - 1:
        if sample[place] >= lowest and not 0xA0 <= sample[place] <= (0xA0 if lowest > 0x81 else 0):
            pairs.append((sample[place], sample[place + 1]))
            place += 2
        else:
            place += 1
    return pairs


def _share(pairs: list[tuple[int, int]], fits: Callable[[int, int], bool]) -> float:
    return sum(1 for pair in pairs if fits(*pair)) / len(pairs) if len(pairs) > 1 else 0.0


def _chinese(sample: bytes) -> float:
    pairs = _leads(sample, 0x81)
    usual = _share(pairs, lambda one, two: (0xB0 <= one <= 0xD7 or one in {0xA1, 0xA3}) and two >= 0xA1)
    return usual * (0.95 if _share(pairs, lambda one, _two: one in {0xA4, 0xA5}) < 0.25 else 0.5)


def _korean(sample: bytes) -> float:
    pairs = _leads(sample, 0x81)
    hangul = _share(pairs, lambda one, two: 0xB0 <= one <= 0xC8 and two >= 0xA1)
    return hangul if hangul > 0.93 and len(pairs) >= 6 else hangul * 0.75


def _japanese_euc(sample: bytes) -> float:
    pairs = _leads(sample, 0x81)
    kana = _share(pairs, lambda one, two: one in {0xA4, 0xA5} and two >= 0xA1)
    return kana + _share(pairs, lambda one, _two: 0xB0 <= one <= 0xCF or one == 0xA1) if kana > 0.25 else 0.0


def _japanese_shifted(sample: bytes) -> float:
    pairs = _leads(sample, 0x81)
    kana = _share(pairs, lambda one, two: (one == 0x82 and two >= 0x9F) or (one == 0x83 and 0x40 <= two <= 0x96))
    return min(1.0, kana + _share(pairs, lambda one, _two: 0x88 <= one <= 0x97 or one == 0x81)) if kana > 0.15 else 0.0


def _taiwanese(sample: bytes) -> float:
    pairs = _leads(sample, 0x81)
    low = _share(pairs, lambda _one, two: 0x40 <= two <= 0x7E)
    usual = _share(pairs, lambda one, two: 0xA4 <= one <= 0xC6 or (one == 0xA1 and two >= 0x40))
    return usual if low > 0.15 else usual * 0.6


_RATES: tuple[tuple[str, Callable[[bytes], float]], ...] = (
    ("cp932", _japanese_shifted),
    ("euc_jp", _japanese_euc),
    ("gb18030", _chinese),
    ("cp949", _korean),
    ("big5hkscs", _taiwanese),
)


def _by_statistics(sample: bytes) -> str:
    """The last resort, for texts long enough to say something: what the letters' frequencies say."""
    if len(sample) < 60:
        return ""
    from charset_normalizer import from_bytes  # noqa: PLC0415 — large, and hardly ever needed

    found = from_bytes(sample[:8_192], steps=3, chunk_size=512).best()
    name = codec_of(found.encoding) if found is not None else ""
    return name if name and name not in {"utf_16", "utf_16_le", "utf_16_be", "utf_32", "utf_7"} else ""


def clean(text: str) -> str:
    """A text that every database takes: no NUL, no halves of characters, no controls, and lines that end in one way."""
    return _NOT_TEXT.sub("", _LINE_ENDS.sub("\n", text))
