"""`regulars channels list` and `regulars channels replay`."""

from __future__ import annotations

from typing import Any

import click
from django.db.models import QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from regulars.channels.actions import replay
from regulars.channels.models import Connection, Delivery, Fate
from regulars.core.commands import json_option, report

_FATES = click.Choice([fate.value for fate in Fate])


@click.command(name="list")
@click.option("--connection", "public_id", default="", help="Only those of this connection (con_…).")
@click.option("--fate", type=_FATES, help="Only those that this became of.")
@click.option("--most", default=50, show_default=True, type=click.IntRange(1, 10_000), help="How many lines.")
@json_option
def list_command(*, public_id: str, fate: str | None, most: int, as_json: bool) -> None:
    """List what shop systems delivered, the latest first, and what became of it."""
    rows = _chosen(public_id, fate).select_related("connection").order_by("-pk")[:most]
    for row in rows:
        said: dict[str, Any] = {
            "id": row.pk,
            "received_at": row.received_at.isoformat(),
            "connection": row.connection.name,
            "event": row.event,
            "topic": row.topic,
            "fate": row.fate,
            "object": f"{row.kind} {row.external_id}".strip(),
            "error": row.error,
        }
        report(said, as_json=as_json, sentence=" · ".join(str(value) for value in said.values() if value))


@click.command(name="replay")
@click.argument("ids", nargs=-1, type=int)
@click.option("--connection", "public_id", default="", help="All of this connection (con_…).")
@click.option("--fate", type=_FATES, help="All that this became of: --fate failed, after a fix.")
@json_option
def replay_command(*, ids: tuple[int, ...], public_id: str, fate: str | None, as_json: bool) -> None:
    """Take deliveries in once more, by their numbers (see `list`), by connection or by fate. The worker does it."""
    if not (ids or public_id or fate):
        raise click.UsageError("Name deliveries, a connection or a fate.")
    rows = _chosen(public_id, fate)
    count = replay(deliveries=rows.filter(pk__in=ids) if ids else rows)
    sentence = ngettext("%(count)s delivery is taken in again.", "%(count)s deliveries are taken in again.", count) % {
        "count": count
    }
    report({"count": count}, as_json=as_json, sentence=sentence)


def _chosen(public_id: str, fate: str | None) -> QuerySet[Delivery]:
    rows = Delivery.objects.all()
    if public_id:
        number = Connection.pk_of(public_id)
        if number is None or not Connection.objects.filter(pk=number).exists():
            raise click.UsageError(_("There is no connection “%(id)s”.") % {"id": public_id})
        rows = rows.filter(connection_id=number)
    return rows.filter(fate=fate) if fate else rows
