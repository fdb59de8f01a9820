"""The operations of products and checkouts: reading."""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated, Literal

from django.db.models import prefetch_related_objects
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from pydantic import Field

from regulars.channels.models import Channel
from regulars.core import shop
from regulars.core.api import problems
from regulars.core.api.listing import PAGING, Query, neighbours, parameter, period
from regulars.core.api.preconditions import find
from regulars.core.api.routes import Answer
from regulars.core.api.schemas import CurrencyCode, Moment, MoneyOut, Out, PublicId
from regulars.core.sight import current
from regulars.customers import reads
from regulars.customers.models import Customer
from regulars.customers.people import records_of_person
from regulars.orders.api.operations import routes
from regulars.orders.models import Checkout, Product, Variant
from regulars.orders.queries.catalogue import ProductRequest, owned, products
from regulars.orders.queries.checkouts import STATES as CHECKOUT_STATES
from regulars.orders.queries.checkouts import CheckoutRequest, checkout_page, state_of
from regulars.orders.queries.lists import BadCursor

problems.describe(
    "product-owned",
    status=HTTPStatus.CONFLICT,
    title=gettext_lazy("A shop system keeps this product"),
    text=gettext_lazy("It is changed in the shop system, and is here a moment later."),
)

_MOST_PK = 2**63


class PlainPriceOut(Out):
    """A price with up to four decimals, as text, and its currency."""

    amount: str
    currency: CurrencyCode


class VariantOut(Out):
    """One thing that can be bought. `cost` is null where nobody knows it, or the reader sees no amounts."""

    id: PublicId
    sku: str
    title: str
    barcode: str
    price: PlainPriceOut | None
    cost: PlainPriceOut | None
    is_active: bool


class ProductOut(Out):
    """A product with its variants. `is_kept_elsewhere` says that a shop system keeps it: it is changed there."""

    id: PublicId
    version: int
    channel: Annotated[str, Field(description="The channel's code.")]
    title: str
    category: str
    brand: str
    tags: list[str]
    image_url: str
    url: str
    is_active: bool
    is_kept_elsewhere: bool
    variants: list[VariantOut]
    created_at: Moment
    updated_at: Moment


class ProductsOut(Out):
    """A page of products; `next` and `previous` are the addresses of the pages beside it."""

    items: list[ProductOut]
    next: str | None
    previous: str | None


class CheckoutLineOut(Out):
    """Something in a basket; the price as the shop system wrote it."""

    sku: str
    title: str
    quantity: int
    unit_price: str


class CheckoutOut(Out):
    """A purchase that was begun. `recovery_url` is empty for who does not see e-mails in full."""

    id: PublicId
    state: Literal["abandoned", "recovered", "open", "completed"]
    channel: Annotated[str, Field(description="The channel's code.")]
    customer: PublicId | None
    email: str
    total: MoneyOut
    lines: list[CheckoutLineOut]
    recovery_url: str
    started_at: Moment
    touched_at: Moment
    completed_at: Moment | None
    order: PublicId | None


class CheckoutsOut(Out):
    """A page of checkouts; `next` and `previous` are the addresses of the pages beside it."""

    items: list[CheckoutOut]
    next: str | None
    previous: str | None


@routes.reads(
    "/products",
    permission="orders.view",
    summary="List products",
    out=ProductsOut,
    parameters=[
        parameter("search", "Words of the title, or the beginning of a SKU."),
        parameter("category", "This category exactly."),
        parameter("brand", "This brand exactly."),
        parameter("channel", "The codes of channels, separated by commas.", examples=["web"]),
        parameter("is_active", "`true` for what is on sale, `false` for what is not.", enum=["true", "false", ""]),
        *PAGING,
    ],
    refusals=(400,),
)
def list_products(request: HttpRequest) -> Answer:
    """Products with their variants, the one known longest first."""
    query = Query(request)
    active = query.choices("is_active", ("true", "false"))
    wanted = ProductRequest(
        search=query.text("search"),
        categories=tuple(filter(None, [query.text("category")])),
        brands=tuple(filter(None, [query.text("brand")])),
        channels=query.choices("channel", list(Channel.objects.values_list("code", flat=True))),
        is_active=active[0] == "true" if len(active) == 1 else None,
    )
    after, before, size = query.text("after"), query.text("before"), query.limit()
    query.refuse_rest()
    rows = products(wanted)
    if after:
        rows = rows.filter(pk__gt=_place(after))
    elif before:
        rows = rows.filter(pk__lt=_place(before))
    found = list(rows.order_by("-pk" if before and not after else "pk")[: size + 1])
    has_more, found = len(found) > size, found[:size]
    is_backward = bool(before and not after)
    if is_backward:
        found.reverse()
    links = neighbours(
        request,
        next_cursor=str(found[-1].pk) if found and (has_more or is_backward) else "",
        previous_cursor=str(found[0].pk) if found and (has_more if is_backward else after) else "",
    )
    kept = owned([product.pk for product in found])
    items = [_product(product, is_kept=product.pk in kept) for product in found]
    return Answer(body=ProductsOut(items=items, next=links.get("next"), previous=links.get("prev")), links=links)


@routes.reads("/products/{product_id}", permission="orders.view", summary="Read a product", out=ProductOut)
def get_product(request: HttpRequest, product_id: str) -> Answer:  # noqa: ARG001 — every operation takes it
    """A product with its variants."""
    product = find(Product, product_id)
    shown = _product(product, is_kept=bool(owned([product.pk])))
    return Answer(body=shown, version=product.version)


@routes.reads(
    "/checkouts",
    permission="orders.view",
    summary="List checkouts",
    out=CheckoutsOut,
    parameters=[
        parameter("state", "One of abandoned, recovered, open, completed; else all.", enum=[*CHECKOUT_STATES, ""]),
        parameter("customer", "The id of a customer."),
        parameter("channel", "The codes of channels, separated by commas.", examples=["web"]),
        *period("touched_at", "The last step"),
        *PAGING,
    ],
    refusals=(400,),
)
def list_checkouts(request: HttpRequest) -> Answer:
    """Purchases that were begun, the last step newest first. Abandoned is one without a step for an hour."""
    query = Query(request)
    since, until = query.period("touched_at")
    wanted = CheckoutRequest(
        state=next(iter(query.choices("state", CHECKOUT_STATES)), ""),
        channels=query.choices("channel", list(Channel.objects.values_list("code", flat=True))),
        customer_ids=records_of_person(query.row_id("customer", Customer)),
        since=since,
        until=until,
        after=query.text("after"),
        before=query.text("before"),
        size=query.limit(),
    )
    query.refuse_rest()
    page = checkout_page(wanted)
    reads.opened([row.customer_id for row in page.rows if row.customer_id], "checkouts")
    links = neighbours(request, next_cursor=page.next_cursor, previous_cursor=page.previous_cursor)
    items = [_checkout(row) for row in page.rows]
    return Answer(body=CheckoutsOut(items=items, next=links.get("next"), previous=links.get("prev")), links=links)


def _place(cursor: str) -> int:
    """The key behind a cursor of the list of products; raises BadCursor."""
    if not (cursor.isascii() and cursor.isdigit() and int(cursor[:20]) < _MOST_PK):
        raise BadCursor(_("This place in the list cannot be read. Begin at its first page."))
    return int(cursor[:20])


def _product(product: Product, *, is_kept: bool) -> ProductOut:
    prefetch_related_objects([product], "channel", "variants")
    return ProductOut(
        id=product.public_id,
        version=product.version,
        channel=product.channel.code,
        title=product.title,
        category=product.category,
        brand=product.brand,
        tags=list(product.tags),
        image_url=product.image_url,
        url=product.url,
        is_active=product.is_active,
        is_kept_elsewhere=is_kept,
        variants=[_variant(variant) for variant in product.variants.all()],
        created_at=product.created_at,
        updated_at=product.updated_at,
    )


def _variant(variant: Variant) -> VariantOut:
    def price(amount: object) -> PlainPriceOut | None:
        return (
            None
            if amount is None
            else PlainPriceOut(amount=f"{amount:.4f}", currency=variant.currency or shop.current().currency)
        )

    return VariantOut(
        id=variant.public_id,
        sku=variant.sku,
        title=variant.title,
        barcode=variant.barcode,
        price=price(variant.price),
        cost=price(variant.cost) if current().shows("spend") else None,
        is_active=variant.is_active,
    )


def _checkout(row: Checkout) -> CheckoutOut:
    return CheckoutOut(
        id=row.public_id,
        state=state_of(row),  # type: ignore[arg-type]
        channel=row.channel.code,
        customer=row.customer.person.public_id if row.customer else None,
        email=row.email,
        total=MoneyOut.of(row.total),
        lines=[
            CheckoutLineOut(
                sku=str(line.get("sku", "")),
                title=str(line.get("title", "")),
                quantity=int(line.get("quantity", 1)),
                unit_price=str(line.get("unit_price", "")),
            )
            for line in row.lines
        ],
        recovery_url=row.recovery_url,
        started_at=row.started_at,
        touched_at=row.touched_at,
        completed_at=row.completed_at,
        order=row.order.public_id if row.order else None,
    )
