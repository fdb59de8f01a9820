"""The proof that the log is as it was: every seal and every entry, compared from the first to the last.

Memory does not grow with the log: seals come one after the other, each with its few thousand entries.
"""

from __future__ import annotations

import hmac
import json
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, Final

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from regulars.timeline import anchors, digests, keys
from regulars.timeline.actions.blanking import amendments, told
from regulars.timeline.facts import EntriesBlanked
from regulars.timeline.models import Amendment, Entry, Seal, SealState

CHANGED: Final = "changed"
MISSING: Final = "missing"
ADDED: Final = "added"
ORDER: Final = "order"
SEAL: Final = "seal"
CUT_OFF: Final = "cut_off"
ANCHORS: Final = "anchors"

_LOOKS = 3  # how often a block is looked at before it is called wrong: entries may be blanked while we read


@dataclass(frozen=True, slots=True)
class Problem:
    """The first thing that is wrong: what it is, with which entry or seal, and a sentence about it."""

    kind: str
    sentence: str
    entry: int | None = None
    seal: int | None = None
    explained_by: int | None = None  # the entry that said of a lawful change what it left


@dataclass(frozen=True, slots=True)
class Report:
    """What a verification found: how much is proven, until when, and the first problem if there is one."""

    entries: int = 0
    seals: int = 0
    unsealed: int = 0
    until: str = ""
    seconds: float = 0.0
    problem: Problem | None = None

    @property
    def is_sound(self) -> bool:
        return self.problem is None

    @property
    def figures(self) -> dict[str, Any]:
        """The same as plain data."""
        problem = self.problem
        return {
            "is_sound": self.is_sound,
            "entries": self.entries,
            "seals": self.seals,
            "unsealed": self.unsealed,
            "until": self.until,
            "seconds": round(self.seconds, 3),
            "problem": {
                "kind": problem.kind,
                "entry": problem.entry,
                "seal": problem.seal,
                "sentence": problem.sentence,
            }
            if problem
            else None,
        }


@dataclass(slots=True)
class _Walk:
    """How far a verification is."""

    number: int = 0
    to_id: int = 0
    mac: bytes = b""
    until: str = ""
    entries: int = 0
    last_macs: dict[int, str] = field(default_factory=dict)


def verify(*, tell: Callable[[int], None] | None = None, is_copy: bool = False) -> Report:
    """Compare every seal and every sealed entry with what is stored; `tell` hears how many entries are done.

    `is_copy` says that it is a restored backup that is looked at, which ends where it was taken: nothing is missing
    there because the anchors know more.

    1. The anchors are read first, so that a seal made meanwhile is not missed.
    2. Each seal follows the one before, and its mac is right.
    3. Each of its entries is there, in its place, as it was sealed or as a lawful change left it; no other is.
    4. The newest seal that the anchors know is there.
    """
    began = time.monotonic()
    walk = _Walk()
    problem: Problem | None = None
    known: list[anchors.Anchor] = []
    try:
        known = [] if is_copy else anchors.read(keys.anchor_key(keys.current_seal_key()))
    except anchors.BadAnchors as bad:
        problem = Problem(ANCHORS, _("Line %(line)s of the file %(path)s was changed.") % {
            "line": bad.line, "path": anchors.path()})  # fmt: skip
    walk.last_macs = {anchor.number: "" for anchor in known}
    first = _first_problem(walk, tell)
    if first is not None and first.explained_by is not None:
        # what was cut off may have said why, or what comes later is what was changed
        is_told = is_copy or any(told([first.explained_by]))
        first = (None if is_told else _cut_off(known)) or _behind(first) or first
    problem = first or problem or (None if is_copy else _cut_off(known) or _replaced(walk, known))
    return Report(
        entries=walk.entries,
        seals=walk.number,
        unsealed=_younger_than_seals(),
        until=walk.until,
        seconds=time.monotonic() - began,
        problem=problem,
    )


def _younger_than_seals() -> int:
    last = Seal.objects.order_by("-number").values_list("to_id", flat=True).first() or 0
    return Entry._base_manager.filter(pk__gt=last).count()


def keep_result(report: Report) -> None:
    """Remember how the last proof of the whole log ended; the start page and the audit page say it."""
    SealState.objects.get_or_create(pk=1)
    SealState.objects.filter(pk=1).update(proven_at=timezone.now(), proven=report.figures)


def last_result() -> SealState | None:
    """How the last proof of the whole log ended (`proven_at`, `proven`); None before the first."""
    return SealState.objects.filter(pk=1, proven_at__isnull=False).first()


def _behind(problem: Problem) -> Problem | None:
    """What is wrong with the entry that explained this one, or before it; None where that one is as it was sealed."""
    entry, by = problem.entry or 0, problem.explained_by or 0
    if _is_as_sealed(by) or any(entry in digests_of for _by, digests_of, _name in told([entry])):
        return None  # or it is the explanation itself, put into this one's place
    return _first_problem(_Walk(), None, excused=by)


def _is_as_sealed(entry: int) -> bool:
    stored = dict(digests.stored_of([entry])).get(entry)
    for seal in digests.stored_seals():
        try:
            place = list(_ids(seal)).index(entry) * digests.SIZE
            key = keys.digest_key(seal["key_name"].decode())
        except (ValueError, TypeError, AttributeError, keys.Unreadable):
            continue  # not in this one, or this one cannot be read
        return stored is not None and digests.digest(stored, key) == seal["digests"][place : place + digests.SIZE]
    return False


def _first_problem(walk: _Walk, tell: Callable[[int], None] | None, excused: int | None = None) -> Problem | None:
    for seal in digests.stored_seals():
        problem = _problem_of_seal(seal, walk)
        if problem is None:
            problem = _problem_of_block(seal, walk, excused)
        if problem is not None:
            return problem
        walk.number, walk.to_id, walk.mac = seal["number"], seal["to_id"], seal["mac"]
        walk.until = seal["made_at"].decode()
        walk.entries += seal["count"]
        if walk.number in walk.last_macs:
            walk.last_macs[walk.number] = seal["mac"].hex()
        if tell is not None:
            tell(walk.entries)
    return None


def _problem_of_seal(seal: dict[str, Any], walk: _Walk) -> Problem | None:
    number = walk.number + 1
    if seal["number"] != number:
        return Problem(MISSING, _("Seal %(number)s is missing.") % {"number": number}, seal=number)
    day = digests.day_of(seal["day"])
    try:
        key = keys.day_key(seal["key_name"].decode(), day) if day else b""
    except (keys.Unreadable, AttributeError, UnicodeDecodeError):
        key = b""
    mac = seal["mac"]
    if not key or not isinstance(mac, bytes) or not _is_right(mac, key, seal):
        return Problem(SEAL, _("Seal %(number)s was changed.") % {"number": number}, seal=number)
    if seal["previous"] != walk.mac or seal["from_id"] != walk.to_id + 1:
        sentence = _("Seal %(number)s does not follow the one before it.") % {"number": number}
        return Problem(ORDER, sentence, seal=number)
    return None


def _is_right(mac: bytes, key: bytes, seal: dict[str, Any]) -> bool:
    return hmac.compare_digest(mac, hmac.digest(key, digests.said_by(seal), "sha256"))


def _problem_of_block(seal: dict[str, Any], walk: _Walk, excused: int | None) -> Problem | None:
    problem = _look(seal, walk, excused)
    looks = 1
    while problem is not None and looks < _LOOKS:
        with transaction.atomic():
            problem = _look(seal, walk, excused)
        looks += 1
    return problem


def _look(seal: dict[str, Any], walk: _Walk, excused: int | None) -> Problem | None:
    """The first entry of a block that is not as it was, but for those that the entry `excused` explained."""
    first = walk.to_id + 1 if walk.number else None  # nothing may stand before the first seal, either
    number, blob = seal["number"], seal["digests"]
    name = seal["key_name"].decode()
    key = keys.digest_key(name)
    sealed = {entry: blob[place * digests.SIZE : (place + 1) * digests.SIZE] for place, entry in enumerate(_ids(seal))}
    stored = dict(digests.stored_entries(first, seal["to_id"]))
    found = {entry: digests.digest(row, key) for entry, row in stored.items()}
    if found == sealed and not Amendment.objects.filter(entry_id__gte=walk.to_id, entry_id__lte=seal["to_id"]).exists():
        return _unlinked(walk.to_id + 1, seal)
    changed = amendments(first, seal["to_id"])
    newest = _newest(changed)
    for entry in sorted(sealed.keys() | found.keys()):
        if entry not in found:
            sentence = _("Entry %(entry)s is missing. It was sealed with seal %(seal)s.")
            return Problem(MISSING, sentence % {"entry": entry, "seal": number}, entry=entry, seal=number)
        if entry not in sealed:
            sentence = _("Entry %(entry)s was added after seal %(seal)s was made.")
            return Problem(ADDED, sentence % {"entry": entry, "seal": number}, entry=entry, seal=number)
        if entry in changed:
            if newest.get(entry) == _digest_under(stored[entry], changed[entry][-1], newest):
                continue
        elif found[entry] == sealed[entry]:
            continue
        by = changed[entry][-1] if entry in changed else None
        if by is not None and by == excused:
            continue
        other = next((one for one, digest in sealed.items() if digest == found[entry] and one != entry), None)
        if other is not None:
            sentence = _("Entry %(entry)s says what entry %(other)s said when seal %(seal)s was made.")
            words = {"entry": entry, "other": other, "seal": number}
            return Problem(ORDER, sentence % words, entry=entry, seal=number)
        sentence = _("Entry %(entry)s was changed after seal %(seal)s was made.")
        words = {"entry": entry, "seal": number}
        return Problem(CHANGED, sentence % words, entry=entry, seal=number, explained_by=by)
    return _unlinked(walk.to_id + 1, seal)


def _ids(seal: dict[str, Any]) -> Iterator[int]:
    """The ids of a block, in order: all but its gaps."""
    at = seal["from_id"]
    for first, last in json.loads(seal["gaps"]):
        yield from range(at, first)
        at = last + 1
    yield from range(at, seal["to_id"] + 1)


class _Newest(dict[int, bytes]):
    """What the newest lawful change left of each entry, and the key that each change used."""

    keys_of: dict[int, bytes]


def _newest(changed: dict[int, list[int]]) -> _Newest:
    newest = _Newest()
    newest.keys_of = {}
    last = {entry: by[-1] for entry, by in changed.items()}
    for by, digests_of, name in told(set(last.values())):
        try:
            newest.keys_of[by] = keys.digest_key(name)
        except keys.Unreadable:
            continue
        for entry, digest in digests_of.items():
            if last.get(entry) == by:
                newest[entry] = digest
    return newest


def _digest_under(stored: bytes, by: int, newest: _Newest) -> bytes | None:
    key = newest.keys_of.get(by)
    # an entry that says it was changed, by one that does not say so, is no lawful change
    return digests.digest(stored, key) if key is not None else b""


def _unlinked(first: int, seal: dict[str, Any]) -> Problem | None:
    """An entry of which a sealed `entries.blanked` says that it changed it, while the way back to that is gone."""
    said = Entry._base_manager.filter(pk__gte=first, pk__lte=seal["to_id"], name=EntriesBlanked.name)
    for by, digests_of, _name in told(list(said.values_list("pk", flat=True))):
        linked = set(Amendment.objects.filter(by_id=by).values_list("entry_id", flat=True))
        if lost := sorted(digests_of.keys() - linked):
            sentence = _("Entry %(entry)s was changed: what entry %(by)s took out of it may have been put back.")
            return Problem(CHANGED, sentence % {"entry": lost[0], "by": by}, entry=lost[0], seal=seal["number"])
    return None


def _cut_off(known: list[anchors.Anchor]) -> Problem | None:
    """What the anchors know and the database does not."""
    last = Seal.objects.order_by("-number").values_list("number", "to_id").first()
    if not known:
        if last is None:
            return None
        sentence = _(
            "The file of anchors, %(path)s, is gone: nobody can tell whether the newest entries are all there."
        )
        return Problem(ANCHORS, sentence % {"path": anchors.path()})
    number, to_id = last or (0, 0)
    newest = max(known, key=lambda anchor: anchor.number)
    if newest.number <= number:
        return None
    sentence = _(
        "The newest entries were cut off, or an old database was put back: seal %(seal)s up to entry %(entry)s was "
        "there on %(at)s; the last one there is now is %(last)s."
    )
    words = {"seal": newest.number, "entry": newest.last_id, "at": newest.at, "last": number}
    return Problem(CUT_OFF, sentence % words, entry=to_id + 1, seal=number + 1)


def _replaced(walk: _Walk, known: list[anchors.Anchor]) -> Problem | None:
    """A seal that is another one than the anchors know: an old database was put back, and went on."""
    for anchor in known:
        if anchor.number and walk.last_macs.get(anchor.number) != anchor.mac:
            sentence = _(
                "Seal %(seal)s is another one than was there on %(at)s: an old database was put back, and went on."
            )
            return Problem(CUT_OFF, sentence % {"seal": anchor.number, "at": anchor.at}, seal=anchor.number)
    return None
