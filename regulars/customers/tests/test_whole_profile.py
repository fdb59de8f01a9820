"""The whole profile: birthdays, companies, restrictions, preferences, contact points, households, identities."""

import datetime as dt

import pytest
import time_machine
from hypothesis import given
from hypothesis import strategies as st

from regulars.channels.actions import channel_for
from regulars.core.dates import BadDate
from regulars.core.errors import Invalid
from regulars.customers import birthdays, preferences
from regulars.customers.actions import (
    EmailTaken,
    ExternalIdTaken,
    add_contact_point,
    add_identity,
    change_contact_point,
    change_customer,
    create_customer,
    join_household,
    leave_household,
    make_primary,
    mark_bounced,
    mark_verified,
    remove_contact_point,
    remove_identity,
    return_to_household,
)
from regulars.customers.actions.merging import merge, unmerge
from regulars.customers.models import Category, ContactPoint, Customer, Household, Identity
from regulars.customers.queries import ListRequest, customer_page
from regulars.customers.queries.contact_points import contact_points
from regulars.timeline.models import Entry

pytestmark = pytest.mark.django_db


def somebody(**values):
    return create_customer(values={"given_name": "Mara", "family_name": "Petersen", **values})


@pytest.mark.parametrize(
    ("written", "year", "day"),
    [
        ("1980-03-12", 1980, "03-12"),
        ("--03-12", None, "03-12"),
        ("03-12", None, "03-12"),
        ("12 March", None, "03-12"),
        ("March 12, 1980", 1980, "03-12"),
        ("12. März 1980", 1980, "03-12"),
        ("3月12日", None, "03-12"),
        ("1980年3月12日", 1980, "03-12"),
        ("12.3.1980", 1980, "03-12"),
        ("29 Feb", None, "02-29"),
        ("1980", 1980, ""),
        ("", None, ""),
    ],
)
def test_a_birthday_is_read_with_or_without_its_year(written, year, day):
    known = somebody(birth_date=written)
    assert (known.birth_year, known.birthday) == (year, day)
    assert known.born_ordinal == (dt.date(1980, 3, 12).toordinal() if year and day else None)


@pytest.mark.parametrize("written", ["1981-02-29", "31 April", "2999-01-01", "soon", "--13-01", "1700-01-01"])
def test_a_day_nobody_is_born_on_is_refused_with_a_reason(written):
    with pytest.raises(Invalid) as refused:
        somebody(birth_date=written)
    assert list(refused.value.fields) == ["birth_date"]
    assert not Customer.everyone.exists()


@given(st.dates(min_value=dt.date(1900, 1, 1), max_value=dt.date(2025, 12, 31)), st.booleans())
def test_what_is_written_is_read_back(day, has_year):
    birth = birthdays.Birth(day.year if has_year else None, f"{day.month:02d}-{day.day:02d}")
    assert birthdays.parse(birthdays.written(*birth)) == birth


@given(st.dates(min_value=dt.date(1900, 1, 1), max_value=dt.date(2020, 1, 1)), st.integers(0, 40_000))
def test_an_age_and_the_latest_day_to_be_that_old_agree(born, later):
    on = born + dt.timedelta(days=later)
    years = birthdays.age(born, on)
    assert born <= birthdays.born_at_age(years, on)
    assert born > birthdays.born_at_age(years + 1, on)


def test_who_is_born_on_29_february_is_a_year_older_on_the_28th():
    assert birthdays.age(dt.date(2004, 2, 29), dt.date(2023, 2, 27)) == 18
    assert birthdays.age(dt.date(2004, 2, 29), dt.date(2023, 2, 28)) == 19


def test_month_and_year_alone_are_no_birthday():
    with pytest.raises(BadDate):
        birthdays.parse("March 1980")


def test_the_names_of_east_asia_and_hungary_begin_with_the_family():
    names = {
        language: create_customer(values={"given_name": "Anna", "family_name": "Kato", "language": language}).name
        for language in ("ja", "zh-hans", "ko", "hu", "vi", "en", "de")
    }
    assert names == {
        **dict.fromkeys(("ja", "zh-hans", "ko", "hu", "vi"), "Kato Anna"),
        **dict.fromkeys(("en", "de"), "Anna Kato"),
    }


@pytest.mark.parametrize(
    ("number", "country", "kept"),
    [
        ("DE 136 695 976", "DE", "DE136695976"),
        ("136695976", "DE", "DE136695976"),
        ("GB 980 7806 84", "GB", "GB980780684"),
        ("FR 40 303 265 045", "GB", "FR40303265045"),
        ("EL 094259216", "GR", "EL094259216"),
        ("12-3456789", "US", "123456789"),
    ],
)
def test_a_vat_number_is_kept_as_its_country_writes_it(number, country, kept):
    company = create_customer(
        values={"company": "Hain GmbH", "vat_number": number}, address={"city": "X", "country": country}
    )
    assert company.vat_number == kept


@pytest.mark.parametrize(("number", "country"), [("DE136695977", "DE"), ("FR12345678901", "GB"), ("Hain", "GB")])
def test_a_vat_number_with_a_wrong_check_digit_is_refused(number, country):
    with pytest.raises(Invalid) as refused:
        create_customer(values={"company": "Hain", "vat_number": number}, address={"city": "X", "country": country})
    assert list(refused.value.fields) == ["vat_number"]


def test_a_restriction_needs_its_reason_and_the_reason_goes_with_it():
    known = somebody()
    with pytest.raises(Invalid) as refused:
        change_customer(known, values={"is_blocked": True})
    assert list(refused.value.fields) == ["restriction_reason"]
    blocked = change_customer(known, values={"is_blocked": True, "restriction_reason": "Two unpaid invoices"})
    assert blocked.is_restricted
    free = change_customer(blocked, values={"is_blocked": False})
    assert (free.is_restricted, free.restriction_reason) == (False, "")
    assert Entry.objects.order_by("-id").first().data["changes"] == {
        "is_blocked": [True, False],
        "restriction_reason": ["Two unpaid invoices", ""],
    }


def test_preferences_are_kept_in_one_order_and_said_in_a_sentence():
    known = somebody(
        preferred_channels=["whatsapp", "email"],
        contact_times="weekday-evening",
        interests="Green tea、 green TEA, Kyusu",
        shopping_frequency="every month",
    )
    assert (known.preferred_channels, known.contact_times) == ("email,whatsapp", "weekday-evening")
    assert (known.interests, known.shopping_frequency) == ("Green tea,Kyusu", "monthly")
    assert preferences.sentence(known) == "Prefers E-mail or WhatsApp, weekday evenings"
    with pytest.raises(Invalid):
        change_customer(known, values={"contact_times": ["midnight"]})


def test_people_work_at_companies_and_at_nothing_else():
    company, person = create_customer(values={"company": "Hain & Hafen"}), somebody()
    assert change_customer(person, values={"organisation": company, "position": "Buyer"}).organisation == company
    assert list(company.people.all()) == [person]
    for wrong in (person, somebody(email="other@shop.example")):
        with pytest.raises(Invalid):
            change_customer(company, values={"organisation": wrong})


def test_a_category_somebody_chose_is_chosen_by_hand():
    vip = Category.objects.get(key="vip")
    known = change_customer(somebody(), values={"category": vip})
    assert known.has_category_by_hand
    assert not change_customer(known, values={"category": None}).has_category_by_hand


# ── several e-mails and phones


def points(customer, kind="email"):
    return [(point.value, point.is_primary, point.label) for point in contact_points(customer) if point.kind == kind]


def test_a_first_email_is_the_primary_one_and_more_can_be_added():
    known = somebody()
    add_contact_point(known, kind="email", value="Mara@Shop.example", label="Work")
    known.refresh_from_db()
    assert known.email == "mara@shop.example"
    add_contact_point(known, kind="email", value="home@shop.example", label="Home")
    assert points(known) == [("mara@shop.example", True, "Work"), ("home@shop.example", False, "Home")]


def test_a_further_email_finds_its_customer_and_belongs_to_nobody_else():
    known = somebody(email="mara@shop.example")
    add_contact_point(known, kind="email", value="home@shop.example")
    add_contact_point(known, kind="phone", value="+44 20 7946 0958")
    for search in ("home@shop", "7946 0958"):
        assert customer_page(ListRequest.from_query({"q": search})).rows == [known]
    with pytest.raises(EmailTaken) as taken:
        somebody(email="home@shop.example")
    assert taken.value.customer == known
    with pytest.raises(EmailTaken):
        add_contact_point(somebody(), kind="email", value="mara@shop.example")
    assert points(somebody(phone="+44 20 7946 0000")) == []


def test_putting_another_email_first_keeps_the_one_before():
    known = somebody(email="mara@shop.example")
    add_contact_point(known, kind="email", value="home@shop.example", label="Home")
    make_primary(known, kind="email", value="home@shop.example")
    known.refresh_from_db()
    assert points(known) == [("home@shop.example", True, "Home"), ("mara@shop.example", False, "")]
    assert "mara@shop.example" in known.search_text


def test_when_the_first_email_goes_the_next_that_works_takes_its_place():
    known = somebody(email="mara@shop.example")
    for value in ("dead@shop.example", "home@shop.example"):
        add_contact_point(known, kind="email", value=value)
    mark_bounced(known, value="dead@shop.example", reason="550 no such user")
    remove_contact_point(known, kind="email", value="mara@shop.example")
    known.refresh_from_db()
    assert known.email == "home@shop.example"
    assert "mara@shop.example" not in known.search_text
    for value in ("home@shop.example", "dead@shop.example"):
        remove_contact_point(known, kind="email", value=value)
    known.refresh_from_db()
    assert (known.email, ContactPoint.objects.count()) == ("", 0)


def test_the_last_thing_that_says_who_somebody_is_cannot_be_taken_away():
    known = create_customer(values={"email": "only@shop.example"})
    with pytest.raises(Invalid):
        remove_contact_point(known, kind="email", value="only@shop.example")
    known.refresh_from_db()
    assert known.email == "only@shop.example"


def test_verified_and_bounced_are_of_the_address_and_not_of_the_one_that_replaces_it():
    known = somebody(email="mara@shop.example")
    mark_verified(known, value="mara@shop.example")
    change_contact_point(known, kind="email", value="mara@shop.example", label="Work", is_do_not_contact=True)
    (point,) = contact_points(known)
    assert (point.verified_at is not None, point.label, point.is_do_not_contact) == (True, "Work", True)
    change_customer(known, values={"email": "new@shop.example"})
    known.refresh_from_db()
    (point,) = contact_points(known)
    assert (point.value, point.verified_at, point.label, point.is_do_not_contact) == (
        "new@shop.example",
        None,
        "Work",
        False,
    )


def test_an_email_or_phone_somebody_does_not_have_cannot_be_changed():
    with pytest.raises(Invalid):
        change_contact_point(somebody(), kind="email", value="nobody@shop.example", label="Work")
    with pytest.raises(Invalid):
        add_contact_point(somebody(), kind="fax", value="1")
    with pytest.raises(Invalid):
        add_contact_point(somebody(), kind="phone", value="12")
    assert not ContactPoint.objects.exists()


# ── households and channels


def test_people_join_a_household_leave_it_and_come_back():
    mara, jonas, sofie = (somebody(given_name=name) for name in ("Mara", "Jonas", "Sofie"))
    household = join_household([mara, jonas])
    assert join_household([sofie, jonas]) == household
    assert household.members.count() == 3
    assert leave_household(jonas) == household
    assert household.members.count() == 2
    return_to_household(jonas, household)
    assert household.members.count() == 3
    assert Entry.objects.filter(name="customer.household_joined").count() == 4


def test_two_households_become_one_with_everybody_in_it():
    one, two, three, four = (somebody(given_name=name) for name in ("A", "B", "C", "D"))
    first, second = join_household([one, two], name="Kai 1"), join_household([three, four])
    assert join_household([two, three]) == first
    assert first.members.count() == 4
    assert not Household.objects.filter(pk=second.pk).exists()


def test_a_company_and_somebody_alone_are_no_household():
    with pytest.raises(Invalid):
        join_household([somebody(), create_customer(values={"company": "Hain"})])
    known = somebody()
    with pytest.raises(Invalid):
        join_household([known, known])
    assert not Household.objects.exists()


def test_a_channel_knows_a_customer_under_an_id_and_nobody_else_under_it():
    web, known = channel_for("web"), somebody()
    identity = add_identity(known, channel=web, external_id=" 17850 ")
    with pytest.raises(ExternalIdTaken):
        add_identity(somebody(), channel=web, external_id="17850")
    remove_identity(identity)
    assert not Identity.objects.exists()
    assert [
        entry.data["changes"] for entry in Entry.objects.filter(name="customer.identity_changed").order_by("id")
    ] == [
        {"web": ["", "17850"]},
        {"web": ["17850", ""]},
    ]


@time_machine.travel("2026-03-12 09:42", tick=False)
def test_changes_of_dates_are_told_in_the_columns_that_are_kept():
    known = change_customer(somebody(), values={"birth_date": "1980-03-13"})
    assert birthdays.age(birthdays.born_on(known.birth_year, known.birthday)) == 45
    assert Entry.objects.order_by("-id").first().data["changes"] == {
        "birth_year": [None, 1980],
        "birthday": ["", "03-13"],
    }


def test_the_email_of_a_merged_record_can_be_put_first_and_stays_that_record_s(ada):
    kept, other = somebody(email="mara@shop.example"), somebody(email="home@shop.example")
    (link,) = merge(keep=kept, others=[other])
    kept.refresh_from_db()
    assert points(kept) == [("mara@shop.example", True, ""), ("home@shop.example", False, "")]
    make_primary(kept, kind="email", value="home@shop.example")
    kept.refresh_from_db()
    assert points(kept) == [("home@shop.example", True, ""), ("mara@shop.example", False, "")]
    change_contact_point(kept, kind="email", value="home@shop.example", to="new@shop.example", label="Home")
    kept = Customer.objects.get(pk=kept.pk)
    assert points(kept)[0] == ("new@shop.example", True, "Home")
    unmerge(link)
    assert Customer.objects.get(pk=kept.pk).email == "mara@shop.example"
    assert Customer.objects.get(pk=other.pk).email == "new@shop.example"
