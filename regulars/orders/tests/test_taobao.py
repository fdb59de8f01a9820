"""The order export of Taobao and Tmall: GB18030, 41 columns, numbers dressed up for spreadsheets, one row an order."""

import datetime as dt
from pathlib import Path

import pytest

from regulars.core import shop
from regulars.core.importing import importing
from regulars.customers.models import Customer, Identity
from regulars.orders.actions.importing import import_orders
from regulars.orders.models import Order
from regulars.orders.queries.verification import differences

# as Taobao writes it, with the spaces at the end of some names
HEADER = (
    "订单编号,买家会员名,买家支付宝账号,买家应付货款,买家应付邮费,买家支付积分,总金额,返点积分,买家实际支付金额,"
    "买家实际支付积分,订单状态,买家留言,收货人姓名,收货地址 ,运送方式,联系电话 ,联系手机,订单创建时间,订单付款时间 ,"
    "宝贝标题 ,宝贝种类 ,物流单号 ,物流公司,订单备注,宝贝总数量,店铺Id,店铺名称,"
    "订单关闭原因,卖家服务费,买家服务费,发票抬头,"
    "是否手机订单,分阶段订单信息,特权订金订单id,定金排名,修改后的sku,修改后的收货地址,异常信息,天猫卡券抵扣,集分宝抵扣,是否是O2O交易"
)
NAMES = HEADER.split(",")


def row(**given):
    """A row with the given columns, by their names without the spaces."""
    cells = dict.fromkeys((name.strip() for name in NAMES), "") | given
    return ",".join(f'"{cell.replace(chr(34), chr(34) * 2)}"' for cell in cells.values())


ROWS = [
    row(订单编号='="1234567890123456789"', 买家会员名="爱喝茶的小李", 买家应付货款="199.00", 买家应付邮费="8.00",
        总金额="207.00", 买家实际支付金额="207.00", 订单状态="交易成功", 收货人姓名="李娜", 联系手机="'13800138000",
        订单创建时间="2026-03-01 23:30:05", 订单付款时间="2026-03-01 23:31:00", 宝贝标题="龙井茶 250g，茶杯",
        宝贝种类="2", 宝贝总数量="3", 订单备注="请用\n礼盒"),
    row(订单编号='="1234567890123456790"', 买家会员名="爱喝茶的小李", 买家应付货款="99.00", 买家应付邮费="0.00",
        总金额="99.00", 买家实际支付金额="0.00", 订单状态="交易关闭", 收货人姓名="李**", 联系手机="138****8000",
        订单创建时间="2026-03-02 10:00:00", 宝贝标题="茶壶", 宝贝总数量="1", 订单关闭原因="买家取消"),
    row(订单编号='="1234567890123456791"', 买家会员名="tb_8888", 买家应付货款="66.60", 买家应付邮费="5.00",
        总金额="71.60", 买家实际支付金额="71.60", 订单状态="卖家已发货，等待买家确认", 收货人姓名="王芳",
        订单创建时间="2026-03-03 09:15:00", 宝贝标题="普洱茶饼", 宝贝总数量="1"),
    row(订单编号='="1234567890123456792"', 买家会员名="tb_9999", 买家应付货款="10.00", 总金额="10.00",
        订单状态="等待买家付款", 订单创建时间="2026-03-03 09:20:00", 宝贝标题="样品", 宝贝总数量="1"),
]  # fmt: skip


@pytest.mark.django_db
def test_an_export_of_taobao_comes_in_whole(tmp_path, settings):
    settings.REGULARS_HOME = tmp_path
    shop.change(currency="CNY", time_zone="Asia/Shanghai", country="CN")
    assert len(NAMES) == 41
    file = Path(tmp_path / "ExportOrderList202603.csv")
    file.write_bytes("\r\n".join([HEADER, *ROWS, ""]).encode("gb18030"))
    for expected in ((4, 0, 0), (0, 0, 4)):
        with importing("orders", file) as run:
            import_orders(file, run=run, mapping={}, channel_code="taobao")
        done = run.summary
        assert (done.created, done.updated, done.unchanged) == expected
        assert done.rejected == 0, Path(done.rejects_file).read_text("utf-8-sig")
    found = Order.objects.order_by("number").values_list("number", "status", "total_minor", "shipping_minor")
    assert list(found) == [
        ("1234567890123456789", "paid", 207_00, 8_00),
        ("1234567890123456790", "cancelled", 99_00, 0),
        ("1234567890123456791", "paid", 71_60, 5_00),
        ("1234567890123456792", "open", 10_00, 0),
    ]
    first = Order.objects.get(number="1234567890123456789")
    assert first.placed_at == dt.datetime(2026, 3, 1, 15, 30, 5, tzinfo=dt.UTC)
    assert [(line.title, line.quantity, line.total_minor) for line in first.lines.all()] == [
        ("龙井茶 250g，茶杯", 3, 199_00)
    ]
    assert sorted(Identity.objects.values_list("external_id", flat=True)) == ["tb_8888", "tb_9999", "爱喝茶的小李"]
    buyer = Customer.objects.get(identities__external_id="爱喝茶的小李")
    assert (buyer.name, buyer.phone, buyer.orders_count, buyer.spent_minor) == ("李娜", "+8613800138000", 1, 207_00)
    assert list(differences()) == []
