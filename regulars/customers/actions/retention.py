"""Turn retention rules on and off, and carry them out at night."""

from __future__ import annotations

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from regulars.core.background import every, progress
from regulars.core.errors import Invalid
from regulars.customers.actions.letting_go import Gone, after_letting_go, let_go
from regulars.customers.models import Customer, Erasure, RetentionRule
from regulars.customers.privacy import certifying, leftovers, retention
from regulars.customers.privacy.facts import PersonErased, RetentionRan, RetentionRuleChanged
from regulars.customers.privacy.retention import Setting
from regulars.staff.models import User
from regulars.staff.policy import verb
from regulars.timeline.actions import blank_many, record, who_acts

_AT_ONCE = 50
_MOST_MONTHS = 240


@verb
def set_rule(*, key: str, is_on: bool, months: int) -> RetentionRule:
    """Turn a rule on or off, and say after how many months it lets go. It runs the next night. Raises Invalid."""
    rule = retention.of(key)
    if rule is None:
        raise Invalid(_("There is no rule “%(key)s”.") % {"key": key[:40]}, fields={})
    if not rule.least <= months <= _MOST_MONTHS:
        sentence = _("Between %(least)s and %(most)s.") % {"least": rule.least, "most": _MOST_MONTHS}
        raise Invalid(sentence, fields={"months": [sentence]})
    before = retention.setting_of(rule)
    row, _created = RetentionRule.objects.update_or_create(
        key=key,
        defaults={
            "is_on": is_on,
            "months": months,
            "changed_at": timezone.now(),
            "changed_by": User.objects.filter(pk=who_acts().user_id or 0).first(),
        },
    )
    changes = {
        name: [old, new]
        for name, old, new in (("is_on", before.is_on, is_on), ("months", before.months, months))
        if old != new
    }
    if changes:
        record(RetentionRuleChanged(rule=key, changes=changes))
    return row


@every("02:20", label=gettext_lazy("Let go whom the retention rules name"))
def keep_rules() -> int:
    """Carry out every rule that is on; how many people and files went."""
    count = 0
    for setting in retention.set_now():
        if setting.is_on:
            count += run_rule(setting)
    return count


def run_rule(setting: Setting) -> int:
    """Carry out one rule, some people at a time, each lot in a transaction; how many people or files went.

    Stopped between two lots, it goes on the next night. It cannot be taken back.
    """
    if setting.rule.people:
        count = _let_people_go(setting)
    elif setting.rule.reads:
        count = blank_many(retention.old_reads(setting), is_emptied=True, is_cut_loose=True, reason="retention")
    else:
        count = _let_files_go(setting)
    with transaction.atomic():
        RetentionRule.objects.filter(key=setting.rule.key).update(ran_at=timezone.now(), ran_count=count)
        if count:
            record(RetentionRan(rule=setting.rule.key, count=count))
    return count


def _let_people_go(setting: Setting) -> int:
    going = [number for ids in retention.going(setting) for number in ids]
    if not going:
        return 0
    erasure = Erasure.objects.create(
        cause=Erasure.Cause.RETENTION, rule=setting.rule.key, state=Erasure.State.ERASED, erased_at=timezone.now()
    )
    went: list[Gone] = []
    for first in range(0, len(going), _AT_ONCE):
        went += _let_some_go(setting, going[first : first + _AT_ONCE], erasure)
        progress(first + _AT_ONCE, len(going))
    after_letting_go(went)
    _certify(erasure, went, leftovers.clear())
    return len(went)


@verb
def _let_some_go(setting: Setting, ids: list[int], erasure: Erasure) -> list[Gone]:
    """One lot; whoever bought or was changed since the list was read stays."""
    people = setting.rule.people
    if people is None:
        return []
    rows = people(setting.before).filter(pk__in=ids)
    stay = retention.excluded(ids)
    return [
        let_go(one, erasure=erasure, is_one_of_many=True)
        for one in Customer.everyone.select_for_update(of=("self",)).filter(pk__in=rows.values("pk")).order_by("pk")
        if one.pk not in stay
    ]


@verb
def _certify(erasure: Erasure, went: list[Gone], freed: list[str]) -> None:
    erasure.people, erasure.state = len(went), Erasure.State.DONE
    erasure.verified_at = erasure.updated_at = timezone.now()
    erasure.certificate = certifying.certificate_of(erasure, searched=None, cleaned={}, not_told=[], others=freed)
    erasure.digest, erasure.signature = certifying.sealed(erasure.certificate)
    erasure.save()
    records = sum(len(one.records) for one in went)
    record(
        PersonErased(case=erasure.public_id, cause=erasure.cause, people=len(went), records=records), subject=erasure
    )


def _let_files_go(setting: Setting) -> int:
    count = 0
    for path in list(retention.old_files(setting)):
        path.unlink(missing_ok=True)
        count += 1
    return count
