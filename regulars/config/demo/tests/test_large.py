"""A shop of any size: the same for a seed, right in its figures, found by search."""

from __future__ import annotations

import datetime as dt
import json

import numpy as np
import pytest
from click.testing import CliRunner
from django.db.models import Sum

from regulars.config.demo import large
from regulars.config.demo.commands import demo_command
from regulars.core import shop
from regulars.customers.models import Customer
from regulars.orders.models import Order, Return
from regulars.orders.queries.verification import differences

DAY = dt.date(2026, 11, 21)


def quietly(_sentence):
    pass


def test_the_same_seed_draws_the_same_plan():
    first, again, other = (large.draw(500, seed=seed, orders_per_customer=5, today=DAY) for seed in (7, 7, 8))
    assert np.array_equal(first.at, again.at)
    assert np.array_equal(first.customer, again.customer)
    assert not np.array_equal(first.customer[:50], other.customer[:50])


def test_orders_follow_growth_seasons_and_a_skewed_eagerness():
    plan = large.draw(20_000, seed=1, orders_per_customer=5, today=DAY)
    assert len(plan.at) == pytest.approx(100_000, rel=0.05)
    assert (np.diff(plan.at) >= np.timedelta64(0, "s")).all()
    assert plan.at[-1] < np.datetime64(DAY)
    counts = np.sort(np.bincount(plan.customer[plan.customer >= 0], minlength=20_000))[::-1]
    assert counts[:4_000].sum() > 0.5 * counts.sum()
    years = plan.at.astype("datetime64[Y]").astype(int)
    assert (years == years.max()).sum() > (years == years.min() + 1).sum()
    months = plan.at.astype("datetime64[M]").astype(int) % 12
    assert (months == 11).sum() > 1.4 * (months == 1).sum()
    assert (plan.since[plan.customer[plan.customer >= 0]] <= plan.at[plan.customer >= 0]).all()


@pytest.mark.django_db
def test_a_large_shop_is_right_and_can_be_searched():
    made = large.load_large(customers=1_500, seed=7, orders_per_customer=4, say=quietly)
    assert Customer.objects.count() == made.customers == 1_500
    assert Order.objects.count() == made.orders
    assert Return.objects.count() == made.returns
    assert 0.05 < made.returns / made.orders < 0.10
    assert list(differences()) == []
    assert Customer.objects.aggregate(n=Sum("orders_count"))["n"] == (
        Order.objects.filter(customer__isnull=False).exclude(status="cancelled").count()
    )
    assert set(Order.objects.values_list("channel__code", flat=True)) == {"web", "market", "store"}
    assert Order.objects.filter(customer=None).exists()
    assert not Order.objects.filter(placed_at__date__gte=shop.today()).exists()
    assert not Customer.objects.filter(search_text="").exists()


@pytest.mark.django_db
def test_a_seed_comes_in_once_and_another_one_on_top():
    large.load_large(customers=50, seed=7, orders_per_customer=2, say=quietly)
    before = Order.objects.count()
    with pytest.raises(large.SeedTaken, match="seed 7"):
        large.load_large(customers=50, seed=7, orders_per_customer=2, say=quietly)
    assert Order.objects.count() == before
    large.load_large(customers=50, seed=8, orders_per_customer=2, say=quietly)
    assert Customer.objects.count() == 100


@pytest.mark.django_db
def test_the_command_reports_in_json():
    done = CliRunner().invoke(demo_command, ["--customers", "30", "--seed", "3", "--json"], catch_exceptions=False)
    figures = json.loads(done.stdout)
    assert figures["customers"] == 30
    assert set(figures) == {"customers", "orders", "returns", "seconds", "seconds_by_step"}
