"""The shop's own fields on pages: set up in the settings, filled in the form, shown where they may be seen."""

import json

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from regulars.customers.actions.custom_fields import archive_field, change_field, create_field, set_custom_values
from regulars.customers.models import Customer, CustomField, CustomValue


@pytest.fixture
def customer(db):
    return Customer.objects.create(name="Élodie Marchetti", customer_since=timezone.now())


@pytest.fixture
def page(customer):
    return f"/customers/{customer.public_id}"


def value(key):
    return list(CustomValue.objects.filter(field__key=key).order_by("place").values_list("text", flat=True))


def sent(client, page, **typed):
    """The form as a browser sends it, with some inputs typed over."""
    form = client.get(f"{page}/edit").context["form"]
    section = client.get(f"{page}/edit").context["sections"][-1]
    data = {name: bound for name in form.fields for bound in [form[name].value()] if bound not in (None, False)}
    data |= {name: section.form[name].value() for name in section.form.fields}
    data |= {"base": client.get(f"{page}/edit").context["base"], "version": Customer.objects.get().version}
    return {**data, "custom-base": section.written_base, **{f"custom-{key}": one for key, one in typed.items()}}


def test_a_field_is_made_changed_moved_and_put_away_in_the_settings(client_of, ada, db):
    client = client_of(ada)
    assert client.get("/customers/fields").status_code == 200
    made = client.post(
        "/customers/fields", {"label": "Tea", "type": "one_of", "options": "Green\nBlack\n", "seen_by": ["agent"]}
    )
    assert made.status_code == 302
    field = CustomField.objects.get()
    assert [option["label"] for option in field.options] == ["Green", "Black"]
    assert field.seen_by == ["owner", "agent"]
    place = f"/customers/fields/{field.public_id}"
    client.post(f"{place}/edit", {"label": "Tea", "type": "one_of", "options": "Green tea\nBlack"})
    field.refresh_from_db()
    assert field.options == [{"key": "green", "label": "Green tea"}, {"key": "black", "label": "Black"}]
    assert field.seen_by == []
    refused = client.post(f"{place}/edit", {"label": "Tea", "type": "one_of", "options": ""})
    assert refused.status_code == 422
    assert "A choice needs at least one option." in refused.content.decode()
    client.post(f"{place}/archive")
    assert CustomField.objects.get().is_archived
    assert "Tea" in client.get("/customers/fields").content.decode()
    client.post(f"{place}/return")
    assert not CustomField.objects.get().is_archived


def test_the_form_shows_keeps_and_refuses_values(client_of, ben, customer, page):
    create_field(label="Size", type="number", help="In centimetres")
    create_field(label="Colours", type="several_of", options=["Red", "Blue"])
    client = client_of(ben)
    shown = client.get(f"{page}/edit").content.decode()
    assert "In centimetres" in shown
    refused = client.post(f"{page}/edit", sent(client, page, size="large", colours=["red"]))
    assert refused.status_code == 422
    assert "is not a number" in refused.content.decode()
    assert 'value="large"' in refused.content.decode()
    assert not CustomValue.objects.exists()
    assert client.post(f"{page}/edit", sent(client, page, size="38,5", colours=["red", "blue"])).status_code == 302
    assert (value("size"), value("colours")) == (["38.5"], ["red", "blue"])
    profile = client.get(f"{page}/profile").content.decode()
    assert "38.5" in profile
    assert "Red, Blue" in profile


def test_somebody_new_starts_with_the_defaults_and_needs_what_is_required(client_of, ben, db):
    create_field(label="Level", type="text", default="Bronze")
    create_field(label="Size", type="number", is_required=True)
    client = client_of(ben)
    assert 'value="Bronze"' in client.get("/customers/new").content.decode()
    data = {"kind": "person", "status": "active", "name": "New", "custom-level": "Silver", "custom-size": ""}
    refused = client.post("/customers/new", data)
    assert refused.status_code == 422
    assert "has to be filled in" in refused.content.decode()
    assert not Customer.objects.exists()
    assert client.post("/customers/new", {**data, "custom-size": "5"}).status_code == 302
    assert (value("level"), value("size")) == (["Silver"], ["5"])


def test_two_people_change_different_fields_and_both_stay(client_of, ben, customer, page):
    for label in ("One", "Two"):
        create_field(label=label, type="text")
    client = client_of(ben)
    mine = sent(client, page, one="mine")
    set_custom_values(customer, values={"two": "theirs"})
    client.post(f"{page}/edit", mine)
    client.post(f"{page}/edit", {**mine, "version": Customer.objects.get().version})
    assert (value("one"), value("two")) == (["mine"], ["theirs"])


def test_two_people_change_one_field_and_a_person_decides(client_of, ben, customer, page):
    create_field(label="One", type="text")
    client = client_of(ben)
    mine = sent(client, page, one="mine")
    set_custom_values(customer, values={"one": "theirs"})
    mine["version"] = Customer.objects.get().version
    refused = client.post(f"{page}/edit", mine)
    assert refused.status_code == 422
    assert "Somebody else wrote “theirs” here meanwhile" in refused.content.decode()
    assert value("one") == ["theirs"]
    section = refused.context["sections"][-1]
    assert json.loads(section.written_base) == {"one": "theirs"}
    client.post(f"{page}/edit", {**mine, "custom-base": section.written_base})
    assert value("one") == ["mine"]


def test_a_field_for_some_roles_is_hidden_from_the_others_everywhere(client_of, api_of, ada, ben, customer, page):
    field = create_field(label="Credit score", type="number")
    set_custom_values(customer, values={"credit_score": "712"})
    change_field(field, seen_by=["manager"])
    owner, agent = client_of(ada), None
    for address in (f"{page}/profile", f"{page}/changes", page):
        assert "712" in owner.get(address).content.decode(), address
    ada.list_columns = ben.list_columns = ["name", field.name]
    ada.save()
    ben.save()
    asked = f"/customers?{field.name}.min=700"
    assert "712" in owner.get(asked).content.decode()
    asked_for = {"_go": "1", "all": "1", "query": "", "format": "csv", "reason": "Cards"}
    assert "712" in b"".join(owner.post("/customers/export", asked_for).streaming_content).decode()
    agent = client_of(ben)
    for address in (f"{page}/profile", f"{page}/changes", page, f"{page}/edit", "/customers", "/customers/new"):
        shown = agent.get(address).content.decode()
        assert "712" not in shown, address
        assert "Credit score" not in shown, address
    assert agent.get(asked).status_code == 400
    assert agent.get(f"/customers?sort={field.name}").status_code == 400
    assert agent.get(f"/customers/filter/{field.name}").status_code == 404
    data = {**sent_without_section(agent, page), "custom-credit_score": "1"}
    agent.post(f"{page}/edit", data)
    assert value("credit_score") == ["712"]
    program = api_of(ben)
    assert program.get("/customers", {f"{field.name}.min": "700"}).status_code == 422
    assert "credit_score" not in program.get(f"/customers/{customer.public_id}").json()["custom_fields"]
    refused = program.patch(f"/customers/{customer.public_id}", {"custom_fields": {"credit_score": 1}}, If_Match="*")
    assert refused.status_code == 422
    assert value("credit_score") == ["712"]


def sent_without_section(client, page):
    form = client.get(f"{page}/edit").context["form"]
    data = {name: bound for name in form.fields for bound in [form[name].value()] if bound not in (None, False)}
    return {**data, "base": client.get(f"{page}/edit").context["base"], "version": Customer.objects.get().version}


def test_the_queries_of_the_settings_do_not_grow_with_the_fields(client_of, ada, customer):
    client, counts = client_of(ada), []
    for number in range(3):
        create_field(label=f"Field {number}", type="text")
        client.get("/customers/fields")
        with CaptureQueriesContext(connection) as found:
            client.get("/customers/fields")
        counts.append(len(found))
    assert counts[0] == counts[2]


@pytest.mark.parametrize("address", ["", "/{field}/edit", "/{field}/move", "/{field}/archive", "/{field}/return"])
def test_who_may_not_set_up_fields_changes_nothing(client_of, ben, charlie, db, address):
    field = archive_field(create_field(label="Size", type="number"))
    before = list(CustomField.objects.values())
    for who in (charlie, ben):
        answer = client_of(who).post(
            "/customers/fields" + address.format(field=field.public_id), {"label": "x", "type": "text", "to": "up"}
        )
        assert answer.status_code == 403
    assert list(CustomField.objects.values()) == before


def test_an_import_knows_a_field_only_where_its_person_may_see_it(ada, db):
    from regulars.customers import customfields
    from regulars.customers.importing.labels import groups
    from regulars.staff.models import User
    from regulars.timeline.actions import acting

    create_field(label="Credit score", type="number", seen_by=["analyst"])
    manager = User.objects.create(name="Mara", email="mara@shop.example", role="manager")

    def names():
        return [name for _group, fields in groups() for name, _label in fields]

    with acting(ada.pk, "page"):
        assert "metafields.custom.credit_score" in names()
    with acting(manager.pk, "page"):
        assert "metafields.custom.credit_score" not in names()
        assert customfields.of_who_acts() == []
    # the server's own command line is nobody's
    assert "metafields.custom.credit_score" in names()


def test_what_another_process_changed_is_known_to_the_next_request(client_of, ada, db):
    field = create_field(label="Size", type="number")
    client = client_of(ada)
    ada.list_columns = ["name", field.name]
    ada.save()
    Customer.objects.create(name="Somebody", customer_since=timezone.now())
    assert "Size" in client.get("/customers").content.decode()
    # past the verbs, which would say so in this process
    CustomField.objects.filter(pk=field.pk).update(label="Height", seen_by=["analyst"])
    assert "Height" in client.get("/customers").content.decode()
    ada.role = "manager"
    ada.save()
    assert "Height" not in client.get("/customers").content.decode()


def test_a_field_is_for_roles_of_the_shops_own_too_and_stays_hidden_when_one_is_deleted(client_of, ada, ben):
    from regulars.core.errors import Invalid
    from regulars.customers import customfields
    from regulars.staff.actions import change_colleague, create_role, delete_role
    from regulars.staff.grants import Grant

    role = create_role(by=ada, name="Cashier", grant=Grant(permissions=frozenset({"customers.view"})))
    client = client_of(ada)
    client.post("/customers/fields", {"label": "Margin", "type": "text", "seen_by": [role.key]})
    field = CustomField.objects.get()
    assert field.seen_by == ["owner", role.key]
    assert "Cashier" in client.get("/customers/fields").content.decode()
    change_colleague(ben, by=ada, role=role.key)
    ben.refresh_from_db()
    assert customfields.seen_by(ben) == [field]
    delete_role(role.key, by=ada, move_to="agent")
    ben.refresh_from_db()
    assert customfields.seen_by(ben) == []
    page = client.get(f"/customers/fields/{field.public_id}/edit").content.decode()
    assert f'value="{role.key}"' in page
    client.post(f"/customers/fields/{field.public_id}/edit", {"label": "Profit", "type": "text", "seen_by": [role.key]})
    field.refresh_from_db()
    assert (field.label, field.seen_by) == ("Profit", ["owner", role.key])
    with pytest.raises(Invalid):
        change_field(field, seen_by=["emperor"])
