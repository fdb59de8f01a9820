"""`regulars lake build|refresh|status`."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from typing import Any

import click
from django.utils import timezone
from django.utils.translation import gettext as _

from regulars.core import commands
from regulars.segments.lake import jobs, refreshing, versions
from regulars.segments.lake.versions import Version

_EVERY = 0.2


@click.command(name="build")
@commands.json_option
def build(*, as_json: bool) -> None:
    """Build the lake from the records, whatever there is. The shop goes on meanwhile."""
    _report(jobs.build(say=_progress(as_json=as_json)), as_json=as_json)


@click.command(name="refresh")
@commands.json_option
def refresh(*, as_json: bool) -> None:
    """Bring the lake up to date now, instead of when it is worth it; build it where there is none."""
    _report(jobs.refresh(say=_progress(as_json=as_json)), as_json=as_json)


@click.command(name="status")
@commands.json_option
def status(*, as_json: bool) -> None:
    """Say how old the lake is, how large, and to how many customers something happened since."""
    version = versions.usable()
    if version is None:
        has_older = versions.newest() is not None
        sentence = (
            _("There is a lake, but not one that this release can use. `regulars lake build` makes a new one.")
            if has_older
            else _("There is no lake yet. `regulars lake build` makes one.")
        )
        commands.report({"version": None, "has_older": has_older}, as_json=as_json, sentence=sentence)
        return
    touched = len(refreshing.since(version).touched)
    figures = _figures(version) | {"touched": touched}
    lines = [
        _sentence(version),
        _("Made %(when)s UTC. Customers touched since: %(touched)s.")
        % {"when": f"{version.made_at:%Y-%m-%d %H:%M}", "touched": f"{touched:,}"},
    ]
    lines += [
        f"  {name:<16} {kept.rows:>14,} {sum(kept.columns.values()) / 1e6:>10,.1f} MB"
        for name, kept in version.tables.items()
    ]
    commands.report(figures, as_json=as_json, sentence="\n".join(lines))


def _report(version: Version, *, as_json: bool) -> None:
    sentence = _sentence(version) + " " + _("It took %(seconds)s s.") % {"seconds": f"{version.seconds:.1f}"}
    commands.report(_figures(version), as_json=as_json, sentence=sentence)


def _sentence(version: Version) -> str:
    return _("Version %(number)s: %(people)s customers, %(rows)s rows, %(size)s MB.") % {
        "number": version.number,
        "people": f"{version.people:,}",
        "rows": f"{version.rows:,}",
        "size": f"{version.bytes / 1e6:,.1f}",
    }


def _figures(version: Version) -> dict[str, Any]:
    return {
        "version": version.number,
        "made_at": version.made_at.isoformat(),
        "age": round((timezone.now() - version.made_at).total_seconds(), 1),
        "seconds": round(version.seconds, 3),
        "is_full": version.is_full,
        "entry": version.entry_id,
        "customers": version.people,
        "rows": version.rows,
        "bytes": version.bytes,
        "tables": {
            name: {"rows": kept.rows, "bytes": sum(kept.columns.values())} for name, kept in version.tables.items()
        },
    }


def _progress(*, as_json: bool) -> Callable[[int, int], None]:
    """How far it is, on the terminal of a person."""
    if as_json or not sys.stderr.isatty():
        return lambda _done, _total: None
    told_at = 0.0

    def say(done: int, total: int) -> None:
        nonlocal told_at
        now = time.monotonic()
        if done < total and now - told_at < _EVERY:
            return
        told_at = now
        click.echo(f"\r{done * 100 // max(total, 1):3d} %" + ("\n" if done >= total else ""), nl=False, err=True)

    return say
