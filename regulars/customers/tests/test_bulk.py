"""Work on many customers: what the plan says is done, no more, and taken back to the last column."""

from __future__ import annotations

import datetime as dt

import pytest
import time_machine
from django.http import QueryDict
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from regulars.channels.actions import channel_for
from regulars.core.errors import Invalid
from regulars.customers import journal, search
from regulars.customers.actions import bulk, change_customer, create_customer, delete_customer, erase_customer
from regulars.customers.actions.bulk import NotPossibleNow
from regulars.customers.actions.consent import record_consent
from regulars.customers.actions.merging import merge, unmerge
from regulars.customers.bulk import action as actions
from regulars.customers.bulk.selection import Selection
from regulars.customers.models import Category, Change, ChangeSet, Consent, Customer, MergeLink, Tag, Tagging
from regulars.customers.queries import ListRequest, customer_ids, customer_list
from regulars.timeline.actions import acting
from regulars.timeline.models import Entry, Source

pytestmark = pytest.mark.django_db

NAMES = ("Ada Lovelace", "Ben Okafor", "张三")
TABLES = [Customer, Tagging]


@pytest.fixture
def three(ada):
    """Three customers, and Ada at work."""
    with acting(ada.pk, Source.PAGE):
        yield [
            create_customer(values={"name": name, "email": f"c{number}@posteo.example"}, channel=channel_for("web"))
            for number, name in enumerate(NAMES)
        ]


def rows(*models):
    """Every column of every row."""
    return {model: journal.read(model, list(model._base_manager.values_list("pk", flat=True))) for model in models}


def planned(name, params, customers=None, *, query=None):
    selection = Selection(ids=tuple(one.pk for one in customers or ()), query=query)
    return bulk.plan(action=actions.get(name), params=params, selection=selection)


def done(name, params, customers=None, *, query=None, reason="because"):
    change_set = bulk.apply(planned(name, params, customers, query=query), reason=reason)
    assert change_set.state == ChangeSet.State.APPLIED
    return change_set


def lines(change_set):
    return [(one.label, one.outcome, one.fields) for one in change_set.changes.order_by("id")]


def tags_of(customer):
    return set(Tagging.objects.filter(customer=customer).values_list("tag__name", flat=True))


def test_a_plan_says_who_would_be_changed_and_changes_nothing(three):
    done("tag", {"tags": ["spring-card"]}, three[:1])
    before = rows(*TABLES)
    plan = planned("tag", {"tags": ["Spring-Card", "vip"]}, [*three[:2], Customer(pk=987654)])
    assert rows(*TABLES) == before
    assert (plan.state, plan.title) == (ChangeSet.State.PLANNED, "Tags “Spring-Card”, “vip”")
    assert plan.counts == {"changed": 2, "refused": 1}
    assert lines(plan) == [
        ("Ada Lovelace", "changed", {"tags": ["", ["vip"]]}),
        ("Ben Okafor", "changed", {"tags": ["", ["Spring-Card", "vip"]]}),
        ("", "refused", {}),
    ]
    assert plan.changes.get(outcome="refused").reason == "They are deleted, or were merged with somebody, by now."


def test_tags_go_on_and_undoing_takes_them_off_again(three):
    Tagging.objects.create(customer=three[0], tag=Tag.objects.create(name="vip", key="vip"))
    before = rows(*TABLES)
    change_set = done("tag", {"tags": ["VIP"]}, three)
    assert change_set.counts == {"changed": 2, "same": 1, "applied": 2, "left_out": 0}
    assert [tags_of(one) for one in three] == [{"vip"}] * 3
    change_set = bulk.undo(change_set)
    assert (change_set.state, change_set.counts["undone"], change_set.counts["kept"]) == ("undone", 2, 0)
    assert rows(*TABLES) == before


def test_every_customer_has_one_entry_that_names_the_work_and_one_of_its_undoing(three):
    change_set = done("tag", {"tags": ["vip"]}, three)
    entries = Entry.objects.filter(name="customer.bulk_changed").order_by("id")
    assert [entry.customer_id for entry in entries] == [one.pk for one in three]
    assert entries[0].data == {
        "change_set": change_set.public_id,
        "action": "tag",
        "changes": {"tags": ["", ["vip"]]},
    }
    assert (entries[0].actor.name, entries[0].subject_id) == ("Ada Owner", three[0].pk)
    bulk.undo(change_set)
    back = Entry.objects.filter(name="customer.bulk_undone")
    assert {entry.customer_id for entry in back} == {one.pk for one in three}
    assert back[0].data["changes"] == {"tags": [["vip"], ""]}
    whole = Entry.objects.filter(name__startswith="customers.bulk").order_by("id").values_list("name", "data__count")
    assert list(whole) == [("customers.bulk_applied", 3), ("customers.bulk_undone", 3)]


def test_tags_come_off_and_undoing_puts_the_same_rows_back(three):
    for one in three[:2]:
        Tagging.objects.create(customer=one, tag=Tag.objects.get_or_create(name="vip", key="vip")[0])
    before = rows(*TABLES)
    change_set = done("untag", {"tags": ["vip"]}, three)
    assert change_set.counts["same"] == 1
    assert not Tagging.objects.exists()
    bulk.undo(change_set)
    assert rows(*TABLES) == before


@pytest.mark.parametrize(
    ("params", "column", "value", "words"),
    [
        ({"field": "status", "value": "inactive"}, "status", "inactive", "Status: Inactive"),
        ({"field": "gender", "value": "female"}, "gender", "female", "Gender: Female"),
        ({"field": "language", "value": "fr"}, "language", "fr", "Language: French"),
        ({"field": "payment_days", "value": "30"}, "payment_days", 30, "Days to pay: 30"),
        ({"field": "is_guest", "value": True}, "is_guest", True, "Guest: yes"),
        ({"field": "preferred_channels", "value": ["email", "post"]}, "preferred_channels", "email,post", None),
        ({"field": "is_blocked", "value": True, "because": "Fraud"}, "restriction_reason", "Fraud", "Blocked: yes"),
        ({"field": "looked_after_by", "value": ""}, "looked_after_by", None, "Looked after by: empty"),
    ],
)
def test_a_field_changes_for_all_and_goes_back_for_all(three, ada, params, column, value, words):
    Customer.objects.update(looked_after_by=ada)
    before = rows(*TABLES)
    change_set = done("field", params, three)
    assert words is None or change_set.title == words
    assert [getattr(one, column) for one in Customer.objects.order_by("pk")] == [value] * 3
    assert [one.version for one in Customer.objects.all()] == [2, 2, 2]
    bulk.undo(change_set)
    assert rows(*TABLES) == before


def test_a_category_given_in_bulk_counts_as_given_by_hand(three):
    category = Category.objects.first()
    change_set = done("category", {"field": "category", "value": category.key}, three)
    assert {(one.category, one.has_category_by_hand) for one in Customer.objects.all()} == {(category, True)}
    assert lines(change_set)[0][2] == {"category": [None, category.public_id]}


def test_a_company_for_all_is_found_by_the_search_and_undoing_takes_it_out_again(three):
    search.reindex()
    before = rows(*TABLES)
    change_set = done("field", {"field": "company", "value": "Moor Lane Café"}, three)

    def found(words):
        page, _count = customer_list(ListRequest.from_query(QueryDict(f"q={words}")))
        return {one.pk for one in page.rows}

    assert found("moor lane") == {one.pk for one in three}
    search.merge_unindexed(at_least=0)
    assert found("moor lane") == {one.pk for one in three}
    bulk.undo(change_set)
    assert found("moor lane") == set()
    assert rows(*TABLES) == before


def test_undo_keeps_what_people_changed_since_and_lists_it(three):
    change_set = done("field", {"field": "status", "value": "inactive"}, three)
    change_customer(Customer.objects.get(pk=three[1].pk), values={"status": "active"})
    change_customer(Customer.objects.get(pk=three[2].pk), values={"occupation": "Baker"})
    change_set = bulk.undo(change_set)
    assert change_set.counts["undone"] == 2
    assert change_set.counts["kept"] == 1
    kept = change_set.changes.get(state=Change.State.KEPT)
    assert (kept.customer_id, kept.reason) == (
        three[1].pk,
        "Status was changed since, to “active”, and stays so.",
    )
    assert list(Customer.objects.order_by("pk").values_list("status", "occupation")) == [
        ("active", ""),
        ("active", ""),
        ("active", "Baker"),
    ]


def test_a_tag_that_somebody_took_off_since_does_not_come_back_and_nothing_breaks(three):
    change_set = done("tag", {"tags": ["vip"]}, three)
    Tagging.objects.filter(customer=three[0]).delete()
    change_set = bulk.undo(change_set)
    assert change_set.state == "undone"
    assert not Tagging.objects.exists()


def test_who_changed_since_the_plan_is_left_out_and_the_line_says_why(three):
    plan = planned("field", {"field": "status", "value": "inactive"}, three)
    change_customer(three[0], values={"status": "inactive"})
    delete_customer(three[1])
    change_set = bulk.apply(plan)
    assert change_set.counts == {"changed": 3, "applied": 1, "left_out": 2}
    reasons = list(change_set.changes.filter(state="left_out").order_by("id").values_list("reason", flat=True))
    assert reasons == [
        "It was so already when it was to be done.",
        "They are deleted, or were merged with somebody, by now.",
    ]
    assert Customer.everyone.get(pk=three[1].pk).status == "active"


def test_everybody_of_a_list_is_who_is_in_it_when_the_plan_is_made(three):
    create_customer(values={"name": "Adam Smith"})
    assert planned("status", {"field": "status", "value": "inactive"}, query="q=ada").counts == {"changed": 2}
    assert planned("status", {"field": "status", "value": "inactive"}, query="").counts == {"changed": 4}
    with pytest.raises(Invalid, match="Nobody is selected"):
        planned("status", {"field": "status", "value": "inactive"}, query="q=nobody")
    with pytest.raises(Invalid):
        planned("status", {"field": "status", "value": "inactive"}, query="nothing.like=this")


@pytest.mark.parametrize("is_indexed", [True, False])
@pytest.mark.parametrize("query", ["", "q=a", "status=active&name=a", "name=ada", "email.is=c1@posteo.example"])
def test_the_ids_of_a_list_are_those_of_its_pages(three, query, is_indexed):
    if is_indexed:
        search.reindex()
    change_customer(three[1], values={"name": "Ada Okafor"})
    request = ListRequest.from_query(QueryDict(query))
    page, _count = customer_list(request)
    assert customer_ids(request) == sorted(one.pk for one in page.rows)


def test_deleting_needs_a_reason_and_is_undone_unless_somebody_has_the_e_mail_now(three):
    before = rows(*TABLES)
    plan = planned("delete", {}, three)
    with pytest.raises(Invalid, match="Say why"):
        bulk.apply(plan, reason="  ")
    assert Customer.objects.count() == 3
    change_set = bulk.apply(plan, reason="Test data")
    assert (Customer.objects.count(), change_set.reason) == (0, "Test data")
    other = create_customer(values={"name": "Ada L", "email": "c0@posteo.example"})
    change_set = bulk.undo(change_set)
    assert change_set.counts["kept"] == 1
    assert change_set.changes.get(state="kept").reason == "Ada L has the e-mail c0@posteo.example now."
    assert set(Customer.objects.all()) == {other, three[1], three[2]}
    after = rows(*TABLES)
    assert {pk: row for pk, row in after[Customer].items() if pk in (three[1].pk, three[2].pk)} == {
        pk: row for pk, row in before[Customer].items() if pk in (three[1].pk, three[2].pk)
    }


def test_many_come_back_but_not_two_with_one_e_mail(three):
    twin = create_customer(values={"name": "Ada", "email": "x@posteo.example"})
    for one in (*three, twin):
        delete_customer(one)
    Customer.everyone.filter(pk=twin.pk).update(email="c0@posteo.example")
    change_set = done("restore", {}, [*three, twin])
    assert change_set.counts["refused"] == 1
    assert set(Customer.objects.all()) == set(three)
    assert bulk.undo(change_set).counts["undone"] == 3
    assert not Customer.objects.exists()


def test_consent_is_withdrawn_and_given_back_and_the_ledger_keeps_both(three):
    for one in three[:2]:
        record_consent(one, medium="email", state="agreed", source="form")
    change_set = done("withdraw", {"channels": ["email", "sms"]}, three, reason="Bought list")
    assert change_set.counts["same"] == 1
    assert lines(change_set)[0][2] == {"email_subscription_status": ["subscribed", "unsubscribed"]}
    assert set(Consent.objects.values_list("state", flat=True)) == {"refused"}
    record_consent(three[1], medium="email", state="agreed", source="form")
    change_set = bulk.undo(change_set)
    assert dict(Consent.objects.values_list("customer_id", "state")) == {
        three[0].pk: "agreed",
        three[1].pk: "agreed",
    }
    assert change_set.changes.get(state="kept").customer_id == three[1].pk


def test_many_are_planned_and_done_in_the_background_in_parts(three, monkeypatch, run_jobs):
    monkeypatch.setattr(bulk, "AT_HAND", 0)
    monkeypatch.setattr(bulk, "AT_ONCE", 2)
    before = rows(*TABLES)
    plan = planned("tag", {"tags": ["vip"]}, three)
    assert plan.state == "planning"
    run_jobs()
    plan.refresh_from_db()
    assert (plan.state, plan.total) == ("planned", 3)
    applying = bulk.apply(plan)
    assert (applying.state, Tagging.objects.count()) == ("applying", 0)
    run_jobs()
    applying.refresh_from_db()
    assert (applying.state, applying.done, Tagging.objects.count()) == ("applied", 3, 3)
    entry = Entry.objects.filter(name="customer.bulk_changed").first()
    assert entry.actor.name == "Ada Owner"
    bulk.undo(applying)
    run_jobs()
    applying.refresh_from_db()
    assert (applying.state, rows(*TABLES)) == ("undone", before)


def test_stopping_leaves_whole_parts_and_what_was_done_can_be_undone_or_gone_on_with(three, monkeypatch, run_jobs):
    monkeypatch.setattr(bulk, "AT_HAND", 0)
    monkeypatch.setattr(bulk, "AT_ONCE", 2)
    before = rows(*TABLES)
    plan = planned("tag", {"tags": ["vip"]}, three)
    run_jobs()
    plan.refresh_from_db()
    applying = bulk.apply(plan)
    real = bulk.progress

    def stops(done, total):
        if done == 2 and total == 3:
            bulk.stop(applying)
        real(done, total)

    monkeypatch.setattr(bulk, "progress", stops)
    run_jobs()
    applying.refresh_from_db()
    assert (applying.state, applying.counts["applied"], Tagging.objects.count()) == ("stopped", 2, 2)
    monkeypatch.setattr(bulk, "progress", real)
    bulk.apply(applying)
    run_jobs()
    applying.refresh_from_db()
    assert (applying.state, applying.counts["applied"], Tagging.objects.count()) == ("applied", 3, 3)
    bulk.undo(applying)
    run_jobs()
    assert rows(*TABLES) == before


def test_nothing_is_done_twice_or_out_of_time(three):
    change_set = done("tag", {"tags": ["vip"]}, three)
    with pytest.raises(NotPossibleNow, match="done already"):
        bulk.apply(change_set)
    too_late = change_set.applied_at + dt.timedelta(days=30, seconds=1)
    with time_machine.travel(too_late, tick=False), pytest.raises(NotPossibleNow, match="cannot be undone"):
        bulk.undo(change_set)
    bulk.undo(change_set)
    with pytest.raises(NotPossibleNow):
        bulk.undo(change_set)
    with pytest.raises(NotPossibleNow):
        bulk.stop(change_set)


def test_nobody_who_went_for_good_counts_as_put_back(three):
    change_set = done("tag", {"tags": ["vip"]}, three)
    delete_customer(three[0])
    erase_customer(three[0])
    undone = bulk.undo(change_set)
    assert (undone.counts["undone"], undone.counts["kept"]) == (2, 1)
    assert [one.reason for one in undone.changes.filter(state="kept")] == ["They are gone for good."]
    assert not Tagging.objects.exists()


def test_tags_of_records_that_were_merged_count_and_go(three):
    tag = Tag.objects.create(name="vip", key="vip")
    Tagging.objects.create(customer=three[1], tag=tag)
    Customer.everyone.filter(pk=three[1].pk).update(merged_into=three[0], is_listed=False)
    before = rows(*TABLES)
    assert planned("tag", {"tags": ["vip"]}, three[:1]).counts == {"same": 1}
    change_set = done("untag", {"tags": ["vip"]}, three[:1])
    assert not Tagging.objects.exists()
    bulk.undo(change_set)
    assert rows(*TABLES) == before


_DEEDS = st.lists(
    st.one_of(
        st.tuples(st.just("tag"), st.builds(lambda name: {"tags": [name]}, st.sampled_from("ab"))),
        st.tuples(st.just("untag"), st.builds(lambda name: {"tags": [name]}, st.sampled_from("ab"))),
        st.tuples(
            st.just("field"),
            st.builds(lambda value: {"field": "status", "value": value}, st.sampled_from(["active", "inactive"])),
        ),
        st.tuples(
            st.just("field"),
            st.builds(lambda value: {"field": "company", "value": value}, st.sampled_from(["", "Moor"])),
        ),
        st.just(("delete", {})),
        st.just(("restore", {})),
    ),
    min_size=1,
    max_size=5,
)


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(deeds=_DEEDS, whom=st.lists(st.sets(st.integers(0, 2), min_size=1), min_size=5, max_size=5))
def test_whatever_was_done_goes_back_when_it_is_undone_in_turn(three, deeds, whom):
    from django.db import transaction

    with transaction.atomic():
        before = rows(*TABLES)
        made = []
        for (name, params), some in zip(deeds, whom, strict=False):
            plan = planned(name, params, [three[place] for place in sorted(some)])
            if plan.counts.get("changed"):
                made.append(bulk.apply(plan, reason="because"))
        for change_set in reversed(made):
            assert bulk.undo(change_set).counts["kept"] == 0
        assert rows(*TABLES) == before
        transaction.set_rollback(True)


def test_plans_that_nobody_wanted_and_images_out_of_time_are_tidied_up(three):
    plan = planned("tag", {"tags": ["old"]}, three)
    old = done("tag", {"tags": ["vip"]}, three)
    young = planned("tag", {"tags": ["young"]}, three)
    now = old.applied_at + dt.timedelta(days=30, hours=1)
    ChangeSet.objects.filter(pk=young.pk).update(updated_at=now)
    with time_machine.travel(now, tick=False):
        assert bulk.tidy() == 1
    assert not ChangeSet.objects.filter(pk=plan.pk).exists()
    assert ChangeSet.objects.filter(pk=young.pk).exists()
    assert set(map(str, old.changes.values_list("images", flat=True))) == {"[]"}
    assert len(lines(old)) == 3


def test_a_plan_can_be_thrown_away_and_what_was_begun_cannot(three):
    plan = planned("tag", {"tags": ["vip"]}, three)
    bulk.discard(plan)
    assert not ChangeSet.objects.exists()
    begun = done("tag", {"tags": ["vip"]}, three)
    with pytest.raises(NotPossibleNow, match="begun already"):
        bulk.discard(begun)


def test_a_merged_customer_is_changed_and_goes_back_and_apart_as_if_nothing_had_been(three):
    def said():
        rows_of = rows(Customer)[Customer]
        return {
            pk: {name: row[name] for name in row if name not in ("version", "updated_at")}
            for pk, row in rows_of.items()
        }

    Customer.objects.filter(pk=three[1].pk).update(occupation="Baker")
    before = said()
    (link,) = merge(keep=three[0], others=[three[1]], choices={"status": three[1].pk})
    shown, chosen = said(), MergeLink.objects.get().choices
    made = [
        done("field", {"field": "occupation", "value": "Smith"}, three[:1]),
        done("status", {"field": "status", "value": "inactive"}, three[:1]),
        done("delete", {}, three[:1]),
    ]
    for change_set in reversed(made):
        assert bulk.undo(change_set).counts["kept"] == 0
    assert (said(), MergeLink.objects.get().choices) == (shown, chosen)
    unmerge(link)
    assert said() == before
