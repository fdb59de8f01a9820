"""What channels keep from whom (core/walls.py): deliveries tell of people, as they came."""

from __future__ import annotations

from regulars.channels import models
from regulars.core.walls import Whole, declare

declare(
    models.Delivery,
    customer=(),
    protected={"error": Whole(("name", "email", "phone", "notes"))},
    plain={
        "event": "the sender's number of an event",
        "topic": "the sender's word for what happened",
        "fate": "one of a few words of ours",
        "kind": "one of a few words of ours",
        "external_id": "the platform's number of a thing",
    },
)
declare(models.DeliveryPerson, customer=())

declare(
    models.Difference,
    customer=(),
    plain={
        "reason": "one of a few words of ours",
        "number": "the number of an order",
        "external_id": "the platform's number of an order",
        "currency": "a currency",
        "remark": "a sentence of ours about an order",
    },
)
