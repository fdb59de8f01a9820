"""Whatever is sent, the API never fails: it does it, or it says as a problem why it does not."""

import json
from functools import cache

import pytest
from django.test import Client
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from regulars.config.api_schema import schema
from regulars.core.models import IdempotentCall
from regulars.customers.models import Customer

SETTINGS = settings(
    max_examples=20,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
texts = st.one_of(
    st.text(max_size=20),
    st.sampled_from(
        [
            "",
            "\0",
            "=cmd()",
            "\u202eabc",
            "\u200b",
            "x" * 300,
            "张三",
            "NaN",
            "1e400",
            "-0",
            "2026-02-31",
            "0001-01-01T00:00:00+14:00",
        ]
    ),
)
values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.floats(allow_nan=False, allow_infinity=False) | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=6,
)


@cache
def shapes():
    return schema()["components"]["schemas"]


def nearly(name):
    """A body of the shape, in which some fields are what they should be and some are anything."""
    shape = shapes()[name]
    example = shape.get("example", {})
    fields = {
        field: st.one_of([values, *([st.just(example[field])] if field in example else [])])
        for field in shape["properties"]
    }
    required = {field: st.just(example[field]) | values for field in shape.get("required", [])}
    optional = {field: one for field, one in fields.items() if field not in required}
    return st.fixed_dictionaries(required, optional=optional)


@pytest.fixture
def rows(ada, api_of):
    """A customer with an address and an order, and a program that may do everything."""
    from regulars.channels.actions import channel_for
    from regulars.channels.models import Endpoint
    from regulars.inbox.contact.setting_up import set_up_usual

    channel_for("web")
    program = api_of(ada)
    customer = program.post("/customers", {"name": "Élodie Moreau", "address": {"city": "Bristol"}}).json()["id"]
    address = program.get(f"/customers/{customer}/addresses").json()["items"][0]["id"]
    line = {"sku": "a", "quantity": 1, "unit_price": {"amount": "2.55", "currency": "EUR"}}
    order = program.post("/orders", {"number": "1", "channel": "web", "customer": customer, "lines": [line]}).json()[
        "id"
    ]
    work = {"action": "tag", "params": {"tags": ["vip"]}, "ids": [customer]}
    return program, {
        "change_id": program.post("/customers/bulk", work).json()["id"],
        "customer_id": customer,
        "address_id": address,
        "order_id": order,
        "request_id": program.post(f"/customers/{customer}/privacy-requests", {"kind": "copy"}).json()["id"],
        "payment_id": "pay_0000000000000",
        "product_id": "prd_0000000000000",
        "return_id": "ret_0000000000000",
        "category_id": "cat_0000000000000",
        "conversation_id": program.post("/conversations", {"customer": customer, "text": "Hello"}).json()["id"],
        "article_id": "art_0000000000000",
        "form_id": set_up_usual().public_id,
        "file_id": "fil_0000000000000",
        "mail_id": "arr_0000000000000",
        "channel": "web",
        "field_id": "fld_0000000000000",
        "household_id": "hhd_0000000000000",
        "merge_id": "mrg_0000000000000",
        "note_id": "not_0000000000000",
        "number": "1",
        "tag_id": "tag_0000000000000",
        "value": "elodie@shop.example",
        "webhook_id": Endpoint.objects.create(name="Books", url="https://books.example/", owner=ada).public_id,
        "message_id": "msg_0000000000000_1",
        "segment_id": program.post("/segments", {"name": "Regulars"}).json()["id"],
    }


def is_an_answer(answer):
    assert answer.status_code < 500, answer.content
    if answer.status_code >= 400:
        assert answer["Content-Type"] == "application/problem+json"
        told = answer.json()
        assert told["status"] == answer.status_code
        assert told["detail"]
    return True


WRITES = [
    (method, address, operation["requestBody"]["content"]["application/json"]["schema"]["$ref"].rsplit("/", 1)[-1])
    for address, operations in schema()["paths"].items()
    for method, operation in operations.items()
    if "requestBody" in operation
]
READS = [
    (address, [one["name"] for one in operations["get"]["parameters"] if one["in"] == "query"])
    for address, operations in schema()["paths"].items()
    if "get" in operations
]


@pytest.mark.parametrize(("method", "address", "shape"), WRITES)
def test_any_body_is_answered(rows, method, address, shape):
    program, ids = rows

    @SETTINGS
    @given(body=nearly(shape) | values)
    def send(body):
        headers = {**program.headers, "If-Match": "*"}
        assert is_an_answer(
            program.client.generic(
                method.upper(),
                address.format(**ids),
                json.dumps(body),
                content_type="application/json",
                headers=headers,
            )
        )

    send()


@pytest.mark.parametrize(("address", "names"), READS)
def test_any_query_is_answered(rows, address, names):
    program, ids = rows

    @SETTINGS
    @given(query=st.dictionaries(st.sampled_from(names) | texts if names else texts, texts, max_size=3))
    def send(query):
        assert is_an_answer(program.client.get(address.format(**ids), query, headers=program.headers))

    send()


@pytest.mark.django_db
def test_any_bytes_are_answered(rows):
    program, _ids = rows
    before = Customer.objects.count()

    @SETTINGS
    @given(
        body=st.binary(max_size=50),
        kind=st.sampled_from(["application/json", "application/json; charset=x", "a/b", ""]),
    )
    def send(body, kind):
        answer = program.client.generic("POST", "/api/v1/customers", body, content_type=kind, headers=program.headers)
        assert is_an_answer(answer)
        assert answer.status_code >= 400

    send()
    assert Customer.objects.count() == before


header = st.text(st.characters(min_codepoint=32, max_codepoint=255, exclude_characters="\x7f"), max_size=30)


def test_any_header_is_answered(rows):
    program, ids = rows

    @SETTINGS
    @given(if_match=header, key=header, token=header, known=header)
    def send(if_match, key, token, known):
        path = f"/api/v1/customers/{ids['customer_id']}"
        for method, headers in (
            ("PATCH", {**program.headers, "If-Match": if_match, "Idempotency-Key": key}),
            ("GET", {**program.headers, "If-None-Match": known}),
            ("GET", {"Authorization": f"Bearer {token}"}),
        ):
            assert is_an_answer(
                program.client.generic(method, path, "{}", content_type="application/json", headers=headers)
            )

    send()
    assert all(call.is_answered for call in IdempotentCall.objects.all())


@pytest.mark.django_db
@SETTINGS
@given(path=st.text(max_size=30))
def test_any_address_below_the_api_is_answered(path):
    from urllib.parse import quote

    answer = Client().get(f"/api/v1/customers/{quote(path)}")
    assert is_an_answer(answer)
    assert answer.status_code in {401, 404}
