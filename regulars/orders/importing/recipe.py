"""A recipe says what the files of another system are, and how they become orders: a TOML file (docs/guide/import.md).

[lines] names the file with one row for each line of an order. Each [[with]] is a file whose columns are put beside
those rows, found by a key that stands in it once: a key that stands there twice would double the money of every row
that it is put beside, and is refused. [[payments]] are rows of which an order may have several; they are never joined,
but hung on their order.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from django.utils.translation import gettext as _

from regulars.core.errors import Invalid


@dataclass(frozen=True, slots=True)
class Beside:
    """A file whose columns are put beside the rows, as `name.column`: its `key` is what our column `at` holds."""

    name: str
    file: str
    key: str
    at: str


@dataclass(frozen=True, slots=True)
class Paying:
    """A file of payments: `key` is the order's number; the others are columns, `when` and `reference` may be empty."""

    file: str
    key: str
    method: str
    amount: str
    when: str = ""
    reference: str = ""


@dataclass(frozen=True, slots=True)
class Recipe:
    """What a folder of files is. `columns` are our fields by their columns, `words` what cells of a field mean.

    `made` are fields that no column has: text in which {row} is the row's number and {column} what stands in a column.
    """

    lines: str
    columns: Mapping[str, str]
    beside: tuple[Beside, ...] = ()
    payments: tuple[Paying, ...] = ()
    made: Mapping[str, str] = field(default_factory=dict)
    words: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    currency: str = ""
    channel: str = ""


def read_recipe(path: Path) -> Recipe:
    """The recipe of a file. Raises Invalid with a sentence that says what is wrong with it."""
    try:
        said = tomllib.loads(path.read_text("utf-8-sig"))
    except OSError as error:
        raise _bad(
            _("The recipe %(file)s cannot be read: %(reason)s.") % {"file": path, "reason": error.strerror or error}
        ) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise _bad(_("The recipe %(file)s is not TOML: %(reason)s") % {"file": path, "reason": error}) from error
    _only(said, {"lines", "columns", "with", "payments", "made", "words", "currency", "channel", "about"}, "")
    return Recipe(
        lines=_text(_table(said, "lines"), "file", "lines"),
        columns=_texts(said, "columns"),
        beside=tuple(_part(Beside, one, "with", {"as": "name", "is": "at"}) for one in _tables(said, "with")),
        payments=tuple(_part(Paying, one, "payments", {}) for one in _tables(said, "payments")),
        made=_texts(said, "made"),
        words={name: _texts(_table(said, "words"), name) for name in _table(said, "words")},
        currency=str(said.get("currency", "")),
        channel=str(said.get("channel", "")),
    )


def file_of(folder: Path, pattern: str) -> Path:
    """The one file of a folder that a recipe means; its name may have a `*`. Raises Invalid."""
    if "/" in pattern or "\\" in pattern:
        raise _bad(_("The recipe names “%(pattern)s”; files are named without their folder.") % {"pattern": pattern})
    found = sorted(folder.glob(pattern))
    if len(found) != 1:
        sentence = (
            _("%(folder)s has several files “%(pattern)s”; the recipe means one of them.")
            if found
            else _("%(folder)s has no file “%(pattern)s”, which the recipe asks for.")
        )
        raise _bad(sentence % {"folder": folder, "pattern": pattern})
    return found[0]


def _part(kind: type[Any], said: Mapping[str, Any], where: str, names: Mapping[str, str]) -> Any:
    """A table of the recipe as one of our parts; `names` are what the recipe calls some of its fields."""
    ours = {names.get(name, name): str(value) for name, value in said.items()}
    fields = {one: kind.__dataclass_fields__[one].default for one in kind.__dataclass_fields__}
    theirs = {ours: name for name, ours in names.items()}
    _only(ours, fields.keys(), where)
    for name, default in fields.items():
        if not isinstance(default, str) and not ours.get(name):
            raise _missing(theirs.get(name, name), where)
    return kind(**ours)


def _tables(said: Mapping[str, Any], name: str) -> list[Mapping[str, Any]]:
    found = said.get(name, [])
    if not isinstance(found, list) or not all(isinstance(one, dict) for one in found):
        raise _bad(_("In the recipe, each “%(name)s” begins with [[%(name)s]].") % {"name": name})
    return found


def _table(said: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    found = said.get(name, {})
    if not isinstance(found, dict):
        raise _bad(_("In the recipe, “%(name)s” begins with [%(name)s].") % {"name": name})
    return found


def _texts(said: Mapping[str, Any], name: str) -> dict[str, str]:
    return {str(key): str(value) for key, value in _table(said, name).items()}


def _text(said: Mapping[str, Any], name: str, where: str) -> str:
    if not said.get(name):
        raise _missing(name, where)
    return str(said[name])


def _only(said: Mapping[str, Any], known: Any, where: str) -> None:
    for name in said:
        if name not in known:
            raise _bad(
                _("The recipe has “%(name)s”%(where)s, which means nothing. There are: %(known)s.")
                % {"name": name, "where": f" [{where}]" if where else "", "known": ", ".join(sorted(known))}
            )


def _missing(name: str, where: str) -> Invalid:
    return _bad(_("The recipe does not say “%(name)s” of [%(where)s].") % {"name": name, "where": where})


def _bad(sentence: str) -> Invalid:
    return Invalid(sentence, fields={"recipe": [sentence]})
