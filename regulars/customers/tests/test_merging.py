"""A merge is a link: what is shown follows from it, nothing moves, and it can be taken back at any time."""

import datetime as dt

import pytest

from regulars.channels.actions import channel_for
from regulars.core import shop
from regulars.core.fields import sealed_for
from regulars.customers import belongings, people, presenting
from regulars.customers.actions import change_customer, create_customer, delete_customer, save_address
from regulars.customers.actions.consent import ask_to_confirm, confirm, record_consent, token_of
from regulars.customers.actions.contact_points import remove_contact_point
from regulars.customers.actions.custom_fields import create_field, set_custom_values
from regulars.customers.actions.deleting import erase_customer
from regulars.customers.actions.merging import NotMergeable, NotMerged, merge, unmerge, unmerge_group
from regulars.customers.actions.profile import EmailTaken
from regulars.customers.actions.tags import tag, tags_of, untag
from regulars.customers.consents import may_reach, stands
from regulars.customers.models import (
    Address,
    Consent,
    Customer,
    CustomValue,
    DuplicatePair,
    MergeLink,
    OwnProfile,
)
from regulars.customers.queries import ListRequest, customer_page
from regulars.customers.queries.contact_points import contact_points
from regulars.orders.actions import place_order, receive_return
from regulars.orders.models import Order
from regulars.orders.queries.verification import differences
from regulars.timeline.models import Entry

NOW = dt.datetime(2026, 3, 1, 12, tzinfo=dt.UTC)


@pytest.fixture
def web(db):
    shop.change(currency="GBP", time_zone="Europe/London", country="GB")
    return channel_for("web")


@pytest.fixture
def jonas(web):
    return create_customer(
        values={"given_name": "Jonas", "family_name": "Wieck", "email": "jonas@shop.example"},
        channel=web,
        external_id="1",
        at=NOW - dt.timedelta(days=900),
    )


@pytest.fixture
def j_wieck(web):
    return create_customer(
        values={"name": "J. Wieck", "email": "jw@shop.example", "phone": "+441174960123", "company": "Hain & Hafen"},
        channel=web,
        external_id="2",
        address={"line1": "1 Harbour Road", "city": "Bristol", "postcode": "BS1 5TY", "country": "GB"},
        at=NOW - dt.timedelta(days=100),
    )


def buys(customer, number, *, days=10, price=20, **more):
    return place_order(
        values={"number": number, "placed_at": NOW - dt.timedelta(days=days), **more},
        lines=[{"sku": "MUG", "quantity": 1, "unit_price": price}],
        customer=customer,
        channel=channel_for("web"),
    )


def fresh(customer):
    return Customer.everyone.get(pk=customer.pk)


def found(text):
    return [str(one) for one in customer_page(ListRequest.from_query({"q": text})).rows]


def test_the_row_shows_its_own_values_and_what_it_lacks_of_the_other(jonas, j_wieck):
    merge(keep=jonas, others=[j_wieck])
    now = fresh(jonas)
    assert (now.name, now.email, now.phone, now.company) == (
        "Jonas Wieck",
        "jonas@shop.example",
        "+441174960123",
        "Hain & Hafen",
    )
    assert (now.city, now.postcode) == ("Bristol", "BS1 5TY")
    assert now.customer_since == jonas.customer_since


def test_a_choice_shows_the_other_records_value_until_somebody_writes_another_one(jonas, j_wieck):
    merge(keep=jonas, others=[j_wieck], choices={"email": j_wieck.pk, "name": j_wieck.pk})
    assert (fresh(jonas).email, fresh(jonas).name) == ("jw@shop.example", "J. Wieck")

    change_customer(fresh(jonas), values={"email": "new@shop.example"})
    assert (fresh(jonas).email, fresh(jonas).name) == ("new@shop.example", "J. Wieck")

    unmerge(MergeLink.objects.get())
    assert (fresh(jonas).email, fresh(jonas).name) == ("new@shop.example", "Jonas Wieck")
    assert (fresh(j_wieck).email, fresh(j_wieck).name) == ("jw@shop.example", "J. Wieck")


def test_an_empty_value_can_be_chosen(jonas, j_wieck):
    merge(keep=jonas, others=[j_wieck], choices={"company": jonas.pk})
    assert fresh(jonas).company == ""


def test_a_field_that_the_other_fills_can_be_cleared(jonas, j_wieck):
    merge(keep=jonas, others=[j_wieck])
    change_customer(fresh(jonas), values={"company": "Kontor"})
    change_customer(fresh(jonas), values={"company": ""})
    assert fresh(jonas).company == ""
    assert fresh(j_wieck).company == "Hain & Hafen"


def test_the_merged_record_is_hidden_and_finds_the_person(jonas, j_wieck):
    buys(j_wieck, "HH-77")
    merge(keep=jonas, others=[j_wieck])
    assert list(Customer.objects.all()) == [jonas]
    for text in ("jw@shop.example", "BS1 5TY", "0117 496 0123", "HH-77"):
        assert found(text) == ["Jonas Wieck"]
    unmerge(MergeLink.objects.get())
    assert found("jw@shop.example") == found("HH-77") == ["J. Wieck"]


def test_orders_keep_their_record_and_count_for_the_person(jonas, j_wieck):
    buys(jonas, "1", days=50)
    buys(j_wieck, "2", days=20)
    (link,) = merge(keep=jonas, others=[j_wieck])
    buys(fresh(j_wieck), "3", days=5)
    now = fresh(jonas)
    assert (now.orders_count, now.spent_minor, fresh(j_wieck).orders_count) == (3, 6000, 2)
    assert now.last_order_at == NOW - dt.timedelta(days=5)
    assert list(differences()) == []

    unmerge(link)
    assert (fresh(jonas).orders_count, fresh(j_wieck).orders_count) == (1, 2)
    assert set(Order.objects.filter(customer=j_wieck).values_list("number", flat=True)) == {"2", "3"}
    assert list(differences()) == []


def test_a_return_of_a_records_order_is_that_records(jonas, j_wieck):
    order = buys(j_wieck, "1")
    merge(keep=jonas, others=[j_wieck])
    returned = receive_return(
        values={"number": "R1"},
        lines=[{"sku": "MUG", "quantity": 1, "unit_price": 20}],
        customer=fresh(jonas),
        channel=order.channel,
        order=order,
    )
    assert returned.customer_id == j_wieck.pk
    assert fresh(jonas).spent_minor == 0


def test_any_number_at_once_and_one_merge_in_another(web):
    one, two, three, four = (
        create_customer(values={"name": name, "email": f"{name}@shop.example"})
        for name in ("one", "two", "three", "four")
    )
    merge(keep=two, others=[three])
    first, *_rest = merge(keep=one, others=[two, four])
    assert people.records(fresh(one)) == [one.pk, two.pk, three.pk, four.pk]
    assert {fresh(record).merged_into_id for record in (two, three, four)} == {one.pk}

    assert unmerge(first) == two
    assert people.records(fresh(two)) == [two.pk, three.pk]
    assert people.records(fresh(one)) == [one.pk, four.pk]
    assert OwnProfile.objects.filter(pk=two.pk).exists()


def test_a_link_in_the_middle_gives_back_one_record(web):
    one, two, three = (create_customer(values={"name": name}) for name in ("one", "two", "three"))
    (inner,) = merge(keep=two, others=[three])
    merge(keep=one, others=[two])
    unmerge(inner)
    assert people.records(fresh(one)) == [one.pk, two.pk]
    assert fresh(three).is_listed
    assert not OwnProfile.objects.filter(pk=three.pk).exists()


def test_undo_takes_back_all_of_one_merge(web):
    one, two, three = (create_customer(values={"name": name}) for name in ("one", "two", "three"))
    links = merge(keep=one, others=[two, three])
    unmerge_group(links[1])
    assert Customer.objects.count() == 3
    assert not OwnProfile.objects.exists()
    with pytest.raises(NotMerged):
        unmerge_group(links[0])
    with pytest.raises(NotMerged):
        unmerge(links[0])


def test_what_is_one_already_or_deleted_is_refused(jonas, j_wieck, web):
    merge(keep=jonas, others=[j_wieck])
    with pytest.raises(NotMergeable):
        merge(keep=jonas, others=[j_wieck])
    gone = create_customer(values={"name": "Gone"})
    delete_customer(gone)
    with pytest.raises(NotMergeable):
        merge(keep=jonas, others=[gone])
    with pytest.raises(NotMergeable):
        merge(keep=jonas, others=[create_customer(values={"name": "X"})], choices={"nonsense": jonas.pk})
    assert MergeLink.objects.count() == 1


def test_a_merged_records_e_mail_is_taken_and_free_inside_the_person(jonas, j_wieck):
    merge(keep=jonas, others=[j_wieck], choices={"email": j_wieck.pk})
    for email in ("jonas@shop.example", "jw@shop.example"):
        with pytest.raises(EmailTaken) as taken:
            create_customer(values={"name": "Somebody", "email": email})
        assert taken.value.customer == jonas
    assert change_customer(fresh(jonas), values={"email": "jw@shop.example"}).email == "jw@shop.example"


def test_the_newest_word_of_all_records_holds(jonas, j_wieck):
    record_consent(jonas, medium="email", state="agreed", source="form", at=NOW - dt.timedelta(days=90))
    record_consent(j_wieck, medium="email", state="refused", source="form", at=NOW - dt.timedelta(days=9))
    (link,) = merge(keep=jonas, others=[j_wieck])
    assert [consent.state for consent in Consent.objects.all()] == ["refused"]
    assert stands(people.records(fresh(jonas)))[0].is_refused
    unmerge(link)
    assert dict(Consent.objects.values_list("customer", "state")) == {jonas.pk: "agreed", j_wieck.pk: "refused"}


def test_restrictions_of_any_record_hold(jonas, j_wieck):
    Customer.objects.filter(pk=j_wieck.pk).update(
        **sealed_for(Customer, j_wieck.pk, {"is_blocked": True, "restriction_reason": "Sent back everything"})
    )
    merge(keep=jonas, others=[fresh(j_wieck)])
    assert (fresh(jonas).is_blocked, fresh(jonas).restriction_reason) == (True, "Sent back everything")


def test_an_address_stays_with_its_record_and_one_default_counts(jonas, j_wieck):
    own = save_address(jonas, values={"line1": "2 Quay Street", "city": "Bath", "postcode": "BA1 1AA", "country": "GB"})
    (link,) = merge(keep=fresh(jonas), others=[j_wieck])
    addresses = presenting.addresses(fresh(jonas))
    assert [(one.city, one.is_default_shipping) for one in addresses] == [("Bath", True), ("Bristol", False)]

    theirs = Address.objects.get(customer=j_wieck)
    save_address(fresh(jonas), values={"is_default_shipping": True}, address=theirs)
    assert fresh(jonas).city == "Bristol"
    assert presenting.addresses(fresh(jonas))[0] == theirs

    unmerge(link)
    assert (fresh(jonas).city, fresh(j_wieck).city) == ("Bath", "Bristol")
    assert Address.objects.get(pk=own.pk).is_default_shipping


def test_what_came_to_the_person_is_asked_for_and_moved(jonas, j_wieck):
    (link,) = merge(keep=jonas, others=[j_wieck])
    added = save_address(
        fresh(jonas), values={"line1": "9 New Road", "city": "Leeds", "postcode": "LS1 1AA", "country": "GB"}
    )
    came = belongings.came_since(jonas.pk, link.marks)
    assert {name: [row.key for row in rows] for name, rows in came.items()} == {"addresses": [added.pk]}
    unmerge(link, moves={"addresses": [added.pk]})
    assert Address.objects.get(pk=added.pk).customer_id == j_wieck.pk
    assert (fresh(jonas).city, fresh(j_wieck).city) == ("", "Bristol")
    assert not Address.objects.get(pk=added.pk).is_default_shipping


def test_a_pair_is_decided_by_a_merge_and_open_again_or_never_after_it(jonas, j_wieck):
    pair = DuplicatePair.objects.create(left=jonas, right=j_wieck, probability=0.9, found_at=NOW)
    (link,) = merge(keep=jonas, others=[j_wieck])
    pair.refresh_from_db()
    assert pair.state == "merged"
    unmerge(link)
    pair.refresh_from_db()
    assert pair.state == "open"
    (link,) = merge(keep=fresh(jonas), others=[fresh(j_wieck)])
    unmerge(link, is_never_again=True)
    pair.refresh_from_db()
    assert pair.state == "never"


def test_both_are_told(jonas, j_wieck):
    (link,) = merge(keep=jonas, others=[j_wieck])
    unmerge(link)
    told = Entry.objects.filter(name__in=["customer.merged", "customer.unmerged"]).order_by("id")
    assert [(entry.name, entry.customer_id) for entry in told] == [
        ("customer.merged", jonas.pk),
        ("customer.merged", j_wieck.pk),
        ("customer.unmerged", jonas.pk),
        ("customer.unmerged", j_wieck.pk),
    ]
    assert told[0].data == {"kept": jonas.public_id, "merged": j_wieck.public_id}


def test_a_deleted_person_goes_whole(jonas, j_wieck):
    merge(keep=jonas, others=[j_wieck])
    delete_customer(fresh(jonas))
    erase_customer(fresh(jonas))
    assert not Customer.everyone.exists()
    assert not MergeLink.objects.exists()


def test_every_column_of_a_customer_has_a_rule():
    beside = {
        *("id", "created_at", "updated_at", "version", "deleted_at", "merged_into_id", "is_listed"),
        *("orders_count", "spent_minor", "refunded_minor", "first_order_at", "last_order_at", "usual_gap_days"),
    }
    columns = {field.attname for field in Customer._meta.concrete_fields}
    assert columns == beside | set(presenting.COLUMNS)
    assert beside.isdisjoint(presenting.COLUMNS)


def test_what_a_bulk_write_changed_on_a_shown_row_becomes_its_own(jonas, j_wieck):
    (link,) = merge(keep=jonas, others=[j_wieck], choices={"name": j_wieck.pk})
    Customer.objects.filter(pk=jonas.pk).update(status="inactive")
    presenting.follow([jonas.pk])
    unmerge(link)
    assert (fresh(jonas).status, fresh(jonas).name) == ("inactive", "Jonas Wieck")
    assert fresh(j_wieck).status == "active"


def test_rows_of_both_records_written_at_once_each_keep_what_was_written_to_them(jonas, j_wieck):
    (link,) = merge(keep=jonas, others=[j_wieck])
    Customer.everyone.filter(pk=j_wieck.pk).update(phone="+441174960999", company="Kontor")
    Customer.everyone.filter(pk=jonas.pk).update(language="de")
    presenting.follow([jonas.pk, j_wieck.pk])
    now = fresh(jonas)
    assert (now.phone, now.company, now.language) == ("+441174960999", "Kontor", "de")
    unmerge(link)
    assert (fresh(jonas).phone, fresh(jonas).company, fresh(jonas).language) == ("", "", "de")
    assert (fresh(j_wieck).phone, fresh(j_wieck).company) == ("+441174960999", "Kontor")


def test_a_tag_taken_off_the_person_comes_back_to_the_record_that_had_it(jonas, j_wieck):
    tag(j_wieck, names=["VIP"])
    (link,) = merge(keep=jonas, others=[j_wieck])
    assert [one.name for one in tags_of(fresh(jonas))] == ["VIP"]
    untag(fresh(jonas), names=["VIP"])
    assert tags_of(fresh(jonas)) == []
    unmerge(link)
    assert [one.name for one in tags_of(fresh(j_wieck))] == ["VIP"]
    assert tags_of(fresh(jonas)) == []


def test_what_was_taken_off_the_very_record_stays_off(jonas, j_wieck):
    tag(j_wieck, names=["VIP"])
    (link,) = merge(keep=jonas, others=[j_wieck])
    untag(fresh(jonas), names=["VIP"])
    untag(fresh(j_wieck), names=["VIP"])
    unmerge(link)
    assert tags_of(fresh(j_wieck)) == []


def test_a_phone_taken_off_the_person_comes_back_to_the_record_that_had_it(jonas, j_wieck):
    (link,) = merge(keep=jonas, others=[j_wieck])
    assert found("0117 496 0123") == ["Jonas Wieck"]
    remove_contact_point(fresh(jonas), kind="phone", value="+441174960123")
    assert fresh(jonas).phone == ""
    assert contact_points(fresh(jonas))[-1].kind == "email"
    assert found("0117 496 0123") == []
    unmerge(link)
    assert (fresh(jonas).phone, fresh(j_wieck).phone) == ("", "+441174960123")
    assert found("0117 496 0123") == ["J. Wieck"]


def test_taking_off_below_another_merge_stays_with_that_person(web):
    one, two, three = (create_customer(values={"name": name}) for name in ("one", "two", "three"))
    tag(three, names=["VIP"])
    (inner,) = merge(keep=two, others=[three])
    untag(fresh(two), names=["VIP"])
    (outer,) = merge(keep=one, others=[two])
    unmerge(outer)
    assert tags_of(fresh(two)) == []
    unmerge(inner)
    assert [one.name for one in tags_of(fresh(three))] == ["VIP"]


def test_whoever_confirms_after_the_merge_agrees_for_the_record_that_was_asked(jonas, j_wieck):
    request = ask_to_confirm(j_wieck)
    (link,) = merge(keep=jonas, others=[fresh(j_wieck)])
    confirm(token_of(request), proof={})
    assert may_reach(fresh(jonas), "email")
    assert may_reach(fresh(j_wieck), "email")
    unmerge(link)
    assert may_reach(fresh(j_wieck), "email")
    assert not may_reach(fresh(jonas), "email")


def test_a_value_cleared_on_the_person_and_on_the_very_record_stays_cleared(jonas, j_wieck):
    create_field(label="Size", type="text")
    set_custom_values(j_wieck, values={"size": "36"})
    (link,) = merge(keep=jonas, others=[j_wieck])
    set_custom_values(fresh(jonas), values={"size": ""})
    assert not CustomValue.objects.exists()
    set_custom_values(fresh(j_wieck), values={"size": ""})
    unmerge(link)
    assert not CustomValue.objects.exists()


def test_a_value_cleared_on_the_person_comes_back_to_the_record_that_had_it(jonas, j_wieck):
    create_field(label="Size", type="text")
    set_custom_values(j_wieck, values={"size": "36"})
    (link,) = merge(keep=jonas, others=[j_wieck])
    set_custom_values(fresh(jonas), values={"size": ""})
    unmerge(link)
    assert list(CustomValue.objects.values_list("customer", "text")) == [(j_wieck.pk, "36")]
