"""What people are told of backups: the list, how old the newest proof is, and when to be alarmed."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field

from django.conf import settings
from django.db import connection
from django.db.migrations.recorder import MigrationRecorder
from django.db.models import Min
from django.utils import timezone

from regulars.core import quarantine
from regulars.core.backup import keys, places, retention
from regulars.core.backup.refusals import PlaceAway
from regulars.core.models import BackupRun, KeysCopy

State = BackupRun.State


@dataclass(frozen=True, slots=True)
class Listed:
    """A backup in a place, as the list shows it; `run` is what this shop knows of it, if it knows anything."""

    name: str
    place: str
    taken_at: dt.datetime
    size: int
    run: BackupRun | None

    @property
    def state(self) -> str:
        """The state of the run; one that this shop does not know is not proven."""
        return self.run.state if self.run else State.TAKEN

    @property
    def label(self) -> str:
        """The state, as people call it."""
        return str(State(self.state).label)


@dataclass(frozen=True, slots=True)
class Health:
    """Whether the shop could be brought back, for the start page."""

    proven_at: dt.datetime | None = None
    is_late: bool = False
    bad: BackupRun | None = None
    hours: int = 0
    keys_missing: list[KeysCopy] = field(default_factory=list)

    @property
    def is_alarm(self) -> bool:
        """Whether somebody has to look."""
        return self.is_late or self.bad is not None or bool(self.keys_missing)


def health() -> Health:
    """How the backups are. A restored copy in quarantine takes none, and a shop of today has had no night yet."""
    if quarantine.is_on():
        return Health()
    runs = BackupRun.objects.exclude(state=State.TAKING)
    newest = runs.filter(state=State.PROVEN).order_by("-proven_at").first()
    # what was proven after it went wrong is no reason to be alarmed any more, unless it is damaged and still there
    after = {"began_at__gt": newest.began_at} if newest else {}
    bad = runs.filter(state=State.DAMAGED).order_by("-began_at").first() or (
        runs.filter(**after).exclude(error="").order_by("-began_at").first()
    )
    hours = settings.BACKUP_MAX_AGE
    since = newest.began_at if newest else _opened_at()
    is_late = since < timezone.now() - dt.timedelta(hours=hours)
    return Health(newest.proven_at if newest else None, is_late, bad, hours, _stuck())


def listed() -> tuple[list[Listed], list[str]]:
    """The backups of every place, newest first, and a sentence for each place that cannot be reached."""
    found, away = [], []
    known = {(run.name, run.place): run for run in runs()}
    for place in places.places():
        try:
            stored = place.stored()
        except PlaceAway as refusal:
            away.append(refusal.sentence)
            continue
        for one in stored:
            run = known.get((one.name, place.label))
            found.append(Listed(one.name, place.label, retention.taken_at(one.name), one.size, run))
    return sorted(found, key=lambda one: (one.taken_at, one.name), reverse=True), away


def failed() -> list[BackupRun]:
    """What could not be taken, newest first."""
    return list(BackupRun.objects.filter(state=State.FAILED).order_by("-began_at")[:5])


def runs() -> list[BackupRun]:
    """Everything this shop knows of its backups; nothing where there is no shop yet."""
    if BackupRun._meta.db_table not in connection.introspection.table_names():
        return []
    return list(BackupRun.objects.all())


def _stuck() -> list[KeysCopy]:
    """Places whose copy of the keys could not be replaced; one that waits for its first turn is no alarm."""
    return [row for row in keys.missing() if row.error]


def _opened_at() -> dt.datetime:
    """When this shop began, as far as its database knows."""
    first: dt.datetime | None = MigrationRecorder.Migration.objects.aggregate(first=Min("applied"))["first"]
    return first or timezone.now()
