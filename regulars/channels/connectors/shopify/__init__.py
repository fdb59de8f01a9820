"""Shopify: signed webhooks in, and everything there is over its Admin API.

Deliveries are in the shape of the REST Admin API, and the pull asks that same API, so that one translator reads both,
and what a webhook said and what is fetched later are equal to the letter. GraphQL would need a second translator for
the same objects. Shopify calls REST legacy since October 2024, and takes it from no custom app of a shop's own; a
product shows at most 100 variants there.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, ClassVar

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from regulars.channels.connectors.protocol import Day, Event, Incoming, Link, NotGenuine, Option, Page
from regulars.channels.connectors.reaching import HOW_OFTEN
from regulars.channels.connectors.reading import (
    FOR_EVER,
    Json,
    child,
    digest,
    identity,
    is_signed,
    parsed_object,
    text,
)
from regulars.channels.connectors.shopify import fetching
from regulars.channels.connectors.shopify.catalogue import product_of
from regulars.channels.connectors.shopify.orders import checkout_of, order_of
from regulars.channels.connectors.shopify.people import customer_of
from regulars.channels.connectors.shopify.refunds import paid_back, return_of
from regulars.channels.models import Kind
from regulars.channels.records import (
    AnyRecord,
    CheckoutRecord,
    CustomerRecord,
    Gone,
    OrderRecord,
    PrivacyRecord,
    ProductRecord,
)
from regulars.channels.secrets import live_keys

TOPICS = (
    "customers/create",
    "customers/update",
    "customers/enable",
    "customers/disable",
    "customers/delete",
    "products/create",
    "products/update",
    "products/delete",
    "orders/create",
    "orders/updated",
    "orders/paid",
    "orders/cancelled",
    "orders/fulfilled",
    "orders/partially_fulfilled",
    "orders/delete",
    "refunds/create",
    "checkouts/create",
    "checkouts/update",
    "checkouts/delete",
)
# Shopify sends these to the address that the app's own settings name; nobody can subscribe to them.
PRIVACY_TOPICS = {"customers/data_request": "copy", "customers/redact": "erasure"}

# Shopify tries again for four hours, with the moment of the first try, and warns of deliveries that come a day late.
# The moment is not signed: what keeps a copy from counting twice is the event's id, and the state that it tells of.
_OLDEST = dt.timedelta(hours=30)
_AHEAD = dt.timedelta(minutes=5)
_KINDS = {
    "customers": CustomerRecord.kind,
    "orders": OrderRecord.kind,
    "products": ProductRecord.kind,
    "checkouts": CheckoutRecord.kind,
}
_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)


class Shopify:
    """The connector."""

    provider: ClassVar[str] = "shopify"
    label: ClassVar[Promise | str] = "Shopify"
    channel_kind: ClassVar[Kind] = Kind.WEB
    options: ClassVar[Sequence[Option]] = (
        Option(
            "shop",
            gettext_lazy("Address of the shop"),
            gettext_lazy("The one that ends in .myshopify.com, as the admin shows it."),
        ),
        Option(
            "signing_key",
            gettext_lazy("API secret key"),
            gettext_lazy("Shopify signs its webhooks with it. Of an app: its client secret."),
            is_secret=True,
        ),
        Option(
            "access_token",
            gettext_lazy("Admin API access token"),
            gettext_lazy("For fetching what there is already, and for comparing. Without it only webhooks are read."),
            is_secret=True,
            is_required=False,
        ),
        HOW_OFTEN,
    )
    guide: ClassVar[Promise | str] = gettext_lazy(
        "In the Shopify admin: Settings, Apps, Develop apps, Create an app. Give it read access to customers, orders, "
        "all orders, products and checkouts, install it, and copy the API secret key and the access token here."
    )

    def genuine(self, incoming: Incoming, secrets: Mapping[str, str]) -> Event:
        """The event of a delivery that Shopify signed. Raises NotGenuine."""
        headers = incoming.headers
        if not is_signed(headers.get("x-shopify-hmac-sha256", ""), incoming.body, live_keys(secrets)):
            raise NotGenuine(_("The signature is not Shopify's for this shop."))
        topic = headers.get("x-shopify-topic", "").strip().lower()
        if not topic:
            raise NotGenuine(_("The delivery does not say what it is about."))
        sent_at = _sent_at(headers.get("x-shopify-triggered-at", ""))
        if sent_at is not None and not incoming.at - _OLDEST <= sent_at <= incoming.at + _AHEAD:
            raise NotGenuine(_("The delivery was sent at another time."))
        # One event may be told under several topics, each with a state of its own.
        event = headers.get("x-shopify-event-id", "").strip() or headers.get("x-shopify-webhook-id", "").strip()
        name = f"{topic}:{event}" if event else digest(topic, incoming.body)
        return Event(name[:200], topic, sent_at)

    def records(self, topic: str, body: bytes, link: Link) -> Sequence[AnyRecord]:
        """What a webhook's body tells. Raises Unreadable."""
        if topic not in TOPICS and topic not in PRIVACY_TOPICS:
            return ()
        source = parsed_object(body)
        if topic in PRIVACY_TOPICS:
            return (_privacy(topic, source),)
        kind, _slash, event = topic.partition("/")
        if event == "delete":
            return (Gone(of=_KINDS[kind], external_id=identity(source), version=FOR_EVER),)
        return tuple(translated(kind, source, link))

    def pull(self, link: Link, cursor: Mapping[str, Any]) -> Iterator[Page]:
        """Products, customers, orders and checkouts; after them what changed since. Raises Unreached."""
        return fetching.pull(link, cursor, translated)

    def days(self, link: Link, since: dt.date, until: dt.date) -> Mapping[dt.date, Day]:
        """What was sold on each day, in the shop's currency. Raises Unreached."""
        return fetching.days(link, since, until)

    def orders_of(self, link: Link, day: dt.date) -> Sequence[AnyRecord]:
        """The orders of a day. Raises Unreached."""
        return fetching.orders_of(link, day, translated)

    def subscribe(self, link: Link, address: str) -> Sequence[str]:
        """Ask for all topics at this address, those that are not asked for yet. Raises Unreached."""
        return fetching.subscribe(link, address, TOPICS)


def translated(kind: str, source: Json, link: Link, transactions: Sequence[Json] | None = None) -> Iterator[AnyRecord]:
    """The records of one object of Shopify's, as webhooks and the API both write it."""
    zone = link.zone
    if kind == "customers":
        yield customer_of(source, zone=zone)
    elif kind == "products":
        yield product_of(source, zone=zone, currency=link.currency, shop=str(link.options.get("shop", "")))
    elif kind == "orders":
        yield order_of(source, zone=zone, base=link.currency, transactions=transactions)
    elif kind == "refunds":
        if identity(source) and paid_back(source):
            yield return_of(source, zone=zone)
    elif kind == "checkouts":
        yield checkout_of(source, zone=zone)


def _privacy(topic: str, source: Json) -> PrivacyRecord:
    """What Shopify passes on of somebody who asks for a copy of their data, or for its erasure."""
    who, asked = child(source, "customer"), child(source, "data_request")
    customer = text(who, "id")
    return PrivacyRecord(
        external_id=f"{topic}:{text(asked, 'id') or customer or text(who, 'email')}"[:120],
        version=_EPOCH,
        wants=PRIVACY_TOPICS[topic],
        customer_id=customer,
        email=text(who, "email"),
        phone=text(who, "phone"),
    )


def _sent_at(said: str) -> dt.datetime | None:
    """The moment of a header; fractions of a second may have more digits than Python reads."""
    if not said:
        return None
    try:
        read = dt.datetime.fromisoformat(said.strip())
    except ValueError:
        raise NotGenuine(_("The delivery was sent at another time.")) from None
    return read if read.tzinfo else read.replace(tzinfo=dt.UTC)


shopify = Shopify()
