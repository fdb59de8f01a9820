"""Is it still you? What is dangerous asks again, keeps what was typed, and goes on by itself."""

import datetime as dt
import html
import re

import pyotp
import pytest
import time_machine
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import get_resolver
from django.utils import timezone

from regulars.customers.actions import create_customer
from regulars.customers.models import Customer
from regulars.staff.actions.second_step import add_authenticator, new_secret
from regulars.staff.models import ApiToken
from regulars.staff.recent import ON_OPENING
from regulars.staff.tests.knocking import PASSWORD
from regulars.timeline.models import Entry

ASKS = "Is it still you?"


@pytest.fixture
def later(client_of, mara):
    """Mara, who signed in eleven minutes ago."""
    with time_machine.travel(timezone.now(), tick=False) as clock:
        client = client_of(mara)
        clock.shift(dt.timedelta(minutes=11))
        yield client


@pytest.fixture
def anna(db):
    return create_customer(values={"name": "Anna Berg", "email": "anna@berg.example"})


def fields_of(page):
    """What the page that asks would send: its hidden fields, as a browser reads them."""
    form = page.partition('class="again"')[2].partition("</form>")[0]
    kept = [
        (html.unescape(name), html.unescape(value))
        for name, value in re.findall(r'<textarea name="([^"]*)" hidden>\n(.*?)</textarea>', form, re.DOTALL)
    ]
    mark = re.search(r'name="prove" value="(\w+)"', form)[1]
    sent = {"prove": mark}
    for name, value in kept:
        sent.setdefault(name, []).append(value)
    return sent


def test_deleting_a_customer_asks_again_and_then_goes_on(later, anna):
    path = f"/customers/{anna.public_id}/delete"
    asked = later.post(path)
    page = asked.content.decode()
    assert asked.status_code == 403
    assert ASKS in page
    assert Customer.objects.filter(pk=anna.pk).exists()
    done = later.post(path, {**fields_of(page), "prove_password": PASSWORD})
    assert (done.status_code, done.headers["Location"]) == (302, "/customers")
    assert not Customer.objects.filter(pk=anna.pk).exists()


def test_within_ten_minutes_nobody_is_asked(client_of, mara, anna):
    with time_machine.travel(timezone.now(), tick=False) as clock:
        client = client_of(mara)
        clock.shift(dt.timedelta(minutes=9, seconds=59))
        assert client.post(f"/customers/{anna.public_id}/delete").status_code == 302
    assert not Customer.objects.filter(pk=anna.pk).exists()


def test_a_wrong_password_asks_again_and_changes_nothing(later, anna):
    path = f"/customers/{anna.public_id}/delete"
    answer = later.post(path, {"prove": "send", "prove_password": "wrong"})
    assert answer.status_code == 403
    assert "This is not your present password." in answer.content.decode()
    assert "wrong" not in answer.content.decode()
    assert Customer.objects.filter(pk=anna.pk).exists()
    assert Entry.objects.filter(name="sign_in.failed").count() == 1


def test_five_wrong_ones_pause_even_the_right_one(later, anna):
    path = f"/customers/{anna.public_id}/delete"
    for _ in range(5):
        later.post(path, {"prove": "send", "prove_password": "wrong"})
    assert later.post(path, {"prove": "send", "prove_password": PASSWORD}).status_code == 429
    assert Customer.objects.filter(pk=anna.pk).exists()


def test_everything_typed_is_kept_to_the_letter(later, anna):
    odd = {
        "ids": [anna.public_id, "x"],
        "reason": "\n<b>“Tax” & 茶\n two lines </textarea>",
        "format": "csv",
        "query": "a=1&b=2",
    }
    page = later.post("/customers/export", odd).content.decode()
    kept = fields_of(page)
    assert kept.pop("prove") == "send"
    assert kept == {name: value if isinstance(value, list) else [value] for name, value in odd.items()}


def test_an_export_is_asked_for_when_its_page_is_opened(later, anna):
    page = later.get("/customers/export?sort=name").content.decode()
    assert ASKS in page
    assert 'name="prove" value="page"' in page
    answer = later.post("/customers/export?sort=name", {"prove": "page", "prove_password": PASSWORD})
    assert answer.headers["Location"] == "/customers/export?sort=name"
    assert "What is it for?" in later.get(answer.headers["Location"]).content.decode()


def test_an_export_that_was_interrupted_comes_after_the_proof(later, anna):
    sent = {"ids": [anna.public_id], "_go": "1", "format": "csv", "reason": "For the tax office"}
    kept = fields_of(later.post("/customers/export", sent).content.decode())
    assert not Entry.objects.filter(name="customers.exported").exists()
    answer = later.post("/customers/export", {**kept, "prove_password": PASSWORD})
    body = b"".join(answer.streaming_content).decode()
    assert "Berg" in body
    assert PASSWORD not in str(list(Entry.objects.values_list("data", flat=True)))


def test_bulk_deleting_asks_and_tagging_does_not(later, anna):
    later.post("/customers/bulk", {"action": "delete", "ids": [anna.public_id], "_plan": "1"})
    from regulars.customers.models import ChangeSet

    plan = ChangeSet.objects.get()
    asked = later.post(f"/customers/changes/{plan.public_id}/apply", {"reason": "They asked for it"})
    assert ASKS in asked.content.decode()
    assert Customer.objects.filter(pk=anna.pk).exists()
    kept = fields_of(asked.content.decode())
    assert (
        later.post(f"/customers/changes/{plan.public_id}/apply", {**kept, "prove_password": PASSWORD}).status_code
        == 302
    )
    assert not Customer.objects.filter(pk=anna.pk).exists()


def test_a_code_of_the_app_is_a_proof(later, mara, anna):
    secret = new_secret()
    then = timezone.now() - dt.timedelta(minutes=2)
    with time_machine.travel(then, tick=False):
        add_authenticator(mara, secret=secret, code=pyotp.TOTP(secret).now(), session_key=later.session.session_key)
    path = f"/customers/{anna.public_id}/delete"
    assert "code of your app" in later.post(path).content.decode()
    assert later.post(path, {"prove": "send", "prove_code": "000000"}).status_code == 403
    assert later.post(path, {"prove": "send", "prove_code": pyotp.TOTP(secret).now()}).status_code == 302
    assert not Customer.objects.filter(pk=anna.pk).exists()


def test_permission_comes_before_the_question(client_of, charlie, anna):
    with time_machine.travel(timezone.now(), tick=False) as clock:
        client = client_of(charlie)
        clock.shift(dt.timedelta(minutes=11))
        answer = client.post(f"/customers/{anna.public_id}/delete")
    assert ASKS not in answer.content.decode()
    assert answer.status_code in {403, 404}
    assert Customer.objects.filter(pk=anna.pk).exists()


def test_somebody_elses_password_is_no_proof(later, ben, anna):
    ben.set_password("the harbour is quiet at five")
    ben.save()
    sent = {"prove": "send", "prove_password": "the harbour is quiet at five"}
    assert later.post(f"/customers/{anna.public_id}/delete", sent).status_code == 403
    assert Customer.objects.filter(pk=anna.pk).exists()


def test_tokens_are_not_asked(api_of, mara, anna):
    with time_machine.travel(timezone.now(), tick=False) as clock:
        program = api_of(mara, "customers.view", "customers.delete")
        clock.shift(dt.timedelta(minutes=11))
        assert program.delete(f"/customers/{anna.public_id}", If_Match=anna.etag).status_code == 204


def test_making_a_token_asks_and_keeps_its_scopes(later):
    sent = {"name": "Till", "ends": "30", "scopes": ["customers.view", "orders.view"]}
    page = later.post("/settings/tokens", sent).content.decode()
    assert ASKS in page
    assert not ApiToken.objects.exists()
    later.post("/settings/tokens", {**fields_of(page), "prove_password": PASSWORD})
    assert ApiToken.objects.get().scopes == ["customers.view", "orders.view"]


def test_htmx_gets_the_whole_page_in_place_of_a_fragment(later, anna):
    answer = later.post(f"/customers/{anna.public_id}/delete", headers={"hx-request": "true"})
    assert (answer.status_code, answer.headers["HX-Retarget"]) == (200, "#main")
    assert ASKS in answer.content.decode()
    assert Customer.objects.filter(pk=anna.pk).exists()


def test_a_file_cannot_be_kept_and_the_page_says_so(later, anna):
    file = SimpleUploadedFile("a.csv", b"a")
    page = later.post(f"/customers/{anna.public_id}/delete", {"file": file, "word": "x"}).content.decode()
    assert "Files cannot be kept meanwhile" in page
    assert fields_of(page) == {"prove": "page"}


def test_what_is_dangerous_asks():
    """Deleting, exporting, roles, tokens, second steps: a page joins this list, and leaves it by decision alone."""

    def guarded(resolver, before=""):
        for entry in resolver.url_patterns:
            route = before + str(entry.pattern)
            if hasattr(entry, "url_patterns"):
                yield from guarded(entry, route)
            elif getattr(entry.callback, "recent", False):
                yield route, entry.callback.recent

    found = dict(guarded(get_resolver()))
    assert {
        "customers/<str:public_id>/delete": True,
        "customers/<str:public_id>/erase": True,
        "customers/export": ON_OPENING,
        "settings/people/<str:public_id>": True,
        "settings/people/<str:public_id>/second-step/reset": True,
        "settings/people/<str:public_id>/switch": True,
        "settings/people/roles/<slug:key>": True,
        "settings/people/roles/new": True,
        "settings/security/codes": ON_OPENING,
        "settings/security/codes/removal": True,
        "settings/security/passkeys": True,
        "settings/security/recovery-codes": True,
        "settings/tokens": True,
    }.items() <= found.items()
