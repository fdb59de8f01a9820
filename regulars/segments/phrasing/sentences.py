"""A query as one sentence, and a clause as label, operator and value.

The sentence says what the query means, not how it is written: NOT is taken inwards, which changes nobody (De Morgan),
and reads “but who never bought ‘Tea’”. Brackets stand where an And is in an Or, or an Or in an And.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import NamedTuple, cast

from django.utils.translation import gettext as _
from django.utils.translation import pgettext, pgettext_lazy

from regulars.core import shop
from regulars.segments.language import tree
from regulars.segments.language.tree import (
    And,
    Anniversary,
    Argument,
    Ask,
    Call,
    Clause,
    Everybody,
    InGroups,
    Node,
    Not,
    Offset,
    Operator,
    Or,
    Test,
)
from regulars.segments.language.words import DATED, NUMERIC, Attribute, Function, Kind, Label, Words
from regulars.segments.phrasing.comparing import compared, put_together
from regulars.segments.phrasing.functions import done, is_count, steps_done, tested
from regulars.segments.phrasing.values import either, filled, kind_of, length, looked_up_once, lowered, quoted

_NEGATED_ALOUD = frozenset({Operator.EQUAL, Operator.IN, Operator.CONTAINS, Operator.STARTS, Operator.ENDS})


class Phrase(NamedTuple):
    """A clause in three parts, as a row of the editor, a line of “why” and a filter chip show it."""

    label: str
    operator: str
    value: str

    def __str__(self) -> str:
        text = self.label
        for part in (self.operator, self.value):
            text = put_together(text, part) if part else text
        return text


def sentence(node: Node, words: Words) -> str:
    """A query as a sentence: “Customers who spent more than €500, but who never bought ‘Tea’.”"""
    if isinstance(node, Everybody):
        return _("All customers.")
    with looked_up_once():
        conditions = _said(_inwards(node, is_negated=False), words, in_bracket=False)
    return filled(_("Customers %(conditions)s."), conditions=conditions)


def phrase_clause(clause: Clause, words: Words) -> Phrase:
    """A clause by its parts: “Last order”, “more than”, “90 days ago”."""
    match clause:
        case Ask(name, test):
            attribute = _attribute(name, test, words)
            in_words = compared(test, attribute.kind, attribute.values)
            return Phrase(str(attribute.label), in_words.operator, in_words.value)
        case Anniversary(name, test):
            in_words = compared(test, Kind.DAY)
            return Phrase(_anniversary(name, words), in_words.operator, in_words.value)
        case InGroups(names, is_negated):
            operator = pgettext("a group", "is not") if is_negated else pgettext("a group", "is")
            return Phrase(_("Group"), operator, either([quoted(name) for name in names]))
        case tree.Sequence(steps, within, is_negated):
            template = _("not within %(time)s") if is_negated else _("within %(time)s")
            operator = filled(template, time=length(within))
            return Phrase(_("One after the other"), operator, steps_done(steps, words))
        case Call(name, arguments, is_negated):
            return _phrase_call(words.function(name), name, arguments, is_negated=is_negated)


def _phrase_call(function: Function | None, name: str, arguments: Sequence[Argument], *, is_negated: bool) -> Phrase:
    label = name if function is None else str(function.label)
    if not arguments:
        return Phrase(label, pgettext("a function", "never") if is_negated else pgettext("a function", "ever"), "")
    operator = pgettext("a function", "not with") if is_negated else pgettext("a function", "with")
    if len(arguments) == 1 and not is_negated and is_count(arguments[0], function):
        number = compared(arguments[0].test, Kind.NUMBER)
        return Phrase(label, number.operator, number.value)
    template = pgettext("what is asked of a function", "%(one)s, %(other)s")
    return Phrase(label, operator, _joined([tested(one, function) for one in arguments], template, template))


# ── a whole query


def _inwards(node: Node, *, is_negated: bool) -> Node:
    """The same query with NOT only in clauses."""
    match node:
        case Not(part):
            return _inwards(part, is_negated=not is_negated)
        case And(parts) | Or(parts):
            kind = And if isinstance(node, And) != is_negated else Or
            inner = [_inwards(part, is_negated=is_negated) for part in parts]
            flat = [one for part in inner for one in (part.parts if isinstance(part, kind) else (part,))]
            return kind(tuple(flat))
        case Ask(_name, test) | Anniversary(_name, test) if is_negated:
            return replace(node, test=replace(test, is_negated=not test.is_negated))
        case Call() | InGroups() | tree.Sequence() if is_negated:
            return replace(node, is_negated=not node.is_negated)
    return node


def _said(node: Node, words: Words, *, in_bracket: bool) -> str:
    match node:
        case And(parts):
            text = _all_of(parts, words)
        case Or(parts):
            said = [_said(part, words, in_bracket=True) for part in parts]
            text = _joined(
                said,
                pgettext("alternatives", "%(one)s, %(other)s"),
                pgettext("alternatives", "%(one)s or %(other)s"),
            )
        case tree.Sequence():
            text = _clause(node, words)  # has commas of its own
        case _:
            return _clause(cast("Clause", node), words)  # Not was taken inwards, and Everybody stands alone
    return filled(pgettext("a bracket in a query", "(%(conditions)s)"), conditions=text) if in_bracket else text


def _all_of(parts: Sequence[Node], words: Words) -> str:
    """All of some; those at the end that say what somebody did not do stand behind a but."""
    said = [_said(part, words, in_bracket=True) for part in parts]
    end = len(parts)
    while end > 0 and _is_exception(parts[end - 1]):
        end -= 1
    split = end or len(parts)
    together = _and(said[:split])
    if split == len(parts):
        return together
    return filled(_("%(conditions)s, but %(exceptions)s"), conditions=together, exceptions=_and(said[split:]))


def _and(said: Sequence[str]) -> str:
    return _joined(said, pgettext("conditions", "%(one)s, %(other)s"), pgettext("conditions", "%(one)s and %(other)s"))


def _joined(said: Sequence[str], before: str, last: str) -> str:
    text = said[-1]
    for number, one in enumerate(reversed(said[:-1])):
        text = filled(before if number else last, one=one, other=text)
    return text


def _is_exception(node: Node) -> bool:
    match node:
        case Ask(_name, test) | Anniversary(_name, test):
            return test.is_negated and test.operator in _NEGATED_ALOUD
        case Call() | InGroups() | tree.Sequence():
            return node.is_negated
    return False


# ── clauses


def _clause(clause: Clause, words: Words) -> str:
    match clause:
        case Ask(name, test):
            return _ask(_attribute(name, test, words), test)
        case Anniversary(name, test):
            label = lowered(_anniversary(name, words))
            is_missing = test.operator is Operator.IS_NULL
            template = _("whose %(label)s %(test)s") if is_missing else _("whose %(label)s is %(test)s")
            return filled(template, label=label, test=compared(test, Kind.DAY).whole)
        case InGroups(names, is_negated):
            groups = either([quoted(name) for name in names])
            template = _("who are not in the group %(groups)s") if is_negated else _("who are in the group %(groups)s")
            return filled(template, groups=groups)
        case tree.Sequence(steps, within, is_negated):
            template = (
                _("who did not do this within %(time)s: %(steps)s")
                if is_negated
                else _("who %(steps)s, all within %(time)s")
            )
            return filled(template, steps=steps_done(steps, words), time=length(within))
        case Call(name, arguments, is_negated):
            did = done(words.function(name), name, arguments, is_negated=is_negated)
            return filled(_("who %(did)s"), did=did)


def _ask(attribute: Attribute, test: Test) -> str:
    in_words = compared(test, attribute.kind, attribute.values)
    parts = {"label": _noun(attribute), "test": in_words.whole, "value": in_words.value}
    if attribute.name == "is_guest" and test.operator is Operator.EQUAL:
        return _guests(test)
    if attribute.kind is Kind.YES_NO:
        return filled(_("for whom “%(label)s” %(test)s"), **(parts | {"label": str(attribute.label)}))
    if test.operator is Operator.IS_NULL:
        return filled(_("whose %(label)s %(test)s"), **parts)
    if special := _SPECIAL.get(attribute.name):
        return filled(special(test), **parts)
    if attribute.kind in DATED:
        is_ahead = any(_is_ahead(value) for value in test.values)
        template = _("whose %(label)s is %(test)s") if is_ahead else _("whose %(label)s was %(test)s")
        return filled(template, **parts)
    if attribute.kind in NUMERIC:
        return filled(_("whose %(label)s is %(test)s"), **parts)
    return filled(_("whose %(label)s %(test)s"), **parts)


def _noun(attribute: Attribute) -> str:
    """What stands after “whose”. Labels that are made for a column, such as “Looked after by”, have another word."""
    noun = _NOUNS.get(attribute.name)
    if noun is not None:
        return str(noun)
    return str(attribute.label) if attribute.name.startswith("metafields.") else lowered(str(attribute.label))


def _guests(test: Test) -> str:
    is_guest = (test.values[0] is True) is not test.is_negated
    return _("who are guests") if is_guest else _("who are not guests")


def _tagged(test: Test) -> str:
    return _("who are not tagged %(value)s") if test.is_negated else _("who are tagged %(value)s")


def _paid_by(test: Test) -> str:
    return _("who never paid by %(value)s") if test.is_negated else _("who paid by %(value)s")


_NOUNS: dict[str, Label] = {
    "amount_spent": pgettext_lazy("whose", "amount spent"),
    "amount_refunded": pgettext_lazy("whose", "amount paid back"),
    "number_of_orders": pgettext_lazy("whose", "number of orders"),
    "number_of_returns": pgettext_lazy("whose", "number of returns"),
    "number_of_inquiries": pgettext_lazy("whose", "number of inquiries"),
    "number_of_complaints": pgettext_lazy("whose", "number of complaints"),
    "number_of_open_inquiries": pgettext_lazy("whose", "number of open inquiries"),
    "days_between_orders": pgettext_lazy("whose", "usual number of days between orders"),
    "spend_band": pgettext_lazy("whose", "spending"),
    "purchase_frequency_band": pgettext_lazy("whose", "frequency of buying"),
    "customer_added_date": pgettext_lazy("whose", "first day as a customer"),
    "payment_methods": pgettext_lazy("whose", "ways of paying"),
    "payment_days": pgettext_lazy("whose", "number of days to pay"),
    "payment_preference": pgettext_lazy("whose", "preferred way of paying"),
    "preferred_channels": pgettext_lazy("whose", "preferred channels"),
    "interests": pgettext_lazy("whose", "interests"),
    "shopping_frequency": pgettext_lazy("whose", "own word on how often they shop"),
    "companies": pgettext_lazy("whose", "employer"),
    "assigned_to": pgettext_lazy("whose", "colleague in charge"),
    "created_by_app_id": pgettext_lazy("whose", "number of the app that made them"),
}
_SPECIAL: dict[str, Callable[[Test], str]] = {
    "amount_spent": lambda _test: _("who spent %(test)s"),
    "amount_refunded": lambda _test: _("who were paid back %(test)s"),
    "customer_added_date": lambda _test: _("who became customers %(test)s"),
    "customer_tags": _tagged,
    "payment_methods": _paid_by,
}


def _attribute(name: str, test: Test, words: Words) -> Attribute:
    """An attribute; one that the reader may not see, or that is gone, by its bare name."""
    known = words.attribute(name)
    return known if known is not None else Attribute(name=name, label=name, kind=kind_of(test))


def _anniversary(name: str, words: Words) -> str:
    if name == "birth_date":
        return _("Birthday")
    known = words.attribute(name)
    label = name if known is None else lowered(str(known.label))
    return filled(_("Anniversary of %(label)s"), label=label)


def _is_ahead(value: tree.Literal) -> bool:
    match value:
        case Offset(count, _unit):
            return count > 0
        case dt.datetime():
            return value.date() > shop.today()
        case dt.date():
            return value > shop.today()
    return False
