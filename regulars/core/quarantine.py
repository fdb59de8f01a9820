"""A restored shop is in quarantine until a person releases it: nothing leaves it, whatever waited in it.

Verbs that reach outside say so: `@background(leaves=True)`. In quarantine they do not run, and wait instead.
"""

from __future__ import annotations

import datetime as dt

from django.core.cache import cache
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from regulars.core.errors import Refusal
from regulars.core.models import Restoration

_KEY = "core.quarantine"
_SECONDS = 5


class HeldBack(Refusal):
    """The shop is in quarantine; what was to leave it waits."""

    slug = "in-quarantine"


def current() -> Restoration | None:
    """The restoration that nobody released yet; None in every other shop. Asked once in some seconds."""
    kept: tuple[Restoration | None] | None = cache.get(_KEY)
    if kept is None:
        kept = (Restoration.objects.filter(released_at=None).order_by("-pk").first(),)
        cache.set(_KEY, kept, _SECONDS)
    return kept[0]


def is_on() -> bool:
    """Whether this shop is in quarantine at this very moment."""
    return Restoration.objects.filter(released_at=None).exists()


def check() -> None:
    """Refuse to let anything out of a shop in quarantine. Raises HeldBack."""
    if is_on():
        raise HeldBack(_("This shop was restored from a backup, and nothing leaves it until somebody releases it."))


def begin(*, backup: str, taken_at: dt.datetime) -> Restoration:
    """Put this database into quarantine."""
    cache.delete(_KEY)
    return Restoration.objects.create(backup=backup, taken_at=taken_at)


@transaction.atomic
def release() -> Restoration | None:
    """End the quarantine; the restoration it was about, or None where there was none."""
    last = Restoration.objects.filter(released_at=None).order_by("-pk").first()
    Restoration.objects.filter(released_at=None).update(released_at=timezone.now())
    transaction.on_commit(lambda: cache.delete(_KEY))
    cache.delete(_KEY)
    return last
