"""However deliveries arrive (twice, late, in any order, cut short, again after days), the shop ends in one state."""

import datetime as dt
import hashlib
import json
import os
import random
import signal
import subprocess
import sys
import time
from decimal import Decimal

import pytest
from django.db import transaction

from regulars.channels import applying, flood, receiving, secrets
from regulars.channels.actions import channel_for, connect, replay
from regulars.channels.connectors import signatures
from regulars.channels.connectors.push import push
from regulars.channels.models import Delivery, Fate, Mirror
from regulars.customers.models import Customer
from regulars.orders.models import Order, OrderLine, Product, Return, ReturnLine, Variant

BEGIN = dt.datetime(2026, 1, 5, 8, tzinfo=dt.UTC)
KINDS = {Customer: "customer", Order: "order", Return: "return", Product: "product"}
PARTS = {OrderLine: "order", ReturnLine: "parent", Variant: "product"}
NOT_SAID = {"id", "created_at", "updated_at", "version", "search_text", "confirmed_at"}


class World:
    """Some people and what they buy, told in states: each object changes a few times, and some are deleted."""

    def __init__(self, events, seed):
        self.chance, self.now, self.events = random.Random(seed), BEGIN, []
        number = 0
        while len(self.events) < events:
            number += 1
            self.story(number)
        del self.events[events:]

    def tell(self, kind, key, **more):
        self.now += dt.timedelta(seconds=self.chance.randrange(1, 90))
        stamp = self.now.isoformat().replace("+00:00", "Z")
        self.events.append({"type": kind, "id": str(key), "updated_at": stamp, **more})

    def story(self, number):
        """A customer, a product, some orders, and what came back: about a dozen states."""
        roll = self.chance.random
        who = {"email": f"p{number}@example.com", "name": f"Person {number}"}
        for turn in range(1 + int(roll() * 3)):
            self.tell("customer", number, **who | {"name": f"Person {number} {'ABC'[turn]}"})
        if number % 5 == 1:
            for turn in range(1 + int(roll() * 2)):
                variants = [{"id": f"v{number}", "sku": f"SKU-{number}", "price": f"{10 + turn}.00"}]
                self.tell("product", number, title=f"Tea {number} {turn}", currency="EUR", variants=variants)
            if roll() < 0.1:
                self.tell("deleted", number, of="product")
        for place in range(1 + int(roll() * 3)):
            sale = number * 10 + place
            price = f"{self.chance.randrange(100, 9_999) / 100:.2f}"
            lines = [{"id": "1", "sku": f"SKU-{number - number % 5 + 1}", "title": "Tea", "unit_price": price}]
            said = {"number": f"A{sale}", "currency": "EUR", "placed_at": "2026-01-05T08:00:00Z", "shipping": "4.90"}
            for turn in range(1 + int(roll() * 3)):
                lines[0]["quantity"] = turn + 1
                self.tell(
                    "order", sale, **said, lines=[dict(line) for line in lines], customer={"id": str(number), **who}
                )
            if roll() < 0.3:
                back = {"order_id": str(sale), "at": "2026-02-01T08:00:00Z", "refund": "1.00", "currency": "EUR"}
                for state in ("requested", "refunded")[int(roll() * 2) :]:
                    self.tell("return", sale, **back, number=f"R{sale}", state=state)
            if roll() < 0.1:
                self.tell("order", sale, **said, lines=lines, status="cancelled", customer={"id": str(number), **who})


def state_of_the_shop():
    """Everything that was made of deliveries, by the channel's own names for it: a digest, and its lines.

    Of what was deleted there the stone counts alone: a product that we saw before is switched off here, of one that we
    never saw the lines alone tell; neither is among what the shop says it sells.
    """
    stones = Mirror.objects.filter(is_gone=True, kind="product")
    gone_skus = {f"SKU-{number}" for number in stones.values_list("external_id", flat=True)}
    gone = {pk for pk in stones.values_list("local_id", flat=True) if pk}
    assert not Product.objects.filter(pk__in=gone, is_active=True).exists()
    gone |= set(Variant.objects.filter(sku__in=gone_skus).values_list("product_id", flat=True))
    names = {
        (kind, local_id): external_id
        for kind, local_id, external_id in Mirror.objects.exclude(local_id=None).values_list(
            "kind", "local_id", "external_id"
        )
    }
    lines = []
    for model in (*KINDS, *PARTS):
        manager = Customer.everyone if model is Customer else model._default_manager
        for row in manager.all():
            if (model is Product and row.pk in gone) or (model is Variant and row.product_id in gone):
                continue
            said = []
            for column in model._meta.concrete_fields:
                if column.name in NOT_SAID:
                    continue
                value = getattr(row, column.attname)
                kind = KINDS.get(column.related_model)
                if kind and value is not None:
                    value = (kind, names.get((kind, value)))
                elif column.related_model is Variant and row.sku in gone_skus:
                    value = None
                elif column.is_relation and value is not None:
                    value = "somewhere" if column.related_model in {OrderLine, Variant} else "there"
                said.append((column.name, value))
            own = names.get((KINDS.get(model), row.pk))
            lines.append(f"{model.__name__} {own} {said}")
    lines += [
        f"Mirror {mirror.kind} {mirror.external_id} {mirror.version} {bytes(mirror.digest)} {mirror.is_gone}"
        for mirror in Mirror.objects.all()
    ]
    lines.sort()
    return hashlib.sha256("\n".join(lines).encode()).hexdigest(), lines


def joined():
    return connect(channel=channel_for("till", name="Till", kind="store"), provider="push", name="Till")


def clean(world):
    """Each state once, in the order in which it happened."""
    from regulars.channels.applying.engine import link_of

    connection_ = joined()
    link = link_of(connection_)
    for start in range(0, len(world.events), 200):
        body = json.dumps(world.events[start : start + 200]).encode()
        outcomes = applying.apply_records(connection_.channel, push.records("records", body, link))
        assert {one.fate for one in outcomes} <= {Fate.APPLIED, Fate.OLD}
    return state_of_the_shop()


def disorder(world, chance):
    """The same states as they really arrive: (event, content) near their place or far from it, some twice."""
    arriving = []
    for number, content in enumerate(world.events):
        far = chance.random() < 0.1
        arriving.append(
            (number + (chance.random() * len(world.events) if far else chance.random() * 60), number, content)
        )
        if chance.random() < 0.15:  # the platform never got our answer
            arriving.append((number + chance.random() * 400, number, content))
    arriving.sort(key=lambda one: one[0])
    again = 10_000_000
    for _place, number, content in arriving:
        yield f"evt_{number}", content
        if chance.random() < 0.05:  # the same state under another number: another topic told of it
            again += 1
            yield f"evt_{again}", content


def wild(world, seed, client, *, beside=lambda _count: None):
    """Through the door, in disorder, some cut short and sent again; applied in between, some replayed."""
    chance = random.Random(seed)
    connection_ = joined()
    key = secrets.opened(connection_)[secrets.KEY]
    path = f"/hooks/{connection_.public_id}"
    refused = 0

    def post(event, body, sent):
        headers = signatures.headers(key, event, int(time.time()), body)
        return client.post(path, sent, content_type="application/json", headers=headers).status_code

    for count, (event, content) in enumerate(disorder(world, chance)):
        body = json.dumps(content).encode()
        if chance.random() < 0.03:
            assert post(event, body, body[: chance.randrange(1, len(body))]) == 401
            refused += 1
            flood.forget()
        assert post(event, body, body) == 202
        beside(count)
    return refused


def drained_in_between(chance):
    """Takes in what is there every now and then, and replays some of what was taken in."""

    def beside(count):
        if chance.random() < 0.02:
            applying.drain()
        if count % 500 == 499:
            some = list(Delivery.objects.order_by("?").values_list("pk", flat=True)[:40])
            replay(deliveries=Delivery.objects.filter(pk__in=some))

    return beside


@pytest.fixture(autouse=True)
def _forget_doors():
    receiving._known.clear()
    flood.forget()


@pytest.mark.parametrize("seed", [11])
def test_two_thousand_events_in_disorder_end_in_the_clean_state(db, client, seed):
    _prove(World(2_000, seed), seed, client)


@pytest.mark.slow
def test_a_hundred_thousand_events_in_disorder_end_in_the_clean_state(db, client):
    _prove(World(100_000, 5), 5, client)


def _prove(world, seed, client):
    with transaction.atomic():
        wanted, wanted_lines = clean(world)
        transaction.set_rollback(True)
    receiving._known.clear()
    refused = wild(world, seed, client, beside=drained_in_between(random.Random(seed + 1)))
    applying.drain()
    found, lines = state_of_the_shop()
    assert refused > 0
    assert set(Delivery.objects.values_list("fate", flat=True)) <= {Fate.APPLIED, Fate.OLD}
    assert sorted(set(lines) ^ set(wanted_lines))[:6] == []
    assert found == wanted
    assert sum((one.total_minor for one in Order.objects.all()), Decimal(0)) > 0


@pytest.mark.parametrize(
    ("events", "kills"), [(400, 3), pytest.param(20_000, 40, marks=pytest.mark.slow)], ids=["few", "many"]
)
def test_a_worker_that_is_killed_loses_and_doubles_nothing(transactional_db, client, database_url, events, kills):
    world = World(events, 3)
    # the clean state has to be seen by nobody else, and least of all by the worker
    with transaction.atomic():
        wanted, wanted_lines = clean(world)
        transaction.set_rollback(True)
    receiving._known.clear()
    wild(world, 3, client)
    environment = {**os.environ, "DATABASE_URL": database_url}
    command = [sys.executable, "-m", "regulars.config.cli", "worker"]
    chance = random.Random(3)
    waiting = Delivery.objects.filter(fate=Fate.WAITING)
    ended = 0
    while ended < kills and waiting.exists():
        process = subprocess.Popen(command, env=environment, stderr=subprocess.DEVNULL)
        before, ends_at = waiting.count(), time.monotonic() + 60
        # it has to be in the middle of it
        while time.monotonic() < ends_at and waiting.count() == before:
            time.sleep(0.02)
        time.sleep(chance.random() * 0.1)
        process.send_signal(signal.SIGKILL)
        process.wait()
        ended += 1
    assert ended
    subprocess.run([*command, "--once"], env=environment, check=True, stderr=subprocess.DEVNULL)
    assert not waiting.exists()
    found, lines = state_of_the_shop()
    assert sorted(set(lines) ^ set(wanted_lines))[:6] == []
    assert found == wanted
