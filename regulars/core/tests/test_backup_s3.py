"""Backups in a bucket: against a server that speaks S3 and checks every signature."""

from __future__ import annotations

import secrets

import pytest

from regulars.core import backup
from regulars.core.backup import keys, places, proving, state, taking
from regulars.core.backup.refusals import BackupRefusal, NoSuchBackup, PlaceAway
from regulars.core.models import BackupRun
from regulars.core.tests.s3 import KEY, REGION, SECRET, Server

NAME = "regulars-20260301T090000Z-0123abcd.age"


def silent(_done, _total):
    pass


@pytest.fixture
def s3(settings):
    """A server, and the settings that lead to it."""
    server = Server()
    settings.BACKUP_S3 = {
        "endpoint": server.url,
        "region": REGION,
        "access_key_id": KEY,
        "secret_access_key": SECRET,
    }
    yield server.storage
    server.stop()
    places._s3.cache_clear()


def test_what_was_written_is_listed_read_and_removed(s3):
    bucket = places.place_of("s3://tea/the shop")
    content = secrets.token_bytes(20_000_000)
    pieces = (content[at : at + 300_000] for at in range(0, len(content), 300_000))
    assert bucket.write(NAME, pieces) == len(content)
    assert s3.objects[f"tea/the shop/{NAME}"] == content
    assert s3.refused == 0
    assert any("uploadId" in path for _method, path in s3.requests)
    s3.objects["tea/the shop/readme.txt"] = b"x"
    s3.objects["tea/the shop/deeper/" + NAME] = b"x"
    s3.objects["tea/the shop too/" + NAME] = b"x"
    more = [NAME.replace("0301", f"03{day:02}") for day in range(2, 6)]
    for name in more:
        s3.objects[f"tea/the shop/{name}"] = b"x"
    assert [one.name for one in bucket.stored()] == [NAME, *more]
    assert bucket.stored()[0].size == len(content)
    assert b"".join(bucket.read(NAME)) == content
    bucket.remove(NAME)
    bucket.remove(NAME)
    with pytest.raises(NoSuchBackup, match=r"s3://tea/the shop has no regulars-"):
        list(bucket.read(NAME))
    assert places.small(bucket, "keys.age") is None


def test_half_an_upload_is_no_object(s3):
    bucket = places.place_of("s3://tea")

    def broken():
        for _time in range(100):
            yield secrets.token_bytes(1_000_000)
        raise RuntimeError("the machine stumbled")

    with pytest.raises(RuntimeError):
        bucket.write(NAME, broken())
    assert s3.objects == {}
    s3.fail_after = 2
    with pytest.raises(PlaceAway, match="s3://tea cannot be used"):
        bucket.write(NAME, (secrets.token_bytes(1_000_000) for _time in range(60)))
    assert s3.objects == {}
    assert bucket.stored() == []


def test_a_wrong_secret_is_refused_and_said(s3, settings):
    settings.BACKUP_S3 = settings.BACKUP_S3 | {"secret_access_key": "another"}
    with pytest.raises(PlaceAway, match="s3://tea cannot be used"):
        places.place_of("s3://tea").stored()
    assert s3.refused > 0


def test_a_backup_goes_into_a_bucket_and_is_proven_from_there(stocked, s3, settings):
    settings.BACKUP_PLACES = ["s3://tea/shop"]
    [run] = taking.create(say=silent)
    assert (run.state, run.place) == ("proven", "s3://tea/shop")
    assert set(s3.objects) == {f"tea/shop/{run.name}", "tea/shop/keys.age"}
    assert s3.refused == 0
    [listed], away = state.listed()
    assert (listed.size, away) == (run.size, [])
    content = bytearray(s3.objects[f"tea/shop/{run.name}"])
    content[len(content) // 2] ^= 1
    s3.objects[f"tea/shop/{run.name}"] = bytes(content)
    [again] = proving.verify(run.name, say=silent)
    assert again.state == BackupRun.State.DAMAGED
    assert run.name in again.error
    first = s3.objects["tea/shop/keys.age"]
    backup.replace_keys()
    assert s3.objects["tea/shop/keys.age"] != first
    assert keys.missing() == []


def test_a_bucket_that_is_away_is_said_by_backup_list_and_page(stocked, s3, settings, client_of, ada):
    settings.BACKUP_PLACES = ["s3://tea/shop"]
    s3.is_away = True
    with pytest.raises(BackupRefusal, match="s3://tea/shop cannot be used"):
        taking.create(say=silent)
    assert "s3://tea/shop cannot be used" in state.listed()[1][0]
    page = client_of(ada).get("/settings/backups").content.decode()
    assert "s3://tea/shop cannot be used" in page
    backup.replace_keys()
    assert "cannot be used" in keys.missing()[0].error
    s3.is_away = False
    keys.replace_where_missing()
    assert keys.missing() == []
    assert "tea/shop/keys.age" in s3.objects
