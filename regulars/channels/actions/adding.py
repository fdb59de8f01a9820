"""A channel joins the shop the first time somebody names it."""

from __future__ import annotations

from django.utils.text import slugify

from regulars.channels.facts import ChannelAdded
from regulars.channels.models import Channel, Kind
from regulars.timeline.actions import record


def channel_for(code: str, *, name: str = "", kind: str = Kind.WEB) -> Channel:
    """The channel of that code, made when it is new. `code` is folded to a slug; empty means the web shop."""
    slug = slugify(code)[:40] or "web"
    channel, is_new = Channel.objects.get_or_create(
        code=slug, defaults={"name": name or code.strip() or "Web shop", "kind": kind}
    )
    if is_new:
        record(ChannelAdded(code=channel.code, called=channel.name, sells=channel.kind), subject=channel)
    return channel
