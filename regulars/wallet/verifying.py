"""The proof: every posting is as it was written, none is missing, and what is kept beside the entries is what they say.

Three streams are read side by side in the order of the numbers, so that ten million entries need no more memory than
ten. Anything that is not right is told with the day of the first posting it is seen at.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from django.db.models import F, OuterRef, Q, Subquery, Sum
from django.db.models.functions import Coalesce
from django.utils.translation import gettext as _

from regulars.wallet import proving
from regulars.wallet.models import (
    OF_CUSTOMERS,
    Account,
    Chain,
    DaySeal,
    HeldLot,
    HoldState,
    Line,
    Lot,
    Posting,
    Remark,
)

_AT_ONCE = 5_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """What is not right, in a sentence, and the day and number of the posting it is seen at, where there is one."""

    sentence: str
    day: dt.date | None = None
    number: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What was looked at, and the first thing that is not right."""

    postings: int
    entries: int
    accounts: int
    problem: Problem | None = None


def verify() -> Report:
    """Prove the whole ledger, from the first posting to the end of the chain."""
    secret = proving.key()
    walk = _Walk(secret)
    problem = walk.go() or _accounts(secret) or _kept() or _remarks(secret)
    return Report(postings=walk.count, entries=walk.entries, accounts=Account.objects.count(), problem=problem)


@dataclass(slots=True)
class _Walk:
    """Along the chain: how far it came, and the mac of the posting it stands at."""

    secret: bytes
    count: int = 0
    entries: int = 0
    mac: str = ""

    def go(self) -> Problem | None:
        """The first thing on the way that is not right."""
        day = dt.date.min
        currencies: dict[int, str] = dict(Account.objects.values_list("pk", "currency"))
        entries = _Beside(Line.objects.values_list("posting_id", *proving.LINE_COLUMNS), "posting_id")
        lots = _Beside(Lot.objects.values_list("opened_by_id", *proving.LOT_COLUMNS), "opened_by_id")
        seals = _Seals(self.secret)
        rows = Posting.objects.order_by("number").values_list("mac", *proving.POSTING_COLUMNS)
        for kept, *columns in rows.iterator(chunk_size=_AT_ONCE):
            number, day = columns[0], columns[5]
            own, opened = entries.of(number), lots.of(number)
            sentence = ""
            if number != self.count + 1:
                sentence = _("Before posting %(number)s of %(day)s others are missing.")
            elif entries.is_behind(number) or lots.is_behind(number):
                sentence = _("Entries were put beside posting %(number)s of %(day)s.")
            elif not own or any(_sums(own, currencies).values()):
                sentence = _("The entries of posting %(number)s of %(day)s do not come to zero.")
            else:
                self.mac = proving.of_posting(self.mac, columns, own, opened, self.secret)
                if self.mac != kept:
                    sentence = _("Posting %(number)s of %(day)s is not as it was written.")
            if sentence:
                said = sentence % {"number": number, "day": day.isoformat()}
                return Problem(sentence=said, day=day, number=number)
            self.count, self.entries = number, self.entries + len(own)
            if not seals.fit(number, self.mac):
                return Problem(
                    sentence=_("The seal of %(day)s is not as it was made.") % {"day": day.isoformat()}, day=day
                )
        return self._end(day, has_more=bool(entries.ahead or lots.ahead), seal=seals.ahead)

    def _end(self, day: dt.date, *, has_more: bool, seal: DaySeal | None) -> Problem | None:
        """Whether the chain ends where it should: nothing was cut off, and nothing hangs beyond it."""
        chain = Chain.objects.first() or Chain()
        if (chain.number, chain.mac) != (self.count, self.mac):
            said = _("The ledger ends at posting %(number)s, and there were more.") % {"number": self.count}
            return Problem(sentence=said, day=day)
        if seal is not None:
            said = _("The seal of %(day)s is for a posting that is not there.") % {"day": seal.day.isoformat()}
            return Problem(sentence=said, day=seal.day)
        if has_more:
            return Problem(sentence=_("There are entries of postings that are not there."), day=day)
        return None


class _Beside:
    """Rows that are read along with the postings they belong to."""

    def __init__(self, rows: Any, column: str) -> None:
        ordered = rows.order_by(column, "pk").iterator(chunk_size=_AT_ONCE)
        self._groups = groupby(ordered, key=lambda row: row[0])
        self.ahead = self._next()

    def of(self, number: int) -> list[tuple[Any, ...]]:
        """The rows of a posting."""
        if self.ahead is None or self.ahead[0] != number:
            return []
        found = self.ahead[1]
        self.ahead = self._next()
        return found

    def is_behind(self, number: int) -> bool:
        """Whether there are rows of a posting that was not met."""
        return self.ahead is not None and self.ahead[0] <= number

    def _next(self) -> tuple[int, list[tuple[Any, ...]]] | None:
        group = next(self._groups, None)
        return None if group is None else (group[0], [row[1:] for row in group[1]])


class _Seals:
    """The seals of days, met in the order of the postings they end with."""

    def __init__(self, secret: bytes) -> None:
        self._secret, self._previous = secret, ""
        self._rows = DaySeal.objects.order_by("day").iterator()
        self.ahead = next(self._rows, None)

    def fit(self, number: int, mac: str) -> bool:
        """Whether the seals that end with this posting are as they were made."""
        while self.ahead is not None and self.ahead.number == number:
            seal = self.ahead
            self._previous = proving.of_day(self._previous, seal.day, number, seal.count, mac, self._secret)
            if (seal.mac, seal.posting_mac) != (self._previous, mac):
                return False
            self.ahead = next(self._rows, None)
        return True


def _sums(entries: Sequence[tuple[Any, ...]], currencies: Mapping[int, str]) -> Counter[str]:
    sums: Counter[str] = Counter()
    for account, _lot, amount in entries:
        sums[currencies.get(account, "")] += amount
    return sums


def _accounts(secret: bytes) -> Problem | None:
    """Whether every account is whose it was opened for."""
    for account in Account.objects.order_by("pk").iterator(chunk_size=_AT_ONCE):
        moved = account.customer_id is not None and account.customer_id != account.customer_number
        if moved or account.mac != proving.of_account(account, secret):
            return Problem(sentence=_("Account %(number)s is not whose it was.") % {"number": account.pk})
    return None


def _kept() -> Problem | None:
    """Whether balances, what is left in lots, and what is held, are what entries and holds make of them."""

    def summed(rows: Any, of: str) -> Any:
        sums = rows.filter(**{of: OuterRef("pk")}).order_by().values(of).annotate(sum=Sum("amount")).values("sum")
        return Coalesce(Subquery(sums), 0)

    holding = HeldLot.objects.filter(hold__state=HoldState.HELD)
    theirs = Account.objects.filter(kind__in=OF_CUSTOMERS)
    wrong = theirs.annotate(told=summed(Line.objects, "account"), set_aside=summed(holding, "account"))
    account = wrong.exclude(balance=F("told"), held=F("set_aside")).first()
    if account is not None:
        return Problem(
            sentence=_("The balance of account %(number)s is not what its entries say.") % {"number": account.pk}
        )
    lots = Lot.objects.annotate(told=summed(Line.objects, "lot"), set_aside=summed(holding, "lot"))
    lot = lots.exclude(left=F("told"), held=F("set_aside")).first()
    if lot is not None:
        return Problem(sentence=_("What is left of lot %(number)s is not what its entries say.") % {"number": lot.pk})
    without = Line.objects.filter(account__kind__in=[*OF_CUSTOMERS[:3]]).filter(
        Q(lot=None) | ~Q(lot__account=F("account"))
    )
    entry = without.first()
    if entry is not None:
        return Problem(sentence=_("Line %(number)s is of no lot of its account.") % {"number": entry.pk})
    return None


def _remarks(secret: bytes) -> Problem | None:
    """Whether the words that are still there are those that were written."""
    rows = Remark.objects.select_related("posting").order_by("pk")
    for remark in rows.iterator(chunk_size=1_000):
        if proving.of_remark(remark.text, secret) != remark.posting.remark_digest:
            sentence = _("The reason of posting %(number)s is not as it was written.") % {"number": remark.posting_id}
            return Problem(sentence=sentence, day=remark.posting.day, number=remark.posting_id)
    return None
