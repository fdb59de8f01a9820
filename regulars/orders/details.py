"""What hangs on an order besides its lines: addresses, codes, tags and payments, checked and not yet written."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from django.utils.translation import gettext as _

from regulars.core.errors import Invalid
from regulars.orders import checks
from regulars.orders.models import PaymentState, Side

TAG_LENGTH, CODE_LENGTH, METHOD_LENGTH, REFERENCE_LENGTH = 60, 80, 60, 120
MOST_OF_EACH = 200
_ADDRESS_LENGTHS = {
    "name": 250,
    "company": 200,
    "line1": 200,
    "line2": 200,
    "city": 120,
    "region": 120,
    "postcode": 20,
    "phone": 40,
}


class Address(NamedTuple):
    """An address of an order; `side` is the delivery or the bill."""

    side: str
    name: str = ""
    company: str = ""
    line1: str = ""
    line2: str = ""
    city: str = ""
    region: str = ""
    postcode: str = ""
    country: str = ""
    phone: str = ""

    @property
    def is_empty(self) -> bool:
        """Whether nothing stands in it."""
        return not any(self[1:])


class Code(NamedTuple):
    """A code that was used, and what it took off."""

    code: str
    amount_minor: int = 0


class Paid(NamedTuple):
    """Money that came in or went back; `at` is None where it came when the order did."""

    external_id: str = ""
    method: str = ""
    amount_minor: int = 0
    at: dt.datetime | None = None
    state: str = PaymentState.PAID.value
    is_refund: bool = False
    reference: str = ""


def tags(value: Any) -> list[str]:
    """Each tag once, in the order given; empty ones are none."""
    labels = (checks.text_up_to(TAG_LENGTH)(label) for label in _listed(value))
    return list(dict.fromkeys(label for label in labels if label))


def codes(value: Any) -> list[Code]:
    """The codes: mappings with `code` and `amount_minor`."""
    found = [Code(**one) for one in _each(value, _CODE_FIELDS)]
    return [code for code in found if code.code]


def addresses(value: Any) -> dict[str, Address | None]:
    """The given addresses by their side: `{"delivery": {…}, "billing": None}`; None, or an empty one, is none."""
    if not isinstance(value, Mapping):
        raise ValueError(_("Say which address: delivery or billing."))  # noqa: TRY004 — people sent it
    sides: dict[str, Callable[[Any], Any]] = dict.fromkeys(Side.values, _address_values)
    found = checks.checked(value, sides)
    given = {side: Address(side=side, **fields) for side, fields in found.items()}
    return {side: None if address.is_empty else address for side, address in given.items()}


def payments(value: Any) -> list[Paid]:
    """The payments: mappings of what Paid has. One of nothing is none: no money came."""
    found = [Paid(**one) for one in _each(value, _PAID_FIELDS)]
    return [paid for paid in found if paid.amount_minor]


def _listed(value: Any) -> Sequence[Any]:
    if not isinstance(value, list | tuple):
        raise ValueError(_("Send a list."))  # noqa: TRY004 — people sent it
    if len(value) > MOST_OF_EACH:
        raise ValueError(_("There are more than %(most)s.") % {"most": MOST_OF_EACH})
    return value


def _each(value: Any, fields: Mapping[str, Callable[[Any], Any]]) -> list[dict[str, Any]]:
    found, reasons = [], {}
    for place, one in enumerate(_listed(value)):
        try:
            found.append(checks.checked(one, fields))
        except Invalid as inner:
            reasons.update({f"{place}.{name}": why for name, why in inner.fields.items()})
    if reasons:
        raise checks.invalid(reasons)
    return found


def _address_values(value: Any) -> dict[str, Any]:
    return checks.checked(value or {}, _ADDRESS_FIELDS)


def _moment_or_none(value: Any) -> dt.datetime | None:
    return checks.moment(value) if value is not None else None


_ADDRESS_FIELDS: dict[str, Callable[[Any], Any]] = {
    **{name: checks.text_up_to(length) for name, length in _ADDRESS_LENGTHS.items()},
    "country": checks.country,
}
_CODE_FIELDS: dict[str, Callable[[Any], Any]] = {"code": checks.text_up_to(CODE_LENGTH), "amount_minor": checks.minor}
_PAID_FIELDS: dict[str, Callable[[Any], Any]] = {
    "external_id": checks.text_up_to(REFERENCE_LENGTH),
    "method": checks.text_up_to(METHOD_LENGTH),
    "amount_minor": checks.minor,
    "at": _moment_or_none,
    "state": checks.one_of(
        PaymentState.values, lambda: _("“%(value)s” is not a state of a payment; take one of %(states)s.")
    ),
    "is_refund": checks.flag,
    "reference": checks.text_up_to(REFERENCE_LENGTH),
}
