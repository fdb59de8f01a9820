"""Amounts and prices as bodies have them, and as the verbs take them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal

from django.utils.translation import gettext as _

from regulars.core.api.schemas import AmountText, CurrencyCode, In, MoneyIn, MoneyOut
from regulars.core.errors import Invalid
from regulars.core.money import exponent
from regulars.orders.checks import invalid


class PriceIn(In):
    """The price of one; up to four decimals in every currency."""

    amount: AmountText
    currency: CurrencyCode


def money_values(sent: In, currency: str, names: tuple[str, ...]) -> dict[str, int]:
    """The amounts that were sent, as the verbs take them: `<name>_minor`. Raises Invalid."""
    values: dict[str, int] = {}
    reasons: dict[str, list[str]] = {}
    for name in names:
        if name not in sent.model_fields_set:
            continue
        given: MoneyIn = getattr(sent, name)
        try:
            money = given.money()
        except ValueError as error:
            reasons[name] = [str(error)]
            continue
        if money.currency != currency:
            reasons[name] = [wrong_currency(money.currency, currency)]
        elif money.minor < 0:
            reasons[name] = [_("This must be zero or more.")]
        values[f"{name}_minor"] = money.minor
    if reasons:
        raise invalid(reasons)
    return values


@contextmanager
def in_our_names() -> Iterator[None]:
    """Let refusals of the verbs name amounts as the body does: `discount`, where the table has `discount_minor`."""
    try:
        yield
    except Invalid as refusal:
        fields = {name.removesuffix("_minor"): why for name, why in refusal.fields.items()}
        raise Invalid(refusal.sentence, fields=fields) from refusal


def wrong_currency(sent: str, currency: str) -> str:
    """The sentence for an amount in another currency than its order."""
    return _("This is in %(sent)s; the order is in %(currency)s.") % {"sent": sent, "currency": currency}


def price_out(price: Decimal, currency: str) -> MoneyOut:
    """A price, with the currency's decimals, or more where the price has them."""
    whole, _point, decimals = f"{price:f}".partition(".")
    decimals = decimals.rstrip("0").ljust(exponent(currency), "0")
    return MoneyOut(amount=f"{whole}.{decimals}" if decimals else whole, currency=currency)
