"""Forgotten: a link by mail, good once and for an hour, and no word about who works here."""

import datetime as dt
import json
import re

import pytest
import time_machine
from django.core import mail
from django.test import Client
from django.utils import timezone

from regulars.messaging.models import Message
from regulars.staff.actions.passwords import password_link
from regulars.staff.models import Session
from regulars.staff.tests.knocking import PASSWORD, is_in, knock
from regulars.timeline.models import Entry

NEW = "the harbour is quiet at five"


@pytest.fixture
def server(settings):
    settings.EMAIL_HOST = "mail.hainhafen.example"
    settings.PUBLIC_URL = "http://testserver"


def path_of(link):
    return link.removeprefix("http://testserver")


def ask(client, email="mara@hainhafen.example", address="10.0.0.1"):
    return client.post("/sign-in/forgotten", {"email": email}, REMOTE_ADDR=address)


def test_a_link_comes_by_mail_and_is_good_once(client, server, mara, run_jobs):
    assert ask(client, "  Mara@HainHafen.example ").status_code == 200
    run_jobs()
    (sent,) = mail.outbox
    assert sent.to == ["mara@hainhafen.example"]
    path = path_of(re.search(r"http://testserver(/sign-in/password/\S+)", sent.body)[1])
    assert "For mara@hainhafen.example." in client.get(path).content.decode()
    done = client.post(path, {"new": NEW})
    assert (done.status_code, done.headers["Location"]) == (302, "/sign-in")
    assert not is_in(client)
    assert "The new password holds." in client.get("/sign-in").content.decode()
    again = client.post(path, {"new": "another one, twelve letters"})
    assert again.status_code == 410
    assert knock(client, password=NEW).status_code == 302
    entry = Entry.objects.get(name="password.changed")
    assert (entry.actor_id, entry.data) == (mara.pk, {"email": mara.email, "how": "link"})


def test_the_text_of_the_mail_is_forgotten_once_it_left(client, server, mara, run_jobs):
    ask(client)
    run_jobs()
    message = Message.objects.get()
    assert (message.to, message.state, message.text, message.html) == (mara.email, "accepted", "", "")
    assert "password/" not in str(list(Entry.objects.values_list("data", flat=True)))


def test_the_answer_is_the_same_whoever_asks(client, server, mara, run_jobs):
    known, unknown = ask(client), ask(client, "nobody@x.example")
    texts = [
        answer.content.decode().replace(who, "X")
        for answer, who in ((known, "mara@hainhafen.example"), (unknown, "nobody@x.example"))
    ]
    same = [re.sub(r'name="csrfmiddlewaretoken" value="\w+"', "", text) for text in texts]
    assert same[0] == same[1]
    assert known.status_code == unknown.status_code == 200
    run_jobs()
    assert [message.to for message in mail.outbox] == [["mara@hainhafen.example"]]


def test_the_answer_takes_the_same_steps_whoever_asks(client, server, mara):
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    ask(client, "warm@x.example")
    with CaptureQueriesContext(connection) as known:
        ask(client, address="10.0.0.2")
    with CaptureQueriesContext(connection) as unknown:
        ask(client, "nobody@x.example", address="10.0.0.3")
    assert len(known) == len(unknown)


def test_three_links_an_hour_are_enough(client, server, mara, run_jobs):
    for _ in range(3):
        assert ask(client).status_code == 200
    assert ask(client).status_code == 429
    run_jobs()
    assert len(mail.outbox) == 3


def test_a_link_holds_for_an_hour(client, server, mara):
    with time_machine.travel(timezone.now(), tick=False) as clock:
        path = path_of(password_link(mara))
        clock.shift(dt.timedelta(minutes=59))
        assert client.get(path).status_code == 200
        clock.shift(dt.timedelta(minutes=1, seconds=2))
        assert client.get(path).status_code == 410
        assert client.post(path, {"new": NEW}).status_code == 410
    mara.refresh_from_db()
    assert mara.check_password(PASSWORD)


def test_a_forged_link_and_one_of_another_person_open_nothing(client, server, mara, ben):
    ben.set_password(PASSWORD)
    ben.save()
    path = path_of(password_link(ben))
    for forged in (path[:-3] + "abc", "/sign-in/password/x", path.replace("/password/", "/password/a")):
        assert client.post(forged, {"new": NEW}).status_code == 410
    ben.is_active = False
    ben.save()
    assert client.post(path, {"new": NEW}).status_code == 410
    mara.refresh_from_db()
    assert mara.check_password(PASSWORD)


def test_another_e_mail_makes_an_old_link_worthless(client, server, mara):
    path = path_of(password_link(mara))
    mara.email = "owner@hainhafen.example"
    mara.save()
    assert client.get(path).status_code == 410


def test_a_new_password_by_link_signs_out_everybody_and_skips_no_second_step(client, server, mara):
    import pyotp

    from regulars.staff.actions.second_step import add_authenticator, new_secret

    secret = new_secret()
    add_authenticator(mara, secret=secret, code=pyotp.TOTP(secret).now(), session_key=None)
    elsewhere = Client()
    elsewhere.force_login(mara)
    client.post(path_of(password_link(mara)), {"new": NEW})
    assert not Session.objects.filter(user=mara).exists()
    assert knock(client, password=NEW).headers["Location"] == "/sign-in/second-step"
    assert not is_in(client)


@pytest.mark.parametrize("weak", ["short", "password1234", "mara@hainhafen.example"])
def test_a_weak_password_is_refused_and_the_link_holds(client, server, mara, weak):
    path = path_of(password_link(mara))
    answer = client.post(path, {"new": weak})
    assert answer.status_code == 422
    assert 'id="new_error"' in answer.content.decode()
    assert client.get(path).status_code == 200


def test_without_a_mail_server_the_page_says_whom_to_ask(client, settings, mara, run_jobs):
    settings.EMAIL_HOST = ""
    page = client.get("/sign-in/forgotten").content.decode()
    assert "regulars staff password" in page
    ask(client)
    run_jobs()
    assert not Message.objects.exists()
    assert not Entry.objects.filter(name="password.link_asked").exists()


def test_a_locked_out_owner_gets_a_link_on_the_command_line(client, server, mara):
    from click.testing import CliRunner

    from regulars.staff.sign_in_commands import password

    said = CliRunner().invoke(password, ["Mara@hainhafen.example", "--json"])
    assert said.exit_code == 0
    assert client.post(path_of(json.loads(said.output)["link"]), {"new": NEW}).status_code == 302
    assert knock(client, password=NEW).status_code == 302
    assert Entry.objects.get(name="password.link_asked").data["how"] == "command line"
    assert CliRunner().invoke(password, ["nobody@x.example"]).exit_code == 2


def test_a_lost_second_step_is_taken_on_the_command_line(mara):
    import pyotp
    from click.testing import CliRunner

    from regulars.staff.actions.second_step import add_authenticator, new_secret
    from regulars.staff.models import Authenticator
    from regulars.staff.sign_in_commands import second_step

    secret = new_secret()
    add_authenticator(mara, secret=secret, code=pyotp.TOTP(secret).now(), session_key=None)
    assert CliRunner().invoke(second_step, [mara.email], input="n\n").exit_code == 1
    assert Authenticator.objects.exists()
    assert CliRunner().invoke(second_step, [mara.email, "--yes"]).exit_code == 0
    assert not Authenticator.objects.exists()


def test_whoever_changes_how_somebody_signs_in_they_are_told_by_mail(client_of, server, ada, mara, run_jobs):
    import pyotp

    from regulars.staff.actions.second_step import add_authenticator, new_secret

    secret = new_secret()
    add_authenticator(mara, secret=secret, code=pyotp.TOTP(secret).now(), session_key=None)
    client_of(ada).post(f"/settings/people/{mara.public_id}/second-step/reset")
    run_jobs()
    assert [message.subject for message in mail.outbox] == [
        "Codes of an app are asked for at your sign-in",
        "A colleague has reset your second step",
    ]
    assert {message.to[0] for message in mail.outbox} == {mara.email}


def test_guessing_the_present_password_from_an_open_browser_is_slow(client_of, mara):
    client = client_of(mara)
    for _ in range(5):
        assert client.post("/settings/password", {"current": "wrong", "new": NEW}).status_code == 422
    answer = client.post("/settings/password", {"current": PASSWORD, "new": NEW})
    assert answer.status_code == 422
    assert "Too many tries" in answer.content.decode()
    mara.refresh_from_db()
    assert mara.check_password(PASSWORD)
