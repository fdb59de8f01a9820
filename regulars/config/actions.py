"""Verbs that need to know all rooms."""

from __future__ import annotations

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from regulars.config.facts import ShopChanged
from regulars.core import shop
from regulars.core.errors import Invalid
from regulars.core.models import Shop
from regulars.core.text import BadText, clean
from regulars.orders.models import Order
from regulars.timeline.actions import record


def currency_is_fixed() -> bool:
    """Whether the shop's currency can no longer change, because figures are summed up in it."""
    return Order.objects.exists()


@transaction.atomic
def change_shop(*, name: str, currency: str, time_zone: str, country: str, language: str) -> Shop:
    """Change the shop's settings. Raises Invalid."""
    before = shop.current()
    if currency != before.currency and currency_is_fixed():
        why = _("The currency is fixed: the orders that are here are summed up in %(currency)s.") % {
            "currency": before.currency
        }
        raise Invalid(why, fields={"currency": [why]})
    try:
        name = clean(name, limit=120)
    except BadText as bad:
        raise Invalid(str(bad), fields={"name": [str(bad)]}) from bad
    values = {"name": name, "currency": currency, "time_zone": time_zone, "country": country, "language": language}
    changes = {
        field: [getattr(before, field), value] for field, value in values.items() if getattr(before, field) != value
    }
    try:
        changed = shop.change(**values)
    except ValidationError as bad:
        raise Invalid(_("The settings cannot be used like this."), fields=bad.message_dict) from bad
    if changes:
        record(ShopChanged(changes=changes))
    return changed
