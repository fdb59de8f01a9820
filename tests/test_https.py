"""HTTPS by one option, as a browser, a program and somebody with an old or a lying client meet it."""

import datetime as dt
import http.client
import ipaddress
import json
import os
import signal
import socket
import ssl
import subprocess
import sys
import threading
import time
from types import SimpleNamespace

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from regulars.config import plain_door, tls
from regulars.config.environment import BadSetting

NAME = "crm.hain-hafen.example"
NOW = dt.datetime.now(tz=dt.UTC)


class Authority:
    """A certificate authority of this test."""

    def __init__(self, folder):
        self.folder, self.key = folder, ec.generate_private_key(ec.SECP256R1())
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "An authority for one test")])
        self.name = name
        self.certificate = (
            self._blank(name, self.key.public_key(), 30)
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(self.key.public_key()), critical=False)
            .sign(self.key, hashes.SHA256())
        )
        self.file = folder / "authority.pem"
        self.file.write_bytes(self.certificate.public_bytes(serialization.Encoding.PEM))

    def issue(self, label, *, names=(NAME, "localhost"), password=None, days=20):
        """Write a certificate and its key; returns both paths and the serial number."""
        key = ec.generate_private_key(ec.SECP256R1())
        alternatives = [*(x509.DNSName(name) for name in names), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, names[0])])
        made = (
            self._blank(subject, key.public_key(), days)
            .add_extension(x509.SubjectAlternativeName(alternatives), critical=False)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(self.key.public_key()), critical=False)
            .sign(self.key, hashes.SHA256())
        )
        closed = serialization.BestAvailableEncryption(password) if password else serialization.NoEncryption()
        files = SimpleNamespace(
            cert=self.folder / f"{label}.crt", key=self.folder / f"{label}.key", serial=made.serial_number
        )
        files.cert.write_bytes(made.public_bytes(serialization.Encoding.PEM))
        files.key.write_bytes(key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, closed))
        files.key.chmod(0o600)
        return files

    def _blank(self, subject, key, days):
        return (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self.name)
            .public_key(key)
            .serial_number(x509.random_serial_number())
            .not_valid_before(NOW - dt.timedelta(days=40))
            .not_valid_after(NOW + dt.timedelta(days=days))
        )


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    return Authority(tmp_path_factory.mktemp("authority"))


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_until(condition, seconds=30):
    ends_at = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < ends_at, "it did not happen in time"
        time.sleep(0.1)


@pytest.fixture(scope="module")
def shop(authority, tmp_path_factory):
    """`regulars serve` with a certificate whose key is closed with a password, and a plain port beside it."""
    folder = tmp_path_factory.mktemp("shop")
    files = authority.issue("shop", password=b"open sesame")
    (folder / "password").write_text("open sesame\n")
    port, plain, log = free_port(), free_port(), folder / "log"
    environment = {
        "PATH": os.environ["PATH"],
        "REGULARS_HOME": str(folder / "home"),
        "DATABASE_URL": "",
        "PYTHONUNBUFFERED": "1",
        "REGULARS_TLS_KEY_PASSWORD_FILE": str(folder / "password"),
    }
    command = [sys.executable, "-m", "regulars.config.cli", "serve", "--bind", "127.0.0.1", "--port", str(port)]
    command += ["--tls-cert", str(files.cert), "--tls-key", str(files.key), "--http-port", str(plain)]
    with log.open("w") as out:
        process = subprocess.Popen(command, env=environment, stdout=out, stderr=out)
    try:
        wait_until(lambda: "Ctrl-C" in log.read_text() or process.poll() is not None, 60)
        assert process.poll() is None, log.read_text()
        yield SimpleNamespace(port=port, plain=plain, log=log, files=files, authority=authority, process=process)
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(20)


def ask(shop, path, method="GET", body=None, **headers):
    """One request over HTTPS, to the shop's own name, with the authority's certificate checked."""
    context = ssl.create_default_context(cafile=shop.authority.file)
    raw = socket.create_connection(("127.0.0.1", shop.port), timeout=10)
    connection = http.client.HTTPSConnection(NAME, shop.port, timeout=10)
    connection.sock = context.wrap_socket(raw, server_hostname=NAME)
    connection.request(method, path, body, {"Host": f"{NAME}:{shop.port}", **headers})
    answer = connection.getresponse()
    answer.text = answer.read().decode()
    connection.close()
    return answer


def ask_plainly(shop, path, method="GET", **headers):
    connection = http.client.HTTPConnection("127.0.0.1", shop.plain, timeout=10)
    connection.request(method, path, headers={"Host": f"{NAME}:{shop.plain}", **headers})
    answer = connection.getresponse()
    answer.text = answer.read().decode()
    connection.close()
    return answer


def test_the_shop_says_where_it_is_by_the_name_in_its_certificate(shop):
    assert f"Regulars is open at  https://{NAME}:{shop.port}/\n" in shop.log.read_text()
    assert ask(shop, "/readyz").text == '{"status": "ok"}'


def test_pages_come_with_the_headers_of_a_secure_shop(shop):
    answer = ask(shop, "/sign-in")
    assert answer.status == 200
    assert answer.headers["Strict-Transport-Security"] == "max-age=31536000"
    assert answer.headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert answer.headers["Cross-Origin-Resource-Policy"] == "same-origin"
    assert "no-store" in answer.headers["Cache-Control"]
    assert "unsafe" not in answer.headers["Content-Security-Policy"]
    cookies = answer.headers.get_all("Set-Cookie")
    assert cookies
    for cookie in cookies:
        assert cookie.startswith("__Host-")
        assert {"Secure", "HttpOnly", "Path=/"} <= set(cookie.split("; "))
        assert "SameSite=Lax" in cookie
        assert "Domain" not in cookie


def test_a_browser_on_the_plain_port_is_sent_on_and_a_program_is_refused(shop):
    sent_on = ask_plainly(shop, "/customers?tag=vip")
    assert (sent_on.status, sent_on.headers["Location"]) == (308, f"https://{NAME}:{shop.port}/customers?tag=vip")
    for refused in (
        ask_plainly(shop, "/api/v1/customers", Authorization="Bearer rgl_secret"),
        ask_plainly(shop, "/sign-in", "POST"),
    ):
        assert refused.status == 403
        assert "Location" not in refused.headers
    for host in ("evil.example", f"{NAME}.evil.example", "x@evil.example", ""):
        strange = ask_plainly(shop, "/", Host=host)
        assert (strange.status, strange.headers["Location"]) == (400, None)


def test_old_protocols_are_refused_and_tls_1_2_and_1_3_are_spoken(shop):
    spoken = {}
    for version in ("1", "1_1", "1_2", "1_3"):
        ready = subprocess.run(
            [
                "openssl",
                "s_client",
                f"-tls{version}",
                "-cipher",
                "ALL:@SECLEVEL=0",
                "-connect",
                f"127.0.0.1:{shop.port}",
            ],
            input=b"",
            capture_output=True,
            timeout=20,
        )
        spoken[version] = b"Cipher is (NONE)" not in ready.stdout
    assert spoken == {"1": False, "1_1": False, "1_2": True, "1_3": True}


def test_what_a_stranger_claims_about_proxies_changes_nothing(shop):
    claims = {"X-Forwarded-Proto": "http", "X-Forwarded-Host": "evil.example", "X-Forwarded-For": "1.2.3.4"}
    answer = ask(shop, "/sign-in", **claims)
    assert answer.status == 200
    assert "evil.example" not in answer.text
    assert ask(shop, "/sign-in", Host="evil.example").status == 400


def test_signing_in_works_and_needs_the_forms_token(shop):
    page = ask(shop, "/sign-in")
    token = page.text.partition('name="csrfmiddlewaretoken" value="')[2].partition('"')[0]
    cookie = page.headers["Set-Cookie"].partition(";")[0]
    form = {"Content-Type": "application/x-www-form-urlencoded", "Referer": f"https://{NAME}:{shop.port}/sign-in"}
    wrong = ask(shop, "/sign-in", "POST", f"csrfmiddlewaretoken={token}&email=a&password=b", Cookie=cookie, **form)
    assert wrong.status in {200, 422}
    assert ask(shop, "/sign-in", "POST", "email=a&password=b", Cookie=cookie, **form).status == 403


def serial_of(port):
    certificate = ssl.get_server_certificate(("127.0.0.1", port))
    return x509.load_pem_x509_certificate(certificate.encode()).serial_number


def test_a_renewed_certificate_is_used_while_the_shop_stays_open(shop):
    assert serial_of(shop.port) == shop.files.serial
    failed, answered, is_over = [], [], threading.Event()

    def visit():
        while not is_over.is_set():
            try:
                answered.append(ask(shop, "/healthz").status)
            except (OSError, http.client.HTTPException) as error:
                failed.append(repr(error))
            time.sleep(0.05)

    visitor = threading.Thread(target=visit)
    visitor.start()
    try:
        # half a renewal: the certificate is new, and the key is not its own
        new = shop.authority.issue("renewed", password=b"open sesame")
        shop.files.cert.write_bytes(new.cert.read_bytes())
        wait_until(lambda: "The certificate of before stays in use." in shop.log.read_text())
        assert serial_of(shop.port) == shop.files.serial
        shop.files.key.write_bytes(new.key.read_bytes())
        # every process has it: the same answer many times over
        wait_until(lambda: {serial_of(shop.port) for _ in range(20)} == {new.serial})
    finally:
        is_over.set()
        visitor.join()
    # a connection that was just being opened when an old process closed its door; browsers open it again
    assert len(failed) <= 2
    assert len(answered) > 50
    assert set(answered) == {200}


def test_a_certificate_that_does_not_fit_is_said_in_words(authority, tmp_path):
    good, other = authority.issue("good"), authority.issue("other")
    closed = authority.issue("closed", password=b"secret")
    nothing = tmp_path / "nothing.pem"
    nothing.write_text("no certificate\n")
    for certificate, sentence in (
        (tls.Certificate(tmp_path / "gone", good.key), f"The certificate file {tmp_path}/gone cannot be read: No such"),
        (tls.Certificate(good.cert, tmp_path), f"The key file {tmp_path} cannot be read: Is a directory"),
        (tls.Certificate(nothing, good.key), f"The certificate file {nothing} holds no certificate in PEM."),
        (tls.Certificate(good.cert, nothing), f"The key file {nothing} holds no private key in PEM."),
        (tls.Certificate(good.cert, other.key), f"The key {other.key} is not the key of the certificate {good.cert}."),
        (tls.Certificate(closed.cert, closed.key), f"The key file {closed.key} is closed with a password."),
        (tls.Certificate(closed.cert, closed.key, "wrong"), f"The password does not open the key file {closed.key}."),
    ):
        with pytest.raises(BadSetting) as refused:
            certificate.check()
        assert str(refused.value).startswith(f"regulars: {sentence}")
        assert "secret" not in str(refused.value)
    tls.Certificate(good.cert, good.key).check()
    tls.Certificate(closed.cert, closed.key, "secret").check()


def test_what_serves_but_not_well_is_warned_of(authority):
    old = authority.issue("old", days=-1)
    old.key.chmod(0o644)
    expired, readable = tls.Certificate(old.cert, old.key).warnings()
    assert expired.startswith(f"The certificate {old.cert} expired on ")
    assert readable == f"Everybody on this machine can read the key {old.key}. Run `chmod 600` on it."


def test_a_wildcard_is_no_name_to_answer_to(authority):
    files = authority.issue("wild", names=("*.hain-hafen.example", NAME))
    assert tls.Certificate(files.cert, files.key).names() == [NAME, "127.0.0.1"]


def test_serving_with_a_bad_file_ends_with_a_sentence(authority, tmp_path):
    files = authority.issue("lonely")
    done = subprocess.run(
        [sys.executable, "-m", "regulars.config.cli", "serve", "--tls-cert", str(files.cert)],
        env={"PATH": os.environ["PATH"], "REGULARS_HOME": str(tmp_path / "home")},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 2
    assert done.stderr.splitlines()[-1] == (
        "regulars: HTTPS takes two files: set both REGULARS_TLS_CERT and REGULARS_TLS_KEY."
    )
    assert not (tmp_path / "home").exists()


@pytest.mark.parametrize(
    "head",
    [
        "GET //evil.example/x HTTP/1.1\r\nHost: shop\r\n\r\n",
        "GET /\\evil.example HTTP/1.1\r\nHost: shop\r\n\r\n",
        "GET /a HTTP/1.1\r\nHost: shop:80\r\nHost: evil.example\r\n\r\n",
    ],
)
def test_the_plain_port_leads_to_the_shop_and_nowhere_else(head):
    said = plain_door.answer(head, 443, ["shop"]).decode()
    assert "Location: https://shop/" in said


@pytest.mark.parametrize(
    "head",
    [
        "",
        "GET\r\n\r\n",
        "GET http://evil.example/ HTTP/1.1\r\nHost: shop\r\n\r\n",
        "GET /\x00 HTTP/1.1\r\nHost: shop\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: evil.example#shop\r\n\r\n",
        "GET / HTTP/1.1\r\nX: y\r\n\r\n",
    ],
)
def test_the_plain_port_sends_nobody_on_who_does_not_ask_in_form(head):
    assert b"Location" not in plain_door.answer(head, 443, ["shop"])


def test_problems_of_the_api_are_json_over_an_open_line(client, settings, ada, api_of):
    settings.SECURE_SSL_REDIRECT = True
    answer = api_of(ada).get("/customers")
    assert answer.status_code == 403
    assert json.loads(answer.content)["type"] == "/problems/needs-https"
    page = client.get("/customers")
    assert (page.status_code, page.headers["Location"]) == (301, "https://testserver/customers")
