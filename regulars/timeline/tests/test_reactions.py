from dataclasses import dataclass
from typing import ClassVar

import pytest
from django.db import transaction
from django_tasks import TaskResultStatus as Status
from django_tasks_db.models import DBTaskResult

from regulars.core import shop
from regulars.core.background import queue
from regulars.core.models import Shop
from regulars.customers.actions import create_customer
from regulars.customers.models import Customer
from regulars.timeline.actions import acting, forget_reaction, on, reactions, record, record_many, who_acts
from regulars.timeline.facts import Fact
from regulars.timeline.models import Entry, Source


@dataclass(frozen=True, slots=True)
class BellRung(Fact):
    name: ClassVar[str] = "bell.rung"
    sentence: ClassVar[str] = "The bell rang"
    is_public: ClassVar[bool] = False  # what other systems are told is described, and this is no part of it

    times: int = 1


HEARD: list[object] = []


def hear(entry):
    HEARD.append(entry.data["times"])


def rename_the_shop(entry):
    shop.change(name=f"Bell {entry.data['times']}")
    raise RuntimeError("the bell is cracked")


def say_who(entry):
    HEARD.append((who_acts().user_id, who_acts().source))


@pytest.fixture
def listen():
    """React to the bell for the length of a test."""
    HEARD.clear()
    known = []

    def add(reaction, **how):
        known.append(reaction)
        on(BellRung, **how)(reaction)

    yield add
    for reaction in known:
        forget_reaction(BellRung, reaction)


def test_a_reaction_happens_later_and_once(db, listen, run_jobs):
    listen(hear)
    record(BellRung(times=3))
    assert HEARD == []
    assert run_jobs() == 1
    assert HEARD == [3]
    assert run_jobs() == 0


@pytest.mark.django_db(transaction=True)
def test_a_change_that_does_not_happen_has_no_entry_and_no_reaction(listen, run_jobs):
    listen(hear)
    with transaction.atomic():
        record(BellRung())
        transaction.set_rollback(True)
    assert not Entry.objects.exists()
    assert run_jobs() == 0


def test_a_failing_reaction_fails_alone_and_leaves_nothing(db, listen):
    Shop.objects.create(name="Hain & Hafen")
    listen(rename_the_shop)
    listen(hear)
    entry = record(BellRung(times=2))
    outcomes = []
    while held := queue.claim("w1"):
        outcomes.append((held.arguments["reaction"].rpartition(".")[2], queue.run(held)))
    errors = {name: str(error) for name, error in outcomes if error}
    assert errors == {"rename_the_shop": "the bell is cracked"}
    assert HEARD == [2]
    assert Shop.objects.get().name == "Hain & Hafen"
    assert Entry.objects.filter(pk=entry.pk).exists()
    assert sorted(job.status for job in DBTaskResult.objects.all()) == [Status.READY, Status.SUCCESSFUL]


def test_a_reaction_acts_for_who_caused_it(ada, listen, run_jobs):
    listen(say_who)
    with acting(ada.pk, Source.PAGE):
        record(BellRung())
    run_jobs()
    heard = HEARD.pop()
    assert heard == (ada.pk, Source.SYSTEM)


def test_an_invariant_is_kept_at_once_and_can_refuse_the_change(db, listen):
    listen(rename_the_shop, at_once=True)
    with pytest.raises(RuntimeError):
        record(BellRung())
    assert not Entry.objects.exists()
    assert not Shop.objects.filter(name="Bell 1").exists()


def test_many_facts_at_once_are_for_those_that_nobody_waits_for(db, ada, listen):
    known = [create_customer(values={"name": f"Caller {n}"}).pk for n in range(3)]
    facts = [(number, BellRung(times=times)) for times, number in enumerate(known)]
    with acting(ada.pk, Source.PAGE):
        record_many(facts, subject=Customer)
    entries = Entry.objects.filter(name="bell.rung").order_by("id")
    assert [(entry.customer_id, entry.subject_id, entry.data) for entry in entries] == [
        (number, number, {"times": times}) for times, number in enumerate(known)
    ]
    assert {(entry.actor_id, entry.source, entry.subject_type) for entry in entries} == {
        (ada.pk, "page", "customers.customer")
    }
    listen(hear)
    with pytest.raises(ValueError, match=r"bell\.rung has reactions"):
        record_many(facts, subject=Customer)
    assert entries.count() == 3


def test_reactions_can_be_listed(listen):
    listen(hear)
    assert [path.rpartition(".")[2] for path in reactions()["bell.rung"]] == ["hear"]
