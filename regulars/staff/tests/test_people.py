"""Colleagues: their roles and teams, switched off and on, and let go."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from django.db import connection
from django.test import Client

from regulars.core.errors import Invalid, NotAllowed
from regulars.staff.actions import (
    change_colleague,
    change_role,
    create_role,
    create_team,
    create_token,
    find_token,
    invite,
    let_go,
    switch_off,
    switch_on,
)
from regulars.staff.grants import Grant, LastOwner, NotOneself, TooMuch
from regulars.staff.models import Invitation, Team, User
from regulars.timeline.models import Entry


@pytest.fixture
def dora(db):
    """Dora manages: she changes people, and no roles."""
    return User.objects.create(name="Dora Manager", email="dora@shop.example", role="manager", password="!")


@pytest.fixture
def otto(db):
    """Otto owns the shop, too."""
    return User.objects.create(name="Otto Owner", email="otto@shop.example", role="owner", password="!")


def facts(name):
    return [entry.data for entry in Entry.objects.filter(name=name).order_by("id")]


def test_another_role_counts_at_once_and_is_told_with_the_old_one(client_of, ada, ben):
    elsewhere = Client()
    elsewhere.force_login(ben)
    answer = client_of(ada).post(f"/settings/people/{ben.public_id}", {"role": "marketer"})
    assert answer.status_code == 302
    ben.refresh_from_db()
    assert (ben.role, ben.definition, ben.may("customers.edit"), ben.may("customers.export")) == (
        *("marketer", None),
        *(False, True),
    )
    assert facts("staff.changed") == [
        {"person": ben.public_id, "email": ben.email, "changes": {"role": ["agent", "marketer"]}}
    ]
    entry = Entry.objects.get(name="staff.changed")
    assert (entry.actor_id, entry.subject_id, entry.fact.on_timeline, entry.fact.is_audit) == (
        *(ada.pk, ben.pk),
        *(False, True),
    )
    assert elsewhere.get("/settings/profile").status_code == 302  # signed out


def test_nobody_raises_or_switches_off_themselves(ada, dora):
    for person in (ada, dora):
        with pytest.raises(NotOneself):
            change_colleague(person, by=person, role="owner" if person is dora else "agent")
        with pytest.raises(NotOneself):
            switch_off(person, by=person)
        with pytest.raises(NotOneself):
            let_go(person, by=person)
        person.refresh_from_db()
    assert (ada.role, dora.role, ada.is_active, dora.is_active) == ("owner", "manager", True, True)
    assert not Entry.objects.filter(name__startswith="staff.").exists()


def test_nobody_gives_a_role_that_may_more_than_they(ada, dora, ben):
    with pytest.raises(TooMuch) as refused:
        change_colleague(ben, by=dora, role="owner")
    assert "being an owner" in refused.value.sentence
    mighty = create_role(by=ada, name="Mighty", grant=Grant(permissions=frozenset({"shop.edit", "staff.view"})))
    with pytest.raises(TooMuch):
        change_colleague(ben, by=dora, role=mighty.key)
    ben.refresh_from_db()
    assert ben.role == "agent"


def test_nobody_changes_somebody_who_may_more_than_they(ada, otto, dora):
    for deed in (
        lambda: change_colleague(otto, by=dora, role="agent"),
        lambda: switch_off(otto, by=dora),
        lambda: let_go(otto, by=dora),
    ):
        with pytest.raises(TooMuch):
            deed()
    otto.refresh_from_db()
    assert (otto.role, otto.is_active) == ("owner", True)


def test_nobody_opens_a_wider_view_than_their_own(ada, dora, ben):
    seeing_less = Grant(
        permissions=frozenset({"customers.view", "staff.view", "staff.edit"}), sees="own", fields={"email": "masked"}
    )
    small = create_role(by=ada, name="Small", grant=seeing_less)
    change_colleague(dora, by=ada, role=small.key)
    dora.refresh_from_db()
    wide = create_role(by=ada, name="Wide", grant=Grant(permissions=frozenset({"customers.view"})))
    shown = create_role(by=ada, name="Shown", grant=Grant(permissions=frozenset({"customers.view"}), sees="own"))
    team = create_team(by=ada, name="Harbour", members=[])
    nothing = create_role(by=ada, name="Nothing", grant=Grant(sees="own", fields={"email": "hidden"}))
    change_colleague(ben, by=ada, role=nothing.key)
    for role in (wide, shown):
        with pytest.raises(TooMuch):
            change_colleague(ben, by=dora, role=role.key)
    with pytest.raises(TooMuch):
        change_colleague(ben, by=dora, teams=[team])
    with pytest.raises(TooMuch):
        create_team(by=dora, name="Mine", members=[dora])
    ben.refresh_from_db()
    assert (ben.role, ben.teams.count(), Team.objects.count()) == (nothing.key, 0, 1)


def test_the_last_owner_stays_whoever_asks(ada, otto, dora):
    change_colleague(otto, by=ada, role="agent")
    for deed in (
        lambda: change_colleague(ada, by=None, role="agent"),
        lambda: switch_off(ada, by=None),
        lambda: let_go(ada, by=None),
    ):
        with pytest.raises(LastOwner):
            deed()
    ada.refresh_from_db()
    assert (ada.role, ada.is_active) == ("owner", True)


def test_an_owner_who_is_switched_off_is_no_second_owner(ada, otto):
    switch_off(otto, by=ada)
    with pytest.raises(LastOwner):
        let_go(ada, by=None)


@pytest.mark.parametrize("role", ["", "emperor", "nobody", "OWNER"])
def test_a_role_that_is_none_is_refused(ada, ben, role):
    with pytest.raises(Invalid):
        change_colleague(ben, by=ada, role=role)
    ben.refresh_from_db()
    assert ben.role == "agent"


def test_switched_off_somebody_and_their_tokens_are_let_in_no_more_until_they_are_on_again(client_of, ada, ben):
    _token, plain = create_token(user=ben, name="till", scopes=["customers.view"])
    elsewhere = Client()
    elsewhere.force_login(ben)
    client_of(ada).post(f"/settings/people/{ben.public_id}/switch", {"to": "off"})
    ben.refresh_from_db()
    assert (ben.is_active, ben.permissions, ben.sessions.count()) == (False, frozenset(), 0)
    assert elsewhere.get("/settings/profile").status_code == 302
    assert find_token(plain) is None
    client_of(ada).post(f"/settings/people/{ben.public_id}/switch", {"to": "on"})
    assert find_token(plain) is not None
    assert [fact["changes"] for fact in facts("staff.changed")] == [
        {"is_active": [True, False]},
        {"is_active": [False, True]},
    ]


def test_a_switched_off_person_is_no_way_around_the_rules(ada, otto, dora):
    switch_off(otto, by=ada)
    with pytest.raises(TooMuch):
        switch_on(otto, by=dora)
    with pytest.raises(TooMuch):
        change_colleague(otto, by=dora, role="agent")
    otto.refresh_from_db()
    assert (otto.is_active, otto.role) == (False, "owner")


def test_charlie_sees_nobody_and_changes_nobody(client_of, charlie, ben):
    client = client_of(charlie)
    for path in ("", f"/{ben.public_id}", f"/{ben.public_id}/leaving", f"/{charlie.public_id}", "/teams", "/roles"):
        assert client.get(f"/settings/people{path}").status_code == 403
    for path, sent in (
        (f"/{ben.public_id}", {"role": "owner"}),
        (f"/{charlie.public_id}", {"role": "owner"}),
        (f"/{ben.public_id}/switch", {"to": "off"}),
        (f"/{ben.public_id}/leaving", {}),
        ("/teams", {"name": "Mine"}),
        ("/invitation", {"email": "x@shop.example", "role": "owner"}),
    ):
        assert client.post(f"/settings/people{path}", sent).status_code == 403
    ben.refresh_from_db()
    charlie.refresh_from_db()
    assert (ben.role, ben.is_active, charlie.role) == ("agent", True, "nobody")
    assert (Team.objects.count(), Invitation.objects.count()) == (0, 0)


def test_ben_sees_colleagues_and_changes_none(client_of, ben, charlie):
    client = client_of(ben)
    page = client.get("/settings/people").content.decode()
    assert "Charlie Nobody" in page
    assert "Invite" not in page.split('class="setsec"', 1)[1]
    assert "do not change it" in client.get(f"/settings/people/{charlie.public_id}").content.decode()
    assert client.post(f"/settings/people/{charlie.public_id}", {"role": "agent"}).status_code == 403
    assert client.post(f"/settings/people/{ben.public_id}", {"role": "owner"}).status_code == 403
    charlie.refresh_from_db()
    assert charlie.role == "nobody"


def test_the_page_offers_only_roles_that_somebody_may_give(client_of, dora, ben):
    page = client_of(dora).get(f"/settings/people/{ben.public_id}").content.decode()
    assert '<option value="agent" selected>' in page
    assert 'value="owner"' not in page
    answer = client_of(dora).post(f"/settings/people/{ben.public_id}", {"role": "owner"})
    assert answer.status_code == 422
    ben.refresh_from_db()
    assert ben.role == "agent"


def test_a_person_that_does_not_exist_is_not_found(client_of, ada):
    for public_id in ("usr_nothing", "usr_0000000000000", "cus_0000000000000", "ada"):
        assert client_of(ada).get(f"/settings/people/{public_id}").status_code == 404


def test_a_changed_role_is_held_to_at_the_next_request(client_of, ada, ben):
    client = Client()
    client.force_login(ben)
    assert client.get("/customers").status_code == 200
    change_role("agent", by=ada, name="Agent", grant=Grant(permissions=frozenset({"staff.view"})))
    assert client.get("/customers").status_code == 403
    assert client.get("/settings/people").status_code == 200


def test_the_list_of_people_grows_without_more_queries(client_of, ada, django_assert_num_queries):
    client = client_of(ada)
    team = create_team(by=ada, name="Harbour", members=[ada])
    invite(by=ada, email="new@shop.example", role="agent", teams=[team])
    client.get("/settings/people")
    with django_assert_num_queries(7):
        client.get("/settings/people")
    for place in range(3):
        person = User.objects.create(name=f"Person {place}", email=f"p{place}@shop.example", role="agent", password="!")
        person.teams.add(team)
        invite(by=ada, email=f"new{place}@shop.example", role="agent", teams=[team])
    with django_assert_num_queries(7):
        page = client.get("/settings/people").content.decode()
    assert "Person 2" in page
    assert "new2@shop.example" in page


def test_who_lost_the_right_meanwhile_does_nothing_with_it(ada, otto, dora, ben):
    stale = User.objects.get(pk=otto.pk)
    switch_off(otto, by=ada)
    for deed in (
        lambda: switch_off(ben, by=stale),
        lambda: change_colleague(ben, by=stale, role="owner"),
        lambda: create_role(by=stale, name="Mighty", grant=Grant()),
        lambda: invite(by=stale, email="new@shop.example", role="owner"),
        lambda: create_team(by=stale, name="Harbour"),
    ):
        with pytest.raises(NotAllowed):
            deed()
    ben.refresh_from_db()
    assert (ben.role, ben.is_active, Invitation.objects.count(), Team.objects.count()) == ("agent", True, 0, 0)


@pytest.mark.django_db(transaction=True)
def test_two_owners_who_remove_each_other_at_once_leave_one():
    for _round in range(5):
        owners = [
            User.objects.create(name=f"Owner {n}", email=f"o{n}@shop.example", role="owner", password="!")
            for n in (0, 1)
        ]
        gate = Barrier(2)

        def remove(n, owners=owners, gate=gate):
            by, other = User.objects.get(pk=owners[n].pk), User.objects.get(pk=owners[1 - n].pk)
            gate.wait()
            try:
                change_colleague(other, by=by, role="agent") if n else switch_off(other, by=by)
            except (NotAllowed, LastOwner, TooMuch):
                return "refused"
            finally:
                connection.close()
            return "done"

        with ThreadPoolExecutor(2) as pool:
            assert sorted(pool.map(remove, (0, 1))) == ["done", "refused"]
        assert User.objects.filter(role="owner", is_active=True).count() == 1
        User.objects.all().delete()


@pytest.mark.django_db(transaction=True)
def test_a_link_that_is_used_twice_at_once_lets_one_in(client):
    from regulars.staff.actions import accept
    from regulars.staff.actions.invitations import LinkHoldsNoMore

    _made, token = invite(by=None, email="new@shop.example", role="agent")
    gate = Barrier(3)

    def come(n):
        gate.wait()
        try:
            accept(token, name=f"Newt {n}", password="a kettle full of sencha")
        except LinkHoldsNoMore:
            return "refused"
        finally:
            connection.close()
        return "in"

    with ThreadPoolExecutor(3) as pool:
        assert sorted(pool.map(come, range(3))) == ["in", "refused", "refused"]
    assert User.objects.filter(email="new@shop.example").count() == 1


@pytest.mark.parametrize(
    ("path", "sent"),
    [
        ("/settings/people/{ben}", {"role": "owner"}),
        ("/settings/people/{ben}/switch", {"to": "off"}),
        ("/settings/people/{ben}/leaving", {"successor": ""}),
        ("/settings/people/invitation", {"email": "new@shop.example", "role": "agent"}),
        ("/settings/people/teams/{team}", {"name": "Quay"}),
        ("/settings/people/teams/{team}/deletion", {}),
        ("/settings/people/roles/new", {"name": "Mighty", "sees": "all", "permissions": ["customers.view"]}),
        ("/settings/people/roles/agent", {"name": "Agent", "sees": "all", "version": "0"}),
        ("/settings/people/roles/marketer/original", {}),
        ("/settings/people/roles/{role}/deletion", {"move_to": "agent"}),
        ("/settings/tokens", {"name": "till", "ends": "30", "scopes": ["customers.view"]}),
    ],
)
def test_an_open_browser_is_not_enough_for_what_is_dangerous(ada, ben, path, sent):
    team = create_team(by=ada, name="Harbour", members=[ben])
    role = create_role(by=ada, name="Cashier", grant=Grant())
    change_role("marketer", by=ada, name="Marketer", grant=Grant())
    ada.set_password("a kettle full of sencha")
    ada.save()
    before = Entry.objects.filter(name__in=CHANGES).count()
    somebody = Client()
    somebody.force_login(ada)  # signed in, and proved nothing for a while
    answer = somebody.post(path.format(ben=ben.public_id, team=team.public_id, role=role.key), sent)
    assert "prove_password" in answer.content.decode()
    assert Entry.objects.filter(name__in=CHANGES).count() == before
    ben.refresh_from_db()
    assert (ben.role, ben.is_active, Invitation.objects.count(), ben.tokens.count()) == ("agent", True, 0, 0)


CHANGES = [
    *("staff.changed", "staff.left", "staff.invited", "team.changed", "role.created", "role.changed", "role.deleted"),
    "token.created",
]
