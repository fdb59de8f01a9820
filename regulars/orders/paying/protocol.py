"""What a payment provider is: it says how one order is paid. Whether money came is said by mark_paid, always."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from django.utils.functional import Promise

from regulars.orders.models import PaymentLink


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """How somebody pays: lines to read, with labels, and an address to go on to where the provider has a page.

    `address` is opened by a link in the customer's browser, never by us. Without lines and address the page asks to
    get in touch with the shop.
    """

    sentence: str = ""
    lines: tuple[tuple[str, str], ...] = ()
    address: str = ""


class Provider(Protocol):
    """One way to pay. `key` is kept with each link and never changes; `label` is what staff read."""

    @property
    def key(self) -> str: ...

    @property
    def label(self) -> str | Promise: ...

    def way(self, link: PaymentLink) -> Way:
        """How this link is paid, in the language that is active; asked anew whenever the page is opened.

        It opens no connection: a provider that has to be asked for an address keeps what it was told.
        """
        ...
