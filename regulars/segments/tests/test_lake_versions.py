"""Versions are published whole or not at all, are good for one shop and one release, and damage is never read."""

import json
import os

import pyarrow as pa
import pytest
from click.testing import CliRunner

from regulars.core import datakeys, shop
from regulars.core.background import overview
from regulars.customers.actions.profile import change_customer, create_customer
from regulars.segments.lake import building, columns, commands, jobs, memory, tables, versions, view
from regulars.segments.tests import lakes
from regulars.timeline.actions import begin_anew


@pytest.fixture(autouse=True)
def anna(db, monkeypatch):
    tables.tables()  # all are there before others take their place
    monkeypatch.setattr(tables, "_TABLES", {"people_here": lakes.PEOPLE, "notes": lakes.NOTES})
    monkeypatch.setattr(tables, "_DIMENSIONS", {})
    return create_customer(values={"given_name": "Anna"})


def names(opened):
    return [row["name"] for row in lakes.whole(opened, "people_here", ["customer", "name"])]


def folders():
    return sorted(path.name for path in versions.folder().iterdir() if path.is_dir())


def cut_short(path):
    path.write_bytes(path.read_bytes()[:-1])


def one_bit(path):
    body = bytearray(path.read_bytes())
    body[len(body) // 2] ^= 1
    path.write_bytes(body)


def put_another_there(path):
    path.write_bytes((path.parent / "people_here.spent").read_bytes())


@pytest.mark.parametrize("harm", [cut_short, one_bit, put_another_there, os.unlink])
@pytest.mark.parametrize("name", ["people_here.name", "manifest", "people.customer"])
def test_what_was_damaged_is_set_aside_and_answered_from_the_records(harm, name):
    jobs.build()
    versions._manifest.cache_clear()
    harm(versions.folder() / "1" / name)
    assert view.asked(names) == ["Anna"]
    assert view.open().version is None
    assert versions.usable() is None
    assert overview.waits(jobs.keep_fresh) is (name != "manifest")
    assert jobs.keep_fresh() == 2
    assert (view.open().version, view.asked(names), folders()) == (2, ["Anna"], ["2"])


def test_a_damaged_column_that_only_a_refresh_reads_makes_it_build_anew(anna):
    jobs.build()
    change_customer(anna, values={"given_name": "Ann"})
    one_bit(versions.folder() / "1" / "people_here.spent")
    assert jobs.refresh().is_full
    assert (view.open().version, view.asked(names)) == (2, ["Ann"])


@pytest.mark.parametrize("make", [jobs.build, jobs.refresh])
@pytest.mark.parametrize("after", [0, 3, "published"])
def test_whoever_is_killed_while_building_leaves_the_old_version(anna, monkeypatch, make, after):
    jobs.build()
    change_customer(anna, values={"given_name": "Ann"})
    written = []

    def die(*_arguments, **_named):
        if after == "published" or len(written) == after:
            raise KeyboardInterrupt
        written.append(1)
        return 1

    with monkeypatch.context() as patched:
        # nothing is tidied up: a process that is killed does not come to it
        patched.setattr(versions.Draft, "drop", lambda _draft: None)
        patched.setattr(versions, "remove" if after == "published" else "_to_disk", die)
        if after != "published":
            patched.setattr(columns, "write", die)
        with pytest.raises(KeyboardInterrupt):
            make()
    assert (view.open().version, view.asked(names)) == ((2 if after == "published" else 1), ["Ann"])
    made = jobs.refresh()
    assert (view.open().version, view.asked(names)) == (made.number, ["Ann"])
    assert list(versions.folder().glob("*.building")) == []


def test_a_job_that_is_stopped_leaves_the_old_version(anna):
    jobs.build()
    change_customer(anna, values={"given_name": "Ann"})

    def stop(_done, _total):
        raise RuntimeError("stopped")

    for make in (jobs.build, jobs.refresh):
        with pytest.raises(RuntimeError):
            make(say=stop)
    assert (view.open().version, folders()) == (1, ["1"])


def test_only_one_builds_at_a_time():
    with versions.alone() as is_ours:
        assert is_ours
        with pytest.raises(jobs.BeingBuilt):
            jobs.build()
        with pytest.raises(jobs.BeingBuilt):
            jobs.refresh()
        assert jobs.keep_fresh() is None
    assert jobs.keep_fresh() == 1


def test_the_version_before_stays_for_those_who_read_it_and_who_comes_too_late_asks_again(anna):
    jobs.build()
    early = view.open()
    change_customer(anna, values={"given_name": "Ann"})
    jobs.refresh()
    assert folders() == ["1", "2"]
    assert early.base("people_here", ["name"]).to_pylist() == [{"name": "Anna"}]
    change_customer(anna, values={"given_name": "Anne"})
    jobs.refresh()
    assert folders() == ["2", "3"]
    with pytest.raises(view.VersionGone):
        early.base("people_here", ["spent"])
    asked = []

    def question(opened):
        asked.append(opened.version)
        return (early if len(asked) == 1 else opened).base("people_here", ["spent", "customer"]).num_rows

    assert view.asked(question) == 1
    assert asked == [3, 3]
    # that an older one is gone says nothing of the newest
    assert versions.usable().number == 3


def test_a_version_of_another_release_currency_zone_or_database_is_not_used(monkeypatch):
    jobs.build()
    with monkeypatch.context() as patched:
        patched.setattr(versions, "__version__", "99")
        versions._meaning.cache_clear()
        assert versions.usable() is None
    versions._meaning.cache_clear()
    assert versions.usable().number == 1
    more = tables.Table(name="more", schema=lambda: lakes.PEOPLE_SCHEMA, read=lakes.read_people)
    with monkeypatch.context() as patched:
        patched.setitem(tables._TABLES, "more", more)
        assert versions.usable() is None
    shop.change(currency="JPY")
    assert versions.usable() is None
    shop.change(currency="EUR", time_zone="Asia/Shanghai")
    assert versions.usable() is None
    shop.change(time_zone="Europe/Berlin")
    assert versions.usable().number == 1
    begin_anew(reason="a backup was restored")
    assert versions.usable() is None
    assert jobs.keep_fresh() == 2
    assert view.open().version == 2


def test_the_clock_refreshes_when_it_is_worth_it(anna, monkeypatch):
    assert jobs.keep_fresh() == 1
    assert jobs.keep_fresh() is None
    change_customer(anna, values={"given_name": "Ann"})
    assert jobs.keep_fresh() is None
    monkeypatch.setattr(jobs, "FEW", 1)
    assert jobs.keep_fresh() == 2
    assert sorted(view.open().touched) == []


def test_new_keys_write_it_anew_and_leave_nothing_of_the_older_ones():
    jobs.build()
    assert jobs.reseal() == 0
    datakeys.add_generation("files")
    assert jobs.reseal() == 1
    version = versions.usable()
    assert (version.number, version.generation, folders()) == (2, datakeys.named("files").newest, ["2"])
    assert jobs.reseal() == 0
    assert view.asked(names) == ["Anna"]


def test_a_shop_without_customers_or_tables_builds_nothing(anna, monkeypatch):
    tables.tables()
    monkeypatch.setattr(tables, "_TABLES", {})
    assert jobs.keep_fresh() is None
    jobs.ask_for_first()
    assert not overview.waits(jobs.keep_fresh)


def test_set_up_has_the_first_version_built(run_jobs):
    jobs.ask_for_first()
    run_jobs()
    assert view.open().version == 1
    jobs.ask_for_first()
    assert not overview.waits(jobs.keep_fresh)


def test_the_command_line_says_what_there_is(anna):
    def run(command, *options):
        done = CliRunner().invoke(command, options, catch_exceptions=False)
        assert done.exit_code == 0
        return done.stdout

    assert "There is no lake yet" in run(commands.status)
    assert json.loads(run(commands.status, "--json")) == {"version": None, "has_older": False}
    built = json.loads(run(commands.build, "--json"))
    assert (built["version"], built["customers"], built["rows"], built["is_full"]) == (1, 1, 1, True)
    change_customer(anna, values={"given_name": "Ann"})
    status = json.loads(run(commands.status, "--json"))
    assert (status["touched"], status["tables"]["people_here"]["rows"]) == (1, 1)
    assert status["bytes"] == sum(
        path.stat().st_size for path in (versions.folder() / "1").iterdir() if path.name != "manifest"
    )
    assert "Version 1: 1 customers, 1 rows" in run(commands.status)
    assert json.loads(run(commands.refresh, "--json"))["is_full"] is False


def test_memory_keeps_what_was_asked_for_last_and_opens_each_column_once():
    opened = []

    def load(name):
        def read():
            opened.append(name)
            return pa.chunked_array([pa.array(range(100), pa.int64())])

        return ("v", "t", name), lambda: read

    kept = memory.Columns(lambda: 2_000)
    for name in ["a", "b", "a", "c", "a", "b"]:
        kept.get([load(name)])
    assert opened == ["a", "b", "c", "b"]
    assert kept.usage() == memory.Usage(1_600, 2)
    # one that has no room is answered all the same
    small = memory.Columns(lambda: 1)
    assert [len(one) for one in small.get([load("a"), load("b")])] == [100, 100]
    assert small.usage().columns == 1


def test_building_says_how_far_it_is():
    said = []
    with versions.alone():
        building.build(say=lambda done, total: said.append((done, total)))
    assert said == sorted(said)
    assert said[-1][0] == said[-1][1] > 0
