"""What this room announces. No fact says why in words: that stands with the posting alone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from django.utils.translation import gettext_lazy as _

from regulars.timeline.facts import Fact

KIND = "wallet"


@dataclass(frozen=True, slots=True)
class WalletChanged(Fact):
    """Credit or points were given, used, taken back, or ended. `what` is one of the kinds of postings, `cause` what it
    came from, `amount_minor` how much it was, above zero. Nobody reacts to it: it is written for many at once.
    """

    name: ClassVar[str] = "wallet.changed"
    sentence: ClassVar = _("Credit or points changed")
    icon: ClassVar[str] = "wallet"
    kind: ClassVar[str] = KIND

    what: str = ""
    amount_minor: int = 0
    currency: str = ""
    posting: str = ""
    cause: str = ""


@dataclass(frozen=True, slots=True)
class HoldChanged(Fact):
    """Credit or points were set aside for an order in progress, or are free again; `state` is a state of holds."""

    name: ClassVar[str] = "wallet.hold_changed"
    sentence: ClassVar = _("Credit or points set aside")
    icon: ClassVar[str] = "lock"
    kind: ClassVar[str] = KIND

    hold: str = ""
    state: str = ""
    amount_minor: int = 0
    currency: str = ""


@dataclass(frozen=True, slots=True)
class LedgerBroken(Fact):
    """The nightly proof of the ledger found a line that is not as it was written."""

    name: ClassVar[str] = "wallet.broken"
    sentence: ClassVar = _("The ledger of credit and points is not as it was written")
    icon: ClassVar[str] = "triangle-alert"
    kind: ClassVar[str] = KIND

    problem: str = ""
