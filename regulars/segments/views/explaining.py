"""Why somebody is in a group, and why somebody is not."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _

from regulars.core.errors import Invalid
from regulars.core.ui import words as said
from regulars.customers import reads
from regulars.customers.models import Customer
from regulars.customers.queries import ListRequest, customer_page
from regulars.segments.bits import unpacked
from regulars.segments.engine import asking
from regulars.segments.engine.changing import is_true
from regulars.segments.language.tree import And, Everybody, Node, Not, Or, clauses
from regulars.segments.models import Group, Spell
from regulars.segments.views.trying import Work

_FOUND = 6


@dataclass(slots=True)
class Reason:
    """A condition in words, whether it is fulfilled, and by what."""

    words: str
    is_true: bool
    value: str


@dataclass(slots=True)
class Account:
    """Why somebody is in, or not: line by line, with the smallest change, and when time alone changes it."""

    customer: Customer
    is_in: bool
    reasons: list[Reason] = field(default_factory=list)
    headline: str = ""
    flip: str = ""
    flips: str = ""
    joined: dt.datetime | None = None
    is_founder: bool = False


def account(work: Work, public_id: str) -> Account | None:
    """What is to be said of one person; None where the query cannot be asked, or there is no such person."""
    customer = Customer.objects.filter(pk=Customer.pk_of(public_id) or 0).first()
    if customer is None or work.node is None:
        return None
    reads.opened([customer.pk], "group")
    found = asking.explain(work.node, customer, as_of=work.as_of)
    one = Account(customer=customer, is_in=found.is_in, flip=found.flip)
    # in a NOT, what is not so is what fits
    negated = list(_negations(work.node))
    for reason, is_negated in zip(found.reasons, negated, strict=False):
        words = _("not: %(condition)s") % {"condition": reason.words} if is_negated else str(reason.words)
        one.reasons.append(Reason(words, reason.is_true is not is_negated, str(reason.value)))
    if found.flips_on is not None:
        day = {"day": said.day(found.flips_on)}
        one.flips = (
            _("Without anything happening, that ends on %(day)s.") % day
            if found.is_in
            else _("Without anything happening, they will be in it on %(day)s.") % day
        )
    if not found.is_in:
        one.headline = _headline(work, customer, [reason.is_true for reason in found.reasons])
    elif work.group is not None and not work.is_changed and work.as_of is None:
        _when(one, work.group)
    return one


def people(typed: str, reader: Any, where: str = "group") -> list[Customer]:
    """The customers that answer what was typed."""
    typed = typed.strip()
    if not typed or not reader.may("customers.view"):
        return []
    try:
        wanted = ListRequest.from_query(
            {"q": typed, "limit": str(_FOUND)}, language=get_language() or "en", reader=reader
        )
    except Invalid:
        return []  # what is no search yet finds nobody and is no mistake
    found = customer_page(wanted).rows
    reads.listed(wanted, found, where)
    return found


def _headline(work: Work, customer: Customer, truths: list[bool]) -> str:
    """Which lines keep somebody out: those of the parts that all have to be fulfilled, and are not."""
    node = work.node
    if node is None or not truths:
        return _("%(name)s is not in it.") % {"name": customer}
    left = iter(truths)
    # every part takes its share of the answers, whether or not it is fulfilled
    out = [part for part in (node.parts if isinstance(node, And) else (node,)) if not is_true(part, left)]
    lines = [work.text.count("\n", 0, next(clauses(part)).span[0]) + 1 for part in out]
    words = {"name": customer, "line": said.number(lines[0]) if lines else "", "count": said.number(len(lines))}
    if len(lines) == 1:
        return _("One line keeps %(name)s out: line %(line)s.") % words
    return ngettext("%(count)s line keeps %(name)s out.", "%(count)s lines keep %(name)s out.", len(lines)) % words


def _negations(node: Node, *, is_negated: bool = False) -> Iterator[bool]:
    """For every clause, whether an odd number of NOT stands before it."""
    match node:
        case And(parts) | Or(parts):
            for part in parts:
                yield from _negations(part, is_negated=is_negated)
        case Not(part):
            yield from _negations(part, is_negated=not is_negated)
        case Everybody():
            return
        case _:
            yield is_negated


def _when(one: Account, group: Group) -> None:
    spell = Spell.objects.filter(group=group, customer=one.customer, left_at__isnull=True).first()
    if spell is not None:
        one.joined = spell.joined_at
    else:
        founders = Group.objects.values_list("founders", flat=True).get(pk=group.pk)
        one.is_founder = one.customer.pk in unpacked(founders)
