"""What the lake says of customers themselves, value by value, on the database of this run."""

import datetime as dt

import pyarrow as pa
import pytest

from regulars.channels.actions import channel_for
from regulars.core import shop, sight
from regulars.core.fields import sealed_for
from regulars.customers.actions import change_customer, create_customer, delete_customer, save_address
from regulars.customers.actions.consent import record_consent
from regulars.customers.actions.custom_fields import create_field, set_custom_values
from regulars.customers.actions.deleting import erase_customer
from regulars.customers.actions.identities import add_identity
from regulars.customers.actions.merging import merge, unmerge
from regulars.customers.actions.tags import tag
from regulars.customers.models import Category, Customer, Tag
from regulars.customers.postal import region_code
from regulars.segments.lake import following, people, reaching
from regulars.segments.lake.tables import tables
from regulars.segments.models import Group, Spell

pytestmark = pytest.mark.django_db
OPTIONS = [{"key": "red", "label": "Red"}, {"key": "blue", "label": "Blue"}]
SINCE = dt.datetime(2024, 2, 29, 22, 30, 15, 123456, tzinfo=dt.UTC)
NAIVE = SINCE.replace(tzinfo=None)


def rows(table, ids=None, *, order="customer"):
    """The rows of a table of the lake, each as a dictionary, by customer."""
    found = pa.Table.from_batches(list(table.read(ids)), schema=table.schema())
    found.validate(full=True)
    return sorted(found.to_pylist(), key=lambda row: tuple(str(row[name]) for name in order.split()))


@pytest.fixture
def jonas(ada):
    shop.change(currency="EUR", time_zone="Europe/Berlin", country="DE")
    workshop = create_customer(values={"kind": "company", "company": "Wieck Keramik"})
    made = create_customer(
        values={
            "title": "Dr.",
            "given_name": "Jonas",
            "family_name": "Wieck",
            "email": "Jonas.Wieck@Post.Example",
            "phone": "+4940123456",
            "company": "Hain & Hafen",
            "language": "de",
            "birth_year": 1980,
            "birthday": "03-12",
            "gender": "male",
            "occupation": "Potter",
            "time_zone": "Europe/Berlin",
            "payment_preference": "Invoice",
            "vat_number": "DE136695976",
            "payment_days": 30,
            "organisation": workshop,
            "position": "Owner",
            "preferred_channels": ["post", "email"],
            "contact_times": ["weekday-evening"],
            "interests": "Oolong, mugs",
            "shopping_frequency": "monthly",
            "pays_in_advance": True,
            "restriction_reason": "Paid late",
            "category": Category.objects.get(key="vip"),
            "looked_after_by": ada,
        },
        channel=channel_for("web"),
        external_id="7",
        address={
            "line1": "1 Main St",
            "city": "New York City",
            "region": "New York",
            "postcode": "10001",
            "country": "US",
        },
        at=SINCE,
    )
    save_address(made, values={"line1": "Hafenstraße 1", "city": "Hamburg", "postcode": "20457", "country": "DE"})
    add_identity(made, channel=channel_for("store"), external_id="S7")
    tag(made, names=["Tea", "VIP"])
    record_consent(made, medium="email", state="agreed", source="form")
    record_consent(made, medium="phone", state="refused", source="form")
    return made


def test_every_column_of_a_customer(jonas, ada):
    Tag.objects.filter(name="Tea").update(deleted_at=SINCE)
    channels = sorted(channel_for(code).pk for code in ("web", "store"))
    (row,) = rows(people.CUSTOMERS, [jonas.pk])
    assert row == {
        "customer": jonas.pk,
        "added": NAIVE,
        "name": "Dr. Jonas Wieck" if jonas.name.startswith("Dr.") else "Jonas Wieck",
        "first_name": "Jonas",
        "last_name": "Wieck",
        "title": "Dr.",
        "email": jonas.email,
        "email_domain": "post.example",
        "phone": "+4940123456",
        "company": "Hain & Hafen",
        "city": "New York City",
        "region": "New York",
        "postal_code": "10001",
        "country": "US",
        "kind": "person",
        "status": "active",
        "category": Category.objects.get(key="vip").pk,
        "assigned_to": ada.pk,
        "channel": channel_for("web").pk,
        "gender": "male",
        "occupation": "Potter",
        "language": "de",
        "time_zone": "Europe/Berlin",
        "is_guest": False,
        "is_blocked": False,
        "pays_in_advance": True,
        "has_no_credit": False,
        "payment_days": 30,
        "payment_preference": "Invoice",
        "vat_number": "DE136695976",
        "works_at": "Wieck Keramik",
        "position": "Owner",
        "shopping_frequency": "monthly",
        "preferred_channels": ["email", "post"],
        "contact_times": ["weekday-evening"],
        "interests": ["Oolong", "mugs"],
        "birth_date": dt.date(1980, 3, 12),
        "birthday": 312,
        "tags": [Tag.objects.get(name="VIP").pk],
        "countries": ["DE", "US"],
        "regions": ["US-NY"],
        "cities": ["Hamburg", "New York City", "US-NY-NewYorkCity"],
        "channels": channels,
        "email_consent": "agreed",
        "sms_consent": None,
        "whatsapp_consent": None,
        "phone_consent": "refused",
        "post_consent": None,
        "orders_count": 0,
        "spent": 0,
        "refunded": 0,
        "first_order": None,
        "last_order": None,
        "usual_gap": None,
        "created_by_import": False,
    }


def test_somebody_of_whom_nothing_is_known_has_no_values_and_empty_lists():
    made = create_customer(values={"email": "x@shop.example"}, at=SINCE)
    (row,) = rows(people.CUSTOMERS)
    known = {name: value for name, value in row.items() if value not in (None, [])}
    assert known == {
        "customer": made.pk,
        "added": NAIVE,
        "email": "x@shop.example",
        "email_domain": "shop.example",
        "kind": "person",
        "status": "active",
        **dict.fromkeys(("is_guest", "is_blocked", "pays_in_advance", "has_no_credit", "created_by_import"), False),
        **dict.fromkeys(("orders_count", "spent", "refunded"), 0),
    }
    assert row["tags"] == row["cities"] == row["interests"] == []


@pytest.mark.parametrize(
    ("values", "date", "day"),
    [
        ({"birth_year": 1996, "birthday": "02-29"}, dt.date(1996, 2, 29), 229),
        ({"birthday": "12-31"}, None, 1231),
        ({"birth_year": 1950}, None, None),
    ],
)
def test_births_are_whole_dates_days_or_nothing(values, date, day):
    create_customer(values={"name": "Ada", **values})
    create_customer(values={"name": "Ben", **values})  # the same sealed value, for another person
    for row in rows(people.CUSTOMERS):
        assert (row["birth_date"], row["birthday"]) == (date, day)


def test_what_was_sealed_for_somebody_else_or_was_damaged_is_no_value(caplog):
    first, second = (create_customer(values={"name": name, "vat_number": "DE136695976"}) for name in ("Ada", "Ben"))
    stolen = sealed_for(Customer, first.pk, {"vat_number": "DE136695976"})["vat_number"]
    Customer.everyone.filter(pk=second.pk).update(vat_number=stolen)
    assert [row["vat_number"] for row in rows(people.CUSTOMERS)] == ["DE136695976", None]
    assert "DE136695976" not in caplog.text
    assert "customers_customer.vat_number" in caplog.text


def test_nobody_who_reads_masks_the_lake(jonas):
    with sight.looking(sight.NOTHING):
        assert [row["name"] for row in rows(people.CUSTOMERS, [jonas.pk])] == [jonas.name]


def test_deleted_and_erased_customers_have_no_rows(jonas):
    deleted, erased = (create_customer(values={"name": name, "birth_year": 1980}) for name in ("Ada", "Ben"))
    for one in (deleted, erased):
        save_address(one, values={"city": "Kiel", "country": "DE"})
        set_custom_values(one, values={create_field(label=f"Of {one}", type="text").key: "yes"})
    delete_customer(deleted)
    pk = erased.pk
    erase_customer(delete_customer(erased))
    for table in people.ALL:
        assert not {deleted.pk, pk} & {row["customer"] for row in rows(table)}, table.name
        assert rows(table, [deleted.pk, pk]) == [], table.name


def test_one_person_with_several_records_has_one_row_that_says_what_all_say(jonas):
    other = create_customer(
        values={"name": "J. Wieck", "email": "jw@shop.example", "status": "inactive", "occupation": "Baker"},
        channel=channel_for("store"),
        address={"line1": "x", "city": "Kiel", "region": "SH", "country": "DE"},
    )
    tag(other, names=["Mugs"])
    record_consent(other, medium="sms", state="agreed", source="form", value="+4940123456")
    links = merge(keep=jonas, others=[other])
    ids = {row["customer"] for row in rows(people.CUSTOMERS)}
    assert other.pk not in ids
    (row,) = rows(people.CUSTOMERS, [jonas.pk])
    assert (row["occupation"], row["email"], row["status"]) == ("Potter", jonas.email, "active")
    assert row["cities"] == ["Hamburg", "Kiel", "New York City", "US-NY-NewYorkCity"]
    assert row["regions"] == ["SH", "US-NY"]
    assert row["tags"] == sorted(Tag.objects.values_list("pk", flat=True))
    assert (row["email_consent"], row["sms_consent"]) == ("agreed", "agreed")
    assert {one["city"] for one in rows(people.ADDRESSES, [jonas.pk])} == {"Hamburg", "Kiel", "New York City"}
    assert rows(people.CUSTOMERS, [other.pk]) == []
    unmerge(links[0])
    theirs = rows(people.CUSTOMERS, [other.pk])
    assert [(one["cities"], one["sms_consent"]) for one in theirs] == [(["Kiel"], "agreed")]
    assert rows(people.CUSTOMERS, [jonas.pk])[0]["sms_consent"] is None


def test_own_fields_have_one_voice_and_sealed_ones_are_opened(jonas, caplog):
    colour, passport, born = (
        create_field(
            label="Colour",
            type="several_of",
            options=[{"key": "red", "label": "Red"}, {"key": "blue", "label": "Blue"}],
        ),
        create_field(label="Passport", type="number", is_sensitive=True),
        create_field(label="Since", type="date", is_sensitive=True),
    )
    size = create_field(label="Size", type="money")
    other = create_customer(values={"name": "J. Wieck"})
    set_custom_values(jonas, values={"colour": ["red"], "since": "2020-02-29"})
    set_custom_values(other, values={"colour": ["red", "blue"], "passport": "77.5", "size": "12.50"})
    caplog.clear()
    assert {(row["field"], row["text"], row["number"]) for row in rows(people.CUSTOM, [other.pk])} == {
        (colour.pk, "red", None),
        (colour.pk, "blue", None),
        (passport.pk, "77.5", 77.5),
        (size.pk, "12.50", 1250.0),
    }
    merge(keep=jonas, others=[other])
    wanted = [
        {"customer": jonas.pk, "field": colour.pk, "text": "red", "number": None},
        {"customer": jonas.pk, "field": passport.pk, "text": "77.5", "number": 77.5},
        {
            "customer": jonas.pk,
            "field": born.pk,
            "text": "2020-02-29",
            "number": 737484.0,
        },
        {"customer": jonas.pk, "field": size.pk, "text": "12.50", "number": 1250.0},
    ]
    for ids in (None, [jonas.pk]):
        assert rows(people.CUSTOM, ids, order="field text") == wanted
    assert "77.5" not in caplog.text


def test_addresses_stand_where_the_table_of_cities_says(jonas):
    found = {row["city"]: row for row in rows(people.ADDRESSES)}
    assert found["Hamburg"] == {
        "customer": jonas.pk,
        "latitude": 53.55,
        "longitude": 9.99,
        "city": "Hamburg",
        "region": None,
        "postal_code": "20457",
        "country": "DE",
    } | {name: jonas.addresses.get(city="Hamburg").__dict__[name] for name in ("latitude", "longitude")}
    assert round(found["Hamburg"]["latitude"]) == 54
    save_address(jonas, values={"city": "Nowhere at all", "country": "DE"})
    (nowhere,) = [row for row in rows(people.ADDRESSES) if row["city"] == "Nowhere at all"]
    assert (nowhere["latitude"], nowhere["longitude"]) == (None, None)


def test_spells_and_what_stands_on_the_timeline(jonas):
    group = Group.objects.create(name="Tea", key="tea", begun_at=SINCE)
    Spell.objects.create(group=group, customer=jonas, joined_at=SINCE, left_at=SINCE)
    assert rows(people.SPELLS) == [{"customer": jonas.pk, "grp": group.pk, "joined": NAIVE}]
    happened = [row for row in rows(people.EVENTS, [jonas.pk]) if row["kind"] == "customer.created"]
    assert happened == [{"customer": jonas.pk, "kind": "customer.created", "happened": NAIVE}]
    change_customer(jonas, values={"occupation": "Baker"})
    assert "customer.changed" in {row["kind"] for row in rows(people.EVENTS, [jonas.pk])}


def test_three_people_take_as_many_queries_as_one(jonas):
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    others = [create_customer(values={"name": name}) for name in ("Ada", "Ben")]
    create_field(label="Size", type="number")
    for table in tables().values():
        counts = []
        for ids in ([jonas.pk], [jonas.pk, *(one.pk for one in others)]):
            with CaptureQueriesContext(
                connection,
            ) as queries:
                rows(table, ids)
            counts.append(len(queries))
        assert len(set(counts)) == 1, (table.name, counts)


def test_all_rows_are_those_of_everybody_put_together(jonas):
    others = [create_customer(values={"name": name, "birthday": "03-12"}) for name in ("Ada", "Ben", "Zoë")]
    create_field(label="Size", type="number")
    set_custom_values(others[2], values={"size": "7"})
    merge(keep=others[0], others=[others[2]])
    everybody = list(Customer.objects.values_list("pk", flat=True))
    for table in people.ALL:
        together = [row for pk in everybody for row in rows(table, [pk])]
        assert sorted(map(str, together)) == sorted(map(str, rows(table))), table.name
        assert sorted(map(str, rows(table, everybody))) == sorted(map(str, rows(table))), table.name
        assert rows(table, []) == []


def test_who_works_at_a_company_is_touched_when_it_is_renamed(jonas, monkeypatch):
    company = jonas.organisation
    before, nobody = following.look(following.Followed(following.settled()))
    assert nobody.customers == set()
    change_customer(company, values={"name": "Keramik am Hafen"})
    _after, touched = following.look(before)
    assert touched.customers == {company.pk, jonas.pk}
    assert [row["works_at"] for row in rows(people.CUSTOMERS, [jonas.pk])] == ["Keramik am Hafen"]
    monkeypatch.setattr(reaching, "MOST_REACHED", 0)
    assert following.look(before)[1].customers == {company.pk}


@pytest.mark.parametrize(
    ("country", "region", "code"),
    [
        ("US", "New York", "US-NY"),
        ("US", "ny", "US-NY"),
        ("US", "us-ny", "US-NY"),
        ("US", "US-XX", ""),
        ("US", "PR", ""),
        ("AU", "Tasmania", "AU-TAS"),
        ("JP", "東京都", "JP-13"),
        ("JP", "Tokyo", "JP-13"),
        ("IE", "Co. Dublin", "IE-D"),
        ("MX", "Jal.", "MX-JAL"),
        ("ES", "Barcelona", "ES-B"),
        ("DE", "DE-HH", "DE-HH"),
        ("DE", "Hamburg", ""),
        ("", "NY", ""),
        ("US", "", ""),
    ],
)
def test_a_region_by_its_code(country, region, code):
    assert region_code(country, region) == code
