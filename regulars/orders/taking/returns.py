"""Records of returns become returns of orders that are here; one whose order has not come waits for it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.db.models import Q
from django.utils.translation import gettext as _

from regulars.channels.intake import Taken
from regulars.channels.mirroring import locals_of
from regulars.channels.models import Channel, Mirror
from regulars.channels.records import LineRecord, ReturnRecord
from regulars.core.errors import Invalid, Refusal
from regulars.customers.standings import id_list
from regulars.customers.taking.people import take_turns
from regulars.customers.taking.saying import cut
from regulars.orders import checks
from regulars.orders.actions import figures, settlement
from regulars.orders.actions.bulk import RETURN_FACTS, return_fact, write_returns
from regulars.orders.actions.drafts import NewReturn
from regulars.orders.actions.matching import whole_pieces
from regulars.orders.actions.returns import change_return
from regulars.orders.channel_facts import ReturnDeleted
from regulars.orders.models import Order, OrderLine, Return, ReturnLine
from regulars.orders.taking.building import Rates, build_return
from regulars.orders.taking.variants import Variants
from regulars.staff.policy import verb
from regulars.timeline.actions import reactions, record

_SAME = (
    *("number", "returned_at", "currency", "rate", "refund_minor", "customer_id", "order_id", "state", "exchange_id"),
    "reason",
)


@dataclass(slots=True)
class _Coming:
    """One record of a batch on its way."""

    record: ReturnRecord
    known: Return | None = None
    order: Order | None = None
    exchange_id: int | None = None
    draft: NewReturn | None = None
    taken: Taken | None = None


@verb
def take_returns(channel: Channel, records: Sequence[ReturnRecord]) -> list[Taken]:
    """Take in the newest states of returns, those alone and those that came inside their orders; answers which it is.

    Earlier ones are taken in first, so that each finds what is left to come back.
    """
    take_turns()
    returns = [_Coming(one) for one in records]
    _find(channel, returns)
    _build(channel, returns)
    drafts = sorted(
        ((one, one.draft) for one in returns if one.draft and one.known is None),
        key=lambda pair: (pair[1].returned_at, pair[0].record.external_id),
    )
    _write([draft for _one, draft in drafts])
    for one, draft in drafts:
        one.taken = Taken(draft.id, draft.customer_id)
    for one in returns:
        if one.draft is not None and one.known is not None:
            one.taken = _change(one.known, one.draft)
    return [one.taken or Taken() for one in returns]


@verb
def remove_returns(channel: Channel, return_ids: Sequence[int]) -> None:
    """Returns were deleted on the platform: what they paid back counts no more."""
    rows = Return.objects.filter(channel=channel, pk__in=id_list(return_ids)).select_related("customer").order_by("pk")
    orders: set[int] = set()
    customers: set[int] = set()
    for row in rows:
        orders.update(pk for pk in (row.order_id, *row.lines.values_list("order_id", flat=True)) if pk is not None)
        customers.update(pk for pk in [row.customer_id] if pk is not None)
        told = ReturnDeleted(number=row.number, refund_minor=row.refund_minor, currency=row.currency)
        record(told, customer=row.customer, subject=row)
        row.delete()
    settlement.settle(orders)
    figures.refresh(customers)


def _find(channel: Channel, returns: Sequence[_Coming]) -> None:
    """The orders these are of, and the returns they are already."""
    names = {one.record.order_id for one in returns} | {one.record.exchange_order_id for one in returns}
    orders = locals_of(channel, "order", names - {""})
    rows = Order.objects.in_bulk(list(set(orders.values()))) if orders else {}
    ids = locals_of(channel, "return", [one.record.external_id for one in returns])
    numbers = [_number(one.record) for one in returns]
    found = Return.objects.filter(Q(pk__in=id_list(ids.values())) | Q(channel=channel, number__in=numbers))
    known = {row.pk: row for row in found.prefetch_related("lines")}
    by_number = {row.number: row for row in known.values() if row.channel_id == channel.pk}
    mirrored = set(Mirror.objects.filter(kind="return", local_id__in=list(known)).values_list("local_id", flat=True))
    for one, number in zip(returns, numbers, strict=True):
        one.known = known.get(ids.get(one.record.external_id, 0))
        same = by_number.get(number)
        if one.known is None and same is not None and same.pk not in mirrored:
            one.known = same
        one.taken = _what_is_missing(one, orders, rows)
        one.order = rows.get(orders.get(one.record.order_id, 0))
        one.exchange_id = orders.get(one.record.exchange_order_id)


def _what_is_missing(one: _Coming, orders: Mapping[str, int], rows: Mapping[int, Order]) -> Taken | None:
    for name in filter(None, (one.record.order_id, one.record.exchange_order_id)):
        if name not in orders:
            return Taken(waits_for=("order", name))
        if orders[name] not in rows:
            return Taken(problem=_("The order of this return was deleted here."))
    return None


def _build(channel: Channel, returns: Sequence[_Coming]) -> None:
    rates, numbers = Rates(), _free_numbers(channel, returns)
    variants = Variants(channel, (line for one in returns for line in one.record.lines))
    bought: dict[int, list[OrderLine]] = defaultdict(list)
    ids = id_list({one.order.pk for one in returns if one.order})
    for line in OrderLine.objects.filter(order__in=ids).order_by("order_id", "position", "id"):
        bought[line.order_id].append(line)
    for one, number in zip(returns, numbers, strict=True):
        if one.taken is not None:
            continue
        try:
            one.draft = build_return(
                one.record, number=number, channel=channel, order=one.order, exchange_id=one.exchange_id, rates=rates
            )
        except Invalid as refused:
            reasons = (f"{name}: {reason}" for name, found in refused.fields.items() for reason in found)
            one.taken = Taken(problem=" ".join(reasons))
            continue
        if one.order is not None:
            lines = [line for line in one.record.lines if line.quantity]
            one.draft.line_ids = [_line_of(line, variants, bought[one.order.pk]) for line in lines]


def _line_of(line: LineRecord, variants: Variants, bought: Sequence[OrderLine]) -> int | None:
    """The order's line that came back, where there is just one it can be; else its SKU says (actions/matching)."""
    variant, sku = variants.of(line), line.sku.strip()
    same = [one for one in bought if variant is not None and one.variant_id == variant]
    if not same and not sku:
        same = [one for one in bought if one.title == line.title.strip()]
    fitting = [one for one in same if one.quantity >= abs(line.quantity)]
    return fitting[0].pk if len(fitting) == 1 else None


def _number(one: ReturnRecord) -> str:
    return cut(one.number, checks.NUMBER_LENGTH) or cut(one.external_id, checks.NUMBER_LENGTH)


def _free_numbers(channel: Channel, returns: Sequence[_Coming]) -> list[str]:
    """A return whose number another one has is called by the platform's own number of it as well."""
    numbers = [_number(one.record) for one in returns]
    owners = dict(Return.objects.filter(channel=channel, number__in=numbers).values_list("number", "pk"))
    seen: set[str] = set()
    free = []
    for one, number in zip(returns, numbers, strict=True):
        own = one.known.pk if one.known else None
        if (number in owners and owners[number] != own) or (own is None and number in seen):
            tail = f" ({one.record.external_id})"[-checks.NUMBER_LENGTH :]
            number = f"{number[: checks.NUMBER_LENGTH - len(tail)]}{tail}".strip()
        seen.add(number)
        free.append(number)
    return free


def _write(drafts: Sequence[NewReturn]) -> None:
    if not drafts:
        return
    is_heard = any(RETURN_FACTS[draft.state].name in reactions() for draft in drafts)
    write_returns(drafts, is_told=not is_heard)
    if is_heard:
        for draft in drafts:
            row = Return.objects.select_related("customer", "order").get(pk=draft.id)
            numbers = {row.order.pk: row.order.number} if row.order else {}
            record(return_fact(draft, numbers), customer=row.customer, subject=row, at=row.returned_at)
    figures.refresh({draft.customer_id for draft in drafts if draft.customer_id is not None})


def _change(known: Return, draft: NewReturn) -> Taken:
    """Bring a known return to what the platform says, where that is something else."""
    draft.reason = draft.reason or known.reason
    is_same = all(getattr(known, name) == getattr(draft, name) for name in _SAME)
    lines = list(ReturnLine.objects.filter(parent=known).order_by("position", "id"))
    if is_same and whole_pieces(lines) == whole_pieces(draft.pieces):
        return Taken(known.pk, known.customer_id)
    try:
        changed = change_return(known, draft=draft)
    except Refusal as refused:
        return Taken(customer_id=known.customer_id, problem=refused.sentence)
    if changed.number != draft.number:
        Return.objects.filter(pk=changed.pk).update(number=draft.number)
    return Taken(changed.pk, changed.customer_id)
