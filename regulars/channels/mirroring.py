"""Which of our rows a channel's object is.

The engine that applies deliveries writes Mirror; whoever takes records in asks here for what they point at.
"""

from __future__ import annotations

from collections.abc import Collection

from regulars.channels.models import Channel, Mirror


def locals_of(channel: Channel, kind: str, external_ids: Collection[str]) -> dict[str, int]:
    """Our rows of a channel's objects of one kind, by the channel's ids; without those that never became a row.

    What the channel deleted is among them: its row is still there, cancelled or switched off. A row may have been
    deleted here since: whoever needs it looks for it.
    """
    if not external_ids:
        return {}
    found = Mirror.objects.filter(channel=channel, kind=kind, external_id__in=set(external_ids))
    rows = found.values_list("external_id", "local_id")
    return {external_id: local_id for external_id, local_id in rows if local_id is not None}
