"""What somebody did, in words: “placed at least 3 orders whose amount is more than €50”, “bought no products”."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.utils.translation import gettext as _
from django.utils.translation import npgettext, pgettext

from regulars.segments.language.tree import Argument, Operator, Step
from regulars.segments.language.words import DATED, NUMERIC, Function, Kind, Parameter, Total, Words
from regulars.segments.phrasing.comparing import compared, how_many, put_together
from regulars.segments.phrasing.values import filled, in_words, kind_of, lowered

_PLACED = "customer_within_distance"


@dataclass(frozen=True, slots=True)
class _Wording:
    """How a function is said: `what` is the noun with all that is asked of it, of one or of several. `names` is the
    parameter that can stand for the noun: ‘Tea’ for products whose name is ‘Tea’.
    """

    some: Callable[[], str]
    none: Callable[[], str]
    unless: Callable[[], str]
    noun: Callable[[int], str]
    counted: Callable[[int], str]
    names: str = ""


_ORDERS = _Wording(
    some=lambda: _("placed %(what)s"),
    none=lambda: _("placed no %(what)s"),
    unless=lambda: _("did not place %(what)s"),
    noun=lambda number: npgettext("what somebody placed", "order", "orders", number),
    counted=lambda _number: pgettext("what somebody placed", "%(count)s %(noun)s"),
)
_PRODUCTS = _Wording(
    some=lambda: _("bought %(what)s"),
    none=lambda: _("never bought %(what)s"),
    unless=lambda: _("did not buy %(what)s"),
    noun=lambda _number: pgettext("what somebody bought", "products"),
    counted=lambda number: npgettext(
        "what somebody bought", "%(noun)s in %(count)s order", "%(noun)s in %(count)s orders", number
    ),
    names="name",
)
_RETURNS = _Wording(
    some=lambda: pgettext("returns", "had %(what)s"),
    none=lambda: pgettext("returns", "had no %(what)s"),
    unless=lambda: pgettext("returns", "did not have %(what)s"),
    noun=lambda number: npgettext("what somebody had", "return", "returns", number),
    counted=lambda _number: pgettext("what somebody had", "%(count)s %(noun)s"),
)
_EVENTS = _Wording(
    some=lambda: pgettext("events", "had %(what)s"),
    none=lambda: pgettext("events", "had no %(what)s"),
    unless=lambda: pgettext("events", "did not have %(what)s"),
    noun=lambda number: npgettext("on the timeline", "event", "events", number),
    counted=lambda _number: pgettext("on the timeline", "%(count)s %(noun)s"),
)
_JOINED = _Wording(
    some=lambda: _("joined %(what)s"),
    none=lambda: _("never joined %(what)s"),
    unless=lambda: _("did not join %(what)s"),
    noun=lambda _number: pgettext("what somebody joined", "groups"),
    counted=lambda _number: pgettext("what somebody joined", "%(count)s %(noun)s"),
    names="name",
)
_INQUIRIES = _Wording(
    some=lambda: pgettext("inquiries", "had %(what)s"),
    none=lambda: pgettext("inquiries", "had no %(what)s"),
    unless=lambda: pgettext("inquiries", "did not have %(what)s"),
    noun=lambda number: npgettext("what somebody asked", "inquiry", "inquiries", number),
    counted=lambda _number: pgettext("what somebody asked", "%(count)s %(noun)s"),
)
_WORDINGS = {
    "orders_placed": _ORDERS,
    "products_purchased": _PRODUCTS,
    "orders_returned": _RETURNS,
    "inquiries": _INQUIRIES,
    "events": _EVENTS,
    "joined_segment": _JOINED,
}


_SHORT: dict[str, Callable[[], str]] = {
    "amount": lambda: pgettext("of rows", "amount"),
    "sum_amount": lambda: pgettext("of rows", "total amount"),
    "average_amount": lambda: pgettext("of rows", "average amount"),
    "quantity": lambda: pgettext("of rows", "quantity"),
    "sum_quantity": lambda: pgettext("of rows", "total quantity"),
    "name": lambda: pgettext("of rows", "name"),
    "tag": lambda: pgettext("of rows", "tag"),
    "category": lambda: pgettext("of rows", "category"),
    "kind": lambda: pgettext("of rows", "kind"),
}
_YES_NO: dict[str, tuple[Callable[[], str], Callable[[], str]]] = {
    "first": (lambda: _("that are not their first"), lambda: _("that are their first")),
    "returned": (lambda: _("of which nothing came back"), lambda: _("of which something came back")),
}


def done(function: Function | None, name: str, arguments: Sequence[Argument], *, is_negated: bool) -> str:
    """What somebody did, or (`is_negated`) did not do, after “who”."""
    if name == _PLACED and function is not None:
        return _lives(function, arguments, is_negated=is_negated)
    wording = _WORDINGS.get(name) or _other(name if function is None else str(function.label))
    of_rows = [one for one in arguments if _total(one, function) is None]
    totals = [one for one in arguments if _total(one, function) is not None]
    counts = [
        one for one in totals if _total(one, function) is Total.COUNT and one.test.operator is not Operator.IS_NULL
    ]
    if len(totals) == 1 and counts and _is_zero(counts[0]):
        # of no row at all there is the plain word
        totals, counts, is_negated = [], [], not is_negated
    if not totals:
        what = _what(wording, of_rows, [], [], function)
        return filled(wording.none() if is_negated else wording.some(), what=what)
    what = _what(wording, of_rows, counts, [one for one in totals if one not in counts], function)
    return filled(wording.unless() if is_negated else wording.some(), what=what)


def steps_done(steps: Sequence[Step], words: Words) -> str:
    """What happened one after the other: “placed orders, then bought ‘Tea’”."""
    text = ""
    for number, step in enumerate(steps):
        did = done(words.function(step.function), step.function, step.arguments, is_negated=step.is_negated)
        if not text:
            text = did
            continue
        if not step.is_negated:
            template = pgettext("steps", "%(steps)s, then %(did)s")
        elif any(not later.is_negated for later in steps[number:]):
            template = pgettext("not between two steps", "%(steps)s, then %(did)s")
        else:
            template = pgettext("not after the last step", "%(steps)s, then %(did)s")
        text = filled(template, steps=text, did=did)
    return text


def is_count(argument: Argument, function: Function | None) -> bool:
    """Whether an argument says how many there are."""
    return _total(argument, function) is Total.COUNT


def tested(argument: Argument, function: Function | None) -> str:
    """One argument by itself: “Amount of one order more than €50”."""
    parameter = _parameter(argument, function)
    if parameter.kind is Kind.PLACE:
        return in_words(argument.test.values[0], Kind.PLACE)
    if function is not None and _is_distance(function, parameter):
        return compared(argument.test, parameter.kind, unit=_units()[parameter.name]).whole
    test = compared(argument.test, parameter.kind, parameter.values, is_parameter=True).whole
    return put_together(str(parameter.label), test)


def _what(
    wording: _Wording,
    of_rows: list[Argument],
    counts: list[Argument],
    totals: list[Argument],
    function: Function | None,
) -> str:
    """The noun, how many of it, which, and what they come to."""
    named = next((one for one in of_rows if one.parameter == wording.names and _is_name(one)), None)
    number = int(counts[0].test.values[-1]) if counts and isinstance(counts[0].test.values[-1], Decimal) else 2
    text = wording.noun(number)
    if named is not None:
        parameter = _parameter(named, function)
        text = compared(named.test, parameter.kind, parameter.values, is_parameter=True).value
    which = _all_which([one for one in of_rows if one is not named], function)
    if which:
        text = filled(pgettext("which", "%(what)s %(which)s"), what=text, which=which)
    if counts:
        text = filled(wording.counted(number), noun=text, count=how_many(counts[0].test))
    if totals:
        said = _one_and_other([_total_of(one, function) for one in totals])
        text = filled(pgettext("totals", "%(what)s, with %(totals)s"), what=text, totals=said)
    return text


def _all_which(arguments: Sequence[Argument], function: Function | None) -> str:
    """What is asked of each row: when it was, and all else."""
    dated = [one for one in arguments if one.parameter == "date" and one.test.operator is not Operator.IS_NULL]
    when = [
        filled(pgettext("of rows, when", "%(test)s"), test=compared(one.test, _parameter(one, function).kind).whole)
        for one in dated
    ]
    others = [_which(one, function) for one in arguments if one not in dated]
    if when and others:
        template = pgettext("when, and what else", "%(when)s %(others)s")
        return filled(template, when=when[0], others=_one_and_other(others))
    return _one_and_other(when or others) if when or others else ""


def _which(argument: Argument, function: Function | None) -> str:
    """One thing that is asked of each row: “whose amount is more than €50”."""
    parameter = _parameter(argument, function)
    test = argument.test
    whole = compared(test, parameter.kind, parameter.values, is_parameter=True).whole
    label = _label(parameter, function)
    if test.operator is not Operator.IS_NULL:
        if parameter.kind in DATED:
            return filled(pgettext("of rows", "whose %(label)s was %(test)s"), label=label, test=whole)
        if parameter.kind in NUMERIC:
            return filled(pgettext("of rows", "whose %(label)s is %(test)s"), label=label, test=whole)
        if parameter.kind is Kind.YES_NO:
            said = _YES_NO.get(parameter.name) if function is not None and function.name in _WORDINGS else None
            if said is not None and test.operator is Operator.EQUAL:
                return said[(test.values[0] is True) is not test.is_negated]()
            template = pgettext("of rows", "for which “%(label)s” %(test)s")
            return filled(template, label=str(parameter.label), test=whole)
    return filled(pgettext("of rows", "whose %(label)s %(test)s"), label=label, test=whole)


def _total_of(argument: Argument, function: Function | None) -> str:
    parameter = _parameter(argument, function)
    return put_together(_label(parameter, function), compared(argument.test, parameter.kind, parameter.values).whole)


def _label(parameter: Parameter, function: Function | None) -> str:
    """How a parameter is called inside a sentence, where its noun stands beside it."""
    short = _SHORT.get(parameter.name) if function is not None and function.name in _WORDINGS else None
    return lowered(str(parameter.label)) if short is None else short()


def _one_and_other(said: Sequence[str]) -> str:
    text = said[-1]
    for number, one in enumerate(reversed(said[:-1])):
        template = pgettext("of rows", "%(one)s, %(other)s") if number else pgettext("of rows", "%(one)s and %(other)s")
        text = filled(template, one=one, other=text)
    return text


def _lives(function: Function, arguments: Sequence[Argument], *, is_negated: bool) -> str:
    place, far = "", []
    for one in arguments:
        parameter = _parameter(one, function)
        if parameter.kind is Kind.PLACE:
            place = in_words(one.test.values[0], Kind.PLACE)
        else:
            unit = _units()[parameter.name]
            far.append(compared(one.test, parameter.kind, unit=unit).whole)
    template = (
        _("have no address %(far)s from %(place)s") if is_negated else _("have an address %(far)s from %(place)s")
    )
    return filled(template, far=_one_and_other(far), place=place)


def _units() -> dict[str, str]:
    return {"distance_km": _("%(number)s km"), "distance_mi": _("%(number)s mi")}


def _other(label: str) -> _Wording:
    """A function that has no words of its own, by its label."""
    return _Wording(
        some=lambda: pgettext("something else", "had %(what)s"),
        none=lambda: pgettext("something else", "had no %(what)s"),
        unless=lambda: pgettext("something else", "did not have %(what)s"),
        noun=lambda _number: filled(pgettext("something else", "“%(label)s”"), label=label),
        counted=lambda _number: pgettext("something else", "%(count)s × %(noun)s"),
    )


def _parameter(argument: Argument, function: Function | None) -> Parameter:
    known = None if function is None else function.parameters.get(argument.parameter)
    return known or Parameter(name=argument.parameter, label=argument.parameter, kind=kind_of(argument.test))


def _total(argument: Argument, function: Function | None) -> Total | None:
    return _parameter(argument, function).total


def _is_distance(function: Function, parameter: Parameter) -> bool:
    return function.name == _PLACED and parameter.name in _units()


def _is_name(argument: Argument) -> bool:
    return argument.test.operator in (Operator.EQUAL, Operator.IN) and not argument.test.is_negated


def _is_zero(argument: Argument) -> bool:
    test = argument.test
    return test.operator is Operator.EQUAL and not test.is_negated and test.values == (Decimal(0),)
