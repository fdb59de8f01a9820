"""Tags: given and taken, renamed, merged, deleted, and all of that taken back."""

import datetime as dt

import pytest
from django.utils import timezone

from regulars.core.errors import Invalid
from regulars.customers.actions import tags
from regulars.customers.models import Customer, Tag, Tagging
from regulars.timeline.models import Entry


def customer(name="Ada"):
    return Customer.objects.create(name=name, customer_since=timezone.now())


def names(one):
    return [tag.name for tag in tags.tags_of(one)]


def test_a_name_is_one_tag_whatever_its_capitals_and_accents(db):
    first = tags.ensure_tags(["VIP", "Café", "vip"])
    assert [tag.name for tag in first] == ["VIP", "Café"]
    again = tags.ensure_tags(["cafe", "Wholesale"])
    assert [tag.name for tag in again] == ["Café", "Wholesale"]
    assert Tag.objects.count() == 3


@pytest.mark.parametrize("bad", ["", "  ", "a,b", "a;b", "x" * 61, "nul\0"])
def test_what_cannot_be_a_tag_is_refused_and_nothing_is_made(db, bad):
    with pytest.raises(Invalid):
        tags.ensure_tags(["Good", bad])
    assert not Tag.objects.exists()


def test_tagging_says_what_was_new_and_raises_the_version(db):
    ada = customer()
    assert [tag.name for tag in tags.tag(ada, names=["VIP", "Wholesale"])] == ["VIP", "Wholesale"]
    assert ada.version == Customer.objects.get().version == 2
    assert tags.tag(ada, names=["vip"]) == []
    assert Customer.objects.get().version == 2
    assert [entry.data for entry in Entry.objects.filter(name="customer.tagged")] == [{"tags": ["VIP", "Wholesale"]}]
    assert [tag.name for tag in tags.untag(ada, names=["VIP", "unknown"])] == ["VIP"]
    assert names(ada) == ["Wholesale"]
    assert Entry.objects.get(name="customer.untagged").data == {"tags": ["VIP"]}


def test_setting_tags_adds_and_takes_away_only_what_differs(db):
    ada = customer()
    tags.tag(ada, names=["VIP", "Wholesale"])
    kept = Tagging.objects.get(tag__name="VIP").pk
    tags.set_tags(ada, names=["vip", "New"])
    assert names(ada) == ["New", "VIP"]
    assert Tagging.objects.get(tag__name="VIP").pk == kept


def test_a_customer_has_at_most_250_tags(db):
    ada = customer()
    tags.tag(ada, names=[f"tag {number}" for number in range(250)])
    with pytest.raises(Invalid, match="at most 250"):
        tags.tag(ada, names=["one more"])
    assert len(names(ada)) == 250


def test_a_renamed_tag_stays_with_everybody_and_a_taken_name_is_refused(db):
    ada = customer()
    tags.tag(ada, names=["VIP", "Wholesale"])
    vip = Tag.objects.get(name="VIP")
    assert tags.rename_tag(vip, name="Very important").key == "very important"
    assert names(ada) == ["Very important", "Wholesale"]
    with pytest.raises(tags.TagTaken) as refused:
        tags.rename_tag(vip, name="wholesale")
    assert refused.value.tag.name == "Wholesale"
    assert names(ada) == ["Very important", "Wholesale"]


def test_a_merge_of_tags_can_be_taken_back_exactly(db):
    ada, ben, cleo, dora = (customer(name) for name in ("Ada", "Ben", "Cleo", "Dora"))
    for one, has in ((ada, ["VIP"]), (ben, ["VIP", "Top"]), (cleo, ["Top"])):
        tags.tag(one, names=has)
    vip, top = Tag.objects.get(name="VIP"), Tag.objects.get(name="Top")
    tags.merge_tags(vip, into=top)
    assert [names(one) for one in (ada, ben, cleo, dora)] == [["Top"], ["Top"], ["Top"], []]
    tags.tag(dora, names=["Top"])
    tags.restore_tag(Tag.everyone.get(pk=vip.pk))
    assert [names(one) for one in (ada, ben, cleo, dora)] == [["VIP"], ["Top", "VIP"], ["Top"], ["Top"]]
    with pytest.raises(Invalid, match="itself"):
        tags.merge_tags(top, into=top)


def test_a_deleted_tag_is_gone_and_can_come_back_for_thirty_days(db):
    ada = customer()
    tags.tag(ada, names=["VIP"])
    vip = Tag.objects.get()
    tags.delete_tag(vip)
    assert names(ada) == []
    assert not Tag.objects.exists()
    # a new one of the same name is another tag
    tags.tag(ada, names=["vip"])
    with pytest.raises(tags.TagTaken):
        tags.restore_tag(Tag.everyone.get(pk=vip.pk))
    tags.rename_tag(Tag.objects.get(), name="other")
    tags.restore_tag(Tag.everyone.get(pk=vip.pk))
    assert names(ada) == ["other", "VIP"]

    tags.delete_tag(Tag.objects.get(name="VIP"))
    tags.erase_deleted_tags()
    assert Tag.everyone.filter(pk=vip.pk).exists()
    Tag.everyone.filter(pk=vip.pk).update(deleted_at=timezone.now() - dt.timedelta(days=31))
    assert tags.erase_deleted_tags() == 1
    assert not Tag.everyone.filter(pk=vip.pk).exists()
    assert Tagging.objects.count() == 1


def test_a_persons_own_copy_names_their_tags_and_the_fields_of_the_shop(db):
    from regulars.customers import belongings
    from regulars.customers.actions.custom_fields import create_field, set_custom_values

    ada = customer()
    tags.tag(ada, names=["VIP"])
    create_field(label="Shoe size", type="number")
    set_custom_values(ada, values={"shoe_size": 38})
    copy = {holder.name: list(holder.export(ada)) for holder in belongings.holders()}
    assert [row["tag__name"] for row in copy["tags"]] == ["VIP"]
    assert [(row["field__label"], row["text"]) for row in copy["custom_values"]] == [("Shoe size", "38")]
