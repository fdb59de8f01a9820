"""What runs inside a restored copy, in a process whose database is that copy: count, compare, and open it as the shop.

It is told what to expect as JSON on standard input, and answers as JSON in the last line of standard output.
"""

from __future__ import annotations

import datetime as dt
import json
import sys
from itertools import islice
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.db import connections
from django.db.migrations.loader import MigrationLoader
from django.utils.translation import gettext as _

from regulars.core import quarantine
from regulars.core.backup import keys, sockets, space, tables
from regulars.core.backup.archive import Table
from regulars.core.models import BackupRun

_NAMED = 5  # problems of one check that are told


def main() -> None:
    """Answer what is asked on standard input."""
    asked = json.load(sys.stdin)
    try:
        answer: dict[str, Any] = {"checked": _restore(asked) if asked["mode"] == "restore" else _prove(asked)}
    except NewerBackup as newer:
        answer = {"refusal": str(newer)}
    sys.stdout.write("\n" + json.dumps(answer, ensure_ascii=False, default=str) + "\n")


class NewerBackup(Exception):  # noqa: N818 — told as a sentence
    """The backup has migrations that this version does not know."""


def _prove(asked: dict[str, Any]) -> list[dict[str, Any]]:
    """Everything a person would look at before trusting a copy."""
    checked = [_compared(asked)]
    if checked[0]["problems"]:
        return checked  # a copy with other rows is no shop to open
    _bring_up_to_date(asked)
    keys.put_into_database(asked["keys"])
    for name, (_label, check) in sockets.checks().items():
        checked.append({"name": name, "problems": _problems(check)})
    return checked


def _restore(asked: dict[str, Any]) -> list[dict[str, Any]]:
    """Make a copy that is what it should be ready to be opened: quarantined, with its keys, and whom to forget gone."""
    checked = [_compared(asked)]
    if checked[0]["problems"]:
        return checked
    _bring_up_to_date(asked)
    keys.put_into_database(asked["keys"])
    taken_at = dt.datetime.fromisoformat(asked["taken_at"])
    quarantine.begin(backup=asked["name"], taken_at=taken_at)
    BackupRun.objects.filter(name=asked["name"]).delete()  # it says of itself that it was being taken
    restored = sockets.Restored(asked["name"], taken_at, frozenset(asked["erased"]))
    for restorer in sockets.restorers():
        restorer(restored)
    return checked


def _compared(asked: dict[str, Any]) -> dict[str, Any]:
    expected = {name: Table(**table) for name, table in asked["tables"].items()}
    found, problems = space.engine(Path(), settings.DATABASES["default"]).look(asked["url"])
    problems = [*problems, *(tables.differences(expected, found) if found else ())]
    rows = sum(table.rows for table in found.values())
    return {"name": "tables", "count": len(found), "rows": rows, "problems": problems[:_NAMED]}


def _bring_up_to_date(asked: dict[str, Any]) -> None:
    """A backup of an older version gets this version's tables, as the shop did. Raises NewerBackup."""
    known = MigrationLoader(None).disk_migrations
    ours = {app for app, _name in known}
    newer = [f"{app} {name}" for app, name in asked["migrations"] if app in ours and (app, name) not in known]
    if newer:
        sentence = _("The backup is one of a newer version of Regulars (%(what)s). Update Regulars first.")
        raise NewerBackup(sentence % {"what": newer[0]})
    if set(known) - {(app, name) for app, name in asked["migrations"]}:
        call_command("migrate", interactive=False, verbosity=0)
    connections.close_all()


def _problems(check: sockets.Check) -> list[str]:
    try:
        return list(islice(check(), _NAMED))
    except Exception as error:  # noqa: BLE001 — a check that cannot be made is a problem like any other
        return [f"{type(error).__name__}: {error}"[:300]]
