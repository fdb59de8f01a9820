"""Which backups to keep: one for each of the last days, weeks and months that have one, and the last proven one."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Iterable

_MOMENT = re.compile(r"regulars-(\d{8}T\d{6}Z)-")


def taken_at(name: str) -> dt.datetime:
    """The moment in a backup's name."""
    found = _MOMENT.match(name)
    if found is None:
        raise ValueError(name)
    return dt.datetime.strptime(found[1], "%Y%m%dT%H%M%SZ").replace(tzinfo=dt.UTC)


def to_keep(names: Iterable[str], *, daily: int, weekly: int, monthly: int, proven: Iterable[str]) -> set[str]:
    """The names of the backups to keep: the newest of each day, week and month, and always the newest proven one.

    Whatever was taken within a day of the newest one stays as well, proven or not, and so does whatever is newer than
    the newest proven one.
    """
    newest_first = sorted(set(names), key=lambda name: (taken_at(name), name), reverse=True)
    kept = {name for name in newest_first if taken_at(name) > taken_at(newest_first[0]) - dt.timedelta(days=1)}
    spans: list[tuple[int, Callable[[dt.datetime], object]]] = [
        (daily, lambda at: at.date()),
        (weekly, lambda at: at.isocalendar()[:2]),
        (monthly, lambda at: (at.year, at.month)),
    ]
    for count, span in spans:
        seen: set[object] = set()
        for name in newest_first:
            of = span(taken_at(name))
            if of not in seen and len(seen) < count:
                seen.add(of)
                kept.add(name)
    known = set(proven)
    good = [name for name in newest_first if name in known]
    if good:
        kept.update(newest_first[: newest_first.index(good[0]) + 1])
    return kept
