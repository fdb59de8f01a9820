"""Deliveries are taken in once more: after a fix, or because somebody wants to see what becomes of them."""

from __future__ import annotations

from django.db.models import QuerySet

from regulars.channels import waking
from regulars.channels.facts import DeliveriesReplayed
from regulars.channels.models import Delivery, Fate
from regulars.staff.policy import verb
from regulars.timeline.actions import record


@verb
def replay(*, deliveries: QuerySet[Delivery]) -> int:
    """Let these wait again; how many those are. What is not kept any more, because we know better, is left out."""
    chosen = deliveries.exclude(fate=Fate.WAITING).exclude(body=b"")
    ids = list(chosen.order_by().values_list("pk", flat=True))
    count = 0
    for start in range(0, len(ids), 500):
        some = Delivery.objects.filter(pk__in=ids[start : start + 500])
        count += some.update(fate=Fate.WAITING, error="", attempts=0)
    if count:
        record(DeliveriesReplayed(count=count))
        waking.wake_after_commit()
    return count
