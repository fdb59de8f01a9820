"""The profile tab and the pages behind it: contact points, channel numbers, households, companies, addresses."""

import re
from urllib.parse import urlencode

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from regulars.channels.actions import channel_for
from regulars.core import shop
from regulars.customers.actions import (
    add_contact_point,
    change_customer,
    create_customer,
    join_household,
)
from regulars.customers.models import Address, Category, ContactPoint, Customer, Identity

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _british_shop(db):
    shop.change(currency="GBP", country="GB", time_zone="Europe/London")


@pytest.fixture
def mara():
    return create_customer(
        values={"given_name": "Mara", "family_name": "Petersen", "email": "mara@shop.example"},
        channel=channel_for("web"),
    )


# ── the profile tab


def test_the_head_says_what_somebody_prefers_and_what_is_restricted(client_of, ada, mara):
    change_customer(
        mara,
        values={
            "preferred_channels": "whatsapp",
            "contact_times": "weekday-evening",
            "is_blocked": True,
            "restriction_reason": "Two unpaid invoices",
        },
    )
    client = client_of(ada)
    head = client.get(f"/customers/{mara.public_id}").content.decode()
    assert "Prefers WhatsApp, weekday evenings" in head
    assert '<span class="tag late">Blocked</span>' in head
    assert "Two unpaid invoices" in head
    assert '<span class="tag late">Blocked</span>' in client.get("/customers").content.decode()
    found = client.get("/find?q=mara", headers={"HX-Request": "true"}).content.decode()
    assert '<span class="tag late">Blocked</span>' in found


def address(name, mara, **query):
    return f"/customers/{mara.public_id}/contacts/{name}?{urlencode(query)}"


def test_emails_and_phones_are_added_put_first_changed_and_removed(client_of, ada, mara):
    client = client_of(ada)
    added = {"kind": "email", "value": "Home@Shop.example", "label": "Home"}
    assert client.post(address("new", mara), added).status_code == 302
    home = {"kind": "email", "value": "home@shop.example"}
    assert client.post(address("first", mara, **home)).status_code == 302
    mara.refresh_from_db()
    assert mara.email == "home@shop.example"
    changed = {"value": "home@new.example", "label": "New home", "is_do_not_contact": "on"}
    assert client.post(address("edit", mara, **home), changed).status_code == 302
    mara.refresh_from_db()
    assert mara.email == "home@new.example"
    assert "Do not write" in client.get(f"/customers/{mara.public_id}/profile").content.decode()
    client.post(address("remove", mara, kind="email", value="home@new.example"))
    mara.refresh_from_db()
    assert mara.email == "mara@shop.example"
    client.post(address("return", mara, kind="email", value="home@new.example", label="New home", first="1"))
    mara.refresh_from_db()
    assert (mara.email, ContactPoint.objects.get(value="home@new.example").label) == ("home@new.example", "New home")


def test_whoever_is_not_to_be_called_is_not_after_a_removal_was_taken_back_either(client_of, ada, mara):
    client = client_of(ada)
    point = add_contact_point(mara, kind="phone", value="+441174960123")
    ContactPoint.objects.filter(pk=point.pk).update(is_do_not_contact=True)
    client.post(address("remove", mara, kind="phone", value="+441174960123"))
    assert not ContactPoint.objects.filter(kind="phone").exists()
    page = client.get(f"/customers/{mara.public_id}/profile").content.decode()
    way_back = re.search(r'action="([^"]*/contacts/return[^"]*)"', page)[1].replace("&amp;", "&")
    client.post(way_back)
    assert ContactPoint.objects.get(kind="phone").is_do_not_contact


def test_an_email_of_somebody_else_is_refused_with_a_link(client_of, ada, mara):
    other = create_customer(values={"name": "Jonas", "email": "jonas@shop.example"})
    answer = client_of(ada).post(address("new", mara), {"kind": "email", "value": "jonas@shop.example"})
    assert answer.status_code == 422
    assert f"/customers/{other.public_id}" in answer.content.decode()
    assert not ContactPoint.objects.exists()


def test_the_last_word_on_who_somebody_is_stays(client_of, ada):
    only = create_customer(values={"email": "only@shop.example"})
    answer = client_of(ada).post(address("remove", only, kind="email", value="only@shop.example"))
    assert answer.status_code == 422
    assert "Nothing says who this is" in answer.content.decode()


def test_numbers_of_channels_are_added_and_removed(client_of, ada, mara):
    client = client_of(ada)
    data = {"channel": "web", "external_id": "17850"}
    assert client.post(f"/customers/{mara.public_id}/numbers/new", data).status_code == 302
    other = create_customer(values={"name": "Jonas"})
    answer = client.post(f"/customers/{other.public_id}/numbers/new", data)
    assert answer.status_code == 422
    assert mara.public_id in answer.content.decode()
    identity = Identity.objects.get()
    client.post(f"/customers/{mara.public_id}/numbers/{identity.pk}/remove")
    assert not Identity.objects.exists()


def test_a_household_is_joined_left_and_joined_again(client_of, ada, mara):
    jonas = create_customer(values={"name": "Jonas Wieck", "email": "jonas@shop.example"})
    client = client_of(ada)
    page = f"/customers/{mara.public_id}/household"
    assert client.post(page, {"who": "nobody@shop.example"}).status_code == 422
    assert client.post(page, {"who": "jonas@shop.example", "name": "Kai 1"}).status_code == 302
    shown = client.get(f"/customers/{mara.public_id}/profile").content.decode()
    assert "Jonas Wieck" in shown
    assert "Kai 1" in shown
    assert "<dt>Lives with</dt>" in shown
    client.post(f"/customers/{jonas.public_id}/household/leave")
    jonas.refresh_from_db()
    assert jonas.household is None
    mara.refresh_from_db()
    client.post(f"/customers/{jonas.public_id}/household/{mara.household.public_id}/return")
    jonas.refresh_from_db()
    assert jonas.household == mara.household


def test_a_company_shows_its_people_and_offers_it_to_new_ones(client_of, ada, mara):
    company = create_customer(values={"company": "Hain & Hafen"})
    change_customer(mara, values={"organisation": company, "position": "Owner"})
    client = client_of(ada)
    shown = client.get(f"/customers/{company.public_id}/profile").content.decode()
    assert "Mara Petersen" in shown
    assert "Owner" in shown
    form = client.get(f"/customers/new?organisation={company.public_id}").content.decode()
    assert 'value="Hain &amp; Hafen"' in form
    client.post(
        f"/customers/new?organisation={company.public_id}",
        {"kind": "person", "status": "active", "name": "Sofie Dahl", "organisation": "Hain & Hafen"},
    )
    assert Customer.objects.get(name="Sofie Dahl").organisation == company
    client.post(f"/customers/{mara.public_id}/company/leave")
    mara.refresh_from_db()
    assert mara.organisation is None


def test_companies_and_people_are_offered_while_one_types(client_of, ada, mara):
    create_customer(values={"company": "Hain & Hafen"})
    client = client_of(ada)
    assert 'value="Hain &amp; Hafen"' in client.get("/customers/companies?organisation=hai").content.decode()
    assert client.get("/customers/companies?organisation=").content.decode().strip() == ""
    assert mara.public_id in client.get("/customers/people?who=peter").content.decode()


def test_the_profile_tab_asks_as_much_for_three_as_for_one(client_of, ada, mara):
    client = client_of(ada)
    company = create_customer(values={"company": "Hain & Hafen"})
    counts = []
    for round_ in range(2):
        for number in range(1 + 2 * round_):
            one = create_customer(values={"name": f"Somebody {round_}{number}", "organisation": company})
            join_household([mara, one])
            add_contact_point(mara, kind="email", value=f"{round_}{number}@shop.example")
        for page in (mara, company):
            client.get(f"/customers/{page.public_id}/profile")
            with CaptureQueriesContext(connection) as asked:
                client.get(f"/customers/{page.public_id}/profile")
            counts.append(len(asked))
    assert counts[:2] == counts[2:]


# ── addresses


def test_a_wrong_postcode_is_refused_once_and_kept_when_somebody_insists(client_of, ada, mara):
    client = client_of(ada)
    data = {"line1": "Kai 1", "postcode": "2045", "city": "Hamburg", "country": "DE"}
    refused = client.post(f"/customers/{mara.public_id}/addresses/new", data)
    assert refused.status_code == 422
    assert "They look like 26133" in refused.content.decode()
    assert 'name="keep_as_is"' in refused.content.decode()
    assert not Address.objects.exists()
    assert client.post(f"/customers/{mara.public_id}/addresses/new", {**data, "keep_as_is": "on"}).status_code == 302
    assert Address.objects.get().postcode == "2045"
    assert "is not a postcode of this country" in client.get(f"/customers/{mara.public_id}/profile").content.decode()


def test_an_address_gets_its_spelling_its_state_and_its_place(client_of, ada, mara):
    client = client_of(ada)
    page = f"/customers/{mara.public_id}/addresses/new"
    client.post(page, {"line1": "12 Harbour Road", "postcode": "bs15ty", "city": "Bristol", "country": "GB"})
    client.post(page, {"line1": "1 Pike St", "postcode": "98101", "city": "Seattle", "country": "US"})
    british, american = Address.objects.order_by("id")
    assert (british.postcode, british.region, british.latitude, british.longitude) == ("BS1 5TY", "", 51.46, -2.6)
    assert (american.region, american.latitude, american.longitude) == ("WA", 47.61, -122.33)


def test_the_form_has_the_fields_of_the_country_in_its_order_and_words(client_of, ada, mara):
    client = client_of(ada)
    for country, words, order in (
        ("US", ("ZIP code", "State"), ("line1", "city", "region", "postcode")),
        ("DE", ("Postcode", "City"), ("line1", "postcode", "city")),
        ("GB", ("Town",), ("line1", "city", "postcode")),
        ("JP", ("Prefecture",), ("postcode", "region", "line1")),
    ):
        answer = client.post("/customers/address-fields", {"country": country, "line1": "Kai 1"}).content.decode()
        assert all(word in answer for word in words), country
        places = [answer.index(f'name="{name}"') for name in order]
        assert places == sorted(places), country
        assert 'value="Kai 1"' in answer


def test_charlie_sees_and_changes_nothing_of_a_profile(client_of, charlie, mara):
    client = client_of(charlie)
    for path in ("contacts/new", "numbers/new", "household", "household/leave", "company/leave"):
        assert (
            client.post(f"/customers/{mara.public_id}/{path}", {"kind": "email", "value": "x@y.example"}).status_code
            == 403
        )
    assert client.post("/customers/categories", {"name": "X"}).status_code == 403
    assert not ContactPoint.objects.exists()
    assert not Category.objects.filter(name="X").exists()
