import csv
import datetime as dt
import json
from decimal import Decimal
from pathlib import Path

import pytest
from click.testing import CliRunner

from regulars.channels.actions import channel_for
from regulars.channels.models import Channel
from regulars.core import shop
from regulars.core.errors import Invalid
from regulars.core.importing import importing
from regulars.core.tabular import Unreadable
from regulars.customers.actions import create_customer
from regulars.customers.models import Customer, Identity
from regulars.orders.actions import exchange_return, place_order, receive_return, request_return
from regulars.orders.actions.importing import import_orders
from regulars.orders.commands import import_command, verify_command
from regulars.orders.importing.values import amount
from regulars.orders.models import Order, OrderLine, Return, ReturnLine
from regulars.orders.queries.verification import differences
from regulars.timeline.models import Entry

UCI = "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country\n"


@pytest.fixture
def bring(db, tmp_path, settings):
    """bring(text): import a file of this text, and give its summary and rejected rows back."""
    settings.REGULARS_HOME = tmp_path
    shop.change(currency="GBP", time_zone="Europe/London", country="GB")

    def bring(text, *, encoding="utf-8", dry_run=False, mapping=None, **options):
        file = tmp_path / "orders.csv"
        file.write_bytes(text.encode(encoding))
        with importing("orders", file, is_dry_run=dry_run) as run:
            import_orders(file, run=run, mapping=mapping or {}, **options)
        done = run.summary
        rejected = []
        if done.rejects_file:
            with Path(done.rejects_file).open(encoding="utf-8-sig", newline="") as stream:
                rejected = [(int(row["row"]), row["reason"]) for row in csv.DictReader(stream)]
        assert len(rejected) == done.rejected or dry_run
        return (done.rows, done.created, done.updated, done.unchanged, done.rejected), rejected

    return bring


def lines_of(order):
    return [(line.sku, line.quantity, line.total_minor) for line in order.lines.all()]


def test_rows_of_one_number_are_one_order_of_a_customer_who_is_made(bring):
    counts, rejected = bring(
        UCI
        + "536365,85123A,WHITE HEART,6,2011-07-01 08:26:00,2.55,17850,United Kingdom\n"
        + "536365,71053,LANTERN,2,2011-07-01 08:27:00,3.395,17850,United Kingdom\n"
    )

    assert (counts, rejected) == ((2, 1, 0, 0, 0), [])
    order = Order.objects.get()
    assert lines_of(order) == [("85123A", 6, 1530), ("71053", 2, 679)]
    assert order.placed_at == dt.datetime(2011, 7, 1, 7, 26, tzinfo=dt.UTC)  # summer time in London
    assert (order.total_minor, order.currency, order.country) == (2209, "GBP", "GB")
    assert order.channel == Channel.objects.get(code="web")
    customer = order.customer
    assert Identity.objects.get(customer=customer).external_id == "17850"
    assert (customer.orders_count, customer.spent_minor, customer.country) == (1, 2209, "GB")
    assert customer.customer_since == order.placed_at
    assert list(differences()) == []


def test_a_second_import_changes_nothing(bring):
    text = (
        UCI
        + "1,A,Mug,5,2011-01-03 09:00:00,2.5,17850,France\n"
        + "2,B,Cup,1,2011-01-04 09:00:00,4,,France\n"
        + "C3,A,Mug,-2,2011-01-05 09:00:00,2.5,17850,France\n"
        + "4,A,Mug,3,2011-01-06 09:00:00,2.5,17850,France\n"
        + "4,A,Mug,-1,2011-01-06 09:00:00,2.5,17850,France\n"
    )
    assert bring(text)[0] == (5, 5, 0, 0, 0)
    before = list(Customer.objects.values()), list(Order.objects.values()), list(ReturnLine.objects.values())
    entries = Entry.objects.exclude(name="orders.imported").count()
    assert bring(text)[0] == (5, 0, 0, 5, 0)
    assert (list(Customer.objects.values()), list(Order.objects.values()), list(ReturnLine.objects.values())) == before
    assert Entry.objects.exclude(name="orders.imported").count() == entries
    assert list(differences()) == []


def test_a_dry_run_counts_the_same_and_writes_nothing(bring, tmp_path):
    text = UCI + "1,A,Mug,5,2011-01-03 09:00:00,2.5,17850,France\n2,A,Mug,x,2011-01-03 09:00:00,2.5,17850,France\n"
    assert bring(text, dry_run=True)[0] == (2, 1, 0, 0, 1)
    assert [model.objects.count() for model in (Order, Customer, Channel, Entry)] == [0, 0, 0, 0]
    assert not (tmp_path / "imports").exists()
    assert bring(text)[0] == (2, 1, 0, 0, 1)


def test_an_order_that_says_something_else_is_changed(bring):
    bring(UCI + "1,A,Mug,5,2011-01-03 09:00:00,2.5,17850,France\n1,B,Cup,1,2011-01-03 09:00:00,1,17850,France\n")
    first = Order.objects.get().lines.first()
    counts, _rejected = bring(UCI + "1,A,Mug,4,2011-01-03 09:00:00,2.5,17850,France\n")
    assert counts == (1, 0, 1, 0, 0)
    order = Order.objects.get()
    assert (lines_of(order), order.total_minor, order.version) == ([("A", 4, 1000)], 1000, 2)
    assert order.lines.get().pk == first.pk
    assert order.customer.spent_minor == 1000


def test_a_return_that_says_something_else_is_written_anew(bring):
    bring(UCI + "1,A,Mug,5,2011-01-03 09:00:00,2,7,France\nC2,A,Mug,-2,2011-01-05 09:00:00,2,7,France\n")
    assert Order.objects.get().refunded_minor == 400
    assert bring(UCI + "C2,A,Mug,-5,2011-01-05 09:00:00,2,7,France\n")[0] == (1, 0, 1, 0, 0)
    order = Order.objects.get()
    assert (order.refunded_minor, order.status, order.customer.spent_minor) == (1000, "refunded", 0)
    assert Return.objects.get().version == 2
    assert list(differences()) == []


def test_a_file_settles_what_was_only_asked_for_and_leaves_an_exchange_what_it_is(bring):
    bring(UCI + "1,A,Heart,2,2011-07-01 08:00:00,2.00,17850,United Kingdom\n")
    order = Order.objects.get()
    request_return(order, lines=[{"position": 1, "quantity": 1}], number="C1")
    exchange_return(
        request_return(order, lines=[{"position": 1, "quantity": 1}], number="C2"),
        lines=[{"sku": "B", "quantity": 1, "unit_price": "2.00"}],
    )
    file = UCI + "".join(f"C{n},A,Heart,-1,2011-07-0{n} 09:00:00,2.00,17850,United Kingdom\n" for n in (1, 2))
    assert bring(file)[0] == (2, 0, 2, 0, 0)
    assert list(Return.objects.order_by("pk").values_list("number", "state")) == [
        ("C1", "refunded"),
        ("C2", "exchanged"),
    ]
    assert Return.objects.get(number="C2").exchange is not None
    assert Order.objects.get(pk=order.pk).status == "refunded"
    assert bring(file)[0] == (2, 0, 0, 2, 0)
    assert list(differences()) == []


def test_returns_find_their_orders_whatever_the_order_of_the_file(bring):
    bring(
        UCI
        + "C9,A,Mug,-3,2011-03-05 09:00:00,2,7,France\n"
        + "C8,A,Mug,-1,2011-02-01 09:00:00,2,7,France\n"
        + "2,A,Mug,2,2011-03-01 09:00:00,2,7,France\n"
        + "1,A,Mug,3,2011-01-01 09:00:00,2,7,France\n"
    )
    links = [
        (row.parent.number, row.order_line and row.order_line.order.number, row.quantity)
        for row in ReturnLine.objects.order_by("parent__returned_at", "position")
    ]
    assert links == [("C8", "1", 1), ("C9", "2", 2), ("C9", "1", 1)]
    assert list(differences()) == []


def test_rows_of_an_order_that_is_scattered_over_the_file_are_one_order(bring):
    text = (
        UCI
        + "1,A,Mug,1,2011-01-03 09:00:00,2,7,France\n"
        + "2,A,Mug,1,2011-01-03 09:00:00,2,7,France\n"
        + '"=""1""",B,Cup,1,2011-01-03 09:00:00,3,7,France\n'
    )
    assert bring(text)[0] == (3, 2, 0, 0, 0)
    assert lines_of(Order.objects.get(number="1")) == [("A", 1, 200), ("B", 1, 300)]
    assert bring(text)[0] == (3, 0, 0, 2, 0)


def test_an_order_with_a_bad_row_waits_as_a_whole_and_comes_in_mended(bring, tmp_path):
    counts, rejected = bring(
        UCI
        + "1,A,Mug,1,2011-01-03 09:00:00,2,7,France\n"
        + "1,B,Cup,1.5,2011-01-03 09:00:00,3,7,France\n"
        + "2,A,Mug,1,2011-01-03 09:00:00,2,7,France\n"
    )
    assert counts == (3, 1, 0, 0, 2)
    assert rejected == [
        (2, "Row 3 of the same order cannot be used, so the order waits as a whole."),
        (3, "The quantity 1.5 is not a whole number."),
    ]
    mended = next((tmp_path / "imports").iterdir()).read_text(encoding="utf-8-sig").replace("1.5", "2")
    assert bring(mended)[0] == (2, 1, 0, 0, 0)
    assert lines_of(Order.objects.get(number="1")) == [("A", 1, 200), ("B", 2, 600)]


def test_a_booking_among_the_rows_of_a_sale_keeps_it_out_and_it_comes_in_mended_as_a_whole(bring, tmp_path):
    counts, rejected = bring(
        UCI
        + "1,A,Mug,1,2011-01-03 09:00:00,2,7,France\n"
        + "1,D,Discount,1,2011-01-03 09:00:00,-0.50,7,France\n"
        + "2,A,Mug,1,2011-01-03 09:00:00,2,7,France\n"
    )
    assert counts == (3, 1, 0, 0, 2)
    assert rejected == [
        (2, "Row 3 of the same order cannot be used, so the order waits as a whole."),
        (3, "The price is below zero: this is an adjustment of the books, not a sale."),
    ]
    mended = next((tmp_path / "imports").iterdir()).read_text(encoding="utf-8-sig").replace("-0.50", "0.50")
    assert bring(mended)[0] == (2, 1, 0, 0, 0)
    assert lines_of(Order.objects.get(number="1")) == [("A", 1, 200), ("D", 1, 50)]


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("1,A,Mug,-5,2011-01-03,0,,France",
         "Nobody sent this back and nothing was paid: it is stock that was written off."),
        ("A1,B,Adjust bad debt,1,2011-01-03,-11062.06,,France",
         "The price is below zero: this is an adjustment of the books, not a sale."),
        ("A1,B,Adjust bad debt,1,2011-01-03,11062.06,,France", "This is an adjustment of a bad debt, not a sale."),
        ("1,A,Mug,0,2011-01-03,1,,France", "The quantity is 0: nothing was bought and nothing came back."),
        ("1,A,Mug,,2011-01-03,1,,France", "The row does not say how many."),
        ("1,A,Mug,1,2011-01-03,,,France", "The row has no price."),
        ("1,A,Mug,1,2011-01-03,free,,France", "“free” is not a number."),
        ("1,A,Mug,1,,1,,France", "The row does not say when the order was placed."),
        ("1,A,Mug,1,31/02/2011,1,,France", "“31/02/2011” is not a day or a time that exists."),
        ("1,,,1,2011-01-03,1,,France", "Name the product, or give its SKU."),
        (",A,Mug,1,2011-01-03,1,,France", "Give it a number: the one your channel shows."),
        ("1,A,Mug,99999999999,2011-01-03,1,,France", "The quantity 99999999999 is not between 1 and 2147483647."),
        (f"1,A,{'M' * 251},1,2011-01-03,1,,France", "It is 251 characters long; 250 are the most that fit."),
        ("1,A,Mug,1,2011-01-03,1,,Atlantis",
         "“Atlantis” is not a country we know. Write its two-letter code, like DE, or its English name."),
    ],
)  # fmt: skip
def test_what_is_no_sale_comes_back_with_its_reason(bring, row, reason):
    counts, rejected = bring(UCI + row + "\n9,A,Mug,1,13/01/2011,1,,France\n")
    assert counts == (2, 1, 0, 0, 1)
    assert rejected == [(2, reason)]
    assert Order.objects.get().number == "9"


def test_rows_of_one_order_that_disagree_come_back(bring):
    counts, rejected = bring(UCI + "1,A,Mug,1,2011-01-03,2,7,France\n1,B,Cup,1,2011-01-03,3,8,France\n")
    assert counts == (2, 0, 0, 0, 2)
    assert rejected[0][1] == "The rows of this order name different customers: 7, 8."
    assert not Customer.objects.exists()


DATES = "order,sku,qty,price,date\n"


def test_one_date_decides_for_the_whole_file(bring):
    bring(DATES + "1,A,1,1,03/04/2011\n2,A,1,1,13/04/2011\n")
    assert Order.objects.get(number="1").placed_at.date() == dt.date(2011, 4, 2)  # 3 April begins at 23:00 UTC
    bring(DATES + "3,A,1,1,03/04/2011 12:00\n4,A,1,1,04/13/2011 12:00\n")
    assert Order.objects.get(number="3").placed_at.date() == dt.date(2011, 3, 4)


def test_a_date_that_does_not_fit_the_others_is_a_rejected_row(bring):
    counts, rejected = bring(DATES + "1,A,1,1,13/04/2011\n2,A,1,1,14/04/2011\n3,A,1,1,04/15/2011\n")
    assert counts == (3, 2, 0, 0, 1)
    assert rejected == [(4, "“04/15/2011” does not fit the other dates of the file: there is no month 15.")]


def test_dates_that_nobody_can_read_are_asked_about(bring):
    text = DATES + "1,A,1,1,03/04/2011\n"
    with pytest.raises(Invalid, match="--date-format DD/MM/YYYY or --date-format MM/DD/YYYY"):
        bring(text)
    assert not Order.objects.exists()
    bring(text, date_format="mdy")
    assert Order.objects.get().placed_at == dt.datetime(2011, 3, 4, tzinfo=dt.UTC)


def test_amounts_with_decimal_commas_are_read_as_such(bring):
    counts, _rejected = bring("Bestellnummer;Artikel;Menge;Einzelpreis;Datum\n1;Tasse;2;1.234,50 €;13.04.2011\n")
    assert counts == (1, 1, 0, 0, 0)
    assert Order.objects.get().total_minor == 246900


SHOPIFY = (
    "Name,Email,Financial Status,Paid at,Currency,Subtotal,Shipping,Taxes,Total,Discount Amount,Created at,"
    "Lineitem quantity,Lineitem name,Lineitem price,Lineitem sku,Billing Name,Shipping Country,Cancelled at,"
    "Payment Method,Refunded Amount,Phone\n"
)


def test_a_shopify_export_is_read(bring):
    counts, rejected = bring(
        SHOPIFY + "#1001,ann@post.example,paid,2026-01-05 11:00:00 +0100,GBP,18.00,4.90,2.87,22.90,2.00,"
        "2026-01-05 10:59:00 +0100,1,Mug - blue,10.00,MUG,Ann Lee,DE,,Shopify Payments,0.00,'+49301234567\n"
        + "#1001,ann@post.example,,,,,,,,,2026-01-05 10:59:00 +0100,2,Cup,5.00,CUP,,,,,,\n"
        + "#1002,bob@post.example,partially_refunded,2026-01-06 11:00:00 +0100,GBP,10.00,0.00,2.00,12.00,0.00,"
        "2026-01-06 10:59:00 +0100,1,Mug,10.00,MUG,Bob,GB,,PayPal,4.00,\n"
        + "#1003,,voided,,GBP,10.00,0.00,0.00,10.00,0.00,2026-01-07 10:59:00 +0100,1,Mug,10.00,MUG,,GB,,,0.00,\n"
        + "#1004,,paid,,GBP,10.00,0.00,0.00,99.00,0.00,2026-01-07 10:59:00 +0100,1,Mug,10.00,MUG,,GB,,,0.00,\n"
    )
    assert counts == (5, 4, 0, 0, 1)
    assert rejected == [(6, "The rows add up to 10.00 GBP and the file says the total is 99.00 GBP.")]
    first = Order.objects.get(number="#1001")
    assert lines_of(first) == [("MUG", 1, 1000), ("CUP", 2, 1000)]
    assert (first.total_minor, first.discount_minor, first.shipping_minor, first.tax_minor) == (2290, 200, 490, 287)
    assert (first.is_tax_included, first.payment_method, first.country) == (True, "Shopify Payments", "DE")
    assert (first.customer.name, first.customer.email, first.customer.phone) == (
        "Ann Lee",
        "ann@post.example",
        "+49301234567",
    )
    second = Order.objects.get(number="#1002")
    assert (second.total_minor, second.is_tax_included) == (1200, False)
    assert (second.status, second.refunded_minor, second.customer.spent_minor) == ("part_refunded", 400, 800)
    assert Return.objects.get().number == "#1002-R"
    assert Order.objects.get(number="#1003").status == "cancelled"
    assert list(differences()) == []


def test_a_chinese_export_is_read_in_its_encoding(bring):
    counts, rejected = bring(
        "订单号,商品,数量,单价,下单时间,客户,币种,汇率,订单状态\n"
        '="10086",马克杯,2,¥88.50,2026年3月12日 09:30,张三,CNY,0.11,已发货\n'
        '="10087",马克杯,1,¥88.50,2026年3月13日 09:30,张三,CNY,0.11,交易关闭\n',
        encoding="gb18030",
    )
    assert (counts, rejected) == ((2, 2, 0, 0, 0), [])
    order = Order.objects.get(number="10086")
    assert (order.total_minor, order.total_base_minor, order.rate) == (17700, 1947, Decimal("0.11"))
    assert (order.customer.name, order.customer.orders_count, order.customer.spent_minor) == ("张三", 1, 1947)
    assert Customer.objects.count() == 1


def test_customers_are_found_by_the_channels_id_else_by_email_and_stay_as_they_are(bring):
    web = channel_for("web")
    by_id = create_customer(values={"name": "Ida"}, channel=web, external_id="7")
    by_email = create_customer(values={"name": "Emil", "email": "emil@post.example"})
    header = "order number,sku,quantity,price,date,customer id,email,customer name\n"
    bring(
        header
        + "1,A,1,1,2026-01-01,7,new@post.example,Somebody Else\n"
        + "2,A,1,1,2026-01-01,,EMIL@post.example,Somebody Else\n"
        + "3,A,1,1,2026-01-01,8,emil@post.example,Somebody Else\n"
        + "4,A,1,1,2026-01-01,,,Guest\n"
    )
    assert [order.customer for order in Order.objects.order_by("number")] == [by_id, by_email, by_email, None]
    by_email.refresh_from_db()
    assert (by_email.name, by_email.orders_count) == ("Emil", 2)
    assert Identity.objects.get(external_id="8").customer == by_email
    assert Customer.objects.count() == 2


def test_a_file_without_what_an_order_needs_is_refused_in_words(bring):
    with pytest.raises(Invalid, match=r"No column of this file holds the order's number \(number\)"):
        bring("colour,size\nred,1\n")
    with pytest.raises(Invalid, match="does not exist"):
        bring(DATES + "1,A,1,1,2011-01-01\n", mapping={"nummer": "order"})
    with pytest.raises(Unreadable):
        bring("")
    assert not Order.objects.exists()


def test_columns_can_be_named(bring):
    mapping = {"number": "x", "unit_price": "3", "placed_at": "y", "sku": "z"}
    assert bring("x,y,p,z\n1,2026-01-01,5.00,A\n", mapping=mapping)[0] == (1, 1, 0, 0, 0)
    assert lines_of(Order.objects.get()) == [("A", 1, 500)]


def test_the_bulk_writer_writes_the_rows_of_the_verbs(bring):
    shop.change(currency="GBP", time_zone="Europe/London", country="GB")
    web, other = channel_for("web"), channel_for("verbs")
    text = (
        UCI
        + "1,A,Mug,5,2011-01-03 09:00:00,2.555,7,France\n1,B,Cup,1,2011-01-03 09:00:00,4,7,France\n"
        + "2,A,Mug,1,2011-01-04 09:00:00,2.555,,\n"
        + "C3,A,Mug,-2,2011-01-05 09:00:00,2.555,7,France\n"
    )
    bring(text)
    customer = Customer.objects.get()
    day = dt.datetime(2011, 1, 3, 9, tzinfo=dt.UTC)
    mug = {"sku": "A", "title": "Mug", "unit_price": Decimal("2.555")}
    place_order(
        values={"number": "1", "placed_at": day, "country": "FR"},
        lines=[{**mug, "quantity": 5}, {"sku": "B", "title": "Cup", "quantity": 1, "unit_price": 4}],
        customer=customer,
        channel=other,
    )
    place_order(
        values={"number": "2", "placed_at": day + dt.timedelta(days=1)},
        lines=[{**mug, "quantity": 1}],
        customer=None,
        channel=other,
    )
    receive_return(
        values={"number": "C3", "returned_at": day + dt.timedelta(days=2)},
        lines=[{**mug, "quantity": 2}],
        customer=customer,
        channel=other,
    )

    def rows_of(channel):
        own = {"id", "created_at", "updated_at", "channel_id", "order_id", "parent_id", "order_line_id"}
        orders = Order.objects.filter(channel=channel)
        found = [orders, OrderLine.objects.filter(order__channel=channel), Return.objects.filter(channel=channel)]
        found.append(ReturnLine.objects.filter(parent__channel=channel))
        plain = [
            [{k: v for k, v in row.items() if k not in own} for row in rows.order_by("pk").values()] for rows in found
        ]
        entries = Entry.objects.filter(subject_type="orders.order", subject_id__in=orders.values("pk")).order_by("pk")
        return plain, [(e.name, e.at, e.customer_id, e.subject_type, e.data) for e in entries]

    assert rows_of(web) == rows_of(other)
    assert list(differences()) == []


def test_the_command_prints_a_summary_and_verify_finds_what_was_tampered_with(bring, tmp_path):
    file = tmp_path / "shop.csv"
    file.write_text(UCI + "1,A,Mug,5,2011-01-03 09:00:00,2.5,17850,France\n", encoding="utf-8")
    shop.change(currency="GBP", time_zone="Europe/London", country="GB")
    result = CliRunner().invoke(import_command, [str(file), "--json"], catch_exceptions=False)
    summary = json.loads(result.stdout)
    assert list(summary) == [
        *["rows", "created", "updated", "unchanged", "rejected", "rejects_file", "seconds", "not_imported", "findings"],
        "change_set",
    ]
    assert (summary["created"], summary["rejects_file"]) == (1, None)
    assert Entry.objects.get(name="order.placed").source == "import"

    result = CliRunner().invoke(verify_command, ["--json"], catch_exceptions=False)
    assert (result.exit_code, json.loads(result.stdout)) == (0, {"differences": 0, "list": []})
    Customer.objects.update(orders_count=2)
    result = CliRunner().invoke(verify_command, [], catch_exceptions=False)
    assert result.exit_code == 1
    assert "orders_count is 2 and should be 1." in result.output


@pytest.mark.parametrize(
    ("text", "is_decimal_comma", "number"),
    [
        ("2.55", False, "2.55"), ("1,234.50", False, "1234.50"), ("1,234", False, "1234"), ("£2.55", False, "2.55"),
        ("2.55 GBP", False, "2.55"), ("GBP 2.55", False, "2.55"), ("(5.00)", False, "-5.00"), ("-£5.0", False, "-5.0"),
        ("5.00-", False, "-5.00"), ("−5", False, "-5"), ("¥88元", False, "88"), ("1 234.5", False, "1234.5"),
        ("1'234.50", False, "1234.50"), ("1.234,50 €", True, "1234.50"), ("1.234", True, "1234"), ("2,5", True, "2.5"),
        ("2.55", True, "2.55"),
    ],
)  # fmt: skip
def test_amounts_are_read_as_people_write_them(text, is_decimal_comma, number):
    assert amount(text, is_decimal_comma) == Decimal(number)


@pytest.mark.parametrize("text", ["", "-", "1,2,3", "12x4", "NaN", "Infinity", "1.2.3", "€"])
def test_what_is_no_amount_is_refused(text):
    with pytest.raises(ValueError, match="is not a number"):
        amount(text, False)
