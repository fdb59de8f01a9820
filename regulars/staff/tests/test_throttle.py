"""Guessing is slow, whoever guesses from wherever, and no stranger keeps the owner out."""

import datetime as dt
import re

import pytest
import time_machine
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from regulars.staff.actions.throttle import ACCOUNT, ADDRESS, PAIR, STEP, network_of
from regulars.staff.models import SignInTry
from regulars.staff.tests.knocking import is_in, knock
from regulars.timeline.models import Entry


@pytest.fixture
def quick(monkeypatch, settings):
    """Hashing that takes no time, for tests that knock often."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture
def quick_mara(quick, mara):
    mara.set_password("a kettle full of sencha")
    mara.save()
    return mara


@pytest.fixture
def clock():
    with time_machine.travel(timezone.now(), tick=False) as clock:
        yield clock


def test_an_address_that_tries_one_e_mail_after_the_other_is_slowed_down(client, quick_mara, clock):
    for number in range(30):
        assert knock(client, email=f"nobody{number}@x.example", password="wrong").status_code == 422
    assert knock(client).status_code == 429
    assert not is_in(client)
    clock.shift(61)
    assert knock(client, email="other@x.example", password="wrong").status_code == 422
    paused = knock(client)
    assert paused.status_code == 429
    assert "Try again in 2 minutes." in paused.content.decode()
    assert knock(client, address="10.0.9.9").status_code == 302


def test_an_ipv6_network_counts_as_one_address(client, quick_mara, clock):
    for number in range(30):
        knock(client, email=f"nobody{number}@x.example", password="wrong", address=f"2001:db8:7:1::{number:x}")
    assert knock(client, address="2001:db8:7:1:ffff::1").status_code == 429
    assert knock(client, address="2001:db8:7:2::1").status_code == 302


def test_guessing_one_account_from_many_addresses_is_slowed_down(client, quick_mara, clock):
    for number in range(30):
        assert knock(client, password="wrong", address=f"10.1.{number}.1").status_code == 422
    assert knock(client, address="10.2.0.1", password="wrong").status_code == 429
    clock.shift(31)
    assert knock(client, address="10.2.0.2", password="wrong").status_code == 422
    assert knock(client, address="10.2.0.3", password="wrong").status_code == 429


def test_strangers_do_not_keep_the_owner_out_of_a_browser_that_is_known(client, quick_mara, clock):
    from django.test import Client

    knock(client)
    client.post("/sign-out")
    crowd = Client()
    for number in range(40):
        knock(crowd, password="wrong", address=f"10.1.{number}.1")
        if number > 30:
            clock.shift(3)
    assert knock(crowd, address="10.1.99.1").status_code == 429
    answer = knock(client, address="10.0.0.7")
    assert answer.status_code == 302
    assert is_in(client)


def test_a_known_browser_is_slowed_down_for_itself(client, quick_mara, clock):
    knock(client)
    client.post("/sign-out")
    for number in range(5):
        knock(client, password="wrong", address=f"10.3.0.{number}")
    assert knock(client, address="10.3.0.77").status_code == 429


def test_the_mark_of_a_known_browser_helps_nobody_else(client, quick_mara, ben, clock):
    ben.set_password("a kettle full of sencha")
    ben.save()
    knock(client)
    client.post("/sign-out")
    for number in range(30):
        knock(client, email="ben@shop.example", password="wrong", address=f"10.1.{number}.1")
    assert knock(client, email="ben@shop.example", address="10.1.99.1").status_code == 429


def test_a_forged_mark_of_a_browser_is_none(client, quick_mara, clock):
    client.cookies["known"] = "eyJtYXJrIjoieCIsInBlb3BsZSI6W119:1u:forged"
    for number in range(30):
        knock(client, password="wrong", address=f"10.1.{number}.1")
    assert knock(client, address="10.2.0.1").status_code == 429


def test_the_first_right_password_forgets_the_wrong_ones(client, quick_mara, clock):
    for _ in range(4):
        knock(client, password="wrong")
    assert knock(client).status_code == 302
    client.post("/sign-out")
    client.cookies.clear()
    assert "4 tries left" in knock(client, password="wrong").content.decode()


def test_a_paused_try_does_not_make_the_pause_longer(client, quick_mara, clock):
    for _ in range(5):
        knock(client, password="wrong")
    before = list(SignInTry.objects.order_by("key").values_list("key", "failures", "last_at"))
    clock.shift(600)
    assert knock(client).status_code == 429
    assert list(SignInTry.objects.order_by("key").values_list("key", "failures", "last_at")) == before


def test_the_log_names_nobody_who_is_unknown(client, quick_mara, clock):
    knock(client, email="stranger@x.example", password="wrong")
    knock(client, email="stranger@x.example", password="wrong")
    knock(client, password="wrong")
    told = [entry.data for entry in Entry.objects.filter(name="sign_in.failed").order_by("id")]
    assert "stranger" not in str(told)
    assert told[0]["email"] == told[1]["email"]
    assert told[0]["email"].startswith("unknown ")
    assert (told[2]["email"], told[2]["is_known"]) == ("mara@hainhafen.example", True)
    assert told[2]["address"] == "10.0.0.x"


@pytest.mark.parametrize("rule", [PAIR, ADDRESS, ACCOUNT, STEP])
@given(failures=st.integers(0, 40_000))
def test_a_pause_grows_and_ends(rule, failures):
    pause = rule.pause(failures)
    assert (pause > dt.timedelta(0)) is (failures >= rule.free)
    assert pause <= rule.pause(failures + 1) <= rule.longest <= rule.forgotten_after


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("203.0.113.7", "203.0.113.7"),
        ("::ffff:203.0.113.7", "203.0.113.7"),
        ("2001:db8::1", "2001:db8::/64"),
        ("", ""),
    ],
)
def test_what_counts_as_one_address(address, network):
    assert network_of(address) == network


def test_passwords_are_hashed_as_owasp_advises(mara):
    """Argon2id with at least 19 MiB and two passes, or more of one for less of the other (OWASP, 2024)."""
    from argon2 import Type, extract_parameters

    known = extract_parameters(mara.password.removeprefix("argon2"))
    assert known.type is Type.ID
    assert (known.memory_cost >= 19_456 and known.time_cost >= 2) or (
        known.memory_cost >= 47_104 and known.time_cost >= 1
    )


def test_known_and_unknown_e_mails_take_the_same_steps(client, quick_mara, clock):
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    knock(client, email="warm@x.example", password="wrong")
    with CaptureQueriesContext(connection) as known:
        knock(client, password="wrong", address="10.0.0.2")
    with CaptureQueriesContext(connection) as unknown:
        knock(client, email="nobody@x.example", password="wrong", address="10.0.0.3")
    what = re.compile(r"^\w+|(?:FROM|INTO|UPDATE) \"\w+\"")
    steps = [[what.findall(asked["sql"]) for asked in one.captured_queries] for one in (known, unknown)]
    assert steps[0] == steps[1]
