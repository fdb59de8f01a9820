"""Background work: a verb with a second spelling.

`send(message_id=7)` does it now, `send.later(message_id=7)` after commit.

Jobs are rows of our own database, enqueued in the transaction of the change that wants them, through django-tasks.
What its backend leaves open is here: retries with growing delay, leases, schedules, progress and cancelling.

    verbs     what can run later: @background(), .later(), progress()
    queue     the rows: claim, finish, fail, cancel, try again, prune
    schedule  what runs by the clock: @every("03:30"), @every(minutes=5)
    worker    the process that does it all
"""

from regulars.core.background.schedule import every
from regulars.core.background.verbs import Background, Cancelled, background, carry, progress

__all__ = ["Background", "Cancelled", "background", "carry", "every", "progress"]
