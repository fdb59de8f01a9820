"""From the shapes of our own format to records."""

from __future__ import annotations

import datetime as dt
from typing import Any

from regulars.channels.connectors.protocol import Link
from regulars.channels.connectors.push import shapes
from regulars.channels.records import (
    AddressRecord,
    AnyRecord,
    CheckoutRecord,
    Consent,
    CustomerRecord,
    DiscountRecord,
    Gone,
    LineRecord,
    OrderRecord,
    PaymentRecord,
    ProductRecord,
    ReturnRecord,
    VariantRecord,
)


def as_record(shape: shapes.AnyShape, link: Link) -> AnyRecord:
    """The record that a shape tells."""
    match shape:
        case shapes.CustomerShape():
            return _person(shape, shape.id, shape.updated_at)
        case shapes.OrderShape():
            return _order(shape)
        case shapes.ReturnShape():
            return _return(shape)
        case shapes.ProductShape():
            return _product(shape, link)
        case shapes.CheckoutShape():
            return _checkout(shape)
    return Gone(of=shape.of, external_id=shape.id, version=shape.updated_at)


def _named(shape: Any, *leave_out: str) -> dict[str, Any]:
    """The fields that are called the same on both sides."""
    return {
        name: tuple(value) if isinstance(value, list) else value
        for name in type(shape).model_fields
        if name not in leave_out
        for value in (getattr(shape, name),)
    }


def _address(shape: shapes.AddressShape | None) -> AddressRecord | None:
    return AddressRecord(**_named(shape)) if shape is not None else None


def _person(shape: shapes.PersonShape, external_id: str, version: dt.datetime) -> CustomerRecord:
    same = _named(shape, "id", "updated_at", "type", "address", "consents")
    return CustomerRecord(
        external_id=external_id,
        version=version,
        address=_address(shape.address),
        consents=tuple(Consent(**_named(one)) for one in shape.consents),
        **same,
    )


def _buyer(shape: shapes.BuyerShape | None, version: dt.datetime) -> CustomerRecord | None:
    return _person(shape, shape.id, version) if shape is not None else None


def _lines(lines: list[shapes.LineShape]) -> tuple[LineRecord, ...]:
    return tuple(LineRecord(external_id=line.id, **_named(line, "id")) for line in lines)


def _order(shape: shapes.OrderShape) -> OrderRecord:
    same = _named(
        shape,
        *("id", "updated_at", "type", "lines", "customer", "billing_address", "delivery_address"),
        *("payments", "discounts"),
    )
    return OrderRecord(
        external_id=shape.id,
        version=shape.updated_at,
        lines=_lines(shape.lines),
        who=_buyer(shape.customer, shape.updated_at),
        billing=_address(shape.billing_address),
        delivery=_address(shape.delivery_address),
        payments=tuple(PaymentRecord(external_id=one.id, **_named(one, "id")) for one in shape.payments),
        discounts=tuple(DiscountRecord(**_named(one)) for one in shape.discounts),
        **same,
    )


def _return(shape: shapes.ReturnShape) -> ReturnRecord:
    return ReturnRecord(
        external_id=shape.id,
        version=shape.updated_at,
        lines=_lines(shape.lines),
        **_named(shape, "id", "updated_at", "type", "lines"),
    )


def _product(shape: shapes.ProductShape, link: Link) -> ProductRecord:
    return ProductRecord(
        external_id=shape.id,
        version=shape.updated_at,
        currency=shape.currency or link.currency,
        variants=tuple(VariantRecord(external_id=one.id, **_named(one, "id")) for one in shape.variants),
        **_named(shape, "id", "updated_at", "type", "variants", "currency"),
    )


def _checkout(shape: shapes.CheckoutShape) -> CheckoutRecord:
    return CheckoutRecord(
        external_id=shape.id,
        version=shape.updated_at,
        lines=_lines(shape.lines),
        who=_buyer(shape.customer, shape.updated_at),
        **_named(shape, "id", "updated_at", "type", "lines", "customer"),
    )
