"""The books: what is given, used, set aside, taken back and given back, to the last unit, once."""

import datetime as dt

import pytest
from django.utils import timezone

from regulars.core.errors import Invalid
from regulars.customers.actions import create_customer
from regulars.customers.actions.merging import merge, unmerge
from regulars.wallet import purses, verifying
from regulars.wallet.actions.correcting import correct
from regulars.wallet.actions.ending import activate_due, expire_due
from regulars.wallet.actions.granting import Grant, grant, grant_many
from regulars.wallet.actions.reversing import give_back, take_back
from regulars.wallet.actions.spending import capture, hold, lapse_due, release, spend
from regulars.wallet.models import Account, AccountKind, HoldState, Line, Lot, Posting
from regulars.wallet.queries.reversing import preview_give_back, preview_take_back
from regulars.wallet.refusals import ClockBehind, HoldEnded, KeyUsed, NotEnough, OverTheWhole
from regulars.wallet.writing import Cause

pytestmark = pytest.mark.django_db

NOON = dt.datetime(2026, 3, 1, 12, tzinfo=dt.UTC)
DAY = dt.timedelta(days=1)
ORDER = Cause(kind="order", id="ord_1")


def given(customer, amount, key="g", *, currency="EUR", at=NOON, **more):
    return grant(Grant(customer=customer, amount=amount, currency=currency, cause=ORDER, key=key, **more), at=at)


def has(customer, currency="EUR", at=NOON):
    return purses.read(customer, currency).available(at)


@pytest.fixture
def anna(db):
    return create_customer(values={"name": "Anna", "email": "anna@example.org"})


@pytest.fixture(autouse=True)
def proven(db):
    yield
    assert verifying.verify().problem is None


def test_credit_is_given_and_used_and_says_what_there_was_and_is(anna):
    done = given(anna, 5_000)
    assert (done.before, done.change, done.after, done.is_new) == (0, 5_000, 5_000, True)
    used = spend(anna, amount=1_250, currency="EUR", cause=ORDER, key="s", at=NOON)
    assert (used.before, used.change, used.after) == (5_000, -1_250, 3_750)
    assert [
        (entry.account.kind, entry.amount) for entry in Line.objects.filter(posting=used.posting).order_by("pk")
    ] == [("credit", -1_250), ("redeemed", 1_250)]


def test_what_ends_soonest_is_used_first_and_of_those_the_oldest(anna):
    given(anna, 100, "late", expires_at=NOON + 30 * DAY)
    given(anna, 100, "never")
    given(anna, 100, "soon", expires_at=NOON + 10 * DAY)
    given(anna, 100, "soon too", expires_at=NOON + 10 * DAY)
    spend(anna, amount=250, currency="EUR", cause=ORDER, key="s", at=NOON)
    left = dict(Lot.objects.values_list("granted_by__key", "left"))
    assert left == {"late": 50, "never": 100, "soon": 0, "soon too": 0}


def test_more_than_there_is_cannot_be_used(anna):
    given(anna, 100)
    with pytest.raises(NotEnough) as refused:
        spend(anna, amount=101, currency="EUR", cause=ORDER, key="s", at=NOON)
    assert refused.value.available == 100
    assert (has(anna), Posting.objects.count()) == (100, 1)


def test_the_same_call_happens_once_and_another_with_its_key_is_refused(anna):
    first = given(anna, 100)
    again = given(anna, 100)
    assert (again.posting, again.is_new, again.after) == (first.posting, False, 100)
    with pytest.raises(KeyUsed):
        given(anna, 101)
    with pytest.raises(KeyUsed):
        spend(anna, amount=100, currency="EUR", cause=ORDER, key="g", at=NOON)
    assert (has(anna), Posting.objects.count()) == (100, 1)


@pytest.mark.parametrize("amount", [0, -5, 10**12 + 1, 1.5, True, "5"])
def test_amounts_that_nobody_means_are_refused(anna, amount):
    with pytest.raises(Invalid) as refused:
        given(anna, amount)
    assert list(refused.value.fields) == ["amount"]
    assert not Posting.objects.exists()


@pytest.mark.parametrize("currency", ["XXQ", "eur", "", "EURO", "PT"])
def test_currencies_that_nobody_knows_are_refused(anna, currency):
    with pytest.raises(Invalid) as refused:
        given(anna, 5, currency=currency)
    assert list(refused.value.fields) == ["currency"]


def test_what_is_set_aside_cannot_be_used_twice(anna):
    given(anna, 100)
    made = hold(anna, amount=70, currency="EUR", until=NOON + DAY, cause=ORDER, key="h", at=NOON)
    assert has(anna) == 30
    with pytest.raises(NotEnough):
        spend(anna, amount=31, currency="EUR", cause=ORDER, key="s", at=NOON)
    done = capture(made, amount=50, at=NOON)
    assert (done.before, done.after) == (30, 50)
    again = capture(made, amount=50, at=NOON)
    assert (again.posting, again.is_new) == (done.posting, False)
    with pytest.raises(KeyUsed):
        capture(made, amount=40, at=NOON)
    with pytest.raises(HoldEnded):
        release(made, at=NOON)
    assert has(anna) == 50


def test_what_was_set_aside_is_free_again_when_it_is_given_up_or_runs_out(anna):
    given(anna, 100)
    one = hold(anna, amount=60, currency="EUR", until=NOON + DAY, cause=ORDER, key="1", at=NOON)
    two = hold(anna, amount=40, currency="EUR", until=NOON + 2 * DAY, cause=ORDER, key="2", at=NOON)
    assert (has(anna), release(one, at=NOON).state, release(one, at=NOON).state) == (0, "released", "released")
    assert (lapse_due(at=NOON + DAY), has(anna)) == (0, 60)
    assert (lapse_due(at=NOON + 2 * DAY), has(anna)) == (1, 100)
    two.refresh_from_db()
    assert two.state == HoldState.LAPSED
    with pytest.raises(HoldEnded):
        capture(two, at=NOON + 2 * DAY)


def test_more_than_was_set_aside_cannot_be_captured(anna):
    given(anna, 100)
    made = hold(anna, amount=60, currency="EUR", until=NOON + DAY, cause=ORDER, key="1", at=NOON)
    with pytest.raises(OverTheWhole):
        capture(made, amount=61, at=NOON)
    with pytest.raises(HoldEnded):
        capture(made, at=NOON + DAY)
    assert (has(anna), made.parts.count()) == (40, 1)


def test_what_ended_is_taken_out_once_and_what_is_set_aside_waits(anna):
    given(anna, 100, "a", expires_at=NOON + DAY)
    given(anna, 50, "b", expires_at=NOON + DAY)
    made = hold(anna, amount=100, currency="EUR", until=NOON + 3 * DAY, cause=ORDER, key="h", at=NOON)
    later = NOON + 2 * DAY
    assert (expire_due(at=later), expire_due(at=later)) == (1, 0)
    assert has(anna, at=later) == 0
    capture(made, amount=30, at=later)
    assert has(anna, at=later) == 0  # the rest of it has ended
    assert (expire_due(at=later), expire_due(at=later)) == (1, 0)
    assert Account.objects.get(kind=AccountKind.CREDIT).balance == 0
    ended = Line.objects.filter(account__kind=AccountKind.EXPIRED).order_by("pk").values_list("amount", flat=True)
    assert list(ended) == [50, 70]


def test_points_on_the_way_can_be_used_from_their_day_and_end_when_they_said(anna):
    given(anna, 40, "p", currency="PTS", active_at=NOON + 14 * DAY, expires_at=NOON + 60 * DAY)
    assert has(anna, "PTS") == 0
    assert activate_due(at=NOON + 13 * DAY) == 0
    assert (activate_due(at=NOON + 14 * DAY), activate_due(at=NOON + 14 * DAY)) == (1, 0)
    assert has(anna, "PTS", NOON + 14 * DAY) == 40
    assert Lot.objects.get(left__gt=0).expires_at == NOON + 60 * DAY
    assert Lot.objects.get(left__gt=0).granted_by.key == "p"


def test_taking_back_goes_from_what_is_on_the_way_to_what_ends_last_and_the_rest_stays_owed(anna):
    first = given(anna, 100, "first", currency="PTS", expires_at=NOON + 30 * DAY)
    given(anna, 30, "later", currency="PTS", expires_at=NOON + 90 * DAY)
    given(anna, 30, "sooner", currency="PTS", expires_at=NOON + 10 * DAY)
    spend(anna, amount=100, currency="PTS", cause=ORDER, key="s", at=NOON)  # sooner 30, first 70
    seen = preview_take_back(first.posting, amount=80)
    assert (seen.pending, seen.usable, seen.owed) == (0, 60, 20)
    done = take_back(first.posting, amount=80, cause=ORDER, key="t", at=NOON)
    assert (done.before, done.after) == (60, 0)
    assert purses.read(anna, "PTS").owed() == 20
    paid = given(anna, 50, "next", currency="PTS")
    assert (paid.after, purses.read(anna, "PTS").owed()) == (30, 0)
    with pytest.raises(OverTheWhole):
        take_back(first.posting, amount=21, cause=ORDER, key="t2", at=NOON)


def test_taking_back_leaves_what_an_order_in_progress_has_set_aside(anna):
    first = given(anna, 100)
    made = hold(anna, amount=70, currency="EUR", until=NOON + DAY, cause=ORDER, key="h", at=NOON)
    take_back(first.posting, amount=100, cause=ORDER, key="t", at=NOON)
    assert (has(anna), purses.read(anna, "EUR").owed()) == (0, 70)
    assert capture(made, at=NOON).after == 0


def test_giving_back_fills_the_lots_it_came_from_with_their_dates(anna):
    given(anna, 100, "soon", expires_at=NOON + 10 * DAY)
    given(anna, 100, "late", expires_at=NOON + 30 * DAY)
    used = spend(anna, amount=150, currency="EUR", cause=ORDER, key="s", at=NOON)
    give_back(used.posting, amount=70, cause=ORDER, key="b1", at=NOON)
    assert dict(Lot.objects.values_list("granted_by__key", "left")) == {"soon": 20, "late": 100}
    give_back(used.posting, amount=80, cause=ORDER, key="b2", at=NOON)
    assert dict(Lot.objects.values_list("granted_by__key", "left")) == {"soon": 100, "late": 100}
    with pytest.raises(OverTheWhole):
        give_back(used.posting, amount=1, cause=ORDER, key="b3", at=NOON)


@pytest.mark.parametrize(("grace", "has_now"), [(0, 30), (7, 100)])
def test_of_a_lot_that_ended_nothing_comes_back_or_with_days_of_grace(anna, grace, has_now):
    now = timezone.now()
    given(anna, 70, "soon", at=now - 20 * DAY, expires_at=now - 5 * DAY)
    given(anna, 50, "late", at=now - 20 * DAY, expires_at=now + 30 * DAY)
    used = spend(anna, amount=100, currency="EUR", cause=ORDER, key="s", at=now - 10 * DAY)
    seen = preview_give_back(used.posting, amount=100, grace=grace * DAY)
    assert (seen.returned, seen.lost, seen.graced, seen.owed) == (30, 0 if grace else 70, 70 if grace else 0, 0)
    done = give_back(used.posting, amount=100, cause=ORDER, key="b", grace=grace * DAY, at=now)
    assert (done.before, done.after) == (20, 20 + has_now)
    if grace:
        assert Lot.objects.latest("pk").expires_at == now + 7 * DAY


def test_what_comes_back_pays_what_is_owed_first(anna):
    first = given(anna, 100)
    used = spend(anna, amount=100, currency="EUR", cause=ORDER, key="s", at=NOON)
    take_back(first.posting, amount=60, cause=ORDER, key="t", at=NOON)
    assert preview_give_back(used.posting, amount=100).owed == 60
    done = give_back(used.posting, amount=100, cause=ORDER, key="b", at=NOON)
    assert (done.after, purses.read(anna, "EUR").owed()) == (40, 0)


def test_a_correction_needs_a_reason_and_never_goes_below_zero(anna):
    with pytest.raises(Invalid) as refused:
        correct(anna, change=10, currency="EUR", key="c", reason=" ", cause=ORDER, at=NOON)
    assert list(refused.value.fields) == ["reason"]
    assert correct(anna, change=10, currency="EUR", key="c", reason="A wrong price.", cause=ORDER, at=NOON).after == 10
    with pytest.raises(NotEnough):
        correct(anna, change=-11, currency="EUR", key="d", reason="Too much.", cause=ORDER, at=NOON)
    assert correct(anna, change=-4, currency="EUR", key="d", reason="Too much.", cause=ORDER, at=NOON).after == 6
    assert Posting.objects.latest("number").remark.text == "Too much."


def test_a_clock_that_was_set_back_is_refused(anna):
    given(anna, 10, "a")
    with pytest.raises(ClockBehind):
        given(anna, 10, "b", at=NOON - dt.timedelta(minutes=6))
    assert given(anna, 10, "c", at=NOON - dt.timedelta(minutes=4)).after == 20


def test_merged_people_have_it_together_and_apart_again_each_their_own(anna):
    bert = create_customer(values={"name": "Bert", "email": "bert@example.org"})
    given(anna, 100, "a", expires_at=NOON + 30 * DAY)
    given(bert, 50, "b", expires_at=NOON + 10 * DAY)
    (link,) = merge(keep=anna, others=[bert])
    bert.refresh_from_db()
    assert (has(anna), has(bert)) == (150, 150)
    used = spend(anna, amount=80, currency="EUR", cause=ORDER, key="s", at=NOON)
    unmerge(link)
    anna, bert = type(anna).everyone.get(pk=anna.pk), type(bert).everyone.get(pk=bert.pk)
    assert (has(anna), has(bert)) == (70, 0)
    give_back(used.posting, amount=80, cause=ORDER, key="back", at=NOON)
    assert (has(anna), has(bert)) == (100, 50)


def test_many_are_given_at_once_or_none(anna):
    wanted = [
        Grant(customer=anna, amount=amount, currency="PTS", cause=ORDER, key=f"k{amount}") for amount in (5, 7, 5, 9)
    ]
    done = grant_many(wanted, at=NOON)
    assert [(one.before, one.after, one.is_new) for one in done] == [
        (0, 5, True),
        (5, 12, True),
        (12, 12, False),
        (12, 21, True),
    ]
    with pytest.raises(Invalid):
        grant_many([*wanted, Grant(customer=anna, amount=-1, currency="PTS", cause=ORDER, key="x")], at=NOON)
    assert (has(anna, "PTS"), Posting.objects.count()) == (21, 3)
