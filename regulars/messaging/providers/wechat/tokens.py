"""Access tokens, for the two hours that each is good; every process asks for its own, and gets the same."""

from __future__ import annotations

import datetime as dt
import hashlib
from typing import Any

from regulars.messaging.providers.base import Link
from regulars.messaging.providers.reading import size

_EARLIER = 300
_MOST = 100

_kept: dict[str, tuple[str, dt.datetime]] = {}


def kept(link: Link) -> str:
    """The access token that is good now; empty where there is none."""
    token, until = _kept.get(_name(link), ("", link.now))
    return token if until > link.now else ""


def keep(link: Link, token: str, seconds: Any) -> None:
    """Keep a token until shortly before it ends."""
    if len(_kept) >= _MOST:
        _kept.clear()
    _kept[_name(link)] = token, link.now + dt.timedelta(seconds=max(0, min(size(seconds), 7_200) - _EARLIER))


def forget() -> None:
    """Forget all of them; for tests."""
    _kept.clear()


def _name(link: Link) -> str:
    """What a token belongs to: these very keys, at this very place."""
    keys = (str(link.account_id), link.option("api"), link.option("app_id"), link.secret("app_secret"))
    return hashlib.sha256("\0".join(keys).encode()).hexdigest()
