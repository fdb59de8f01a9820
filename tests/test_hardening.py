"""What an attacker tries first, tried on every address; and ways of writing code that let people in, refused."""

import ast
import re
from pathlib import Path

import pytest
from django.http import HttpResponse
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

import regulars

PACKAGE = Path(regulars.__file__).parent
SOURCES = sorted(path for path in PACKAGE.rglob("*.py") if not {"tests", "migrations"} & set(path.parts))
TEMPLATES = sorted(PACKAGE.rglob("templates/**/*.html")) + sorted(PACKAGE.rglob("templates/**/*.txt"))

# Where HTML is put together from pieces that are escaped there. A file joins by somebody's decision.
MAY_MARK_SAFE = {
    "customers/views/listing.py": "the filter menu: query and labels are escaped",
    "customers/mentions.py": "the text of a note around its mentions: every part is escaped",
    "customers/columns.py": "the rows of the list: every drawer escapes what people wrote",
    "core/ui/icons.py": "icons come from a package, not from people",
    "core/ui/strokes.py": "small drawings: the label is escaped, all else are numbers",
    "inbox/articles/rendering.py": "Markdown of the team, after nh3 with a strict list",
    "staff/views/security.py": "a QR code drawn by us",
}
# Statements that are written with names of our own tables and columns in them; values are always parameters.
MAY_WRITE_SQL = {
    "channels/waking.py",
    "config/demo/large.py",
    "core/backup/postgresql.py",
    "core/backup/proving.py",
    "core/backup/restoring.py",
    "core/backup/sqlite.py",
    "core/backup/tables.py",
    "core/backup/targets.py",
    "core/bulk.py",
    "core/sqlcipher/base.py",
    "core/sqlcipher/files.py",
    "core/statistics.py",
    "core/unless_busy.py",
    "customers/actions/erasing.py",
    "customers/actions/importing.py",
    "customers/actions/profile.py",
    "customers/actions/tags.py",
    "customers/bulk/lines.py",
    "customers/importing/matching.py",
    "customers/importing/writing.py",
    "customers/indexing.py",
    "customers/privacy/leftovers.py",
    "customers/privacy/searching.py",
    "customers/relations.py",
    "customers/standings.py",
    "orders/actions/figures.py",
    "orders/actions/numbers.py",
    "orders/importing/joining.py",
    "orders/importing/writing.py",
    "orders/queries/today.py",
    "orders/queries/verification.py",
    "segments/actions/moving.py",
    "segments/lake/reading.py",
    "timeline/arriving.py",
    "timeline/digests.py",
}
DANGEROUS = {"eval", "exec", "compile", "__import__"}
UNSAFE_READERS = {"pickle", "marshal", "shelve", "yaml", "dill", "jsonpickle"}


def name_of(path):
    return str(path.relative_to(PACKAGE))


def calls(path):
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Call):
            called = node.func
            yield (called.attr if isinstance(called, ast.Attribute) else getattr(called, "id", "")), node


def is_put_together(node):
    """Whether a text is made of pieces: an f-string with values, `%`, `+` or `.format()`."""
    if isinstance(node, ast.JoinedStr):
        return any(isinstance(part, ast.FormattedValue) for part in node.values)
    if isinstance(node, ast.BinOp):
        return isinstance(node.op, ast.Mod | ast.Add)
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in {"format", "join"}


def test_html_is_marked_safe_in_named_files_only():
    marking = {
        name_of(path)
        for path in SOURCES
        for called, node in calls(path)
        if called == "mark_safe" or (called == "SafeString" and not isinstance(node.args[0], ast.Constant))
    }
    assert marking - set(MAY_MARK_SAFE) == set()


def test_no_template_turns_escaping_off():
    guilty = [
        str(path.relative_to(PACKAGE))
        for path in TEMPLATES
        if path.suffix == ".html" and re.search(r"\|\s*safe\b|autoescape\s+off|\|\s*safeseq\b", path.read_text())
    ]
    assert guilty == []


def test_no_template_has_script_or_style_of_its_own():
    pattern = re.compile(r"<script(?![^>]*\bsrc=)|<style|\son[a-z]+\s*=|javascript:|\bhx-on|\sstyle\s*=", re.IGNORECASE)
    # mail programs read styles nowhere else, and a file for a person stands alone, far from our pages
    may = {
        "customers/templates/customers/privacy/_style.html",
        "messaging/templates/messaging/mail/confirm.html",
        "inbox/templates/inbox/mail/rating.html",
    }
    guilty = set()
    for path in TEMPLATES:
        markup = re.sub(r"{%.*?%}", "", path.read_text(), flags=re.DOTALL)
        if path.suffix == ".html" and pattern.search(markup):
            guilty.add(name_of(path))
    assert guilty - may == set()


def test_statements_are_put_together_in_named_files_only():
    writing = set()
    for path in SOURCES:
        for called, node in calls(path):
            is_statement = called in {"execute", "executemany", "executescript", "RawSQL", "raw", "extra"}
            if is_statement and node.args and is_put_together(node.args[0]):
                writing.add(name_of(path))
    assert writing - MAY_WRITE_SQL == set()


def test_no_door_writes_statements():
    doors = [path for path in SOURCES if {"views", "api", "forms"} & set(path.parts) or path.stem in {"views", "api"}]
    assert len(doors) > 30
    assert [
        name_of(path) for path in doors if {"execute", "RawSQL", "raw", "extra"} & {name for name, _ in calls(path)}
    ] == []


def test_nothing_runs_text_as_code():
    guilty = [
        (name_of(path), called)
        for path in SOURCES
        for called, node in calls(path)
        if called in DANGEROUS and isinstance(node.func, ast.Name)
    ]
    assert guilty == []


def test_nothing_reads_objects_out_of_bytes():
    guilty = []
    for path in SOURCES:
        for node in ast.walk(ast.parse(path.read_text())):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            guilty += [name_of(path) for name in names if name.partition(".")[0] in UNSAFE_READERS]
    # work handed over between two processes of one import, in memory that nobody else has
    assert set(guilty) <= {"customers/importing/workers.py"}


# ── every address


def addresses(resolver=None, before=""):
    for entry in (resolver or get_resolver()).url_patterns:
        route = before + str(entry.pattern)
        if isinstance(entry, URLResolver):
            yield from addresses(entry, route)
        elif isinstance(entry, URLPattern):
            yield route, entry


EXAMPLES = {"int": "1", "str": "cus_0000000000000", "slug": "orders", "uuid": "5b1f2bbd-4f5c-4c0e-9c55-5f5f7c0b7b10"}


def example(route):
    return "/" + re.sub(r"<(?:(\w+):)?\w+>", lambda found: EXAMPLES.get(found[1] or "str", "x"), route)


PAGES = sorted({example(route) for route, _ in addresses() if not route.startswith(("^api", "api/"))})


@pytest.mark.parametrize("address", PAGES)
def test_no_page_takes_a_form_without_its_token(address, ada):
    """Or it does not take forms at all. Nobody signed in elsewhere can make a colleague's browser send one."""
    stranger = Client(enforce_csrf_checks=True)
    stranger.force_login(ada)
    answer = stranger.post(address, {"name": "x"}, headers={"Origin": "https://evil.example"})
    # what a mail's signed link opens needs no cookie, and without a genuine link there is nothing (410)
    refused = {410} if address.startswith(("/unsubscribe/", "/rate/")) else {403, 404, 405}
    assert answer.status_code in refused, (address, answer.status_code)


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE", "TRACE", "OPTIONS", "QUERY"])
def test_pages_take_no_other_methods(method, ada, client_of):
    client = client_of(ada)
    for address in ("/", "/customers", "/orders", "/sign-in", "/settings/shop"):
        answer = client.generic(method, address)
        assert answer.status_code in {403, 405}, (method, address, answer.status_code)


WANTED = {
    "Content-Security-Policy",
    "Permissions-Policy",
    "X-Content-Type-Options",
    "X-Frame-Options",
    "Referrer-Policy",
    "Cross-Origin-Opener-Policy",
    "Cross-Origin-Resource-Policy",
    "Cache-Control",
}


def test_every_answer_carries_the_headers(client_of, ada):
    client = client_of(ada)
    client.raise_request_exception = False
    for address in (
        *PAGES,
        "/healthz",
        "/readyz",
        "/nowhere",
        "/api/v1/nowhere",
        "/api/v1/customers",
        "/static/mark.svg",
    ):
        answer = client.get(address)
        assert WANTED - set(answer.headers) == set(), address
        policy = answer.headers["Content-Security-Policy"]
        assert "unsafe" not in policy, address
        assert "*" not in policy, address
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        # the scripts that shops put into their pages say nothing of anybody, and are asked for by every visitor
        is_script = address.startswith(("/chat/", "/contact/")) and address.endswith(".js")
        if not is_script and not address.startswith(("/static", "/assets", "/api/v1/openapi", "/api/docs")):
            assert "no-store" in answer.headers["Cache-Control"], address


@pytest.mark.parametrize(
    "host",
    [
        "evil.example",
        "localhost.evil.example",
        "localhost@evil.example",
        "localhost:80:90",
        "a b",
        "localhost\t",
        "[::1",
    ],
)
def test_a_host_that_is_not_ours_gets_nothing(host, client, settings, db):
    settings.ALLOWED_HOSTS = ["localhost", "127.0.0.1", "[::1]"]
    for address in ("/sign-in", "/api/v1/customers"):
        answer = client.get(address, headers={"Host": host})
        assert answer.status_code == 400, address
        assert b"evil.example" not in answer.content


def test_claims_of_proxies_do_not_count_from_elsewhere(client, settings, db):
    settings.SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    settings.SECURE_SSL_REDIRECT = True
    claims = {"X-Forwarded-Proto": "https", "X-Forwarded-For": "1.2.3.4", "X-Forwarded-Host": "evil.example"}
    assert client.get("/sign-in", headers=claims, REMOTE_ADDR="203.0.113.9").status_code == 301
    assert client.get("/sign-in", headers=claims, REMOTE_ADDR="127.0.0.1").status_code == 200


@pytest.mark.parametrize(
    ("peer", "claimed", "known"),
    [
        ("203.0.113.9", "1.2.3.4", "203.0.113.9"),
        ("127.0.0.1", "198.51.100.7", "198.51.100.7"),
        ("127.0.0.1", "1.2.3.4, 198.51.100.7", "198.51.100.7"),
        ("127.0.0.1", "1.2.3.4, 198.51.100.7, 127.0.0.1", "198.51.100.7"),
        ("127.0.0.1", "198.51.100.7:4711", "198.51.100.7"),
        ("127.0.0.1", "[2001:db8::7]:4711", "2001:db8::7"),
        ("::ffff:127.0.0.1", "198.51.100.7", "198.51.100.7"),
        ("127.0.0.1", "198.51.100.7, <script>", "127.0.0.1"),
        ("127.0.0.1", "", "127.0.0.1"),
        ("", "198.51.100.7", ""),
    ],
)
def test_the_callers_address_is_the_last_that_is_no_proxy_of_ours(peer, claimed, known, rf):
    from regulars.core.middleware.proxies import Proxies

    seen = []
    door = Proxies(lambda request: seen.append(request.META["REMOTE_ADDR"]) or HttpResponse())
    door(rf.get("/", headers={"X-Forwarded-For": claimed}, REMOTE_ADDR=peer))
    assert seen == [known]


FOREIGN = [
    "https://evil.example",
    "//evil.example",
    "///evil.example",
    "////evil.example",
    "/\\evil.example",
    "\\\\evil.example",
    "/\t/evil.example",
    "/\r\n/evil.example",
    "http:evil.example",
    "https:/evil.example",
    "javascript:alert(1)",
    "data:text/html,x",
    "https://testserver@evil.example",
    "https://testserver.evil.example",
    "https://evil.example/testserver",
    "https://evil。example",
    "/%09/evil.example",
    "/.evil.example//",
    "\x00//evil.example",
    " //evil.example",
    "https://testserver%2eevil.example",
    "//evil%E3%80%82example",
    "a:b",
    "customers:page",
    "nowhere",
]
RETURNS = ["next", "back", "return", "return_to", "to", "url", "from", "redirect", "continue"]


def leads_away(location):
    from urllib.parse import urljoin, urlsplit

    where = urlsplit(urljoin("http://testserver/x", location.replace("\\", "/").strip()))
    return where.scheme not in {"http", "https"} or where.hostname != "testserver"


@pytest.mark.parametrize("payload", FOREIGN)
def test_no_address_sends_people_away(payload, client, ada, db):
    from django.contrib.auth.hashers import make_password

    ada.password = make_password("correct horse battery")
    ada.save(update_fields=["password"])
    query = dict.fromkeys(RETURNS, payload)
    answers = [
        client.get("/sign-in", query),
        client.post("/sign-in", {"email": ada.email, "password": "correct horse battery", **query}),
        client.get("/sign-in", query),
        client.post("/look", {"language": "en", "theme": "dark", **query}),
        client.get("/", query),
        client.get("/customers", query),
        client.post("/sign-out", query),
    ]
    for answer in answers:
        assert answer.status_code < 500
        for header in ("Location", "HX-Redirect", "HX-Location", "HX-Push-Url", "Refresh"):
            assert not leads_away(answer.headers.get(header, "/"))


@pytest.mark.parametrize("kind", ["page", "htmx", "api"])
@pytest.mark.parametrize("status", [400, 403, 404, 500])
def test_errors_tell_nobody_how_the_house_is_built(kind, status, client, ada, charlie, monkeypatch):
    from regulars.customers.views import listing

    def fall(*_arguments, **_more):
        raise RuntimeError("a canary at /srv/secret.py")

    client.force_login(charlie if status == 403 else ada)
    client.raise_request_exception = False
    monkeypatch.setattr(listing, "render", fall)
    monkeypatch.setattr("regulars.staff.api_auth.find_token", fall)
    headers = {"HX-Request": "true"} if kind == "htmx" else {}
    if kind == "api":
        headers["Authorization"] = "Bearer rgl_x"
    place = "/api/v1/customers" if kind == "api" else "/customers"
    if status == 400:
        headers["Host"] = "evil.example"
    if status == 404:
        place = "/api/v1/nowhere" if kind == "api" else "/nowhere"
    answer = client.get(place, headers=headers)
    if (kind, status) != ("api", 403):
        assert answer.status_code == status
    for told in ("Traceback", "canary", "secret.py", "site-packages", "RuntimeError", "django.", "SELECT"):
        assert told not in answer.content.decode()
        assert told not in str(answer.headers)


def test_a_body_that_is_too_large_is_refused(client, ada, api_of):
    answer = api_of(ada).post("/customers", {"name": "x" * 1_100_000})
    assert (answer.status_code, answer["Content-Type"]) == (413, "application/problem+json")
    client.raise_request_exception = False
    client.force_login(ada)
    page = client.post("/customers/new", {"name": "x" * 3_000_000})
    assert page.status_code in {400, 413}
    many = client.post("/customers/new", {f"f{number}": "x" for number in range(5_000)})
    assert many.status_code == 400


def test_nobody_guesses_from_an_answer_whether_somebody_works_here(client, ada):
    answers = []
    for email in (ada.email, "nobody@shop.example"):
        answer = Client(REMOTE_ADDR="198.51.100.9").post("/sign-in", {"email": email, "password": "wrong wrong wrong"})
        said = re.sub(r'(csrfmiddlewaretoken" value=|X-CSRFToken": )"[^"]*"', "", answer.content.decode())
        answers.append((answer.status_code, said.replace(email, "…")))
    assert answers[0] == answers[1]
