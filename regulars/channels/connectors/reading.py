"""Reading what platforms send: JSON that may be anything, turned into texts, amounts and moments without surprises.

Numbers are read as decimals, never as floats. What is missing or empty is the empty value of its kind; what is there
and cannot be read is Unreadable, with the name of the field.
"""

from __future__ import annotations

import base64
import binascii
import datetime as dt
import hashlib
import hmac
import json
from collections.abc import Iterable, Mapping, Sequence
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from typing import Any

from django.utils.translation import gettext as _

from regulars.channels.connectors.protocol import Unreadable
from regulars.core import money

Json = Mapping[str, Any]

# What was deleted on a platform that never gives a number twice stays deleted, whatever arrives later.
FOR_EVER = dt.datetime(9999, 1, 1, tzinfo=dt.UTC)
_MOST_DIGITS = 40


def parsed(body: bytes) -> Any:
    """The JSON of a body. Raises Unreadable."""
    try:
        return json.loads(body, parse_float=Decimal, parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        raise Unreadable(_("The body is not readable JSON.")) from error


def parsed_object(body: bytes) -> Json:
    """The JSON object of a body. Raises Unreadable."""
    found = parsed(body)
    if not isinstance(found, dict):
        raise Unreadable(_("The body is not a JSON object."))
    return found


def child(source: Json, name: str) -> Json:
    """The object under a name; an empty one where there is none."""
    found = source.get(name)
    return found if isinstance(found, dict) else {}


def children(source: Json, name: str) -> Sequence[Json]:
    """The objects of a list under a name; what is not an object in it is left out."""
    found = source.get(name)
    return [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []


def text(source: Json, *names: str) -> str:
    """The first of these fields that says something, as text."""
    for name in names:
        found = source.get(name)
        if isinstance(found, bool) or found is None or isinstance(found, dict | list):
            continue
        if said := str(found).replace("\x00", "").strip():
            return said
    return ""


def identity(source: Json, name: str = "id") -> str:
    """The platform's number of the object. Raises Unreadable where there is none."""
    found = text(source, name)
    if not found or found == "0":
        raise Unreadable(_("The object has no “%(name)s”.") % {"name": name})
    return found


def amount(source: Json, name: str) -> Decimal:
    """An amount, zero where there is none. Raises Unreadable."""
    found = source.get(name)
    if found is None or found == "":
        return Decimal(0)
    try:
        read = Decimal(str(found).strip())
    except InvalidOperation:
        raise _unreadable(name, found) from None
    if isinstance(found, bool) or not read.is_finite() or abs(read.adjusted()) > _MOST_DIGITS:
        raise _unreadable(name, found)
    return read


def whole(source: Json, name: str, *, otherwise: int = 0) -> int:
    """A whole number. Raises Unreadable."""
    if source.get(name) in (None, ""):
        return otherwise
    read = amount(source, name)
    if read != read.to_integral_value():
        raise _unreadable(name, source[name])
    return int(read)


def moment(source: Json, *names: str, zone: dt.tzinfo = dt.UTC) -> dt.datetime | None:
    """The first of these moments that is there, in UTC; one without an offset is meant in `zone`. Raises Unreadable."""
    for name in names:
        said = text(source, name)
        if not said or said.startswith("0000-"):
            continue
        try:
            read = dt.datetime.fromisoformat(said)
            return (read if read.tzinfo else read.replace(tzinfo=zone)).astimezone(dt.UTC)
        except (ValueError, OverflowError):
            raise _unreadable(name, said) from None
    return None


def surely(found: dt.datetime | None, name: str) -> dt.datetime:
    """A moment that has to be there. Raises Unreadable."""
    if found is None:
        raise Unreadable(_("The object has no “%(name)s”.") % {"name": name})
    return found


def words(source: Json, name: str) -> tuple[str, ...]:
    """Tags: a list, or a text with commas."""
    found = source.get(name)
    parts: Iterable[Any] = found if isinstance(found, list) else str(found or "").split(",")
    return tuple(dict.fromkeys(said for part in parts if (said := str(part).strip())))


def rounded(value: Decimal, currency: str) -> Decimal:
    """In whole smallest units of the currency, halves away from zero."""
    return value.quantize(_step(currency), rounding=ROUND_HALF_UP)


def unit_price(total: Decimal, quantity: int, currency: str) -> tuple[Decimal, Decimal]:
    """The price of one, and what quantity × price comes to beyond the total (core.money.price_of_one)."""
    return money.price_of_one(total, quantity, currency) if quantity > 0 else (total, Decimal(0))


def is_signed(signature: str, body: bytes, keys: Iterable[str]) -> bool:
    """Whether it is base64 of the HMAC-SHA256 of the body under one of the keys, looked at in constant time."""
    try:
        given = base64.b64decode(signature, validate=True)
    except (binascii.Error, ValueError):
        return False
    is_right = False
    for key in keys:
        is_right |= bool(key) and hmac.compare_digest(given, hmac.digest(key.encode(), body, "sha256"))
    return is_right


def digest(topic: str, body: bytes) -> str:
    """A name for an event of a sender that gives none: the same body is the same event."""
    return hashlib.sha256(topic.encode() + b"\n" + body).hexdigest()


def _step(currency: str) -> Decimal:
    return Decimal(1).scaleb(-money.exponent(currency)) if money.is_known(currency) else Decimal("0.01")


def _no_constant(name: str) -> Any:
    raise ValueError(name)


def _unreadable(name: str, found: Any) -> Unreadable:
    return Unreadable(_("“%(name)s” cannot be read: %(value)s.") % {"name": name, "value": str(found)[:60]})
