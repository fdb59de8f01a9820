"""`regulars bulk list` and `regulars bulk undo ID`."""

from __future__ import annotations

import click
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from regulars.core import commands
from regulars.core.errors import Refusal
from regulars.customers.actions import bulk as verbs
from regulars.customers.bulk import reading
from regulars.customers.models import ChangeSet
from regulars.timeline.actions import acting
from regulars.timeline.models import Source


class NoSuchChange(Refusal):
    """No change of many customers has this id."""


@click.command(name="list")
@commands.json_option
def list_command(*, as_json: bool) -> None:
    """Show what was planned or done with many customers, newest first."""
    found, _following = reading.change_sets()
    lines = [
        f"{one.public_id}  {one.created_at:%Y-%m-%d %H:%M}  {reading.sentence(one)}: {reading.title_of(one)} "
        f"({one.counts.get('applied', 0):,})"
        for one in found
    ]
    figures = [
        {
            "id": one.public_id,
            "action": one.action,
            "title": reading.title_of(one),
            "state": one.state,
            "counts": one.counts,
            "reason": one.reason,
            "made_by": one.made_by.name if one.made_by else None,
            "created_at": one.created_at.isoformat(),
        }
        for one in found
    ]
    commands.report(
        {"changes": figures},
        as_json=as_json,
        sentence="\n".join(lines) or _("Nothing was done with many customers yet."),
    )


@click.command(name="undo")
@click.argument("change_id", metavar="ID")
@commands.json_option
def undo_command(*, change_id: str, as_json: bool) -> None:
    """Take a change of many customers back, here and now.

    What somebody changed since stays as it is; the page of the change lists it.
    """
    change_set = ChangeSet.objects.filter(pk=ChangeSet.pk_of(change_id) or 0).first()
    if change_set is None:
        raise NoSuchChange(_("There is no change with the id %(id)s.") % {"id": change_id})
    with acting(None, Source.COMMAND):
        change_set = verbs.undo(change_set)
        if change_set.state == ChangeSet.State.UNDOING:
            verbs.undo_changes(change_set_id=change_set.pk)
            change_set.refresh_from_db()
    undone, kept = change_set.counts.get("undone", 0), change_set.counts.get("kept", 0)
    back = ngettext("%(count)s customer was changed back", "%(count)s customers were changed back", undone)
    stay = ngettext("%(count)s stays as changed since", "%(count)s stay as changed since", kept)
    sentence = back % {"count": f"{undone:,}"} + (f"; {stay % {'count': f'{kept:,}'}}." if kept else ".")
    commands.report(
        {"id": change_id, "state": change_set.state, "undone": undone, "kept": kept}, as_json=as_json, sentence=sentence
    )
