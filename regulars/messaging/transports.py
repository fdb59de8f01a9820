"""What hands messages over: one for mail servers, one for each provider or for all of them. Others join with `add`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, Protocol

from regulars.messaging.accounts import SMTP
from regulars.messaging.models import Account, Message, Way

OTHERS: Final = "*"


class Refused(Exception):  # noqa: N818 — an answer
    """The other side did not take a message; a final refusal is not tried again, else after `again_in` seconds."""

    def __init__(self, sentence: str, *, is_final: bool, again_in: float = 0.0) -> None:
        super().__init__(sentence)
        self.sentence, self.is_final, self.again_in = sentence, is_final, again_in


class Unsure(Exception):  # noqa: N818 — an answer
    """Its bytes went, and no answer came: it may have arrived, and it may not."""


class Transport(Protocol):
    """Hands a message over: `journal()` before the first byte that the other side could take it by.

    Returns the id by which the other side knows it, or nothing. Raises Refused, Unsure, and whatever `journal` raises:
    then not a byte may go.
    """

    def __call__(self, message: Message, account: Account | None, journal: Callable[[], None]) -> str: ...


_TRANSPORTS: dict[str, Callable[[], Transport]] = {}


def add(provider: str, load: Callable[[], Transport]) -> None:
    """Say what sends for a provider (OTHERS: for all that say nothing); it is loaded when the first message goes."""
    _TRANSPORTS[provider] = load


def hand_over(message: Message, account: Account | None, journal: Callable[[], None]) -> str:
    """Hand a message over by the account. Raises Refused, Unsure."""
    name = account.provider if account is not None else Way.CHAT.value if message.way == Way.CHAT else SMTP
    load = _TRANSPORTS.get(name) or _TRANSPORTS.get(OTHERS)
    if load is None:
        raise Refused(f"no transport for {name}", is_final=True)
    return load()(message, account, journal)


def described(error: Any) -> str:
    """What went wrong, as it is kept with a message."""
    return str(getattr(error, "sentence", "") or str(error) or type(error).__name__)[:1000]
