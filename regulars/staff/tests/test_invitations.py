"""Invitations: a link, good once and for seven days, that nobody finds by guessing."""

import datetime as dt
import json

import pytest
import time_machine
from django.core import mail
from django.test import Client
from django.utils import timezone

from regulars.core.errors import Invalid
from regulars.messaging.models import Message
from regulars.staff.actions import (
    accept,
    change_colleague,
    change_role,
    create_role,
    create_team,
    find_invitation,
    invite,
    invite_again,
    revoke_invitation,
    switch_off,
)
from regulars.staff.actions.invitations import LinkHoldsNoMore, LinkOfNobody, token_of
from regulars.staff.grants import Grant, TooMuch
from regulars.staff.models import Invitation, User
from regulars.timeline.models import Entry

PASSWORD = "a kettle full of sencha"
NEW = "new@shop.example"


def is_in(client):
    return "_auth_user_id" in client.session


def test_an_invitation_is_kept_as_the_hash_of_its_link_alone(ada, run_jobs):
    made, token = invite(by=ada, email=" New@Shop.example ", role="agent")
    kept = json.dumps(Invitation.objects.values().get(), default=str)
    told = json.dumps(list(Entry.objects.values_list("data", flat=True)))
    assert (made.email, len(token), token_of(made)) == (NEW, 32, token)
    assert token not in kept
    assert token not in told
    assert Entry.objects.get(name="staff.invited").data["role"] == "agent"
    run_jobs()
    assert not Message.objects.exists()  # no mail server is set


def test_the_link_is_shown_once_and_lets_somebody_in_once(client_of, client, ada):
    team = create_team(by=ada, name="Harbour")
    sent = {"email": NEW, "name": "Newt", "role": "agent", "teams": [team.public_id]}
    inside = client_of(ada)
    page = inside.post("/settings/people/invitation", sent).content.decode()
    link = page.split('id="secret" tabindex="0">')[1].split("<")[0]
    path = link.removeprefix("http://testserver")
    assert "No mail server is set" in page
    listed = inside.get("/settings/people").content.decode()
    assert NEW in listed
    assert path not in listed
    new = Client()
    door = new.get(path).content.decode()
    assert "Ada Owner invited you" in door
    assert 'value="Newt"' in door
    assert new.post(path, {"name": "Newt Newcomer", "password": PASSWORD}).headers["Location"] == "/"
    person = User.objects.get(email=NEW)
    assert (person.name, person.role, list(person.teams.all()), person.check_password(PASSWORD)) == (
        *("Newt Newcomer", "agent"),
        *([team], True),
    )
    assert is_in(new)
    accepted = Entry.objects.get(name="staff.invitation_accepted")
    assert (accepted.actor_id, accepted.data["email"]) == (person.pk, NEW)
    again = Client().get(path)
    assert again.status_code == 410
    assert "was used already" in again.content.decode()
    assert Client().post(path, {"name": "Thief", "password": PASSWORD}).status_code == 410
    assert User.objects.count() == 2


def test_seven_days_and_no_longer(ada):
    with time_machine.travel(timezone.now(), tick=False) as clock:
        made, token = invite(by=ada, email=NEW, role="agent")
        clock.shift(dt.timedelta(days=7, seconds=-1))
        assert find_invitation(token) == made
        clock.shift(dt.timedelta(seconds=1))
        with pytest.raises(LinkHoldsNoMore) as refused:
            accept(token, name="Late", password=PASSWORD)
    assert "seven days" in refused.value.sentence
    assert not User.objects.filter(email=NEW).exists()


def test_a_withdrawn_link_says_so(client_of, ada):
    made, token = invite(by=ada, email=NEW, role="agent")
    client_of(ada).post(f"/settings/people/invitations/{made.public_id}/revocation")
    answer = Client().get(f"/invitation/{token}")
    assert (answer.status_code, "was withdrawn" in answer.content.decode()) == (410, True)
    revoke_invitation(made)
    assert Entry.objects.filter(name="staff.invitation_revoked").count() == 1


def test_sent_again_it_is_another_link_and_the_first_is_worth_nothing(client_of, ada):
    made, first = invite(by=ada, email=NEW, role="agent")
    page = client_of(ada).post(f"/settings/people/invitations/{made.public_id}/link").content.decode()
    second = page.split("/invitation/")[1].split("<")[0]
    assert first != second
    with pytest.raises(LinkOfNobody):
        find_invitation(first)
    assert find_invitation(second) == made
    assert [entry.data["is_again"] for entry in Entry.objects.filter(name="staff.invited").order_by("id")] == [
        False,
        True,
    ]


@pytest.mark.parametrize("token", ["x", "a" * 32, "é" * 32, "0" * 500, "%00", "inv_0000000000000"])
def test_a_link_of_nobody_tells_nothing(client, ada, token):
    invite(by=ada, email=NEW, role="agent")
    for answer in (
        client.get(f"/invitation/{token}"),
        client.post(f"/invitation/{token}", {"name": "x", "password": PASSWORD}),
    ):
        assert answer.status_code == 404
        assert NEW not in answer.content.decode()
    assert User.objects.count() == 1


@pytest.mark.parametrize(
    ("sent", "field"),
    [
        ({"name": "", "password": PASSWORD}, "name"),
        ({"name": "x" * 121, "password": PASSWORD}, "name"),
        ({"name": "Newt", "password": ""}, "password"),
        ({"name": "Newt", "password": "short"}, "password"),
        ({"name": "Newt", "password": "password1234"}, "password"),
        ({"name": "Newt", "password": NEW}, "password"),
    ],
)
def test_a_bad_password_or_name_is_said_and_the_link_still_holds(client, ada, sent, field):
    _made, token = invite(by=ada, email=NEW, role="agent")
    answer = client.post(f"/invitation/{token}", sent)
    assert answer.status_code == 422
    assert f'id="{field}_error"' in answer.content.decode()
    assert not User.objects.filter(email=NEW).exists()
    assert find_invitation(token).is_open


@pytest.mark.parametrize("more", [{"role": "owner"}, {"email": "other@shop.example"}, {"teams": "tea_x"}])
def test_nothing_else_can_be_sent_along(client, ada, more):
    _made, token = invite(by=ada, email=NEW, role="agent")
    client.post(f"/invitation/{token}", {"name": "Newt", "password": PASSWORD, **more})
    person = User.objects.get(email=NEW)
    assert (person.role, person.teams.count(), User.objects.count()) == ("agent", 0, 2)


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"email": ""}, "email"),
        ({"email": "nobody"}, "email"),
        ({"email": "a\0@shop.example"}, "email"),
        ({"email": "ADA@shop.example"}, "email"),
        ({"email": "invited@shop.example"}, "email"),
        ({"role": "emperor"}, "role"),
        ({"name": "x" * 121}, "name"),
    ],
)
def test_somebody_who_cannot_be_invited_is_refused_with_a_reason(client_of, ada, values, field):
    invite(by=ada, email="invited@shop.example", role="agent")
    with pytest.raises(Invalid) as refused:
        invite(**{"by": ada, "email": NEW, "role": "agent", **values})
    assert list(refused.value.fields) == [field]
    answer = client_of(ada).post("/settings/people/invitation", {"email": NEW, "role": "agent", **values})
    assert answer.status_code == 422
    assert Invitation.objects.count() == 1


def test_nobody_invites_into_more_than_they_have(client_of, ada, db):
    dora = User.objects.create(name="Dora", email="dora@shop.example", role="manager", password="!")
    with pytest.raises(TooMuch):
        invite(by=dora, email=NEW, role="owner")
    assert client_of(dora).post("/settings/people/invitation", {"email": NEW, "role": "owner"}).status_code == 422
    small = create_role(
        by=ada, name="Small", grant=Grant(permissions=frozenset({"staff.view", "staff.edit"}), sees="team")
    )
    change_colleague(dora, by=ada, role=small.key)
    dora.refresh_from_db()
    team = create_team(by=ada, name="Harbour")
    with pytest.raises(TooMuch):
        invite(by=dora, email=NEW, role=small.key, teams=[team])
    assert not Invitation.objects.exists()


def test_an_invitation_ends_with_the_right_to_give_it(ada, db):
    dora = User.objects.create(name="Dora", email="dora@shop.example", role="manager", password="!")
    _made, token = invite(by=dora, email=NEW, role="manager")
    change_colleague(dora, by=ada, role="agent")
    with pytest.raises(LinkHoldsNoMore) as refused:
        accept(token, name="Newt", password=PASSWORD)
    assert "may not do so any more" in refused.value.sentence
    change_colleague(dora, by=ada, role="manager")
    switch_off(dora, by=ada)
    with pytest.raises(LinkHoldsNoMore):
        find_invitation(token)
    assert not User.objects.filter(email=NEW).exists()


def test_a_role_that_grew_since_is_not_given_by_an_old_invitation(ada, db):
    dora = User.objects.create(name="Dora", email="dora@shop.example", role="manager", password="!")
    _made, token = invite(by=dora, email=NEW, role="agent")
    grown = Grant(permissions=frozenset({"staff.view", "shop.edit"}))
    change_role("agent", by=ada, name="Agent", grant=grown)
    with pytest.raises(LinkHoldsNoMore):
        accept(token, name="Newt", password=PASSWORD)
    assert not User.objects.filter(email=NEW).exists()


def test_whoever_opens_the_link_in_their_own_browser_goes_out_by_it(client_of, ada):
    _made, token = invite(by=ada, email=NEW, role="agent")
    client = client_of(ada)
    assert "will be signed out" in client.get(f"/invitation/{token}").content.decode()
    client.post(f"/invitation/{token}", {"name": "Newt", "password": PASSWORD})
    assert int(client.session["_auth_user_id"]) == User.objects.get(email=NEW).pk


def test_where_a_mail_server_is_set_the_link_goes_by_mail_and_is_in_no_fact(settings, client, ada, run_jobs):
    settings.EMAIL_HOST = "mail.example"
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    settings.PUBLIC_URL = "https://shop.example"
    _made, token = invite(by=ada, email=NEW, role="agent")
    run_jobs()
    sent = mail.outbox[0]
    assert (len(mail.outbox), sent.to) == (1, [NEW])
    assert f"https://shop.example/invitation/{token}\n" in sent.body
    assert "Ada Owner invites you" in sent.body
    assert "as Agent" in sent.body
    assert token not in json.dumps(list(Entry.objects.values_list("data", flat=True)))
    assert token not in Message.objects.get().text  # a mail with a link that opens something is not kept
    assert client.get(f"/invitation/{token}").status_code == 200


def test_a_withdrawn_invitation_is_not_mailed_any_more(settings, ada, run_jobs):
    settings.EMAIL_HOST = "mail.example"
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    made, _token = invite(by=ada, email=NEW, role="agent")
    revoke_invitation(made)
    run_jobs()
    assert mail.outbox == []


def test_somebody_who_works_here_is_not_invited_again(ada):
    made, token = invite(by=ada, email=NEW, role="agent")
    accept(token, name="Newt", password=PASSWORD)
    with pytest.raises(LinkHoldsNoMore):
        invite_again(made, by=ada)
    revoke_invitation(made)
    assert User.objects.filter(email=NEW, is_active=True).count() == 1


def test_charlie_and_ben_invite_nobody(client_of, ada, ben, charlie):
    made, _token = invite(by=ada, email=NEW, role="agent")
    for person in (ben, charlie):
        client = client_of(person)
        assert client.get("/settings/people/invitation").status_code == 403
        assert client.post("/settings/people/invitation", {"email": "x@y.example", "role": "agent"}).status_code == 403
        assert client.post(f"/settings/people/invitations/{made.public_id}/link").status_code == 403
        assert client.post(f"/settings/people/invitations/{made.public_id}/revocation").status_code == 403
    made.refresh_from_db()
    assert (Invitation.objects.count(), made.is_open, made.version) == (1, True, 1)


def test_charlie_made_by_an_invitation_has_its_role_and_no_more(ada, charlie):
    invitation, token = invite(by=ada, email=NEW, role="read_only")
    person = accept(token, name="Newt", password=PASSWORD)
    seen = {
        "customers.view",
        "segments.view",
        "orders.view",
        "wallet.view",
        "inbox.view",
        "messages.view",
        "staff.view",
    }
    assert person.permissions == seen
    assert (charlie.permissions, invitation.role) == (frozenset(), "read_only")
