"""Products and checkouts, for programs."""

import datetime as dt

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from regulars.channels.actions import channel_for
from regulars.channels.models import Mirror
from regulars.core import shop
from regulars.customers.actions import create_customer
from regulars.orders.actions.products import add_product
from regulars.orders.models import Checkout


@pytest.fixture(autouse=True)
def _shop(db):
    shop.change(name="Hain & Hafen", currency="GBP", time_zone="Europe/London", country="GB")


def product(number, **values):
    return add_product(
        channel=channel_for("web"),
        values={"title": f"Tea {number}", "category": "Green tea", **values},
        variants=[{"sku": f"T-{number}", "price": "12.5", "cost": "4"}],
    )


def basket(customer, hours):
    touched = timezone.now() - dt.timedelta(hours=hours)
    return Checkout.objects.create(
        channel=channel_for("web"),
        customer=customer,
        email="e@posteo.example",
        currency="GBP",
        total_minor=2550,
        lines=[{"sku": "T-1", "title": "Tea", "quantity": 2, "unit_price": "12.75"}],
        recovery_url="https://shop.example/basket/1",
        started_at=touched,
        touched_at=touched,
    )


def test_a_product_is_read_with_its_variants(api_of, ada):
    made = product(1, tags=["gift"])
    Mirror.objects.create(
        channel=made.channel,
        kind="product",
        external_id="9",
        local_id=made.pk,
        version=timezone.now(),
        digest=b"0" * 16,
    )
    body = api_of(ada).get(f"/products/{made.public_id}").json()
    assert (body["title"], body["category"], body["tags"]) == ("Tea 1", "Green tea", ["gift"])
    assert body["is_kept_elsewhere"] is True
    variant = body["variants"][0]
    assert (variant["sku"], variant["price"]) == ("T-1", {"amount": "12.5000", "currency": "GBP"})
    assert variant["cost"] == {"amount": "4.0000", "currency": "GBP"}
    assert api_of(ada).get("/products/prd_nobody").status_code == 404


def test_pages_of_products_lose_none(api_of, ada):
    known = [product(number).public_id for number in range(7)]
    program, url, seen, pages = api_of(ada), "/products?limit=3", [], 0
    while url:
        body = program.get(url).json()
        seen += [item["id"] for item in body["items"]]
        pages += 1
        last, url = body, body["next"] and body["next"].split("/api/v1")[1]
    assert (seen, pages) == (known, 3)
    back = program.get(last["previous"].split("/api/v1")[1]).json()
    assert [item["id"] for item in back["items"]] == known[3:6]
    assert program.get("/products?after=moon").status_code == 400
    assert program.get("/products?colour=red").status_code == 422


def test_products_are_filtered(api_of, ada):
    product(1, brand="A")
    product(2, is_active=False)
    program = api_of(ada)

    def found(query):
        return [item["title"] for item in program.get(f"/products?{query}").json()["items"]]

    assert found("brand=A") == ["Tea 1"]
    assert found("is_active=false") == ["Tea 2"]
    assert found("search=T-2") == ["Tea 2"]
    assert found("category=Green tea&channel=web") == ["Tea 1", "Tea 2"]


def test_checkouts_are_listed_by_their_state(api_of, ada):
    elodie = create_customer(values={"name": "Élodie"})
    old, young = basket(elodie, 3), basket(None, 0)
    program = api_of(ada)
    body = program.get("/checkouts").json()
    assert [item["id"] for item in body["items"]] == [young.public_id, old.public_id]
    item = program.get(f"/checkouts?state=abandoned&customer={elodie.public_id}").json()["items"][0]
    assert (item["id"], item["state"], item["customer"]) == (old.public_id, "abandoned", elodie.public_id)
    assert item["total"] == {"amount": "25.50", "currency": "GBP"}
    assert item["recovery_url"] == "https://shop.example/basket/1"
    assert program.get("/checkouts?state=moon").status_code == 422


@pytest.mark.parametrize("url", ["/products", "/checkouts"])
def test_lists_of_programs_ask_as_much_for_three_rows_as_for_one(url, api_of, ada):
    program, counts = api_of(ada), []
    for round_ in ((1,), (2, 3)):
        for number in round_:
            product(number)
            basket(create_customer(values={"name": f"N{number}"}), number)
        program.get(url)
        with CaptureQueriesContext(connection) as asked:
            program.get(url)
        counts.append(len(asked))
    assert counts[0] == counts[1]


@pytest.mark.parametrize("url", ["/products", "/checkouts", "/products/prd_nobody"])
def test_a_program_without_the_scope_reads_no_catalogue(url, api_of, ada):
    product(1)
    answer = api_of(ada, "customers.view").get(url)
    assert answer.status_code == 403
    assert "Tea" not in answer.content.decode()
