"""Groups that name somebody who was erased: what the search after an erasure finds in their texts goes."""

from __future__ import annotations

from collections.abc import Sequence

from regulars.segments.models import Folder, Group


def _groups(column: str, keys: Sequence[str]) -> None:
    """A rule that asks for the person finds nobody any more, so its group goes; elsewhere the words alone do."""
    rows = Group.everything.filter(pk__in=keys)
    if column == "query":
        rows.delete()
    elif column in {"name", "key"}:
        for group in rows:
            Group.everything.filter(pk=group.pk).update(name=group.public_id, key=group.public_id)
    else:
        rows.update(**{column: ""})


def _folders(_column: str, keys: Sequence[str]) -> None:
    for folder in Folder.objects.filter(pk__in=keys):
        Folder.objects.filter(pk=folder.pk).update(name=folder.public_id)


ALL = {Group._meta.db_table: _groups, Folder._meta.db_table: _folders}
