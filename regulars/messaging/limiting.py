"""The shop's limits are changed here."""

from __future__ import annotations

import datetime as dt

from django.utils import timezone

from regulars.messaging.facts import LimitsChanged
from regulars.messaging.models import Limits
from regulars.staff.policy import verb
from regulars.timeline.actions import record, who_acts


@verb
def set_limits(*, is_counted: bool, most: int, days: int, is_quiet: bool, opens: dt.time, closes: dt.time) -> Limits:
    """How much marketing one person gets in some days, and between which hours it leaves, from now on."""
    row = Limits.objects.select_for_update().filter(pk=1).first() or Limits()
    new = {
        "is_counted": is_counted,
        "most": most,
        "days": days,
        "is_quiet": is_quiet,
        "opens": opens,
        "closes": closes,
    }
    changes = {
        key: [_word(getattr(row, key)), _word(value)] for key, value in new.items() if getattr(row, key) != value
    }
    for key, value in new.items():
        setattr(row, key, value)
    row.changed_at, row.changed_by_id = timezone.now(), who_acts().user_id
    row.save()
    if changes:
        record(LimitsChanged(changes=changes))
    return row


def _word(value: object) -> object:
    return f"{value:%H:%M}" if isinstance(value, dt.time) else value
