"""What this room holds of a customer."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from regulars.customers.belongings import Holder
from regulars.customers.models import ContactPoint, Customer
from regulars.messaging import digests, files
from regulars.messaging.models import DeliveryEvent, Message, MessageFile, Suppression, Way


def _export(customer: Customer) -> Iterable[Any]:
    messages = Message.objects.filter(customer=customer).order_by("pk")
    return messages.values(
        "way", "to", "subject", "text", "purpose", "language", "state", "created_at", "due_at", "sent_at"
    )


def _forget(customer: Customer) -> None:
    mine = Message._base_manager.filter(customer=customer)
    files.forget(mine)
    mine.delete()


def _export_files(customer: Customer) -> Iterable[Any]:
    rows = MessageFile.objects.filter(customer=customer).order_by("pk")
    return rows.values("message_id", "name", "media_type", "size")


def _forget_files(customer: Customer) -> None:
    files.forget(Message._base_manager.filter(files__customer=customer))


def _export_events(customer: Customer) -> Iterable[Any]:
    rows = DeliveryEvent.objects.filter(customer=customer).order_by("pk")
    return rows.values("message_id", "kind", "is_hard", "detail", "at")


def _forget_events(customer: Customer) -> None:
    DeliveryEvent._base_manager.filter(customer=customer).delete()


def _export_suppressions(customer: Customer) -> Iterable[Any]:
    rows = Suppression.objects.filter(customer=customer).order_by("pk")
    return rows.values("way", "address", "reason", "purpose", "note", "since", "ended_at")


def _forget_suppressions(customer: Customer) -> None:
    """The address goes, its digest stays: whoever did not want to be written to is not, though we know them no more."""
    points = ContactPoint.objects.filter(customer=customer).values_list("value", flat=True)
    addresses = {one for one in (customer.email, customer.phone, *points) if one}
    known = [digest for way in Way.values for one in addresses for digest in digests.all_of(way, one)]
    mine = Suppression._base_manager.filter(customer=customer) | Suppression._base_manager.filter(digest__in=known)
    mine.update(address="", note="", customer=None)


ALL = (
    Holder(
        name="messages",
        models=("messaging.Message",),
        export=_export,
        forget=_forget,
    ),
    Holder(name="message_files", models=("messaging.MessageFile",), export=_export_files, forget=_forget_files),
    Holder(
        name="delivery_events",
        models=("messaging.DeliveryEvent",),
        export=_export_events,
        forget=_forget_events,
    ),
    Holder(
        name="not_written_to",
        models=("messaging.Suppression",),
        export=_export_suppressions,
        forget=_forget_suppressions,
    ),
)
