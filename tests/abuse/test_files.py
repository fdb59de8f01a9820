"""Files that people bring: whatever they pretend to be, a browser only ever saves them."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from regulars.customers.models import Customer

SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'
HTML = b"<!doctype html><script>alert(1)</script>"
NAMES = [
    ("drawing.svg", SVG, "image/svg+xml"),
    ("page.html", HTML, "text/html"),
    ("page.xhtml", HTML, "application/xhtml+xml"),
    ("photo.jpg.html", HTML, "image/jpeg"),
    ("photo.jpg", HTML, "image/jpeg"),
    (".htaccess", b"AddType", "text/plain"),
    ("\u200b.htaccess", b"AddType", "text/plain"),
    ("../../../etc/passwd", b"root", "text/plain"),
    ("..\\..\\boot.ini", b"root", "text/plain"),
    ("a\r\nSet-Cookie: x=y.txt", b"x", "text/plain"),
    ('a"; filename="b.html', HTML, "text/html"),
    ("x" * 300 + ".html", HTML, "text/html"),
    ("\u202egnp.lmth", HTML, "image/png"),
    ("con.txt", b"x", "text/html; charset=utf-7"),
    ("both.pdf", b"%PDF-1.7 <script>alert(1)</script>", "text/html"),
    ("both.png", b"\x89PNG\r\n\x1a\n<script>alert(1)</script>", "image/svg+xml"),
    ("flash.swf", b"FWS", "application/x-shockwave-flash"),
]


@pytest.fixture
def _places(settings, tmp_path):
    settings.REGULARS_HOME = tmp_path
    settings.ATTACHMENTS = tmp_path / "attachments"


@pytest.mark.usefixtures("_places")
@pytest.mark.parametrize(("name", "content", "kind"), NAMES)
def test_no_file_runs_in_a_browser_or_lies_where_its_name_says(name, content, kind, client_of, ada, tmp_path):
    from regulars.customers.models import Attachment

    customer = Customer.objects.create(name="Anna Schmidt", customer_since=timezone.now())
    client = client_of(ada)
    sent = SimpleUploadedFile("x", content, content_type=kind)
    sent._name = name  # what a browser sends is not what a library would let through
    page = f"/customers/{customer.public_id}"
    answer = client.post(f"{page}/notes", {"text": "See the file.", "kind": "compliment", "attached": sent})
    assert answer.status_code in {302, 422}
    for kept in Attachment.objects.all():
        given = client.get(f"{page}/files/{kept.public_id}")
        assert given.status_code == 200
        given.close()
        assert given.headers["Content-Disposition"].startswith("attachment")
        assert "\r" not in given.headers["Content-Disposition"]
        assert "sandbox" in given.headers["Content-Security-Policy"]
        assert given.headers["X-Content-Type-Options"] == "nosniff"
        assert given.headers["Content-Type"].partition(";")[0] not in {
            "text/html",
            "image/svg+xml",
            "application/xhtml+xml",
        }
    for path in tmp_path.rglob("*"):
        assert "htaccess" not in path.name
        assert "passwd" not in path.name
