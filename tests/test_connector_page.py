"""docs/develop/connectors.md: its example connector works, and its tables have every field there is."""

import dataclasses
import datetime as dt
import hmac
import json
import re
import time
import types
from decimal import Decimal
from pathlib import Path

import pytest

from regulars.channels import records
from regulars.channels.applying import drain
from regulars.channels.connectors import protocol, registry
from regulars.core import outbound
from regulars.orders.models import Order

PAGE = (Path(__file__).parents[1] / "docs" / "develop" / "connectors.md").read_text(encoding="utf-8")
DELIVERY = re.search(r"```json\n(.*?)```", PAGE, re.DOTALL)[1]


@pytest.fixture
def kiosk(monkeypatch):
    """The page's connector, registered as the page says."""
    module = types.ModuleType("kiosk_of_the_page")
    code = re.search(r"```python\n(.*?)```", PAGE, re.DOTALL)[1]
    exec(compile(code, "docs/develop/connectors.md", "exec"), module.__dict__)  # noqa: S102 — our own page
    monkeypatch.setattr(registry, "_ALL", (*registry.connectors(), module.kiosk))
    return module.kiosk


@pytest.fixture
def joined(db, kiosk):
    from regulars.channels import flood, receiving
    from regulars.channels.actions import channel_for, connect

    # what the door remembers of another test's connection
    receiving._known.clear()
    flood.forget()
    channel = channel_for("kiosk", name="Kiosk", kind=kiosk.channel_kind)
    return connect(channel=channel, provider="kiosk", name="Kiosk", options={"address": "https://till.example.com"})


def post(client, connection, topic, body, *, event="evt-1", at=None, key=None):
    from regulars.channels import secrets

    stamp = str(int(at or time.time()))
    key = key or secrets.opened(connection)[secrets.KEY]
    signature = hmac.new(key.encode(), f"{event}.{topic}.{stamp}.".encode() + body, "sha256").hexdigest()
    headers = {
        "kiosk-event": event,
        "kiosk-topic": topic,
        "kiosk-time": stamp,
        "kiosk-signature": signature,
    }
    return client.post(f"/hooks/{connection.public_id}", body, content_type="application/json", headers=headers)


def test_the_example_takes_a_delivery_in(client, joined):
    assert post(client, joined, "sale.saved", DELIVERY.encode()).status_code == 202
    assert drain() == 1
    order = Order.objects.get()
    assert (order.number, order.currency, order.total_minor, order.channel.code) == ("K-81", "EUR", 11975, "kiosk")
    assert order.placed_at == dt.datetime(2026, 3, 12, 9, 40, tzinfo=dt.UTC)
    lines = list(order.lines.order_by("pk").values_list("sku", "title", "quantity", "total_minor"))
    assert lines == [("LAN-1", "Storm lantern", 2, 9980), ("TEA-1", "Tea caddy", 1, 1995)]
    assert (order.customer.email, order.customer.given_name) == ("li.na@example.com", "Na")


def test_an_older_state_and_a_copy_change_nothing_and_a_deletion_cancels(client, joined):
    old = json.dumps({**json.loads(DELIVERY), "changed_at": "2026-03-12T09:00:00+00:00", "items": []}).encode()
    for number, body in enumerate([DELIVERY.encode(), old, DELIVERY.encode()]):
        assert post(client, joined, "sale.saved", body, event=f"evt-{number}").status_code == 202
    drain()
    assert Order.objects.get().total_minor == 11975
    gone = b'{"id": 81, "deleted_at": "2026-03-13T08:00:00Z"}'
    assert post(client, joined, "sale.deleted", gone, event="evt-9").status_code == 202
    drain()
    assert Order.objects.get().status == "cancelled"


@pytest.mark.parametrize("how", [{"key": "another"}, {"at": time.time() - 400}])
def test_the_example_refuses_what_is_not_genuine(client, joined, how):
    assert post(client, joined, "sale.saved", DELIVERY.encode(), **how).status_code == 401
    assert drain() == 0
    assert not Order.objects.exists()


def test_the_example_pulls_and_compares(kiosk, monkeypatch):
    asked = []

    def send(url, **given):
        asked.append((url, given["headers"]["Authorization"]))
        if "/days?" in url:
            content = {"days": [{"day": "2026-03-12", "count": 1, "total": "119.75"}]}
        else:
            content = {"sales": [] if "2026" in url.partition("?")[2] else [json.loads(DELIVERY)]}
        return outbound.Reply(200, {}, json.dumps(content).encode())

    monkeypatch.setattr(outbound, "send", send)
    link = protocol.Link(options={"address": "till.example.com"}, secrets={"token": "t-1"}, zone=dt.UTC, currency="EUR")
    pages = list(kiosk.pull(link, {}))
    assert [record.total for page in pages for record in page.records] == [Decimal("119.75")]
    assert pages[-1].cursor == {"after": "2026-03-12T10:41:00+01:00"}
    assert list(kiosk.pull(link, pages[-1].cursor)) == []
    day = dt.date(2026, 3, 12)
    assert kiosk.days(link, day, day) == {day: protocol.Day(1, Decimal("119.75"))}
    assert asked[0] == ("https://till.example.com/sales?changed_after=&limit=100", "Bearer t-1")
    assert isinstance(kiosk, protocol.Pulls)


def all_records():
    return [
        one
        for one in vars(records).values()
        if isinstance(one, type) and dataclasses.is_dataclass(one) and one is not records.Record
    ]


@pytest.mark.parametrize("record", all_records(), ids=lambda one: one.__name__)
def test_every_field_of_a_record_stands_in_its_table_with_what_it_is_without(record):
    part = PAGE.split(f"### {record.__name__}\n", 1)[1].split("\n#", 1)[0]
    told = dict(re.findall(r"^\| `(\w+)` \| ([^|]+?) \|", part, re.MULTILINE))
    inherited = {"external_id", "version"} if issubclass(record, records.Record) else set()
    wanted = {}
    for field in dataclasses.fields(record):
        if field.name not in inherited:
            is_needed = field.default is dataclasses.MISSING
            wanted[field.name] = "needed" if is_needed else f"`{without(field.default)}`"
    assert told == wanted


def without(value):
    if isinstance(value, str):
        return f'"{value}"'
    return "0" if isinstance(value, Decimal) else str(value)


def test_every_part_of_a_connector_stands_in_the_page():
    table = PAGE.split("## The object\n", 1)[1].split("\n## ", 1)[0]
    told = set(re.findall(r"^\| `(\w+)", table, re.MULTILINE))
    parts = {
        name
        for one in (protocol.Connector, protocol.Pulls, protocol.Subscribes)
        for name in {*one.__annotations__, *vars(one)}
        if not name.startswith("_")
    }
    assert told == parts
