"""Promises in words: how much is left of one, by when it is due, and what the shop promises to whom."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext

from regulars.core import shop
from regulars.core.ui.words import day
from regulars.inbox.models import By, Conversation, Deadline, Kept, Promise
from regulars.inbox.promises import running

PLAIN, SOON, LATE = "plain", "soon", "late"
_HALF = 0.5
_HOUR, _DAY = 60, 1440


@dataclass(frozen=True, slots=True)
class Left:
    """What is left of a promise: in words (“49 min left”), shorter (“49 min”), and as a share of the promised time."""

    words: str
    short: str
    share: float
    state: str
    due_at: dt.datetime | None


def left(deadline: Deadline, now: dt.datetime) -> Left:
    """How much is left, for a ring and the words beside it: plain, soon where half is gone, late.

    The share is of working time, as it was promised; the words are of the clock on the wall, as whoever works reads it.
    """
    due = deadline.due_at
    remaining = running.remaining(deadline, now) / dt.timedelta(minutes=1)
    share = min(1.0, max(0.0, remaining / deadline.minutes)) if deadline.minutes else 0.0
    if due is None:
        words = _("Paused")
        return Left(words, words, share, PLAIN, None)
    if due < now:
        lateness = _("%(time)s late") % {"time": span((now - due) / dt.timedelta(minutes=1))}
        return Left(lateness, lateness, 0.0, LATE, due)
    state = PLAIN if share > _HALF else SOON
    zone = shop.zone()
    days = (due.astimezone(zone).date() - now.astimezone(zone).date()).days
    if days == 0:
        short = span((due - now) / dt.timedelta(minutes=1))
        return Left(_("%(time)s left") % {"time": short}, short, share, state, due)
    words = _("Tomorrow") if days == 1 else day(due.astimezone(zone).date())
    return Left(words, words, share, state, due)


def nearest(conversations: Iterable[Conversation]) -> dict[int, Deadline]:
    """The deadline that each conversation's `due_at` comes from, by the conversation's key; in one query for all."""
    ids = [conversation.pk for conversation in conversations if conversation.due_at is not None]
    rows = (
        Deadline.objects.filter(conversation__in=ids, ended_at__isnull=True, due_at__isnull=False)
        .select_related("calendar")
        .prefetch_related("calendar__days")
        .order_by("-due_at", "-pk")
    )
    return {row.conversation_id: row for row in rows}


def by_when(deadline: Deadline) -> str:
    """“Promised by 10:31”, or with its day where that is another one."""
    if deadline.due_at is None:
        return _("Promised, and waiting for the customer")
    local = deadline.due_at.astimezone(shop.zone())
    if local.date() == shop.today():
        return _("Promised by %(time)s") % {"time": f"{local:%H:%M}"}
    return _("Promised by %(day)s, %(time)s") % {"day": day(local.date()), "time": f"{local:%H:%M}"}


def terms(deadline: Deadline) -> str:
    """“2 hours for Friends, working time”."""
    values = {"time": length(deadline.minutes), "promise": deadline.promise_name}
    return _("%(time)s for %(promise)s, working time") % values


def sentences(promise: Promise) -> list[str]:
    """What a promise says, one plain sentence each: “Friends hear from us within 2 hours of working time.”"""
    who = str(promise)
    found = []
    if promise.first_minutes is not None:
        values = {"who": who, "time": length(promise.first_minutes)}
        found.append(_("%(who)s: first answer within %(time)s of working time.") % values)
    if promise.next_minutes is not None:
        found.append(_("Every further answer within %(time)s.") % {"time": length(promise.next_minutes)})
    if promise.solution_minutes is not None:
        found.append(_("Solved within %(time)s.") % {"time": length(promise.solution_minutes)})
    return found or [_("%(who)s: nothing is promised.") % {"who": who}]


def kind(value: str) -> str:
    """The name of what is promised."""
    return str(Kept(value).label)


def way(by: str) -> str:
    """The name of a way, as people call it."""
    return str(By(by).label)


def span(minutes: float) -> str:
    """A time as a list shows it: “49 min”, “1 h 30”, “3 d”."""
    whole = int(max(minutes, 0))
    if whole < _HOUR:
        return pgettext("a short time", "%(minutes)s min") % {"minutes": whole}
    if whole < _DAY:
        hours, rest = divmod(whole, _HOUR)
        return pgettext("a short time", "%(hours)s h %(minutes)02d") % {"hours": hours, "minutes": rest}
    return pgettext("a short time", "%(days)s d") % {"days": whole // _DAY}


def length(minutes: float) -> str:
    """A length of working time in words: “2 hours”, “90 minutes”."""
    whole = round(minutes)
    if whole % _HOUR == 0 and whole:
        hours = whole // _HOUR
        return ngettext("%(count)s hour", "%(count)s hours", hours) % {"count": hours}
    if whole > 2 * _HOUR:
        hours, rest = divmod(whole, _HOUR)
        return pgettext("a length", "%(hours)s hours %(minutes)s minutes") % {"hours": hours, "minutes": rest}
    return ngettext("%(count)s minute", "%(count)s minutes", whole) % {"count": whole}


def moment(at: dt.datetime, now: dt.datetime, zone: ZoneInfo) -> str:
    """A moment as a customer is told it, on their own clock: “today 16:00”, “tomorrow 10:00”, “Monday, 9 March 10:00”.

    In the language that is active.
    """
    local, here = at.astimezone(zone), now.astimezone(zone)
    time = f"{local:%H:%M}"
    days = (local.date() - here.date()).days
    if days <= 0:
        return pgettext("by when", "today %(time)s") % {"time": time}
    if days == 1:
        return pgettext("by when", "tomorrow %(time)s") % {"time": time}
    date = date_format(local, pgettext("a day for customers, as Django formats dates", "l, j F"))
    return pgettext("by when", "%(day)s, %(time)s") % {"day": date, "time": time}
