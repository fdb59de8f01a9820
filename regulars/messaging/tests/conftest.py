"""A real mail server, started by the test."""

from __future__ import annotations

import socket
from email import message_from_bytes
from email.policy import default

import pytest
from aiosmtpd.controller import Controller
from django.test import override_settings

from regulars.messaging import smtp


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
def postbox():
    """A running SMTP server that the shop sends through."""
    box = Postbox()
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    server = Controller(box, hostname="127.0.0.1", port=port)
    server.start()
    with override_settings(
        EMAIL_BACKEND="django.core.mail.backends.smtp.EmailBackend",
        EMAIL_HOST="127.0.0.1",
        EMAIL_PORT=port,
        DEFAULT_FROM_EMAIL="hello@hainhafen.example",
        PUBLIC_URL="https://crm.hainhafen.example",
    ):
        yield box
    smtp.close_all()
    server.stop()
