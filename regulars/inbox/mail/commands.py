"""`regulars mail check`, `fetch`, `count` and `replay`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import click
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from regulars.core.commands import json_option, report
from regulars.core.errors import Refusal
from regulars.inbox.actions.mails import read_again
from regulars.inbox.mail.counting import count_once
from regulars.inbox.mail.fetching import fetch_once, signed_in
from regulars.inbox.models import Arrival, Mailbox, Outcome

_mailbox = click.option("--mailbox", "public_id", default="", help="Only this mailbox (mbx_…).")


@click.command(name="check")
@_mailbox
@json_option
def check_command(*, public_id: str, as_json: bool) -> None:
    """Sign in to the mailboxes and say how it went; nothing is fetched. Exit code 1 where one is away."""
    is_bad = False
    for mailbox in _chosen(public_id):
        said: dict[str, Any] = {"mailbox": mailbox.public_id, "name": mailbox.name, "problem": ""}
        try:
            with signed_in(mailbox) as line:
                said |= {"uid_validity": line.uid_validity, "uid_next": line.uid_next}
        except Refusal as refusal:
            said["problem"], is_bad = refusal.sentence, True
        report(said, as_json=as_json, sentence=f"{mailbox.name}: {said['problem'] or _('signing in works')}")
    if is_bad:
        raise SystemExit(1)


@click.command(name="fetch")
@_mailbox
@json_option
def fetch_command(*, public_id: str, as_json: bool) -> None:
    """Fetch what is new, here and now; the worker reads it. Exit code 1 where a mailbox is away."""
    is_bad = False
    for mailbox in _chosen(public_id):
        said: dict[str, Any] = {"mailbox": mailbox.public_id, "name": mailbox.name, "fetched": 0, "problem": ""}
        try:
            said["fetched"] = fetch_once(mailbox).entered
        except Refusal as refusal:
            said["problem"], is_bad = refusal.sentence, True
        words = ngettext("%(count)s new mail", "%(count)s new mails", said["fetched"]) % {"count": said["fetched"]}
        report(said, as_json=as_json, sentence=f"{mailbox.name}: {said['problem'] or words}")
    if is_bad:
        raise SystemExit(1)


@click.command(name="count")
@_mailbox
@json_option
def count_command(*, public_id: str, as_json: bool) -> None:
    """Compare the servers with the ledger, and fetch what is missing. Exit code 1 where a difference stays."""
    is_bad = False
    for mailbox in _chosen(public_id):
        said: dict[str, Any] = {"mailbox": mailbox.public_id, "name": mailbox.name, "problem": ""}
        try:
            made = count_once(mailbox)
        except Refusal as refusal:
            said["problem"], is_bad = refusal.sentence, True
            words = refusal.sentence
        else:
            columns = ("on_server", "in_ledger", "missing", "fetched", "left")
            said |= {name: getattr(made, name) for name in columns}
            is_bad = is_bad or bool(made.left)
            words = _("%(server)s on the server, %(here)s here, %(missing)s were missing, %(left)s still are") % {
                "server": made.on_server,
                "here": made.in_ledger,
                "missing": len(made.missing),
                "left": made.left,
            }
        report(said, as_json=as_json, sentence=f"{mailbox.name}: {words}")
    if is_bad:
        raise SystemExit(1)


@click.command(name="replay")
@click.argument("ids", nargs=-1)
@click.option("--outcome", type=click.Choice([Outcome.QUARANTINE, Outcome.AUTO, Outcome.BOUNCE]), help="All of these.")
@_mailbox
@json_option
def replay_command(*, ids: Sequence[str], outcome: str | None, public_id: str, as_json: bool) -> None:
    """Read mails again, by their ids (arr_…) or all that this became of: --outcome quarantine, after a fix."""
    if not (ids or outcome):
        raise click.UsageError("Name mails (arr_…), or an --outcome.")
    rows = Arrival.objects.all()
    if ids:
        numbers = [number for one in ids if (number := Arrival.pk_of(one)) is not None]
        if len(numbers) < len(ids):
            raise click.UsageError("One of these is no mail (arr_…).")
        rows = rows.filter(pk__in=numbers)
    if public_id:
        rows = rows.filter(mailbox__in=[one.pk for one in _chosen(public_id)])
    count = read_again(rows.filter(outcome=outcome) if outcome else rows)
    words = ngettext("%(count)s mail is read again.", "%(count)s mails are read again.", count) % {"count": count}
    report({"count": count}, as_json=as_json, sentence=words)


def _chosen(public_id: str) -> list[Mailbox]:
    if not public_id:
        return list(Mailbox.objects.filter(is_on=True))
    found = list(Mailbox.objects.filter(pk=Mailbox.pk_of(public_id) or 0))
    if not found:
        raise click.UsageError(_("There is no mailbox “%(id)s”.") % {"id": public_id})
    return found


ALL = (
    ("mail", "check", check_command),
    ("mail", "fetch", fetch_command),
    ("mail", "count", count_command),
    ("mail", "replay", replay_command),
)
