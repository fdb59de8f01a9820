"""The headings under which exports hold what we know of a customer.

They are in English, German and Chinese, simplified and traditional, and the usual ones in Japanese and Korean.

The first heading of a field that a file has is taken; they are compared without case, punctuation and spaces. So
“_address_postcode” of Magento, “Mailing Zip” of Zoho and “收货人邮编” of Taobao are one thing to us.
"""

from __future__ import annotations

import re

KNOWN: dict[str, tuple[str, ...]] = {
    "external_id": (
        "external_id", "customer id", "customer number", "customer no", "account number", "member id", "id",
        "user id", "record id", "contact id", "customer code", "reference", "user login", "username",
        "Kundennummer", "Kunden-Nr", "Kd-Nr", "Kunden-ID", "客户编号", "客户ID", "会员编号", "会员ID", "会员号",
        "会员卡号", "用户ID", "用户编号", "买家会员名", "买家昵称", "客户昵称", "编号",
        "客戶編號", "會員編號", "会員番号", "顧客番号",
    ),
    "email": (
        "email", "e-mail", "email address", "e-mail address", "customer email", "user email", "mail",
        "primary email", "email 1", "e-mail 1 value", "billing email", "contact email", "E-Mail-Adresse",
        "Mailadresse", "邮箱", "电子邮箱", "电子邮件", "邮箱地址", "邮件", "客户邮箱",
        "電子郵件", "電子郵件地址", "電子信箱", "信箱", "メールアドレス", "メール", "이메일",
    ),
    "phone": (
        "phone", "phone number", "mobile", "mobile phone", "mobile number", "cell phone", "cell", "telephone",
        "tel", "customer phone", "primary phone", "phone 1", "phone 1 value", "billing phone",
        "contact number", "home phone", "business phone", "Telefon", "Telefonnummer", "Handy", "Handynummer",
        "Mobil", "Mobiltelefon", "Rufnummer", "手机", "手机号", "手机号码", "联系手机", "电话", "联系电话", "电话号码",
        "收货人手机",
        "電話", "手機", "手機號碼", "聯絡電話", "電話號碼", "行動電話", "電話番号", "携帯電話", "전화번호",
        "휴대폰",
    ),
    "name": (
        "name", "full name", "customer name", "display name", "customer", "contact name", "billing name",
        "user name", "Kunde", "Kundenname", "vollständiger Name", "Anzeigename", "姓名", "客户姓名", "客户名称", "客户",
        "会员姓名", "收货人姓名", "收货人", "联系人", "真实姓名", "名称",
        "客戶姓名", "客戶名稱", "會員姓名", "收件人姓名", "氏名", "お名前", "이름", "성명",
    ),
    "given_name": (
        "given_name", "given name", "first name", "firstname", "forename", "billing first name",
        "shipping first name", "address first name", "Vorname", "名", "名字",
    ),
    "family_name": (
        "family_name", "family name", "last name", "lastname", "surname", "billing last name",
        "shipping last name", "address last name", "Nachname", "Familienname", "Zuname", "姓", "姓氏",
    ),
    "title": (
        "salutation", "social title", "prefix", "title", "Anrede", "Titel", "称呼", "称谓",
    ),
    "company": (
        "company", "company name", "organisation", "organization", "organization name", "account name",
        "billing company", "default address company", "business name", "related company", "Firma",
        "Firmenname", "Unternehmen", "公司", "公司名称", "单位", "单位名称", "企业名称",
        "公司名稱", "会社名", "회사",
    ),
    "kind": (
        "kind", "customer kind", "customer type", "company type", "is a company", "Kundenart", "客户类型",
    ),
    "language": (
        "language", "locale", "preferred language", "Sprache", "语言",
    ),
    "status": (
        "status", "state of account", "account status", "enabled", "Kundenstatus", "状态", "客户状态",
    ),
    "is_guest": (
        "is_guest", "guest", "Gast", "游客", "访客",
    ),
    "customer_since": (
        "customer_since", "customer since", "created at", "created", "created on", "created time",
        "create date", "date created", "date registered", "date joined", "registered", "registration",
        "registration date", "signup date", "user registered", "member since", "optin time", "Kunde seit",
        "Angelegt am", "Registriert am", "注册时间", "注册日期", "创建时间", "创建日期", "入会时间", "成为客户时间",
        "註冊時間", "註冊日期", "登録日", "가입일",
    ),
    "line1": (
        "line1", "address1", "address 1", "address line 1", "address line 1 1", "card address line1",
        "street address 1", "default address address1", "billing address 1", "shipping address 1", "street",
        "street address", "address 1 street", "address", "billing address", "shipping address", "Straße",
        "Strasse", "Straße und Hausnummer", "Straße/Nr", "Adresse", "Anschrift", "详细地址", "地址", "收货地址", "街道",
        "街道地址",
        "詳細地址", "住所", "주소",
    ),
    "line2": (
        "line2", "address2", "address 2", "address line 2", "street2", "street address 2",
        "default address address2", "billing address 2", "shipping address 2", "Adresszusatz", "Adresszeile 2",
        "地址2", "补充地址",
    ),
    "city": (
        "city", "town", "default address city", "billing city", "shipping city", "suburb", "city suburb",
        "address 1 city", "Stadt", "Ort", "Wohnort", "市", "城市", "收货城市", "所在城市",
        "縣市", "市区町村", "도시",
    ),
    "region": (
        "region", "default address province code", "default address province", "province", "state", "county",
        "state province", "state region", "address 1 state region", "province code", "billing state",
        "shipping state", "address 1 region", "Bundesland", "Kanton", "省", "省份", "省市", "收货省份", "所在省份",
        "都道府県",
    ),
    "postcode": (
        "postcode", "zip", "postal code", "zip code", "zip postcode", "zip postal code", "address 1 zip",
        "default address zip", "billing postcode", "shipping postcode", "billing zip", "shipping zip",
        "address 1 postal code", "PLZ", "Postleitzahl", "邮编", "邮政编码", "收货人邮编",
        "郵遞區號", "郵政編碼", "郵便番号", "우편번호",
    ),
    "country": (
        "country", "default address country code", "country code", "country id", "default address country",
        "billing country", "shipping country", "country region", "address 1 country", "Land", "Ländercode",
        "国家", "国家地区", "国家代码",
        "國家", "国", "국가",
    ),
    "address_name": (
        "address_name", "recipient", "ship to", "shipping name", "Empfänger", "收件人",
    ),
    "address_company": (
        "address_company", "shipping company",
    ),
    "address_phone": (
        "address_phone", "default address phone", "shipping phone", "address telephone",
    ),
    "birthday": (
        "birthday", "birth date", "birthdate", "date of birth", "dob", "born", "Geburtsdatum", "Geburtstag",
        "生日", "出生日期", "出生年月",
        "生年月日", "생년월일",
    ),
    "gender": (
        "gender", "sex", "Geschlecht", "性别",
        "性別", "성별",
    ),
    "occupation": (
        "occupation", "profession", "Beruf", "职业",
    ),
    "position": (
        "position", "job title", "job position", "designation", "organization title", "title", "Funktion",
        "职务", "职位",
    ),
    "vat_number": (
        "vat_number", "vat number", "vat id", "vat", "tax id", "tax number", "taxvat", "tax vat number",
        "USt-IdNr", "Umsatzsteuer-ID", "税号", "纳税人识别号",
    ),
    "payment_days": (
        "payment_days", "payment days", "Zahlungsziel", "账期",
    ),
    "time_zone": (
        "time_zone", "time zone", "Zeitzone", "时区",
    ),
    "category": (
        "category", "customer category", "Kategorie", "Kundenkategorie", "客户类别", "客户分类",
    ),
    "looked_after_by": (
        "looked_after_by", "looked after by", "contact owner", "account owner", "lead owner", "salesperson",
        "owner", "sales rep", "Betreuer", "Kundenbetreuer", "负责人", "客户经理", "业务员", "跟进人",
    ),
    "tags": (
        "tags", "tag", "labels", "customer tags", "customer group", "group", "Schlagwörter", "Kundengruppe",
        "Gruppe", "标签", "客户标签", "客户分组", "会员等级", "会员卡",
        "標籤", "客戶標籤",
    ),
    "note": (
        "note", "notes", "comment", "comments", "customer note", "internal notes", "description", "Bemerkung",
        "Bemerkungen", "Notiz", "Notizen", "备注", "客户备注", "说明",
        "備註", "備考", "비고",
    ),
    "email_consent": (
        "email_consent", "accepts email marketing", "accepts marketing", "newsletter",
        "newsletter subscription", "email marketing", "email opt in", "opt in", "subscribed",
        "email subscriber status", "email subscription status", "marketing consent", "接受营销邮件", "订阅",
    ),
    "sms_consent": (
        "sms_consent", "accepts sms marketing", "sms opt in", "sms marketing",
    ),
    "is_blocked": (
        "is_blocked", "blocked", "account lock", "gesperrt", "黑名单", "是否黑名单",
    ),
    "pays_in_advance": (
        "pays_in_advance", "pays in advance", "prepay", "Vorkasse",
    ),
    "has_no_credit": (
        "has_no_credit", "no credit", "kein Kredit",
    ),
    "shopping_frequency": (
        "shopping_frequency", "shopping frequency",
    ),
    "restriction_reason": (
        "restriction_reason", "why restricted",
    ),
    "payment_preference": (
        "payment_preference", "preferred payment method", "bevorzugte Zahlungsart", "支付偏好",
    ),
    "preferred_channels": (
        "preferred_channels", "preferred channels", "bevorzugte Kanäle",
    ),
    "contact_times": (
        "contact_times", "contact times", "best time to call", "Kontaktzeiten", "联系时间",
    ),
    "interests": (
        "interests", "interested in", "Interessen", "兴趣", "兴趣爱好",
    ),
}  # fmt: skip

# Columns that exports have and that we count ourselves, or that mean nothing outside their system.
COUNTED = (
    "total spent", "total orders", "orders", "orders count", "order count", "total spend", "aov", "average order value",
    "last order", "last order date", "last active", "last visit", "sales", "累计消费金额", "最近消费时间", "消费次数",
    "Umsatz", "Anzahl Bestellungen", "Letzte Bestellung",
)  # fmt: skip
INTERNAL = (
    "password", "password hash", "rp token", "website id", "store id", "group id", "confirmation", "created by",
    "modified by", "modified time", "updated at", "last modified", "building type", "address id",
)  # fmt: skip

# Words around the heading itself: “Mailing City”, “Address Phone - 1”, “_address_city”, “Created At (UTC+0)”.
_BEFORE = re.compile(
    r"^(?:default address|mailing address|billing|shipping|mailing|home|business|customer|contact|primary|main|default"
    r"|address|user|person|buyer|client|member|account|rechnungs|liefer|收货人?|客户|会员|买家)[\s_.:/-]*",
    re.IGNORECASE,
)
_BEHIND = re.compile(r"(?:[\s_.:/-]+(?:1|value|utc)|\s*\([^)]*\)|\s*（[^）]*）|[*?:：])+$", re.IGNORECASE)


def bare(heading: str) -> str:
    """A heading without the words around it; the heading itself where nothing would be left."""
    text = _BEHIND.sub("", heading.strip(" _*"))
    while (shorter := _BEFORE.sub("", text, count=1)) and shorter != text:
        text = shorter
    return text or heading
