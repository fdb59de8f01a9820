"""The API keeps its word: what its description allows or forbids is sent, by every role, and every answer is checked.

Schemathesis makes the calls from the description and holds each answer against it: no failure of ours, no status, type,
header or shape that is not described, nothing accepted that is forbidden, no door open without a token.
"""

from collections import Counter

import pytest
import schemathesis
from django.core import signals
from django.core.wsgi import get_wsgi_application
from django.db import close_old_connections, connection, transaction
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode
from schemathesis.checks import load_all_checks
from schemathesis.config import SchemathesisConfig
from schemathesis.core.failures import FailureGroup

from regulars.config import api
from regulars.config.api_schema import schema
from regulars.core.api import budget
from regulars.orders.models import Order, Payment, Product
from regulars.staff.models import User

load_all_checks()
# Rules that no JSON Schema can say (a day that exists, a name that is taken, a version that is current) are refused
# with these; that such a refusal names its field is checked below.
RULES = [422, 400, 409, 412, 428]
CONFIG = SchemathesisConfig.from_dict(
    {"checks": {"positive_data_acceptance": {"expected-statuses": ["2xx", 304, 401, 403, 404, 410, *RULES]}}}
)
# calls that fit the description, and calls that break it, for each operation
EFFORT = {
    "owner": (6, 6),
    "manager": (2, 2),
    "agent": (2, 2),
    "marketer": (2, 1),
    "analyst": (2, 1),
    "read_only": (2, 1),
    "nobody": (1, 1),
}
LONG = 12  # times that effort at night


BY_DAY = {
    "sqlite": {"owner", "read_only", "nobody"},
    "postgresql": {"manager", "agent", "marketer", "analyst"},
}


@pytest.fixture
def known(ada, api_of):
    """One of everything that an address can name, as {"customer_id": "cus_…"}."""
    from regulars.channels.actions import channel_for
    from regulars.channels.models import Endpoint, Posting
    from regulars.channels.outgoing.messages import id_of
    from regulars.inbox.contact.setting_up import set_up_usual
    from regulars.inbox.models import Arrival

    channel_for("web")
    program = api_of(ada)
    webhook = Endpoint.objects.create(name="Books", url="https://127.0.0.1/", owner=ada)
    Posting.objects.create(endpoint=webhook, entry_id=1, fact="customer.created")

    def made(path, body):
        answer = program.post(path, body)
        assert answer.status_code < 300, (path, answer.content)
        return answer.json()["id"]

    new = {"name": "Élodie Moreau", "address": {"city": "Bristol"}, "tags": ["regular"]}
    customer = made("/customers", new)
    twin = made("/customers", {"name": "Élodie Moreau", "email": "elodie@posteo.example"})
    assert (
        program.post(f"/customers/{customer}/contacts", {"kind": "email", "value": "e@posteo.example"}).status_code
        == 201
    )
    assert (
        program.post(f"/customers/{customer}/external_ids", {"channel": "web", "external_id": "17"}).status_code == 201
    )
    line = {"sku": "a", "quantity": 2, "unit_price": {"amount": "2.55", "currency": "EUR"}}
    order = made("/orders", {"number": "1", "channel": "web", "customer": customer, "lines": [line]})
    sold = Order.objects.get(pk=Order.pk_of(order))
    paid = Payment.objects.create(order=sold, amount_minor=510, currency="EUR", at=sold.placed_at, method="cash")
    left = made("/customers", {"name": "Elodie Moreau"})
    assert program.post(f"/customers/{twin}/merges", {"others": [left]}).status_code == 201
    return {
        "customer_id": customer,
        "address_id": program.get(f"/customers/{customer}/addresses").json()["items"][0]["id"],
        "value": "e@posteo.example",
        "channel": "web",
        "number": "17",
        "note_id": made(f"/customers/{customer}/notes", {"text": "Likes tea."}),
        "merge_id": program.get(f"/customers/{twin}/merges").json()["items"][0]["id"],
        "household_id": made("/households", {"members": [customer, twin]}),
        "order_id": order,
        "payment_id": paid.public_id,
        "product_id": Product.objects.create(channel=sold.channel, title="Sencha").public_id,
        "return_id": made(f"/orders/{order}/returns", {"number": "r1", "lines": [line]}),
        "category_id": made("/categories", {"name": "Cafés"}),
        "field_id": made("/customer_fields", {"label": "Roast", "type": "text"}),
        "tag_id": program.get("/tags").json()["items"][0]["id"],
        "request_id": made(f"/customers/{customer}/privacy-requests", {"kind": "copy"}),
        "change_id": made("/customers/bulk", {"action": "tag", "params": {"tags": ["vip"]}, "ids": [customer]}),
        "webhook_id": webhook.public_id,
        "message_id": id_of(webhook, 1),
        "segment_id": made("/segments", {"name": "Regulars"}),
        "conversation_id": made("/conversations", {"customer": customer, "text": "Do you have it in blue?"}),
        "article_id": made("/articles", {"texts": {"en": {"title": "Returning something", "body": "Within 30 days."}}}),
        "form_id": set_up_usual().public_id,
        "file_id": "fil_0000000000000",
        "mail_id": Arrival.objects.create(source="file", key="nowhere", size=1, sha256="0" * 64).public_id,
    }


@pytest.fixture
def description():
    """The API as it describes itself, called in this process and in the test's transaction."""
    for signal in (signals.request_started, signals.request_finished):
        signal.disconnect(close_old_connections)
    yield schemathesis.openapi.from_wsgi("/api/v1/openapi.json", get_wsgi_application(), config=CONFIG)
    for signal in (signals.request_started, signals.request_finished):
        signal.connect(close_old_connections)


def colleague(role):
    return User.objects.create(name=f"A {role}", email=f"{role}@fuzz.example", role=role, password="!")


def check(case, answer, program, *, may):
    """What is wrong with an answer; empty when nothing is."""
    try:
        case.validate_response(answer, headers=program.headers)
        assert may or answer.status_code >= 400, "somebody did what their role may not"
        if answer.status_code == 422:
            why = answer.json()["errors"]
            assert why, "nothing says which field was refused"
            # a parameter without a name is refused by that name
            assert all(one["detail"] and (one["field"] or one["in"] == "query") for one in why), (
                "a refusal without a reason"
            )
        kept = ["no-store"], ["private, no-store"]
        assert answer.headers["cache-control"] in kept, "somebody on the way may keep it"
    except (FailureGroup, AssertionError) as error:
        return f"{answer.status_code} {answer.text[:300]}\n{error}"
    return ""


def fuzz(operation, program, ids, *, mode, times, may):
    """Call one operation that often, and take back what each call did; the answers counted, and what was wrong."""
    seen, wrong = Counter(), {}
    needed = {name: value for name, value in ids.items() if f"{{{name}}}" in operation.path}
    known = {"generation_mode": mode, "headers": program.headers}
    cases = st.one_of(
        operation.as_strategy(path_parameters=needed, **known), *([operation.as_strategy(**known)] if needed else [])
    )

    @settings(
        max_examples=times,
        deadline=None,
        derandomize=True,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=cases)
    def call(case):
        budget.forget()  # how many calls a token may make in a minute has its own tests
        with transaction.atomic():
            answer = case.call(headers=program.headers)
            transaction.set_rollback(True)
        seen[answer.status_code] += 1
        if found := check(case, answer, program, may=may):
            wrong.setdefault(answer.status_code, f"{case.as_curl_command()}\n{found}")

    try:
        call()
    except Unsatisfiable:
        # an operation without a body or a parameter of its own has nothing that could be wrong
        assert mode is GenerationMode.NEGATIVE, operation.label
        assert "requestBody" not in operation.definition.raw, operation.label
    return seen, list(wrong.values())


def run(role, known, description, api_of, *, long=1):
    """Call every operation as somebody of that role, whose token has every scope."""
    user = colleague("owner")
    program = api_of(user, *sorted(set(api.permissions().values())))
    # the token has every scope, so that what is refused is refused for the role that its owner has by now
    User.objects.filter(pk=user.pk).update(role=role)
    user = User.objects.get(pk=user.pk)
    total, wrong = Counter(), []
    for found in description.get_all_operations():
        operation = found.ok()
        may = api.permissions()[operation.definition.raw["operationId"]] in user.permissions
        for mode, times in zip((GenerationMode.POSITIVE, GenerationMode.NEGATIVE), EFFORT[role], strict=True):
            seen, failed = fuzz(operation, program, known, mode=mode, times=times * long, may=may)
            total += seen
            wrong += failed
    assert wrong == [], "\n\n".join(wrong)
    return total


@pytest.mark.parametrize("role", EFFORT)
def test_no_role_gets_an_answer_that_is_not_described(role, known, description, api_of):
    if role not in BY_DAY[connection.vendor]:
        pytest.skip("what a role may do does not depend on the database: it is tried on the other one, and at night")
    total = run(role, known, description, api_of)
    print(role, dict(total))
    assert total.total() > 100
    assert not any(status >= 500 for status in total)
    if role == "owner":
        assert total[200] > 50
        assert {201, 404, 422} <= set(total)
    if role == "nobody":
        assert set(total) <= {400, 401, 403, 404, 405, 411, 413, 415}


def addresses(known, method):
    """The address of every operation of that method, with what is known in it."""
    for path, operations in schema()["paths"].items():
        if method in operations:
            yield path, path.format(**known), set(operations)


def test_what_was_deleted_is_gone(known, ada, api_of):
    program = api_of(ada)
    for path, address, methods in addresses(known, "delete"):
        with transaction.atomic():
            assert program.delete(address, If_Match="*").status_code == 204, path
            again = [program.delete(address, If_Match="*")]
            again += [program.get(address)] if "get" in methods else []
            assert {answer.status_code for answer in again} <= {404, 410}, (path, [one.content for one in again])
            transaction.set_rollback(True)


def test_methods_that_are_not_described_are_refused(known, ada, api_of, client):
    program = api_of(ada)
    for path, operations in schema()["paths"].items():
        for method in {"get", "post", "put", "patch", "delete", "trace"} - set(operations):
            answer = client.generic(method.upper(), path.format(**known), "{}", headers=program.headers)
            assert (path, method, answer.status_code) == (path, method, 405)
            assert set(answer["Allow"].lower().split(", ")) - {"head", "options"} == set(operations)


@pytest.mark.slow
@pytest.mark.parametrize("role", EFFORT)
def test_no_role_gets_an_answer_that_is_not_described_all_night(role, known, description, api_of):
    total = run(role, known, description, api_of, long=LONG)
    assert not any(status >= 500 for status in total)
