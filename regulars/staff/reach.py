"""The socket of channels: which places the shop sells in, for roles that see the customers of some of them alone.

Staff and channels do not know each other; a room above both says here what there is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

Read = Callable[[], Iterable[tuple[int, str]]]

_SOURCES: list[Read] = []


def channels_are(read: Read) -> None:
    """Say how to read the ids and names of all channels; the last one to say so is asked."""
    _SOURCES[:] = [read]


def channels() -> dict[int, str]:
    """The names of all channels by their ids."""
    return {number: name for read in _SOURCES for number, name in read()}
