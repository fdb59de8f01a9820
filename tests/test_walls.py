"""The walls are whole: every table and text is declared, no question tells what is hidden, and no refusal writes."""

from __future__ import annotations

import dataclasses
import hashlib
import re

import pytest
from django.apps import apps
from django.db import connection, models, transaction

from regulars.core import walls
from regulars.core.masks import Masked, MaskedNumber
from regulars.core.sight import EVERYTHING, GROUPS, NOTHING, Level, Rows, Sight, current, keep_looking, looking, writing
from regulars.core.walls import Guarded, MaskedWrite
from regulars.customers import actions, catalogue
from regulars.customers.actions import EmailTaken, change_customer, create_customer
from regulars.customers.models import Customer, Note
from regulars.customers.queries import ListRequest, customer_count, customer_page
from regulars.staff.actions import create_token
from regulars.staff.models import Sees, StaffRole, User
from regulars.staff.policy import access_of, reading_as
from regulars.staff.roles import PERMISSIONS, Role
from regulars.timeline.facts import all_facts

MASKED = Sight(levels=tuple((group, Level.MASKED) for group in GROUPS))
HIDDEN = Sight(levels=tuple((group, Level.HIDDEN) for group in GROUPS))
TEXTS = (models.CharField, models.TextField, models.JSONField)

# Tables of a customer that are no room's to show: derived ones, and what only says that somebody is gone.
INTERNAL = {
    "customers.Unindexed": "which rows wait for the index",
    "customers.Tombstone": "the number of somebody who was erased",
    "customers.Erasure": "a case of erasing, which names nobody",
}


def of_customers():
    """Every table that points at a customer, by a foreign key or by a number."""
    for model in apps.get_models():
        pointers = [
            one for one in model._meta.concrete_fields
            if (one.is_relation and one.related_model is Customer) or one.attname == "customer_id"
        ]  # fmt: skip
        if (pointers or model is Customer) and model._meta.label not in INTERNAL:
            yield model


@pytest.mark.parametrize("model", list(of_customers()), ids=lambda model: model._meta.label)
def test_every_table_of_a_customer_is_behind_the_walls(model):
    known = {one.model: one for one in walls.declared()}
    assert model in known, f"declare {model._meta.label} in its room's walls.py"
    assert all(isinstance(manager, Guarded) for manager in model._meta.managers)
    said = {*known[model].protected, *known[model].plain, *known[model].internal}
    texts = {one.name for one in model._meta.concrete_fields if isinstance(one, TEXTS)}
    assert texts - said == set(), f"say in walls.py what these texts of {model._meta.label} are"
    assert said - {one.name for one in model._meta.concrete_fields} == set()


def told_by(fact):
    """What a fact keeps."""
    return {one.name for one in dataclasses.fields(fact)}


def test_every_word_of_a_fact_is_declared():
    words = walls.words()
    used = {name for fact in all_facts().values() for name in told_by(fact)}
    undeclared = sorted(used - set(words) - {"changes"})
    # what is not declared is dots for whoever sees less than everything: say so on purpose, or declare it
    texts = [
        name for name in undeclared
        if any(
            "str" in str(fact.__dataclass_fields__[name].type) for fact in all_facts().values()
            if name in told_by(fact) and fact.on_timeline
        )
    ]  # fmt: skip
    assert not texts, texts


@pytest.fixture
def anna(ben):
    return create_customer(
        values={
            "given_name": "Anna", "family_name": "Schmidt", "email": "anna@posteo.example", "phone": "+493012344321",
            "birth_date": "1980-03-12", "vat_number": "DE136695976", "looked_after_by": ben,
        },
        address={"line1": "1 Harbour Road", "postcode": "BS1 5TY", "city": "Bristol", "country": "GB"},
    )  # fmt: skip


@pytest.fixture
def zoe(ada):
    return create_customer(values={"given_name": "Zoe", "email": "zoe@posteo.example", "looked_after_by": ada})


def as_role(user, sees=Sees.ALL, fields=None, permissions=PERMISSIONS):
    """The user, with a role of the shop's own."""
    role, _new = StaffRole.objects.get_or_create(key="own", defaults={"name": "Own"})
    role.sees, role.fields, role.permissions = sees, fields or {}, sorted(permissions)
    role.save()
    User.objects.filter(pk=user.pk).update(role="own", definition=role)
    return User.objects.select_related("definition").get(pk=user.pk)


def test_outside_a_request_the_system_reads():
    assert current() is EVERYTHING


def test_a_masked_reader_is_shown_a_hint(anna):
    with looking(MASKED):
        row = Customer.objects.get()
        values = Customer.objects.values_list("name", "email", "phone", "postcode", "city", "spent_minor").get()
    assert (row.name, row.email, row.phone) == ("A••• S•••", "a•••@posteo.example", "•••4321")
    assert (row.birth_year, row.birthday, row.born_ordinal) == (1980, "", None)
    assert row.vat_number.endswith("5976")
    assert "13669" not in row.vat_number
    assert [str(value) for value in values] == ["A••• S•••", "a•••@posteo.example", "•••4321", "•••", "Bristol", "•••"]
    assert row.search_text == ""
    assert row.city == "Bristol"
    assert str(row.spent.format("en")) == "•••"


def test_a_reader_from_whom_it_is_hidden_is_shown_nothing(anna):
    with looking(HIDDEN):
        row = Customer.objects.get()
    assert (row.name, row.email, row.phone, row.birth, row.vat_number) == ("", "", "", "", "")


def test_a_masked_value_is_never_written(anna):
    with looking(MASKED):
        row = Customer.objects.get()
        for value in (row.name, row.spent_minor):
            assert isinstance(value, Masked | MaskedNumber)
        with pytest.raises(MaskedWrite), transaction.atomic():
            Customer.everyone.filter(pk=anna.pk).update(email=row.email)
        with pytest.raises(MaskedWrite), transaction.atomic():
            row.save()
    assert Customer.objects.get().email == "anna@posteo.example"


def test_a_verb_sees_everything_and_gives_back_what_its_reader_sees(anna):
    with looking(MASKED):
        row = Customer.objects.get()
        changed = change_customer(row, values={"occupation": "Baker"})
        assert (changed.email, row.email) == ("a•••@posteo.example", "a•••@posteo.example")
    kept = Customer.objects.get()
    assert (kept.email, kept.name, kept.occupation) == ("anna@posteo.example", "Anna Schmidt", "Baker")


def test_inside_a_verb_rows_are_as_they_are(anna):
    with looking(MASKED), writing():
        assert Customer.objects.get().email == "anna@posteo.example"


def test_what_is_sent_later_is_read_as_who_asked(anna):
    with looking(MASKED):
        stream = keep_looking(one.email for one in Customer.objects.iterator())
    assert list(stream) == ["a•••@posteo.example"]
    assert current() is EVERYTHING


def test_nobody_reads_nothing(anna):
    with looking(NOTHING):
        assert not Customer.objects.exists()
        assert not Customer.everyone.exists()
        assert not anna.addresses.exists()


def test_who_looks_after_some_sees_those(anna, zoe, ben):
    with reading_as(as_role(ben, Sees.OWN)) as access:
        assert access.rows is Rows.LOOKED_AFTER
        assert [one.pk for one in Customer.objects.all()] == [anna.pk]
        assert [one.customer_id for one in anna.addresses.all()] == [anna.pk]


def test_the_owner_is_never_narrowed(ada, anna):
    role = StaffRole.objects.create(key="owner", permissions=[], sees=Sees.OWN, fields=dict.fromkeys(GROUPS, "hidden"))
    User.objects.filter(pk=ada.pk).update(definition=role)
    access = access_of(User.objects.get(pk=ada.pk))
    assert access.is_open
    assert access.permissions == frozenset(PERMISSIONS)


def test_a_token_sees_what_its_owner_sees(ben, anna, zoe):
    token, _plain = create_token(user=as_role(ben, Sees.OWN, {"email": "masked"}), name="x", scopes=["customers.view"])
    access = access_of(token)
    assert (access.rows, access.level("email"), access.permissions) == (
        Rows.LOOKED_AFTER, Level.MASKED, frozenset({"customers.view"}),
    )  # fmt: skip


def test_whom_somebody_creates_is_theirs(ben, client_of):
    client = client_of(as_role(ben, Sees.OWN))
    client.post("/customers/new", {"kind": "person", "status": "active", "given_name": "Nora", "address-country": "DE"})
    assert Customer.objects.get().looked_after_by_id == ben.pk


def test_who_has_a_taken_email_is_not_told(ben, zoe):
    with reading_as(as_role(ben, Sees.OWN)), pytest.raises(EmailTaken) as refused:
        create_customer(values={"given_name": "Nora", "email": "zoe@posteo.example"})
    assert "Zoe" not in refused.value.sentence


# ── nothing tells what is seen in part


def test_no_question_tells_what_is_masked(anna, ben, client_of):
    """Each protected field, however it is asked, is refused or answers all the same."""
    user = as_role(ben, fields=dict.fromkeys(GROUPS, "masked"))
    client = client_of(user)
    protected = [field for field in catalogue.permanent() if field.rules]
    assert len(protected) >= 15
    for field in protected:
        for question in (f"{field.name}=anna", f"{field.name}.is_set=yes", f"{field.name}.min=1", f"sort={field.name}"):
            assert (question, client.get(f"/customers?{question}").status_code) == (question, 400)
        assert client.get(f"/customers/filter/{field.name}").status_code == 404


@pytest.mark.parametrize(
    "group", [None, *(group for group in GROUPS if group in {"name", "email", "phone", "address"})]
)
def test_parts_of_masked_values_find_nobody(anna, ben, group):
    texts = {"name": "schmi", "email": "anna@pos", "phone": "12344", "address": "bs1 5"}
    fields = dict.fromkeys([group] if group else texts, "masked")
    with reading_as(as_role(ben, fields=fields)):
        for of_group, text in texts.items():
            found = customer_count(ListRequest.from_query({"q": text})).number
            assert (of_group, found) == (of_group, 0 if of_group in fields else 1)
        for whole in ("anna@posteo.example", "+49 30 12344321"):
            assert customer_count(ListRequest.from_query({"q": whole})).number == 1


def test_hidden_rows_are_in_no_count_page_or_cursor(anna, zoe, ben):
    with reading_as(as_role(ben, Sees.OWN)):
        for query in ({}, {"q": "posteo"}, {"sort": "-customer_added_date", "limit": "1"}, {"email.starts": "z"}):
            asked = ListRequest.from_query(query)
            page = customer_page(asked)
            assert customer_count(asked).number == len(page.rows)
            assert {one.pk for one in page.rows} <= {anna.pk}
            assert not page.next_cursor
            assert not page.previous_cursor


def test_a_change_that_would_change_nothing_is_refused_as_well(anna, ben, api_of):
    program = api_of(as_role(ben, fields={"email": "masked"}))
    there = f"/customers/{anna.public_id}"
    for email in ("anna@posteo.example", "other@posteo.example"):
        etag = program.get(there).headers["ETag"]
        assert program.patch(there, {"email": email}, **{"If-Match": etag}).status_code == 403
    assert Customer.objects.get().email == "anna@posteo.example"


def test_an_answer_is_not_repeated_to_who_sees_less_by_now(anna, ben, api_of):
    program = api_of(as_role(ben))
    asked = {"given_name": "Nora", "email": "nora@posteo.example"}
    assert "nora@posteo" in program.post("/customers", asked, **{"Idempotency-Key": "one"}).content.decode()
    as_role(ben, fields={"email": "masked"})
    again = program.post("/customers", asked, **{"Idempotency-Key": "one"})
    assert again.status_code >= 400
    assert "nora@posteo" not in again.content.decode()


# ── shown for a while


def test_what_is_shown_for_a_while_was_written_down_before(anna, ben, client_of):
    client = client_of(as_role(ben, fields={"email": "masked"}))
    there = f"/customers/{anna.public_id}/masked/email"
    refused = client.post(there, {"reason": " "})
    assert refused.status_code == 422
    assert "anna@posteo" not in refused.content.decode()
    assert not anna.entries.filter(name="customer.revealed").exists()
    shown = client.post(there, {"reason": "The parcel came back"})
    assert "anna@posteo.example" in shown.content.decode()
    assert shown.headers["Refresh"].startswith("300;")
    entry = anna.entries.get(name="customer.revealed")
    assert (entry.actor_id, entry.data["group"], entry.data["reason"]) == (ben.pk, "email", "The parcel came back")
    assert "anna@posteo.example" not in client.get(f"/customers/{anna.public_id}").content.decode()


def test_only_so_much_is_shown_in_an_hour(anna, ben, client_of, monkeypatch):
    monkeypatch.setattr("regulars.customers.actions.revealing.BUDGET", 2)
    client = client_of(as_role(ben, fields={"email": "masked"}))
    answers = [client.post(f"/customers/{anna.public_id}/masked/email", {"reason": "work"}) for _time in range(3)]
    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert "anna@posteo.example" not in answers[2].content.decode()


def test_what_is_hidden_or_not_theirs_cannot_be_shown(anna, zoe, ben, client_of):
    client = client_of(as_role(ben, Sees.OWN, {"email": "hidden", "name": "masked"}))
    assert client.post(f"/customers/{anna.public_id}/masked/email", {"reason": "work"}).status_code == 404
    assert client.post(f"/customers/{zoe.public_id}/masked/name", {"reason": "work"}).status_code == 404


# ── a refusal writes nothing

_SPARED = {"staff_session", "django_session", "staff_apitoken", "core_lease", "core_idempotentcall"}


def digest():
    """All rows of all tables, but those that a request itself leaves."""
    found = hashlib.sha256()
    with connection.cursor() as cursor:
        for table in sorted(set(connection.introspection.table_names(cursor)) - _SPARED):
            cursor.execute(f'SELECT * FROM "{table}"')  # noqa: S608 — names of our own tables
            found.update(repr((table, sorted(map(repr, cursor.fetchall())))).encode())
    return found.hexdigest()


def test_what_somebody_does_not_see_cannot_be_written_and_is_not_there(anna, zoe, ada, ben, client_of):
    note = actions_note(zoe)
    client = client_of(as_role(ben, Sees.OWN, permissions=set(PERMISSIONS)))
    client.raise_request_exception = False
    client.get("/customers")
    before = digest()
    here = f"/customers/{zoe.public_id}"
    writes = [
        "edit", "notes", "tag", "untag", "consent/record", "consent/question", "delete", "restore", "erase",
        "addresses/new", "contacts/new", "contacts/edit", "contacts/remove", "contacts/first", "numbers/new",
        "household", "household/leave", "company/leave", "field/city", f"notes/{note.public_id}/edit",
        f"notes/{note.public_id}/pin", f"notes/{note.public_id}/delete", "changes/1/undo", "masked/email",
    ]  # fmt: skip
    answers = {path: client.post(f"{here}/{path}", {"text": "x", "reason": "x"}).status_code for path in writes}
    again = {path for path, status in answers.items() if status == 302}  # asks once more who it is, for everybody
    assert {path: status for path, status in answers.items() if path not in again and status != 404} == {}
    assert digest() == before


def test_a_refused_write_of_a_program_writes_nothing(client, anna, zoe, ben, api_of):
    program = api_of(as_role(ben, Sees.OWN))
    read_only, _plain = create_token(user=User.objects.get(pk=ben.pk), name="y", scopes=["customers.view"])
    before = digest()
    document = client.get("/api/v1/openapi.json").json()["paths"]
    for path, methods in document.items():
        if "{customer_id}" not in path:
            continue
        address = re.sub(r"{customer_id}", zoe.public_id, path.removeprefix("/api/v1"))
        address = re.sub(r"{\w+}", "x", address)
        for method in set(methods) & {"post", "patch", "delete"}:
            call = {"post": program.post, "patch": program.patch}.get(method)
            answer = (
                call(address, {}, **{"If-Match": '"1"'}) if call else program.delete(address, **{"If-Match": '"1"'})
            )
            assert (method, path, answer.status_code) in {(method, path, status) for status in (403, 404, 422)}
    assert read_only.scopes == ["customers.view"]
    assert digest() == before


@pytest.mark.parametrize("role", [Role.READ_ONLY, Role.ANALYST, Role.MARKETER])
def test_who_may_not_write_changes_nothing(anna, ben, client_of, role):
    User.objects.filter(pk=ben.pk).update(role=role)
    client = client_of(User.objects.get(pk=ben.pk))
    client.get("/customers")
    before = digest()
    for path in ("edit", "notes", "tag", "delete", "addresses/new", "contacts/new", "household", "field/city"):
        assert client.post(f"/customers/{anna.public_id}/{path}", {"text": "x"}).status_code == 403
    assert digest() == before


def actions_note(customer):
    """A note of nobody who reads."""
    from regulars.customers.actions.notes import write_note

    return Note.objects.get(pk=write_note(customer, text="Zoe likes tea").pk)


def test_all_verbs_that_write_customers_are_verbs():
    """Whatever a room's actions offer works with rows as they are."""
    missing = [
        name for name in ("create_customer", "change_customer", "delete_customer", "save_address")
        if not getattr(getattr(actions, name), "is_unmasked", False)
    ]  # fmt: skip
    assert missing == []
