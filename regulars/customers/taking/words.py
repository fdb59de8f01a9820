"""What a channel's word changes of a profile that is there already.

1. What staff, a file or a program wrote stays, whatever a channel says; an empty field is filled.
2. What a channel said is replaced by a newer word, of this channel or another one. Of two words of the same moment the
   larger one stands, so that the outcome does not depend on which came first.
3. What an account said and does not say any more goes again; what another one said stays.
4. Somebody is a customer since the earliest day that any channel names.

So the profile follows from the newest state of each account and from what was written here, in whatever order the
states arrive.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Any

from regulars.customers.taking.saying import FIELDS, Said

Parts = dict[str, Any]
"""What is kept of what channels said (models.Heard): `{field: [who, when, digest of the value]}`."""


GUEST = ""
"""Who said it, where it was somebody without an account."""


@dataclass(slots=True)
class News:
    """What is to be written: fields of the profile, and what is to be kept of who said it."""

    values: dict[str, Any] = field(default_factory=dict)
    parts: Parts = field(default_factory=dict)


def digest_of(value: Any) -> str:
    """A short digest, by which it is told whether what stands there is still what was said."""
    text = value.astimezone(dt.UTC).isoformat() if isinstance(value, dt.datetime) else str(value or "")
    return blake2b(text.encode(), digest_size=4).hexdigest()


def first_parts(said: Said, who: str, shown: Mapping[str, Any]) -> Parts:
    """What is kept of a new customer's first word."""
    parts = {name: [who, said.versions[name].isoformat(), digest_of(value)] for name, value in said.profile.items()}
    if said.is_own:
        left_out = [name for name in FIELDS if name not in said.profile and not shown.get(name)]
        parts |= {name: [who, said.record.version.isoformat(), digest_of("")] for name in left_out}
    return parts


def news_of(said: Said, who: str, parts: Mapping[str, Any], current: Mapping[str, Any]) -> News:
    """What a word changes of a profile, given what was said before."""
    news = News()
    for name in FIELDS:
        value, now = said.profile.get(name, ""), current[name] or ""
        at = said.versions.get(name, said.record.version)
        part = parts.get(name)
        stands = part is not None and part[2] == digest_of(now)
        if value and _counts(value, at, who, now, part, stands=stands):
            if value != now:
                news.values[name] = value
            news.parts[name] = [who, at.isoformat(), digest_of(value)]
        elif not value and said.is_own and _is_taken_back(at, who, now, part, stands=stands):
            if name == "name" and {"given_name", "family_name"} & said.profile.keys():
                continue  # it is made of its parts
            if now:
                news.values[name] = ""
            news.parts[name] = [who, at.isoformat(), digest_of("")]
    _follow_since(said, who, parts, current, news)
    return news


def _counts(value: str, at: dt.datetime, who: str, now: str, part: Any, *, stands: bool) -> bool:
    """Whether a word is one that a field has to follow, or at least to remember."""
    if part is None:
        return not now
    if not stands:
        return False  # somebody wrote it here since
    said_at = dt.datetime.fromisoformat(part[1])
    if not now and part[0] != who:
        return True  # that another account leaves it out says nothing
    return (at, value) > (said_at, now)


def _is_taken_back(at: dt.datetime, who: str, now: str, part: Any, *, stands: bool) -> bool:
    """Whether an account that leaves a field out has said something there before, or is the first to be asked."""
    if part is None:
        return not now
    return stands and part[0] == who and at > dt.datetime.fromisoformat(part[1])


def _follow_since(said: Said, who: str, parts: Mapping[str, Any], current: Mapping[str, Any], news: News) -> None:
    part, now = parts.get("customer_since"), current["customer_since"]
    if said.since is not None and part is not None and part[2] == digest_of(now) and said.since < now:
        news.values["customer_since"] = said.since
        news.parts["customer_since"] = [who, said.record.version.isoformat(), digest_of(said.since)]
