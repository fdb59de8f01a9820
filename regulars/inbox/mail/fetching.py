"""What is new in a mailbox: by the numbers of its mails, in batches, each of which is safe before the next begins.

However long nobody fetched, the numbers say what is new. Where the server counts anew (UIDVALIDITY), everything there
gets a row once more; what had arrived before is known again when it is read, and ends as a copy.
"""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import override

from regulars.core import quarantine, shop
from regulars.core.background import background, progress
from regulars.core.errors import Refusal
from regulars.inbox.mail import line as lines
from regulars.inbox.mail import raw, signing
from regulars.inbox.mail.ledger import Fetched, enter, mail_id_of
from regulars.inbox.mail.line import Line, SignInRefused, There
from regulars.inbox.models import Arrival, Mailbox

logger = logging.getLogger(__name__)

_AT_ONCE = 100
_MOST_BYTES = 8 * 1024 * 1024
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
Tell = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Round:
    """What one look at a mailbox brought."""

    found: int
    entered: int


@contextmanager
def signed_in(mailbox: Mailbox) -> Iterator[Line]:
    """A line to a mailbox, with its folder open. Raises MailboxAway; never in quarantine (core/quarantine.py)."""
    quarantine.check()
    try:
        with lines.opened(signing.place_of(mailbox)) as line:
            line.open_folder(mailbox.folder, may_change=bool(mailbox.options.get("after")))
            yield line
    except SignInRefused:
        signing.forget_token(mailbox)
        raise


@background(retries=3, label=_("Fetch mails"))
def fetch_mailbox(*, mailbox_id: int) -> None:
    """Fetch what is new in a mailbox, here and now; how far it is stands on the page of jobs."""
    mailbox = Mailbox.objects.filter(pk=mailbox_id, is_on=True).first()
    if mailbox is not None:
        fetch_once(mailbox, tell=progress)


def fetch_once(mailbox: Mailbox, *, tell: Tell | None = None) -> Round:
    """Sign in, fetch what is new, and note how it went. Raises MailboxAway."""
    try:
        with signed_in(mailbox) as line:
            return fetch(mailbox, line, tell=tell)
    except Refusal as refusal:
        note_problem(mailbox, refusal)
        raise


def fetch(mailbox: Mailbox, line: Line, *, tell: Tell | None = None) -> Round:
    """Fetch what is new over an open line, in batches; every one is safe when the next begins."""
    known = Mailbox.objects.values("uid_validity", "uid_seen").get(pk=mailbox.pk)
    seen = known["uid_seen"] if known["uid_validity"] == line.uid_validity else 0
    uids = line.uids(after=seen, since=since_of(mailbox))
    entered = 0
    for start in range(0, len(uids), _AT_ONCE):
        entered += take_in(mailbox, line, uids[start : start + _AT_ONCE], is_new=True)
        if tell is not None:
            tell(min(start + _AT_ONCE, len(uids)), len(uids))
    if not uids and known["uid_validity"] != line.uid_validity:
        enter(mailbox, [], uid_validity=line.uid_validity, uid_seen=0)
    _tidy(mailbox, line)
    Mailbox.objects.filter(pk=mailbox.pk).update(checked_at=timezone.now(), problem="")
    return Round(len(uids), entered)


def take_in(mailbox: Mailbox, line: Line, uids: Sequence[int], *, is_new: bool) -> int:
    """Fetch these mails and write them into the ledger; how many stand there now that did not. With `is_new`, the
    mailbox counts as read up to the last of them.
    """
    entered = 0
    for part in _parts(line.look(uids)):
        fetched = _kept(line, part)
        seen = part[-1].uid if is_new else 0
        entered += len(enter(mailbox, fetched, uid_validity=line.uid_validity, uid_seen=seen))
    if is_new and uids:  # the last ones may have been deleted on the server while we looked
        enter(mailbox, [], uid_validity=line.uid_validity, uid_seen=uids[-1])
    return entered


def since_of(mailbox: Mailbox) -> str:
    """The day from which on mails are fetched, as the protocol writes it; empty for all of them."""
    return day_of(mailbox.since) if mailbox.since else ""


def day_of(day: dt.date) -> str:
    """A day as the protocol writes it: “01-Mar-2026”."""
    return f"{day.day:02d}-{_MONTHS[day.month - 1]}-{day.year:04d}"


def note_problem(mailbox: Mailbox, refusal: Refusal) -> None:
    """Say on the mailbox's page why it is not read, in the language of the shop."""
    Mailbox.objects.filter(pk=mailbox.pk).update(problem=refusal.sentence[:500], checked_at=timezone.now())


@contextmanager
def in_the_shops_words() -> Iterator[None]:
    """What is written down for colleagues by no one person is in the shop's language."""
    with override(shop.current().language):
        yield


def _kept(line: Line, part: Sequence[There]) -> list[Fetched]:
    """Mails on the disk. One that the server does not give is left to the daily count, which tells of it."""
    large = [one.uid for one in part if one.size > settings.MAIL_SIZE]
    found = line.mails([one.uid for one in part if one.size <= settings.MAIL_SIZE])
    headers = line.mails(large, part="HEADER")
    fetched = []
    for one in part:
        data = found.get(one.uid, headers.get(one.uid))
        if data is None:
            logger.warning("%s did not give mail %s", line.place.host, one.uid)
            continue
        at = min(dt.datetime.fromtimestamp(one.at, tz=dt.UTC), timezone.now())
        is_partial = one.uid in headers
        fetched.append(Fetched(one.uid, at, raw.keep([data]), mail_id_of(data), is_partial, one.size))
    return fetched


def _parts(found: Sequence[There]) -> Iterator[list[There]]:
    """Mails in parts that fit into memory."""
    part: list[There] = []
    room = _MOST_BYTES
    for one in found:
        if part and one.size > room:
            yield part
            part, room = [], _MOST_BYTES
        part.append(one)
        room -= min(one.size, settings.MAIL_SIZE)
    if part:
        yield part


def _tidy(mailbox: Mailbox, line: Line) -> None:
    """Mark as read, or move, what stands in the ledger, where the shop wants that; a broken round is made up for."""
    after = mailbox.options.get("after", "")
    if not after:
        return
    there = line.uids(since=since_of(mailbox), more=["UNSEEN" if after == "seen" else "UNDELETED"])
    for start in range(0, len(there), _AT_ONCE):
        part = there[start : start + _AT_ONCE]
        rows = Arrival._base_manager.filter(mailbox=mailbox, uid_validity=line.uid_validity, uid__in=part)
        # what is too large to be fetched by itself stays where it is: it may be fetched later
        uids = rows.filter(is_partial=False).values_list("uid", flat=True)
        ours = [uid for uid in uids if uid is not None]
        if ours and after == "seen":
            line.mark_seen(ours)
        elif ours:
            line.move(ours, str(mailbox.options.get("move_to") or "Regulars"))
