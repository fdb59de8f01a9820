"""The browsers somebody is signed in with."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from django.utils import timezone

from regulars.staff.models import Session, User
from regulars.staff.sessions import ADDRESS, BROWSER, HOW, STAYS, SessionStore, idle, key_of

SHOWN = 100


@dataclass(frozen=True, slots=True)
class SignedIn:
    """One browser: which, from where, how somebody came in, since when, and when it was last seen."""

    public_id: str
    browser: str
    address: str
    how: str
    stays: bool
    began_at: dt.datetime
    seen_at: dt.datetime
    is_here: bool


def signed_in(user: User, *, here: str | None = None) -> list[SignedIn]:
    """Where somebody is signed in, the latest seen first; `here` is the cookie of the browser that asks."""
    now = timezone.now()
    rows = Session.objects.filter(user=user, expires_at__gt=now).order_by("-seen_at")[:SHOWN]
    store = SessionStore()
    found = []
    for row in rows:
        data = store.decode(row.data)
        if row.seen_at + idle(data) <= now:
            continue
        found.append(
            SignedIn(
                public_id=row.public_id,
                browser=data.get(BROWSER, ""),
                address=data.get(ADDRESS, ""),
                how=data.get(HOW, ""),
                stays=bool(data.get(STAYS)),
                began_at=row.began_at,
                seen_at=row.seen_at,
                is_here=here is not None and row.key == key_of(here),
            )
        )
    return sorted(found, key=lambda one: not one.is_here)
