"""Records of products become the mirror of the catalogue."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import URLValidator
from django.utils import timezone

from regulars.channels.intake import Taken
from regulars.channels.mirroring import locals_of
from regulars.channels.models import Channel
from regulars.channels.records import ProductRecord, VariantRecord
from regulars.core.money import is_known
from regulars.customers.standings import id_list
from regulars.customers.taking.people import take_turns
from regulars.customers.taking.saying import cut
from regulars.orders.models import Product, Variant
from regulars.orders.product_facts import ProductChanged
from regulars.orders.taking.variants import ID_LENGTH, by_external_id, unnumbered
from regulars.staff.policy import verb
from regulars.timeline.actions import record

_MOST_TAGS, _MOST_PRICE = 100, Decimal(10) ** 12
_STEP = Decimal("0.0001")
_TEXTS = {"title": 250, "category": 250, "brand": 120}
_VARIANT_TEXTS = {"sku": 80, "title": 120, "barcode": 60}
_is_url = URLValidator(schemes=("http", "https"))


@verb
def take_products(channel: Channel, records: Sequence[ProductRecord]) -> list[Taken]:
    """Take in the newest states of products; answers which each is.

    A product that orders told of before is filled: its variants stay the rows that the orders' lines are of. A variant
    that the product does not have any more is switched off, because somebody bought it.
    """
    take_turns()
    ids = locals_of(channel, "product", [one.external_id for one in records])
    bought = _bought(channel, [one for row in records for one in row.variants])
    variants = {row.pk: row for row in Variant.objects.filter(pk__in=id_list(bought.values()))}
    products = {row.pk: row for row in Product.objects.filter(pk__in=id_list(ids.values()))}
    taken = []
    for one in records:
        own = [variants[bought[name]] for row in one.variants if (name := row.external_id[:ID_LENGTH]) in bought]
        product = products.get(ids.get(one.external_id, 0))
        if product is None and own:
            product = Product.objects.get(pk=min(row.product_id for row in own))
        taken.append(Taken(_write(channel, one, product, own).pk))
    return taken


def _bought(channel: Channel, variants: Sequence[VariantRecord]) -> dict[str, int]:
    """The variants that are here already, by the channel's numbers; those that lines told of by a SKU alone get one."""
    found = by_external_id(channel, [one.external_id[:ID_LENGTH] for one in variants])
    new = [one for one in variants if one.external_id and one.external_id[:ID_LENGTH] not in found]
    bare = unnumbered(channel, {cut(one.sku, _VARIANT_TEXTS["sku"]) for one in new})
    for one in new:
        pk = bare.pop(cut(one.sku, _VARIANT_TEXTS["sku"]), None)
        if pk is not None:
            Variant.objects.filter(pk=pk).update(external_id=one.external_id[:ID_LENGTH])
            found[one.external_id[:ID_LENGTH]] = pk
    return found


@verb
def remove_products(channel: Channel, product_ids: Sequence[int]) -> None:
    """Products were deleted on the platform: they are switched off, because somebody bought them."""
    for product in Product.objects.filter(channel=channel, pk__in=id_list(product_ids)).order_by("pk"):
        changes = _bring(product, {"is_active": False})
        for variant in product.variants.all():
            _bring(variant, {"is_active": False})
        if changes:
            record(ProductChanged(product=product.title, changes=changes), subject=product)


def _write(channel: Channel, one: ProductRecord, product: Product | None, own: Sequence[Variant]) -> Product:
    values = _values(one)
    is_new = product is None
    if product is None:
        product = Product.objects.create(channel=channel, **values)
    changes = {} if is_new else _bring(product, values)
    before = _told(product)
    _write_variants(product, one, own)
    after = _told(product)
    if not is_new and before != after:
        changes["variants"] = [before, after]
    if is_new or changes:
        record(ProductChanged(product=product.title, is_new=is_new, changes=changes), subject=product)
    return product


def _write_variants(product: Product, one: ProductRecord, own: Sequence[Variant]) -> None:
    known = {row.external_id: row for row in [*product.variants.all(), *own]}
    left = {row.product_id for row in own} - {product.pk}
    for position, said in enumerate(one.variants or (VariantRecord(external_id=""),), start=1):
        values = {**_variant_values(said, one), "position": position, "product_id": product.pk}
        row = known.pop(said.external_id[:ID_LENGTH], None)
        if row is None:
            Variant.objects.create(external_id=said.external_id[:ID_LENGTH], **values)
        else:
            _bring(row, values)
    for row in known.values():
        _bring(row, {"is_active": False})
    # products that orders wrote down for want of this one, and that have nothing any more
    Product.objects.filter(pk__in=left, variants=None).delete()


def _bring(row: Product | Variant, values: Mapping[str, Any]) -> dict[str, list[Any]]:
    """Change what is otherwise; answers what that was."""
    changes = {name: [getattr(row, name), value] for name, value in values.items() if getattr(row, name) != value}
    if changes:
        for name, value in values.items():
            setattr(row, name, value)
        row.version += 1
        row.updated_at = timezone.now()
        row.save(force_update=True)
    return changes


def _values(one: ProductRecord) -> dict[str, Any]:
    tags = dict.fromkeys(cut(tag, 250) for tag in one.tags)
    return {
        **{name: cut(getattr(one, name), limit) for name, limit in _TEXTS.items()},
        "title": cut(one.title, _TEXTS["title"]) or one.external_id,
        "tags": [tag for tag in tags if tag][:_MOST_TAGS],
        "image_url": _url(one.image_url),
        "url": _url(one.url),
        "is_active": one.is_active,
    }


def _variant_values(said: VariantRecord, one: ProductRecord) -> dict[str, Any]:
    currency = one.currency.strip().upper()
    return {
        **{name: cut(getattr(said, name), limit) for name, limit in _VARIANT_TEXTS.items()},
        "price": _price(said.price),
        "cost": _price(said.cost),
        "currency": currency if is_known(currency) else "",
        "is_active": said.is_active and one.is_active,
    }


def _price(amount: Decimal | None) -> Decimal | None:
    if amount is None or not amount.is_finite() or not 0 <= amount < _MOST_PRICE:
        return None
    return amount.quantize(_STEP)


def _told(product: Product) -> list[str]:
    """Variants in a few words, for the fact."""
    return [
        f"{row.sku or row.title or row.position}: {row.price} {row.currency}, {row.cost}, {row.is_active}"
        for row in Variant.objects.filter(product=product)
    ]


def _url(text: str) -> str:
    """An address of the web, and nothing else: it stands on a page."""
    try:
        _is_url(text)
    except ValidationError:
        return ""
    return text if len(text) <= 1000 else ""
