"""What vouches for the books: keyed hashes over whose an account is, and over each posting with the one before it.

A line is every fixed value of a row, in one text. The key is a data key that is never exchanged, because rows are never
written anew; without it nobody can make a posting, or a history, that fits.
"""

from __future__ import annotations

import datetime as dt
import hmac
from collections.abc import Iterable
from typing import TYPE_CHECKING

from regulars.core import datakeys

if TYPE_CHECKING:
    from regulars.wallet.models import Account, Posting

_KEY = "wallet"

LotValues = tuple[int, int, int, int, dt.datetime, dt.datetime | None, dt.datetime | None]
"""id, account, granted_by, amount, opened_at, active_at, expires_at."""
LineValues = tuple[int, int | None, int]
"""account, lot, amount."""
PostingValues = tuple[
    int, str, str, int, dt.datetime, dt.date, str, str, str, str, int, int | None, str, int | None, str
]
"""The columns named in POSTING_COLUMNS, in that order."""

POSTING_COLUMNS = (
    *("number", "kind", "currency", "amount", "at", "day", "key", "fingerprint", "cause_kind", "cause_id"),
    *("customer_number", "actor_id", "source", "reverses_id", "remark_digest"),
)
LINE_COLUMNS = ("account_id", "lot_id", "amount")
LOT_COLUMNS = ("id", "account_id", "granted_by_id", "amount", "opened_at", "active_at", "expires_at")


def key() -> bytes:
    """The key that vouches; made where there is none."""
    keys = datakeys.named(_KEY).generations
    return keys[min(keys)]


def of_account(account: Account, secret: bytes) -> str:
    """What vouches for whose an account is."""
    line = f"account|{account.pk}|{account.customer_number}|{account.kind}|{account.currency}"
    return hmac.digest(secret, line.encode(), "sha256").hex()[:32]


def of_remark(text: str, secret: bytes) -> str:
    """What stands in a posting for words that go with their person."""
    return hmac.digest(secret, b"remark|" + text.encode(), "sha256").hex()[:32] if text else ""


def of_posting(
    previous: str, posting: PostingValues, entries: Iterable[LineValues], lots: Iterable[LotValues], secret: bytes
) -> str:
    """What vouches for a posting, its entries, the lots it opened, and all that was before."""
    said = [*posting]
    said[4], said[5] = _moment(posting[4]), posting[5].isoformat()
    opened = [(*lot[:4], *map(_moment, lot[4:])) for lot in lots]
    line = f"{previous}|{said}|{[*entries]}|{opened}"
    return hmac.digest(secret, line.encode(), "sha256").hex()


def of_day(previous: str, day: dt.date, number: int, count: int, posting_mac: str, secret: bytes) -> str:
    """What vouches for the end of a day."""
    line = f"day|{previous}|{day.isoformat()}|{number}|{count}|{posting_mac}"
    return hmac.digest(secret, line.encode(), "sha256").hex()


def line_of(posting: Posting) -> PostingValues:
    """A posting's fixed values."""
    values = (getattr(posting, name) for name in POSTING_COLUMNS)
    # a word of ours is a plain text once it was stored
    return tuple(str(value) if isinstance(value, str) else value for value in values)  # type: ignore[return-value]


def _moment(at: dt.datetime | None) -> str:
    return at.astimezone(dt.UTC).isoformat() if at else ""
