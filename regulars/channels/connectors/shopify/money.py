"""Which of the two currencies of a Shopify order its amounts are taken in, and the rate between them.

An order says every amount twice: in the shop's currency, and in the one the customer was shown and charged in
(`…_set.presentment_money`). We keep what the customer paid, as long as we can tell what it is in our base currency:

1. shop's currency = ours: the customer's currency, at the very rate that Shopify used for this order.
2. customer's currency = ours: that one.
3. otherwise the shop's, the one currency that somebody had to give us a rate for anyway.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from regulars.channels.connectors.reading import Json, amount, child, children, rounded, text


@dataclass(frozen=True, slots=True)
class Purse:
    """Reads amounts of one order in the chosen currency. `ratio` is shop units for one of the customer's."""

    currency: str
    shop_currency: str
    is_presentment: bool = False
    ratio: Decimal = Decimal(1)
    rate: Decimal | None = None

    def take(self, source: Json, name: str) -> Decimal:
        """The amount under `name`, whose two sides stand in `<name>_set`."""
        side = child(child(source, f"{name}_set"), "presentment_money" if self.is_presentment else "shop_money")
        if text(side, "amount") and text(side, "currency_code") in {"", self.currency}:
            return amount(side, "amount")
        return self.from_shop(amount(source, name))

    def is_there(self, source: Json, name: str) -> bool:
        """Whether the amount is said at all."""
        return bool(text(source, name) or child(source, f"{name}_set"))

    def from_shop(self, value: Decimal) -> Decimal:
        """An amount that Shopify says in the shop's currency alone."""
        return rounded(value / self.ratio, self.currency) if self.is_presentment else value

    def of_transaction(self, transaction: Json) -> Decimal:
        """The money of a transaction, which says in which of the two currencies it went."""
        value = amount(transaction, "amount")
        currency = text(transaction, "currency") or self.shop_currency
        if currency == self.currency:
            return value
        if self.is_presentment and currency == self.shop_currency:
            return self.from_shop(value)
        return rounded(value * self.ratio, self.currency)


def purse_of(order: Json, base: str) -> Purse:
    """How to read the amounts of an order in a shop whose base currency is `base`."""
    total = child(order, "total_price_set")
    shop, presentment = child(total, "shop_money"), child(total, "presentment_money")
    currency = text(order, "currency") or text(shop, "currency_code")
    shown = text(presentment, "currency_code") or text(order, "presentment_currency")
    ours, theirs = amount(shop, "amount"), amount(presentment, "amount")
    ratio = ours / theirs if ours > 0 and theirs > 0 else _ratio_of_lines(order)
    if not shown or shown == currency or ratio is None:
        return Purse(currency, currency)
    if currency == base:
        return Purse(shown, currency, is_presentment=True, ratio=ratio, rate=round(ratio, 8))
    if shown == base:
        return Purse(shown, currency, is_presentment=True, ratio=ratio)
    return Purse(currency, currency, ratio=ratio)


def _ratio_of_lines(order: Json) -> Decimal | None:
    """The rate of an order that came to nothing, from the first price that both sides say."""
    for line in children(order, "line_items"):
        both = child(line, "price_set")
        ours, theirs = amount(child(both, "shop_money"), "amount"), amount(child(both, "presentment_money"), "amount")
        if ours > 0 and theirs > 0:
            return ours / theirs
    return None
