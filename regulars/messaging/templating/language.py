"""Liquid with most of it taken out. What is left can ask, choose, repeat and write values; it cannot reach anything.

The library brings the grammar. Tags and filters are those named here; a name is looked up in dictionaries and lists
that were copied from the values and hold nothing but text, numbers, dates and money: there are no attributes.
"""

from __future__ import annotations

import datetime as dt
import re
import time
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from functools import lru_cache
from io import StringIO
from typing import Any, TextIO

from django.utils.functional import Promise
from django.utils.html import escape
from django.utils.translation import gettext as _
from liquid import Environment, Undefined
from liquid.ast import Node
from liquid.builtin.content import Literal
from liquid.builtin.expressions import FilteredExpression, Path
from liquid.builtin.expressions.primitive import StringLiteral
from liquid.builtin.illegal import Illegal
from liquid.builtin.output import Output, OutputNode
from liquid.builtin.tags.case_tag import CaseTag
from liquid.builtin.tags.comment_tag import CommentTag
from liquid.builtin.tags.for_tag import BreakTag, ContinueTag, ForLoop, ForNode, ForTag
from liquid.builtin.tags.if_tag import IfTag
from liquid.builtin.tags.unless_tag import UnlessTag
from liquid.context import RenderContext
from liquid.exceptions import BreakLoop, ContinueLoop, LiquidError
from liquid.expression import Expression
from liquid.output import LimitedStringIO
from liquid.template import BoundTemplate
from liquid.utils import ReadOnlyChainMap

from regulars.core.money import Money
from regulars.messaging.templating import HTML, SUBJECT, BadTemplate, MissingValues, filters

LONGEST_TEXT = 200_000
LONGEST_OUTPUT = 500_000  # bytes
MOST_TAGS = 3_000
MOST_TURNS = 2_000  # of all loops together
MOST_SECONDS = 1.0
_DEEPEST = 6

_TAG = re.compile(r"\{[{%]")
_LINES = re.compile(r"[^\S\n]*[\r\n\v\f\x85\u2028\u2029]+\s*")
# Control characters but the tab and the line's end, and what turns the direction of text around.
_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


class _Reading(RenderContext):
    """One rendering: what it may see, what it missed, and how much time is left."""

    # The library's class has slots for its own only.
    missing: dict[str, None]
    turns: int
    until: float
    language: str

    def __init__(self, template: BoundTemplate, **more: Any) -> None:
        super().__init__(template, **more)
        # Without the library's own `now` and `today`, which say what time it is on the server.
        self.scope = ReadOnlyChainMap(self.globals)

    def get_item(self, obj: Any, key: Any) -> Any:
        """The way from one name to the next: keys of dictionaries, places and ends of lists, nothing else."""
        if isinstance(obj, dict | ForLoop):
            return obj[str(key)]
        if isinstance(obj, list):
            if isinstance(key, int) and not isinstance(key, bool):
                return obj[key]
            if key == "size":
                return len(obj)
            if key in {"first", "last"}:
                return obj[0 if key == "first" else -1]
        raise KeyError(key)

    def look_at_the_clock(self) -> None:
        """Raises BadTemplate when the time is over."""
        if time.monotonic() > self.until:
            raise BadTemplate(_("This text takes too long to fill. Make it shorter."))


class _OutputNode(OutputNode):
    """A value in the text: an empty one is missed, unless a default was said."""

    def render_to_output(self, context: RenderContext, buffer: TextIO) -> int:
        assert isinstance(context, _Reading)  # noqa: S101 — the environment makes no other
        assert isinstance(self.expression, FilteredExpression)  # noqa: S101
        context.look_at_the_clock()
        value, lacking = self._worked_out(self.expression, context)
        if lacking:
            context.missing.update(dict.fromkeys(lacking))
            return 0
        text = filters.written(value, context.language)
        return buffer.write(str(escape(text)) if context.env.autoescape else text)

    def _worked_out(self, expression: FilteredExpression, context: RenderContext) -> tuple[object, list[str]]:
        value = expression.left.evaluate(context)
        lacking = _paths([expression.left]) if _is_empty(value) else []
        always: list[str] = []
        for one in expression.filters or ():
            given = [argument.value for argument in one.args]
            if one.name == "default":
                if lacking and given:
                    value = given[0].evaluate(context)
                    said = isinstance(given[0], StringLiteral) or not _is_empty(value)
                    lacking = [] if said else [*lacking, *_paths(given)]
                continue
            always += [name for each in given if _is_empty(each.evaluate(context)) for name in _paths([each])]
            if not lacking:
                value = one.evaluate(value, context)
                lacking = _paths([expression.left]) if value is None else []
        return value, [*lacking, *always]


class _Output(Output):
    node_class = _OutputNode


class _ForNode(ForNode):
    """A list in the text: an empty one is missed, unless an `else` was said. All turns of all loops are counted."""

    def render_to_output(self, context: RenderContext, buffer: TextIO) -> int:
        assert isinstance(context, _Reading)  # noqa: S101
        rows, length = self.expression.evaluate(context)
        if not length:
            if self.default:
                return int(self.default.render(context, buffer))
            context.missing.update(dict.fromkeys(_paths([self.expression.iterable])))
            return 0
        name = self.expression.identifier
        loop = ForLoop(name=str(name), it=iter(rows), length=length, parentloop=context.parentloop())
        inside: dict[str, object] = {"forloop": loop, name: None}
        wrote = 0
        with context.loop(inside, loop):
            for row in loop:
                context.turns += 1
                if context.turns > MOST_TURNS:
                    raise BadTemplate(_("The lists in this text are too long."))
                context.look_at_the_clock()
                inside[name] = row
                try:
                    wrote += self.block.render(context, buffer)
                except ContinueLoop:
                    continue
                except BreakLoop:
                    break
        return wrote


class _ForTag(ForTag):
    node_class = _ForNode


class _Template(BoundTemplate):
    context_class = _Reading


class _Environment(Environment):
    template_class = _Template
    block_nesting_limit = 12
    context_depth_limit = 12
    output_stream_limit = LONGEST_OUTPUT
    suppress_blank_control_flow_blocks = False

    def setup_tags_and_filters(self, *, extra: bool = False) -> None:  # noqa: ARG002 — the library's signature
        for tag in (
            Literal, Illegal, _Output, _ForTag, BreakTag, ContinueTag, IfTag, UnlessTag, CaseTag, CommentTag,
        ):  # fmt: skip
            self.add_tag(tag)
        for name, does in filters.all_of("").items():
            self.add_filter(name, does)


def render(text: str, values: Mapping[str, Any], *, way: str, language: str = "") -> str:
    """See regulars.messaging.templating.render."""
    template = _parsed(text, way == HTML, language)
    given = {str(name): _plain(value, keeps_lines=way != SUBJECT) for name, value in values.items()}
    context = _Reading(template, globals=given)
    context.missing, context.turns, context.language = {}, 0, language
    context.until = time.monotonic() + MOST_SECONDS
    buffer: StringIO = LimitedStringIO(limit=LONGEST_OUTPUT)
    try:
        for node in template.nodes:
            node.render(context, buffer)
    except (BreakLoop, ContinueLoop):
        pass  # outside of a loop they end the text, as in Liquid
    except LiquidError as wrong:
        raise _said(wrong) from wrong
    if context.missing:
        raise MissingValues(tuple(context.missing))
    filled = buffer.getvalue()
    return " ".join(filled.split()) if way == SUBJECT else filled


def names_in(text: str) -> tuple[str, ...]:
    """See regulars.messaging.templating.names_in."""
    found: dict[str, None] = {}
    _collect(_parsed(text, False, "").nodes, frozenset(), found)
    return tuple(found)


@lru_cache(maxsize=256)
def _parsed(text: str, is_html: bool, language: str) -> BoundTemplate:
    if len(text) > LONGEST_TEXT:
        raise BadTemplate(_("This text is too long."))
    if sum(1 for _tag in _TAG.finditer(text)) > MOST_TAGS:
        raise BadTemplate(_("There are too many values in this text."))
    environment = _Environment(autoescape=is_html)
    for name, does in filters.all_of(language).items():
        environment.add_filter(name, does)
    try:
        return environment.from_string(text)
    except LiquidError as wrong:
        raise _said(wrong) from wrong
    except RecursionError as wrong:
        raise BadTemplate(_("The parts of this text stand too deep in one another.")) from wrong


def _said(wrong: LiquidError) -> BadTemplate:
    """What the library found wrong, as a sentence. Its own words stay out: they quote the text."""
    line = 0
    if wrong.token is not None and wrong.token.start_index >= 0:
        line = wrong.token.source.count("\n", 0, wrong.token.start_index) + 1
    if line:
        return BadTemplate(
            _("Line %(line)d cannot be read: look at its brackets and words.") % {"line": line}, line=line
        )
    return BadTemplate(_("This text cannot be read: look at its brackets, and whether each “if” and “for” has an end."))


def _paths(expressions: Iterable[Expression]) -> list[str]:
    return [str(one) for one in expressions if isinstance(one, Path)]


def _is_empty(value: object) -> bool:
    if value is None or isinstance(value, Undefined):
        return True
    return not value.strip() if isinstance(value, str) else isinstance(value, list | dict) and not value


def _collect(nodes: Sequence[Node], local: frozenset[str], found: dict[str, None]) -> None:
    """Names of values in the order they stand in the text; the names that loops bring are not values."""
    for node in nodes:
        stack = list(node.expressions())
        while stack:
            one = stack.pop(0)
            if isinstance(one, Path) and isinstance(one.path[0], str) and one.path[0] not in local:
                found[str(one)] = None
            stack = [*one.children(), *stack]
        inside = local | {str(name) for name in node.block_scope()}
        children = list(node.children(None))  # type: ignore[arg-type]  # only tags that load others look at it
        _collect(children, inside, found)


def _plain(value: object, *, keeps_lines: bool, depth: int = 0) -> object:
    """A copy that holds nothing but plain values: raises TypeError on what is none, which is a mistake of ours.

    What is empty becomes nothing, so that `if` takes it for a no; to Liquid an empty text is a yes.
    """
    if depth > _DEEPEST:
        raise TypeError("values stand too deep")
    if isinstance(value, Mapping):
        return {str(name): _plain(one, keeps_lines=keeps_lines, depth=depth + 1) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(one, keeps_lines=keeps_lines, depth=depth + 1) for one in value] or None
    if isinstance(value, str | Promise):
        text = _CONTROL.sub("", str(value).replace("\r\n", "\n"))
        if not text.strip():
            return None
        return text if keeps_lines else _LINES.sub(" ", text)
    if value is None or isinstance(value, bool | int | float | Decimal | dt.date | Money):
        return value
    raise TypeError(f"{type(value).__name__} is no plain value")
