"""Vendure: signed deliveries of our plugin (plugin/), and everything over its Admin API with an API key."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, ClassVar

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from regulars.channels.connectors import reading, signatures
from regulars.channels.connectors.protocol import Day, Event, Incoming, Link, NotGenuine, Option, Page
from regulars.channels.connectors.reaching import HOW_OFTEN
from regulars.channels.connectors.vendure import fetching, people, products, sales
from regulars.channels.models import Kind
from regulars.channels.records import AnyRecord, Gone
from regulars.channels.secrets import live_keys

# Our plugin writes the topic first, so that a delivery at the door is named without being read.
_TOPIC = re.compile(rb'\A\{"topic":"([a-z.]{1,40})"')
_GONE = {"customer.deleted": ("customer",), "product.deleted": ("product",), "order.deleted": ("order", "checkout")}


class Vendure:
    """Receives what the plugin in the shop posts, and fetches over the Admin API."""

    provider: ClassVar[str] = "vendure"
    label: ClassVar[Promise | str] = "Vendure"
    channel_kind: ClassVar[Kind] = Kind.WEB
    options: ClassVar[Sequence[Option]] = (
        Option(
            "address",
            gettext_lazy("Address of the Admin API"),
            gettext_lazy("As https://shop.example.com/admin-api"),
        ),
        Option(
            "api_key",
            gettext_lazy("API key"),
            gettext_lazy("May read orders, customers and products. Without it, only deliveries arrive."),
            is_secret=True,
            is_required=False,
        ),
        Option(
            "recovery_address",
            gettext_lazy("Address of a basket in the shop"),
            gettext_lazy("With {code} where the number of the basket belongs. Empty where baskets cannot be reopened."),
            is_required=False,
        ),
        HOW_OFTEN,
    )
    guide: ClassVar[Promise | str] = gettext_lazy(
        "Copy our plugin into your Vendure, and give it the address and the key that are shown here. The guide "
        "“Join a Vendure shop” has every step."
    )

    def genuine(self, incoming: Incoming, secrets: Mapping[str, str]) -> Event:
        """The event, once its signature and moment have been checked. Raises NotGenuine."""
        keys = live_keys(secrets)
        if not keys:
            raise NotGenuine(_("This connection has no key."))
        event, sent_at = signatures.check(incoming, keys)
        topic = _TOPIC.match(incoming.body)
        return Event(id=event, topic=topic[1].decode() if topic else "", sent_at=sent_at)

    def records(self, topic: str, body: bytes, link: Link) -> Sequence[AnyRecord]:
        """What the body tells; nothing where the topic is not for us. Raises Unreadable."""
        if topic not in {"order", "customer", "product", *_GONE}:
            return ()
        content = reading.parsed_object(body)
        at = reading.surely(reading.moment(content, "at"), "at")
        data = reading.child(content, "data")
        if topic in _GONE:
            key = reading.identity(data)
            return [Gone(of=kind, external_id=key, version=at) for kind in _GONE[topic]]
        if topic == "order":
            return sales.records_of(data, at, link)
        return [people.customer(data, at) if topic == "customer" else products.product(data, at)]

    def pull(self, link: Link, cursor: Mapping[str, Any]) -> Iterator[Page]:
        """Everything after the cursor, page by page, products and customers before orders. Raises Unreached."""
        return fetching.pull(link, cursor)

    def days(self, link: Link, since: dt.date, until: dt.date) -> Mapping[dt.date, Day]:
        """What was sold on each of these days, for comparing. Raises Unreached."""
        return fetching.days(link, since, until)

    def orders_of(self, link: Link, day: dt.date) -> Sequence[AnyRecord]:
        """The orders of a day, to see which one differs, and to take it in. Raises Unreached."""
        return fetching.orders_between(link, day, day)


vendure = Vendure()
