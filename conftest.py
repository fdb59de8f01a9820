"""The cast and the stage of every test: a data folder of its own, an engine, Ada, Ben, Charlie, and a shop."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
import time
from pathlib import Path

import django
import hypothesis
import pytest

sys.path.insert(0, str(Path(__file__).parent))
from tools import postgres

# Before Django reads its settings (so they are named here, not in pyproject.toml): tests never touch real data.
os.environ["REGULARS_HOME"] = tempfile.mkdtemp(prefix="regulars-test-")
(Path(os.environ["REGULARS_HOME"]) / "static").mkdir()
os.environ["DJANGO_SETTINGS_MODULE"] = "regulars.config.settings"
os.environ["REGULARS_KEYS"] = "rgk_" + "only-for-tests" * 3 + "A"

# By day properties are tried with the same examples in every run, however slow the machine is; others every night.
hypothesis.settings.register_profile("day", derandomize=True, deadline=None, database=None)
hypothesis.settings.register_profile("night", deadline=None)
hypothesis.settings.load_profile("night" if "REGULARS_NIGHT" in os.environ else "day")

ENGINE = os.environ.get("REGULARS_TEST_ENGINE", "sqlite")


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config):
    """Choose the engine: REGULARS_TEST_ENGINE is sqlite (the default) or postgresql.

    PostgreSQL is the server of DATABASE_URL where that is set, else one of this run's own, started here.
    """
    if ENGINE == "postgresql":
        if not os.environ.get("DATABASE_URL", "").startswith("postgres"):
            config.stash[_SERVER] = server = postgres.start()
            # the workers of a parallel run inherit the address and start none of their own
            os.environ["DATABASE_URL"] = server.url
    elif ENGINE == "sqlite":
        os.environ["DATABASE_URL"] = ""
    else:
        raise pytest.UsageError(f"REGULARS_TEST_ENGINE is “{ENGINE}”; it takes sqlite or postgresql")
    django.setup()
    from django.conf import settings

    if Path(os.environ["REGULARS_HOME"]) != settings.REGULARS_HOME:
        raise pytest.UsageError("The settings were read before this run had a data folder of its own.")
    if not hasattr(config, "workerinput") and getattr(config.option, "dist", "no") != "no":
        # a parallel worker that inherited this would read the settings, with our folder, before it has made its own
        del os.environ["DJANGO_SETTINGS_MODULE"]
    from regulars.core import datakeys

    datakeys._SECONDS = 3600  # that keys are asked for again every few seconds must not be counted in slow tests
    if not hasattr(config, "workerinput"):
        # a fresh clone has the catalogues as text only
        from regulars.config.setup import compile_translations

        compile_translations()


def pytest_unconfigure(config):
    server = config.stash.get(_SERVER, None)
    if server is not None:
        server.stop()
    shutil.rmtree(os.environ["REGULARS_HOME"], ignore_errors=True)
    Path(os.environ["REGULARS_HOME"] + ".seals").unlink(missing_ok=True)


def pytest_report_header():
    return f"engine: {ENGINE}"


_SERVER = pytest.StashKey[postgres.Server]()


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup, django_db_blocker):
    """As ever; and in the end whoever still has the database of the tests open is named and sent away.

    A worker process that a test has just killed may not have left PostgreSQL yet, which then drops no database.
    """
    yield
    from django.db import connection

    if connection.vendor != "postgresql":
        return
    with django_db_blocker.unblock(), connection.cursor() as cursor:
        cursor.execute(
            "SELECT state, query, pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
        for state, query, _gone in cursor.fetchall():
            print(f"\nstill had the database open ({state}): {query[:300]}")


@pytest.fixture
def database_url():
    """The address of the test's own database, for processes that a test starts."""
    from django.db import connection

    known = connection.settings_dict
    if connection.vendor == "sqlite":
        return f"sqlite:///{known['NAME']}"
    return f"postgresql://{known['USER']}:{known['PASSWORD']}@/{known['NAME']}?host={known['HOST']}"


@pytest.fixture
def run_jobs(db):
    """Do all background work that is due, here and now, and return how many jobs that were; a failing one raises."""
    from regulars.core.background import queue

    def run():
        count = 0
        while held := queue.claim("test"):
            error = queue.run(held)
            if error is not None:
                raise error
            count += 1
        return count

    return run


@pytest.fixture(autouse=True)
def _forget_cached():
    """What one test kept in the cache, the shop say, is not there for the next: its rows were rolled back."""
    from django.core.cache import cache

    from regulars.core import datakeys
    from regulars.core.api import budget
    from regulars.segments.lake import versions, view

    cache.clear()
    view.forget()
    shutil.rmtree(versions.folder(), ignore_errors=True)
    datakeys.forget_cached()
    budget.forget()


@pytest.fixture(autouse=True)
def _forget_log():
    """What a test left outside its transaction: who read what, and the anchors of its seals."""
    from regulars.timeline import anchors
    from regulars.timeline.actions.reading import spool

    spool().close()
    shutil.rmtree(spool().folder, ignore_errors=True)
    anchors.path().unlink(missing_ok=True)


@pytest.fixture
def ada(db):
    """Ada owns the shop."""
    return _colleague("Ada Owner", "owner")


@pytest.fixture
def ben(db):
    """Ben answers customers."""
    return _colleague("Ben Agent", "agent")


@pytest.fixture
def charlie(db):
    """Charlie may do nothing, and proves it in every permission test."""
    return _colleague("Charlie Nobody", "nobody")


@pytest.fixture
def client_of(client):
    """A signed-in test client, who proved just now who they are: client_of(ada)."""

    def sign_in(user):
        _let_in(client, user)
        return client

    return sign_in


@pytest.fixture
def api_of(client):
    """A program with a token of somebody's: api_of(ada).post("/customers", {...}), or with some scopes alone."""

    def with_token(user, *scopes):
        from regulars.staff.actions import create_token

        _token, plain = create_token(user=user, name="a program", scopes=scopes or user.permissions)
        return Program(client, {"Authorization": f"Bearer {plain}"})

    return with_token


class Program:
    """Calls the API with a token, and JSON."""

    def __init__(self, client, headers):
        self.client, self.headers = client, headers

    def get(self, path, query=None, **headers):
        return self.client.get(_address(path), query, headers=self._headers(headers))

    def post(self, path, body=None, **headers):
        return self._write(self.client.post, path, body, headers)

    def patch(self, path, body=None, **headers):
        return self._write(self.client.patch, path, body, headers)

    def delete(self, path, **headers):
        return self.client.delete(_address(path), headers=self._headers(headers))

    def _write(self, method, path, body, headers):
        headers = self._headers(headers)
        return method(_address(path), body, content_type="application/json", headers=headers)

    def _headers(self, more):
        return self.headers | {name.replace("_", "-"): value for name, value in more.items()}


def _address(path):
    return path if path.startswith(("/api/", "http")) else f"/api/v1{path}"


@pytest.fixture(scope="module")
def imap_server():
    """An IMAP server of a test module's own (tools/dovecot.py)."""
    from tools import dovecot

    try:
        server = dovecot.start()
    except dovecot.NoServer as none:
        if os.environ.get("REGULARS_ALL_TESTS"):
            raise
        pytest.skip(str(none))
    yield server
    server.stop()


@pytest.fixture(scope="session")
def chromium():
    """A real browser, for the whole run."""
    from playwright.sync_api import sync_playwright

    from tools import browser

    path = browser.find()
    assert path, "browser tests need Chromium: install it, or set REGULARS_CHROMIUM to its path"
    # Playwright keeps a loop running in this thread, which Django would take for asynchronous code.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=path, args=browser.ARGUMENTS)
        yield launched
        launched.close()


@pytest.fixture
def visit(live_server, transactional_db, chromium, client, monkeypatch):
    """Open a page of a real server in a real browser: visit("/customers", ada, width=390, theme="dark").

    The page collects what its console complains of in `page.complaints`.
    """
    from regulars.core import streaming
    from regulars.core.live.hub import HUB

    monkeypatch.setattr(streaming, "BEAT", 0.2)
    contexts = []

    def open_page(path="/", user=None, *, width=1440, theme="light", language="en", has_scripts=True):
        context = chromium.new_context(
            viewport={"width": width, "height": 900},
            color_scheme=theme,
            locale=language,
            java_script_enabled=has_scripts,
            has_touch=width < 700,
        )
        contexts.append(context)
        if user is not None:
            _let_in(client, user)
            cookie = client.cookies["sessionid"].value
            context.add_cookies([{"name": "sessionid", "value": cookie, "url": live_server.url}])
        page = context.new_page()
        page.set_default_timeout(10_000)
        page.complaints = []
        page.on("console", lambda said: page.complaints.append(said.text) if said.type == "error" else None)
        page.on("pageerror", lambda error: page.complaints.append(str(error)))
        page.goto(live_server.url + path)
        return page

    yield open_page
    for context in contexts:
        context.close()
    # a stream sees at its next beat that nobody is there any more; none may look into the next test's database
    ends_at = time.monotonic() + 5
    while len(HUB) and time.monotonic() < ends_at:
        time.sleep(0.05)


def _let_in(client, user):
    """Sign somebody in as the door does; sensitive actions do not ask for the password again."""
    from django.utils import timezone

    from regulars.staff.actions.sign_in import PROVED

    client.force_login(user)
    session = client.session
    session[PROVED] = timezone.now().timestamp()
    session.save()


def _colleague(name, role):
    from regulars.staff.models import User

    return User.objects.create(name=name, email=f"{name.split()[0].lower()}@shop.example", role=role, password="!")
