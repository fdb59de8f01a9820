"""Set-up and supervisor as a shopkeeper meets them: real processes, started, stopped and killed."""

import json
import os
import re
import signal
import socket
import stat
import subprocess
import sys
import time
import urllib.request
import uuid
from contextlib import closing
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import psutil
import psycopg
import pytest
from sqlcipher3 import dbapi2

from regulars.core import keyring
from regulars.core.sqlcipher import files

REGULARS = [sys.executable, "-m", "regulars.config.cli"]


DATABASES = {}  # the address of each shop's own database, where the tests run on PostgreSQL


@pytest.fixture
def home(tmp_path):
    """The data folder of a shop that is not there yet."""
    folder = tmp_path / "shop"
    server = os.environ.get("DATABASE_URL")
    if not server:
        yield folder
        return
    name = f"shop_{uuid.uuid4().hex}"
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
        DATABASES[folder] = urlunsplit(urlsplit(server)._replace(path=f"/{name}"))
        yield folder
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def start(home):
    """Start `regulars run` and wait until it has printed where it is; everything is ended with the test."""
    started = []

    def run(**more):
        port = free_port()
        log = home.parent / f"log-{len(started)}"
        with log.open("w") as out:
            process = subprocess.Popen(
                [*REGULARS, "run", "--no-demo"],
                env=environment(home) | {"REGULARS_PORT": str(port)} | more,
                stdout=out,
                stderr=out,
            )
        started.append(process)
        wait_until(lambda: "Ctrl-C" in log.read_text() or process.poll() is not None, 60)
        assert process.poll() is None, log.read_text()
        return process, port, log

    yield run
    for process in started:
        if process.poll() is None:
            for member in family_of(process):
                member.kill()
            process.kill()
            process.wait()


def environment(home):
    kept = {name: value for name, value in os.environ.items() if name in {"PATH", "LANG", "VIRTUAL_ENV"}}
    return kept | {
        "REGULARS_HOME": str(home),
        "DATABASE_URL": DATABASES.get(home, ""),
        "PYTHONUNBUFFERED": "1",
    }


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_until(condition, seconds=20):
    ends_at = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < ends_at, "it did not happen in time"
        time.sleep(0.05)


def answer(port, path):
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=5) as response:
            return json.load(response)["status"]
    except OSError:
        return None


def family_of(process):
    return psutil.Process(process.pid).children(recursive=True)


def are_gone(processes):
    return not any(one.is_running() and one.status() != psutil.STATUS_ZOMBIE for one in processes)


def mode(path):
    return stat.S_IMODE(path.stat().st_mode)


def test_a_shop_opens_keeps_its_keys_and_ends_within_five_seconds(start, home):
    process, port, log = start()
    assert (answer(port, "/healthz"), answer(port, "/readyz")) == ("ok", "ok")
    said = log.read_text()
    assert f"http://localhost:{port}/" in said
    password = re.search(r"Password +(\S+)", said)[1]
    assert json.loads((home / "first-sign-in").read_text())["password"] == password
    keys = home.with_name(home.name + ".keys")
    assert (mode(home), mode(home / "first-sign-in"), mode(keys)) == (0o700, 0o600, 0o600)
    key = keys.read_text()
    assert len(keyring.parse(key).keys) == 1

    family = family_of(process)
    assert len(family) >= 3
    began = time.monotonic()
    process.send_signal(signal.SIGINT)
    assert process.wait(timeout=6) == 0
    assert time.monotonic() - began < 5
    assert are_gone(family)

    again, port, log = start()
    assert "Database" not in log.read_text()
    assert password in log.read_text()
    assert keys.read_text() == key
    again.terminate()
    assert again.wait(timeout=6) == 0


def test_no_child_outlives_a_killed_supervisor(start):
    process, port, _ = start()
    family = family_of(process)
    process.kill()
    process.wait()
    wait_until(lambda: are_gone(family), 8)
    assert answer(port, "/healthz") is None


def test_what_crashes_is_started_again(start):
    process, port, log = start()
    web, worker = (
        next(child for child in psutil.Process(process.pid).children() if name in child.cmdline())
        for name in ("web", "worker")
    )
    server = web.children()[0]
    for victim in (worker, server, web):
        victim.kill()
    wait_until(lambda: are_gone([worker, server, web]))
    # the server's second process answers for a moment yet, so that the sentence comes first
    wait_until(lambda: "The worker process ended unexpectedly" in log.read_text())
    wait_until(lambda: "The web process ended unexpectedly" in log.read_text())
    wait_until(lambda: answer(port, "/readyz") == "ok", 30)
    wait_until(lambda: len(psutil.Process(process.pid).children()) == 2)
    assert psutil.Process(process.pid).is_running()


def test_the_idle_product_is_small(start):
    process, port, _ = start()
    answer(port, "/readyz")
    members = [psutil.Process(process.pid), *family_of(process)]
    # shared pages count once: what the machine would get back if it all ended
    assert sum(member.memory_full_info().pss for member in members) < 350 * 2**20


def run_once(home, *arguments, **more):
    return subprocess.run(
        [*REGULARS, *arguments], env=environment(home) | more, capture_output=True, text=True, timeout=90
    )


def test_a_taken_port_is_said_in_one_sentence(home):
    assert run_once(home, "setup", "--no-demo").returncode == 0
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        done = run_once(home, "run", "--no-demo", REGULARS_PORT=str(port))
    assert done.returncode == 2
    assert done.stderr.splitlines()[-1] == (
        f"regulars: Port {port} on 127.0.0.1 is taken or not allowed. Set REGULARS_PORT to another one."
    )


@pytest.mark.parametrize(
    ("setting", "sentence"),
    [
        ({"REGULARS_PORT": "http"}, "REGULARS_PORT is “http”; write a whole number."),
        ({"DATABASE_URL": "mysql://x/y"}, "DATABASE_URL begins with “mysql”; it takes sqlite:/// or postgresql://."),
        ({"REGULARS_DEBUG": "maybe"}, "REGULARS_DEBUG is “maybe”; write 1 or 0."),
        ({"REGULARS_HOME": "/dev/null/shop"}, "The data folder /dev/null/shop cannot be made: Not a directory."),
        ({"DATABASE_URL": "postgresql://nobody@127.0.0.1:1/none"}, "The database cannot be reached: "),
    ],
)
def test_a_bad_setting_is_said_in_one_sentence(home, setting, sentence):
    done = run_once(home, "run", "--no-demo", **setting)
    assert done.returncode == 2
    assert done.stderr.splitlines()[-1].startswith(f"regulars: {sentence}")
    assert "Traceback" not in done.stderr


def test_a_command_without_a_shop_says_what_to_do(home):
    done = run_once(home, "worker", "--once")
    assert done.returncode == 2
    assert done.stderr == "regulars: This shop has no keys yet. Run `regulars setup` first.\n"


def test_a_command_without_tables_says_what_to_do(home):
    home.mkdir(parents=True)
    done = run_once(home, "worker", "--once", REGULARS_KEYS=keyring.Key.new().text)
    assert done.returncode == 2
    assert done.stderr.endswith("regulars: The database is not set up for this version. Run `regulars setup` first.\n")


@pytest.mark.parametrize("command", [[], ["run"], ["setup"], ["web"], ["worker"], ["migrate"], ["import", "customers"]])
def test_every_command_explains_itself(home, command):
    done = run_once(home, *command, "--help", REGULARS_SECRET_KEY="x" * 50)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("Usage: regulars")


def test_a_closed_pipe_is_quiet(home):
    reader, writer = os.pipe()
    os.close(reader)
    done = subprocess.run(
        [*REGULARS, "--help"],
        env=environment(home) | {"REGULARS_SECRET_KEY": "x"},
        stdout=writer,
        stderr=subprocess.PIPE,
    )
    os.close(writer)
    assert (done.returncode, done.stderr) == (0, b"")


def test_setting_up_twice_at_once_makes_one_shop(home):
    both = [
        subprocess.Popen(
            [*REGULARS, "setup", "--no-demo"], env=environment(home), stdout=subprocess.PIPE, stderr=subprocess.STDOUT
        )
        for _ in range(2)
    ]
    said = [one.communicate(timeout=90)[0].decode() for one in both]
    assert [one.returncode for one in both] == [0, 0], said


def test_translations_are_compiled_without_gettext():
    import regulars
    from regulars.config.setup import compile_translations

    compile_translations()
    package = Path(regulars.__file__).parent
    for source in package.glob("locale/*/LC_MESSAGES/*.po"):
        assert source.with_suffix(".mo").stat().st_mtime_ns >= source.stat().st_mtime_ns


@pytest.mark.skipif(os.environ.get("REGULARS_TEST_ENGINE") == "postgresql", reason="there is no file to copy")
def test_a_running_shop_gets_a_new_key_and_goes_on(start, home):
    process, port, log = start()
    path = home.with_name(home.name + ".keys")
    (old,) = keyring.parse(path.read_text()).keys

    done = run_once(home, "keys", "rotate", "--json")

    assert (done.returncode, done.stderr) == (0, "")
    new = keyring.parse(path.read_text()).current
    assert json.loads(done.stdout) == {"current": new.id, "sealed_anew": 0}
    assert new != old
    wait_until(lambda: answer(port, "/readyz") == "ok", 60)
    assert process.poll() is None
    assert ["pauses" in log.read_text(), "goes on" in log.read_text()] == [True, True]
    database = str(home / "regulars.sqlite3")
    with closing(files.opened(database, [new.derive("database").hex()])) as connection:
        assert connection.execute("SELECT count(*) FROM staff_user").fetchone() == (1,)
    with pytest.raises(dbapi2.OperationalError, match="none of the keys fits"):
        files.opened(database, [old.derive("database").hex()])
    listed = json.loads(run_once(home, "keys", "list", "--json").stdout)["keys"]
    assert [(one["id"], one["current"], one["database"]) for one in listed] == [
        (new.id, True, True),
        (old.id, False, False),
    ]
    assert listed[1]["wraps"] == []
    assert run_once(home, "keys", "drop", old.id, "--yes").returncode == 0
    assert keyring.parse(path.read_text()).keys == (new,)
    assert answer(port, "/readyz") == "ok"
