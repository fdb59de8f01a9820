"""Verbs of channels."""

from regulars.channels.actions.adding import channel_for
from regulars.channels.actions.connecting import (
    change_connection,
    connect,
    pause,
    remove_connection,
    rotate_key,
)
from regulars.channels.actions.replaying import replay

__all__ = [
    "change_connection",
    "channel_for",
    "connect",
    "pause",
    "remove_connection",
    "replay",
    "rotate_key",
]
