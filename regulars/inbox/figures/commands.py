"""`regulars inbox figures`."""

from __future__ import annotations

import click
from django.utils.translation import gettext as _

from regulars.core.commands import json_option, report
from regulars.inbox.figures import counting, periods


@click.command(name="figures")
@click.option("--from", "begins", default="", help="The first day, 2026-03-01 say; four weeks before the last without.")
@click.option("--to", "ends", default="", help="The last day; yesterday without.")
@json_option
def figures_command(*, begins: str, ends: str, as_json: bool) -> None:
    """Say how many inquiries came, how quickly they were answered, and how many in time."""
    found = counting.figures(periods.read({"from": begins, "to": ends}))
    values = {
        "came": found.came,
        "in_time": found.in_time,
        "all": found.in_time + found.late,
        "open": found.backlog[-1],
    }
    sentence = _("%(came)s came, %(in_time)s of %(all)s answers were in time, %(open)s are open.") % values
    report(found.as_json(), as_json=as_json, sentence=sentence)
