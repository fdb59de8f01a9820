"""What Shopify signs: only what a live key signed lately is genuine."""

import base64
import datetime as dt
import hashlib
import hmac

import pytest

from regulars.channels.connectors.protocol import Incoming, NotGenuine
from regulars.channels.connectors.shopify import shopify

NOW = dt.datetime(2026, 3, 1, 12, tzinfo=dt.UTC)
KEYS = {"signing_key": "shpss_new", "signing_key_before": "shpss_old"}


def signed(body, key, topic="orders/create", **more):
    mac = base64.b64encode(hmac.new(key.encode(), body, hashlib.sha256).digest()).decode()
    headers = {"x-shopify-hmac-sha256": mac, "x-shopify-topic": topic, "x-shopify-triggered-at": NOW.isoformat()}
    return Incoming({**headers, "x-shopify-event-id": "e1", **more}, body, NOW)


@pytest.mark.parametrize("key", ["shpss_new", "shpss_old"])
def test_a_delivery_signed_with_a_live_key_is_genuine(key):
    event = shopify.genuine(signed(b"{}", key), KEYS)
    assert (event.id, event.topic, event.sent_at) == ("orders/create:e1", "orders/create", NOW)


def test_an_event_is_the_same_whichever_copy_of_it_comes():
    first = shopify.genuine(signed(b"{}", "shpss_new", **{"x-shopify-webhook-id": "w1"}), KEYS)
    second = shopify.genuine(signed(b"{}", "shpss_new", **{"x-shopify-webhook-id": "w2"}), KEYS)
    other = shopify.genuine(signed(b"{}", "shpss_new", topic="orders/paid"), KEYS)
    assert first.id == second.id != other.id
    nameless = signed(b"{}", "shpss_new", **{"x-shopify-event-id": ""})
    assert shopify.genuine(nameless, KEYS).id == shopify.genuine(nameless, KEYS).id != ""


@pytest.mark.parametrize(
    "change",
    [
        {"x-shopify-hmac-sha256": ""},
        {"x-shopify-hmac-sha256": "no base64!"},
        {"x-shopify-hmac-sha256": base64.b64encode(b"x" * 32).decode()},
        {"x-shopify-topic": ""},
        {"x-shopify-triggered-at": (NOW - dt.timedelta(hours=31)).isoformat()},
        {"x-shopify-triggered-at": (NOW + dt.timedelta(minutes=6)).isoformat()},
        {"x-shopify-triggered-at": "yesterday"},
    ],
)
def test_what_is_not_signed_or_of_another_time_is_refused(change):
    with pytest.raises(NotGenuine):
        shopify.genuine(signed(b"{}", "shpss_new", **change), KEYS)


def test_another_body_or_no_key_is_refused():
    good = signed(b"{}", "shpss_new")
    with pytest.raises(NotGenuine):
        shopify.genuine(Incoming(good.headers, b"{ }", NOW), KEYS)
    with pytest.raises(NotGenuine):
        shopify.genuine(signed(b"{}", ""), {})


def test_a_retry_hours_later_is_still_genuine():
    late = {"x-shopify-triggered-at": (NOW - dt.timedelta(hours=4)).isoformat(timespec="milliseconds")}
    assert shopify.genuine(signed(b"{}", "shpss_new", **late), KEYS).sent_at == NOW - dt.timedelta(hours=4)
