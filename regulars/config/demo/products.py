"""What a large demo shop sells: some hundred things for house and garden, with prices and how well each goes."""

from __future__ import annotations

from functools import cache
from random import Random
from typing import NamedTuple

_SEED = 54
_KINDS = (
    ("Teapot", 24), ("Mug", 9), ("Tea light holder", 6), ("Garden lantern", 28), ("Wool blanket", 59),
    ("Linen cushion", 32), ("Door mat", 22), ("Bread board", 19), ("Storage jar", 12), ("Picnic basket", 48),
    ("Hot water bottle", 17), ("Wall clock", 39), ("Bird house", 26), ("Watering can", 21), ("Apron", 18),
    ("Notebook", 8), ("Gift wrap", 4), ("Christmas bauble", 5), ("Wooden star", 7), ("Door wreath", 34),
    ("Lunch box", 14), ("Umbrella", 29), ("Soap dish", 11), ("Candle", 13), ("Picture frame", 16),
    ("Cake stand", 27), ("Oil bottle", 15), ("Herb planter", 23), ("Rucksack", 74), ("Desk lamp", 85),
)  # fmt: skip
_MAKES = (
    "Red", "Sea green", "White", "Oak", "Blue striped", "Retro spot", "Nordic", "Harbour", "Meadow", "Copper",
    "Hand-blown", "Speckled", "Large", "Small", "Set of 3", "Winter", "Folding", "Enamel", "Walnut", "Dune",
)  # fmt: skip


class Product(NamedTuple):
    """A thing that is sold: its price in the smallest unit and as text, and how often it is bought."""

    sku: str
    title: str
    minor: int
    price: str
    weight: float


@cache
def products() -> tuple[Product, ...]:
    """Everything on the shelf; the first sell best."""
    random = Random(_SEED)  # noqa: S311 — nothing secret about a teapot
    things = [(make, kind, price) for kind, price in _KINDS for make in _MAKES]
    random.shuffle(things)
    shelf = []
    for rank, (make, kind, price) in enumerate(things, start=1):
        minor = max(150, round(price * 100 * random.uniform(0.7, 1.5) / 50) * 50 - 5)
        shelf.append(
            Product(
                f"HH-{rank:04d}", f"{make} {kind.lower()}", minor, f"{minor // 100}.{minor % 100:02d}", 1 / rank**0.8
            )
        )
    return tuple(shelf)
