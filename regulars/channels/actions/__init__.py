"""Verbs of channels."""

from regulars.channels.actions.adding import channel_for
from regulars.channels.actions.connecting import (
    change_connection,
    connect,
    pause,
    remove_connection,
    rotate_key,
)

__all__ = [
    "change_connection",
    "channel_for",
    "connect",
    "pause",
    "remove_connection",
    "rotate_key",
]
