"""What the shop promises, and when it works: made, changed, put in order. What is open follows in the background."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.db.models import Max
from django.utils import timezone
from django.utils.translation import gettext as _

from regulars.core.errors import Invalid, Refusal
from regulars.inbox.models import By, Calendar, CalendarDay, Promise
from regulars.inbox.promises import calendars, clock
from regulars.inbox.promises.facts import PromisesChanged
from regulars.inbox.promises.recomputing import recompute
from regulars.staff.policy import verb
from regulars.timeline.actions import record

_TIMES = ("first_minutes", "next_minutes", "solution_minutes")
_FOR = ("category", "topic", "by", "channel", "mailbox")
_LONGEST = 366 * 24 * 60
_PART = 3  # windows of one day


class StillUsed(Refusal):
    """The calendar counts for promises, or is the default; the default promise stays as well."""

    slug = "still-used"


@verb
def save_promise(promise: Promise | None = None, *, values: Mapping[str, Any]) -> Promise:
    """Make a promise, which stands last before the default, or change one; open ones follow. Raises Invalid.

    `values` are the promise's fields; what it is for (category, topic, by, channel, mailbox) the default has none of.
    """
    is_new = promise is None
    current = Promise() if promise is None else Promise.objects.select_for_update().get(pk=promise.pk)
    was = _told(current)
    for name in ("name", "calendar", "runs_on_later", *_TIMES, *(() if current.is_default else _FOR)):
        if name in values:
            setattr(current, name, values[name])
    current.name = " ".join((current.name or "").split())
    _check_promise(current)
    if is_new:
        last = Promise.objects.filter(is_default=False).aggregate(last=Max("position"))["last"]
        current.position = 0 if last is None else last + 1
    else:
        current.version, current.updated_at = current.version + 1, timezone.now()
    current.save()
    now = _told(current)
    changes = {name: [was[name], now[name]] for name in now if was[name] != now[name]}
    if is_new or changes:
        deed = "added" if is_new else "changed"
        record(PromisesChanged(deed=deed, what=current.name, changes={} if is_new else changes), subject=current)
        recompute.later()
    return current


@verb
def move_promise(promise: Promise, *, by: int) -> None:
    """Move a promise up (-1) or down (1): the first that fits an inquiry holds. The default stays last."""
    listed = list(Promise.objects.filter(is_default=False).select_for_update())
    place = next((at for at, one in enumerate(listed) if one.pk == promise.pk), None)
    if place is None or not 0 <= place + by < len(listed):
        return
    listed.insert(place + by, listed.pop(place))
    for position, one in enumerate(listed):
        Promise.objects.filter(pk=one.pk).update(position=position)
    record(PromisesChanged(deed="moved", what=promise.name), subject=promise)
    recompute.later()


@verb
def delete_promise(promise: Promise) -> None:
    """Promise it no longer: whom it was for gets the next that fits. Raises StillUsed for the default."""
    if promise.is_default:
        raise StillUsed(_("The last promise is for everybody else, and stays. It can promise nothing, though."))
    record(PromisesChanged(deed="removed", what=promise.name), subject=promise)
    promise.delete()
    recompute.later()


@verb
def save_calendar(calendar: Calendar | None = None, *, values: Mapping[str, Any]) -> Calendar:
    """Make or change when the shop works: name, time_zone, week, is_default, and `days`. Raises Invalid.

    `days` are dicts of `on`, `name`, and either `windows` or `like`, and replace all that there were.
    """
    is_new = calendar is None
    current = Calendar() if calendar is None else Calendar.objects.select_for_update().get(pk=calendar.pk)
    current.name = " ".join(str(values.get("name", current.name)).split())
    current.time_zone = values.get("time_zone", current.time_zone)
    current.week = _checked_week(values.get("week", current.week))
    days = _checked_days(values["days"]) if "days" in values else None
    _check_calendar(current, days)
    if values.get("is_default") and not current.is_default:
        Calendar.objects.filter(is_default=True).update(is_default=False)
        current.is_default = True
    if not is_new:
        current.version, current.updated_at = current.version + 1, timezone.now()
    current.save()
    if days is not None:
        current.days.all().delete()
        CalendarDay.objects.bulk_create(CalendarDay(calendar=current, **day) for day in days)
    record(PromisesChanged(deed="added" if is_new else "changed", what=current.name), subject=current)
    recompute.later()
    return current


@verb
def delete_calendar(calendar: Calendar) -> None:
    """Forget a calendar that no promise counts with. Raises StillUsed."""
    if calendar.is_default or calendar.promises.exists():
        raise StillUsed(
            _("Promises count with this calendar, or it is the default. Choose another one for them first.")
        )
    record(PromisesChanged(deed="removed", what=calendar.name), subject=calendar)
    calendar.delete()


def _check_promise(promise: Promise) -> None:
    wrong: dict[str, list[str]] = {}
    if not promise.name:
        wrong["name"] = [_("Say who it is for: customers may read it.")]
    if promise.calendar_id is None:
        wrong["calendar"] = [_("Choose when its clock runs.")]
    elif not any(calendars.weekly(promise.calendar.week)) and not promise.calendar.days.exists():
        wrong["calendar"] = [_("This calendar has no working time.")]
    if promise.by and promise.by not in By.values:
        wrong["by"] = [_("There is no such way.")]
    for name in _TIMES:
        minutes = getattr(promise, name)
        if minutes is not None and not 1 <= minutes <= _LONGEST:
            wrong[name] = [_("Say a time of at least a minute, and at most a year.")]
    first, solution = promise.first_minutes, promise.solution_minutes
    if first is not None and solution is not None and solution < first:
        wrong["solution_minutes"] = [_("Nothing is solved before it is answered: take a longer time.")]
    _refuse(wrong)


def _check_calendar(calendar: Calendar, days: Sequence[dict[str, Any]] | None) -> None:
    wrong: dict[str, list[str]] = {}
    if not calendar.name:
        wrong["name"] = [_("Give it a name.")]
    elif Calendar.objects.filter(name__iexact=calendar.name).exclude(pk=calendar.pk).exists():
        wrong["name"] = [_("There is a calendar of this name already.")]
    if calendar.time_zone:
        try:
            ZoneInfo(calendar.time_zone)
        except (ZoneInfoNotFoundError, ValueError):
            wrong["time_zone"] = [_("There is no such time zone.")]
    if days is not None and len({day["on"] for day in days}) < len(days):
        wrong["days"] = [_("A day stands there twice.")]
    if not wrong:
        # a year and more ahead has to have an hour of work, or nothing that is promised would ever be due
        rows = (
            [CalendarDay(**day) for day in days]
            if days is not None
            else list(calendar.days.all())
            if calendar.pk
            else []
        )
        try:
            clock.due(calendars.built(calendar.time_zone, calendar.week, rows), timezone.now(), 60)
        except clock.NeverOpen:
            wrong["week"] = [_("This calendar never opens: nothing that is promised would ever be due.")]
    _refuse(wrong)


def _checked_week(week: Sequence[Sequence[Sequence[str]]]) -> list[list[list[str]]]:
    if len(week) != 7:
        _refuse({"week": [_("A week has seven days.")]})
    return [_checked_windows(day, "week") for day in week]


def _checked_days(days: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    found = []
    for day in days:
        like = day.get("like")
        if not isinstance(day.get("on"), dt.date) or (like is not None and like not in range(7)):
            _refuse({"days": [_("Write each day as a date, and what holds on it.")]})
        windows = [] if like is not None else _checked_windows(day.get("windows") or [], "days")
        found.append({"on": day["on"], "name": str(day.get("name", ""))[:80], "windows": windows, "like": like})
    return found


def _checked_windows(windows: Sequence[Sequence[str]], field: str) -> list[list[str]]:
    found = []
    for window in windows:
        try:
            begins, ends = window
            start, end = calendars.minute(begins), calendars.minute(ends)
        except (ValueError, TypeError):
            _refuse({field: [_("Write times like 09:00–18:00.")]})
        if start == end:
            _refuse(
                {field: [_("A time from %(time)s to itself is no time; all day is 00:00–24:00.") % {"time": begins}]}
            )
        found.append([begins, ends])
    if len(found) > _PART:
        _refuse({field: [_("Three windows a day are enough.")]})
    ordered = sorted(calendars.read(found))
    if any(one[1] > other[0] for one, other in pairwise(ordered)):
        _refuse({field: [_("Two times of a day overlap.")]})
    return found


def _refuse(wrong: dict[str, list[str]]) -> None:
    if wrong:
        raise Invalid(_("This cannot be saved like this."), fields=wrong)


def _told(promise: Promise) -> dict[str, Any]:
    keys = (
        "name",
        "calendar_id",
        "runs_on_later",
        *_TIMES,
        "by",
        "category_id",
        "topic_id",
        "channel_id",
        "mailbox_id",
    )
    return {key: getattr(promise, key) for key in keys}
