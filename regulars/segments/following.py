"""Membership follows the timeline: a thread beside the jobs of every worker, of which one at a time is at work.

It looks at the log about twice a second. Customers of new entries are asked about in every rule, and what differs from
what a group remembers is written: spells, facts, sizes. Everybody is asked about when a day of the shop begins, when a
rule is new to this process, and when something changed that belongs to no customer, such as a tag or a product.
Nothing is kept in memory that could be lost: killed at any moment, it begins where `Following` stands, and finds again
what it had not written (docs/decisions/0033).
"""

from __future__ import annotations

import fcntl
import logging
import os
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import Error, close_old_connections, connection, transaction
from django.utils import timezone
from django.utils.translation import override
from pyroaring import BitMap, BitMap64

from regulars.core import shop
from regulars.core.errors import Refusal
from regulars.customers import people
from regulars.customers.facts import CustomerDeleted, CustomerMerged, CustomerRestored, CustomerUnmerged
from regulars.customers.models import MergeLink
from regulars.customers.standings import id_list
from regulars.segments.actions import moving, picking
from regulars.segments.bits import packed, unpacked
from regulars.segments.engine import asking
from regulars.segments.facts import JoinedSegment, LeftSegment
from regulars.segments.lake import tables
from regulars.segments.language.tree import Node
from regulars.segments.models import Following, Group
from regulars.segments.queries import leaning
from regulars.timeline.models import Entry, Source
from regulars.timeline.queries import names_of_reads
from regulars.timeline.settling import Settled

logger = logging.getLogger(__name__)

Evaluate = Callable[[Node, BitMap | None], BitMap]
"""Who a query gives: of all customers, or (a set) of some."""

_PAUSE, _AFTER_TROUBLE = 0.5, 5.0  # seconds
_MANY = 20_000
"""So many entries are read at once."""
_AT_ONCE = 10_000  # customers who join and leave in one transaction
_MOST_ROUNDS = 8
_SPARING = 10.0
"""What changes for everybody is followed for a tenth of the time at most."""
_ADVISORY = 7_301_330_033
_OWN = frozenset({JoinedSegment.name, LeftSegment.name})
_TURNED = frozenset({CustomerMerged.name, CustomerUnmerged.name})
_SETTLED = _TURNED | {CustomerDeleted.name, CustomerRestored.name}
_QUIET = ("sign_in.", "session.", "token.", "webhook.", "job.", "entries.", "segment.", "audit.", "password.")
"""Entries of no customer that change no answer; any other might."""


class Overtaken(Exception):  # noqa: N818 — an answer, not a failure of ours
    """Somebody changed who is in which group since this was reckoned."""


@dataclass(slots=True)
class News:
    """What the log says since we looked last."""

    customers: BitMap = field(default_factory=BitMap)
    turned: BitMap = field(default_factory=BitMap)
    settled: BitMap = field(default_factory=BitMap)
    read: BitMap64 = field(default_factory=BitMap64)
    is_for_everybody: bool = False

    def __bool__(self) -> bool:
        return bool(self.read)


@dataclass(frozen=True, slots=True)
class Move:
    """Who joins and who leaves a group in the version in which it was asked."""

    group_id: int
    version: int
    joins: BitMap
    leaves: BitMap


@dataclass(slots=True)
class Rule:
    """A rule as it was read, and for which version of the group."""

    version: int
    node: Node
    is_about_groups: bool


class Follower:
    """Follows the timeline in one process. `evaluate` says whom a query gives."""

    def __init__(self, evaluate: Evaluate | None = None) -> None:
        self._evaluate = evaluate or members_among
        self._settled = Settled()
        self._beyond = BitMap64()  # entries that were read, and are not settled yet
        self._rules: dict[int, Rule] = {}
        self._known: dict[int, int] = {}  # the version in which everybody was asked about, by group
        self._stamps: dict[str, Any] | None = None
        self._owes = False
        self._not_before = 0.0

    def step(self) -> bool:
        """Look once; whether there was something to do. Raises Overtaken where somebody else was faster."""
        following = _following()
        groups = list(Group.objects.filter(is_by_rule=True, archived_at__isnull=True))
        if self._stamps is None and groups:
            self._stamps = _stamps()
        news = self._look(following)
        today = shop.today()
        self._owes = self._owes or news.is_for_everybody or self._has_new_stamps()
        is_new_day = following.day != today
        is_due = is_new_day or (self._owes and time.monotonic() >= self._not_before)
        if is_due or news.is_for_everybody:
            self._rules.clear()  # what can be asked may be something else by now
        rules = self._read(groups)
        again = unpacked(following.again)
        if is_due:
            self._everybody(following, groups, rules, news)
            return True
        new = [one for one in groups if one.pk in rules and self._known.get(one.pk) != one.version]
        if not (news or again or new):
            return False
        moves = [self._asked(one, rules[one.pk].node, None) for one in new]
        customers = BitMap(people.with_roots(list(news.customers))) if news.customers else BitMap()
        for one in groups:
            rule = rules.get(one.pk)
            if rule is None or one in new:
                continue
            some = customers | again if rule.is_about_groups else customers
            if some:
                moves.append(self._asked(one, rule.node, some))
        self._write(following, moves, rules, news, customers)
        self._known |= {one.pk: one.version for one in new}
        return True

    def _everybody(self, following: Following, groups: Sequence[Group], rules: dict[int, Rule], news: News) -> None:
        """Ask about everybody in every rule."""
        began = time.monotonic()
        stamps = _stamps() if groups else None
        moves = [self._asked(one, rules[one.pk].node, None) for one in groups if one.pk in rules]
        customers = BitMap(people.with_roots(list(news.customers))) if news.customers else BitMap()
        self._write(following, moves, rules, news, customers, is_new_day=True)
        self._known = {one.pk: one.version for one in groups if one.pk in rules}
        self._stamps, self._owes = stamps, False
        now = time.monotonic()
        self._not_before = now + _SPARING * (now - began)

    def _look(self, following: Following) -> News:
        """Read what was recorded; facts of joining and leaving that we wrote ourselves are no news."""
        settled = self._settled.look()
        if following.day is None:  # nobody followed yet: what was before is in what everybody is asked about
            following.entry_id = settled
        rows = Entry._base_manager.filter(pk__gt=following.entry_id).order_by("pk")
        news, reads = News(), names_of_reads()
        reaching, subjects = tables.reaching(), defaultdict[str, set[int]](set)
        columns = ("pk", "name", "customer_id", "actor_id", "source", "subject_id")
        found = rows.values_list(*columns)[: _MANY + len(self._beyond)]
        last = following.entry_id
        for pk, name, customer_id, actor_id, source, subject_id in found:
            last = pk
            if pk in self._beyond:
                continue
            news.read.add(pk)
            if name in reads:
                continue
            if name in reaching and subject_id is not None:
                subjects[name].add(subject_id)
            if customer_id is None:
                news.is_for_everybody |= _may_concern_everybody(name)
            elif not (name in _OWN and actor_id is None and source == Source.SYSTEM):
                news.customers.add(customer_id)
                if name in _TURNED:
                    news.turned.add(customer_id)
                if name in _SETTLED:
                    news.settled.add(customer_id)
        for name, ids in subjects.items():
            news.customers.update(reaching[name](ids))
        if len(news.read) >= _MANY:
            settled = min(settled, last)
        following.entry_id = max(following.entry_id, settled)
        return news

    def _read(self, groups: Sequence[Group]) -> dict[int, Rule]:
        """The rules that can be read. One that cannot keeps its people, and says why."""
        known = {}
        for group in groups:
            rule = self._rules.get(group.pk)
            if rule is None or rule.version != group.version:
                try:
                    node = asking.read(group.query, reader=None)
                except Refusal as refusal:
                    _note_problem(group, refusal)
                    continue
                rule = Rule(group.version, node, leaning.asks_about_groups(node))
            if group.problem:
                _note_problem(group, None)
                self._known.pop(group.pk, None)
            known[group.pk] = rule
        self._rules = known
        return known

    def _asked(self, group: Group, node: Node, some: BitMap | None) -> Move:
        """Who joins and who leaves, of everybody or of some."""
        was = unpacked(group.members)
        try:
            now = self._evaluate(node, some)
        except Refusal as refusal:  # it asks for too much at once
            _note_problem(group, refusal)
            return Move(group.pk, group.version, BitMap(), BitMap())
        if some is not None:
            was, now = was & some, now & some
        return Move(group.pk, group.version, now - was, was - now)

    def _write(
        self,
        following: Following,
        moves: Sequence[Move],
        rules: dict[int, Rule],
        news: News,
        customers: BitMap,
        *,
        is_new_day: bool = False,
    ) -> None:
        """Write who moved, some thousand in a transaction, and how far we are with the last of them."""
        untold = _only_turned(moves, news.turned)
        at, today = timezone.now(), shop.today()
        is_chained = any(rule.is_about_groups for rule in rules.values())
        rounds = following.rounds + 1 if following.again else 0
        before, moved = unpacked(following.again), BitMap()
        parts = list(_parts(moves))
        for number, part in enumerate(parts):
            is_last = number == len(parts) - 1
            with transaction.atomic():
                there = moving.hold_customers(_all_of(part, joins=True))
                _take_turn(following)
                groups = moving.hold([one.group_id for one in part])
                for one in part:
                    group = groups.get(one.group_id)
                    if group is not None and group.version == one.version and group.archived_at is None:
                        joins = one.joins & there
                        moved |= moving.move(
                            group, joins=joins, leaves=one.leaves, at=at, untold=untold.get(one.group_id, BitMap())
                        )
                columns: dict[str, Any] = {"again": packed(before | moved if is_chained else BitMap())}
                if is_last:
                    if news.settled:
                        picking.settle(customers | news.settled)
                    is_again = is_chained and rounds < _MOST_ROUNDS
                    columns = {
                        "entry_id": following.entry_id,
                        "again": packed(moved if is_again else BitMap()),
                        "rounds": rounds if is_again and moved else 0,
                    }
                    if is_new_day:
                        columns["day"] = today
                        moving.note_sizes(dict(Group.objects.values_list("pk", "size")))
                Following.objects.filter(pk=1).update(**columns)
        self._beyond = BitMap64(pk for pk in self._beyond | news.read if pk > following.entry_id)

    def _has_new_stamps(self) -> bool:
        """Whether products, or what else rows point at, are others than when everybody was asked about."""
        return bool(self._known) and _stamps() != self._stamps


def members_among(node: Node, some: BitMap | None) -> BitMap:
    """Whom a query gives, of everybody or of some."""
    found: BitMap = asking.members(node)
    return found if some is None else found & some


def follow(stop: threading.Event) -> None:
    """Follow the timeline until asked to end, whenever no other process does."""
    follower, alone = Follower(), Alone()
    pause = 0.0
    while not stop.wait(pause):
        pause = _PAUSE
        try:
            close_old_connections()
            if alone.is_ours():
                pause = 0.01 if follower.step() else _PAUSE
        except Overtaken:
            pause = 0.0
        except Error:
            logger.exception("groups cannot follow the timeline now")
            connection.close()
            follower, pause = Follower(), _AFTER_TROUBLE
    alone.give_up()
    connection.close()


def once() -> int:
    """Follow until nothing is left to do, here and now; how many looks that took."""
    follower, count = Follower(), 0
    while True:
        try:
            if not follower.step():
                return count
            count += 1
        except Overtaken:
            continue


class Alone:
    """The right to follow, or to do something else that one process does at a time (`name`, and its own number).

    It ends with the process, or with the connection to the database, whatever happens.
    """

    def __init__(self, name: str = "following", number: int = _ADVISORY) -> None:
        self._name, self._number = name, number
        self._file = -1
        self._held: Any = None

    def is_ours(self) -> bool:
        """Whether we are the one that follows; takes the right where nobody has it."""
        if connection.vendor == "postgresql":
            connection.ensure_connection()
            if self._held is not connection.connection:
                with connection.cursor() as cursor:
                    cursor.execute("SELECT pg_try_advisory_lock(%s)", [self._number])
                    self._held = connection.connection if cursor.fetchone()[0] else None
            return self._held is not None
        if self._file < 0:
            found = os.open(Path(settings.REGULARS_HOME) / f"{self._name}.lock", os.O_RDWR | os.O_CREAT, 0o600)
            try:
                fcntl.flock(found, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                os.close(found)
                return False
            self._file = found
        return True

    def give_up(self) -> None:
        """Let another process follow."""
        if self._file >= 0:
            os.close(self._file)
            self._file = -1


def _following() -> Following:
    """How far we are. A house that begins to follow begins with what it knows now."""
    found = Following.objects.filter(pk=1).first()
    if found is None:
        Following.objects.bulk_create([Following(pk=1)], ignore_conflicts=True)
        found = Following.objects.get(pk=1)
    return found


def _take_turn(following: Following) -> None:
    """Raises Overtaken where somebody took a turn since we read how far we are."""
    mine = Following.objects.filter(pk=1, turn=following.turn).update(turn=following.turn + 1)
    if not mine:
        raise Overtaken
    following.turn += 1


def _parts(moves: Sequence[Move]) -> list[list[Move]]:
    """Moves in parts of some thousand customers; at least one part, be it empty."""
    parts: list[list[Move]] = [[]]
    room = _AT_ONCE
    for one in moves:
        waiting = [("joins", number) for number in one.joins] + [("leaves", number) for number in one.leaves]
        while waiting:
            some, waiting = waiting[:room], waiting[room:]
            joins = BitMap(number for way, number in some if way == "joins")
            leaves = BitMap(number for way, number in some if way == "leaves")
            parts[-1].append(Move(one.group_id, one.version, joins, leaves))
            room -= len(some)
            if room <= 0:
                parts.append([])
                room = _AT_ONCE
    return parts


def _all_of(moves: Sequence[Move], *, joins: bool) -> BitMap:
    found = BitMap()
    for one in moves:
        found |= one.joins if joins else one.leaves
    return found


def _only_turned(moves: Sequence[Move], turned: BitMap) -> dict[int, BitMap]:
    """Who joins or leaves only because two records became one person, or two again: the person was in it before."""
    if not turned:
        return {}
    ids = id_list(turned)
    pairs = MergeLink.objects.filter(kept__in=ids, merged__in=ids).values_list("kept_id", "merged_id")
    partners: dict[int, set[int]] = {}
    for kept, merged in pairs:
        partners.setdefault(kept, set()).add(merged)
        partners.setdefault(merged, set()).add(kept)
    groups = {one.pk: unpacked(one.members) for one in Group.objects.filter(pk__in=[one.group_id for one in moves])}
    found: dict[int, BitMap] = {}
    for one in moves:
        was = groups.get(one.group_id, BitMap())
        will = (was | one.joins) - one.leaves
        quiet = [number for number in one.joins & turned if any(other in was for other in partners.get(number, ()))]
        quiet += [number for number in one.leaves & turned if any(other in will for other in partners.get(number, ()))]
        found[one.group_id] = BitMap(quiet)
    return found


def _may_concern_everybody(name: str) -> bool:
    return not name.startswith(_QUIET)


def _stamps() -> dict[str, Any]:
    return {name: dimension.stamp() for name, dimension in tables.dimensions().items()}


def _note_problem(group: Group, refusal: Refusal | None) -> None:
    """Keep with a group why its rule cannot be asked any more, in the shop's language; or that it can."""
    with override(shop.current().language):
        problem = str(refusal.sentence)[:300] if refusal is not None else ""
    if problem != group.problem:
        Group.objects.filter(pk=group.pk, version=group.version).update(problem=problem)
        group.problem = problem
