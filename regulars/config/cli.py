"""The `regulars` command: one door for everything that is done outside the browser.

Commands that start or set up the shop live here and need no Django; all others come from the rooms (core/commands.py)
and are loaded only when somebody asks for one.
"""

from __future__ import annotations

import os
import select
import sys
from pathlib import Path
from typing import Any

import click

from regulars import __version__

_GROUPS = {
    "audit": "The log of who changed and read what, and the proof that it is as it was.",
    "backup": "Backups that prove themselves: take, list, verify, release.",
    "bulk": "Changes of many customers, and the way back.",
    "duplicates": "Find records that mean the same person.",
    "import": "Bring in customers and orders from files.",
    "lake": "The columnar copy that groups are asked of.",
    "segment": "Who a query finds, and why.",
    "keys": "The keys that everything is encrypted with.",
    "staff": "People who work here: who they are, invite them, their role, switch them off.",
    "privacy": "What people may ask of us: copies, erasure, retention.",
    "token": "Keys for programs that use the API.",
}


def main() -> None:
    """Run the command line and end the process: 0 done, 1 our fault, 2 something the caller can put right."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "regulars.config.settings")
    os.umask(0o077)  # whatever we write holds customers
    sys.exit(run(sys.argv[1:]))


def run(arguments: list[str]) -> int:
    """Run one command and return its exit code; an expected refusal is one sentence on standard error."""
    try:
        code = cli.main(arguments, prog_name="regulars", standalone_mode=False)
        code = code if isinstance(code, int) else 0
    except click.ClickException as refused:
        refused.show()
        code = 2
    except (click.Abort, KeyboardInterrupt):
        code = 130
    except BrokenPipeError:
        code = 0
    except SystemExit as ended:
        code = _exit_code(ended)
    except Exception as error:  # noqa: BLE001 — the last net: a person never gets a traceback
        code = _explain(error)
    return code if _is_read() else 0


class Doors(click.Group):
    """The top level: our own commands, and those that rooms plugged in."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        from regulars.core import commands

        open_house()
        return sorted({*super().list_commands(ctx), *commands.groups(), *commands.in_group("")})

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        own = super().get_command(ctx, cmd_name)
        if own is not None:
            return own
        from regulars.core import commands

        open_house()
        if cmd_name in commands.groups():
            help_text = _GROUPS.get(cmd_name, "")
            return click.Group(cmd_name, commands=commands.in_group(cmd_name), help=help_text)
        return commands.in_group("").get(cmd_name)


def open_house() -> None:
    """Load Django and the wiring of every room, once."""
    import django
    from django.apps import apps

    if not apps.ready:
        django.setup()
    from regulars.timeline.actions import act_by_command

    act_by_command()


@click.group(cls=Doors, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, message="regulars %(version)s")
def cli() -> None:
    """Regulars: the customer management system for online shops."""


@cli.command()
@click.option("--demo/--no-demo", default=True, help="Fill an empty shop with the demo shop (the default).")
def setup(*, demo: bool) -> None:
    """Make the data folder, keys, database and demo shop; what is there already is kept."""
    from regulars.config.setup import set_up

    set_up(with_demo=demo)


@cli.command(name="run")
@click.option("--port", type=click.IntRange(1, 65535), help="The port; else REGULARS_PORT, else 8000 or the next free.")
@click.option("--bind", help="The address to listen on; else REGULARS_BIND, else 127.0.0.1.")
@click.option("--demo/--no-demo", default=True, help="Fill an empty shop with the demo shop (the default).")
def run_shop(*, port: int | None, bind: str | None, demo: bool) -> None:
    """Set up what is missing, then run web and background worker until Ctrl-C."""
    from regulars.config.supervisor import supervise

    sys.exit(supervise(port=port, bind=bind, with_demo=demo))


@cli.command()
@click.option("--tls-cert", type=click.Path(), help="The certificate with its chain (PEM); else REGULARS_TLS_CERT.")
@click.option("--tls-key", type=click.Path(), help="Its private key (PEM); else REGULARS_TLS_KEY.")
@click.option("--http-port", type=click.IntRange(1, 65535), help="A plain port that sends browsers on to HTTPS.")
@click.option(
    "--port", type=click.IntRange(1, 65535), help="The port; else REGULARS_PORT, else 8443 with a certificate, or 8000."
)
@click.option("--bind", help="The address to listen on; else REGULARS_BIND, else every one with a certificate.")
def serve(
    *, tls_cert: str | None, tls_key: str | None, http_port: int | None, port: int | None, bind: str | None
) -> None:
    """Run the shop on a server: as `run` does, without the demo shop, and over HTTPS where a certificate is named."""
    from regulars.config.supervisor import supervise

    given = {"REGULARS_TLS_CERT": tls_cert, "REGULARS_TLS_KEY": tls_key, "REGULARS_HTTP_PORT": http_port}
    os.environ.update({name: str(value) for name, value in given.items() if value})
    sys.exit(supervise(port=port, bind=bind, with_demo=False))


@cli.command()
@click.option("--port", type=click.IntRange(1, 65535), help="The port; else REGULARS_PORT, else 8000.")
@click.option("--bind", help="The address to listen on; else REGULARS_BIND, else 127.0.0.1.")
def web(*, port: int | None, bind: str | None) -> None:
    """Run the web server alone (where several machines share one PostgreSQL)."""
    from regulars.config.supervisor import serve_web

    serve_web(port=port, bind=bind)


@cli.command()
@click.option("--once", is_flag=True, help="Do what is due, then end.")
def worker(*, once: bool) -> None:
    """Run the background worker alone."""
    from regulars.config.environment import require_key
    from regulars.config.supervisor import follow_parent

    require_key()
    follow_parent()
    open_house()
    from regulars.core.background.worker import Worker
    from regulars.core.in_use import keep_open
    from regulars.timeline import pump

    keep_open()
    pump.start()

    Worker().run(once=once)


@cli.command()
def migrate() -> None:
    """Bring the database to this version's shape; safe to run again."""
    open_house()
    from django.core.management import call_command

    call_command("migrate", interactive=False, verbosity=1)


def _is_read() -> bool:
    """Whether somebody still reads our output; `| head` closes the pipe when it has seen enough."""
    look = select.poll()
    look.register(1, 0)
    if not any(event & select.POLLERR for _, event in look.poll(0)):
        return True
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # Python flushes once more at its end, and must not fail then
    return False


def _exit_code(ended: SystemExit) -> int:
    """BadSetting and its like end the process with a sentence; sys.exit() with a number."""
    if isinstance(ended.code, str):
        click.echo(ended.code, err=True)
        return 2
    return ended.code or 0


def _explain(error: Exception) -> int:
    """One sentence for people. What nobody expected also leaves its traceback in the data folder."""
    from django.core.exceptions import ImproperlyConfigured
    from django.db import OperationalError, ProgrammingError

    from regulars.core.errors import Refusal

    if isinstance(error, Refusal):
        click.echo(f"regulars: {error.sentence}", err=True)
        for field, reasons in getattr(error, "fields", {}).items():
            click.echo(f"  {field}: {' '.join(reasons)}", err=True)
        return 2
    if isinstance(error, ImproperlyConfigured) and "SECRET_KEY" in str(error):
        click.echo("regulars: This shop has no keys yet. Run `regulars setup` first.", err=True)
        return 2
    if isinstance(error, OperationalError | ProgrammingError) and _is_missing_table(error):
        click.echo("regulars: The database is not set up for this version. Run `regulars setup` first.", err=True)
        return 2
    from regulars.core.redaction import redact_traceback

    path = _keep_traceback()
    said = redact_traceback(_one_line(error))
    click.echo(f"regulars: Something went wrong that we did not expect: {said}", err=True)
    click.echo(f"regulars: The details are in {path}", err=True)
    return 1


def _is_missing_table(error: Any) -> bool:
    words = str(error)
    return any(sign in words for sign in ("no such table", "no such column", "does not exist", "unable to open"))


def _one_line(error: Exception) -> str:
    return " ".join(f"{type(error).__name__}: {error}".split())[:300]


def _keep_traceback() -> Path:
    """Write the traceback into the data folder (or, where that cannot be written, a temporary one)."""
    import datetime as dt
    import tempfile
    import traceback

    from regulars.config.environment import data_folder
    from regulars.core.redaction import redact_traceback

    stamp = dt.datetime.now(tz=dt.UTC).strftime("%Y%m%dT%H%M%S")
    for folder in (data_folder() / "logs", Path(tempfile.gettempdir())):
        path = folder / f"error-{stamp}-{os.getpid()}.log"
        try:
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            path.write_text(redact_traceback(traceback.format_exc()), encoding="utf-8")
        except OSError:
            continue
        path.chmod(0o600)
        return path
    return Path(os.devnull)


if __name__ == "__main__":
    main()
