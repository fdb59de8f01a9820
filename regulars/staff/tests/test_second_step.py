"""Codes at the door: each good once, ten more on paper, and nobody in without."""

import datetime as dt
import re

import pyotp
import pytest
import time_machine
from django.db import connection
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from regulars.staff.actions.second_step import RECOVERY_CODES, add_authenticator, make_recovery_codes, new_secret
from regulars.staff.models import Authenticator, RecoveryCode, Session, StaffRole, User
from regulars.staff.tests.knocking import PASSWORD, is_in, knock
from regulars.timeline.models import Entry

WRONG = "This code does not fit. Each code is good once; wait for the next one."


@pytest.fixture
def noon():
    with time_machine.travel(dt.datetime(2026, 11, 20, 12, 0, 5, tzinfo=dt.UTC), tick=False) as clock:
        yield clock


@pytest.fixture
def secret(mara, noon):
    """Mara's app shows codes of this secret; the code of this half minute was used to set it up."""
    secret = new_secret()
    add_authenticator(mara, secret=secret, code=pyotp.TOTP(secret).now(), session_key=None)
    noon.shift(60)
    return secret


def code_of(secret, *, steps=0):
    return pyotp.TOTP(secret).at(timezone.now() + dt.timedelta(seconds=30 * steps))


def second(client, code, **more):
    return client.post("/sign-in/second-step", {"code": code, **more}, REMOTE_ADDR="10.0.0.1")


def test_the_password_alone_opens_nothing_where_there_is_a_second_step(client, secret):
    answer = knock(client, next="/customers")
    assert answer.headers["Location"] == "/sign-in/second-step?next=%2Fcustomers"
    assert not is_in(client)
    assert client.get("/customers").headers["Location"].startswith("/sign-in?")
    page = client.get(answer.headers["Location"]).content.decode()
    assert 'name="next" value="/customers"' in page
    before = client.cookies["sessionid"].value
    assert second(client, code_of(secret), next="/customers").headers["Location"] == "/customers"
    assert is_in(client)
    assert client.cookies["sessionid"].value != before
    told = Entry.objects.get(name="sign_in.done").data
    assert (told["how"], told["second_step"]) == ("password", "code")


@pytest.mark.parametrize(("steps", "fits"), [(-2, False), (-1, True), (0, True), (1, True), (2, False)])
def test_a_code_fits_half_a_minute_before_and_after(client, secret, steps, fits):
    knock(client)
    second(client, code_of(secret, steps=steps))
    assert is_in(client) is fits


def test_a_code_is_good_once(client, secret):
    from django.test import Client

    code = code_of(secret)
    knock(client)
    assert second(client, code).status_code == 302
    thief = Client()
    knock(thief)
    answer = second(thief, code)
    assert answer.status_code == 422
    assert WRONG in answer.content.decode()
    assert not is_in(thief)


def test_an_older_code_than_the_last_one_does_not_fit_any_more(client, secret):
    knock(client)
    assert second(client, code_of(secret, steps=1)).status_code == 302
    client.post("/sign-out")
    knock(client)
    assert second(client, code_of(secret)).status_code == 422


def test_the_second_step_waits_ten_minutes_and_no_longer(client, secret, noon):
    knock(client)
    noon.shift(601)
    assert client.get("/sign-in/second-step").headers["Location"] == "/sign-in"
    assert second(client, code_of(secret)).headers["Location"] == "/sign-in"
    assert not is_in(client)


def test_a_new_password_ends_the_wait_for_the_second_step(client, mara, secret):
    knock(client)
    mara.set_password("the harbour is quiet at five")
    mara.save()
    assert second(client, code_of(secret)).headers["Location"] == "/sign-in"
    assert not is_in(client)


def test_nobody_comes_to_the_second_step_without_the_first(client, secret):
    assert second(client, code_of(secret)).headers["Location"] == "/sign-in"
    assert not is_in(client)


def test_five_wrong_codes_pause_and_longer_each_time(client, secret, noon):
    knock(client)
    for _ in range(5):
        assert second(client, "000000").status_code == 422
    assert second(client, code_of(secret)).status_code == 429
    noon.shift(15 * 60 + 1)
    knock(client)
    assert second(client, "000000").status_code == 422
    noon.shift(15 * 60 + 1)
    knock(client)
    paused = second(client, code_of(secret))
    assert paused.status_code == 429
    assert "Try again in 15 minutes." in paused.content.decode()
    assert not is_in(client)


def test_a_recovery_code_takes_the_place_of_the_app_once(client, mara, secret):
    codes = make_recovery_codes(mara)
    assert len(set(codes)) == RECOVERY_CODES == 10
    knock(client)
    assert second(client, f" {codes[3].upper()} ").status_code == 302
    assert is_in(client)
    assert Entry.objects.get(name="recovery_codes.used").data == {"email": mara.email, "left": 9}
    client.post("/sign-out")
    knock(client)
    assert second(client, codes[3]).status_code == 422
    assert not is_in(client)


def test_new_recovery_codes_take_the_place_of_the_old(client, mara, secret):
    old = make_recovery_codes(mara)
    new = make_recovery_codes(mara)
    assert not set(old) & set(new)
    knock(client)
    assert second(client, old[0]).status_code == 422
    assert second(client, new[0]).status_code == 302


def test_neither_secret_nor_codes_stand_in_the_database(mara, secret):
    codes = make_recovery_codes(mara)
    with connection.cursor() as cursor:
        cursor.execute("SELECT secret FROM staff_authenticator")
        kept = str(cursor.fetchall())
        cursor.execute("SELECT hash FROM staff_recoverycode")
        kept += str(cursor.fetchall())
        cursor.execute("SELECT data FROM timeline_entry")
        kept += str(cursor.fetchall())
    assert secret not in kept
    assert not [code for code in codes if code in kept or code.replace("-", "") in kept]


def test_a_sealed_secret_does_not_open_for_another_person_and_recovery_codes_still_do(mara, ben, secret):
    from regulars.staff.actions.second_step import try_code

    Authenticator.objects.create(user=ben, secret=Authenticator.objects.get(user=mara).secret)
    codes = make_recovery_codes(ben)
    assert try_code(ben, code=code_of(secret), address="10.0.0.1") == ""
    assert try_code(ben, code=codes[0], address="10.0.0.1") == "recovery"


@given(code=st.text(max_size=40))
def test_no_other_text_is_a_code(code):
    from regulars.staff.actions.second_step import _step_of

    with time_machine.travel(dt.datetime(2026, 11, 20, 12, tzinfo=dt.UTC), tick=False):
        known = pyotp.TOTP("JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP")
        now = int(timezone.now().timestamp()) // 30
        good = {known.generate_otp(step) for step in (now - 1, now, now + 1)}
        assert (_step_of("JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP", code) is not None) is (re.sub(r"\s", "", code) in good)


# ── setting it up


def test_an_app_is_set_up_by_typing_its_first_code_back(client_of, mara, noon):
    client = client_of(mara)
    page = client.get("/settings/security/codes").content.decode()
    assert "<svg" in page
    assert "style=" not in page.partition('class="qr"')[2].partition("</div>")[0]
    secret = re.search(r'id="secret" tabindex="0">([A-Z2-7 ]+)<', page)[1].replace(" ", "")
    wrong = client.post("/settings/security/codes", {"code": "000000"})
    assert wrong.status_code == 422
    assert not Authenticator.objects.exists()
    done = client.post("/settings/security/codes", {"code": code_of(secret)}).content.decode()
    codes = re.findall(r"\b(?:[0-9a-z]{4}-){3}[0-9a-z]{4}\b", done)
    assert len(codes) == 10
    assert codes[0] not in client.get("/settings/security").content.decode()
    assert Authenticator.objects.get().user == mara
    assert Entry.objects.filter(name="second_step.added").count() == 1


def test_another_phone_keeps_the_recovery_codes_that_there_are(client_of, mara, secret, noon):
    client = client_of(mara)
    before = set(RecoveryCode.objects.values_list("hash", flat=True))
    page = client.get("/settings/security/codes").content.decode()
    other = re.search(r'id="secret" tabindex="0">([A-Z2-7 ]+)<', page)[1].replace(" ", "")
    assert other != secret
    assert client.post("/settings/security/codes", {"code": code_of(other)}).status_code == 302
    assert set(RecoveryCode.objects.values_list("hash", flat=True)) == before


def test_setting_up_and_removing_signs_out_every_other_browser(client_of, mara, noon):
    from django.test import Client

    elsewhere = Client()
    elsewhere.force_login(mara)
    client = client_of(mara)
    page = client.get("/settings/security/codes").content.decode()
    secret = re.search(r'id="secret" tabindex="0">([A-Z2-7 ]+)<', page)[1].replace(" ", "")
    client.post("/settings/security/codes", {"code": code_of(secret)})
    assert elsewhere.get("/settings/profile").status_code == 302
    assert client.get("/settings/profile").status_code == 200
    elsewhere.force_login(mara)
    client.post("/settings/security/codes/removal")
    assert elsewhere.get("/settings/profile").status_code == 302
    assert not Authenticator.objects.exists()
    assert not RecoveryCode.objects.exists()


def test_whose_role_asks_for_a_second_step_sees_nothing_before_it_is_set_up(client, noon, db):
    definition = StaffRole.objects.create(key="agent", permissions=["customers.view"], needs_second_factor=True)
    jonas = User(name="Jonas Wieck", email="jonas@hainhafen.example", role="agent", definition=definition)
    jonas.set_password(PASSWORD)
    jonas.save()
    knock(client, email="jonas@hainhafen.example")
    for path in ("/customers", "/settings/security", "/settings/profile", "/"):
        assert client.get(path).headers["Location"] == "/settings/security/codes"
    page = client.get("/settings/security/codes").content.decode()
    assert "Your role asks for a second step." in page
    secret = re.search(r'id="secret" tabindex="0">([A-Z2-7 ]+)<', page)[1].replace(" ", "")
    assert client.post("/settings/security/codes", {"code": code_of(secret)}).status_code == 200
    assert client.get("/customers").status_code == 200
    refused = client.post("/settings/security/codes/removal")
    assert refused.status_code == 422
    assert Authenticator.objects.filter(user=jonas).exists()


def test_the_owner_of_a_fresh_shop_is_not_forced(client, mara):
    knock(client)
    assert client.get("/settings/security").status_code == 200


# ── a colleague who lost it


def test_a_colleague_resets_a_lost_second_step_and_the_log_says_so(client_of, ada, mara, secret):
    from django.test import Client

    elsewhere = Client()
    elsewhere.force_login(mara)
    answer = client_of(ada).post(f"/settings/people/{mara.public_id}/second-step/reset")
    assert answer.status_code == 302
    assert not Authenticator.objects.exists()
    assert not RecoveryCode.objects.exists()
    assert elsewhere.get("/settings/profile").status_code == 302
    entry = Entry.objects.get(name="second_step.removed")
    assert (entry.actor_id, entry.subject_id, entry.data["is_reset"]) == (ada.pk, mara.pk, True)


def test_a_manager_does_not_reset_the_second_step_of_an_owner(client_of, mara, secret):
    manager = User.objects.create(name="Sofie Dahl", email="sofie@hainhafen.example", role="manager", password="!")
    answer = client_of(manager).post(f"/settings/people/{mara.public_id}/second-step/reset")
    assert answer.status_code == 403
    assert Authenticator.objects.filter(user=mara).exists()


def test_charlie_and_ben_reset_nobody(client_of, charlie, ben, mara, secret):
    for nobody in (charlie, ben):
        client = client_of(nobody)
        assert client.post(f"/settings/people/{mara.public_id}/second-step/reset").status_code == 403
        assert client.post(f"/settings/people/{mara.public_id}/sessions/end").status_code == 403
    assert Authenticator.objects.filter(user=mara).exists()


def test_an_owner_signs_a_colleague_out_everywhere(client_of, ada, ben):
    from django.test import Client

    elsewhere = Client()
    elsewhere.force_login(ben)
    assert client_of(ada).post(f"/settings/people/{ben.public_id}/sessions/end").status_code == 302
    assert not Session.objects.filter(user=ben).exists()
    assert elsewhere.get("/settings/profile").status_code == 302
