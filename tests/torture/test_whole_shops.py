"""Files of other systems come in whole, by the recipes of examples/import: each month's sum is theirs to the cent."""

from __future__ import annotations

import csv
import io
from collections import defaultdict
from decimal import Decimal
from pathlib import Path

import pyarrow
import pytest
from django.db.models import Sum
from django.db.models.functions import TruncMonth

from regulars.core import shop
from regulars.core.importing import importing
from regulars.customers.models import Customer
from regulars.orders.actions.importing import import_orders
from regulars.orders.importing.recipe import read_recipe
from regulars.orders.models import Order, OrderLine
from regulars.orders.queries.verification import differences

DATA = Path(__file__).parent / "data"
RECIPES = Path(__file__).resolve().parents[2] / "examples" / "import"


def bring(folder, recipe):
    with importing("orders", folder) as run:
        import_orders(folder, run=run, mapping={}, recipe=read_recipe(RECIPES / recipe))
    done = run.summary
    return done, (done.rows, done.created, done.updated, done.unchanged, done.rejected)


def rows_of(path):
    with pyarrow.input_stream(str(path), compression="zstd") as stream:
        return list(csv.DictReader(io.StringIO(stream.read().decode())))


def months(rows, day, amount):
    found = defaultdict(Decimal)
    for row in rows:
        found[row[day][:7]] += round(Decimal(row[amount]), 2)
    return {month: total for month, total in found.items() if total}


def ours():
    by_month = Order.objects.annotate(month=TruncMonth("placed_at", tzinfo=shop.zone())).values_list("month")
    sums = by_month.order_by("month").annotate(total=Sum("total_minor"))
    return {f"{month:%Y-%m}": Decimal(total) / 100 for month, total in sums}


@pytest.fixture
def dollars(db, settings, tmp_path):
    settings.REGULARS_HOME = tmp_path
    shop.change(currency="USD", time_zone="America/New_York", country="US")


def test_purchases_without_numbers_come_in_once(dollars):
    """4,906 orders of 995 people: the figures that the package's own documents give."""
    _done, counts = bring(DATA / "rfm", "rfm_package.toml")
    assert counts == (4_906, 4_906, 0, 0, 0)
    rows = rows_of(DATA / "rfm" / "rfm_data_orders.csv.zst")
    assert ours() == months(rows, "order_date", "revenue")
    assert Order.objects.aggregate(total=Sum("total_minor"))["total"] == 464_158_00
    assert Customer.objects.count() == 995
    abbey = Customer.objects.get(name="Abbey O'Reilly")
    assert (abbey.orders_count, abbey.spent_minor) == (6, 472_00)
    assert bring(DATA / "rfm", "rfm_package.toml")[1] == (4_906, 0, 0, 4_906, 0)
    assert list(differences()) == []


@pytest.mark.slow
def test_a_year_of_groceries_comes_in_to_the_cent(dollars):
    """75,000 lines of 2,377 households, with weights for quantities, and prices that do not come out even."""
    done, counts = bring(DATA / "complete_journey", "complete_journey.toml")
    # 209 baskets have no row but such of quantity 0 and amount 0: nothing was bought in them
    assert counts == (75_000, 47_243 - 209, 0, 0, 211)
    assert [(one["kind"], one["times"]) for one in done.findings if one["kind"] == "nothing"] == [("nothing", 205)]
    rows = rows_of(DATA / "complete_journey" / "transactions_sample.csv.zst")
    assert ours() == months(rows, "transaction_timestamp", "sales_value")
    assert sum(ours().values()) == Decimal("233935.24")
    assert OrderLine.objects.count() == 75_000 - 416
    buyers = {row["household_id"] for row in rows if int(row["quantity"])}
    assert Customer.objects.count() == len(buyers)
    assert list(differences()) == []
    _done, again = bring(DATA / "complete_journey", "complete_journey.toml")
    assert again == (75_000, 0, 0, 47_034, 211)
