"""Sending by message services: what each takes, what is refused for now and for good, and what may not go at all."""

import datetime as dt
import json

import pytest
from django.utils import timezone

from regulars.channels.connectors import signatures
from regulars.channels.connectors.protocol import Incoming
from regulars.messaging import choices, incoming
from regulars.messaging.gate import MayNotWrite
from regulars.messaging.models import Limits, Message, Suppression
from regulars.messaging.providers import transport
from regulars.messaging.sending import send
from regulars.messaging.tests.services import PNG
from regulars.staff.policy import EVERYTHING, looking

ADDRESSES = {"whatsapp": "+4915112345678", "twilio": "+4915112345678", "telegram": "77", "wechat": "oLiNa"}


class File:
    """A file as callers of the gate give it."""

    name, media_type, data, content_id, is_inline = "kanne.png", "image/png", PNG, "", False


@pytest.fixture(autouse=True)
def _no_night(db, monkeypatch):
    """Nobody sleeps, and everybody has just written."""
    Limits.objects.create(is_quiet=False)
    monkeypatch.setattr(incoming, "_clocks", [lambda _account, _to: timezone.now() - dt.timedelta(hours=1)])


def plan(service, text="Ihr Paket kommt morgen. 明天到 🫖", **more):
    address = ADDRESSES.get(service.account.provider, "li.na")
    return send(
        cause=f"test {text[:40]}", way=service.account.way, to=address, text=text, account=service.account, **more
    )


@pytest.mark.parametrize("provider", ["whatsapp", "twilio", "telegram", "wechat", "generic"])
def test_a_message_is_handed_over_as_the_service_wants_it(speaker, services, run_jobs, provider):
    service = speaker(provider)
    message = plan(service)
    run_jobs()
    message.refresh_from_db()
    (taken,) = services.taken
    text = "Ihr Paket kommt morgen. 明天到 🫖"
    names = {
        "whatsapp": "wamid.out1",
        "twilio": "SM1",
        "telegram": "77/1",
        "wechat": message.public_id,
        "generic": "theirs-1",
    }
    assert (message.state, message.provider_id) == (Message.State.ACCEPTED, names[provider])
    if provider == "whatsapp":
        assert (taken["to"], taken["text"]["body"]) == ("4915112345678", text)
        assert taken["biz_opaque_callback_data"] == message.public_id
    elif provider == "twilio":
        assert taken == {"To": "+4915112345678", "From": "+4940111", "Body": text,
                         "StatusCallback": transport.hook_of(service.account)}  # fmt: skip
    elif provider == "telegram":
        assert (taken["chat_id"], taken["text"]) == ("77", text)
    elif provider == "wechat":
        assert taken == {"touser": "oLiNa", "msgtype": "text", "text": {"content": text}}
    else:
        headers, said = taken
        assert (said["id"], said["to"], said["text"]) == (message.public_id, "li.na", text)
        body = json.dumps(said, ensure_ascii=False).encode()
        known = Incoming({name.lower(): value for name, value in headers.items()}, body, timezone.now())
        assert signatures.check(known, [service.made["signing_key"]])[0] == message.public_id


def test_pictures_go_along(speaker, services, run_jobs):
    for provider in ("whatsapp", "telegram", "wechat", "generic"):
        services.taken.clear()
        message = plan(speaker(provider), f"Bild {provider}", files=[File])
        run_jobs()
        message.refresh_from_db()
        assert message.state == Message.State.ACCEPTED
        told = str(services.taken)
        assert {"whatsapp": "'image': {'id': 'media-up'}", "telegram": "sendPhoto", "wechat": "'media_id': 'media-up'",
                "generic": "kanne.png"}[provider] in told  # fmt: skip
    with pytest.raises(MayNotWrite, match="A file cannot go by this way"):
        plan(speaker("twilio"), "Bild", files=[File])


def test_a_service_that_asks_for_patience_gets_it_and_the_message_goes_later(speaker, services, run_jobs):
    service = speaker("telegram")
    slow = {"ok": False, "error_code": 429, "description": "Too Many Requests", "parameters": {"retry_after": 1_800}}
    services.trouble = [(429, {}, slow)]
    message = plan(service)
    before = timezone.now()
    run_jobs()
    message.refresh_from_db()
    assert (message.state, services.taken) == (Message.State.PLANNED, [])
    assert message.due_at >= before + dt.timedelta(seconds=1_799)


def test_what_is_refused_for_good_fails_with_the_services_own_words(speaker, services, run_jobs):
    service = speaker("twilio")
    services.trouble = [(400, {}, {"code": 21610, "message": "Attempt to send to unsubscribed recipient"})]
    message = plan(service)
    run_jobs()
    message.refresh_from_db()
    assert message.state == Message.State.FAILED
    assert "unsubscribed recipient (21610)" in message.problem


def test_a_line_that_breaks_while_a_message_is_handed_over_is_not_taken_for_a_refusal(speaker, services, run_jobs):
    service = speaker("whatsapp")
    services.trouble = ["cut"]
    message = plan(service, is_bulk=True)
    run_jobs()
    message.refresh_from_db()
    assert message.state == Message.State.UNKNOWN, "it may have arrived: a person decides"


def test_a_service_that_is_not_there_is_asked_again(speaker, services, run_jobs):
    service = speaker("whatsapp", api="http://127.0.0.1:9")
    message = plan(service, is_bulk=True)
    run_jobs()
    message.refresh_from_db()
    assert (message.state, message.attempts) == (Message.State.PLANNED, 1)


def test_after_a_day_whatsapp_takes_a_template_only_and_the_gate_says_so(speaker, services, run_jobs, monkeypatch):
    service = speaker("whatsapp")
    monkeypatch.setattr(incoming, "_clocks", [lambda _account, _to: timezone.now() - dt.timedelta(hours=24, seconds=1)])
    with pytest.raises(MayNotWrite) as refused:
        plan(service)
    assert refused.value.sentence == (
        "More than 24 hours passed since their last message, and WhatsApp (Cloud API) lets nothing through then. "
        "A template that the service has approved can be sent at any time."
    )
    monkeypatch.setattr(incoming, "_clocks", [])
    with pytest.raises(MayNotWrite, match="lets nobody be written to freely who did not write first"):
        plan(service)
    assert not Message.objects.exists()
    plan(service, headers=transport.template_header("order_shipped", "de", ["HH-1041", "茶壶"]))
    run_jobs()
    (taken,) = services.taken
    assert taken["template"] == {
        "name": "order_shipped",
        "language": {"code": "de"},
        "components": [
            {"type": "body", "parameters": [{"type": "text", "text": "HH-1041"}, {"type": "text", "text": "茶壶"}]}
        ],
    }
    with pytest.raises(MayNotWrite, match="no templates"):
        plan(speaker("telegram"), "Hallo", headers=transport.template_header("order_shipped", "de"))


def test_a_text_that_is_too_long_is_refused_before_it_is_planned(speaker):
    with pytest.raises(MayNotWrite, match="1700 characters long; 1600"):
        plan(speaker("twilio"), "a" * 1_700)
    assert not Message.objects.exists()


@pytest.mark.parametrize(
    ("said", "way", "choice"),
    [
        ("STOP", "sms", "stop"),
        (" stop. ", "whatsapp", "stop"),
        ("退订", "sms", "stop"),
        ("TD", "sms", "stop"),
        ("Cancel", "sms", "stop"),
        ("Cancel", "whatsapp", ""),
        ("Please stop sending the broken cups", "sms", ""),
        ("START", "sms", "start"),
        ("ＳＴＯＰ", "sms", "stop"),
        ("", "sms", ""),
    ],
)
def test_a_word_counts_where_it_is_the_whole_message(said, way, choice):
    assert choices.choice_of(said, way) == choice


def test_stop_is_written_into_the_ledger_and_start_takes_it_back(db):
    from regulars.customers.actions import create_customer
    from regulars.customers.actions.consent import record_consent
    from regulars.customers.models import Consent, ConsentRecord

    jonas = create_customer(values={"name": "Jonas Wieck", "phone": "+4915112345678"})
    at = timezone.now() - dt.timedelta(hours=3)
    record_consent(jonas, medium="sms", state="agreed", source="form", at=at - dt.timedelta(days=9))

    def choose(choice, hours):
        with looking(EVERYTHING):
            choices.choose(
                choice, customer=jonas, way="sms", address="+4915112345678", at=at + dt.timedelta(hours=hours),
                said=choice.upper(), source=f"SM{hours}",
            )  # fmt: skip
        held = Consent.objects.get(customer=jonas, medium="sms")
        return held.state, Suppression.objects.filter(ended_at__isnull=True).count()

    assert choose("start", 0) == ("agreed", 0), "out of nothing it says nothing"
    assert choose("stop", 1) == ("refused", 1)
    assert choose("stop", 1) == ("refused", 1)
    assert choose("start", 0) == ("refused", 1), "an older word does not undo a newer one"
    line = ConsentRecord.objects.filter(state="refused").get()
    assert (line.source, line.value, line.proof) == (
        "unsubscribe", "+4915112345678", {"word": "STOP", "message": "SM1"}
    )  # fmt: skip
    assert choose("start", 2) == ("agreed", 0)
    assert choose("stop", 1) == ("agreed", 0), "nor does one that comes late"
    assert choose("stop", 3) == ("refused", 1)
    with pytest.raises(MayNotWrite):
        send(cause="ad", way="sms", to="+4915112345678", customer=jonas, purpose="marketing", text="Tee!")
