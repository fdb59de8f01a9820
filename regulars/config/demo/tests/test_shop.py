"""The demo shop: the data are the published ones, and they come in through the imports, once."""

from __future__ import annotations

import datetime as dt
import json

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner

from regulars.config.demo import shop as demo
from regulars.config.demo.commands import demo_command
from regulars.core import shop
from regulars.customers.models import Category, Consent, Customer, CustomField, Note, Tagging
from regulars.orders.models import Order, Return
from regulars.orders.queries.verification import differences
from regulars.segments.models import Group
from regulars.staff.models import User


@pytest.fixture(scope="module")
def lines():
    return pq.read_table(demo.DATA)


@pytest.fixture
def small(tmp_path, monkeypatch, lines):
    """The first three thousand lines and some cancellations of theirs, as the demo shop's data."""
    first = lines.slice(0, 3_000)
    path = tmp_path / "small.parquet"
    pq.write_table(first, path)
    monkeypatch.setattr(demo, "DATA", path)
    return first


def test_the_data_are_the_published_ones(lines):
    invoices = lines["InvoiceNo"]
    value = pc.multiply(pc.cast(lines["Quantity"], pa.float64()), pc.cast(lines["UnitPrice"], pa.float64()))
    whole = lines.group_by(lines.column_names).aggregate([([], "count_all")])
    assert {
        "lines": lines.num_rows,
        "invoices": pc.count_distinct(invoices).as_py(),
        "stock codes": pc.count_distinct(lines["StockCode"]).as_py(),
        "customers": pc.count_distinct(lines["CustomerID"], mode="only_valid").as_py(),
        "countries": pc.count_distinct(lines["Country"]).as_py(),
        "lines without a customer": lines["CustomerID"].null_count,
        "lines of cancellations": pc.sum(pc.starts_with(invoices, "C")).as_py(),
        "exact duplicates": lines.num_rows - whole.num_rows,
        "value": round(pc.sum(value).as_py(), 3),
    } == {
        "lines": 541_909,
        "invoices": 25_900,
        "stock codes": 4_070,
        "customers": 4_372,
        "countries": 38,
        "lines without a customer": 135_080,
        "lines of cancellations": 9_288,
        "exact duplicates": 5_268,
        "value": 9_747_747.934,
    }
    assert demo.DATA.stat().st_size <= 4_000_000


def test_dates_move_by_whole_weeks_to_the_week_before():
    last = dt.date(2011, 12, 9)
    for day in (dt.date(2026, 11, 20) + dt.timedelta(days=days) for days in range(14)):
        moved = last + dt.timedelta(weeks=demo.weeks_to(day, last=last))
        assert 0 <= (day - moved).days < 7
        assert moved.weekday() == last.weekday()


def test_everybody_gets_a_name_and_an_eighth_of_the_british_a_chinese_one(lines):
    people = [person for _number, _since, person in demo.invented(lines, weeks=0)]
    british = [person for person in people if person.country == "GB"]
    chinese = [person for person in british if person.language.startswith("zh")]
    assert len(people) == 4_372
    assert all(person.name for person in people)
    assert {person.language for person in chinese} == {"zh-hans", "zh-hant"}
    assert 0.10 < len(chinese) / len(british) < 0.14
    assert {"DE", "FR", "ES", "NL", "IE", "JP", "PT", "SG", ""} <= {person.country for person in people}


@pytest.mark.django_db
def test_the_shop_comes_in_through_the_imports_and_only_once(small):
    loaded = demo.load_shop(say=lambda _sentence: None)
    buyers = set(small["CustomerID"].drop_null().to_pylist())
    assert Customer.objects.filter(identities__external_id__in=[str(buyer) for buyer in buyers]).count() == len(buyers)
    assert loaded.customers.created == len(buyers)
    assert Order.objects.filter(customer=None).exists()
    assert Return.objects.filter(number__startswith="C").exists()
    newest = Order.objects.latest("placed_at").placed_at.astimezone(shop.zone()).date()
    assert 0 < (shop.today() - newest).days <= 8
    assert newest.weekday() == pc.max(small["InvoiceDate"]).as_py().weekday()
    assert list(differences()) == []
    assert shop.current().currency == "GBP"
    assert list(User.objects.order_by("pk").values_list("name", "role", "language")) == [
        ("Mara Petersen", "owner", ""),
        ("Jonas Wieck", "manager", ""),
        ("Li Na", "agent", "zh-hans"),
        ("Sofie Dahl", "marketer", ""),
    ]
    assert not any(user.has_usable_password() for user in User.objects.all())
    before = (Customer.objects.count(), Order.objects.count())
    with pytest.raises(demo.AlreadyLoaded, match="into an empty one only"):
        demo.load_shop(say=lambda _sentence: None)
    assert (Customer.objects.count(), Order.objects.count()) == before
    assert not demo.is_wanted()


@pytest.mark.django_db
def test_an_interrupted_load_goes_on_where_it_was(small, monkeypatch):
    def cut(*_args, **_kwargs):
        raise KeyboardInterrupt

    with monkeypatch.context() as broken:
        broken.setattr(demo, "import_orders", cut)
        with pytest.raises(KeyboardInterrupt):
            demo.load_shop(say=lambda _sentence: None)
    assert demo.is_wanted()
    loaded = demo.load_shop(say=lambda _sentence: None)
    assert loaded.customers.created == 0
    assert loaded.customers.unchanged == Customer.objects.filter(identities__channel__code="web").count()
    assert Order.objects.exists()


@pytest.mark.django_db
def test_the_shop_knows_more_than_orders_and_has_people_to_merge(small):
    demo.load_shop(say=lambda _sentence: None)
    assert set(CustomField.objects.values_list("label", flat=True)) == {"Gift wrap", "Shop visit"}
    assert set(Consent.objects.values_list("state", flat=True)) == {"agreed", "refused"}
    assert Note.objects.filter(author__email__endswith="@hainhafen.example").exists()
    assert Tagging.objects.exists()
    assert Customer.objects.exclude(birth="").exists()
    assert Category.objects.exclude(rule="").count() == 3
    second = Customer.objects.filter(identities__channel__code="market")
    assert second.count() == 60
    known = set(Customer.objects.filter(identities__channel__code="web").values_list("city", "postcode"))
    assert all((one.city, one.postcode) in known for one in second)
    kept = dict(Group.objects.values_list("name", "size"))
    assert (len(kept), kept["Invited to the anniversary"]) == (8, 24)
    assert kept["Bought once"] == Customer.objects.filter(orders_count=1).count() > 0


@pytest.mark.django_db
def test_original_dates_stay_on_request_and_the_report_is_json(small):
    done = CliRunner().invoke(demo_command, ["--dates", "original", "--json"], catch_exceptions=False)
    figures = json.loads(done.stdout)
    assert figures["weeks"] == 0
    assert figures["orders"]["rows"] == 3_000
    assert Order.objects.earliest("placed_at").placed_at == dt.datetime(2010, 12, 1, 8, 26, tzinfo=dt.UTC)
