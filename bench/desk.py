"""A desk that does not exist: simulated inquiries, people, hours and drift, to replay the acknowledgement on.

No real answering history is free to use, so this one is made up, from a seed: inquiries come day and night, by a
weekday's curve; those who are there take the oldest first, when they are not called away; some need a question to the
warehouse; for some weeks one person is missing, and later a slow topic becomes common. The replay tells each customer
a time from nothing but what was known at that moment, as the product does.
"""

from __future__ import annotations

import datetime as dt
import heapq
import random
from collections import deque
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from regulars.inbox.acknowledging import estimating, moments
from regulars.inbox.promises import clock

ZONE = ZoneInfo("Europe/Berlin")
HOURS = clock.Calendar(
    "Europe/Berlin",
    (((9 * 60, 18 * 60),),) * 5 + (((10 * 60, 14 * 60),), ()),
    ((dt.date(2026, 4, 3), ()), (dt.date(2026, 4, 6), ()), (dt.date(2026, 5, 1), ()), (dt.date(2026, 5, 14), ())),
)
BEGAN = dt.datetime(2026, 1, 5, 6, tzinfo=dt.UTC)
PROMISED = 480  # minutes of working time: a day, less the hour at noon
_TOPICS = ((6, 0.30, 0.02), (9, 0.25, 0.05), (14, 0.20, 0.15), (20, 0.15, 0.35), (30, 0.10, 0.25))
_CURVE = (1, 1, 0, 0, 0, 1, 2, 4, 7, 9, 10, 9, 7, 7, 8, 8, 8, 7, 6, 6, 7, 7, 5, 3)
_LEARNS_FROM = 1000
_LEVELS_FROM = 1000
_FITS_EVERY = 50


@dataclass(slots=True)
class Inquiry:
    """One of them: when it came, what about, who was there, when it was answered."""

    came: dt.datetime
    case: estimating.Case
    took: float
    answered: dt.datetime


@dataclass(frozen=True, slots=True)
class Replay:
    """What came of the moments that were told."""

    told: int
    held: int
    promise_held: int
    minutes: float
    promised: float

    @property
    def coverage(self) -> float:
        return self.held / self.told

    @property
    def tighter(self) -> float:
        """How much shorter than the promise the told times are, on average."""
        return 1 - self.minutes / self.promised


def simulated(count: int, seed: int) -> list[Inquiry]:
    """So many inquiries and their answers."""
    draw = random.Random(seed)
    at = BEGAN
    arrivals: list[dt.datetime] = []
    while len(arrivals) < count:
        at += dt.timedelta(minutes=draw.expovariate(1 / 4.0))
        local = at.astimezone(ZONE)
        if draw.random() < _CURVE[local.hour] / 10 * (0.55 if local.weekday() > 4 else 1) * 0.14:
            arrivals.append(at)
    return _worked_off(arrivals, draw)


def replay(inquiries: list[Inquiry], *, promised: int = PROMISED, from_share: float = 0.0) -> Replay:
    """Tell each customer a time, with what was known then, and count what held, from that share of them on."""
    answered: list[tuple[dt.datetime, int]] = []
    known: deque[bool] = deque(maxlen=_LEVELS_FROM)
    pending: list[tuple[dt.datetime, int, bool]] = []
    learned: list[Inquiry] = []
    lately: deque[bool] = deque(maxlen=moments.LATELY)
    estimator: estimating.Estimator | None = None
    told = held = kept = 0
    minutes = total = 0.0
    fitted = -_FITS_EVERY
    for number, one in enumerate(inquiries):
        while answered and answered[0][0] <= one.came:
            row = inquiries[heapq.heappop(answered)[1]]
            learned.append(row)
            lately.append(row.took <= promised)
        while pending and pending[0][0] <= one.came:
            known.append(heapq.heappop(pending)[2])
        if len(learned) >= estimating.ENOUGH and number - fitted >= _FITS_EVERY:
            rows = learned[-_LEARNS_FROM:]
            ages = [(one.came - row.answered) / dt.timedelta(days=1) for row in rows]
            answers = [estimating.Answer(row.case, row.took, age) for row, age in zip(rows, ages, strict=True)]
            estimator, fitted = estimating.Estimator(answers), number
        if estimator is not None:
            due = clock.due(HOURS, one.came, promised)
            said = moments.told(
                calendar=HOURS,
                came=one.came,
                minutes=estimator.minutes(one.case, estimating.level(known)),
                promised=due,
                keeps_promises=moments.are_kept(lately),
                zone=ZONE,
            )
            was_late = one.answered > said
            heapq.heappush(pending, (min(one.answered, said), number, was_late))
            if number >= from_share * len(inquiries):
                told += 1
                held += not was_late
                kept += one.answered <= due
                minutes += clock.worked(HOURS, one.came, said)
                total += promised
        heapq.heappush(answered, (one.answered, number))
    return Replay(told, held, kept, minutes, total)


def _worked_off(arrivals: list[dt.datetime], draw: random.Random) -> list[Inquiry]:
    """Serve them in working time, the oldest first."""
    free = [0.0, 0.0, 0.0]  # when each person has time, in minutes of working time since the beginning
    waiting: list[float] = []  # when those before are answered
    found = []
    for number, came in enumerate(arrivals):
        share = number / len(arrivals)
        at = clock.worked(HOURS, BEGAN, came)
        away = 0.35 <= share < 0.5
        staff = 2 if away else 3
        topic = draw.choices(
            range(5), [weight * (3 if kind == 4 and share > 0.7 else 1) for kind, (_, weight, _) in enumerate(_TOPICS)]
        )[0]
        usual, _weight, asks = _TOPICS[topic]
        while waiting and waiting[0] <= at:
            heapq.heappop(waiting)
        queue = len(waiting)
        place = min(range(staff), key=lambda one: free[one])
        begins = max(free[place], at) + draw.expovariate(1 / 6.0)
        effort = usual * draw.lognormvariate(0, 0.5)
        free[place] = begins + effort + draw.expovariate(1 / 8.0)
        took = begins + effort - at + (draw.expovariate(1 / 90.0) if draw.random() < asks else 0.0)
        heapq.heappush(waiting, at + took)
        by = draw.choice(["email", "email", "form", "whatsapp"])
        case = estimating.Case(topic, by, came.astimezone(ZONE).hour, queue, staff if clock.is_open(HOURS, came) else 0)
        found.append(Inquiry(came, case, took, clock.due(HOURS, came, took)))
    return found


def measured(count: int = 6000, seed: int = 7) -> dict[str, float]:
    """The figures of one replay, over all and over its last half, in which things change."""
    inquiries = simulated(count, seed)
    whole, later = replay(inquiries), replay(inquiries, from_share=0.35)
    low, high = estimating.interval(whole.held, whole.told)
    return {
        "inquiries": len(inquiries),
        "told": whole.told,
        "held": round(whole.coverage, 4),
        "held_from": round(low, 4),
        "held_to": round(high, 4),
        "held_under_drift": round(later.coverage, 4),
        "tighter_than_the_promise": round(whole.tighter, 4),
        "promise_held": round(whole.promise_held / whole.told, 4),
    }


if __name__ == "__main__":
    for seed in range(1, 6):
        print(measured(seed=seed))
