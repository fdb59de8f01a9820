"""In and out."""

import datetime as dt

import pytest
import time_machine
from django.utils import timezone

from regulars.staff.models import SignInTry, User
from regulars.timeline.models import Entry

PASSWORD = "a kettle full of sencha"


@pytest.fixture
def mara(db):
    mara = User(name="Mara Petersen", email="mara@hainhafen.example", role="owner")
    mara.set_password(PASSWORD)
    mara.save()
    return mara


def knock(client, email="mara@hainhafen.example", password=PASSWORD, address="10.0.0.1", **more):
    return client.post("/sign-in", {"email": email, "password": password, **more}, REMOTE_ADDR=address)


def is_in(client):
    return "_auth_user_id" in client.session


def test_the_right_password_opens_the_door_whatever_the_capitals_of_the_e_mail(client, mara):
    answer = knock(client, email="  Mara@HainHafen.example ")
    assert (answer.status_code, answer.headers["Location"]) == (302, "/")
    assert is_in(client)
    assert not SignInTry.objects.exists()


def test_a_wrong_password_says_how_many_tries_are_left_and_keeps_the_e_mail(client, mara):
    answer = knock(client, password="wrong")
    assert answer.status_code == 422
    page = answer.content.decode()
    assert "E-mail and password do not fit together. 4 tries left, then a pause of 15 minutes." in page
    assert 'value="mara@hainhafen.example"' in page
    assert "wrong" not in page
    assert not is_in(client)


def test_after_five_wrong_ones_even_the_right_password_waits_fifteen_minutes(client, mara):
    with time_machine.travel(timezone.now(), tick=False) as clock:
        for _ in range(5):
            knock(client, password="wrong")
        paused = knock(client)
        assert paused.status_code == 429
        assert "Try again in 15 minutes." in paused.content.decode()
        assert not is_in(client)
        clock.shift(dt.timedelta(minutes=15, seconds=1))
        assert knock(client).status_code == 302
    assert Entry.objects.filter(name="sign_in.paused").count() == 1


def test_guessing_from_one_address_does_not_lock_out_another(client, mara):
    for _ in range(6):
        knock(client, password="wrong", address="10.0.0.66")
    assert knock(client, address="10.0.0.1").status_code == 302


def test_an_unknown_e_mail_is_answered_like_a_wrong_password(client, mara):
    known, unknown = knock(client, password="wrong"), knock(client, email="nobody@x.example", password="wrong")
    assert known.status_code == unknown.status_code == 422
    sentence = "E-mail and password do not fit together. 4 tries left"
    assert sentence in known.content.decode()
    assert sentence in unknown.content.decode()


def test_an_unknown_e_mail_costs_a_password_hash_as_well(client, mara, monkeypatch):
    from django.contrib.auth.hashers import Argon2PasswordHasher

    hashed = []
    encode = Argon2PasswordHasher.encode
    monkeypatch.setattr(Argon2PasswordHasher, "encode", lambda self, *given: hashed.append(1) or encode(self, *given))
    knock(client, email="nobody@x.example", password="wrong")
    assert hashed == [1]


def test_who_is_switched_off_does_not_get_in(client, mara):
    mara.is_active = False
    mara.save()
    assert knock(client).status_code == 422
    assert not is_in(client)


@pytest.mark.parametrize(
    "wanted", ["//evil.example", "https://evil.example/x", "javascript:alert(1)", "/\\evil.example"]
)
def test_the_door_never_leads_out_of_the_house(client, mara, wanted):
    assert knock(client, next=wanted).headers["Location"] == "/"


def test_the_door_leads_on_to_where_somebody_wanted_to_go(client, mara):
    asked = client.get("/customers?status=active")
    assert asked.headers["Location"] == "/sign-in?next=/customers%3Fstatus%3Dactive"
    assert 'name="next" value="/customers?status=active"' in client.get(asked.headers["Location"]).content.decode()
    assert knock(client, next="/customers?status=active").headers["Location"] == "/customers?status=active"


@pytest.mark.parametrize(("stays", "closes_with_the_browser"), [({"stays": "on"}, False), ({}, True)])
def test_staying_signed_in_is_a_choice(client, mara, stays, closes_with_the_browser):
    knock(client, **stays)
    assert client.session.get_expire_at_browser_close() is closes_with_the_browser


def test_out_is_out_and_takes_a_form(client_of, ada):
    client = client_of(ada)
    assert client.get("/sign-out").status_code == 405
    assert is_in(client)
    assert client.post("/sign-out").headers["Location"] == "/sign-in"
    assert not is_in(client)


def test_a_form_without_its_token_is_refused_in_words(mara):
    from django.test import Client

    answer = knock(Client(enforce_csrf_checks=True))
    assert answer.status_code == 403
    assert "This page stood open too long" in answer.content.decode()


def test_language_and_theme_change_at_the_door_and_stay_with_the_person(client_of, client, ada):
    client.post("/look", {"theme": "dark", "language": "zh-hans", "next": "/sign-in"})
    page = client.get("/sign-in").content.decode()
    assert '<html lang="zh-Hans" data-theme="dark">' in page
    signed_in = client_of(ada)
    signed_in.post("/look", {"theme": "light"})
    ada.refresh_from_db()
    assert (ada.theme, ada.language) == ("light", "")


@pytest.mark.parametrize("sent", [{"theme": "<script>"}, {"language": "xx"}, {}])
def test_a_look_that_does_not_exist_changes_nothing(client_of, ada, sent):
    answer = client_of(ada).post("/look", {**sent, "next": "//evil.example"})
    assert answer.headers["Location"] == "/"
    assert not answer.cookies.get("theme")
    ada.refresh_from_db()
    assert (ada.theme, ada.language) == ("", "")
