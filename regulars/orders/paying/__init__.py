"""Ways to pay behind a payment link. A provider is one file here, and a line in `_ALL`."""

from regulars.orders.paying.by_hand import ByHand
from regulars.orders.paying.protocol import Provider, Way

__all__ = ["Provider", "Way", "provider", "providers"]

_ALL: tuple[Provider, ...] = (ByHand(),)


def providers() -> dict[str, Provider]:
    """Every way to pay there is, by its key; the first is the one that is taken where nobody chooses."""
    return {one.key: one for one in _ALL}


def provider(key: str) -> Provider | None:
    """The provider of a link; None where it was taken out since."""
    return providers().get(key)
