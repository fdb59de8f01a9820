"""People on the command line, for whoever runs the machine."""

import json

import pytest
from django.test import Client

from regulars.config.cli import run
from regulars.staff.actions import create_team, create_token, find_token
from regulars.staff.models import Invitation, User
from regulars.timeline.models import Entry


def told(capsys):
    return json.loads(capsys.readouterr().out)


def test_everybody_is_listed(ada, ben, charlie, capsys):
    User.objects.filter(pk=charlie.pk).update(is_active=False)
    assert run(["staff", "list", "--json"]) == 0
    people = told(capsys)["people"]
    assert [(person["email"], person["role"], person["state"]) for person in people] == [
        ("ada@shop.example", "owner", "active"),
        ("ben@shop.example", "agent", "active"),
        ("charlie@shop.example", "nobody", "off"),
    ]
    assert people[0] == {
        "id": ada.public_id,
        "email": "ada@shop.example",
        "name": "Ada Owner",
        "role": "owner",
        "teams": [],
        "state": "active",
        "has_second_step": False,
        "seen_at": None,
    }
    assert run(["staff", "list"]) == 0
    assert "ben@shop.example" in capsys.readouterr().out


def test_a_locked_out_shop_gets_an_owner_by_a_link(ada, capsys):
    create_team(by=ada, name="Harbour")
    User.objects.filter(pk=ada.pk).update(is_active=False)
    assert run(["staff", "invite", "New@Shop.example", "--role", "owner", "--team", "harbour", "--json"]) == 0
    made = told(capsys)
    assert (made["email"], made["role"], made["teams"]) == ("new@shop.example", "owner", ["harbour"])
    assert Invitation.objects.get().invited_by is None
    path = "/invitation/" + made["link"].rpartition("/")[2]
    assert "You are invited" in Client().get(path).content.decode()
    Client().post(path, {"name": "Newt", "password": "a kettle full of sencha"})
    person = User.objects.get(email="new@shop.example")
    assert (person.role, person.may("roles.edit"), person.teams.get().name) == ("owner", True, "Harbour")


def test_somebody_gets_another_role_and_is_let_in_or_not(ada, ben, capsys):
    _token, plain = create_token(user=ben, name="till", scopes=["customers.view"])
    assert run(["staff", "role", "BEN@shop.example", "owner", "--json"]) == 0
    assert told(capsys)["role"] == "owner"
    assert run(["staff", "off", "ada@shop.example", "--json"]) == 0
    assert told(capsys)["state"] == "off"
    assert run(["staff", "on", "ada@shop.example", "--json"]) == 0
    assert told(capsys)["state"] == "active"
    arguments = ["staff", "off", "ben@shop.example", "--leaves", "--hand-to", "ada@shop.example", "--json"]
    assert run(arguments) == 0
    left = told(capsys)
    assert (left["state"], left["tokens"], left["handed_over"]) == (
        "left",
        ["till"],
        {"customers": 0, "inquiries": 0, "webhooks": 0},
    )
    assert find_token(plain) is None
    assert set(Entry.objects.filter(name="staff.changed").values_list("actor_id", "source")) == {(None, "command")}


@pytest.mark.parametrize(
    "arguments",
    [
        ["invite", "nobody", "--role", "agent"],
        ["invite", "", "--role", "agent"],
        ["invite", "new@shop.example", "--role", "emperor"],
        ["invite", "new@shop.example"],
        ["invite", "ada@shop.example", "--role", "agent"],
        ["invite", "new@shop.example", "--role", "agent", "--team", "nowhere"],
        ["role", "nobody@shop.example", "agent"],
        ["role", "ada@shop.example", "emperor"],
        ["role", "ada@shop.example", "agent"],
        ["off", "ada@shop.example"],
        ["off", "ada@shop.example", "--leaves"],
        ["off", "nobody@shop.example"],
        ["off", "ada@shop.example", "--hand-to", "ada@shop.example"],
        ["off", "ada@shop.example", "--leaves", "--hand-to", "ada@shop.example"],
    ],
)
def test_a_wrong_command_ends_with_a_sentence_and_code_2(ada, capsys, arguments):
    assert run(["staff", *arguments]) == 2
    said = capsys.readouterr().err
    assert "Traceback" not in said
    assert said.strip()
    ada.refresh_from_db()
    assert (ada.role, ada.is_active, Invitation.objects.count(), User.objects.count()) == ("owner", True, 0, 1)
