"""Store credit in the demo shop: some good customers got some, for reasons that shops have."""

from __future__ import annotations

import datetime as dt
from typing import Final

from django.utils import timezone
from django.utils.translation import gettext as _

from regulars.core import shop
from regulars.customers.models import Customer
from regulars.staff.models import User
from regulars.timeline.actions import acting
from regulars.timeline.models import Source
from regulars.wallet.actions.granting import Grant, grant
from regulars.wallet.actions.spending import spend
from regulars.wallet.writing import Cause

_DESK: Final = Cause(kind="desk")
_GIVEN: Final = ((1_500, 0, 0), (1_000, 90, 0), (2_500, 365, 800), (500, 30, 0), (1_200, 180, 400), (2_000, 0, 2_000))
"""What was given, in how many days it ends (0: never), and what of it was used."""


def give_credit() -> None:
    """Give credit to a few of those who buy most; done twice it is the same."""
    currency, now = shop.current().currency, timezone.now()
    reasons = (_("A cracked lid, the second time"), _("The parcel came a week late"), _("Thank you for your patience"))
    giver = User.objects.filter(is_active=True).order_by("pk").first()
    buyers = Customer.objects.filter(is_listed=True).order_by("-spent_minor", "pk")
    for number, (customer, (amount, days, used)) in enumerate(zip(buyers[: len(_GIVEN)], _GIVEN, strict=False)):
        with acting(giver.pk if giver else None, Source.PAGE):
            grant(
                Grant(
                    customer=customer,
                    amount=amount,
                    currency=currency,
                    cause=_DESK,
                    key=f"demo {customer.pk}",
                    reason=reasons[number % len(reasons)],
                    expires_at=now + dt.timedelta(days=days) if days else None,
                )
            )
        if used:
            spend(customer, amount=used, currency=currency, cause=Cause(kind="order"), key=f"demo use {customer.pk}")
