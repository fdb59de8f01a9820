"""Outgoing webhooks: what is told, to whom, in which order, signed how, and what happens when nobody answers."""

import datetime as dt
import json

import pytest
from django.db import connection
from django.utils import timezone

from regulars.channels.models import Endpoint, Posting, PostingState
from regulars.channels.outgoing import messages, sending, signing, verbs
from regulars.channels.outgoing.fanning import Fan
from regulars.channels.tests.receiver import Receiver
from regulars.core import quarantine, resealing
from regulars.core.errors import Invalid
from regulars.customers.actions import change_customer, create_customer, delete_customer
from regulars.customers.actions.erasing import erase_now
from regulars.customers.facts import CustomerChanged
from regulars.staff.actions import create_token
from regulars.staff.models import StaffRole, User
from regulars.staff.roles import PERMISSIONS
from regulars.timeline.actions import record
from regulars.timeline.models import Entry


@pytest.fixture
def receiver(settings):
    settings.PRIVATE_HOSTS = frozenset({"127.0.0.1"})
    with Receiver() as server:
        yield server


@pytest.fixture
def webhook(ada, receiver):
    """Everything public is told to the receiver, as Ada sees it."""
    endpoint, secret = verbs.add_endpoint(name="Books", url=receiver.url, facts=[], by=ada)
    endpoint.plain = secret
    return endpoint


def go(fan=None):
    """What the pump does, once, in this thread."""
    (fan or Fan()).look()
    return sum(sending.send_due(endpoint_id=number, sender="test") for number in sending.ready())


def states(endpoint):
    return list(endpoint.postings.order_by("entry_id").values_list("fact", "state", "attempts"))


def later(endpoint, **ago):
    """As if this much time had passed."""
    ago = dt.timedelta(**ago)
    for row in endpoint.postings.all():
        tried = row.tried_since and row.tried_since - ago
        Posting.objects.filter(pk=row.pk).update(due_at=row.due_at - ago, tried_since=tried)
    row = Endpoint.objects.get(pk=endpoint.pk)
    Endpoint.objects.filter(pk=row.pk).update(
        failing_since=row.failing_since and row.failing_since - ago,
        rests_until=row.rests_until and row.rests_until - ago,
    )


def test_what_happens_is_told_in_order_and_signed(webhook, receiver, ada):
    customer = create_customer(values={"given_name": "Jonas", "family_name": "Wieck"})
    change_customer(customer, values={"email": "jonas@posteo.example"})
    assert go() == 2
    assert receiver.types == ["customer.created", "customer.changed"]
    assert all(one.is_signed_with(webhook.plain) for one in receiver.heard)
    assert not any(one.is_signed_with(signing.new_secret()) for one in receiver.heard)
    created, changed = (one.said for one in receiver.heard)
    entry = Entry.objects.get(name="customer.changed")
    assert created["data"]["customer"] == customer.public_id
    assert changed == {
        "type": "customer.changed",
        "timestamp": entry.recorded_at.astimezone(dt.UTC).isoformat().replace("+00:00", "Z"),
        "data": {
            "sequence": entry.pk,
            "at": entry.at.astimezone(dt.UTC).isoformat().replace("+00:00", "Z"),
            "customer": customer.public_id,
            "subject": {"type": "customer", "id": customer.public_id},
            "by": None,
            "source": "system",
            "fact": {"changes": {"email": ["", "jonas@posteo.example"]}},
        },
    }
    assert receiver.heard[1].id == messages.id_of(webhook, entry.pk)
    assert states(webhook) == [("customer.created", "sent", 1), ("customer.changed", "sent", 1)]
    assert go() == 0


def test_only_what_was_asked_for_is_told_and_only_from_then_on(ada, receiver):
    customer = create_customer(values={"given_name": "Li", "family_name": "Na"})
    endpoint, _secret = verbs.add_endpoint(name="Books", url=receiver.url, facts=["customer.changed"], by=ada)
    create_customer(values={"given_name": "Sofie", "family_name": "Dahl"})
    change_customer(customer, values={"email": "li@posteo.example"})
    go()
    assert receiver.types == ["customer.changed"]
    assert endpoint.postings.count() == 1


def test_facts_that_are_not_public_are_never_told(webhook, receiver, ada):
    create_token(user=ada, name="secret thing", scopes=["customers.view"])
    go()
    assert receiver.heard == []


def test_both_secrets_sign_for_a_day(webhook, receiver, ada):
    _endpoint, newer = verbs.rotate_secret(webhook, by=ada)
    create_customer(values={"given_name": "Li", "family_name": "Na"})
    go()
    (heard,) = receiver.heard
    assert heard.is_signed_with(webhook.plain)
    assert heard.is_signed_with(newer)
    webhook.refresh_from_db()
    tomorrow = timezone.now() + dt.timedelta(hours=25)
    assert [one.text for one in signing.living(webhook, now=tomorrow)] == [newer]
    assert newer not in webhook.secret


def test_a_secret_follows_to_new_keys(webhook):
    resealing.renew_all()
    webhook.refresh_from_db()
    assert [one.text for one in signing.living(webhook)] == [webhook.plain]


def test_a_refused_message_keeps_nobody_waiting(webhook, receiver):
    receiver.answers = [400]
    create_customer(values={"given_name": "Li", "family_name": "Na"})
    create_customer(values={"given_name": "Sofie", "family_name": "Dahl"})
    assert go() == 1
    assert states(webhook) == [("customer.created", "waiting", 1), ("customer.created", "sent", 1)]
    refused = webhook.postings.get(state="waiting")
    assert (refused.status, refused.error) == (400, "The answer was 400.")
    later(webhook, seconds=11)
    assert go() == 1
    assert receiver.heard[0].id == receiver.heard[2].id
    assert receiver.heard[0].body == receiver.heard[2].body


@pytest.mark.parametrize("answer", [503, 429, 502])
def test_where_nobody_is_everything_waits_in_its_order(webhook, receiver, answer):
    receiver.always = answer
    names = ["Li", "Sofie", "Mara"]
    for name in names:
        create_customer(values={"given_name": name, "family_name": "Dahl"})
    assert go() == 0
    assert len(receiver.heard) == 1
    assert sending.ready() == []
    receiver.always = 204
    later(webhook, seconds=11)
    assert go() == 3
    order = [one.said["data"]["sequence"] for one in receiver.heard]
    assert order == [order[0], *sorted(set(order))]


def test_when_it_is_back_all_that_waited_for_it_goes_at_once(webhook, receiver):
    receiver.always = 503
    create_customer(values={"given_name": "Li", "family_name": "Na"})
    for wait in (0, 11, 61, 301):
        later(webhook, seconds=wait)
        go()
    assert webhook.postings.get().attempts == 4
    receiver.always = 204
    create_customer(values={"given_name": "Sofie", "family_name": "Dahl"})
    later(webhook, seconds=301)
    assert go() == 2
    assert {state for _fact, state, _n in states(webhook)} == {"sent"}


def test_the_delay_grows_and_after_three_days_it_is_given_up(webhook, receiver):
    waits = []
    receiver.always = lambda one: 400 if one.said["type"] == "customer.created" else 204
    customer = create_customer(values={"given_name": "Li", "family_name": "Na"})
    for _try in range(len(sending.LADDER) + 1):
        go()
        row = webhook.postings.get(fact="customer.created")
        if row.state == PostingState.WAITING:
            waits.append(round((row.due_at - timezone.now()).total_seconds()))
        change_customer(customer, values={"email": f"li{_try}@posteo.example"})  # others are taken: the address is well
        go()
        later(webhook, seconds=waits[-1] + 1)
    assert waits == [int(step.total_seconds()) for step in sending.LADDER]
    assert sum(waits) > 3 * 24 * 3600
    row.refresh_from_db()
    assert (row.state, row.attempts) == (PostingState.GIVEN_UP, len(sending.LADDER) + 1)
    webhook.refresh_from_db()
    assert webhook.is_on
    receiver.always = 204
    assert verbs.replay_given_up(webhook) == 1
    assert go() == 1
    assert receiver.heard[-1].id == receiver.heard[0].id


def test_an_address_that_takes_nothing_for_three_days_is_switched_off_and_goes_on_later(webhook, receiver, ada):
    receiver.always = 500
    create_customer(values={"given_name": "Li", "family_name": "Na"})
    go()
    later(webhook, days=3, seconds=1)
    go()
    webhook.refresh_from_db()
    assert not webhook.is_on
    assert webhook.stopped_because == (
        "Nobody took a message there for three days. The last problem: The answer was 500."
    )
    assert Entry.objects.get(name="webhook.stopped").data["webhook"] == "Books"
    create_customer(values={"given_name": "Sofie", "family_name": "Dahl"})
    heard = len(receiver.heard)
    go()
    assert len(receiver.heard) == heard
    receiver.always = 204
    verbs.change_endpoint(webhook, by=ada, is_on=True)
    assert go() == 2
    assert [one.said["type"] for one in receiver.heard[heard:]] == ["customer.created"] * 2


def test_an_address_that_is_gone_is_switched_off_at_once(webhook, receiver):
    receiver.always = 410
    create_customer(values={"given_name": "Li", "family_name": "Na"})
    create_customer(values={"given_name": "Sofie", "family_name": "Dahl"})
    go()
    webhook.refresh_from_db()
    assert (webhook.is_on, len(receiver.heard)) == (False, 1)


def test_a_redirect_is_not_followed(webhook, receiver):
    receiver.always = 302
    create_customer(values={"given_name": "Li", "family_name": "Na"})
    assert go() == 0
    assert webhook.postings.get().error == "The answer leads elsewhere (302), and we do not follow."


def test_an_address_at_home_is_refused(ada, settings):
    settings.PRIVATE_HOSTS = frozenset()
    for url in (
        "http://127.0.0.1/",
        "https://127.1/",
        "https://[::1]/",
        "ftp://shop.example",
        "https://shop.example:8443",
    ):
        with pytest.raises(Invalid) as refusal:
            verbs.add_endpoint(name="Books", url=url, facts=[], by=ada)
        assert set(refusal.value.fields) == {"url"}
    assert Endpoint.objects.count() == 0


def test_an_address_that_leads_home_later_is_told_nothing(webhook, receiver, settings):
    settings.PRIVATE_HOSTS = frozenset()
    create_customer(values={"given_name": "Li", "family_name": "Na"})
    assert go() == 0
    assert receiver.heard == []
    assert webhook.postings.get().status is None


def test_in_quarantine_nothing_leaves(webhook, receiver):
    create_customer(values={"given_name": "Li", "family_name": "Na"})
    quarantine.begin(backup="b", taken_at=timezone.now())
    Fan().look()
    with pytest.raises(quarantine.HeldBack):
        sending.send_due(endpoint_id=webhook.pk, sender="test")
    with pytest.raises(quarantine.HeldBack):
        sending.send_test(endpoint_id=webhook.pk)
    assert receiver.heard == []
    quarantine.release()
    assert go() == 1


def masked(ben, **fields):
    role = StaffRole.objects.create(key="half", name="Half", permissions=sorted(PERMISSIONS), fields=fields)
    User.objects.filter(pk=ben.pk).update(role="half", definition=role)
    return User.objects.select_related("definition").get(pk=ben.pk)


def test_an_owner_who_sees_values_masked_is_told_them_masked(ben, receiver):
    ben = masked(ben, email="masked", phone="hidden")
    customer = create_customer(values={"given_name": "Li", "family_name": "Na"})
    verbs.add_endpoint(name="Books", url=receiver.url, facts=[], by=ben)
    change_customer(customer, values={"email": "li.na@posteo.example", "phone": "+49 431 1234567"})
    go()
    said = b"".join(one.body for one in receiver.heard).decode()
    assert "l•••@posteo.example" in said
    assert "li.na" not in said
    assert "1234567" not in said


def test_customers_whom_the_owner_does_not_see_are_not_told_of(ben, receiver):
    ben = masked(ben)
    StaffRole.objects.filter(key="half").update(sees="own")
    ben = User.objects.select_related("definition").get(pk=ben.pk)
    endpoint, _secret = verbs.add_endpoint(name="Books", url=receiver.url, facts=[], by=ben)
    theirs = create_customer(values={"given_name": "Li", "family_name": "Na", "looked_after_by": ben})
    create_customer(values={"given_name": "Sofie", "family_name": "Dahl"})
    go()
    assert [one.said["data"]["customer"] for one in receiver.heard] == [theirs.public_id]
    assert endpoint.postings.count() == 1


def test_an_owner_who_works_here_no_more_tells_nothing(ben, ada, receiver):
    ben = masked(ben)
    endpoint, _secret = verbs.add_endpoint(name="Books", url=receiver.url, facts=[], by=ben)
    create_customer(values={"given_name": "Li", "family_name": "Na"})
    Fan().look()
    User.objects.filter(pk=ben.pk).update(is_active=False)
    assert go() == 0
    assert receiver.heard == []
    endpoint.refresh_from_db()
    assert not endpoint.is_on
    assert endpoint.stopped_because.startswith("Ben Agent, whose webhook this is")
    verbs.change_endpoint(endpoint, by=ada, is_on=True)
    assert go() == 1


def test_whoever_changes_an_address_is_its_owner_from_then_on(ben, ada, webhook, receiver):
    ben = masked(ben, email="hidden")
    with Receiver() as other:
        verbs.change_endpoint(webhook, by=ben, url=other.url)
        webhook.refresh_from_db()
        assert webhook.owner_id == ben.pk
        customer = create_customer(values={"given_name": "Li", "family_name": "Na"})
        change_customer(customer, values={"email": "li.na@posteo.example"})
        go()
        assert b"li.na" not in b"".join(one.body for one in other.heard)
        assert len(other.heard) == 2
    verbs.rotate_secret(webhook, by=ada)
    webhook.refresh_from_db()
    assert webhook.owner_id == ada.pk


def test_a_person_who_was_forgotten_meanwhile_is_in_no_message(webhook, receiver, ada):
    customer = create_customer(values={"given_name": "Zebedee", "family_name": "Quux"})
    change_customer(customer, values={"email": "zebedee@posteo.example"})
    Fan().look()
    public_id = customer.public_id
    erase_now(customer)
    go()
    said = b"".join(one.body for one in receiver.heard).decode()
    assert "zebedee" not in said.lower()
    assert "quux" not in said.lower()
    assert [one.said["type"] for one in receiver.heard if one.said["data"]["customer"] == public_id] == []
    assert not webhook.postings.filter(state="waiting").exists()


def test_all_from_a_moment_on_is_told_again_under_the_same_ids(webhook, receiver):
    create_customer(values={"given_name": "Li", "family_name": "Na"})
    create_customer(values={"given_name": "Sofie", "family_name": "Dahl"})
    create_customer(values={"given_name": "Mara", "family_name": "Petersen"})
    go()
    since = Entry.objects.filter(name="customer.created").order_by("pk")[1].recorded_at
    verbs.replay_since(webhook, since=since)
    assert go() == 2
    first, second, third, *again = [one.id for one in receiver.heard]
    assert again == [second, third]
    assert first not in again


def test_a_message_that_was_sent_before_the_worker_ended_comes_twice_under_one_id(webhook, receiver, monkeypatch):
    create_customer(values={"given_name": "Li", "family_name": "Na"})
    with monkeypatch.context() as cut:
        cut.setattr(sending, "_noted", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            go()
    go()
    assert len({one.id for one in receiver.heard}) == 1
    assert len(receiver.heard) == 2


def test_two_senders_do_not_send_at_the_same_time(webhook, receiver):
    create_customer(values={"given_name": "Li", "family_name": "Na"})
    Fan().look()
    assert sending._take(webhook.pk, "one")
    assert sending.ready() == []
    assert sending.send_due(endpoint_id=webhook.pk, sender="two") == 0
    assert receiver.heard == []


def test_what_becomes_visible_late_is_told_too(webhook, receiver, monkeypatch):
    """On PostgreSQL an entry with a lower id may appear after one with a higher id was told."""
    customer = create_customer(values={"given_name": "Li", "family_name": "Na"})
    fan = Fan()
    monkeypatch.setattr("regulars.channels.outgoing.fanning._sealed", lambda: 0)
    early = record(CustomerChanged(changes={}), customer=customer)
    Entry._base_manager.filter(pk=early.pk).update(name="held.back")
    record(CustomerChanged(changes={}), customer=customer)
    go(fan)
    told = len(receiver.heard)
    Entry._base_manager.filter(pk=early.pk).update(name="customer.changed")
    if connection.vendor == "postgresql":
        monkeypatch.setattr("regulars.channels.outgoing.fanning._sealed", lambda: early.pk + 1)
        go(fan)
        assert len(receiver.heard) == told + 1


def test_an_import_fills_no_table_that_nobody_empties(webhook, receiver, monkeypatch):
    monkeypatch.setattr("regulars.channels.outgoing.fanning.MOST_WAITING", 3)
    monkeypatch.setattr("regulars.channels.outgoing.fanning._AT_ONCE", 2)
    for number in range(9):
        create_customer(values={"given_name": f"N{number}", "family_name": "Dahl"})
    fan = Fan()
    fan.look()
    assert webhook.postings.count() <= 4
    for _round in range(6):
        go(fan)
    assert len(receiver.heard) == 9
    order = [one.said["data"]["sequence"] for one in receiver.heard]
    assert order == sorted(order)


def test_what_was_taken_is_forgotten_after_thirty_days_and_what_was_given_up_is_not(webhook, receiver):
    for name in ("Li", "Sofie"):
        create_customer(values={"given_name": name, "family_name": "Dahl"})
    go()
    first, second = webhook.postings.order_by("entry_id")
    long_ago = timezone.now() - dt.timedelta(days=31)
    Posting.objects.filter(pk=first.pk).update(sent_at=long_ago)
    Posting.objects.filter(pk=second.pk).update(sent_at=long_ago, state=PostingState.GIVEN_UP)
    sending.forget_sent()
    assert [row.pk for row in webhook.postings.all()] == [second.pk]


def test_the_test_message_says_what_came_of_it(webhook, receiver):
    assert sending.send_test(endpoint_id=webhook.pk).is_taken
    (heard,) = receiver.heard
    assert heard.said["type"] == "webhook.test"
    assert heard.is_signed_with(webhook.plain)
    receiver.always = 500
    assert sending.send_test(endpoint_id=webhook.pk) == sending.Outcome(500, "The answer was 500.")
    webhook.refresh_from_db()
    assert webhook.failing_since is None


def test_deletion_is_told_so_that_the_other_side_can_follow(webhook, receiver):
    customer = create_customer(values={"given_name": "Li", "family_name": "Na"})
    delete_customer(customer)
    go()
    assert receiver.types == ["customer.created", "customer.deleted"]
    assert receiver.heard[1].said["data"]["fact"]["public_id"] == customer.public_id
    json.dumps(receiver.heard[1].said)
