"""A page deep among people of the same value is found as fast as the first one."""

import datetime as dt

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from regulars.customers import standings
from regulars.customers.models import Customer
from regulars.customers.queries import ListRequest, customer_page, pages

SINCE = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)


@pytest.mark.parametrize("sort", ["number_of_orders", "-number_of_orders"])
def test_whoever_stands_before_the_place_is_not_read_again(db, monkeypatch, sort):
    Customer.objects.bulk_create(
        Customer(name=f"Nobody {number:03}", sort_name=f"nobody {number:03}", customer_since=SINCE)
        for number in range(400)
    )
    standings.build()
    monkeypatch.setattr(pages, "_CHUNK", 20)
    ids = sorted(Customer.objects.values_list("pk", flat=True), reverse=sort.startswith("-"))
    request = ListRequest.from_query({"sort": sort, "limit": "10"})
    deep = ListRequest.from_query({"sort": sort, "limit": "10", "after": request.cursor((0, ids[299]))})

    with CaptureQueriesContext(connection) as first:
        customer_page(request, way="narrow")
    with CaptureQueriesContext(connection) as far:
        found = customer_page(deep, way="narrow")

    assert [row.pk for row in found.rows] == ids[300:310]
    assert len(far) == len(first)
