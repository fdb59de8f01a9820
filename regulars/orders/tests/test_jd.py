"""The order export of JD: GB18030, one row a product, what was settled below what the lines come to."""

import datetime as dt
from pathlib import Path

import pytest

from regulars.core import shop
from regulars.core.importing import importing
from regulars.customers.models import Customer
from regulars.orders.actions.importing import import_orders
from regulars.orders.models import Order
from regulars.orders.queries.verification import differences

HEADER = (
    "订单号,商品ID,商品名称,订购数量,支付方式,下单时间,京东价,订单金额,结算金额,余额支付,应付金额,订单状态,订单类型,"
    "下单帐号,客户姓名,客户地址,联系电话,订单备注,发票类型,发票抬头,发票内容,商家备注,商家备注等级(等级1-5为由高到低),"
    "运费金额,付款确认时间,增值税发票,货号,订单完成时间,订单来源,订单渠道"
)


def row(**given):
    """A row with the given columns."""
    cells = dict.fromkeys(HEADER.split(","), "") | given
    return ",".join(f'"{cell}"' for cell in cells.values())


OF_LI = {"订单号": "23901122334", "支付方式": "在线支付", "下单时间": "2026-03-01 23:30:05", "订单金额": "218.00",
         "结算金额": "198.00", "应付金额": "204.00", "订单状态": "等待出库", "下单帐号": "jd_茶客", "客户姓名": "李娜",
         "联系电话": "13800138000", "运费金额": "6.00"}  # fmt: skip
ROWS = [
    row(**OF_LI, 商品ID="1001", 商品名称="龙井茶 250g", 订购数量="2", 京东价="89.00", 货号="LJ-250"),
    row(**OF_LI, 商品ID="1002", 商品名称="茶杯", 订购数量="1", 京东价="40.00", 货号="CB-1"),
    row(订单号="23901122335", 支付方式="货到付款", 下单时间="2026-03-02 08:00:00", 订单金额="40.00", 结算金额="40.00",
        应付金额="40.00", 订单状态="已取消", 下单帐号="jd_茶客", 客户姓名="李娜", 商品ID="1002", 商品名称="茶杯",
        订购数量="1", 京东价="40.00", 货号="CB-1", 运费金额="0.00"),
]  # fmt: skip


@pytest.mark.django_db
def test_an_export_of_jd_comes_in_whole(tmp_path, settings):
    settings.REGULARS_HOME = tmp_path
    shop.change(currency="CNY", time_zone="Asia/Shanghai", country="CN")
    file = Path(tmp_path / "jd.csv")
    file.write_bytes("\r\n".join([HEADER, *ROWS, ""]).encode("gb18030"))
    for expected in ((2, 0, 0), (0, 0, 2)):
        with importing("orders", file) as run:
            import_orders(file, run=run, mapping={}, channel_code="jd")
        done = run.summary
        assert done.rejected == 0, Path(done.rejects_file).read_text("utf-8-sig")
        assert (done.created, done.updated, done.unchanged) == expected
    found = Order.objects.order_by("number").values_list(
        "number", "status", "total_minor", "shipping_minor", "discount_minor", "payment_method"
    )
    assert list(found) == [
        ("23901122334", "paid", 204_00, 6_00, 20_00, "在线支付"),
        ("23901122335", "cancelled", 40_00, 0, 0, "货到付款"),
    ]
    first = Order.objects.get(number="23901122334")
    assert first.placed_at == dt.datetime(2026, 3, 1, 15, 30, 5, tzinfo=dt.UTC)
    assert [(line.sku, line.title, line.quantity, line.total_minor) for line in first.lines.all()] == [
        ("LJ-250", "龙井茶 250g", 2, 178_00),
        ("CB-1", "茶杯", 1, 40_00),
    ]
    buyer = Customer.objects.get(identities__external_id="jd_茶客")
    assert (buyer.name, buyer.phone, buyer.orders_count, buyer.spent_minor) == ("李娜", "+8613800138000", 1, 204_00)
    assert list(differences()) == []
