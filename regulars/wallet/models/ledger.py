"""The ledger: postings whose entries sum to zero, on accounts of customers and of the shop, in lots that end."""

from __future__ import annotations

from typing import ClassVar, Final

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from regulars.core import ids
from regulars.core.fields import OfPerson, SealedText
from regulars.core.walls import Guarded

POINTS: Final = "PTS"
"""The currency of points. One point is its smallest unit."""


class AccountKind(models.TextChoices):
    """Whose promise an account counts: a customer's, or, against it, why the shop made or kept one."""

    CREDIT = "credit", _("Store credit")
    POINTS = "points", _("Points")
    PENDING = "pending", _("Points on the way")
    OWED = "owed", _("Owed to the shop")
    ISSUED = "issued", _("Given")
    REDEEMED = "redeemed", _("Used")
    EXPIRED = "expired", _("Ended unused")
    REVERSED = "reversed", _("Taken back")
    CORRECTED = "corrected", _("Corrected")


OF_CUSTOMERS: Final = (AccountKind.CREDIT, AccountKind.POINTS, AccountKind.PENDING, AccountKind.OWED)


class Account(models.Model):
    """A customer's account, or one of the shop's own (`customer_number` is 0 there).

    `customer_number` is the key of the record it was opened for, and stays when that person was erased. `balance` and
    `held` are kept beside the entries for customers alone; `regulars wallet verify` proves them equal. What a customer
    owes us stands below zero on an account of its own, so that no other ever does. `mac` vouches for whose it is.
    """

    id = models.BigAutoField(primary_key=True)
    customer = models.ForeignKey("customers.Customer", null=True, on_delete=models.SET_NULL, related_name="accounts")
    customer_number = models.BigIntegerField(default=0)
    kind = models.CharField(max_length=9, choices=AccountKind)
    currency = models.CharField(max_length=3)
    balance = models.BigIntegerField(default=0)
    held = models.BigIntegerField(default=0)
    mac = models.CharField(max_length=32)

    objects: ClassVar[models.Manager[Account]] = Guarded()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["customer_number", "kind", "currency"], name="account_once"),
            models.CheckConstraint(name="account_not_below_zero", condition=Q(kind="owed") | Q(balance__gte=0)),
            models.CheckConstraint(name="account_owes_only", condition=~Q(kind="owed") | Q(balance__lte=0)),
            models.CheckConstraint(
                name="account_held_is_there",
                condition=Q(held=0) | (Q(held__gte=0) & Q(held__lte=models.F("balance"))),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.currency} of {self.customer_number or 'the shop'}"

    @property
    def available(self) -> int:
        """What can be used now, but for lots that ended and wait for the night."""
        return self.balance - self.held


class PostingKind(models.TextChoices):
    """What a posting did."""

    GRANT = "grant", _("Given")
    SPEND = "spend", _("Used")
    ACTIVATE = "activate", _("Can be used from now on")
    EXPIRE = "expire", _("Ended unused")
    TAKE_BACK = "takeback", _("Taken back")
    GIVE_BACK = "giveback", _("Given back")
    CORRECT = "correct", _("Corrected")


class Posting(models.Model):
    """One change of the books, never altered. Its number has no gaps; `mac` covers it, its entries, and the one before.

    `key` is what makes it happen once; `fingerprint` says whether a second call with that key asks for the same.
    `amount` is by how much it changed what the customer has, without its sign. `day` is the shop's day of `at`.
    """

    number = models.BigIntegerField(primary_key=True)
    kind = models.CharField(max_length=8, choices=PostingKind)
    currency = models.CharField(max_length=3)
    amount = models.BigIntegerField()
    at = models.DateTimeField()
    day = models.DateField()
    key = models.CharField(max_length=200, unique=True)
    fingerprint = models.CharField(max_length=32)
    cause_kind = models.CharField(max_length=24)
    cause_id = models.CharField(max_length=120, blank=True, default="")
    customer_number = models.BigIntegerField()
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        on_delete=models.DO_NOTHING,
        related_name="+",
        db_constraint=False,
        db_index=False,
    )
    source = models.CharField(max_length=12)
    reverses = models.ForeignKey("self", null=True, on_delete=models.PROTECT, related_name="reversals", db_index=False)
    remark_digest = models.CharField(max_length=32, blank=True, default="")
    mac = models.CharField(max_length=64)

    objects: ClassVar[models.Manager[Posting]] = Guarded()

    class Meta:
        constraints: ClassVar = [models.CheckConstraint(name="posting_of_something", condition=Q(amount__gt=0))]
        indexes: ClassVar = [
            # a person's history, newest first
            models.Index(fields=["customer_number", "-number"], name="posting_by_customer"),
            models.Index(fields=["day", "number"], name="posting_by_day"),
            models.Index(fields=["cause_kind", "cause_id"], name="posting_by_cause"),
            models.Index(fields=["reverses"], name="posting_by_reversed", condition=Q(reverses__isnull=False)),
        ]

    def __str__(self) -> str:
        return f"#{self.number} {self.kind} {self.amount} {self.currency}"

    @property
    def public_id(self) -> str:
        return ids.encode("pos", self.number)

    @classmethod
    def pk_of(cls, public_id: str) -> int | None:
        """The number behind a public id, or None."""
        return ids.decode("pos", public_id)


class Line(models.Model):
    """One side of a posting: what an account gained, or lost where it is below zero. Of customers, from or to a lot."""

    id = models.BigAutoField(primary_key=True)
    posting = models.ForeignKey(Posting, on_delete=models.PROTECT, related_name="lines")
    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="lines")
    lot = models.ForeignKey("wallet.Lot", null=True, on_delete=models.PROTECT, related_name="lines")
    amount = models.BigIntegerField()

    objects: ClassVar[models.Manager[Line]] = Guarded()

    class Meta:
        constraints: ClassVar = [models.CheckConstraint(name="line_of_something", condition=~Q(amount=0))]

    def __str__(self) -> str:
        return f"{self.amount:+} {self.account_id}"


class Lot(models.Model):
    """What was given at once and ends at once. `amount` and `expires_at` are fixed when it is opened.

    `left` and `held` are kept beside the entries. `granted_by` is the posting that first gave it: points that were on
    the way come into a new lot when they can be used, which names the same.
    """

    id = models.BigAutoField(primary_key=True)
    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="lots", db_index=False)
    opened_by = models.ForeignKey(Posting, on_delete=models.PROTECT, related_name="opened")
    granted_by = models.ForeignKey(Posting, on_delete=models.PROTECT, related_name="lots")
    opened_at = models.DateTimeField()
    active_at = models.DateTimeField(null=True)
    expires_at = models.DateTimeField(null=True)
    amount = models.BigIntegerField()
    left = models.BigIntegerField()
    held = models.BigIntegerField(default=0)

    objects: ClassVar[models.Manager[Lot]] = Guarded()

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                name="lot_within_itself",
                condition=Q(held__gte=0) & Q(left__gte=models.F("held")) & Q(amount__gte=models.F("left")),
            ),
        ]
        indexes: ClassVar = [
            # what can be used, soonest end first
            models.Index(fields=["account", "expires_at"], name="lot_open", condition=Q(left__gt=0)),
            # what ends, and what can be used, by the clock
            models.Index(fields=["expires_at"], name="lot_by_end", condition=Q(left__gt=0, expires_at__isnull=False)),
            models.Index(fields=["active_at"], name="lot_by_start", condition=Q(left__gt=0, active_at__isnull=False)),
        ]

    def __str__(self) -> str:
        return f"{self.left} of {self.amount}"

    @property
    def free(self) -> int:
        """What nothing holds."""
        return self.left - self.held


class Remark(OfPerson, models.Model):
    """Why, in words. Goes with the person it is about; the posting keeps a keyed digest of it."""

    posting = models.OneToOneField(Posting, primary_key=True, on_delete=models.PROTECT, related_name="remark")
    customer = models.ForeignKey("customers.Customer", on_delete=models.CASCADE, related_name="+")
    text = SealedText()

    objects: ClassVar[models.Manager[Remark]] = Guarded()

    def __str__(self) -> str:
        return f"#{self.posting_id}"


class Chain(models.Model):
    """The end of the ledger: one row, locked by whoever adds to it, so that numbers have no gaps."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1, editable=False)
    number = models.BigIntegerField(default=0)
    mac = models.CharField(max_length=64, blank=True, default="")
    at = models.DateTimeField(null=True)

    class Meta:
        constraints: ClassVar = [models.CheckConstraint(condition=Q(id=1), name="one_wallet_chain")]

    def __str__(self) -> str:
        return f"#{self.number}"


class DaySeal(models.Model):
    """Where the ledger stood at the end of a day: its last posting, which by its mac covers all before."""

    day = models.DateField(primary_key=True)
    number = models.BigIntegerField()
    count = models.PositiveIntegerField()
    posting_mac = models.CharField(max_length=64)
    mac = models.CharField(max_length=64)
    made_at = models.DateTimeField()

    class Meta:
        ordering: ClassVar = ["day"]

    def __str__(self) -> str:
        return f"{self.day}: #{self.number}"
