"""Fields that nobody asked for: no write takes one, neither of a program nor of a form."""

import copy
import json

import pytest
from django.apps import apps

from regulars.config.api_schema import schema
from regulars.customers.models import Customer
from regulars.staff.models import User

MORE = {
    "is_superuser": True,
    "is_staff": True,
    "role": "owner",
    "owner_id": 1,
    "user_id": 1,
    "pk": 1,
    "id": 1,
    "public_id": "cus_0000000000000",
    "balance": 1_000_000,
    "amount_spent": 1_000_000,
    "number_of_orders": 99,
    "consent_email": "given",
    "version": 99,
    "deleted_at": None,
    "created_at": "2001-01-01T00:00:00Z",
    "password": "x",
    "permissions": ["shop.edit"],
    "__proto__": {"is_admin": True},
    "_state": {},
}
WRITES = [
    (
        method.upper(),
        address,
        operation["requestBody"]["content"]["application/json"]["schema"]["$ref"].rsplit("/", 1)[-1],
    )
    for address, operations in schema()["paths"].items()
    for method, operation in operations.items()
    if "requestBody" in operation
]


def columns():
    """The name of every column of every table of ours."""
    return {
        field.name
        for model in apps.get_models()
        if model.__module__.startswith("regulars.")
        for field in model._meta.fields
    }


@pytest.mark.parametrize(("method", "address", "shape"), WRITES)
def test_no_operation_takes_a_field_it_does_not_describe(method, address, shape, ada, api_of, client):
    program = api_of(ada)
    described = schema()["components"]["schemas"][shape]
    assert described["additionalProperties"] is False
    known = set(described["properties"])
    good = copy.deepcopy(described.get("example", {}))
    place = address.replace("{", "").replace("}", "")
    before = Customer.objects.count(), User.objects.values_list("role").get(pk=ada.pk)
    for name in sorted({*MORE, *columns()} - known):
        answer = client.generic(
            method,
            place,
            json.dumps(good | {name: MORE.get(name, "x")}),
            content_type="application/json",
            headers={**program.headers, "If-Match": "*"},
        )
        assert answer.status_code in {404, 422}, (name, answer.content)
        if answer.status_code == 422:
            assert name in {one["field"] for one in answer.json()["errors"]}
    assert (Customer.objects.count(), User.objects.values_list("role").get(pk=ada.pk)) == before


def test_no_form_makes_anybody_an_owner(client_of, ben):
    client = client_of(ben)
    for address in ("/settings/profile", "/customers/new", "/look"):
        client.post(
            address, {"name": "Ben Agent", "email": ben.email, **{name: str(value) for name, value in MORE.items()}}
        )
    kept = User.objects.get(pk=ben.pk)
    assert kept.role == "agent"
    assert kept.password == ben.password
    assert not kept.may("shop.edit")
    made = Customer.objects.first()
    assert made is None or made.deleted_at is None
