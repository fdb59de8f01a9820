"""A list of customers as a query: what its filters say, in the language of groups, and what cannot be said there."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _

from regulars.customers.catalogue import Field, Form, Type
from regulars.customers.conditions import YES, Condition
from regulars.customers.grams import digits_of
from regulars.customers.queries import ListRequest
from regulars.segments.engine import asking
from regulars.segments.language.tree import (
    And,
    Anniversary,
    Ask,
    Everybody,
    InGroups,
    Literal,
    Node,
    Offset,
    Operator,
    Or,
    Test,
    Unit,
)
from regulars.segments.language.words import Kind
from regulars.segments.listing import QUERY, SEGMENT
from regulars.segments.models import Group
from regulars.segments.vocabulary import declared
from regulars.segments.vocabulary.declared import Known

_LEAP_YEAR = 2024
_SAFE_POSTCODE = 2  # characters before which no country writes a space
_NUMBERS = {"": Operator.EQUAL, "min": Operator.AT_LEAST, "max": Operator.AT_MOST}
_DAYS = {"on": Operator.EQUAL, "after": Operator.GREATER, "before": Operator.LESS}
# What lists know of the first address, or the channel somebody came by, groups know of all of them.
_WIDER = {"customer_countries", "sales_channels"}


@dataclass(frozen=True, slots=True)
class Unsaid:
    """A filter that a query cannot say, and why."""

    filter: str
    why: str


@dataclass(frozen=True, slots=True)
class Converted:
    """`query` says what can be said; `unsaid` is what it leaves out, and `notes` what it says a little differently."""

    query: str
    node: Node
    unsaid: tuple[Unsaid, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def is_whole(self) -> bool:
        """Whether the query gives whom the list shows."""
        return not self.unsaid


class _CannotError(Exception):
    """A condition has no words in the language; the sentence says why."""


def from_list(request: ListRequest, *, reader: Any = None) -> Converted:
    """The filters of a list as a query, in their order. The search and what else has no words are told as unsaid."""
    parts: list[Node] = []
    unsaid: list[Unsaid] = []
    notes: list[str] = []
    if request.search:
        unsaid.append(
            Unsaid(
                _("Search: %(words)s") % {"words": request.search},
                _("A search finds people by pieces of many fields. Ask for one of them instead, such as the name."),
            )
        )
    for condition in request.conditions:
        try:
            parts.append(_said(condition, reader))
        except _CannotError as why:
            words = f"{condition.label} {condition.operator_words} {condition.words}".strip()
            unsaid.append(Unsaid(words, str(why)))
            continue
        if condition.field.name in _WIDER:
            notes.append(
                _("%(label)s: a group looks at all of them, a list at the first.") % {"label": condition.label}
            )
    flat = [inner for part in parts for inner in (part.parts if isinstance(part, And) else (part,))]
    told = [part for part in flat if not isinstance(part, Everybody)]
    node: Node = And(tuple(told)) if len(told) > 1 else told[0] if told else Everybody()
    return Converted(asking.canonical(node), node, tuple(unsaid), tuple(dict.fromkeys(notes)))


def _said(condition: Condition, reader: Any) -> Node:
    field, operator = condition.field, condition.operator
    if field.name == SEGMENT:
        ids = [Group.pk_of(one) or 0 for one in condition.value.split(",")]
        names = tuple(Group.objects.filter(pk__in=ids).values_list("name", flat=True))
        return InGroups(names, is_negated=operator == "not")
    if field.name == QUERY:
        node: Node = asking.read(condition.value, reader=reader)
        return node
    if field.type is Type.BIRTHDAY:
        return _birthday(condition)
    known = declared.known().get(field.name)
    if known is None:
        raise _CannotError(_("Groups cannot ask for this field."))
    if operator in {"is_set", "is_empty"}:
        return Ask(field.name, Test(Operator.IS_NULL, is_negated=operator == "is_set"))
    how = _HOW.get(field.type)
    if how is None:
        raise _CannotError(_("Groups compare this field letter by letter; a list finds it as a whole."))
    return how(condition, known)


def _text(condition: Condition, known: Known) -> Node:
    field, operator, value = condition.field, condition.operator, condition.value
    if known.attribute.kind is not Kind.TEXT:
        raise _CannotError(_("Lists look for pieces of words here, groups for whole ones."))
    if operator == "is":
        raise _CannotError(_("Lists disregard capitals and accents here; a group would not. Use “contains”."))
    if field.form is Form.DIGITS:
        return _digits(field, operator, digits_of(value))
    if field.form is Form.COMPACT and (operator != "starts" or len(value) > _SAFE_POSTCODE):
        raise _CannotError(_("Lists disregard spaces in it, which groups do not."))
    how = Operator.STARTS if operator == "starts" else Operator.CONTAINS
    return Ask(field.name, Test(how, (value,)))


def _digits(field: Field, operator: str, digits: str) -> Node:
    if operator == "starts":
        return Ask(field.name, Test(Operator.STARTS, (f"+{digits}",)))
    texts = dict.fromkeys([digits, digits.lstrip("0") or digits])
    asked = tuple(Ask(field.name, Test(Operator.CONTAINS, (text,))) for text in texts)
    return Or(asked) if len(asked) > 1 else asked[0]


def _number(condition: Condition, _known: Known) -> Node:
    return Ask(condition.field.name, Test(_NUMBERS[condition.operator], (Decimal(condition.value),)))


def _date(condition: Condition, _known: Known) -> Node:
    name, operator = condition.field.name, condition.operator
    if operator in {"older_than", "within"}:
        how = Operator.LESS if operator == "older_than" else Operator.AT_LEAST
        return Ask(name, Test(how, (Offset(-int(condition.value), Unit.DAY),)))
    return Ask(name, Test(_DAYS[operator], (dt.date.fromisoformat(condition.value),)))


def _birthday(condition: Condition) -> Node:
    operator, value = condition.operator, condition.value
    if operator == "within":
        days = (Offset(0, Unit.DAY), Offset(int(value), Unit.DAY))
        return Anniversary("birth_date", Test(Operator.BETWEEN, days))
    if operator == "month":
        first = dt.date(_LEAP_YEAR, int(value), 1)
        last = (first + dt.timedelta(days=31)).replace(day=1) - dt.timedelta(days=1)
        return Anniversary("birth_date", Test(Operator.BETWEEN, (first, last)))
    if operator == "on" and value not in {"02-28", "02-29"}:
        return Anniversary("birth_date", Test(Operator.EQUAL, (dt.date.fromisoformat(f"{_LEAP_YEAR}-{value}"),)))
    raise _CannotError(_("Groups keep 28 and 29 February together, and cannot ask whether a birthday is known."))


def _yes_no(condition: Condition, _known: Known) -> Node:
    return Ask(condition.field.name, Test(Operator.EQUAL, (condition.value == YES,)))


def _choice(condition: Condition, known: Known) -> Node:
    values = tuple(_value(condition.field, known, word) for word in condition.value.split(","))
    is_negated = condition.operator == "not"
    if known.attribute.kind is Kind.LIST and condition.operator == "all":
        asked = tuple(Ask(condition.field.name, Test(Operator.CONTAINS, (value,))) for value in values)
        return And(asked) if len(asked) > 1 else asked[0]
    if len(values) > 1:
        return Ask(condition.field.name, Test(Operator.IN, values, is_negated))
    how = Operator.CONTAINS if known.attribute.kind is Kind.LIST else Operator.EQUAL
    return Ask(condition.field.name, Test(how, values, is_negated))


def _value(field: Field, known: Known, word: str) -> Literal:
    """A word of a filter as the language calls it: the same, or what is kept for both."""
    if known.attribute.values is None or known.attribute.is_open or known.attribute.kind is Kind.LIST:
        return word
    names = [name for name, _label in known.attribute.values()]
    if word in names:
        return word
    kept: Mapping[str, Any] = field.keys() if field.keys else {}
    theirs: Mapping[str, Any] = known.keys() if known.keys else {}
    for name in names:
        if word in kept and theirs.get(name) == kept[word]:
            return name
    raise _CannotError(_("Groups have no word for “%(word)s”.") % {"word": word})


_HOW: dict[Type, Callable[[Condition, Known], Node]] = {
    Type.TEXT: _text,
    Type.NUMBER: _number,
    Type.DECIMAL: _number,
    Type.AGE: _number,
    Type.MONEY: _number,
    Type.DATE: _date,
    Type.DAY: _date,
    Type.BORN: _date,
    Type.YES_NO: _yes_no,
    Type.CHOICE: _choice,
    Type.LIST: _choice,
    Type.COUNTRY: _choice,
}
