"""Which variant of the catalogue a line is of.

A channel's own number of a variant decides; where the channel gives none, a SKU that it has once. A line may come
before its product: then the variant is written down with what the line says of it, switched off, and is filled when
the product comes. So it does not matter which of the two is first.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from regulars.channels.models import Channel
from regulars.channels.records import LineRecord
from regulars.customers.importing.matching import read_many
from regulars.customers.taking.saying import cut
from regulars.orders.models import Product, Variant
from regulars.orders.normalise import SKU_LENGTH, TITLE_LENGTH, VARIANT_LENGTH

ID_LENGTH = 120


class Variants:
    """The variants that some lines of a channel are of; those that nobody has told of yet are made."""

    def __init__(self, channel: Channel, lines: Iterable[LineRecord]) -> None:
        named: dict[str, LineRecord] = {}
        skus: set[str] = set()
        for line in lines:
            if line.variant_id:
                named.setdefault(line.variant_id[:ID_LENGTH], line)
            elif line.sku:
                skus.add(cut(line.sku, SKU_LENGTH))
        self._by_id = by_external_id(channel, list(named))
        self._by_sku = _by_sku(channel, skus)
        missing = [(key, line) for key, line in named.items() if key not in self._by_id]
        self._by_id |= _made(channel, missing)

    def of(self, line: LineRecord) -> int | None:
        """The variant a line is of; None where nobody knows."""
        if line.variant_id:
            return self._by_id.get(line.variant_id[:ID_LENGTH])
        return self._by_sku.get(cut(line.sku, SKU_LENGTH)) if line.sku else None


def by_external_id(channel: Channel, external_ids: Sequence[str]) -> dict[str, int]:
    """The variants of a channel by its own numbers."""
    return dict(
        read_many(
            "SELECT v.external_id, v.id FROM orders_variant v JOIN orders_product p ON p.id = v.product_id "
            "WHERE p.channel_id = %s AND v.external_id",
            external_ids,
            channel.pk,
        )
    )


def _by_sku(channel: Channel, skus: Iterable[str]) -> dict[str, int]:
    """What has a SKU: in this channel where it is there once, else anywhere where it is there once."""
    found: dict[str, dict[bool, list[int]]] = {}
    joined = "orders_variant v JOIN orders_product p ON p.id = v.product_id"
    query = f"SELECT v.sku, v.id, p.channel_id FROM {joined} WHERE v.sku"  # noqa: S608 — our own words
    for sku, pk, channel_id in read_many(query, [sku for sku in skus if sku]):
        found.setdefault(sku, {True: [], False: []})[channel_id == channel.pk].append(pk)
    once = {sku: here[True] or here[False] for sku, here in found.items()}
    return {sku: pks[0] for sku, pks in once.items() if len(pks) == 1}


def _made(channel: Channel, missing: Sequence[tuple[str, LineRecord]]) -> dict[str, int]:
    made = {}
    for external_id, line in missing:
        title = cut(line.title or line.sku, TITLE_LENGTH) or external_id
        product = Product.objects.create(channel=channel, title=title, is_active=False)
        variant = Variant.objects.create(
            product=product,
            external_id=external_id,
            sku=cut(line.sku, SKU_LENGTH),
            title=cut(line.variant_title, VARIANT_LENGTH),
            is_active=False,
        )
        made[external_id] = variant.pk
    return made
