"""From one day of the shop to another, and the same length before it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass

from django.utils.translation import gettext as _

from regulars.core import shop
from regulars.core.errors import Invalid

USUAL = 28
LONGEST = 400


@dataclass(frozen=True, slots=True)
class Period:
    """Whole days of the shop, both included."""

    begins: dt.date
    ends: dt.date

    @property
    def days(self) -> list[dt.date]:
        """Each of them."""
        return [self.begins + dt.timedelta(days=number) for number in range((self.ends - self.begins).days + 1)]

    @property
    def since(self) -> dt.datetime:
        """The moment it begins."""
        return shop.start_of(self.begins)

    @property
    def until(self) -> dt.datetime:
        """The moment it is over."""
        return shop.start_of(self.ends + dt.timedelta(days=1))

    @property
    def before(self) -> Period:
        """As many days before it."""
        length = dt.timedelta(days=len(self.days))
        return Period(self.begins - length, self.ends - length)


def read(query: Mapping[str, str]) -> Period:
    """The period of an address (`from`, `to`); four weeks up to yesterday without one. Raises Invalid."""
    ends = _day(query, "to") or shop.today() - dt.timedelta(days=1)
    begins = _day(query, "from") or ends - dt.timedelta(days=USUAL - 1)
    if begins > ends:
        raise _refused("from", _("The first day comes before the last."))
    if (ends - begins).days >= LONGEST:
        raise _refused("from", _("Take at most 400 days."))
    return Period(begins, ends)


def _day(query: Mapping[str, str], name: str) -> dt.date | None:
    text = query.get(name, "")
    if not text:
        return None
    try:
        day = dt.date.fromisoformat(text)
    except ValueError:
        raise _refused(name, _("Write days like 2026-03-12.")) from None
    if not 2000 <= day.year <= 2200:
        raise _refused(name, _("Write days like 2026-03-12."))
    return day


def _refused(field: str, sentence: str) -> Invalid:
    return Invalid(sentence, fields={field: [sentence]})
