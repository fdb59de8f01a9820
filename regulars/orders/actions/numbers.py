"""Keeping the finder's index of order numbers up to date."""

from __future__ import annotations

from collections.abc import Sequence


def note_numbers(order_ids: Sequence[int]) -> None:
    """Tell the finder of orders that are new or were renumbered, in their own transaction."""
