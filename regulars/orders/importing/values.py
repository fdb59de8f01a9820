"""Single cells: amounts, quantities, dates, states and countries as files write them."""

from __future__ import annotations

import datetime as dt
import re
from decimal import Decimal, InvalidOperation
from functools import lru_cache

from django.utils.translation import gettext as _

from regulars.core.dates import parse_moment
from regulars.core.text import BadText, clean
from regulars.orders.checks import NUMBER_LENGTH
from regulars.orders.models import Status


class Nothing(ValueError):  # noqa: N818 — an answer
    """A quantity of zero: nothing was bought and nothing came back."""


_SPACES = re.compile(r"[\s\u00a0\u202f'’]")
_CURRENCY_SIGNS = re.compile(r"^[^\d(+.,\-−]+|(?<=[\d.,])[^\d).,\-−]+$|(?<=^[-−])[^\d.,]+")
_DASHED = re.compile(r"^(\s*\d{1,2})-(\d{1,2})-(\d{2,4})(?!\d)")
_ORDERED = re.compile(r"^\s*(\d{1,2})[/-](\d{1,2})[/-]\d{2,4}(?!\d)")

# What exports call the states of an order, folded to letters: Shopify, WooCommerce, Taobao and plain words.
_STATES = {
    Status.PAID: (
        "paid completed complete processing fulfilled shipped delivered done closed sent partiallyfulfilled success "
        "bezahlt abgeschlossen versendet 已付款 已支付 已完成 交易成功 已发货 待发货 已签收 "
        "买家已付款等待卖家发货 卖家已发货等待买家确认 "
        "等待出库 等待确认收货 等待自提 完成 锁定"
    ),
    Status.OPEN: (
        "open pending authorized partiallypaid onhold unpaid new placed offen 待付款 等待付款 "
        "等待买家付款 未付款 待支付 新订单"
    ),
    Status.CANCELLED: "cancelled canceled voided failed void expired storniert 已取消 交易关闭 已关闭",
    Status.DRAFT: "draft checkoutdraft entwurf 草稿",
    Status.REFUNDED: "refunded returned erstattet 已退款 退款成功",
    Status.PART_REFUNDED: "partiallyrefunded partrefunded 部分退款",
}
_STATE_OF = {word: status for status, words in _STATES.items() for word in words.split()}


def bare(cell: str) -> str:
    """A cell without what spreadsheets put around long numbers: ="123" and '123."""
    text = cell.strip()
    if text[:2] == '="' and text[-1:] == '"':
        return text[2:-1].strip()
    return text[1:] if text[:1] == "'" else text


@lru_cache(maxsize=1_024)
def order_number(cell: str) -> str:
    """The number that tells orders apart, in whatever way its rows write it."""
    try:
        return clean(bare(cell), limit=NUMBER_LENGTH)
    except BadText:
        return cell.strip()  # it is refused, with the reason, where the order is built


@lru_cache(maxsize=65_536)
def amount(text: str, is_decimal_comma: bool) -> Decimal:
    """A number as written: 1,234.50, 1.234,50 €, (5.00), ¥88. Raises ValueError with a sentence."""
    digits = _CURRENCY_SIGNS.sub("", _SPACES.sub("", text))
    is_negative = digits.startswith(("-", "−", "(")) or digits.endswith("-")
    digits = digits.strip("()+-−")
    if is_decimal_comma:
        if "," in digits or re.search(r"\.\d{3}$", digits):
            digits = digits.replace(".", "").replace(",", ".")
    elif re.fullmatch(r"\d{1,3}(,\d{3})*(\.\d*)?", digits):
        digits = digits.replace(",", "")
    try:
        number = Decimal(digits)
    except InvalidOperation as error:
        raise ValueError(_("“%(text)s” is not a number.") % {"text": text[:40]}) from error
    if not number.is_finite():
        raise ValueError(_("“%(text)s” is not a number.") % {"text": text[:40]})
    return -number if is_negative else number


@lru_cache(maxsize=16_384)
def quantity(text: str, is_decimal_comma: bool) -> int:
    """A whole number, perhaps below zero. Raises ValueError with a sentence."""
    number = amount(text, is_decimal_comma)
    if number != number.to_integral_value():
        raise ValueError(_("The quantity %(value)s is not a whole number.") % {"value": text[:40]})
    if not number:
        raise Nothing(_("The quantity is 0: nothing was bought and nothing came back."))
    return int(number)


@lru_cache(maxsize=65_536)
def moment(text: str, zone: dt.tzinfo, is_month_first: bool) -> dt.datetime:
    """When, in UTC; days begin in `zone`. A day and a month that only fit the other way round are refused."""
    text = _DASHED.sub(r"\1/\2/\3", text)
    ordered = _ORDERED.match(text)
    if ordered:
        month = int(ordered[1] if is_month_first else ordered[2])
        if month > 12:
            raise ValueError(
                _("“%(text)s” does not fit the other dates of the file: there is no month %(month)s.")
                % {"text": text.strip()[:40], "month": month}
            )
    return parse_moment(text, zone=zone, is_month_first=is_month_first)


def status(text: str) -> Status:
    """The state an export means by its word. Raises ValueError with a sentence."""
    word = "".join(letter for letter in text.casefold() if letter.isalnum()).removeprefix("wc")
    found = _STATE_OF.get(word)
    if found is None:
        raise ValueError(
            _("The state “%(text)s” is not known. Write paid, open, draft, cancelled or refunded.")
            % {"text": text[:40]}
        )
    return found
