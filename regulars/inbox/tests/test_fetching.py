"""Mails are fetched by their numbers from a real server, and each stands in the ledger once."""

import datetime as dt
import http.server
import imaplib
import itertools
import json
import os
import ssl
import threading
from typing import ClassVar
from urllib.parse import parse_qs

import pytest

from regulars.inbox.mail import fetching, raw, signing, watching
from regulars.inbox.mail.counting import count_once
from regulars.inbox.mail.fetching import fetch_once, signed_in
from regulars.inbox.mail.line import LineBroken, MailboxAway, SignInRefused, numbers
from regulars.inbox.models import Arrival, Mailbox, MailCount, Outcome
from tools import dovecot

_USERS = (f"user{number}" for number in itertools.count())


class Provider(http.server.BaseHTTPRequestHandler):
    """A provider of OAuth tokens: gives one for a refresh token, and tells the IMAP server whose it is."""

    asked: ClassVar[list] = []

    def do_POST(self):
        said = parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
        type(self).asked.append((self.path, said))
        if self.path.startswith("/whose"):
            token = said["token"][0]
            self._answer(200, {"active": token.startswith("token of "), "username": token.removeprefix("token of ")})
        elif said.get("refresh_token") == ["good"]:
            self._answer(200, {"access_token": f"token of {said['client_id'][0]}", "expires_in": 3600})
        else:
            self._answer(400, {"error": "invalid_grant"})

    def _answer(self, status, body):
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.end_headers()
        self.wfile.write(json.dumps(body).encode())

    def log_message(self, *_words):
        """Say nothing."""


@pytest.fixture(scope="module")
def provider():
    """Where tokens are given, on loopback."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Provider)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="module")
def imap_server(provider):
    """A server that believes this provider, too."""
    try:
        server = dovecot.start(introspection=f"{provider}/whose")
    except dovecot.NoServer as none:
        if os.environ.get("REGULARS_ALL_TESTS"):
            raise
        pytest.skip(str(none))
    yield server
    server.stop()


@pytest.fixture(autouse=True)
def _at_home(settings, tmp_path):
    settings.PRIVATE_HOSTS = ["127.0.0.1", "localhost"]
    settings.REGULARS_HOME = tmp_path


@pytest.fixture
def user():
    """Somebody's mailbox that no other test has seen."""
    return next(_USERS)


@pytest.fixture
def mailbox(db, imap_server, user):
    made = Mailbox.objects.create(
        name="Service",
        address=f"{user}@{dovecot.DOMAIN}",
        host="127.0.0.1",
        port=imap_server.port,
        security="none",
        user=user,
    )
    made.secrets = signing.sealed(made.pk, {"password": dovecot.PASSWORD})
    made.save()
    return made


def mail(number, text="Where is my tea?", size=0):
    """A mail of a customer."""
    body = text + "\r\n" + "x" * size
    return (
        f"From: Erika <erika{number}@customer.example>\r\nTo: service@{dovecot.DOMAIN}\r\n"
        f"Subject: Question {number}\r\nMessage-ID: <{number}@customer.example>\r\n\r\n{body}\r\n"
    ).encode()


def flags(server, user):
    line = imaplib.IMAP4("127.0.0.1", server.port)
    line.login(user, dovecot.PASSWORD)
    line.select(readonly=True)
    found = line.uid("SEARCH", "UNSEEN")[1][0].split()
    folders = line.list()[1]
    line.logout()
    return len(found), folders


def test_every_new_mail_gets_its_row_and_stays_unread_on_the_server(imap_server, mailbox, user):
    imap_server.deliver(user, [mail(number) for number in range(3)])
    assert fetch_once(mailbox).entered == 3
    rows = list(Arrival.objects.order_by("uid"))
    assert [(row.uid, row.outcome, row.source) for row in rows] == [
        (number, Outcome.WAITING, Arrival.Source.IMAP) for number in (1, 2, 3)
    ]
    assert b"Question 1" in raw.read(rows[1])
    assert b"Question" not in raw.path_of(rows[1].key).read_bytes()
    assert flags(imap_server, user)[0] == 3
    # and the second time only what came since
    assert fetch_once(mailbox).entered == 0
    imap_server.deliver(user, [mail(3)])
    assert fetch_once(mailbox).found == 1
    mailbox.refresh_from_db()
    assert (mailbox.uid_seen, mailbox.problem) == (4, "")
    assert mailbox.checked_at is not None


def test_a_backlog_is_fetched_in_batches_and_says_how_far_it_is(imap_server, mailbox, user, monkeypatch):
    monkeypatch.setattr(fetching, "_AT_ONCE", 4)
    monkeypatch.setattr(fetching, "_MOST_BYTES", 1500)
    imap_server.deliver(user, [mail(number, size=300) for number in range(10)])
    told = []
    assert fetch_once(mailbox, tell=lambda done, total: told.append((done, total))).entered == 10
    assert told == [(4, 10), (8, 10), (10, 10)]


def test_when_the_server_counts_anew_everything_gets_a_row_again(imap_server, mailbox, user):
    imap_server.deliver(user, [mail(1), mail(2)])
    fetch_once(mailbox)
    before = Mailbox.objects.get().uid_validity
    imap_server.forget_numbers(user)
    imap_server.deliver(user, [mail(3)])
    assert fetch_once(mailbox).entered == 3
    assert Mailbox.objects.get().uid_validity != before
    by_mail = {}
    for row in Arrival.objects.all():
        by_mail.setdefault((row.id_digest, row.sha256), []).append(row.uid_validity)
    assert sorted(map(len, by_mail.values())) == [1, 2, 2]


def test_a_mail_that_is_too_large_is_kept_by_its_headers_alone(imap_server, mailbox, user, settings):
    settings.MAIL_SIZE = 4_000
    imap_server.deliver(user, [mail(1, size=5_000), mail(2)])
    fetch_once(mailbox)
    large, small = Arrival.objects.order_by("uid")
    assert (large.outcome, large.is_partial, small.outcome) == (Outcome.QUARANTINE, True, Outcome.WAITING)
    assert large.size > 5_000
    assert raw.read(large).rstrip().endswith(b"<1@customer.example>")
    assert "can be fetched whole" in large.reason


def test_a_count_finds_what_the_ledger_lacks_and_fetches_it(imap_server, mailbox, user):
    imap_server.deliver(user, [mail(number) for number in range(4)])
    fetch_once(mailbox)
    Arrival.objects.filter(uid__in=[2, 3]).delete()
    made = count_once(mailbox)
    assert (made.on_server, made.in_ledger, made.missing, made.fetched, made.left) == (4, 4, [2, 3], 2, 0)
    assert Arrival.objects.count() == 4
    assert count_once(mailbox).missing == []
    assert MailCount.objects.count() == 1


def test_what_is_written_down_can_be_marked_as_read_or_moved_away(imap_server, mailbox, user):
    imap_server.deliver(user, [mail(1), mail(2)])
    mailbox.options = {"after": "seen"}
    mailbox.save()
    fetch_once(mailbox)
    assert flags(imap_server, user)[0] == 0
    mailbox.options = {"after": "move", "move_to": "Erledigt & gelesen"}
    mailbox.save(update_fields=["options"])
    fetch_once(mailbox)
    with signed_in(mailbox) as line:
        assert line.uids() == []
        assert line.folders() == ["INBOX", "Erledigt & gelesen"]
    assert Arrival.objects.count() == 2


def test_only_what_came_since_a_day_is_fetched(imap_server, mailbox, user):
    imap_server.deliver(user, [mail(1)])
    mailbox.since = dt.date(2100, 1, 1)
    mailbox.save()
    assert fetch_once(mailbox).found == 0
    assert count_once(mailbox).on_server == 0


def test_what_is_wrong_is_said_in_words_and_kept_with_the_mailbox(imap_server, mailbox, settings, monkeypatch):
    def refused(**columns):
        Mailbox.objects.filter(pk=mailbox.pk).update(**columns)
        with pytest.raises(MailboxAway) as said:
            fetch_once(Mailbox.objects.get(pk=mailbox.pk))
        assert Mailbox.objects.get(pk=mailbox.pk).problem == said.value.sentence
        return type(said.value), said.value.sentence

    wrong = signing.sealed(mailbox.pk, {"password": "wrong"})
    kind, sentence = refused(secrets=wrong)
    assert kind is SignInRefused
    assert sentence.startswith("127.0.0.1 does not let “user")
    Mailbox.objects.filter(pk=mailbox.pk).update(secrets=mailbox.secrets)
    assert refused(folder="Nowhere") == (MailboxAway, "There is no folder “Nowhere” in this mailbox.")
    # a certificate that nobody vouches for
    kind, sentence = refused(folder="INBOX", security="tls", port=imap_server.tls_port)
    assert sentence.startswith("The certificate of 127.0.0.1 is not valid")
    assert refused(port=imap_server.port)[1].startswith("127.0.0.1 does not speak TLS on port")
    monkeypatch.setenv("SSL_CERT_FILE", str(imap_server.certificate))
    for security, port in (("tls", imap_server.tls_port), ("starttls", imap_server.port)):
        Mailbox.objects.filter(pk=mailbox.pk).update(security=security, port=port)
        assert fetch_once(Mailbox.objects.get(pk=mailbox.pk)).found == 0
    assert refused(security="none", port=1) == (
        LineBroken,
        "127.0.0.1 cannot be reached, or does not answer in time.",
    )
    settings.PRIVATE_HOSTS = []
    assert "not a place out in the world" in refused(security="tls")[1]
    assert refused(security="none")[1].startswith("Without encryption the password could be read")
    assert ssl.create_default_context().check_hostname


def test_numbers_are_written_as_ranges():
    assert numbers([7, 1, 2, 3, 5, 6]) == "1:3,5:7"
    assert numbers([]) == ""


def test_a_server_tells_by_itself_that_something_came(imap_server, mailbox, user):
    with signed_in(mailbox) as line:
        assert line.can_wait
        assert line.wait(until=lambda: False, seconds=0.1) is False
        imap_server.deliver(user, [mail(1)])
        assert line.wait(until=lambda: False, seconds=5) is True
        assert line.uids() == [1]


def test_all_mailboxes_are_fetched_at_once_and_one_that_is_away_keeps_none_back(imap_server, mailbox, user):
    imap_server.deliver(user, [mail(1)])
    away = Mailbox.objects.create(
        name="Away", address="a@b.example", host="127.0.0.1", port=1, security="none", user="a"
    )
    assert watching.fetch_all() == 1
    away.refresh_from_db()
    assert away.problem == "127.0.0.1 cannot be reached, or does not answer in time."


def test_one_signs_in_by_a_token_that_is_renewed(imap_server, provider, mailbox, user):
    imap_server.deliver(user, [mail(1)])
    mailbox.sign, mailbox.options = "oauth2", {"token_url": f"{provider}/token", "client_id": user, "scope": "imap"}
    mailbox.secrets = signing.sealed(mailbox.pk, {"refresh_token": "good", "client_secret": "s"})
    mailbox.save()
    Provider.asked.clear()
    assert fetch_once(mailbox).entered == 1
    path, said = Provider.asked[0]
    assert (path, said["grant_type"], said["scope"]) == ("/token", ["refresh_token"], ["imap"])
    # the token is kept as long as it counts
    fetch_once(Mailbox.objects.get(pk=mailbox.pk))
    assert [path for path, _said in Provider.asked].count("/token") == 1
    # one that the server does not take any more is asked for anew, next time
    known = signing.secrets_of(Mailbox.objects.get(pk=mailbox.pk))
    stale = signing.sealed(mailbox.pk, known | {"access_token": "stale"})
    Mailbox.objects.filter(pk=mailbox.pk).update(secrets=stale)
    with pytest.raises(SignInRefused):
        fetch_once(Mailbox.objects.get(pk=mailbox.pk))
    assert fetch_once(Mailbox.objects.get(pk=mailbox.pk)).entered == 0
    # and where the provider says no, the sentence says what to do
    Mailbox.objects.filter(pk=mailbox.pk).update(secrets=signing.sealed(mailbox.pk, {"refresh_token": "bad"}))
    with pytest.raises(SignInRefused, match="gives no token \\(400\\)"):
        fetch_once(Mailbox.objects.get(pk=mailbox.pk))
