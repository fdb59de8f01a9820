"""What the wallet does by the clock. Run twice, or after missed nights, it leaves the same ledger."""

from __future__ import annotations

from django.utils import timezone
from django.utils.translation import gettext_lazy

from regulars.core.background import every
from regulars.staff.policy import unmasked
from regulars.wallet.actions import ending, spending


@every(minutes=5, label=gettext_lazy("Free what was set aside for too long"))
@unmasked
def lapse_holds() -> None:
    """Free what orders set aside and never used."""
    spending.lapse_due()


@every("00:20", label=gettext_lazy("Make points usable, and take out what ended"))
@unmasked
def turn_day() -> None:
    """In this order: holds that ran out, points that can be used from now on, lots that ended."""
    at = timezone.now()
    spending.lapse_due(at=at)
    ending.activate_due(at=at)
    ending.expire_due(at=at)
