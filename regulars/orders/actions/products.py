"""Products that no shop system keeps: added and changed by hand, or by a file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal, InvalidOperation
from http import HTTPStatus
from typing import Any, ClassVar

from django.core.exceptions import ValidationError
from django.core.validators import URLValidator
from django.utils import timezone
from django.utils.translation import gettext as _

from regulars.channels.models import Channel
from regulars.core import shop
from regulars.core.errors import Invalid, Refusal, Stale
from regulars.core.money import is_known
from regulars.core.text import BadText, clean
from regulars.orders.models import Product, Variant
from regulars.orders.product_facts import ProductChanged
from regulars.orders.queries.catalogue import owned
from regulars.staff.policy import verb
from regulars.timeline.actions import record

MOST_VARIANTS, MOST_TAGS = 250, 100
_MOST_PRICE = Decimal(10) ** 12
_TEXTS = {"title": 250, "category": 250, "brand": 120}
_URLS = ("image_url", "url")
_VARIANT_TEXTS = {"sku": 80, "title": 120, "barcode": 60}
_is_url = URLValidator(schemes=("http", "https"))


class ProductOwned(Refusal):
    """A shop system keeps this product."""

    status: ClassVar[int] = HTTPStatus.CONFLICT
    slug: ClassVar[str] = "product-owned"

    def __init__(self, product: Product) -> None:
        super().__init__(
            _("%(channel)s keeps this product. Change it there; it is here a moment later.")
            % {"channel": product.channel.name}
        )


@verb
def add_product(*, channel: Channel, values: Mapping[str, Any], variants: Sequence[Mapping[str, Any]]) -> Product:
    """Write a product with its variants. `values` needs a `title`; prices are decimals in `currency`, else the shop's.

    Raises Invalid.
    """
    product, rows = new_product(channel=channel, values=values, variants=variants)
    write_products([(product, rows)])
    record(ProductChanged(product=product.title, is_new=True), subject=product)
    return product


def new_product(
    *, channel: Channel, values: Mapping[str, Any], variants: Sequence[Mapping[str, Any]]
) -> tuple[Product, list[Variant]]:
    """A checked product with its variants, not written yet. Raises Invalid."""
    given, rows = _values(values), _variants(variants)
    if not given.get("title"):
        raise _refused("title", _("A product has a title."))
    product = Product(channel=channel, **given)
    return product, [Variant(product=product, position=at, **row) for at, row in enumerate(rows, start=1)]


@verb
def write_products(drafts: Sequence[tuple[Product, Sequence[Variant]]]) -> None:
    """Write checked products, many at once; whoever brings them says so in one fact."""
    Product.objects.bulk_create([product for product, _variants in drafts])
    rows = [variant for _product, variants in drafts for variant in variants]
    for variant in rows:
        variant.product_id = variant.product.pk
    Variant.objects.bulk_create(rows, batch_size=500)


@verb
def change_product(
    product: Product,
    *,
    values: Mapping[str, Any],
    variants: Sequence[Mapping[str, Any]] | None = None,
    version: int | None = None,
) -> Product:
    """Change what is given, and all variants where they are given: those with an `id` stay, the others are new.

    A variant that is not among them is deleted; order lines keep what they say. Says and writes nothing where all is as
    it was. Raises Invalid, ProductOwned, or Stale where somebody else changed it since `version`.
    """
    now = Product.objects.select_for_update(of=("self",), no_key=True).select_related("channel").get(pk=product.pk)
    if version is not None and now.version != version:
        raise Stale(_("Somebody else changed this product since you opened it. Look at it again, then change it."))
    if owned([now.pk]):
        raise ProductOwned(now)
    changes: dict[str, list[Any]] = {}
    for name, value in _values(values).items():
        if getattr(now, name) != value:
            changes[name] = [getattr(now, name), value]
            setattr(now, name, value)
    if not now.title:
        raise _refused("title", _("A product has a title."))
    if variants is not None:
        before = _told(now)
        _write_variants(now, variants)
        if (after := _told(now)) != before:
            changes["variants"] = [before, after]
    if changes:
        now.version += 1
        now.updated_at = timezone.now()
        now.save(force_update=True)
        record(ProductChanged(product=now.title, changes=changes), subject=now)
    return now


def _write_variants(product: Product, variants: Sequence[Mapping[str, Any]]) -> None:
    known = {variant.pk: variant for variant in product.variants.all()}
    ids = [row.get("id") for row in variants]
    for at, (pk, row) in enumerate(zip(ids, _variants(variants), strict=True), start=1):
        variant = known.pop(pk, None) if isinstance(pk, int) else None
        if variant is None:
            Variant.objects.create(product=product, position=at, **row)
            continue
        for name, value in {**row, "position": at}.items():
            setattr(variant, name, value)
        variant.save(force_update=True)
    Variant.objects.filter(pk__in=known).delete()


def _told(product: Product) -> list[str]:
    """Variants in a few words, for the fact."""
    return [
        f"{row.sku or row.title or row.position}: {row.price} {row.currency}, {row.cost}, {row.is_active}"
        for row in Variant.objects.filter(product=product)
    ]


def _values(values: Mapping[str, Any]) -> dict[str, Any]:
    """Checked values of a product. Raises Invalid."""
    found: dict[str, Any] = {}
    for name, value in values.items():
        if name in _TEXTS:
            found[name] = _text(name, value, _TEXTS[name])
        elif name in _URLS:
            found[name] = _url(name, str(value or "").strip())
        elif name == "tags":
            tags = dict.fromkeys(_text("tags", tag, 250) for tag in value)
            found[name] = [tag for tag in tags if tag][:MOST_TAGS]
        elif name == "is_active":
            found[name] = bool(value)
        else:
            raise _refused(name, _("There is no such field."))
    return found


def _variants(variants: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Checked variants; a product without any has the one that it is itself. Raises Invalid."""
    if len(variants) > MOST_VARIANTS:
        raise _refused("variants", _("A product has at most %(most)s variants.") % {"most": MOST_VARIANTS})
    rows = []
    for row in variants or [{}]:
        currency = str(row.get("currency") or shop.current().currency).upper()
        if not is_known(currency):
            raise _refused("currency", _("“%(code)s” is no currency.") % {"code": currency[:10]})
        rows.append(
            {
                **{name: _text(name, row.get(name, ""), limit) for name, limit in _VARIANT_TEXTS.items()},
                **{name: _price(name, row.get(name)) for name in ("price", "cost")},
                "currency": currency,
                "is_active": bool(row.get("is_active", True)),
                **({"external_id": row["external_id"]} if "external_id" in row else {}),
            }
        )
    return rows


def _text(name: str, value: Any, limit: int) -> str:
    try:
        return clean(str(value or ""), limit=limit)
    except BadText as problem:
        raise _refused(name, str(problem)) from problem


def _url(name: str, text: str) -> str:
    if not text:
        return ""
    try:
        _is_url(text)
    except ValidationError as problem:
        raise _refused(name, _("This is no address of the web: it begins with https://.")) from problem
    return text[:1000]


def _price(name: str, value: Any) -> Decimal | None:
    if value is None or value == "":
        return None
    try:
        price = Decimal(str(value))
    except InvalidOperation:
        price = Decimal("NaN")
    if not price.is_finite() or not 0 <= price < _MOST_PRICE:
        raise _refused(name, _("This must be an amount such as 12.50."))
    return round(price, 4)


def _refused(name: str, sentence: str) -> Invalid:
    return Invalid(sentence, fields={name: [sentence]})
