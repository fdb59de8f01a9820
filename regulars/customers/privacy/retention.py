"""The rules that run at night: whom they would let go, and why some stay. Nothing here writes (actions/retention.py).

A rule is off until the owner turns it on; before that, and at any time, a preview says who would go. Nobody is let go
by a rule who has an open order, a balance, a legal hold or a restriction.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings
from django.db.models import Q, QuerySet
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from regulars.core import shop
from regulars.customers.models import Customer, Limit, RetentionRule
from regulars.customers.privacy import keeping
from regulars.customers.privacy.laws import a_month_after
from regulars.customers.read_facts import CustomerOpened, CustomersSearched
from regulars.timeline.models import Entry

_AT_ONCE = 1_000
_SHOWN = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One rule. `people` finds whom it lets go by a day; a rule about files finds those in a folder of the data.

    `reads` are facts of who looked at whom, which it lets say nothing any more.
    """

    key: str
    label: Promise | str
    help: Promise | str
    months: int
    least: int = 1
    people: Callable[[dt.datetime], QuerySet[Customer]] | None = None
    folder: str = ""
    reads: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Setting:
    """A rule as it is set now."""

    rule: Rule
    is_on: bool
    months: int
    ran_at: dt.datetime | None
    ran_count: int

    @property
    def before(self) -> dt.datetime:
        """The moment before which somebody was last heard of, or a file was written."""
        return shop.start_of(a_month_after(shop.today(), months=-self.months))


@dataclass(frozen=True, slots=True)
class Would:
    """What a rule would do now: how many go, the first of them, and how many stay for a reason."""

    count: int
    first: tuple[Customer, ...]
    excluded: int
    files: int = 0
    entries: int = 0


def _bought_nothing() -> Q:
    return Q(orders_count=0, first_order_at__isnull=True)


def _inactive(before: dt.datetime) -> QuerySet[Customer]:
    """Customers whose last order is older, and whom nobody changed since."""
    return Customer.objects.filter(last_order_at__lt=before, updated_at__lt=before, is_guest=False)


def _guests(before: dt.datetime) -> QuerySet[Customer]:
    return Customer.objects.filter(is_guest=True, updated_at__lt=before).filter(
        Q(last_order_at__lt=before) | Q(last_order_at__isnull=True, customer_since__lt=before)
    )


def _leads(before: dt.datetime) -> QuerySet[Customer]:
    """People who are known for long and never bought."""
    return Customer.objects.filter(_bought_nothing(), customer_since__lt=before, updated_at__lt=before, is_guest=False)


RULES: tuple[Rule, ...] = (
    Rule(
        key="inactive",
        label=_("Customers who did not buy any more"),
        help=_("Nothing bought and nothing changed for that long. Their sales stay, without a name."),
        months=60,
        least=6,
        people=_inactive,
    ),
    Rule(
        key="guests",
        label=_("Guests"),
        help=_("Who bought without an account, and did not come back for that long."),
        months=36,
        least=3,
        people=_guests,
    ),
    Rule(
        key="leads",
        label=_("People who never bought"),
        help=_("Known for that long, and never bought anything."),
        months=24,
        least=3,
        people=_leads,
    ),
    Rule(
        key="files",
        label=_("Files of imports and exports"),
        help=_("Files that were brought in, rows that were refused, and exports that still lie in the data folder."),
        months=1,
        folder="imports",
    ),
    Rule(
        key="reads",
        label=_("Who looked at whom"),
        help=_("That somebody looked stays in the audit log, whose seals hold; whom they looked at and what for goes."),
        months=24,
        least=6,
        reads=(CustomerOpened.name, CustomersSearched.name),
    ),
)


def of(key: str) -> Rule | None:
    """The rule of that key."""
    return next((rule for rule in RULES if rule.key == key), None)


def set_now() -> list[Setting]:
    """Every rule as it is set now, in order: one query."""
    stored = {row.key: row for row in RetentionRule.objects.all()}
    return [_setting(rule, stored.get(rule.key)) for rule in RULES]


def setting_of(rule: Rule) -> Setting:
    """One rule as it is set now."""
    return _setting(rule, RetentionRule.objects.filter(key=rule.key).first())


def going(setting: Setting) -> Iterator[list[int]]:
    """The ids of whom a rule lets go, in batches, rising; who is excluded is left out."""
    if setting.rule.people is None:
        return
    last = 0
    while True:
        rows = setting.rule.people(setting.before).filter(pk__gt=last).order_by("pk")
        ids = list(rows.values_list("pk", flat=True)[:_AT_ONCE])
        if not ids:
            return
        last = ids[-1]
        stay = excluded(ids)
        yield [number for number in ids if number not in stay]


def excluded(ids: list[int]) -> set[int]:
    """Who of some customers no rule may let go: their records have an open order, a balance, or a limit."""
    owner = {pk: pk for pk in ids} | dict(
        Customer.everyone.filter(merged_into__in=ids).values_list("pk", "merged_into_id")
    )
    records = list(owner)
    held = Limit.objects.filter(
        customer__in=records,
        lifted_at__isnull=True,
        kind__in=[Limit.Kind.LEGAL_HOLD, Limit.Kind.RESTRICTED],
    )
    stay = set(held.values_list("customer_id", flat=True))
    for keeper in keeping.keepers():
        stay |= keeper.excludes(records)
    return {owner[number] for number in stay}


def would(setting: Setting) -> Would:
    """Who would go now, and how many stay for a reason. Reads, and writes nothing."""
    if setting.rule.reads:
        return Would(0, (), 0, entries=old_reads(setting).count())
    if setting.rule.people is None:
        return Would(0, (), 0, files=sum(1 for _path in old_files(setting)))
    count = stay = 0
    shown: list[int] = []
    last = 0
    while True:
        rows = setting.rule.people(setting.before).filter(pk__gt=last).order_by("pk")
        ids = list(rows.values_list("pk", flat=True)[:_AT_ONCE])
        if not ids:
            break
        last = ids[-1]
        kept = excluded(ids)
        stay += len(kept)
        count += len(ids) - len(kept)
        shown += [number for number in ids if number not in kept][: _SHOWN - len(shown)]
    return Would(count, tuple(Customer.objects.filter(pk__in=shown).order_by("pk")), stay)


def old_files(setting: Setting) -> Iterator[Path]:
    """Files of the data folder that a rule removes."""
    oldest = setting.before.timestamp()
    for name in (setting.rule.folder, "exports"):
        folder = Path(settings.REGULARS_HOME) / name
        if folder.is_dir():
            for path in sorted(folder.rglob("*")):
                if path.is_file() and path.stat().st_mtime < oldest:
                    yield path


def old_reads(setting: Setting) -> QuerySet[Entry]:
    """Entries of who looked at whom that are older than the rule lets them be, and still say it."""
    rows = Entry.objects.filter(name__in=setting.rule.reads, at__lt=setting.before)
    return rows.exclude(customer__isnull=True, data={})


def _setting(rule: Rule, row: RetentionRule | None) -> Setting:
    if row is None:
        return Setting(rule, is_on=False, months=rule.months, ran_at=None, ran_count=0)
    return Setting(rule, is_on=row.is_on, months=row.months, ran_at=row.ran_at, ran_count=row.ran_count)
