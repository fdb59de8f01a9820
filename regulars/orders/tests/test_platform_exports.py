"""The order and customer exports of Shopify and WooCommerce, whole, with the headings they have."""

import csv
import io
import random
from decimal import Decimal

import pytest

from regulars.core.importing import importing
from regulars.orders.actions.importing import import_orders
from regulars.orders.models import Order, OrderLine, Return

# All 79 columns of Shopify's order export. One row per line; what is said of the order stands in its first row only.
SHOPIFY = (
    "Name,Email,Financial Status,Paid at,Fulfillment Status,Fulfilled at,Accepts Marketing,Currency,Subtotal,"
    "Shipping,Taxes,Total,Discount Code,Discount Amount,Shipping Method,Created at,Lineitem quantity,"
    "Lineitem name,Lineitem price,Lineitem compare at price,Lineitem sku,Lineitem requires shipping,"
    "Lineitem taxable,Lineitem fulfillment status,Billing Name,Billing Street,Billing Address1,"
    "Billing Address2,Billing Company,Billing City,Billing Zip,Billing Province,Billing Country,Billing Phone,"
    "Shipping Name,Shipping Street,Shipping Address1,Shipping Address2,Shipping Company,Shipping City,"
    "Shipping Zip,Shipping Province,Shipping Country,Shipping Phone,Notes,Note Attributes,Cancelled at,"
    "Payment Method,Payment Reference,Refunded Amount,Vendor,Outstanding Balance,Employee,Location,Device ID,"
    "Id,Tags,Risk Level,Source,Lineitem discount,Tax 1 Name,Tax 1 Value,Tax 2 Name,Tax 2 Value,Tax 3 Name,"
    "Tax 3 Value,Tax 4 Name,Tax 4 Value,Tax 5 Name,Tax 5 Value,Phone,Receipt Number,Duties,"
    "Billing Province Name,Shipping Province Name,Payment ID,Payment Terms Name,Next Payment Due At,"
    "Payment References"
)

WOO = (
    "Order ID,Order Number,Order Date,Status,Order Currency,Customer User ID,Email (Billing),"
    "First Name (Billing),Last Name (Billing),Company (Billing),Address 1&2 (Billing),City (Billing),"
    "State Code (Billing),Postcode (Billing),Country Code (Billing),Phone (Billing),First Name (Shipping),"
    "Last Name (Shipping),Address 1&2 (Shipping),City (Shipping),State Code (Shipping),Postcode (Shipping),"
    "Country Code (Shipping),Customer Note,Payment Method Title,Cart Discount Amount,Order Subtotal Amount,"
    "Shipping Method Title,Order Shipping Amount,Order Refund Amount,Order Total Amount,"
    "Order Total Tax Amount,SKU,Item #,Item Name,Quantity (- Refund),Item Cost,Coupon Code,Discount Amount,"
    "Discount Amount Tax"
)


def written(header, rows):
    stream = io.StringIO()
    writer = csv.DictWriter(stream, header.split(","), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return stream.getvalue()


@pytest.fixture
def bring(db, tmp_path, settings):
    """bring(text): import a file of this text, and give its summary back."""
    settings.REGULARS_HOME = tmp_path

    def run(text):
        file = tmp_path / "orders.csv"
        file.write_text(text, encoding="utf-8")
        with importing("orders", file, is_dry_run=False) as found:
            import_orders(file, run=found, mapping={})
        return found.summary

    return run


def shopify_row(number, **cells):
    base = {"Name": f"#{number}", "Email": f"c{number % 7}@post.example", "Created at": "2012-01-01 11:13:25 -0500"}
    return base | cells


def first_row(number, *, total, **cells):
    return shopify_row(
        number,
        **{
            "Financial Status": "paid",
            "Currency": "EUR",
            "Shipping": "0.00",
            "Taxes": "0.00",
            "Total": total,
            "Discount Amount": "0.00",
            "Refunded Amount": "0.00",
            "Billing Name": "Jonas Wieck",
            "Billing Address1": "Am Kai 1",
            "Billing City": "Hamburg",
            "Billing Zip": "'20457",
            "Billing Country": "DE",
            "Billing Phone": "'+49 40 123456",
            "Shipping Name": "Li Na",
            "Shipping Address1": "Speicher 4",
            "Shipping Address2": "2nd floor",
            "Shipping City": "Bremen",
            "Shipping Zip": "'01067",
            "Shipping Province": "HB",
            "Shipping Country": "DE",
            "Id": f"'{450789469 + number}",
            **cells,
        },
    )


def test_a_shopify_order_of_several_rows_comes_in_whole(bring):
    rows = [
        first_row(
            1001,
            total="66.90",
            **{
                "Shipping": "4.90",
                "Taxes": "10.68",
                "Discount Code": "SPRING",
                "Discount Amount": "8.00",
                "Lineitem quantity": "2",
                "Lineitem name": "Teapot - blue",
                "Lineitem price": "30.00",
                "Lineitem sku": "TP-B",
                "Lineitem discount": "0.00",
                "Fulfillment Status": "partial",
                "Payment Method": "Shopify Payments + Gift Card",
                "Tags": "VIP, wholesale",
                "Source": "web",
                "Notes": "Ring twice,\nplease",
            },
        ),
        shopify_row(1001, **{"Lineitem quantity": "1", "Lineitem name": "Cup", "Lineitem price": "10.00"}),
    ]
    assert bring(written(SHOPIFY, rows)).rejected == 0
    order = Order.objects.get()
    assert (order.number, order.total_minor, order.discount_minor, order.shipping_minor, order.tax_minor) == (
        "#1001",
        6_690,
        800,
        490,
        1_068,
    )
    assert order.placed_at.isoformat() == "2012-01-01T16:13:25+00:00"
    assert [(line.sku, line.title, line.quantity, line.total_minor) for line in order.lines.all()] == [
        ("TP-B", "Teapot - blue", 2, 6_000),
        ("", "Cup", 1, 1_000),
    ]
    assert (order.fulfilment, order.source, order.note) == ("partial", "web", "Ring twice,\nplease")
    assert order.payment_method == "Shopify Payments + Gift Card"
    assert sorted(order.tags.values_list("label", flat=True)) == ["VIP", "wholesale"]
    assert list(order.codes.values_list("code", "amount_minor")) == [("SPRING", 800)]
    assert list(
        order.addresses.order_by("side").values_list("side", "name", "line1", "line2", "postcode", "city", "country")
    ) == [
        ("billing", "Jonas Wieck", "Am Kai 1", "", "20457", "Hamburg", "DE"),
        ("delivery", "Li Na", "Speicher 4", "2nd floor", "01067", "Bremen", "DE"),
    ]
    assert order.addresses.get(side="billing").phone == "+49 40 123456"
    again = bring(written(SHOPIFY, rows))
    assert (again.unchanged, again.updated, again.rejected) == (1, 0, 0)
    rows[0]["Tags"] = "VIP"
    assert bring(written(SHOPIFY, rows)).updated == 1
    assert list(order.tags.values_list("label", flat=True)) == ["VIP"]


def test_discounts_of_lines_taxes_on_top_refunds_and_cancellations_of_shopify(bring):
    line = {"Lineitem quantity": "1", "Lineitem name": "Mug", "Lineitem price": "20.00"}
    rows = [
        first_row(1, total="20.00", **line | {"Lineitem discount": "5.00", "Shipping": "5.00"}),
        first_row(2, total="23.80", **line | {"Taxes": "3.80"}),
        first_row(3, total="20.00", **line | {"Financial Status": "partially_refunded", "Refunded Amount": "7.50"}),
        first_row(4, total="20.00", **line | {"Financial Status": "refunded", "Refunded Amount": "20.00"}),
        first_row(
            5, total="20.00", **line | {"Financial Status": "voided", "Cancelled at": "2012-01-02 09:00:00 -0500"}
        ),
        first_row(6, total="20.00", **line | {"Financial Status": "pending"}),
        first_row(7, total="0.00", **line | {"Discount Code": "GIFT", "Discount Amount": "20.00"}),
        first_row(8, total="20.00", **line | {"Financial Status": "expired"}),
    ]
    assert bring(written(SHOPIFY, rows)).rejected == 0
    found = Order.objects.order_by("number").values_list("number", "status", "total_minor", "refunded_minor")
    assert list(found)[:7] == [
        ("#1", "paid", 2_000, 0),
        ("#2", "paid", 2_380, 0),
        ("#3", "part_refunded", 2_000, 750),
        ("#4", "refunded", 2_000, 2_000),
        ("#5", "cancelled", 2_000, 0),
        ("#6", "open", 2_000, 0),
        ("#7", "paid", 0, 0),
    ]
    assert Order.objects.get(number="#1").discount_minor == 500
    assert not Order.objects.get(number="#2").is_tax_included
    assert sum(Return.objects.values_list("refund_minor", flat=True)) == 2_750


def test_a_thousand_shopify_orders_come_to_the_cent_of_the_file(bring):
    luck = random.Random(5)
    rows, total, pieces = [], Decimal(0), 0
    for number in range(1, 401):
        lines = [(luck.randint(1, 5), Decimal(luck.randint(0, 9_999)) / 100) for _ in range(luck.randint(1, 4))]
        goods = sum(quantity * price for quantity, price in lines)
        discount = min(goods, Decimal(luck.randint(0, 500)) / 100)
        shipping = Decimal(luck.choice(("0.00", "4.90", "12.00")))
        tax = (goods * Decimal("0.19")).quantize(Decimal("0.01"))
        is_on_top = luck.random() < 0.3
        of_order = goods - discount + shipping + (tax if is_on_top else 0)
        total += of_order
        for place, (quantity, price) in enumerate(lines):
            line = {"Lineitem quantity": quantity, "Lineitem name": f"P{place}", "Lineitem price": f"{price:.2f}"}
            pieces += 1
            if place:
                rows.append(shopify_row(number, **line))
            else:
                amounts = {"Shipping": shipping, "Taxes": tax, "Discount Amount": discount, "Discount Code": "X"}
                rows.append(first_row(number, total=of_order, **line, **amounts))
    summary = bring(written(SHOPIFY, rows))
    assert summary.rejected == 0
    assert Order.objects.count() == 400
    assert sum(Order.objects.values_list("total_minor", flat=True)) == int(total * 100)
    assert OrderLine.objects.count() == pieces


def woo_row(number, item, **cells):
    return {
        "Order ID": number,
        "Order Number": number,
        "Order Date": "2026-02-01 10:00",
        "Status": "Completed",
        "Order Currency": "EUR",
        "Customer User ID": "0",
        "Email (Billing)": "mara@post.example",
        "First Name (Billing)": "Mara",
        "Last Name (Billing)": "Petersen",
        "Address 1&2 (Billing)": "Am Kai 1",
        "City (Billing)": "Hamburg",
        "Postcode (Billing)": "20457",
        "Country Code (Billing)": "DE",
        "Phone (Billing)": "+49 40 123456",
        "Payment Method Title": "Card",
        "Cart Discount Amount": "2.00",
        "Order Shipping Amount": "4.00",
        "Order Refund Amount": "0.00",
        "Order Total Amount": "27.00",
        "Order Total Tax Amount": "0.00",
        "Item #": item,
        "Quantity (- Refund)": "1",
        "Item Cost": "12.50",
        "Item Name": f"Mug {item}",
        **cells,
    }


def test_a_woocommerce_export_repeats_the_order_in_each_row_and_counts_once(bring):
    rows = [
        woo_row(9, 1, **{"Coupon Code": "spring", "Discount Amount": "2.00"}),
        woo_row(9, 2, **{"Coupon Code": "spring", "Item Cost": "6.25", "Quantity (- Refund)": "2"}),
    ]
    assert bring(written(WOO, rows)).rejected == 0
    order = Order.objects.get()
    assert (order.total_minor, order.discount_minor, order.shipping_minor) == (2_700, 200, 400)
    assert [(line.quantity, line.total_minor) for line in order.lines.all()] == [(1, 1_250), (2, 1_250)]
    assert (order.customer.name, order.customer.email) == ("Mara Petersen", "mara@post.example")
    assert list(order.codes.values_list("code", flat=True)) == ["spring"]
    assert list(order.addresses.values_list("side", "line1", "postcode", "country")) == [
        ("billing", "Am Kai 1", "20457", "DE")
    ]


def test_guests_of_woocommerce_are_no_one_customer(bring):
    rows = [
        woo_row(9, 1, **{"Order Total Amount": "14.50"}),
        woo_row(10, 1, **{"Order Total Amount": "14.50", "Email (Billing)": "jonas@post.example"}),
    ]
    assert bring(written(WOO, rows)).rejected == 0
    assert sorted(Order.objects.values_list("number", "customer__email")) == [
        ("10", "jonas@post.example"),
        ("9", "mara@post.example"),
    ]
