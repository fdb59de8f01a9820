"""Logs hold what went wrong and where, and nobody's data."""

import io
import logging
import logging.config

import pytest
from django.conf import settings
from django.db import IntegrityError, connection, transaction
from hypothesis import given
from hypothesis import strategies as st

from regulars.core.redaction import redact, redact_traceback


@pytest.fixture
def log():
    """What the settings' own handler writes, at every level."""
    formatter = logging.config.DictConfigurator(settings.LOGGING).configure_formatter(
        dict(settings.LOGGING["formatters"]["line"])
    )
    written = io.StringIO()
    handler = logging.StreamHandler(written)
    handler.setFormatter(formatter)
    root = logging.getLogger()
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    yield written
    root.removeHandler(handler)
    root.setLevel(level)


@pytest.mark.parametrize(
    ("said", "written"),
    [
        ("mail to anna.schmidt@posteo.example failed", "mail to …@… failed"),
        (
            "Not Found: /api/v1/customers/cus_1/contacts/anna%40posteo.example",
            "Not Found: /api/v1/customers/cus_1/contacts/…@…",
        ),
        ("call +49 170 1234567 back", "call … back"),
        ("called 0170-1234567", "called …"),
        ("Authorization: Bearer rgl_abcdefghijklmnop", "Authorization: … …"),
        ("token rgl_abcdefghijklmnop is old", "token rgl_… is old"),
        ("key rgk_abcdefghijklmnop", "key rgk_…"),
        ("AGE-SECRET-KEY-1QQQQ", "AGE-SECRET-KEY-…"),
        ("password='open sesame' is wrong", "password=… is wrong"),
        ("Cookie: __Host-sessionid=abc", "Cookie: …"),
        ("postgresql://shop:hunter2@db/regulars", "postgresql://shop:…@db/regulars"),
        ("GET /customers?q=anna schmidt", "GET /customers?… schmidt"),
        ("DETAIL:  Failing row contains (1, Anna, 2001-01-01).", "DETAIL: …"),
        ("job 17 took 12.5 s, 2026-11-22", "job 17 took 12.5 s, 2026-11-22"),
        ("/customers/cus_6rfvfyqzz5fqc/notes", "/customers/cus_6rfvfyqzz5fqc/notes"),
    ],
)
def test_a_line_loses_what_it_should_not_hold(said, written):
    assert redact(said) == written


def test_a_traceback_keeps_its_way_and_loses_what_messages_quote():
    try:
        int("Anna Schmidt")
    except ValueError:
        import traceback

        written = redact_traceback(traceback.format_exc())
    assert "Anna" not in written.splitlines()[-1]
    assert written.splitlines()[-1].startswith("ValueError: invalid literal for int() with base 10: …")
    assert "test_redaction.py" in written


@given(st.emails())
def test_no_address_stays(address):
    local = address.partition("@")[0]
    if any(sign in address for sign in "\"'(),;:=/<>`{}|"):
        return  # what a mail address may hold in theory, and no customer's does
    assert address not in redact(f"sent to {address} now")
    assert f" {local}@" not in redact(f"sent to {address} now")


CANARY = "Kanarienvogel"
MAIL = "kanarienvogel@posteo.example"


def test_errors_of_every_kind_write_nobody_into_the_log(client_of, client, ada, api_of, log, monkeypatch):
    from regulars.customers.views import listing

    def fall(*_arguments, **_more):
        raise ValueError(f"cannot read '{CANARY}' of {MAIL}, phone +49 170 1234567, password=geheim99")

    program = api_of(ada)
    client_of(ada)
    client.raise_request_exception = False
    assert client.get(f"/customers/{MAIL}?q={CANARY}").status_code == 404
    assert client.get("/customers", {"q": MAIL}).status_code == 200
    assert program.get(f"/customers/cus_0000000000000/contacts/{MAIL}").status_code in {404, 405}
    assert program.post("/customers", {"name": CANARY, "email": f"{MAIL} {MAIL}"}).status_code == 422
    assert client.get("/api/v1/customers", headers={"Authorization": "Bearer rgl_geheim99"}).status_code == 401
    assert client.post("/sign-in", {"email": MAIL, "password": "geheim99"}).status_code in {302, 422, 200}
    monkeypatch.setattr(listing, "render", fall)
    broken = client.get("/customers")
    assert broken.status_code == 500
    written = log.getvalue()
    assert "ValueError: cannot read … of …@…, phone …, password=…" in written
    for secret in (CANARY, "anarienvogel", "1234567", "geheim99", program.headers["Authorization"].split()[1]):
        assert secret not in written
        assert secret not in broken.content.decode()


def test_the_row_that_broke_a_rule_is_not_written(ada, log):
    from regulars.staff.models import User

    with pytest.raises(IntegrityError) as broken, transaction.atomic():
        User.objects.create(name=CANARY, email=ada.email)
    logging.getLogger("regulars").error("It broke.", exc_info=broken.value)
    assert "IntegrityError" in log.getvalue()
    assert ada.email not in log.getvalue()
    assert CANARY not in log.getvalue()
    if connection.vendor == "postgresql":
        assert "DETAIL: …" in log.getvalue()
