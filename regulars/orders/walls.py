"""What orders keep from whom (core/walls.py): amounts, notes, and what hangs on a customer somebody does not see."""

from __future__ import annotations

from regulars.core import masks
from regulars.core.walls import Number, Text, declare, word
from regulars.orders import models

_AMOUNT = Number("spend")
_NOTES = Text("notes", masks.dots)
_GOODS = "what was bought, which says nothing by which somebody is found"
_NUMBER = "the number of a paper, which is what orders are found by"
_WORD = "one of a few words of ours"

# what facts tell of changed orders
word(Text("spend", masks.dots), "discount", "shipping", "tax", "total", "refund")
word(_NOTES, "note")

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
    plain={"number": _NUMBER, "status": _WORD, "currency": _WORD, "country": "country stays"},
)
declare(
    models.OrderLine,
    customer=("order__customer",),
    protected={"unit_price": _AMOUNT, "total_minor": _AMOUNT},
    plain={"sku": _GOODS, "title": _GOODS},
)
declare(
    models.Return,
    customer=("customer",),
    protected={"refund_minor": _AMOUNT, "refund_base_minor": _AMOUNT, "reason": _NOTES},
    plain={"number": _NUMBER, "currency": _WORD},
)
declare(
    models.ReturnLine,
    customer=("parent__customer",),
    protected={"unit_price": _AMOUNT, "total_minor": _AMOUNT},
    plain={"sku": _GOODS, "title": _GOODS},
)
