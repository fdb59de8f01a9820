"""API tokens: what they are made of, what they may, and when they end."""

import datetime as dt
import json

import pytest
import time_machine
from django.utils import timezone

from regulars.config.cli import run
from regulars.core.errors import Invalid
from regulars.staff.actions import create_token, find_token, revoke_token
from regulars.staff.models import ApiToken
from regulars.timeline.models import Entry


def test_a_token_is_kept_as_its_hash_alone(ada):
    token, plain = create_token(user=ada, name="till", scopes=["customers.view"])
    kept = json.dumps(ApiToken.objects.filter(pk=token.pk).values().get(), default=str)
    prefix, hint, secret = plain.split("_")
    assert (prefix, len(hint), len(secret)) == ("rgl", 8, 40)
    assert hint in kept
    assert secret not in kept
    assert find_token(plain) == token


@pytest.mark.parametrize("plain", ["", "rgl_", "rgl_aaaaaaaa_" + "a" * 40, "nonsense", "rgl_\0", "é" * 60, "x" * 9999])
def test_what_is_no_token_finds_nothing(ada, plain):
    create_token(user=ada, name="till", scopes=["customers.view"])
    assert find_token(plain) is None


def test_a_token_ends_when_it_expires_is_revoked_or_its_owner_leaves(ada):
    soon = timezone.now() + dt.timedelta(days=1)
    _token, expiring = create_token(user=ada, name="one day", scopes=["customers.view"], expires_at=soon)
    revoked, revoked_plain = create_token(user=ada, name="revoked", scopes=["customers.view"])
    _token, plain = create_token(user=ada, name="plain", scopes=["customers.view"])
    revoke_token(revoked)
    assert find_token(revoked_plain) is None
    assert find_token(expiring) is not None
    with time_machine.travel(soon + dt.timedelta(seconds=1)):
        assert find_token(expiring) is None
        assert find_token(plain) is not None
    ada.is_active = False
    ada.save()
    assert find_token(plain) is None


def test_scopes_never_go_beyond_the_owner(ada, ben, charlie):
    with pytest.raises(Invalid) as refused:
        create_token(user=ben, name="too much", scopes=["customers.view", "customers.delete"])
    assert list(refused.value.fields) == ["scopes"]
    with pytest.raises(Invalid):
        create_token(user=charlie, name="anything", scopes=["customers.view"])
    token, _plain = create_token(user=ada, name="all", scopes=["customers.delete"])
    ada.role = "agent"
    ada.save()
    assert not ApiToken.objects.get(pk=token.pk).may("customers.delete")
    assert ApiToken.objects.count() == 1


@pytest.mark.parametrize(
    ("name", "scopes", "field"),
    [
        ("", ["customers.view"], "name"),
        ("x" * 81, ["customers.view"], "name"),
        ("x", [], "scopes"),
        ("x", ["y"], "scopes"),
    ],
)
def test_a_token_that_cannot_be_made_says_why(ada, name, scopes, field):
    with pytest.raises(Invalid) as refused:
        create_token(user=ada, name=name, scopes=scopes)
    assert list(refused.value.fields) == [field]
    assert not ApiToken.objects.exists()


def test_last_use_is_written_once_a_minute(ada, django_assert_num_queries):
    _token, plain = create_token(user=ada, name="till", scopes=["customers.view"])
    with time_machine.travel(dt.datetime(2026, 3, 12, 9, 0, tzinfo=dt.UTC), tick=False) as clock:
        with django_assert_num_queries(2):
            find_token(plain)
        clock.shift(30)
        with django_assert_num_queries(1):
            find_token(plain)
        clock.shift(31)
        with django_assert_num_queries(2):
            find_token(plain)
    assert ApiToken.objects.get().last_used_at == dt.datetime(2026, 3, 12, 9, 1, 1, tzinfo=dt.UTC)


def test_making_and_revoking_stand_in_the_audit_log(ada):
    token, plain = create_token(user=ada, name="till", scopes=["customers.view"])
    revoke_token(token)
    revoke_token(token)
    entries = Entry.objects.filter(name__startswith="token.").order_by("id")
    assert [entry.name for entry in entries] == ["token.created", "token.revoked"]
    assert plain not in json.dumps([entry.data for entry in entries])


def test_the_command_line_makes_lists_and_revokes(ada, capsys):
    assert (
        run(["token", "create", "--name", "till", "--scopes", "customers.view, orders.view", "--days", "3", "--json"])
        == 0
    )
    made = json.loads(capsys.readouterr().out)
    assert (made["owner"], made["scopes"]) == (ada.email, ["customers.view", "orders.view"])
    assert find_token(made["token"]) is not None
    assert run(["token", "list", "--json"]) == 0
    listed = capsys.readouterr().out
    assert [token["id"] for token in json.loads(listed)["tokens"]] == [made["id"]]
    assert made["token"] not in listed
    assert run(["token", "revoke", made["id"]]) == 0
    assert find_token(made["token"]) is None


def test_every_token_ends_after_ninety_days_unless_said_and_never_after_more_than_two_years(ada, client_of):
    now = timezone.now()
    token, _plain = create_token(user=ada, name="till", scopes=["customers.view"])
    assert dt.timedelta(days=90) <= token.expires_at - now < dt.timedelta(days=90, minutes=1)
    for moment in (now, now + dt.timedelta(days=733)):
        with pytest.raises(Invalid) as refused:
            create_token(user=ada, name="x", scopes=["customers.view"], expires_at=moment)
        assert list(refused.value.fields) == ["expires_at"]
    sent = {"name": "x", "ends": "0", "scopes": ["customers.view"]}
    assert client_of(ada).post("/settings/tokens", sent).status_code == 422
    assert ApiToken.objects.count() == 1


def test_a_token_bound_to_addresses_comes_from_nowhere_else(ada, client):
    _token, plain = create_token(
        user=ada,
        name="till",
        scopes=["customers.view"],
        networks=["203.0.113.7/24", " 2001:db8::/32 ", "203.0.113.1/24"],
    )
    assert ApiToken.objects.get().networks == ["203.0.113.0/24", "2001:db8::/32"]

    def call(address):
        return client.get("/api/v1/customers", headers={"Authorization": f"Bearer {plain}"}, REMOTE_ADDR=address)

    for address in ("203.0.113.99", "2001:db8::1", "::ffff:203.0.113.5"):
        assert call(address).status_code == 200
    ApiToken.objects.update(last_used_at=None)
    for address in ("203.0.114.1", "2001:db9::1", "", "nonsense"):
        refused = call(address)
        assert (refused.status_code, refused.json()["type"]) == (403, "/problems/not-allowed")
    assert ApiToken.objects.get().last_used_at is None


@pytest.mark.parametrize("networks", [["nonsense"], ["203.0.113.300"], ["203.0.113.0/33"], ["10.0.0.1"] * 21])
def test_addresses_that_are_none_are_refused(ada, networks, client_of):
    with pytest.raises(Invalid) as refused:
        create_token(user=ada, name="x", scopes=["customers.view"], networks=networks)
    assert list(refused.value.fields) == ["networks"]
    sent = {"name": "x", "ends": "30", "scopes": ["customers.view"], "networks": ", ".join(networks)}
    assert client_of(ada).post("/settings/tokens", sent).status_code == 422
    assert not ApiToken.objects.exists()


def test_the_page_says_who_made_a_token_what_ends_soon_what_is_unused_and_what_has_no_effect(client_of, ada, ben):
    now = timezone.now()
    create_token(user=ben, name="by command", scopes=["customers.view"], expires_at=now + dt.timedelta(days=10))
    create_token(
        user=ben,
        by=ada,
        name="long",
        scopes=["orders.edit"],
        expires_at=now + dt.timedelta(days=300),
        networks=["10.0.0.1"],
    )
    ApiToken.objects.filter(name="long").update(created_at=now - dt.timedelta(days=91))
    ben.role = "marketer"
    ben.save()
    old, _plain = create_token(user=ada, name="old", scopes=["customers.view"])
    revoke_token(old)
    page = client_of(ada).get("/settings/tokens").content.decode()
    by_command, long = page.split("by command", 1)[1].split("</tr>")[0], page.split(">long<", 1)[1].split("</tr>")[0]
    assert [mark in by_command for mark in ("made by command", ">soon<", "unused for 90 days")] == [True, True, False]
    assert [mark in long for mark in ("made by Ada Owner", "from 10.0.0.1/32", "unused for 90 days", ">soon<")] == [
        *(True, True, True),
        False,
    ]
    assert "1 without effect" in long
    assert "One token that does not work any more" in page
    assert page.count("/revocation") == 2


def test_charlie_makes_no_tokens_and_sees_none(client_of, ada, ben, charlie):
    token, plain = create_token(user=ada, name="till", scopes=["customers.view"])
    for person in (ben, charlie):
        client = client_of(person)
        assert client.get("/settings/tokens").status_code == 403
        sent = {"name": "mine", "ends": "30", "scopes": ["customers.view"]}
        assert client.post("/settings/tokens", sent).status_code == 403
        assert client.post(f"/settings/tokens/{token.public_id}/revocation").status_code == 403
    assert (ApiToken.objects.count(), find_token(plain)) == (1, token)


def test_the_list_of_tokens_grows_without_more_queries(client_of, ada, django_assert_num_queries):
    client = client_of(ada)
    create_token(user=ada, by=ada, name="token", scopes=["customers.view"])
    client.get("/settings/tokens")
    with django_assert_num_queries(4):
        client.get("/settings/tokens")
    for place in range(3):
        create_token(user=ada, by=ada, name=f"token {place}", scopes=["customers.view"])
    with django_assert_num_queries(4):
        page = client.get("/settings/tokens").content.decode()
    assert "token 2" in page


@pytest.mark.parametrize(
    "arguments",
    [
        ["create", "--name", "x", "--scopes", "nonsense"],
        ["create", "--name", "x", "--scopes", ""],
        ["create", "--name", "x", "--scopes", "customers.view", "--user", "nobody@shop.example"],
        ["create", "--name", "x", "--scopes", "customers.view", "--days", "0"],
        ["create", "--name", "x", "--scopes", "customers.view", "--days", "731"],
        ["create", "--name", "x", "--scopes", "customers.view", "--from", "nowhere"],
        ["revoke", "tok_nothing"],
    ],
)
def test_a_wrong_command_ends_with_a_sentence_and_code_2(ada, capsys, arguments):
    assert run(["token", *arguments]) == 2
    said = capsys.readouterr().err
    assert "Traceback" not in said
    assert said.strip()
    assert not ApiToken.objects.exists()
