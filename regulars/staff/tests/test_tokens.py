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


@pytest.mark.parametrize(
    "arguments",
    [
        ["create", "--name", "x", "--scopes", "nonsense"],
        ["create", "--name", "x", "--scopes", ""],
        ["create", "--name", "x", "--scopes", "customers.view", "--user", "nobody@shop.example"],
        ["create", "--name", "x", "--scopes", "customers.view", "--days", "0"],
        ["revoke", "tok_nothing"],
    ],
)
def test_a_wrong_command_ends_with_a_sentence_and_code_2(ada, capsys, arguments):
    assert run(["token", *arguments]) == 2
    said = capsys.readouterr().err
    assert "Traceback" not in said
    assert said.strip()
    assert not ApiToken.objects.exists()
