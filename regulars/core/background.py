"""Background work: a verb with a second spelling. `send(message_id=7)` does it now, `send.later(message_id=7)` after commit.

Jobs are rows of our own database, enqueued in the transaction of the change that wants them.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import update_wrapper
from typing import Any

_VERBS: dict[str, Background] = {}


class Background:
    """A verb that can also run later. Its arguments are ids and other JSON values, by keyword only."""

    def __init__(self, verb: Callable[..., Any], *, retries: int) -> None:
        self.verb, self.retries = verb, retries
        self.path = f"{verb.__module__}.{verb.__qualname__}"
        update_wrapper(self, verb)
        _VERBS[self.path] = self

    def __call__(self, **arguments: Any) -> Any:
        return self.verb(**arguments)

    def later(self, **arguments: Any) -> None:
        """Enqueue it; the job exists if and only if the surrounding transaction commits."""
        raise NotImplementedError


def background(*, retries: int = 5) -> Callable[[Callable[..., Any]], Background]:
    """Give a verb `.later()`; it is tried up to `retries` times again, with growing delay."""
    return lambda verb: Background(verb, retries=retries)
