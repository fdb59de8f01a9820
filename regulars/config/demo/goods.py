"""The catalogue of the demo shop, and what was left in its baskets.

Titles and prices are those of the real order lines. Categories go by a word of the title. Costs are invented, for some
products only, and say so in a tag: a shop whose costs are partly known is what the page of a customer must cope with.
"""

from __future__ import annotations

import csv
import datetime as dt
from collections import Counter, defaultdict
from decimal import Decimal
from pathlib import Path
from random import Random
from statistics import median
from typing import Any

import pyarrow as pa
from django.utils import timezone

from regulars.channels.actions import channel_for
from regulars.core import shop
from regulars.core.importing import importing
from regulars.customers.models import Customer
from regulars.orders.actions.product_import import import_products
from regulars.orders.models import Checkout, Order, Variant
from regulars.staff.policy import verb

_SEED = 1882
_COST_TAG = "Cost invented"
_KNOWN_COSTS = 0.7  # of all products
_LEFT, _RECOVERED = 14, 4
_CATEGORIES = {
    "Christmas": ("christmas", "advent", "bauble", "xmas", "santa", "reindeer"),
    "Bags": ("bag", "shopper", "rucksack", "purse", "tote"),
    "Candles and lights": ("candle", "t-light", "light", "lantern", "lamp"),
    "Tea and baking": ("tea", "mug", "cup", "cake", "baking", "teapot", "saucer", "spoon", "jam"),
    "Kitchen": ("kitchen", "bowl", "plate", "jar", "tin", "bottle", "napkin", "tray", "glass", "apron", "lunch"),
    "Garden": ("garden", "plant", "bird", "flower", "herb", "watering", "parasol"),
    "Stationery": ("card", "wrap", "paper", "pencil", "notebook", "tape", "ribbon", "sticker", "book", "pen"),
    "Children": ("doll", "toy", "children", "game", "soldier", "spaceboy", "dolly", "circus", "puzzle", "jigsaw"),
    "Home": ("clock", "frame", "cushion", "heart", "hook", "sign", "door", "drawer", "cabinet", "mirror", "hanger"),
    "Jewellery": ("necklace", "bracelet", "earring", "ring", "brooch"),
    "Party": ("party", "bunting", "balloon", "straw", "doily", "cone"),
}


def stock(lines: pa.Table, *, folder: Path) -> None:
    """Bring in a product for everything that was sold, through the import of products."""
    path = folder / "products.csv"
    random = Random(_SEED)  # noqa: S311 — prices, not secrets
    titles: dict[str, Counter[str]] = defaultdict(Counter)
    prices: dict[str, list[Decimal]] = defaultdict(list)
    for row in lines.select(["StockCode", "Description", "UnitPrice"]).to_pylist():
        if row["Description"] and row["UnitPrice"] > 0:
            titles[row["StockCode"]][row["Description"].strip()] += 1
            prices[row["StockCode"]].append(Decimal(str(row["UnitPrice"])))
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["Handle", "Title", "Type", "Tags", "SKU", "Price", "Cost per item"])
        for sku in sorted(titles):
            title = titles[sku].most_common(1)[0][0]
            category = _category(title)
            price: Decimal = median(prices[sku])
            cost = round(price * Decimal(str(round(random.uniform(0.35, 0.65), 2))), 2)
            has_cost = bool(category) and random.random() < _KNOWN_COSTS
            writer.writerow([sku, title, category, _COST_TAG if has_cost else "", sku, price, cost if has_cost else ""])
    with importing("products", path) as run:
        import_products(path, run=run, mapping={}, channel_code="web")


@verb
def leave_baskets() -> None:
    """A few purchases that were begun, some of them finished after all."""
    if Checkout.objects.exists():
        return
    random = Random(_SEED)  # noqa: S311 — baskets, not secrets
    now, currency, channel = timezone.now(), shop.current().currency, channel_for("web")
    variants = list(Variant.objects.filter(price__gte=1).select_related("product").order_by("pk")[:800])
    people = list(Customer.objects.exclude(email="").order_by("-spent_minor")[:120])
    if not variants or not people:
        return
    for number, customer in enumerate(random.sample(people, min(_LEFT, len(people)))):
        touched = now - dt.timedelta(hours=3 + number * 17, minutes=random.randint(0, 59))
        chosen = random.sample(variants, min(len(variants), random.randint(1, 4)))
        lines: list[dict[str, Any]] = [
            {
                "sku": variant.sku,
                "title": variant.product.title,
                "quantity": random.randint(1, 4),
                "unit_price": str(variant.price),
            }
            for variant in chosen
        ]
        Checkout.objects.create(
            channel=channel,
            customer=customer if number % 5 else None,
            email=customer.email,
            currency=currency,
            total_minor=sum(int(Decimal(line["unit_price"]) * 100) * line["quantity"] for line in lines),
            lines=lines,
            recovery_url=f"https://shop.hainhafen.example/basket/{number:04}",
            started_at=touched - dt.timedelta(minutes=random.randint(2, 30)),
            touched_at=touched,
        )
    # what was bought in the end: real orders of the last weeks, begun some hours before
    newest = Order.objects.filter(customer__isnull=False, status="paid").select_related("customer")
    for order in newest.order_by("-placed_at", "-pk")[:_RECOVERED]:
        Checkout.objects.create(
            channel_id=order.channel_id,
            customer=order.customer,
            email=order.customer.email if order.customer else "",
            currency=order.currency,
            total_minor=order.total_minor,
            lines=[
                {
                    "sku": line.sku,
                    "title": line.title,
                    "quantity": line.quantity,
                    "unit_price": f"{line.unit_price.normalize():f}",
                }
                for line in order.lines.all()
            ],
            started_at=order.placed_at - dt.timedelta(hours=26),
            touched_at=order.placed_at,
            completed_at=order.placed_at,
            order=order,
        )


def _category(title: str) -> str:
    """The first category one of whose words stands in a title; empty where none does."""
    words = title.casefold().replace(",", " ").replace("/", " ").split()
    singular = {word.removesuffix("s") for word in words} | set(words)
    return next((name for name, known in _CATEGORIES.items() if singular & set(known)), "")
