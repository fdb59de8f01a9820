"""How a conversation is changed: one way for all verbs, which tells what changed and can be taken back.

current = held(conversation, version)      its row, locked
before = image(current)
current.assignee = ...                     whatever the verb does
settle(current, before)                    writes, records what changed, lets the promises follow
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable
from typing import Any, Final

from django.utils import timezone
from django.utils.translation import gettext as _

from regulars.core.errors import Invalid, Stale
from regulars.customers.models import Customer
from regulars.inbox import turns
from regulars.inbox.facts import ComplaintRaised, InquiryChanged, InquiryClosed, InquiryReopened
from regulars.inbox.models import (
    By,
    Conversation,
    ConversationLabel,
    ConversationOrder,
    ConversationProduct,
    Kind,
    Label,
    Priority,
    SpamSender,
    Status,
    Topic,
)
from regulars.orders.models import Order, Product
from regulars.staff.models import Team, User
from regulars.timeline.actions import record

Image = dict[str, Any]

_MOMENTS: Final = ("later_until", "closed_at", "waiting_since")
_COLUMNS: Final = ("status", "kind", "priority", "topic_id", "assignee_id", "team_id", "customer_id")
_LINKS: Final[dict[str, tuple[Any, str]]] = {
    "labels": (ConversationLabel, "label_id"),
    "orders": (ConversationOrder, "order_id"),
    "products": (ConversationProduct, "product_id"),
}
_RUN_ALONG: Final = ("closed_at", "waiting_since")  # follow the state, and are told with it


def held(conversation: Conversation, version: int | None = None) -> Conversation:
    """The conversation that shows it, locked, in the version that was read (None: whichever). Raises Stale."""
    rows = Conversation.objects.select_for_update(of=("self",), no_key=True).select_related("customer", "topic")
    current = rows.filter(pk=conversation.merged_into_id or conversation.pk).first()
    if current is not None and current.merged_into_id is not None:
        current = rows.filter(pk=current.merged_into_id).first()
    if current is None or (version is not None and current.version != version):
        raise stale()
    return current


def stale() -> Stale:
    """The refusal for somebody who was overtaken."""
    return Stale(_("Somebody else changed this inquiry meanwhile. Look at it again, and repeat your change."))


def image(current: Conversation) -> Image:
    """How a conversation is sorted, as plain values: states and keys of ours."""
    found: Image = {name: getattr(current, name) for name in _COLUMNS}
    for name in _MOMENTS:
        moment = getattr(current, name)
        found[name] = moment.isoformat() if moment else None
    for name, (model, column) in _LINKS.items():
        rows = model.objects.filter(conversation=current).order_by(column)
        found[name] = list(rows.values_list(column, flat=True))
    return {name: str(value) if name in {"status", "kind"} else value for name, value in found.items()}


def restore(current: Conversation, values: Image) -> None:
    """Set what an image says; `settle` writes it."""
    for name, value in values.items():
        if name in _LINKS:
            relink(current, name, value)
        elif name in _MOMENTS:
            setattr(current, name, dt.datetime.fromisoformat(value) if value else None)
        else:
            setattr(current, name, value)


def relink(current: Conversation, name: str, keys: Collection[int]) -> None:
    """Let a conversation have these labels, orders or products, and no others; those that are gone are left out."""
    model, column = _LINKS[name]
    rows = model.objects.filter(conversation=current)
    rows.exclude(**{f"{column}__in": keys}).delete()
    kept = set(rows.values_list(column, flat=True))
    target = model._meta.get_field(column.removesuffix("_id")).related_model
    there = set(
        target._base_manager.filter(pk__in=[key for key in keys if key not in kept]).values_list("pk", flat=True)
    )
    model.objects.bulk_create([model(conversation=current, **{column: key}) for key in sorted(there)])


def differences(before: Image, after: Image) -> dict[str, list[Any]]:
    """What changed, as [old, new]."""
    return {name: [before[name], after[name]] for name in after if before[name] != after[name]}


def settle(
    current: Conversation, before: Image, *, at: dt.datetime | None = None, rule: str = "", is_told: bool = True
) -> dict[str, list[Any]]:
    """Write what was set, tell what changed of it, and let promises follow; nothing where nothing changed."""
    changed = differences(before, image(current))
    if not changed:
        return changed
    at = at or timezone.now()
    bump(current)
    current.save(update_fields=[*_COLUMNS, *_MOMENTS, "reopened_count", "version", "updated_at"])
    if is_told:
        _tell(current, changed, rule, at)
    _turn(current, before, changed, at)
    return changed


def bump(current: Conversation) -> None:
    """One version more."""
    current.version += 1
    current.updated_at = timezone.now()


def set_status(current: Conversation, status: str, *, until: dt.datetime | None = None) -> None:
    """Another state, with all that follows from it."""
    was = current.status
    if status == was and until == current.later_until:
        return
    now = timezone.now()
    if was in {Status.CLOSED, Status.SPAM} and status in {Status.OPEN, Status.WAITING, Status.LATER}:
        current.reopened_count += was == Status.CLOSED
        current.waiting_since = _still_waits(current)
    if status in {Status.CLOSED, Status.SPAM}:
        current.waiting_since = None
    if status == Status.OPEN and current.assignee is not None and not current.assignee.is_active:
        current.assignee = None  # it comes back, and whoever had it has left meanwhile
    current.status = status
    current.later_until = until if status == Status.LATER else None
    current.closed_at = now if status == Status.CLOSED else None


def silence(current: Conversation) -> None:
    """What comes from the same sender is spam, too. A form only claims an address: whoever has it is still heard."""
    if current.reply_digest and current.by != By.FORM:
        SpamSender.objects.get_or_create(digest=current.reply_digest)


def _still_waits(current: Conversation) -> dt.datetime | None:
    """Since when they wait again in what was not settled after all: since their last word, where it was the last."""
    if current.last_in_at is None or (current.last_out_at is not None and current.last_out_at >= current.last_in_at):
        return None
    return current.last_in_at


def _turn(current: Conversation, before: Image, changed: dict[str, list[Any]], at: dt.datetime) -> None:
    was, now = before["status"], str(current.status)
    if "status" in changed:
        if now == Status.CLOSED:
            turns.closed(current, at)
        elif now == Status.SPAM:
            turns.is_spam(current, at)
        elif was == Status.SPAM:
            turns.customer_wrote(current, current.waiting_since or at)
        elif was == Status.CLOSED:
            turns.reopened(current, at)
        elif now == Status.LATER:
            turns.put_off(current, at)
        elif now == Status.WAITING:
            turns.waits(current, at)
        else:
            turns.woken(current, at)
    if {"topic_id", "priority", "kind", "team_id"} & set(changed) and now not in {Status.CLOSED, Status.SPAM}:
        turns.changed(current, at)


def _tell(current: Conversation, changed: dict[str, list[Any]], rule: str, at: dt.datetime) -> None:
    told = {name: value for name, value in changed.items() if name not in _RUN_ALONG}
    status = told.pop("status", None)
    if status is not None and Status.CLOSED in status:
        fact = InquiryClosed if status[1] == Status.CLOSED else InquiryReopened
        record(fact(conversation=current.public_id), customer=current.customer, subject=current, at=at)
    elif status is not None:
        told["status"] = status
    if told:
        changes = {_NAMES.get(name, name): _worded(name, value) for name, value in told.items()}
        record(
            InquiryChanged(conversation=current.public_id, changes=changes, rule=rule),
            customer=current.customer,
            subject=current,
            at=at,
        )
    if told.get("kind", [None, None])[1] == Kind.COMPLAINT:
        record(ComplaintRaised(conversation=current.public_id), customer=current.customer, subject=current, at=at)


_NAMES = {
    "kind": "inquiry_kind", "topic_id": "topic", "assignee_id": "assignee", "team_id": "team", "customer_id": "customer"
}  # fmt: skip


def _worded(name: str, values: Iterable[Any]) -> list[Any]:
    """Old and new as people and programs read them: names of the shop's own words, public ids of everything else."""
    old, new = values
    match name:
        case "topic_id":
            names = dict(Topic.objects.filter(pk__in=[one for one in (old, new) if one]).values_list("pk", "name"))
            return [names.get(old), names.get(new)]
        case "team_id":
            names = dict(Team.objects.filter(pk__in=[one for one in (old, new) if one]).values_list("pk", "name"))
            return [names.get(old), names.get(new)]
        case "labels":
            names = dict(Label.objects.filter(pk__in=[*old, *new]).values_list("pk", "name"))
            return [[names[one] for one in some if one in names] for some in (old, new)]
        case "assignee_id":
            return [User(pk=one).public_id if one else None for one in (old, new)]
        case "orders":
            return [[Order(pk=one).public_id for one in some] for some in (old, new)]
        case "products":
            return [[Product(pk=one).public_id for one in some] for some in (old, new)]
        case "customer_id":
            return [Customer(pk=one).public_id for one in (old, new)]
    return [old, new]


def choice(value: Any, choices: Any, field: str) -> Any:
    """A word or number of a list, or Invalid."""
    try:
        return choices(value)
    except ValueError:
        sentence = _("“%(value)s” is not one of: %(choices)s.") % {
            "value": str(value)[:40],
            "choices": ", ".join(str(one) for one in choices.values),
        }
        raise Invalid(sentence, fields={field: [sentence]}) from None


def priority_of(value: Any) -> Priority:
    """A priority by its number or its name."""
    by_name = {one.name.lower(): one for one in Priority}
    if isinstance(value, str) and value.lower() in by_name:
        return by_name[value.lower()]
    return choice(value, Priority, "priority")  # type: ignore[no-any-return]
