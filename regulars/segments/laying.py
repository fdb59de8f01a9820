"""A query as the editor shows it: one condition a line, brackets set in."""

from __future__ import annotations

from regulars.segments.engine import asking
from regulars.segments.language.tree import And, Everybody, Node, Not, Or

_STEP = "    "


def laid_out(node: Node) -> str:
    """The query in lines; reading them gives the same query."""
    if isinstance(node, Everybody):
        return ""
    return "\n".join(_lines(node))


def _lines(node: Node) -> list[str]:
    match node:
        case And(parts):
            return _joined(parts, "AND")
        case Or(parts):
            return _joined(parts, "OR")
        case Not(part) if isinstance(part, And | Or | Not):
            return _bracket(part, "NOT ")
        case Not(part):
            return [f"NOT {asking.canonical(part)}"]
    return [asking.canonical(node)]


def _joined(parts: tuple[Node, ...], joiner: str) -> list[str]:
    found: list[str] = []
    for number, part in enumerate(parts):
        lines = _bracket(part, "") if isinstance(part, And | Or) else _lines(part)
        found += [f"{joiner} {lines[0]}" if number else lines[0], *lines[1:]]
    return found


def _bracket(part: Node, before: str) -> list[str]:
    first, *others = _lines(part)
    lines = [f"{before}({first}", *(f"{_STEP}{line}" for line in others)]
    lines[-1] += ")"
    return lines
