# ruff: noqa: E501 — reports as they come
"""Mail providers: mails go out by their APIs, and what they report is checked and read, over loopback."""

from __future__ import annotations

import hashlib
import hmac
import http.server
import json
import threading
import time
from base64 import b64encode
from urllib.parse import urlencode

import pytest

from regulars.core import shop
from regulars.customers.actions import create_customer
from regulars.customers.models import Customer
from regulars.messaging import incoming
from regulars.messaging.connected.verbs import connect
from regulars.messaging.models import DeliveryEvent, Message, Report, Suppression
from regulars.messaging.sending import send

pytestmark = pytest.mark.django_db
TO = "lena@posteo.example"
RAW = "From: lena@posteo.example\r\nTo: hello@hainhafen.example\r\nSubject: Hi\r\nMessage-ID: <in1@x>\r\n\r\nHello\r\n"


class Api(http.server.BaseHTTPRequestHandler):
    seen: list = []  # noqa: RUF012
    answers: dict = {}  # noqa: RUF012

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.seen.append((self.path, dict(self.headers), body))
        status, said = self.answers.get("next", (200, {}))
        if self.path.startswith("/email"):
            said = said or {"ErrorCode": 0, "Message": "OK", "MessageID": "pm-1", "To": TO, "SubmittedAt": "now"}
        else:
            said = said or {"id": "<mg-1@hainhafen.example>", "message": "Queued. Thank you."}
        data = json.dumps(said).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_words):
        """Say nothing."""


@pytest.fixture(scope="module")
def api_server():
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Api)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield f"http://localhost:{server.server_address[1]}"
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def far(api_server, settings, db):
    settings.PRIVATE_HOSTS = ["localhost"]
    settings.SECURE_SSL_REDIRECT = False
    Api.seen.clear()
    Api.answers.clear()
    shop.change(name="Hain & Hafen")
    return api_server


def postmark(far):
    account, made = connect(
        provider="postmark",
        name="Shop",
        address="hello@hainhafen.example",
        options={"api": f"{far}/"},
        secrets={"token": "t0ken"},
    )
    return account, made["password"]


def mailgun(far):
    account, _made = connect(
        provider="mailgun",
        name="Shop",
        address="hello@hainhafen.example",
        options={"api": f"{far}/v3/", "domain": "hainhafen.example"},
        secrets={"key": "k3y", "signing_key": "s1gn"},
    )
    return account


def sent(account, run_jobs, cause="test 1"):
    customer = Customer.objects.filter(email=TO).first() or create_customer(values={"name": "Lena", "email": TO})
    message = send(
        cause=cause, customer=customer, to=TO, account=account, subject="Your order", text="Hello", html="<p>Hello</p>"
    )
    run_jobs()
    message.refresh_from_db()
    return message


def hook(client, account, body, *, kind="application/json", **headers):
    data = body if isinstance(body, (str, bytes)) else json.dumps(body)
    return client.post(f"/hooks/messages/{account.public_id}", data, content_type=kind, **headers)


def basic(password):
    return {"HTTP_AUTHORIZATION": "Basic " + b64encode(password.encode()).decode()}


def signed(data):
    token, moment = "a" * 50, str(int(time.time()))
    signature = hmac.new(b"s1gn", f"{moment}{token}".encode(), hashlib.sha256).hexdigest()
    return {"signature": {"token": token, "timestamp": moment, "signature": signature}, "event-data": data}


def test_a_mail_goes_out_by_postmark_and_its_events_come_back(far, run_jobs, client):
    account, password = postmark(far)
    message = sent(account, run_jobs)
    [(path, headers, body)] = Api.seen
    said = json.loads(body)
    assert (path, headers["X-Postmark-Server-Token"]) == ("/email", "t0ken")
    assert (said["To"], said["Subject"], said["TextBody"], said["HtmlBody"]) == (
        TO,
        "Your order",
        "Hello",
        "<p>Hello</p>",
    )
    assert "hello@hainhafen.example" in said["From"]
    assert (message.state, message.provider_id) == ("accepted", "pm-1")
    event = {
        "RecordType": "Delivery",
        "MessageID": "pm-1",
        "Recipient": TO,
        "DeliveredAt": "2026-03-09T10:00:00Z",
        "Details": "250 OK",
    }
    assert hook(client, account, event).status_code == 401
    assert hook(client, account, event, **basic("regulars:wrong")).status_code == 401
    assert Report.objects.count() == 0
    assert hook(client, account, event, **basic(password)).status_code == 200
    run_jobs()
    message.refresh_from_db()
    assert (message.state, DeliveryEvent.objects.get().kind) == ("delivered", "delivered")
    bounce = {
        "RecordType": "Bounce", "Type": "HardBounce", "TypeCode": 1, "ID": 7, "MessageID": "pm-1", "Email": TO,
        "BouncedAt": "2026-03-09T11:00:00Z", "Details": "550 no such user", "Description": "no such user",
    }  # fmt: skip
    assert hook(client, account, bounce, **basic(password)).status_code == 200
    run_jobs()
    message.refresh_from_db()
    assert (message.state, Suppression.objects.get().address) == ("bounced", TO)


def test_a_mail_goes_out_by_mailgun_and_its_events_come_back(far, run_jobs, client):
    account = mailgun(far)
    message = sent(account, run_jobs)
    [(path, headers, body)] = Api.seen
    assert path == "/v3/hainhafen.example/messages"
    assert headers["Authorization"] == "Basic " + b64encode(b"api:k3y").decode()
    assert b"Your order" in body or b"Your+order" in body
    assert (message.state, message.provider_id) == ("accepted", "<mg-1@hainhafen.example>")
    data = {
        "event": "complained", "id": "e1", "timestamp": 1_773_050_400.0, "recipient": TO,
        "message": {"headers": {"message-id": "mg-1@hainhafen.example"}},
    }  # fmt: skip
    assert (
        hook(
            client, account, {**signed(data), "signature": {**signed(data)["signature"], "signature": "00"}}
        ).status_code
        == 401
    )
    assert hook(client, account, signed(data)).status_code == 200
    run_jobs()
    message.refresh_from_db()
    assert message.state == "complained"
    assert Suppression.objects.get().purpose == "marketing"


def test_what_a_provider_refuses_for_good_is_told_and_what_is_down_is_tried_again(far, run_jobs):
    account, _password = postmark(far)
    Api.answers["next"] = (422, {"ErrorCode": 300, "Message": "Invalid 'From' address"})
    message = sent(account, run_jobs)
    assert (message.state, "Invalid" in message.problem) == ("failed", True)
    Api.answers["next"] = (503, {"Message": "down"})
    assert sent(account, lambda: None, cause="test 2").state == "planned"


def test_mails_that_a_provider_takes_in_come_raw(far, run_jobs, client, monkeypatch):
    came = []
    monkeypatch.setattr(incoming, "_mail_handlers", [lambda raw, account: came.append((raw, account.provider))])
    account, password = postmark(far)
    inbound = {
        "From": "lena@posteo.example", "FromFull": {"Email": "lena@posteo.example", "Name": ""}, "ToFull": [], "CcFull": [],
        "BccFull": [], "To": "", "MessageID": "in-1", "Subject": "Hi", "RawEmail": RAW, "Headers": [], "Attachments": [],
    }  # fmt: skip
    assert hook(client, account, inbound).status_code == 401
    assert hook(client, account, inbound, **basic(password)).status_code == 200
    other = mailgun(far)
    signature = signed({})["signature"]
    form = urlencode({**signature, "recipient": "hello@hainhafen.example", "sender": TO, "body-mime": RAW})
    assert hook(client, other, form, kind="application/x-www-form-urlencoded").status_code == 200
    run_jobs()
    assert [name for _raw, name in came] == ["postmark", "mailgun"]
    assert all(b"Message-ID: <in1@x>" in raw and b"Hello" in raw for raw, _name in came)
    assert Message._base_manager.count() == 0
