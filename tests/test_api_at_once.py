"""Calls that arrive at the same moment, at a real server: nobody overwrites anybody, and nothing is done twice."""

import json
import urllib.error
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest

from regulars.channels.actions import channel_for
from regulars.core import shop
from regulars.core.models import IdempotentCall
from regulars.customers.actions.merging import unmerge
from regulars.customers.models import Customer, MergeLink
from regulars.orders.models import Order
from regulars.orders.queries.verification import differences
from regulars.staff.actions import create_token
from regulars.staff.models import User
from regulars.timeline.models import Entry


@pytest.fixture
def call(live_server):
    """call("POST", "/customers", {...}) → (status, headers, body), as the shop's owner."""
    ada = User.objects.create(name="Ada Owner", email="ada@shop.example", role="owner", password="!")
    _token, plain = create_token(user=ada, name="a program", scopes=ada.permissions)

    def send(method, path, body=None, **headers):
        headers = {name.replace("_", "-"): value for name, value in headers.items()}
        request = urllib.request.Request(  # noqa: S310 — our own server
            f"{live_server.url}/api/v1{path}",
            method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers={"Authorization": f"Bearer {plain}", "Content-Type": "application/json", **headers},
        )
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:  # noqa: S310
                return answer.status, answer.headers, answer.read()
        except urllib.error.HTTPError as refused:
            with refused:
                return refused.code, refused.headers, refused.read()

    return send


def at_once(count, deed):
    """Do `deed(0)`, `deed(1)`, … in as many threads, started together."""
    gate = Barrier(count)

    def run(number):
        gate.wait()
        return deed(number)

    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(run, range(count)))


@pytest.mark.django_db(transaction=True)
def test_of_two_changes_to_the_same_version_one_is_made(call):
    _status, headers, body = call("POST", "/customers", {"name": "Élodie Moreau"})
    path = f"/customers/{json.loads(body)['id']}"
    answers = at_once(4, lambda n: call("PATCH", path, {"company": f"Company {n}"}, If_Match=headers["ETag"]))
    assert sorted(status for status, _headers, _body in answers) == [200, 412, 412, 412]
    winner = next(json.loads(body) for status, _headers, body in answers if status == 200)
    kept = Customer.objects.get()
    assert (kept.company, kept.version) == (winner["company"], 2)
    current = call("GET", path)[1]["ETag"]
    assert {headers["ETag"] for status, headers, _body in answers if status == 412} == {current}


@pytest.mark.django_db(transaction=True)
def test_of_two_changes_to_the_same_address_one_is_made(call):
    address = {"line1": "12 Harbour Road", "country": "GB"}
    _status, _headers, body = call("POST", "/customers", {"name": "Élodie Moreau", "address": address})
    path = f"/customers/{json.loads(body)['id']}/addresses"
    known = json.loads(call("GET", path)[2])["items"][0]
    path = f"{path}/{known['id']}"
    etag = call("GET", path)[1]["ETag"]
    answers = at_once(3, lambda n: call("PATCH", path, {"line2": f"Floor {n}"}, If_Match=etag))
    assert sorted(status for status, _headers, _body in answers) == [200, 412, 412]


@pytest.mark.django_db(transaction=True)
def test_the_same_call_at_once_is_done_once_and_answered_alike(call):
    body = {"name": "Élodie Moreau", "email": "elodie@shop.example"}
    answers = at_once(5, lambda _n: call("POST", "/customers", body, Idempotency_Key="one"))
    assert {status for status, _headers, _body in answers} == {201}
    assert len({body for _status, _headers, body in answers}) == 1
    assert len({headers["ETag"] for _status, headers, _body in answers}) == 1
    assert sorted(headers["Idempotent-Replayed"] or "no" for _s, headers, _b in answers) == ["no", *["true"] * 4]
    assert Customer.objects.count() == 1
    assert Entry.objects.filter(name="customer.created").count() == 1
    assert IdempotentCall.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_the_same_number_at_once_is_given_to_one_order(call):
    from regulars.channels.actions import channel_for

    channel_for("web")
    shop.change(currency="EUR")
    price = {"amount": "2.55", "currency": "EUR"}
    order = {"number": "10482", "channel": "web", "lines": [{"sku": "a", "quantity": 1, "unit_price": price}]}
    answers = at_once(4, lambda _n: call("POST", "/orders", order))
    assert sorted(status for status, _headers, _body in answers) == [201, 409, 409, 409]
    assert Order.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_merges_and_orders_at_once_lose_nothing(call):
    shop.change(currency="GBP", time_zone="Europe/London", country="GB")
    channel_for("web")
    ids = [json.loads(call("POST", "/customers", {"name": f"Jonas Wieck {n}"})[2])["id"] for n in range(4)]

    def deed(n):
        if n < 3:
            return call("POST", f"/customers/{ids[0]}/merges", {"others": [ids[n + 1]]})[0]
        lines = [{"sku": "MUG", "quantity": 1, "unit_price": {"amount": "20.00", "currency": "GBP"}}]
        order = {"number": f"HH-{n}", "channel": "web", "customer": ids[n % 4], "lines": lines}
        return call("POST", "/orders", order)[0]

    # a merge that met another one is told so, or sent again by the door; no order is ever lost
    statuses = at_once(8, deed)
    assert statuses[3:] == [201] * 5
    assert set(statuses[:3]) <= {201, 409, 503}
    assert Order.objects.count() == 5
    assert list(differences()) == []
    merged = Customer.everyone.filter(merged_into__isnull=False).count()
    assert merged == MergeLink.objects.count() == statuses[:3].count(201)
    for link in MergeLink.objects.order_by("-pk"):
        unmerge(link)
    assert list(differences()) == []
    assert Customer.objects.count() == 4
