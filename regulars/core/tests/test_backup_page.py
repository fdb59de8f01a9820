"""The page of backups: who may see it, what it says, what it begins."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from django_tasks_db.models import DBTaskResult

from regulars.core import quarantine
from regulars.core.models import BackupRun
from regulars.staff.models import User

State = BackupRun.State
ADDRESS = "/settings/backups"
MORE = ("new", "release", "regulars-x/proof", "regulars-x/gone")


@pytest.fixture
def lying_there(home, db):
    """Backups in the place, and what is known of them."""

    def put(number, state=State.PROVEN, **more):
        name = f"regulars-202603{number:02}T023000Z-0123abcd.age"
        folder = home.with_name("home.backups")
        folder.mkdir(exist_ok=True)
        (folder / name).write_bytes(b"x" * 2_000_000)
        checked = [{"name": "tables", "count": 61, "rows": 642_065, "problems": []}]
        now = timezone.now()
        known = {"began_at": now, "proven_at": now, "size": 2_000_000, "rows": 642_065, "checked": checked} | more
        return BackupRun.objects.create(name=name, place=str(folder), state=state, **known)

    return put


def text_of(answer):
    assert answer.status_code == 200
    return " ".join(answer.content.decode().split())


def test_the_page_lists_what_there_is_and_how_to_bring_the_shop_back(client_of, ada, lying_there):
    lying_there(1)
    bad = lying_there(2, State.DAMAGED, error="The backup is damaged in its part “database”.", proven_at=None)
    page = text_of(client_of(ada).get(ADDRESS))
    assert "642,065 rows, and what was looked at" in page
    assert "rows of all tables" in page
    assert "The backup is damaged in its part “database”." in page
    assert f"regulars restore {bad.name} --yes" in page
    assert "7 days, 4 weeks, 12 months; the newest proven one always" in page
    assert "every day at 02:30" in page
    assert "home.backups" in page
    assert page.count("Prove again") == 2
    assert page.count(f"{ADDRESS}/{bad.name}/gone") == 1


def test_an_empty_place_says_when_the_first_one_comes(client_of, ada, home):
    page = text_of(client_of(ada).get(ADDRESS))
    assert "No backup was taken yet" in page
    assert "The first one is taken at 02:30" in page


def test_backing_up_now_is_one_job(client_of, ada, home):
    client = client_of(ada)
    for _time in range(2):
        assert client.post(f"{ADDRESS}/new").url == ADDRESS
    [job] = DBTaskResult.objects.filter(args_kwargs__kwargs__verb__endswith="back_up_now")
    assert "A backup waits for the background worker." in text_of(client.get(ADDRESS))
    assert "Back up now" not in text_of(client.get(ADDRESS))
    client.post(f"{ADDRESS}/regulars-20260301T023000Z-0123abcd.age/proof")
    assert DBTaskResult.objects.exclude(pk=job.pk).get().args_kwargs["kwargs"]["arguments"] == {
        "name": "regulars-20260301T023000Z-0123abcd.age"
    }


def test_a_damaged_backup_is_removed(client_of, ada, lying_there):
    bad = lying_there(2, State.DAMAGED, error="bad")
    answer = client_of(ada).post(f"{ADDRESS}/{bad.name}/gone")
    assert answer.status_code == 302
    assert not BackupRun.objects.exists()
    client_of(ada).get(ADDRESS)  # the first page says that it is gone
    assert bad.name not in text_of(client_of(ada).get(ADDRESS))
    assert client_of(ada).post(f"{ADDRESS}/regulars-tuesday/gone", follow=True).status_code in {200, 404, 409}


def test_a_restored_shop_is_released_on_the_page(client_of, ada, home):
    quarantine.begin(backup="regulars-x", taken_at=timezone.now())
    page = text_of(client_of(ada).get(ADDRESS))
    assert "This shop was restored, and is in quarantine." in page
    assert "Back up now" not in page
    client_of(ada).post(f"{ADDRESS}/release")
    assert not quarantine.is_on()
    page = text_of(client_of(ada).get(ADDRESS))
    assert "in quarantine" not in page


def test_charlie_sees_nothing_and_begins_nothing(client_of, charlie, home):
    quarantine.begin(backup="regulars-x", taken_at=timezone.now())
    client = client_of(charlie)
    assert client.get(ADDRESS).status_code == 403
    for more in MORE:
        assert client.post(f"{ADDRESS}/{more}").status_code == 403
    assert quarantine.is_on()
    assert not DBTaskResult.objects.exists()
    assert "Backup proven" not in text_of(client.get("/"))


@pytest.mark.parametrize("role", ["manager", "agent", "marketer", "analyst", "read_only"])
def test_only_the_owner_sees_backups(client_of, role, home, db):
    somebody = User.objects.create(name="Sofie Dahl", email="sofie@shop.example", role=role, password="!")
    assert client_of(somebody).get(ADDRESS).status_code == 403


def test_the_number_of_queries_does_not_grow_with_the_backups(client_of, ada, lying_there):
    client = client_of(ada)
    client.get(ADDRESS)
    counts = []
    for number in (1, 2, 3):
        lying_there(number)
        if number != 2:
            with CaptureQueriesContext(
                connection,
            ) as asked:
                client.get(ADDRESS)
            counts.append(len(asked))
    assert counts[0] == counts[1]
