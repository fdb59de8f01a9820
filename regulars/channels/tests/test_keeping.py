"""Deliveries go with the person they tell of, and after some months by themselves."""

import datetime as dt
import json

import pytest
from click.testing import CliRunner
from django.utils import timezone

from regulars.channels import applying, intake, records
from regulars.channels.applying import keeping
from regulars.channels.commands import list_command, replay_command
from regulars.channels.models import Delivery, Mirror
from regulars.channels.tests.test_applying import customer, order
from regulars.customers import holders
from regulars.customers.actions import create_customer


@pytest.fixture
def people(monkeypatch):
    """A house in which the customers of the channel are those of the dictionary: by their number there."""
    known = {}

    def take(_channel, some):
        return [
            intake.Taken(local_id=known[one.external_id], customer_id=known[one.external_id])
            if one.external_id in known
            else intake.Taken(problem="Nobody.")
            for one in some
        ]

    monkeypatch.setattr(intake, "_intakes", {})
    intake.applies(records.CustomerRecord, take=take, remove=lambda _channel, _ids: None)
    return known


def test_a_forgotten_person_takes_their_deliveries_along(till, people):
    li = create_customer(values={"name": "Li Na", "email": "li@example.com"})
    sofie = create_customer(values={"name": "Sofie Dahl", "email": "sofie@example.com"})
    people |= {"1": li.pk, "2": sofie.pk}
    till.send(customer(1, email="li@example.com"))
    till.send(customer(2, email="sofie@example.com"))
    applying.drain()
    till.send([customer(2, 1, email="sofie@example.com"), customer(1, 1, email="li@example.com")])
    till.send(customer(9, email="Li@Example.com"))  # of whom nothing could be made
    applying.drain()
    till.send(customer(8, email="somebody@example.com"))
    keeping.forget(li.pk, ["li@example.com"])
    kept = Delivery.objects.order_by("pk")
    assert [(row.customer_id, row.fate) for row in kept] == [(sofie.pk, "applied"), (None, "waiting")]
    stone = Mirror.objects.get(external_id="1")
    assert (stone.is_gone, stone.local_id) == (True, None)
    till.send(customer(1, 2, email="li@example.com"))
    applying.drain()
    assert Mirror.objects.get(external_id="1").local_id is None


def test_a_person_is_told_what_came_of_them_and_of_nobody_else(till, people):
    li = create_customer(values={"name": "Li Na"})
    sofie = create_customer(values={"name": "Sofie Dahl"})
    people |= {"1": li.pk, "2": sofie.pk}
    till.send(customer(1, note="by itself"))
    applying.drain()
    till.send([customer(1, 1, note="with others"), customer(2, 1)])
    applying.drain()
    holder = next(one for one in holders.ALL if one.name == "deliveries")
    alone, among = holder.export(li)
    assert json.loads(alone["body"])["note"] == "by itself"
    assert (among["body"], among["kind"]) == ("", "customer")


def test_what_was_taken_in_goes_after_some_months_and_what_failed_stays(till, people, settings):
    people["1"] = create_customer(values={"name": "Li Na"}).pk
    till.send(customer(1))
    till.send(customer(9))
    applying.drain()
    till.send(order(1))
    Delivery.objects.update(received_at=timezone.now() - dt.timedelta(days=91))
    till.send(customer(1, 3))
    settings.DELIVERY_DAYS = 0
    keeping.forget_old_deliveries()
    assert Delivery.objects.count() == 4
    settings.DELIVERY_DAYS = 90
    keeping.forget_old_deliveries()
    assert sorted(Delivery.objects.values_list("fate", flat=True)) == ["failed", "waiting", "waiting"]


def test_the_command_line_lists_and_replays(till, people):
    till.send(customer(1), event="msg_one")
    applying.drain()
    listed = CliRunner().invoke(list_command, ["--fate", "failed", "--json"])
    assert json.loads(listed.output)["event"] == "msg_one"
    people["1"] = create_customer(values={"name": "Li Na"}).pk
    nothing = CliRunner().invoke(replay_command, [])
    assert nothing.exit_code == 2
    done = CliRunner().invoke(replay_command, ["--fate", "failed", "--connection", till.connection.public_id])
    assert done.output == "1 delivery is taken in again.\n"
    assert applying.drain() == 1
    assert Delivery.objects.get().fate == "applied"
