"""Days of a platform beside our books: what differs, why, and mended."""

import datetime as dt

import pytest

from regulars.channels.actions import channel_for, connect, reconciling
from regulars.channels.actions.reconciling import NotMendable, mend, reconcile
from regulars.channels.models import Comparison, Connection, Difference, Mirror, Reason
from regulars.channels.tests.platforms import ShopifyShop, served
from regulars.channels.tests.test_pulling import shopify_order
from regulars.core.errors import Invalid
from regulars.core.quarantine import HeldBack, begin
from regulars.orders.actions import cancel_order, place_order
from regulars.orders.models import Order
from regulars.timeline.models import Entry

DAY = dt.date(2026, 2, 1)


@pytest.fixture
def shop(db, settings):
    settings.PRIVATE_HOSTS = ["127.0.0.1"]
    with served(ShopifyShop()) as shop:
        shop.objects["orders"] = [shopify_order(n, hours=n) for n in range(1, 6)]
        shop.objects["orders"].append(shopify_order(6, hours=24, total="20.00"))
        yield shop


@pytest.fixture
def joined(shop):
    return connect(
        channel=channel_for("web"),
        provider="shopify",
        name="Shop",
        options={"shop": shop.url},
        secrets={"signing_key": "k", "access_token": ShopifyShop.token},
    )


def pull(connection):
    from regulars.channels.actions.pulling import pull

    return pull(connection_id=connection.pk)


def compare(connection, since=DAY, until=DAY):
    return reconcile(connection_id=connection.pk, since=since.isoformat(), until=until.isoformat())


def differences():
    return sorted(Difference.objects.values_list("number", "reason", "their_minor", "our_minor"))


def test_days_that_agree_are_written_down_and_their_orders_are_not_fetched(shop, joined):
    pull(joined)
    shop.asked.clear()
    assert compare(joined, until=DAY + dt.timedelta(days=2)) == 0
    assert list(
        Comparison.objects.order_by("on").values_list("on", "their_count", "their_minor", "our_count", "our_minor")
    ) == [
        (DAY, 5, 5_000, 5, 5_000),
        (DAY + dt.timedelta(days=1), 1, 2_000, 1, 2_000),
        (DAY + dt.timedelta(days=2), 0, 0, 0, 0),
    ]
    assert all("processed_at_min" in query or "page_info" in query for _method, _path, query in shop.asked)
    assert len(shop.asked) == 3  # the orders of all three days, two on a page


def test_each_kind_of_difference_is_found_and_mended(shop, joined):
    pull(joined)
    one, two, three, *_rest = shop.objects["orders"]
    one["total_price"] = one["line_items"][0]["price"] = "11.00"
    two["cancelled_at"] = two["updated_at"]
    shop.objects["orders"].remove(three)
    cancel_order(Order.objects.get(number="#4"), reason="a mistake of ours")
    shop.objects["orders"].append(shopify_order(7, hours=3, total="3.00"))
    assert compare(joined) == 5
    assert differences() == [
        ("#1", "amount", 1_100, 1_000),
        ("#2", "cancelled_there", 1_000, 1_000),
        ("#3", "missing_there", None, 1_000),
        ("#4", "cancelled_here", 1_000, 1_000),
        ("#7", "missing_here", 300, None),
    ]
    for difference in list(Difference.objects.order_by("number")):
        mend(Difference.objects.get(number=difference.number))
    assert differences() == []
    (day,) = Comparison.objects.all()
    assert day.is_equal
    assert (day.our_count, day.our_minor) == (4, 3_400)
    assert Order.objects.get(number="#3").status == "cancelled"
    assert Entry.objects.filter(name="difference.mended").count() == 5


def test_an_order_that_was_imported_is_known_by_its_number(shop, joined):
    pull(joined)
    Mirror.objects.filter(channel=joined.channel, kind="order").delete()
    Order.objects.filter(number="#1").update(total_minor=900, total_base_minor=900)
    assert compare(joined) == 1
    assert differences() == [("#1", "amount", 1_000, 900)]


def test_an_order_of_ours_alone_is_told_and_left_alone(shop, joined):
    pull(joined)
    order = place_order(
        values={"number": "T-1", "placed_at": dt.datetime(2026, 2, 1, 12, tzinfo=dt.UTC)},
        lines=[{"title": "Tea", "quantity": 1, "unit_price": "5.00"}],
        customer=None,
        channel=joined.channel,
    )
    assert compare(joined) == 1
    with pytest.raises(NotMendable, match="entered or imported here"):
        mend(Difference.objects.get())
    order.refresh_from_db()
    assert order.status == "paid"
    assert Difference.objects.count() == 1


def test_an_order_that_stands_on_another_day_here_is_told_on_both(shop, joined):
    pull(joined)
    Order.objects.filter(number="#1").update(placed_at=dt.datetime(2026, 2, 2, 12, tzinfo=dt.UTC))
    assert compare(joined, until=DAY + dt.timedelta(days=1)) == 2
    assert sorted(Difference.objects.values_list("comparison__on", "reason")) == [
        (DAY, Reason.ANOTHER_DAY),
        (DAY + dt.timedelta(days=1), Reason.MISSING_THERE),
    ]
    mend(Difference.objects.get(reason=Reason.ANOTHER_DAY))
    assert compare(joined, until=DAY + dt.timedelta(days=1)) == 0


def test_orders_in_a_currency_of_which_the_platform_knows_no_rate_agree_one_by_one(shop, joined):
    pull(joined)
    for order in shop.objects["orders"]:
        order["currency"] = "GBP"
    Order.objects.update(currency="GBP", rate="1.2", total_base_minor=1_200)
    assert compare(joined) == 0
    (day,) = Comparison.objects.all()
    assert day.is_equal
    assert (day.our_count, day.our_minor) == (5, 6_000)


def test_what_cannot_be_taken_in_says_why(shop, joined, monkeypatch):
    pull(joined)
    shop.objects["orders"].append(shopify_order(7, currency="XXQ"))
    compare(joined)
    with pytest.raises(NotMendable):
        mend(Difference.objects.get())
    assert Difference.objects.get().remark != ""


def test_every_night_the_last_two_weeks_are_compared(shop, joined, run_jobs):
    assert reconciling.reconcile_nightly() == 0  # nothing was fetched yet
    pull(joined)
    assert reconciling.reconcile_nightly() == 1
    run_jobs()
    assert Comparison.objects.count() == reconciling.NIGHTLY_DAYS
    Connection.objects.update(is_on=False)
    assert reconciling.reconcile_nightly() == 0


def test_too_many_days_and_systems_without_a_way_back_are_refused(joined):
    with pytest.raises(Invalid):
        compare(joined, since=DAY, until=DAY + dt.timedelta(days=400))
    with pytest.raises(Invalid):
        compare(joined, since=DAY, until=DAY - dt.timedelta(days=1))
    till = connect(channel=channel_for("till"), provider="push", name="Till")
    with pytest.raises(Invalid):
        compare(till)


def test_nothing_is_compared_or_mended_in_quarantine(shop, joined):
    pull(joined)
    Order.objects.filter(number="#1").update(total_minor=900, total_base_minor=900)
    compare(joined)
    begin(backup="b", taken_at=dt.datetime(2026, 2, 1, tzinfo=dt.UTC))
    shop.asked.clear()
    with pytest.raises(HeldBack):
        compare(joined)
    with pytest.raises(HeldBack):
        mend(Difference.objects.get())
    assert shop.asked == []
