"""The pages of people's rights: who may see them, what they do, and that lists cost the same however long they are."""

import datetime as dt
import io
import json
import zipfile
from http import HTTPStatus

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from regulars.customers.actions import create_customer
from regulars.customers.actions.consent import record_consent
from regulars.customers.actions.privacy import ask_for_right, limit_person
from regulars.customers.models import Customer, Erasure, Limit, PrivacyRequest, PrivacySettings, RetentionRule
from regulars.customers.privacy import permitting
from regulars.staff.actions.sign_in import PROVED

PAGES = ("", "/limits", "/erasures", "/rules", "/consents", "/processing", "/rules/inactive", "/new")


@pytest.fixture
def elodie(db):
    return create_customer(values={"name": "Élodie Marchetti", "email": "elodie@posteo.example"})


@pytest.fixture
def owner(client_of, ada):
    return client_of(ada)


@pytest.mark.parametrize("page", PAGES)
def test_privacy_pages_open_for_the_owner_and_for_nobody_else(client_of, ada, charlie, elodie, page):
    assert client_of(ada).get(f"/settings/privacy{page}").status_code == 200
    assert client_of(charlie).get(f"/settings/privacy{page}").status_code == 403


def test_somebody_who_may_not_cannot_copy_limit_or_erase(client_of, ben, elodie):
    client = client_of(ben)
    for deed in ("copy", "limit", "erase"):
        answer = client.post(f"/customers/{elodie.public_id}/privacy/{deed}", {"word": "erase"})
        assert answer.status_code == 403
    assert Erasure.objects.count() == Limit.objects.count() == 0


def test_copying_and_erasing_ask_again_who_it_is(client_of, ada, elodie):
    client = client_of(ada)
    session = client.session
    session[PROVED] = 0
    session.save()
    for deed in ("copy", "erase"):
        answer = client.post(f"/customers/{elodie.public_id}/privacy/{deed}", {"word": "erase"})
        assert answer.status_code == HTTPStatus.FORBIDDEN
    assert Erasure.objects.count() == 0


def test_a_request_goes_from_the_page_to_its_answer(owner, elodie):
    new = f"/settings/privacy/new?customer={elodie.public_id}&kind=copy"
    assert "Élodie Marchetti" in owner.get(new).content.decode()
    values = {"kind": "copy", "law": "gdpr", "way": "email", "asked_on": "2026-03-02"}
    answer = owner.post(new, values)
    asked = PrivacyRequest.objects.get()
    assert answer["Location"].endswith(asked.public_id)
    page = f"/settings/privacy/requests/{asked.public_id}"
    assert "Apr 2026" in owner.get(page).content.decode() or "2 April" in owner.get(page).content.decode()
    refused = owner.post(f"{page}/answer", {"state": "done", "answer": "Sent."})
    assert refused.status_code == 422
    assert "Make sure first who asks" in refused.content.decode()
    owner.post(f"{page}/identity", {"check_made": "call"})
    owner.post(f"{page}/answer", {"state": "done", "answer": "Sent."})
    asked.refresh_from_db()
    assert (asked.state, asked.answer) == ("done", "Sent.")


def test_what_is_late_is_shown_on_today(client_of, ada, ben, elodie):
    ask_for_right(elodie, kind="copy", law="gdpr", asked_on=dt.date(2020, 1, 1))
    assert "Privacy requests that are late" in client_of(ada).get("/").content.decode()
    assert "Privacy requests that are late" not in client_of(ben).get("/").content.decode()


def test_the_copy_comes_as_a_file(owner, elodie):
    answer = owner.post(f"/customers/{elodie.public_id}/privacy/copy")
    body = b"".join(answer.streaming_content)
    with zipfile.ZipFile(io.BytesIO(body)) as archive:
        assert json.loads(archive.read("person.json"))["person"]["id"] == elodie.public_id
    answer.close()


def test_a_limit_stands_in_red_on_the_customers_page_also_for_who_serves_them(owner, client_of, ben, elodie):
    page = f"/customers/{elodie.public_id}/privacy"
    owner.post(f"{page}/limit", {"kind": "restricted", "reason": "The address is disputed"})
    assert "The address is disputed" in owner.get(page).content.decode()
    shown = client_of(ben).get(f"/customers/{elodie.public_id}").content.decode()
    assert "The address is disputed" in shown
    assert f'{page}"' not in shown


def test_erasing_takes_the_word_and_shows_the_certificate(owner, elodie, run_jobs):
    page = f"/customers/{elodie.public_id}/privacy/erase"
    seen = owner.get(page).content.decode()
    assert "What goes" in seen
    wrong = owner.post(page, {"word": "yes"})
    assert wrong.status_code == 422
    assert Customer.objects.filter(pk=elodie.pk).exists()
    answer = owner.post(page, {"word": "Erase "})
    case = Erasure.objects.get()
    assert answer["Location"] == f"/settings/privacy/erasures/{case.public_id}"
    assert "Erasing, and searching" in owner.get(answer["Location"]).content.decode()
    run_jobs()
    shown = owner.get(answer["Location"]).content.decode()
    assert "The certificate is as it was sealed" in shown
    assert "Marchetti" not in shown
    for form in ("json", "html"):
        file = owner.get(f"{answer['Location']}/certificate.{form}")
        assert file["Content-Disposition"].startswith("attachment")
        assert case.public_id in file.content.decode()
        assert "Marchetti" not in file.content.decode()


def test_a_legal_hold_forbids_erasing(owner, elodie):
    limit_person(elodie, kind="legal_hold", reason="In court")
    page = f"/customers/{elodie.public_id}/privacy/erase"
    assert "In court" in owner.get(page).content.decode()
    answer = owner.post(page, {"word": "erase"})
    assert answer.status_code == 422
    assert Erasure.objects.count() == 0


def test_a_rule_is_turned_on_from_its_page(owner, elodie):
    assert owner.post("/settings/privacy/rules/leads/set", {"is_on": "on", "months": "many"}).status_code == 422
    owner.post("/settings/privacy/rules/leads/set", {"is_on": "on", "months": "36"})
    assert RetentionRule.objects.get().months == 36


def test_the_owners_words_stand_in_the_record_of_processing(owner, elodie):
    page = owner.get("/settings/privacy/words").content.decode()
    assert "Controller" in page
    values = {
        "controller": "Hain & Hafen, Hafenstraße 1", "default_law": "gdpr", "pipl_days": 15, "child_age": 16,
        **{f"basis{number}": f"Basis {number}" for number in range(5)},
    }  # fmt: skip
    answer = owner.post("/settings/privacy/words", values)
    assert answer.status_code == 302, answer.content.decode()[:3000]
    record = owner.get("/settings/privacy/processing").content.decode()
    assert "Hafenstraße 1" in record
    assert "Basis 3" in record
    assert PrivacySettings.objects.get().child_age == 16


def test_the_register_of_consent_counts_and_goes_out_as_a_file(owner, elodie):
    record_consent(elodie, medium="email", state="agreed", source="form")
    assert "marketing" in owner.get("/settings/privacy/consents").content.decode()
    answer = owner.post("/settings/privacy/consents/export")
    text = b"".join(answer.streaming_content).decode()
    assert text.splitlines()[0].startswith("customer,purpose,channel,state")
    assert "elodie@posteo.example" in text


@pytest.mark.parametrize("page", ["", "?show=answered", "/limits", "/erasures", "/consents", "/rules"])
def test_a_list_costs_the_same_with_one_row_and_with_three(client_of, ada, page, run_jobs):
    client = client_of(ada)

    def one_more(number):
        somebody = create_customer(values={"name": f"Somebody {number}", "email": f"s{number}@posteo.example"})
        limit_person(somebody, kind="no_marketing", reason="Said so")
        record_consent(somebody, medium="email", state="agreed", source="form")
        ask_for_right(somebody, kind="copy", law="gdpr")
        PrivacyRequest.objects.create(
            customer=somebody, kind="copy", asked_on=dt.date(2026, 1, 1), due_on=dt.date(2026, 2, 1), state="done"
        )
        Erasure.objects.create(cause="staff", state="done", people=1)

    def queries():
        client.get(f"/settings/privacy{page}")
        with CaptureQueriesContext(
            connection,
        ) as captured:
            assert client.get(f"/settings/privacy{page}").status_code == 200
        return len(captured)

    one_more(1)
    with_one = queries()
    one_more(2)
    one_more(3)
    assert queries() == with_one


def test_consent_of_its_own_is_written_down_on_the_page(owner, elodie):
    page = f"/customers/{elodie.public_id}/privacy"
    refused = owner.post(f"{page}/consent", {"purpose": "abroad", "state": "agreed", "reason": ""})
    assert refused.status_code == 422
    owner.post(f"{page}/consent", {"purpose": "abroad", "state": "agreed", "reason": "Signed the form"})
    assert permitting.agreed(elodie, "abroad")
    owner.post(f"{page}/consent", {"purpose": "abroad", "state": "refused", "reason": "By phone"})
    assert not permitting.agreed(elodie, "abroad")


def test_an_export_for_marketing_leaves_out_who_objected(owner, elodie):
    other = create_customer(values={"name": "Joost van der Meulen", "email": "joost@posteo.example"})
    limit_person(elodie, kind="no_marketing", reason="Wrote a letter")
    values = {"query": "", "format": "csv", "reason": "Spring letter", "_go": "1"}
    whole = b"".join(owner.post("/customers/export", values).streaming_content).decode()
    some = b"".join(owner.post("/customers/export", values | {"is_marketing": "on"}).streaming_content).decode()
    assert elodie.name in whole
    assert other.name in whole
    assert elodie.name not in some
    assert other.name in some


def test_a_program_writes_a_request_down_and_takes_the_copy(api_of, ada, ben, elodie):
    api = api_of(ada)
    made = api.post(f"/customers/{elodie.public_id}/privacy-requests", {"kind": "copy", "law": "ccpa"})
    assert made.status_code == 201
    body = made.json()
    assert (body["kind"], body["state"], body["customer"]) == ("copy", "open", elodie.public_id)
    assert api.get(f"/privacy-requests/{body['id']}").json() == body
    copy = api.post(f"/customers/{elodie.public_id}/copy")
    assert copy.status_code == 200
    assert copy.json()["portable"]["profile"]["email"] == "elodie@posteo.example"
    refused = api_of(ben).post(f"/customers/{elodie.public_id}/copy")
    assert refused.status_code == 403
