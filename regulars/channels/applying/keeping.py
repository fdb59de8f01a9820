"""Whose deliveries are whose, and how long they are kept."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from regulars.channels import bodies
from regulars.channels.applying.states import LAST
from regulars.channels.models import Delivery, DeliveryPerson, Fate, Mirror
from regulars.core.background import every
from regulars.core.sealing import Damaged

_AT_ONCE = 500
_UNREAD = (Fate.WAITING, Fate.HELD, Fate.FAILED)


def deliveries_of(customer_id: int) -> QuerySet[Delivery]:
    """All deliveries that are known to tell of a customer."""
    others = DeliveryPerson.objects.filter(customer_id=customer_id).values("delivery_id")
    return Delivery.objects.filter(Q(customer_id=customer_id) | Q(pk__in=others))


def told(customer_id: int) -> Iterator[dict[str, Any]]:
    """For the person's own copy: what shop systems sent of them, as it came, where it tells of nobody else."""
    for row in deliveries_of(customer_id).select_related("connection").order_by("pk").iterator(chunk_size=_AT_ONCE):
        is_alone = not DeliveryPerson.objects.filter(delivery=row).exists()
        yield {
            "connection": row.connection.name,
            "topic": row.topic,
            "received_at": row.received_at,
            "fate": row.fate,
            "kind": row.kind,
            "external_id": row.external_id,
            "version": row.version,
            "body": _text(row) if is_alone else "",
        }


def forget(customer_id: int, words: Iterable[str]) -> None:
    """Delete what arrived about a customer, also what nobody could read yet and one of these words stands in.

    What the channels know them by stays as a stone: what was so before this moment does not bring them back.
    """
    deliveries_of(customer_id).delete()
    wanted = [word.casefold() for word in words if word]
    if wanted:
        unread = Delivery.objects.filter(fate__in=_UNREAD).order_by("pk")
        found = [row.pk for row in unread.iterator(chunk_size=100) if _says_one(row, wanted)]
        Delivery.objects.filter(pk__in=found).delete()
    Mirror.objects.filter(kind="customer", local_id=customer_id).update(
        local_id=None, is_gone=True, version=timezone.now(), digest=LAST
    )


def _says_one(row: Delivery, words: Iterable[str]) -> bool:
    text = _text(row).casefold()
    return any(word in text for word in words)


def _text(row: Delivery) -> str:
    try:
        return bodies.body_of(row).decode("utf-8", "replace") if row.body else ""
    except Damaged:
        return ""


@every("03:40", label=_("Forget old deliveries"))
def forget_old_deliveries() -> None:
    """What became of them is in the shop; a failed one stays until somebody takes it in again or puts it aside."""
    days: int = settings.DELIVERY_DAYS
    if not days:
        return
    before = timezone.now() - dt.timedelta(days=days)
    old = Delivery.objects.filter(received_at__lt=before).exclude(fate__in=_UNREAD).order_by("pk")
    while ids := list(old.values_list("pk", flat=True)[:_AT_ONCE]):
        with transaction.atomic():
            DeliveryPerson.objects.filter(delivery_id__in=ids).delete()
            Delivery.objects.filter(pk__in=ids).delete()
