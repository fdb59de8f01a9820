"""Products, baskets that were left, and the account of why numbers differ."""

import datetime as dt
import re
from decimal import Decimal

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from regulars.channels.actions import channel_for
from regulars.channels.models import Comparison, Connection, Mirror
from regulars.core import shop
from regulars.core.errors import Invalid, Stale
from regulars.core.importing import importing
from regulars.customers.actions import create_customer
from regulars.orders.actions import place_order, receive_return
from regulars.orders.actions.product_import import import_products
from regulars.orders.actions.products import ProductOwned, add_product, change_product
from regulars.orders.actions.sales import link_lines, reckon_sales
from regulars.orders.models import Checkout, OrderLine, Product, ProductSales, Variant
from regulars.orders.queries import why
from regulars.orders.queries.catalogue import sold
from regulars.orders.queries.goods import bought_together
from regulars.timeline.models import Entry

NOW = dt.datetime(2026, 3, 12, 9, 42, tzinfo=dt.UTC)


@pytest.fixture(autouse=True)
def _shop(db):
    shop.change(name="Hain & Hafen", currency="GBP", time_zone="Europe/London", country="GB")
    with time_machine.travel(NOW, tick=True):
        yield


@pytest.fixture
def elodie(db):
    return create_customer(values={"given_name": "Élodie", "family_name": "Marchetti", "email": "e@posteo.example"})


def ago(days, hour=9):
    return (NOW - dt.timedelta(days=days)).replace(hour=hour, minute=0, second=0)


def buys(customer, number, at, *skus, price="10", quantity=1, **values):
    return place_order(
        values={"number": number, "placed_at": at, **values},
        lines=[{"sku": sku, "title": sku, "quantity": quantity, "unit_price": price} for sku in skus],
        customer=customer,
        channel=channel_for("web"),
    )


def product(title="Sencha", sku="SEN", **values):
    return add_product(
        channel=channel_for("web"),
        values={"title": title, "category": "Green tea", **values},
        variants=[{"sku": sku, "price": "12.50", "cost": "4"}],
    )


def imported(tmp_path, text, **options):
    path = tmp_path / "products.csv"
    path.write_text(text, encoding="utf-8")
    with importing("products", path, **options) as run:
        import_products(path, run=run, mapping={})
    return run.summary


# ── by hand


def test_a_product_is_added_and_changed_and_both_are_told(elodie):
    made = product()
    change_product(
        made,
        values={"brand": "Okumidori"},
        variants=[
            {"id": made.variants.get().pk, "sku": "SEN", "price": "13", "cost": "4"},
            {"sku": "SEN-L", "title": "Large"},
        ],
        version=1,
    )
    made.refresh_from_db()
    assert (made.brand, made.version) == ("Okumidori", 2)
    assert [(v.sku, v.price, v.cost) for v in made.variants.all()] == [
        ("SEN", Decimal("13.0000"), Decimal("4.0000")),
        ("SEN-L", None, None),
    ]
    told = Entry.objects.filter(name="product.changed").order_by("pk")
    assert [sorted(entry.data["changes"]) for entry in told] == [[], ["brand", "variants"]]
    change_product(made, values={"brand": "Okumidori"})
    assert told.count() == 2
    with pytest.raises(Stale):
        change_product(made, values={"brand": "X"}, version=1)


@pytest.mark.parametrize(
    "values", [{"title": ""}, {"image_url": "javascript:alert(1)"}, {"colour": "red"}, {"title": "x" * 251}]
)
def test_a_product_that_cannot_be_is_refused(values):
    with pytest.raises(Invalid):
        product(**values)
    assert not Product.objects.exists()


@pytest.mark.parametrize("price", ["-1", "much", "NaN", "1e13"])
def test_a_price_that_is_none_is_refused(price):
    with pytest.raises(Invalid):
        add_product(channel=channel_for("web"), values={"title": "Tea"}, variants=[{"price": price}])
    assert not Variant.objects.exists()


def test_what_a_shop_system_keeps_is_changed_there(client_of, ada):
    made = product()
    Mirror.objects.create(
        channel=made.channel, kind="product", external_id="9", local_id=made.pk, version=NOW, digest=b"0" * 16
    )
    with pytest.raises(ProductOwned):
        change_product(made, values={"title": "Other"})
    client = client_of(ada)
    assert "keeps this product" in client.get(f"/products/{made.public_id}").content.decode()
    assert client.post(f"/products/{made.public_id}/edit", {"title": "Other"}).status_code == 302
    made.refresh_from_db()
    assert made.title == "Sencha"


def test_the_form_writes_what_stands_in_it(client_of, ada):
    client = client_of(ada)
    channel_for("web")
    sent = {
        "title": "Kyusu",
        "channel": "web",
        "category": "Ceramics",
        "tags": "clay, gift",
        "is_active": "on",
        "variant_id": ["", ""],
        "variant_title": ["360 ml", ""],
        "variant_sku": ["KYU", ""],
        "variant_barcode": ["", ""],
        "variant_price": ["89.50", ""],
        "variant_cost": ["30", ""],
    }
    answer = client.post("/products/new", sent)
    assert answer.status_code == 302
    made = Product.objects.get()
    assert (made.title, made.category, made.tags, made.is_active) == ("Kyusu", "Ceramics", ["clay", "gift"], True)
    assert [(v.title, v.sku, v.price, v.cost, v.currency) for v in made.variants.all()] == [
        ("360 ml", "KYU", Decimal("89.5"), Decimal(30), "GBP")
    ]
    again = {**sent, "title": "", "version": "1"}
    assert client.post(f"/products/{made.public_id}/edit", again).status_code == 422
    bad = {**sent, "variant_price": ["much", ""], "version": "1"}
    answer = client.post(f"/products/{made.public_id}/edit", bad)
    assert answer.status_code == 422
    assert "This must be an amount" in answer.content.decode()
    made.refresh_from_db()
    assert made.title == "Kyusu"


# ── a file


def test_rows_of_one_handle_are_one_product_wherever_they_stand(tmp_path):
    done = imported(
        tmp_path,
        "Handle,Title,Type,Option1 Value,Variant SKU,Variant Price,Cost per item,Image Src,Published\n"
        "tea,Tea,Green tea,50 g,T-50,9.50,3,https://cdn.example/1.jpg,true\n"
        "cup,Cup,Ceramics,Default Title,CUP,24.5,,,false\n"
        'tea,,,100 g,T-100,"1.234,50",,https://cdn.example/2.jpg,\n'
        "tea,,,,,,,https://cdn.example/3.jpg,\n"
        ",,,,,,,,\n"
        "bad,Bad,,x,B,cheap,,,\n",
    )
    assert (done.rows, done.created, done.rejected) == (5, 2, 1)
    tea, cup = Product.objects.order_by("-title")
    assert [(v.title, v.sku, v.price, v.cost) for v in tea.variants.all()] == [
        ("50 g", "T-50", Decimal("9.5"), Decimal(3)),
        ("100 g", "T-100", Decimal("1234.5"), None),
    ]
    assert (tea.image_url, tea.is_active) == ("https://cdn.example/1.jpg", True)
    assert (cup.variants.get().title, cup.is_active) == ("", False)


def test_the_same_file_changes_only_what_changed(tmp_path):
    table = "Handle,Title,Variant SKU,Variant Price\ntea,Tea,T,{}\ncup,Cup,C,9\n"
    imported(tmp_path, table.format("5"))
    Variant.objects.filter(sku="T").update(cost="2")
    before = set(Variant.objects.values_list("pk", flat=True))
    done = imported(tmp_path, table.format("6"))
    assert (done.created, done.updated, done.unchanged) == (0, 1, 1)
    assert set(Variant.objects.values_list("pk", flat=True)) == before
    tea = Variant.objects.get(sku="T")
    assert (tea.price, tea.cost) == (Decimal(6), Decimal(2)), "the file has no costs, so they stay"


def test_a_dry_run_writes_no_product(tmp_path):
    done = imported(tmp_path, "Title,SKU,Price\nTea,T,5\n", is_dry_run=True)
    assert done.created == 1
    assert not Product.objects.exists()


# ── what was sold


def test_lines_find_their_product_by_sku_and_sales_are_added_up(elodie):
    buys(elodie, "1", ago(20), "SEN", quantity=3)
    buys(elodie, "2", ago(10), "SEN", price="7.77", currency="EUR", rate="0.8612")
    buys(elodie, "3", ago(400), "SEN")
    buys(elodie, "4", ago(5), "SEN", is_test=True)
    buys(elodie, "5", ago(5), "CUP")
    made = product()
    OrderLine.objects.update(variant=None)
    assert link_lines() == 4
    assert reckon_sales() == 1
    sales = ProductSales.objects.get()
    assert (sales.product_id, sales.orders, sales.pieces, sales.revenue_minor) == (made.pk, 2, 4, 3000 + 669)
    live = sold(made)
    assert (live.orders, live.pieces, live.revenue.minor, live.buyers) == (2, 4, 3669, 1)
    assert len(live.months) == 13
    assert sum(month.pieces for month in live.months) == 4


def test_the_rows_of_a_products_numbers_add_up(client_of, ada, elodie):
    made = product()
    order = buys(elodie, "1", ago(20), "SEN", quantity=3)
    buys(None, "2", ago(50), "SEN")
    link_lines()
    receive_return(
        values={"number": "R", "returned_at": ago(3)},
        lines=[{"sku": "SEN", "title": "SEN", "quantity": 2, "unit_price": "10"}],
        customer=elodie,
        channel=order.channel,
        order=order,
    )
    client = client_of(ada)
    text = client.get(f"/products/{made.public_id}").content.decode()
    assert "50% of the pieces" in text
    for query, pieces, minor in (("", 4, 4000), ("?month=2026-02", 3, 3000), ("?show=returned", 2, 2000)):
        page = client.get(f"/products/{made.public_id}/rows{query}")
        assert page.context["pieces"] == pieces == sum(row["quantity"] for row in page.context["page"])
        assert page.context["total"].minor == minor == sum(row["amount"].minor for row in page.context["page"])
    assert client.get(f"/products/{made.public_id}/rows?month=2026-99").status_code == 404


def test_what_is_bought_together_is_counted_by_orders(elodie):
    tea, cup = product(), product("Cup", "CUP")
    product("Tin", "TIN")
    for number in range(3):
        buys(elodie, f"A{number}", ago(number + 1), "SEN", "CUP")
    buys(elodie, "B", ago(9), "SEN", "TIN")
    link_lines()
    assert [(one.title, one.times, one.orders) for one in bought_together(tea.pk, most=5)] == [("Cup", 3, 4)]
    assert bought_together(tea.pk, most=5, without=[cup.pk]) == []


@pytest.mark.parametrize("url", ["/products", "/products?sort=-revenue", "/orders/checkouts"])
def test_lists_ask_as_much_for_three_rows_as_for_one(url, client_of, ada, elodie):
    client = client_of(ada)
    counts = []
    for round_ in ((1,), (2, 3)):
        for number in round_:
            product(f"P{number}", f"S{number}")
            basket(elodie, ago(number))
        reckon_sales()
        client.get(url)
        with CaptureQueriesContext(connection) as asked:
            assert client.get(url).status_code == 200
        counts.append(len(asked))
    assert counts[0] == counts[1]


def test_the_list_is_narrowed_by_what_the_address_says(client_of, ada):
    product("Sencha", "SEN", brand="Okumidori")
    product("Kyusu", "KYU", category="Ceramics", is_active=False)
    client = client_of(ada)

    def found(query):
        return [line["product"].title for line in client.get(f"/products?{query}").context["lines"]]

    assert found("") == ["Kyusu", "Sencha"]
    assert found("q=kyu") == ["Kyusu"]
    assert found("q=SEN") == ["Sencha"]
    assert found("category=Ceramics") == ["Kyusu"]
    assert found("brand=Okumidori") == ["Sencha"]
    assert found("active=no") == ["Kyusu"]
    assert found("channel=web&active=yes") == ["Sencha"]
    for bad in ("colour=red", "category=Moon", "sort=colour", "channel=moon"):
        answer = client.get(f"/products?{bad}")
        assert answer.status_code == 400
        assert answer.context["lines"] == []


# ── baskets


def basket(customer, touched, **values):
    return Checkout.objects.create(
        **{
            "channel": channel_for("web"),
            "customer": customer,
            "email": "e@posteo.example",
            "currency": "GBP",
            "total_minor": 2550,
            "lines": [{"sku": "SEN", "title": "Sencha", "quantity": 2, "unit_price": "12.75"}],
            "recovery_url": "https://shop.example/basket/1",
            "started_at": touched - dt.timedelta(minutes=5),
            "touched_at": touched,
            **values,
        }
    )


def test_a_basket_is_abandoned_an_hour_after_its_last_step(client_of, ada, elodie):
    now = timezone.now()
    old = basket(elodie, now - dt.timedelta(minutes=61))
    young = basket(elodie, now - dt.timedelta(minutes=59))
    bought = basket(elodie, now - dt.timedelta(days=2), started_at=now - dt.timedelta(days=3), completed_at=now)
    quick = basket(elodie, now - dt.timedelta(days=4), completed_at=now - dt.timedelta(days=4))
    client = client_of(ada)

    def found(query):
        return [row.pk for row, *_more in client.get(f"/orders/checkouts{query}").context["rows"]]

    assert found("") == [old.pk]
    assert found("?state=open") == [young.pk]
    assert found("?state=recovered") == [bought.pk]
    assert quick.pk not in found("?state=recovered")
    assert client.get("/orders/checkouts?state=moon").status_code == 400
    text = client.get("/orders/checkouts").content.decode()
    assert "https://shop.example/basket/1" in text
    assert "£25.50" in text
    assert "Left a basket of" in client.get(f"/customers/{elodie.public_id}").content.decode()


# ── why


def shop_of_all_kinds(customer):
    """Two counted orders, one of a guest at midnight, and one of each that does not count."""
    one = buys(customer, "A", ago(5), "T", price="40")
    buys(None, "B", dt.datetime(2026, 3, 1, 0, 30, tzinfo=dt.UTC), "T", price="25", currency="EUR", rate="0.8")
    for number, values in enumerate(({"status": "draft"}, {"status": "cancelled"}, {"is_test": True})):
        buys(customer, f"X{number}", ago(4), "T", price="7", **values)
    receive_return(
        values={"number": "R", "returned_at": ago(1), "refund_minor": 1500},
        lines=[],
        customer=customer,
        channel=one.channel,
        order=one,
    )


def test_the_account_leads_from_all_orders_to_what_was_kept(elodie):
    shop_of_all_kinds(elodie)
    steps = [(step.step, step.sign, step.count, step.amount.minor) for step in why.account(why.Scope()).steps]
    assert steps == [
        ("all", "+", 5, 4000 + 2000 + 3 * 700),
        ("tests", "−", 1, 700),
        ("drafts", "−", 1, 700),
        ("cancelled", "−", 1, 700),
        ("counted", "=", 2, 6000),
        ("refunds", "−", 1, 1500),
        ("kept", "=", 2, 4500),
    ]
    mine = why.account(why.Scope(customer=elodie))
    elodie.refresh_from_db()
    assert (mine.steps[4].count, mine.steps[6].amount) == (elodie.orders_count, elodie.spent)


def test_days_begin_where_the_shop_is(elodie):
    shop.change(time_zone="America/New_York")
    shop_of_all_kinds(elodie)
    march = why.account(why.Scope(first=dt.date(2026, 3, 1), last=dt.date(2026, 3, 31)))
    # half past midnight in Greenwich is the evening before in New York
    assert march.steps[4].count == 1
    assert {step.step: step.count for step in march.beside}["utc"] == 2


@pytest.mark.parametrize("query", ["from=", "", "from=2026-03-02&to=2026-03-31", "from=&channel=web"])
def test_every_step_opens_rows_that_add_up_to_it(query, client_of, ada, elodie):
    shop_of_all_kinds(elodie)
    client = client_of(ada)
    account = client.get(f"/orders/why?{query}").context["account"]
    steps = [*account.steps, *account.beside, *(step for _name, steps in account.channels for step in steps)]
    assert len(steps) > 12
    for step in steps:
        page = client.get(f"/orders/why/rows?{query}&step={step.step}")
        assert page.status_code == 200, step
        orders, returns = page.context["orders"], page.context["returns"]
        assert step.count == (len(orders) or len(returns) if not page.context["is_taken_off"] else len(orders)), step
        ordered = sum(amount.minor for _row, amount in orders)
        refunded = sum(amount.minor for _row, amount in returns)
        shown = ordered - refunded if page.context["is_taken_off"] else refunded
        assert shown == page.context["total"].minor == step.amount.minor, step
    for line in account.currencies:
        page = client.get(f"/orders/why/rows?{query}&step={line.step}")
        assert (len(page.context["orders"]), page.context["total"]) == (line.count, line.base)
    assert client.get(f"/orders/why/rows?{query}&step=moon").status_code == 404


def test_what_platforms_say_stands_beside_it(client_of, ada, elodie):
    shop_of_all_kinds(elodie)
    link = Connection.objects.create(channel=channel_for("web"), provider="push", name="Web")
    for day, theirs in ((7, 1), (8, 4)):
        Comparison.objects.create(
            connection=link, on=dt.date(2026, 3, day), currency="GBP", their_count=theirs, their_minor=4000 * theirs,
            our_count=1, our_minor=4000,
        )  # fmt: skip
    days = client_of(ada).get("/orders/why").context["platforms"]
    assert [(one.on.day, one.is_equal) for one in days] == [(8, False), (7, True)]
    assert why.platforms(why.Scope(customer=elodie)) == []
    assert why.platforms(why.Scope(last=dt.date(2026, 3, 6))) == []


def test_why_asks_as_much_for_many_orders_as_for_few(client_of, ada, elodie):
    client = client_of(ada)
    counts = []
    for some in (range(2), range(2, 12)):
        for number in some:
            buys(elodie, f"N{number}", ago(number), "T")
        client.get(f"/orders/why?customer={elodie.public_id}")
        with CaptureQueriesContext(connection) as asked:
            client.get(f"/orders/why?customer={elodie.public_id}")
        counts.append(len(asked))
    assert counts[0] == counts[1]


# ── who may not


PAGES = ("/products", "/products/new", "/products/{p}", "/products/{p}/rows", "/products/{p}/edit", "/orders/checkouts",
         "/orders/why", "/orders/why?customer={c}", "/orders/why/rows?step=all&from=")  # fmt: skip


@pytest.mark.parametrize("url", PAGES)
def test_charlie_opens_no_page_of_the_catalogue(url, client_of, charlie, elodie):
    made = product()
    buys(elodie, "HH-1", ago(1), "SEN")
    basket(elodie, ago(1))
    answer = client_of(charlie).get(url.format(p=made.public_id, c=elodie.public_id))
    assert answer.status_code == 403
    for secret in ("HH-1", "Sencha", "posteo", "Marchetti"):
        assert secret not in answer.content.decode()


@pytest.mark.parametrize("url", PAGES)
def test_who_sees_no_amounts_is_told_none_of_the_catalogue(url, client_of, ben, elodie):
    from regulars.orders.tests.test_purchases import counter

    made = product()
    shop_of_all_kinds(elodie)
    buys(elodie, "HH-1", ago(2), "SEN", price="31.07")
    basket(elodie, ago(1))
    link_lines()
    reckon_sales()
    answer = client_of(counter(ben)).get(url.format(p=made.public_id, c=elodie.public_id))
    # an order without its amounts is none: who sees no amounts sees no orders, and nothing of what was sold
    assert answer.status_code == 403
    assert not re.search(r"£\s?\d", answer.content.decode())
