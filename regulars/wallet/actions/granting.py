"""Giving: credit and points, at once or on the way."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, field

from django.utils import timezone
from django.utils.translation import gettext as _

from regulars.core.errors import Invalid
from regulars.customers.models import Customer
from regulars.staff.policy import verb
from regulars.wallet import purses
from regulars.wallet.actions import once
from regulars.wallet.announcing import Done, announce
from regulars.wallet.models import POINTS, Account, AccountKind, Lot, Posting, PostingKind
from regulars.wallet.owing import paid_from
from regulars.wallet.purses import Purse
from regulars.wallet.writing import Cause, Draft, Leg, write


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """What is to be given. `expires_at` is fixed for ever; points with `active_at` are on the way until then."""

    customer: Customer
    amount: int
    currency: str
    cause: Cause
    key: str
    reason: str = ""
    expires_at: dt.datetime | None = None
    active_at: dt.datetime | None = None

    @property
    def fingerprint(self) -> str:
        return once.fingerprint(
            verb="grant",
            customer=self.customer.pk,
            amount=self.amount,
            currency=self.currency,
            cause=[self.cause.kind, self.cause.id],
            expires_at=self.expires_at,
            active_at=self.active_at,
        )

    def kind(self, at: dt.datetime) -> AccountKind:
        """On which account it comes."""
        is_later = self.active_at is not None and self.active_at > at
        return AccountKind.PENDING if is_later else purses.kind_of(self.currency)


def grant(wanted: Grant, *, at: dt.datetime | None = None) -> Done:
    """Give credit or points. What the person owes is paid with it first. Raises Invalid, KeyUsed, ClockBehind."""
    return grant_many([wanted], at=at)[0]


@verb
def grant_many(wanted: Sequence[Grant], *, at: dt.datetime | None = None) -> list[Done]:
    """Give to many in one transaction: all of them, or none. One whose key was used before is told so again."""
    work = _Giving(at or timezone.now())
    return work.give(wanted)


@dataclass(slots=True)
class _Giving:
    at: dt.datetime
    batch: list[tuple[Draft, Purse, int]] = field(default_factory=list)
    known: dict[str, Posting] = field(default_factory=dict)

    def give(self, wanted: Sequence[Grant]) -> list[Done]:
        reasons = [once.checked(one.amount, one.currency, one.key, one.reason) for one in wanted]
        found = self._purses(wanted)
        issued = {currency: purses.of_shop(AccountKind.ISSUED, currency) for currency in found}
        self.known = {one.key: one for one in Posting.objects.filter(key__in=[one.key for one in wanted])}
        told: list[tuple[Grant, int, int, bool]] = []
        usable: dict[int, int] = {}
        for one, reason in zip(wanted, reasons, strict=True):
            purse = found[one.currency][one.customer.pk]
            if any(draft.key == one.key or (of is purse and purse.owed()) for draft, of, _change in self.batch):
                self._flush()  # what is given first pays first, and a key that comes again is known
            before = usable.setdefault(id(purse), purse.available(self.at))
            if one.key in self.known:
                once.compare(self.known[one.key].fingerprint, one.fingerprint)
                told.append((one, before, before, False))
                continue
            _check_dates(one, self.at)
            draft, change = self._draft(one, reason, purse, issued[one.currency])
            usable[id(purse)] += change
            told.append((one, before, before + change, True))
            self.batch.append((draft, purse, change))
        self._flush()
        return [
            Done(posting=self.known[one.key], before=before, after=after, is_new=is_new)
            for one, before, after, is_new in told
        ]

    def _purses(self, wanted: Sequence[Grant]) -> dict[str, dict[int, Purse]]:
        """The locked purses by currency and record, with an account in each for what comes."""
        found = {}
        for currency in sorted({one.currency for one in wanted}):
            here = [one for one in wanted if one.currency == currency]
            found[currency] = of = purses.locked_of([one.customer for one in here], currency)
            missing = [
                (one.kind(self.at), currency, one.customer)
                for one in here
                if not of[one.customer.pk].has(one.kind(self.at), one.customer)
            ]
            for account in purses.open_accounts(missing):
                of[account.customer_number].accounts.append(account)
        return found

    def _draft(self, one: Grant, reason: str, purse: Purse, issued: Account) -> tuple[Draft, int]:
        """The posting to be, and by how much it changes what the person can use."""
        kind = one.kind(self.at)
        is_later = kind is AccountKind.PENDING
        draft = Draft(
            kind=PostingKind.GRANT,
            key=one.key,
            fingerprint=one.fingerprint,
            cause=one.cause,
            customer=one.customer,
            currency=one.currency,
            amount=one.amount,
            reason=reason,
            legs=[Leg(issued, -one.amount)],
        )
        draft.legs += [] if is_later else paid_from(purse, one.amount)
        rest = -sum(leg.amount for leg in draft.legs)
        if rest:
            lot = Lot(expires_at=one.expires_at, active_at=one.active_at if is_later else None)
            draft.legs.append(Leg(purse.account(kind, one.customer), rest, lot))
        return draft, 0 if is_later else rest

    def _flush(self) -> None:
        drafts = [draft for draft, _purse, _change in self.batch]
        if not drafts:
            return
        postings = write(drafts, at=self.at)
        for (draft, purse, _change), posting in zip(self.batch, postings, strict=True):
            purse.lots += [leg.lot for leg in draft.legs if leg.lot is not None]
            self.known[posting.key] = posting
        announce(drafts, postings)
        self.batch.clear()


def _check_dates(one: Grant, at: dt.datetime) -> None:
    sentence = ""
    if one.expires_at is not None and one.expires_at <= max(at, one.active_at or at):
        sentence = _("It has to end after it can be used.")
    elif one.active_at is not None and one.currency != POINTS:
        sentence = _("Credit can be used at once; only points wait.")
    if sentence:
        raise Invalid(sentence, fields={"expires_at": [sentence]})
