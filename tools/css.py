"""A small lint for our CSS.

One missing brace silently nests every later layer, and to a browser a misspelt token is no error.
"""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
_COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)
_STRING = re.compile(r"\"(?:\\.|[^\"\\\n])*\"|'(?:\\.|[^'\\\n])*'|url\([^)]*\)")
_DEFINED = re.compile(r"(--[\w-]+)\s*:")
_USED = re.compile(r"var\(\s*(--[\w-]+)\s*(,?)")


def check() -> list[str]:
    """Every complaint about every stylesheet, as `file:line: sentence`."""
    sheets = {path: _bare(path.read_text(encoding="utf-8")) for path in sorted(ROOT.glob("regulars/*/static/**/*.css"))}
    defined = {name for text in sheets.values() for name in _DEFINED.findall(text)}
    defined |= set(_set_elsewhere())
    complaints = []
    for path, text in sheets.items():
        for line, sentence in [*_braces(text), *_unknown_tokens(text, defined), *_far_imports(text)]:
            complaints.append(f"{path.relative_to(ROOT)}:{line}: {sentence}")
    return complaints


def _bare(text: str) -> str:
    """The sheet without comments and strings, every line where it was."""
    blank = lambda found: re.sub(r"[^\n]", " ", found.group())  # noqa: E731
    return _STRING.sub(blank, _COMMENT.sub(blank, text))


def _braces(text: str) -> list[tuple[int, str]]:
    open_at: list[int] = []
    complaints = []
    for number, line in enumerate(text.splitlines(), 1):
        for letter in line:
            if letter == "{":
                open_at.append(number)
            elif letter == "}":
                if not open_at:
                    complaints.append((number, "a brace closes what nobody opened"))
                else:
                    open_at.pop()
        if line.lstrip().startswith("@layer") and "{" in line and len(open_at) > 1 and "}" not in line:
            complaints.append((number, f"a layer begins inside what line {open_at[-2]} opened: a brace is missing"))
    complaints += [(number, "this brace is never closed") for number in open_at]
    return complaints


def _unknown_tokens(text: str, defined: set[str]) -> list[tuple[int, str]]:
    return [
        (number, f"{name} is not defined anywhere")
        for number, line in enumerate(text.splitlines(), 1)
        for name, comma in _USED.findall(line)
        if name not in defined and not comma
    ]


def _far_imports(text: str) -> list[tuple[int, str]]:
    return [
        (number, "@import loads one sheet after another; link it in the page")
        for number, line in enumerate(text.splitlines(), 1)
        if line.lstrip().startswith("@import")
    ]


def _set_elsewhere() -> list[str]:
    """Tokens that scripts and templates set."""
    files = [*ROOT.glob("regulars/*/static/**/*.js"), *ROOT.glob("regulars/*/templates/**/*")]
    found = []
    for path in files:
        if path.is_file():
            text = path.read_text(encoding="utf-8", errors="replace")
            found += re.findall(r"setProperty\(\s*[\"'](--[\w-]+)", text) + _DEFINED.findall(text)
    return found
