"""Settings > Channels: what each page shows, to whom, and what can be done on it."""

import datetime as dt
from decimal import Decimal

import pytest
from django.core.cache import cache
from django.db import connection as database
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from regulars.channels import applying, health, secrets
from regulars.channels.actions import channel_for, connect, pulling
from regulars.channels.connectors import registry
from regulars.channels.connectors.protocol import Day, Option, Page, Unreached
from regulars.channels.models import Channel, Comparison, Connection, Delivery, Difference, Fate, Kind
from regulars.channels.records import CustomerRecord
from regulars.staff.models import StaffRole, User
from regulars.staff.roles import PERMISSIONS
from regulars.timeline.actions import take_in_reads
from regulars.timeline.models import Entry

NOW = dt.datetime(2026, 3, 1, 9, 41, tzinfo=dt.UTC)
CUSTOMER = {
    "type": "customer",
    "id": "7",
    "updated_at": "2026-03-01T09:41:00Z",
    "given_name": "Jonas",
    "family_name": "Wieck",
    "email": "jonas@posteo.example",
}


class Stall:
    """A system that asks for an address and a password, and can be fetched from."""

    provider, label, channel_kind, guide = "stall", "A stall", Kind.STORE, "The keys hang under the counter."
    options = (Option("address", "Address of the stall"), Option("password", "Password", is_secret=True))

    def __init__(self):
        self.asked, self.refuses = [], ""

    def genuine(self, _incoming, _secrets):
        raise AssertionError

    def records(self, _topic, _body, _link):
        return []

    def pull(self, link, cursor):
        self.asked.append((dict(link.options), dict(link.secrets), dict(cursor)))
        if self.refuses:
            raise Unreached(self.refuses)
        record = CustomerRecord(external_id="1", version=NOW, given_name="Mara", family_name="Petersen")
        yield Page(records=[record], cursor={"after": 1}, total=1)

    def days(self, _link, since, _until):
        return {since: Day(count=3, total=Decimal("30.00"))}

    def orders_of(self, _link, _day):
        return []

    def subscribe(self, _link, address):
        self.asked.append(address)
        return ["orders", "customers"]


@pytest.fixture
def stall(monkeypatch):
    """The stall among the connectors."""
    made = Stall()
    monkeypatch.setattr(registry, "_ALL", (*registry._ALL, made))
    return made


@pytest.fixture
def joined(db, stall):
    """A channel that is joined to the stall."""
    return connect(
        channel=channel_for("market", name="Market"),
        provider="stall",
        name="The stall",
        options={"address": "Fischmarkt 1"},
        secrets={"password": "herring"},
    )


def address(connection, more=""):
    return f"/settings/channels/joined/{connection.public_id}{more}"


def text(answer):
    return answer.content.decode()


def test_the_list_shows_each_channel_and_how_it_goes(client_of, ada, till):
    channel_for("web", name="Web shop")
    till.send(CUSTOMER)
    page = text(client_of(ada).get("/settings/channels"))
    assert "Web shop" in page
    assert "Join it to its system" in page
    assert "Your own program or till" in page
    assert "busy" in page
    applying.drain()
    assert "works" in text(client_of(ada).get("/settings/channels"))


def test_a_channel_is_added_and_renamed(client_of, ada):
    client = client_of(ada)
    assert "There is no channel yet" in text(client.get("/settings/channels"))
    client.post("/settings/channels/add", {"name": "Fish market", "kind": "store"})
    channel = Channel.objects.get(code="fish-market")
    again = client.post("/settings/channels/add", {"name": "Fish market", "kind": "store"})
    assert again.status_code == 422
    assert "There is a channel with the code" in text(again)
    assert 'value="Fish market"' in text(again)
    here = f"/settings/channels/{channel.public_id}"
    assert client.post(f"{here}/change", {"name": "", "kind": "store"}).status_code == 422
    client.post(f"{here}/change", {"name": "Altona market", "kind": "marketplace"})
    channel.refresh_from_db()
    assert (channel.name, channel.kind, channel.code) == ("Altona market", "marketplace", "fish-market")
    assert Entry.objects.get(name="channel.changed").data["changes"]["name"] == ["Fish market", "Altona market"]


def test_a_channel_is_joined_and_its_secrets_are_never_shown_again(client_of, ada, stall):
    client, channel = client_of(ada), channel_for("market", name="Market")
    here = f"/settings/channels/{channel.public_id}/join/stall"
    page = text(client.get(here))
    assert "The keys hang under the counter." in page
    sent = {"name": "The stall", "option_address": "Fischmarkt 1", "option_password": ""}
    refused = client.post(here, sent)
    assert refused.status_code == 422
    assert "Fischmarkt 1" in text(refused)
    made = client.post(here, sent | {"option_password": "herring"})
    found = Connection.objects.get()
    key = secrets.opened(found)[secrets.KEY]
    assert key in text(made)
    assert f"/hooks/{found.public_id}" in text(made)
    page = text(client.get(address(found)))
    assert "Fischmarkt 1" in page
    assert "herring" not in page
    assert key not in page
    client.post(address(found, "/change"), sent | {"option_address": "Fischmarkt 2"})
    found.refresh_from_db()
    assert found.options == {"address": "Fischmarkt 2"}
    assert secrets.opened(found)["password"] == "herring"
    assert client.get(f"/settings/channels/{channel.public_id}/join/nothing").status_code == 404


def test_every_connector_has_a_form(client_of, ada):
    client, channel = client_of(ada), channel_for("web")
    for connector in registry.connectors():
        page = client.get(f"/settings/channels/{channel.public_id}/join/{connector.provider}")
        assert page.status_code == 200
        assert client.post(f"/settings/channels/{channel.public_id}/join/{connector.provider}", {}).status_code == 422
    assert not Connection.objects.exists()


def test_two_keys_live_while_one_takes_the_place_of_the_other(client_of, ada, till):
    client = client_of(ada)
    former = till.key
    page = text(client.post(address(till.connection, "/key")))
    known = secrets.opened(Connection.objects.get())
    assert known[secrets.KEY] in page
    assert known[secrets.KEY_BEFORE] == former
    assert former not in page
    page = text(client.get(address(till.connection)))
    assert "End the former key" in page
    assert known[secrets.KEY] not in page
    client.post(address(till.connection, "/key"), {"drop": "1"})
    assert secrets.KEY_BEFORE not in secrets.opened(Connection.objects.get())


def test_fetching_shows_how_far_it_is_and_can_be_stopped(client_of, ada, joined, stall, run_jobs):
    client = client_of(ada)
    assert "Fetch everything" in text(client.get(address(joined)))
    client.post(address(joined, "/fetch"))
    client.post(address(joined, "/fetch"))
    assert "waits for the background worker" in text(client.get(address(joined), headers={"HX-Target": "state"}))
    client.post(address(joined, "/stop"))
    run_jobs()
    assert stall.asked == []
    assert "Fetching</b>" not in text(client.get(address(joined)))
    client.post(address(joined, "/fetch"))
    run_jobs()
    assert stall.asked == [({"address": "Fischmarkt 1"}, dict(secrets.opened(joined)), {})]
    assert "Fetch what is new" in text(client.get(address(joined)))
    stall.refuses = "The stall is closed."
    with pytest.raises(Unreached):
        pulling.pull(connection_id=joined.pk)
    page = text(client.get(address(joined)))
    assert "The stall is closed." in page
    assert "look at it" in page


def test_pausing_asking_and_taking_off(client_of, ada, joined, stall):
    client = client_of(ada)
    client.post(address(joined, "/subscribe"))
    assert stall.asked == [f"http://testserver/hooks/{joined.public_id}"]
    client.post(address(joined, "/switch"))
    assert not Connection.objects.get().is_on
    assert "paused" in text(client.get(address(joined)))
    client.post(address(joined, "/switch"), {"is_on": "on"})
    assert Connection.objects.get().is_on
    client.post(address(joined, "/remove"))
    assert not Connection.objects.exists()
    assert client.get(address(joined)).status_code == 404


def poison(till, number):
    till.send({"type": "order", "id": str(number)})


def test_deliveries_are_found_by_fate_and_number_and_taken_in_again(client_of, ada, till):
    client = client_of(ada)
    assert "Nothing was delivered yet" in text(client.get(address(till.connection)))
    till.send(CUSTOMER)
    poison(till, 1)
    applying.drain()
    good, bad = Delivery.objects.order_by("pk")
    assert (good.fate, bad.fate) == (Fate.APPLIED, Fate.FAILED)
    here = address(till.connection)
    links = {row: f"/deliveries/{row.pk}" for row in (good, bad)}
    for query, shown in (
        ("", {good, bad}),
        ("?fate=failed", {bad}),
        ("?fate=applied", {good}),
        ("?id=7", {good}),
        ("?id=8", set()),
        ("?id=7&fate=failed", set()),
        (f"?before={bad.pk}", {good}),
        ("?before=x&fate=x", {good, bad}),
    ):
        page = text(client.get(f"{here}{query}"))
        assert {row for row, link in links.items() if link in page} == shown, query
    client.post(address(till.connection, "/again"))
    bad.refresh_from_db()
    assert bad.fate == Fate.WAITING
    applying.drain()
    client.post(address(till.connection, "/again"), {"delivery": good.pk})
    good.refresh_from_db()
    assert good.fate == Fate.WAITING


def test_deliveries_are_paged_without_counting_all(till):
    for number in range(7):
        till.send(CUSTOMER | {"id": str(number)})
    applying.drain()
    Delivery.objects.filter(external_id__in=["2", "5"]).update(fate=Fate.FAILED)
    found, before = [], None
    with CaptureQueriesContext(database) as asked:
        while True:
            rows, before = health.deliveries(till.connection, before=before, limit=3)
            found += rows
            if before is None:
                break
    assert [row.external_id for row in found] == ["6", "5", "4", "3", "2", "1", "0"]
    assert not any("COUNT(" in query["sql"] for query in asked.captured_queries)


def test_a_delivery_says_what_it_tells_and_that_it_was_read(client_of, ada, till):
    till.send(CUSTOMER)
    applying.drain()
    delivery = Delivery.objects.get()
    page = text(client_of(ada).get(address(till.connection, f"/deliveries/{delivery.pk}")))
    assert "Customer 7: Jonas Wieck" in page
    assert "&quot;family_name&quot;: &quot;Wieck&quot;" in page
    take_in_reads()
    entry = Entry.objects.get(name="delivery.read")
    assert (entry.actor, entry.customer_id) == (ada, delivery.customer_id)


def test_what_cannot_be_read_is_shown_as_it_came(client_of, ada, till):
    till.send(b"{nothing of the kind")
    applying.drain()
    delivery = Delivery.objects.get()
    page = text(client_of(ada).get(address(till.connection, f"/deliveries/{delivery.pk}")))
    assert "{nothing of the kind" in page
    assert "is not JSON" in page


@pytest.mark.parametrize("limit", [{"fields": {"email": "masked"}}, {"sees": "own"}])
def test_whoever_sees_less_reads_no_delivery(client_of, ben, till, limit):
    role = StaffRole.objects.create(key="half", name="Half", permissions=sorted(PERMISSIONS), **limit)
    User.objects.filter(pk=ben.pk).update(role="half", definition=role)
    till.send(CUSTOMER)
    applying.drain()
    delivery = Delivery.objects.get()
    page = text(client_of(User.objects.get(pk=ben.pk)).get(address(till.connection, f"/deliveries/{delivery.pk}")))
    assert "Wieck" not in page
    assert "jonas@" not in page
    take_in_reads()
    assert not Entry.objects.filter(name="delivery.read").exists()


def differing(joined):
    day = Comparison.objects.create(
        connection=joined, on=dt.date(2026, 3, 1), currency="EUR",
        their_count=3, their_minor=3000, our_count=2, our_minor=2000,
    )  # fmt: skip
    return Difference.objects.create(
        comparison=day, reason="missing_here", number="N-7", external_id="7", currency="EUR", their_minor=1000
    )


def test_days_that_differ_are_listed_with_each_order_and_its_fix(client_of, ada, joined, stall):
    client = client_of(ada)
    assert "No day was compared yet" in text(client.get(address(joined, "/days")))
    difference = differing(joined)
    Comparison.objects.create(
        connection=joined, on=dt.date(2026, 3, 2), currency="EUR",
        their_count=1, their_minor=500, our_count=1, our_minor=500,
    )  # fmt: skip
    page = text(client.get(address(joined, "/days")))
    for said in ("N-7", "Missing here", "€30.00", "€20.00", "differs", "agrees", "Take it from the platform"):
        assert said in page
    page = text(client.get(address(joined, "/days?show=different")))
    assert "2 Mar" not in page
    answer = client.post(address(joined, f"/days/{difference.pk}"))
    assert answer.status_code in {302, 422}
    assert client.post(address(joined, "/days/0")).status_code == 404


def test_days_are_compared_on_demand(client_of, ada, joined, run_jobs):
    client = client_of(ada)
    wrong = client.post(address(joined, "/days/new"), {"since": "2026-03-02", "until": "2026-03-01"})
    assert wrong.status_code == 422
    client.post(address(joined, "/days/new"), {"since": "2026-03-01", "until": "2026-03-01"})
    assert "being compared" in text(client.get(address(joined, "/days")))
    run_jobs()
    day = Comparison.objects.get()
    assert (day.on, day.their_count, day.our_count) == (dt.date(2026, 3, 1), 3, 0)


def test_who_may_look_may_not_change(client_of, ben, joined):
    role = StaffRole.objects.create(key="looks", name="Looks", permissions=["channels.view"])
    User.objects.filter(pk=ben.pk).update(role="looks", definition=role)
    client = client_of(User.objects.get(pk=ben.pk))
    difference = differing(joined)
    for more in ("", "/days"):
        page = client.get(address(joined, more))
        assert page.status_code == 200
        assert '<form method="post"' not in text(page).partition('id="main"')[2].partition("</main>")[0]
    deeds = ("change", "fetch", "stop", "switch", "key", "subscribe", "again", "remove", "days/new")
    for deed in (*deeds, f"days/{difference.pk}"):
        assert client.post(address(joined, f"/{deed}")).status_code == 403
    assert client.post("/settings/channels/add", {"name": "x", "kind": "web"}).status_code == 403
    assert Connection.objects.get().is_on


def test_charlie_sees_nothing_of_it(client_of, charlie, joined):
    client = client_of(charlie)
    for one in ("/settings/channels", f"/settings/channels/{joined.channel.public_id}", address(joined)):
        assert client.get(one).status_code == 403


def test_lists_ask_as_often_for_three_as_for_one(client_of, ada, stall):
    client, counts = client_of(ada), []
    for number in range(3):
        channel = channel_for(f"market-{number}", name=f"Market {number}")
        found = connect(
            channel=channel, provider="stall", name="The stall", options={"address": "x"}, secrets={"password": "y"}
        )
        Delivery.objects.create(connection=found, event="1", body=b"x", fate=Fate.FAILED)
        one = Connection.objects.order_by("pk").first()
        Delivery.objects.create(connection=one, event=f"more {number}", body=b"x", fate=Fate.APPLIED)
        row = differing(one) if not number else Difference.objects.first()
        Difference.objects.create(comparison=row.comparison, reason="amount", number=f"N-{number}")
        both = []
        for here in ("/settings/channels", address(one), address(one, "/days")):
            client.get(here)
            with CaptureQueriesContext(database) as asked:
                client.get(here)
            both.append(len(asked))
        counts.append(both)
    assert counts[0] == counts[2]


def test_what_waits_too_long_is_told(client_of, ada, till):
    till.send(CUSTOMER)
    Delivery.objects.update(received_at=timezone.now() - dt.timedelta(minutes=5))
    assert "nobody takes them in" in text(client_of(ada).get(address(till.connection)))


def test_the_foot_tells_when_something_came_last(client_of, ada, charlie, till, joined):
    assert health.fresh(ada) == []
    cache.clear()
    till.send(CUSTOMER)
    (one,) = health.fresh(ada)
    assert (one.name, one.is_bad, timezone.now() - one.at < dt.timedelta(minutes=1)) == ("Till", False, True)
    assert 'class="dot"></span>Till' in text(client_of(ada).get("/customers"))
    assert health.fresh(charlie) == []
    with CaptureQueriesContext(database) as asked:
        health.fresh(ada)
    assert len(asked) == 0
