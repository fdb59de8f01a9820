"""Ending sessions: a browser whose row is gone is signed out."""

from __future__ import annotations

from django.db import transaction

from regulars.staff.facts import SessionRevoked
from regulars.staff.models import Session, User
from regulars.staff.sessions import key_of
from regulars.timeline.actions import record


@transaction.atomic
def end_sessions(user: User, *, keep: str | None = None, why: str = "") -> int:
    """Sign somebody out of every browser, but for the one whose cookie is `keep`; how many that were.

    Whatever changes how somebody signs in, or what they may do, calls this: `why` is what changed.
    """
    ended = Session.objects.filter(user=user)
    if keep is not None:
        ended = ended.exclude(key=key_of(keep))
    count = ended.delete()[0]
    if count:
        record(SessionRevoked(email=user.email, count=count, why=why), subject=user)
    return count


@transaction.atomic
def end_session(user: User, public_id: str) -> bool:
    """Sign somebody out of one browser; False where that is over already."""
    if len(public_id) < 20 or not Session.objects.filter(user=user, key__startswith=public_id).delete()[0]:
        return False
    record(SessionRevoked(email=user.email, count=1, why="by hand"), subject=user)
    return True
