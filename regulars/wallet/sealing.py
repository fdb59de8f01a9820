"""The nightly proof, and the seal of each day that is over."""

from __future__ import annotations

import datetime as dt

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy

from regulars.core import shop
from regulars.core.background import every
from regulars.staff.policy import unmasked
from regulars.timeline.actions import record
from regulars.wallet import proving, verifying
from regulars.wallet.facts import LedgerBroken
from regulars.wallet.models import Chain, DaySeal, Posting


@transaction.atomic
def seal_days(*, at: dt.datetime | None = None) -> int:
    """Seal each day with postings that is over; how many. Run twice, or after missed nights, it makes the same seals.

    The chain is held meanwhile, so that nothing of a day that is over can still appear.
    """
    at = at or timezone.now()
    today = timezone.localtime(at, shop.zone()).date()
    Chain.objects.get_or_create(pk=1)
    Chain.objects.select_for_update().get(pk=1)
    last = DaySeal.objects.order_by("-day").first()
    secret, previous, made = proving.key(), last.mac if last else "", 0
    number = last.number if last else 0
    while True:
        # the first posting after the last seal says which day comes next; a clock set back puts it with that day
        following = Posting.objects.filter(number__gt=number).order_by("number").values_list("day", flat=True).first()
        if following is None:
            return made
        day = max(following, last.day + dt.timedelta(days=1)) if last else following
        if day >= today:
            return made
        beyond = Posting.objects.filter(number__gt=number, day__gt=day).order_by("number").first()
        rows = Posting.objects.filter(number__gt=number)
        end = (rows.filter(number__lt=beyond.number) if beyond else rows).order_by("-number").first()
        if end is None:
            return made
        count = end.number - number
        mac = proving.of_day(previous, day, end.number, count, end.mac, secret)
        last = DaySeal.objects.create(day=day, number=end.number, count=count, posting_mac=end.mac, mac=mac, made_at=at)
        previous, number, made = mac, end.number, made + 1


@every("03:40", label=gettext_lazy("Prove the ledger of credit and points"))
@unmasked
def prove_ledger() -> None:
    """Seal the days that are over, prove the whole ledger, and raise the alarm where something is not as it was."""
    seal_days()
    report = verifying.verify()
    if report.problem is not None:
        record(LedgerBroken(problem=report.problem.sentence))
