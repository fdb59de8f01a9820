"""Settings > Message services: connecting an account, its secrets that are shown once, and what it could not read."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from regulars.core import resealing
from regulars.core.errors import Invalid
from regulars.messaging import accounts
from regulars.messaging.connected import verbs
from regulars.messaging.models import Account, Report
from regulars.messaging.tests import speaking
from regulars.messaging.tests.speaking import OPTIONS
from regulars.timeline.models import Entry

LIST = "/settings/messages/services"


@pytest.fixture
def page(client_of, ada):
    return client_of(ada)


def account_of(provider="whatsapp", name="Hain & Hafen", **more):
    options, secrets = OPTIONS[provider]
    return verbs.connect(provider=provider, name=name, options=options | more, secrets=secrets)


def test_an_account_is_connected_and_shows_what_to_enter_there_once(page, services):
    form = {
        "name": "WhatsApp Hamburg",
        "address": "+49 40 111",
        "option_phone_number_id": "111",
        "option_token": "wa-token",
        "option_app_secret": "wa-secret",
    }
    made = page.post(f"{LIST}/new/whatsapp", form)
    account = Account.objects.get()
    token = accounts.secrets_of(account)["verify_token"]
    shown = made.content.decode()
    assert made.status_code == 200
    assert f"/hooks/messages/{account.public_id}" in shown
    assert token in shown
    assert "no-store" in made["Cache-Control"]
    later = page.get(f"{LIST}/{account.public_id}").content.decode()
    for secret in (token, "wa-token", "wa-secret"):
        assert secret not in later
        assert secret not in account.secrets
    assert "wa-token" not in shown
    assert (account.way, account.is_default, account.options["phone_number_id"]) == ("whatsapp", True, "111")
    assert "wa-token" not in str(list(Entry.objects.values_list("data", flat=True)))


@pytest.mark.parametrize("provider", list(OPTIONS))
def test_the_form_of_each_service_says_what_is_missing(page, provider):
    answer = page.post(f"{LIST}/new/{provider}", {"name": ""})
    assert answer.status_code == 422
    assert page.get(f"{LIST}/new/{provider}").status_code == 200
    assert not Account.objects.exists()


def test_there_is_no_service_of_that_name(page):
    assert page.get(f"{LIST}/new/fax").status_code == 404
    assert page.get(f"{LIST}/acc_0000000000000").status_code == 404


def test_an_empty_secret_stays_and_a_new_token_takes_the_place_of_the_former(page):
    account, made = account_of()
    form = {"name": "Neuer Name", "option_phone_number_id": "222", "option_token": "", "option_app_secret": "new"}
    assert page.post(f"{LIST}/{account.public_id}", form).status_code == 302
    account.refresh_from_db()
    known = accounts.secrets_of(account)
    assert (account.name, account.options["phone_number_id"]) == ("Neuer Name", "222")
    assert (known["token"], known["app_secret"], known["verify_token"]) == ("wa-token", "new", made["verify_token"])
    renewed = page.post(f"{LIST}/{account.public_id}/secrets")
    account.refresh_from_db()
    token = accounts.secrets_of(account)["verify_token"]
    assert token != made["verify_token"]
    assert token in renewed.content.decode()


def test_secrets_do_not_follow_to_another_address_of_the_api(page):
    account, _made = account_of()
    form = {"name": "Hain & Hafen", "option_phone_number_id": "111", "option_api": "https://evil.example"}
    answer = page.post(f"{LIST}/{account.public_id}", form)
    assert answer.status_code == 422
    account.refresh_from_db()
    assert account.options.get("api", "") == ""
    with pytest.raises(Invalid):
        verbs.change(account, name="x", options={"api": "https://evil.example"}, secrets={"token": "mine"})


def test_the_check_says_what_the_service_says(page, services):
    account, _made = account_of("telegram", api=f"{services.url}/telegram")
    assert page.post(f"{LIST}/{account.public_id}/check").status_code == 302
    account.refresh_from_db()
    assert (account.problem, account.checked_at is not None) == ("", True)
    (hook,) = services.hooks
    assert hook["url"].endswith(f"/hooks/messages/{account.public_id}")
    assert hook["secret_token"] == accounts.secrets_of(account)["secret_token"]
    services.trouble = [(401, {}, {"ok": False, "error_code": 401, "description": "Unauthorized"})]
    answer = page.post(f"{LIST}/{account.public_id}/check")
    assert answer.status_code == 422
    assert "Unauthorized" in answer.content.decode()
    assert "Unauthorized" in page.get(LIST).content.decode()
    for provider in ("whatsapp", "twilio", "wechat", "generic"):
        api = f"{services.url}/{provider}" + ("/v23.0" if provider == "whatsapp" else "")
        other, _made = account_of(provider, **({"url": api} if provider == "generic" else {"api": api}))
        assert page.post(f"{LIST}/{other.public_id}/check").status_code == 302, provider


def test_what_was_not_understood_is_listed_and_read_again(page, speaker, run_jobs):
    service = speaker("telegram")
    service.post(b'{"strange": 1}')
    run_jobs()
    shown = page.get(f"{LIST}/{service.account.public_id}").content.decode()
    assert "The field “update_id” is missing." in shown
    assert page.post(f"{LIST}/{service.account.public_id}/again").status_code == 302
    assert Report.objects.get().state == "waiting"


def test_an_account_is_switched_off_made_the_default_and_taken_off(page):
    first, second = account_of(name="First")[0], account_of(name="Second")[0]
    assert (first.is_default, second.is_default) == (True, False)
    page.post(f"{LIST}/{second.public_id}/switch", {"is_default": "on"})
    page.post(f"{LIST}/{first.public_id}/switch", {})
    first.refresh_from_db()
    second.refresh_from_db()
    assert (first.is_default, first.is_on, second.is_default) == (False, False, True)
    page.post(f"{LIST}/{first.public_id}/remove")
    assert list(Account.objects.all()) == [second]
    names = set(Entry.objects.values_list("name", flat=True))
    assert {"service.connected", "service.changed", "service.removed"} <= names


def test_the_list_takes_as_many_queries_for_three_as_for_one(page):
    def count():
        with CaptureQueriesContext(connection) as queries:
            assert page.get(LIST).status_code == 200
        return len(queries)

    account_of()
    page.get(LIST)
    one = count()
    account_of("twilio")
    account_of("telegram")
    assert count() == one


def test_whoever_may_not_set_up_messages_sees_none_of_it(client_of, ben):
    account, made = account_of()
    client = client_of(ben)
    for path in (LIST, f"{LIST}/new/whatsapp", f"{LIST}/{account.public_id}"):
        assert client.get(path).status_code == 403
    for deed in ("check", "secrets", "switch", "again", "remove"):
        assert client.post(f"{LIST}/{account.public_id}/{deed}").status_code == 403
    account.refresh_from_db()
    assert accounts.secrets_of(account)["verify_token"] == made["verify_token"]


def test_reports_follow_to_newer_keys(speaker):
    from regulars.core import datakeys
    from regulars.messaging import reports

    service = speaker("telegram")
    service.post(speaking.telegram("Hallo"))
    before = Report.objects.get().body
    place = next(one for name, one in resealing._PLACES.items() if name == "messaging.Report.body")
    assert (place.seal(), place.renew()) == (0, 0)
    assert Report.objects.get().body == before
    assert datakeys.named("files").newest
    assert b"Hallo" in reports.body_of(Report.objects.get())
