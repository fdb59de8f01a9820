"""What holds for every call of the API: who may, how it refuses, versions, and calls that happen once."""

import json
import re

import pytest
import time_machine
from django.urls import get_resolver

from regulars.config.api import ROOMS, permissions
from regulars.config.api_schema import schema
from regulars.core.api import idempotency, problems
from regulars.core.errors import Refusal
from regulars.core.models import IdempotentCall
from regulars.customers.actions import erase_customer
from regulars.customers.models import Address, Customer
from regulars.staff.models import ApiToken
from regulars.staff.roles import PERMISSIONS
from regulars.timeline.models import Entry
from tools.openapi import SNAPSHOT, written

ELODIE = {"given_name": "Élodie", "family_name": "Moreau", "email": "elodie@shop.example"}

EVERY_OPERATION = [
    (method, "/api/v1" + re.sub(r"{\w+}", "cus_0000000000000", operation.path), operation)
    for room in ROOMS
    for operation in room.operations()
    for method in operation.methods
]


@pytest.fixture
def program(ada, api_of):
    return api_of(ada)


@pytest.fixture
def elodie(program):
    return program.post("/customers", ELODIE).json()


def problem_of(answer, status, slug):
    """The problem of an answer, which has the shape that all problems have."""
    assert answer.status_code == status, answer.content
    assert answer["Content-Type"] == "application/problem+json"
    told = answer.json()
    assert set(told) >= {"type", "title", "status", "detail", "instance", "errors"}
    assert (told["status"], told["type"]) == (status, f"/problems/{slug}")
    assert told["title"]
    assert told["detail"].endswith((".", "!", "?", "…"))
    assert told["instance"] == answer.wsgi_request.path
    return told


# ── who may


def test_every_operation_states_a_permission_that_exists():
    assert set(permissions().values()) <= set(PERMISSIONS)
    assert len(permissions()) == sum(len(list(room.operations())) for room in ROOMS)
    for pattern in get_resolver().url_patterns:
        if str(pattern.pattern).startswith("api/"):
            views = [inner.callback for inner in getattr(pattern, "url_patterns", [pattern])]
            assert all(view.permission for view in views)


@pytest.mark.django_db
@pytest.mark.parametrize(("method", "path", "operation"), EVERY_OPERATION)
def test_no_operation_opens_without_a_token(client, ada, method, path, operation):
    client.force_login(ada)  # a session is no key here
    told = client.generic(method, path, "{}", content_type="application/json")
    problem_of(told, 401, "not-signed-in")
    assert told["WWW-Authenticate"] == 'Bearer realm="Regulars"'


@pytest.mark.parametrize(("method", "path", "operation"), EVERY_OPERATION)
def test_no_operation_opens_without_its_scope(client, ada, api_of, method, path, operation):
    needed = operation.view_func.permission
    program = api_of(ada, *(set(PERMISSIONS) - {needed}))
    answer = client.generic(method, path, "{}", content_type="application/json", headers=program.headers)
    told = problem_of(answer, 403, "not-allowed")
    assert told["scope"] == needed
    assert f'scope="{needed}"' in answer["WWW-Authenticate"]
    assert "insufficient_scope" in answer["WWW-Authenticate"]


def test_charlie_may_not_even_with_a_token_from_better_days(charlie, client):
    charlie.role = "owner"
    charlie.save()
    from regulars.staff.actions import create_token

    _token, plain = create_token(user=charlie, name="old", scopes=PERMISSIONS)
    charlie.role = "nobody"
    charlie.save()
    for method, path, operation in EVERY_OPERATION:
        answer = client.generic(
            method, path, "{}", content_type="application/json", headers={"Authorization": f"Bearer {plain}"}
        )
        assert problem_of(answer, 403, "not-allowed")["scope"] == operation.view_func.permission
    assert not Customer.objects.exists()


@pytest.mark.parametrize(
    "header",
    ["", "Bearer", "Bearer ", "Bearer x", "Basic YTpi", "bearer rgl_aaaaaaaa_" + "a" * 40, "Bearer é", "x" * 5000],
)
def test_what_is_no_token_is_refused(db, client, header):
    answer = client.get("/api/v1/customers", headers={"Authorization": header} if header else {})
    problem_of(answer, 401, "not-signed-in")
    assert answer["WWW-Authenticate"].startswith("Bearer")


def test_what_a_program_does_is_its_owners_deed_through_the_api(ada, elodie):
    entry = Entry.objects.get(name="customer.created")
    assert (entry.actor, entry.source) == (ada, "api")


# ── how it refuses


@pytest.mark.parametrize(
    ("method", "path", "status", "slug"),
    [
        ("GET", "/api/v1/nothing", 404, "not-found"),
        ("GET", "/api/v2/customers", 404, "not-found"),
        ("GET", "/api/", 404, "not-found"),
        ("GET", "/api/v1/", 404, "not-found"),
        ("GET", "/api/v1/customers/", 404, "not-found"),
        ("PUT", "/api/v1/customers", 405, "method-not-allowed"),
        ("OPTIONS", "/api/v1/orders", 405, "method-not-allowed"),
        ("POST", "/api/v1/channels", 405, "method-not-allowed"),
    ],
)
def test_addresses_that_are_none_answer_with_a_problem(program, method, path, status, slug):
    answer = program.client.generic(method, path, headers=program.headers)
    problem_of(answer, status, slug)
    if status == 405:
        assert "GET" in answer["Allow"]


@pytest.mark.parametrize(
    "wrong",
    ["cus_", "cus_0000000000000", "ord_0000000000000", "x", "%00", "%FF", "..", "1", "cus_" + "z" * 13, "é" * 300],
)
def test_ids_of_nobody_are_not_found(program, wrong):
    for path in (f"/customers/{wrong}", f"/orders/{wrong}", f"/returns/{wrong}", f"/customers/{wrong}/addresses"):
        problem_of(program.get(path), 404, "not-found")
    problem_of(program.delete(f"/customers/{wrong}", If_Match="*"), 404, "not-found")


@pytest.mark.parametrize(
    ("body", "content_type", "status", "slug"),
    [
        (b"{", "application/json", 400, "malformed-json"),
        (b'{"name": NaN}', "application/json", 400, "malformed-json"),
        (b'{"name": "\xff"}', "application/json", 400, "malformed-json"),
        (b'{"name": "\\ud800"}', "application/json", 400, "malformed-json"),
        (b"[" * 100_000, "application/json", 400, "malformed-json"),
        (b'{"name": "\\u0000"}', "application/json", 422, "invalid"),
        (b'{"\\u0000": "x"}', "application/json", 422, "invalid"),
        (b"[]", "application/json", 422, "invalid"),
        (b'"x"', "application/json", 422, "invalid"),
        (b"null", "application/json", 422, "invalid"),
        (b"", "application/json", 422, "invalid"),
        (b'{"name": "x"}', "text/plain", 415, "not-json"),
        (b'{"name": "x"}', "", 415, "not-json"),
        (b'{"name": "x"}', "application/json; charset=latin-1", 415, "not-json"),
        (b"name=x", "application/x-www-form-urlencoded", 415, "not-json"),
        (b'{"name": "' + b"x" * 1024 * 1024 + b'"}', "application/json", 413, "too-large"),
    ],
)
def test_bodies_that_cannot_be_read_say_so(program, body, content_type, status, slug):
    answer = program.client.generic(
        "POST", "/api/v1/customers", body, content_type=content_type, headers=program.headers
    )
    problem_of(answer, status, slug)
    assert not Customer.objects.exists()


def test_a_body_without_a_length_is_refused(program):
    answer = program.client.post(
        "/api/v1/customers", headers=program.headers, CONTENT_LENGTH="", HTTP_TRANSFER_ENCODING="chunked"
    )
    problem_of(answer, 411, "length-required")


def test_each_wrong_field_has_its_reason(program):
    body = {
        "name": 7,
        "zip": "x",
        "kind": "robot",
        "is_guest": "yes",
        "customer_since": "12.03.2026",
        "email": "x" * 255,
    }
    told = problem_of(program.post("/customers", body), 422, "invalid")
    assert {(error["in"], error["field"]) for error in told["errors"]} == {("body", name) for name in body}
    assert all(error["detail"].endswith(".") for error in told["errors"])
    assert not Customer.objects.exists()


def test_what_the_rules_refuse_names_the_field_too(program, elodie):
    told = problem_of(program.post("/customers", ELODIE), 409, "email-taken")
    assert told["errors"] == [{"in": "body", "field": "email", "detail": told["detail"]}]
    told = problem_of(program.post("/customers", {"name": "x", "email": "no address"}), 422, "invalid")
    assert [error["field"] for error in told["errors"]] == ["email"]
    assert Customer.objects.count() == 1


def test_a_parameter_that_nobody_reads_is_refused(program, elodie):
    told = problem_of(program.get(f"/customers/{elodie['id']}", {"fields": "name"}), 422, "invalid")
    assert told["errors"] == [{"in": "query", "field": "fields", "detail": "There is no such parameter."}]


def test_a_fault_of_ours_tells_no_secrets(program, elodie, monkeypatch, caplog):
    def explode(*args, **kwargs):
        raise RuntimeError("the secret plan")

    monkeypatch.setattr("regulars.customers.actions.change_customer", explode)
    path = f"/customers/{elodie['id']}"
    answer = program.patch(path, {"phone": "+441174960123"}, If_Match="*", Idempotency_Key="k")
    told = problem_of(answer, 500, "failed")
    assert "secret" not in json.dumps(told)
    assert "Traceback" not in json.dumps(told)
    assert "the secret plan" in caplog.text
    assert not IdempotentCall.objects.exists()


def test_refusals_speak_the_callers_language(program):
    answer = program.client.get("/api/v1/nothing", headers={"Accept-Language": "zh-hans"})
    assert answer["Content-Type"] == "application/problem+json"
    assert answer["Content-Language"] == "zh-hans"


def test_every_refusal_of_the_house_is_explained(client, db):
    def all_of(kind):
        for child in kind.__subclasses__():
            yield child
            yield from all_of(child)

    told = {problems.kind_of(kind.slug) or problems.kind_for(kind.status) for kind in all_of(Refusal)}
    for slug in {kind.slug for kind in {*told, *problems.kinds()}}:
        answer = client.get(f"/problems/{slug}")
        assert answer.status_code == 200, slug
    assert client.get("/problems/nonsense").status_code == 404
    assert client.get("/problems").status_code == 200


# ── versions


def test_a_read_that_is_known_already_has_no_body(program, elodie):
    path = f"/customers/{elodie['id']}"
    first = program.get(path)
    again = program.get(path, If_None_Match=first["ETag"])
    assert (again.status_code, again.content, again["ETag"]) == (304, b"", first["ETag"])
    assert program.get(path, If_None_Match=f'"x", W/{first["ETag"]}').status_code == 304
    assert program.get(path, If_None_Match='"x"').status_code == 200
    changed = program.patch(path, {"company": "Moreau et filles"}, If_Match=first["ETag"])
    assert changed.status_code == 200
    now = program.get(path, If_None_Match=first["ETag"])
    assert (now.status_code, now["ETag"]) == (200, changed["ETag"])


def test_head_is_get_without_the_body(program, elodie):
    path = f"/api/v1/customers/{elodie['id']}"
    answer = program.client.head(path, headers=program.headers)
    assert (answer.status_code, answer.content) == (200, b"")
    assert answer["ETag"] == program.get(path)["ETag"]


def test_a_change_says_which_version_it_means(program, elodie):
    path = f"/customers/{elodie['id']}"
    current = program.get(path)["ETag"]
    for answer in (program.patch(path, {"company": "x"}), program.delete(path)):
        problem_of(answer, 428, "needs-if-match")
    assert Customer.objects.get().version == 1
    for wrong in ('"99-0"', f"W/{current}", "x", '""', ","):
        answer = program.patch(path, {"company": "x"}, If_Match=wrong)
        told = problem_of(answer, 412, "changed-meanwhile")
        assert answer["ETag"] == told["etag"] == current
        problem_of(program.delete(path, If_Match=wrong), 412, "changed-meanwhile")
    assert Customer.objects.get().company == ""
    assert program.patch(path, {"company": "x"}, If_Match=f'"other", {current}').status_code == 200
    assert program.patch(path, {"company": "y"}, If_Match="*").status_code == 200
    assert Customer.objects.get().company == "y"


def test_a_deletion_needs_the_version_it_means_and_has_no_body(program, elodie):
    path = f"/customers/{elodie['id']}"
    answer = program.delete(path, If_Match=program.get(path)["ETag"])
    assert (answer.status_code, answer.content) == (204, b"")
    problem_of(program.get(path), 404, "not-found")
    problem_of(program.delete(path, If_Match="*"), 404, "not-found")


def test_addresses_have_versions_of_their_own(program, elodie):
    many = f"/customers/{elodie['id']}/addresses"
    made = program.post(many, {"line1": "12 Harbour Road", "city": "Bristol", "country": "UK"})
    one = made["Location"]
    assert (made.status_code, made["ETag"], made.json()["country"]) == (201, program.get(one)["ETag"], "GB")
    problem_of(program.patch(one, {"city": "Bath"}), 428, "needs-if-match")
    problem_of(program.patch(one, {"city": "Bath"}, If_Match='"9"'), 412, "changed-meanwhile")
    changed = program.patch(one, {"city": "Bath"}, If_Match=made["ETag"])
    assert (changed.status_code, changed.json()["city"], changed.json()["line1"]) == (200, "Bath", "12 Harbour Road")
    assert program.get(f"/customers/{elodie['id']}").json()["city"] == "Bath"
    problem_of(program.delete(one, If_Match=made["ETag"]), 412, "changed-meanwhile")
    assert program.delete(one, If_Match=changed["ETag"]).status_code == 204
    assert not Address.objects.exists()


def test_an_address_is_found_at_its_own_customer_alone(program, elodie):
    other = program.post("/customers", {"name": "Somebody else"}).json()
    address = program.post(f"/customers/{elodie['id']}/addresses", {"city": "Bristol"}).json()
    path = f"/customers/{other['id']}/addresses/{address['id']}"
    problem_of(program.get(path), 404, "not-found")
    problem_of(program.patch(path, {"city": "Bath"}, If_Match="*"), 404, "not-found")
    problem_of(program.delete(path, If_Match="*"), 404, "not-found")
    assert Address.objects.get().city == "Bristol"


# ── once only


def test_a_repeated_call_brings_the_stored_answer_and_does_nothing(program):
    first = program.post("/customers", ELODIE, Idempotency_Key="one")
    again = program.post("/customers", dict(reversed(ELODIE.items())), Idempotency_Key="one")
    assert (again.status_code, again.content) == (201, first.content)
    for header in ("ETag", "Location", "Content-Type"):
        assert again[header] == first[header]
    assert again["Idempotent-Replayed"] == "true"
    assert "Idempotent-Replayed" not in first
    assert Customer.objects.count() == 1
    assert Entry.objects.filter(name="customer.created").count() == 1


def test_changes_and_deletions_are_repeated_safely_too(program, elodie):
    path = f"/customers/{elodie['id']}"
    etag = program.get(path)["ETag"]
    first = program.patch(path, {"company": "x"}, If_Match=etag, Idempotency_Key="change")
    again = program.patch(path, {"company": "x"}, If_Match=etag, Idempotency_Key="change")
    assert (again.status_code, again.content, again["ETag"]) == (200, first.content, first["ETag"])
    assert Customer.objects.get().version == 2
    for replayed in (None, "true"):
        answer = program.delete(path, If_Match=first["ETag"], Idempotency_Key="delete")
        assert (answer.status_code, answer.content, answer.get("Idempotent-Replayed")) == (204, b"", replayed)


def test_a_key_names_one_request(program):
    program.post("/customers", ELODIE, Idempotency_Key="one")
    told = problem_of(program.post("/customers", {"name": "Other"}, Idempotency_Key="one"), 422, "key-used-twice")
    assert told["errors"][0]["field"] == "Idempotency-Key"
    assert Customer.objects.count() == 1


def test_a_key_belongs_to_its_token(ada, api_of):
    one, other = api_of(ada), api_of(ada)
    assert one.post("/customers", {"name": "A"}, Idempotency_Key="k").status_code == 201
    answer = other.post("/customers", {"name": "A"}, Idempotency_Key="k")
    assert (answer.status_code, "Idempotent-Replayed" in answer) == (201, False)
    assert Customer.objects.count() == 2


def test_what_was_refused_may_be_tried_again_with_the_same_key(program, elodie):
    problem_of(program.post("/customers", ELODIE, Idempotency_Key="k"), 409, "email-taken")
    assert not IdempotentCall.objects.filter(key="k").exists()
    program.delete(f"/customers/{elodie['id']}", If_Match="*")
    assert program.post("/customers", ELODIE, Idempotency_Key="k").status_code == 201


@pytest.mark.parametrize("key", ["", " ", "x" * 256, "é", "a\tb"])
def test_keys_that_are_none_are_refused(program, key):
    told = problem_of(program.post("/customers", ELODIE, Idempotency_Key=key), 422, "invalid")
    assert told["errors"][0]["field"] == "Idempotency-Key"
    assert not Customer.objects.exists()


def test_a_key_of_255_characters_is_kept(program):
    assert program.post("/customers", ELODIE, Idempotency_Key="x" * 255).status_code == 201
    assert len(IdempotentCall.objects.get().key) == 255


def test_a_lost_permission_closes_stored_answers_too(ada, api_of):
    program = api_of(ada)
    program.post("/customers", ELODIE, Idempotency_Key="one")
    ApiToken.objects.update(scopes=["customers.view"])
    problem_of(program.post("/customers", ELODIE, Idempotency_Key="one"), 403, "not-allowed")


def test_stored_answers_go_with_the_person_but_nothing_is_made_twice(program):
    made = program.post("/customers", ELODIE, Idempotency_Key="one").json()
    program.delete(f"/customers/{made['id']}", If_Match="*")
    erase_customer(Customer.everyone.get())
    assert "Moreau" not in "".join(IdempotentCall.objects.values_list("body", flat=True))
    problem_of(program.post("/customers", ELODIE, Idempotency_Key="one"), 410, "gone")
    assert not Customer.objects.exists()


def test_keys_are_kept_for_a_week(program):
    with time_machine.travel("2026-03-01T12:00:00Z", tick=False):
        program.post("/customers", {"name": "A"}, Idempotency_Key="old")
    with time_machine.travel("2026-03-02T12:00:00Z", tick=False):
        program.post("/customers", {"name": "B"}, Idempotency_Key="young")
    with time_machine.travel("2026-03-08T12:00:01Z", tick=False):
        idempotency.prune()
    assert [call.key for call in IdempotentCall.objects.all()] == ["young"]


# ── its description


def test_the_description_is_public_and_says_what_it_must(client, db):
    answer = client.get("/api/v1/openapi.json")
    document = answer.json()
    assert (answer.status_code, document["openapi"]) == (200, "3.1.0")
    assert document["components"]["securitySchemes"]["token"]["scheme"] == "bearer"
    seen = set()
    for address, operations in document["paths"].items():
        for method, operation in operations.items():
            seen.add(operation["operationId"])
            assert operation["description"], address
            assert operation["security"] == [{"token": [permissions()[operation["operationId"]]]}]
            assert {"401", "403", "422", "500"} <= set(operation["responses"])
            if method in {"patch", "delete"}:
                assert {"404", "412", "428"} <= set(operation["responses"])
            for status, response in operation["responses"].items():
                expected = {"application/problem+json"} if status >= "4" else {"application/json"}
                assert set(response.get("content", expected)) == expected
    assert seen == set(permissions())


def test_the_description_is_the_one_that_was_reviewed():
    assert SNAPSHOT.read_text(encoding="utf-8") == written(schema()), "run `make openapi`, and look at what it changed"


def test_what_goes_out_leaves_nothing_out():
    for name, shape in schema()["components"]["schemas"].items():
        if name.endswith("Out"):
            assert set(shape["required"]) == set(shape["properties"]), name
            assert not any("default" in details for details in shape["properties"].values()), name


def test_what_comes_in_takes_no_unknown_fields():
    for name, shape in schema()["components"]["schemas"].items():
        if name.endswith(("In", "Patch")):
            assert shape["additionalProperties"] is False, name
