"""The form of a profile, two people in one form, and one field changed where it stands."""

import pytest
from django.utils import translation

from regulars.channels.actions import channel_for
from regulars.core import shop
from regulars.customers import sections
from regulars.customers.actions import (
    change_customer,
    create_customer,
)
from regulars.customers.forms import CustomerForm, base_of
from regulars.customers.models import Category, Customer
from regulars.timeline.models import Entry

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


def sent(customer, **changes):
    """The form as the browser sends it, with changes."""
    data = {name: value for name, value in CustomerForm.initial_of(customer).items() if value is not False}
    data |= {"version": customer.version, "base": base_of(CustomerForm.initial_of(customer)), **changes}
    return {name: value for name, value in data.items() if value is not None}


def test_the_form_writes_everything_the_profile_says(client_of, ada, mara):
    company = create_customer(values={"company": "Hain & Hafen"})
    answer = client_of(ada).post(
        f"/customers/{mara.public_id}/edit",
        sent(
            mara,
            title="Dr",
            birth_date="12 March",
            gender="female",
            occupation="Potter",
            time_zone="Europe/Paris",
            organisation="hain & hafen",
            position="Buyer",
            vat_number="GB 980 7806 84",
            payment_days="30",
            payment_preference="Invoice",
            preferred_channels=["whatsapp", "email"],
            contact_times=["weekday-evening"],
            interests="Green tea, Kyusu",
            shopping_frequency="quarterly",
            category="vip",
            has_no_credit="on",
            restriction_reason="New customer of the trade",
        ),
    )
    assert answer.status_code == 302
    mara.refresh_from_db()
    assert (mara.title, mara.birthday, mara.birth_year, mara.gender, mara.occupation) == (
        "Dr", "03-12", None, "female", "Potter",
    )  # fmt: skip
    assert (mara.time_zone, mara.organisation, mara.position) == ("Europe/Paris", company, "Buyer")
    assert (mara.vat_number, mara.payment_days, mara.payment_preference) == ("GB980780684", 30, "Invoice")
    assert (mara.preferred_channels, mara.contact_times) == ("email,whatsapp", "weekday-evening")
    assert (mara.interests, mara.shopping_frequency) == ("Green tea,Kyusu", "quarterly")
    assert (mara.category.key, mara.has_category_by_hand) == ("vip", True)
    assert (mara.has_no_credit, mara.restriction_reason) == (True, "New customer of the trade")


def test_a_form_that_was_not_touched_changes_nothing(client_of, ada, mara):
    company = create_customer(values={"company": "Hain & Hafen"})
    known = change_customer(
        mara,
        values={
            "birth_date": "1980-03-12",
            "interests": "Green tea,Kyusu",
            "organisation": company,
            "category": Category.objects.get(key="vip"),
            "preferred_channels": "email,post",
            "is_blocked": True,
            "restriction_reason": "Unpaid",
            "payment_days": 14,
        },
    )
    entries = Entry.objects.count()
    assert client_of(ada).post(f"/customers/{mara.public_id}/edit", sent(known)).status_code == 302
    assert Customer.objects.get(pk=mara.pk).version == known.version
    assert Entry.objects.count() == entries


def test_a_form_in_chinese_reads_what_it_wrote(client_of, ada, mara):
    ada.language = "zh-hans"
    ada.save()
    change_customer(mara, values={"birth_date": "1980-03-12", "interests": "Green tea,Kyusu"})
    client = client_of(ada)
    with translation.override("zh-hans"):
        data = sent(Customer.objects.get(pk=mara.pk), interests="Green tea、Kyusu、陶器")
    client.post(f"/customers/{mara.public_id}/edit", data)
    mara.refresh_from_db()
    assert (mara.birth_year, mara.birthday, mara.interests) == (1980, "03-12", "Green tea,Kyusu,陶器")
    page = client.get(f"/customers/{mara.public_id}/edit").content.decode()
    assert "1980年3月12日" in page
    assert page.index('name="family_name"') < page.index('name="given_name"')


@pytest.mark.parametrize(
    ("field", "value", "sentence"),
    [
        ("birth_date", "1981-02-29", "is not a day that exists"),
        ("vat_number", "DE136695977", "is not a VAT number of Germany"),
        ("payment_days", "soon", "Give whole days"),
        ("organisation", "Nobody Ltd", "No company here is called"),
        ("is_blocked", "on", "Say why this customer is restricted"),
    ],
)
def test_what_cannot_be_is_said_at_its_field_and_nothing_is_saved(client_of, ada, mara, field, value, sentence):
    answer = client_of(ada).post(f"/customers/{mara.public_id}/edit", sent(mara, occupation="Potter", **{field: value}))
    assert answer.status_code == 422
    assert sentence in answer.content.decode()
    assert Customer.objects.get(pk=mara.pk).occupation == ""


def test_two_people_in_one_form_keep_both_their_changes(client_of, ada, mara):
    data = sent(mara, occupation="Potter", preferred_channels=["post"])
    change_customer(mara, values={"interests": "Kyusu", "gender": "female"})
    client = client_of(ada)
    merged = client.post(f"/customers/{mara.public_id}/edit", data)
    assert merged.status_code == 409
    assert merged.context["clashes"] == []
    form = merged.context["form"]
    again = {name: value for name, value in form.initial.items() if value is not False}
    current = Customer.objects.get(pk=mara.pk)
    again |= {"version": current.version, "base": merged.context["base"]}
    assert client.post(f"/customers/{mara.public_id}/edit", again).status_code == 302
    mara.refresh_from_db()
    assert (mara.occupation, mara.preferred_channels, mara.interests, mara.gender) == (
        "Potter", "post", "Kyusu", "female",
    )  # fmt: skip


def test_the_same_field_twice_is_a_clash_that_a_person_decides(client_of, ada, mara):
    data = sent(mara, preferred_channels=["post"], birth_date="12 March")
    change_customer(mara, values={"preferred_channels": "email,sms", "birth_date": "13 March"})
    client = client_of(ada)
    answer = client.post(f"/customers/{mara.public_id}/edit", data)
    assert answer.status_code == 409
    clashes = {clash.name: (clash.theirs, clash.mine, clash.theirs_words) for clash in answer.context["clashes"]}
    assert clashes == {
        "preferred_channels": ("email,sms", "post", "E-mail, SMS"),
        "birth_date": ("13 March", "12 March", "13 March"),
    }
    current = Customer.objects.get(pk=mara.pk)
    decided = sent(current, preferred_channels="post", birth_date="13 March", clash=["preferred_channels"])
    assert client.post(f"/customers/{mara.public_id}/edit", decided).status_code == 302
    mara.refresh_from_db()
    assert (mara.preferred_channels, mara.birthday) == ("post", "03-13")


def test_a_change_of_category_and_company_can_be_taken_back(client_of, ada, mara):
    company = create_customer(values={"company": "Hain & Hafen"})
    client = client_of(ada)
    client.post(f"/customers/{mara.public_id}/edit", sent(mara, organisation=company.public_id, category="vip"))
    entry = Entry.objects.filter(name="customer.changed").latest("id")
    client.post(f"/customers/{mara.public_id}/changes/{entry.pk}/undo")
    mara.refresh_from_db()
    assert (mara.organisation, mara.category, mara.has_category_by_hand) == (None, None, False)


def test_a_section_of_another_room_is_saved_with_the_profile_or_not_at_all(client_of, ada, mara, monkeypatch):
    from regulars.core.errors import Invalid

    class Water:
        template = "customers/_options.html"
        refused = None

        def __init__(self, typed):
            self.typed = typed

        def is_valid(self):
            return True

        def save(self, _customer):
            if self.typed == "bad":
                raise Invalid("No such water.", fields={"water": ["No such water."]})

        def refuse(self, refusal):
            Water.refused = refusal.sentence

        def first_bad(self):
            return "water" if Water.refused else ""

    monkeypatch.setattr(sections, "_SECTIONS", {})
    sections.add(sections.Section(name="water", make=lambda request, _customer: Water(request.POST.get("water"))))
    client = client_of(ada)
    answer = client.post(f"/customers/{mara.public_id}/edit", sent(mara, occupation="Potter", water="bad"))
    assert (answer.status_code, Water.refused, answer.context["first_bad"]) == (422, "No such water.", "water")
    assert Customer.objects.get(pk=mara.pk).occupation == ""
    client.post(f"/customers/{mara.public_id}/edit", sent(mara, occupation="Potter", water="soft"))
    assert Customer.objects.get(pk=mara.pk).occupation == "Potter"


# ── one field where it stands


def one_field(client, customer, name, **sent):
    return client.post(f"/customers/{customer.public_id}/field/{name}", sent, headers={"HX-Request": "true"})


def test_a_field_is_changed_where_it_stands_and_nothing_else_is(client_of, ada, mara):
    change_customer(mara, values={"occupation": "Potter", "preferred_channels": "email", "gender": "female"})
    client = client_of(ada)
    asked = client.get(f"/customers/{mara.public_id}/field/occupation", headers={"HX-Request": "true"})
    assert 'value="Potter"' in asked.content.decode()
    answer = one_field(client, mara, "occupation", occupation="Baker", base='{"occupation": "Potter"}')
    assert answer.status_code == 200
    assert "Baker" in answer.content.decode()
    answer = one_field(
        client, mara, "preferred_channels", preferred_channels=["post"], base='{"preferred_channels": ["email"]}'
    )
    assert (answer.status_code, answer["HX-Refresh"]) == (204, "true")
    mara.refresh_from_db()
    assert (mara.occupation, mara.preferred_channels, mara.gender) == ("Baker", "post", "female")
    changes = [entry.data["changes"] for entry in Entry.objects.filter(name="customer.changed").order_by("id")[1:]]
    assert changes == [{"occupation": ["Potter", "Baker"]}, {"preferred_channels": ["email", "post"]}]


def test_a_bad_value_and_a_faster_colleague_are_told_where_the_field_stands(client_of, ada, mara):
    client = client_of(ada)
    answer = one_field(client, mara, "birth_date", birth_date="31 April", base='{"birth_date": ""}')
    assert answer.status_code == 422
    assert "is not a day that exists" in answer.content.decode()
    change_customer(mara, values={"occupation": "Potter"})
    answer = one_field(client, mara, "occupation", occupation="Baker", base='{"occupation": ""}')
    assert answer.status_code == 422
    assert "Potter" in answer.content.decode()
    assert Customer.objects.get(pk=mara.pk).occupation == "Potter"
    one_field(client, mara, "occupation", occupation="Baker", base='{"occupation": "Potter"}')
    assert Customer.objects.get(pk=mara.pk).occupation == "Baker"
    assert client.get(f"/customers/{mara.public_id}/field/search_text").status_code == 404


def test_one_field_has_a_page_of_its_own_without_scripts(client_of, ada, mara):
    client = client_of(ada)
    page = f"/customers/{mara.public_id}/field/payment_days"
    assert "<h1>" in client.get(page).content.decode()
    assert client.post(page, {"payment_days": "14", "base": '{"payment_days": ""}'}).status_code == 302
    assert Customer.objects.get(pk=mara.pk).payment_days == 14
