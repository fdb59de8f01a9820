"""Which column holds what: the headings of shops' exports, in English, German and Chinese."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from django.utils.translation import gettext as _

from regulars.core.errors import Invalid
from regulars.core.importing import find_columns, heading_key
from regulars.core.tabular import Table
from regulars.orders.importing import hanging

# The first heading of a field that a file has is taken; they are compared without case, punctuation and spaces.
KNOWN: dict[str, tuple[str, ...]] = {
    "number": (
        "number", "order_number", "order no", "order id", "order", "InvoiceNo", "invoice number", "invoice",
        "Bestellnummer", "Bestell-Nr", "Auftragsnummer", "Rechnungsnummer", "Rechnungs-Nr", "订单号", "订单编号",
        "订单ID", "单号", "交易号",
    ),
    "placed_at": (
        "placed_at", "order date", "InvoiceDate", "created at", "date created", "ordered at", "order time",
        "purchase date", "purchase time", "paid at", "date", "time", "Bestelldatum", "Auftragsdatum", "Rechnungsdatum",
        "Datum", "下单时间", "下单日期", "订单创建时间", "订单时间", "订单日期", "创建时间", "成交时间", "付款时间",
        "订单付款时间", "日期", "时间",
    ),
    "sku": (
        "sku", "lineitem sku", "StockCode", "item sku", "product sku", "variant sku", "product code", "item code",
        "item number", "article number", "product id", "Artikelnummer", "Artikel-Nr", "商品编码", "商品编号",
        "商品货号", "货号", "商家编码", "规格编码", "SKU编码", "商品ID",
    ),
    "title": (
        "title", "lineitem name", "description", "item name", "product name", "product title", "product", "item",
        "article", "Artikel", "Artikelbezeichnung", "Bezeichnung", "Produkt", "商品", "商品名称", "商品标题",
        "宝贝标题", "宝贝名称", "产品", "产品名称", "品名", "名称",
    ),
    "quantity": (
        "quantity", "lineitem quantity", "qty", "quantity ordered", "item quantity", "quantity (- refund)",
        "units", "pieces", "Menge",
        "Anzahl", "Stück", "数量", "商品数量", "购买数量", "订购数量", "宝贝总数量", "件数",
    ),
    "unit_price": (
        "unit_price", "lineitem price", "unit price", "price each", "item price", "item cost", "product price", "price",
        "Einzelpreis", "Stückpreis", "Preis", "单价", "商品单价", "商品价格", "京东价", "价格", "售价",
        "成交单价",
    ),
    "line_total": (
        "line_total", "line total", "item total", "row total", "order line total", "line amount", "Zeilenbetrag",
        "Gesamtpreis", "小计", "商品金额", "商品总价", "买家应付货款",
    ),
    "customer_id": (
        "customer_id", "customer number", "customer no", "customer user id", "customer user", "customer code",
        "account number", "member id", "external_id", "Kundennummer", "Kunden-Nr", "Kunden-ID", "客户编号", "客户ID",
        "会员编号", "会员ID", "会员号", "会员卡号", "用户ID", "用户编号", "买家ID", "买家会员名", "买家昵称",
        "下单帐号", "下单账号",
    ),
    "email": (
        "email", "e-mail", "customer email", "email billing", "billing email", "email address", "buyer email",
        "E-Mail-Adresse", "邮箱", "电子邮箱", "客户邮箱", "邮箱地址", "电子邮件",
    ),
    "name": (
        "customer_name", "billing name", "customer full name", "customer", "full name billing", "buyer name", "buyer",
        "shipping name", "full name", "Kunde", "Kundenname", "客户", "客户姓名", "客户名称", "收货人姓名", "收货人",
        "买家姓名", "姓名",
    ),
    "given_name": ("given_name", "first name billing", "billing first name", "customer first name", "first name",
                   "Vorname"),
    "family_name": ("family_name", "last name billing", "billing last name", "customer last name", "last name",
                    "Nachname"),
    "phone": (
        "phone", "billing phone", "phone billing", "shipping phone", "customer phone", "mobile", "telephone", "Telefon",
        "手机", "手机号", "手机号码", "联系手机", "联系电话", "电话",
    ),
    "company": ("company", "billing company", "company billing", "Firma", "公司", "公司名称"),
    "country": (
        "country", "shipping country", "country code shipping", "ship country", "billing country",
        "country code billing", "country code", "Land", "国家", "国家地区", "收货国家",
    ),
    "currency": ("currency", "order currency", "currency code", "Währung", "币种", "货币"),
    "rate": ("rate", "exchange rate", "currency rate", "Wechselkurs", "汇率"),
    "status": (
        "status", "financial status", "order status", "payment status", "Bestellstatus", "Zahlungsstatus", "订单状态",
        "交易状态", "支付状态", "状态",
    ),
    "cancelled_at": ("cancelled_at", "cancelled at", "canceled at", "date cancelled", "Storniert am", "取消时间"),
    "discount": (
        "discount", "cart discount amount", "discount amount", "order discount", "discount total", "Rabatt", "优惠",
        "优惠金额", "折扣", "折扣金额",
    ),
    "line_discount": ("line_discount", "lineitem discount", "item discount", "Zeilenrabatt", "商品优惠"),
    "line_shipping": ("line_shipping", "item shipping", "freight value"),
    "payments": (),  # made by a recipe (joining.py)
    "shipping": (
        "shipping", "order shipping amount", "shipping amount", "shipping cost", "shipping total", "postage",
        "Versandkosten", "Versand", "运费", "运费金额", "邮费", "买家应付邮费",
    ),
    "tax": (
        "tax", "taxes", "order total tax amount", "total tax", "tax amount", "vat", "Steuer", "MwSt", "税",
        "税额", "税费",
    ),
    "total": (
        "total", "order total", "order total amount", "grand total", "order amount", "amount", "Gesamtbetrag", "Summe",
        "Betrag", "总金额", "订单金额", "订单总金额", "订单总额", "总价", "金额", "合计",
    ),
    "net_total": ("net_total", "结算金额"),
    "refunded": (
        "refunded", "refunded amount", "order refund amount", "refund amount", "Erstattet", "退款金额", "退款",
    ),
    "payment_method": (
        "payment_method", "payment method title", "payment method", "paid with", "gateway", "Zahlungsart", "支付方式",
        "付款方式",
    ),
    "note": (
        "note", "notes", "customer note", "order notes", "comment", "Bemerkung", "Notiz", "备注", "订单备注",
        "买家留言",
    ),
}  # fmt: skip


def left_out(table: Table, columns: Mapping[str, int]) -> list[str]:
    """The columns with a heading that nothing is taken from, as people call them."""
    taken = set(columns.values())
    return [name for place, name in enumerate(table.header) if name and place not in taken]


def columns_of(header: Sequence[str], chosen: Mapping[str, str], *, is_all: bool = False) -> dict[str, int]:
    """The place of each field in a row. Raises Invalid where the file cannot be one of orders.

    With `is_all` the chosen ones are all there is: nothing is guessed from headings.

    Shopify calls the order's number “Name”, which elsewhere is a person's. Where no column has an id or an e-mail, the
    customer's name is what the file tells customers apart by, and stands for the id.
    """
    keys = {heading_key(heading) for heading in header}
    known: dict[str, tuple[str, ...]] = {**KNOWN, **dict.fromkeys(hanging.KNOWN, ())}
    if "lineitemname" in keys:
        known["number"] = ("Name", *KNOWN["number"])
        # one order's date, in all its rows the same column
        known["placed_at"] = ("Created at", *KNOWN["placed_at"])
    else:
        known["name"] = (*KNOWN["name"], "name")
    if is_all:
        known = dict.fromkeys(known, ())
    found = find_columns(header, known=known, chosen=chosen)
    if not is_all:
        # an address takes along what the customer or the order have from the same column
        found = {**find_columns(header, known=hanging.KNOWN, chosen={}), **found}
    missing = [
        label
        for label, fields in (
            (_("the order's number (number)"), ("number",)),
            (_("when it was placed (placed_at)"), ("placed_at",)),
            (_("a price or an amount (unit_price, line_total or total)"), ("unit_price", "line_total", "total")),
        )
        if not any(field in found for field in fields)
    ]
    if missing:
        sentence = _(
            "No column of this file holds %(missing)s. It has: %(columns)s. "
            "Name the columns with --map field=column, for example --map number=%(first)s."
        ) % {
            "missing": "; ".join(missing),
            "columns": ", ".join(heading[:40] for heading in header[:20] if heading),
            "first": next((heading for heading in header if heading), "1"),
        }
        raise Invalid(sentence, fields={})
    if not is_all and not {"customer_id", "email"} & found.keys() and "name" in found:
        found["customer_id"] = found["name"]
    return found
