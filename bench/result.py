"""What a measurement answers, and what it is told."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any


@dataclass(frozen=True, slots=True)
class Options:
    """What was asked for on the command line. `rows` is how large the thing to measure shall be, if it was said."""

    rows: int | None = None
    folder: Path = field(default_factory=Path)

    def rows_or(self, usual: int) -> int:
        """The size to measure at."""
        return self.rows or usual


@dataclass(frozen=True, slots=True)
class Result:
    """One figure. `ours` and `baseline` are medians in `unit`, of the same run; `baseline` is None where there is none.

    `unit` says which way is better: a “/s” at its end means more is better, anything else less.
    """

    name: str
    rows: int
    unit: str
    ours: float
    baseline: float | None = None
    baseline_name: str = ""
    note: str = ""

    @property
    def ratio(self) -> float | None:
        """Ours for one of the baseline."""
        return None if not self.baseline else self.ours / self.baseline

    def figures(self) -> dict[str, Any]:
        """As `--json` prints it."""
        return {**asdict(self), "ratio": None if self.ratio is None else round(self.ratio, 4)}


def median_seconds(action: Callable[[], Any], *, times: int = 5) -> float:
    """How long it takes, the middle of several goes."""
    spans = []
    for _ in range(times):
        began = time.perf_counter()
        action()
        spans.append(time.perf_counter() - began)
    return statistics.median(spans)


def quantile(values: list[float], share: float) -> float:
    """The value that `share` of all do not exceed; 0.95 gives what is called p95."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]
