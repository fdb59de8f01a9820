"""How messages leave: each claim is one worker's, and what a dead one held is told as what it is."""

from __future__ import annotations

import datetime as dt
import smtplib
from email import message_from_bytes
from email.policy import default

import pytest
from django.utils import timezone

from regulars.core import quarantine
from regulars.customers.actions import create_customer
from regulars.messaging import delivering, smtp, transports
from regulars.messaging.delivering import accept, claim, deliver, fail, journal, look_after
from regulars.messaging.files import Attached, path_of, read_all
from regulars.messaging.models import Account, Message, MessageFile, SigningKey
from regulars.messaging.sending import NotWaiting, arrived, cancel, send, send_again
from regulars.messaging.signing import make_key, record_of, turn
from regulars.timeline.models import Entry

pytestmark = pytest.mark.django_db


def write(number=0, **more):
    given = {"cause": f"test {number}", "to": "a@posteo.example", "subject": "Tea", "text": "Hello\n.\nbye\n"}
    return send(**{**given, **more})


def state_of(message):
    message.refresh_from_db()
    return message.state


def test_one_that_was_handed_over_by_a_dead_worker_goes_once_more_with_the_same_id(postbox):
    message = write()
    journal(claim(message.pk))
    deliver(message_id=message.pk)  # the claim still holds
    assert (state_of(message), postbox.taken) == ("handed_over", [])
    Message.objects.update(claimed_until=timezone.now())
    deliver(message_id=message.pk)
    [(_to, mail)] = postbox.taken
    assert mail["Message-ID"] == message.message_id
    assert (state_of(message), message.resends) == ("accepted", 1)


def test_a_second_time_a_person_decides(postbox):
    message = write()
    for _time in range(2):
        Message.objects.update(due_at=timezone.now())
        journal(claim(message.pk))
        Message.objects.update(claimed_until=timezone.now())
    deliver(message_id=message.pk)
    assert (state_of(message), postbox.taken) == ("unknown", [])
    send_again(message)
    deliver(message_id=message.pk)
    assert (state_of(message), len(postbox.taken)) == ("accepted", 1)


def test_bulk_is_never_sent_twice_by_itself(postbox):
    message = write(is_bulk=True)
    journal(claim(message.pk))
    Message.objects.update(claimed_until=timezone.now())
    assert look_after() == 1
    deliver(message_id=message.pk)
    assert (state_of(message), postbox.taken) == ("unknown", [])
    arrived(message)
    assert state_of(message) == "accepted"
    with pytest.raises(NotWaiting):
        arrived(message)


def test_one_that_was_only_claimed_is_claimed_by_the_next(postbox):
    message = write(is_bulk=True)
    first = claim(message.pk)
    assert claim(message.pk) is None
    Message.objects.update(claimed_until=timezone.now())
    second = claim(message.pk)
    assert (first.number, second.number) == (1, 2)
    with pytest.raises(delivering.LostClaim):
        journal(first)
    journal(second)
    fail(first, "too late to say anything")
    accept(first)
    assert state_of(message) == "handed_over"
    accept(second)
    assert state_of(message) == "accepted"
    assert Entry.objects.filter(name="message.sent").count() == 1


def test_one_that_is_taken_back_never_leaves(postbox, run_jobs):
    message = write(after=timezone.now() + dt.timedelta(seconds=10))
    run_jobs()
    assert (state_of(message), postbox.taken) == ("planned", [])
    assert cancel(message) is True
    Message.objects.update(due_at=timezone.now())
    deliver(message_id=message.pk)
    assert (state_of(message), postbox.taken) == ("cancelled", [])


def test_a_server_that_falls_silent_after_the_last_byte_leaves_it_unknown(postbox, monkeypatch):
    monkeypatch.setattr(smtp._Line, "getreply", _silent(smtp._Line.getreply))
    message = write(is_bulk=True)
    deliver(message_id=message.pk)
    assert state_of(message) == "unknown"
    assert "did not say whether it took the mail" in message.problem
    assert len(postbox.taken) == 1


def _silent(getreply):
    def answer(line):
        found = getreply(line)
        if found[0] == 250 and getattr(line, "is_after_data", False):
            raise smtplib.SMTPServerDisconnected("Connection unexpectedly closed")
        line.is_after_data = found[0] == 354
        return found

    return answer


def test_a_quarantined_shop_hands_nothing_over(postbox):
    message = write()
    claimed = claim(message.pk)
    quarantine.begin(backup="regulars-x", taken_at=timezone.now())
    with pytest.raises(quarantine.HeldBack):
        journal(claimed)
    assert state_of(message) == "claimed"


def test_after_two_days_of_refusals_it_has_failed(postbox):
    postbox.replies["a@posteo.example"] = "451 come back later"
    message = write()
    for _time in range(9):
        assert state_of(message) == "planned"
        Message.objects.update(due_at=timezone.now())
        deliver(message_id=message.pk)
    assert (state_of(message), message.problem) == ("failed", "come back later")
    assert message.due_at - timezone.now() < dt.timedelta(days=2)


def test_lines_are_kept_and_each_mail_has_its_own_envelope(postbox, monkeypatch):
    opened = []
    monkeypatch.setattr(smtp, "_opened", lambda server, real=smtp._opened: opened.append(1) or real(server))
    postbox.replies["b@posteo.example"] = "550 no"
    for number, to in enumerate(["a@posteo.example", "b@posteo.example", "c@posteo.example"]):
        deliver(message_id=write(number, to=to).pk)
    assert [to for to, _mail in postbox.taken] == [["a@posteo.example"], ["c@posteo.example"]]
    assert len(opened) == 1
    assert postbox.taken[0][1].get_content().splitlines() == ["Hello", ".", "bye"]


def test_notifications_of_delivery_are_asked_for_where_the_server_knows_them():
    said = []

    class Line:
        def has_extn(self, name):
            return name in {"dsn", "size"}

        def mail(self, _address, options):
            said.append(options)
            return 250, b""

        def rcpt(self, _address, options):
            said.append(options)
            return 250, b""

    message = Message(pk=7, to="a+b@posteo.example")
    server = smtp.accounts.server(None)
    smtp._envelope(Line(), message, server, 99)
    assert said == [
        ["SIZE=99", "RET=HDRS", f"ENVID={message.public_id}"],
        ["NOTIFY=FAILURE,DELAY", "ORCPT=rfc822;a+2Bb@posteo.example"],
    ]


def test_dots_and_ends_are_as_the_line_wants_them():
    assert smtp.stuffed(b".a\r\n..b\r\nc") == b"..a\r\n...b\r\nc\r\n.\r\n"
    assert smtp.xtext("a+b=c é") == "a+2Bb+3Dc+20+C3+A9"


def test_text_and_address_are_sealed_for_the_person_or_the_shop(db):
    from django.db import connection

    mara = create_customer(values={"name": "Mara", "email": "mara@posteo.example"})
    write(1, customer=mara, to="mara@posteo.example", html="<p>Hello</p>")
    write(2)
    with connection.cursor() as cursor:
        cursor.execute('SELECT "to", subject, text, html FROM messaging_message ORDER BY id')
        rows = cursor.fetchall()
    for row in rows:
        assert not any(word in str(row) for word in ("posteo", "Tea", "Hello"))
    assert rows[0][0].split(".")[1] != "-"
    assert rows[1][0].split(".")[1] == "-"
    assert [one.text for one in Message.objects.order_by("pk")] == ["Hello\n.\nbye\n"] * 2


def test_rows_from_before_are_sealed_and_found_by_their_address(db):
    from django.db import connection

    from regulars.core import resealing
    from regulars.messaging import digests

    write()
    with connection.cursor() as cursor:
        cursor.execute("UPDATE messaging_message SET \"to\" = '0.b@posteo.example', text = '0.Words', to_digest = ''")
    assert Message.objects.get().text == ""
    assert resealing.seal_waiting() == 1
    message = Message.objects.get()
    assert (message.to, message.text) == ("b@posteo.example", "Words")
    assert message.to_digest == digests.of("email", "B@posteo.example")


def test_files_go_out_and_lie_sealed(postbox, settings, tmp_path):
    settings.REGULARS_HOME = tmp_path
    mara = create_customer(values={"name": "Mara", "email": "mara@posteo.example"})
    for number, customer in enumerate((mara, None)):
        message = write(
            number,
            customer=customer,
            html='<p>See <img src="cid:pot"></p>',
            files=[
                Attached("Rechnung ä.pdf", "application/pdf", b"%PDF-1.4 bytes"),
                Attached("pot.png", "image/png", b"\x89PNG bytes", "pot", is_inline=True),
            ],
        )
        deliver(message_id=message.pk)
    mail = postbox.taken[0][1]
    [attached] = mail.iter_attachments()
    assert (attached.get_filename(), attached.get_content()) == ("Rechnung ä.pdf", b"%PDF-1.4 bytes")
    [image] = [part for part in mail.walk() if part["Content-ID"] == "<pot>"]
    assert image.get_content() == b"\x89PNG bytes"
    stored = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert len(stored) == 4
    assert not any(b"bytes" in path.read_bytes() for path in stored)
    assert [one.name for one in read_all(Message.objects.order_by("pk")[1])] == ["Rechnung ä.pdf", "pot.png"]


def test_files_go_with_their_person(settings, tmp_path, django_capture_on_commit_callbacks):
    from regulars.customers import belongings

    settings.REGULARS_HOME = tmp_path
    mara = create_customer(values={"name": "Mara", "email": "mara@posteo.example"})
    write(customer=mara, files=[Attached("a.txt", "text/plain", b"secret")])
    [key] = MessageFile.objects.values_list("key", flat=True)
    with django_capture_on_commit_callbacks(execute=True):
        for holder in belongings.holders():
            if holder.name in {"messages", "message_files"}:
                holder.forget(mara)
    assert (Message.objects.count(), MessageFile.objects.count(), path_of(key).exists()) == (0, 0, False)


def test_mail_is_signed_so_that_others_can_verify_it(postbox):
    import dkim

    key = make_key("hainhafen.example")
    assert make_key("hainhafen.example") == key
    turn(key, is_on=True)
    raw = []
    name, text = record_of(key)
    real = smtp._bytes

    def kept(line, data, journal_):
        raw.append(data)
        real(line, data, journal_)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(smtp, "_bytes", kept)
        deliver(message_id=write(text="Grüße " * 90 + "\n.\n", html="<p>Grüße</p>", reply_to="i@hainhafen.example").pk)
    assert len(postbox.taken) == 1

    def dns(asked, timeout=5):
        assert asked.decode().rstrip(".") == name
        return text.encode()

    assert dkim.verify(raw[0], dnsfunc=dns) is True
    assert dkim.verify(raw[0].replace(b"Subject: Tea", b"Subject: Pot"), dnsfunc=dns) is False
    mail = message_from_bytes(raw[0], policy=default)
    assert "reply-to" in mail["DKIM-Signature"]
    assert SigningKey.objects.get().secret.split(".")[1] == "-"


def test_an_account_that_people_entered_leads_to_no_address_of_ours(db, settings):
    account = Account.objects.create(
        way="email",
        provider="smtp",
        name="H",
        address="a@b.example",
        options={"host": "127.0.0.1", "port": 25, "security": "none"},
    )
    message = write(account=account)
    deliver(message_id=message.pk)
    assert state_of(message) == "planned"
    assert "is not a place out in the world" in message.problem
    assert transports.described(OSError()) == "OSError"
