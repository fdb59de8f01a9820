"""How often one address may knock in vain: forged deliveries cost us little, and that little is bounded."""

from __future__ import annotations

import threading
from time import monotonic

A_MINUTE = 120
_MOST = 10_000

_left: dict[str, tuple[float, float]] = {}  # address: refusals left, and when that was
_lock = threading.Lock()


def wait_of(address: str) -> float:
    """For how many seconds nothing of this address is looked at; 0 while it is."""
    with _lock:
        left = _now(address)
    return 0.0 if left >= 1 else (1 - left) * 60 / A_MINUTE


def note_refused(address: str) -> None:
    """Count one delivery that was refused. Each web process counts for itself, as the API's budget does."""
    with _lock:
        left = _now(address)
        if len(_left) >= _MOST and address not in _left:
            _left.clear()
        _left[address] = (max(0.0, left - 1), monotonic())


def forget() -> None:
    """Let everybody knock again; for tests."""
    with _lock:
        _left.clear()


def _now(address: str) -> float:
    left, at = _left.get(address, (float(A_MINUTE), 0.0))
    return min(float(A_MINUTE), left + (monotonic() - at) * A_MINUTE / 60)
