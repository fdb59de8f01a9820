"""What the wallet refuses. Nothing was changed where one of these is raised."""

from __future__ import annotations

from http import HTTPStatus
from typing import ClassVar

from regulars.core.errors import Refusal


class NotEnough(Refusal):
    """More is asked for than there is; `available` says what there is."""

    slug = "not-enough"

    def __init__(self, sentence: str, *, available: int) -> None:
        super().__init__(sentence, field="amount")
        self.available = available


class KeyUsed(Refusal):
    """The key of a call was used for something else before."""

    slug = "idempotency-key-used"


class OverTheWhole(Refusal):
    """More is taken back, given back or captured than there was."""

    slug = "more-than-the-whole"


class HoldEnded(Refusal):
    """The hold was captured, given up, or ran out."""

    slug = "hold-ended"


class ClockBehind(Refusal):
    """The machine's clock stands before the newest line of the ledger."""

    slug = "clock-behind"
    status: ClassVar[int] = HTTPStatus.SERVICE_UNAVAILABLE
