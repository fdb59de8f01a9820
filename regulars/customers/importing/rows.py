"""What a row of a file is once it is ready: the columns it fills, in the order in which it travels."""

from __future__ import annotations

from typing import Any, NamedTuple

from regulars.customers.models import Kind, Status
from regulars.customers.normalise import PLACE

EXTERNAL_ID_LENGTH = 120
CUSTOMER_COLUMNS = (
    "kind", "title", "given_name", "family_name", "name", "company", "email", "phone", "language", "status", "is_guest",
    *PLACE, "sort_name", "search_text", "customer_since",
)  # fmt: skip
ADDRESS_COLUMNS = ("name", "company", "line1", "line2", "city", "region", "postcode", "country", "phone")

PLACED = ("line1", "line2", *PLACE)
"""One of these makes an address of what a row says."""
DEFAULTED = ("name", "kind", "status", "is_guest")
"""What has a value without being given."""

_DEFAULTS: dict[str, Any] = {
    "kind": str(Kind.PERSON), "status": str(Status.ACTIVE), "is_guest": False, "customer_since": None,
}  # fmt: skip
CUSTOMER_DEFAULTS: list[tuple[str, Any]] = [(column, _DEFAULTS.get(column, "")) for column in CUSTOMER_COLUMNS]


class Ready(NamedTuple):
    """A row that can be written. It holds plain values only, so that it travels between processes as it is.

    `customer` are CUSTOMER_COLUMNS (the moment in ISO form, or None for now), `address` ADDRESS_COLUMNS. `given` names
    those of the fields with a default that the file itself gave.
    """

    external_id: str
    given: tuple[str, ...]
    customer: tuple[Any, ...]
    address: tuple[str, ...] | None
