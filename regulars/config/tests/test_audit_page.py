import datetime as dt
import json

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from regulars.config.audit_log import DOORS, SIZE
from regulars.customers.actions import change_customer, create_customer
from regulars.timeline import audit
from regulars.timeline.actions import acting, record_many, seal_entries, take_in_reads
from regulars.timeline.models import Entry, Seal, Source
from regulars.timeline.proving import prove_log
from regulars.timeline.tests.test_reactions import BellRung


@pytest.fixture
def elodie(db, ada):
    with acting(ada.pk, Source.PAGE):
        known = create_customer(values={"name": "Élodie Marchand", "email": "elodie@posteo.example"})
        change_customer(known, values={"company": "Hain GmbH"})
    return known


def shown(response):
    return response.content.decode()


def test_the_owner_reads_who_changed_what_from_which_value_to_which(client_of, ada, elodie):
    text = shown(client_of(ada).get("/settings/audit"))
    assert "Élodie Marchand" in text
    assert "Hain GmbH" in text
    assert "Ada Owner" in text
    assert str(DOORS[Source.PAGE]) in text


def test_what_was_read_and_searched_is_told_with_its_words(client_of, ada, elodie):
    client = client_of(ada)
    client.get(f"/customers/{elodie.public_id}")
    client.get("/customers", {"q": "marchand"})
    take_in_reads()
    assert "marchand" not in json.dumps(Entry.objects.get(name="customers.searched").data)
    text = shown(client.get("/settings/audit", {"what": "read"}))
    assert "“q=marchand”" in text
    assert "Looked for customers" in text
    assert "Looked at: the page" in text
    assert "Hain GmbH" not in text


def test_filters_narrow_it(client_of, ada, ben, elodie):
    client = client_of(ada)
    with acting(ben.pk, Source.API):
        change_customer(elodie, values={"company": "Hafen AG"})
    of_ben = shown(client.get("/settings/audit", {"who": ben.public_id}))
    assert "Hafen AG" in of_ben
    assert "Became known" not in of_ben
    assert "Became known" not in shown(client.get("/settings/audit", {"door": "api"}))
    other = create_customer(values={"name": "Somebody else"})
    assert "Somebody else" not in shown(client.get("/settings/audit", {"customer": elodie.public_id}))
    assert "Somebody else" in shown(client.get("/settings/audit", {"customer": other.public_id}))
    assert "Became known" in shown(client.get("/settings/audit", {"what": "customer.created"}))
    today = timezone.localdate()
    yesterday = today - dt.timedelta(days=2)
    assert "Hafen AG" in shown(client.get("/settings/audit", {"since": yesterday.isoformat()}))
    assert "Hafen AG" not in shown(client.get("/settings/audit", {"until": yesterday.isoformat()}))


def test_days_are_found_by_the_seals(client_of, ada, elodie):
    long_ago = timezone.now() - dt.timedelta(days=20)
    Entry.objects.update(recorded_at=long_ago)
    seal_entries()
    Seal.objects.update(made_at=long_ago + dt.timedelta(minutes=1))
    with acting(ada.pk, Source.PAGE):
        change_customer(elodie, values={"company": "Neu"})
    text = shown(client_of(ada).get("/settings/audit", {"since": (timezone.localdate()).isoformat()}))
    assert "Neu" in text
    assert "Became known" not in text
    assert "Became known" in shown(
        client_of(ada).get("/settings/audit", {"until": (long_ago + dt.timedelta(days=1)).date().isoformat()})
    )


@pytest.mark.parametrize(
    "query", [{"customer": "cus_nobody"}, {"since": "yesterday"}, {"until": "2026-02-31"}]
)  # fmt: skip
def test_what_nobody_understands_is_said(client_of, ada, query):
    response = client_of(ada).get("/settings/audit", query)
    assert response.status_code == 400
    assert 'role="alert"' in shown(response)


def test_pages_follow_one_another(client_of, ada, elodie):
    record_many(((elodie.pk, BellRung(times=number)) for number in range(SIZE + 10)), subject=type(elodie))
    client = client_of(ada)
    first = client.get("/settings/audit", {"customer": elodie.public_id})
    assert shown(first).count("<li data-row>") == SIZE
    cursor = Entry.objects.order_by("-pk")[SIZE - 1].pk
    assert f"before={cursor}" in shown(first)
    second = client.get("/settings/audit", {"customer": elodie.public_id, "before": cursor})
    assert shown(second).count("<li data-row>") == 12


def test_the_page_asks_as_much_for_three_entries_as_for_one(client_of, ada, elodie, django_assert_num_queries):
    client = client_of(ada)
    client.get("/settings/audit")
    with CaptureQueriesContext(connection) as one:
        client.get("/settings/audit", {"customer": elodie.public_id})
    other = create_customer(values={"name": "Wieck"})
    for number in range(3):
        change_customer(other, values={"company": f"GmbH {number}"})
        other.refresh_from_db()
    with django_assert_num_queries(len(one)):
        client.get("/settings/audit", {"customer": other.public_id})


def test_it_says_until_when_the_log_is_proven_and_raises_the_alarm(client_of, ada, elodie):
    client = client_of(ada)
    prove_log()
    assert "as they were" in shown(client.get("/settings/audit"))
    entry = Entry.objects.filter(name="customer.changed").get()
    Entry.objects.filter(pk=entry.pk).update(subject_id=4)
    prove_log()
    sentence = f"Entry {entry.pk} was changed"
    assert sentence in shown(client.get("/settings/audit"))
    assert sentence in shown(client.get("/"))
    assert Entry.objects.get(name="audit.failed").data["problem"].startswith(sentence)


def test_the_export_asks_what_for_and_says_that_it_went(client_of, ada, elodie):
    seal_entries()
    client = client_of(ada)
    refused = client.post("/settings/audit/export", {"_go": "1", "customer": elodie.public_id})
    assert refused.status_code == 422
    response = client.post(
        "/settings/audit/export", {"_go": "1", "customer": elodie.public_id, "reason": "the authority asks"}
    )
    lines = [json.loads(line) for line in response.getvalue().decode().splitlines()]
    assert [line["name"] for line in lines] == ["customer.created", "customer.changed"]
    assert all(len(line["digest"]) == 32 and line["seal"] == 1 for line in lines)
    assert lines[0]["customer"] == elodie.public_id
    told = Entry.objects.get(name="audit.exported")
    assert (told.data["count"], told.data["reason"], told.actor_id) == (2, "the authority asks", ada.pk)


@pytest.mark.parametrize("path", ["/settings/audit", "/settings/audit/export"])
def test_charlie_and_everybody_but_the_owner_are_refused(client_of, ben, charlie, path):
    for user in (ben, charlie):
        assert client_of(user).get(path).status_code == 403


def test_who_looked_is_on_the_customers_page_for_the_owner_alone(client_of, ada, ben, elodie):
    client_of(ben).get(f"/customers/{elodie.public_id}")
    take_in_reads()
    text = shown(client_of(ada).get(f"/customers/{elodie.public_id}/looks"))
    assert "Looked at: the page" in text
    assert "by Ben Agent" in text
    assert client_of(ben).get(f"/customers/{elodie.public_id}/looks").status_code == 404
    assert "Looked at" not in shown(client_of(ben).get(f"/customers/{elodie.public_id}/changes"))
    assert audit.verify().is_sound
