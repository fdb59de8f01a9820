"""Retention rules are off until somebody turns them on, say first who would go, and leave out who must stay."""

import datetime as dt
import os

import pytest
import time_machine

from regulars.channels.actions import channel_for
from regulars.core.errors import Invalid
from regulars.customers.actions import create_customer
from regulars.customers.actions.privacy import keep_sales_for, limit_person
from regulars.customers.actions.retention import keep_rules, set_rule
from regulars.customers.models import Customer, Erasure, RetentionRule, Tombstone
from regulars.customers.privacy import certifying, laws, retention
from regulars.orders.actions import place_order
from regulars.orders.keeping import drop_kept_sales
from regulars.orders.models import KeptSale, Order
from regulars.timeline import audit
from regulars.timeline.actions import seal_entries, take_in_reads
from regulars.timeline.models import Entry

OLD = dt.datetime(2016, 3, 12, 9, 42, tzinfo=dt.UTC)
NOW = dt.datetime(2026, 3, 12, 9, 42, tzinfo=dt.UTC)


def somebody(name, **values):
    return create_customer(values={"name": name, "email": f"{name.split()[0].lower()}@posteo.example", **values})


def buys(customer, number, at, status="paid"):
    place_order(
        values={"number": number, "placed_at": at, "status": status},
        lines=[{"sku": "TEA", "title": "Sencha", "quantity": 1, "unit_price": "10"}],
        customer=customer,
        channel=channel_for("web"),
    )


@pytest.fixture
def town(db):
    with time_machine.travel(OLD, tick=False):
        people = {name: somebody(name) for name in ("Quiet One", "Open One", "Held One", "Lead One")}
        for name in ("Quiet One", "Open One", "Held One"):
            buys(people[name], f"HH-{name[0]}", OLD)
        buys(people["Open One"], "HH-open", OLD, status="open")
        limit_person(people["Held One"], kind="legal_hold", reason="In court")
    people["New One"] = somebody("New One")
    buys(people["New One"], "HH-new", NOW)
    return people


def names():
    return set(Customer.objects.values_list("name", flat=True))


def test_nothing_happens_while_every_rule_is_off(town):
    assert [setting.is_on for setting in retention.set_now()] == [False] * len(retention.RULES)
    assert keep_rules() == 0
    assert names() == set(town)


def test_the_preview_says_who_would_go_and_changes_nothing(town):
    would = retention.would(retention.setting_of(retention.of("inactive")))
    assert (would.count, [one.name for one in would.first], would.excluded) == (1, ["Quiet One"], 2)
    assert names() == set(town)


def test_a_rule_that_is_on_lets_go_and_leaves_out_open_orders_and_legal_holds(town):
    set_rule(key="inactive", is_on=True, months=60)
    assert keep_rules() == 1
    assert names() == set(town) - {"Quiet One"}
    case = Erasure.objects.get()
    assert (case.cause, case.rule, case.people, case.state) == ("retention", "inactive", 1, "done")
    assert certifying.is_true(case)
    assert Tombstone.objects.get().customer_id == town["Quiet One"].pk
    assert Order.objects.get(number="HH-Q").customer is None
    assert Entry.objects.filter(name="privacy.retention_ran", data__count=1).count() == 1
    assert RetentionRule.objects.get().ran_count == 1
    assert keep_rules() == 0


def test_people_who_never_bought_go_by_a_rule_of_their_own(town):
    set_rule(key="leads", is_on=True, months=24)
    assert keep_rules() == 1
    assert names() == set(town) - {"Lead One"}


def test_a_rule_has_months_that_make_sense(town):
    with pytest.raises(Invalid, match="Between 6 and 240"):
        set_rule(key="inactive", is_on=True, months=1)
    with pytest.raises(Invalid, match="no rule"):
        set_rule(key="everybody", is_on=True, months=12)
    assert RetentionRule.objects.count() == 0


def test_old_files_go_and_new_ones_stay(db, settings, tmp_path):
    settings.REGULARS_HOME = tmp_path
    old, new = tmp_path / "imports" / "a" / "old.csv", tmp_path / "imports" / "b" / "new.csv"
    for path in (old, new):
        path.parent.mkdir(parents=True)
        path.write_text("name\n")

    os.utime(old, (OLD.timestamp(), OLD.timestamp()))
    set_rule(key="files", is_on=True, months=1)
    assert keep_rules() == 1
    assert (old.exists(), new.exists()) == (False, True)


def test_kept_sales_are_dropped_when_the_law_does_not_want_them_any_more(town):
    keep_sales_for(country="DE", years=8, source="our tax adviser")
    assert laws.period("DE") == laws.Period("DE", 8, "our tax adviser", is_own=True)
    set_rule(key="inactive", is_on=True, months=60)
    keep_rules()
    [kept] = KeptSale.objects.all()
    assert kept.until == dt.date(2024, 12, 31)
    with time_machine.travel(dt.datetime(2024, 12, 31, 12, tzinfo=dt.UTC)):
        assert drop_kept_sales() == 0
    with time_machine.travel(dt.datetime(2025, 1, 2, tzinfo=dt.UTC)):
        assert drop_kept_sales() == 1
    assert not Order.objects.filter(number="HH-Q").exists()
    assert Order.objects.filter(number="HH-new").exists()


def test_who_looked_at_whom_is_forgotten_after_a_while_and_the_seals_hold(town, client_of, ada):
    with time_machine.travel(OLD, tick=False):
        client_of(ada).get("/customers?q=Quiet")
        client_of(ada).get(f"/customers/{town['Quiet One'].public_id}")
        take_in_reads()
    seal_entries()
    reads = Entry.objects.filter(name__in=["customer.opened", "customers.searched"])
    assert reads.count() == 2
    set_rule(key="reads", is_on=True, months=24)
    assert retention.would(retention.setting_of(retention.of("reads"))).entries == 2
    assert keep_rules() == 2
    assert set(reads.values_list("customer", flat=True)) == {None}
    assert [entry.data for entry in reads] == [{}, {}]
    seal_entries()
    assert audit.verify().problem is None
    assert keep_rules() == 0
