"""Imports as people make them: bring a file, plan it, apply all or a part of it, stop it, and take it back."""

from __future__ import annotations

import datetime as dt
import json
import secrets
import shutil
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.translation import get_language, gettext_lazy, override
from django.utils.translation import gettext as _
from pyroaring import BitMap64

from regulars.channels.actions import channel_for
from regulars.core import background as jobs
from regulars.core import bulk
from regulars.core.background import Cancelled, background, every
from regulars.core.errors import Invalid, Refusal
from regulars.core.importing import RejectsFile, Run, Summary, heading_key
from regulars.core.tabular import Table, open_table
from regulars.core.text import BadText, clean
from regulars.customers.actions.bulk import NotPossibleNow
from regulars.customers.actions.importing import import_customers, plan_of
from regulars.customers.facts import FileReceived, WorkStopped
from regulars.customers.importing import files
from regulars.customers.importing.duplicates import Search
from regulars.customers.importing.extras import Extras
from regulars.customers.importing.files import path_of
from regulars.customers.importing.keeping import Choice
from regulars.customers.importing.planning import Planned, Planner
from regulars.customers.importing.preparing import batches
from regulars.customers.importing.repairs import Repairs
from regulars.customers.models import Change, ChangeSet, ImportFile, RememberedMapping
from regulars.staff.models import User
from regulars.staff.policy import verb
from regulars.timeline.actions import record, who_acts

ACTION = "import"
AT_HAND = 1 << 16  # bytes of a file that is planned while somebody waits
LISTED = 20_000  # new rows, and unchanged ones, that a plan lists one by one; the rest it counts
MOST_BYTES = 2 << 30
KEPT_FOR = dt.timedelta(days=30)
_LOOKED_FOR, _LOOKED_FOR_AT_HAND = 60.0, 2.0  # seconds for duplicates of new rows

Outcome = Change.Outcome
State = ChangeSet.State
DONE_BY = (Outcome.NEW, Outcome.CHANGED, Outcome.POSSIBLE)


@dataclass(slots=True)
class QuietRun(Run):
    """An import that nobody watches at a terminal: it tells the page how far it is, and hears of Stop."""

    change_set_id: int = 0
    total: int = 0

    def progress(self) -> None:
        """Said between two transactions, where it can be seen."""

    def is_stopped(self) -> bool:
        """Say how far it is; whether somebody stopped it, here or among the background work."""
        going = ChangeSet.objects.filter(pk=self.change_set_id, state=State.APPLYING)
        if not going.update(done=self.summary.rows):
            return True
        try:
            jobs.progress(self.summary.rows, self.total)
        except Cancelled:
            return True
        return False

    def say(self, sentence: str) -> None:
        """Nobody is there to hear it; what matters stands in the change set."""


def receive_file(*, name: str, chunks: Iterable[bytes]) -> ImportFile:
    """Keep a file that somebody brought, sealed, and see that it is a table. Raises Invalid or Unreadable."""
    try:
        kept = clean(Path(name.replace("\\", "/")).name, limit=200).lstrip(".") or "table"
    except BadText as problem:
        raise Invalid(str(problem), fields={"file": [str(problem)]}) from problem
    file = ImportFile(name=kept, key=secrets.token_hex(16), size=0, made_by=_acting_user())
    path = path_of(file)
    path.parent.mkdir(parents=True, mode=0o700)
    try:
        with path.open("wb") as stream:
            path.chmod(0o600)
            for chunk in chunks:
                file.size += stream.write(chunk)
                if file.size > MOST_BYTES:
                    sentence = _("The file is larger than %(limit)d MB. Cut it into parts.") % {
                        "limit": MOST_BYTES >> 20
                    }
                    raise Invalid(sentence, fields={"file": [sentence]})
        open_table(path)
        files.seal(path)
    except (Refusal, OSError):
        _throw_away(path)
        raise
    file.save()
    record(FileReceived(file=file.name, size=file.size), subject=file)
    return file


def rejects_of(change_set: ChangeSet) -> Path | None:
    """The file of the rows that did not come in; None where all did."""
    name = str(change_set.params.get("rejects_file") or "")
    if not name or "/" in name:
        return None
    file = ImportFile.objects.filter(change_set=change_set).first()
    path = (path_of(file).parent if file else Path(settings.REGULARS_HOME) / "imports") / name
    return path if path.is_file() else None


def open_file(file: ImportFile) -> Table:
    """The table of a file, read as its options say."""
    return files.open_file(file)


def remembered(table: Table) -> dict[str, str]:
    """How a file with these headings was read the last time, as far as its columns are still there."""
    known = RememberedMapping.objects.filter(kind="customers", headings=_digest(table)).first()
    return {
        field: column for field, column in (known.mapping if known else {}).items() if int(column) <= len(table.header)
    }


def plan_import(
    file: ImportFile,
    *,
    mapping: Mapping[str, str],
    reading: Mapping[str, str] | None = None,
    date_format: str = "",
    is_now: bool = False,
) -> ChangeSet:
    """Begin to plan: what every row of a file would do. Nothing of the customers is changed.

    `mapping` is {field: number of the column}, all of it; what is not in it is left out. A small file is planned here
    and now. Raises Invalid or Unreadable where the file cannot be used so.
    """
    with transaction.atomic():
        file = ImportFile.objects.select_for_update(of=("self",), no_key=True).get(pk=file.pk)
        if not may_plan(file):
            raise NotPossibleNow(_("This was done already, or is being done."))
        said = {"reading": dict(reading or {}), "date_format": date_format, "language": get_language() or "en"}
        file.options, file.mapping = said, dict(mapping)
        table = open_file(file)
        plan_of(table, mapping, reading=reading or {}, date_format=date_format, is_whole=True)
        # a plan that is begun anew must not be written by the job of the one before
        token = secrets.token_hex(8)
        planned = file.change_set or ChangeSet(action=ACTION, title=file.name, made_by=_acting_user())
        planned.state, planned.counts, planned.problem, planned.params = State.PLANNING, {}, "", {"token": token}
        planned.source = who_acts().source
        planned.save()
        file.change_set = planned
        file.save()
        RememberedMapping.objects.update_or_create(
            kind="customers", headings=_digest(table), defaults={"mapping": dict(mapping), "used_at": timezone.now()}
        )
        is_now = is_now or file.size <= AT_HAND
        if not is_now:
            make_import_plan.later(change_set_id=planned.pk, token=token)
    if is_now:
        make_import_plan(change_set_id=planned.pk, token=token)
        planned.refresh_from_db()
    return planned


def may_plan(file: ImportFile) -> bool:
    """Whether a file can be planned, perhaps anew: nothing of it was done, and no plan is being made."""
    planned = file.change_set
    return planned is None or (planned.started_at is None and planned.state != State.PLANNING)


@background(label=gettext_lazy("Plan an import of customers"), retries=3)
def make_import_plan(*, change_set_id: int, token: str) -> None:
    """Write down what would become of every row; begun again, it begins anew."""
    planned = ChangeSet.objects.select_related("file").get(pk=change_set_id)
    mine = ChangeSet.objects.filter(pk=planned.pk, state=State.PLANNING, params__token=token)
    if not mine.exists():
        return
    file = planned.file
    with _at_work(planned):
        table = open_file(file)
        options = file.options
        plan, not_imported, findings = plan_of(
            table, file.mapping, reading=options.get("reading", {}), date_format=options["date_format"], is_whole=True
        )
        old = Change.objects.filter(change_set=planned)
        old._raw_delete(old.db)
        extras = Extras(plan.columns, country=plan.country, date_orders=plan.date_orders or {})
        with transaction.atomic():
            channel = channel_for("")
        planner, repairs = Planner(channel, extras=extras or None), Repairs()
        search = Search(seconds=_LOOKED_FOR if file.size > AT_HAND else _LOOKED_FOR_AT_HAND)
        counts: Counter[str] = Counter()
        rows = 0
        broken = ""
        for batch in batches(table, plan):
            lines = planner.plan(batch)
            search.mark(lines, planner.ready_rows())
            with transaction.atomic():
                _keep_lines(planned, lines, counts)
                rows += batch.rows
                if not mine.update(done=rows):
                    transaction.set_rollback(True)
                    return
            repairs.add(batch.repairs)
            broken = broken or batch.broken
            jobs.progress(rows, max(rows, 1))
        found = [*table.findings, *findings, *repairs.findings(), *extras.findings(), *search.findings()]
        file.rows, file.repairs = rows, [finding._asdict() for finding in found]
        file.save(update_fields=["rows", "repairs"])
        mine.update(
            state=State.PLANNED,
            counts={**counts, "rows": rows},
            params={"not_imported": not_imported, "broken": broken},
            total=rows,
            done=0,
            updated_at=timezone.now(),
        )


def apply_import(change_set: ChangeSet, *, kinds: Iterable[str] = DONE_BY, is_now: bool = False) -> ChangeSet:
    """Do what was planned, or the rows of some kinds of it (`new`, `changed`, `possible`), without the lines left out.

    A small file is imported here and now. Raises NotPossibleNow, or Invalid where nothing is chosen.
    """
    with transaction.atomic():
        current = _locked(change_set)
        if current.state != State.PLANNED:
            raise NotPossibleNow(_("This was done already, or is being done."))
        chosen = [str(kind) for kind in kinds if kind in DONE_BY]
        if not any(current.counts.get(kind) for kind in chosen):
            sentence = _("Nothing is chosen that could be imported.")
            raise Invalid(sentence, fields={"kinds": [sentence]})
        now = timezone.now()
        current.params = {**current.params, "kinds": chosen}
        current.state, current.started_at, current.updated_at = State.APPLYING, now, now
        current.save(update_fields=["params", "state", "started_at", "updated_at"])
        is_now = is_now or current.file.size <= AT_HAND
        if not is_now:
            apply_import_rows.later(change_set_id=current.pk)
    if is_now:
        apply_import_rows(change_set_id=current.pk)
        current.refresh_from_db()
    return current


@background(label=gettext_lazy("Import customers"), retries=0)
def apply_import_rows(*, change_set_id: int) -> None:
    """Import the chosen rows. What is in when it is stopped or breaks off stays, and can be taken back."""
    applying = ChangeSet.objects.select_related("file").get(pk=change_set_id)
    if applying.state != State.APPLYING:
        return
    file = applying.file
    path = path_of(file)
    lines = Change.objects.filter(change_set=applying)
    choice = Choice(
        kinds=frozenset(applying.params.get("kinds", ())),
        without=BitMap64(row or 0 for row in lines.filter(state=Change.State.LEFT_OUT).values_list("row", flat=True)),
        planned={
            row or 0: (pk, outcome, json.dumps(fields))
            for pk, row, outcome, fields in lines.filter(outcome__in=[Outcome.CHANGED, Outcome.POSSIBLE])
            .values_list("pk", "row", "outcome", "fields")
            .iterator()
        },
    )
    rejects = RejectsFile(path.parent / files.REJECTS)
    rejects.path.unlink(missing_ok=True)
    run = QuietRun("customers", path, False, Summary(), rejects, change_set_id=applying.pk, total=applying.total)
    with _at_work(applying):
        try:
            unsealed = files.Unsealed(path)
            import_customers(
                unsealed.path,
                run=run,
                mapping=file.mapping,
                reading=file.options.get("reading", {}),
                date_format=file.options.get("date_format", ""),
                change_set=applying,
                choice=choice,
            )
        finally:
            run.rejects.close()
            if not run.rejects.is_empty:
                files.seal(run.rejects.path)


@verb
def leave_out(change_set: ChangeSet, *, lines: Iterable[int], is_left_out: bool = True) -> None:
    """Leave single rows out of what will be done, or take them in again."""
    current = _locked(change_set)
    if current.state != State.PLANNED:
        raise NotPossibleNow(_("This was done already, or is being done."))
    state = Change.State.LEFT_OUT if is_left_out else Change.State.PLANNED
    count = Change.objects.filter(change_set=current, pk__in=list(lines), outcome__in=DONE_BY).update(state=state)
    deed = "left out" if is_left_out else "taken in again"
    record(WorkStopped(change_set=current.public_id, action=current.action, deed=deed, count=count))


@verb
def stop_import(change_set: ChangeSet) -> ChangeSet:
    """Stop what is under way; what is done stays, and can be taken back."""
    current = _locked(change_set)
    if current.state not in {State.PLANNING, State.APPLYING}:
        raise NotPossibleNow(_("Nothing is under way that could be stopped."))
    current.state, current.updated_at = State.STOPPED, timezone.now()
    current.save(update_fields=["state", "updated_at"])
    record(WorkStopped(change_set=current.public_id, action=current.action, count=current.done))
    return current


@contextmanager
def _at_work(change_set: ChangeSet) -> Iterator[None]:
    """In the language of whoever asked, and with how it ended where that went wrong."""
    try:
        with override(change_set.file.options.get("language") or get_language()):
            yield
    except Cancelled:
        ChangeSet.objects.filter(pk=change_set.pk).update(state=State.STOPPED, updated_at=timezone.now())
        raise
    except Refusal as refusal:
        ChangeSet.objects.filter(pk=change_set.pk).exclude(state=State.STOPPED).update(
            state=State.FAILED, problem=refusal.sentence, updated_at=timezone.now()
        )


def _keep_lines(planned: ChangeSet, lines: Iterable[Planned], counts: Counter[str]) -> None:
    """The lines of a plan as rows; of the many that are plainly new or the same, the first ones."""
    ready = []
    for line in lines:
        counts[str(line.outcome)] += 1
        if line.outcome in {Outcome.NEW, Outcome.SAME} and counts[str(line.outcome)] > LISTED:
            continue
        fields = json.dumps(line.fields, ensure_ascii=False, default=str)
        ready.append((line.customer_id, line.row, line.label, str(line.outcome), line.reason, fields))
    same = {"change_set_id": planned.pk, "state": str(Change.State.PLANNED), "images": "[]"}
    bulk.insert(Change, ("customer_id", "row", "label", "outcome", "reason", "fields"), ready, same=same)


def _digest(table: Table) -> str:
    """What tells the headings of a file from those of another one."""
    import hashlib  # noqa: PLC0415 — one use

    text = "\0".join(heading_key(name) for name in table.header)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


@every("03:40", label=gettext_lazy("Throw away files of old imports"))
def throw_old_files_away() -> int:
    """Throw away files that were brought thirty days ago; how many. Nobody needs them to take an import back."""
    files = ImportFile.objects.filter(created_at__lt=timezone.now() - KEPT_FOR).order_by("pk")
    count = 0
    for file in files.iterator():
        folder = path_of(file).parent
        if folder.is_dir():
            shutil.rmtree(folder)
            count += 1
    return count


def _throw_away(path: Path) -> None:
    path.unlink(missing_ok=True)
    path.parent.rmdir()


def find(public_id: str) -> ChangeSet:
    """The import of that id. Raises Invalid."""
    found = ChangeSet.objects.filter(pk=ChangeSet.pk_of(public_id) or 0, action=ACTION).first()
    if found is None:
        raise Invalid(_("There is no import “%(id)s”.") % {"id": public_id[:40]}, fields={})
    return found


def guessed(file: ImportFile, chosen: Mapping[str, str], *, reading: Mapping[str, str]) -> dict[str, str]:
    """The whole mapping of a file, as it is guessed where `chosen` does not say otherwise. Raises Invalid."""
    plan, _not_imported, _findings = plan_of(files.open_file(file, reading), chosen, reading=reading)
    return {field: str(place + 1) for field, place in plan.columns.items()}


def _locked(change_set: ChangeSet) -> ChangeSet:
    return ChangeSet.objects.select_for_update(of=("self",), no_key=True).get(pk=change_set.pk, action=ACTION)


def _acting_user() -> User | None:
    return User.objects.filter(pk=who_acts().user_id or 0).first()


def summary_of(change_set: ChangeSet) -> dict[str, Any]:
    """What became of an import, as `--json` prints it."""
    return {
        "id": change_set.public_id,
        "file": change_set.title,
        "state": change_set.state,
        "counts": change_set.counts,
        "at": (change_set.applied_at or change_set.created_at).isoformat(),
        "problem": change_set.problem,
    }
