"""`regulars wallet verify`: prove the ledger of credit and points."""

from __future__ import annotations

import click
from django.utils.translation import gettext as _

from regulars.core.commands import json_option, report
from regulars.wallet.verifying import verify


@click.command(name="verify")
@json_option
def verify_command(*, as_json: bool) -> None:
    """Prove that every line of credit and points is as it was written. Exit code 1 where one is not."""
    found = verify()
    said = {
        "postings": found.postings,
        "entries": found.entries,
        "accounts": found.accounts,
        "problem": found.problem.sentence if found.problem else "",
        "day": found.problem.day.isoformat() if found.problem and found.problem.day else "",
    }
    whole = (
        _("%(postings)s postings with %(entries)s entries on %(accounts)s accounts are as they were written.") % said
    )
    report(said, as_json=as_json, sentence=str(said["problem"]) or whole)
    if found.problem is not None:
        raise SystemExit(1)
