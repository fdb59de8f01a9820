"""Sealing: entries become blocks of digests under a keyed mac, each chained to the one before."""

from __future__ import annotations

import datetime as dt
import hmac
import json
import time
from collections.abc import Iterator

from django.db import connection, transaction
from django.db.models import Max
from django.utils import timezone
from django.utils.translation import gettext_lazy

from regulars.core.background import every
from regulars.timeline import anchors, digests, keys
from regulars.timeline.actions.recording import record
from regulars.timeline.arriving import last_given_out, running
from regulars.timeline.facts import AuditBegunAnew
from regulars.timeline.models import Entry, Seal, SealState

BLOCK = 4_096  # entries under one seal
_SECONDS = 5.0  # how long one run waits for transactions to end before the next one does


@every(minutes=1, label=gettext_lazy("Seal the audit log"))
def seal_every_minute() -> None:
    """Seal what was recorded in the last minute."""
    seal_entries()


def seal_entries(*, patience: float = _SECONDS) -> int:
    """Seal all entries that can be sealed by now; how many those were.

    1. Find the id up to which nothing can still appear (see `_settled`).
    2. Seal what is between the last seal and there, block by block, each in its own transaction.
    3. Write the anchors of these seals, and of those that a crash left without one.
    """
    to_id = _settled(patience)
    count = 0
    while to_id is not None and (sealed := _seal_block(to_id)) is not None:
        count += sealed
    _write_anchors()
    return count


def begin_anew(*, reason: str) -> None:
    """After a backup was restored: what the anchors know beyond it is gone by intent; they go on from its last seal.

    The restored seals stay as they are; the log says that this was done.
    """
    last = Seal.objects.order_by("-number").first()
    record(AuditBegunAnew(seal=last.number if last else 0, reason=reason))
    SealState.objects.filter(pk=1).update(waiting_id=None, waiting=[])
    now = timezone.now()
    number, last_id, mac = (last.number, last.to_id, bytes(last.mac)) if last else (0, 0, b"")
    anchors.add(
        [anchors.anchor_of(number, last_id, mac or bytes(32), at=now, is_anew=True)],
        key=keys.anchor_key(keys.current_seal_key()),
    )


def _settled(patience: float) -> int | None:
    """The id up to which every entry that will ever be there is there; None while that cannot be said.

    SQLite has one writer at a time: inside its transaction the newest id is it. PostgreSQL gives out an id when a
    row is inserted and shows the row when its transaction commits, maybe much later. So: note the last id that was
    given out, and then every transaction that is running; when all of them have ended, nothing below it is left to
    come. The transactions are told by their virtual ids: one that has only just taken a number has no other yet.
    """
    if connection.vendor != "postgresql":
        with transaction.atomic():
            last: int | None = Entry._base_manager.aggregate(last=Max("pk"))["last"]
        return last
    ends_at = time.monotonic() + patience
    state, _created = SealState.objects.get_or_create(pk=1)
    if state.waiting_id is None:
        state.waiting_id = last_given_out()
        state.waiting = sorted(running())
        state.save(update_fields=["waiting_id", "waiting"])
    while not running().isdisjoint(state.waiting):
        if time.monotonic() >= ends_at:
            return None
        time.sleep(0.05)
    SealState.objects.filter(pk=1, waiting_id=state.waiting_id).update(waiting_id=None, waiting=[])
    return state.waiting_id


@transaction.atomic
def _seal_block(to_id: int) -> int | None:
    """Seal the next block up to an id at most; how many entries it has, or None where nothing is left to seal."""
    SealState.objects.get_or_create(pk=1)
    SealState.objects.select_for_update().get(pk=1)  # one at a time
    last = Seal.objects.order_by("-number").only("number", "to_id", "mac").first()
    from_id = last.to_id + 1 if last else 1
    if from_id > to_id:
        return None
    ids = list(
        Entry._base_manager.filter(pk__gte=from_id, pk__lte=to_id)
        .order_by("pk")
        .values_list("pk", flat=True)[: BLOCK + 1]
    )
    if not ids and last is not None:
        return None  # numbers that nobody used: they are told with the next block
    is_last = len(ids) <= BLOCK
    end = to_id if is_last else ids[BLOCK - 1]
    name = keys.current_seal_key()
    key = keys.digest_key(name)
    known = [(number, digests.digest(stored, key)) for number, stored in digests.stored_entries(from_id, end)]
    now = timezone.now()
    seal = Seal.objects.create(
        number=(last.number if last else 0) + 1,
        day=now.astimezone(dt.UTC).date(),
        made_at=now,
        from_id=from_id,
        to_id=end,
        count=len(known),
        gaps=json.dumps(list(_gaps([number for number, _digest in known], from_id, end))),
        digests=b"".join(one for _number, one in known),
        key_name=name,
        previous=bytes(last.mac) if last else b"",
        mac=b"",
    )
    # the mac is over what the database has stored, not over what it was asked to
    stored = next(digests.stored_seals(seal.number - 1))
    mac = hmac.digest(keys.day_key(name, seal.day), digests.said_by(stored), "sha256")
    Seal.objects.filter(pk=seal.pk).update(mac=mac)
    return len(known)


def _gaps(ids: list[int], first: int, last: int) -> Iterator[list[int]]:
    """The runs of numbers in a block that no entry has."""
    expected = first
    for number in [*ids, last + 1]:
        if number > expected:
            yield [expected, number - 1]
        expected = number + 1


def _write_anchors() -> None:
    try:
        written = anchors.read()
    except anchors.BadAnchors:
        return  # verification says so; what is there is evidence, and stays as it is
    last = max((anchor.number for anchor in written[-1:]), default=0)
    missing = Seal.objects.filter(number__gt=last).order_by("number").only("number", "to_id", "mac", "made_at")
    added = [anchors.anchor_of(seal.number, seal.to_id, bytes(seal.mac), at=seal.made_at) for seal in missing]
    if added:
        anchors.add(added, key=keys.anchor_key(keys.current_seal_key()))
