"""Our own door for mail servers: 250 is said when a mail is safe, and never for what is not ours."""

import asyncio
import smtplib
import socket
import threading
import time
from types import SimpleNamespace

import pytest
from django.db import connection

from regulars.inbox.mail import listening, raw
from regulars.inbox.mail.listening import Handler, has_bare_line_ends
from regulars.inbox.models import Arrival, Mailbox

OURS = "service@hain.example"


@pytest.fixture
def kept(settings, tmp_path, db):
    settings.REGULARS_HOME = tmp_path
    return Mailbox.objects.create(name="Service", address=OURS, host="imap.hain.example", user="service")


@pytest.fixture
def door(settings, monkeypatch):
    """A door that really listens; what it keeps is kept elsewhere, as its threads do not see a test's database."""
    taken = []

    def take(data, recipients):
        taken.append((data, recipients))
        return SimpleNamespace(public_id="arr_1")

    monkeypatch.setattr(listening, "_take", take)
    monkeypatch.setattr(listening, "recipient_of", lambda address: (address.endswith("@hain.example"), None))
    monkeypatch.setattr(listening, "_with_database", lambda do, *given: do(*given))
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    stop = threading.Event()
    place = SimpleNamespace(host="127.0.0.1", port=port, path="", is_lmtp=True)
    thread = threading.Thread(target=lambda: asyncio.run(listening._serve(place, stop)))
    thread.start()
    for _try in range(100):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                break
        time.sleep(0.02)
    yield SimpleNamespace(port=port, taken=taken)
    stop.set()
    thread.join()


def spoken(port, *commands):
    """What the door answers to each command, without the lines that go on."""
    answers = []
    with socket.create_connection(("127.0.0.1", port), 5) as line:
        said = line.makefile("rb")
        said.readline()
        for command in commands:
            line.sendall(command + b"\r\n")
            while (answer := said.readline())[3:4] == b"-":
                pass
            answers.append(answer[:3].decode())
        line.sendall(b"QUIT\r\n")
        answers += [answer[:3].decode() for answer in said]
    return answers


def test_each_recipient_is_answered_and_strangers_are_refused(door):
    answers = spoken(
        door.port,
        b"LHLO x",
        b"MAIL FROM:<a@b.example>",
        b"RCPT TO:<service@hain.example>",
        b"RCPT TO:<nobody@else.example>",
        b"RCPT TO:<info@hain.example>",
        b"DATA",
        b"Subject: x\r\n\r\n..hello\r\n.",
    )
    assert answers == ["250", "250", "250", "550", "250", "354", "250", "250", "221"]
    assert door.taken == [(b"Subject: x\r\n\r\n.hello\r\n", (OURS, "info@hain.example"))]


def test_lines_as_long_as_mails_have_them_are_taken(door):
    with smtplib.LMTP("127.0.0.1", door.port, timeout=5) as line:
        assert line.sendmail("", [OURS], "Subject: y\n\n" + "long " * 10_000) == {}
    assert len(door.taken[0][0]) > 50_000


@pytest.mark.parametrize("end", [b"\n.\n", b"\n.\r\n", b"\r.\r", b"\r\n.\n", b"\n\n.\r\n"])
def test_no_mail_is_smuggled_behind_another(door, end):
    second = b"MAIL FROM:<forged@b.example>\r\nRCPT TO:<service@hain.example>\r\nDATA\r\n"
    first = (b"LHLO x", b"MAIL FROM:<a@b.example>", b"RCPT TO:<service@hain.example>", b"DATA")
    answers = spoken(door.port, *first, b"Subject: one\r\n\r\nhello" + end + second + b"Subject: two\r\n\r\nbad\r\n.")
    assert answers == ["250", "250", "250", "354", "550", "221"]
    assert door.taken == []


def test_a_mail_that_was_handed_in_stands_in_the_ledger(kept):
    data = b"From: erika@customer.example\r\nMessage-ID: <1@customer.example>\r\n\r\nhello\r\n"
    row = listening._take(data, (OURS,))
    assert (row.source, row.mailbox, row.about) == (Arrival.Source.LMTP, None, {"to": OURS})
    assert raw.read(row) == data
    assert listening._take(data, (OURS,)) == row


def test_whom_mail_is_taken_for(kept):
    assert listening.recipient_of(OURS)[0]
    assert listening.recipient_of("Service+17-abcdefgh@HAIN.example")[0]
    assert not listening.recipient_of("service@else.example")[0]
    assert not listening.recipient_of("service")[0]


def test_what_cannot_be_kept_is_asked_for_again(kept, monkeypatch):
    def full(*_given):
        raise OSError("no space left")

    monkeypatch.setattr(listening, "_with_database", full)
    envelope = SimpleNamespace(original_content=b"Subject: x\r\n\r\nhello\r\n", rcpt_tos=[OURS])
    assert asyncio.run(Handler().handle_DATA(None, None, envelope)) == "451 4.3.0 Not now; try again"
    assert not Arrival.objects.exists()
    assert connection.is_usable()


def test_bare_line_ends_are_seen():
    assert not has_bare_line_ends(b"a\r\nb\r\n")
    for text in (b"a\nb\r\n", b"a\rb\r\n", b"a\r\r\n", b"a\n\rb\r\n"):
        assert has_bare_line_ends(text)
