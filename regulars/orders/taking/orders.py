"""Records of orders become orders: new ones in bulk, changed ones one by one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from django.db.models import Prefetch
from django.utils.translation import gettext as _

from regulars.channels.intake import Taken
from regulars.channels.mirroring import locals_of
from regulars.channels.models import Channel, Mirror
from regulars.channels.records import CustomerRecord, OrderRecord
from regulars.core import shop
from regulars.core.errors import Invalid, Refusal
from regulars.customers.models import Customer
from regulars.customers.people import roots_of
from regulars.customers.standings import id_list
from regulars.customers.taking.people import people_of, take_turns
from regulars.customers.taking.saying import cut
from regulars.orders import checks, details
from regulars.orders.actions import figures
from regulars.orders.actions.bulk import placed_fact, write_orders
from regulars.orders.actions.details import paid_of
from regulars.orders.actions.drafts import NewOrder
from regulars.orders.actions.orders import change_order, delete_order, piece_of
from regulars.orders.channel_facts import OrderBalanced
from regulars.orders.facts import OrderChanged, OrderDrafted, OrderPlaced
from regulars.orders.models import COUNTED, KeptSale, Order, OrderLine, Status
from regulars.orders.taking.building import Built, Rates, build_order
from regulars.orders.taking.variants import Variants
from regulars.staff.policy import verb
from regulars.timeline.actions import reactions, record
from regulars.timeline.models import Entry, Source

_FIELDS = (
    *("number", "status", "is_test", "placed_at", "currency", "rate", "discount_minor", "shipping_minor", "tax_minor"),
    *("is_tax_included", "payment_method", "country", "note", "fulfilment", "source", "campaign", "referrer"),
)
_UNREFUNDED = {Status.PART_REFUNDED.value: Status.PAID.value, Status.REFUNDED.value: Status.PAID.value}
_BY_PEOPLE = (Source.PAGE, Source.API)


@dataclass(slots=True)
class _Sale:
    """One record of a batch on its way: the order it is already, the order it is to be, or why it cannot be."""

    record: OrderRecord
    customer_id: int | None
    known: Order | None = None
    built: Built | None = None
    taken: Taken | None = None


@verb
def take_orders(channel: Channel, records: Sequence[OrderRecord]) -> list[Taken]:
    """Take in the newest states of orders; answers which order each is.

    1. An order that came by file is the same one: it has the channel's number.
    2. Buyers are found or made as accounts and guests are (customers/taking).
    3. What an order of the platform says stands here, but for tags and a note that somebody wrote here.
    4. What was kept of somebody who was erased is not touched again.
    """
    take_turns()
    people = people_of(channel, [_buyer(one) for one in records])
    sales = [_Sale(one, pk) for one, pk in zip(records, people, strict=True)]
    _find_known(channel, sales)
    with shop.looked_up_once():
        _build(channel, sales)
    new = [(sale, sale.built) for sale in sales if sale.built and sale.known is None]
    _write([built.order for _sale, built in new])
    for sale, built in new:
        sale.taken = Taken(built.order.id, built.order.customer_id, remark=built.remark)
    roots = roots_of({pk for sale in sales for pk in _customers_of(sale)})
    for sale in sales:
        if sale.built is not None and sale.known is not None:
            sale.taken = _change(sale, sale.known, sale.built, roots)
    _tell_balanced([(sale.taken, sale.built) for sale in sales if sale.taken and sale.built and sale.built.balanced])
    return [sale.taken or Taken() for sale in sales]


@verb
def remove_orders(channel: Channel, order_ids: Sequence[int]) -> None:
    """Orders were deleted on the platform: a draft goes, a sale is cancelled and stays to be read."""
    kept = set(KeptSale.objects.filter(order__in=id_list(order_ids)).values_list("order_id", flat=True))
    for order in Order.objects.filter(channel=channel, pk__in=id_list(order_ids)).order_by("pk"):
        if order.status == Status.DRAFT:
            delete_order(order)
        elif order.pk not in kept and order.status != Status.CANCELLED:
            change_order(order, values={"status": Status.CANCELLED.value})


def _buyer(one: OrderRecord) -> CustomerRecord | None:
    """Whoever buys is a customer since then at the latest."""
    if one.who is None:
        return None
    since = min(one.placed_at, one.who.since) if one.who.since else one.placed_at
    return replace(one.who, since=since)


def _find_known(channel: Channel, sales: Sequence[_Sale]) -> None:
    """The orders that these are already: by the channel's own number of the object, else by what people call it."""
    ids = locals_of(channel, "order", [sale.record.external_id for sale in sales])
    numbers = _numbers(sales)
    hanging = Prefetch("lines", OrderLine.objects.order_by("position", "id"))
    rows = Order.objects.prefetch_related(hanging, "tags", "codes", "addresses", "payments")
    by_id = {row.pk: row for row in rows.filter(pk__in=id_list(ids.values()))} if ids else {}
    asked = [
        number for sale, number in zip(sales, numbers, strict=True) if ids.get(sale.record.external_id) not in by_id
    ]
    by_number = {row.number: row for row in rows.filter(channel=channel, number__in=asked)} if asked else {}
    taken = _mirrored([row.pk for row in by_number.values()])
    for sale, number in zip(sales, numbers, strict=True):
        sale.known = by_id.get(ids.get(sale.record.external_id, 0))
        if sale.known is None and (same := by_number.get(number)) is not None and same.pk not in taken:
            sale.known = same


def _mirrored(pks: Collection[int]) -> set[int]:
    """Orders that are another object of the platform already."""
    found = Mirror.objects.filter(kind="order", local_id__in=list(pks)) if pks else Mirror.objects.none()
    return {pk for pk in found.values_list("local_id", flat=True) if pk is not None}


def _numbers(sales: Sequence[_Sale]) -> list[str]:
    """What each order is called: as the platform shows it, else by the platform's own number."""
    return [
        cut(sale.record.number, checks.NUMBER_LENGTH) or cut(sale.record.external_id, checks.NUMBER_LENGTH)
        for sale in sales
    ]


def _build(channel: Channel, sales: Sequence[_Sale]) -> None:
    kept = {sale.known.pk for sale in sales if sale.known}
    kept = set(KeptSale.objects.filter(order__in=id_list(kept)).values_list("order_id", flat=True)) if kept else set()
    variants = Variants(channel, (line for sale in sales for line in sale.record.lines), is_making=True)
    rates, numbers = Rates(), _free_numbers(channel, sales)
    for sale, number in zip(sales, numbers, strict=True):
        if sale.known is not None and sale.known.pk in kept:
            sale.taken = Taken(sale.known.pk, remark=_("This is kept for the books of somebody who was erased."))
            continue
        known_rate = sale.known.rate if sale.known and sale.known.currency == sale.record.currency else None
        try:
            sale.built = build_order(
                sale.record,
                number=number,
                channel=channel,
                customer_id=sale.customer_id,
                variants=variants,
                rates=rates,
                known_rate=known_rate,
            )
        except Invalid as refused:
            sale.taken = Taken(customer_id=sale.customer_id, problem=_in_words(refused))


def _free_numbers(channel: Channel, sales: Sequence[_Sale]) -> list[str]:
    """Two objects that the platform calls the same keep their own numbers apart."""
    numbers = _numbers(sales)
    rows = Order.objects.filter(channel=channel, number__in=numbers).values_list("number", "pk")
    owners = dict(rows)
    often = Counter(number for sale, number in zip(sales, numbers, strict=True) if sale.known is None)
    free = []
    for sale, number in zip(sales, numbers, strict=True):
        own = sale.known.pk if sale.known else None
        is_taken = number in owners and owners[number] != own
        if is_taken or (own is None and often[number] > 1):
            tail = f" ({sale.record.external_id})"
            number = number[: max(checks.NUMBER_LENGTH - len(tail), 0)] + tail[-checks.NUMBER_LENGTH :]
        free.append(number.strip())
    return free


def _write(orders: Sequence[NewOrder]) -> None:
    """Write new orders; what is told of each comes to those who react to it."""
    if not orders:
        return
    sold = [order for order in orders if order.status != Status.DRAFT]
    drafts = [order for order in orders if order.status == Status.DRAFT]
    is_heard = OrderPlaced.name in reactions()
    if sold:
        write_orders(sold, is_told=not is_heard)
    if drafts:
        write_orders(drafts, is_told=False)
    for order in [*(sold if is_heard else ()), *drafts]:
        row = Order.objects.select_related("customer").get(pk=order.id)
        fact = placed_fact(order)
        if order.status == Status.DRAFT:
            told = OrderDrafted(number=fact.number, total_minor=fact.total_minor, currency=fact.currency)
            record(told, customer=row.customer, subject=row, at=row.placed_at)
        else:
            record(fact, customer=row.customer, subject=row, at=row.placed_at)
    figures.refresh({order.customer_id for order in orders if order.customer_id is not None})


def _change(sale: _Sale, known: Order, built: Built, roots: Mapping[int, int]) -> Taken:
    """Bring a known order to what the platform says, where that is something else."""
    order = built.order
    was = {name: getattr(known, name) for name in _FIELDS}
    was["status"] = _UNREFUNDED.get(known.status, known.status)
    values: dict[str, Any] = {name: getattr(order, name) for name in _FIELDS if getattr(order, name) != was[name]}
    if sale.record.who is not None and order.customer_id is not None and not _is_same_person(known, order, roots):
        values["customer"] = Customer(pk=order.customer_id)
    values |= _hanging(known, order)
    _leave_what_people_wrote(known, values)
    kept = [piece_of(line) for line in known.lines.all()]
    is_same = len(kept) == len(order.pieces) and all(
        piece.says_what(line) for piece, line in zip(order.pieces, kept, strict=True)
    )
    if not values and is_same:
        return Taken(known.pk, known.customer_id, remark=built.remark)
    was_draft = known.status == Status.DRAFT
    try:
        changed = change_order(known, values=values, lines=None if is_same else _mappings(order))
    except Refusal as refused:
        return Taken(customer_id=known.customer_id, problem=refused.sentence)
    if was_draft and changed.status in COUNTED:
        order.id = changed.pk
        record(placed_fact(order), customer=changed.customer, subject=changed, at=changed.placed_at)
    return Taken(changed.pk, changed.customer_id, remark=built.remark)


def _hanging(known: Order, order: NewOrder) -> dict[str, Any]:
    """What hangs on the order and is not as it is said now."""
    found: dict[str, Any] = {}
    if {tag.label for tag in known.tags.all()} != set(order.tags):
        found["tags"] = list(order.tags)
    if sorted((one.code, one.amount_minor) for one in known.codes.all()) != sorted(map(tuple, order.codes)):
        found["codes"] = [one._asdict() for one in order.codes]
    rows = {row.side: row for row in known.addresses.all()}
    addresses = {}
    for side, address in order.addresses.items():
        row = rows.get(side)
        now = details.Address(*(getattr(row, name) for name in details.Address._fields)) if row else None
        if now != address:
            addresses[side] = {k: v for k, v in address._asdict().items() if k != "side"} if address else None
    if addresses:
        found["addresses"] = addresses
    own = {row.external_id: paid_of(row) for row in known.payments.all() if row.external_id}
    said = {one.external_id: one if one.at else one._replace(at=order.placed_at) for one in order.payments}
    if own != said:
        found["payments"] = [one._asdict() for one in said.values()]
    return found


def _leave_what_people_wrote(known: Order, values: dict[str, Any]) -> None:
    """Tags and a note that somebody wrote here stay, whatever the platform says of its own."""
    if not {"tags", "note"} & values.keys():
        return
    entries = Entry.objects.filter(
        subject_type=Order._meta.label_lower, subject_id=known.pk, name=OrderChanged.name, source__in=_BY_PEOPLE
    ).order_by("id")
    added: set[str] = set()
    is_note_ours = False
    for entry in entries:
        changes = entry.data.get("changes", {})
        if "order_tags" in changes:
            old, new = (set(filter(None, text.split(", "))) for text in changes["order_tags"])
            added = (added | (new - old)) - (old - new)
        is_note_ours = is_note_ours or "note" in changes
    if "tags" in values:
        ours = [tag.label for tag in known.tags.all() if tag.label in added]
        values["tags"] = list(dict.fromkeys([*values["tags"], *ours]))
        if set(values["tags"]) == {tag.label for tag in known.tags.all()}:
            del values["tags"]
    if is_note_ours:
        values.pop("note", None)


def _is_same_person(known: Order, order: NewOrder, roots: Mapping[int, int]) -> bool:
    """Whether the order is already with one of the records of the buyer; then it stays where it is."""
    if known.customer_id is None or order.customer_id is None:
        return known.customer_id == order.customer_id
    return roots.get(known.customer_id) == roots.get(order.customer_id)


def _customers_of(sale: _Sale) -> list[int]:
    ids = (sale.customer_id, sale.known.customer_id if sale.known else None)
    return [pk for pk in ids if pk is not None]


def _mappings(order: NewOrder) -> list[dict[str, Any]]:
    return [{k: v for k, v in piece._asdict().items() if k != "total_minor"} for piece in order.pieces]


def _tell_balanced(found: Sequence[tuple[Taken, Built]]) -> None:
    """Say of each order, once, that its parts were brought to the platform's total."""
    for taken, built in found:
        known = built.balanced
        if known is None or taken.local_id is None:
            continue
        row = Order.objects.select_related("customer").get(pk=taken.local_id)
        fact = OrderBalanced(
            number=row.number,
            total_minor=known.total_minor,
            shipping_minor=known.shipping_minor,
            discount_minor=known.discount_minor,
            currency=row.currency,
        )
        told = Entry.objects.filter(
            name=fact.name, subject_type=Order._meta.label_lower, subject_id=row.pk, customer=row.customer
        ).order_by("-id")
        last = told.first()
        if last is None or last.data != fact.data():
            record(fact, customer=row.customer, subject=row)


def _in_words(refused: Invalid) -> str:
    return " ".join(f"{name}: {reason}" for name, reasons in refused.fields.items() for reason in reasons)
