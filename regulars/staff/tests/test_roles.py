"""Roles: made, changed, copied, given back and deleted, and never a way to more than one has."""

import pytest

from regulars.core.errors import Invalid, Stale
from regulars.core.sight import GROUPS
from regulars.staff import roles
from regulars.staff.actions import (
    change_colleague,
    change_role,
    create_role,
    create_token,
    delete_role,
    find_token,
    give_back_role,
    invite,
)
from regulars.staff.actions.roles import RoleInUse
from regulars.staff.grants import Grant, NotOneself, OwnerStays, TooMuch
from regulars.staff.models import Invitation, StaffRole, User
from regulars.staff.roles import PERMISSIONS, Role, permissions_of
from regulars.staff.summary import ROOMS, summary
from regulars.timeline.models import Entry

LOOKING = frozenset({"customers.view", "orders.view", "staff.view"})


@pytest.fixture
def rita(ada, db):
    """Rita changes roles, and may little else."""
    grant = Grant(permissions=frozenset({"staff.view", "staff.edit", "roles.edit", "customers.view"}))
    role = create_role(by=ada, name="Registrar", grant=grant)
    rita = User.objects.create(name="Rita Registrar", email="rita@shop.example", role=role.key, password="!")
    User.objects.filter(pk=rita.pk).update(definition=role)
    Entry.objects.all().delete()
    return User.objects.get(pk=rita.pk)


def sent(*permissions, name="Cashier", sees="all", **more):
    return {
        "name": name,
        "permissions": list(permissions),
        "sees": sees,
        **{f"level_{group}": "full" for group in GROUPS},
        **more,
    }


def test_an_own_role_is_made_on_its_page_and_holds(client_of, ada, ben):
    answer = client_of(ada).post(
        "/settings/people/roles/new",
        sent("customers.view", "orders.view", sees="own", level_email="masked", level_notes="hidden"),
    )
    assert answer.status_code == 302
    row = StaffRole.objects.get()
    assert (row.name, row.permissions, row.sees) == ("Cashier", ["customers.view", "orders.view"], "own")
    assert (row.fields, row.channel_ids, row.needs_second_factor) == ({"email": "masked", "notes": "hidden"}, [], False)
    change_colleague(ben, by=ada, role=row.key)
    ben.refresh_from_db()
    assert (ben.role_name, ben.permissions) == ("Cashier", frozenset({"customers.view", "orders.view"}))
    fact = Entry.objects.get(name="role.created").data
    assert (fact["role"], fact["title"], fact["values"]["fields"]) == (
        row.key,
        "Cashier",
        {"email": "masked", "notes": "hidden"},
    )


def test_a_built_in_role_is_changed_for_its_people_and_given_back(client_of, ada, ben):
    client = client_of(ada)
    page = client.get("/settings/people/roles/agent").content.decode()
    assert 'name="version" value="0"' in page
    answer = client.post("/settings/people/roles/agent", sent("staff.view", name="Agent", version="0"))
    assert answer.status_code == 302
    ben.refresh_from_db()
    assert (ben.permissions, ben.role_name, ben.definition.name) == (frozenset({"staff.view"}), "Agent", "")
    changed = Entry.objects.get(name="role.changed").data
    assert (changed["people"], list(changed["changes"])) == (1, ["permissions"])
    assert changed["changes"]["permissions"] == [sorted(permissions_of("agent")), ["staff.view"]]
    assert "changed" in client.get("/settings/people/roles").content.decode()
    client.post("/settings/people/roles/agent/original")
    ben.refresh_from_db()
    assert (ben.permissions, ben.definition) == (permissions_of("agent"), None)
    assert not StaffRole.objects.exists()
    assert Entry.objects.filter(name="role.changed").count() == 2


def test_whoever_gets_a_changed_role_later_is_held_to_it_too(ada, ben):
    change_role("marketer", by=ada, name="Marketer", grant=Grant(permissions=frozenset({"staff.view"})))
    change_colleague(ben, by=ada, role="marketer")
    ben.refresh_from_db()
    assert ben.permissions == frozenset({"staff.view"})


def test_the_owner_role_cannot_be_changed_by_anybody(client_of, ada):
    for by in (ada, None):
        with pytest.raises(OwnerStays):
            change_role("owner", by=by, name="Owner", grant=Grant())
        with pytest.raises((OwnerStays, Invalid)):
            delete_role("owner", by=by)
    assert client_of(ada).post("/settings/people/roles/owner", sent(name="Owner", version="0")).status_code == 409
    assert not StaffRole.objects.exists()


def test_nobody_changes_their_own_role(client_of, rita):
    everything = Grant(permissions=frozenset(PERMISSIONS))
    with pytest.raises(NotOneself):
        change_role(rita.role, by=rita, name="Registrar", grant=everything)
    with pytest.raises(NotOneself):
        delete_role(rita.role, by=rita, move_to="owner")
    answer = client_of(rita).post(f"/settings/people/roles/{rita.role}", sent(*PERMISSIONS, name="Registrar"))
    assert answer.status_code == 403
    rita.refresh_from_db()
    assert "shop.edit" not in rita.permissions


def test_nobody_grants_what_they_lack(client_of, rita):
    for grant in (
        Grant(permissions=LOOKING),  # orders.view is not hers
        Grant(permissions=frozenset({"customers.view", "shop.edit"})),
    ):
        with pytest.raises(TooMuch):
            create_role(by=rita, name="Mine", grant=grant)
    page = client_of(rita).get("/settings/people/roles/new").content.decode()
    assert 'value="orders.view" disabled' in page.replace(" checked", "")
    answer = client_of(rita).post("/settings/people/roles/new", sent("orders.view", name="Mine"))
    assert answer.status_code == 422
    assert "Nobody gives more than they have" in answer.content.decode()
    assert StaffRole.objects.count() == 1


def test_nobody_changes_a_role_that_may_more_than_they_nor_gives_it_back(rita, ada):
    with pytest.raises(TooMuch):
        change_role("manager", by=rita, name="Manager", grant=Grant())
    change_role("agent", by=ada, name="Agent", grant=Grant(permissions=frozenset({"staff.view"})))
    with pytest.raises(TooMuch):
        give_back_role("agent", by=rita)
    with pytest.raises(TooMuch):
        change_role("agent", by=rita, name="Agent", grant=Grant(permissions=permissions_of("agent")))
    assert StaffRole.objects.get(key="agent").permissions == ["staff.view"]


def test_a_role_cannot_be_changed_to_show_more_than_one_sees_oneself(ada, rita):
    seeing_less = Grant(
        permissions=frozenset({"staff.view", "staff.edit", "roles.edit", "customers.view"}),
        sees="channels",
        channel_ids=frozenset(),
        fields={"email": "masked", "spend": "hidden"},
    )
    StaffRole.objects.filter(key=rita.role).update(fields=dict(seeing_less.fields), sees="own")
    rita = User.objects.get(pk=rita.pk)
    base = frozenset({"customers.view"})
    for grant in (
        Grant(permissions=base, sees="own"),
        Grant(permissions=base, sees="own", fields={"email": "masked", "spend": "masked"}),
        Grant(permissions=base, sees="all", fields={"email": "masked", "spend": "hidden"}),
        Grant(permissions=base, sees="team", fields={"email": "masked", "spend": "hidden"}),
    ):
        with pytest.raises(TooMuch):
            create_role(by=rita, name="Wider", grant=grant)
    made = create_role(
        by=rita,
        name="As narrow",
        grant=Grant(permissions=base, sees="own", fields={"email": "hidden", "spend": "hidden"}),
    )
    assert made.fields == {"email": "hidden", "spend": "hidden"}


def test_of_some_channels_one_gives_those_and_no_others(ada, rita, monkeypatch):
    from regulars.staff import reach

    monkeypatch.setattr(reach, "_SOURCES", [lambda: [(1, "Web shop"), (2, "Harbour store")]])
    StaffRole.objects.filter(key=rita.role).update(sees="channels", channel_ids=[1])
    rita = User.objects.get(pk=rita.pk)
    base = frozenset({"customers.view"})
    with pytest.raises(TooMuch):
        create_role(by=rita, name="Both", grant=Grant(permissions=base, sees="channels", channel_ids=frozenset({1, 2})))
    with pytest.raises(Invalid) as refused:
        create_role(by=ada, name="None", grant=Grant(permissions=base, sees="channels"))
    assert list(refused.value.fields) == ["channels"]
    with pytest.raises(Invalid):
        create_role(by=ada, name="Gone", grant=Grant(permissions=base, sees="channels", channel_ids=frozenset({3})))
    made = create_role(by=rita, name="One", grant=Grant(permissions=base, sees="channels", channel_ids=frozenset({1})))
    assert (made.sees, made.channel_ids) == ("channels", [1])
    assert summary(Grant(permissions=base, sees="channels", channel_ids=frozenset({2}))).sees == (
        "Customers of Harbour store"
    )


def test_tokens_are_held_to_the_changed_role_of_their_owner_at_each_request(api_of, ada, ben):
    program = api_of(ben, "customers.view", "customers.edit")
    assert program.get("/customers").status_code == 200
    change_role("agent", by=ada, name="Agent", grant=Grant(permissions=frozenset({"staff.view"})))
    refused = program.get("/customers")
    assert (refused.status_code, refused.json()["scope"]) == (403, "customers.view")
    give_back_role("agent", by=ada)
    assert program.get("/customers").status_code == 200


def test_a_token_cannot_be_made_beyond_a_changed_role(ada, ben):
    change_role("agent", by=ada, name="Agent", grant=Grant(permissions=frozenset({"staff.view"})))
    ben.refresh_from_db()
    with pytest.raises(Invalid):
        create_token(user=ben, name="till", scopes=["customers.view"])
    token, plain = create_token(user=ben, name="till", scopes=["staff.view"])
    assert (find_token(plain), token.idle_scopes) == (token, [])


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"name": ""}, "name"),
        ({"name": "x" * 81}, "name"),
        ({"name": "a\0b"}, "name"),
        ({"name": "Owner"}, "name"),
        ({"name": " aGENT "}, "name"),
        ({"grant": Grant(permissions=frozenset({"customers.edit"}))}, "permissions"),
        ({"grant": Grant(permissions=frozenset({"everything"}))}, "permissions"),
        ({"grant": Grant(sees="everybody")}, "sees"),
        ({"grant": Grant(fields={"shoe_size": "masked"})}, "fields"),
        ({"grant": Grant(fields={"email": "blurred"})}, "fields"),
    ],
)
def test_a_role_that_cannot_be_made_says_why(ada, values, field):
    with pytest.raises(Invalid) as refused:
        create_role(**{"by": ada, "name": "Cashier", "grant": Grant(), **values})
    assert list(refused.value.fields) == [field]
    assert not StaffRole.objects.exists()


def test_two_who_change_a_role_at_once_do_not_overwrite_each_other(client_of, ada):
    change_role("agent", by=ada, name="Agent", grant=Grant(permissions=LOOKING), version=0)
    with pytest.raises(Stale):
        change_role("agent", by=ada, name="Agent", grant=Grant(), version=0)
    answer = client_of(ada).post("/settings/people/roles/agent", sent(name="Agent", version="0"))
    assert answer.status_code == 422
    assert "Somebody else changed this role" in answer.content.decode()
    assert StaffRole.objects.get().permissions == sorted(LOOKING)


def test_a_copy_begins_as_its_model_and_has_a_key_of_its_own(client_of, ada):
    page = client_of(ada).get("/settings/people/roles/new?from=agent").content.decode()
    assert 'value="Copy of Agent"' in page
    assert 'value="customers.edit" checked' in page
    assert 'value="customers.delete" checked' not in page
    first = create_role(by=ada, name="柜台", grant=Grant())
    second = create_role(by=ada, name="Till", grant=Grant())
    assert (first.key, second.key) == (f"role-{first.pk}", f"till-{second.pk}")


def test_a_deleted_roles_key_never_comes_back(ada):
    first = create_role(by=ada, name="Till", grant=Grant()).key
    delete_role(first, by=ada)
    assert create_role(by=ada, name="Till", grant=Grant()).key != first


def test_a_role_is_deleted_when_its_people_get_another_in_the_same_step(client_of, ada, ben):
    role = create_role(by=ada, name="Cashier", grant=Grant(permissions=LOOKING))
    change_colleague(ben, by=ada, role=role.key)
    invite(by=ada, email="new@shop.example", role=role.key)
    with pytest.raises(RoleInUse):
        delete_role(role.key, by=ada)
    for nowhere in ("emperor", role.key):
        with pytest.raises(Invalid):
            delete_role(role.key, by=ada, move_to=nowhere)
    assert "Ben Agent" in client_of(ada).get(f"/settings/people/roles/{role.key}/deletion").content.decode()
    assert client_of(ada).post(f"/settings/people/roles/{role.key}/deletion", {}).status_code == 422
    client_of(ada).post(f"/settings/people/roles/{role.key}/deletion", {"move_to": "marketer"})
    ben.refresh_from_db()
    assert (ben.role, ben.definition, Invitation.objects.get().role) == ("marketer", None, "marketer")
    assert not StaffRole.objects.exists()
    fact = Entry.objects.get(name="role.deleted").data
    assert (fact["role"], fact["moved_to"], fact["values"]["permissions"]) == (role.key, "marketer", sorted(LOOKING))


def test_built_in_roles_are_never_deleted(client_of, ada):
    for key in Role.values:
        assert client_of(ada).post(f"/settings/people/roles/{key}/deletion", {}).status_code == 404
    with pytest.raises(Invalid):
        delete_role("agent", by=None)


def test_roles_are_seen_by_colleagues_and_changed_by_few(client_of, ben, charlie):
    client = client_of(ben)
    page = client.get("/settings/people/roles").content.decode()
    assert "Manager" in page
    assert "New role" not in page
    assert "do not change it" in client.get("/settings/people/roles/manager").content.decode()
    for path in ("new", "manager/deletion"):
        assert client.get(f"/settings/people/roles/{path}").status_code == 403
    for path in ("new", "agent", "manager", "manager/original", "preview"):
        assert client.post(f"/settings/people/roles/{path}", sent(*PERMISSIONS)).status_code == 403
    client = client_of(charlie)
    for path in ("", "/new", "/owner", "/agent"):
        assert client.get(f"/settings/people/roles{path}").status_code == 403
    for path in ("/new", "/agent", "/agent/original", "/preview"):
        assert client.post(f"/settings/people/roles{path}", sent(*PERMISSIONS)).status_code == 403
    assert not StaffRole.objects.exists()


def test_managers_change_people_and_no_roles(client_of, db):
    dora = User.objects.create(name="Dora", email="dora@shop.example", role="manager", password="!")
    assert (dora.may("staff.edit"), dora.may("roles.edit")) == (True, False)
    assert client_of(dora).post("/settings/people/roles/agent", sent(name="Agent")).status_code == 403


def test_the_table_beside_the_editor_shows_what_is_ticked_and_saves_nothing(client_of, ada):
    answer = client_of(ada).post(
        "/settings/people/roles/preview",
        sent("customers.view", "customers.merge", sees="own", level_email="masked", level_phone="hidden"),
    )
    page = answer.content.decode()
    assert "Customers they look after" in page
    assert "e•••@posteo.example" in page
    assert "erika@posteo.example" not in page
    assert "5550" not in page
    assert "Not possible with what this role sees." in page  # merging
    assert not StaffRole.objects.exists()


def test_who_may_nothing_with_customers_sees_none_of_them():
    told = summary(Grant(permissions=frozenset({"staff.view"})))
    assert (told.sees, {shown.level for shown in told.shown}, told.count) == ("No customers", {"hidden"}, 1)


def test_every_permission_stands_in_a_room_with_a_name():
    assert {name.partition(".")[0] for name in PERMISSIONS} <= ROOMS.keys()


def test_the_list_of_roles_grows_without_more_queries(client_of, ada, django_assert_num_queries):
    client = client_of(ada)
    create_role(by=ada, name="Role", grant=Grant())
    client.get("/settings/people/roles")
    with django_assert_num_queries(4):
        client.get("/settings/people/roles")
    for place in range(3):
        create_role(by=ada, name=f"Role {place}", grant=Grant())
    with django_assert_num_queries(4):
        page = client.get("/settings/people/roles").content.decode()
    assert "Role 2" in page


def test_the_matrix_of_built_in_roles_is_what_the_page_shows(client_of, ada):
    assert set(roles.PERMISSIONS) == permissions_of("owner")
    for key in Role.values:
        shown = summary(Grant(permissions=permissions_of(key)))
        on = {deed.name for _room, deeds in shown.rooms for deed in deeds if deed.is_on}
        assert on == permissions_of(key)


def test_who_is_turned_away_reads_which_roles_may_as_they_are_now(client_of, ada, charlie):
    create_role(by=ada, name="Tagger", grant=Grant(permissions=frozenset({"customers.view", "customers.setup"})))
    change_role("manager", by=ada, name="Chief", grant=Grant(permissions=frozenset({"customers.view", "shop.edit"})))
    page = client_of(charlie).get("/settings/shop").content.decode()
    assert "It is for: Owner, Chief." in page
