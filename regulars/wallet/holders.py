"""What the wallet holds of a customer: their accounts, with every line, and the reasons in words."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.utils.translation import gettext_lazy

from regulars.customers.belongings import Holder
from regulars.customers.models import Customer
from regulars.wallet.actions.ending import close
from regulars.wallet.actions.spending import release
from regulars.wallet.models import Account, Hold, HoldState, Line, Lot, Remark
from regulars.wallet.writing import Cause

_ACCOUNT = ("kind", "currency", "balance", "held")
_HOLD = ("kind", "currency", "amount", "state", "until", "ended_at", "cause_kind", "cause_id")
_LINE = ("number", "at", "kind", "account", "currency", "amount", "cause")
_LOT = ("opened_at", "active_at", "expires_at", "amount", "left", "held")


def _accounts(customer: Customer) -> Iterable[dict[str, Any]]:
    for account in Account.objects.filter(customer=customer).order_by("pk"):
        yield {name: getattr(account, name) for name in _ACCOUNT}


def _lines(customer: Customer) -> Iterable[dict[str, Any]]:
    rows = Line.objects.filter(account__customer=customer).select_related("posting", "account").order_by("pk")
    for entry in rows.iterator(chunk_size=500):
        posting = entry.posting
        yield {
            "number": posting.number,
            "at": posting.at,
            "kind": posting.kind,
            "account": entry.account.kind,
            "currency": posting.currency,
            "amount": entry.amount,
            "cause": f"{posting.cause_kind} {posting.cause_id}".strip(),
        }


def _lots(customer: Customer) -> Iterable[dict[str, Any]]:
    for lot in Lot.objects.filter(account__customer=customer).order_by("pk").iterator(chunk_size=500):
        yield {name: getattr(lot, name) for name in _LOT}


def _holds(customer: Customer) -> Iterable[dict[str, Any]]:
    for one in Hold.objects.filter(customer=customer).order_by("pk").iterator(chunk_size=500):
        yield {name: getattr(one, name) for name in _HOLD}


def _remarks(customer: Customer) -> Iterable[dict[str, Any]]:
    for one in Remark.objects.filter(customer=customer).order_by("pk").iterator(chunk_size=500):
        yield {"number": one.posting_id, "text": one.text}


def _forget_accounts(customer: Customer) -> None:
    """End what is on them; the lines stay, as of nobody, because the books have to come out."""
    close(customer, cause=Cause(kind="erasure"))
    Account.objects.filter(customer=customer).update(customer=None)


def _forget_holds(customer: Customer) -> None:
    for one in Hold.objects.filter(customer=customer, state=HoldState.HELD):
        release(one)
    Hold.objects.filter(customer=customer).update(customer=None)


def _forget_remarks(customer: Customer) -> None:
    Remark.objects.filter(customer=customer).delete()


def _nothing(_customer: Customer) -> None:
    """Goes with the accounts."""


ALL = (
    Holder(
        name="wallet.holds",
        models=("wallet.Hold", "wallet.HeldLot"),
        export=_holds,
        forget=_forget_holds,
        tells=_HOLD,
    ),
    Holder(
        name="wallet.accounts",
        models=("wallet.Account",),
        export=_accounts,
        forget=_forget_accounts,
        tells=_ACCOUNT,
        label=gettext_lazy("Credit and points"),
    ),
    Holder(name="wallet.lines", models=("wallet.Line", "wallet.Posting"), export=_lines, forget=_nothing, tells=_LINE),
    Holder(name="wallet.lots", models=("wallet.Lot",), export=_lots, forget=_nothing, tells=_LOT),
    Holder(name="wallet.remarks", models=("wallet.Remark",), export=_remarks, forget=_forget_remarks, tells=("text",)),
)
