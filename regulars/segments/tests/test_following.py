"""Membership follows the log: each cause becomes a spell and a fact, once, whoever follows and whatever happens."""

import datetime as dt
import random
from itertools import pairwise

import pytest
from pyroaring import BitMap

from regulars.core import shop
from regulars.customers.actions import change_customer, create_customer
from regulars.customers.actions.deleting import delete_customer, erase_customer, restore_customer
from regulars.customers.actions.merging import merge, unmerge
from regulars.customers.actions.tags import delete_tag, tag, untag
from regulars.customers.models import Customer, Tag
from regulars.segments import following
from regulars.segments.actions import groups, picking
from regulars.segments.actions.groups import change_group, create_group
from regulars.segments.bits import unpacked
from regulars.segments.engine import asking
from regulars.segments.models import Following, Group, Size, Spell
from regulars.timeline.models import Entry

pytestmark = pytest.mark.django_db

TAGGED = "customer_tags CONTAINS 'gold'"


def people(count):
    return [create_customer(values={"given_name": f"Person {number}"}) for number in range(count)]


def members(group):
    return set(unpacked(Group.objects.get(pk=group.pk).members))


def told(customer=None):
    rows = Entry.objects.filter(name__in=["customer.joined_segment", "customer.left_segment"]).order_by("pk")
    rows = rows if customer is None else rows.filter(customer=customer)
    return [(name.removeprefix("customer."), data["group_name"]) for name, data in rows.values_list("name", "data")]


def test_whoever_is_in_a_group_from_the_beginning_is_told_of_to_nobody(ada):
    one, _two = people(2)
    tag(one, names=["gold"])
    group = create_group(name="Gold", query=TAGGED, by=ada)
    following.once()
    assert members(group) == {one.pk}
    assert set(unpacked(Group.objects.get().founders)) == {one.pk}
    assert told() == []
    assert not Spell.objects.exists()
    assert (Group.objects.get().size, Size.objects.get().count) == (1, 1)


def test_a_cause_becomes_a_spell_and_a_fact_on_the_timeline(ada):
    one, _two = people(2)
    group = create_group(name="Gold", query=TAGGED, by=ada)
    following.once()
    tag(one, names=["gold"])
    following.once()
    assert members(group) == {one.pk}
    assert told(one) == [("joined_segment", "Gold")]
    spell = Spell.objects.get()
    assert (spell.customer_id, spell.group_id, spell.left_at) == (one.pk, group.pk, None)
    untag(one, names=["gold"])
    following.once()
    assert members(group) == set()
    assert told() == [("joined_segment", "Gold"), ("left_segment", "Gold")]
    assert Spell.objects.get().left_at is not None
    assert (Group.objects.get().size, Size.objects.get().count) == (0, 0)


def test_a_founder_who_leaves_has_a_spell_from_then_on(ada):
    (one,) = people(1)
    tag(one, names=["gold"])
    group = create_group(name="Gold", query=TAGGED, by=ada)
    following.once()
    untag(one, names=["gold"])
    following.once()
    spell = Spell.objects.get()
    assert spell.joined_at == Group.objects.get().begun_at
    assert spell.is_founder
    assert not asking.members(asking.read("joined_segment MATCHES (name = 'Gold')"))
    assert spell.left_at is not None
    tag(one, names=["gold"])
    following.once()
    assert Spell.objects.filter(group=group).count() == 2
    assert set(asking.members(asking.read("joined_segment MATCHES (name = 'Gold')"))) == {one.pk}
    assert told() == [("left_segment", "Gold"), ("joined_segment", "Gold")]


def test_looking_again_finds_nothing_to_do(ada):
    one, _two = people(2)
    create_group(name="Gold", query=TAGGED, by=ada)
    tag(one, names=["gold"])
    follower = following.Follower()
    while follower.step():
        pass
    turn = Following.objects.get().turn
    assert not follower.step()
    assert Following.objects.get().turn == turn
    assert len(told()) == 1


def test_what_belongs_to_no_customer_is_followed_for_everybody(ada):
    one, _two = people(2)
    tag(one, names=["gold"])
    group = create_group(name="Gold", query=TAGGED, by=ada)
    follower = following.Follower()
    while follower.step():
        pass
    delete_tag(Tag.objects.get())
    follower._not_before = 0.0
    while follower.step():
        pass
    assert members(group) == set()
    assert told() == [("left_segment", "Gold")]


def test_groups_built_from_groups_follow_in_rounds(ada):
    one, _two = people(2)
    create_group(name="Gold", query=TAGGED, by=ada)
    outer = create_group(name="Outer", query="segment IN ('Gold')", by=ada)
    ever = create_group(name="Ever gold", query="joined_segment MATCHES (name = 'Gold')", by=ada)
    following.once()
    tag(one, names=["gold"])
    following.once()
    assert members(outer) == {one.pk}
    assert members(ever) == {one.pk}
    untag(one, names=["gold"])
    following.once()
    assert members(outer) == set()
    assert members(ever) == {one.pk}
    assert sorted(told()) == sorted(
        [
            ("joined_segment", "Gold"), ("joined_segment", "Outer"), ("joined_segment", "Ever gold"),
            ("left_segment", "Gold"), ("left_segment", "Outer"),
        ]
    )  # fmt: skip


def test_a_changed_rule_begins_anew_and_keeps_what_was(ada):
    one, two = people(2)
    tag(one, names=["gold"])
    tag(two, names=["silver"])
    group = create_group(name="Metal", query=TAGGED, by=ada)
    following.once()
    changed = change_group(group, query="customer_tags CONTAINS 'silver'", by=ada)
    following.once()
    assert members(group) == {two.pk}
    assert told() == []
    assert [(spell.customer_id, spell.left_at is not None) for spell in Spell.objects.all()] == [(one.pk, True)]
    assert changed.version == 2


def test_a_rule_that_cannot_be_read_any_more_keeps_its_people(ada):
    one, _two = people(2)
    tag(one, names=["gold"])
    group = create_group(name="Gold", query=TAGGED, by=ada)
    following.once()
    Group.objects.filter(pk=group.pk).update(query="no_such_thing = 1")
    untag(one, names=["gold"])
    following.once()
    kept = Group.objects.get()
    assert members(group) == {one.pk}
    assert kept.problem
    assert told() == []
    Group.objects.filter(pk=group.pk).update(query=TAGGED)
    following.once()
    assert (members(group), Group.objects.get().problem) == (set(), "")
    assert told() == [("left_segment", "Gold")]


def test_midnight_of_the_shop_is_a_cause(ada, time_machine):
    time_machine.move_to("2026-03-12T10:00:00+01:00")
    (one,) = people(1)
    group = create_group(name="New", query="customer_added_date >= -3d", by=ada)
    following.once()
    assert members(group) == {one.pk}
    time_machine.move_to("2026-03-15T23:59:30+01:00")
    following.once()
    assert members(group) == {one.pk}
    time_machine.move_to("2026-03-16T00:00:01+01:00")
    following.once()
    assert members(group) == set()
    assert told() == [("left_segment", "New")]
    assert dict(Size.objects.values_list("day", "count")) == {
        dt.date(2026, 3, 12): 1, dt.date(2026, 3, 15): 1, dt.date(2026, 3, 16): 0
    }  # fmt: skip


def test_a_merge_moves_the_bit_and_tells_nobody(ada):
    one, two = people(2)
    tag(two, names=["gold"])
    by_rule = create_group(name="Gold", query=TAGGED, by=ada)
    by_hand = create_group(name="Friends")
    picking.pick(by_hand, customers=[two.pk])
    following.once()
    before = told()
    (link,) = merge(keep=one, others=[two])
    tag(one, names=["gold"])  # the fake and the engine see the tags of both records
    following.once()
    assert members(by_rule) == {one.pk}
    assert members(by_hand) == {one.pk}
    assert told() == before
    unmerge(link)
    untag(one, names=["gold"])
    following.once()
    assert members(by_hand) == {two.pk}
    assert two.pk in members(by_rule)


def test_who_is_deleted_is_in_no_group_until_they_come_back(ada):
    (one,) = people(1)
    tag(one, names=["gold"])
    by_rule = create_group(name="Gold", query=TAGGED, by=ada)
    by_hand = create_group(name="Friends")
    picking.pick(by_hand, customers=[one.pk])
    following.once()
    gone = delete_customer(one)
    following.once()
    assert members(by_rule) == members(by_hand) == set()
    restore_customer(gone)
    following.once()
    assert members(by_rule) == members(by_hand) == {one.pk}
    assert told(one)[1:] == [("left_segment", "Gold"), ("joined_segment", "Gold")]


def test_nothing_remembers_who_went_for_good(ada):
    one, two = people(2)
    for who in (one, two):
        tag(who, names=["gold"])
    group = create_group(name="Gold", query=TAGGED, by=ada)
    by_hand = create_group(name="Friends")
    picking.pick(by_hand, customers=[one.pk, two.pk])
    following.once()
    erase_customer(delete_customer(one))
    for kept in Group.objects.all():
        assert one.pk not in unpacked(kept.members) | unpacked(kept.founders)
    assert members(group) == members(by_hand) == {two.pk}
    assert not Spell.objects.filter(customer_id=one.pk).exists()
    following.once()
    assert members(group) == {two.pk}


def test_two_followers_write_each_move_once(ada):
    one, _two = people(2)
    create_group(name="Gold", query=TAGGED, by=ada)
    following.once()
    tag(one, names=["gold"])
    stale = following._following()
    following.once()
    move = following.Move(Group.objects.get().pk, 1, BitMap([one.pk]), BitMap())
    with pytest.raises(following.Overtaken):
        following.Follower()._write(stale, [move], {}, following.News(), BitMap())
    assert told() == [("joined_segment", "Gold")]
    assert Spell.objects.count() == 1


def test_many_who_join_at_once_are_written_in_parts(ada, monkeypatch):
    monkeypatch.setattr(following, "_AT_ONCE", 7)
    monkeypatch.setattr(following, "_MANY", 10)
    crowd = people(30)
    group = create_group(name="Gold", query=TAGGED, by=ada)
    following.once()
    for one in crowd:
        tag(one, names=["gold"])
    following.once()
    assert members(group) == {one.pk for one in crowd}
    assert len(told()) == 30
    assert Spell.objects.count() == 30


def test_killed_between_two_parts_it_goes_on_where_it_was(ada, monkeypatch):
    monkeypatch.setattr(following, "_AT_ONCE", 4)
    crowd = people(10)
    group = create_group(name="Gold", query=TAGGED, by=ada)
    following.once()
    for one in crowd:
        tag(one, names=["gold"])
    written = []

    class KilledError(Exception):
        pass

    real = following.moving.move

    def dies(*args, **kwargs):
        if len(written) == 2:
            raise KilledError
        written.append(1)
        return real(*args, **kwargs)

    monkeypatch.setattr(following.moving, "move", dies)
    with pytest.raises(KilledError):
        following.Follower().step()
    assert len(told()) == Spell.objects.count() == 8
    monkeypatch.setattr(following.moving, "move", real)
    following.once()
    assert members(group) == {one.pk for one in crowd}
    assert len(told()) == Spell.objects.count() == 10


def test_after_any_edits_groups_hold_whom_their_rules_give(ada):
    chance = random.Random(7)
    crowd = people(6)
    queries = {
        "Gold": TAGGED,
        "Silver": "customer_tags CONTAINS 'silver'",
        "Not gold": f"NOT {TAGGED}",
        "Both": "segment IN ('Gold') AND segment IN ('Silver')",
        "Otto": "first_name = 'Otto'",
    }
    saved = {name: create_group(name=name, query=query, by=ada) for name, query in queries.items()}
    follower = following.Follower()
    for _turn in range(12):
        for _edit in range(chance.randrange(1, 5)):
            who = Customer.objects.get(pk=chance.choice(crowd).pk)
            match chance.randrange(4):
                case 0:
                    tag(who, names=[chance.choice(["gold", "silver"])])
                case 1:
                    untag(who, names=["gold"])
                case 2:
                    change_customer(who, values={"given_name": chance.choice(["Otto", "Anna"])})
                case 3:
                    untag(who, names=["silver"])
        while follower.step():
            pass
        for name, query in queries.items():
            assert members(saved[name]) == set(asking.members(asking.read(query, reader=None))), name
    for group in saved.values():
        kept = Group.objects.get(pk=group.pk)
        still = set(Spell.objects.filter(group=group, left_at=None).values_list("customer_id", flat=True))
        assert still | set(unpacked(kept.founders)) == members(group)
        assert not still & set(unpacked(kept.founders))
    for who in crowd:
        for name in queries:
            deeds = [deed for deed, of in told(who) if of == name]
            assert all(first != second for first, second in pairwise(deeds))


def test_a_house_begins_to_follow_with_what_it_knows(ada):
    people(3)
    create_group(name="Gold", query=TAGGED, by=ada)
    following.once()
    found = Following.objects.get()
    assert found.day == shop.today()
    assert found.entry_id == Entry.objects.order_by("-pk").values_list("pk", flat=True)[0]
    assert groups.free_name("Gold") == "Gold (2)"


def test_what_a_company_is_called_is_followed_for_who_works_there(ada):
    company = create_customer(values={"kind": "company", "company": "Alster GmbH"})
    who = create_customer(values={"given_name": "Li", "organisation": company})
    group = create_group(name="Hafen", query="companies CONTAINS 'Hafen AG'", by=ada)
    following.once()
    assert members(group) == set()
    change_customer(company, values={"company": "Hafen AG"})
    following.once()
    assert members(group) == {who.pk}
