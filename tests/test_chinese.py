"""Whoever reads Chinese reads Chinese: no page shows an English word, neither one that somebody forgot to translate nor
one that somebody forgot to mark. The customers, products and channels of these tests have no Latin letter, so that any
English word on a page is ours."""

import datetime as dt
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
from django.urls import URLResolver, get_resolver
from django.utils import timezone

from regulars.core import shop
from regulars.customers.actions import create_customer, save_address
from regulars.orders.actions import place_order, receive_return
from regulars.staff.access import PUBLIC
from tools import messages

SILENT = {"script", "style", "code", "kbd", "svg"}
VOID = {"br", "hr", "img", "input", "link", "meta", "wbr", "path", "line", "rect", "circle", "use", "col", "source"}
SPOKEN = ("aria-label", "title", "placeholder", "alt")
# Names that stay as they are in every language.
NAMES = {
    *(
        "Shopify",
        "WHERE",
        "Regulars",
        "API",
        "GDPR",
        "CCPA",
        "JSON",
        "Lines",
        "GNU",
        "Affero",
        "Lucide",
        "Online",
        "Retail",
        "Chen",
        "Sain",
        "Guo",
        "doi",
        "Ctrl",
        "XLSX",
        "English",
        "WhatsApp",
        "Webhook",
        "https",
        "POST",
        "Telegram",
        "Twilio",
        "STARTTLS",
        "OAuth",
        "Postmark",
        "Mailgun",
    ),
    *("docs", "definitions", "md", "regulars", "verify"),  # a file and a command, as they are typed
    *("Esc", "Idempotency-Key", "If-Match"),
    *("IMAP", "imap", "example", "com"),  # a server, as it is typed
    *("de", "zh"),  # languages, by their codes
    *("Re", "Markdown"),  # as mail programs write it, and a way to write
}
# The page of samples, where the pieces are called as in the templates, has names of its own.
NOT_PAGES = (
    "api/", "^api", "assets/", "ui", "problems", "customers/export", "customers/companies", "customers/people",
    "customers/tags/names", "customers/view-counts", "orders/draft/", "settings/backups/", "settings/channels/add",
    "orders/why/rows", "settings/privacy/consents/export", "settings/privacy/rules/period",
    "groups/complete", "groups/who", "groups/offered", "live", "inbox/rows", "inbox/new/who",
    "settings/messages/limits/suppress", "settings/messages/sent/held",
    "settings/inbox/mails/again", "inbox/figures/behind", "settings/inbox/suggestions/",
    "inbox/articles/preview", "inbox/articles/misses",
)  # fmt: skip


class Words(HTMLParser):
    """What a page says: its text, and what it says to those who listen."""

    def __init__(self, html):
        super().__init__()
        self.said, self.open, self.language = [], [], ""
        self.feed(html)

    def handle_starttag(self, tag, attributes):
        known = dict(attributes)
        if tag == "html":
            self.language = known.get("lang")
        if tag not in VOID:
            foreign = tag != "html" and not (known.get("lang") or "zh").startswith("zh")
            self.open.append((tag, tag in SILENT or foreign))
        self.said += [known[name] for name in SPOKEN if known.get(name)]

    def handle_endtag(self, tag):
        while self.open and self.open.pop()[0] != tag:
            pass

    def handle_data(self, data):
        if data.strip() and not any(silent for _tag, silent in self.open):
            self.said.append(" ".join(data.split()))


def without_codes(text):
    """A text without commands, addresses, paths, languages by their own names,
    time zones, currencies, countries and names of fields."""
    codes = (
        r"\{\{.*?\}\}|\{%.*?%\}|https?://\S+|\b(?:Deutsch|Français|Español)\b"
        r"|^FROM customers .+|“regulars [^”]+”|\bcus_…|(?<!\S)(?:/[\w.-]+)+|\S+@\S+|\b\w+_\w+(?:\.\w+)?\b"
        r"|\b[A-Z][A-Za-z]+(?:/[\w+ -]+)+|^[A-Z]{3} · |\b[A-Z]{2,3}\b"
    )
    return re.sub(codes, " ", text).strip()


def english(text):
    """The English words of a text, but for names and codes."""
    return [word for word in re.findall(r"[A-Za-z][A-Za-z-]+", without_codes(text)) if word not in NAMES]


def pages(resolver=None, before=""):
    """Every address that names no row and shows a page."""
    for entry in (resolver or get_resolver()).url_patterns:
        route = before + str(entry.pattern)
        if isinstance(entry, URLResolver):
            yield from pages(entry, route)
        elif "<" not in route and not route.startswith(NOT_PAGES) and entry.callback.permission != PUBLIC:
            yield "/" + route


@pytest.fixture(scope="module")
def catalogue():
    """What the English pages say, as patterns: “Go to %(place)s” is any place."""
    from babel.messages.pofile import read_po

    patterns = []
    with Path(messages.PACKAGE / "locale/zh_Hans/LC_MESSAGES/django.po").open("rb") as file:
        for message in read_po(file, locale="zh_Hans"):
            for source in message.id if isinstance(message.id, tuple | list) else [message.id]:
                plain = re.sub(r"%\(\w+\)[sd]|\{\w*\}", "", source)
                if english(plain) and source not in message.string:
                    patterns.append(re.sub(r"%\\\(\w+\\\)[sd]|\\\{\w*\\\}", ".*", re.escape(source)))
    return re.compile("|".join(patterns))


@pytest.fixture
def lina(ada):
    """Ada, who reads Chinese now."""
    ada.name, ada.language = "李娜", "zh-hans"
    ada.save()
    shop.change(name="海港茶铺")
    return ada


@pytest.fixture
def wen(lina):
    """A customer with a rhythm, an order sent back, and an address."""
    from regulars.channels.actions import channel_for

    web = channel_for("web", name="网店")
    customer = create_customer(
        values={
            "family_name": "林", "given_name": "晓雯", "email": "wen@example.com", "phone": "+49 30 901820",
            "language": "zh-hans", "looked_after_by": lina,
        },
        channel=web,
        external_id="4711",
    )  # fmt: skip
    save_address(
        customer, values={"line1": "平江路 68 号", "city": "苏州", "country": "CN", "is_default_shipping": True}
    )
    now = timezone.now()
    line = {"sku": "4711", "title": "煎茶", "quantity": 2, "unit_price": "86.40"}
    for number, days in enumerate((400, 300, 200, 100)):
        order = place_order(
            values={"number": f"{number}", "placed_at": now - dt.timedelta(days=days), "status": "paid"},
            lines=[line],
            customer=customer,
            channel=web,
        )
    back = receive_return(
        values={"number": "9", "returned_at": now - dt.timedelta(days=90), "reason": "太大"},
        lines=[line | {"quantity": 1}],
        customer=customer,
        channel=web,
        order=order,
    )
    customer.one_order, customer.one_return = order, back
    return customer


def complaints(answer, catalogue):
    said = Words(answer.content.decode())
    found = [text for text in said.said if english(text) or catalogue.fullmatch(without_codes(text))]
    return {"language": said.language, "english": found}


FINE = {"language": "zh-Hans", "english": []}


@pytest.mark.parametrize("path", sorted(set(pages())))
def test_every_page_is_in_chinese(client_of, lina, wen, catalogue, path):
    answer = client_of(lina).get(path)
    if answer.status_code in {301, 302, 405} or "text/html" not in answer.get("Content-Type", ""):
        pytest.skip("not a page")
    assert complaints(answer, catalogue) == FINE


@pytest.mark.parametrize(
    "path",
    [
        *("", "/peek", "/edit", "/delete", "/purchases", "/profile", "/changes", "/addresses/new"),
        *("/addresses/{address}/edit", "/addresses/{address}/remove"),
    ],
)
def test_every_page_of_a_customer_is_in_chinese(client_of, lina, wen, catalogue, path):
    address = wen.addresses.get().public_id
    answer = client_of(lina).get(f"/customers/{wen.public_id}" + path.format(address=address))
    assert answer.status_code == 200
    found = complaints(answer, catalogue)
    assert found["english"] == []


@pytest.mark.parametrize(
    "query",
    [
        "customer_countries=CN&amount_spent.min=10&last_order_date.within=300&number_of_orders.max=9",
        "customer_countries.not=CN&first_order_date.older_than=30",
        "status=active&sales_channels=web&name.starts=林",
        "q=林",
        "amount_spent.min=1000000",
        "amount_spent=x1",
        "last_order_date=2026-99-99",
    ],
)
def test_filters_are_in_chinese(client_of, lina, wen, catalogue, query):
    assert complaints(client_of(lina).get(f"/customers?{query}"), catalogue) == FINE


@pytest.mark.parametrize("field", ["name", "amount_spent", "last_order_date", "customer_countries", "status"])
def test_questions_of_filters_are_in_chinese(client_of, lina, wen, catalogue, field):
    answer = client_of(lina).get(f"/customers/filter/{field}")
    assert (answer.status_code, complaints(answer, catalogue)["english"]) == (200, [])


def test_orders_and_returns_are_in_chinese(client_of, lina, wen, catalogue):
    client = client_of(lina)
    for path in (f"/orders/{wen.one_order.public_id}", f"/orders/returns/{wen.one_return.public_id}"):
        assert complaints(client.get(path), catalogue) == FINE
    assert complaints(client.get("/orders?status=paid,open&total.min=10"), catalogue) == FINE


def test_what_a_form_refuses_is_refused_in_chinese(client_of, lina, wen, catalogue):
    client = client_of(lina)
    answer = client.post("/customers/new", {"kind": "person", "status": "active", "email": "x", "phone": "1"})
    assert answer.status_code == 422
    assert complaints(answer, catalogue) == FINE
    assert complaints(client.post("/settings/password", {"present": "x", "new": "y"}), catalogue) == FINE


@pytest.mark.parametrize("path", ["/nothing-here", "/customers/cus_0000000000000", "/orders/ord_0000000000000"])
def test_what_is_not_there_is_not_there_in_chinese(client_of, lina, catalogue, path):
    answer = client_of(lina).get(path)
    assert (answer.status_code, complaints(answer, catalogue)) == (404, FINE)


def test_what_charlie_may_not_see_he_may_not_see_in_chinese(client_of, charlie, catalogue):
    charlie.name, charlie.language = "查理", "zh-hans"
    charlie.save()
    answer = client_of(charlie).get("/customers")
    assert (answer.status_code, complaints(answer, catalogue)["english"]) == (403, [])


def test_the_door_speaks_the_language_of_the_browser(client, lina, catalogue):
    answer = client.get("/sign-in", headers={"Accept-Language": "zh-CN,zh;q=0.9"})
    assert complaints(answer, catalogue) == FINE
    assert Words(client.get("/sign-in", headers={"Accept-Language": "fr"}).content.decode()).language == "en"


def test_this_test_would_notice(catalogue):
    assert catalogue.fullmatch("Go to Orders")
    assert catalogue.fullmatch("Customer")
    assert english("2 people, 林晓雯 AND Co.") == ["people", "Co"]
    assert Words('<p title="Save">保存<code>no</code></p>').said == ["Save", "保存"]


def test_nothing_is_left_to_translate():
    assert messages.check() == []
