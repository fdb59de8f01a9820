"""What this room holds of a customer."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from regulars.customers.belongings import Holder
from regulars.customers.models import Customer
from regulars.messaging.models import Message


def _export(customer: Customer) -> Iterable[Any]:
    messages = Message.objects.filter(customer=customer).order_by("pk")
    return messages.values("to", "subject", "text", "state", "created_at", "sent_at")


def _forget(customer: Customer) -> None:
    Message.objects.filter(customer=customer).delete()


ALL = (Holder(name="messages", models=("messaging.Message",), export=_export, forget=_forget),)
