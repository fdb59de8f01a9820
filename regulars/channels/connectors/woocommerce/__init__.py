"""WooCommerce: signed webhooks in, and everything there is over its REST API v3."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, ClassVar

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from regulars.channels.connectors.protocol import Day, Event, Incoming, Link, NotGenuine, Option, Page
from regulars.channels.connectors.reaching import HOW_OFTEN
from regulars.channels.connectors.reading import FOR_EVER, digest, identity, is_signed, parsed_object
from regulars.channels.connectors.woocommerce import fetching
from regulars.channels.connectors.woocommerce.catalogue import has_variations, product_of
from regulars.channels.connectors.woocommerce.orders import order_of
from regulars.channels.connectors.woocommerce.people import customer_of
from regulars.channels.models import Kind
from regulars.channels.records import AnyRecord, CustomerRecord, Gone, OrderRecord, ProductRecord
from regulars.channels.secrets import live_keys

TOPICS = (
    "customer.created",
    "customer.updated",
    "customer.deleted",
    "product.created",
    "product.updated",
    "product.deleted",
    "product.restored",
    "order.created",
    "order.updated",
    "order.deleted",
    "order.restored",
)
PING = "ping"
_KINDS = {"customer": CustomerRecord.kind, "order": OrderRecord.kind, "product": ProductRecord.kind}
_PING = re.compile(rb"\Awebhook_id=\d{1,18}\Z")


class WooCommerce:
    """The connector."""

    provider: ClassVar[str] = "woocommerce"
    label: ClassVar[Promise | str] = "WooCommerce"
    channel_kind: ClassVar[Kind] = Kind.WEB
    options: ClassVar[Sequence[Option]] = (
        Option("shop", gettext_lazy("Address of the shop"), gettext_lazy("Where WordPress is, with https://.")),
        Option(
            "consumer_key",
            gettext_lazy("Consumer key"),
            gettext_lazy("For fetching what there is already, and for comparing. Without it only webhooks are read."),
            is_secret=True,
            is_required=False,
        ),
        Option("consumer_secret", gettext_lazy("Consumer secret"), is_secret=True, is_required=False),
        HOW_OFTEN,
    )
    guide: ClassVar[Promise | str] = gettext_lazy(
        "In WordPress: WooCommerce, Settings, Advanced, REST API, Add key. Read access is enough; with read and write "
        "access we can ask for the webhooks ourselves. Otherwise add them under Webhooks, with the address and the "
        "secret that are shown here."
    )

    def genuine(self, incoming: Incoming, secrets: Mapping[str, str]) -> Event:
        """The event of a delivery that the shop signed. Raises NotGenuine.

        WooCommerce sends no moment. When a webhook is saved it knocks once, unsigned, and wants a friendly answer: that
        carries nothing, and all knocks are one event.
        """
        headers = incoming.headers
        signature = headers.get("x-wc-webhook-signature", "")
        if not signature and _PING.match(incoming.body):
            return Event(PING, PING)
        if not is_signed(signature, incoming.body, live_keys(secrets)):
            raise NotGenuine(_("The signature is not that of this connection's key."))
        topic = headers.get("x-wc-webhook-topic", "").strip().lower()
        if not topic:
            raise NotGenuine(_("The delivery does not say what it is about."))
        # A delivery's id is a hash of the webhook's number and the moment, and is not used again.
        name = headers.get("x-wc-webhook-delivery-id", "").strip() or digest(topic, incoming.body)
        return Event(name[:200], topic)

    def records(self, topic: str, body: bytes, link: Link) -> Sequence[AnyRecord]:
        """What a webhook's body tells. Raises Unreadable.

        A product with variations only numbers them here: the next pull fetches it whole.
        """
        if topic not in TOPICS:
            return ()
        source = parsed_object(body)
        kind, _dot, event = topic.partition(".")
        if event == "deleted":
            # what is in WordPress's bin is “deleted”, and may be restored: gone since it was told, not for ever
            return (Gone(of=_KINDS[kind], external_id=identity(source), version=link.at or FOR_EVER),)
        if kind == "customer":
            return (customer_of(source),)
        if kind == "order":
            return (order_of(source),)
        if has_variations(source) or source.get("type") == "variation":
            return ()
        return (product_of(source, None, currency=link.currency),)

    def pull(self, link: Link, cursor: Mapping[str, Any]) -> Iterator[Page]:
        """Products, customers and orders; after them what changed since. Raises Unreached."""
        return fetching.pull(link, cursor)

    def days(self, link: Link, since: dt.date, until: dt.date) -> Mapping[dt.date, Day]:
        """What was sold on each day. Raises Unreached."""
        return fetching.days(link, since, until)

    def orders_of(self, link: Link, day: dt.date) -> Sequence[AnyRecord]:
        """The orders of a day. Raises Unreached."""
        return fetching.orders_of(link, day)

    def subscribe(self, link: Link, address: str) -> Sequence[str]:
        """Ask for all topics at this address, those that are not asked for yet. Raises Unreached."""
        return fetching.subscribe(link, address, TOPICS)


woocommerce = WooCommerce()
