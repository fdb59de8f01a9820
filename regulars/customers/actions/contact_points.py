"""Further e-mails and phones: add, change, remove, put first, and what is known of them."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from regulars.core.errors import Invalid
from regulars.core.text import BadText, clean
from regulars.customers import aside, people, presenting, search
from regulars.customers.actions.profile import as_read, change_customer, require_free_email, write
from regulars.customers.derived import found_by, profile_of
from regulars.customers.facts import (
    ContactChanged,
    ContactMarked,
)
from regulars.customers.models import ContactPoint, Customer
from regulars.customers.normalise import normalise, require_someone
from regulars.customers.queries.contact_points import Point, contact_points
from regulars.staff.policy import require_full, told, verb
from regulars.timeline.actions import record

_LABEL = 40
_REASON = 250


@verb
def add_contact_point(
    customer: Customer, *, kind: str, value: str, label: str = "", is_primary: bool = False
) -> ContactPoint:
    """Another e-mail or phone; the first one of its kind is the primary one, and `is_primary` makes this one that.

    Adding what is there already gives it the label. Raises Invalid or EmailTaken.
    """
    current = presenting.itself(as_read(customer, None))
    value, label = _value(current, kind, value), _label(label)
    if not value:
        sentence = _("There is no e-mail or phone to add.")
        raise Invalid(sentence, fields={"value": [sentence]})
    if kind == ContactPoint.Kind.EMAIL:
        require_free_email(value, besides=current)
    point, is_new = ContactPoint.objects.get_or_create(
        customer=current, kind=kind, value=value, defaults={"label": label}
    )
    if not is_new and label and point.label != label:
        point.label = label
        point.save(update_fields=["label"])
    if is_primary or not getattr(current, kind):
        _put_first(current, kind, value)
    elif is_new and value != getattr(current, kind):
        _follow(current, {kind: ["", value]})
    return point


@verb
def change_contact_point(
    customer: Customer,
    *,
    kind: str,
    value: str,
    to: str | None = None,
    label: str | None = None,
    is_do_not_contact: bool | None = None,
) -> ContactPoint:
    """Change an e-mail or phone somebody has: what it is (`to`), its label, and whether to leave it alone.

    That it was verified, or bounced, is forgotten with the old one. Raises Invalid or EmailTaken.
    """
    require_full(*{kind} & set(ContactPoint.Kind.values))
    current = presenting.itself(as_read(customer, None))
    point = _row_of(current, kind, value)
    changes: dict[str, list[Any]] = {}
    wanted = value if to is None else _value(current, kind, to)
    if wanted != value:
        if not wanted:
            sentence = _("There is no e-mail or phone to change it to.")
            raise Invalid(sentence, fields={"value": [sentence]})
        if kind == ContactPoint.Kind.EMAIL:
            require_free_email(wanted, besides=current)
        ContactPoint.objects.filter(customer=point.customer_id, kind=kind, value=wanted).exclude(pk=point.pk).delete()
        point.value, point.verified_at, point.bounced_at, point.bounce_reason = wanted, None, None, ""
        point.save()
        owners = _owners(current, kind, value)
        for owner in owners:
            change_customer(owner, values={kind: wanted})
        if not owners:
            changes[kind] = [value, wanted]
        current = presenting.itself(as_read(current, None))
    if label is not None and point.label != (label := _label(label)):
        changes["label"] = [point.label, label]
        point.label = label
    if is_do_not_contact is not None and point.is_do_not_contact is not is_do_not_contact:
        changes["is_do_not_contact"] = [point.is_do_not_contact, is_do_not_contact]
        point.is_do_not_contact = is_do_not_contact
    point.save()
    if changes:
        _follow(current, changes if kind in changes else {kind: [wanted, wanted], **changes})
    return point


@verb
def remove_contact_point(customer: Customer, *, kind: str, value: str) -> None:
    """Take an e-mail or phone away; where it was the first one, the next one takes its place.

    Raises Invalid where then nothing would say who this is.
    """
    require_full(*{kind} & set(ContactPoint.Kind.values))
    current = presenting.itself(as_read(customer, None))
    records = people.records(current)
    aside.forget(current.pk, "contact_point", {"kind": [kind], "value": [value]})
    aside.take_off(ContactPoint.objects.filter(customer__in=records, kind=kind, value=value), by=current)
    for record_of in Customer.everyone.filter(**{kind: value}, pk__in=records[1:]):
        aside.clear(record_of, kind, by=current)
    current = presenting.itself(as_read(customer, None))
    others = [point for point in contact_points(current) if point.kind == kind and point.value != value]
    if getattr(current, kind) != value:
        _follow(current, {kind: [value, ""]})
        return
    following = next((point.value for point in others if point.is_usable), others[0].value if others else "")
    if not following:
        after = {**profile_of(current), kind: ""}
        if not current.identities.exists():
            require_someone(after)
    change_customer(current, values={kind: following})


@verb
def make_primary(customer: Customer, *, kind: str, value: str) -> Customer:
    """Put an e-mail or phone first: it is shown in lists and written to. Raises Invalid or EmailTaken."""
    require_full(*{kind} & set(ContactPoint.Kind.values))
    current = presenting.itself(as_read(customer, None))
    _row_of(current, kind, value)
    return _put_first(current, kind, value)


@verb
def mark_verified(customer: Customer, *, value: str, at: dt.datetime | None = None) -> None:
    """Somebody answered from there, or clicked what was sent there. What bounced before is forgotten."""
    _mark(customer, value, verified_at=at or timezone.now(), bounced_at=None, bounce_reason="")


@verb
def mark_bounced(customer: Customer, *, value: str, reason: str = "", at: dt.datetime | None = None) -> None:
    """What was sent there came back for good."""
    _mark(customer, value, bounced_at=at or timezone.now(), bounce_reason=reason[:_REASON])


def _mark(customer: Customer, value: str, **columns: Any) -> None:
    """Note something of an e-mail or phone, and nothing where they do not have it."""
    current = as_read(customer, None)
    for point in contact_points(current):
        if point.value == value:
            row = _row_of(current, point.kind, value)
            told = {name: [_said(getattr(row, name)), _said(now)] for name, now in columns.items()}
            ContactPoint.objects.filter(pk=row.pk).update(**columns)
            record(ContactMarked(changes=told), customer=current, subject=row)


def _said(value: Any) -> Any:
    return value.isoformat() if isinstance(value, dt.datetime) else value


def _owners(current: Customer, kind: str, value: str) -> list[Customer]:
    """The records of a person whose own first e-mail or phone it is, each as it says by itself."""
    records = Customer.everyone.filter(pk__in=people.records_with(current)).order_by("pk")
    own = (presenting.itself(as_read(record, None)) for record in records)
    return [record for record in own if getattr(record, kind) == value]


def _put_first(current: Customer, kind: str, value: str) -> Customer:
    before = getattr(current, kind)
    others = [owner for owner in _owners(current, kind, value) if owner.pk != current.pk]
    if others and current.merged_into_id is None:
        # it is what another record of the same person says: shown first, and still that record's own
        presenting.choose(current.pk, kind, others[0].pk)
        presenting.present([current.pk])
        record(ContactChanged(changes={kind: [before, value]}), customer=current, subject=current)
        return Customer.everyone.get(pk=current.pk)
    if before and before != value:
        ContactPoint.objects.get_or_create(customer=current, kind=kind, value=before)
    return change_customer(current, values={kind: value})


def _row_of(current: Customer, kind: str, value: str) -> ContactPoint:
    """The row of an e-mail or phone they have, made where the first one had none yet. Raises Invalid."""
    records = people.records_with(current)
    row = ContactPoint.objects.filter(customer__in=records, kind=kind, value=value).order_by("id").first()
    if row is not None:
        return row
    if not any((point.kind, point.value) == (kind, value) for point in _all(current)):
        sentence = _("%(name)s does not have “%(value)s”.") % {"name": told(current), "value": value[:60]}
        raise Invalid(sentence, fields={"value": [sentence]})
    return ContactPoint.objects.create(customer=current, kind=kind, value=value)


def _all(current: Customer) -> list[Point]:
    return contact_points(people.person(current)) + contact_points(current)


def _value(current: Customer, kind: str, value: str) -> str:
    if kind not in ContactPoint.Kind.values:
        sentence = _("“%(kind)s” is neither email nor phone.") % {"kind": kind[:20]}
        raise Invalid(sentence, fields={"kind": [sentence]})
    try:
        return str(normalise({kind: value}, country=current.country)[kind])
    except Invalid as refused:
        raise Invalid(refused.sentence, fields={"value": next(iter(refused.fields.values()))}) from refused


def _label(text: str) -> str:
    try:
        return clean(text, limit=_LABEL)
    except BadText as problem:
        raise Invalid(str(problem), fields={"label": [str(problem)]}) from problem


def _follow(current: Customer, changes: dict[str, list[Any]]) -> None:
    """Let search know, let the version rise, and tell the timeline."""
    write(current, found_by(profile_of(current)))
    search.mark_unindexed([current.pk])
    record(ContactChanged(changes=changes), customer=current, subject=current)
