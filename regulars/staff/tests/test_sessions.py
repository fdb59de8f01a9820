"""Browsers that are signed in: how long, where, and how they are ended."""

import datetime as dt
import time

import pytest
import time_machine
from django.contrib.sessions.backends.base import UpdateError
from django.db import connection
from django.test import Client
from django.utils import timezone

from regulars.staff.models import Session, StaffRole
from regulars.staff.sessions import key_of
from regulars.staff.tests.knocking import is_in, knock
from regulars.timeline.models import Entry

FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:133.0) Gecko/20100101 Firefox/133.0"
IPHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605 Version/18.0 Mobile/15E Safari/604.1"


@pytest.fixture
def clock():
    with time_machine.travel(timezone.now(), tick=False) as clock:
        yield clock


def opens(client):
    return client.get("/settings/profile").status_code == 200


def test_the_table_holds_no_cookie(client, mara):
    knock(client)
    cookie = client.cookies["sessionid"].value
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM staff_session")
        rows = str(cursor.fetchall())
    assert cookie not in rows
    assert key_of(cookie) in rows


def test_the_cookie_changes_when_somebody_comes_in(client, mara):
    client.get("/sign-in/forgotten")
    session = client.session
    session["something"] = 1
    session.save()
    before = session.session_key
    client.cookies["sessionid"] = before
    knock(client)
    assert client.cookies["sessionid"].value != before
    assert not Session.objects.filter(key=key_of(before)).exists()
    assert "something" not in client.session


def test_who_does_not_stay_is_out_after_twelve_hours(client, mara, clock):
    knock(client)
    for _hour in range(11):
        clock.shift(3600)
        assert opens(client)
    clock.shift(3601)
    assert not opens(client)


def test_who_does_not_stay_and_is_away_for_twelve_hours_is_out(client, mara, clock):
    knock(client)
    clock.shift(dt.timedelta(hours=12, seconds=1))
    assert not opens(client)


def test_who_stays_is_out_after_thirty_days_however_busy(client, mara, clock):
    knock(client, stays="on")
    for _day in range(29):
        clock.shift(dt.timedelta(days=1))
        assert opens(client)
    clock.shift(dt.timedelta(days=1, seconds=1))
    assert not opens(client)


def test_who_stays_and_is_away_for_a_week_is_out(client, mara, clock):
    knock(client, stays="on")
    clock.shift(dt.timedelta(days=6, hours=23))
    assert opens(client)
    clock.shift(dt.timedelta(days=7, seconds=1))
    assert not opens(client)


def test_the_list_shows_browser_address_and_times_and_which_is_this_one(client, mara):
    phone = Client(headers={"user-agent": IPHONE})
    knock(phone, address="203.0.113.77")
    here = Client(headers={"user-agent": FIREFOX})
    knock(here, address="2001:db8:7:1::5")
    page = here.get("/settings/security").content.decode()
    assert "Safari · iPhone" in page
    assert "203.0.113.x" in page
    assert "203.0.113.77" not in page
    assert "2001:db8:7::x" in page
    row = page.partition("Firefox · Linux")[2].partition("</tr>")[0]
    assert "this one" in row
    assert "<form" not in row


def test_one_browser_is_signed_out_and_the_log_says_so(mara):
    phone, here = Client(headers={"user-agent": IPHONE}), Client()
    knock(phone)
    knock(here)
    there = Session.objects.get(key=key_of(phone.cookies["sessionid"].value))
    assert here.post(f"/settings/security/sessions/{there.public_id}/end").status_code == 302
    assert not opens(phone)
    assert opens(here)
    assert Entry.objects.get(name="session.revoked").data == {"email": mara.email, "count": 1, "why": "by hand"}


def test_all_others_are_signed_out_and_this_one_stays(mara):
    here, *others = (Client() for _number in range(4))
    for client in (here, *others):
        knock(client)
    here.post("/settings/security/sessions/end")
    assert [opens(client) for client in (here, *others)] == [True, False, False, False]


def test_nobody_ends_the_session_of_somebody_else(client_of, charlie, mara):
    there = Client()
    knock(there)
    other = Session.objects.get(user=mara)
    client_of(charlie).post(f"/settings/security/sessions/{other.public_id}/end")
    client_of(charlie).post("/settings/security/sessions/%/end")
    assert opens(there)


def test_forty_sessions_and_a_new_password_leave_one(client, mara):
    crowd = [Client() for _number in range(40)]
    for one in crowd:
        one.force_login(mara)
    knock(client)
    sent = {"current": "a kettle full of sencha", "new": "the harbour is quiet at five"}
    assert client.post("/settings/password", sent).status_code == 302
    assert opens(client)
    assert [one for one in crowd if opens(one)] == []
    assert Session.objects.filter(user=mara).count() == 1


def test_switching_off_ends_every_session(client_of, ada, ben):
    there = Client()
    there.force_login(ben)
    client_of(ada).post(f"/settings/people/{ben.public_id}/switch", {"is_active": ""})
    ben.refresh_from_db()
    assert not ben.is_active
    assert not opens(there)
    assert not Session.objects.filter(user=ben).exists()


def test_another_role_ends_every_session(ada, ben):
    from regulars.staff.actions import change_colleague

    there = Client()
    there.force_login(ben)
    StaffRole.objects.create(key="till", name="Till", permissions=[])
    change_colleague(ben, by=ada, role="till")
    assert not opens(there)


def test_a_session_that_was_ended_meanwhile_does_not_come_back(client, mara):
    knock(client)
    session = client.session
    session["late"] = 1
    Session.objects.all().delete()
    with pytest.raises(UpdateError):
        session.save()
    assert not Session.objects.exists()


def test_last_seen_is_written_once_a_minute(client, mara, clock):
    knock(client)
    began = timezone.now()
    clock.shift(30)
    opens(client)
    assert Session.objects.get(user=mara).seen_at == began
    clock.shift(31)
    opens(client)
    assert Session.objects.get(user=mara).seen_at == timezone.now()


@pytest.mark.django_db(transaction=True)
def test_a_page_never_waits_for_last_seen_behind_a_long_writer(client, mara, database_url):
    import threading

    knock(client)
    old = timezone.now() - dt.timedelta(minutes=5)
    Session.objects.update(seen_at=old)
    began, done = threading.Event(), threading.Event()

    def write_for_long():
        from django.db import connection as own
        from django.db import transaction

        with transaction.atomic():
            Session.objects.filter(user=mara).update(expires_at=timezone.now() + dt.timedelta(hours=5))
            began.set()
            done.wait(20)
        own.close()

    writer = threading.Thread(target=write_for_long)
    writer.start()
    try:
        assert began.wait(10)
        start = time.monotonic()
        assert opens(client)
        assert time.monotonic() - start < 2
    finally:
        done.set()
        writer.join()
    assert Session.objects.get(user=mara).seen_at == old
    opens(client)
    assert Session.objects.get(user=mara).seen_at > old


def test_signing_out_is_written_down_and_the_row_is_gone(client, mara):
    knock(client)
    client.post("/sign-out")
    assert not is_in(client)
    assert not Session.objects.exists()
    assert Entry.objects.get(name="sign_in.ended").data == {"email": mara.email}


def test_old_sessions_are_dropped_at_night(client, mara, clock):
    from regulars.core.background.tidying import forget_old_sessions

    knock(client)
    clock.shift(dt.timedelta(hours=12))
    forget_old_sessions()
    assert not Session.objects.exists()


def test_the_page_of_security_grows_without_more_queries(client_of, mara, django_assert_num_queries):
    from regulars.staff.models import Passkey

    client = client_of(mara)

    def passkey(number):
        Passkey.objects.create(user=mara, name=f"Key {number}", credential_id=f"key{number}", public_key="x")

    passkey(0)
    client.get("/settings/security")
    with django_assert_num_queries(7):
        client.get("/settings/security")
    for number in (1, 2):
        passkey(number)
        Client().force_login(mara)
    with django_assert_num_queries(7):
        page = client.get("/settings/security").content.decode()
    assert "Key 2" in page
