"""The engine: the newest state of each object stands, whatever order it arrived in, and a bad delivery stops nobody."""

import datetime as dt
from decimal import Decimal

import pytest
from django.db import OperationalError

from regulars.channels import applying, intake, records
from regulars.channels.applying import engine
from regulars.channels.intake import Taken
from regulars.channels.models import Delivery, DeliveryPerson, Fate, Mirror

BEGIN = dt.datetime(2026, 3, 1, tzinfo=dt.UTC)


class Rows:
    """Takers that keep rows in a dictionary, and say what they were handed."""

    def __init__(self):
        self.rows, self.batches, self.calls = {}, [], []
        self.breaks = lambda _record: None

    def take(self, _channel, some):
        self.batches.append([record.external_id for record in some])
        answers = []
        for record in some:
            if error := self.breaks(record):
                raise error
            if record.kind == "return" and ("order", record.order_id) not in self.rows:
                answers.append(Taken(waits_for=("order", record.order_id)))
                continue
            if "impossible" in getattr(record, "note", ""):
                answers.append(Taken(problem="This cannot be."))
                continue
            self.rows[record.kind, record.external_id] = record
            number = int(record.external_id)
            who = {"customer": number, "order": 1_000 + number}.get(record.kind)
            answers.append(Taken(local_id=number, customer_id=who))
        return answers

    def remover(self, kind):
        def remove(_channel, ids):
            for number in ids:
                del self.rows[kind, str(number)]

        return remove


@pytest.fixture
def house(monkeypatch):
    """A house that takes customers, orders and returns in, into a dictionary."""
    made = Rows()
    monkeypatch.setattr(intake, "_intakes", {})
    intake.applies(records.CustomerRecord, take=made.take, remove=made.remover("customer"))
    intake.applies(records.OrderRecord, take=made.take, remove=made.remover("order"), after=[records.CustomerRecord])
    intake.applies(records.ReturnRecord, take=made.take, remove=made.remover("return"), after=[records.OrderRecord])
    return made


def at(minute):
    return (BEGIN + dt.timedelta(minutes=minute)).isoformat().replace("+00:00", "Z")


def customer(number, minute=0, **more):
    return {"type": "customer", "id": str(number), "updated_at": at(minute), **more}


def order(number, minute=0, **more):
    sale = {"type": "order", "id": str(number), "updated_at": at(minute), "number": f"A{number}", "currency": "EUR"}
    return sale | {"placed_at": at(0)} | more


def returned(number, of, minute=0):
    back = {"type": "return", "id": str(number), "updated_at": at(minute), "order_id": str(of), "at": at(minute)}
    return back | {"refund": "5.00"}


def gone(kind, number, minute):
    return {"type": "deleted", "of": kind, "id": str(number), "updated_at": at(minute)}


def fates():
    return list(Delivery.objects.order_by("pk").values_list("fate", flat=True))


def test_what_waits_is_taken_in_together(till, house):
    for number in (1, 2, 3):
        till.send(order(number))
    assert applying.drain() == 3
    assert house.batches == [["1", "2", "3"]]
    assert fates() == ["applied"] * 3
    kept = Delivery.objects.first()
    assert (kept.kind, kept.external_id, kept.version, kept.customer_id) == ("order", "1", BEGIN, 1_001)
    assert kept.applied_at is not None
    mirror = Mirror.objects.get(kind="order", external_id="1")
    assert (mirror.channel_id, mirror.local_id, mirror.version) == (till.connection.channel_id, 1, BEGIN)


def test_the_newest_of_several_states_is_taken_in_once(till, house):
    for minute in (2, 5, 1):
        till.send(customer(1, minute, name=f"at {minute}"))
    applying.drain()
    assert house.batches == [["1"]]
    assert house.rows["customer", "1"].name == "at 5"
    assert fates() == ["old", "applied", "old"]


def test_a_late_state_changes_nothing_and_is_not_kept(till, house):
    till.send(customer(1, 5, name="new"))
    applying.drain()
    till.send(customer(1, 2, name="late"))
    applying.drain()
    assert house.rows["customer", "1"].name == "new"
    assert fates() == ["applied", "old"]
    assert [bytes(row.body) == b"" for row in Delivery.objects.order_by("pk")] == [False, True]


def test_of_two_states_of_one_moment_the_same_one_stands_in_either_order(till, house):
    names = []
    for first, second in (("a", "b"), ("b", "a")):
        Mirror.objects.all().delete()
        for name in (first, second):
            till.send(customer(1, 5, name=name))
            applying.drain()
        names.append(house.rows["customer", "1"].name)
    assert names[0] == names[1]


def test_the_same_state_again_is_not_taken_in_again(till, house):
    till.send(customer(1, 5))
    till.send(customer(1, 5))
    applying.drain()
    till.send(customer(1, 5))
    applying.drain()
    assert house.batches == [["1"]]


def test_a_return_is_held_until_its_order_comes(till, house):
    till.send(returned(7, of=1))
    applying.drain()
    held = Delivery.objects.get()
    assert (held.fate, held.kind, held.external_id) == ("held", "order", "1")
    assert "1" in held.error
    assert applying.drain() == 0
    till.send(order(2))
    applying.drain()
    assert fates() == ["held", "applied"]
    till.send(order(1))
    assert applying.drain() == 2
    assert fates() == ["applied"] * 3
    assert ("return", "7") in house.rows
    held.refresh_from_db()
    assert (held.kind, held.external_id, held.error) == ("return", "7", "")


def test_a_return_that_arrives_before_its_order_in_one_batch_waits_for_nothing(till, house):
    till.send(returned(7, of=1))
    till.send(order(1))
    assert applying.drain() == 2
    assert fates() == ["applied", "applied"]


def test_what_was_deleted_does_not_come_back_with_a_late_delivery(till, house):
    till.send(customer(1, 1))
    applying.drain()
    till.send(gone("customer", 1, 5))
    applying.drain()
    assert house.rows == {}
    till.send(customer(1, 4))
    applying.drain()
    assert house.rows == {}
    till.send(customer(1, 6))
    applying.drain()
    assert ("customer", "1") in house.rows
    assert Mirror.objects.get().is_gone is False


def test_what_was_deleted_before_we_ever_saw_it_stays_away(till, house):
    till.send(gone("customer", 1, 5))
    till.send(customer(1, 4))
    applying.drain()
    assert house.rows == {}
    assert Mirror.objects.get().is_gone is True


def test_a_newest_state_that_cannot_be_leaves_the_one_before_it(till, house):
    till.send(customer(1, 3, name="good"))
    till.send(customer(1, 5, note="impossible"))
    applying.drain()
    assert house.rows["customer", "1"].name == "good"
    assert fates() == ["applied", "failed"]
    assert Delivery.objects.get(fate="failed").error == "This cannot be."


def test_a_delivery_that_breaks_a_taker_fails_alone(till, house):
    for number in range(1, 41):
        till.send(order(number))
    house.breaks = lambda record: ValueError("secret words") if record.external_id == "23" else None
    applying.drain()
    assert fates().count("applied") == 39
    failed = Delivery.objects.get(fate="failed")
    assert "ValueError" in failed.error
    assert "secret" not in failed.error
    assert len(house.rows) == 39
    assert applying.drain() == 0


def test_two_that_break_fail_and_no_other(till, house):
    for number in range(1, 31):
        till.send(order(number))
    house.breaks = lambda record: KeyError("x") if record.external_id in {"3", "30"} else None
    applying.drain()
    assert fates().count("failed") == 2
    assert fates().count("applied") == 28


def test_a_body_that_says_nothing_we_know_fails_with_the_place(till, house):
    till.send(b"not json")
    till.send({"type": "order", "id": "1"})
    till.send(order(1))
    applying.drain()
    assert fates() == ["failed", "failed", "applied"]
    sentences = list(Delivery.objects.filter(fate="failed").order_by("pk").values_list("error", flat=True))
    assert "JSON" in sentences[0]
    assert "updated_at" in sentences[1]


def test_a_kind_that_nobody_takes_in_is_not_for_us(till, house):
    till.send({"type": "product", "id": "1", "updated_at": at(0), "title": "Cup"})
    applying.drain()
    assert fates() == ["ignored"]


def test_a_list_is_one_delivery_and_remembers_everybody_it_tells_of(till, house):
    till.send([customer(1), customer(2), order(3)])
    applying.drain()
    kept = Delivery.objects.get()
    assert (kept.fate, kept.customer_id) == ("applied", 1)
    assert set(DeliveryPerson.objects.values_list("customer_id", flat=True)) == {2, 1_003}


def test_a_replay_takes_the_same_state_in_again(till, house):
    from regulars.channels.actions import replay

    till.send(order(1, total="1.00"))
    applying.drain()
    house.rows.clear()
    assert replay(deliveries=Delivery.objects.all()) == 1
    applying.drain()
    assert ("order", "1") in house.rows
    assert fates() == ["applied"]


def test_a_replay_after_a_fix_takes_in_what_failed(till, house):
    from regulars.channels.actions import replay

    till.send(order(1))
    house.breaks = lambda _record: ValueError()
    applying.drain()
    assert fates() == ["failed"]
    house.breaks = lambda _record: None
    replay(deliveries=Delivery.objects.filter(fate=Fate.FAILED))
    applying.drain()
    assert (fates(), Delivery.objects.get().error) == (["applied"], "")


def test_passing_trouble_is_waited_for(till, house):
    till.send(order(1))
    troubles = iter([OperationalError("deadlock detected")] * 2)
    house.breaks = lambda _record: next(troubles, None)
    one = applying.Engine()
    for _ in range(2):
        with pytest.raises(OperationalError):
            one.once()
        assert one.wait_of() > 0
    assert one.once() == 1
    assert one.wait_of() == 0
    assert fates() == ["applied"]


def test_one_that_always_brings_trouble_ends_and_stops_nobody(till, house, monkeypatch):
    for number in (1, 2, 3):
        till.send(order(number))
    house.breaks = lambda record: OperationalError("too large") if record.external_id == "2" else None
    one = applying.Engine()
    for _ in range(60):
        one._not_before.clear()
        try:
            if not one.once():
                break
        except OperationalError:
            continue
    assert sorted(fates()) == ["applied", "applied", "failed"]
    assert Delivery.objects.get(fate="failed").attempts == engine._MOST_ATTEMPTS


def test_returns_inside_an_order_are_the_same_as_those_by_themselves(till, house):
    back = records.ReturnRecord(external_id="7", version=BEGIN, order_id="1", at=BEGIN, refund=Decimal(5))
    sale = records.OrderRecord(
        external_id="1", version=BEGIN, number="A1", placed_at=BEGIN, currency="EUR", returns=(back,)
    )
    applying.apply_records(till.connection.channel, [sale])
    applying.apply_records(till.connection.channel, [back])
    assert ("return", "7") in house.rows
    assert Mirror.objects.filter(kind="return").count() == 1


def test_fetched_records_go_the_same_way_and_answer_for_each(till, house):
    who = [records.CustomerRecord(external_id=str(n), version=BEGIN) for n in range(1, 251)]
    house.breaks = lambda record: ValueError() if record.external_id == "77" else None
    outcomes = applying.apply_records(till.connection.channel, who)
    assert [one.fate for one in outcomes].count(Fate.APPLIED) == 249
    assert outcomes[76].fate is Fate.FAILED
    assert outcomes[0].local_id == 1
    assert Delivery.objects.count() == 0


def test_bodies_that_are_gone_fail_with_a_sentence(till, house):
    till.send(order(1))
    Delivery.objects.update(event="msg_other")
    applying.drain()
    assert fates() == ["failed"]
    assert "cannot be opened" in Delivery.objects.get().error
