"""The purchases tab: every number opens the rows behind it, and they add up to it."""

import datetime as dt
import html
import re
from decimal import Decimal
from statistics import median

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext

from regulars.channels.actions import channel_for
from regulars.core import masks, shop
from regulars.core.money import Money
from regulars.core.sight import Level, Sight, looking
from regulars.customers.actions import create_customer
from regulars.orders.actions import place_order, receive_return
from regulars.orders.actions.products import add_product
from regulars.orders.models import OrderLine, Return
from regulars.orders.queries import buying
from regulars.orders.queries.behind import behind
from regulars.orders.queries.book import Book, Stretch
from regulars.orders.queries.sums import sums
from regulars.staff.models import StaffRole, User
from regulars.staff.models.roles import Sees

NOW = dt.datetime(2026, 3, 12, 9, 42, tzinfo=dt.UTC)


@pytest.fixture(autouse=True)
def _shop(db):
    shop.change(name="Hain & Hafen", currency="GBP", time_zone="Europe/London", country="GB")
    with time_machine.travel(NOW, tick=True):
        yield


@pytest.fixture
def elodie(db):
    return create_customer(values={"given_name": "Élodie", "family_name": "Marchetti"}, at=ago(1500))


def ago(days, hour=9):
    return (NOW - dt.timedelta(days=days)).replace(hour=hour, minute=0, second=0)


def buys(customer, number, at, lines, channel="web", **values):
    return place_order(
        values={"number": number, "placed_at": at, **values},
        lines=[{"sku": sku, "title": sku.title(), "quantity": n, "unit_price": price} for sku, n, price in lines],
        customer=customer,
        channel=channel_for(channel),
    )


def sends_back(customer, number, at, order, lines=(), **values):
    return receive_return(
        values={"number": number, "returned_at": at, **values},
        lines=[{"sku": sku, "title": sku.title(), "quantity": n, "unit_price": price} for sku, n, price in lines],
        customer=customer,
        channel=order.channel if order else channel_for("web"),
        order=order,
    )


def catalogue():
    """Three products with categories; the cup's cost is known, the tea's, not the notebook's."""
    web = channel_for("web")
    for sku, category, cost in (("tea", "Green tea", "2.10"), ("cup", "Ceramics", "9"), ("book", "Paper", None)):
        add_product(
            channel=web,
            values={"title": sku.title(), "category": category},
            variants=[{"sku": sku, "price": "10", "cost": cost}],
        )


def life(customer):
    """Sixty orders of four years, in two currencies and three channels, with what does not count and what came back."""
    orders = []
    for number in range(60):
        lines = [("tea", 1 + number % 3, "10.333"), ("cup", 1, "24.50")][: 1 + number % 2]
        if number % 5 == 0:
            lines.append(("thread", 2, "1.005"))
        if number % 7 == 0:
            lines.append(("book", 1, "8.99"))
        foreign = {"currency": "EUR", "rate": "0.8612"} if number % 4 == 0 else {}
        orders.append(
            buys(
                customer,
                f"H-{number}",
                ago(1200 - 19 * number, hour=8 + number % 12),
                lines,
                ("web", "etsy", "store")[number % 3],
                payment_method=("PayPal", "Card", "")[number % 3],
                shipping_minor=495 if number % 2 else 0,
                **foreign,
            )
        )
    buys(customer, "TEST", ago(30), [("tea", 1, "10")], is_test=True)
    buys(customer, "GONE", ago(31), [("tea", 1, "10")], status="cancelled")
    buys(customer, "DRAFT", ago(2), [("cup", 1, "10")], status="draft")
    sends_back(customer, "R-1", ago(70), orders[57], [("tea", 1, "10.333")])
    sends_back(customer, "R-2", ago(40), orders[56], [("tea", 1, "10.333")], currency="EUR", rate="0.8612")
    sends_back(customer, "R-3", ago(20), None, refund_minor=250)
    customer.refresh_from_db()
    return orders


_LINK = re.compile(r'<a[^>]*href="(/orders/of/[^"]+)"[^>]*?(?:aria-label="([^"]*)")?[^>]*>(.*?)</a>', re.DOTALL)


def numbers(text):
    """Each number of the tab that can be opened: its address and its words."""
    for found in _LINK.finditer(text):
        words = re.sub(r"<[^>]+>", " ", found[3])
        yield html.unescape(found[1]), html.unescape(" ".join((found[2] or words).split()))


def whole(answer):
    """All rows behind a number, of all pages, and what the page says they come to."""
    return answer.context["found"]


def spellings(found):
    """How the rows of a number may be written: how many, how many pieces, and what they come to."""
    count = len(found.rows)
    known = {f"{count:,}"}
    if found.pieces is not None:
        known |= {f"{found.pieces:,}", f"{found.pieces:,} items", f"{found.pieces:,} item"}
    if found.total is not None:
        minor = sum(row.amount.minor for row in found.rows if row.amount is not None)
        assert minor == found.total.minor, "the foot is what the rows add up to"
        for amount in (minor, -minor):
            money = Money(amount, found.total.currency)
            known |= {money.format("en"), money.format("en", whole_from=0), money.format("en", whole_from=1000)}
    return known


@pytest.mark.parametrize("query", ["", "?from=2024-06-01", "?from=2025-01-01&to=2025-12-31", "?to=2025-02-03"])
def test_the_rows_behind_every_number_add_up_to_it(query, client_of, ada, elodie):
    catalogue()
    life(elodie)
    client = client_of(ada)
    answer = client.get(f"/customers/{elodie.public_id}/purchases{query}")
    opened = list(numbers(answer.content.decode()))
    assert len(opened) > 40
    total = sum(item.amount for item in Book(elodie, answer_stretch(answer)).items)
    seen = set()
    for href, words in opened:
        show = re.search(r"show=([a-z-]+)", href)[1]
        seen.add(show)
        page = client.get(href)
        assert page.status_code == 200, href
        found = whole(page)
        known = spellings(found)
        if show == "category" and words.endswith("%"):
            assert words == f"{round(100 * found.total.minor / total)}%", href
        elif show == "gaps":
            gaps = [row.quantity for row in found.rows if row.quantity is not None]
            assert words == f"every {round(median(gaps))} days"
        elif show == "known":
            assert f"({len(found.rows)} of " in words
        elif show in {"category", "else"} and not re.search(r"\d", words):
            assert words.casefold() in found.title.casefold()
        elif show == "product":
            assert words == f"{len(found.rows)} times" or re.fullmatch(r"every \d+ days", words)
        elif show == "month":
            assert words.endswith(f": {len(found.rows)}")
        elif "order" in words or "before" in words:
            assert words.split()[0] == str(len(found.rows)), href
        else:
            assert words in known, (href, words, known)
    assert {"orders", "kept", "category", "product", "month", "paid", "channel", "season", "margin"} <= seen


def answer_stretch(answer):
    """The days of a tab, from its own fields."""
    this = answer.context["tab_context"]
    first, last = (dt.date.fromisoformat(this[name]) if this[name] else None for name in ("from", "to"))
    return buying.days(first, last)


def test_the_tab_agrees_with_the_figures_of_the_customer(client_of, ada, elodie):
    life(elodie)
    tab = client_of(ada).get(f"/customers/{elodie.public_id}/purchases").context["tab_context"]
    assert tab["orders"] == elodie.orders_count == 60
    assert tab["kept"] == elodie.spent == sums(elodie, Stretch()).kept
    assert tab["earlier_count"] == 13
    assert sum(count["count"] for count in tab["months"]) == 60
    assert sum(year.kept.minor for year, *_hrefs in tab["years"]) == elodie.spent_minor


def test_what_costs_are_known_of_is_said_and_nothing_is_guessed(elodie):
    catalogue()
    order = buys(elodie, "1", ago(50), [("tea", 2, "10"), ("book", 1, "30")])
    whole_order = buys(elodie, "2", ago(40), [("cup", 1, "24.50")])
    buys(elodie, "3", ago(30), [("thread", 1, "5")])
    sends_back(elodie, "R-1", ago(20), order, [("book", 1, "30")])
    sends_back(elodie, "R-2", ago(10), whole_order, refund_minor=450)
    found = buying.margin(Book(elodie, Stretch()))
    # the tea: 20 less 4.20; the cup: 24.50 less 9, less 4.50 paid back; book and thread are left out
    assert (found.goods.minor, found.cost.minor, found.refunded.minor) == (4450, 1320, 450)
    assert found.left.minor == 2680
    assert round(found.known, 4) == round(44.5 / 79.5, 4)
    assert (found.lines, found.all_lines) == (2, 4)


def test_what_a_line_cost_then_comes_before_what_it_costs_today(elodie):
    catalogue()
    buys(elodie, "1", ago(50), [("tea", 2, "10")])
    OrderLine.objects.update(cost=Decimal(3))
    assert buying.margin(Book(elodie, Stretch())).cost.minor == 600


def test_a_return_that_is_not_settled_lowers_nothing(elodie):
    order = buys(elodie, "1", ago(50), [("tea", 2, "10")])
    sends_back(elodie, "R", ago(20), order, [("tea", 1, "10")])
    Return.objects.update(state="requested")
    book = Book(elodie, Stretch())
    assert (book.returns, book.back_items) == ([], [])
    assert sums(elodie, Stretch()).refunded.minor == 0


def test_growth_compares_a_time_with_as_many_days_before(elodie):
    buys(elodie, "1", ago(5), [("tea", 1, "30")])
    buys(elodie, "2", ago(15), [("tea", 1, "20")])
    first, last = dt.date(2026, 3, 3), dt.date(2026, 3, 12)
    found = buying.growth(Book(elodie, buying.days(first, last)), first=first, last=last)
    assert (found.now.minor, found.before.minor, found.change) == (3000, 2000, 0.5)
    assert found.stretch_before == (dt.date(2026, 2, 21), dt.date(2026, 3, 2))


def test_a_favourite_is_due_when_it_usually_is(elodie):
    for number, day in enumerate((95, 65, 33)):
        buys(elodie, f"T{number}", ago(day), [("tea", 1, "5")])
    for number, day in enumerate((300, 200, 100)):
        buys(elodie, f"C{number}", ago(day), [("cup", 1, "5")])
    found = {one.title: (one.every_days, one.is_due) for one in buying.favourites(Book(elodie, Stretch()))}
    assert found == {"Tea": (31, True), "Cup": (100, True)}
    with time_machine.travel(NOW + dt.timedelta(days=60), tick=False):
        assert not buying.favourites(Book(elodie, Stretch()))[1].is_due


def test_a_product_twice_in_one_order_is_bought_once(elodie):
    buys(elodie, "1", ago(50), [("tea", 1, "5"), ("tea", 1, "4")])
    buys(elodie, "2", ago(20), [("tea", 1, "5")])
    assert [one.times for one in buying.favourites(Book(elodie, Stretch()))] == [2]


@pytest.mark.parametrize("show", ["orders", "kept", "category", "pieces", "margin", "nothing", ""])
def test_charlie_sees_no_rows(show, client_of, charlie, elodie):
    buys(elodie, "HH-1", ago(3), [("tea", 1, "10")])
    answer = client_of(charlie).get(f"/orders/of/{elodie.public_id}?show={show}")
    assert answer.status_code == 403
    assert "HH-1" not in answer.content.decode()


@pytest.mark.parametrize("path", ["?show=colour", "", "?show=time&of=x"])
def test_a_number_nobody_knows_opens_nothing_else(path, client_of, ada, elodie):
    buys(elodie, "HH-1", ago(3), [("tea", 1, "10")])
    answer = client_of(ada).get(f"/orders/of/{elodie.public_id}{path}")
    assert "HH-1" not in answer.content.decode()
    assert client_of(ada).get("/orders/of/cus_nobody?show=orders").status_code == 404


def counter(user):
    """The user, in a role that sees orders and no amounts."""
    role = StaffRole.objects.create(
        key="counter",
        name="Counter",
        sees=Sees.ALL,
        permissions=["customers.view", "orders.view"],
        fields={"spend": "masked"},
    )
    User.objects.filter(pk=user.pk).update(role="counter", definition=role)
    return User.objects.select_related("definition").get(pk=user.pk)


def test_who_sees_no_amounts_is_told_none(client_of, ben, elodie):
    catalogue()
    life(elodie)
    client = client_of(counter(ben))
    # an order without its amounts is none: who sees no amounts sees no orders at all
    pages = [
        f"/orders/of/{elodie.public_id}?show={show}" for show in ("kept", "pieces", "margin", "returns", "earlier")
    ]
    for url in (f"/customers/{elodie.public_id}/purchases", *pages):
        answer = client.get(url)
        assert answer.status_code in {403, 404}, url
        assert not re.search(r"£\s?\d|€\s?\d|H-\d", answer.content.decode()), url


def test_a_book_that_a_masked_reader_opens_has_no_amounts(elodie):
    catalogue()
    life(elodie)
    with looking(Sight(levels=(("spend", Level.MASKED), ("payment", Level.HIDDEN)))):
        book = Book(elodie, Stretch())
        assert buying.margin(book) is None
        assert buying.paid_by(book) == []
        written = [figure.amount.format("en") for figure in (*buying.categories(book), *buying.seasons(book))]
        assert set(written) == {masks.DOTS}
        assert {figure.share for figure in buying.categories(book)} == {0.0}
        for show in ("kept", "pieces", "returns", "sent-back", "earlier", "orders", "category", "margin"):
            found = behind(book, show=show, of="category:Green tea")
            assert {row.amount.format("en") for row in found.rows if row.amount is not None} <= {masks.DOTS}
            assert found.total.format("en") == masks.DOTS


@pytest.mark.parametrize(
    "url", ["/customers/{id}/purchases", "/orders/of/{id}?show=kept", "/orders/of/{id}?show=pieces"]
)
def test_as_many_questions_for_thirty_orders_as_for_three(url, client_of, ada, elodie):
    catalogue()
    client = client_of(ada)
    url = url.format(id=elodie.public_id)
    counts = []
    for some in (range(3), range(3, 33)):
        for number in some:
            order = buys(elodie, f"{number}", ago(10 + number), [("tea", 1, "5"), ("cup", 1, "9"), ("thread", 1, "2")])
            sends_back(elodie, f"R{number}", ago(5), order, [("tea", 1, "5")])
        elodie.refresh_from_db()
        client.get(url)
        with CaptureQueriesContext(connection) as asked:
            assert client.get(url).status_code == 200
        counts.append(len(asked))
    assert counts[0] == counts[1]
