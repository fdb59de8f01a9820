"""Create, change and delete a customer: what is written, what is announced, and what is refused."""

import datetime as dt

import pytest

from regulars.channels.actions import channel_for
from regulars.core.errors import Invalid, Stale
from regulars.customers.actions import (
    EmailTaken,
    ExternalIdTaken,
    change_customer,
    create_customer,
    delete_customer,
    erase_customer,
    remove_address,
    save_address,
)
from regulars.customers.models import Address, Customer, Identity, Unindexed
from regulars.timeline.actions import acting
from regulars.timeline.models import Entry

pytestmark = pytest.mark.django_db


def test_a_new_customer_is_normalised_found_and_announced(ada):
    web = channel_for("web")
    with acting(ada.pk, "page"):
        customer = create_customer(
            values={
                "given_name": " Zoë\u200b ",
                "family_name": "Müller",
                "email": "Zoe@Mail.EXAMPLE",
                "phone": "030 1234567",
            },
            channel=web,
            external_id="C-1",
            address={"line1": "Kai 1", "city": "Hamburg", "postcode": "20457", "country": "Germany"},
        )
    kept = Customer.objects.get(pk=customer.pk)
    assert (kept.name, kept.email, kept.phone, kept.kind) == (
        "Zoë Müller",
        "zoe@mail.example",
        "+49301234567",
        "person",
    )
    assert (kept.city, kept.postcode, kept.country) == ("Hamburg", "20457", "DE")
    assert kept.sort_name == "zoe muller"
    assert "49301234567" in kept.search_text
    assert kept.version == 1
    assert Identity.objects.get().external_id == "C-1"
    address = Address.objects.get()
    assert address.is_default_shipping
    assert address.is_default_billing
    entry = Entry.objects.exclude(name="channel.added").get()
    assert (entry.name, entry.actor_id, entry.source, entry.customer_id) == (
        "customer.created",
        ada.pk,
        "page",
        kept.pk,
    )
    assert Unindexed.objects.filter(customer_id=kept.pk).exists()


@pytest.mark.parametrize(
    ("values", "name"),
    [
        ({"given_name": "三", "family_name": "张"}, "张三"),
        ({"given_name": "Ada", "family_name": "Lovelace"}, "Ada Lovelace"),
        ({"given_name": "Anna", "family_name": "Kovács", "language": "hu"}, "Kovács Anna"),
        ({"family_name": "Prince"}, "Prince"),
        ({"company": "Hain GmbH"}, "Hain GmbH"),
        ({"given_name": "Ada", "name": "Countess"}, "Countess"),
    ],
)
def test_the_shown_name_follows_script_and_language(values, name):
    assert create_customer(values=values).name == name


def test_only_a_company_is_a_company():
    assert create_customer(values={"company": "Hain GmbH"}).kind == "company"
    assert create_customer(values={"company": "Hain GmbH", "family_name": "Dahl"}).kind == "person"
    assert create_customer(values={"company": "Ein-Mann", "kind": "person"}).kind == "person"


def test_every_bad_field_says_why_and_nothing_is_written():
    with pytest.raises(Invalid) as refused:
        create_customer(
            values={
                "name": "x" * 10_000,
                "email": "nobody",
                "phone": "12",
                "customer_since": "31/02/2026",
                "status": "gone",
            }
        )
    assert set(refused.value.fields) == {"name", "email", "phone", "customer_since", "status"}
    with pytest.raises(Invalid, match="no field"):
        create_customer(values={"name": "Ada", "shoe_size": "38"})
    with pytest.raises(Invalid, match="Nothing says who this is"):
        create_customer(values={"title": "Dr"})
    assert not Customer.objects.exists()
    assert not Entry.objects.exists()


def test_an_email_belongs_to_one_customer():
    ada = create_customer(values={"email": "ada@mail.example"})
    with pytest.raises(EmailTaken) as refused:
        create_customer(values={"name": "Other", "email": "ADA@mail.example"})
    assert refused.value.customer == ada
    other = create_customer(values={"email": "other@mail.example"})
    with pytest.raises(EmailTaken):
        change_customer(other, values={"email": "ada@mail.example"})
    assert change_customer(ada, values={"email": "Ada@mail.example"}).version == 1
    assert Customer.objects.count() == 2


def test_two_accounts_of_a_channel_may_share_an_email_but_not_an_id():
    web = channel_for("web")
    create_customer(values={"email": "both@mail.example"}, channel=web, external_id="1")
    create_customer(values={"email": "both@mail.example"}, channel=web, external_id="2")
    with pytest.raises(ExternalIdTaken):
        create_customer(values={"email": "third@mail.example"}, channel=web, external_id="2")
    with pytest.raises(EmailTaken):
        create_customer(values={"email": "both@mail.example"})
    assert Customer.objects.count() == 2


def test_a_change_raises_the_version_once_and_says_what_was_before():
    customer = create_customer(values={"given_name": "Ada", "family_name": "King", "email": "a@mail.example"})
    changed = change_customer(customer, values={"family_name": "Lovelace", "email": "a@mail.example"}, version=1)
    assert (changed.version, changed.name, changed.sort_name) == (2, "Ada Lovelace", "ada lovelace")
    entry = Entry.objects.get(name="customer.changed")
    assert entry.data == {"changes": {"family_name": ["King", "Lovelace"], "name": ["Ada King", "Ada Lovelace"]}}
    assert Customer.objects.get().version == 2


def test_a_change_that_changes_nothing_leaves_no_trace():
    customer = create_customer(values={"name": "Ada", "phone": "+49301234567"})
    assert change_customer(customer, values={"name": " Ada ", "phone": "030 1234567"}).version == 1
    assert Entry.objects.count() == 1


def test_a_name_written_by_hand_stays_when_its_parts_change():
    customer = create_customer(values={"given_name": "Augusta", "family_name": "King", "name": "Ada"})
    assert change_customer(customer, values={"family_name": "Lovelace"}).name == "Ada"
    assert change_customer(customer, values={"name": ""}).name == "Augusta Lovelace"


def test_two_editors_cannot_both_win():
    customer = create_customer(values={"name": "Ada"})
    change_customer(customer, values={"name": "Ada L."}, version=1)
    with pytest.raises(Stale, match="Somebody else changed"):
        change_customer(customer, values={"name": "Ada K."}, version=1)
    assert Customer.objects.get().name == "Ada L."
    with pytest.raises(Stale):
        delete_customer(customer, version=1)


def test_the_last_thing_that_says_who_it_is_cannot_be_taken_away():
    customer = create_customer(values={"name": "Ada"})
    with pytest.raises(Invalid, match="Nothing says who"):
        change_customer(customer, values={"name": ""})


def test_deleting_takes_the_person_out_of_every_table():
    customer = create_customer(
        values={"name": "Ada", "email": "ada@mail.example"},
        channel=channel_for("web"),
        external_id="1",
        address={"city": "Kiel"},
    )
    change_customer(customer, values={"name": "Ada L."})
    delete_customer(customer, version=2)
    assert Address.objects.exists()
    erase_customer(customer)
    assert not Customer.everyone.exists()
    assert not Address.objects.exists()
    assert not Identity.objects.exists()
    assert {entry.name for entry in Entry.objects.all()} == {
        "customer.created",
        "customer.changed",
        "customer.deleted",
        "customer.erased",
        "channel.added",
        "entries.blanked",
    }
    assert not Entry.objects.exclude(customer=None).exists()
    assert "Ada" not in str(list(Entry.objects.values_list("data", flat=True)))


def test_lists_show_the_place_of_the_default_shipping_address():
    customer = create_customer(values={"name": "Ada"})
    first = save_address(customer, values={"city": "Kiel", "country": "DE"})
    assert (first.is_default_shipping, first.is_default_billing) == (True, True)
    second = save_address(customer, values={"city": "Århus", "country": "DK", "is_default_shipping": True})
    kept = Customer.objects.get()
    assert (kept.city, kept.country, kept.version) == ("Århus", "DK", 3)
    assert Address.objects.get(pk=first.pk).is_default_shipping is False
    remove_address(second)
    assert Customer.objects.get().city == "Kiel"
    assert [e.data["deed"] for e in Entry.objects.filter(name="customer.address_changed").order_by("id")] == [
        "added",
        "added",
        "removed",
    ]


def test_an_address_that_says_nothing_is_refused_and_an_unchanged_one_is_left_alone():
    customer = create_customer(values={"name": "Ada"}, address={"city": "Kiel"})
    with pytest.raises(Invalid, match="address is empty"):
        save_address(customer, values={"line1": " "})
    address = Address.objects.get()
    assert save_address(customer, values={"city": "Kiel"}, address=address).version == 1
    assert Customer.objects.get().version == 1


def test_a_phone_is_read_as_it_is_dialled_where_the_customer_lives():
    customer = create_customer(values={"name": "Ada", "phone": "020 7946 0018"}, address={"country": "UK"})
    assert customer.phone == "+442079460018"
    assert change_customer(customer, values={"phone": "020 7946 0019"}).phone == "+442079460019"


def test_days_without_a_time_begin_in_the_shops_zone():
    customer = create_customer(values={"name": "Ada", "customer_since": "2026-03-12"})
    assert customer.customer_since == dt.datetime(2026, 3, 11, 23, tzinfo=dt.UTC)
    assert Entry.objects.get().at == customer.customer_since
