"""What a row of the builder is drawn with: choices of fields and operators, and inputs for values of each kind."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext, pgettext_lazy

from regulars.segments.forms.rows import ANNIVERSARY, GROUPS, FormRow, FormTest
from regulars.segments.language.operators import Subject, of_anniversary, of_attribute, of_parameter, spellings
from regulars.segments.language.words import DATED, NUMERIC, Kind, Words
from regulars.segments.vocabulary.declared import Known, Rows, known
from regulars.segments.vocabulary.declared import rows as known_rows

MOST_CHOICES = 300

_OPERATORS: Mapping[str, Any] = {
    "=": pgettext_lazy("in a row of the builder", "is"),
    "!=": pgettext_lazy("in a row of the builder", "is not"),
    ">": pgettext_lazy("in a row of the builder", "is more than"),
    ">=": pgettext_lazy("in a row of the builder", "is at least"),
    "<": pgettext_lazy("in a row of the builder", "is less than"),
    "<=": pgettext_lazy("in a row of the builder", "is at most"),
    "BETWEEN": pgettext_lazy("in a row of the builder", "is between"),
    "NOT BETWEEN": pgettext_lazy("in a row of the builder", "is not between"),
    "IN": pgettext_lazy("in a row of the builder", "is one of"),
    "NOT IN": pgettext_lazy("in a row of the builder", "is none of"),
    "CONTAINS": pgettext_lazy("in a row of the builder", "contains"),
    "NOT CONTAINS": pgettext_lazy("in a row of the builder", "does not contain"),
    "STARTS WITH": pgettext_lazy("in a row of the builder", "begins with"),
    "NOT STARTS WITH": pgettext_lazy("in a row of the builder", "does not begin with"),
    "ENDS WITH": pgettext_lazy("in a row of the builder", "ends with"),
    "NOT ENDS WITH": pgettext_lazy("in a row of the builder", "does not end with"),
    "IS NULL": pgettext_lazy("in a row of the builder", "has no value"),
    "IS NOT NULL": pgettext_lazy("in a row of the builder", "has a value"),
}
_OF_DATES: Mapping[str, Any] = {
    ">": pgettext_lazy("in a row of the builder", "is after"),
    ">=": pgettext_lazy("in a row of the builder", "is from"),
    "<": pgettext_lazy("in a row of the builder", "is before"),
    "<=": pgettext_lazy("in a row of the builder", "is until"),
}
_OF_LISTS: Mapping[str, Any] = {
    "CONTAINS": pgettext_lazy("in a row of the builder", "has"),
    "NOT CONTAINS": pgettext_lazy("in a row of the builder", "does not have"),
    "IN": pgettext_lazy("in a row of the builder", "has one of"),
    "NOT IN": pgettext_lazy("in a row of the builder", "has none of"),
}
_OF_GROUPS: Mapping[str, Any] = {
    "IN": pgettext_lazy("in a row of the builder", "are in"),
    "NOT IN": pgettext_lazy("in a row of the builder", "are not in"),
}
_HOWS: Mapping[str, Any] = {
    "ago_d": gettext_lazy("days ago"),
    "ago_w": gettext_lazy("weeks ago"),
    "ago_m": gettext_lazy("months ago"),
    "ago_y": gettext_lazy("years ago"),
    "today": gettext_lazy("today"),
    "on_d": gettext_lazy("days from now"),
    "on_w": gettext_lazy("weeks from now"),
    "on_m": gettext_lazy("months from now"),
    "on_y": gettext_lazy("years from now"),
    "start_week": gettext_lazy("the first day of this week"),
    "start_month": gettext_lazy("the first day of this month"),
    "start_quarter": gettext_lazy("the first day of this quarter"),
    "start_year": gettext_lazy("the first day of this year"),
    "day": gettext_lazy("on a date"),
    "moment": gettext_lazy("at a time"),
}
_JOINERS: Mapping[str, Any] = {
    "": pgettext_lazy("begins the rows of a query", "Who"),
    "not": pgettext_lazy("begins the rows of a query", "Who not"),
    "and": pgettext_lazy("joins two conditions", "and"),
    "or": pgettext_lazy("joins two conditions", "or"),
    "and not": pgettext_lazy("joins two conditions", "and not"),
    "or not": pgettext_lazy("joins two conditions", "or not"),
}
_FIRST_OPERATOR = {Kind.NUMBER: ">=", Kind.DECIMAL: ">=", Kind.MONEY: ">=", Kind.MOMENT: ">=", Kind.DAY: ">="}
_FIRST_VALUE = {Kind.NUMBER: "1", Kind.DECIMAL: "1", Kind.MONEY: "100", Kind.YES_NO: "true"}


@dataclass(slots=True, kw_only=True)
class Option:
    """One choice of a select, or a box."""

    value: str
    label: Any
    is_on: bool = False


@dataclass(slots=True, kw_only=True)
class Control:
    """One piece of a row: `kind` is select, groups (a select with headings), input, boxes, hidden or words."""

    kind: str
    name: str = ""
    value: str = ""
    label: Any = ""
    css: str = ""
    type: str = "text"
    options: list[Option] = field(default_factory=list)
    sections: list[tuple[Any, list[Option]]] = field(default_factory=list)
    id: str = ""


@dataclass(slots=True, kw_only=True)
class DrawnTest:
    """One condition on the rows of a function."""

    number: int
    controls: list[Control]


@dataclass(slots=True, kw_only=True)
class DrawnRow:
    """A row with its controls; a bracket with the rows in it."""

    number: int
    row: FormRow
    joiner: Control
    controls: list[Control] = field(default_factory=list)
    tests: list[DrawnTest] = field(default_factory=list)
    has_more: bool = False
    inside: list[DrawnRow] = field(default_factory=list)


def drawn(rows: Sequence[FormRow], words: Words) -> list[DrawnRow]:
    """The rows of a form, each in the bracket it stands in. Fills in what a newly chosen field is asked first."""
    top: list[DrawnRow] = []
    places: list[list[DrawnRow]] = [top]
    fields = _fields(words)
    for number, row in enumerate(rows):
        del places[row.depth + 1 :]
        one = _row(number, row, words, fields, is_first=not places[row.depth])
        places[row.depth].append(one)
        if row.is_bracket:
            places.append(one.inside)
    return top


def completed(rows: Sequence[FormRow], words: Words) -> None:
    """Fill in what a newly chosen field, or another operator, is asked first; drops what fits no more."""
    for row in rows:
        if row.is_bracket or row.text or not row.name:
            continue
        if row.name in words.functions:
            function = words.functions[row.name]
            if row.was != f"function:{row.name}":
                row.tests, row.is_negated = [], False
            row.was = f"function:{row.name}"
            for test in row.tests:
                parameter = function.parameters.get(test.name)
                if parameter is not None:
                    _complete(test, of_parameter(function, parameter))
            continue
        subject = _subject(row.name, words)
        if subject is None:
            continue
        if row.was != f"attribute:{row.name}" and row.was:
            row.tests = []
        row.was = f"attribute:{row.name}"
        row.tests = row.tests[:1] or [FormTest()]
        _complete(row.tests[0], subject)


def operator_words(operator: str, kind: Kind | None) -> Any:
    """An operator as rows say it."""
    special = _OF_DATES if kind in DATED else _OF_LISTS if kind is Kind.LIST else {}
    return special.get(operator, _OPERATORS.get(operator, operator))


# ── fields


def _fields(words: Words) -> list[tuple[Any, list[Option]]]:
    """What can be asked, under its headings, functions first: they are what most rules begin with."""
    declared: dict[str, Known | Rows] = {**known_rows(), **known()}
    found: dict[str, list[Option]] = {}
    labels: list[tuple[str, Any]] = [*words.functions.items(), *words.attributes.items()]
    for name, one in labels:
        section = str(declared[name].section) if name in declared else ""
        found.setdefault(section, []).append(Option(value=name, label=one.label))
        if name in words.attributes and words.attributes[name].kind in DATED and _has_anniversary(name):
            label = _("%(date)s, in any year") % {"date": one.label}
            found[section].append(Option(value=f"anniversary({name})", label=label))
    groups = [Option(value=GROUPS, label=_("Groups"))] if words.groups else []
    return [*(([(_("Groups"), groups)]) if groups else []), *found.items()]


def _has_anniversary(name: str) -> bool:
    one = known().get(name)
    return one is not None and (bool(one.birthday) or one.attribute.kind is Kind.MOMENT)


def _subject(name: str, words: Words) -> Subject | None:
    if name == GROUPS:
        return Subject(GROUPS, Kind.CHOICE, (), lambda: [(group, group) for group in words.groups])
    anniversary = ANNIVERSARY.fullmatch(name)
    attribute = words.attribute(anniversary[1] if anniversary else name)
    if attribute is None:
        return None
    return of_anniversary(attribute) if anniversary else of_attribute(attribute)


# ── rows


def _row(
    number: int, row: FormRow, words: Words, fields: list[tuple[Any, list[Option]]], *, is_first: bool
) -> DrawnRow:
    prefix = f"r{number}"
    joiners = ("", "not") if is_first else ("and", "or", "and not", "or not")
    first = _JOINERS if row.depth == 0 or not is_first else {"": "–", "not": _("not")}
    joiner = Control(
        kind="select",
        name=f"{prefix}-joiner",
        label=_("How it goes on"),
        css="op",
        options=[Option(value=one, label=first[one], is_on=one == row.joiner) for one in joiners],
    )
    one = DrawnRow(number=number, row=row, joiner=joiner)
    if row.is_bracket:
        return _named(one)
    if row.text:
        one.controls = [Control(kind="input", name=f"{prefix}-text", value=row.text, css="wide", label=_("Condition"))]
        return _named(one)
    sections = [
        (section, [Option(value=at.value, label=at.label, is_on=at.value == row.name) for at in options])
        for section, options in fields
    ]
    one.controls = [
        Control(kind="groups", name=f"{prefix}-name", label=_("Field"), sections=sections, value=row.name),
        Control(kind="hidden", name=f"{prefix}-was", value=row.was),
    ]
    function = words.functions.get(row.name)
    if function is not None:
        choices = (("", pgettext("rows of a function", "with")), ("1", pgettext("rows of a function", "without")))
        options = [Option(value=key, label=label, is_on=bool(key) == row.is_negated) for key, label in choices]
        one.controls.append(
            Control(kind="select", name=f"{prefix}-negated", css="op", options=options, label=_("With or without"))
        )
        free = [name for name in function.parameters if name not in {test.name for test in row.tests}]
        one.has_more = bool(free)
        for at, test in enumerate(row.tests):
            key = f"{prefix}t{at}"
            names = [name for name in function.parameters if name in free or name == test.name]
            which = [
                Option(value=name, label=function.parameters[name].label, is_on=name == test.name) for name in names
            ]
            controls = [
                Control(kind="hidden", name=f"{prefix}-test", value=str(at)),
                Control(kind="select", name=f"{key}-name", options=[_NOTHING(), *which], label=_("Detail")),
            ]
            if (parameter := function.parameters.get(test.name)) is not None:
                controls += _of_test(key, test, of_parameter(function, parameter))
            one.tests.append(DrawnTest(number=at, controls=controls))
    elif row.tests and (subject := _subject(row.name, words)) is not None:
        key = f"{prefix}t0"
        one.controls.append(Control(kind="hidden", name=f"{prefix}-test", value="0"))
        one.controls += _of_test(key, row.tests[0], subject, is_groups=row.name == GROUPS)
    return _named(one)


def _named(one: DrawnRow) -> DrawnRow:
    """Every control with an id of its own, so that the cursor finds its place again."""
    count: dict[str, int] = {}
    for control in [one.joiner, *one.controls, *(part for test in one.tests for part in test.controls)]:
        count[control.name] = at = count.get(control.name, -1) + 1
        control.id = f"b-{control.name}-{at}"
    return one


def _NOTHING() -> Option:  # noqa: N802 - a constant in the reader's language
    return Option(value="", label=_("Choose…"))


# ── tests


def _complete(test: FormTest, subject: Subject) -> None:
    spelled = ("IN", "NOT IN") if subject.name == GROUPS else spellings(subject)
    about = f"{subject.name}:{subject.kind}"
    if test.was and test.was != about:
        test.operator, test.values, test.hows = "", [], []
    test.was = about
    if test.operator not in spelled:
        test.operator = _FIRST_OPERATOR.get(subject.kind, spelled[0]) if spelled else ""
        test.operator = test.operator if test.operator in spelled else spelled[0]
    if not test.values and not test.operator.endswith("NULL"):
        test.values, test.hows = _first_values(subject)
    if test.operator.endswith("BETWEEN"):
        while len(test.values) < 2:
            test.values.append(test.values[0] if test.values else "")
        test.hows += [test.hows[0] if test.hows else ""] * (2 - len(test.hows))
    if subject.kind in DATED:
        for place, how in enumerate(test.hows):
            if place < len(test.values):
                test.values[place] = _fitting(test.values[place], how)


def _first_values(subject: Subject) -> tuple[list[str], list[str]]:
    if subject.kind in DATED:
        return ["90"], ["ago_d"]
    if subject.kind is Kind.CHOICE and subject.name != GROUPS and not subject.is_open and subject.values:
        return [value for value, _label in subject.values()[:1]], ["text"]
    return [_FIRST_VALUE.get(subject.kind, "")], [_how(subject)]


def _fitting(value: str, how: str) -> str:
    """A value that was typed for another way to say a date is of no use for this one."""
    if how == "today" or how.startswith("start_"):
        return ""
    is_number = value.isdecimal()
    if how in {"day", "moment"}:
        return (
            ""
            if is_number
            else (value[:10] if how == "day" else value if "T" in value or not value else f"{value}T00:00")
        )
    return value if is_number else "90"


def _how(subject: Subject) -> str:
    if subject.kind is Kind.PLACE:
        return "place"
    return "text" if subject.kind in {Kind.TEXT, Kind.CHOICE, Kind.LIST} else ""


def _of_test(key: str, test: FormTest, subject: Subject, *, is_groups: bool = False) -> list[Control]:
    spelled = ("IN", "NOT IN") if is_groups else spellings(subject)
    label: Callable[[str], Any] = (
        (lambda one: _OF_GROUPS[one]) if is_groups else (lambda one: operator_words(one, subject.kind))
    )
    controls = [
        Control(kind="hidden", name=f"{key}-was", value=f"{subject.name}:{subject.kind}"),
        Control(
            kind="select",
            name=f"{key}-op",
            css="op",
            label=_("Comparison"),
            options=[Option(value=one, label=label(one), is_on=one == test.operator) for one in spelled],
        ),
    ]
    return controls + list(_values(key, test, subject))


def _values(key: str, test: FormTest, subject: Subject) -> Iterator[Control]:
    operator = test.operator
    if operator.endswith("NULL"):
        return
    if subject.kind in DATED:
        yield from _dates(key, test)
        return
    is_many = operator.endswith(" IN") or operator == "IN"
    choices = _choices(subject)
    if choices is not None and is_many:
        chosen = set(test.values)
        options = [Option(value=value, label=name, is_on=value in chosen) for value, name in choices]
        known_values = {value for value, _name in choices}
        options += [
            Option(value=value, label=value, is_on=True) for value in test.values if value and value not in known_values
        ]
        summary = pgettext("between the words of a list", ", ").join(str(one.label) for one in options if one.is_on)
        yield Control(kind="boxes", name=f"{key}-v", value=summary or _("Choose…"), options=options, label=_("Values"))
        for _each in options:
            yield Control(kind="hidden", name=f"{key}-how", value="text")
        return
    if choices is not None:
        value = test.values[0] if test.values else ""
        options = [Option(value=one, label=name, is_on=one == value) for one, name in choices]
        if not any(one.is_on for one in options):
            options.insert(0, Option(value=value, label=value or _("Choose…"), is_on=True))
        yield Control(kind="select", name=f"{key}-v", options=options, label=_("Value"))
        yield Control(kind="hidden", name=f"{key}-how", value=_how(subject))
        return
    yield from _typed(key, test, subject, is_many=is_many)


def _choices(subject: Subject) -> list[tuple[str, Any]] | None:
    """The values to choose from; None where a value is typed."""
    if subject.kind is Kind.YES_NO:
        return [("true", pgettext("answer", "Yes")), ("false", pgettext("answer", "No"))]
    if subject.kind not in {Kind.CHOICE, Kind.LIST} or subject.values is None:
        return None
    found = [(value, label) for value, label in subject.values()]
    return found if 0 < len(found) <= MOST_CHOICES else None


def _typed(key: str, test: FormTest, subject: Subject, *, is_many: bool) -> Iterator[Control]:
    values = (
        [value for value in test.values if value] if is_many else test.values[: 2 if "BETWEEN" in test.operator else 1]
    )
    shown = [*values, ""] if is_many else (values or [""])
    css = "num0" if subject.kind in NUMERIC else "txt"
    for place, value in enumerate(shown):
        if place and "BETWEEN" in test.operator:
            yield Control(kind="words", label=pgettext("between two values", "and"))
        yield Control(
            kind="input",
            name=f"{key}-v",
            value=value,
            css=css,
            label=_("Value"),
            type="decimal" if css == "num0" else "text",
        )
        yield Control(kind="hidden", name=f"{key}-how", value=_how(subject))


def _dates(key: str, test: FormTest) -> Iterator[Control]:
    count = 2 if "BETWEEN" in test.operator else max(len(test.values), 1) if test.operator.endswith("IN") else 1
    for place in range(count):
        value = test.values[place] if place < len(test.values) else ""
        how = test.hows[place] if place < len(test.hows) else "ago_d"
        if place and "BETWEEN" in test.operator:
            yield Control(kind="words", label=pgettext("between two values", "and"))
        if how == "today" or how.startswith("start_"):
            yield Control(kind="hidden", name=f"{key}-v", value="")
        else:
            kind = {"day": "date", "moment": "datetime-local"}.get(how, "decimal")
            yield Control(
                kind="input",
                name=f"{key}-v",
                value=value,
                label=_("Value"),
                type=kind,
                css="num0" if kind == "decimal" else "",
            )
        options = [Option(value=one, label=label, is_on=one == how) for one, label in _HOWS.items()]
        yield Control(kind="select", name=f"{key}-how", css="op", options=options, label=_("Which day"))
