"""How people can be reached and where they are: e-mail addresses, phone numbers, countries, each in one written form.

`email-validator` and `phonenumbers` decide what is valid. Both take some 30 to 80 µs for a value, which is most of the
time an import has for a whole row. So the plain cases are recognised by patterns that accept less than the libraries
do (compiled from the libraries' own data), and everything else goes to them; tests prove that both ways agree.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache, lru_cache

import phonenumbers
from babel.core import Locale, get_global
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from email_validator import EmailNotValidError, validate_email
from phonenumbers.phonemetadata import PhoneMetadata, PhoneNumberDesc

from regulars.core.money import babel_locale
from regulars.core.text import fold

_SHOWN = 60  # characters of a refused value that its sentence repeats


class BadContact(ValueError):  # noqa: N818 — an answer, not a failure of ours
    """The value cannot be used; the sentence says why."""


def parse_email(text: str) -> str:
    """The address in lower case, which is how it is kept and compared; an empty text stays empty."""
    lowered = text.lower()
    if is_plain_email(lowered):
        return lowered
    return _email_by_library(text) if text else ""


def parse_phone(text: str, *, country: str) -> str:
    """The number as E.164 (+4915112345678). Without a country code it is read as people in `country` dial it.

    An extension (“ext. 12”) is not part of E.164 and is left out. An empty text stays empty.
    """
    if not text:
        return ""
    return _plain_phone(text, country) or _phone_by_library(text, country)


def parse_country(text: str) -> str:
    """The ISO 3166 code of a country written as code or name (English, Chinese, German, or as shops' files have it).

    Words that name no single country (“Unspecified”, “European Community”) give an empty code, like an empty text.
    """
    code = _country_of(text)
    if code is None:
        raise BadContact(
            _("“%(text)s” is not a country we know. Write its two-letter code, like DE, or its English name.")
            % {"text": _shown(text)}
        )
    return code


@lru_cache(maxsize=4096)
def format_phone(e164: str) -> str:
    """A kept number as people read it: +49 1511 2345678."""
    try:
        number = phonenumbers.parse(e164, None)
    except phonenumbers.NumberParseException:
        return e164
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.INTERNATIONAL)


# ── e-mail

_LABEL = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
_ATOM = r"[a-z0-9_!#$%&'*+/=?^`{|}~-]+"
_PLAIN_EMAIL = re.compile(rf"{_ATOM}(?:\.{_ATOM})*@((?:{_LABEL}\.)+{_LABEL})(?<=[a-z])", re.ASCII)
_SPECIAL = (".arpa", ".invalid", ".local", ".localhost", ".onion")


def is_plain_email(lowered: str) -> bool:
    """Whether the library would take an address in small letters as it is.

    Punycode and names set aside for special use are for it to judge.
    """
    found = _PLAIN_EMAIL.fullmatch(lowered)
    if found is None:
        return False
    domain = found[1]
    return len(domain) <= 253 and len(lowered) <= 254 and "--" not in domain and not domain.endswith(_SPECIAL)


_CONTROL_PICTURES = re.compile("[\u2400-\u243f]")  # ␍ and its like stand where somebody's program broke the address


def _email_by_library(text: str) -> str:
    shown = _("“%(text)s” is not an e-mail address. It should look like name@example.com.") % {"text": _shown(text)}
    if _CONTROL_PICTURES.search(text):
        raise BadContact(shown)
    try:
        # Test environment: addresses under .test stay usable; names are never looked up in the network.
        normalized = validate_email(text, check_deliverability=False, test_environment=True).normalized
    except EmailNotValidError as problem:
        raise BadContact(shown) from problem
    return normalized.lower()


# ── phone

_PLAIN_PHONE = re.compile(r"\+?[0-9][0-9 ()./-]{3,39}", re.ASCII)
_NOT_DIGITS = str.maketrans("", "", "+ ()./-")
_DESCRIPTIONS = (
    "mobile", "fixed_line", "toll_free", "premium_rate", "shared_cost", "voip", "personal_number", "pager", "uan",
    "voicemail",
)  # fmt: skip


class _Dialling:
    """What the library's metadata says about the main region of a calling code, as compiled patterns."""

    def __init__(self, metadata: PhoneMetadata) -> None:
        self.calling_code = str(metadata.country_code)
        self.starts_with_prefix = re.compile(metadata.national_prefix_for_parsing or "(?!)").match
        self.rewrites_prefix = bool(metadata.national_prefix_transform_rule)
        self.leaves_country = re.compile(metadata.international_prefix or "(?!)").match
        # Where a calling code serves several countries, the main one may be told by the first digits.
        self.is_here = re.compile(metadata.leading_digits or "").match
        _lengths, self.is_general = self._kind(metadata.general_desc)
        self.kinds = [
            self._kind(kind)
            for kind in (getattr(metadata, name) for name in _DESCRIPTIONS)
            if kind is not None and kind.national_number_pattern
        ]

    @staticmethod
    def _kind(kind: PhoneNumberDesc | None) -> tuple[frozenset[int], Callable[[str], re.Match[str] | None]]:
        """The lengths a kind of number can have (empty for any) and its pattern."""
        pattern = kind.national_number_pattern if kind else None
        return frozenset(kind.possible_length if kind else ()), re.compile(pattern or "(?!)").fullmatch

    def is_valid(self, national: str) -> bool:
        length = len(national)
        if not self.is_here(national) or not self.is_general(national):
            return False
        # a loop, because any() with a generator takes twice the time
        for lengths, matches in self.kinds:  # noqa: SIM110
            if (not lengths or length in lengths) and matches(national):
                return True
        return False


def _plain_phone(text: str, country: str) -> str:
    """The number as E.164 where there is no doubt how the library reads it, else an empty text."""
    if not _PLAIN_PHONE.fullmatch(text) or text.startswith("+0"):
        return ""
    digits = text.translate(_NOT_DIGITS)
    if text[0] == "+":
        for length in (2, 1, 3):
            dialling = _dialling_of_code(digits[:length])
            if dialling is not None:
                break
        else:
            return ""
        national = digits[length:]
        if dialling.starts_with_prefix(national):
            return ""
    else:
        dialling = _dialling_of_region(country)
        if dialling is None or digits.startswith(dialling.calling_code) or dialling.leaves_country(digits):
            return ""
        national = digits
        if prefix := dialling.starts_with_prefix(digits):
            if dialling.rewrites_prefix:
                return ""
            national = digits[prefix.end() :]
    return f"+{dialling.calling_code}{national}" if dialling.is_valid(national) else ""


@lru_cache(maxsize=16384)
def _phone_by_library(text: str, country: str) -> str:
    try:
        number = phonenumbers.parse(text, country or None)
    except phonenumbers.NumberParseException as problem:
        raise BadContact(_not_a_phone(text, country)) from problem
    if not phonenumbers.is_valid_number(number):
        raise BadContact(_not_a_phone(text, country))
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def _not_a_phone(text: str, country: str) -> str:
    if text.lstrip().startswith(("+", "00")) or not country:
        return _("“%(text)s” is not a phone number of any country. Write it with + and the country code.") % {
            "text": _shown(text)
        }
    return _("“%(text)s” is not a phone number in %(country)s. Write it with + and the country code.") % {
        "text": _shown(text),
        "country": babel_locale(get_language() or "en").territories.get(country, country),
    }


@cache
def _dialling_of_code(calling_code: str) -> _Dialling | None:
    regions = phonenumbers.COUNTRY_CODE_TO_REGION_CODE.get(int(calling_code or 0), ())
    metadata = PhoneMetadata.metadata_for_region(regions[0], None) if regions else None
    return _Dialling(metadata) if metadata is not None else None


@cache
def _dialling_of_region(region: str) -> _Dialling | None:
    code = phonenumbers.country_code_for_region(region) if region else 0
    is_main = code and phonenumbers.region_code_for_country_code(code) == region
    return _dialling_of_code(str(code)) if is_main else None


# ── countries

# Territories of CLDR that are no countries: the world's unions, the unknown, and codes made for tests.
_NO_COUNTRIES = {"EU", "EZ", "UN", "XA", "XB", "QO", "ZZ"}
# As shops' files have them, beyond what CLDR calls them.
_ALSO = {
    "GB": "great britain, britain, england, scotland, wales, northern ireland, uk, u k, 大不列颠",
    "IE": "eire, republic of ireland",
    "US": "united states of america, u s a, u s, america, 美利坚合众国",
    "ZA": "rsa, republic of south africa",
    "CN": "people s republic of china, pr china, prc, mainland china, china mainland, 中国大陆, 中华人民共和国",
    "HK": "hong kong, hongkong, hong kong sar, 香港, 中国香港",
    "MO": "macau, macao, macau sar, 澳门, 中国澳门",
    "TW": "taiwan, province of china, taiwan province of china, 台湾, 中国台湾",
    "KR": "korea, republic of korea, korea republic of, south korea, korea south",
    "KP": "korea north, korea democratic people s republic of",
    "RU": "russian federation",
    "VN": "viet nam",
    "TR": "turkey",
    "NL": "holland, the netherlands",
    "CZ": "czech republic",
    "AE": "uae, u a e",
    "CI": "ivory coast, cote d ivoire",
    "MM": "burma, myanmar",
    "CV": "cape verde",
    "SZ": "swaziland",
    "MK": "macedonia, republic of macedonia",
    "MD": "republic of moldova, moldova republic of",
    "SY": "syrian arab republic",
    "LA": "lao people s democratic republic",
    "IR": "islamic republic of iran, iran islamic republic of",
    "TZ": "united republic of tanzania, tanzania united republic of",
    "VE": "bolivarian republic of venezuela, venezuela bolivarian republic of",
    "BO": "plurinational state of bolivia, bolivia plurinational state of",
    "PS": "palestine, state of palestine",
    "VA": "holy see, vatican",
    "BN": "brunei darussalam",
    "CD": "democratic republic of the congo, congo the democratic republic of the",
    "CG": "congo, republic of the congo",
    "DE": "brd, federal republic of germany",
    "CH": "swiss, schweiz, suisse, svizzera",
    "ES": "espana",
    "IT": "italia",
    "": "channel islands, european community, european union, eu, unspecified, unknown, none, n a, na , other, "
    "international, 未知, 其他",
}


@lru_cache(maxsize=4096)
def _country_of(text: str) -> str | None:
    return text if text in _codes() else _countries().get(_country_key(text))


@cache
def _codes() -> frozenset[str]:
    return frozenset(
        code
        for code in map(str, Locale("en").territories)
        if len(code) == 2 and code.isalpha() and code not in _NO_COUNTRIES
    )


@cache
def _countries() -> dict[str, str]:
    found: dict[str, str] = {"": ""}
    for names in _ALSO[""].split(", "):
        found[_country_key(names)] = ""
    for language in ("de", "zh_Hant", "zh", "en"):
        for code, name in Locale.parse(language).territories.items():
            if code in _codes():
                found[_country_key(name)] = code
    for code, names in _ALSO.items():
        found.update({_country_key(name): code for name in names.split(", ")})
    # DEU and 276 as well: CLDR knows them as old names of DE.
    for alias, (code, *more) in get_global("territory_aliases").items():
        if len(alias) == 3 and code in _codes() and not more:
            found.setdefault(alias.lower(), code)
    # Codes win over names: NA is Namibia, whatever else it may stand for.
    found.update({code.lower(): code for code in _codes()})
    return found


_country_words: Callable[[str], list[str]] = re.compile(r"\w+").findall


def _country_key(text: str) -> str:
    words = _country_words(fold(text).replace("&", " and "))
    return " ".join("st" if word == "saint" else word for word in words if word != "the")


def _shown(text: str) -> str:
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"
