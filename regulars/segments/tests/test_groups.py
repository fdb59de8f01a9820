"""Groups are saved, changed, put away and deleted by verbs, each of which can be taken back, and says what it did."""

import datetime as dt

import pytest
from django.utils import timezone

from regulars.core.errors import Invalid, NotAllowed, Stale
from regulars.customers.actions import bulk as bulk_verbs
from regulars.customers.actions import create_customer
from regulars.customers.actions.tags import tag
from regulars.customers.bulk import action as bulk_actions
from regulars.customers.bulk.selection import Selection
from regulars.customers.queries import ListRequest, customer_count, customer_ids, customer_page
from regulars.segments import following
from regulars.segments.actions import picking
from regulars.segments.actions.groups import (
    GroupInUse,
    GroupTaken,
    archive_group,
    change_group,
    copy_group,
    create_group,
    delete_group,
    erase_deleted_groups,
    restore_group,
)
from regulars.segments.bits import unpacked
from regulars.segments.engine.asking import BadQuery
from regulars.segments.engine.grouped import GroupCycle
from regulars.segments.models import Group, Spell
from regulars.segments.queries import leaning
from regulars.staff.models import StaffRole, User
from regulars.staff.policy import reading_as
from regulars.staff.roles import PERMISSIONS
from regulars.timeline.models import Entry

pytestmark = pytest.mark.django_db


def people(count):
    return [create_customer(values={"given_name": f"Person {number}"}) for number in range(count)]


def members(group):
    return set(unpacked(Group.objects.get(pk=group.pk).members))


def told(name):
    return [entry.data for entry in Entry.objects.filter(name=name).order_by("pk")]


def test_a_rule_is_kept_in_its_canonical_text_and_its_words_in_the_log(ada):
    group = create_group(name="  VIP ", query="number_of_orders>=3 and customer_tags contains 'gold'", by=ada)
    assert group.name == "VIP"
    assert group.query == "number_of_orders >= 3 AND customer_tags CONTAINS 'gold'"
    assert told("segment.created")[0]["rule"] == ["number_of_orders", "customer_tags"]
    assert "gold" not in str(told("segment.created"))


def test_names_are_one_group_whatever_their_capitals(ada):
    create_group(name="Café", query="number_of_orders > 1", by=ada)
    with pytest.raises(GroupTaken):
        create_group(name="CAFE", by=ada)
    with pytest.raises(Invalid):
        create_group(name=" ", by=ada)
    assert Group.objects.count() == 1


def test_a_bad_rule_saves_nothing(ada):
    with pytest.raises(BadQuery) as refused:
        create_group(name="VIP", query="number_of_ordrs > 1", by=ada)
    assert refused.value.span == (0, 15)
    assert not Group.objects.exists()


def test_a_writer_saves_no_rule_they_may_not_ask(ben):
    role = StaffRole.objects.create(key="own", name="Own", permissions=sorted(PERMISSIONS), fields={"spend": "hidden"})
    User.objects.filter(pk=ben.pk).update(role="own", definition=role)
    ben = User.objects.select_related("definition").get(pk=ben.pk)
    with reading_as(ben), pytest.raises(BadQuery):
        create_group(name="Rich", query="amount_spent > 500", by=ben)
    assert not Group.objects.exists()


def test_groups_do_not_stand_on_themselves(ada):
    one = create_group(name="One", query="number_of_orders > 1", by=ada)
    create_group(name="Two", query="segment IN ('One')", by=ada)
    with pytest.raises(GroupCycle):
        change_group(one, query="segment NOT IN ('two')", by=ada)
    with pytest.raises(GroupCycle):
        change_group(one, query="joined_segment MATCHES (name = 'One')", by=ada)
    assert Group.objects.get(pk=one.pk).query == "number_of_orders > 1"


def test_a_new_name_is_written_into_the_rules_that_use_it(ada):
    one = create_group(name="One", query="number_of_orders > 1", by=ada)
    two = create_group(name="Two", query="segment IN ('One') OR joined_segment MATCHES (name = 'One')", by=ada)
    change_group(one, name="Eins", by=ada)
    two.refresh_from_db()
    assert two.query == "segment IN ('Eins') OR joined_segment MATCHES (name = 'Eins')"
    assert (two.version, Group.objects.get(pk=one.pk).key) == (2, "eins")


def test_a_group_that_is_used_is_neither_put_away_nor_deleted(ada):
    one = create_group(name="One", query="number_of_orders > 1", by=ada)
    two = create_group(name="Two", query="segment IN ('one')", by=ada)
    for do in (archive_group, delete_group):
        with pytest.raises(GroupInUse) as refused:
            do(one)
        assert refused.value.groups == [two]
    delete_group(two)
    assert delete_group(one).deleted_at is not None


def test_a_deleted_group_comes_back_with_everybody_in_it(ada, time_machine):
    (one,) = people(1)
    group = create_group(name="Friends")
    picking.pick(group, customers=[one.pk])
    gone = delete_group(group)
    assert not Group.objects.exists()
    create_group(name="Friends")
    with pytest.raises(GroupTaken):
        restore_group(gone)
    delete_group(Group.objects.get())
    assert members(restore_group(gone)) == {one.pk}
    delete_group(Group.objects.get(pk=group.pk))
    assert erase_deleted_groups() == 0
    time_machine.move_to(timezone.now() + dt.timedelta(days=31))
    assert erase_deleted_groups() == 2
    assert not Group.everything.exists()


def test_only_the_version_that_was_read_is_changed(ada):
    group = create_group(name="One", query="number_of_orders > 1", by=ada)
    change_group(group, description="Those who come back", version=1, by=ada)
    with pytest.raises(Stale):
        change_group(group, description="Others", version=1, by=ada)
    changed = change_group(group, folder="Sales", by=ada)
    assert (changed.folder.name, changed.version) == ("Sales", 3)
    assert told("segment.changed")[-1]["changes"] == {"folder": ["", "Sales"]}


def test_customers_are_picked_by_hand_and_taken_out(ada):
    one, two, three = people(3)
    group = create_group(name="Friends")
    assert set(picking.pick(group, customers=[one.pk, two.pk])) == {one.pk, two.pk}
    assert set(picking.pick(group, customers=[two.pk, three.pk])) == {three.pk}
    assert set(picking.unpick(group, customers=[one.pk])) == {one.pk}
    assert members(group) == {two.pk, three.pk}
    assert (Group.objects.get().size, len(told("customer.joined_segment"))) == (2, 3)
    assert Spell.objects.filter(left_at=None).count() == 2
    by_rule = create_group(name="Rule", query="number_of_orders = 0", by=ada)
    with pytest.raises(Invalid):
        picking.pick(by_rule, customers=[one.pk])
    copied = copy_group(group, by=ada)
    assert (copied.name, members(copied)) == ("Friends (2)", {two.pk, three.pk})
    following.once()
    assert members(group) == {two.pk, three.pk}


def test_many_are_put_into_a_group_and_taken_back(ada):
    one, two, _three = people(3)
    group = create_group(name="Friends")
    picking.pick(group, customers=[two.pk])
    work = bulk_verbs.plan(
        action=bulk_actions.get("add_to_group"),
        params={"group": group.public_id},
        selection=Selection(query="name=Person"),
    )
    assert (work.title, work.total) == ("Add to the group “Friends”", 2)
    work = bulk_verbs.apply(work)
    assert len(members(group)) == 3
    picking.unpick(group, customers=[one.pk])
    work = bulk_verbs.undo(work)
    assert members(group) == {two.pk}
    assert (work.counts["undone"], work.counts["kept"]) == (1, 1)
    out = bulk_verbs.plan(
        action=bulk_actions.get("remove_from_group"),
        params={"group": group.public_id},
        selection=Selection(ids=(two.pk,)),
    )
    bulk_verbs.apply(out)
    assert members(group) == set()
    bulk_verbs.undo(out)
    assert members(group) == {two.pk}


def wanted(user=None, **query):
    return ListRequest.from_query(query, reader=user)


@pytest.mark.parametrize("way", [None, "scan"])
def test_the_list_is_filtered_by_groups_and_queries(ada, way):
    one, two, three = people(3)
    tag(one, names=["gold"])
    friends = create_group(name="Friends")
    picking.pick(friends, customers=[two.pk])
    gold = create_group(name="Gold", query="customer_tags CONTAINS 'gold'", by=ada)

    def listed(**query):
        return [row.pk for row in customer_page(wanted(ada, **query), way=way).rows]

    assert listed(segment=friends.public_id) == [two.pk]
    assert listed(segment=f"{friends.public_id},{gold.public_id}") == [one.pk, two.pk]
    assert listed(**{"segment.not": gold.public_id}) == [two.pk, three.pk]
    assert listed(query="customer_tags CONTAINS 'gold'") == [one.pk]
    assert listed(query="NOT customer_tags CONTAINS 'gold'", sort="-name") == [three.pk, two.pk]
    assert listed(**{"segment.not": gold.public_id, "q": "person 2"}) == [three.pk]
    request = wanted(ada, **{"segment.not": gold.public_id})
    assert (customer_count(request).number, customer_ids(request)) == (2, [two.pk, three.pk])
    (chip,) = request.chips()
    assert (chip.label, chip.operator, chip.value) == ("Group", "is not", "Gold")


def test_a_list_refuses_groups_and_queries_that_are_none(ada):
    for query in ({"segment": "grp_0000000000000"}, {"segment": "x"}, {"query": "number_of_ordrs > 1"}):
        with pytest.raises(Invalid) as refused:
            wanted(ada, **query)
        assert list(refused.value.fields) == list(query)


def test_what_a_role_may_not_ask_it_is_not_told_by_a_group(ada, ben):
    group = create_group(name="Rich", query="amount_spent > 500", by=ada)
    over = create_group(name="Over", query="segment IN ('Rich')", by=ada)
    role = StaffRole.objects.create(key="own", name="Own", permissions=sorted(PERMISSIONS), fields={"spend": "hidden"})
    User.objects.filter(pk=ben.pk).update(role="own", definition=role)
    ben = User.objects.select_related("definition").get(pk=ben.pk)
    with reading_as(ben):
        for one in (group, over):
            with pytest.raises(Invalid):
                wanted(ben, segment=one.public_id)


def test_who_may_not_see_groups_cannot_filter_by_them(charlie, ada):
    group = create_group(name="One", query="number_of_orders = 0", by=ada)
    with pytest.raises((Invalid, NotAllowed)):
        wanted(charlie, segment=group.public_id)


def test_which_groups_a_rule_leans_on_is_known(ada):
    create_group(name="One", query="number_of_orders > 1", by=ada)
    node = leaning.renamed(
        leaning.And((leaning.InGroups(("One",)), leaning.Not(leaning.InGroups(("ONE", "Other"), is_negated=True)))),
        "one",
        "Eins",
    )
    assert leaning.names_in(node) == {"eins", "other"}
