"""Which variant of the catalogue a line is of.

The channel's own number of a variant decides; where the channel gives none, the SKU that it has in this channel. A
line may come before its product: then the variant is written down with what the line says of it, switched off, and is
filled when the product comes. So it does not matter which of the two is first.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

from regulars.channels.models import Channel
from regulars.channels.records import LineRecord
from regulars.customers.importing.matching import read_many
from regulars.customers.taking.saying import cut
from regulars.orders.models import Product, Variant
from regulars.orders.normalise import SKU_LENGTH, TITLE_LENGTH, VARIANT_LENGTH

ID_LENGTH = 120
_JOINED = "orders_variant v JOIN orders_product p ON p.id = v.product_id"


class Variants:
    """The variants that some lines of a channel are of; with `is_making`, those that nobody has told of are made."""

    def __init__(self, channel: Channel, lines: Iterable[LineRecord], *, is_making: bool = False) -> None:
        named: dict[str, LineRecord] = {}
        bare: dict[str, LineRecord] = {}
        for line in lines:
            if line.variant_id:
                named.setdefault(line.variant_id[:ID_LENGTH], line)
            elif sku := cut(line.sku, SKU_LENGTH):
                bare.setdefault(sku, line)
        self._by_id = by_external_id(channel, list(named))
        missing = {key: line for key, line in named.items() if key not in self._by_id}
        if missing and is_making:
            self._by_id |= _made(channel, missing)
        self._by_sku = _by_sku(channel, list(bare))
        if is_making:
            for sku, line in bare.items():
                if sku not in self._by_sku:
                    self._by_sku[sku] = _make(channel, line, "")

    def of(self, line: LineRecord) -> int | None:
        """The variant a line is of; None where nobody knows."""
        if line.variant_id:
            return self._by_id.get(line.variant_id[:ID_LENGTH])
        return self._by_sku.get(cut(line.sku, SKU_LENGTH)) if line.sku else None


def by_external_id(channel: Channel, external_ids: Sequence[str]) -> dict[str, int]:
    """The variants of a channel by its own numbers."""
    query = f"SELECT v.external_id, v.id FROM {_JOINED} WHERE p.channel_id = %s AND v.external_id"  # noqa: S608 — ours
    return dict(read_many(query, external_ids, channel.pk))


def unnumbered(channel: Channel, skus: Collection[str]) -> dict[str, int]:
    """The variants of a channel that have a SKU and no number of the channel's own yet."""
    query = f"SELECT v.sku, v.id FROM {_JOINED} WHERE p.channel_id = %s AND v.external_id = '' AND v.sku"  # noqa: S608 — ours
    found: dict[str, int] = {}
    for sku, pk in sorted(read_many(query, [sku for sku in skus if sku], channel.pk)):
        found.setdefault(sku, pk)
    return found


def _by_sku(channel: Channel, skus: Sequence[str]) -> dict[str, int]:
    """What has a SKU in this channel; of several what the channel has numbered, the lowest number first."""
    query = f"SELECT v.sku, v.external_id, v.id FROM {_JOINED} WHERE p.channel_id = %s AND v.sku"  # noqa: S608 — ours
    found: dict[str, int] = {}
    rows = read_many(query, skus, channel.pk)
    for sku, _external_id, pk in sorted(rows, key=lambda row: (row[0], not row[1], row[1], row[2])):
        found.setdefault(sku, pk)
    return found


def _made(channel: Channel, missing: dict[str, LineRecord]) -> dict[str, int]:
    """Variants that lines name by a number; one that came by its SKU alone gets the number."""
    known = unnumbered(channel, {cut(line.sku, SKU_LENGTH) for line in missing.values()})
    made = {}
    for external_id, line in missing.items():
        pk = known.pop(cut(line.sku, SKU_LENGTH), None)
        if pk is not None:
            Variant.objects.filter(pk=pk).update(external_id=external_id)
        made[external_id] = pk or _make(channel, line, external_id)
    return made


def _make(channel: Channel, line: LineRecord, external_id: str) -> int:
    title = cut(line.title or line.sku, TITLE_LENGTH) or external_id
    product = Product.objects.create(channel=channel, title=title, is_active=False)
    variant = Variant.objects.create(
        product=product,
        external_id=external_id,
        sku=cut(line.sku, SKU_LENGTH),
        title=cut(line.variant_title, VARIANT_LENGTH),
        is_active=False,
    )
    return variant.pk
