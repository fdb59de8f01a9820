"""Whoever reads somebody is in the log: by whichever page or call it was, and it costs the page no question."""

from __future__ import annotations

import pytest
from django.urls import reverse

from regulars.channels.actions import channel_for
from regulars.config.api import api
from regulars.customers import panels
from regulars.customers import urls as customer_urls
from regulars.customers.actions import create_customer
from regulars.customers.privacy import urls as privacy_urls
from regulars.timeline.actions import open_words, take_in_reads
from regulars.timeline.actions.reading import spool
from regulars.timeline.models import Entry

ALONE = "<str:public_id>"


@pytest.fixture
def jonas(db):
    return create_customer(
        values={"name": "Jonas Wieck", "email": "jonas@posteo.example", "phone": "+49 30 901820"},
        channel=channel_for("web"),
        external_id="A-17",
        address={"line1": "Werftstraße 3", "city": "Kiel", "postcode": "24143", "country": "DE"},
    )


def reads_of(customer, name="customer.opened"):
    take_in_reads()
    return Entry.objects.filter(name=name, customer=customer)


def pages():
    for prefix, module in (("customers", customer_urls), ("privacy", privacy_urls)):
        for pattern in module.urlpatterns:
            if ALONE in str(pattern.pattern) and str(pattern.pattern).count("<") == 1:
                yield f"{prefix}:{pattern.name}"


@pytest.mark.parametrize("name", sorted(pages()))
def test_every_page_of_one_customer_is_written_down(client_of, ada, jonas, name):
    response = client_of(ada).get(reverse(name, args=[jonas.public_id]))
    opened = list(reads_of(jonas))
    if response.status_code in {200, 422}:
        assert [(entry.actor_id, entry.source) for entry in opened] == [(ada.pk, "page")]
    else:
        assert response.status_code in {302, 404, 405}
        assert opened == []


def test_most_of_them_are_pages_that_show_something(client_of, ada, jonas):
    client = client_of(ada)
    there = [client.get(reverse(name, args=[jonas.public_id])).status_code for name in pages()]
    there = [status for status in there if status in {200, 422}]
    assert len(there) >= 12
    assert reads_of(jonas).count() == len(there)


@pytest.mark.parametrize("slug", [panel.slug for panel in panels.at(panels.Place.TAB)] or ["timeline"])
def test_every_tab_is_written_down_by_its_name(client_of, ada, jonas, slug):
    assert client_of(ada).get(f"/customers/{jonas.public_id}/{slug}").status_code == 200
    assert [entry.data["part"] for entry in reads_of(jonas)] == [slug]


def calls():
    """The reading operations of the API that are about one customer."""
    for path, view in api._routers and [
        (path, operation) for _prefix, router in api._routers for path, operation in router.path_operations.items()
    ]:
        for operation in view.operations:
            if operation.methods == ["GET"] and path.count("{") == 1 and "{customer_id}" in path:
                yield path


def test_every_call_about_one_customer_is_written_down_with_its_token(api_of, ada, jonas):
    program = api_of(ada)
    token = ada.tokens.get()
    paths = sorted(set(calls()))
    assert len(paths) >= 5
    for number, path in enumerate(paths, start=1):
        answer = program.get(path.replace("{customer_id}", jonas.public_id))
        assert answer.status_code == 200, path
        entries = reads_of(jonas)
        assert entries.count() == number, path
        assert {(entry.actor_id, entry.source, entry.token_id) for entry in entries} == {(ada.pk, "api", token.pk)}


@pytest.mark.parametrize(
    ("path", "query", "words"),
    [
        ("/customers", {"q": "wieck"}, "q=wieck"),
        ("/customers", {"email": "jonas@posteo.example"}, "email=jonas@posteo.example"),
        ("/customers", {"phone": "901820"}, "phone=901820"),
        ("/customers", {"email": "jonas@posteo.example", "city": "Kiel"}, "email=jonas@posteo.example"),
        ("/customers/people", {"who": "wieck"}, "q=wieck"),
        ("/find", {"q": "wieck"}, "q=wieck"),
    ],
)
def test_a_search_is_kept_encrypted_with_whom_it_showed(client_of, ada, jonas, path, query, words):
    assert client_of(ada).get(path, query).status_code == 200
    take_in_reads()
    entry = Entry.objects.get(name="customers.searched")
    assert open_words(entry) == words
    assert (entry.data["count"], entry.data["shown"]) == (1, [jonas.pk])
    assert "ieck" not in str(entry.data)
    assert (entry.actor_id, entry.customer_id) == (ada.pk, None)


def test_looking_at_a_crowd_is_no_search_for_a_person(client_of, ada, jonas):
    client = client_of(ada)
    client.get("/customers")
    client.get("/customers", {"customer_countries": "DE", "sort": "-amount_spent"})
    take_in_reads()
    assert not Entry.objects.filter(name="customers.searched").exists()


def test_programs_that_search_are_written_down_too(api_of, ada, jonas):
    program = api_of(ada)
    program.get("/customers", {"q": "wieck"})
    program.get("/customers", {"external_id": "A-17"})
    take_in_reads()
    found = Entry.objects.filter(name="customers.searched").order_by("pk")
    assert [open_words(entry) for entry in found] == ["q=wieck", "external_id=A-17"]
    assert {entry.token_id for entry in found} == {ada.tokens.get().pk}


def test_what_nobody_was_shown_is_not_written_down(client_of, ada, charlie, jonas):
    assert client_of(charlie).get(f"/customers/{jonas.public_id}").status_code == 403
    assert client_of(ada).get("/customers/cus_0000000000000").status_code == 404
    assert client_of(ada).get(f"/customers/{jonas.public_id}/nothing").status_code == 404
    assert not reads_of(jonas).exists()


def test_nothing_is_shown_that_could_not_be_written_down(client_of, ada, jonas, monkeypatch):
    client = client_of(ada)
    client.get("/customers")
    monkeypatch.setattr(spool(), "limit", 10)
    response = client.get(f"/customers/{jonas.public_id}")
    assert response.status_code == 503
    assert "could not be written down" in response.content.decode()
    assert "Wieck" not in response.content.decode()
    assert "Wieck" not in client.get("/customers", {"q": "jonas"}).content.decode()
    monkeypatch.undo()
    assert not reads_of(jonas).exists()


def test_a_call_that_could_not_be_written_down_is_a_problem(api_of, ada, jonas, monkeypatch):
    program = api_of(ada)
    monkeypatch.setattr(spool(), "limit", 10)
    answer = program.get(f"/customers/{jonas.public_id}")
    assert answer.status_code == 503
    assert answer["Content-Type"] == "application/problem+json"
    assert "Wieck" not in answer.content.decode()


def test_a_search_for_somebody_who_is_erased_says_nothing_any_more(
    client_of, ada, jonas, django_capture_on_commit_callbacks
):
    from regulars.customers.actions import delete_customer, erase_customer
    from regulars.timeline import audit
    from regulars.timeline.actions import seal_entries

    client = client_of(ada)
    client.get("/customers", {"q": "wieck"})
    take_in_reads()
    seal_entries()
    client.get("/customers", {"q": "jonas wieck"})
    client.get("/customers", {"email": "jonas@posteo.example"})  # still on its way when they are erased
    with django_capture_on_commit_callbacks(execute=True):
        delete_customer(jonas)
        erase_customer(jonas)
    take_in_reads()
    found = list(Entry.objects.filter(name="customers.searched").order_by("pk"))
    assert len(found) == 3
    assert {open_words(entry) for entry in found} == {""}
    assert not [entry for entry in found if jonas.pk in entry.data.get("shown", ())]
    seal_entries()
    assert audit.verify().is_sound
