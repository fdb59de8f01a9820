"""The ledger: the only place that writes down that a mail came. What stands here is read, and ends as something."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from regulars.inbox import digests
from regulars.inbox.mail import raw
from regulars.inbox.models import Arrival, Mailbox, Outcome
from regulars.messaging.models import Account
from regulars.staff.policy import verb

_ID = re.compile(rb"^message-id:[ \t]*((?:[^\r\n]|\r?\n[ \t])*)", re.IGNORECASE | re.MULTILINE)
_END_OF_HEADERS = re.compile(rb"\r?\n\r?\n")
_LONGEST_HEADERS = 256 * 1024
_MOST_AT_ONCE = 20  # mails of one job


@dataclass(frozen=True, slots=True)
class Fetched:
    """A mail from a server, kept on the disk already."""

    uid: int
    at: dt.datetime
    kept: raw.Kept
    mail_id: str
    is_partial: bool = False
    size: int = 0


@verb
def enter(mailbox: Mailbox, fetched: Sequence[Fetched], *, uid_validity: int, uid_seen: int) -> list[Arrival]:
    """Write down mails of a mailbox, and that it is read up to `uid_seen`; one that stands there already is left out.

    The raw mails are on the disk. All or nothing is written; reading them is a job of the same transaction.
    """
    locked = Mailbox.objects.select_for_update().get(pk=mailbox.pk)
    known = set(
        Arrival._base_manager.filter(
            mailbox=locked, uid_validity=uid_validity, uid__in=[one.uid for one in fetched]
        ).values_list("uid", flat=True)
    )
    made = [
        _row(
            one.kept,
            one.mail_id,
            source=Arrival.Source.IMAP,
            received_at=one.at,
            mailbox=locked,
            uid_validity=uid_validity,
            uid=one.uid,
            account_id=locked.account_id,
            **(_too_large(one) if one.is_partial else {}),
        )
        for one in fetched
        if one.uid not in known
    ]
    for row in made:
        row.save(force_insert=True)
    # a count fetches single mails out of the past: they do not turn back how far the mailbox was read
    is_same = locked.uid_validity == uid_validity
    Mailbox.objects.filter(pk=locked.pk).update(
        uid_validity=uid_validity, uid_seen=max(uid_seen, locked.uid_seen if is_same else 0)
    )
    read_soon(row.pk for row in made if row.outcome == Outcome.WAITING)
    return made


def take(
    data: bytes, *, source: str, account: Account | None = None, recipients: Sequence[str] = ()
) -> tuple[Arrival, bool]:
    """Keep a mail that was handed in, write it down and have it read; and whether it is new.

    When this returns outside a transaction, it is safe. The very same mail, handed in again because nobody heard our
    answer, is no second one.
    """
    return _take(raw.keep([data]), mail_id_of(data), source=source, account=account, recipients=recipients)


@verb
def _take(
    kept: raw.Kept, mail_id: str, *, source: str, account: Account | None, recipients: Sequence[str]
) -> tuple[Arrival, bool]:
    same = Arrival._base_manager.filter(
        source=source, sha256=kept.sha256, id_digest=_digest(kept, mail_id), account=account, size=kept.size
    ).first()
    if same is not None:
        raw.remove([kept.key])
        return same, False
    row = _row(kept, mail_id, source=source, received_at=timezone.now(), account=account)
    row.about = {"to": ", ".join(recipients)[:500]} if recipients else {}
    row.save(force_insert=True)
    read_soon([row.pk])
    return row, True


def read_soon(ids: Iterable[int]) -> None:
    """Have mails of the ledger read, some in a job."""
    from regulars.inbox.mail.sorting import read_mails  # noqa: PLC0415 — sorting goes on from the ledger

    numbers = list(ids)
    for start in range(0, len(numbers), _MOST_AT_ONCE):
        read_mails.later(ids=numbers[start : start + _MOST_AT_ONCE])


def mail_id_of(data: bytes) -> str:
    """The Message-ID as it stands in the headers, without its brackets; empty where there is none."""
    end = _END_OF_HEADERS.search(data, 0, _LONGEST_HEADERS)
    found = _ID.search(data, 0, end.start() + 2 if end else min(len(data), _LONGEST_HEADERS))
    if not found:
        return ""
    return " ".join(found[1].decode("utf-8", "replace").split()).strip("<> ")[:250].replace("\0", "")


def _row(kept: raw.Kept, mail_id: str, **columns: Any) -> Arrival:
    return Arrival(**{"size": kept.size, **columns}, key=kept.key, sha256=kept.sha256, id_digest=_digest(kept, mail_id))


def _digest(kept: raw.Kept, mail_id: str) -> str:
    """What stands for a mail's id; one that has none is known by its bytes."""
    return digests.of(mail_id or f"sha256 {kept.sha256}")


def _too_large(one: Fetched) -> dict[str, Any]:
    return {
        "is_partial": True,
        "size": one.size,
        "outcome": Outcome.QUARANTINE,
        "reason": _(
            "It has %(size)s MB, more than is fetched by itself. Its headers are kept; it can be fetched whole."
        )
        % {"size": max(1, one.size >> 20)},
        "read_at": timezone.now(),
    }
