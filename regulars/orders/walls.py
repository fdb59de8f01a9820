"""What orders keep from whom (core/walls.py): amounts, notes, and what hangs on a customer somebody does not see."""

from __future__ import annotations

from regulars.core import masks
from regulars.core.walls import PLAIN, Number, Text, Whole, declare, word
from regulars.orders import models

_AMOUNT = Number("spend")
_NOTES = Text("notes", masks.dots)
_GOODS = "what was bought, which says nothing by which somebody is found"
_NUMBER = "the number of a paper, which is what orders are found by"
_SOURCE = "where a sale came from, which names nobody"
_WORD = "one of a few words of ours"

# what facts tell of changed orders
word(Text("spend", masks.dots), "discount", "shipping", "tax", "total", "refund")
word(_NOTES, "note", "order_tags")
word(Text("address"), "delivery_address", "billing_address")
word(Text("payment", masks.dots), "payments")
word(_AMOUNT, "amount_minor", "to_pay_minor", "paid_back_minor")
word(PLAIN, "fulfilment", "campaign", "referrer", "codes", "exchange", "exchange_number", "ends_at")

declare(
    models.Order,
    customer=("customer",),
    protected={
        "discount_minor": _AMOUNT,
        "shipping_minor": _AMOUNT,
        "tax_minor": _AMOUNT,
        "total_minor": _AMOUNT,
        "refunded_minor": _AMOUNT,
        "total_base_minor": _AMOUNT,
        "refunded_base_minor": _AMOUNT,
        "payment_method": Text("payment", masks.dots),
        "note": _NOTES,
    },
    plain={
        "number": _NUMBER,
        "status": _WORD,
        "currency": _WORD,
        "country": "country stays",
        "fulfilment": _WORD,
        "source": _SOURCE,
        "campaign": _SOURCE,
        "referrer": _SOURCE,
    },
)
declare(
    models.OrderLine,
    customer=("order__customer",),
    protected={
        "unit_price": _AMOUNT,
        "total_minor": _AMOUNT,
        "discount_minor": _AMOUNT,
        "tax_minor": _AMOUNT,
        "cost": Number("spend", is_empty=True),
    },
    plain={"sku": _GOODS, "title": _GOODS, "variant_title": _GOODS},
)
declare(
    models.OrderAddress,
    customer=("order__customer",),
    protected={
        "name": Text("name", masks.words),
        "company": Text("name", masks.words),
        "line1": Text("address"),
        "line2": Text("address"),
        "city": Text("address"),
        "region": Text("address"),
        "postcode": Text("address"),
        "phone": Text("phone", masks.phone),
    },
    plain={"side": _WORD, "country": "country stays"},
)
declare(
    models.OrderDiscount,
    customer=("order__customer",),
    protected={"amount_minor": _AMOUNT},
    plain={"code": "what the shop printed for everybody"},
)
declare(models.OrderTag, customer=("order__customer",), protected={"label": _NOTES}, plain={})
declare(
    models.Payment,
    customer=("order__customer",),
    protected={
        "amount_minor": _AMOUNT,
        "method": Text("payment", masks.dots),
        "reference": Text("payment", masks.dots),
    },
    plain={"state": _WORD, "currency": _WORD, "external_id": _NUMBER},
)
declare(
    models.PaymentLink,
    customer=("order__customer",),
    protected={"amount_minor": _AMOUNT},
    plain={"provider": _WORD, "currency": _WORD, "hash": "a digest of a random text"},
)
declare(
    models.Checkout,
    customer=("customer",),
    protected={
        "email": Text("email", masks.email),
        "total_minor": _AMOUNT,
        "lines": Whole(("spend",), instead=[]),
        "recovery_url": Whole(("email",)),
    },
    plain={"currency": _WORD},
)
declare(
    models.Return,
    customer=("customer",),
    protected={"refund_minor": _AMOUNT, "refund_base_minor": _AMOUNT, "reason": _NOTES},
    plain={"number": _NUMBER, "currency": _WORD, "state": _WORD},
)
declare(
    models.ReturnLine,
    customer=("parent__customer",),
    protected={"unit_price": _AMOUNT, "total_minor": _AMOUNT},
    plain={"sku": _GOODS, "title": _GOODS},
)
