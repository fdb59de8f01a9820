"""Numbers that orders and drafts get from us, where no platform gave them one."""

from __future__ import annotations

from regulars.channels.models import Channel
from regulars.orders.models import Order
from regulars.orders.models.sales import OrderNumbers


def next_order_number(channel: Channel) -> str:
    """The next number of ours in a channel: `WEB-1001`. Nobody else gets it, and no order of the channel has it."""
    return _next(channel, "next_order", f"{channel.code.upper()[:40]}-")


def next_draft_number(channel: Channel) -> str:
    """The next number of a draft in a channel: `D-7`."""
    return _next(channel, "next_draft", "D-")


def _next(channel: Channel, name: str, prefix: str) -> str:
    OrderNumbers.objects.get_or_create(channel=channel)
    row = OrderNumbers.objects.select_for_update().get(channel=channel)
    count = getattr(row, name)
    while Order.objects.filter(channel=channel, number=f"{prefix}{count}").exists():
        count += 1
    setattr(row, name, count + 1)
    row.save(update_fields=[name])
    return f"{prefix}{count}"
