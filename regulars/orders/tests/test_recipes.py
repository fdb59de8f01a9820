"""Several files of another system become orders, and no sum is multiplied on the way."""

import csv
import datetime as dt
from pathlib import Path

import pytest
from click.testing import CliRunner

from regulars.core import shop
from regulars.core.errors import Invalid
from regulars.core.importing import importing
from regulars.customers.models import Customer, Identity
from regulars.orders.actions.importing import import_orders
from regulars.orders.commands import import_command
from regulars.orders.importing.recipe import read_recipe
from regulars.orders.models import Order, OrderLine, Payment
from regulars.orders.queries.verification import differences

MARKETPLACE = Path(__file__).resolve().parents[3] / "examples" / "import" / "marketplace_tables.toml"
ITEMS = """order_id,order_item_id,product_id,price,freight_value
a1,1,p1,10.00,2.50
a1,2,p1,10.00,2.50
b2,1,p2,99.90,0.00
a1,3,p3,5.55,1.01
c3,1,p9,7.00,3.00
"""
ORDERS = """order_id,customer_id,order_status,order_purchase_timestamp
a1,k-1,delivered,2017-10-02 10:56:33
b2,k-2,unavailable,2018-07-24 20:41:37
c3,k-3,invoiced,2018-08-08 08:38:49
d4,k-4,shipped,2018-08-09 08:38:49
"""
CUSTOMERS = """customer_id,customer_unique_id,customer_city
k-1,anna,sao paulo
k-2,bruno,"rio
de janeiro"
k-3,anna,sao paulo
k-4,carla,natal
"""
PRODUCTS = 'product_id,product_category_name\np1,perfumaria\np2,"artes\ne oficios"\np3,\n'
PAYMENTS = """order_id,payment_sequential,payment_type,payment_value
a1,1,credit_card,20.00
b2,1,boleto,99.90
a1,2,voucher,11.56
"""
FILES = {
    "olist_order_items_dataset.csv": ITEMS,
    "olist_orders_dataset.csv": ORDERS,
    "olist_customers_dataset.csv": CUSTOMERS,
    "olist_products_dataset.csv": PRODUCTS,
    "olist_order_payments_dataset.csv": PAYMENTS,
}


@pytest.fixture
def folder(tmp_path):
    found = tmp_path / "files"
    found.mkdir()
    for name, text in FILES.items():
        (found / name).write_text(text, encoding="utf-8")
    return found


@pytest.fixture
def bring(db, folder, settings, tmp_path):
    """bring(): import the folder, and give its summary and the rows that were left out."""
    settings.REGULARS_HOME = tmp_path / "home"
    shop.change(currency="BRL", time_zone="America/Sao_Paulo", country="BR")

    def bring(recipe=MARKETPLACE, **options):
        with importing("orders", folder) as run:
            import_orders(folder, run=run, mapping={}, recipe=read_recipe(recipe), **options)
        done = run.summary
        rejected = []
        if done.rejects_file:
            with Path(done.rejects_file).open(encoding="utf-8-sig", newline="") as stream:
                rejected = [(int(row["row"]), row["reason"]) for row in csv.DictReader(stream)]
        return done, (done.rows, done.created, done.updated, done.unchanged, done.rejected), rejected

    return bring


def test_tables_become_orders_of_people_and_nothing_is_multiplied(bring):
    done, counts, rejected = bring()
    assert (counts, rejected) == ((5, 3, 0, 0, 0), [])
    orders = {order.number: order for order in Order.objects.all()}
    assert {number: (order.total_minor, order.shipping_minor, order.status) for number, order in orders.items()} == {
        "a1": (25_55 + 6_01, 6_01, "paid"),
        "b2": (99_90, 0, "cancelled"),
        "c3": (10_00, 3_00, "paid"),
    }
    assert orders["a1"].placed_at == dt.datetime(2017, 10, 2, 13, 56, 33, tzinfo=dt.UTC)
    lines = OrderLine.objects.order_by("order__number", "position")
    assert list(lines.values_list("order__number", "sku", "title", "quantity", "total_minor")) == [
        ("a1", "p1", "perfumaria", 1, 10_00),
        ("a1", "p1", "perfumaria", 1, 10_00),
        ("a1", "p3", "", 1, 5_55),
        ("b2", "p2", "artes e oficios", 1, 99_90),
        ("c3", "p9", "", 1, 7_00),
    ]
    paid = Payment.objects.order_by("order__number", "id").values_list("order__number", "method", "amount_minor")
    assert list(paid) == [("a1", "credit_card", 20_00), ("a1", "voucher", 11_56), ("b2", "boleto", 99_90)]
    # a customer number for each order is one person
    assert sorted(Identity.objects.values_list("external_id", flat=True)) == ["anna", "bruno"]
    assert orders["a1"].customer_id == orders["c3"].customer_id
    assert Customer.objects.get(identities__external_id="anna").orders_count == 2
    assert [(one["kind"], one["times"], one["sentence"]) for one in done.findings] == [
        ("beside-nothing", 1, "1 row of *orders_dataset.csv* stands beside nothing."),
        ("beside-nothing", 1, "1 row of *customers*.csv* stands beside nothing."),
        ("not-beside", 1, "1 product_id is not in *products*.csv*."),
    ]
    assert list(differences()) == []


def test_the_same_folder_again_changes_nothing_and_a_new_payment_is_added(bring, folder):
    bring()
    assert bring()[1] == (5, 0, 0, 3, 0)
    assert Payment.objects.count() == 3
    with (folder / "olist_order_payments_dataset.csv").open("a", encoding="utf-8") as stream:
        stream.write("c3,1,pix,10.00\n")
    assert bring()[1] == (5, 0, 1, 2, 0)
    assert list(Payment.objects.filter(order__number="c3").values_list("method", "amount_minor")) == [("pix", 10_00)]
    assert Payment.objects.count() == 4


def test_a_key_that_stands_twice_is_refused_before_anything_comes_in(bring, folder):
    with (folder / "olist_customers_dataset.csv").open("a", encoding="utf-8") as stream:
        stream.write("k-1,another,recife\n")
    with pytest.raises(Invalid, match="has the customer_id “k-1” a second time"):
        bring()
    assert not Order.objects.exists()
    assert not Customer.objects.exists()


def test_a_dry_run_writes_nothing_and_counts_the_same(bring, folder, settings, tmp_path):
    with importing("orders", folder, is_dry_run=True) as run:
        import_orders(folder, run=run, mapping={}, recipe=read_recipe(MARKETPLACE))
    assert (run.summary.rows, run.summary.created, run.summary.rejected) == (5, 3, 0)
    assert not Order.objects.exists()


@pytest.mark.parametrize(
    ("recipe", "sentence"),
    [
        ("[lines]\n", "does not say “file” of [lines]"),
        ("lines = 3\n", "“lines” begins with [lines]"),
        ("[lines", "is not TOML"),
        ('[lines]\nfile="*items*"\n[colums]\nnumber="order_id"\n', "has “colums”, which means nothing"),
        ('[lines]\nfile="nothing.csv"\n', "has no file “nothing.csv”"),
        ('[lines]\nfile="*.csv"\n', "has several files “*.csv”"),
        ('[lines]\nfile="../secret.csv"\n', "files are named without their folder"),
        ('[lines]\nfile="*items*"\n[columns]\nnumber="order"\n', "names the column “order”. There are: order_id"),
        (
            '[lines]\nfile="*items*"\n[columns]\nnumber="order_id"\n[words.status]\nx="paid"\n',
            "does not say which column holds “status”",
        ),
        ('[lines]\nfile="*items*"\n[made]\nnumber="A-{oder}"\n', "there is no column oder"),
        ('[lines]\nfile="*items*"\n[[with]]\nas="o"\nfile="*rs_d*"\nkey="order_id"\n', "does not say “is” of [with]"),
        ('[lines]\nfile="*items*"\n[with]\nas="o"\n', "each “with” begins with [[with]]"),
        ('[lines]\nfile="*items*"\n[columns]\nnumber="order_id"\n', "No column of this file holds when it was placed"),
    ],
)  # fmt: skip
def test_a_recipe_that_cannot_be_followed_says_why(bring, tmp_path, recipe, sentence):
    file = tmp_path / "recipe.toml"
    file.write_text(recipe, encoding="utf-8")
    with pytest.raises(Invalid) as refused:
        bring(file)
    assert sentence in refused.value.sentence
    assert not Order.objects.exists()


def test_payments_find_an_order_whose_number_is_made(bring, tmp_path):
    recipe = tmp_path / "recipe.toml"
    recipe.write_text(
        'currency="BRL"\n[lines]\nfile="*order_items*"\n[columns]\nplaced_at="orders.order_purchase_timestamp"\n'
        'sku="product_id"\nunit_price="price"\n[made]\nnumber="{order_id}"\n'
        '[[with]]\nas="orders"\nfile="*orders_dataset*"\nkey="order_id"\nis="order_id"\n'
        '[[payments]]\nfile="*payments*"\nkey="order_id"\nmethod="payment_type"\namount="payment_value"\n',
        encoding="utf-8",
    )
    assert bring(recipe)[1] == (5, 3, 0, 0, 0)
    paid = Payment.objects.order_by("order__number", "id").values_list("order__number", "method", "amount_minor")
    assert list(paid) == [("a1", "credit_card", 20_00), ("a1", "voucher", 11_56), ("b2", "boleto", 99_90)]


def test_a_file_where_a_folder_is_wanted_is_refused(bring, folder):
    with (
        pytest.raises(Invalid, match="is not a folder"),
        importing("orders", folder / "olist_order_items_dataset.csv") as run,
    ):
        import_orders(run.file, run=run, mapping={}, recipe=read_recipe(MARKETPLACE))


def test_a_broken_row_beside_is_named(bring, folder):
    with (folder / "olist_orders_dataset.csv").open("a", encoding="utf-8") as stream:
        stream.write("e5,k-5,shipped,2018-08-09 08:38:49,surplus,more\n")
    with pytest.raises(Invalid, match=r"Row 6 of \*orders_dataset.csv\*"):
        bring()


def test_amounts_that_prices_cannot_reach_come_in_to_the_cent(db, tmp_path, settings):
    """14,000 units for 30.01: no price of four decimals comes to that, and the order still does."""
    settings.REGULARS_HOME = tmp_path
    shop.change(currency="USD", time_zone="America/New_York", country="US")
    file = tmp_path / "weights.csv"
    file.write_text(
        "number,date,customer number,sku,quantity,line total\n"
        "1,2017-01-28 14:06:53,7,fuel,14000,30.01\n"
        "1,2017-01-28 14:06:53,7,coupon,0,0\n"
        "1,2017-01-28 14:06:53,7,milk,3,4.00\n"
        "2,2017-01-29 14:06:53,7,coupon,0,4.440892e-16\n"
        "3,2017-02-01 10:00:00,7,fuel,-14000,-30.01\n"
        "4,2017-02-01 10:00:00,7,milk,0,1.00\n",
        encoding="utf-8",
    )
    with importing("orders", file) as run:
        import_orders(file, run=run, mapping={})
    assert (run.summary.created, run.summary.rejected) == (2, 2)
    order = Order.objects.get(number="1")
    assert order.total_minor == 34_01
    assert [(line.sku, line.quantity) for line in order.lines.all()] == [("fuel", 14_000), ("milk", 3)]
    assert (order.refunded_minor, order.status) == (30_01, "part_refunded")
    assert Customer.objects.get().spent_minor == 4_00
    assert [one["sentence"] for one in run.summary.findings] == [
        "1 row with quantity 0 and amount 0 was left out of its order."
    ]
    assert list(differences()) == []


def test_the_command_takes_a_folder_and_a_recipe(bring, folder):
    done = CliRunner().invoke(import_command, [str(folder), "--recipe", str(MARKETPLACE), "--json"])
    assert done.exit_code == 0, done.output
    assert '"created": 3' in done.output
