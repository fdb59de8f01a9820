"""Sessions in a table of ours (SESSION_ENGINE): only the hash of a cookie is kept, and each ends by itself.

A session ends

1. thirty days after it began where somebody stays signed in on a computer, else after twelve hours;
2. when nobody came by with it for a week, respectively for twelve hours;
3. when its row is gone: that is how sessions are revoked.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from typing import Any

from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.backends.base import CreateError, SessionBase, UpdateError
from django.db import IntegrityError, transaction
from django.utils import timezone

from regulars.core.unless_busy import unless_busy
from regulars.staff.models import Session

LONGEST = dt.timedelta(hours=12)
LONGEST_STAYING = dt.timedelta(days=30)
IDLE = dt.timedelta(hours=12)
IDLE_STAYING = dt.timedelta(days=7)
BEFORE_SIGN_IN = dt.timedelta(hours=1)

BEGAN, STAYS, BROWSER, ADDRESS, HOW = "began", "stays", "browser", "address", "how"

_NOTICED_AFTER = dt.timedelta(minutes=1)


class SessionStore(SessionBase):
    """What Django asks of a session engine, over the table of sessions."""

    seen_at: dt.datetime | None = None

    def load(self) -> dict[str, Any]:
        """What the session holds; nothing, where it ended."""
        now = timezone.now()
        row = Session.objects.filter(key=key_of(self.session_key or ""), expires_at__gt=now).first()
        data: dict[str, Any] = self.decode(row.data) if row is not None else {}
        if row is None or (row.user_id is not None and row.seen_at + idle(data) <= now):
            self._session_key = None
            return {}
        self.seen_at = row.seen_at
        return data

    def exists(self, session_key: str) -> bool:
        """Whether a session has this cookie."""
        return Session.objects.filter(key=key_of(session_key)).exists()

    def create(self) -> None:
        """A new session with a cookie of its own."""
        while True:
            self._session_key = self._get_new_session_key()  # type: ignore[attr-defined]
            try:
                self.save(must_create=True)
            except CreateError:
                continue
            self.modified = True
            return

    def save(self, must_create: bool = False) -> None:
        """Keep what the session holds. A session that was revoked meanwhile does not come back: UpdateError."""
        if self.session_key is None:
            self.create()
            return
        data = self._get_session(no_load=must_create)  # type: ignore[attr-defined]
        key = key_of(self.session_key)
        now = timezone.now()
        user_id = int(data[SESSION_KEY]) if SESSION_KEY in data else None
        if user_id is not None:
            data.setdefault(BEGAN, now.timestamp())
        began = dt.datetime.fromtimestamp(data[BEGAN], dt.UTC) if BEGAN in data else now
        values = {
            "data": self.encode(data),
            "user_id": user_id,
            "began_at": began,
            "expires_at": began + _longest(data),
        }
        with transaction.atomic():
            if not must_create:
                if not Session.objects.filter(key=key).update(**values):
                    raise UpdateError
                return
            try:
                with transaction.atomic():
                    Session(key=key, seen_at=now, **values).save(force_insert=True)
            except IntegrityError as taken:
                raise CreateError from taken
            self.seen_at = now

    def delete(self, session_key: str | None = None) -> None:
        """End a session, this one if none is named."""
        session_key = session_key or self.session_key
        if session_key is not None:
            Session.objects.filter(key=key_of(session_key)).delete()

    def note_seen(self) -> None:
        """Note that somebody came by, once a minute at most, and never where another writer would be waited for."""
        now = timezone.now()
        if self.session_key is None or self.seen_at is None or self.seen_at > now - _NOTICED_AFTER:
            return
        row = Session.objects.filter(key=key_of(self.session_key), seen_at__lt=now)
        if unless_busy(lambda: row.update(seen_at=now)):
            self.seen_at = now

    @classmethod
    def clear_expired(cls) -> None:
        """Drop what nobody can use any more."""
        Session.objects.filter(expires_at__lte=timezone.now()).delete()


def key_of(cookie: str) -> str:
    """The row's key: the cookie's hash. The cookie is long and random, so that there is nothing to guess slowly."""
    return hashlib.sha256(cookie.encode()).hexdigest()


def idle(data: dict[str, Any]) -> dt.timedelta:
    """How long a session that holds this may go unseen."""
    return IDLE_STAYING if data.get(STAYS) else IDLE


def _longest(data: dict[str, Any]) -> dt.timedelta:
    if SESSION_KEY not in data:
        return BEFORE_SIGN_IN
    return LONGEST_STAYING if data.get(STAYS) else LONGEST
