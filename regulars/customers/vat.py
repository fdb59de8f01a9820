"""VAT numbers: built and checked as each country builds them (python-stdnum); nobody is asked over the network."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

from django.utils.translation import get_language
from django.utils.translation import gettext as _

from regulars.core.contact import BadContact
from regulars.core.money import babel_locale

_MADE_OF = re.compile(r"[A-Z0-9][A-Z0-9 .\-/&+*]{2,38}[A-Z0-9.+*]")
_NOT_KEPT = re.compile(r"[ .\-/]")
_EU_WORDS = {"EL": "GR", "XI": "GB"}
_OF_EU = frozenset({
    "AT", "BE", "BG", "CY", "CZ", "DE", "DK", "EE", "ES", "FI", "FR", "GR", "HR", "HU", "IE", "IT", "LT", "LU", "LV",
    "MT", "NL", "PL", "PT", "RO", "SE", "SI", "SK",
})  # fmt: skip
_PREFIXED = _OF_EU | {"GB", "CH", "NO"}


def checked(text: str, *, country: str) -> str:
    """A VAT number as it is kept: capitals, no spaces, in Europe with the code of its country before it.

    Without a code it is read as one of `country`. Where the country's rule is known, form and check digit have to be
    right; else it has to look like a number. Raises BadContact.
    """
    upper = " ".join(text.upper().split())
    if not upper:
        return ""
    if not _MADE_OF.fullmatch(upper):
        raise BadContact(_("“%(text)s” is not a VAT number. It has letters and digits alone.") % {"text": text[:40]})
    compact = _NOT_KEPT.sub("", upper)
    code = compact[:2]
    own = _EU_WORDS.get(code, code)
    if own in _PREFIXED and _is_valid(own, compact):
        return _kept(own, compact)
    if own in _PREFIXED and own != country and compact[2:3].isdigit():
        raise _bad(text, own)
    if country in _PREFIXED or _rule(country) is not None:
        if not _is_valid(country, compact):
            raise _bad(text, country)
        return _kept(country, compact)
    if not any(sign.isdigit() for sign in compact) or len(compact) > 20:
        raise BadContact(_("“%(text)s” is not a VAT number. It has letters and digits alone.") % {"text": text[:40]})
    return compact


def _is_valid(country: str, compact: str) -> bool:
    rule = _rule(country)
    return rule is not None and any(rule.is_valid(form) for form in _forms(country, compact))


def _kept(country: str, compact: str) -> str:
    rule = _rule(country)
    form = next(form for form in _forms(country, compact) if rule.is_valid(form))
    number = str(rule.compact(form))
    if country not in _PREFIXED:
        return number[:20]
    prefix = "EL" if country == "GR" else "XI" if compact.startswith("XI") else country
    return number if number.startswith(prefix) else f"{prefix}{number}"


def _forms(country: str, compact: str) -> list[str]:
    """With and without the letters before it: some rules want them, most do not."""
    prefixes = {"GR": ("EL", "GR"), "GB": ("GB", "XI")}.get(country, (country,))
    bare = next((compact[2:] for prefix in prefixes if compact.startswith(prefix)), compact)
    return [compact, bare]


def _bad(text: str, country: str) -> BadContact:
    return BadContact(
        _("“%(text)s” is not a VAT number of %(country)s: its length or its check digit is wrong.")
        % {
            "text": text[:40],
            "country": babel_locale(get_language() or "en").territories.get(country, country),
        }
    )


@lru_cache(maxsize=256)
def _rule(country: str) -> Any:
    """The module of the library that knows a country's numbers; None where there is none."""
    # A module a country: loaded when the first company of that country comes along.
    from stdnum import get_cc_module  # noqa: PLC0415

    if not country:
        return None
    if country == "CH":
        from stdnum.ch import uid  # noqa: PLC0415 — the number without MWST, TVA or IVA behind it is in use as well

        vat = get_cc_module("ch", "vat")
        return vat or uid
    return get_cc_module(country.lower(), "vat")
