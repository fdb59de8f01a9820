"""Once a day: is there a mail on the server that is not in the ledger? Every difference is fetched, and told."""

from __future__ import annotations

from collections.abc import Iterable

from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from regulars.core import shop
from regulars.core.background import background, every
from regulars.core.errors import Refusal
from regulars.inbox.mail.fetching import fetch, in_the_shops_words, note_problem, signed_in, since_of, take_in
from regulars.inbox.mail.line import Line
from regulars.inbox.models import Arrival, Mailbox, MailCount

_MOST_TOLD = 1_000


@every("04:05", label=_("Count the mails of all mailboxes"))
def count_mailboxes() -> None:
    """Compare every mailbox that is on with the ledger."""
    for mailbox in Mailbox.objects.filter(is_on=True):
        count_mailbox.later(mailbox_id=mailbox.pk)


@background(retries=3, label=_("Count the mails of a mailbox"))
def count_mailbox(*, mailbox_id: int) -> None:
    """Compare one mailbox with the ledger, and fetch what is missing there."""
    mailbox = Mailbox.objects.filter(pk=mailbox_id, is_on=True).first()
    if mailbox is not None:
        with in_the_shops_words():
            count_once(mailbox)


def count_once(mailbox: Mailbox) -> MailCount:
    """Sign in and count; where that cannot be done the count of the day says so. Raises MailboxAway."""
    try:
        with signed_in(mailbox) as line:
            return count(mailbox, line)
    except Refusal as refusal:
        note_problem(mailbox, refusal)
        _note(mailbox, problem=refusal.sentence[:500])
        raise


def count(mailbox: Mailbox, line: Line) -> MailCount:
    """Count over an open line: what is new first, so that only what was missed is a difference."""
    fetch(mailbox, line)
    there = set(line.uids(since=since_of(mailbox)))
    missing = sorted(there - _in_ledger(mailbox, line, there))
    fetched = take_in(mailbox, line, missing, is_new=False) if missing else 0
    # what was deleted on the server while we counted is no difference any more
    left = set(missing) - _in_ledger(mailbox, line, missing)
    left &= {one.uid for one in line.look(sorted(left))} if left else set()
    return _note(
        mailbox,
        on_server=len(there),
        in_ledger=len(there) - len(missing) + fetched,
        missing=missing[:_MOST_TOLD],
        fetched=fetched,
        left=len(left),
    )


def differing() -> list[MailCount]:
    """The last count of each mailbox that is on, where a difference stays: somebody has to look into it."""
    last: dict[int, MailCount] = {}
    for one in MailCount.objects.filter(mailbox__is_on=True).select_related("mailbox").order_by("-day", "-pk"):
        last.setdefault(one.mailbox_id, one)
    return [one for one in last.values() if one.left]


def _in_ledger(mailbox: Mailbox, line: Line, uids: Iterable[int]) -> set[int]:
    wanted = set(uids)
    rows = Arrival._base_manager.filter(mailbox=mailbox, uid_validity=line.uid_validity)
    if wanted:
        rows = rows.filter(uid__gte=min(wanted), uid__lte=max(wanted))
    return wanted & set(rows.values_list("uid", flat=True))


def _note(mailbox: Mailbox, **figures: object) -> MailCount:
    empty = {"on_server": 0, "in_ledger": 0, "missing": [], "fetched": 0, "left": 0, "problem": ""}
    made, _is_new = MailCount.objects.update_or_create(
        mailbox=mailbox,
        day=shop.today(),
        defaults={**({} if figures.get("problem") else empty), **figures, "counted_at": timezone.now()},
    )
    return made
