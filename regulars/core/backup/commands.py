"""`regulars backup create|list|verify|release|remove` and `regulars restore`."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import Any

import click
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from regulars.core import commands, quarantine
from regulars.core.backup import identities, restoring, sockets, state, taking
from regulars.core.backup.proving import verify
from regulars.core.backup.refusals import NoSuchBackup
from regulars.core.models import BackupRun

_EVERY = 0.2


@click.command(name="create")
@commands.json_option
def create_command(*, as_json: bool) -> None:
    """Back up the shop, restore the backup in a scratch place, and look at everything there."""
    _report_runs(taking.create(say=_progress(as_json=as_json)), as_json=as_json)


@click.command(name="list")
@commands.json_option
def list_command(*, as_json: bool) -> None:
    """Show the backups of every place, newest first, and which of them are proven."""
    found, away = state.listed()
    listed = [
        {
            "name": one.name,
            "place": one.place,
            "taken_at": one.taken_at.isoformat(),
            "size": one.size,
            "state": one.state,
            "proven_at": one.run.proven_at.isoformat() if one.run and one.run.proven_at else None,
            "error": one.run.error if one.run else "",
        }
        for one in found
    ]
    lines = [f"{one.name}  {_megabytes(one.size):>12}  {one.label:<16} {one.place}" for one in found]
    lines.append("" if lines else _("There is no backup yet. `regulars backup create` takes one."))
    commands.report({"backups": listed, "away": away}, as_json=as_json, sentence="\n".join(lines).rstrip("\n"))
    for sentence in away:
        click.echo(f"regulars: {sentence}", err=True)
    if away:
        sys.exit(2)


@click.command(name="verify")
@click.argument("name", required=False, default="")
@click.option("--all", "is_all", is_flag=True, help="Prove every backup there is.")
@commands.json_option
def verify_command(*, name: str, is_all: bool, as_json: bool) -> None:
    """Prove a backup again (the newest one, where none is named): read, restore, count, look (exit code 1: damaged)."""
    known = [one.name for one in state.listed()[0]]
    if not known:
        raise NoSuchBackup(_("There is no backup yet. `regulars backup create` takes one."))
    names = list(dict.fromkeys(known)) if is_all else [name or known[0]]
    say = _progress(as_json=as_json)
    _report_runs([run for one in names for run in verify(one, say=say)], as_json=as_json)


@click.command(name="remove")
@click.argument("name")
@commands.json_option
def remove_command(*, name: str, as_json: bool) -> None:
    """Remove a backup from every place."""
    removed = taking.remove(name)
    sentence = _("%(name)s is removed.") % {"name": name}
    commands.report({"removed": name, "places": removed}, as_json=as_json, sentence=sentence)


@click.command(name="release")
@commands.json_option
def release_command(*, as_json: bool) -> None:
    """End the quarantine of a restored shop: mail and everything else that waits goes out."""
    last = quarantine.release()
    if last is None:
        commands.report({"released": None}, as_json=as_json, sentence=_("The shop is in no quarantine."))
        return
    sockets.tell("released", last.backup)
    sentence = _("The quarantine is over. What waited goes out now, and backups are taken again.")
    commands.report({"released": last.backup}, as_json=as_json, sentence=sentence)


@click.command(name="restore")
@click.argument("source", metavar="NAME|FILE")
@click.option("--into", metavar="FOLDER|URL", default="", help="A data folder or a database; else this shop's own.")
@click.option("--yes", is_flag=True, help="Replace what is there; the former database is kept aside.")
@click.option(
    "--identity", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="age identities to open it with."
)
@click.option(
    "--without-sealed", is_flag=True, help="Restore although keys.age is lost: sealed fields stay unreadable."
)
@commands.json_option
def restore_command(
    *, source: str, into: str, yes: bool, identity: Path | None, without_sealed: bool, as_json: bool
) -> None:
    """Restore a backup. Until somebody releases it (`regulars backup release`), nothing leaves the restored shop."""
    opened_by = identities.identities_in(identity.read_text(encoding="utf-8")) if identity else None
    report = restoring.restore(
        source,
        into=into,
        may_overwrite=yes,
        without_sealed=without_sealed,
        opened_by=opened_by,
        say=_progress(as_json=as_json),
    )
    lines = [
        _(
            "%(backup)s is restored to %(database)s: %(rows)s rows in %(tables)s tables and %(files)s files, as they "
            "were at %(at)s."
        )
        % {
            "backup": report.backup,
            "database": report.database,
            "rows": f"{report.rows:,}",
            "tables": report.tables,
            "files": report.files,
            "at": report.taken_at,
        }
    ]
    if report.former:
        lines.append(
            _("The former database is kept as %(former)s; remove it when you no longer need it.")
            % {"former": report.former}
        )
    lines.append(_("It is in quarantine: nothing leaves it until you run `regulars backup release`."))
    figures = {name: getattr(report, name) for name in report.__slots__}
    commands.report(figures | {"quarantine": True}, as_json=as_json, sentence="\n".join(lines))


def _report_runs(runs: list[BackupRun], *, as_json: bool) -> None:
    figures = [
        {
            "name": run.name,
            "place": run.place,
            "state": run.state,
            "size": run.size,
            "rows": run.rows,
            "proven_at": run.proven_at.isoformat() if run.proven_at else None,
            "checked": run.checked,
            "error": run.error,
        }
        for run in runs
    ]
    commands.report({"backups": figures}, as_json=as_json, sentence="\n".join(map(_sentence, runs)))
    if any(run.state == BackupRun.State.DAMAGED for run in runs):
        sys.exit(1)


def _sentence(run: BackupRun) -> str:
    if run.state != BackupRun.State.PROVEN:
        return run.error
    return ngettext(
        "%(name)s in %(place)s is proven: %(size)s, %(n)s row.",
        "%(name)s in %(place)s is proven: %(size)s, %(n)s rows.",
        run.rows,
    ) % {"name": run.name, "place": run.place, "size": _megabytes(run.size), "n": f"{run.rows:,}"}


def _megabytes(size: int) -> str:
    return f"{size / 1e6:,.1f} MB"


def _progress(*, as_json: bool) -> taking.Say:
    """A line on standard error that is written over again; nothing where nobody looks."""
    if as_json or not sys.stderr.isatty():
        return lambda _done, _total: None
    told = [0.0]

    def say(done: int, total: int) -> None:
        now = time.monotonic()
        if now - told[0] >= _EVERY or done >= total:
            told[0] = now
            share = 100 * min(1.0, done / total) if total else 0
            click.echo(f"\r  {share:5.1f} %  {_megabytes(done)}", err=True, nl=done >= total)

    return say


ALL: list[tuple[str, str, Any]] = [
    ("backup", "create", create_command),
    ("backup", "list", list_command),
    ("backup", "verify", verify_command),
    ("backup", "remove", remove_command),
    ("backup", "release", release_command),
    ("", "restore", restore_command),
]
