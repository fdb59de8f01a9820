"""Payment links: who has the address can see what is to be paid, and nothing else."""

import datetime as dt

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext

from regulars.channels.actions import channel_for
from regulars.core import shop
from regulars.customers.actions import create_customer
from regulars.orders.actions import place_order
from regulars.orders.actions.links import NothingToPay, make_link, revoke_link
from regulars.orders.models import PaymentLink
from regulars.timeline.models import Entry

NOW = dt.datetime(2026, 3, 12, 9, 42, tzinfo=dt.UTC)


@pytest.fixture(autouse=True)
def _shop(db, settings):
    shop.change(name="Hain & Hafen", currency="EUR", time_zone="Europe/Berlin", country="DE")
    settings.BANK_ACCOUNT = "Hain & Hafen | IBAN: DE02 1203 0000 0000 2020 51"
    with time_machine.travel(NOW, tick=True):
        yield


@pytest.fixture
def order(db):
    customer = create_customer(values={"given_name": "Li", "family_name": "Na", "language": "zh-CN"})
    return placed(customer=customer)


def placed(number="HH-1", *, count=1, customer=None, status="open", **values):
    return place_order(
        values={"number": number, "status": status, **values},
        lines=[{"sku": f"TEA{n}", "title": f"Sencha {n}", "quantity": 2, "unit_price": "9.50"} for n in range(count)],
        customer=customer,
        channel=channel_for("web"),
    )


def text_of(answer):
    return " ".join(answer.content.decode().split())


def test_the_page_shows_lines_total_account_and_reference_without_a_sign_in(client):
    made = make_link(placed(shipping_minor=490))
    answer = client.get(f"/pay/{made.secret}")
    text = text_of(answer)
    assert answer.status_code == 200
    assert "Hain &amp; Hafen" in text
    assert "2 × Sencha 0" in text
    for said in ("€19.00", "€4.90", "€23.90 to pay", "DE02 1203 0000 0000 2020 51", "HH-1"):
        assert said in text
    assert made.link.amount_minor == 2390
    assert PaymentLink.objects.get().opened_at is not None


def test_a_customer_reads_their_own_language(client, order):
    made = make_link(order)
    assert '<html lang="zh-Hans">' in client.get(f"/pay/{made.secret}").content.decode()


def test_the_page_runs_no_script_and_tells_nobody_its_address(client, order):
    answer = client.get(f"/pay/{make_link(order).secret}")
    assert "script" not in answer.headers["Content-Security-Policy"]
    assert answer.headers["Content-Security-Policy"].startswith("default-src 'none'")
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    assert answer.headers["X-Robots-Tag"] == "noindex, nofollow, noarchive"
    assert answer.headers["Cache-Control"] == "no-store"
    assert "<script" not in answer.content.decode()


def test_the_secret_is_kept_nowhere(order):
    made = make_link(order)
    row = PaymentLink.objects.values().get()
    assert made.secret not in str(row)
    assert len(made.secret) == 32
    assert made.secret not in str(list(Entry.objects.values()))


def test_a_link_ends_with_its_time(client, order):
    made = make_link(order)
    with time_machine.travel(NOW + dt.timedelta(days=14, minutes=1)):
        answer = client.get(f"/pay/{made.secret}")
    assert answer.status_code == 410
    assert "Sencha" not in answer.content.decode()


def test_a_link_that_was_taken_back_shows_nothing(client, order):
    made = make_link(order)
    revoke_link(made.link)
    answer = client.get(f"/pay/{made.secret}")
    assert answer.status_code == 410
    assert "Sencha" not in answer.content.decode()
    assert list(
        Entry.objects.filter(name__startswith="payment_link").order_by("pk").values_list("name", flat=True)
    ) == [
        "payment_link.made",
        "payment_link.revoked",
    ]


def test_a_new_link_ends_the_one_before(client, order):
    first, second = make_link(order), make_link(order)
    assert client.get(f"/pay/{first.secret}").status_code == 410
    assert client.get(f"/pay/{second.secret}").status_code == 200


@pytest.mark.parametrize("status", ["paid", "cancelled"])
def test_what_is_paid_or_cancelled_gets_no_link(status):
    order = placed(status=status)
    with pytest.raises(NothingToPay):
        make_link(order)
    assert not PaymentLink.objects.exists()


def test_who_guesses_addresses_waits_and_a_right_one_still_opens(client, order):
    made = make_link(order)
    answers = [client.get(f"/pay/{n}").status_code for n in range(32)]
    assert answers[0] == 404
    assert answers[-1] == 429
    assert client.get(f"/pay/{made.secret}").status_code == 200


def test_nothing_can_be_sent_to_the_page(client, order):
    assert client.post(f"/pay/{make_link(order).secret}").status_code == 405


def test_the_page_asks_as_much_for_three_lines_as_for_one(client):
    counts = []
    for count in (1, 3):
        made = make_link(placed(f"HH-{count}", count=count))
        client.get(f"/pay/{made.secret}")
        with CaptureQueriesContext(connection) as asked:
            client.get(f"/pay/{made.secret}")
        counts.append(len(asked))
    assert counts[0] == counts[1] == 3
