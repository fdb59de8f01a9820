"""How the inbox shows time: rings that run down, and the words beside them."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from regulars.core import shop
from regulars.core.ui import words
from regulars.inbox.models import Conversation, Deadline

_DAY = 24 * 60
_SOON = 0.45  # of what was promised is left
# what the tiers of the shop are drawn as; the fifth stroke is the slash
_STROKES = {"new": 1, "regular": 3, "vip": 5}
ICONS = {
    "email": "mail",
    "sms": "smartphone",
    "whatsapp": "message-circle",
    "telegram": "send",
    "wechat": "message-square-more",
    "chat": "messages-square",
    "other": "share-2",
    "form": "clipboard-list",
    "phone": "phone",
    "store": "store",
    "api": "webhook",
}
LATER: tuple[tuple[str, Promise | str], ...] = (
    ("1h", gettext_lazy("In one hour")),
    ("3h", gettext_lazy("In three hours")),
    ("tomorrow", gettext_lazy("Tomorrow morning")),
    ("monday", gettext_lazy("Monday morning")),
    ("week", gettext_lazy("In a week")),
)


@dataclass(frozen=True, slots=True)
class Burn:
    """A promise that runs down: until when, what is left of it, and in words. `state` is "", "soon" or "late"."""

    due_at: dt.datetime
    minutes: int
    state: str
    left: float
    words: str

    @property
    def percent(self) -> str:
        """What is left, of a hundred."""
        return f"{100 * self.left:.1f}"


def burn(due_at: dt.datetime, minutes: int, *, long: bool = False) -> Burn:
    """How a promise of so many minutes stands now."""
    seconds = (due_at - timezone.now()).total_seconds()
    left = min(max(seconds / (60 * minutes), 0.0), 1.0) if minutes else 0.0
    state = "late" if seconds < 0 else "soon" if left <= _SOON else ""
    return Burn(due_at, minutes, state, left, _long(due_at, seconds) if long else _short(due_at, seconds))


def burn_of(conversation: Conversation, deadline: Deadline | None, *, long: bool = False) -> Burn | None:
    """The same of a conversation; None where nothing runs."""
    if deadline is not None and deadline.due_at is not None:
        return burn(deadline.due_at, deadline.minutes, long=long)
    return burn(conversation.due_at, 4 * 60, long=long) if conversation.due_at else None


def _short(due_at: dt.datetime, seconds: float) -> str:
    if seconds < 0:
        return _("%(time)s late") % {"time": duration(max(1, int(-seconds // 60)))}
    if seconds >= _DAY * 60 or due_at.astimezone(shop.zone()).date() != shop.today():
        return day_ahead(due_at)
    return duration(int(seconds // 60))


def _long(due_at: dt.datetime, seconds: float) -> str:
    if seconds < 0:
        return _("%(time)s late") % {"time": duration(max(1, int(-seconds // 60)))}
    if seconds >= _DAY * 60:
        return day_ahead(due_at)
    return _("%(time)s left") % {"time": duration(int(seconds // 60))}


def duration(minutes: int) -> str:
    """49 min, 1 h 30, 3 days."""
    if minutes < 60:
        return _("%(n)s min") % {"n": minutes}
    if minutes < _DAY:
        hours, rest = divmod(minutes, 60)
        return _("%(h)s h %(m)s") % {"h": hours, "m": f"{rest:02d}"} if rest else _("%(n)s h") % {"n": hours}
    days = minutes // _DAY
    return ngettext("%(n)s day", "%(n)s days", days) % {"n": days}


def promised(minutes: int) -> str:
    """2 hours, 30 minutes: what was promised, in whole words."""
    if minutes % 60:
        return ngettext("%(n)s minute", "%(n)s minutes", minutes) % {"n": minutes}
    hours = minutes // 60
    return ngettext("%(n)s hour", "%(n)s hours", hours) % {"n": hours}


def ago(moment: dt.datetime) -> str:
    """3 days: for how long something has been so."""
    return duration(max(0, int((timezone.now() - moment).total_seconds() // 60)))


def day_ahead(moment: dt.datetime) -> str:
    """Tomorrow, or the day."""
    days = (moment.astimezone(shop.zone()).date() - shop.today()).days
    return _("Tomorrow") if days == 1 else words.day(moment)


def day_and_clock(moment: dt.datetime) -> str:
    """Today 08:31, Thu 12 Mar 08:31."""
    on = moment.astimezone(shop.zone()).date()
    if on == shop.today():
        return _("Today %(time)s") % {"time": words.clock(moment)}
    return f"{words.day(moment)} {words.clock(moment)}"


def by_when(moment: dt.datetime) -> str:
    """10:31 of today, else with its day."""
    on = moment.astimezone(shop.zone()).date()
    return words.clock(moment) if on == shop.today() else f"{day_ahead(moment)} {words.clock(moment)}"


def strokes_of(customer: Any) -> int:
    """How many strokes their tier is drawn with; none for who has no tier of these."""
    return _STROKES.get(customer.category.key, 0) if customer.category else 0


def later_until(choice: str) -> dt.datetime | None:
    """The moment behind a choice of “later”, or behind a date and time of the shop; None for anything else."""
    now = timezone.now()
    if choice in {"1h", "3h"}:
        return now + dt.timedelta(hours=int(choice[0]))
    if choice in {"tomorrow", "monday", "week"}:
        today = shop.today()
        days = {"tomorrow": 1, "week": 7, "monday": 7 - today.weekday()}[choice]
        return dt.datetime.combine(today + dt.timedelta(days=days), dt.time(9), tzinfo=shop.zone())
    try:
        moment = dt.datetime.fromisoformat(choice)
    except ValueError:
        return None
    moment = moment if moment.tzinfo else moment.replace(tzinfo=shop.zone())
    return moment if moment > now else None
