"""New customers written many at a time, through the writer of imports."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import ClassVar

from regulars.channels.models import Channel
from regulars.core import bulk
from regulars.customers import search
from regulars.customers.derived import completed, found_by, place_of
from regulars.customers.facts import CustomerCreated
from regulars.customers.importing.rows import ADDRESS_COLUMNS, CUSTOMER_DEFAULTS, Ready
from regulars.customers.importing.writing import Writer
from regulars.customers.models import ContactPoint, Customer, Heard
from regulars.customers.taking.saying import Said
from regulars.customers.taking.words import digest_of, first_parts
from regulars.staff.policy import verb
from regulars.timeline.actions import reactions, record
from regulars.timeline.facts import Fact

_FEW = 50


class _Maker(Writer):
    """Writes rows without looking whom they mean: that is known already."""

    passes_over: ClassVar[tuple[type[Fact], ...]] = ()

    def make(self, rows: Sequence[Ready]) -> Sequence[int]:
        """The new customers' ids, in the same order."""
        self._create(rows)
        return self.made

    def _tell(self, ids: Sequence[int], at: Sequence[str], moment: str) -> None:
        if CustomerCreated.name not in reactions():
            super()._tell(ids, at, moment)


@verb
def make_customers(words: Sequence[tuple[Said, str]], channel: Channel) -> Sequence[int]:
    """New customers of what was said of them (and who said it); answers their ids, in the same order."""
    if not words:
        return ()
    rows = [_ready(said) for said, _who in words]
    maker = _Maker(channel)
    ids = maker.make(rows)
    points = []
    for pk, (said, _who) in zip(ids, words, strict=True):
        proved = dict(said.proofs)
        if not said.external_id and "email" not in said.profile and (phone := said.profile.get("phone")):
            proved.setdefault("phone", phone)  # a guest is found again by it
        for kind, value in proved.items():
            is_verified = (kind, value) in said.proofs
            points.append((pk, kind, value, bulk.moment(said.record.version) if is_verified else None))
    same = {"label": "", "bounced_at": None, "bounce_reason": "", "is_do_not_contact": False}
    bulk.insert(ContactPoint, ("customer_id", "kind", "value", "verified_at"), points, same=same)
    heard = [
        Heard(customer_id=pk, parts=_parts(said, who, row))
        for pk, (said, who), row in zip(ids, words, rows, strict=True)
    ]
    Heard.objects.bulk_create(heard, batch_size=500)
    if len(ids) > _FEW:
        search.index_now(list(maker.texts), list(maker.texts.values()))
    else:
        search.mark_unindexed(list(ids))
    if CustomerCreated.name in reactions():
        for customer in Customer.objects.filter(pk__in=list(ids)).order_by("pk"):
            record(CustomerCreated(), customer=customer, subject=customer, at=customer.customer_since)
    return ids


def _ready(said: Said) -> Ready:
    """A row as imports make it."""
    whole = completed({**said.profile, "is_guest": not said.external_id})
    address = None
    if said.place:
        address = tuple([said.place.get(column, "") for column in ADDRESS_COLUMNS])
        whole.update(place_of(said.place))
    whole.update(found_by(whole))
    since = (said.since or said.record.version).astimezone(dt.UTC).replace(tzinfo=None)
    whole["customer_since"] = since.isoformat(" ")
    return Ready(
        said.external_id, (), tuple([whole.get(name, default) for name, default in CUSTOMER_DEFAULTS]), address
    )


def _parts(said: Said, who: str, row: Ready) -> dict[str, list[str]]:
    shown = dict(zip((name for name, _default in CUSTOMER_DEFAULTS), row.customer, strict=True))
    parts = first_parts(said, who, shown)
    since = dt.datetime.fromisoformat(shown["customer_since"]).replace(tzinfo=dt.UTC)
    parts["customer_since"] = [who, said.record.version.isoformat(), digest_of(since)]
    if row.address:
        parts["address"] = [who, said.record.version.isoformat(), address_digest(row.address)]
    return parts


def address_digest(columns: Sequence[str]) -> str:
    """The digest of an address (ADDRESS_COLUMNS)."""
    return digest_of("\n".join(columns))
