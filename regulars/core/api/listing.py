"""Lists: reading a query so that no parameter goes unseen, and the addresses of the pages beside a page."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from decimal import Decimal, InvalidOperation
from typing import Any

from django.http import HttpRequest
from django.utils.dateparse import parse_date
from django.utils.translation import gettext as _

from regulars.core import shop
from regulars.core.api.problems import Problem, reason
from regulars.core.api.schemas import EARLIEST, LATEST, moment
from regulars.core.models import Row
from regulars.core.money import Money

USUAL_LIMIT, LARGEST_LIMIT = 50, 250
_MOST_AMOUNT = Decimal(10) ** 12
_LONGEST_TEXT = 250


class Query:
    """The parameters of a list. Ask for each by its kind, then call refuse_rest(), which raises what was wrong."""

    def __init__(self, request: HttpRequest) -> None:
        self._left = {name: values for name, values in request.GET.lists()}  # noqa: C416 — lists() gives no dict
        self._errors: list[dict[str, str]] = []

    def text(self, name: str) -> str:
        """A text; empty where it was not sent."""
        values = self._left.pop(name, [""])
        if len(values) > 1:
            self._refuse(name, _("Send this once only."))
        elif len(values[0]) > _LONGEST_TEXT:
            self._refuse(name, _("This may have %(max_length)s characters at most.") % {"max_length": _LONGEST_TEXT})
        else:
            return values[0].strip()
        return ""

    def choices(self, name: str, known: Collection[str]) -> tuple[str, ...]:
        """Any of some words, separated by commas."""
        words = tuple(word.strip() for word in self.text(name).split(",") if word.strip())
        for word in words:
            if word not in known:
                self._refuse(
                    name,
                    _("“%(word)s” is not one of: %(known)s.") % {"word": word[:40], "known": ", ".join(known)},
                )
        return words

    def period(self, name: str) -> tuple[dt.datetime | None, dt.datetime | None]:
        """From the first moment on, and before the second: what `.after`, `.before` and `.on` ask for.

        Each takes a day of the shop, the first two a moment, too. After a day is after its end.
        """
        _begin, after = self._span(f"{name}.after")
        before, _end = self._span(f"{name}.before")
        begin, end = self._span(f"{name}.on", is_day=True)
        return max(filter(None, (after, begin)), default=None), min(filter(None, (before, end)), default=None)

    def _span(self, name: str, *, is_day: bool = False) -> tuple[dt.datetime | None, dt.datetime | None]:
        """When the day or the moment of a parameter begins, and when it is over."""
        text = self.text(name)
        if not text:
            return None, None
        try:
            day = parse_date(text)
            if day is not None and EARLIEST <= day.year <= LATEST:
                return shop.start_of(day), shop.start_of(day + dt.timedelta(days=1))
            if not is_day:
                at = moment(text)
                return at, at + dt.timedelta(microseconds=1)
        except ValueError:
            pass  # a day or a moment that does not exist; the sentence below says what does
        sentence = (
            _("This must be a day, such as 2026-03-12.")
            if is_day
            else _("This must be a day, such as 2026-03-12, or a moment, such as 2026-03-12T09:42:00Z.")
        )
        self._refuse(name, sentence)
        return None, None

    def minor(self, name: str) -> int | None:
        """An amount of the shop's base currency, in its smallest unit."""
        text = self.text(name)
        if not text:
            return None
        try:
            amount = Decimal(text)
        except InvalidOperation:
            amount = Decimal("NaN")
        if not amount.is_finite() or abs(amount) > _MOST_AMOUNT:
            self._refuse(name, _("This must be an amount such as 12.50."))
            return None
        return Money.of(amount, shop.current().currency).minor

    def row_id(self, name: str, model: type[Row]) -> int | None:
        """The key behind a public id; 0, which no row has, where it is nobody's."""
        text = self.text(name)
        return (model.pk_of(text) or 0) if text else None

    def limit(self) -> int:
        """How many entries a page has."""
        if "limit" not in self._left:
            return USUAL_LIMIT
        text = self.text("limit")
        if not (text.isascii() and text.isdigit() and 1 <= int(text[:9]) <= LARGEST_LIMIT):
            self._refuse("limit", _("This must be a whole number from 1 to %(most)s.") % {"most": LARGEST_LIMIT})
            return USUAL_LIMIT
        return int(text)

    def refuse_rest(self) -> None:
        """Refuse what could not be used and what nobody asked for; a list is never silently unfiltered."""
        for name in self._left:
            self._refuse(name, _("There is no such parameter."))
        if self._errors:
            raise Problem("invalid", self._errors[0]["detail"], errors=self._errors)

    def _refuse(self, name: str, sentence: str) -> None:
        self._errors.append(reason("query", name, sentence))


def neighbours(request: HttpRequest, *, next_cursor: str, previous_cursor: str) -> dict[str, str]:
    """The addresses of the next and the previous page, by relation; what does not exist is not there."""
    found = {}
    for relation, parameter, cursor in (("next", "after", next_cursor), ("prev", "before", previous_cursor)):
        if cursor:
            query = request.GET.copy()
            query.pop("after", None)
            query.pop("before", None)
            query[parameter] = cursor
            found[relation] = request.build_absolute_uri(f"{request.path}?{query.urlencode()}")
    return found


# not "format": "date", because an empty value is no filter
DAY: dict[str, Any] = {"pattern": "^([0-9]{4}-[0-9]{2}-[0-9]{2})?$", "examples": ["2026-03-12"]}


def parameter(name: str, description: str, **schema: Any) -> dict[str, Any]:
    """How a parameter of a list stands in the documentation."""
    return {
        "in": "query",
        "name": name,
        "required": False,
        "allowEmptyValue": True,
        "description": description,
        "schema": {"type": "string", **schema},
    }


def period(name: str, what: str) -> list[dict[str, Any]]:
    """How a period stands in the documentation."""
    return [
        parameter(f"{name}.after", f"{what} after this day of the shop, or after this moment."),
        parameter(f"{name}.before", f"{what} before this day of the shop, or before this moment."),
        parameter(f"{name}.on", f"{what} on this day of the shop.", **DAY),
    ]


PAGING = [
    {
        "in": "query",
        "name": "limit",
        "required": False,
        "description": "How many entries a page has.",
        "schema": {"type": "integer", "minimum": 1, "maximum": LARGEST_LIMIT, "default": USUAL_LIMIT},
    },
    parameter("after", "The cursor of a page: entries that follow it. Take it from `next` of the page before."),
    parameter("before", "The cursor of a page: entries that come before it. Take it from `previous`."),
]
