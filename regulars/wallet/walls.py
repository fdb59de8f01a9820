"""What the wallet keeps from whom (core/walls.py): who sees the customer sees amounts; reasons are notes."""

from __future__ import annotations

from regulars.core.walls import PLAIN, Text, declare, word
from regulars.wallet import models

_SORT = "one of a few words"
_CODE = "the code of a currency"

declare(
    models.Account,
    customer=("customer",),
    plain={"kind": _SORT, "currency": _CODE},
    internal=("mac",),
)
declare(
    models.Posting,
    customer_id=("customer_number",),
    plain={
        "kind": _SORT,
        "currency": _CODE,
        "cause_kind": _SORT,
        "cause_id": "the public id of an order or another row",
        "source": _SORT,
    },
    internal=("key", "fingerprint", "remark_digest", "mac"),
)
declare(models.Line, customer=("account__customer",))
declare(models.Lot, customer=("account__customer",))
declare(models.Remark, customer=("customer",), protected={"text": Text("notes")})
declare(
    models.Hold,
    customer=("customer",),
    plain={
        "kind": _SORT,
        "currency": _CODE,
        "state": _SORT,
        "cause_kind": _SORT,
        "cause_id": "the public id of an order or another row",
    },
    internal=("key", "fingerprint"),
)
declare(models.HeldLot, customer=("hold__customer",))

word(PLAIN, "cause", "hold", "posting")
