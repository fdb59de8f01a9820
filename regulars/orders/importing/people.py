"""Whose orders these are: customers found by the channel's id or by e-mail, and made where nobody is found."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence

from regulars.channels.models import Channel
from regulars.core import shop
from regulars.core.errors import Invalid
from regulars.core.text import BadText
from regulars.customers import search
from regulars.customers.importing.matching import Known
from regulars.customers.importing.preparing import Plan, Preparer, reason_of
from regulars.customers.importing.rows import CUSTOMER_COLUMNS, Ready
from regulars.customers.importing.writing import Writer
from regulars.orders.importing.building import Who

_KEYS = ("external_id", "email")
_PROFILE = ("name", "given_name", "family_name", "phone", "company", "country", "customer_since")
_EMAIL_AT = CUSTOMER_COLUMNS.index("email")

Key = tuple[str, str]


class People:
    """Finds and makes the customers of one channel, with the rules and the writer of `regulars import customers`."""

    def __init__(self, channel: Channel) -> None:
        current = shop.current()
        columns = {name: place for place, name in enumerate((*_KEYS, *_PROFILE))}
        self._prepare = Preparer(Plan(columns, current.country, current.time_zone))
        self._channel = channel

    def find(self, wanted: Iterable[tuple[Who, dt.datetime]]) -> tuple[dict[Key, int], dict[Key, str]]:
        """The customer of each by id and e-mail, and the reasons why some can be nobody. Inside a transaction, please.

        A known customer's profile stays as it is, but learns the id under which this channel knows them. A new one
        has the profile of the first order that names them, and is a customer since then.
        """
        ready: dict[Key, Ready] = {}
        reasons: dict[Key, str] = {}
        for who, since in wanted:
            if who.key not in ready and who.key not in reasons:
                try:
                    ready[who.key] = self._ready(who, since)
                except (Invalid, BadText) as refused:
                    reasons[who.key] = reason_of(refused)
        rows = list(ready.values())
        known = Known(rows, self._channel)
        unknown = _once(row for row in rows if not _is_known(row, known))
        if unknown:
            self._write([row if known.meant_by(row) is None else self._without_profile(row) for row in unknown])
            known = Known(rows, self._channel)
        return {key: pk for key, row in ready.items() if (pk := known.meant_by(row)) is not None}, reasons

    def _ready(self, who: Who, since: dt.datetime) -> Ready:
        """A row of customers, with as much of the profile as can be kept: a bad phone is no reason to lose a sale."""
        profile = {**dict(who.profile), "customer_since": since.isoformat(" ", "seconds")}
        while True:
            try:
                return self._prepare([who.external_id, who.email, *(profile.get(name, "") for name in _PROFILE)])
            except Invalid as refused:
                if not [name for name in refused.fields if profile.pop(name, None)]:
                    raise

    def _without_profile(self, row: Ready) -> Ready:
        return self._prepare([row.external_id, row.customer[_EMAIL_AT], *[""] * len(_PROFILE)])

    def _write(self, rows: Sequence[Ready]) -> None:
        writer = Writer(self._channel)
        writer.write(rows)
        if writer.texts:
            search.index_now(list(writer.texts), list(writer.texts.values()))


def _once(rows: Iterable[Ready]) -> list[Ready]:
    """The first row of each id, and of each e-mail that comes without an id."""
    return list({(row.external_id or row.customer[_EMAIL_AT]): row for row in reversed(list(rows))}.values())[::-1]


def _is_known(row: Ready, known: Known) -> bool:
    """Whether nothing is to be learned from the row: the channel's id is known, or there is none and the e-mail is."""
    return row.external_id in known.by_id if row.external_id else known.meant_by(row) is not None
