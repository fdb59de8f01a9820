"""A real mail server, started by the test."""

from __future__ import annotations

import socket
from email import message_from_bytes
from email.policy import default

import pytest
from aiosmtpd.controller import Controller


class Postbox:
    """What the server took, and how it answers: a reply for a recipient instead of taking the mail."""

    def __init__(self):
        self.taken = []
        self.replies = {}

    async def handle_RCPT(self, _server, _session, envelope, address, _options):  # noqa: N802 — the library's name
        if address in self.replies:
            return self.replies[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, _server, _session, envelope):  # noqa: N802 — the library's name
        self.taken.append((envelope.rcpt_tos, message_from_bytes(envelope.content, policy=default)))
        return "250 OK"


@pytest.fixture
def postbox(settings):
    """A running SMTP server that the shop sends through."""
    from regulars.messaging import smtp

    box = Postbox()
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    server = Controller(box, hostname="127.0.0.1", port=port)
    server.start()
    # by the fixture that tests change settings with: two ways, undone in another order, would leave some behind
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", port
    settings.DEFAULT_FROM_EMAIL = "hello@hainhafen.example"
    settings.PUBLIC_URL = "https://crm.hainhafen.example"
    yield box
    smtp.close_all()
    server.stop()


@pytest.fixture(scope="module")
def world_of_services():
    """A server that speaks as the message services do."""
    from regulars.messaging.tests.services import served

    with served() as services:
        yield services


@pytest.fixture
def services(world_of_services, settings):
    """The services as on the first day, at an address that this house may ask."""
    from regulars.channels import flood
    from regulars.messaging.providers.wechat import tokens

    world_of_services.forget()
    tokens.forget()
    flood.forget()
    settings.PRIVATE_HOSTS = ["127.0.0.1"]
    return world_of_services


@pytest.fixture
def heard(monkeypatch):
    """What rooms above hear."""
    from regulars.messaging import incoming

    found = []
    monkeypatch.setattr(incoming, "_handlers", [found.append])
    return found


@pytest.fixture
def speaker(db, client, services, heard, run_jobs):
    """An account at a service, and the service: speaker("whatsapp")."""
    from regulars.messaging.connected import verbs
    from regulars.messaging.tests.speaking import OPTIONS, Speaker

    def connect(provider, **more):
        options, secrets = OPTIONS[provider]
        api = f"{services.url}/{provider}" + ("/v23.0" if provider == "whatsapp" else "")
        place = {"url": api} if provider == "generic" else {"api": api}
        account, made = verbs.connect(
            provider=provider, name="Hain & Hafen", address="+4940111", options=options | place | more, secrets=secrets
        )
        return Speaker(client, account, made, run_jobs)

    return connect
