"""What sales channels say of customers becomes customers: the same ones, whatever comes first."""

from __future__ import annotations

import datetime as dt
from itertools import permutations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from regulars.channels.actions import channel_for
from regulars.channels.records import AddressRecord, Consent, CustomerRecord
from regulars.customers.actions import change_customer, create_customer, decide_never, delete_customer
from regulars.customers.actions.consent import record_consent
from regulars.customers.actions.merging import merge
from regulars.customers.actions.tags import tags_of, untag
from regulars.customers.facts import CustomerCreated
from regulars.customers.models import (
    Address,
    ConsentRecord,
    ContactPoint,
    Customer,
    DuplicatePair,
    Identity,
)
from regulars.customers.models import Consent as Held
from regulars.customers.taking.people import people_of, remove_customers, take_customers
from regulars.timeline.actions import acting, forget_reaction, on
from regulars.timeline.models import Entry, Source

pytestmark = pytest.mark.django_db

NOON = dt.datetime(2026, 5, 4, 12, tzinfo=dt.UTC)
HOUR = dt.timedelta(hours=1)


@pytest.fixture
def shop(db):
    return channel_for("shop", name="Web shop")


@pytest.fixture
def market(db):
    return channel_for("market", name="Marketplace")


def account(external_id="7", hours=0, **more):
    given = {"email": "jonas@example.com", "given_name": "Jonas", "family_name": "Wieck", **more}
    return CustomerRecord(external_id=external_id, version=NOON + hours * HOUR, **given)


def said(channel, is_given, at=None):
    return Consent(channel=channel, is_given=is_given, at=at)


def take(channel, *records):
    with acting(None, Source.CHANNEL):
        return [taken.customer_id for taken in take_customers(channel, list(records))]


def everything():
    """All rows that taking in may write, but for the moments at which they were written."""
    return {
        "customers": list(Customer.everyone.order_by("pk").values_list("pk", "version", "name", "email", "phone")),
        "entries": Entry.objects.count(),
        "points": list(ContactPoint.objects.values_list("customer", "kind", "value", "verified_at")),
        "addresses": list(Address.objects.values_list("customer", "line1", "city", "version")),
        "consents": list(ConsentRecord.objects.values_list("customer", "medium", "state", "at")),
        "identities": list(Identity.objects.values_list("customer", "channel", "external_id")),
        "pairs": list(DuplicatePair.objects.values_list("left", "right", "state", "found_at")),
    }


def test_an_account_becomes_a_customer_with_all_that_is_known(shop):
    home = AddressRecord(name="Jonas Wieck", line1="Hafenstraße 12", city="Hamburg", postcode="20457", country="DE")
    record = account(
        phone="040 1234567",
        is_email_verified=True,
        language="de-DE",
        since=NOON - 9 * HOUR,
        address=home,
        tags=("Tea", "Wholesale"),
        consents=(said("email", True, NOON - HOUR), said("sms", None), said("post", False, NOON)),
    )
    (pk,) = take(shop, record)
    customer = Customer.objects.get()
    assert customer.pk == pk
    assert (customer.name, customer.email, customer.phone) == ("Jonas Wieck", "jonas@example.com", "+49401234567")
    assert (customer.language, customer.city, customer.country) == ("de-de", "Hamburg", "DE")
    assert (customer.is_guest, customer.channel, customer.customer_since) == (False, shop, NOON - 9 * HOUR)
    assert Identity.objects.get().external_id == "7"
    assert Address.objects.get().line1 == "Hafenstraße 12"
    assert [(p.kind, p.value, p.verified_at) for p in ContactPoint.objects.all()] == [
        ("email", "jonas@example.com", NOON)
    ]
    assert [tag.name for tag in tags_of(customer)] == ["Tea", "Wholesale"]
    assert set(Held.objects.values_list("medium", "state", "since")) == {
        ("email", "agreed", NOON - HOUR),
        ("post", "refused", NOON),
    }
    told = Entry.objects.filter(customer=customer)
    assert set(told.values_list("name", "source")) == {
        ("customer.created", "channel"),
        ("customer.tagged", "channel"),
        ("customer.consent_changed", "channel"),
    }


def test_the_same_state_again_changes_nothing_and_tells_nothing(shop, market):
    home = AddressRecord(line1="Hafenstraße 12", city="Hamburg", country="DE")
    record = account(
        is_email_verified=True, address=home, tags=("Tea",), consents=(said("email", True), said("post", False))
    )
    other = account("m1", email="jonas@example.com")
    first = take(shop, record), take(market, other)
    before = everything()
    assert (take(shop, record), take(market, other)) == first
    assert everything() == before


def test_two_channels_that_verified_the_same_email_know_one_customer(shop, market):
    for records in permutations(
        [(shop, account(is_email_verified=True)), (market, account("m1", is_email_verified=True))]
    ):
        Customer.everyone.all().delete()
        found = [take(channel, record)[0] for channel, record in records]
        assert found[0] == found[1]
        assert set(Identity.objects.values_list("channel__code", "external_id")) == {("shop", "7"), ("market", "m1")}
        assert DuplicatePair.objects.count() == 0
    joined = Entry.objects.filter(customer=found[1], name="customer.identity_changed").get()
    assert joined.data["changes"] == {"Web shop": ["", "7"]}


@pytest.mark.parametrize("verified", [(True, False), (False, True), (False, False)])
def test_an_email_that_is_not_verified_on_both_sides_is_for_people_to_decide(shop, market, verified):
    for order in (0, 1):
        Customer.everyone.all().delete()
        records = [
            (shop, account(is_email_verified=verified[0])),
            (market, account("m1", is_email_verified=verified[1])),
        ]
        one, other = [take(channel, record)[0] for channel, record in (records[::-1] if order else records)]
        assert one != other
        assert DuplicatePair.objects.values_list("left", "right", "state").get() == (one, other, "open")


def test_two_accounts_of_one_channel_stay_two_customers(shop):
    one, other = take(shop, account("7", is_email_verified=True), account("8", is_email_verified=True))
    assert one != other
    assert DuplicatePair.objects.values_list("left", "right").get() == (one, other)


def test_a_verified_phone_joins_unless_the_names_speak_against_it(shop, market):
    same = {"phone": "+4915112345678", "is_phone_verified": True}
    (jonas,) = take(shop, account(email="a@example.com", **same))
    (again,) = take(market, account("m1", email="b@example.com", **same))
    (mara,) = take(market, account("m2", email="c@example.com", given_name="Mara", family_name="Petersen", **same))
    assert again == jonas
    assert mara != jonas


def test_the_orders_of_a_guest_are_those_of_the_later_account(shop, market):
    guest = CustomerRecord(external_id="", version=NOON, email="Jonas@Example.com", name="J. Wieck")
    for order in (0, 1):
        Customer.everyone.all().delete()
        steps = [lambda: people_of(market, [guest])[0], lambda: take(shop, account(is_email_verified=True, hours=1))[0]]
        found = [step() for step in (steps[::-1] if order else steps)]
        assert found[0] == found[1]
        customer = Customer.objects.get()
        assert (customer.is_guest, customer.email) == (False, "jonas@example.com")
        assert customer.given_name == "Jonas"


def test_a_guest_is_not_an_account_that_nobody_verified(shop):
    guest = CustomerRecord(external_id="", version=NOON, email="jonas@example.com", name="J. Wieck")
    for order in (0, 1):
        Customer.everyone.all().delete()
        steps = [lambda: people_of(shop, [guest])[0], lambda: take(shop, account())[0]]
        one, other = [step() for step in (steps[::-1] if order else steps)]
        assert one != other
        assert DuplicatePair.objects.values_list("left", "right").get() == (one, other)


def test_a_guest_comes_again_by_email_or_else_by_phone(shop):
    one = CustomerRecord(
        external_id="", version=NOON, email="sofie@example.com", name="Sofie Dahl", phone="040 1111111"
    )
    two = CustomerRecord(external_id="", version=NOON, name="Li Na", phone="040 2222222")
    nobody = CustomerRecord(external_id="", version=NOON, name="Walk-in")
    first = people_of(shop, [one, two, nobody, None, one])
    assert first[0] == first[4] != first[1]
    assert first[2:4] == [None, None]
    assert people_of(shop, [two, one]) == [first[1], first[0]]
    assert Customer.objects.count() == 2
    assert Customer.objects.filter(is_guest=True).count() == 2


def test_what_staff_wrote_stays_and_blanks_are_filled(shop, ada):
    with acting(ada.pk, Source.PAGE):
        staffed = create_customer(values={"name": "Jonas W.", "email": "jonas@example.com"})
    (pk,) = take(shop, account(is_email_verified=True, phone="040 1234567"))
    staffed.refresh_from_db()
    assert pk == staffed.pk
    assert (staffed.name, staffed.phone, staffed.given_name) == ("Jonas W.", "+49401234567", "Jonas")
    with acting(ada.pk, Source.PAGE):
        change_customer(staffed, values={"phone": "040 7654321"})
    take(shop, account(is_email_verified=True, phone="040 9999999", hours=1))
    staffed.refresh_from_db()
    assert staffed.phone == "+49407654321"


def test_a_newer_word_replaces_what_a_channel_said(shop):
    (pk,) = take(shop, account(phone="040 1234567", company="Hain & Hafen"))
    take(shop, account(hours=1, family_name="Petersen", email="new@example.com", company=""))
    customer = Customer.objects.get(pk=pk)
    assert (customer.name, customer.email, customer.company, customer.phone) == (
        "Jonas Petersen",
        "new@example.com",
        "",
        "",
    )


def test_of_an_account_and_its_orders_the_newest_word_stands_whatever_comes_first(shop):
    own = account(hours=2, given_name="Jonas", phone="", company="Hain & Hafen")
    buyers = [
        account(hours=1, given_name="Jon", phone="040 1111111", language="de"),
        account(hours=3, given_name="Jonas Peter", company="", phone=""),
        account(hours=0, given_name="J", company="Old", language="en"),
    ]
    seen = set()
    for order in permutations(range(4)):
        Customer.everyone.all().delete()
        for place in order:
            if place == 3:
                take(shop, own)
            else:
                people_of(shop, [buyers[place]])
        customer = Customer.objects.get()
        seen.add(
            (customer.name, customer.given_name, customer.phone, customer.company, customer.language, customer.email)
        )
    assert seen == {("Jonas Peter Wieck", "Jonas Peter", "", "Hain & Hafen", "", "jonas@example.com")}


def test_an_account_that_turns_out_to_be_somebody_known_is_merged_unless_people_said_no(shop, market):
    (one,) = take(shop, account(email="a@example.com", is_email_verified=True))
    (other,) = take(market, account("m1", email="b@example.com", is_email_verified=True))
    take(shop, account(email="b@example.com", is_email_verified=True, hours=1))
    assert Customer.everyone.get(pk=other).merged_into_id == one
    assert Entry.objects.filter(customer=one, name="customer.merged").count() == 1


def test_who_was_said_to_be_somebody_else_is_never_merged_by_a_channel(shop, market):
    (one,) = take(shop, account(email="a@example.com", is_email_verified=True))
    (other,) = take(market, account("m1", email="b@example.com", is_email_verified=True))
    pair = DuplicatePair.objects.create(left_id=one, right_id=other, probability=0.9, found_at=NOON)
    decide_never(pair)
    take(shop, account(email="b@example.com", is_email_verified=True, hours=1))
    assert Customer.objects.count() == 2
    assert DuplicatePair.objects.get().state == "never"


def test_who_refused_later_is_not_subscribed_again_by_a_tick_on_the_platform(shop, ada):
    (pk,) = take(shop, account(consents=(said("email", True, NOON),)))
    customer = Customer.objects.get(pk=pk)
    record_consent(customer, medium="email", state="refused", source="staff", reason="By phone", at=NOON + HOUR)
    take(shop, account(hours=2, consents=(said("email", True, NOON),)))
    take(shop, account(hours=3, consents=(said("email", True),)))
    assert Held.objects.get().state == "refused"
    assert ConsentRecord.objects.count() == 2
    take(shop, account(hours=4, consents=(said("email", True, NOON + 2 * HOUR),)))
    assert (Held.objects.get().state, Held.objects.get().since) == ("agreed", NOON + 2 * HOUR)


def test_tags_of_an_account_come_and_go_and_staff_has_the_last_word(shop):
    (pk,) = take(shop, account(tags=("Tea", "Coffee")))
    customer = Customer.objects.get(pk=pk)
    untag(customer, names=["Tea"])
    take(shop, account(hours=1, tags=("Tea", "Rare")))
    assert [tag.name for tag in tags_of(customer)] == ["Rare"]


def test_what_cannot_be_kept_is_left_out_with_a_remark(shop):
    (taken,) = take_customers(shop, [account(email="no address", phone="12", given_name="J" * 500)])
    customer = Customer.objects.get(pk=taken.local_id)
    assert (customer.email, customer.phone, len(customer.given_name)) == ("", "", 120)
    assert taken.remark.startswith("email: ")
    assert "phone: " in taken.remark


def test_whoever_reacts_to_new_customers_hears_of_each(shop):
    heard = []

    def listen(entry):
        heard.append(entry.customer_id)

    on(CustomerCreated, at_once=True)(listen)
    try:
        made = take(shop, account("7"), account("8", email="li@example.com"))
    finally:
        forget_reaction(CustomerCreated, listen)
    assert heard == made
    assert Entry.objects.filter(name="customer.created").count() == 2


def test_what_is_said_of_a_merged_record_is_that_records_own(shop, market):
    (kept,) = take(shop, account(phone="040 1111111"))
    (merged,) = take(market, account("m1", email="j@example.com", phone="040 2222222"))
    merge(keep=Customer.objects.get(pk=kept), others=[Customer.objects.get(pk=merged)])
    assert take(market, account("m1", hours=1, email="j@example.com", phone="040 3333333")) == [merged]
    assert take(shop, account(hours=1, given_name="Jon", phone="040 1111111")) == [kept]
    assert Customer.everyone.get(pk=merged).phone == "+49403333333"
    shown = Customer.objects.get()
    assert (shown.pk, shown.name, shown.phone) == (kept, "Jon Wieck", "+49401111111")


def test_an_account_that_was_deleted_there_leaves_the_person_here(shop):
    (pk,) = take(shop, account())
    remove_customers(shop, [pk])
    assert Identity.objects.count() == 0
    assert Customer.objects.get(pk=pk).email == "jonas@example.com"


def test_a_deleted_customer_is_still_who_their_account_means_and_changes_no_more(shop):
    (pk,) = take(shop, account(is_email_verified=True))
    delete_customer(Customer.objects.get(pk=pk))
    assert take(shop, account(hours=1, given_name="Jon", is_email_verified=True)) == [pk]
    assert Customer.everyone.get().given_name == "Jonas"


def test_many_are_taken_in_with_as_many_statements_as_few(shop):
    def statements(count, first):
        records = [
            account(str(first + n), email=f"k{first + n}@example.com", is_email_verified=True) for n in range(count)
        ]
        with CaptureQueriesContext(
            connection,
        ) as made:
            take(shop, *records)
        with CaptureQueriesContext(connection) as again:
            take(shop, *records)
        return len(made), len(again)

    statements(1, 10)  # the first row of a table costs a statement more
    few, many = statements(3, 100), statements(40, 200)
    assert (abs(many[0] - few[0]) <= 1, many[1]) == (True, few[1])  # values that are all alike are written otherwise
