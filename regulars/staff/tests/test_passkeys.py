"""Passkeys: several with names, as the second step and as all of signing in, for this shop's address alone."""

import json
import re

import pytest
from django.test import Client

from regulars.staff.models import Passkey, RecoveryCode, StaffRole, User
from regulars.staff.tests.authenticator import Device
from regulars.staff.tests.knocking import PASSWORD, is_in, knock
from regulars.timeline.models import Entry


@pytest.fixture
def here(client):
    """A browser at http://localhost, where passkeys are possible."""
    client.defaults["HTTP_HOST"] = "localhost"
    return client


def options_of(client, path):
    answer = client.post(path, HTTP_HOST="localhost")
    assert answer.status_code == 200
    return json.loads(answer.content)


def add(client, device, name="Laptop", **more):
    answer = device.make(options_of(client, "/settings/security/passkeys/options"))
    return client.post("/settings/security/passkeys", {"name": name, "passkey": answer, **more}, HTTP_HOST="localhost")


def come_in(client, device, **more):
    answer = device.use(options_of(client, "/sign-in/passkey"))
    return client.post("/sign-in", {"passkey": answer, **more}, HTTP_HOST="localhost")


@pytest.fixture
def laptop(client_of, here, mara):
    device = Device()
    assert add(client_of(mara), device).status_code == 200
    here.post("/sign-out")
    return device


def test_the_first_passkey_brings_ten_recovery_codes_and_the_second_does_not(client_of, here, mara):
    client = client_of(mara)
    first = add(client, Device(), "Laptop").content.decode()
    assert len(re.findall(r"\b(?:[0-9a-z]{4}-){3}[0-9a-z]{4}\b", first)) == 10
    assert add(client, Device(), "The blue key").status_code == 302
    assert list(mara.passkeys.values_list("name", flat=True)) == ["Laptop", "The blue key"]
    page = client.get("/settings/security").content.decode()
    assert "The blue key" in page


def test_a_passkey_is_all_of_signing_in(here, mara, laptop):
    assert come_in(here, laptop, next="/customers").headers["Location"] == "/customers"
    assert here.session["_auth_user_id"] == str(mara.pk)
    told = Entry.objects.get(name="sign_in.done").data
    assert (told["how"], told["second_step"]) == ("passkey", "passkey")
    assert mara.passkeys.get().last_used_at is not None


def test_alone_it_wants_the_device_to_have_looked_at_its_owner(here, laptop):
    laptop.verifies = False
    assert options_of(here, "/sign-in/passkey")["userVerification"] == "required"
    answer = come_in(here, laptop)
    assert answer.status_code == 422
    assert "The passkey did not fit." in answer.content.decode()
    assert not is_in(here)


def test_after_the_password_a_touch_is_enough(here, mara, laptop):
    laptop.verifies = False
    assert knock(here).headers["Location"] == "/sign-in/second-step"
    options = options_of(here, "/sign-in/passkey")
    assert [known["id"] for known in options["allowCredentials"]] == [Passkey.objects.get().credential_id]
    answer = here.post("/sign-in/second-step", {"passkey": laptop.use(options)})
    assert answer.status_code == 302
    assert is_in(here)


def test_the_passkey_of_somebody_else_is_no_second_step(client_of, here, mara, ben, laptop):
    other = Device()
    add(client_of(ben), other)
    here.post("/sign-out")
    knock(here)
    answer = here.post("/sign-in/second-step", {"passkey": other.use(options_of(here, "/sign-in/passkey"))})
    assert answer.status_code == 422
    assert not is_in(here)


@pytest.mark.parametrize(
    ("origin", "rp_id"),
    [
        ("https://evil.example", "localhost"),
        ("http://localhost:9000", "localhost"),
        ("https://localhost", "localhost"),
        ("http://localhost", "evil.example"),
    ],
)
def test_an_answer_from_another_address_is_refused(here, laptop, origin, rp_id):
    laptop.origin, laptop.rp_id = origin, rp_id
    assert come_in(here, laptop).status_code == 422
    assert not is_in(here)


def test_an_answer_is_taken_once(here, laptop):
    answer = laptop.use(options_of(here, "/sign-in/passkey"))
    assert here.post("/sign-in", {"passkey": answer}).status_code == 302
    here.post("/sign-out")
    assert here.post("/sign-in", {"passkey": answer}).status_code == 422
    thief = Client(HTTP_HOST="localhost")
    options_of(thief, "/sign-in/passkey")
    assert thief.post("/sign-in", {"passkey": answer}).status_code == 422
    assert not is_in(thief)


def test_a_challenge_for_one_purpose_serves_no_other(client_of, here, mara, laptop):
    client = client_of(mara)
    asked = options_of(client, "/settings/security/passkeys/options")
    client.post("/sign-out")
    assert here.post("/sign-in", {"passkey": laptop.use(asked)}).status_code == 422
    assert not is_in(here)


def test_a_challenge_holds_for_five_minutes(here, laptop):
    import time_machine
    from django.utils import timezone

    with time_machine.travel(timezone.now(), tick=False) as clock:
        options = options_of(here, "/sign-in/passkey")
        clock.shift(301)
        assert here.post("/sign-in", {"passkey": laptop.use(options)}).status_code == 422
    assert not is_in(here)


def test_a_count_that_goes_back_may_be_a_copy(client_of, here, mara):
    device = Device(counts=True)
    add(client_of(mara), device)
    here.post("/sign-out")
    assert come_in(here, device).status_code == 302
    here.post("/sign-out")
    device.count -= 1
    answer = come_in(here, device)
    assert answer.status_code == 422
    assert "may have been copied" in answer.content.decode()
    assert not is_in(here)
    assert Entry.objects.filter(name="passkey.refused").count() == 1


def test_a_wrong_signature_is_refused(here, laptop):
    from cryptography.hazmat.primitives.asymmetric import ec

    laptop.key = ec.generate_private_key(ec.SECP256R1())
    assert come_in(here, laptop).status_code == 422
    assert not is_in(here)


@pytest.mark.parametrize(
    "garbage",
    ["x", "{}", "[]", "null", '{"id": 7}', '{"id": "x", "response": []}', '{"id":"a","rawId":"a","type":"public-key"}',
     "{" * 30_000],
)  # fmt: skip
def test_garbage_is_refused_in_words(here, laptop, garbage):
    options_of(here, "/sign-in/passkey")
    answer = here.post("/sign-in", {"passkey": garbage})
    assert answer.status_code == 422
    assert not is_in(here)


@pytest.mark.parametrize("garbage", ["x", "{}", '{"id":"a","rawId":"a","type":"public-key","response":{}}'])
def test_garbage_makes_no_passkey(client_of, here, mara, garbage):
    client = client_of(mara)
    options_of(client, "/settings/security/passkeys/options")
    assert client.post("/settings/security/passkeys", {"passkey": garbage}).status_code == 422
    assert not Passkey.objects.exists()


def test_a_removed_passkey_opens_nothing_and_the_codes_go_with_the_last(client_of, here, mara, laptop):
    elsewhere = Client()
    elsewhere.force_login(mara)
    passkey = mara.passkeys.get()
    client = client_of(mara)
    assert client.post(f"/settings/security/passkeys/{passkey.public_id}/removal").status_code == 302
    assert elsewhere.get("/settings/profile").status_code == 302
    assert not RecoveryCode.objects.exists()
    client.post("/sign-out")
    assert come_in(here, laptop).status_code == 422
    assert not is_in(here)


def test_charlie_removes_no_passkey_of_others(client_of, charlie, mara, laptop):
    passkey = mara.passkeys.get()
    assert client_of(charlie).post(f"/settings/security/passkeys/{passkey.public_id}/removal").status_code == 404
    assert Passkey.objects.filter(pk=passkey.pk).exists()


def test_who_is_switched_off_does_not_come_in_by_a_passkey(here, mara, laptop):
    mara.is_active = False
    mara.save()
    assert come_in(here, laptop).status_code == 422
    assert not is_in(here)


def test_a_passkey_proves_anew_who_somebody_is(client_of, here, mara, laptop):
    import time_machine
    from django.utils import timezone

    from regulars.staff.models import ApiToken

    with time_machine.travel(timezone.now(), tick=False) as clock:
        client = client_of(mara)
        clock.shift(660)
        sent = {"name": "Till", "ends": "30", "scopes": "customers.view"}
        assert "Use a passkey" in client.post("/settings/tokens", sent, HTTP_HOST="localhost").content.decode()
        answer = laptop.use(options_of(client, "/sign-in/passkey"))
        client.post("/settings/tokens", {**sent, "prove": "send", "prove_passkey": answer}, HTTP_HOST="localhost")
    assert ApiToken.objects.get().name == "Till"


def test_a_passkey_is_the_second_step_a_role_asks_for(here, db):
    definition = StaffRole.objects.create(key="agent", permissions=["customers.view"], needs_second_factor=True)
    jonas = User(name="Jonas Wieck", email="jonas@hainhafen.example", role="agent", definition=definition)
    jonas.set_password(PASSWORD)
    jonas.save()
    knock(here, email=jonas.email)
    assert here.get("/customers").headers["Location"] == "/settings/security/codes"
    device = Device()
    assert add(here, device).status_code == 200
    assert here.get("/customers").status_code == 200
    passkey = jonas.passkeys.get()
    assert here.post(f"/settings/security/passkeys/{passkey.public_id}/removal").status_code == 422
    assert jonas.passkeys.exists()


def test_the_public_address_of_the_shop_is_what_passkeys_belong_to(client_of, settings, mara):
    settings.PUBLIC_URL = "https://crm.hainhafen.example"
    client = client_of(mara)
    options = json.loads(client.post("/settings/security/passkeys/options").content)
    assert options["rp"]["id"] == "crm.hainhafen.example"
    device = Device(origin="https://crm.hainhafen.example", rp_id="crm.hainhafen.example")
    assert client.post("/settings/security/passkeys", {"passkey": device.make(options)}).status_code == 200


def test_at_a_bare_address_there_are_no_passkeys_and_the_page_says_so(client_of, mara, settings):
    settings.ALLOWED_HOSTS = ["127.0.0.1"]
    page = client_of(mara).get("/settings/security", HTTP_HOST="127.0.0.1:8000").content.decode()
    assert "At this address there are none." in page
    assert "data-passkey" not in page


def test_without_an_app_the_second_step_takes_a_recovery_code(here, mara, laptop):
    from regulars.staff.actions.second_step import make_recovery_codes

    codes = make_recovery_codes(mara)
    knock(here)
    assert "Recovery code" in here.get("/sign-in/second-step").content.decode()
    assert here.post("/sign-in/second-step", {"code": codes[9]}).status_code == 302
    assert is_in(here)


# ── in a real browser, with the device that Chromium simulates


@pytest.mark.browser
def test_a_browser_makes_and_uses_a_passkey(visit, live_server, mara):
    page = visit("/sign-in")
    home = live_server.url.replace("127.0.0.1", "localhost")
    page.goto(f"{home}/sign-in")
    devices = page.context.new_cdp_session(page)
    devices.send("WebAuthn.enable")
    device = {
        "protocol": "ctap2", "transport": "internal", "hasResidentKey": True, "hasUserVerification": True,
        "isUserVerified": True, "automaticPresenceSimulation": True,
    }  # fmt: skip
    devices.send("WebAuthn.addVirtualAuthenticator", {"options": device})
    page.fill("#email", mara.email)
    page.fill("#password", PASSWORD)
    page.click("button.primary")
    page.wait_for_url(lambda url: "sign-in" not in url)
    page.goto(f"{home}/settings/security")
    page.fill("#name", "This laptop")
    page.click("[data-kind=new]")
    page.wait_for_selector("text=Ten recovery codes")
    assert page.complaints == []
    page.click("text=I have kept them")
    assert page.locator("td.who", has_text="This laptop").count() == 1

    # as all of signing in
    page.click(".me")
    page.click("#me-menu >> text=Sign out")
    page.wait_for_selector("#email")
    page.click("text=Use a passkey")
    page.wait_for_url(lambda url: "sign-in" not in url)

    # as the second step
    page.click(".me")
    page.click("#me-menu >> text=Sign out")
    page.fill("#email", mara.email)
    page.fill("#password", PASSWORD)
    page.click("button.primary")
    page.wait_for_url("**/sign-in/second-step")
    page.click("text=Use a passkey")
    page.wait_for_url(lambda url: "sign-in" not in url)
    assert mara.passkeys.get().last_used_at is not None
    assert page.complaints == []
