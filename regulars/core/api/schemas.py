"""Shapes: what comes in is strict and knows no field it was not told of; what goes out leaves nothing out."""

from __future__ import annotations

import datetime as dt
import re
from decimal import Decimal
from typing import Annotated, Any

from django.utils.translation import gettext as _
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, PlainSerializer, WithJsonSchema

from regulars.core.money import Money, exponent, is_known

_MOMENT = re.compile(
    r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(?:\.\d{1,6})?(?:[Zz]|[+-]\d\d:\d\d)",
    re.ASCII,
)
EARLIEST, LATEST = 1900, 2199


class In(BaseModel):
    """A body that comes in: no unknown fields, no conversion of types."""

    model_config = ConfigDict(extra="forbid", strict=True)

    def given(self) -> dict[str, Any]:
        """The fields that were sent, by name."""
        return {name: getattr(self, name) for name in self.model_fields_set}


class Out(BaseModel):
    """A body that goes out: every field is there, always."""

    model_config = ConfigDict(extra="forbid", frozen=True)


def moment(value: Any) -> dt.datetime:
    """RFC 3339, with an offset, in a year that trade can know; kept in UTC."""
    if not isinstance(value, str) or not _MOMENT.fullmatch(value):
        raise ValueError(_("This must be a moment with its offset, such as 2026-03-12T09:42:00Z."))
    try:
        at = dt.datetime.fromisoformat(value.upper())
    except ValueError as error:
        raise ValueError(_("There is no such day or time.")) from error
    if not EARLIEST <= at.year <= LATEST:
        raise ValueError(_("The year must be from %(first)s to %(last)s.") % {"first": EARLIEST, "last": LATEST})
    return at.astimezone(dt.UTC)


def written(at: dt.datetime) -> str:
    """A moment as it goes out: in UTC, with a Z."""
    return at.astimezone(dt.UTC).isoformat().replace("+00:00", "Z")


Moment = Annotated[
    dt.datetime,
    BeforeValidator(lambda value: value if isinstance(value, dt.datetime) else moment(value)),
    PlainSerializer(written, return_type=str),
    WithJsonSchema({"type": "string", "format": "date-time", "examples": ["2026-03-12T09:42:00Z"]}),
]

PublicId = Annotated[str, Field(max_length=24)]

AmountText = Annotated[
    str,
    # 64 bits hold any such amount in the smallest unit of any currency
    Field(pattern=r"^-?[0-9]{1,13}(\.[0-9]{1,4})?$", max_length=19, examples=["12.50"]),
]
CurrencyCode = Annotated[str, Field(pattern=r"^[A-Z]{3}$", examples=["GBP"])]


class MoneyOut(Out):
    """An amount of money: a decimal number as text, and its ISO 4217 currency."""

    amount: Annotated[str, Field(examples=["12.50"])]
    currency: CurrencyCode

    @classmethod
    def of(cls, money: Money) -> MoneyOut:
        return cls(amount=f"{money.amount:f}", currency=money.currency)

    @classmethod
    def maybe(cls, money: Money | None) -> MoneyOut | None:
        """The same for an amount that need not be there."""
        return None if money is None else cls.of(money)


class MoneyIn(In):
    """An amount of money: a decimal number as text, never a float, and its ISO 4217 currency."""

    amount: AmountText
    currency: CurrencyCode

    def money(self) -> Money:
        """As Money; raises ValueError with a sentence where the currency has no such coins."""
        if not is_known(self.currency):
            raise ValueError(_("“%(code)s” is not a currency.") % {"code": self.currency})
        amount = Decimal(self.amount)
        if amount != round(amount, exponent(self.currency)):
            raise ValueError(
                _("%(currency)s has %(decimals)s decimals, “%(amount)s” has more.")
                % {"currency": self.currency, "decimals": exponent(self.currency), "amount": self.amount}
            )
        return Money.of(amount, self.currency)


class ReasonOut(Out):
    """Why one field was refused."""

    in_: Annotated[str, Field(alias="in", description="body, query, path or header")]
    field: Annotated[str, Field(description="The name of the field; steps into lists and objects with dots.")]
    detail: str


class ProblemOut(BaseModel):
    """Problem details as RFC 9457 has them."""

    model_config = ConfigDict(extra="allow")

    type: Annotated[str, Field(description="Which kind of problem; this address explains it.")]
    title: str
    status: int
    detail: Annotated[str, Field(description="What happened this time, in a sentence for people.")]
    instance: Annotated[str, Field(description="The address that was called.")]
    errors: list[ReasonOut]
