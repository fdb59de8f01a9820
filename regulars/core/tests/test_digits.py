"""The fast writer of amounts and numbers writes what CLDR's own writes, letter by letter."""

from decimal import ROUND_HALF_UP, Decimal

import pytest
from babel.numbers import format_currency, format_decimal
from django.utils import translation
from hypothesis import given
from hypothesis import strategies as st

from regulars.core import digits
from regulars.core.money import Money, _whole_pattern, babel_locale, exponent
from regulars.core.ui import words

AMOUNTS = st.integers(min_value=-(10**15), max_value=10**15) | st.integers(min_value=-200_000, max_value=200_000)
LANGUAGES = st.sampled_from(["en", "zh-hans", "de", "fr", "es", "pl", "pt", "it", "hi", "ar", "de-CH", "fa"])
CURRENCIES = st.sampled_from(["EUR", "GBP", "USD", "CNY", "JPY", "KWD", "CHF", "INR", "IRR"])


def by_babel(amount: Decimal, currency: str, language: str, *, is_whole: bool) -> str:
    locale = babel_locale(language)
    pattern = _whole_pattern(locale) if is_whole else None
    return format_currency(amount, currency, format=pattern, locale=locale, currency_digits=not is_whole)


@given(minor=AMOUNTS, language=LANGUAGES, currency=CURRENCIES)
def test_an_amount_is_written_as_cldr_writes_it(minor, language, currency):
    amount = Decimal(minor).scaleb(-exponent(currency))
    expected = by_babel(amount, currency, language, is_whole=False).replace("-", "\N{MINUS SIGN}")

    assert Money(minor, currency).format(language) == expected


@given(minor=AMOUNTS, language=LANGUAGES, currency=CURRENCIES)
def test_a_large_amount_of_a_list_is_rounded_away_from_zero_and_written_as_cldr_writes_it(minor, language, currency):
    amount = Decimal(minor).scaleb(-exponent(currency))
    is_whole = abs(amount) >= 1000
    if is_whole:
        amount = amount.quantize(Decimal(1), rounding=ROUND_HALF_UP)
    expected = by_babel(amount, currency, language, is_whole=is_whole).replace("-", "\N{MINUS SIGN}")

    assert Money(minor, currency).format(language, whole_from=1000) == expected


@given(number=AMOUNTS, language=st.sampled_from(["en", "zh-hans"]))
def test_a_number_is_grouped_as_cldr_groups_it(number, language):
    expected = format_decimal(number, locale=babel_locale(language)).replace("-", "\N{MINUS SIGN}")

    with translation.override(language):
        assert words.number(number) == expected


@pytest.mark.parametrize("decimals", [0, 2])
def test_a_way_of_writing_that_was_not_learnt_is_left_to_its_own_writer(decimals):
    def by_two(amount: Decimal) -> str:
        return f"{amount:f}".replace("1", "one")

    assert digits.learn(by_two, decimals)(1_111) == by_two(Decimal(1_111).scaleb(-decimals))


def test_the_languages_and_currencies_of_our_shops_are_learnt():
    for language in ("en", "zh-hans"):
        for currency in ("EUR", "GBP", "USD", "CNY", "JPY"):

            def slow(amount, currency=currency, language=language):
                return format_currency(amount, currency, locale=babel_locale(language))

            assert isinstance(digits.learn(slow, exponent(currency)), digits.Writer)
