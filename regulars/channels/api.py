"""Channels, for programs: which places the shop sells at, and the codes that customers and orders name them by."""

from __future__ import annotations

from typing import Annotated

from django.http import HttpRequest
from pydantic import ConfigDict, Field

from regulars.channels.models import Channel
from regulars.core.api.routes import Answer, Routes
from regulars.core.api.schemas import Moment, Out, PublicId

routes = Routes(tags=["Channels"])


class ChannelOut(Out):
    """A place where the shop sells."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "id": "chn_1v5y0z9k2m4qh",
                "code": "web",
                "name": "Web shop",
                "kind": "web",
                "created_at": "2026-01-05T08:00:00Z",
                "updated_at": "2026-01-05T08:00:00Z",
            }
        }
    )

    id: PublicId
    code: Annotated[str, Field(description="The short name that files and other calls use.")]
    name: str
    kind: Annotated[str, Field(description="web, marketplace, store, social, business or other")]
    created_at: Moment
    updated_at: Moment


class ChannelsOut(Out):
    """All channels, by name."""

    items: list[ChannelOut]


@routes.reads("/channels", permission="customers.view", summary="List channels", out=ChannelsOut)
def list_channels(request: HttpRequest) -> Answer:  # noqa: ARG001 — every operation takes it
    """All channels of the shop, by name. There are few, so that the list is not paged."""
    return Answer(body=ChannelsOut(items=[_channel_out(channel) for channel in Channel.objects.all()]))


def _channel_out(channel: Channel) -> ChannelOut:
    return ChannelOut(
        id=channel.public_id,
        code=channel.code,
        name=channel.name,
        kind=channel.kind,
        created_at=channel.created_at,
        updated_at=channel.updated_at,
    )
