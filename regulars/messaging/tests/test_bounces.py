# ruff: noqa: E501, ISC004 — mails as they come
"""Bounces, delays, complaints and robots: read from what real servers wrote, and from what breaks programs."""

from __future__ import annotations

import csv
import random
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from regulars.messaging.bounces import read
from regulars.messaging.bounces.meaning import codes_in, reason_for

MAILS = Path(__file__).parent / "bounces"
EXPECTED = list(csv.DictReader((MAILS / "expected.csv").read_text(encoding="utf-8").splitlines()))


def plain(body, *, sender="Mail System <mailer-daemon@mx.hainhafen.example>", subject="failure notice", more=""):
    head = f"Return-Path: <>\nFrom: {sender}\nTo: hello@hainhafen.example\nSubject: {subject}\n{more}\n"
    return (head + body).encode()


def test_recipients_of_real_bounces_are_found_and_told_hard_from_soft():
    found = right = soft_as_hard = expected = 0
    for row in EXPECTED:
        report = read((MAILS / row["file"]).read_bytes())
        if not row["recipient"]:
            assert report is not None
            assert (report.kind, report.recipients) == ("auto-reply", ())
            continue
        expected += 1
        told = {one.address: one for one in (report.recipients if report else ())}
        one = told.get(row["recipient"].lower())
        found += one is not None
        right += one is not None and one.is_hard == (row["hard"] == "1")
        soft_as_hard += one is not None and one.is_hard and row["hard"] == "0"
    assert expected > 40
    assert found / expected >= 0.95
    assert right / expected >= 0.95
    assert soft_as_hard <= 1


WORDS = {
    "qmail": (
        "Hi. This is the qmail-send program at mx.example.\nI'm afraid I wasn't able to deliver your message to the following"
        " addresses.\nThis is a permanent error; I've given up. Sorry it didn't work out.\n\n<lena@posteo.example>:\n"
        "192.0.2.7 does not like recipient.\nRemote host said: 550 5.1.1 no mailbox here by that name\nGiving up on"
        " 192.0.2.7.\n\n--- Below this line is a copy of the message.\n\nReturn-Path: <hello@hainhafen.example>\n"
        "Message-ID: <m1@hainhafen.example>\nFrom: hello@hainhafen.example\nTo: other@posteo.example\n\nHello",
        "unknown-user",
    ),
    "exim": (
        "This message was created automatically by mail delivery software.\n\nA message that you sent could not be delivered"
        " to one or more of its\nrecipients. This is a permanent error. The following address(es) failed:\n\n"
        "  lena@posteo.example\n    SMTP error from remote mail server after RCPT TO:<lena@posteo.example>:\n    host mx"
        " [192.0.2.9]: 552 5.2.2 Mailbox full\n\n------ This is a copy of the message, including all the headers. ------\n\n"
        "Message-ID: <m1@hainhafen.example>\nFrom: hello@hainhafen.example\n\nHello",
        "full",
    ),
    "exchange": (
        "Your message\n\n  To:      lena@posteo.example\n  Subject: Hello\n\ndid not reach the following recipient(s):\n\n"
        "lena@posteo.example on Thu, 9 Apr 2026 10:00:00 +0200\n    The recipient name is not recognized\n"
        "\tMSEXCH:IMS:POSTEO:MX 0 (000C05A6) Unknown Recipient\n",
        "unknown-user",
    ),
    "domino": (
        "Your message\n\n  Subject: Hello\n\nwas not delivered to:\n\n  lena@posteo.example\n\nbecause:\n\n"
        "  User lena (lena@posteo.example) not listed in Domino Directory\n",
        "unknown-user",
    ),
    "a large house": (
        "Delivery to the following recipient failed permanently:\n\n     lena@posteo.example\n\nTechnical details of"
        " permanent failure:\nThe error that the other server returned was:\n550 5.7.1 Message rejected due to blacklisted"
        " IP\n\n----- Original message -----\n\nMessage-ID: <m1@hainhafen.example>\nTo: lena@posteo.example\n",
        "blocked",
    ),
    "no such place": (
        "This is a delivery notice.\n\n<lena@posteo.example>: Host or domain name not found. Name service error for"
        " name=posteo.example type=A: Host not found\n",
        "unknown",
    ),
}


@pytest.mark.parametrize("server", WORDS)
def test_what_servers_say_in_plain_words_is_read(server):
    body, reason = WORDS[server]
    report = read(plain(body))
    assert report is not None
    [one] = report.recipients
    assert (report.kind, one.address) == ("bounce", "lena@posteo.example")
    assert one.reason.startswith(reason)
    assert one.is_hard == reason.startswith("unknown")
    assert report.mail_id == ("<m1@hainhafen.example>" if "m1@" in body else "")


DSN = """Return-Path: <>
From: Mail Delivery System <MAILER-DAEMON@mx.example>
To: bounce@hainhafen.example
Auto-Submitted: auto-replied
Subject: Delivery Status Notification
Content-Type: multipart/report; report-type=delivery-status; boundary="b"

--b
Content-Type: text/plain

See below.
--b
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example
Original-Envelope-Id: msg_7Hn2

Final-Recipient: rfc822; lena.new@posteo.example
Original-Recipient: rfc822; lena@posteo.example
Action: %s
Status: %s
Diagnostic-Code: smtp; %s
--b
Content-Type: message/rfc822

Message-ID: <m1@hainhafen.example>
X-Regulars: msg_7Hn2
Subject: Hello

Text
--b--
"""


@pytest.mark.parametrize(
    ("action", "status", "said", "kind", "reason", "is_hard"),
    [
        ("failed", "5.1.1", "550 5.1.1 User unknown", "bounce", "unknown-user", True),
        ("delayed", "4.4.1", "450 4.4.1 connection timed out", "delayed", "network", False),
        ("delivered", "2.0.0", "250 2.0.0 OK", "success", "", False),
        ("relayed", "2.0.0", "250 2.0.0 OK", "success", "", False),
        ("failed", "5.2.2", "552 5.2.2 over quota", "bounce", "full", False),
        ("failed", "5.0.0", "550 5.7.1 blocked by spamhaus", "bounce", "blocked", False),
        ("failed", "5.1.10", "556 5.1.10 recipient address has null MX", "bounce", "takes-no-mail", True),
    ],
)
def test_a_delivery_report_says_who_what_and_which_mail(action, status, said, kind, reason, is_hard):
    report = read((DSN % (action, status, said)).encode())
    assert report is not None
    [one] = report.recipients
    assert (report.kind, one.reason, one.is_hard) == (kind, reason, is_hard)
    assert (one.address, one.original) == ("lena.new@posteo.example", "lena@posteo.example")
    assert (report.mail_id, report.envelope_id) == ("<m1@hainhafen.example>", "msg_7Hn2")
    assert ("x-regulars", "msg_7Hn2") in report.headers


ARF = """From: <feedback@provider.example>
Subject: FW: Hello
Content-Type: multipart/report; report-type=feedback-report; boundary="b"

--b
Content-Type: text/plain

This is an abuse report.
--b
Content-Type: message/feedback-report

Feedback-Type: %s
User-Agent: Some/1
Version: 1
Original-Rcpt-To: <Lena@posteo.example>

--b
Content-Type: message/rfc822

Message-ID: <m1@hainhafen.example>
To: lena@posteo.example

Text
--b--
"""


def test_a_complaint_is_one_and_a_report_of_checks_is_none():
    report = read((ARF % "abuse").encode())
    assert report is not None
    assert (report.kind, [one.address for one in report.recipients]) == ("complaint", ["lena@posteo.example"])
    assert report.mail_id == "<m1@hainhafen.example>"
    assert read((ARF % "auth-failure").encode()) is None
    assert read((ARF % "not-spam").encode()) is None


@pytest.mark.parametrize(
    "raw",
    [
        b"From: lena@posteo.example\nSubject: Delivery failed?\n\nMy parcel could not be delivered to lena@posteo.example.",
        b"From: lena@posteo.example\nSubject: Re: returned mail\n\n550 5.1.1 user unknown, your system said. Can you help?",
        b"From: lena@posteo.example\nSubject: Fwd: Undelivered Mail Returned to Sender\n\n> From: MAILER-DAEMON@mx.example\n"
        b"> <hello@hainhafen.example>: 550 5.1.1 user unknown",
        b"",
        b"\x00\xff",
        b"Subject: x",
    ],
)
def test_what_a_person_wrote_is_no_bounce(raw):
    assert read(raw) is None


def test_an_answer_of_a_robot_names_the_mail_it_answers():
    report = read(
        b"From: l@posteo.example\nSubject: Automatische Antwort: Hallo\nIn-Reply-To: <m1@x.example>\n\nIch bin weg."
    )
    assert report is not None
    assert (report.kind, report.mail_id, report.recipients) == ("auto-reply", "<m1@x.example>", ())


def test_a_delay_is_no_bounce():
    body = "A message that you sent has not yet been delivered to one or more of its recipients after more than 24 hours:\n\n"
    report = read(
        plain(body + "  lena@posteo.example\n    Delay reason: 550 user unknown\n", subject="Warning: delayed")
    )
    assert report is not None
    assert (report.kind, [one.is_hard for one in report.recipients]) == ("delayed", [False])


def test_unknown_is_not_believed_of_a_filter_that_saw_the_content():
    assert reason_for("550 user unknown", code="550", command="RCPT") == "unknown-user"
    assert reason_for("550 user unknown", code="550", command="DATA") == "filtered"
    assert reason_for("550 5.1.1 user unknown", status="5.1.1", command="DATA") == "unknown-user"
    assert codes_in("smtp; 550-5.1.1 [192.0.2.5] no") == ("550", "5.1.1")
    assert codes_in("host 10.5.1.1 said nothing") == ("", "")


def _mutated(raw, chance):
    mail = bytearray(raw[:60_000])
    for _ in range(chance.randint(1, 12)):
        at = chance.randrange(len(mail) or 1)
        what = chance.randrange(4)
        if what == 0:
            mail[at : at + 1] = bytes([chance.randrange(256)])
        elif what == 1:
            del mail[at : at + chance.randrange(200)]
        elif what == 2:
            mail[at:at] = mail[: chance.randrange(400)]
        else:
            del mail[max(at, 40) :]
    return bytes(mail)


@pytest.mark.parametrize("rounds", [200, pytest.param(2_000, marks=pytest.mark.slow)])
def test_broken_mails_break_nothing(rounds):
    chance = random.Random(20261122)
    mails = [path.read_bytes() for path in sorted(MAILS.glob("*.eml"))]
    for _ in range(rounds):
        read(_mutated(chance.choice(mails), chance))


@given(st.binary(max_size=400))
def test_any_bytes_are_read(raw):
    read(b"From: MAILER-DAEMON\nReturn-Path: <>\nSubject: Undeliverable\n" + raw)


@pytest.mark.parametrize(
    "line", [b"<a@b.example>\n", b"a@", b"user ", b"<", b"\n", b"a.", b"550 ", b'"', b"user unknown not "]
)
@pytest.mark.parametrize("kind", ["text/plain", "text/html", 'multipart/report; boundary="--"'])
def test_a_mail_of_a_megabyte_is_read_in_time(line, kind):
    raw = plain("", more=f"Content-Type: {kind}\n") + line * (1_000_000 // len(line))
    began = time.process_time()
    read(raw)
    assert time.process_time() - began < 0.25
