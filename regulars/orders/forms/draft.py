"""The form of a draft: the rows as they are, or as somebody typed them. Nothing that was typed is lost on an error."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from django.http import QueryDict
from django.utils.translation import gettext as _

from regulars.core.amounts import number_of, part_of, plain, plain_price
from regulars.core.money import Money
from regulars.customers.models import Address, Customer
from regulars.orders.models import Order, OrderLine, Side, Variant
from regulars.orders.normalise import line_total

PLACE_FIELDS = ("name", "company", "line1", "line2", "postcode", "city", "region", "country", "phone")
MOST_LINES = 200
_LINE = re.compile(r"line-(\d{1,4})-quantity")
_MOST_QUANTITY = 2**31 - 1


@dataclass(slots=True)
class DraftLine:
    """One line of the form. `variant` is what was picked; without one it is a line that somebody wrote."""

    variant: Variant | None = None
    sku: str = ""
    title: str = ""
    variant_title: str = ""
    quantity: str = "1"
    price: str = ""
    discount: str = ""
    cost: Decimal | None = None
    total_minor: int = 0
    discount_minor: int = 0
    currency: str = ""
    problems: dict[str, str] = field(default_factory=dict)

    @property
    def total(self) -> Money:
        return Money(self.total_minor - self.discount_minor, self.currency)

    @property
    def list_price(self) -> Decimal | None:
        """What the product costs in the shop, where that is another price than the line's."""
        if self.variant is None or self.variant.price is None or self.variant.currency not in {"", self.currency}:
            return None
        return self.variant.price if self.variant.price != self._price() else None

    @classmethod
    def of_variant(cls, variant: Variant, currency: str) -> DraftLine:
        """A product that was just picked: one of it, at the shop's price."""
        is_ours = variant.price is not None and variant.currency in {"", currency}
        line = cls(variant=variant, currency=currency)
        line.price = plain_price(variant.price, currency) if is_ours and variant.price is not None else ""
        line.know()
        return line

    def know(self) -> None:
        """Take from the product what a line repeats of it."""
        if self.variant is not None:
            self.sku, self.title = self.variant.sku, self.variant.product.title
            self.variant_title, self.cost = self.variant.title, self.variant.cost

    def reckon(self) -> None:
        """Read quantity, price and discount; what cannot be read is said at its field."""
        quantity, price = self._quantity(), None
        try:
            price = number_of(self.price)
        except ValueError as reason:
            self.problems["price"] = str(reason)
        if price is None and "price" not in self.problems:
            self.problems["price"] = _("Say the price of one.")
        if not (self.sku or self.title):
            self.problems["title"] = _("Name the product, or give its SKU.")
        if quantity is None or price is None:
            return
        self.total_minor = line_total(quantity, price.quantize(Decimal("0.0001")), self.currency)
        try:
            self.discount_minor = part_of(self.discount, whole=self.total_minor, currency=self.currency)
        except ValueError as reason:
            self.problems["discount"] = str(reason)
        if self.discount_minor > self.total_minor:
            self.problems["discount"] = _("The discount is larger than what it is taken from.")
            self.discount_minor = 0

    def values(self) -> dict[str, Any]:
        """What the verb is told of it."""
        return {
            "sku": self.sku,
            "title": self.title,
            "variant_title": self.variant_title,
            "variant_id": self.variant.pk if self.variant else None,
            "quantity": self._quantity(),
            "unit_price": self._price(),
            "discount_minor": self.discount_minor,
            "cost": self.cost,
        }

    def _price(self) -> Decimal | None:
        try:
            return number_of(self.price)
        except ValueError:
            return None

    def _quantity(self) -> int | None:
        text = self.quantity.strip()
        if not (text.isascii() and text.isdigit() and 1 <= int(text[:12]) <= _MOST_QUANTITY):
            self.problems["quantity"] = _("Say how many.")
            return None
        return int(text)


@dataclass(slots=True)
class DraftForm:
    """All that the page of a draft asks for."""

    currency: str
    lines: list[DraftLine] = field(default_factory=list)
    discount: str = ""
    codes: str = ""
    shipping: str = ""
    tax: str = ""
    is_tax_included: bool = True
    note: str = ""
    tags: str = ""
    channel: str = ""
    addresses: dict[str, dict[str, str]] = field(default_factory=dict)
    problems: dict[str, str] = field(default_factory=dict)
    discount_minor: int = 0
    shipping_minor: int = 0
    tax_minor: int = 0

    @classmethod
    def of(cls, order: Order, lines: Sequence[OrderLine]) -> DraftForm:
        """The rows as they are."""
        currency = order.currency
        known = variants_of(line.variant_id for line in lines)
        of_lines = sum(line.discount_minor for line in lines)
        form = cls(
            currency=currency,
            lines=[
                DraftLine(
                    variant=known.get(line.variant_id or 0),
                    sku=line.sku,
                    title=line.title,
                    variant_title=line.variant_title,
                    quantity=str(line.quantity),
                    price=plain_price(line.unit_price, currency),
                    discount=plain(line.discount_minor, currency),
                    cost=line.cost,
                    currency=currency,
                )
                for line in lines
            ],
            discount=plain(max(order.discount_minor - of_lines, 0), currency),
            codes=", ".join(code.code for code in order.codes.all()),
            shipping=plain(order.shipping_minor, currency),
            tax=plain(order.tax_minor, currency),
            is_tax_included=order.is_tax_included,
            note=order.note,
            tags=", ".join(tag.label for tag in order.tags.all()),
            channel=order.channel.code,
            addresses={
                address.side: {name: getattr(address, name) for name in PLACE_FIELDS}
                for address in order.addresses.all()
            },
        )
        form.reckon()
        return form

    @classmethod
    def read(cls, data: QueryDict, *, currency: str) -> DraftForm:
        """What somebody sent."""
        places = sorted(int(found[1]) for name in data if (found := _LINE.fullmatch(name)))[:MOST_LINES]
        picked = {place: Variant.pk_of(data.get(f"line-{place}-variant", "")) for place in places}
        known = variants_of(picked.values())
        lines = []
        for place in places:
            sent: dict[str, Any] = {
                name: data.get(f"line-{place}-{name}", "") for name in ("quantity", "price", "discount")
            }
            line = DraftLine(variant=known.get(picked[place] or 0), currency=currency, **sent)
            if line.variant is None:
                line.title = data.get(f"line-{place}-title", "").strip()
                line.sku = data.get(f"line-{place}-sku", "").strip()
                line.variant_title = data.get(f"line-{place}-variant_title", "").strip()
            line.know()
            lines.append(line)
        texts: dict[str, Any] = {name: data.get(name, "") for name in _TEXTS}
        form = cls(
            currency=currency,
            lines=lines,
            is_tax_included=data.get("is_tax_included", "") == "on",
            addresses={
                side: {name: data.get(f"{side}-{name}", "").strip() for name in PLACE_FIELDS} for side in Side.values
            },
            **texts,
        )
        form.reckon()
        return form

    def reckon(self) -> None:
        """Add up; what cannot be read is said at its field."""
        for line in self.lines:
            line.reckon()
        goods = sum(line.total_minor - line.discount_minor for line in self.lines)
        self.discount_minor = self._part("discount", goods)
        self.shipping_minor = self._part("shipping", goods)
        rest = goods - self.discount_minor + self.shipping_minor
        self.tax_minor = self._part("tax", max(rest, 0), is_within=self.is_tax_included)
        if self.discount_minor > goods + self.shipping_minor:
            self.problems["discount"] = _("The discount is larger than what it is taken from.")

    @property
    def is_whole(self) -> bool:
        """Whether everything can be read."""
        return not self.problems and not any(line.problems for line in self.lines)

    @property
    def goods(self) -> Money:
        """What the lines come to, their own discounts taken off."""
        return Money(sum(line.total_minor - line.discount_minor for line in self.lines), self.currency)

    @property
    def total(self) -> Money:
        total = self.goods.minor - self.discount_minor + self.shipping_minor
        return Money(total + (0 if self.is_tax_included else self.tax_minor), self.currency)

    @property
    def sums(self) -> dict[str, Money]:
        """The amounts beside the fields."""
        return {
            "discount": Money(self.discount_minor, self.currency),
            "shipping": Money(self.shipping_minor, self.currency),
            "tax": Money(self.tax_minor, self.currency),
        }

    @property
    def sides(self) -> list[dict[str, Any]]:
        """Both addresses, for the fields and for the lines that show them."""
        return [
            {
                "side": side,
                "label": label,
                "fields": self.addresses.get(side) or dict.fromkeys(PLACE_FIELDS, ""),
                "lines": written(self.addresses.get(side) or {}),
            }
            for side, label in Side.choices
        ]

    def take_addresses(self, found: Iterable[Address]) -> None:
        """Send it, and the bill where that goes elsewhere, to where a customer has both go."""
        known = list(found)
        ships = next((one for one in known if one.is_default_shipping), known[0] if known else None)
        bills = next((one for one in known if one.is_default_billing and one is not ships), None)
        self.addresses = {
            side: {name: getattr(address, name) for name in PLACE_FIELDS} if address else {}
            for side, address in ((Side.DELIVERY.value, ships), (Side.BILLING.value, bills))
        }

    def refuse(self, fields: Mapping[str, list[str]]) -> None:
        """Put each reason of a refusal at its field; the rest stands above the form."""
        for name, reasons in fields.items():
            first, _dot, rest = name.partition(".")
            place, _dot, inner = rest.partition(".")
            if first == "lines" and place.isdigit() and int(place) < len(self.lines):
                self.lines[int(place)].problems[inner.replace("unit_", "")] = reasons[0]
            else:
                shown = name.removesuffix("_minor")
                self.problems[shown if shown in _FIELDS else "all"] = reasons[0]

    def values(self) -> dict[str, Any]:
        """What the verb is told, without the lines."""
        return {
            "discount_minor": self.discount_minor + sum(line.discount_minor for line in self.lines),
            "shipping_minor": self.shipping_minor,
            "tax_minor": self.tax_minor,
            "is_tax_included": self.is_tax_included,
            "note": self.note,
            "tags": split(self.tags),
            "codes": self._codes(),
            "country": self.addresses.get(Side.DELIVERY.value, {}).get("country", ""),
            "addresses": {side: self.addresses.get(side) or None for side in Side.values},
        }

    def _codes(self) -> list[dict[str, Any]]:
        """The codes; where it is one, what was taken off the whole order was taken off for it."""
        codes = split(self.codes)
        return [{"code": code, "amount_minor": self.discount_minor if len(codes) == 1 else 0} for code in codes]

    def _part(self, name: str, whole: int, *, is_within: bool = False) -> int:
        try:
            return part_of(getattr(self, name), whole=whole, currency=self.currency, is_within=is_within)
        except ValueError as reason:
            self.problems[name] = str(reason)
            return 0


def written(place: Mapping[str, str]) -> list[str]:
    """An address in lines."""
    town = " ".join(part for part in (place.get("postcode"), place.get("city")) if part)
    parts = [place.get(name, "") for name in ("name", "company", "line1", "line2")]
    return [part for part in (*parts, town, place.get("region", "")) if part]


def variants_of(ids: Iterable[int | None]) -> dict[int, Variant]:
    """Products by their id, in one query."""
    wanted = {pk for pk in ids if pk}
    if not wanted:
        return {}
    return {variant.pk: variant for variant in Variant.objects.filter(pk__in=wanted).select_related("product")}


def customer_of(public_id: str) -> Customer | None:
    """The listed customer behind a public id; None for nobody, and for somebody whom the reader does not see."""
    found = Customer.objects.filter(pk=Customer.pk_of(public_id) or 0).select_related("merged_into").first()
    return found.person if found is not None else None


def split(typed: str) -> list[str]:
    """Words with commas between them, in either script."""
    return [word.strip() for word in re.split(r"[,，、\n]", typed) if word.strip()]


_TEXTS = ("discount", "codes", "shipping", "tax", "note", "tags", "channel")
_FIELDS = {"discount", "shipping", "tax", "note", "tags", "codes", "channel"}
