"""Why somebody is in a group, and why somebody is not."""

from __future__ import annotations

import datetime as dt
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
from regulars.segments.models import Group, Spell
from regulars.segments.views.trying import Work

_FOUND = 6


@dataclass(slots=True)
class Reason:
    """A condition in words, whether it is fulfilled, and by what."""

    words: str
    is_true: bool
    value: str
    depth: int = 0


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
    reasons = [Reason(str(one.words), one.is_true, str(one.value or "")) for one in found.reasons]
    one = Account(customer=customer, is_in=found.is_in, reasons=reasons, flip=str(found.flip or ""))
    if found.flips_on is not None:
        day = {"day": said.day(found.flips_on)}
        one.flips = (
            _("Without anything happening, that ends on %(day)s.") % day
            if found.is_in
            else (_("Without anything happening, they will be in it on %(day)s.") % day)
        )
    if not found.is_in:
        stops = sum(not reason.is_true for reason in reasons)
        one.headline = (
            ngettext("%(count)s line keeps %(name)s out.", "%(count)s lines keep %(name)s out.", stops)
            % {"count": said.number(stops), "name": customer}
            if stops != 1
            else _("One line keeps %(name)s out.") % {"name": customer}
        )
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


def _when(one: Account, group: Group) -> None:
    spell = Spell.objects.filter(group=group, customer=one.customer, left_at__isnull=True).first()
    if spell is not None:
        one.joined = spell.joined_at
    else:
        founders = Group.objects.values_list("founders", flat=True).get(pk=group.pk)
        one.is_founder = one.customer.pk in unpacked(founders)
