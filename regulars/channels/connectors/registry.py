"""All connectors of this house. A new one is imported and named here; docs/develop/connectors.md has the whole way."""

from __future__ import annotations

from collections.abc import Sequence

from regulars.channels.connectors.protocol import Connector
from regulars.channels.connectors.push import push
from regulars.channels.connectors.shopify import shopify
from regulars.channels.connectors.vendure import vendure
from regulars.channels.connectors.woocommerce import woocommerce

_ALL: tuple[Connector, ...] = (shopify, woocommerce, vendure, push)


def connectors() -> Sequence[Connector]:
    """All of them, in the order in which people choose."""
    return _ALL


def connector_of(provider: str) -> Connector:
    """The connector of that name. Raises KeyError."""
    return {one.provider: one for one in _ALL}[provider]
