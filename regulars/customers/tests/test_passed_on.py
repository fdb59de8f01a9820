"""Rights that people asked a shop platform for."""

import datetime as dt

import pytest

from regulars.channels.actions import channel_for
from regulars.channels.applying import apply_records
from regulars.channels.models import Fate
from regulars.channels.records import CustomerRecord, PrivacyRecord
from regulars.customers.models import Customer, PrivacyRequest

AT = dt.datetime(2026, 3, 1, tzinfo=dt.UTC)


@pytest.fixture
def channel(db):
    return channel_for("web", name="Web shop")


def wish(wants="copy", **more):
    said = {"external_id": f"w:{wants}", "version": AT, "customer_id": "5", "email": "mara@post.example"}
    return PrivacyRecord(wants=wants, **(said | more))


def test_a_request_that_a_platform_passes_on_waits_among_ours_once(channel):
    apply_records(
        channel, [CustomerRecord(external_id="5", version=AT, email="mara@post.example", name="Mara Petersen")]
    )
    outcomes = [*apply_records(channel, [wish(), wish("erasure")]), *apply_records(channel, [wish()])]
    assert [one.fate for one in outcomes] == [Fate.APPLIED, Fate.APPLIED, Fate.OLD]
    apply_records(channel, [wish()], again=True)
    customer = Customer.objects.get()
    found = PrivacyRequest.objects.order_by("pk").values_list("kind", "customer_id", "asked_by", "state", "way")
    assert list(found) == [
        ("copy", customer.pk, "mara@post.example", "open", "api"),
        ("erasure", customer.pk, "mara@post.example", "open", "api"),
    ]
    assert Customer.objects.filter(email="mara@post.example").exists()  # nothing is erased by the platform's word


def test_somebody_whom_we_do_not_know_is_a_request_of_nobody(channel):
    apply_records(
        channel, [CustomerRecord(external_id="6", version=AT, email="mara@post.example", name="Mara Petersen")]
    )
    apply_records(channel, [wish(), wish("erasure", customer_id="", email="", phone="")])
    found = PrivacyRequest.objects.order_by("pk").values_list("kind", "customer_id", "asked_by")
    assert list(found) == [("copy", None, "mara@post.example"), ("erasure", None, "Customer –")]
