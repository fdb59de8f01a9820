"""The command line's socket: rooms keep click commands in `<room>/commands.py` and plug them in from wiring.py.

`add("import", "customers", command)` makes `regulars import customers`; an empty group makes `regulars customers`.
The command itself only reads its options, calls a verb and reports: expected refusals fly, and the door
(config/cli.py) turns them into one sentence and exit code 2.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import click

_COMMANDS: dict[str, dict[str, click.Command]] = {}

json_option = click.option("--json", "as_json", is_flag=True, help="Report as one JSON object on standard output.")


def add(group: str, name: str, command: click.Command) -> None:
    """Plug a command into a group (or, with an empty group, into the top level); a name can be taken only once."""
    known = _COMMANDS.setdefault(group, {})
    if known.get(name, command) is not command:
        raise ValueError(f"there already is a command {group} {name}".replace("  ", " "))
    known[name] = command


def groups() -> list[str]:
    """The names of all groups that hold a command."""
    return sorted(group for group in _COMMANDS if group)


def in_group(group: str) -> dict[str, click.Command]:
    """The commands of a group, by name."""
    return dict(sorted(_COMMANDS.get(group, {}).items()))


def report(figures: Mapping[str, Any], *, as_json: bool, sentence: str) -> None:
    """Say what a command did: the figures for a program, or the sentence for a person."""
    if as_json:
        click.echo(json.dumps(figures, ensure_ascii=False, default=str))
    else:
        click.echo(sentence)
