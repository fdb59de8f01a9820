"""From the rows of one order number to checked orders and returns, or to reasons why not."""

from __future__ import annotations

import datetime as dt
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, NamedTuple

from django.utils.translation import gettext as _

from regulars.core.contact import parse_country, parse_email
from regulars.core.errors import Invalid
from regulars.core.money import Money, is_known, price_of_one
from regulars.core.tabular import Line
from regulars.core.text import clean
from regulars.orders import normalise
from regulars.orders.actions.drafts import NewOrder, NewReturn, new_order, new_return
from regulars.orders.importing import hanging, values
from regulars.orders.importing.survey import Survey
from regulars.orders.models import Status

_ADJUSTMENT = re.compile(r"[Aa]\d+")
_WHO = ("customer_id", "email", "name", "given_name", "family_name", "phone", "company", "country")
_EXTERNAL_ID_LENGTH = 120
_GUEST = "0"  # WooCommerce's number for everybody without an account


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """All that building needs to know: where each field stands, what the file means, and the shop's habits."""

    columns: Mapping[str, int]
    survey: Survey
    zone: dt.tzinfo
    currency: str
    rate: Decimal | None
    channel_id: int


class Who(NamedTuple):
    """Whom an order names: what tells customers apart, and what a new one is made of."""

    external_id: str
    email: str
    profile: tuple[tuple[str, str], ...]

    @property
    def key(self) -> tuple[str, str]:
        return self.external_id, self.email


@dataclass(slots=True)
class Sale:
    """One number of the file: an order, what came back under it, and whose it is.

    `given` are the order's fields that the file says, so that the others stay as they are. The return of a mixed
    number, or an amount that was paid back, stands under `<number>-R`; `is_refund` says that it is the order's own.
    """

    rows: Sequence[Line]
    who: Who | None
    order: NewOrder | None = None
    returned: NewReturn | None = None
    is_refund: bool = False
    given: frozenset[str] = frozenset()
    rejects: list[tuple[Line, str]] = field(default_factory=list)


class _Row(NamedTuple):
    """A row that can be used; `beyond` is what quantity × price comes to beyond the amount that the row states."""

    line: Line
    sku: str
    title: str
    quantity: int
    price: Decimal
    beyond: Decimal = Decimal(0)


class Refused(ValueError):  # noqa: N818 — an answer, not a failure of ours
    """The whole order cannot come in."""


class Builder:
    """Builds one order number after the other."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.at = plan.columns
        self.has_products = bool({"sku", "title"} & plan.columns.keys())
        self.nothings = 0  # rows that say none for nothing, and were left out of their orders

    def build(self, number: str, lines: Sequence[Line]) -> Sale:
        """The order and the return that these rows are. Never raises: what cannot come in is in `rejects`.

        1. Each row alone: a row that cannot be used keeps its whole order out, because a sale without one of its lines
           would be wrong money; its neighbours come back with it.
        2. Bookings that are neither sale nor return come back: stock that was written off, bad debts. Among rows of a
           sale they keep it out like any other row, or the order would lack them once they are mended.
        3. Rows that say none of something for nothing are no part of the sale; an order of such rows alone comes back.
        4. Rows with positive quantities are the order. Rows with negative ones are its return, under the same number
           where nothing else stands under it, else under `<number>-R`.
        """
        sale = Sale(rows=lines, who=None)
        rows: list[_Row] = []
        reasons: list[tuple[Line, str]] = []
        nothings: list[tuple[Line, str]] = []
        for line in lines:
            try:
                row = self._row(number, line)
            except values.Nothing as reason:
                (nothings if self._is_for_nothing(line) else reasons).append((line, str(reason)))
            except Refused as reason:
                sale.rejects.append((line, str(reason)))
            except ValueError as reason:
                reasons.append((line, str(reason)))
            else:
                rows.append(row)
        if not rows and not reasons:
            sale.rejects += nothings
            return sale
        if reasons or sale.rejects:
            return self._all_out(sale, [*sale.rejects, *reasons])
        self.nothings += len(nothings)
        try:
            sale.who = self._who([row.line for row in rows])
            self._fill(sale, number, rows)
        except Invalid as refused:
            return self._all_out(sale, self._places(refused, rows))
        except ValueError as reason:
            return self._all_out(sale, [(line, str(reason)) for line in lines])
        return sale

    def _row(self, number: str, line: Line) -> _Row:
        if line.problem:
            raise ValueError(line.problem)
        comma = self.plan.survey.is_decimal_comma
        sku, title = self._cell(line, "sku"), self._cell(line, "title")
        text = self._cell(line, "quantity")
        if "quantity" in self.at and not text:
            raise ValueError(_("The row does not say how many."))
        quantity = values.quantity(text, comma) if text else 1
        price, beyond = self._price(line, quantity)
        if price < 0:
            raise Refused(_("The price is below zero: this is an adjustment of the books, not a sale."))
        if _ADJUSTMENT.fullmatch(number) and "bad debt" in title.lower():
            raise Refused(_("This is an adjustment of a bad debt, not a sale."))
        if quantity < 0 and not price and not (self._cell(line, "customer_id") or self._cell(line, "email")):
            raise Refused(_("Nobody sent this back and nothing was paid: it is stock that was written off."))
        if not self.has_products:
            title = number
        return _Row(line, sku, title, quantity, price, beyond)

    def _is_for_nothing(self, line: Line) -> bool:
        """Whether a row's own amount is nothing, so that without the row its order comes to the same."""
        text = self._cell(line, "line_total")
        return (
            bool(text)
            and not Money.of(values.amount(text, self.plan.survey.is_decimal_comma), self._currency(line)).minor
        )

    def _currency(self, line: Line) -> str:
        said = self._cell(line, "currency").upper()
        return said if is_known(said) else self.plan.currency

    def _price(self, line: Line, quantity: int) -> tuple[Decimal, Decimal]:
        """The price of one; from the line's amount, or from the order's total less what is not a line's.

        Beside it, what that price comes to beyond the line's amount, where it does not come out even.
        """
        comma = self.plan.survey.is_decimal_comma
        if text := self._cell(line, "unit_price"):
            return values.amount(text, comma), Decimal(0)
        if text := self._cell(line, "line_total"):
            currency = self._currency(line)
            return price_of_one(Money.of(abs(values.amount(text, comma)), currency).amount, abs(quantity), currency)
        if "unit_price" not in self.at and (text := self._cell(line, "total")):
            extras = {name: self._cell(line, name) for name in ("shipping", "discount")}
            shipping, discount = (abs(values.amount(text, comma)) if text else 0 for text in extras.values())
            return (abs(values.amount(text, comma)) - shipping + discount) / abs(quantity), Decimal(0)
        raise ValueError(_("The row has no price."))

    def _who(self, lines: Sequence[Line]) -> Who | None:
        """Whom the order names. Raises ValueError where its rows name two."""
        external_id = clean(self._same(lines, "customer_id", _("customers")), limit=_EXTERNAL_ID_LENGTH)
        email = self._same(lines, "email", _("e-mail addresses"))
        email = parse_email(email) if email else ""
        if external_id == _GUEST:
            external_id = ""
        if not external_id and not email:
            return None
        profile = {name: self._first(lines, name) for name in _WHO[2:]}
        if self.at.get("name") == self.at.get("customer_id") and not any(letter.isalpha() for letter in external_id):
            profile["name"] = ""  # a number tells customers apart, but is nobody's name
        return Who(external_id, email, tuple((name, text) for name, text in profile.items() if text))

    def _fill(self, sale: Sale, number: str, rows: Sequence[_Row]) -> None:
        lines = [row.line for row in rows]
        comma = self.plan.survey.is_decimal_comma
        currency = self._same(lines, "currency", _("currencies")).upper()
        rate = self._first(lines, "rate")
        common: dict[str, Any] = {"currency": currency or self.plan.currency}
        if rate or self.plan.rate is not None:
            common["rate"] = values.amount(rate, comma) if rate else self.plan.rate
        placed_at = self._placed_at(lines)
        bought = [row for row in rows if row.quantity > 0]
        came_back = [row for row in rows if row.quantity < 0]
        if bought:
            self._order(sale, number, bought, {**common, "placed_at": placed_at}, is_alone=not came_back)
        if came_back:
            name = f"{number}-R" if bought else number
            sale.returned = self._return({**common, "number": name, "returned_at": placed_at}, came_back)

    def _order(self, sale: Sale, number: str, rows: Sequence[_Row], common: dict[str, Any], *, is_alone: bool) -> None:
        lines = [row.line for row in rows]
        texts = {
            name: self._first(lines, name) for name in ("status", "cancelled_at", "payment_method", "note", "country")
        }
        given = dict(common)
        status = values.status(texts["status"]) if texts["status"] else None
        is_refunded = status in {Status.REFUNDED, Status.PART_REFUNDED}
        if texts["cancelled_at"]:
            given["status"] = Status.CANCELLED
        elif status is not None:
            given["status"] = Status.PAID if is_refunded else status
        given.update({name: texts[name] for name in ("payment_method", "note") if texts[name]})
        if paid := self._first(lines, "payments"):
            given["payments"] = [
                self._payment(one, place, given["currency"]) for place, one in enumerate(json.loads(paid))
            ]
        given.update(
            hanging.said(lambda name: self._first(lines, name), lambda text: self._money(text, given["currency"]))
        )
        if texts["country"]:
            given["country"] = parse_country(texts["country"])
        pieces = [_mapping(row) for row in rows]
        given.update(self._amounts(rows, pieces, currency=given["currency"], is_alone=is_alone))
        sale.order = new_order(
            values={**given, "number": number}, lines=pieces, channel_id=self.plan.channel_id, customer_id=None
        )
        sale.given = frozenset(given) - ({"rate"} if sale.order.rate == 1 else set())
        refunded = self._money(self._first(lines, "refunded"), sale.order.currency)
        if not refunded and status == Status.REFUNDED:
            refunded = sale.order.total_minor
        if refunded and is_alone:
            sale.is_refund = True
            returned_at = {"returned_at": common["placed_at"], "number": f"{number}-R", "refund_minor": refunded}
            rate = {"rate": common["rate"]} if "rate" in common else {}
            sale.returned = new_return(
                values={**returned_at, **rate, "currency": sale.order.currency},
                lines=[],
                channel_id=self.plan.channel_id,
                customer_id=None,
            )

    def _payment(self, said: Mapping[str, str], place: int, currency: str) -> dict[str, Any]:
        """A payment that a recipe's file tells of; its place among the order's is its name, for the next time."""
        at = said.get("at", "")
        return {
            "external_id": said.get("reference") or f"file-{place + 1}",
            "reference": said.get("reference", ""),
            "method": said["method"],
            "amount_minor": self._money(said["amount"], currency),
            "at": values.moment(at, self.plan.zone, self.plan.survey.is_month_first) if at else None,
        }

    def _return(self, common: dict[str, Any], rows: Sequence[_Row]) -> NewReturn:
        lines = [{**_mapping(row), "quantity": -row.quantity} for row in rows]
        given = dict(common)
        if beyond := self._beyond(rows, common["currency"]):
            pieces = normalise.pieces(lines, currency=common["currency"])
            given["refund_minor"] = sum(piece.total_minor for piece in pieces) - beyond
        return new_return(values=given, lines=lines, channel_id=self.plan.channel_id, customer_id=None)

    @staticmethod
    def _beyond(rows: Sequence[_Row], currency: str) -> int:
        """What the rows' prices come to beyond the amounts that the rows state."""
        beyond = sum((row.beyond for row in rows), Decimal(0))
        return Money.of(beyond, currency).minor if beyond else 0

    def _amounts(
        self, rows: Sequence[_Row], pieces: Sequence[Mapping[str, Any]], *, currency: str, is_alone: bool
    ) -> dict[str, Any]:
        """Discount, shipping and tax, so that the order amounts to what the file says it does.

        Exports disagree on whether the discount has the lines' discounts in it, and whether prices have the tax in
        them; the stated total tells. A few cents that rounding moved are kept as discount or shipping. A total that
        cannot be reached is a reason to leave the order out.
        """
        lines = [row.line for row in rows]
        currency = currency if len(currency) == 3 else self.plan.currency
        discount, shipping, tax = (
            abs(self._money(self._first(lines, name), currency)) for name in ("discount", "shipping", "tax")
        )
        beyond = self._beyond(rows, currency)
        if "line_shipping" in self.at:
            shipping += sum(abs(self._money(self._cell(line, "line_shipping"), currency)) for line in lines)
        of_lines = 0
        if "line_discount" in self.at:
            of_lines = sum(abs(self._money(self._cell(line, "line_discount"), currency)) for line in lines)
        found: dict[str, Any] = {}
        amounts, total = [0], None
        if is_alone and {"total", "net_total"} & self.at.keys():
            amounts = [piece.total_minor for piece in normalise.pieces(pieces, currency=currency)]
            if net := self._first(lines, "net_total"):
                # what the goods came to after all discounts, which no column names
                total = self._money(net, currency) + shipping
                discount = max(discount, sum(amounts) - beyond - self._money(net, currency))
            else:
                total = self._total(lines, amounts, currency)
        is_tax_included = True
        if total is None:
            discount = max(discount, of_lines)
        else:
            ways = [
                (off, is_included)
                for is_included in (True, False)
                for off in dict.fromkeys((discount, discount + of_lines, of_lines, 0))
            ]
            left = {
                way: total - (sum(amounts) - beyond - way[0] + shipping + (0 if way[1] else tax))
                for way in reversed(ways)
            }
            best = min(ways, key=lambda way: (abs(left[way]), ways.index(way)))
            if abs(left[best]) > len(rows):
                raise ValueError(
                    _("The rows add up to %(computed)s and the file says the total is %(stated)s.")
                    % {"computed": Money(total - left[ways[0]], currency), "stated": Money(total, currency)}
                )
            discount, is_tax_included = best
            shipping += max(left[best], 0)
            discount += max(-left[best], 0)
        discount += beyond
        for name, minor in (("discount", discount), ("shipping", shipping), ("tax", tax)):
            if minor or name in self.at or f"line_{name}" in self.at:
                found[f"{name}_minor"] = minor
        if not is_tax_included or "tax" in self.at:
            found["is_tax_included"] = is_tax_included
        return found

    def _total(self, lines: Sequence[Line], amounts: Sequence[int], currency: str) -> int | None:
        """The order's stated total; None where there is none, or where the column has each row's own amount."""
        cells = [self._cell(line, "total") for line in lines]
        stated = [self._money(cell, currency) for cell in cells if cell]
        if not stated:
            return None
        if len(stated) == len(lines) > 1 and len(set(stated)) > 1:
            if all(abs(total - amount) <= 1 for total, amount in zip(stated, amounts, strict=True)):
                return None
            raise ValueError(_("The rows of this order state different totals."))
        return stated[0]

    def _placed_at(self, lines: Sequence[Line]) -> dt.datetime:
        cells = {cell for line in lines if (cell := self._cell(line, "placed_at"))}
        if not cells:
            raise ValueError(_("The row does not say when the order was placed."))
        return min(values.moment(cell, self.plan.zone, self.plan.survey.is_month_first) for cell in cells)

    def _money(self, text: str, currency: str) -> int:
        return Money.of(values.amount(text, self.plan.survey.is_decimal_comma), currency).minor if text else 0

    def _cell(self, line: Line, name: str) -> str:
        at = self.at.get(name)
        if at is None:
            return ""
        return values.bare(line.cells[at])

    def _first(self, lines: Sequence[Line], name: str) -> str:
        if name not in self.at:
            return ""
        return next((cell for line in lines if (cell := self._cell(line, name))), "")

    def _same(self, lines: Sequence[Line], name: str, what: str) -> str:
        if name not in self.at:
            return ""
        found = dict.fromkeys(cell for line in lines if (cell := self._cell(line, name)))
        if len(found) > 1:
            raise ValueError(
                _("The rows of this order name different %(what)s: %(found)s.")
                % {"what": what, "found": ", ".join(list(found)[:3])}
            )
        return next(iter(found), "")

    def _places(self, refused: Invalid, rows: Sequence[_Row]) -> list[tuple[Line, str]]:
        """The reasons of a refusal, each at the row it is about; those of the whole order at its first row."""
        bought = [row for row in rows if row.quantity > 0] or rows
        found: dict[int, tuple[Line, list[str]]] = {}
        for name, reasons in refused.fields.items():
            head, _dot, rest = name.partition(".")
            at = int(rest.partition(".")[0]) if head == "lines" and rest else 0
            line = bought[min(at, len(bought) - 1)].line
            found.setdefault(line.number, (line, []))[1].extend(reasons)
        return [(line, " ".join(reasons)) for line, reasons in found.values()]

    def _all_out(self, sale: Sale, reasons: Sequence[tuple[Line, str]]) -> Sale:
        """All rows come back: those with a reason of their own, and those that wait for them."""
        own = {line.number: reason for line, reason in reasons}
        first = reasons[0][0].number
        waiting = _("Row %(number)s of the same order cannot be used, so the order waits as a whole.") % {
            "number": first
        }
        sale.rejects = [(line, own.get(line.number, waiting)) for line in sale.rows]
        sale.order = sale.returned = sale.who = None
        return sale


def _mapping(row: _Row) -> dict[str, Any]:
    return {"sku": row.sku, "title": row.title, "quantity": row.quantity, "unit_price": row.price}
