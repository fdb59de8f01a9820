"""Lists: every way through them gives what a plain look at every row gives."""

import datetime as dt
import random
from urllib.parse import parse_qsl
from zoneinfo import ZoneInfo

import pytest
from django.db import connection
from django.http import QueryDict
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from regulars.channels.actions import channel_for
from regulars.core import shop
from regulars.core.errors import Invalid
from regulars.core.text import fold, sort_key
from regulars.customers import search, standings
from regulars.customers.models import Customer, Unindexed
from regulars.customers.queries import (
    Count,
    ListRequest,
    customer_count,
    customer_list,
    customer_page,
    dropping,
    neighbours,
    pages,
)

ZONE = ZoneInfo("Europe/Berlin")
NAMES = [
    "Ada Lovelace",
    "Ben Müller",
    "Zoë Straße",
    "张三",
    "张伟",
    "歐陽娜娜",
    "李娜",
    "ada byron",
    "Émile Zola",
    "Al",
    "",
]
COUNTRIES = ["DE", "AT", "CN", ""]
CITIES = ["Köln", "Wien", "上海", ""]
SORTS = ["name", "amount_spent", "number_of_orders", "last_order_date", "customer_added_date"]
NOW = dt.datetime(2026, 3, 12, 8, 42, tzinfo=dt.UTC)


@pytest.fixture(autouse=True)
def only_customers(monkeypatch):
    """What other rooms' finders add to a search is tested in those rooms."""
    monkeypatch.setattr(search, "_FINDERS", {})


@pytest.fixture
def shop_of_many(db, monkeypatch):
    """Some hundred customers with many ties: indexed in two batches, then changed, deleted and joined by others.

    Steps are made few, so that a step holds many values.
    """
    monkeypatch.setattr("django.utils.timezone.now", lambda: NOW)
    monkeypatch.setattr(standings, "_FEW", 4)
    monkeypatch.setattr(standings, "_LEAST_STEPS", 7)
    monkeypatch.setattr(standings, "_PER_STEP", 40)
    shop.change(time_zone="Europe/Berlin", currency="EUR", country="DE")
    chance = random.Random(7)
    made = [add(chance) for _ in range(160)]
    search.index_now([customer.pk for customer in made[:100]])
    search.index_now([customer.pk for customer in made[100:]], [customer.search_text for customer in made[100:]])
    for customer in made[10:150:9]:
        for name, value in values(chance).items():
            setattr(customer, name, value)
        customer.save()
        search.mark_unindexed([customer.pk])
    for customer in made[5:160:17]:
        customer.orders_count += 1
        customer.spent_minor += 500
        customer.last_order_at = NOW
        customer.save()
        search.mark_unindexed([customer.pk], has_new_text=False)
    gone = [customer.pk for customer in made[3:150:29]]
    Customer.objects.filter(pk__in=gone).delete()
    search.mark_unindexed(gone)
    for _ in range(20):
        search.mark_unindexed([add(chance).pk])


def values(chance):
    name = chance.choice(NAMES)
    company = chance.choice(["", "", "Kaffee & Co", "上海茶叶"])
    email = chance.choice(["", f"{chance.choice('abz')}{chance.randrange(30)}@shop.example"])
    phone = chance.choice(["", f"+49301{chance.randrange(1, 40):06}", f"+861380000{chance.randrange(100, 130)}"])
    postcode = chance.choice(["", "50667", "SW1A 1AA", "1010"])
    orders = chance.choice([0, 0, 0, 1, 1, 2, 3, 9, 40])
    first = NOW - dt.timedelta(days=chance.randrange(400), minutes=chance.randrange(1440))
    row = {
        "name": name, "company": company, "email": email, "phone": phone, "postcode": postcode,
        "city": chance.choice(CITIES), "country": chance.choice(COUNTRIES),
        "status": chance.choice(["active", "active", "inactive"]),
        "channel": chance.choice([None, channel_for("web"), channel_for("etsy")]),
        "orders_count": orders,
        "spent_minor": chance.choice([100, 1999, 2000, 10_000, chance.randrange(-50, 99_999)]) if orders else 0,
        "first_order_at": first if orders else None,
        "last_order_at": chance.choice([NOW - dt.timedelta(days=45), first]) if orders else None,
        "customer_since": chance.choice([first, NOW - dt.timedelta(days=100)]),
        "sort_name": sort_key(name or company or email),
    }  # fmt: skip
    return {**row, "search_text": search.search_text_of(row)}


def add(chance):
    return Customer.objects.create(**values(chance))


# ── the plain meaning, written again without any of the product's own code for it


def digits(text):
    return "".join(c for c in text if c.isdigit())


def day(moment):
    return moment.astimezone(ZONE).date()


def fits(customer, parameter, value):
    name, _, operator = parameter.partition(".")
    today = day(NOW)
    if name in {"name", "email", "company", "city"}:
        has, wanted = fold(getattr(customer, name)), fold(value)
    elif name == "phone":
        has, wanted = digits(customer.phone), digits(value)
    elif name == "postal_code":
        has, wanted = fold(customer.postcode).replace(" ", ""), fold(value).replace(" ", "")
    elif name in {"number_of_orders", "amount_spent"}:
        has = customer.orders_count if name == "number_of_orders" else customer.spent_minor
        wanted = int(value) if name == "number_of_orders" else round(float(value) * 100)
        return {"": has == wanted, "min": has >= wanted, "max": has <= wanted}[operator]
    elif name in {"last_order_date", "first_order_date", "customer_added_date"}:
        columns = {
            "last_order_date": "last_order_at",
            "first_order_date": "first_order_at",
            "customer_added_date": "customer_since",
        }
        moment = getattr(customer, columns[name])
        if moment is None:
            return False
        if operator == "older_than":
            return day(moment) < today - dt.timedelta(days=int(value))
        if operator == "within":
            return day(moment) >= today - dt.timedelta(days=int(value))
        wanted = dt.date.fromisoformat(value)
        return {
            "": day(moment) == wanted,
            "on": day(moment) == wanted,
            "after": day(moment) > wanted,
            "before": day(moment) < wanted,
        }[operator]
    else:
        channel = customer.channel.code if customer.channel else None
        has = {"customer_countries": customer.country, "status": customer.status, "sales_channels": channel}[name]
        return (has in value.split(",")) is not (operator == "not")
    if name == "phone" and not operator:
        return wanted in has or (wanted.lstrip("0") != "" and wanted.lstrip("0") in has)
    return {"": wanted in has, "is": wanted == has, "starts": has.startswith(wanted)}[operator]


def answers(customer, text):
    for term in text.split():
        options = {fold(term)}
        if digits(term) and not set(term) - set("0123456789+-()./"):
            options |= {digits(term), digits(term).lstrip("0")}
        if not any(option and option in customer.search_text for option in options):
            return False
    return True


def plainly(query):
    """Ids of all customers of a list, in order, by looking at every row."""
    rest = {name: value for name, value in query.items() if name not in {"q", "sort", "limit"}}
    rows = [
        customer
        for customer in Customer.objects.select_related("channel")
        if all(fits(customer, *pair) for pair in rest.items()) and answers(customer, query.get("q", ""))
    ]
    sort = query.get("sort", "name")
    column = {
        "name": "sort_name", "amount_spent": "spent_minor", "number_of_orders": "orders_count",
        "last_order_date": "last_order_at", "customer_added_date": "customer_since",
    }[sort.lstrip("-")]  # fmt: skip
    is_falling = sort.startswith("-")
    some = sorted(
        (c for c in rows if getattr(c, column) is not None),
        key=lambda c: (getattr(c, column), c.pk),
        reverse=is_falling,
    )
    none = sorted((c for c in rows if getattr(c, column) is None), key=lambda c: c.pk, reverse=is_falling)
    return [customer.pk for customer in some + none]


def forward(query, way=None):
    found, cursor = [], ""
    while True:
        page = customer_page(ListRequest.from_query({**query, "after": cursor}), way=way)
        found.append([customer.pk for customer in page.rows])
        cursor = page.next_cursor
        if not cursor:
            return found, page


def backward(query, page, way=None):
    found = [[customer.pk for customer in page.rows]]
    while page.previous_cursor:
        page = customer_page(ListRequest.from_query({**query, "before": page.previous_cursor}), way=way)
        found.insert(0, [customer.pk for customer in page.rows])
    return found


TEXTS = """
a z ad ada zoe strasse 张 zs zhang 欧阳 ouyang oynn 3010 030-10 +49 @ shop.ex a1 kaffee q! 1aa 娜 138-0000 al
"""
texts = st.sampled_from(TEXTS.split())
FILTERS = parse_qsl(
    "name=ada&name=张&name.is=ADA+lovelace&name.starts=zo&email=shop&email.starts=a1&phone=030+100&phone.starts=%2B86"
    "&company=kaffee&postal_code=sw1a1&postal_code.is=1010&city=kol&city.is=上海&customer_countries=DE"
    "&customer_countries=AT,CN&customer_countries.not=DE&sales_channels=web&sales_channels.not=web,etsy"
    "&status=inactive&status.not=inactive&number_of_orders=0&number_of_orders.min=2&number_of_orders.max=1"
    "&amount_spent=20&amount_spent.min=19.99&amount_spent.max=20&amount_spent.max=-0.01&last_order_date.older_than=45"
    "&last_order_date.within=45&last_order_date.on=2026-01-26&first_order_date.before=2025-09-01"
    "&first_order_date.after=2026-01-01&customer_added_date.within=100&customer_added_date=2025-12-02"
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    q=st.one_of(st.just(""), texts, st.builds("{} {}".format, texts, texts)),
    chosen=st.sets(st.sampled_from(FILTERS), max_size=3),
    sort=st.sampled_from(SORTS),
    sign=st.sampled_from(["", "-"]),
    limit=st.sampled_from([6, 17, 50]),
    way=st.sampled_from([None, "narrow", "scan"]),
)
def check_a_list(q, chosen, sort, sign, limit, way):
    query = {**dict(sorted(chosen)), "sort": sign + sort, "limit": str(limit)}
    if q:
        query["q"] = q
    wanted = plainly(query)
    found, last = forward(query, way)
    assert [pk for page in found for pk in page] == wanted
    assert all(len(page) == limit for page in found[:-1])
    if wanted:
        assert [pk for page in backward(query, last, way) for pk in page] == wanted
    request = ListRequest.from_query(query)
    assert customer_count(request) == Count(len(wanted), is_exact=True)
    page, count = customer_list(request)
    assert ([customer.pk for customer in page.rows], count.number) == (wanted[:limit], len(wanted))
    if wanted:
        middle = Customer.objects.get(pk=wanted[len(wanted) // 2])
        place = wanted.index(middle.pk)
        before, after = neighbours(request, middle)
        assert (before.pk if before else None) == (wanted[place - 1] if place else None)
        assert (after.pk if after else None) == (wanted[place + 1] if place + 1 < len(wanted) else None)


def test_every_way_gives_what_a_look_at_every_row_gives(shop_of_many):
    check_a_list()


def test_every_way_gives_the_same_once_all_is_indexed(shop_of_many):
    search.merge_unindexed(at_least=1)

    assert Unindexed.objects.count() == 0
    check_a_list()


def test_a_shop_that_was_never_indexed_has_its_lists_too(db):
    one = Customer.objects.create(
        **{**values(random.Random(1)), "name": "Solo", "search_text": "solo", "sort_name": "solo"}
    )

    assert [c.pk for c in customer_page(ListRequest.from_query({"q": "solo"})).rows] == [one.pk]
    assert customer_count(ListRequest.from_query({"q": "solo"})) == Count(1, is_exact=True)


@pytest.mark.parametrize(
    "query", [{}, {"q": "a"}, {"sort": "-last_order_date"}, {"status": "active", "sort": "-amount_spent"}]
)
def test_the_number_of_queries_does_not_grow_with_the_rows(db, django_assert_num_queries, query):
    chance = random.Random(2)
    made = []
    wanted = {
        "name": "Ada",
        "email": "",
        "status": "active",
        "last_order_at": None,
        "search_text": "ada",
        "sort_name": "ada",
    }
    counts = []
    for number in (1, 2):
        made += [Customer.objects.create(**{**values(chance), **wanted}) for _ in range(number)]
        Unindexed.objects.all().delete()
        search.index_now([customer.pk for customer in made])
        shop.current()
        # rows and customers; with a filter, a search or an order without an index also: what is unindexed, and the
        # standings; with a search: grams, and whose text was written anew
        steps = 4 + 2 * ("q" in query) if query else 2
        with django_assert_num_queries(steps):
            page = customer_page(ListRequest.from_query(query))
        counts.append(len(page.rows))
    assert counts == [1, 3]


def test_nobody_is_shown_twice_or_left_out_when_somebody_moves_between_two_pages(shop_of_many):
    query = {"sort": "-amount_spent", "status": "active", "limit": "10"}
    first = customer_page(ListRequest.from_query(query))
    mover = first.rows[4]
    Customer.objects.filter(pk=mover.pk).update(spent_minor=-10_000)
    search.mark_unindexed([mover.pk], has_new_text=False)

    rest = forward({**query, "after": first.next_cursor})[0]

    assert mover.pk in [pk for page in rest for pk in page]
    assert {c.pk for c in first.rows} | {pk for page in rest for pk in page} == set(plainly(query))


FOUND_BY = [
    "张", "三", "張三", "zhangsan", "zhang san", "ZS", "hain", "hafen gmbh", "zs hain", "m", "&", "san@mail",
    "+44 20 7946 0958", "020 7946 0958", "(0)20 7946", "+44 (0)20 7946 0958", "0044 20 7946 0958", "7946",
    "sw1a 1aa", "SW1A1AA",
]  # fmt: skip


def test_a_search_finds_by_any_part(db):
    row = {
        "name": "张三", "given_name": "三", "family_name": "张", "company": "Hain & Hafen GmbH",
        "email": "zhang.san@mail.example", "phone": "+442079460958", "postcode": "SW1A 1AA",
    }  # fmt: skip
    somebody = Customer.objects.create(**row, customer_since=NOW, search_text=search.search_text_of(row))
    Customer.objects.create(name="Other", customer_since=NOW, search_text="other")
    for prepare in (lambda: search.mark_unindexed([somebody.pk]), lambda: search.index_now([somebody.pk])):
        prepare()
        for text in FOUND_BY:
            found = customer_page(ListRequest.from_query({"q": text})).rows
            assert [customer.pk for customer in found] == [somebody.pk], text
        for text in ("王", "zhangsi", "hain xx", "099", "020 7946 0009", "%", "_", "\\", "'", "sanhain"):
            assert customer_page(ListRequest.from_query({"q": text})).rows == [], text


def test_what_another_room_knows_is_found_together_with_filters(shop_of_many, monkeypatch):
    chosen = Customer.objects.filter(country="DE").first()
    monkeypatch.setitem(search._FINDERS, "orders", lambda text: [chosen.pk] if text == "536365" else [])

    assert [c.pk for c in customer_page(ListRequest.from_query({"q": "536365"})).rows] == [chosen.pk]
    assert [c.pk for c in customer_page(ListRequest.from_query({"q": "536365", "customer_countries": "DE"})).rows] == [
        chosen.pk
    ]
    assert customer_page(ListRequest.from_query({"q": "536365", "customer_countries": "CN"})).rows == []
    assert customer_count(ListRequest.from_query({"q": "536365"})) == Count(1, is_exact=True)


def test_an_empty_list_names_the_filter_that_empties_it(shop_of_many):
    request = ListRequest.from_query({"status": "active", "customer_countries": "AT", "number_of_orders.min": "500"})

    culprit = dropping(request)

    assert culprit.condition.parameter == "number_of_orders.min"
    assert culprit.count.number == len(plainly({"status": "active", "customer_countries": "AT"}))


def test_an_empty_search_is_its_own_culprit(shop_of_many):
    culprit = dropping(ListRequest.from_query({"q": "nobody at all"}))

    assert culprit.condition is None
    assert culprit.count == Count(Customer.objects.count(), is_exact=True)


def test_counts_stop_at_ten_thousand(shop_of_many, monkeypatch):
    monkeypatch.setattr(pages, "COUNTED", 20)

    assert customer_count(ListRequest.from_query({})) == Count(Customer.objects.count(), is_exact=True)
    for query in ({"status": "active"}, {"q": "a"}, {"name": "ada"}):
        assert customer_count(ListRequest.from_query(query)) == Count(20, is_exact=False)


@pytest.mark.parametrize(
    "cursor",
    ["x", "????", "bnVsbA", "WzEsMl0", "W10", "WyJuYW1lIiwgbnVsbCwgMV0", "a" * 5000, "WyJuYW1lIiwiYSIsLTFd", "é"],
)
def test_a_bad_cursor_gives_a_sentence(db, cursor):
    with pytest.raises(Invalid, match="page that does not exist"):
        ListRequest.from_query({"after": cursor})


def test_a_cursor_of_another_order_gives_a_sentence(shop_of_many):
    page = customer_page(ListRequest.from_query({"limit": "5"}))

    with pytest.raises(Invalid, match="another order"):
        ListRequest.from_query({"limit": "5", "sort": "-amount_spent", "after": page.next_cursor})


def test_addresses_are_written_as_they_are_read(shop_of_many):
    query = QueryDict(
        "status=active&status=inactive&amount_spent.min=10.50&q=ada&sort=-amount_spent&columns=name&name="
    )
    request = ListRequest.from_query(query, keep=["columns"])

    assert request.url() == "?q=ada&status=active%2Cinactive&amount_spent.min=10.50&sort=-amount_spent&columns=name"
    assert ListRequest.from_query(QueryDict(request.url()[1:]), keep=["columns"]) == request
    assert [(chip.label, chip.operator, chip.value) for chip in request.chips()] == [
        ("Status", "is", "Active or Inactive"),
        ("Spent", "is at least", "€10.50"),
    ]
    assert request.chips()[0].url_without == "?q=ada&amount_spent.min=10.50&sort=-amount_spent&columns=name"


@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        ({"countrys": "DE"}, "no filter “countrys”"),
        ({"name.min": "a"}, "cannot be asked with “.min”"),
        ({"number_of_orders": "many"}, "“many” is not a whole number.*Orders"),
        ({"number_of_orders": "-1"}, "not a whole number"),
        ({"amount_spent.min": "1,000"}, "not an amount of EUR.*Spent"),
        ({"amount_spent.min": "1.005"}, "not an amount"),
        ({"amount_spent.min": "NaN"}, "not an amount"),
        ({"last_order_date.on": "2026-02-31"}, "not a day that exists.*Last order"),
        ({"last_order_date.after": "9999-12-31"}, "not a day that exists"),
        ({"last_order_date.within": "99999999"}, "not a number of days"),
        ({"status": "asleep"}, "Status.*has no “asleep”"),
        ({"customer_countries": "Atlantis"}, "Country.*Atlantis"),
        ({"customer_countries.not": "unspecified"}, "Country.*not a country"),
        ({"phone": "abc"}, "nothing in “abc”.*Phone"),
        ({"name": "a\0b"}, "character that no text has"),
        ({"name": "x" * 201}, "too long"),
        ({"q": "x" * 201}, "200 characters"),
        ({"q": "a\0"}, "character that no text has"),
        ({"sort": "city"}, "cannot be sorted by “city”"),
        ({"limit": "0"}, "from 1 to 250"),
        ({"q": ["a", "b"]}, "only once"),
    ],
)
def test_what_cannot_be_understood_is_refused_with_a_sentence(db, query, sentence):
    shop.change(currency="EUR")

    with pytest.raises(Invalid, match=sentence) as refused:
        ListRequest.from_query(query)

    assert next(iter(query)) in refused.value.fields


def test_names_are_sorted_character_by_character_whatever_the_server_speaks(db):
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT collation_name FROM information_schema.columns"
                " WHERE table_name = 'customers_customer' AND column_name = 'sort_name'"
            )
            assert cursor.fetchone() == ("C",)
    for name in ("b", "a b", "ab", "a-c", "z", "é", "中"):
        Customer.objects.create(name=name, sort_name=name, customer_since=NOW)

    assert [c.name for c in customer_page(ListRequest.from_query({})).rows] == ["a b", "a-c", "ab", "b", "z", "é", "中"]
