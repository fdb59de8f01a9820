"""What chats hold of a customer: by which token they wrote, and the address they typed."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from regulars.customers.belongings import Holder
from regulars.customers.models import Customer
from regulars.inbox.models import ChatVisitor

_TOLD = ("email", "language", "seen_at")


def _export(customer: Customer) -> Iterable[dict[str, Any]]:
    for one in ChatVisitor.objects.filter(customer=customer).select_related("chat").order_by("pk"):
        yield {"chat": one.chat.name, "number": one.conversation_id, **{name: getattr(one, name) for name in _TOLD}}


def _forget(customer: Customer) -> None:
    ChatVisitor.objects.filter(customer=customer).delete()


HOLDER = Holder(
    name="chat_visitors",
    models=("inbox.ChatVisitor",),
    export=_export,
    forget=_forget,
    tells=("chat", "number", *_TOLD),
)
