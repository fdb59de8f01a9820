"""Verbs of channels."""

from __future__ import annotations

from django.utils.text import slugify

from regulars.channels.models import Channel, Kind


def channel_for(code: str, *, name: str = "", kind: str = Kind.WEB) -> Channel:
    """The channel of that code, made when it is new. `code` is folded to a slug; empty means the web shop."""
    slug = slugify(code)[:40] or "web"
    channel, _created = Channel.objects.get_or_create(
        code=slug, defaults={"name": name or code.strip() or "Web shop", "kind": kind}
    )
    return channel
