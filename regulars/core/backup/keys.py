"""keys.age: the newest wrapped keys and the tombstones, beside the backups and never in them.

It is always replaced and kept in no generations. So a person's key that was destroyed is in no backup, however old, and
whoever restores one takes the keys from here.
"""

from __future__ import annotations

import datetime as dt
import json
import logging
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import pyrage
from django.db import DatabaseError, transaction
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from pyrage.x25519 import Identity

from regulars.core import quarantine
from regulars.core.background import every
from regulars.core.backup import identities, places, sockets, space
from regulars.core.backup.refusals import Damaged, NoKeys
from regulars.core.errors import Refusal
from regulars.core.models import KeysCopy, WrappedKey

_FORMAT = 1
_FIELDS = ("name", "key_id", "value", "changed_at")

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Keys:
    """Rows of wrapped keys, and whom not to bring back."""

    rows: list[dict[str, Any]]
    erased: frozenset[int]

    @property
    def newest(self) -> str:
        """When the last of them was changed; two copies are compared by it."""
        return max((str(row["changed_at"]) for row in self.rows), default="")


def replace_keys() -> None:
    """Replace keys.age in every place, when the transaction around this is committed.

    Call it where a person was erased or a key was changed. A place that is away is noted, shown, and tried again every
    five minutes; whoever erases does not wait for it.
    """
    now = timezone.now()
    for place in places.places():
        KeysCopy.objects.update_or_create(place=place.label, defaults={"wanted_at": now})
    transaction.on_commit(_replace_wanted, robust=True)


@every(minutes=5, retries=0, label=gettext_lazy("Put the newest keys beside the backups"))
def replace_where_missing() -> None:
    """Try again where the newest keys are not yet beside the backups."""
    _replace_wanted()


def missing() -> list[KeysCopy]:
    """The places where the newest keys are not, with what was in the way."""
    labels = [place.label for place in places.places()]
    waits = Q(replaced_at=None) | Q(replaced_at__lt=F("wanted_at"))
    return list(KeysCopy.objects.filter(waits, place__in=labels).order_by("place"))


def write(place: places.Place) -> None:
    """Put the keys as they are now beside the backups of a place. Raises PlaceAway."""
    now = timezone.now()
    place.write(places.KEYS, [_packed()])
    KeysCopy.objects.update_or_create(
        place=place.label,
        defaults={"replaced_at": now, "error": ""},
        create_defaults={"wanted_at": now, "replaced_at": now},
    )


def of_database() -> Keys:
    """The keys of the database in use; none where it is not there, or cannot be read."""
    if not space.has_database():
        return Keys([], frozenset())
    try:
        rows = list(WrappedKey.objects.order_by("name").values(*_FIELDS))
        return Keys([row | {"changed_at": row["changed_at"].isoformat()} for row in rows], sockets.erased())
    except DatabaseError:
        return Keys([], frozenset())


def read(text: bytes, opened_by: list[Identity]) -> Keys:
    """What a keys.age holds. Raises NoKeys, Damaged."""
    try:
        values = json.loads(pyrage.decrypt(text, opened_by))
    except pyrage.DecryptError as error:
        if "No matching keys" in str(error):
            raise NoKeys(_("keys.age was made under other keys than this shop has.")) from error
        raise Damaged(places.KEYS, places.KEYS, _("it cannot be decrypted.")) from error
    return Keys(values["rows"], frozenset(values["erased"]))


def newest(found: Iterable[Keys]) -> Keys:
    """The newest rows of several copies, and everybody that any of them says was erased."""
    known = list(found)
    best = max(known, key=lambda one: one.newest, default=Keys([], frozenset()))
    return Keys(best.rows, frozenset().union(*(one.erased for one in known)))


def put_into_database(rows: Iterable[dict[str, Any]]) -> None:
    """Let the database in use have these wrapped keys and no others."""
    with transaction.atomic():
        WrappedKey.objects.all().delete()
        WrappedKey.objects.bulk_create(
            WrappedKey(**row | {"changed_at": dt.datetime.fromisoformat(row["changed_at"])}) for row in rows
        )


def _packed() -> bytes:
    known = of_database()
    values = {"format": _FORMAT, "rows": known.rows, "erased": sorted(known.erased)}
    return bytes(pyrage.encrypt(json.dumps(values).encode(), identities.recipients()))


def _replace_wanted() -> None:
    if quarantine.is_on():
        return  # a restored copy must not replace the keys of the shop it is a copy of
    waiting = {row.place for row in missing()}
    for place in places.places():
        if place.label not in waiting:
            continue
        try:
            write(place)
        except Refusal as refusal:
            log.warning("keys.age: %s", refusal.sentence)
            KeysCopy.objects.filter(place=place.label).update(error=refusal.sentence)
