"""What leaves the house: to the address that was looked at, out in the world, and never for long."""

import ast
import http.server
import ipaddress
import socket
import ssl
import threading
import time
from pathlib import Path
from types import SimpleNamespace
from typing import ClassVar

import pytest
from hypothesis import given
from hypothesis import strategies as st

import regulars
from regulars.core import outbound
from regulars.core.outbound import AddressRefused, Unanswered

PACKAGE = Path(regulars.__file__).parent

# Ways to write this machine, its network and its cloud's keeper of secrets, which filters on the text let through.
SPELLINGS = (
    "0177.0.0.1",
    "0177.0000.0000.0001",
    "0177.1",
    "0x7f.0.0.1",
    "0x7f.0x0.0x0.0x1",
    "0x7f000001",
    "2130706433",
    "017700000001",
    "127.1",
    "127.0.1",
    "127.000.000.001",
    "00000000000000000000000177.1",
    "[::ffff:127.0.0.1]",
    "[::ffff:7f00:1]",
    "[::1]",
    "[::]",
    "[64:ff9b::7f00:1]",
    "[2002:7f00:1::]",
    "0",
    "0.0.0.0",  # noqa: S104 — nobody binds it
    "①②⑦.⓪.⓪.①",
    "localhost.",
    "127.0.0.1.nip.io",
    "[fe80::1%25lo]",
    "169.254.169.254",
    "[fd00:ec2::254]",
    "100.64.0.1",
    "10.0.0.1",
    "192.168.0.1",
    "172.16.5.4",
    "224.0.0.1",
    "255.255.255.255",
    "[ff02::1]",
    "[fec0::1]",
    "[2001:0:7f00:1::]",
    "localhost",
)

# What may open a socket besides core/outbound.py, and why. A file joins by somebody's decision.
MAY_CONNECT = {
    "core/outbound.py": "the way out",
    "config/supervisor.py": "asks its own web process whether it is ready; looks for a free port",
    "config/plain_door.py": "listens only",
    "channels/outgoing/pump.py": "the name of this machine",
    "core/background/worker.py": "the name of this machine",
    "messaging/smtp.py": "the mail server of the settings; to those of accounts through core/outbound",
    "messaging/providers/mailing.py": "requests puts a request together, which core/outbound sends",
    "inbox/mail/line.py": "mailboxes, over lines that core/outbound opens",
    "inbox/mail/listening.py": "listens only; the name of this machine",
    "core/backup/places.py": "the S3 storage of the settings, through obstore",
}
NETWORK = {
    "aiohttp",
    "asyncio",
    "authlib",
    "boto3",
    "ftplib",
    "http.client",
    "httpx",
    "imaplib",
    "obstore",
    "poplib",
    "requests",
    "smtplib",
    "socket",
    "ssl",
    "telnetlib",
    "urllib.request",
    "urllib3",
    "xmlrpc",
}


@pytest.fixture
def opened(monkeypatch):
    """Where connections were opened to; none really is."""
    places = []

    def record(place, *_more):
        places.append(place)
        raise ConnectionRefusedError

    monkeypatch.setattr(outbound.socket, "create_connection", record)
    return places


def names(monkeypatch, table):
    """Let names lead to addresses, without a name server; each look-up takes the next list of a name."""
    asked = []
    real = socket.getaddrinfo

    def look_up(host, port, *more, **kinds):
        asked.append(host)
        if host not in table:
            return real(host, port, *more, **kinds)
        found = table[host].pop(0) if isinstance(table[host][0], list) else table[host]
        return [(None, None, None, "", (address, port)) for address in found]

    monkeypatch.setattr(outbound.socket, "getaddrinfo", look_up)
    return asked


@pytest.mark.parametrize("host", SPELLINGS)
def test_no_spelling_leads_home(monkeypatch, opened, host):
    names(monkeypatch, {"127.0.0.1.nip.io": ["127.0.0.1"]})
    with pytest.raises((AddressRefused, Unanswered)):
        outbound.send(f"https://{host}/latest/meta-data")
    assert opened == []


@pytest.mark.parametrize(
    "url",
    [
        "",
        "/x",
        "//shop.example/",
        "http://shop.example/",
        "ftp://shop.example/",
        "file:///etc/passwd",
        "gopher://shop.example:443/_",
        "https://shop.example:22/",
        "https://shop.example:70000/",
        "https://user:pass@shop.example/",
        "https://shop.example@10.0.0.1/",
        "https://shop.example\\@10.0.0.1/",
        "https://shop.example/a b",
        "https://shop.example/\r\nHost: 10.0.0.1",
        "https://shop.example\t/",
        "https:///x",
        "https://[::1/",
        "https://-shop.example/",
        "https://shop.example/ü",
        "https://" + "a" * 300 + ".example/",
    ],
)
def test_what_is_no_https_address_is_refused_before_anybody_is_asked(monkeypatch, opened, url):
    asked = names(monkeypatch, {"shop.example": ["93.184.216.34"]})
    with pytest.raises(AddressRefused):
        outbound.send(url)
    assert (asked, opened) == ([], [])


def test_one_address_at_home_among_others_refuses_the_name(monkeypatch, opened):
    names(monkeypatch, {"shop.example": ["93.184.216.34", "10.0.0.1"]})
    with pytest.raises(AddressRefused, match=r"^shop\.example is not a place out in the world\.$"):
        outbound.send("https://shop.example/")
    assert opened == []


def test_a_name_that_changes_its_mind_is_looked_up_once(monkeypatch, opened):
    for _ in range(200):
        asked = names(monkeypatch, {"shop.example": [["93.184.216.34"], ["127.0.0.1"]]})
        with pytest.raises(Unanswered):
            outbound.send("https://shop.example/")
        assert asked == ["shop.example"]
    assert opened == [("93.184.216.34", 443)] * 200


@given(st.one_of(st.ip_addresses(v=4, network="127.0.0.0/8"), st.ip_addresses(v=4, network="10.0.0.0/8")))
def test_an_address_at_home_stays_at_home_in_every_ipv6_dress(address):
    number = int(address)
    for dress in (
        ipaddress.IPv6Address((0xFFFF << 32) | number),
        ipaddress.IPv6Address(number),
        ipaddress.IPv6Address((0x64FF9B << 96) | number),
        ipaddress.IPv6Address((0x2002 << 112) | (number << 80)),
        ipaddress.IPv6Address((0x20010000 << 96) | (number ^ 0xFFFFFFFF)),
        address,
    ):
        assert not outbound.is_out_in_the_world(dress)


def test_public_addresses_are_out_in_the_world():
    for text in ("93.184.216.34", "1.1.1.1", "2606:4700:4700::1111", "2a00:1450:4001:81b::200e"):
        assert outbound.is_out_in_the_world(ipaddress.ip_address(text))


class Far(http.server.BaseHTTPRequestHandler):
    """The other side."""

    seen: ClassVar[list] = []

    def do_POST(self):
        self.seen.append((self.path, self.headers["Host"], self.rfile.read(int(self.headers["Content-Length"]))))
        if self.path == "/slow":
            for _ in range(100):
                self.wfile.write(b"H")
                time.sleep(0.05)
            return
        self.send_response(302 if self.path == "/away" else 200)
        self.send_header("Location", "https://localhost:1/secrets")
        body = b"x" * (3_000 if self.path == "/large" else 5)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_words):
        """Say nothing."""


@pytest.fixture
def far(tmp_path, monkeypatch, settings):
    """A real HTTPS server at home, whose name is allowed."""
    import datetime as dt

    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.x509.oid import NameOID

    key = ec.generate_private_key(ec.SECP256R1())
    name, now = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")]), dt.datetime.now(tz=dt.UTC)
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    file = tmp_path / "far.pem"
    pem, plain = serialization.Encoding.PEM, serialization.NoEncryption()
    file.write_bytes(made.public_bytes(pem) + key.private_bytes(pem, serialization.PrivateFormat.PKCS8, plain))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Far)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    server.handle_error = lambda *_error: None
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    settings.PRIVATE_HOSTS = ["localhost"]
    monkeypatch.setenv("SSL_CERT_FILE", str(file))
    Far.seen.clear()
    port = server.server_address[1]
    yield SimpleNamespace(url=f"https://localhost:{port}", port=port)
    server.shutdown()
    server.server_close()
    thread.join()


def test_a_request_arrives_under_its_name_with_the_certificate_checked(far, monkeypatch):
    reply = outbound.send(f"{far.url}/in?a=b", method="POST", body=b"hello", headers={"X-Kind": "test"})
    assert (reply.status, reply.body) == (200, b"xxxxx")
    assert Far.seen == [("/in?a=b", f"localhost:{far.port}", b"hello")]
    monkeypatch.delenv("SSL_CERT_FILE")
    with pytest.raises(Unanswered):
        outbound.send(f"{far.url}/in", method="POST", body=b"not trusted")
    assert len(Far.seen) == 1


def test_the_exception_is_for_the_name_alone(far):
    with pytest.raises(AddressRefused):
        outbound.send(f"https://127.0.0.1:{far.port}/", method="POST", body=b"x")
    assert Far.seen == []


def test_a_redirect_is_a_reply_and_is_not_followed(far):
    reply = outbound.send(f"{far.url}/away", method="POST", body=b"x")
    assert (reply.status, reply.headers["location"]) == (302, "https://localhost:1/secrets")
    assert [path for path, *_ in Far.seen] == ["/away"]


def test_what_is_too_large_or_too_slow_is_cut(far):
    with pytest.raises(Unanswered, match="answers more than we read"):
        outbound.send(f"{far.url}/large", method="POST", body=b"x", at_most=2_999)
    began = time.monotonic()
    with pytest.raises(Unanswered, match="does not answer in time"):
        outbound.send(f"{far.url}/slow", method="POST", body=b"x", within=0.5)
    assert time.monotonic() - began < 1.5


def test_a_header_cannot_bring_another_one(far):
    with pytest.raises(ValueError, match="Invalid header value"):
        outbound.send(f"{far.url}/in", method="POST", body=b"x", headers={"X-Kind": "a\r\nHost: evil"})
    assert Far.seen == []


def test_nothing_else_opens_a_connection():
    found = {}
    for path in PACKAGE.rglob("*.py"):
        if {"tests", "migrations"} & set(path.parts):
            continue
        for node in ast.walk(ast.parse(path.read_text())):
            imported = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom):
                imported = [node.module or "", *(f"{node.module}.{alias.name}" for alias in node.names)]
            if any(name == one or name.startswith(f"{one}.") for name in imported for one in NETWORK):
                found.setdefault(str(path.relative_to(PACKAGE)), []).extend(imported)
    assert {name: what for name, what in found.items() if name not in MAY_CONNECT} == {}
