"""Once: a call with a key is carried out one time, and a second one is told what the first one did."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from typing import Any

from django.utils.translation import gettext as _

from regulars.core.errors import Invalid
from regulars.core.money import is_known
from regulars.core.text import BadText, clean_lines
from regulars.wallet.models import POINTS, Posting
from regulars.wallet.refusals import KeyUsed

LARGEST = 10**12
"""Beyond this no amount is one that anybody meant; sums of a great many of them still fit the database's numbers."""
LONGEST_KEY = 200
LONGEST_REASON = 500


def fingerprint(**asked: Any) -> str:
    """What a call asks for, as 32 letters: a second call with the same key has to ask for the same."""
    text = json.dumps(asked, sort_keys=True, default=_plain)
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def found(key: str, asked: str) -> Posting | None:
    """The posting that a key made before, if any. Raises KeyUsed where it was for something else."""
    posting = Posting.objects.filter(key=key).first()
    if posting is not None:
        compare(posting.fingerprint, asked)
    return posting


def compare(used_for: str, asked: str) -> None:
    """Raises KeyUsed where a key comes back with something else."""
    if used_for != asked:
        raise KeyUsed(
            _("This key was used for another amount or another customer. Nothing was changed; use a new key.")
        )


def checked(amount: int, currency: str, key: str, reason: str = "") -> str:
    """The reason, cleaned. Raises Invalid where an amount, currency, key or reason cannot be used."""
    problems: dict[str, list[str]] = {}
    if isinstance(amount, bool) or not isinstance(amount, int) or not 0 < amount <= LARGEST:
        problems["amount"] = [_("The amount has to be above zero and not beyond reason.")]
    if currency != POINTS and not is_known(currency):
        problems["currency"] = [_("“%(currency)s” is not a currency that is kept here.") % {"currency": currency[:20]}]
    if not key or len(key) > LONGEST_KEY or not key.isprintable():
        problems["key"] = [_("A key has 1 to %(longest)s letters.") % {"longest": LONGEST_KEY}]
    try:
        reason = clean_lines(reason, limit=LONGEST_REASON)
    except BadText as problem:
        problems["reason"] = [str(problem)]
    if problems:
        raise Invalid(next(iter(problems.values()))[0], fields=problems)
    return reason


def _plain(value: Any) -> str:
    if isinstance(value, dt.datetime):
        return value.astimezone(dt.UTC).isoformat()
    raise TypeError(f"{value!r} cannot be part of a fingerprint")
