"""Which column holds what: the headings that shops' exports use, in English, Chinese and German."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from django.utils.translation import gettext as _

from regulars.core.errors import Invalid
from regulars.core.importing import find_columns

PROFILE = ("title", "given_name", "family_name", "name", "company", "email", "phone", "kind", "language", "status",
           "is_guest", "customer_since")  # fmt: skip
ADDRESS = ("line1", "line2", "city", "region", "postcode", "country", "address_name", "address_company",
           "address_phone")  # fmt: skip

# The first heading of a field that a file has is taken; they are compared without case, punctuation and spaces.
KNOWN: dict[str, tuple[str, ...]] = {
    "external_id": (
        "external_id", "customer id", "customer number", "customer no", "account number", "member id", "id", "user id",
        "user login", "Kundennummer", "Kunden-Nr", "Kunden-ID", "客户编号", "客户ID", "会员编号", "会员ID", "会员号",
        "会员卡号", "用户ID", "用户编号", "买家会员名", "买家昵称", "编号",
    ),
    "email": (
        "email", "e-mail", "email address", "e-mail address", "customer email", "user email", "mail",
        "billing email", "contact email", "E-Mail-Adresse", "Mailadresse", "邮箱", "电子邮箱", "电子邮件", "邮箱地址",
        "邮件", "客户邮箱",
    ),
    "phone": (
        "phone", "phone number", "mobile", "mobile phone", "mobile number", "cell phone", "cell", "telephone", "tel",
        "customer phone", "billing phone", "contact number", "Telefon", "Telefonnummer", "Handy", "Mobil",
        "Mobiltelefon", "Rufnummer", "手机", "手机号", "手机号码", "联系手机", "电话", "联系电话", "电话号码",
        "收货人手机",
    ),
    "name": (
        "name", "full name", "customer name", "display name", "customer", "contact name", "billing name", "user name",
        "Kunde", "Kundenname", "vollständiger Name", "Anzeigename", "姓名", "客户姓名", "客户名称", "客户", "会员姓名",
        "收货人姓名", "收货人", "联系人", "真实姓名", "名称",
    ),
    "given_name": (
        "given_name", "given name", "first name", "firstname", "forename", "billing first name",
        "shipping first name", "Vorname", "名", "名字",
    ),
    "family_name": (
        "family_name", "family name", "last name", "lastname", "surname", "billing last name", "shipping last name",
        "Nachname", "Familienname", "Zuname", "姓", "姓氏",
    ),
    "title": ("title", "salutation", "prefix", "Anrede", "Titel", "称呼", "称谓"),
    "company": (
        "company", "company name", "organisation", "organization", "billing company", "default address company",
        "business name", "Firma", "Firmenname", "Unternehmen", "公司", "公司名称", "单位", "单位名称", "企业名称",
    ),
    "kind": ("kind", "customer kind", "customer type", "Kundenart", "客户类型"),
    "language": ("language", "locale", "Sprache", "语言"),
    "status": ("status", "state of account", "account status", "Kundenstatus", "状态", "客户状态"),
    "is_guest": ("is_guest", "guest", "Gast", "游客", "访客"),
    "customer_since": (
        "customer_since", "customer since", "created at", "created", "date created", "date registered", "registered",
        "registration date", "signup date", "user registered", "Kunde seit", "Angelegt am", "Registriert am",
        "注册时间", "注册日期", "创建时间", "创建日期", "入会时间",
    ),
    "line1": (
        "line1", "address1", "address 1", "address line 1", "default address address1", "billing address 1",
        "shipping address 1", "street", "street address", "address", "billing address", "shipping address", "Straße",
        "Strasse", "Straße und Hausnummer", "Adresse", "Anschrift", "详细地址", "地址", "收货地址", "街道", "街道地址",
    ),
    "line2": (
        "line2", "address2", "address 2", "address line 2", "default address address2", "billing address 2",
        "shipping address 2", "Adresszusatz", "Adresszeile 2", "地址2", "补充地址",
    ),
    "city": (
        "city", "town", "default address city", "billing city", "shipping city", "suburb", "Stadt", "Ort", "市", "城市",
        "收货城市", "所在城市",
    ),
    "region": (
        "region", "default address province code", "default address province", "province", "state", "county",
        "state province", "province code", "billing state", "shipping state", "Bundesland", "Kanton", "省", "省份",
        "省市", "收货省份", "所在省份",
    ),
    "postcode": (
        "postcode", "zip", "postal code", "zip code", "default address zip", "billing postcode", "shipping postcode",
        "billing zip", "shipping zip", "PLZ", "Postleitzahl", "邮编", "邮政编码",
    ),
    "country": (
        "country", "default address country code", "country code", "default address country", "billing country",
        "shipping country", "country region", "Land", "Ländercode", "国家", "国家地区", "国家代码",
    ),
    "address_name": ("address_name", "recipient", "ship to", "Empfänger", "收件人"),
    "address_company": ("address_company",),
    "address_phone": ("address_phone", "default address phone", "shipping phone"),
}  # fmt: skip

_CHINESE = re.compile("[\u4e00-\u9fff]")
_WHO = ("external_id", "email", "phone", "name", "given_name", "family_name", "company")


def columns_of(header: Sequence[str], chosen: Mapping[str, str]) -> dict[str, int]:
    """The place of each field in a row. Raises Invalid where no column says who somebody is."""
    found = find_columns(header, known=KNOWN, chosen=chosen)
    if not any(field in found for field in _WHO):
        sentence = _(
            "No column of this file says who somebody is. It has: %(columns)s. Name one with --map, for example "
            "--map email=%(first)s."
        ) % {"columns": _listed(header), "first": next((name for name in header if name), "1")}
        raise Invalid(sentence, fields={})
    return found


def dialled_in(header: Sequence[str], columns: Mapping[str, int], *, shop_country: str) -> str:
    """Where phone numbers of rows without a country are dialled: China under a Chinese heading, else at home.

    Exports of Chinese channels have no country column, and their numbers no country code.
    """
    at = columns.get("phone", columns.get("address_phone"))
    return "CN" if at is not None and _CHINESE.search(header[at]) else shop_country


def _listed(header: Sequence[str]) -> str:
    shown = [name[:40] for name in header if name]
    return ", ".join(shown[:12]) + (", …" if len(shown) > 12 else "")
