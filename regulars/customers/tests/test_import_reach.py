"""Files and further e-mails: whom they mean, what they leave alone, and where imported addresses lie."""

import pytest

from regulars.channels.actions import channel_for
from regulars.core import shop
from regulars.customers.actions import add_contact_point, create_customer
from regulars.customers.models import Address, ContactPoint, Customer
from regulars.customers.queries import ListRequest, customer_page
from regulars.customers.queries.contact_points import contact_points
from regulars.customers.tests.test_import import bring_in

pytestmark = pytest.mark.django_db


@pytest.fixture
def mara():
    shop.change(currency="GBP", country="GB", time_zone="Europe/London")
    known = create_customer(
        values={"given_name": "Mara", "family_name": "Petersen", "email": "mara@shop.example"},
        channel=channel_for("web"),
    )
    add_contact_point(known, kind="email", value="home@shop.example", label="Home")
    add_contact_point(known, kind="phone", value="+442079460958")
    return known


def file_of(tmp_path, *lines):
    path = tmp_path / "customers.csv"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def test_a_further_email_means_its_customer_and_does_not_become_the_first_one(tmp_path, mara):
    add_contact_point(mara, kind="phone", value="+442079460959")
    rows = file_of(tmp_path, "email,phone,company", "home@shop.example,+44 20 7946 0959,Hain & Hafen")
    summary = bring_in(rows)
    assert (summary.created, summary.updated, summary.rejected) == (0, 1, 0)
    mara.refresh_from_db()
    assert (mara.email, mara.phone, mara.company) == ("mara@shop.example", "+442079460958", "Hain & Hafen")
    assert "home@shop.example" in mara.search_text
    assert customer_page(ListRequest.from_query({"q": "home@shop"})).rows == [mara]


def test_a_second_email_of_a_file_is_kept_beside_the_first_one_and_found(tmp_path, mara):
    rows = file_of(
        tmp_path,
        "email,given name,e-mail 2",
        "jonas@shop.example,Jonas,jonas@work.example",
        "sofie@shop.example,Sofie,home@shop.example",
    )
    bring_in(rows)
    jonas, sofie = Customer.objects.get(given_name="Jonas"), Customer.objects.get(given_name="Sofie")
    assert [point.value for point in contact_points(jonas)] == ["jonas@shop.example", "jonas@work.example"]
    assert customer_page(ListRequest.from_query({"q": "jonas@work"})).rows == [jonas]
    # an e-mail that somebody else has stays theirs
    assert [point.value for point in contact_points(sofie)] == ["sofie@shop.example"]
    assert ContactPoint.objects.get(value="home@shop.example").customer == mara


def test_imported_addresses_know_where_they_lie_and_keep_what_the_file_says(tmp_path, mara):
    rows = file_of(
        tmp_path,
        "email,address,city,postcode,country",
        "a@shop.example,Kai 1,Hamburg,20A5,DE",
        "b@shop.example,1 Pike St,Seattle,98101,US",
        "c@shop.example,Nowhere 1,Nowheretown,1,GB",
    )
    bring_in(rows)
    found = Address.objects.order_by("customer__email").values_list(
        "city", "postcode", "region", "latitude", "longitude"
    )
    assert list(found) == [
        ("Hamburg", "20A5", "", 53.55, 9.99),
        ("Seattle", "98101", "", 47.61, -122.33),
        ("Nowheretown", "1", "", None, None),
    ]
    bring_in(file_of(tmp_path, "email,city,country", "a@shop.example,Bremen,DE"))
    moved = Address.objects.get(customer__email="a@shop.example")
    assert (moved.city, moved.latitude, moved.longitude) == ("Bremen", 53.08, 8.81)
