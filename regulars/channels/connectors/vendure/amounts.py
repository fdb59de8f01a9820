"""Amounts of Vendure: whole numbers, with as many decimals as its money strategy says, whatever the currency."""

from __future__ import annotations

from django.utils.translation import gettext as _

from regulars.channels.connectors.protocol import Unreadable
from regulars.channels.connectors.reading import Json, whole

_USUAL = 2
_MOST = 6


def precision(found: Json) -> int:
    """How many decimals the amounts of this object have. Raises Unreadable."""
    read = whole(found, "precision", otherwise=_USUAL)
    if not 0 <= read <= _MOST:
        raise Unreadable(_("“%(name)s” cannot be read: %(value)s.") % {"name": "precision", "value": str(read)[:60]})
    return read
