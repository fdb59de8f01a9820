"""Money: an amount in the smallest unit of a currency, never a float."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from decimal import ROUND_CEILING, ROUND_HALF_UP, Decimal
from functools import cache, lru_cache
from typing import Any, overload

from babel.core import Locale
from babel.numbers import format_currency, get_currency_precision, is_currency

from regulars.core import digits
from regulars.core.masks import DOTS, MaskedNumber

_PRICE_STEP = Decimal("0.0001")


class DifferentCurrencies(ValueError):  # noqa: N818 — it says what is wrong
    """Two amounts of different currencies were added or compared; convert one of them first."""


@cache
def exponent(currency: str) -> int:
    """How many decimals the currency has (ISO 4217 through CLDR): EUR 2, JPY 0, KWD 3."""
    return get_currency_precision(currency)


@cache
def is_known(currency: str) -> bool:
    """Whether CLDR knows this ISO 4217 code."""
    return len(currency) == 3 and currency.isupper() and is_currency(currency)


def price_of_one(total: Decimal, quantity: int, currency: str) -> tuple[Decimal, Decimal]:
    """The price of one, with four decimals, and what quantity × price comes to beyond the total.

    A price that does not come out even is rounded up, so that the rest can be taken off as a discount.
    """
    step = Decimal(1).scaleb(-exponent(currency))

    def beyond(one: Decimal) -> Decimal:
        return (one * quantity).quantize(step, rounding=ROUND_HALF_UP) - total

    one = (total / quantity).quantize(_PRICE_STEP, rounding=ROUND_HALF_UP)
    if beyond(one) < 0:
        one = (total / quantity).quantize(_PRICE_STEP, rounding=ROUND_CEILING)
    return one, beyond(one)


@dataclass(frozen=True, slots=True)
class Money:
    """`minor` smallest units of `currency`: Money(1250, "EUR") is €12.50."""

    minor: int
    currency: str

    @classmethod
    def of(cls, amount: Decimal | int | str, currency: str) -> Money:
        """From a decimal amount, halves rounded away from zero."""
        scaled = Decimal(amount).scaleb(exponent(currency))
        return cls(int(scaled.quantize(Decimal(1), rounding=ROUND_HALF_UP)), currency)

    @property
    def amount(self) -> Decimal:
        """The decimal amount, with the currency's own number of decimals."""
        return Decimal(self.minor).scaleb(-exponent(self.currency))

    def converted(self, *, rate: Decimal, currency: str) -> Money:
        """In another currency, at `rate` units of it for one of ours; halves rounded away from zero."""
        return Money.of(self.amount * rate, currency)

    def format(self, language: str, *, whole_from: int | None = None) -> str:
        """As people write it (CLDR). From `whole_from` units on, decimals are left out: €1,284, as lists do."""
        if isinstance(self.minor, MaskedNumber):
            return DOTS
        one = 10 ** exponent(self.currency)
        if whole_from is None or abs(self.minor) < whole_from * one:
            return _writer(self.currency, language, is_whole=False)(self.minor)
        units = (2 * abs(self.minor) + one) // (2 * one)
        return _writer(self.currency, language, is_whole=True)(-units if self.minor < 0 else units)

    def __add__(self, other: Money) -> Money:
        return Money(self.minor + self._same(other), self.currency)

    def __sub__(self, other: Money) -> Money:
        return Money(self.minor - self._same(other), self.currency)

    def __neg__(self) -> Money:
        return Money(-self.minor, self.currency)

    def __lt__(self, other: Money) -> bool:
        return self.minor < self._same(other)

    def __le__(self, other: Money) -> bool:
        return self.minor <= self._same(other)

    def __bool__(self) -> bool:
        return self.minor != 0

    def __str__(self) -> str:
        return f"{self.amount} {self.currency}"

    def _same(self, other: Money) -> int:
        if other.currency != self.currency:
            raise DifferentCurrencies(f"{self} and {other} are of different currencies")
        return other.minor


class MoneyOf:
    """A model's amount as Money: `total = MoneyOf("total_minor")` reads `total_minor` with the row's `currency`.

    The column stays a plain integer, so that the database can add and compare it exactly.
    """

    def __init__(self, column: str, *, currency: str = "currency") -> None:
        self.column, self.currency = column, currency

    @overload
    def __get__(self, row: None, owner: type) -> MoneyOf: ...
    @overload
    def __get__(self, row: Any, owner: type) -> Money: ...
    def __get__(self, row: Any, owner: type) -> Money | MoneyOf:
        if row is None:
            return self
        return Money(getattr(row, self.column), getattr(row, self.currency))


@cache
def babel_locale(language: str) -> Locale:
    """Our language code as a CLDR locale: `zh-hans` is zh_Hans_CN; `en` writes as Britain does."""
    return Locale.parse({"en": "en_GB", "zh-hans": "zh_Hans_CN"}.get(language.lower(), language.replace("-", "_")))


@lru_cache(maxsize=512)
def _writer(currency: str, language: str, *, is_whole: bool) -> Callable[[int], str]:
    """What writes amounts of a currency in a language, in smallest units, or in whole ones without decimals."""
    locale = babel_locale(language)

    def written(amount: Decimal) -> str:
        text = format_currency(
            amount,
            currency,
            format=_whole_pattern(locale) if is_whole else None,
            locale=locale,
            currency_digits=not is_whole,
        )
        # The minus of typography lines up with figures, and a screen reader says it.
        return text.replace("-", "\N{MINUS SIGN}")

    return digits.learn(written, 0 if is_whole else exponent(currency))


@cache
def _whole_pattern(locale: Locale) -> str:
    """The locale's own currency pattern without its decimals."""
    return re.sub(r"[.](?:0+|#+)", "", locale.currency_formats["standard"].pattern)
