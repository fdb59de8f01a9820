"""Whatever is done in whatever order, the books come out: a model of plain numbers beside the ledger."""

import datetime as dt
import os
from collections import Counter

import pytest
from django.db.models import Sum
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    consumes,
    initialize,
    invariant,
    multiple,
    rule,
    run_state_machine_as_test,
)

from regulars.customers.actions import create_customer
from regulars.customers.actions.merging import merge, unmerge
from regulars.customers.models import Customer, MergeLink
from regulars.wallet import purses, verifying
from regulars.wallet.actions.correcting import correct
from regulars.wallet.actions.ending import activate_due, expire_due
from regulars.wallet.actions.granting import Grant, grant
from regulars.wallet.actions.reversing import give_back, take_back
from regulars.wallet.actions.spending import capture, hold, lapse_due, release, spend
from regulars.wallet.models import OF_CUSTOMERS, Account, AccountKind, Line, Lot, Posting
from regulars.wallet.queries.reversing import reversed_of
from regulars.wallet.refusals import HoldEnded, KeyUsed, NotEnough, OverTheWhole
from regulars.wallet.sealing import seal_days
from regulars.wallet.writing import Cause

BEGIN = dt.datetime(2026, 1, 30, 9, tzinfo=dt.UTC)
DAY = dt.timedelta(days=1)
ORDER = Cause(kind="order", id="ord_1")
AMOUNTS = st.integers(min_value=1, max_value=120)
CURRENCIES = st.sampled_from(["EUR", "PTS"])
PEOPLE = st.integers(min_value=0, max_value=2)


class Books(RuleBasedStateMachine):
    """`worth` is what each person should be able to use, have on the way and owe, together: their net worth."""

    postings = Bundle("postings")
    holds = Bundle("holds")
    calls = Bundle("calls")

    @initialize()
    def open(self):
        self.at, self.number = BEGIN, 0
        self.people = [create_customer(values={"name": f"N{number}"}) for number in range(3)]
        self.worth = Counter()  # by record and currency: what the ledger owes it, less what it owes
        self.spent = set()

    def key(self):
        self.number += 1
        return f"k{self.number}"

    def one(self, number):
        return Customer.everyone.get(pk=self.people[number].pk)

    @rule(
        target=calls,
        person=PEOPLE,
        amount=AMOUNTS,
        currency=CURRENCIES,
        ends=st.integers(0, 40),
        wait=st.integers(0, 20),
    )
    def give(self, person, amount, currency, ends, wait):
        active = self.at + wait * DAY if wait and currency == "PTS" else None
        wanted = Grant(
            customer=self.one(person),
            amount=amount,
            currency=currency,
            cause=ORDER,
            key=self.key(),
            expires_at=(active or self.at) + ends * DAY if ends else None,
            active_at=active,
        )
        done = grant(wanted, at=self.at)
        assert done.is_new
        self.worth[self.people[person].pk, currency] += amount
        return wanted, done.posting

    @rule(target=postings, call=calls)
    def again(self, call):
        wanted, posting = call
        assert grant(wanted, at=self.at).posting == posting
        return posting

    @rule(target=postings, person=PEOPLE, amount=AMOUNTS, currency=CURRENCIES)
    def use(self, person, amount, currency):
        one, key = self.one(person), self.key()
        available = purses.read(one, currency).available(self.at)
        try:
            done = spend(one, amount=amount, currency=currency, cause=ORDER, key=key, at=self.at)
        except NotEnough:
            assert available < amount
            assert not Posting.objects.filter(key=key).exists()
            return multiple()
        assert available >= amount
        assert done.after == available - amount
        self.carry(done.posting)
        return done.posting

    @rule(posting=postings, amount=AMOUNTS, grace=st.booleans())
    def undo(self, posting, amount, grace):
        rest, key = posting.amount - reversed_of(posting), self.key()
        try:
            if posting.kind == "spend":
                done = give_back(posting, amount=amount, cause=ORDER, key=key, grace=7 * DAY * grace, at=self.at)
            else:
                done = take_back(posting, amount=amount, cause=ORDER, key=key, at=self.at)
        except OverTheWhole:
            assert amount > rest
            return
        assert amount <= rest
        self.carry(done.posting)

    @rule(target=holds, person=PEOPLE, amount=AMOUNTS, currency=CURRENCIES, days=st.integers(1, 9))
    def set_aside(self, person, amount, currency, days):
        one = self.one(person)
        available = purses.read(one, currency).available(self.at)
        until = self.at + days * DAY
        try:
            made = hold(one, amount=amount, currency=currency, until=until, cause=ORDER, key=self.key(), at=self.at)
        except NotEnough:
            assert available < amount
            return multiple()
        assert purses.read(one, currency).available(self.at) == available - amount
        return made

    @rule(target=postings, made=consumes(holds), share=st.integers(1, 100))
    def use_held(self, made, share):
        amount = max(1, made.amount * share // 100)
        try:
            done = capture(made, amount=amount, at=self.at)
        except HoldEnded:
            made.refresh_from_db()
            assert made.state != "held" or made.until <= self.at
            return multiple()
        assert capture(made, amount=amount, at=self.at).posting == done.posting
        if amount > 1:
            with pytest.raises(KeyUsed):
                capture(made, amount=amount - 1, at=self.at)
        self.carry(done.posting)
        return done.posting

    @rule(made=holds)
    def give_up(self, made):
        release(made, at=self.at)
        assert release(made, at=self.at).state in {"released", "lapsed"}

    @rule(person=PEOPLE, change=st.integers(-60, 60).filter(bool), currency=CURRENCIES)
    def put_right(self, person, change, currency):
        one = self.one(person)
        available = purses.read(one, currency).available(self.at)
        try:
            done = correct(
                one, change=change, currency=currency, key=self.key(), reason="Said so.", cause=ORDER, at=self.at
            )
        except NotEnough:
            assert available < -change
            return
        self.carry(done.posting)

    @rule(hours=st.integers(1, 24 * 12))
    def time_passes(self, hours):
        self.at += dt.timedelta(hours=hours)

    @rule()
    def night(self):
        """Run twice: the second time there is nothing to do."""
        lapse_due(at=self.at)
        for deed in (activate_due, expire_due):
            deed(at=self.at)
            assert deed(at=self.at) == 0
        last = max(self.seen, default=0)
        for posting in Posting.objects.filter(number__gt=last, kind__in=["expire", "activate"]):
            self.carry(posting)
        seal_days(at=self.at)
        assert seal_days(at=self.at) == 0

    @rule(keep=PEOPLE, other=PEOPLE)
    def same_person(self, keep, other):
        one, two = self.one(keep).person, self.one(other).person
        if one.pk != two.pk:
            merge(keep=one, others=[two])

    @rule(which=st.integers(0, 5))
    def other_person(self, which):
        links = list(MergeLink.objects.filter(undone_at__isnull=True).order_by("pk"))
        if links:
            unmerge(links[which % len(links)])

    @property
    def seen(self):
        return self.spent

    def carry(self, posting):
        """What a posting changes of each record's worth is what its entries say of customers' accounts."""
        if posting.number in self.spent:
            return
        self.spent.add(posting.number)
        rows = Line.objects.filter(posting=posting, account__customer_number__gt=0).select_related("account")
        for entry in rows:
            self.worth[entry.account.customer_number, entry.account.currency] += entry.amount
        moved = sum(entry.amount for entry in rows)
        expected = {"spend": -posting.amount, "takeback": -posting.amount, "expire": -posting.amount, "activate": 0}
        if posting.kind in expected:
            assert moved == expected[posting.kind]

    @invariant()
    def books_come_out(self):
        if not hasattr(self, "people"):
            return
        report = verifying.verify()
        assert report.problem is None  # I1, I2, I4, I10
        for currency in ("EUR", "PTS"):
            assert not Line.objects.filter(account__currency=currency).aggregate(sum=Sum("amount"))["sum"]
            for person in self.people:
                kept = Account.objects.filter(
                    customer_number=person.pk, currency=currency, kind__in=OF_CUSTOMERS
                ).aggregate(sum=Sum("balance"))["sum"]
                assert (kept or 0) == self.worth[person.pk, currency]  # I9
        assert not Account.objects.exclude(kind=AccountKind.OWED).filter(balance__lt=0).exists()  # I3, I8
        assert all(0 <= lot.held <= lot.left <= lot.amount for lot in Lot.objects.all())
        for posting in Posting.objects.filter(reversals__isnull=False).distinct():
            assert reversed_of(posting) <= posting.amount  # I6
        ended = Posting.objects.filter(kind="expire").values_list("key", flat=True)
        assert len(ended) == len(set(ended))  # I7


def steps(examples, length):
    return settings(
        max_examples=examples,
        stateful_step_count=length,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        print_blob=True,
    )


@pytest.mark.django_db(transaction=False)
def test_the_books_come_out_whatever_is_done(request):
    from django.db import transaction

    class Once(Books):
        """Each run begins with empty books, and leaves none."""

        def __init__(self):
            super().__init__()
            self.point = transaction.savepoint()

        def teardown(self):
            transaction.savepoint_rollback(self.point)

    examples = int(os.environ.get("REGULARS_LEDGER_EXAMPLES", "5"))
    run_state_machine_as_test(Once, settings=steps(examples, 40))
