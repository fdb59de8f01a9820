"""Somebody leaves: nothing stays open behind them, and what they looked after goes over to others."""

import json

import pytest
from django.test import Client

from regulars.core.errors import Invalid
from regulars.staff import duties
from regulars.staff.actions import (
    change_colleague,
    create_role,
    create_team,
    create_token,
    find_token,
    invite,
    let_go,
    switch_off,
    switch_on,
)
from regulars.staff.grants import Grant, TooMuch
from regulars.staff.models import User
from regulars.timeline.models import Entry


@pytest.fixture
def dora(db):
    """Dora manages: she changes people, and no roles."""
    return User.objects.create(name="Dora Manager", email="dora@shop.example", role="manager", password="!")


def facts(name):
    return [entry.data for entry in Entry.objects.filter(name=name).order_by("id")]


@pytest.fixture
def cups(monkeypatch):
    """Somebody washes cups; what they wash goes over to others."""
    held = {}
    monkeypatch.setattr(duties, "_DUTIES", {})

    def hand_over(person, successor):
        count = held.pop(person.pk, 0)
        if successor is not None:
            held[successor.pk] = held.get(successor.pk, 0) + count
        return count

    duties.add(
        duties.Duty(
            name="cups",
            count=lambda person: held.get(person.pk, 0),
            said=lambda number: f"{number} cups",
            hand_over=hand_over,
        )
    )
    return held


def test_whoever_leaves_leaves_nothing_open_behind(client_of, ada, dora, ben, cups):
    cups[dora.pk] = 7
    _token, plain = create_token(user=dora, name="till", scopes=["customers.view"])
    invitation, link = invite(by=dora, email="new@shop.example", role="agent")
    team = create_team(by=ada, name="Harbour", members=[dora, ben])
    elsewhere = Client()
    elsewhere.force_login(dora)
    client = client_of(ada)
    asked = client.get(f"/settings/people/{dora.public_id}/leaving").content.decode()
    for said in ("Signed out of one browser", "till", "new@shop.example", "Harbour", "7 cups"):
        assert said in asked
    page = client.post(f"/settings/people/{dora.public_id}/leaving", {"successor": ben.public_id}).content.decode()
    for said in (
        "Dora Manager has left",
        "one browser was signed out",
        "till",
        "new@shop.example",
        "Harbour",
        "7 cups",
    ):
        assert said in page
    dora.refresh_from_db()
    invitation.refresh_from_db()
    assert (dora.is_active, dora.left_at is not None, dora.role) == (False, True, "manager")
    assert (cups, list(team.members.all())) == ({ben.pk: 7}, [ben])
    assert invitation.revoked_at is not None
    assert (find_token(plain), client.get(f"/invitation/{link}").status_code) == (None, 410)
    assert elsewhere.get("/settings/profile").status_code == 302
    assert facts("staff.left") == [
        {
            "person": dora.public_id,
            "email": dora.email,
            "sessions": 1,
            "tokens": ["till"],
            "invitations": ["new@shop.example"],
            "teams": ["Harbour"],
            "duties": {"cups": 7},
            "successor": ben.public_id,
        }
    ]
    assert len(facts("token.revoked")) == len(facts("staff.invitation_revoked")) == 1
    assert plain not in json.dumps(list(Entry.objects.values_list("data", flat=True)))


def test_tokens_of_somebody_who_left_stay_revoked_when_they_come_back(ada, ben, cups):
    _token, plain = create_token(user=ben, name="till", scopes=["customers.view"])
    let_go(ben, by=ada)
    switch_on(ben, by=ada)
    ben.refresh_from_db()
    assert (ben.is_active, ben.left_at, find_token(plain)) == (True, None, None)


def test_nobody_takes_over_who_is_not_there(ada, ben, dora, cups):
    cups[ben.pk] = 3
    switch_off(dora, by=ada)
    for successor in (ben, User.objects.get(pk=dora.pk)):
        with pytest.raises(Invalid):
            let_go(ben, by=ada, successor=successor)
    ben.refresh_from_db()
    assert (ben.is_active, cups) == (True, {ben.pk: 3})


def test_who_leaves_hands_over_their_customers_and_it_can_be_undone(client_of, ada, ben, dora):
    from regulars.customers.actions import change_customer, create_customer
    from regulars.customers.actions.bulk import undo
    from regulars.customers.models import ChangeSet, Customer

    ours = [create_customer(values={"name": f"Person {number}"}) for number in range(3)]
    for customer in ours[:2]:
        change_customer(customer, values={"looked_after_by": ben})
    change_customer(ours[2], values={"looked_after_by": ada})
    assert "2 customers" in client_of(ada).get(f"/settings/people/{ben.public_id}/leaving").content.decode()
    page = client_of(ada).post(f"/settings/people/{ben.public_id}/leaving", {"successor": dora.public_id})
    assert "2 customers" in page.content.decode()
    owners = Customer.objects.order_by("pk").values_list("looked_after_by", flat=True)
    assert list(owners.all()) == [dora.pk, dora.pk, ada.pk]
    done = ChangeSet.objects.get()
    assert (done.state, done.total, done.reason) == ("applied", 2, "Ben Agent left the shop")
    undo(done)
    assert list(owners.all()) == [ben.pk, ben.pk, ada.pk]


def test_who_sees_few_customers_hands_over_all_that_a_leaver_has(ada, ben, dora):
    from regulars.customers.actions import change_customer, create_customer
    from regulars.customers.models import Customer
    from regulars.staff.policy import reading_as
    from regulars.timeline.actions import acting

    customer = create_customer(values={"name": "Erika Muster"})
    change_customer(customer, values={"looked_after_by": ben})
    seeing_own = Grant(permissions=frozenset({"customers.view", "staff.view", "staff.edit"}), sees="own")
    role = create_role(by=ada, name="Foreman", grant=seeing_own)
    for person in (dora, ben):
        change_colleague(person, by=ada, role=role.key)
        person.refresh_from_db()
    with acting(dora.pk, "page"), reading_as(dora):
        assert Customer.objects.count() == 0
        with pytest.raises(TooMuch):  # nobody makes customers their own by letting go who has them
            let_go(ben, by=dora, successor=dora)
        done = let_go(ben, by=dora, successor=ada)
    assert done.duties == ["1 customer"]
    assert Customer.objects.get().looked_after_by == ada


def test_many_customers_are_handed_over_in_the_background(ada, ben, dora, monkeypatch, run_jobs):
    from regulars.customers.actions import bulk, change_customer, create_customer
    from regulars.customers.models import ChangeSet, Customer

    monkeypatch.setattr(bulk, "AT_HAND", 2)
    for number in range(5):
        change_customer(create_customer(values={"name": f"Person {number}"}), values={"looked_after_by": ben})
    done = let_go(ben, by=ada, successor=dora)
    assert done.duties == ["5 customers"]
    assert Customer.objects.filter(looked_after_by=ben).count() == 5
    run_jobs()
    assert Customer.objects.filter(looked_after_by=dora).count() == 5
    assert (ChangeSet.objects.get().state, ChangeSet.objects.get().total) == ("applied", 5)
